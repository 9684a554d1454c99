/* The answer that is watched: a distribution over classes, or one number. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/explain/explain_impl.h"

/* The first output with one number for each pair. */
static const at_node *scalar_output(const at_session *s) {
  const at_graph *g = at_session_graph(s);
  for (int i = 0; i < g->n_output; i++) {
    const at_node *n = g->output[i].node;
    bool fits = n->ndim > 0;
    for (int d = 0; d < n->ndim; d++) fits &= g->axis[n->dim[d].axis].kind == AT_BATCH;
    if (fits) return n;
  }
  return NULL;
}

at_status at_answer_find(at_measuring *m, at_error *err) {
  const at_graph *g = at_session_graph(m->s);
  m->y_class = m->y_table = -1;
  m->classes = 1;
  m->y = at_session_answer(m->s, &m->y_table);
  for (int d = 0; m->y && d < 2; d++)
    if (g->axis[m->y->dim[d].axis].kind != AT_BATCH) m->y_class = d;
  if (m->y) m->classes = m->y->dim[m->y_class].size;
  if (!m->y) m->y = scalar_output(m->s);
  if (!m->y)
    return at_fail(err, AT_EINPUT,
                   "the model has no output with a number for each class, or one for each pair: "
                   "there is no answer that its attention could explain");
  m->whole = calloc((size_t)m->classes * AT_BATCH_MOST, sizeof *m->whole);
  m->now = calloc((size_t)m->classes * AT_BATCH_MOST, sizeof *m->now);
  return m->whole && m->now ? AT_OK : at_nomem(err);
}

/* Where number c of example i lies in y. */
static int64_t place(const at_measuring *m, int64_t i, int64_t c) {
  const at_graph *g = at_session_graph(m->s);
  int64_t at = 0;
  for (int d = 0; d < m->y->ndim; d++) {
    int64_t index = c;
    at_batch_table t;
    for (int b = 0; d != m->y_class && at_session_table(m->s, b, &t); b++)
      if (t.axis == at_axis_origin(g, m->y->dim[d].axis)) index = m->g.place[b][i];
    at += index * at_x_around(m->x, m->y, d).inner;
  }
  return at;
}

static void read_one(const at_measuring *m, const float *v, int64_t i, double *to) {
  double top = -INFINITY, sum = 0;
  for (int64_t c = 0; c < m->classes; c++) {
    to[c] = (double)v[place(m, i, c)];
    if (to[c] > top) top = to[c];
  }
  if (m->y_class < 0) return;
  for (int64_t c = 0; c < m->classes; c++) sum += to[c] = exp(to[c] - top);
  for (int64_t c = 0; c < m->classes; c++) to[c] /= sum;
}

void at_answer_read(const at_measuring *m, double *to) {
  const float *v = at_exec_value(m->x, m->y);
  for (int64_t i = 0; i < m->g.n; i++) read_one(m, v, i, to + i * m->classes);
}

double at_answer_distance(const at_measuring *m, int64_t i) {
  const double *a = m->whole + i * m->classes, *b = m->now + i * m->classes;
  double sum = 0;
  for (int64_t c = 0; c < m->classes; c++) sum += fabs(a[c] - b[c]);
  return m->y_class < 0 ? sum : sum / 2;
}

int at_answer_choice(const at_measuring *m, const double *y, int64_t i) {
  const double *p = y + i * m->classes;
  int best = 0;
  if (m->y_class < 0) return -1;
  for (int64_t c = 1; c < m->classes; c++)
    if (p[c] > p[best]) best = (int)c;
  return best;
}

double at_answer_output(const at_measuring *m, const double *y, int64_t i) {
  int c = at_answer_choice(m, m->whole, i);
  return y[i * m->classes + (c < 0 ? 0 : c)];
}

/* Of log p(answer): 1 - p at the answer, -p elsewhere; of a plain number: 1. */
void at_answer_seed(at_measuring *m) {
  memset(m->seed, 0, (size_t)at_x_count(m->x, m->y) * sizeof *m->seed);
  for (int64_t i = 0; i < m->g.n; i++) {
    const int best = at_answer_choice(m, m->whole, i);
    for (int64_t c = 0; c < m->classes; c++) {
      double d = best < 0 ? 1 : (c == best) - m->now[i * m->classes + c];
      m->seed[place(m, i, c)] = (float)d;
    }
  }
}
