/* attune plugin ABI, version 1.
 *
 * A plugin is a shared object that exports one symbol, attune_plugin_entry.
 * It links against nothing of attune: whatever it may call is in the table of
 * host functions that it is handed.  One file may offer several items, of four
 * kinds: attention score functions, tasks, metrics, data readers.
 *
 *     #include <attune/plugin.h>
 *     static int compose(const attune_host *host, attune_build *build,
 *                        const attune_options *options, attune_value query,
 *                        attune_value key, attune_value *score) {
 *       return host->contract(build, key, query, score);
 *     }
 *     static const attune_score dot = {
 *       .item = {sizeof(attune_score), ATTUNE_SCORE, "dot", "k . q", "s = k . q", NULL},
 *       .compose = compose,
 *     };
 *     static const attune_item *const items[] = {&dot.item};
 *     ATTUNE_PLUGIN("dot", "1.0", "Apache-2.0", items)
 *
 * CONVENTIONS
 *   Growth   The major version changes when a plugin must be rebuilt. Within a
 *            major version structs grow at the end only; the first member of
 *            each is its size in the build that made it, and neither side reads
 *            further than that says. "since 1.N" marks what came later.
 *   Errors   Functions return 0, or a negative attune_status. Say why with
 *            host->error() before you return it; a callback that fails without
 *            a message gets one from the host ("compose of `dot` returned -2").
 *   Strings  UTF-8, NUL-terminated. Strings in descriptors are static: valid for
 *            as long as the plugin is loaded. Strings from the host are borrowed
 *            for the duration of the call unless said otherwise.
 *   Threads  [main]    called on one thread at a time, never at the same time as
 *                      any other callback of the same instance.
 *            [worker]  may be called on several threads at once, also for the
 *                      same instance: treat the instance as read-only.
 *   Never    exit, abort, print, start threads, keep global mutable state, change
 *            the locale, signal handlers or the floating-point environment. */
#ifndef ATTUNE_PLUGIN_H
#define ATTUNE_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ATTUNE_ABI_MAJOR 1u
#define ATTUNE_ABI_MINOR 0u

typedef enum attune_status {
  ATTUNE_OK = 0,
  ATTUNE_BAD_INPUT = -1, /* the user's data or options: the command exits 2 */
  ATTUNE_FAILED = -2,    /* the work failed: exits 1 */
  ATTUNE_NO_MEMORY = -3
} attune_status;

typedef enum attune_kind {
  ATTUNE_SCORE = 1,
  ATTUNE_TASK = 2,
  ATTUNE_METRIC = 3,
  ATTUNE_DATA = 4
} attune_kind;

typedef struct attune_host attune_host;       /* the host's functions, below */
typedef struct attune_options attune_options; /* parsed, checked option values */

/* ---- options ------------------------------------------------------------- */

typedef enum attune_option_type {
  ATTUNE_OPTION_INT = 1,
  ATTUNE_OPTION_REAL,
  ATTUNE_OPTION_BOOL,
  ATTUNE_OPTION_ENUM, /* one of `choices`; read as its index */
  ATTUNE_OPTION_STRING,
  ATTUNE_OPTION_PATH /* a string; relative ones are resolved against the run file */
} attune_option_type;

/* The host parses, checks and documents options from this table; a plugin never
 * sees an undeclared or ill-typed one. An array of them ends with a NULL name. */
typedef struct attune_option {
  const char *name;
  attune_option_type type;
  const char *default_text; /* as a user would write it; NULL: must be given */
  double min, max;          /* INT and REAL, inclusive; min == max: any */
  const char *choices;      /* ENUM: "query|key" */
  const char *doc;          /* one sentence */
} attune_option;

/* ---- what every item begins with ------------------------------------------- */

typedef struct attune_item {
  uint32_t size;                /* sizeof of the whole item struct */
  uint32_t kind;                /* attune_kind */
  const char *name;             /* [a-z][a-z0-9_]*, unique among items of its kind */
  const char *summary;          /* one line */
  const char *doc;              /* formula, source, notes; several lines are fine */
  const attune_option *options; /* NULL: none */
} attune_item;

typedef struct attune_plugin {
  uint32_t size;
  uint32_t abi_major, abi_minor; /* of the header it was built with */
  const char *name, *version, *license;
  uint32_t item_count;
  const attune_item *const *items;
} attune_plugin;

/* ---- scores ------------------------------------------------------------------ */

/* A value in the graph that is being built. Valid during compose only. */
typedef struct attune_value_s *attune_value;
typedef struct attune_build attune_build;

/* query has the axis that asks, key the axis that is attended over; both have
 * the axis `along` (size d) that the score consumes. Batch axes, other axes,
 * packing of ragged axes and heads are the host's business: write the score for
 * one query vector q and one key vector k.
 *
 * THE LAYOUT IS FIXED HERE, ONCE: *score must be what contract(key, query) or
 * pairwise(query, key) returns, with or without elementwise functions after it.
 * Whatever side a weight stands on, first comes the key, then the query. */
typedef struct attune_score {
  attune_item item;
  /* [main] Builds s(q, k) out of host functions; gradients follow by themselves. */
  int (*compose)(const attune_host *host, attune_build *build, const attune_options *options,
                 attune_value query, attune_value key, attune_value *score);
} attune_score;

typedef enum attune_function {
  ATTUNE_IDENTITY = 0,
  ATTUNE_TANH,
  ATTUNE_RELU,
  ATTUNE_LEAKY_RELU,
  ATTUNE_SIGMOID
} attune_function;

typedef enum attune_init {
  ATTUNE_INIT_ZERO = 0,
  ATTUNE_INIT_UNIFORM = 1, /* U(-1/sqrt(d), 1/sqrt(d)) */
  ATTUNE_INIT_NORMAL = 2   /* N(0, 0.02) */
} attune_init;

/* ---- arrays ------------------------------------------------------------------ */

typedef enum attune_type { ATTUNE_F32 = 1, ATTUNE_I32, ATTUNE_I64, ATTUNE_U8 } attune_type;

/* A dense row-major array, borrowed. */
typedef struct attune_array {
  uint32_t type; /* attune_type */
  uint32_t ndim;
  int64_t shape[8];
  const void *data;
} attune_array;

/* ---- data readers --------------------------------------------------------------- */

/* A data set is a few TABLES (picture, caption, question ...), one per batch
 * axis, for each split. A table has FIELDS: columns of fixed-shape arrays, texts
 * or links to rows of another table. */
typedef enum attune_field_type {
  ATTUNE_FIELD_REAL = 1, /* float32 of `shape` */
  ATTUNE_FIELD_TEXT,     /* one UTF-8 text a row */
  ATTUNE_FIELD_LINK,     /* int64 row number in table `link` */
  ATTUNE_FIELD_IMAGE,    /* RGB bytes [height, width, 3]; given to models as real in 0..1 */
  ATTUNE_FIELD_BOXES,    /* float32 [n, 4]: x, y, w, h in pixels of the row's image; n varies */
  ATTUNE_FIELD_NAME      /* a text that identifies the row to people: a file name, an id */
} attune_field_type;

typedef struct attune_field {
  const char *name;
  uint32_t type; /* attune_field_type */
  uint32_t ndim; /* REAL and IMAGE */
  int64_t shape[8];
  const char *axes; /* names of the dims in order, "region feature"; may be NULL */
  const char *link; /* LINK: the table it points into */
} attune_field;

typedef struct attune_schema attune_schema; /* host's; filled by `open` through the host */
typedef struct attune_sink attune_sink;     /* host's; receives texts and boxes */

typedef struct attune_data {
  attune_item item;
  /* [main] Opens the data set and declares its splits, tables and fields with
   * host->table() and host->field(). *instance is the reader's own state. */
  int (*open)(const attune_host *host, const attune_options *options, attune_schema *schema,
              void **instance);
  /* [worker] One field of one row. REAL: `dst` is float[product of shape]; IMAGE:
   * uint8[product of shape]; LINK: int64; TEXT, NAME: call host->text(sink, ...);
   * BOXES: host->boxes(sink, ...). `field` is the number host->field() returned. */
  int (*read)(const attune_host *host, void *instance, const char *split, uint32_t field,
              int64_t row, void *dst, attune_sink *sink);
  /* [main] */
  void (*close)(void *instance);
} attune_data;

/* ---- tasks -------------------------------------------------------------------------- */

typedef struct attune_task_context attune_task_context; /* host's view of data and model */
typedef struct attune_prediction attune_prediction;     /* named arrays, the host's */

/* An output that the model must have for this task. */
typedef struct attune_need {
  const char *output;  /* "similarity"; a NULL ends the array */
  uint32_t batch_axes; /* how many batch axes it varies over */
  const char *doc;
} attune_need;

typedef struct attune_task {
  attune_item item;
  const attune_need *needs;
  /* [main] Which table rows go into the training examples of `epoch`. Calls
   * host->example(context, rows) once per example, in an order that depends on
   * host->random() alone; rows[i] belongs to batch axis i of the model's inputs. */
  int (*epoch)(const attune_host *host, const attune_options *options, attune_task_context *context,
               uint64_t epoch);
  /* [main] Runs the model over a split in blocks (host->forward) and stores what
   * metrics need (host->predict). */
  int (*evaluate)(const attune_host *host, const attune_options *options,
                  attune_task_context *context, attune_prediction *prediction);
} attune_task;

/* ---- metrics -------------------------------------------------------------------------- */

typedef struct attune_results attune_results;

typedef struct attune_metric {
  attune_item item;
  const char *task; /* name of the task whose predictions it reads */
  /* [main] Calls host->result() for each number. */
  int (*compute)(const attune_host *host, const attune_options *options,
                 const attune_prediction *prediction, attune_results *results);
} attune_metric;

/* ---- the host ------------------------------------------------------------------------------ */

struct attune_host {
  uint32_t size;
  uint32_t abi_major, abi_minor;

  /* [worker] The message of the error that the callback is about to return. */
  void (*error)(const attune_host *host, const char *format, ...)
#if defined(__GNUC__)
      __attribute__((format(printf, 2, 3)))
#endif
      ;

  /* Options by name. [worker] An undeclared name gives 0 or "" and is reported
   * as a defect of the plugin when the callback returns. */
  int64_t (*option_int)(const attune_options *o, const char *name); /* INT, BOOL, ENUM index */
  double (*option_real)(const attune_options *o, const char *name);
  const char *(*option_text)(const attune_options *o, const char *name); /* valid as long as o */

  /* ---- building scores [main, during compose]. Each stores a new value in *out. */
  /* size of the axis `along`: d */
  int64_t (*depth)(attune_build *b);
  /* sum over d of key * query: scores of every key with every query. Both may have been projected
   * by linear() to another size, the same for both: a score of low rank. */
  int (*contract)(attune_build *b, attune_value key, attune_value query, attune_value *out);
  /* sum over d of v_d f(query_d + key_d), never stored at size keys x queries x d.
   * query, key over an axis of size d; v a parameter of size d. */
  int (*pairwise)(attune_build *b, attune_value query, attune_value key, attune_value v,
                  attune_function f, attune_value *out);
  /* x W^T (+ b) along d; parameters NAME.weight [to, d] and NAME.bias [to], drawn
   * U(-1/sqrt(d), 1/sqrt(d)). to <= 0 means d. */
  int (*linear)(attune_build *b, attune_value x, const char *name, int64_t to, int bias,
                attune_value *out);
  /* A vector parameter NAME of `size` elements (<= 0: d). */
  int (*parameter)(attune_build *b, const char *name, int64_t size, attune_init init,
                   attune_value *out);
  /* x / (|x| + eps) along its features. */
  int (*unit)(attune_build *b, attune_value x, double eps, attune_value *out);
  /* f(x) element by element; slope is for LEAKY_RELU. */
  int (*apply)(attune_build *b, attune_value x, attune_function f, double slope, attune_value *out);
  /* by * x + shift */
  int (*scale)(attune_build *b, attune_value x, double by, double shift, attune_value *out);
  /* Elementwise, broadcasting over axes that one of them lacks. */
  int (*add)(attune_build *b, attune_value x, attune_value y, attune_value *out);
  int (*multiply)(attune_build *b, attune_value x, attune_value y, attune_value *out);

  /* ---- data readers */
  /* [main, during open] A table of a split; its rows are 0 .. rows-1. */
  int (*table)(attune_schema *s, const char *split, const char *table, int64_t rows);
  /* [main, during open] A field of a table in every split; returns its number
   * (>= 0) or a negative status. The struct is copied. */
  int (*field)(attune_schema *s, const char *table, const attune_field *field);
  /* [worker, during read] */
  int (*text)(attune_sink *sink, const char *utf8, size_t bytes);
  int (*boxes)(attune_sink *sink, const float *xywh, int64_t n);
  /* [worker] Decodes a JPEG or PNG file and resizes it to width x height RGB. */
  int (*image)(const attune_host *host, const char *path, int64_t width, int64_t height,
               uint8_t *rgb);

  /* ---- tasks [main] */
  int64_t (*rows)(attune_task_context *c, const char *table); /* of the split at hand; -1: none */
  /* Row of the linked table for `row` of `table` (a LINK field to it); -1: none. */
  int64_t (*link)(attune_task_context *c, const char *table, const char *to, int64_t row);
  /* Name of the i-th batch axis of the model, in order of its inputs; NULL past the end.
   * A batch axis is fed from the table of the same name. */
  const char *(*batch_axis)(attune_task_context *c, uint32_t i);
  /* 32 random bits for (epoch, index), the same in every run of the same seed. */
  uint32_t (*random)(attune_task_context *c, uint64_t epoch, uint64_t index);
  int (*example)(attune_task_context *c, const int64_t *rows);
  /* Runs the model on counts[i] rows rows[i][..] of each batch axis; *out is
   * `output`, valid until the next forward. Axis order of *out is that of
   * batch_axis(). */
  int (*forward)(attune_task_context *c, const char *output, const int64_t *const *rows,
                 const int64_t *counts, attune_array *out);
  /* Rows that fit comfortably into one forward along batch axis i. */
  int64_t (*block)(attune_task_context *c, uint32_t i);
  /* Stores a copy of `a` under `name` in the prediction. data NULL: zeroed
   * storage; then *stored points to it and may be filled. `stored` may be NULL. */
  int (*predict)(attune_prediction *p, const char *name, const attune_array *a, void **stored);

  /* ---- metrics [main] */
  /* 0, or ATTUNE_FAILED when the prediction holds no such array. */
  int (*prediction)(const attune_prediction *p, const char *name, attune_array *out);
  /* One number. higher_is_better: 1, 0, or -1 for neither. */
  int (*result)(attune_results *r, const char *name, double value, int higher_is_better);

  /* ---- memory: freed by the host when the callback returns [worker] */
  void *(*scratch)(const attune_host *host, size_t bytes);
};

/* The one exported symbol. `host` stays valid until the plugin is unloaded.
 * Returns NULL to decline (after host->error()). */
typedef const attune_plugin *(*attune_plugin_entry_fn)(const attune_host *host);
#define ATTUNE_ENTRY_SYMBOL "attune_plugin_entry"

#if defined(__GNUC__)
#define ATTUNE_EXPORT __attribute__((visibility("default")))
#else
#define ATTUNE_EXPORT
#endif

#ifdef __cplusplus
#define ATTUNE_EXTERN extern "C"
#else
#define ATTUNE_EXTERN
#endif

/* Defines the entry of a plugin whose items are in the array `items_`. */
#define ATTUNE_PLUGIN(name_, version_, license_, items_)                                     \
  ATTUNE_EXTERN ATTUNE_EXPORT const attune_plugin *attune_plugin_entry(const attune_host *); \
  const attune_plugin *attune_plugin_entry(const attune_host *host) {                        \
    static const attune_plugin plugin = {sizeof(attune_plugin),                              \
                                         ATTUNE_ABI_MAJOR,                                   \
                                         ATTUNE_ABI_MINOR,                                   \
                                         name_,                                              \
                                         version_,                                           \
                                         license_,                                           \
                                         (uint32_t)(sizeof(items_) / sizeof((items_)[0])),   \
                                         items_};                                            \
    (void)host;                                                                              \
    return &plugin;                                                                          \
  }

#ifdef __cplusplus
}
#endif
#endif
