/* Between the files of this room only. */
#ifndef AT_PLUGIN_PLUGIN_IMPL_H
#define AT_PLUGIN_PLUGIN_IMPL_H
#include "core/base/arena.h"
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/plugin/plugin.h"

/* ---- sha256.c ---- */
void at_sha256_hex(const void *bytes, size_t n, char out[65]);

/* ---- loader.c: one shared object, opened and checked ---- */
typedef struct at_library {
  char *path;
  at_map map;      /* of the file as it was loaded, until its hash is known */
  char sha256[65]; /* "": not known yet */
  void *handle;
  const attune_plugin *plugin;
} at_library;
/* Refusals are AT_EINPUT sentences that begin with the path and say what to do. */
at_status at_library_open(const char *path, at_library *out, at_error *err);
void at_library_close(at_library *l);         /* zeroed: nothing */
const char *at_library_sha256(at_library *l); /* hex */
bool at_good_name(const char *s);             /* [a-z][a-z0-9_]*, at most 63 letters */

/* ---- search.c ---- */
bool at_in_build_tree(void); /* whether the program runs where it was built */

/* ---- host.c ---- */
/* Around every callback, in pairs: its message and its scratch memory. */
void at_host_begin(void);
/* Turns what a callback returned into a status, with its message or one made up. */
at_status at_host_end(int rc, const attune_item *item, const char *callback, at_error *err);
/* For host functions: keeps the sentence for at_host_end, returns the plugin's status. */
int at_host_keep(at_status s, const at_error *err);
const char *at_host_message(void); /* what the running callback said last; "" */
int at_abi_status(at_status s);    /* at_status -> attune_status */
at_status at_status_of(int rc);    /* attune_status -> at_status */

/* ---- options.c ---- */
struct attune_options {
  at_arena *arena;
  const attune_item *item;
  size_t n;
  const char **text; /* [n], beside item->options; PATHs resolved */
  double *num;
};
at_status at_option_check(const attune_option *o, const char *text, double *num, const char *item,
                          at_error *err);

/* ---- what a score is built in ---- */
struct attune_build {
  at_graph *g;
  at_node *query, *key;
  int along;
  const char *scope;
  at_span span;
  bool interact; /* products are not summed over `along`: one number for each feature */
  int each;      /* the axis of heads that have parameters of their own; -1: none */
};
/* The handle of a plugin is the node itself. */
static inline at_node *at_build_node(attune_value v) { return (at_node *)(void *)v; }
static inline attune_value at_build_value(at_node *n) { return (attune_value)(void *)n; }
int64_t at_build_depth(const attune_build *b);
/* The axis that v runs over besides the host's own: `along`, or what linear made of it. */
int at_build_feature(const attune_build *b, const at_node *v);
const char *at_build_name(const attune_build *b,
                          const char *name); /* in the scope; NULL: no memory */

/* ---- the parts of the host's table ---- */
extern const attune_host at_host_table;
int64_t at_host_depth(attune_build *b);
int at_host_contract(attune_build *b, attune_value key, attune_value query, attune_value *out);
int at_host_pairwise(attune_build *b, attune_value query, attune_value key, attune_value v,
                     attune_function f, attune_value *out);
int at_host_linear(attune_build *b, attune_value x, const char *name, int64_t to, int bias,
                   attune_value *out);
int at_host_parameter(attune_build *b, const char *name, int64_t size, attune_init init,
                      attune_value *out);
int at_host_unit(attune_build *b, attune_value x, double eps, attune_value *out);
int at_host_apply(attune_build *b, attune_value x, attune_function f, double slope,
                  attune_value *out);
int at_host_scale(attune_build *b, attune_value x, double by, double shift, attune_value *out);
int at_host_add(attune_build *b, attune_value x, attune_value y, attune_value *out);
int at_host_multiply(attune_build *b, attune_value x, attune_value y, attune_value *out);

/* ---- host_kernel.c ---- */
int at_host_kernel(attune_build *b, const attune_kernel *kernel, attune_value key,
                   attune_value query, const attune_value *parameter, uint32_t parameters,
                   const double *number, uint32_t numbers, attune_value *out);
int at_host_matrix(attune_build *b, const char *name, int64_t rows, int64_t columns,
                   attune_value *out);
void at_host_gemm(int64_t m, int64_t n, int64_t k, float alpha, const float *a, int64_t a_row,
                  int64_t a_column, const float *b, int64_t b_row, int64_t b_column, float beta,
                  float *c, int64_t c_row, int64_t c_column);
void at_host_vector_exp(const float *x, float *y, int64_t n);
void at_host_vector_tanh(const float *x, float *y, int64_t n);
void at_host_vector_sigmoid(const float *x, float *y, int64_t n);

int at_host_table_rows(attune_schema *s, const char *split, const char *table, int64_t rows);
int at_host_field(attune_schema *s, const char *table, const attune_field *field);
int at_host_text(attune_sink *sink, const char *utf8, size_t bytes);
int at_host_boxes(attune_sink *sink, const float *xywh, int64_t n);
int at_host_words(attune_sink *sink, const int64_t *index, int64_t n);
int at_host_notice(attune_schema *s, const char *sentence);
int at_host_items(attune_sink *sink, const float *value, int64_t n);
/* Whether an animated picture was read on this thread since the last call, and its file. */
bool at_host_animated(char *out, size_t n);
int at_host_image_part(const attune_host *host, const char *path, const int64_t *part, int cover,
                       int64_t width, int64_t height, uint8_t *rgb);
int at_host_image(const attune_host *host, const char *path, int64_t width, int64_t height,
                  uint8_t *rgb);

/* The view that a task has. */
struct attune_task_context {
  const at_task_ops *ops;
};
void *at_host_state(attune_task_context *c);
const char *at_host_split(attune_task_context *c);
int at_host_task_keep(attune_task_context *c, const char *name, const char *text);
const char *at_host_task_kept(attune_task_context *c, const char *name);
int at_host_say(attune_task_context *c, const char *sentence);
int at_host_next(attune_task_context *c, const char *output, const int64_t *const *rows,
                 const int64_t *counts, const int64_t *from, int whole, attune_array *out);
int at_host_lengths(attune_batch *b, const char *axis, const int64_t *n);
const int64_t *at_host_offsets(attune_batch *b, const char *axis);
int at_host_fill(attune_batch *b, const char *input, attune_array *shape, void **data);

int64_t at_host_rows(attune_task_context *c, const char *table);
int64_t at_host_link(attune_task_context *c, const char *table, const char *to, int64_t row);
const char *at_host_batch_axis(attune_task_context *c, uint32_t i);
uint32_t at_host_random(attune_task_context *c, uint64_t epoch, uint64_t index);
int at_host_example(attune_task_context *c, const int64_t *rows);
int at_host_forward(attune_task_context *c, const char *output, const int64_t *const *rows,
                    const int64_t *counts, attune_array *out);
int64_t at_host_block(attune_task_context *c, uint32_t i);
int at_host_label(attune_task_context *c, const char *table, int64_t row, int64_t *label);
const char *at_host_label_name(attune_task_context *c, int64_t label);
const char *at_host_row_text(attune_task_context *c, const char *table, const char *field,
                             int64_t row);
int at_host_has_output(attune_task_context *c, const char *output);
int at_host_output(attune_task_context *c, const char *output, attune_array *out);
int at_host_losses(attune_task_context *c, const int64_t *const *rows, const int64_t *counts,
                   double *value, uint32_t most);
const char *at_host_loss_name(attune_task_context *c, uint32_t i);
int at_host_bytes(attune_task_context *c, const float *value, int64_t n, uint8_t *rgb);
int at_host_picture(attune_task_context *c, const char *table, int64_t row, int64_t height,
                    int64_t width, uint8_t *rgb);
int at_host_give(attune_task_context *c, const attune_pictures *batch);
int at_host_network(const attune_host *host, const attune_network_spec *spec, attune_network **out);
const char *at_host_network_name(const attune_network *n);
uint64_t at_host_network_key(const attune_network *n);
int at_host_network_see(attune_network *n, const uint8_t *rgb, int64_t count, int64_t height,
                        int64_t width);
int at_host_network_read(attune_network *n, const char *const *text, int64_t count);
int at_host_network_output(attune_network *n, const char *name, attune_array *out);
const void *at_host_remembered(const attune_host *host, const char *key, size_t *bytes);
int at_host_remember(const attune_host *host, const char *key, const void *value, size_t bytes);
int at_host_predict(attune_prediction *p, const char *name, const attune_array *a, void **stored);
int at_host_prediction(const attune_prediction *p, const char *name, attune_array *out);
int at_host_result(attune_results *r, const char *name, double value, int higher_is_better);
int at_host_each(attune_results *r, const char *name, const double *value, int64_t n,
                 int higher_is_better);
#endif
