/* The table of functions that plugins get, and their errors. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/busy.h"
#include "core/plugin/plugin_impl.h"

/* ---- what a callback says on its way out ---- */

static _Thread_local char message[sizeof((at_error *)0)->message];
/* Callbacks nest: a task asks for a forward, which reads data. Each has memory of its own. */
enum { MOST_NESTED = 8 };
static _Thread_local at_arena *scratch[MOST_NESTED];
static _Thread_local char undeclared[MOST_NESTED][64]; /* an option asked for, not declared */
static _Thread_local int depth;

void at_host_begin(void) {
  message[0] = 0;
  if (++depth < MOST_NESTED) {
    scratch[depth] = NULL;
    undeclared[depth][0] = 0;
  }
}

int at_abi_status(at_status s) {
  switch (s) {
    case AT_OK: return ATTUNE_OK;
    case AT_EINPUT: return ATTUNE_BAD_INPUT;
    case AT_ENOMEM: return ATTUNE_NO_MEMORY;
    case AT_EFAIL: break;
  }
  return ATTUNE_FAILED;
}

at_status at_status_of(int rc) {
  switch (rc) {
    case ATTUNE_OK: return AT_OK;
    case ATTUNE_BAD_INPUT: return AT_EINPUT;
    case ATTUNE_NO_MEMORY: return AT_ENOMEM;
    default: return AT_EFAIL;
  }
}

at_status at_host_end(int rc, const attune_item *item, const char *callback, at_error *err) {
  const char *option = depth < MOST_NESTED ? undeclared[depth] : "";
  if (depth < MOST_NESTED) at_arena_free(scratch[depth]);
  depth--;
  if (*option)
    return at_fail(err, AT_EFAIL,
                   "%s of `%s` asked for the option `%s`, which its table does not declare; "
                   "declare it there",
                   callback, item ? item->name : "the plugin", option);
  if (rc == ATTUNE_OK) return AT_OK;
  if (message[0]) return at_fail(err, at_status_of(rc), "%s", message);
  if (rc == ATTUNE_NO_MEMORY) return at_nomem(err);
  return at_fail(err, at_status_of(rc), "%s of `%s` returned %d", callback,
                 item ? item->name : "the plugin", rc);
}

int at_host_keep(at_status s, const at_error *err) {
  if (s == AT_OK) return ATTUNE_OK;
  if (err && err->message[0]) snprintf(message, sizeof message, "%s", err->message);
  return at_abi_status(s);
}

const char *at_host_message(void) { return message; }

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static void
host_error(const attune_host *host, const char *format, ...) {
  va_list ap;
  (void)host;
  va_start(ap, format);
  vsnprintf(message, sizeof message, format, ap);
  va_end(ap);
}

static void *host_scratch(const attune_host *host, size_t bytes) {
  (void)host;
  if (depth < 1 || depth >= MOST_NESTED) return NULL;
  if (!scratch[depth]) scratch[depth] = at_arena_new();
  return scratch[depth] ? at_arena_alloc(scratch[depth], 1, bytes) : NULL;
}

/* ---- options ---- */

static size_t find(const attune_options *o, const char *name) {
  for (size_t i = 0; i < o->n; i++)
    if (!strcmp(o->item->options[i].name, name)) return i;
  if (depth >= 1 && depth < MOST_NESTED)
    snprintf(undeclared[depth], sizeof undeclared[depth], "%s", name);
  return o->n;
}

static int64_t option_int(const attune_options *o, const char *name) {
  size_t i = find(o, name);
  return i < o->n ? (int64_t)o->num[i] : 0;
}
static double option_real(const attune_options *o, const char *name) {
  size_t i = find(o, name);
  return i < o->n ? o->num[i] : 0;
}
static const char *option_text(const attune_options *o, const char *name) {
  size_t i = find(o, name);
  return i < o->n ? o->text[i] : "";
}

/* ---- waiting ---- */

static int host_reading(const attune_host *host, const char *path, int64_t done, int64_t total) {
  at_error err = {0};
  (void)host;
  return at_host_keep(at_busy("reading", path, done, total, &err), &err);
}

const attune_host at_host_table = {
    .size = sizeof(attune_host),
    .abi_major = ATTUNE_ABI_MAJOR,
    .abi_minor = ATTUNE_ABI_MINOR,
    .error = host_error,
    .option_int = option_int,
    .option_real = option_real,
    .option_text = option_text,
    .depth = at_host_depth,
    .contract = at_host_contract,
    .pairwise = at_host_pairwise,
    .linear = at_host_linear,
    .parameter = at_host_parameter,
    .unit = at_host_unit,
    .apply = at_host_apply,
    .scale = at_host_scale,
    .add = at_host_add,
    .multiply = at_host_multiply,
    .table = at_host_table_rows,
    .field = at_host_field,
    .text = at_host_text,
    .boxes = at_host_boxes,
    .image = at_host_image,
    .rows = at_host_rows,
    .link = at_host_link,
    .batch_axis = at_host_batch_axis,
    .random = at_host_random,
    .example = at_host_example,
    .forward = at_host_forward,
    .block = at_host_block,
    .predict = at_host_predict,
    .prediction = at_host_prediction,
    .result = at_host_result,
    .scratch = host_scratch,
    .label = at_host_label,
    .label_name = at_host_label_name,
    .row_text = at_host_row_text,
    .each = at_host_each,
    .words = at_host_words,
    .reading = host_reading,
    .image_part = at_host_image_part,
    .has_output = at_host_has_output,
    .output = at_host_output,
    .losses = at_host_losses,
    .loss_name = at_host_loss_name,
    .bytes = at_host_bytes,
    .picture = at_host_picture,
    .give = at_host_give,
    .items = at_host_items,
    .notice = at_host_notice,
    .kernel = at_host_kernel,
    .matrix = at_host_matrix,
    .gemm = at_host_gemm,
    .vector_exp = at_host_vector_exp,
    .vector_tanh = at_host_vector_tanh,
    .vector_sigmoid = at_host_vector_sigmoid,
    .state = at_host_state,
    .split = at_host_split,
    .lengths = at_host_lengths,
    .offsets = at_host_offsets,
    .fill = at_host_fill,
    .keep = at_host_task_keep,
    .kept = at_host_task_kept,
    .say = at_host_say,
    .next = at_host_next,
    .network = at_host_network,
    .network_name = at_host_network_name,
    .network_key = at_host_network_key,
    .network_see = at_host_network_see,
    .network_read = at_host_network_read,
    .network_output = at_host_network_output,
    .remembered = at_host_remembered,
    .remember = at_host_remember,
};

const attune_host *at_plugin_host(void) { return &at_host_table; }
