/* Made-up batches for the models that bench/step times, at the sizes of their papers. */
#ifndef AT_BENCH_CASES_H
#define AT_BENCH_CASES_H
#include <stdbool.h>
#include <stdint.h>
#include "core/graph/exec.h"

enum { AT_CASE_SIZES = 2, AT_CASE_INPUTS = 9, AT_CASE_RAGGED = 4, AT_CASE_SETS = 4 };

/* How lengths of a ragged bench are drawn, rounded and cut off at both ends. */
typedef struct at_draw {
  enum { AT_DRAW_NONE, AT_DRAW_UNIFORM, AT_DRAW_NORMAL, AT_DRAW_GEOMETRIC } kind;
  double mean, deviation; /* deviation: normal alone; uniform: neither */
  int64_t least, most;
} at_draw;

typedef struct at_case {
  const char *name;              /* of the model */
  const char *score[2];          /* its arguments that take a score function */
  const char *set[AT_CASE_SETS]; /* other arguments, NAME=VALUE */
  int64_t batch;
  const char *batch_axis;
  struct {
    const char *axis;        /* over a batch axis of the same size */
    const int (*lengths)[2]; /* {length, how many} of a usual batch; ends with {0, 0} */
    at_draw draw;            /* instead, with at_case_data.drawn; NONE: as `lengths` says */
  } ragged[AT_CASE_RAGGED];
  struct {
    const char *axis;
    int64_t size;
  } size[AT_CASE_SIZES]; /* of axes that data would tell */
  struct {
    const char *name;
    int64_t vocabulary; /* 0: real numbers */
    bool positive;      /* negative numbers become 0, as behind a relu */
  } input[AT_CASE_INPUTS];
  double clip, rate, beta1; /* of the optimiser; beta1 0: the usual one */
} at_case;

const at_case *at_case_find(const char *name);                   /* NULL: none */
int64_t at_case_axis_size(const at_case *c, const char *axis);   /* -1: not known */
int64_t at_case_vocabulary(const at_case *c, const char *input); /* -1: not known */

typedef struct at_case_data {
  bool drawn;                              /* lengths are drawn */
  int64_t batch, *offsets[AT_CASE_RAGGED]; /* [batch + 1] */
  void *input[AT_CASE_INPUTS];
} at_case_data;
/* Any batch size: the lengths keep their proportions, or are drawn with the seed 1. */
at_status at_case_make(const at_case *c, const at_graph *g, int64_t batch, bool drawn,
                       at_case_data *d, at_error *err);
at_status at_case_bind(const at_case *c, const at_case_data *d, at_exec *x, at_error *err);
void at_case_free(at_case_data *d);
#endif
