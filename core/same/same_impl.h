/* Between the files of this room only. */
#ifndef AT_SAME_SAME_IMPL_H
#define AT_SAME_SAME_IMPL_H
#include "core/same/same.h"
#include "core/tensor/array.h"

/* A linear layer that feeds one side of one attend block and nothing else. */
typedef struct sm_linear {
  const at_node *weight, *bias; /* NULL: none */
} sm_linear;

/* What stands around one attend block, and what of its score is left at each level. */
typedef struct sm_block {
  const at_attend *a;
  attune_form form;
  int64_t depth;
  bool unit_query, unit_key;   /* the vectors have length one already */
  const char *scale, *shift;   /* what cancels a positive factor, a term constant over keys; NULL */
  sm_linear query, key, after; /* after: sums an `interact` score */
  bool shift_gone, transpose_gone, scale_gone; /* each at its level */
  /* at the level of families */
  bool absorbs; /* something below is set */
  bool by_gone, matrix_gone, query_term_gone, key_term_gone;
  const sm_linear *side; /* takes W and the factor in */
} sm_block;

typedef struct sm_why {
  at_same_how how;
  const char *text;
} sm_why;

typedef struct sm_cell {
  const at_same_cell *cell;
  at_graph *g;
  int64_t open; /* size of axes that the model leaves open */
  bool *live;
  sm_block *block; /* one for each attend of g */
  uint64_t sign[AT_SAME_LEVELS];
  sm_why *why;
  size_t n_why, cap_why;
  bool random; /* draws numbers outside of training too */
} sm_cell;

/* look.c: what stands around the blocks. */
at_status at_sm_look(at_registry *reg, at_arena *a, sm_cell *c, at_error *err);
const at_node *at_sm_parameter(const at_graph *g, const char *scope, const char *name);
/* reduce.c: what that makes superfluous, in sentences. */
at_status at_sm_reduce(at_arena *a, sm_cell *c, at_error *err);
/* sign.c: a number for what the model computes, equal for what is equal at the level. */
at_status at_sm_sign(sm_cell *c, at_error *err);

/* probe.c */
typedef struct sm_probe {
  at_arrays *out;   /* [n] outputs, weights, gradients; transposed matrices put right */
  at_arrays *moved; /* [n] with what absorbs set so that families agree; empty: as `out` */
} sm_probe;
at_status at_sm_probe(at_registry *reg, const sm_cell *c, size_t n, const at_same_options *o,
                      sm_probe *p, int *runs, at_error *err);
/* The largest difference of what both compute, as a share of the largest number of its array. */
double at_sm_distance(const at_arrays *a, const at_arrays *b);
void at_sm_probe_free(sm_probe *p, size_t n);
#endif
