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
 *   Owner    What a plugin hands over is copied before the function returns, or is said to be
 *            borrowed. What the host hands over is its own, and valid for the duration of the
 *            callback unless said otherwise; nothing of it is freed by a plugin. host->scratch() is
 *            memory that the host frees when the callback returns.
 *   Thread   of a host function: where it may be called. [main] functions only within a callback
 *            that is [main]; [worker] ones in any.
 *   Never    exit, abort, print, start threads, keep global mutable state, change
 *            the locale, signal handlers or the floating-point environment.
 *
 * STABILITY
 *   A plugin built with any header of a major version loads into every later attune of that major
 *   version and means the same: no member changes its place, its type or what it does. Names that
 *   begin with ATTUNE_ and attune_ stay. A plugin built with a later header loads into an earlier
 *   attune as well; what that one may lack is asked for: ATTUNE_HOST_HAS(host, kernel).
 *   `attune plugin check` tries what is promised here on both sides. */
#ifndef ATTUNE_PLUGIN_H
#define ATTUNE_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define ATTUNE_ABI_MAJOR 1u
#define ATTUNE_ABI_MINOR 6u

#ifndef ATTUNE_HAS_STATUS /* <attune/attune.h> has it, too */
#define ATTUNE_HAS_STATUS
typedef enum attune_status {
  ATTUNE_OK = 0,
  ATTUNE_BAD_INPUT = -1, /* the user's data or options: the command exits 2 */
  ATTUNE_FAILED = -2,    /* the work failed: exits 1 */
  ATTUNE_NO_MEMORY = -3
} attune_status;
#endif

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

/* Rows of that table, since 1.6; texts are literals. */
#define ATTUNE_INT_OPTION(name_, default_, min_, max_, doc_) \
  { "" name_, ATTUNE_OPTION_INT, "" default_, min_, max_, NULL, "" doc_ }
#define ATTUNE_REAL_OPTION(name_, default_, min_, max_, doc_) \
  { "" name_, ATTUNE_OPTION_REAL, "" default_, min_, max_, NULL, "" doc_ }
#define ATTUNE_BOOL_OPTION(name_, default_, doc_) \
  { "" name_, ATTUNE_OPTION_BOOL, "" default_, 0, 0, NULL, "" doc_ }
#define ATTUNE_ENUM_OPTION(name_, default_, choices_, doc_) \
  { "" name_, ATTUNE_OPTION_ENUM, "" default_, 0, 0, "" choices_, "" doc_ }
#define ATTUNE_STRING_OPTION(name_, default_, doc_) \
  { "" name_, ATTUNE_OPTION_STRING, "" default_, 0, 0, NULL, "" doc_ }
#define ATTUNE_PATH_OPTION(name_, default_, doc_) \
  { "" name_, ATTUNE_OPTION_PATH, "" default_, 0, 0, NULL, "" doc_ }
/* A path without a default: the user must give it. */
#define ATTUNE_NEEDED_PATH_OPTION(name_, doc_) \
  { "" name_, ATTUNE_OPTION_PATH, NULL, 0, 0, NULL, "" doc_ }
#define ATTUNE_END_OF_OPTIONS \
  { NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL }

/* ---- what every item begins with ------------------------------------------- */

typedef struct attune_item {
  uint32_t size;                /* sizeof of the whole item struct */
  uint32_t kind;                /* attune_kind */
  const char *name;             /* [a-z][a-z0-9_]*, unique among items of its kind */
  const char *summary;          /* one line */
  const char *doc;              /* formula, source, notes; several lines are fine */
  const attune_option *options; /* NULL: none */
} attune_item;

/* The item of a struct attune_TYPE, since 1.6: its size and kind cannot disagree with it.
 *     static const attune_score dot = {ATTUNE_ITEM(score, SCORE, "dot", "k . q", "s = k . q",
 * NULL), compose, NULL}; */
#define ATTUNE_ITEM(type_, KIND_, name_, summary_, doc_, options_) \
  { (uint32_t)sizeof(attune_##type_), ATTUNE_##KIND_, "" name_, "" summary_, "" doc_, options_ }

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

typedef enum attune_function {
  ATTUNE_IDENTITY = 0,
  ATTUNE_TANH,
  ATTUNE_RELU,
  ATTUNE_LEAKY_RELU,
  ATTUNE_SIGMOID
} attune_function;

/* What a score is as a function, since 1.2:
 *   DOT       s = f(by (k . q [+ q . b] [+ k . b]))
 *   BILINEAR  s = f(by (k . W q [+ q . b] [+ k . b])), W learned, d x d
 * `attune check` finds from it which scores are the same within a model, and tries what it found.
 */
typedef enum attune_product {
  ATTUNE_OPAQUE = 0, /* nothing is said */
  ATTUNE_DOT,
  ATTUNE_BILINEAR
} attune_product;

enum {
  ATTUNE_UNIT_QUERY = 1u << 0, /* q is brought to unit length first */
  ATTUNE_UNIT_KEY = 1u << 1,   /* and so is k */
  ATTUNE_ADDS_QUERY = 1u << 2, /* q . b is added: the same number to every key */
  ATTUNE_ADDS_KEY = 1u << 3,   /* k . b is added: the same whatever asks */
  ATTUNE_TRANSPOSED = 1u << 4  /* the parameter holds W transposed: q . (W k) */
};

/* Since 1.6: what may be done to query and key so that s stays, whatever the parameters are. Said
 * of any product, OPAQUE too; `attune plugin check` tries it. */
enum {
  ATTUNE_KEEPS_SWAP = 1u << 0,        /* s(q, k) = s(k, q) */
  ATTUNE_KEEPS_SHIFT = 1u << 1,       /* s(q + t, k + t) = s(q, k) */
  ATTUNE_KEEPS_ROTATION = 1u << 2,    /* s(R q, R k) = s(q, k), R orthogonal */
  ATTUNE_KEEPS_QUERY_SCALE = 1u << 3, /* s(a q, k) = s(q, k), a > 0 */
  ATTUNE_KEEPS_KEY_SCALE = 1u << 4    /* s(q, a k) = s(q, k), a > 0 */
};

typedef struct attune_form {
  uint32_t size;    /* set by the host, as the other members are: OPAQUE, IDENTITY, by = 1 */
  uint32_t product; /* attune_product */
  uint32_t flags;
  attune_function f;
  double slope;       /* of LEAKY_RELU */
  double by;          /* above 0 */
  const char *matrix; /* BILINEAR: the parameter W, as compose calls it: "proj.weight" */
  const char *bias;   /* the parameter b */
  uint32_t keeps;     /* since 1.6: ATTUNE_KEEPS_* */
} attune_form;

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
  /* [main] since 1.2, may be NULL: what compose builds, in a form that can be compared. `depth`
   * is d, or -1 where it is not known. */
  int (*form)(const attune_host *host, const attune_options *options, int64_t depth,
              attune_form *form);
} attune_score;

typedef enum attune_init {
  ATTUNE_INIT_ZERO = 0,
  ATTUNE_INIT_UNIFORM = 1, /* U(-1/sqrt(d), 1/sqrt(d)) */
  ATTUNE_INIT_NORMAL = 2   /* N(0, 0.02) */
} attune_init;

/* ---- kernels: scores by code of one's own, since 1.6 ----------------------------
 *
 * Where host functions do not say what a score is, or say it slowly, compose makes a node of a
 * kernel: host->kernel(). The host calls it for any part of the keys against any part of the
 * queries, cut by the sizes alone. s(q, k) depends on that one query, that one key, the parameters
 * and the numbers; which others it is called with makes no difference but for rounding.
 *
 * Rows are dense along depth; row i of the keys begins at key + i * key_stride. backward gets what
 * forward left in score and saved. Gradients are zero on entry and dense; ADD to them; NULL means
 * that nobody wants this one. */
typedef struct attune_kernel_call {
  uint32_t size;
  uint32_t parameters; /* how many */
  int64_t keys, queries, depth;
  const float *key;   /* [keys, depth] */
  const float *query; /* [queries, depth] */
  int64_t key_stride, query_stride;
  const float *const *parameter; /* values, in the order in which host->kernel() got them */
  const double *number;          /* likewise */
  float *score;                  /* [keys, queries]: forward writes each, backward reads */
  int64_t score_stride;
  /* [keys, queries, saved]: forward writes, backward reads; NULL: nobody will. Those of key i and
   * query j begin at saved + i * saved_stride + j * (how many each pair has). */
  float *saved;
  int64_t saved_stride;
  float *scratch; /* what scratch() asked for, at a multiple of 64 bytes; undefined on entry */
  /* backward alone */
  const float *score_grad; /* [keys, queries] */
  int64_t score_grad_stride;
  float *key_grad;              /* [keys, depth] */
  float *query_grad;            /* [queries, depth] */
  float *const *parameter_grad; /* each as large as the parameter */
} attune_kernel_call;

/* THE HOT CALLS. forward and backward are [worker] and run thousands of times a second: no
 * allocation, no files, no locks, no messages; memory is scratch, products of matrices are
 * host->gemm(). What must be checked is checked in compose. NaN and infinity may come in, and then
 * go out; nothing else may happen. */
typedef struct attune_kernel {
  uint32_t size;
  const char *name; /* "gaussian": how messages and drawings call it */
  int64_t saved;    /* floats kept of each pair from forward to backward; 0: none */
  void (*forward)(const attune_host *host, const attune_kernel_call *call);
  void (*backward)(const attune_host *host, const attune_kernel_call *call);
  /* [worker] Floats of scratch for one call of either, at most so many keys and queries; never
   * fewer for more of them. NULL: none. */
  int64_t (*scratch)(const double *number, int64_t keys, int64_t queries, int64_t depth);
  /* [worker] Floating-point operations of forward for one pair; NULL: 2 depth. */
  double (*flops)(const double *number, int64_t depth);
} attune_kernel;

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
  ATTUNE_FIELD_NAME,     /* a text that identifies the row to people: a file name, an id */
  ATTUNE_FIELD_WORDS,    /* since 1.2: numbers of words of the row's text, from 0; n varies */
  ATTUNE_FIELD_ITEMS     /* since 1.6: float32 [n, shape...]; n varies and is at least 1 */
} attune_field_type;

typedef struct attune_field {
  const char *name;
  uint32_t type; /* attune_field_type */
  uint32_t ndim; /* REAL and IMAGE; ITEMS: of one item */
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
   * BOXES: host->boxes(sink, ...); WORDS: host->words(sink, ...); ITEMS: host->items(sink, ...).
   * `field` is the number that host->field() returned. */
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

/* Since 1.6: an input of the model that the task fills itself, out of what it knows and no field
 * says. */
typedef struct attune_fed {
  const char *input; /* a NULL ends the array; a model may lack some of them */
  const char *doc;
} attune_fed;

/* Since 1.6: what a batch that a task fills is for. */
typedef enum attune_purpose {
  ATTUNE_TO_TRAIN = 1, /* a step of training; what is drawn, by host->random and `epoch` */
  ATTUNE_TO_JUDGE,     /* host->losses */
  ATTUNE_TO_ANSWER,    /* host->forward */
  ATTUNE_TO_LOOK       /* attention is looked at or measured */
} attune_purpose;

/* Since 1.6: rows[i][0 .. counts[i]) of each batch axis, in the order of host->batch_axis(). */
typedef struct attune_rows {
  uint32_t size;
  uint32_t purpose; /* attune_purpose */
  uint64_t epoch;   /* ATTUNE_TO_TRAIN */
  const int64_t *const *rows;
  const int64_t *counts;
} attune_rows;

/* Since 1.6: an answer that a task made, step by step. */
typedef struct attune_answer {
  uint32_t size;           /* set by the host */
  const char *text;        /* all of it; NULL: there is none */
  int64_t n;               /* its steps */
  const char *const *step; /* [n] what each says */
  const int64_t *item;     /* [n] which item of an input was pointed at; -1: none */
} attune_answer;

typedef struct attune_batch attune_batch; /* host's: the inputs of a batch at hand */

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

  /* Since 1.6, each may be NULL. [main]
   * What the task fills; `size` and `feed` come with it. */
  const attune_fed *fed;
  /* Once, before the model is built: the context speaks of the training split, and knows rows,
   * links, texts and what was kept. *state is what host->state() gives from here on. */
  int (*open)(const attune_host *host, const attune_options *options, attune_task_context *context,
              void **state);
  void (*close)(void *state);
  /* How many ids a token input of its own has (axis NULL), or how large an axis of an input is; -1:
   * the model says so itself. */
  int64_t (*size)(const attune_host *host, void *state, const char *input, const char *axis);
  /* Fills the inputs of a batch of the context's split: host->lengths() for each ragged axis that
   * no field of the data fills, then host->fill() for each input. */
  int (*feed)(const attune_host *host, const attune_options *options, attune_task_context *context,
              const attune_rows *rows, attune_batch *batch);
  /* Attention in these rows is about to be looked at, of what the model does by itself: the task
   * may run it (host->forward) and keep what `feed` wants then. */
  int (*look)(const attune_host *host, const attune_options *options, attune_task_context *context,
              const attune_rows *rows);
  /* What was answered to a row of the first batch axis at the last look. *answer comes empty; what
   * it points to is valid until the next callback. */
  int (*answer)(const attune_host *host, attune_task_context *context, int64_t row,
                attune_answer *answer);
} attune_task;

/* ---- metrics -------------------------------------------------------------------------- */

/* THE PREDICTION OF "explain", since 1.2: what ONE attention block did over n examples of a split.
 * An array that data or model cannot give is absent. F32 unless said otherwise; K keys in all,
 * those of example i at offsets[i] .. offsets[i + 1] - 1. A distance is half the L1 distance of
 * the answer's distribution, or the difference of a scalar output.
 *   offsets         I64 [n + 1]
 *   rows            I64 [n, batch axes of the model]
 *   weight          [K] attention, mean over heads and over what asks
 *   erasure         [K] distance when the key is masked here and the weights renormalised
 *   removal         [K] distance when the key's input is taken away and the model run again
 *   gradient        [K] dy/dweight; y: log probability of the predicted answer, or the output
 *   gradient_weight [K] sum over heads and what asks of weight * dy/dweight
 *   gradient_input  [K] |x . dy/dx| of the key's value vector x
 *   integrated      [K] integrated gradients along the weights, from uniform ones
 *   rollout         [K] since 1.3: weight taken through the self-attention blocks below
 *   relevance       [K] since 1.3: (gradient times weight)+ taken through them
 *   other_weight    [K] since 1.3: weight in the run compared with; NaN: it has other keys
 *   scrambled       [K] weight when parameters are drawn anew
 *   truth           [K] 1: the key decides by the data's own word, 0: not, NaN: not known
 *   share           [K] how large a key is; sums to 1 over an example
 *   output          [n] probability of the predicted answer, or the scalar output
 *   correct         I32 [n] 1, 0; -1 unknown
 *   other_correct   I32 [n] since 1.3: in the run compared with
 *   predicted, expected I32 [n] classes; -1 none, unknown
 *   length          I32 [n] words of the question or caption; -1 none
 *   bins            [T] shares of keys, ascending
 *   without_top, without_low, only_top [n, T] output after masking the ceil(share * keys) keys of
 *                   largest weight, of least weight, all but those of largest weight
 *   right_without_top, right_without_low I32 [n, T] whether the answer is then the expected one
 *   flip_top, flip_random [n] share of keys masked in order of weight, at random, until the
 *                   decision flips; NaN never
 *   flip_one_top, flip_one_random I32 [n] whether masking the one key flips it
 *   permuted        [n] median distance over permutations of the weights
 *   uniform         [n] distance with uniform weights
 *   uniform_right   I32 [n]
 *   adversarial     [n] largest Jensen-Shannon divergence, in nats, of weights at a small distance
 *   score_low, score_high [n] range of the raw scores
 *   score_range     [n] how far apart the numbers can lie that softmax gets, by the form of the
 *                   score and what follows it; absent: as far as they like
 * Since 1.3 a metric with an enum option `order` gets what follows the order of the weights
 * (without_*, only_top, right_without_*, flip_top, flip_one_top) also in the order of the [K] array
 * that the option names, the largest first: without_top.gradient. Gradients count by their size. */
typedef struct attune_results attune_results;

/* Since 1.5: pictures that a model made of texts. Rows of RGB bytes, top to bottom. */
typedef struct attune_pictures {
  uint32_t size;
  int64_t first, total;  /* the first of these among all that the evaluation makes */
  int64_t count;         /* how many these are */
  int64_t height, width; /* of each, made and real */
  const uint8_t *made;   /* [count, height, width, 3] */
  const uint8_t *real;   /* the data's own picture of each text, likewise; NULL: there is none */
  const char *const *caption; /* [count] the texts */
  const int64_t *row;         /* [count] their rows */
  const int64_t *picture;     /* [count] rows of the data's own pictures; NULL: there is none */
  /* Since 1.6: for host->rows(), link(), row_text() and picture(), of the split that is evaluated,
   * until the callback returns. */
  attune_task_context *context;
  const char *caption_table, *caption_field, *picture_table; /* where rows are of */
} attune_pictures;

/* Since 1.6: another model, run beside the one that is evaluated on pictures or on texts. */
typedef struct attune_network attune_network; /* the host's; kept until the run ends */

typedef struct attune_network_spec {
  uint32_t size;
  /* How pictures are fed: as `data.pixels` of the run says, 0 .. 1, -1 .. 1. A model file without a
   * run must be told. */
  enum { ATTUNE_PIXELS_RUN = 0, ATTUNE_PIXELS_UNIT, ATTUNE_PIXELS_SIGNED } pixels;
  const char *model;     /* a run directory, whose best weights are taken; or a model file */
  const char *weights;   /* a safetensors file, for a model file alone; "" or NULL: none */
  const char *arguments; /* of a model file: "side=299 classes=50"; "" or NULL: none */
  const char *outputs;   /* those that are wanted, blanks between */
  int64_t height, width; /* of pictures, where the model leaves the size open; 0: not known */
} attune_network_spec;

typedef struct attune_metric {
  attune_item item;
  /* Name of the task whose predictions it reads, since 1.6 of several, blanks between; "explain":
   * the arrays above, of one attention block; "compare", since 1.3: the same where another run is
   * compared with. */
  const char *task;
  /* [main] Calls host->result() for each number, or host->each(). */
  int (*compute)(const attune_host *host, const attune_options *options,
                 const attune_prediction *prediction, attune_results *results);

  /* Since 1.5; all four or none. Of an evaluation in which a task gives pictures: begin, pictures a
   * batch at a time, conclude in the place of compute, end. `state` is the metric's own. [main] */
  int (*begin)(const attune_host *host, const attune_options *options, void **state);
  int (*pictures)(const attune_host *host, const attune_options *options, void *state,
                  const attune_pictures *batch);
  int (*conclude)(const attune_host *host, const attune_options *options, void *state,
                  const attune_prediction *prediction, attune_results *results);
  void (*end)(void *state); /* also where one of the others failed, unless begin did */
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

  /* ---- options [worker]. An undeclared name gives 0 or "" and is reported as a defect of the
   * plugin when the callback returns. */
  /* The value of an option of whole numbers, of a switch (0, 1), of a choice (its index). */
  int64_t (*option_int)(const attune_options *o, const char *name);
  /* The value of an option that is a number. */
  double (*option_real)(const attune_options *o, const char *name);
  /* The value of a STRING, a PATH or of any other as it was written; valid as long as o. */
  const char *(*option_text)(const attune_options *o, const char *name);

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
   * U(-1/sqrt(d), 1/sqrt(d)). to <= 0 means d. Each call makes parameters of its own: one matrix on
   * both sides is what a kernel can have. */
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
  /* Likewise. */
  int (*multiply)(attune_build *b, attune_value x, attune_value y, attune_value *out);

  /* ---- data readers */
  /* [main, during open] A table of a split; its rows are 0 .. rows-1. */
  int (*table)(attune_schema *s, const char *split, const char *table, int64_t rows);
  /* [main, during open] A field of a table in every split; returns its number
   * (>= 0) or a negative status. The struct is copied. */
  int (*field)(attune_schema *s, const char *table, const attune_field *field);
  /* [worker, during read] The text of a TEXT or NAME field, UTF-8 without NUL; copied. */
  int (*text)(attune_sink *sink, const char *utf8, size_t bytes);
  /* [worker, during read] n boxes of x, y, width, height in pixels of the row's picture; copied. */
  int (*boxes)(attune_sink *sink, const float *xywh, int64_t n);
  /* [worker] Decodes a JPEG or PNG file and resizes it to width x height RGB. */
  int (*image)(const attune_host *host, const char *path, int64_t width, int64_t height,
               uint8_t *rgb);

  /* ---- tasks [main] */
  /* Rows of a table in the split at hand; -1: there is none. */
  int64_t (*rows)(attune_task_context *c, const char *table);
  /* Row of the linked table for `row` of `table` (a LINK field to it); -1: none. */
  int64_t (*link)(attune_task_context *c, const char *table, const char *to, int64_t row);
  /* Name of the i-th batch axis of the model, in order of its inputs; NULL past the end.
   * A batch axis is fed from the table of the same name. */
  const char *(*batch_axis)(attune_task_context *c, uint32_t i);
  /* 32 random bits for (epoch, index), the same in every run of the same seed. */
  uint32_t (*random)(attune_task_context *c, uint64_t epoch, uint64_t index);
  /* One example of the epoch: rows[i] of batch axis i; copied. During `epoch` alone. */
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

  /* ---- memory [worker] */
  /* Aligned for anything, not zeroed; freed by the host when the callback returns. NULL: there is
   * no more. */
  void *(*scratch)(const attune_host *host, size_t bytes);

  /* ---- tasks [main], since 1.1 */
  /* The class of the text that feeds the model's plain token input, of a row of the batch axis
   * `table`: -1 where it is none of the known ones. ATTUNE_BAD_INPUT, as *label's status, where
   * the run does not let that be, or where the model has no such input. */
  int (*label)(attune_task_context *c, const char *table, int64_t row, int64_t *label);
  /* Name of a class; NULL past the last. Valid until the callback returns. */
  const char *(*label_name)(attune_task_context *c, int64_t label);
  /* A TEXT or NAME field of a row; NULL: there is no such field, or it cannot be read: since 1.6
   * the callback may return ATTUNE_BAD_INPUT then, and the host says why. Valid until the next
   * call. */
  const char *(*row_text)(attune_task_context *c, const char *table, const char *field,
                          int64_t row);

  /* ---- metrics of attention [main], since 1.2 */
  /* A number for each of the n examples of the prediction, NaN where it is not defined; copied. The
   * result is the mean over the others. value NULL: this one is not to be had, and host->error()
   * has just said why: tables show that in its place. */
  int (*each)(attune_results *r, const char *name, const double *value, int64_t n,
              int higher_is_better);

  /* ---- data readers [worker, during read], since 1.2 */
  /* Numbers of words of the row's text, from 0, in the order of the text. */
  int (*words)(attune_sink *sink, const int64_t *index, int64_t n);

  /* ---- data readers [main, during open], since 1.3 */
  /* To be called between records of a file that may be long: `done` of `total`, in bytes or any
   * other unit; total 0: not known. Shown to whoever waits. ATTUNE_FAILED: they wait no more, and
   * `open` is to return it. */
  int (*reading)(const attune_host *host, const char *path, int64_t done, int64_t total);

  /* ---- data readers [worker], since 1.4 */
  /* image() of a part of the picture: x, y, w, h in pixels of the file, cut at the picture's edges;
   * NULL: all of it. `cover`: of that the largest middle part of the shape width : height, so that
   * nothing is stretched. A part that lies outside is ATTUNE_BAD_INPUT. */
  int (*image_part)(const attune_host *host, const char *path, const int64_t *part, int cover,
                    int64_t width, int64_t height, uint8_t *rgb);

  /* ---- tasks [main], since 1.5 */
  /* 1: the model has an output of that name; 0: not. */
  int (*has_output)(attune_task_context *c, const char *output);
  /* Another output of the last forward. *out is valid until the next forward or output. */
  int (*output)(attune_task_context *c, const char *output, attune_array *out);
  /* What the model's losses are on such rows (see forward), as in an evaluation: value[i] of the
   * i-th, `most` at most. */
  int (*losses)(attune_task_context *c, const int64_t *const *rows, const int64_t *counts,
                double *value, uint32_t most);
  /* Name of the i-th loss, "loss" where the model has one without a name; NULL past the last. */
  const char *(*loss_name)(attune_task_context *c, uint32_t i);
  /* An output's numbers as bytes of pictures: n of them. */
  int (*bytes)(attune_task_context *c, const float *value, int64_t n, uint8_t *rgb);
  /* The picture of a row of `table`, its first IMAGE field, resized. ATTUNE_FAILED: the table has
   * no such field. */
  int (*picture)(attune_task_context *c, const char *table, int64_t row, int64_t height,
                 int64_t width, uint8_t *rgb);
  /* Hands pictures to the metrics that take them; ATTUNE_OK where none does. */
  int (*give)(attune_task_context *c, const attune_pictures *batch);

  /* ---- data readers [worker, during read], since 1.6 */
  /* n items of a field of ITEMS, each as many numbers as its shape says; copied. n is at least 1:
   * a row that has none gives one of zeros. */
  int (*items)(attune_sink *sink, const float *value, int64_t n);
  /* [main, during open] A sentence for whoever runs it: what was met in the data and taken all the
   * same, how much of it and where first. Copied. */
  int (*notice)(attune_schema *s, const char *sentence);

  /* ---- kernels, since 1.6 */
  /* [main, during compose] Scores of every key with every query by the plugin's own code. Both
   * may have been projected by linear(), to the same size. The struct is copied, `numbers` too;
   * the code stays loaded. Up to 8 parameters and 16 numbers.
   * ATTUNE_BAD_INPUT where the model wants products feature by feature (`interact`). */
  int (*kernel)(attune_build *b, const attune_kernel *kernel, attune_value key, attune_value query,
                const attune_value *parameter, uint32_t parameters, const double *number,
                uint32_t numbers, attune_value *out);
  /* [main, during compose] A parameter NAME [rows, columns] for a kernel, drawn as linear()'s:
   * U(-1/sqrt(columns), 1/sqrt(columns)). <= 0 means d. */
  int (*matrix)(attune_build *b, const char *name, int64_t rows, int64_t columns,
                attune_value *out);
  /* [worker, within a kernel] C = alpha A B + beta C on the calling thread: A [m, k], B [k, n],
   * C [m, n], element (i, j) of each at p[i * row + j * column]. beta 0 does not read C. */
  void (*gemm)(int64_t m, int64_t n, int64_t k, float alpha, const float *a, int64_t a_row,
               int64_t a_column, const float *b, int64_t b_row, int64_t b_column, float beta,
               float *c, int64_t c_row, int64_t c_column);
  /* [worker] y[i] = exp(x[i]), in vector code, to 3 units in the last place; y may
   * be x. The same bits wherever an element stands. */
  void (*vector_exp)(const float *x, float *y, int64_t n);
  /* [worker] Likewise. */
  void (*vector_tanh)(const float *x, float *y, int64_t n);
  /* [worker] Likewise. */
  void (*vector_sigmoid)(const float *x, float *y, int64_t n);

  /* ---- tasks [main], since 1.6 */
  void *(*state)(attune_task_context *c);       /* what `open` made; NULL: nothing */
  const char *(*split)(attune_task_context *c); /* its name; valid as long as the context */
  /* During feed: how many items each row has along a ragged axis of an input that the task fills.
   * At least 1 each; copied. */
  int (*lengths)(attune_batch *b, const char *axis, const int64_t *n);
  /* Where the items of each row begin along a ragged axis, one number more than there are rows;
   * NULL: nobody has said it yet. */
  const int64_t *(*offsets)(attune_batch *b, const char *axis);
  /* Zeroed room for an input, F32 or I32, in *shape and *data; *data NULL: the model lacks it. Of
   * two ragged axes the second is as long as its longest row, and stays zero behind the end of
   * others. */
  int (*fill)(attune_batch *b, const char *input, attune_array *shape, void **data);
  /* A text that belongs to the run: written into its directory under that name when training
   * begins, and given back by kept() when the run is opened again. */
  int (*keep)(attune_task_context *c, const char *name, const char *text);
  /* What was kept under that name; valid as long as the context. NULL: nothing. */
  const char *(*kept)(attune_task_context *c, const char *name);
  /* A sentence for whoever runs it: what was met and taken all the same. The same one is told
   * once. */
  int (*say)(attune_task_context *c, const char *sentence);
  /* forward of answers that grow by a step at each call: from[i] says which row of the last call
   * row i continues; NULL: these are first steps. Keys and values of earlier steps are kept where
   * the model allows that, with the same bits as if it were run anew; `whole`: they are not. *out
   * has as many steps of each row as were worked out, the newest last. */
  int (*next)(attune_task_context *c, const char *output, const int64_t *const *rows,
              const int64_t *counts, const int64_t *from, int whole, attune_array *out);

  /* ---- metrics [main, during begin, pictures and conclude], since 1.6 */
  /* What is asked for twice, also in a later evaluation of the run, is loaded once. Its outputs
   * must follow from one input, of pictures [batch, y, x, channel = 3] or of words. */
  int (*network)(const attune_host *host, const attune_network_spec *spec, attune_network **out);
  /* As the model file calls it; valid as long as it is. */
  const char *(*network_name)(const attune_network *n);
  /* A number that depends on all that decides what it puts out. */
  uint64_t (*network_key)(const attune_network *n);
  /* Runs it on pictures, rows of RGB bytes [count, height, width, 3], resized to the network's size
   * by an antialiased triangle filter. */
  int (*network_see)(attune_network *n, const uint8_t *rgb, int64_t count, int64_t height,
                     int64_t width);
  /* Runs it on texts, words as its run knows them. */
  int (*network_read)(attune_network *n, const char *const *text, int64_t count);
  /* An output of all that it saw or read last, the batch first, other axes in the order in which
   * the model makes them; valid until it sees or reads again. */
  int (*network_output)(attune_network *n, const char *name, attune_array *out);
  /* What is remembered under `key` (up to 127 bytes) for later evaluations of the run, and where
   * there is a run directory for later runs of attune. NULL: nothing is. Valid until remember() of
   * that key. */
  const void *(*remembered)(const attune_host *host, const char *key, size_t *bytes);
  /* Keeps `bytes` of `value` under `key`, in the place of what was; copied. */
  int (*remember)(const attune_host *host, const char *key, const void *value, size_t bytes);
};

/* Whether the host at hand has a function, where it may be older than this header; since 1.6. */
#define ATTUNE_HOST_HAS(host_, function_) \
  ((host_)->size >= offsetof(attune_host, function_) + sizeof((host_)->function_))

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

#if defined(__cplusplus)
#define ATTUNE_STATIC_ASSERT(what_, why_) static_assert(what_, why_)
#else
#define ATTUNE_STATIC_ASSERT(what_, why_) _Static_assert(what_, why_)
#endif

/* Defines the entry of a plugin whose items are in the array `items_`; the texts are literals. */
#define ATTUNE_PLUGIN(name_, version_, license_, items_)                                     \
  ATTUNE_EXTERN ATTUNE_EXPORT const attune_plugin *attune_plugin_entry(const attune_host *); \
  const attune_plugin *attune_plugin_entry(const attune_host *host) {                        \
    ATTUNE_STATIC_ASSERT(sizeof("" name_) > 1, "a plugin needs a name");                     \
    ATTUNE_STATIC_ASSERT(sizeof("" license_) > 1, "a plugin needs a licence");               \
    ATTUNE_STATIC_ASSERT(sizeof(items_) / sizeof((items_)[0]) <= 1024, "too many items");    \
    static const attune_plugin plugin = {sizeof(attune_plugin),                              \
                                         ATTUNE_ABI_MAJOR,                                   \
                                         ATTUNE_ABI_MINOR,                                   \
                                         "" name_,                                           \
                                         "" version_,                                        \
                                         "" license_,                                        \
                                         (uint32_t)(sizeof(items_) / sizeof((items_)[0])),   \
                                         items_};                                            \
    (void)host;                                                                              \
    return &plugin;                                                                          \
  }

#ifdef __cplusplus
}
#endif
#endif
