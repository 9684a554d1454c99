/* Attention over several layers: where what a block gives came from at first.
 *
 * Below a block may stand self-attention blocks over the same keys: each mixes the keys with one
 * another before they are looked at. With A the weights of a block, mean over heads, [asks, keys]:
 *
 *   rollout    1' A R / asks, R the product over the blocks below, the nearest one first, of 0.5 A
 * + 0.5 I with rows that sum to one; a self-attention block counts its own rows in that form, too.
 * (Abnar & Zuidema 2020, "Quantifying Attention Flow in Transformers") relevance  1' B R, B = (mean
 * over heads of A * dy/dA)+, R by R <- R + B R from R = I over the blocks below, the farthest one
 * first. Where what asks is another sequence, R stands as rows of R - I that sum to one, plus I.
 * (Chefer, Gur & Wolf 2021, "Generic Attention-model Explainability", equations 5 to 10)
 *
 * The sum over what asks takes what the block adds for each of them: where one row alone leads to
 * the answer, as that of a class token, B is 0 elsewhere. Equation 10 also multiplies by the rows
 * of what asks, which sum to the same for all of them and so change no order of keys.
 *
 * All is a row of numbers, one a key, that is taken down the blocks: R is never formed. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/explain/explain_impl.h"

/* ---- which blocks ---- */

static void mark(const at_graph *g, bool *up) {
  for (int i = g->n_node; i-- > 0;)
    for (int k = 0; up[i] && k < g->node[i]->n_in; k++) up[g->node[i]->in[k]->id] = true;
}

static bool fits(const at_graph *g, const at_attend *of, const at_attend *a, const bool *up) {
  return up[a->weight->id] && at_layout_ask(g, a->weight, a->over) >= 0 &&
         at_axis_root(g, a->over) == at_axis_root(g, of->over);
}

/* The nearest self-attention block over the same keys that the keys or values of `of` depend on. */
static const at_attend *next_below(const at_graph *g, const at_attend *of, bool *up) {
  memset(up, 0, (size_t)g->n_node * sizeof *up);
  up[of->key->id] = true;
  if (of->value) up[of->value->id] = true;
  mark(g, up);
  for (int i = g->n_attend; i-- > 0;)
    if (&g->attend[i] != of && fits(g, of, &g->attend[i], up)) return &g->attend[i];
  return NULL;
}

at_status at_layers_find(at_measuring *m, at_error *err) {
  const at_graph *g = at_session_graph(m->s);
  bool *up = calloc((size_t)g->n_node + 1, sizeof *up);
  m->below = calloc((size_t)g->n_attend + 1, sizeof *m->below);
  at_status st = up && m->below ? AT_OK : at_nomem(err);
  for (const at_attend *a = m->a; st == AT_OK && (a = next_below(g, a, up));) {
    m->below[m->n_below++] = a;
    st = at_exec_keep_grad(m->x, a->weight, err);
  }
  free(up);
  return st;
}

/* ---- one block's map, heads merged ---- */

typedef struct layer {
  at_layout l;
  float *map;           /* mean over heads, of weights or of their gradients times them */
  int64_t heads, inner; /* of the dim of heads: how far its items lie apart */
  bool self;            /* what asks is the keys */
} layer;

static int64_t merged(const layer *y, int64_t at) {
  return at / (y->heads * y->inner) * y->inner + at % y->inner;
}

static bool is_first_head(const layer *y, const at_lane *l) {
  return l->begin / y->inner % y->heads == 0;
}

static at_status open_layer(const at_measuring *m, const at_attend *a, layer *y, at_error *err) {
  const at_graph *g = at_session_graph(m->s);
  const int axis = at_graph_find_axis(g, "head");
  const int d = axis < 0 || axis == a->over ? -1 : at_node_dim(a->weight, axis);
  y->self = at_layout_ask(g, a->weight, a->over) >= 0;
  y->heads = d < 0 ? 1 : at_x_dim(m->x, a->weight, d);
  y->inner = d < 0 ? 1 : at_x_around(m->x, a->weight, d).inner;
  y->map = malloc(((size_t)at_x_count(m->x, a->weight) + 1) * sizeof *y->map);
  if (!y->map) return at_nomem(err);
  return at_layout_find(m->s, m->x, a->weight, a->over, &m->g, &y->l, err);
}

static void fill_map(const at_measuring *m, const at_attend *a, const float *grad, layer *y) {
  const float *w = at_exec_value(m->x, a->weight);
  const int64_t n = at_x_count(m->x, a->weight), fewer = n / y->heads;
  memset(y->map, 0, (size_t)fewer * sizeof *y->map);
  for (int64_t at = 0; at < n; at++)
    y->map[merged(y, at)] += (grad ? grad[at] * w[at] : w[at]) / (float)y->heads;
  for (int64_t at = 0; grad && at < fewer; at++) y->map[at] = fmaxf(y->map[at], 0);
}

static void close_layers(layer *y, int n) {
  for (int i = 0; y && i < n; i++) {
    free(y[i].l.lane);
    free(y[i].map);
  }
  free(y);
}

/* ---- rows of an example, one after another ---- */

typedef struct row {
  const float *v; /* of the merged map; key k at merged(begin + k * stride) */
  const layer *y;
  int64_t begin, stride, keys, ask;
} row;

static bool next_row(const layer *y, int example, size_t *at, row *out) {
  for (; *at < y->l.n; ++*at) {
    const at_lane *l = &y->l.lane[*at];
    if (l->example != example || !is_first_head(y, l)) continue;
    *out = (row){y->map, y, l->begin, l->stride, l->keys, l->ask};
    ++*at;
    return true;
  }
  return false;
}

static double at_key(const row *r, int64_t k) {
  return (double)r->v[merged(r->y, r->begin + k * r->stride)];
}

static int64_t rows_of(const layer *y, int example) {
  int64_t n = 0;
  row r;
  for (size_t at = 0; next_row(y, example, &at, &r);) n++;
  return n;
}

/* ---- rollout ---- */

/* An equal share to each that asks (see mean_weights); NULL: all do. */
static double *who_asks(const at_measuring *m, const layer *y, int64_t i, double *from) {
  const int64_t n = m->l.keys[i];
  int64_t first, asks;
  at_key_parts p;
  at_keys_parts(m, i, &p);
  at_parts_asking(&p, n, &first, &asks);
  if (!y->self || asks == n || first + asks > n) return NULL;
  for (int64_t k = 0; k < n; k++) from[k] = k >= first && k < first + asks ? 1 / (double)asks : 0;
  return from;
}

/* to = from' (0.5 A + 0.5 I), or from' A; from NULL: the same for all that ask. */
static void roll(const layer *y, int example, const double *from, int64_t n, double *to) {
  const double each = 1 / (double)rows_of(y, example);
  row r;
  memset(to, 0, (size_t)n * sizeof *to);
  for (size_t at = 0; next_row(y, example, &at, &r);) {
    const double v = from ? from[r.ask] : each;
    double sum = y->self;
    for (int64_t k = 0; k < n; k++) sum += at_key(&r, k);
    if (!(sum > 0)) continue;
    for (int64_t k = 0; k < n; k++) to[k] += v * at_key(&r, k) / sum;
    if (y->self) to[r.ask] += v / sum;
  }
}

/* ---- relevance ---- */

/* to = from' B; from NULL: 1 for all that ask. */
static void add_left(const layer *y, int example, const double *from, int64_t n, double *to) {
  row r;
  for (size_t at = 0; next_row(y, example, &at, &r);)
    for (int64_t k = 0; k < n; k++) to[k] += (from ? from[r.ask] : 1) * at_key(&r, k);
}

/* to += B from */
static void add_right(const layer *y, int example, const double *from, int64_t n, double *to) {
  row r;
  for (size_t at = 0; next_row(y, example, &at, &r);)
    for (int64_t k = 0; k < n; k++) to[r.ask] += at_key(&r, k) * from[k];
}

/* v = v' R; work: [n] */
static void through(const layer *y, int layers, int example, int64_t n, double *v, double *work) {
  for (int j = 0; j < layers; j++) {
    memcpy(work, v, (size_t)n * sizeof *v);
    add_left(&y[j], example, work, n, v);
  }
}

/* v = v' R with the rows of R - I made to sum to one, plus I; work: [2 n] */
static void through_even(const layer *y, int layers, int example, int64_t n, double *v,
                         double *work) {
  double *sum = work, *other = work + n;
  for (int64_t k = 0; k < n; k++) sum[k] = 1;
  for (int j = layers; j-- > 0;) {
    memcpy(other, sum, (size_t)n * sizeof *sum);
    add_right(&y[j], example, other, n, sum);
  }
  for (int64_t k = 0; k < n; k++) {
    other[k] = sum[k] > 1 ? v[k] / (sum[k] - 1) : 0;
    v[k] -= other[k];
  }
  memcpy(sum, other, (size_t)n * sizeof *sum); /* z; then v - z + z' R */
  for (int j = 0; j < layers; j++) {
    double *from = j % 2 ? other : sum, *to = j % 2 ? sum : other;
    memcpy(to, from, (size_t)n * sizeof *to);
    add_left(&y[j], example, from, n, to);
  }
  for (int64_t k = 0; k < n; k++) v[k] += (layers % 2 ? other : sum)[k];
}

/* ---- all of it ---- */

/* Every key of the example asks, in every block below. */
static bool holds(const at_measuring *m, const layer *y, int example) {
  const int64_t n = m->l.keys[example];
  for (int j = 0; j <= m->n_below; j++) {
    row r;
    if (y[j].l.keys[example] != n || !rows_of(&y[j], example)) return false;
    for (size_t at = 0; next_row(&y[j], example, &at, &r);)
      if (r.keys != n || (y[j].self && r.ask >= n)) return false;
    if (j && rows_of(&y[j], example) != n) return false;
  }
  return true;
}

static void give(at_measuring *m, at_measure to, int64_t i, const double *v) {
  float *out = at_columns_real(&m->c, to, m->g.n, i);
  for (int64_t k = 0; k < m->l.keys[i]; k++) out[k] = (float)v[k];
}

static void give_rollout(at_measuring *m, const layer *y, double *v) {
  for (int64_t i = 0; i < m->g.n; i++) {
    const int64_t n = m->l.keys[i];
    if (!holds(m, y, (int)i)) continue;
    roll(&y[0], (int)i, who_asks(m, &y[0], i, v + n), n, v);
    for (int j = 1; j <= m->n_below; j++) {
      memcpy(v + n, v, (size_t)n * sizeof *v);
      roll(&y[j], (int)i, v + n, n, v);
    }
    give(m, AT_M_ROLLOUT, i, v);
  }
}

static void give_relevance(at_measuring *m, const layer *y, double *v) {
  for (int64_t i = 0; i < m->g.n; i++) {
    const int64_t n = m->l.keys[i];
    if (!holds(m, y, (int)i)) continue;
    memset(v, 0, (size_t)n * sizeof *v);
    add_left(&y[0], (int)i, NULL, n, v);
    if (y[0].self || !m->n_below)
      through(y + 1, m->n_below, (int)i, n, v, v + n);
    else
      through_even(y + 1, m->n_below, (int)i, n, v, v + n);
    give(m, AT_M_RELEVANCE, i, v);
  }
}

/* Of the pass as it is: gradients at the weights of this block and of all below it. */
static bool have_gradients(at_measuring *m) {
  const at_attend *last = m->n_below ? m->below[m->n_below - 1] : m->a;
  at_change_start(m);
  at_change_run(m);
  at_answer_seed(m);
  return at_exec_backward_to(m->x, m->y, m->seed, last->weight);
}

at_status at_measure_layers(at_measuring *m, at_error *err) {
  int64_t most = 0;
  for (int64_t i = 0; i < m->g.n; i++) most = m->l.keys[i] > most ? m->l.keys[i] : most;
  layer *y = calloc((size_t)m->n_below + 1, sizeof *y);
  double *v = malloc(((size_t)most * 3 + 1) * sizeof *v);
  at_status st = y && v ? AT_OK : at_nomem(err);
  bool slopes = st == AT_OK && have_gradients(m);
  for (int j = 0; st == AT_OK && j <= m->n_below; j++)
    st = open_layer(m, j ? m->below[j - 1] : m->a, &y[j], err);
  for (int j = 0; st == AT_OK && j <= m->n_below; j++)
    fill_map(m, j ? m->below[j - 1] : m->a, NULL, &y[j]);
  if (st == AT_OK && m->n_below) give_rollout(m, y, v);
  for (int j = 0; st == AT_OK && slopes && j <= m->n_below; j++) {
    const at_attend *a = j ? m->below[j - 1] : m->a;
    const float *grad = at_exec_grad(m->x, a->weight);
    slopes = grad != NULL;
    if (slopes) fill_map(m, a, grad, &y[j]);
  }
  if (st == AT_OK && slopes) give_relevance(m, y, v);
  close_layers(y, y ? m->n_below + 1 : 0);
  free(v);
  return st;
}
