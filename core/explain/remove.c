/* The input of a key taken away, and the whole model run again: a word becomes the unknown word, a
 * region's numbers 0, a cell's pixels the mean of the picture. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/explain/explain_impl.h"

/* An input whose items are the keys. */
typedef struct source {
  at_batch_input in;
  int over;     /* dim of the items; -1: cells of a picture; 0 where rows have their own number */
  int64_t h, w; /* cells */
  size_t bytes;
  void *kept;
} source;

static bool find_cells(const at_graph *g, int axis, int64_t *h, int64_t *w) {
  for (int i = 0; i < g->n_node; i++) {
    const at_node *n = g->node[i];
    if (strcmp(n->op->name, "flatten") || n->arg[0].n_axes != 2) continue;
    if (at_axis_origin(g, n->arg[0].to) != axis) continue;
    *h = n->in[0]->dim[at_node_dim(n->in[0], n->arg[0].axis[0])].size;
    *w = n->in[0]->dim[at_node_dim(n->in[0], n->arg[0].axis[1])].size;
    return true;
  }
  return false;
}

static bool find_source(const at_measuring *m, source *out) {
  const at_graph *g = at_session_graph(m->s);
  const int over = at_axis_root(g, m->a->over);
  bool cells = find_cells(g, over, &out->h, &out->w);
  for (int i = 0; at_session_input(m->s, i, &out->in); i++) {
    const at_node *n = out->in.node;
    out->over = at_node_dim(n, over);
    if (out->in.kind == AT_FEED_WORDS && out->over == 0) return true;
    if (out->in.kind == AT_FEED_ITEMS && out->over == 0) return true;
    if (out->in.kind == AT_FEED_REAL && out->over == 1) return true;
    out->over = -1;
    if (cells && out->in.kind == AT_FEED_IMAGE && n->ndim == 4) return true;
  }
  return false;
}

at_over at_keys_over(const at_measuring *m, int64_t *h, int64_t *w) {
  source s = {.over = -1};
  bool found = find_source(m, &s);
  *h = s.h;
  *w = s.w;
  if (found && s.in.kind == AT_FEED_WORDS) return AT_OVER_WORDS;
  if (found && (s.in.kind == AT_FEED_REAL || s.in.kind == AT_FEED_ITEMS)) return AT_OVER_BOXES;
  return s.h * s.w > 0 ? AT_OVER_CELLS : AT_OVER_OTHER;
}

static void mute_cell(const source *s, float *row, int64_t k) {
  const at_dim *d = s->in.node->dim;
  const int64_t h = d[1].size, w = d[2].size, c = d[3].size;
  const int64_t y0 = k / s->w * h / s->h, y1 = (k / s->w + 1) * h / s->h;
  const int64_t x0 = k % s->w * w / s->w, x1 = (k % s->w + 1) * w / s->w;
  for (int64_t j = 0; j < c; j++) {
    double sum = 0;
    for (int64_t p = 0; p < h * w; p++) sum += (double)((const float *)s->kept)[p * c + j];
    for (int64_t y = y0; y < y1; y++)
      for (int64_t x = x0; x < x1; x++) row[(y * w + x) * c + j] = (float)(sum / (double)(h * w));
  }
}

static void mute(const at_measuring *m, source *s, int64_t i, int64_t k) {
  const int64_t place = m->g.place[s->in.table][i];
  if (s->over == 0) {
    const int64_t *off = at_x_offsets(m->x, s->in.node->dim[0].axis);
    if (!off || k >= off[place + 1] - off[place]) return;
    if (s->in.kind == AT_FEED_WORDS)
      ((int32_t *)s->in.data)[off[place] + k] = at_session_unknown_word(m->s);
    else
      memset((float *)s->in.data + (off[place] + k) * s->in.row, 0,
             (size_t)s->in.row * sizeof(float));
    return;
  }
  float *row = (float *)s->in.data + place * s->in.row;
  if (s->over < 0) {
    source one = *s;
    one.kept = (float *)s->kept + place * s->in.row;
    mute_cell(&one, row, k);
  } else {
    const int64_t width = s->in.row / s->in.node->dim[1].size;
    memset(row + k * width, 0, (size_t)width * sizeof *row);
  }
}

static bool fits(const at_measuring *m, const source *s) {
  const int64_t keys = s->over < 0 ? s->h * s->w : s->over == 1 ? s->in.node->dim[1].size : -1;
  for (int64_t i = 0; keys >= 0 && i < m->g.n; i++)
    if (m->l.keys[i] != keys) return false;
  return true;
}

static void without(at_measuring *m, source *s, int64_t k) {
  memcpy(s->in.data, s->kept, s->bytes);
  for (int64_t i = 0; i < m->g.n; i++)
    if (k < m->l.keys[i]) mute(m, s, i, k);
  at_exec_forward(m->x, m->o->seed, 0, false);
  at_answer_read(m, m->now);
  for (int64_t i = 0; i < m->g.n; i++)
    if (k < m->l.keys[i])
      at_columns_real(&m->c, AT_M_REMOVAL, m->g.n, i)[k] = (float)at_answer_distance(m, i);
}

at_status at_measure_removal(at_measuring *m, at_error *err) {
  source s = {.over = -1};
  int64_t most = 0;
  if (!find_source(m, &s) || !fits(m, &s)) return AT_OK;
  s.bytes = (size_t)at_x_count(m->x, s.in.node) * sizeof(float);
  s.kept = malloc(s.bytes + 1);
  if (!s.kept) return at_nomem(err);
  memcpy(s.kept, s.in.data, s.bytes);
  for (int64_t i = 0; i < m->g.n; i++) most = m->l.keys[i] > most ? m->l.keys[i] : most;
  at_status st = AT_OK;
  for (int64_t k = 0; st == AT_OK && k < most; k++) {
    if (at_measure_stopped(m)) st = at_fail(err, AT_EFAIL, "stopped");
    if (st == AT_OK) without(m, &s, k);
  }
  memcpy(s.in.data, s.kept, s.bytes);
  at_exec_forward(m->x, m->o->seed, 0, false);
  free(s.kept);
  return st;
}
