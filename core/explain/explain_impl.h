/* Between the files of this room only. */
#ifndef AT_EXPLAIN_EXPLAIN_IMPL_H
#define AT_EXPLAIN_EXPLAIN_IMPL_H
#include "core/explain/explain.h"
#include "core/run/batch.h"

/* ---- examples (examples.c) ---- */

typedef struct at_examples {
  int64_t n;
  int width;         /* batch axes */
  int64_t *row;      /* [n * width] */
  int32_t *expected; /* [n] class; -1 unknown */
} at_examples;
/* One drawn from each of `limit` stretches of the split; limit 0, or no fewer than there are: all.
 */
at_status at_examples_find(const at_session *s, const char *split, int64_t limit, uint64_t seed,
                           at_examples *out, at_error *err);
void at_examples_free(at_examples *e);

enum { AT_BATCH_MOST = 16 };
/* Consecutive examples that are run together; place: of each in each batch axis. */
typedef struct at_group {
  int64_t first, n, counts[AT_MOST_ROWS];
  int64_t rows[AT_MOST_ROWS][AT_BATCH_MOST], place[AT_MOST_ROWS][AT_BATCH_MOST];
} at_group;
/* The group from example `first` on, of `most` at most; no two share their rows in all of the axes
 * of one of the two sets (bits; 0: no set). */
void at_examples_group(const at_session *s, const at_examples *e, int64_t first, int64_t most,
                       const unsigned apart[2], at_group *out);

/* ---- where the weights of an example lie (layout.c) ---- */

/* Weights of one head and one that asks: key k at begin + k * stride. */
typedef struct at_lane {
  int example; /* in the group */
  int64_t begin, stride, keys;
  int64_t ask; /* of self-attention: the place of what asks among the keys; else 0 */
} at_lane;
typedef struct at_layout {
  at_lane *lane;
  size_t n, cap;
  int64_t keys[AT_BATCH_MOST]; /* of each example */
} at_layout;
at_status at_layout_find(const at_session *s, const at_exec *x, const at_node *v, int over,
                         const at_group *g, at_layout *out, at_error *err);
/* Batch axes, by bits, that v varies over. */
unsigned at_layout_axes(const at_session *s, const at_node *v);
/* Of self-attention: the dim of v that asks, whose name is that of the keys without the stroke; -1:
 * what asks is something else. */
int at_layout_ask(const at_graph *g, const at_node *v, int over);

/* ---- what is measured (arrays.c) ---- */

typedef enum at_array_kind { AT_PER_KEY, AT_PER_EXAMPLE, AT_PER_SHARE } at_array_kind;
typedef enum at_measure {
  AT_M_WEIGHT,
  AT_M_ERASURE,
  AT_M_REMOVAL,
  AT_M_GRADIENT,
  AT_M_GRADIENT_WEIGHT,
  AT_M_GRADIENT_INPUT,
  AT_M_INTEGRATED,
  AT_M_ROLLOUT,
  AT_M_RELEVANCE,
  AT_M_TRUTH,
  AT_M_SHARE,
  AT_M_SCRAMBLED,
  AT_M_OUTPUT,
  AT_M_CORRECT,
  AT_M_WITHOUT_TOP,
  AT_M_WITHOUT_LOW,
  AT_M_ONLY_TOP,
  AT_M_RIGHT_TOP,
  AT_M_RIGHT_LOW,
  AT_M_FLIP_TOP,
  AT_M_FLIP_RANDOM,
  AT_M_FLIP_ONE_TOP,
  AT_M_FLIP_ONE_RANDOM,
  AT_M_PERMUTED,
  AT_M_UNIFORM,
  AT_M_UNIFORM_RIGHT,
  AT_M_ADVERSARIAL,
  AT_M_PREDICTED,
  AT_M_EXPECTED,
  AT_M_LENGTH,
  AT_M_SCORE_LOW,
  AT_M_SCORE_HIGH,
  AT_M_SCORE_RANGE,
  AT_M_COUNT
} at_measure;

enum { AT_SHARES = 13 };
extern const double at_shares[AT_SHARES];

/* Grows with every group; what a measure leaves open is NaN or -1. */
typedef struct at_column {
  void *v;
  size_t n, cap;
  bool given;
} at_column;
typedef struct at_columns {
  at_column of[AT_M_COUNT];
  int64_t *offsets; /* [n + 1] */
  size_t n, cap;
  const char *order; /* those alone that depend on the order of keys, in that of this map; NULL */
} at_columns;
at_status at_columns_grow(at_columns *c, const at_layout *l, int64_t n, at_error *err);
/* First number of example i of the group at hand, which has n; it counts as given from here on. */
float *at_columns_real(at_columns *c, at_measure m, int64_t n, int64_t i);
int32_t *at_columns_int(at_columns *c, at_measure m, int64_t n, int64_t i);
at_status at_columns_store(const at_columns *c, const at_examples *e, attune_prediction *out,
                           at_error *err);
/* Of those with an order: its arrays alone, as NAME.ORDER. */
at_status at_columns_store_order(const at_columns *c, attune_prediction *out, at_error *err);
/* The measure with a number for each key of that name; AT_M_COUNT: there is none. */
at_measure at_columns_map(const char *name);
/* Numbers of example i of the group at hand, as they were measured. */
const float *at_columns_read(const at_columns *c, at_measure m, int64_t n, int64_t i);
/* An array with a number for each example; *whole: an int32. */
bool at_columns_per_example(const char *name, bool *whole);
void at_columns_free(at_columns *c);

/* ---- conditions (by.c) ---- */

/* EINPUT: a condition that cannot be. */
at_status at_conditions_read(const at_session *s, const at_explain_options *o, at_arena *a,
                             at_by **out, size_t *n, at_error *err);
/* All that can be said of the options' conditions, and of their split, before anything is measured;
 * `a` takes what is thrown away. */
at_status at_conditions_check(const at_session *s, const at_explain_options *o, at_arena *a,
                              at_error *err);
/* What was measured, `p`, by a condition. */
at_status at_condition_split(const at_session *s, const char *split, const attune_prediction *p,
                             const at_by *by, at_arena *a, at_split *out, at_error *err);

/* ---- another run (compare.c) ---- */

/* Puts into `arrays`, of `block` of s, what the run compared with does over the same examples:
 * other_weight where it has a block of that name, other_correct where answers are right or wrong.
 * EINPUT: its examples are others. */
at_status at_compare_read(const at_session *s, const char *block, const at_explain_options *o,
                          attune_prediction *arrays, at_error *err);

/* Every field that can be a condition without bins; out: in `a`. */
at_status at_condition_fields(const at_session *s, const char *split, const attune_prediction *p,
                              at_arena *a, at_split **out, size_t *n, at_error *err);

/* ---- which metrics (metrics.c) ---- */

typedef struct at_chosen_metric {
  const char *name; /* as given: with its options */
  const at_item *item;
  attune_options *options;
} at_chosen_metric;
typedef struct at_chosen {
  at_chosen_metric *metric;
  size_t n;
  const char **order; /* of their options `order`, each once, and of the explain options */
  size_t n_orders;
} at_chosen;
/* Lists and specs are borrowed. EINPUT: a metric that is none, or reads something else. */
at_status at_chosen_find(at_registry *reg, const at_explain_options *o, at_chosen *out,
                         at_error *err);
void at_chosen_free(at_chosen *c);

/* ---- a block at work ---- */

typedef struct at_measuring {
  at_session *s;
  const at_explain_options *o;
  const at_attend *a;
  const at_node *value; /* its gradient is had; NULL */
  at_exec *x;
  at_examples e;
  at_group g;
  at_layout l;
  at_columns c;
  const at_attend **below; /* self-attention over the same keys, the nearest first */
  int n_below;
  at_columns *by_order; /* [o->n_orders] */
  /* the answer: a number for each class, or one (classes 1) */
  const at_node *y;
  int y_class, y_table; /* its dims; -1: similarity */
  int64_t classes;
  double *whole, *now; /* [AT_BATCH_MOST * classes] distributions */
  double *at_answer;   /* [classes], work */
  float *seed;         /* gradient of y, [y_cap] */
  int64_t y_cap;
  /* weights, flat */
  float *weight, *changed;
  int64_t count, count_cap;
  /* keys of the examples of the group, offsets by example */
  int64_t key_at[AT_BATCH_MOST + 1];
  int32_t *order, *random;       /* by weight, greatest first; by chance */
  bool unordered[AT_BATCH_MOST]; /* these have no order: nothing is taken down of them */
  bool *drop;
  float *mean; /* weights, mean over lanes */
  int64_t key_cap;
  double whole_flops;
  at_explain_cost cost;
} at_measuring;

at_status at_answer_find(at_measuring *m, at_error *err);                /* answer.c */
void at_answer_read(const at_measuring *m, double *to);                  /* of the pass at hand */
double at_answer_distance(const at_measuring *m, int64_t i);             /* whole from now */
int at_answer_choice(const at_measuring *m, const double *y, int64_t i); /* -1: it chooses none */
double at_answer_output(const at_measuring *m, const double *y, int64_t i);
void at_answer_seed(at_measuring *m); /* d output / d y of every example, at `now` */

/* change.c: `changed` starts as the weights; run; then `now` holds the answers. */
void at_change_start(at_measuring *m);
void at_change_run(at_measuring *m);
void at_change_drop(at_measuring *m, int64_t i); /* the keys that m->drop has */
void at_change_uniform(at_measuring *m, int64_t i);
/* Key k gets the weight of key from[k]. */
void at_change_permute(at_measuring *m, int64_t i, const int32_t *from);

typedef at_status at_measure_fn(at_measuring *m, at_error *err);
at_measure_fn at_measure_weights, at_measure_truth;       /* weights.c, keys.c */
at_measure_fn at_measure_bound;                           /* bound.c */
at_measure_fn at_measure_erasure, at_measure_curves;      /* erase.c */
at_measure_fn at_measure_flips;                           /* flip.c */
at_measure_fn at_measure_uniform, at_measure_permuted;    /* shuffle.c */
at_measure_fn at_measure_adversarial;                     /* adversarial.c */
at_measure_fn at_measure_gradient, at_measure_integrated; /* slope.c */
at_measure_fn at_measure_removal;                         /* remove.c */
at_measure_fn at_measure_layers;                          /* layers.c */
at_measure_fn at_measure_orders;                          /* order.c */
/* Finds m->below; before the executor is bound. */
at_status at_layers_find(at_measuring *m, at_error *err);
/* Orders that cannot be: EINPUT. */
at_status at_orders_open(at_measuring *m, at_error *err);
/* Greatest first; of equal ones the earlier key. */
void at_sort_keys(const float *v, int64_t n, int32_t *order);
/* Keys taken away in the order of m->order: outputs and answers, decisions that flip. */
void at_take_away(at_measuring *m, at_columns *to); /* erase.c */
void at_count_flips(at_measuring *m, const int32_t *order, at_columns *to, at_measure share,
                    at_measure one); /* flip.c */
at_measure_fn at_measure_scrambled;  /* scramble.c */
/* The largest difference of what softmax gets, temperature included; false: there is none, or it
 * is not known. */
bool at_score_range(const at_attend *a, const attune_form *form, double *apart);
bool at_measure_stopped(const at_measuring *m);
/* What the keys are, by the input that feeds them (remove.c); h, w: the grid of cells, else 0. */
at_over at_keys_over(const at_measuring *m, int64_t *h, int64_t *w);
/* The parts of the keys of example i of the group, and which of what asks is looked at. */
void at_keys_parts(const at_measuring *m, int64_t i, at_key_parts *out);
#endif
