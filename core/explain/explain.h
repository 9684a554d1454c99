/* What the attention of a block says of the answers: measured by changing it.
 *
 * An EXAMPLE is a row of the table that the answers are of; where a model compares two tables, a
 * pair that belongs together. Attention is changed for all heads and all that ask, and what lies
 * downstream of it runs again. Weights that are taken away are 0 and the rest of each row is
 * scaled to the sum that it had; where nothing is left, all are 0. */
#ifndef AT_EXPLAIN_EXPLAIN_H
#define AT_EXPLAIN_EXPLAIN_H
#include "core/run/run.h"

typedef struct at_explain_options {
  const char *split;     /* a role or a name */
  int64_t limit;         /* examples at most, evenly spaced over the split; 0: all */
  int permutations;      /* of `permuted` */
  uint64_t seed;         /* of what is drawn at random */
  const char *const *by; /* conditions: "correct", "type", "length:4" */
  size_t n_by;
  at_progress_fn *fn;
  void *ctx;
} at_explain_options;

/* Passes that ran from changed weights on, and what whole passes in their place would have cost. */
typedef struct at_explain_cost {
  int64_t passes;
  double flops, whole_flops;
  double seconds;
} at_explain_cost;

/* One block over a split: arrays by name, as `man 1 attune-explain` lists them. EINPUT with a
 * sentence: there is nothing to measure here (one key only, weights that are no numbers, no answer
 * to look at). */
at_status at_explain_block(at_session *s, const char *block, const at_explain_options *o,
                           attune_prediction **out, at_explain_cost *cost, at_error *err);

/* The number of the block in the graph, -1 and a sentence with a near name when there is none. */
int at_explain_find(const at_session *s, const char *block, at_error *err);

/* ---- what metrics make of it (results.c) ---- */
typedef struct at_explain_metric {
  char *name; /* of the plugin */
  char *why;  /* it gave nothing: a sentence; NULL */
  size_t n;   /* results */
  at_result *result;
} at_explain_metric;
/* The examples for which a condition has one value. */
typedef struct at_explain_part {
  char *condition, *value;
  int64_t examples;
  at_explain_metric *metric;
  size_t n_metrics;
} at_explain_part;
typedef struct at_explained {
  char *block;
  char *why; /* nothing was measured: a sentence; NULL */
  int64_t examples;
  attune_prediction *arrays; /* NULL with `why` */
  at_explain_cost cost;
  at_explain_metric *metric; /* every metric plugin whose task is `explain` */
  size_t n_metrics;
  at_explain_part *part;
  size_t n_parts;
} at_explained;
/* `blocks` n 0: all of the model. A block that cannot be measured says why; the others go on. */
at_status at_explain(at_session *s, const char *const *blocks, size_t n,
                     const at_explain_options *o, at_explained **out, size_t *n_out, at_error *err);
void at_explained_free(at_explained *e, size_t n);

/* explain.json (caller frees), and DIR/BLOCK.npz beside it. */
char *at_explain_json(const at_explained *e, size_t n, const at_explain_options *o);
at_status at_explain_write(const at_explained *e, size_t n, const at_explain_options *o,
                           const char *dir, at_error *err);
#endif
