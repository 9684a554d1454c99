/* Tasks and their predictions. */
#include <stdlib.h>
#include <string.h>
#include "core/plugin/plugin_impl.h"

/* ---- the view that a task has ---- */

int64_t at_host_rows(attune_task_context *c, const char *table) {
  return c->ops->rows(c->ops->ctx, table);
}
int64_t at_host_link(attune_task_context *c, const char *table, const char *to, int64_t row) {
  return c->ops->link(c->ops->ctx, table, to, row);
}
const char *at_host_batch_axis(attune_task_context *c, uint32_t i) {
  return c->ops->batch_axis(c->ops->ctx, i);
}
uint32_t at_host_random(attune_task_context *c, uint64_t epoch, uint64_t index) {
  return c->ops->random(c->ops->ctx, epoch, index);
}
int at_host_example(attune_task_context *c, const int64_t *rows) {
  at_error err = {0};
  return at_host_keep(c->ops->example(c->ops->ctx, rows, &err), &err);
}
int at_host_forward(attune_task_context *c, const char *output, const int64_t *const *rows,
                    const int64_t *counts, attune_array *out) {
  at_error err = {0};
  return at_host_keep(c->ops->forward(c->ops->ctx, output, rows, counts, out, &err), &err);
}
int64_t at_host_block(attune_task_context *c, uint32_t i) { return c->ops->block(c->ops->ctx, i); }

int at_host_label(attune_task_context *c, const char *table, int64_t row, int64_t *label) {
  at_error err = {0};
  *label = -1;
  return at_host_keep(c->ops->label(c->ops->ctx, table, row, label, &err), &err);
}
const char *at_host_label_name(attune_task_context *c, int64_t label) {
  return c->ops->label_name(c->ops->ctx, label);
}
const char *at_host_row_text(attune_task_context *c, const char *table, const char *field,
                             int64_t row) {
  at_error err = {0};
  const char *text = c->ops->row_text(c->ops->ctx, table, field, row, &err);
  if (!text) at_host_keep(err.code, &err);
  return text;
}

int at_host_has_output(attune_task_context *c, const char *output) {
  return c->ops->has_output(c->ops->ctx, output);
}
int at_host_output(attune_task_context *c, const char *output, attune_array *out) {
  at_error err = {0};
  return at_host_keep(c->ops->output(c->ops->ctx, output, out, &err), &err);
}
int at_host_losses(attune_task_context *c, const int64_t *const *rows, const int64_t *counts,
                   double *value, uint32_t most) {
  at_error err = {0};
  return at_host_keep(c->ops->losses(c->ops->ctx, rows, counts, value, most, &err), &err);
}
const char *at_host_loss_name(attune_task_context *c, uint32_t i) {
  return c->ops->loss_name(c->ops->ctx, i);
}
int at_host_bytes(attune_task_context *c, const float *value, int64_t n, uint8_t *rgb) {
  at_error err = {0};
  return at_host_keep(c->ops->bytes(c->ops->ctx, value, n, rgb, &err), &err);
}
int at_host_picture(attune_task_context *c, const char *table, int64_t row, int64_t height,
                    int64_t width, uint8_t *rgb) {
  at_error err = {0};
  return at_host_keep(c->ops->picture(c->ops->ctx, table, row, height, width, rgb, &err), &err);
}
int at_host_give(attune_task_context *c, const attune_pictures *batch) {
  at_error err = {0};
  return at_host_keep(c->ops->give(c->ops->ctx, batch, &err), &err);
}

/* ---- predictions ---- */

typedef struct named_array {
  char name[64];
  attune_array a;
  void *data;
} named_array;

struct attune_prediction {
  named_array *v;
  size_t n;
};

static size_t type_size(uint32_t t) {
  switch (t) {
    case ATTUNE_F32:
    case ATTUNE_I32: return 4;
    case ATTUNE_I64: return 8;
    case ATTUNE_U8: return 1;
    default: return 0;
  }
}

at_status at_prediction_put(attune_prediction *p, const char *name, const attune_array *a,
                            void **stored, at_error *err) {
  size_t bytes = type_size(a->type);
  bool ok = name && bytes && a->ndim <= 8 && strlen(name) < sizeof p->v->name;
  for (uint32_t i = 0; ok && i < a->ndim; i++)
    ok = a->shape[i] >= 0 && at_mul_size(bytes, (size_t)a->shape[i], &bytes);
  if (!ok)
    return at_fail(err, AT_EFAIL, "the task predicts an array `%s` that does not hold",
                   name ? name : "");
  attune_array twin;
  if (at_prediction_array(p, name, &twin) == AT_OK)
    return at_fail(err, AT_EFAIL, "the task predicts the array `%s` twice", name);
  named_array *v = realloc(p->v, (p->n + 1) * sizeof *v);
  if (!v) return at_nomem(err);
  p->v = v;
  named_array *e = &v[p->n];
  memset(e, 0, sizeof *e);
  strcpy(e->name, name);
  e->a = *a;
  e->data = calloc(bytes + 1, 1);
  if (!e->data) return at_nomem(err);
  if (a->data) memcpy(e->data, a->data, bytes);
  e->a.data = e->data;
  p->n++;
  if (stored) *stored = e->data;
  return AT_OK;
}

int at_host_predict(attune_prediction *p, const char *name, const attune_array *a, void **stored) {
  at_error err = {0};
  return at_host_keep(at_prediction_put(p, name, a, stored, &err), &err);
}

const char *at_prediction_name(const attune_prediction *p, size_t i, attune_array *out) {
  if (i >= p->n) return NULL;
  *out = p->v[i].a;
  return p->v[i].name;
}

at_status at_prediction_array(const attune_prediction *p, const char *name, attune_array *out) {
  for (size_t i = 0; i < p->n; i++)
    if (!strcmp(p->v[i].name, name)) {
      *out = p->v[i].a;
      return AT_OK;
    }
  return AT_EFAIL;
}

int at_host_prediction(const attune_prediction *p, const char *name, attune_array *out) {
  at_error err = {0};
  at_status s = at_prediction_array(p, name, out);
  if (s != AT_OK) at_fail(&err, s, "the task predicted no array `%s`", name);
  return at_host_keep(s, &err);
}

attune_prediction *at_prediction_new(void) { return calloc(1, sizeof(attune_prediction)); }

void at_prediction_free(attune_prediction *p) {
  if (!p) return;
  for (size_t i = 0; i < p->n; i++) free(p->v[i].data);
  free(p->v);
  free(p);
}

/* ---- running them ---- */

at_status at_task_epoch(const at_item *task, const attune_options *o, const at_task_ops *ops,
                        uint64_t epoch, at_error *err) {
  const attune_task *t = (const attune_task *)(const void *)task->item;
  attune_task_context c = {ops};
  at_host_begin();
  return at_host_end(t->epoch(&at_host_table, o, &c, epoch), task->item, "epoch", err);
}

at_status at_task_evaluate(const at_item *task, const attune_options *o, const at_task_ops *ops,
                           attune_prediction **out, at_error *err) {
  const attune_task *t = (const attune_task *)(const void *)task->item;
  attune_task_context c = {ops};
  attune_prediction *p = at_prediction_new();
  *out = NULL;
  if (!p) return at_nomem(err);
  at_host_begin();
  at_status s = at_host_end(t->evaluate(&at_host_table, o, &c, p), task->item, "evaluate", err);
  if (s == AT_OK)
    *out = p;
  else
    at_prediction_free(p);
  return s;
}
