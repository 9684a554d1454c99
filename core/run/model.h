/* A model by itself: loaded, given sizes, measured; nothing runs.
 *
 * Sizes that only data know are given or assumed, and it is said which. */
#ifndef AT_RUN_MODEL_H
#define AT_RUN_MODEL_H
#include "core/graph/exec.h"
#include "core/plugin/plugin.h"
#include "dsl/dsl.h"

/* Assumed where nothing is given. */
enum {
  AT_ASSUME_SEQUENCE = 16,
  AT_ASSUME_FEATURE = 256,
  AT_ASSUME_LENGTH = 12, /* of every row of a ragged axis */
  AT_ASSUME_VOCABULARY = 10000
};

/* What a model file asks of plugins, with sizes unknown; ctx and sizes are the caller's to add. */
at_dsl_env at_model_env(at_registry *reg, const char *const *set, size_t n_set);

typedef struct at_model_options {
  const char *path;
  const char *text;       /* in the place of the file's; NULL: the file is read */
  const char *const *set; /* "k=v" parameters of the model */
  size_t n_set;
  const char *const *size; /* "axis=n": an open axis, the length of ragged rows; "input=n": ids */
  size_t n_size;
  int64_t batch;    /* items of every batch axis */
  unsigned without; /* AT_PASS_*: rewrites that are left out */
} at_model_options;

typedef struct at_model_size {
  const char *name; /* of an axis or a token input */
  int64_t size;
  bool vocabulary, ragged, assumed;
} at_model_size;

typedef struct at_model {
  at_arena *arena;
  at_source src;          /* spans point into it */
  at_graph *g;            /* as written, sizes of data open */
  at_graph *sized;        /* rewritten, at the sizes below; NULL: see `why` */
  at_exec *train, *infer; /* measured, with and without gradients */
  at_graph *training;     /* what losses read of it */
  at_exec *step;          /* measured: a step of training; NULL: there is nothing to learn */
  at_model_size *size;    /* that data would know */
  int n_size;
  at_error why; /* the assumed sizes do not fit together */
} at_model;

/* EINPUT also for a `size` of no open axis. Sizes that do not fit are an error only when
 * some were given. */
at_status at_model_open(at_registry *reg, const at_model_options *o, at_model *m, at_text *messages,
                        at_error *err);
void at_model_close(at_model *m);

/* The length of every row of a ragged axis. */
int64_t at_model_length(const at_model *m, const char *axis);
double at_model_values(const at_model *m); /* bytes of all values of a batch, each kept */
/* "dir/file.att" and the line of a span; NULL: it has no place. */
const char *at_model_place(const at_model *m, at_span span, int *line);
/* Sizes of parameter i: sized when that is known, else with -1 for what is open. */
const at_node *at_model_param(const at_model *m, int i);
int64_t at_model_param_count(const at_model *m, int i);        /* -1: open */
int64_t at_model_heads(const at_model *m, const at_attend *a); /* 1: not divided */

/* What the source lines cost, file by file; lines without a cost are among them. */
typedef struct at_model_line {
  const char *path, *text; /* of the line: `size` bytes */
  int line, size;
  int64_t params;      /* numbers learned that are made there */
  double flops, bytes; /* of a batch: forward, and its values */
} at_model_line;
at_status at_model_lines(const at_model *m, at_model_line **out, size_t *n, at_error *err);

/* Parameters by the first word of their names. */
typedef struct at_model_part {
  const char *name; /* `size` bytes */
  int size;
  int64_t trained, frozen; /* numbers; open ones count nothing */
} at_model_part;
at_status at_model_parts(const at_model *m, at_model_part **out, size_t *n, at_model_part *all,
                         at_error *err);

/* All of it as JSON; with `lines` those too. */
at_status at_model_json(const at_model *m, int64_t batch, bool lines, at_text *out, at_error *err);
#endif
