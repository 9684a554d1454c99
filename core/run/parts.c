/* Keys that are several sequences joined, and items that have a place in the picture. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/run/run_impl.h"

/* ---- parts ---- */

static const at_feed *feed_over(const at_session *s, int axis) {
  for (int f = 0; f < s->n_feeds; f++) {
    const at_node *in = s->feed[f].input;
    if (in->ndim && in->dim[0].axis == axis && s->graph->axis[axis].parent >= 0) return &s->feed[f];
  }
  return NULL;
}

static at_over over_of(const at_feed *f) {
  if (!f) return AT_OVER_OTHER;
  return f->kind == AT_FEED_WORDS   ? AT_OVER_WORDS
         : f->kind == AT_FEED_ITEMS ? AT_OVER_BOXES
                                    : AT_OVER_OTHER;
}

static void add_part(const at_session *s, const at_exec *x, int axis, int64_t size, int64_t row,
                     at_key_parts *p) {
  const int64_t *off = size < 0 ? at_x_offsets(x, axis) : NULL;
  const at_feed *f = feed_over(s, axis);
  at_key_part *to = &p->v[p->n];
  const int64_t first = p->n ? to[-1].first + to[-1].n : 0;
  *to =
      (at_key_part){.over = over_of(f), .first = first, .n = off ? off[row + 1] - off[row] : size};
  to->asks = f && f->kind == AT_FEED_TASK;
  const char *name = s->graph->axis[axis].name;
  const size_t n = strlen(name) < sizeof to->axis ? strlen(name) : sizeof to->axis - 1;
  memcpy(to->axis, name, n);
  p->n++;
}

void at_session_parts(const at_session *s, const at_exec *x, int over, int64_t row,
                      at_key_parts *out) {
  const at_graph *g = s->graph;
  const int axis = at_axis_root(g, over);
  *out = (at_key_parts){.n = 0};
  if (!g->axis[axis].n_part) {
    const at_feed *f = feed_over(s, axis);
    if (f && f->kind == AT_FEED_ITEMS) add_part(s, x, axis, -1, row, out);
    return;
  }
  for (int i = 0; i < g->axis[axis].n_part && out->n < AT_MOST_PARTS; i++)
    add_part(s, x, g->axis[axis].part[i].axis, g->axis[axis].part[i].size, row, out);
}

void at_parts_asking(const at_key_parts *p, int64_t all, int64_t *first, int64_t *n) {
  *first = 0;
  *n = all;
  for (int i = 0; i < p->n; i++)
    if (p->v[i].asks) {
      *first = p->v[i].first;
      *n = p->v[i].n;
    }
}

/* ---- items ---- */

void at_items_free(at_items *v, size_t n) {
  for (size_t i = 0; v && i < n; i++) {
    free(v[i].box);
    free(v[i].text);
    free(v[i].texts);
  }
  free(v);
}

/* A field of the table called as the axis's own, with something behind it. */
static const at_field *beside(const at_session *s, const at_field *f, const char *end) {
  char name[256];
  size_t n = strlen(f->f.name);
  if (n > 4 && !strcmp(f->f.name + n - 4, "_box")) n -= 4;
  snprintf(name, sizeof name, "%.*s%s", (int)n, f->f.name, end);
  return at_dataset_field(s->data, f->table, name);
}

static at_status read_boxes(const at_session *s, const char *split, const at_field *f, int64_t row,
                            at_items *to, at_error *err) {
  if (!f || f->f.type != ATTUNE_FIELD_ITEMS || f->f.ndim != 1 || f->f.shape[0] != 4) return AT_OK;
  return at_dataset_read_items(s->data, split, f, row, &to->box, &to->n, err);
}

/* A text with a line for each item; those that it lacks are empty. */
static at_status read_texts(const at_session *s, const char *split, const at_field *f, int64_t row,
                            at_items *to, at_error *err) {
  if (!f || f->f.type != ATTUNE_FIELD_TEXT || !to->box) return AT_OK;
  at_status st = at_dataset_read_text(s->data, split, f, row, &to->texts, err);
  if (st == AT_OK && !(to->text = calloc((size_t)to->n, sizeof *to->text))) st = at_nomem(err);
  char *at = to->texts;
  for (int64_t k = 0; st == AT_OK && k < to->n; k++) {
    to->text[k] = at;
    at += strcspn(at, "\n");
    if (*at) *at++ = 0;
  }
  return st;
}

at_status at_session_items(const at_session *s, const char *split, const int64_t *rows,
                           at_items **out, size_t *n, at_error *err) {
  at_items *v = calloc((size_t)s->n_feeds + 1, sizeof *v);
  at_status st = v ? AT_OK : at_nomem(err);
  *n = 0;
  for (int f = 0; st == AT_OK && f < s->n_feeds; f++) {
    const at_feed *feed = &s->feed[f];
    bool known = false;
    int64_t row;
    if (feed->kind != AT_FEED_ITEMS) continue;
    const char *axis = s->graph->axis[feed->input->dim[0].axis].name;
    for (size_t i = 0; i < *n; i++) known = known || !strcmp(v[i].axis, axis);
    if (known) continue;
    at_items *to = &v[(*n)++];
    snprintf(to->axis, sizeof to->axis, "%s", axis);
    st = at_session_follow(s, feed, split, rows[feed->table], &row, err);
    if (st == AT_OK) st = read_boxes(s, split, beside(s, feed->field, "_box"), row, to, err);
    if (st == AT_OK) st = read_texts(s, split, beside(s, feed->field, "_text"), row, to, err);
  }
  if (st != AT_OK) {
    at_items_free(v, *n);
    v = NULL;
    *n = 0;
  }
  *out = v;
  return st;
}

const at_items *at_items_of(const at_items *v, size_t n, const at_key_part *part) {
  for (size_t i = 0; part->over == AT_OVER_BOXES && i < n; i++)
    if (!strcmp(v[i].axis, part->axis) && v[i].box && v[i].n == part->n) return &v[i];
  return NULL;
}
