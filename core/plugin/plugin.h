/* Plugins of the host: found, loaded, checked, asked.
 *
 * A registry holds what a run loaded. Search order: folders of
 * ATTUNE_PLUGIN_PATH (colon-separated), then the build tree when the program
 * runs from it, then the installed folder. A name found first shadows later
 * ones; the same name twice in one folder is an error.
 *
 * Files are loaded when something is asked for, and no more of them than the answer takes. In each
 * folder the file with the item's own name comes first, then the others by their names, until one
 * has the item. So a name that is also a file's costs that file, and all files of the folders
 * before. Of two that offer the same in one folder the one that comes first so is found. Questions
 * may come from several threads. */
#ifndef AT_PLUGIN_PLUGIN_H
#define AT_PLUGIN_PLUGIN_H
#include <attune/plugin.h>
#include "core/base/status.h"
#include "core/graph/graph.h"

typedef struct at_registry at_registry;

/* `dirs`: extra folders searched first (may be NULL, n 0). Nothing is loaded yet. */
at_status at_registry_new(const char *const *dirs, size_t n, at_registry **out, at_error *err);
/* A registry of one file alone, loaded; AT_EINPUT where it is refused. */
at_status at_registry_file(const char *path, at_registry **out, at_error *err);
void at_registry_free(at_registry *r);

typedef struct at_item { /* one loaded item */
  const attune_item *item;
  const attune_plugin *plugin;
  const char *path;    /* of the shared object */
  const char *shadows; /* the next that it hides, or NULL; at_registry_list alone knows */
  struct at_library *library;
} at_item;
const char *at_item_sha256(const at_item *it); /* hex, of the file that was loaded */

/* The item of that kind and name, its plugin loaded when needed. EINPUT with a
 * sentence that lists near names when there is none. Valid until the registry is freed. */
at_status at_registry_find(at_registry *r, attune_kind kind, const char *name, const at_item **out,
                           at_error *err);
/* The same without a sentence. */
bool at_registry_has(at_registry *r, attune_kind kind, const char *name);
/* Loads everything that can be found; problems are appended as one sentence each
 * to `problems` (at_text, may be NULL). Items sorted by kind, then name. */
struct at_text;
at_status at_registry_list(at_registry *r, const at_item **items, size_t *n,
                           struct at_text *problems, at_error *err);
/* Names of one kind, sorted, NULL-terminated; valid until the next call for that kind. */
size_t at_registry_names(at_registry *r, attune_kind kind, const char *const **names);

const attune_host *at_plugin_host(void); /* the table given to every plugin */
const char *at_kind_name(attune_kind k); /* "score" ... */

/* ---- option values ------------------------------------------------------------ */
typedef struct at_option_value {
  const char *name, *text;
} at_option_value;
/* Checks `given` against the item's table: unknown names, types, ranges, choices;
 * missing required ones. `base_dir`: PATH options are resolved against it. */
at_status at_options_new(const at_item *it, const at_option_value *given, size_t n,
                         const char *base_dir, attune_options **out, at_error *err);
void at_options_free(attune_options *o);
/* "general(side=key)" with all options spelled out in table order; caller frees. */
char *at_options_spell(const at_item *it, const attune_options *o, bool with_defaults);

/* Parses "name" or "name(key=value, ...)"; the caller frees *name, and values[i]
 * point into it. */
at_status at_spec_parse(const char *spec, char **name, at_option_value **values, size_t *n,
                        at_error *err);

/* ---- scores: fits at_dsl_env.compose (scores: the registry) -------------------------- */
at_status at_plugin_compose(void *registry, at_graph *g, const char *spec, at_node *query,
                            at_node *key, int along, bool interact, int each, const char *scope,
                            at_span span, at_node **score, at_error *err);
/* What the score says of itself as a function; OPAQUE: nothing. */
at_status at_plugin_form(void *registry, const char *spec, int64_t depth, attune_form *form,
                         at_error *err);
bool at_plugin_score_known(void *registry, const char *name);
size_t at_plugin_score_names(void *registry, const char *const **names);

/* ---- data ------------------------------------------------------------------------- */
/* An opened data set; the schema as declared by the reader. */
typedef struct at_dataset at_dataset;
typedef struct at_table {
  const char *split, *name;
  int64_t rows;
} at_table;
typedef struct at_field {
  attune_field f;
  const char *table;
  uint32_t id;
} at_field;
at_status at_dataset_open(const at_item *reader, const attune_options *o, at_dataset **out,
                          at_error *err);
void at_dataset_close(at_dataset *d);
/* A sentence on what was met while reading and taken all the same, into out; false: nothing. */
/* What the reader said of them when it opened them, sentence by sentence; NULL past the last. */
const char *at_dataset_said(const at_dataset *d, size_t i);
bool at_dataset_notice(const at_dataset *d, char *out, size_t n);
const at_table *at_dataset_tables(const at_dataset *d, size_t *n);
const char *at_field_type_name(uint32_t type); /* "real"; "?": none */
const at_field *at_dataset_fields(const at_dataset *d, size_t *n);
int64_t at_dataset_rows(const at_dataset *d, const char *split, const char *table); /* -1: none */
const at_field *at_dataset_field(const at_dataset *d, const char *table, const char *name);
bool at_field_is_text(const at_field *f); /* TEXT or NAME */
/* Thread-safe. REAL/IMAGE/LINK into dst. */
at_status at_dataset_read(const at_dataset *d, const char *split, const at_field *f, int64_t row,
                          void *dst, at_error *err);
at_status at_dataset_read_text(const at_dataset *d, const char *split, const at_field *f,
                               int64_t row, char **out, at_error *err); /* caller frees */
at_status at_dataset_read_boxes(const at_dataset *d, const char *split, const at_field *f,
                                int64_t row, float **xywh, int64_t *n, at_error *err);
/* Ascending, each once, none negative; caller frees. */
at_status at_dataset_read_words(const at_dataset *d, const char *split, const at_field *f,
                                int64_t row, int64_t **index, int64_t *n, at_error *err);
/* ITEMS: [*n, shape...], *n at least 1; caller frees. */
at_status at_dataset_read_items(const at_dataset *d, const char *split, const at_field *f,
                                int64_t row, float **value, int64_t *n, at_error *err);

/* ---- tasks and metrics --------------------------------------------------------------- */
/* The trainer gives the host functions of a task their meaning. Every function
 * returns AT_OK or fills err. */
typedef struct at_task_ops {
  void *ctx;
  int64_t (*rows)(void *ctx, const char *table);
  int64_t (*link)(void *ctx, const char *table, const char *to, int64_t row);
  const char *(*batch_axis)(void *ctx, uint32_t i);
  uint32_t (*random)(void *ctx, uint64_t epoch, uint64_t index);
  at_status (*example)(void *ctx, const int64_t *rows, at_error *err);
  at_status (*forward)(void *ctx, const char *output, const int64_t *const *rows,
                       const int64_t *counts, attune_array *out, at_error *err);
  int64_t (*block)(void *ctx, uint32_t i);
  at_status (*label)(void *ctx, const char *table, int64_t row, int64_t *label, at_error *err);
  const char *(*label_name)(void *ctx, int64_t label);
  const char *(*row_text)(void *ctx, const char *table, const char *field, int64_t row,
                          at_error *err);
  bool (*has_output)(void *ctx, const char *output);
  at_status (*output)(void *ctx, const char *output, attune_array *out, at_error *err);
  at_status (*losses)(void *ctx, const int64_t *const *rows, const int64_t *counts, double *value,
                      uint32_t most, at_error *err);
  const char *(*loss_name)(void *ctx, uint32_t i);
  at_status (*bytes)(void *ctx, const float *value, int64_t n, uint8_t *rgb, at_error *err);
  at_status (*picture)(void *ctx, const char *table, int64_t row, int64_t height, int64_t width,
                       uint8_t *rgb, at_error *err);
  at_status (*give)(void *ctx, const attune_pictures *batch, at_error *err);
  void *(*state)(void *ctx);
  const char *(*split)(void *ctx);
  at_status (*keep)(void *ctx, const char *name, const char *text, at_error *err);
  const char *(*kept)(void *ctx, const char *name);
  at_status (*say)(void *ctx, const char *sentence, at_error *err);
  at_status (*next)(void *ctx, const char *output, const int64_t *const *rows,
                    const int64_t *counts, const int64_t *from, int whole, attune_array *out,
                    at_error *err);
} at_task_ops;
at_status at_task_epoch(const at_item *task, const attune_options *o, const at_task_ops *ops,
                        uint64_t epoch, at_error *err);
at_status at_task_evaluate(const at_item *task, const attune_options *o, const at_task_ops *ops,
                           attune_prediction **out, at_error *err);

/* What a task that fills inputs may do with those of a batch. */
typedef struct at_batch_ops {
  void *ctx;
  at_status (*lengths)(void *ctx, const char *axis, const int64_t *n, at_error *err);
  const int64_t *(*offsets)(void *ctx, const char *axis);
  at_status (*fill)(void *ctx, const char *input, attune_array *shape, void **data, at_error *err);
} at_batch_ops;
const attune_fed *at_task_fed(const at_item *task); /* NULL: it fills none */
at_status at_task_open(const at_item *task, const attune_options *o, const at_task_ops *ops,
                       void **state, at_error *err);
void at_task_close(const at_item *task, void *state); /* task NULL is fine */
/* Of a token input the ids (axis NULL), or an axis of an input; -1: not known. */
int64_t at_task_size(const at_item *task, void *state, const char *input, const char *axis);
at_status at_task_feed(const at_item *task, const attune_options *o, const at_task_ops *ops,
                       const attune_rows *rows, const at_batch_ops *batch, at_error *err);
at_status at_task_look(const at_item *task, const attune_options *o, const at_task_ops *ops,
                       const attune_rows *rows, at_error *err);
bool at_task_answers(const at_item *task); /* it makes answers, and tells them */
/* What was answered at the last look; text NULL: nothing. Valid until the task's next callback. */
at_status at_task_answer(const at_item *task, const at_task_ops *ops, int64_t row,
                         attune_answer *out, at_error *err);

attune_prediction *at_prediction_new(void); /* empty; NULL: out of memory */
void at_prediction_free(attune_prediction *p);
/* Stores a copy of `a` under `name`; data NULL: zeroes.  *stored (may be NULL) points to it. */
at_status at_prediction_put(attune_prediction *p, const char *name, const attune_array *a,
                            void **stored, at_error *err);
/* The i-th array, in the order in which they were put; NULL past the end. */
const char *at_prediction_name(const attune_prediction *p, size_t i, attune_array *out);
at_status at_prediction_array(const attune_prediction *p, const char *name, attune_array *out);

/* What metrics may ask while they are run on this thread: other networks, what is remembered. */
typedef struct at_metric_ops {
  void *ctx;
  at_status (*network)(void *ctx, const attune_network_spec *spec, attune_network **out,
                       at_error *err);
  const char *(*name)(const attune_network *n);
  uint64_t (*key)(const attune_network *n);
  at_status (*see)(attune_network *n, const uint8_t *rgb, int64_t count, int64_t height,
                   int64_t width, at_error *err);
  at_status (*read)(attune_network *n, const char *const *text, int64_t count, at_error *err);
  at_status (*output)(attune_network *n, const char *name, attune_array *out, at_error *err);
  const void *(*remembered)(void *ctx, const char *key, size_t *bytes);
  at_status (*remember)(void *ctx, const char *key, const void *value, size_t bytes, at_error *err);
} at_metric_ops;
/* Returns what was used before; NULL: none. */
const at_metric_ops *at_metric_use(const at_metric_ops *ops);

typedef struct at_result {
  char name[64];
  double value;
  int higher_is_better;
} at_result;
/* Whether it takes pictures; then, of one evaluation: begin, pictures, conclude (in the place of
 * compute), end, which NULL is fine for. */
bool at_metric_sees(const at_item *metric);
at_status at_metric_begin(const at_item *metric, const attune_options *o, void **state,
                          at_error *err);
at_status at_metric_pictures(const at_item *metric, const attune_options *o, void *state,
                             const attune_pictures *batch, at_error *err);
at_status at_metric_conclude(const at_item *metric, const attune_options *o, void *state,
                             const attune_prediction *p, at_result **results, size_t *n,
                             at_error *err);
void at_metric_end(const at_item *metric, void *state);
/* Appends to *results (realloc'd, caller frees): of numbers given example by example the mean. */
at_status at_metric_compute(const at_item *metric, const attune_options *o,
                            const attune_prediction *p, at_result **results, size_t *n,
                            at_error *err);

/* Results with the numbers that they are the means of. */
typedef struct attune_results at_results;
at_results *at_results_new(void); /* empty; NULL: out of memory */
void at_results_free(at_results *r);
/* Appends. What a metric gave before it failed stays. */
at_status at_metric_results(const at_item *metric, const attune_options *o,
                            const attune_prediction *p, at_results *r, at_error *err);
size_t at_results_count(const at_results *r);
size_t at_results_find(const at_results *r, const char *name); /* the count: none */
/* Its value is the mean over the examples for which it is defined; NaN: for none. */
const at_result *at_results_at(const at_results *r, size_t i);
/* A number for each of *n examples, NaN where it is not defined, *defined others; NULL: a single
 * number. `n` and `defined` may be NULL. */
const double *at_results_each(const at_results *r, size_t i, int64_t *n, int64_t *defined);
/* Why the i-th is not to be had; NULL: it is. */
const char *at_results_missing(const at_results *r, size_t i);
#endif
