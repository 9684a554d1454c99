/* What the attention of a block says of the answers: measured by changing it.
 *
 * An EXAMPLE is a row of the table that the answers are of; where a model compares two tables, a
 * pair that belongs together. Attention is changed for all heads and all that ask, and what lies
 * downstream of it runs again. Weights that are taken away are 0 and the rest of each row is
 * scaled to the sum that it had; where nothing is left, all are 0. */
#ifndef AT_EXPLAIN_EXPLAIN_H
#define AT_EXPLAIN_EXPLAIN_H
#include "core/analyse/condition.h"
#include "core/run/run.h"

typedef struct at_explain_options {
  const char *split; /* a role or a name */
  int64_t
      limit; /* examples at most, one drawn from each of as many stretches of the split; 0: all */
  int permutations;          /* of `permuted` */
  uint64_t seed;             /* of what is drawn at random */
  const char *by;            /* conditions: "correct,type,length:4"; NULL: none */
  const char *const *metric; /* "attention_correlation(map=gradient)" */
  size_t n_metrics;          /* 0: every metric whose task is `explain` */
  const char *const *order;  /* maps in whose order keys are taken away, too; those that an option
                                `order` of a metric names come by themselves */
  size_t n_orders;
  at_session *other;      /* a run over the same data to compare with; NULL: none */
  const char *other_name; /* for people: its folder */
  bool look_only;         /* weights and answers as they are: nothing is changed */
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

/* A result within the classes of a condition. */
typedef struct at_explain_within {
  at_interval *part; /* [classes] */
  at_anova anova;    /* how much of the result the condition explains */
} at_explain_within;

typedef struct at_explain_result {
  const char *metric; /* of the plugin, with options that were given */
  const char *name;   /* NULL: the metric gave nothing */
  const char *why;    /* it is not to be had: a sentence; NULL: it is */
  int better;         /* 1 higher, 0 lower, -1 neither */
  at_interval mean;   /* over the examples, interval by resampling them; a single number has none */
  const double *each; /* [examples], NaN where it is not defined; NULL: a single number */
  at_explain_within *within; /* for each condition; NULL without `each` */
} at_explain_result;

typedef struct at_explained {
  at_arena *arena;
  const char *block;
  const char *why; /* nothing was measured: a sentence; NULL */
  int64_t examples;
  attune_prediction *arrays; /* NULL with `why` */
  at_explain_cost cost;
  at_explain_result *result; /* metric by metric */
  size_t n_results, cap_results;
  at_split *by; /* the examples by each condition */
  size_t n_by;
  at_split *field; /* what fields of the data say of the examples, where few enough values */
  size_t n_fields;
} at_explained;

/* `blocks` n 0: all of the model. A block that cannot be measured says why; the others go on. */
at_status at_explain(at_session *s, const char *const *blocks, size_t n,
                     const at_explain_options *o, at_explained **out, size_t *n_out, at_error *err);
void at_explained_free(at_explained *e, size_t n);

/* ---- tables (table.c, csv.c, write.c) ---- */

void at_explain_table(const at_explained *e, size_t n, at_text *out);
void at_explain_csv(const at_explained *e, size_t n, at_text *out);
char *at_explain_json(const at_explained *e, size_t n,
                      const at_explain_options *o); /* caller frees */
/* explain.json and explain.csv; for each block its arrays as BLOCK.npz, with `field.NAME` for each
 * text field, the places of values that explain.json lists; and what metrics make of
 * each example as BLOCK.metrics.npz: METRIC.RESULT. */
at_status at_explain_write(const at_explained *e, size_t n, const at_explain_options *o,
                           const char *dir, at_error *err);
#endif
