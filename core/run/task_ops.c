/* What tasks ask: rows, forward passes, losses, pictures. */
#include <math.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/random.h"
#include "core/run/run_impl.h"

/* ---- what tasks ask ---- */

static int64_t task_rows(void *ctx, const char *table) {
  const at_task_run *t = ctx;
  return at_dataset_rows(t->s->data, t->split, table);
}

static int64_t task_link(void *ctx, const char *table, const char *to, int64_t row) {
  const at_task_run *t = ctx;
  size_t n;
  const at_field *f = at_dataset_fields(t->s->data, &n);
  int64_t out = -1;
  for (size_t i = 0; i < n; i++)
    if (!strcmp(f[i].table, table) && f[i].f.type == ATTUNE_FIELD_LINK && f[i].f.link &&
        !strcmp(f[i].f.link, to))
      return at_dataset_read(t->s->data, t->split, &f[i], row, &out, NULL) == AT_OK ? out : -1;
  return -1;
}

static const char *task_batch_axis(void *ctx, uint32_t i) {
  const at_task_run *t = ctx;
  return i < (uint32_t)t->s->n_batch ? t->s->batch[i].name : NULL;
}

static uint32_t task_random(void *ctx, uint64_t epoch, uint64_t index) {
  const at_task_run *t = ctx;
  at_random r = {.seed = t->s->seed, .stream = at_hash_name("examples"), .step = epoch};
  return at_random_u32(&r, index);
}

static at_status task_example(void *ctx, const int64_t *rows, at_error *err) {
  at_task_run *t = ctx;
  size_t width = (size_t)t->s->n_batch;
  if (t->n == t->cap) {
    size_t cap = t->cap ? 2 * t->cap : 1024;
    int64_t *v = realloc(t->example, cap * width * sizeof *v);
    if (!v) return at_nomem(err);
    t->example = v;
    t->cap = cap;
  }
  memcpy(t->example + t->n++ * width, rows, width * sizeof *rows);
  return AT_OK;
}

/* ---- forward ---- */

static const at_node *output_node(const at_graph *g, const char *name) {
  for (int i = 0; i < g->n_output; i++)
    if (!strcmp(g->output[i].name, name)) return g->output[i].node;
  return NULL;
}

/* The dim that varies over a batch axis: its own, or one of ragged rows. */
static int batch_dim(const at_graph *g, const at_node *n, int axis) {
  int d = at_node_dim(n, axis);
  for (int i = 0; d < 0 && i < n->ndim; i++)
    if (g->axis[n->dim[i].axis].parent == axis && !n->dim[i].padded) d = i;
  return d;
}

static at_status reserve_out(at_task_run *t, size_t count, at_error *err) {
  if (count <= t->out_cap) return AT_OK;
  float *p = realloc(t->out, count * sizeof *p);
  if (!p) return at_nomem(err);
  t->out = p;
  t->out_cap = count;
  return AT_OK;
}

/* Copies the output with its batch axes first, those of inputs in the model's order, then the
 * others. */
static at_status reorder(at_task_run *t, const at_node *n, const float *v, attune_array *out,
                         at_error *err) {
  const at_session *s = t->s;
  int dim[AT_MAX_DIM], k = 0;
  for (int b = 0; b < s->n_batch; b++) {
    int d = batch_dim(at_x_graph(t->last), n, s->batch[b].axis);
    if (d >= 0) dim[k++] = d;
  }
  const int own = k;
  for (int batch = 1; batch >= 0; batch--)
    for (int d = 0; d < n->ndim; d++) {
      bool among = false;
      for (int i = 0; i < own; i++) among |= dim[i] == d;
      if (!among && (at_x_graph(t->last)->axis[n->dim[d].axis].kind == AT_BATCH) == batch)
        dim[k++] = d;
    }
  size_t count = (size_t)at_x_count(t->last, n);
  at_status st = reserve_out(t, count, err);
  if (st != AT_OK) return st;
  int64_t index[AT_MAX_DIM] = {0};
  *out = (attune_array){.type = ATTUNE_F32, .ndim = (uint32_t)n->ndim, .data = t->out};
  for (int d = 0; d < n->ndim; d++) out->shape[d] = at_x_dim(t->last, n, dim[d]);
  for (size_t i = 0; i < count; i++) {
    int64_t at = 0;
    for (int d = 0; d < n->ndim; d++) at += index[d] * at_x_around(t->last, n, dim[d]).inner;
    t->out[i] = v[at];
    for (int d = n->ndim - 1; d >= 0 && ++index[d] == out->shape[d]; d--) index[d] = 0;
  }
  return AT_OK;
}

static at_status open_eval(at_session *s, at_error *err) {
  at_exec_options o = {.pool = s->pool, .no_loss = true};
  return s->eval ? AT_OK : at_exec_new(s->graph, s->params, &o, &s->eval, err);
}

static at_status load_for(at_session *s, attune_purpose why, at_exec *x, const char *split,
                          const int64_t *const *rows, const int64_t *counts, at_error *err) {
  const uint32_t before = s->purpose;
  s->purpose = (uint32_t)why;
  at_status st = at_session_load(s, x, split, rows, counts, err);
  s->purpose = before;
  return st;
}

static at_status tell_done(at_task_run *t, at_error *err) {
  at_progress p = {.phase = t->phase, .step = ++t->done, .loss = NAN};
  return t->fn && t->fn(t->ctx, &p) ? at_fail(err, AT_EFAIL, "stopped") : AT_OK;
}

/* *done: the output is one of pairs that is to be had so. */
static at_status forward_pairs(at_task_run *t, const char *output, const int64_t *const *rows,
                               const int64_t *counts, attune_array *out, bool *done,
                               at_error *err) {
  at_status st = t->pairs ? AT_OK : at_pairs_new(t->s, &t->pairs, err);
  if (st == AT_OK) st = at_pairs_possible(t->pairs, output, done, err);
  if (st != AT_OK || !*done) return st;
  st = reserve_out(t, (size_t)counts[0] * (size_t)counts[1], err);
  if (st == AT_OK) st = at_pairs_forward(t->pairs, t->split, rows, counts, t->out, err);
  if (st == AT_OK) st = tell_done(t, err);
  *out = (attune_array){.type = ATTUNE_F32, .ndim = 2, .data = t->out};
  for (int k = 0; k < 2; k++) out->shape[k] = counts[k];
  return st;
}

static at_status task_forward(void *ctx, const char *output, const int64_t *const *rows,
                              const int64_t *counts, attune_array *out, at_error *err) {
  at_task_run *t = ctx;
  at_session *s = t->s;
  const at_node *n = output_node(s->graph, output);
  at_status st = AT_OK;
  if (!n) return at_fail(err, AT_EINPUT, "the model has no output `%s`", output);
  t->by_pairs = false;
  if (t->steady) st = forward_pairs(t, output, rows, counts, out, &t->by_pairs, err);
  if (st != AT_OK || t->by_pairs) return st;
  st = open_eval(s, err);
  if (st == AT_OK) st = load_for(s, ATTUNE_TO_ANSWER, s->eval, t->split, rows, counts, err);
  if (st != AT_OK) return st;
  at_exec_forward(s->eval, s->seed, 0, false);
  t->last = s->eval;
  st = tell_done(t, err);
  return st == AT_OK ? reorder(t, n, at_exec_value(s->eval, n), out, err) : st;
}

static at_status task_next(void *ctx, const char *output, const int64_t *const *rows,
                           const int64_t *counts, const int64_t *from, int whole, attune_array *out,
                           at_error *err) {
  at_task_run *t = ctx;
  at_status st = at_session_next(t->s, t->split, rows, counts, from, whole != 0, &t->last, err);
  if (st == AT_OK) st = tell_done(t, err);
  const at_node *n = st == AT_OK ? output_node(at_x_graph(t->last), output) : NULL;
  if (st == AT_OK && !n) st = at_fail(err, AT_EINPUT, "the model has no output `%s`", output);
  return st == AT_OK ? reorder(t, n, at_exec_value(t->last, n), out, err) : st;
}

static bool task_has_output(void *ctx, const char *output) {
  return output_node(((const at_task_run *)ctx)->s->graph, output) != NULL;
}

/* Another output of rows that went by pairs: the model as a whole from here on. */
static at_status forward_whole(at_task_run *t, const char *output, attune_array *out,
                               at_error *err) {
  const int64_t *rows[2];
  int64_t counts[2];
  for (int k = 0; k < 2; k++) counts[k] = at_pairs_rows(t->pairs, k, &rows[k]);
  t->steady = false;
  return task_forward(t, output, rows, counts, out, err);
}

static at_status task_output(void *ctx, const char *output, attune_array *out, at_error *err) {
  at_task_run *t = ctx;
  if (t->by_pairs) return forward_whole(t, output, out, err);
  if (!t->last) return at_fail(err, AT_EFAIL, "an output was asked for before any forward");
  const at_node *n = output_node(at_x_graph(t->last), output);
  if (!n) return at_fail(err, AT_EINPUT, "the model has no output `%s`", output);
  return reorder(t, n, at_exec_value(t->last, n), out, err);
}

/* ---- losses ---- */

static const char *task_loss_name(void *ctx, uint32_t i) {
  const at_graph *g = ((const at_task_run *)ctx)->s->graph;
  if (!g->n_objective) return g->loss && i == 0 ? "loss" : NULL;
  return i < (uint32_t)g->n_objective ? g->objective[i].name : NULL;
}

static at_status task_losses(void *ctx, const int64_t *const *rows, const int64_t *counts,
                             double *value, uint32_t most, at_error *err) {
  at_task_run *t = ctx;
  at_session *s = t->s;
  at_exec_options o = {.pool = s->pool};
  at_status st = s->judge ? AT_OK : at_exec_new(s->graph, s->params, &o, &s->judge, err);
  if (st == AT_OK) st = load_for(s, ATTUNE_TO_JUDGE, s->judge, t->split, rows, counts, err);
  if (st != AT_OK) return st;
  at_exec_forward(s->judge, s->seed, 0, false);
  for (uint32_t i = 0; i < most && task_loss_name(ctx, i); i++) {
    const at_node *n = at_graph_loss(s->graph, (int)i);
    const float *v = at_exec_value(s->judge, n);
    value[i] = v ? (double)*v : NAN;
  }
  return AT_OK;
}

/* ---- pictures ---- */

static at_status task_bytes(void *ctx, const float *value, int64_t n, uint8_t *rgb, at_error *err) {
  const at_task_run *t = ctx;
  (void)err;
  at_pixels_take(t->s, value, n, rgb);
  return AT_OK;
}

static at_status task_picture(void *ctx, const char *table, int64_t row, int64_t height,
                              int64_t width, uint8_t *rgb, at_error *err) {
  const at_task_run *t = ctx;
  return at_pixels_of(t->s, t->split, table, row, height, width, rgb, err);
}

static at_status task_give(void *ctx, const attune_pictures *batch, at_error *err) {
  at_task_run *t = ctx;
  attune_pictures given = {0};
  at_status st = AT_OK;
  /* Up to ABI 1.5 the struct ended behind `picture`. */
  if (batch->size < offsetof(attune_pictures, context))
    return at_fail(err, AT_EFAIL, "pictures are given in a struct of %u bytes",
                   (unsigned)batch->size);
  memcpy(&given, batch, batch->size < sizeof given ? batch->size : sizeof given);
  given.size = sizeof given;
  for (size_t i = 0; st == AT_OK && t->states && i < t->s->n_metrics; i++)
    if (at_metric_sees(t->s->metric[i]))
      st = at_metric_pictures(t->s->metric[i], t->s->metric_options[i], t->states[i], &given, err);
  return st;
}

/* Rows of one axis are encoded again for every block of the other: few large blocks cost
 * less. Texts are the cheaper side and get the larger blocks. */
static int64_t task_block(void *ctx, uint32_t i) {
  at_task_run *t = ctx;
  const at_session *s = t->s;
  at_error err = {0};
  if (t->steady && !t->pairs) at_pairs_new(t->s, &t->pairs, &err);
  const int64_t rows = t->steady && t->pairs ? at_pairs_block(t->pairs, t->split, (int)i) : 0;
  if (rows) return rows;
  for (int b = 0; b < s->n_batch; b++)
    if (s->batch[b].linked) return 128; /* one row of the other axis belongs to it, not all */
  return i < (uint32_t)s->n_batch && s->batch[i].ragged >= 0 ? 320 : 128;
}

static at_status task_label(void *ctx, const char *table, int64_t row, int64_t *label,
                            at_error *err) {
  const at_task_run *t = ctx;
  const at_field *f = t->s->labels.field;
  int32_t class = -1;
  if (!f || strcmp(f->table, table))
    return at_fail(err, AT_EINPUT,
                   "the task asks for the class of a row of `%s`; the model has no input of one "
                   "token for each, such as `input answer: token(answer_class) [%s]`",
                   table, table);
  at_status st = at_session_label(t->s, t->split, f, row, &class, err);
  *label = class;
  return st;
}

static const char *task_label_name(void *ctx, int64_t label) {
  const at_labels *l = &((const at_task_run *)ctx)->s->labels;
  return label >= 0 && (size_t)label < l->n ? l->name[label] : NULL;
}

static const char *task_row_text(void *ctx, const char *table, const char *field, int64_t row,
                                 at_error *err) {
  at_task_run *t = ctx;
  const at_field *f = at_dataset_field(t->s->data, table, field);
  free(t->text);
  t->text = NULL;
  if (!f || !at_field_is_text(f)) {
    at_fail(err, AT_EINPUT, "the task `%s` needs texts `%s` of `%s`, which the data has not",
            t->s->task->item->name, field, table);
    return NULL;
  }
  return at_dataset_read_text(t->s->data, t->split, f, row, &t->text, err) == AT_OK ? t->text
                                                                                    : NULL;
}

/* ---- a task's own ---- */

static void *task_state(void *ctx) { return ((const at_task_run *)ctx)->s->task_state; }
static const char *task_split(void *ctx) { return ((const at_task_run *)ctx)->split; }
static at_status task_keep(void *ctx, const char *name, const char *text, at_error *err) {
  return at_session_keep(((const at_task_run *)ctx)->s, name, text, err);
}
static const char *task_kept(void *ctx, const char *name) {
  return at_session_kept(((const at_task_run *)ctx)->s, name);
}
static at_status task_say(void *ctx, const char *sentence, at_error *err) {
  return at_session_say(((const at_task_run *)ctx)->s, sentence, err);
}

at_task_ops at_session_task_ops(at_task_run *t) {
  return (at_task_ops){.ctx = t,
                       .rows = task_rows,
                       .link = task_link,
                       .batch_axis = task_batch_axis,
                       .random = task_random,
                       .example = task_example,
                       .forward = task_forward,
                       .block = task_block,
                       .label = task_label,
                       .label_name = task_label_name,
                       .row_text = task_row_text,
                       .has_output = task_has_output,
                       .output = task_output,
                       .losses = task_losses,
                       .loss_name = task_loss_name,
                       .bytes = task_bytes,
                       .picture = task_picture,
                       .give = task_give,
                       .state = task_state,
                       .split = task_split,
                       .keep = task_keep,
                       .kept = task_kept,
                       .say = task_say,
                       .next = task_next};
}
