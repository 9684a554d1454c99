/* Between the files of this room only. */
#ifndef AT_CHECK_CHECK_IMPL_H
#define AT_CHECK_CHECK_IMPL_H
#include "core/check/check.h"
#include "core/graph/exec.h"
#include "core/graph/kernel.h"
#include "core/plugin/plugin.h"

/* ---- one check at work ---- */
typedef struct ck {
  const char *path;
  const at_check_options *o;
  at_registry *reg;         /* of the file alone; NULL: not loaded (checks of the file) */
  const at_item *item;      /* NULL for checks of the file */
  const char *spec;         /* the item as a model would write it, with what --with says */
  attune_prediction *input; /* what a metric reads, once it was made */
  bool no_task;             /* that of the metric is not to be had */
  char message[1024];
  at_error err;
} ck;

typedef at_check_outcome ck_fn(ck *c);
at_check_outcome ck_fail(ck *c, const char *fmt, ...) AT_PRINTF(2, 3);
at_check_outcome ck_skip(ck *c, const char *fmt, ...) AT_PRINTF(2, 3);
at_check_outcome ck_note(ck *c, const char *fmt, ...)
    AT_PRINTF(2, 3); /* a pass that says something */
/* Fails with what c->err says. */
at_check_outcome ck_err(ck *c, const char *what);

/* Kinds that a check is for, by bits of attune_kind. */
enum {
  CK_FILE = 0,
  CK_SCORE = 1 << ATTUNE_SCORE,
  CK_TASK = 1 << ATTUNE_TASK,
  CK_METRIC = 1 << ATTUNE_METRIC,
  CK_DATA = 1 << ATTUNE_DATA,
  CK_ANY = CK_SCORE | CK_TASK | CK_METRIC | CK_DATA
};
typedef struct ck_check {
  const char *name;
  int of;
  ck_fn *fn;
  const char *summary;
} ck_check;
extern const ck_check ck_table[]; /* ended by a NULL name */

/* ---- process.c ---- */
typedef struct ck_item_name {
  uint32_t kind;
  char name[64];
} ck_item_name;
enum { CK_MOST_ITEMS = 256 };
/* Runs `check` apart; `items`, of CK_MOST_ITEMS, gets what the file offers where it is not NULL. */
at_status ck_apart(const ck_check *check, const char *path, const ck_item_name *item,
                   const at_check_options *o, at_check_result *r, ck_item_name *items, size_t *n,
                   at_error *err);
/* Says what is about to be done to the plugin, so that a crash can name it. */
void ck_at(const char *fmt, ...) AT_PRINTF(1, 2);
/* The same here. */
void ck_here(const ck_check *check, const char *path, const ck_item_name *item,
             const at_check_options *o, at_check_result *r, ck_item_name *items, size_t *n);

/* ---- net.c: a small graph around one score ---- */
typedef enum ck_layout { CK_APART, CK_SWAPPED, CK_HEADS, CK_SELF, CK_LAYOUTS } ck_layout;
const char *ck_layout_name(ck_layout l);
typedef struct ck_dims {
  ck_layout layout;
  int64_t pictures, keys;     /* SELF: not used */
  int64_t captions, words[4]; /* HEADS: words[0] queries of each picture */
  int64_t depth;
} ck_dims;
typedef struct ck_net {
  at_graph *g;
  at_node *k, *q, *score; /* inputs, and what compose gave */
  int over;               /* the axis of keys */
  at_params *p;
  at_exec *x;
  float *kv, *qv; /* values of the inputs, owned */
  int64_t nk, nq, n;
} ck_net;
typedef struct ck_net_options {
  at_pool *pool;
  bool poison, backward;
  bool weigh; /* the output is softmax over the keys */
  bool each;  /* HEADS: each has parameters of its own */
} ck_net_options;
/* Inputs N(0, 1), parameters N(0, 0.5), by the seed and their names. */
bool ck_net_open(ck *c, const char *spec, const ck_dims *d, const ck_net_options *o, ck_net *w);
void ck_net_close(ck_net *w);
void ck_net_fill(const ck *c, ck_net *w);
const float *ck_net_forward(ck_net *w);             /* [n] */
void ck_net_backward(ck_net *w, const float *grad); /* after forward */
const float *ck_net_key_grad(const ck_net *w);      /* [nk] */
const float *ck_net_query_grad(const ck_net *w);    /* [nq] */
/* Output weights, N(0, 1); the caller frees. */
float *ck_weights(const ck *c, int64_t n);
/* The kernel's node, NULL: the score is composed of host functions alone. */
const at_node *ck_kernel(const ck_net *w);
extern const ck_dims ck_small, ck_large;

/* ---- variant.c ---- */
/* "name(option=value)" for defaults and for what else the option table allows, one at a time. The
 * i-th into spec; false past the last. */
bool ck_variant(const ck *c, size_t i, char *spec, size_t n);
/* The item's options as --with and `spec` say; at_options_free. NULL with c->err filled. */
attune_options *ck_options(ck *c, const char *spec);

/* ---- spy.c: what the plugin calls of the system ---- */
typedef struct ck_seen {
  long allocations, frees, files, threads;
  const char *allocation, *file, *thread; /* the function of the last of each */
} ck_seen;
extern ck_seen ck_spied;
/* Counts the plugin's own calls from now on; false: not known how on this system. */
bool ck_spy(const ck *c);

/* ---- use.c ---- */
/* Everything that the item does, once. AT_EINPUT with a sentence in c->err where it cannot be used
 * without options that nobody gave. */
at_status ck_use(ck *c);
bool ck_needs_options(ck *c); /* so it is; c->err says which */
/* What the metric reads, made once; NULL with c->err. */
const attune_prediction *ck_metric_input(ck *c);
/* Whether c->err is that of a metric whose array the made-up prediction lacks. */
bool ck_lacks_array(const ck *c);
/* Skips so, naming the arrays that there are: the one at fault may be misspelt. */
at_check_outcome ck_skip_array(ck *c);
/* Pictures shown to a metric that sees them, `block` at a time; *r with free(). */
at_status ck_metric_seen(ck *c, const attune_options *o, int block, const attune_prediction *p,
                         at_result **r, size_t *n);

/* ---- data.c ---- */
/* One value; its hash into *hash, which may be NULL. */
at_status ck_read(ck *c, const at_dataset *d, const at_table *t, const at_field *f, int64_t row,
                  uint64_t *hash);

/* ---- world.c: data and a model that are not there, for tasks ---- */
typedef struct ck_world ck_world;
enum { CK_WORLDS = 6 };
void ck_world_free(ck_world *w);
const at_task_ops *ck_world_ops(ck_world *w);
int64_t ck_world_examples(const ck_world *w, const int64_t **rows, int *axes);
const char *ck_world_complaint(const ck_world *w); /* rows out of range; NULL: none */
void ck_world_restart(ck_world *w);
/* The world in which the task evaluates; NULL with c->err. `metric` (may be NULL) gets pictures, *p
 * (may be NULL) the prediction. */
ck_world *ck_world_for(ck *c, const at_item *task, const attune_options *o, attune_prediction **p);
/* Arrays of one attention block, as the header lists them. */
attune_prediction *ck_explained(uint64_t seed, int64_t n, bool compare);

/* ---- the checks ---- */
ck_fn ck_load, ck_entry, ck_unload;
ck_fn ck_words, ck_option_values, ck_use_check, ck_leaks, ck_printing, ck_exiting, ck_signals,
    ck_floats, ck_locale, ck_files, ck_threads_started, ck_allocation;
ck_fn ck_layouts, ck_instances, ck_shapes, ck_alone, ck_extremes, ck_nan, ck_threads, ck_repeat,
    ck_saved, ck_form, ck_keeps, ck_noop, ck_speed, ck_gradient_key, ck_gradient_query,
    ck_gradient_parameters;
ck_fn ck_kernel_bounds, ck_kernel_adds, ck_kernel_null;
ck_fn ck_epoch, ck_evaluate, ck_metric_bits, ck_metric_missing, ck_metric_pictures, ck_reads,
    ck_reads_twice, ck_reads_threads, ck_absent;
#endif
