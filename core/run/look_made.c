/* What a look tells of items with texts, of concatenations, and of answers made step by step. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/run/run_impl.h"

/* ---- concatenations ---- */

/* The concatenation that an axis is, also by another name; NULL: none. */
static const at_axis *joined(const at_graph *g, int axis) {
  const char *name = g->axis[axis].name;
  const size_t n = strlen(name);
  for (int a = axis; a >= 0; a = g->axis[a].from)
    if (g->axis[a].n_part) return &g->axis[a];
  for (int a = 0; n && name[n - 1] == '\'' && a < g->n_axis; a++)
    if (g->axis[a].n_part && strlen(g->axis[a].name) == n - 1 &&
        !strncmp(g->axis[a].name, name, n - 1))
      return &g->axis[a];
  return NULL;
}

at_status at_look_parts(const at_session *s, int axis, at_attention *a, at_error *err) {
  const at_graph *g = s->graph;
  const at_axis *j = joined(g, axis);
  int64_t first = 0;
  if (!j) return AT_OK;
  if (!(a->part = calloc((size_t)j->n_part, sizeof *a->part))) return at_nomem(err);
  for (int i = 0; i < j->n_part; i++) {
    const int64_t *off = j->part[i].size < 0 ? at_x_offsets(s->look, j->part[i].axis) : NULL;
    const int64_t n = off ? off[1] : j->part[i].size;
    a->part[i].axis = strdup(g->axis[j->part[i].axis].name);
    if (!a->part[i].axis) return at_nomem(err);
    a->part[i].first = first;
    a->part[i].n = n;
    a->n_parts++;
    first += n;
  }
  return AT_OK;
}

/* ---- items ---- */

static const at_field *beside(const at_session *s, const at_field *f, const char *what,
                              uint32_t type) {
  char name[80];
  snprintf(name, sizeof name, "%.40s_%s", f->f.name, what);
  const at_field *other = at_dataset_field(s->data, f->table, name);
  return other && other->f.type == type ? other : NULL;
}

/* Lines into texts, one for each item; those that a text lacks are empty. */
static at_status cut(const char *text, int64_t n, at_look *l, at_error *err) {
  if (!(l->item = calloc((size_t)n + 1, sizeof *l->item))) return at_nomem(err);
  for (int64_t i = 0; i < n; i++) {
    const size_t length = strcspn(text, "\n");
    if (!(l->item[l->n_items++] = strndup(text, length))) return at_nomem(err);
    text += length + (text[length] == '\n');
  }
  return AT_OK;
}

/* Relative ones of as many items. */
static at_status add_boxes(const at_session *s, const char *split, const at_field *f, int64_t row,
                           int64_t items, float **out, at_error *err) {
  int64_t n = 0;
  *out = NULL;
  if (!f || f->f.ndim != 1 || f->f.shape[0] != 4) return AT_OK;
  at_status st = at_dataset_read_items(s->data, split, f, row, out, &n, err);
  if (st == AT_OK && n == items) return AT_OK;
  free(*out);
  *out = NULL;
  return st;
}

at_status at_look_items(const at_session *s, const int64_t *rows, const char *split, at_look *l,
                        at_error *err) {
  for (int i = 0; i < s->n_feeds; i++) {
    const at_feed *f = &s->feed[i];
    const at_field *texts =
        f->kind == AT_FEED_ITEMS ? beside(s, f->field, "text", ATTUNE_FIELD_TEXT) : NULL;
    const int64_t *off = texts ? at_x_offsets(s->look, f->input->dim[0].axis) : NULL;
    char *text = NULL;
    int64_t row;
    if (!off) continue;
    at_status st = at_session_follow(s, f, split, rows[f->table], &row, err);
    if (st == AT_OK) st = at_dataset_read_text(s->data, split, texts, row, &text, err);
    if (st == AT_OK) st = cut(text, off[1], l, err);
    free(text);
    if (st == AT_OK)
      st = add_boxes(s, split, beside(s, f->field, "box", ATTUNE_FIELD_ITEMS), row, off[1],
                     &l->item_box, err);
    if (st == AT_OK && !(l->items = strdup(s->graph->axis[f->input->dim[0].axis].name)))
      st = at_nomem(err);
    return st;
  }
  return AT_OK;
}

at_status at_session_item_boxes(const at_session *s, const char *split, const int64_t *rows,
                                int input, int64_t width, int64_t height, float **xywh, int64_t *n,
                                at_error *err) {
  const at_feed *f = &s->feed[input];
  const at_field *boxes =
      f->kind == AT_FEED_ITEMS ? beside(s, f->field, "box", ATTUNE_FIELD_ITEMS) : NULL;
  int64_t row;
  *xywh = NULL;
  *n = 0;
  if (!boxes || boxes->f.ndim != 1 || boxes->f.shape[0] != 4) return AT_OK;
  const char *name = at_session_split(s, split);
  at_status st = at_session_follow(s, f, name, rows[f->table], &row, err);
  if (st == AT_OK) st = at_dataset_read_items(s->data, name, boxes, row, xywh, n, err);
  for (int64_t i = 0; st == AT_OK && i < *n; i++) {
    float *b = *xywh + 4 * i;
    b[2] = (b[2] - b[0]) * (float)width;
    b[3] = (b[3] - b[1]) * (float)height;
    b[0] *= (float)width;
    b[1] *= (float)height;
  }
  return st;
}

/* ---- answers ---- */

static at_status copy_answer(const attune_answer *a, at_look *l, at_error *err) {
  const size_t n = (size_t)a->n;
  l->predicted = strdup(a->text);
  l->step = calloc(n + 1, sizeof *l->step);
  l->step_item = calloc(n + 1, sizeof *l->step_item);
  if (!l->predicted || !l->step || !l->step_item) return at_nomem(err);
  for (size_t i = 0; i < n; i++) {
    if (!(l->step[i] = strdup(a->step[i]))) return at_nomem(err);
    l->step_item[l->n_steps++] = a->item[i];
  }
  return AT_OK;
}

static at_status read_text(const at_session *s, const char *split, const char *field, int64_t row,
                           char **out, at_error *err) {
  const at_field *f = at_dataset_field(s->data, s->batch[0].name, field);
  return f && at_field_is_text(f) ? at_dataset_read_text(s->data, split, f, row, out, err) : AT_OK;
}

at_status at_look_answer(at_session *s, const int64_t *rows, const char *split, at_look *l,
                         at_error *err) {
  at_task_run t = {.s = s, .split = split};
  at_task_ops ops = at_session_task_ops(&t);
  attune_answer a;
  if (l->predicted || !s->n_batch) return AT_OK;
  at_status st = at_task_answer(s->task, &ops, rows[0], &a, err);
  const bool any = st == AT_OK && a.text;
  if (any) st = copy_answer(&a, l, err);
  free(t.text);
  free(t.out);
  if (any && st == AT_OK) st = read_text(s, split, "answer", rows[0], &l->expected, err);
  if (any && st == AT_OK) st = read_text(s, split, "type", rows[0], &l->type, err);
  return st;
}
