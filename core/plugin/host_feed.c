/* Tasks that fill inputs of the model themselves. */
#include "core/plugin/plugin_impl.h"

struct attune_batch {
  const at_batch_ops *ops;
};

/* ---- what they may call ---- */

void *at_host_state(attune_task_context *c) {
  const at_task_ops *o = c->ops;
  return o->state ? o->state(o->ctx) : NULL;
}
const char *at_host_split(attune_task_context *c) {
  const at_task_ops *o = c->ops;
  return o->split(o->ctx);
}
int at_host_task_keep(attune_task_context *c, const char *name, const char *text) {
  const at_task_ops *o = c->ops;
  at_error err = {0};
  return at_host_keep(o->keep(o->ctx, name, text, &err), &err);
}
const char *at_host_task_kept(attune_task_context *c, const char *name) {
  const at_task_ops *o = c->ops;
  return o->kept(o->ctx, name);
}
int at_host_say(attune_task_context *c, const char *sentence) {
  const at_task_ops *o = c->ops;
  at_error err = {0};
  return at_host_keep(o->say(o->ctx, sentence, &err), &err);
}

int at_host_next(attune_task_context *c, const char *output, const int64_t *const *rows,
                 const int64_t *counts, const int64_t *from, int whole, attune_array *out) {
  const at_task_ops *o = c->ops;
  at_error err = {0};
  return at_host_keep(o->next(o->ctx, output, rows, counts, from, whole, out, &err), &err);
}

int at_host_lengths(attune_batch *b, const char *axis, const int64_t *n) {
  at_error err = {0};
  return at_host_keep(b->ops->lengths(b->ops->ctx, axis, n, &err), &err);
}
const int64_t *at_host_offsets(attune_batch *b, const char *axis) {
  return b->ops->offsets(b->ops->ctx, axis);
}
int at_host_fill(attune_batch *b, const char *input, attune_array *shape, void **data) {
  at_error err = {0};
  return at_host_keep(b->ops->fill(b->ops->ctx, input, shape, data, &err), &err);
}

/* ---- asking them ---- */

/* The members of 1.6; NULL: the task was built before them, or has none of its own. */
static const attune_task *with_state(const at_item *task) {
  const attune_task *t = (const attune_task *)(const void *)task->item;
  return task->item->size >= sizeof *t ? t : NULL;
}

const attune_fed *at_task_fed(const at_item *task) {
  const attune_task *t = with_state(task);
  return t && t->fed && t->size && t->feed ? t->fed : NULL;
}

at_status at_task_open(const at_item *task, const attune_options *o, const at_task_ops *ops,
                       void **state, at_error *err) {
  const attune_task *t = with_state(task);
  *state = NULL;
  if (!t || !t->open) return AT_OK;
  attune_task_context c = {ops};
  at_host_begin();
  return at_host_end(t->open(&at_host_table, o, &c, state), task->item, "open", err);
}

void at_task_close(const at_item *task, void *state) {
  const attune_task *t = task ? with_state(task) : NULL;
  if (t && t->close && state) t->close(state);
}

int64_t at_task_size(const at_item *task, void *state, const char *input, const char *axis) {
  if (!at_task_fed(task)) return -1;
  at_host_begin();
  int64_t n = with_state(task)->size(&at_host_table, state, input, axis);
  at_host_end(ATTUNE_OK, task->item, "size", NULL);
  return n;
}

at_status at_task_feed(const at_item *task, const attune_options *o, const at_task_ops *ops,
                       const attune_rows *rows, const at_batch_ops *batch, at_error *err) {
  const attune_task *t = with_state(task);
  attune_task_context c = {ops};
  attune_batch b = {batch};
  at_host_begin();
  return at_host_end(t->feed(&at_host_table, o, &c, rows, &b), task->item, "feed", err);
}

at_status at_task_look(const at_item *task, const attune_options *o, const at_task_ops *ops,
                       const attune_rows *rows, at_error *err) {
  const attune_task *t = with_state(task);
  if (!t || !t->look) return AT_OK;
  attune_task_context c = {ops};
  at_host_begin();
  return at_host_end(t->look(&at_host_table, o, &c, rows), task->item, "look", err);
}

bool at_task_answers(const at_item *task) {
  const attune_task *t = with_state(task);
  return t && t->answer;
}

at_status at_task_answer(const at_item *task, const at_task_ops *ops, int64_t row,
                         attune_answer *out, at_error *err) {
  *out = (attune_answer){.size = sizeof *out};
  if (!at_task_answers(task)) return AT_OK;
  attune_task_context c = {ops};
  at_host_begin();
  at_status st = at_host_end(with_state(task)->answer(&at_host_table, &c, row, out), task->item,
                             "answer", err);
  if (st == AT_OK && out->text && (out->n < 0 || (out->n && (!out->step || !out->item))))
    st =
        at_fail(err, AT_EFAIL, "the task `%s` gives an answer without its steps", task->item->name);
  return st;
}
