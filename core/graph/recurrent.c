/* Recurrent operators: what does not depend on the cell; see recurrent.h. */
#include "core/graph/recurrent.h"
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "core/graph/ops.h"
#include "core/tensor/gemm.h"
#include "core/tensor/panels.h"
#include "core/tensor/vecmath.h"

enum { OVER, AXES, REVERSE, MERGE = REVERSE, LAYER };
enum { MERGE_MEAN, MERGE_SUM, MERGE_CONCAT };
enum { W_IH, W_HH, B_IH, B_HH, PER_DIRECTION };

const at_param_spec at_recurrent_params[] = {
    {"over", AT_ARG_AXIS, true, 0, 0, 0, NULL, "the axis of time"},
    {"axes", AT_ARG_MAP, true, 0, 0, 0, NULL, "features consumed -> state"},
    {"reverse", AT_ARG_BOOL, false, 0, 0, 0, NULL, "from the last item to the first"},
    {"layer", AT_ARG_INT, false, 0, 0, 99, NULL, "the number in the parameters' names"},
    {0}};
#define BOTH(merge)                                                                          \
  {"over", AT_ARG_AXIS, true, 0, 0, 0, NULL, "the axis of time"},                            \
      {"axes", AT_ARG_MAP, true, 0, 0, 0, NULL, "features consumed -> state"},               \
      {"merge",                                                                              \
       AT_ARG_ENUM,                                                                          \
       false,                                                                                \
       merge,                                                                                \
       0,                                                                                    \
       0,                                                                                    \
       "mean|sum|concat",                                                                    \
       "how the two directions become one"},                                                 \
      {"layer", AT_ARG_INT, false, 0, 0, 99, NULL, "the number in the parameters' names"}, { \
    0                                                                                        \
  }
const at_param_spec at_recurrent_params_mean[] = {BOTH(MERGE_MEAN)};
const at_param_spec at_recurrent_params_concat[] = {BOTH(MERGE_CONCAT)};

/* Which cell, and whether both ways: one table for all recurrent operators. */
static const struct {
  const at_op *op;
  const at_cell *cell;
  int directions;
} kinds[] = {{&at_op_gru, &at_cell_gru, 1},
             {&at_op_bigru, &at_cell_gru, 2},
             {&at_op_lstm, &at_cell_lstm, 1},
             {&at_op_bilstm, &at_cell_lstm, 2}};

static int kind_of(const at_node *n) {
  int i = 0;
  while (kinds[i].op != n->op) i++;
  return i;
}
static const at_cell *cell_of(const at_node *n) { return kinds[kind_of(n)].cell; }
static int directions(const at_node *n) { return kinds[kind_of(n)].directions; }
static int merge_of(const at_node *n) {
  return directions(n) == 2 ? (int)n->arg[MERGE].num : MERGE_SUM;
}
/* Of the i-th set of parameters: 1 reads from the right. */
static int direction_of(const at_node *n, int i) {
  return directions(n) == 2 ? i : n->arg[REVERSE].num != 0;
}

static int64_t hidden(const at_node *n) {
  int64_t h = n->arg[AXES].to_size;
  return merge_of(n) == MERGE_CONCAT && h > 0 ? h / 2 : h;
}

static at_status direction_parameters(at_graph *g, at_node *n, int dir, int64_t from,
                                      at_error *err) {
  static const char *const stem[PER_DIRECTION] = {"weight_ih_l", "weight_hh_l", "bias_ih_l",
                                                  "bias_hh_l"};
  int64_t h = hidden(n), all = h < 0 ? -1 : cell_of(n)->gates * h;
  at_init init = {AT_INIT_UNIFORM, h > 0 ? 1 / sqrt((double)h) : 1};
  for (int i = 0; i < PER_DIRECTION; i++) {
    const int64_t shape[] = {all, i == W_IH ? from : h};
    char name[40];
    snprintf(name, sizeof name, "%s%d%s", stem[i], (int)n->arg[LAYER].num, dir ? "_reverse" : "");
    at_status s = at_node_parameter(g, n, name, i < B_IH ? 2 : 1, shape, init, err);
    if (s != AT_OK) return s;
  }
  return AT_OK;
}

at_status at_recurrent_infer(at_graph *g, at_node *n, at_error *err) {
  const at_node *v = n->in[0];
  const at_arg *m = &n->arg[AXES];
  int over, from;
  at_status s = at_op_need_real(g, n, err);
  if (s == AT_OK) s = at_op_axis_dim(g, n, OVER, true, &over, err);
  if (s == AT_OK && m->n_axes != 1)
    s = at_fail(err, AT_EINPUT, "%s consumes one feature axis", n->op->name);
  if (s == AT_OK) s = at_node_need_dim(g, v, m->axis[0], &from, err);
  if (s != AT_OK) return s;
  if (from != v->ndim - 1 || over != v->ndim - 2)
    return at_fail(err, AT_EINPUT, "%s needs [..., %s, %s]; %s is %s", n->op->name,
                   g->axis[v->dim[over].axis].name, g->axis[m->axis[0]].name, at_node_title(g, v),
                   at_node_axes_text(g, v));
  if (merge_of(n) == MERGE_CONCAT && m->to_size % 2 == 1)
    return at_fail(err, AT_EINPUT, "%s(merge = concat) makes an axis of even size; `%s` has %lld",
                   n->op->name, g->axis[m->to].name, (long long)m->to_size);
  n->type = AT_REAL;
  n->ndim = 0;
  for (int i = 0; i < from; i++) n->dim[n->ndim++] = v->dim[i];
  if ((s = at_op_add_dim(g, n, m->to, m->to_size, err)) != AT_OK) return s;
  for (int i = 0; i < directions(n) && s == AT_OK; i++)
    s = direction_parameters(g, n, direction_of(n, i), v->dim[from].size, err);
  return s;
}

/* ---- the order of steps ---- */

static void sizes(const at_exec *x, const at_node *n, at_steps *s) {
  const at_node *v = n->in[0];
  int d = v->ndim - 2;
  int64_t two[2], segments, longest = 0;
  const int64_t *off = at_x_segments(x, v, d, two, &segments);
  at_around a = at_x_around(x, v, d);
  for (int64_t i = 0; i < segments; i++)
    if (off[i + 1] - off[i] > longest) longest = off[i + 1] - off[i];
  *s = (at_steps){.rows = a.outer * a.n,
                  .sequences = a.outer * segments,
                  .longest = longest,
                  .from = a.inner,
                  .h = hidden(n)};
}

/* Bytes for the tables of the order: begin, item twice, order of sequences. */
static size_t table_bytes(const at_steps *s) {
  return (size_t)(s->longest + 1) * sizeof(int64_t) + 64 +
         (size_t)(2 * s->rows + s->sequences) * sizeof(int32_t) + 64;
}

static int64_t sequence(const at_exec *x, const at_node *v, int64_t i, int64_t *length) {
  int64_t two[2], segments;
  const int64_t *off = at_x_segments(x, v, v->ndim - 2, two, &segments);
  int64_t n = at_x_dim(x, v, v->ndim - 2), o = i / segments, s = i % segments;
  *length = off[s + 1] - off[s];
  return o * n + off[s];
}

/* Sequences by falling length, equal ones in order (a counting sort over lengths). */
static void order_steps(const at_exec *x, const at_node *n, void *bytes, at_steps *s) {
  const at_node *v = n->in[0];
  s->begin = bytes;
  s->item[0] = (int32_t *)(void *)((char *)bytes +
                                   ((size_t)(s->longest + 1) * sizeof(int64_t) + 63) / 64 * 64);
  s->item[1] = s->item[0] + s->rows;
  int32_t *order = s->item[1] + s->rows;
  int64_t at = 0, length;
  for (int64_t want = s->longest; want > 0; want--)
    for (int64_t i = 0; i < s->sequences; i++) {
      sequence(x, v, i, &length);
      if (length == want) order[at++] = (int32_t)i;
    }
  int64_t row = 0;
  for (int64_t t = 0; t < s->longest; t++) {
    s->begin[t] = row;
    for (int64_t k = 0; k < at; k++) {
      int64_t first = sequence(x, v, order[k], &length);
      if (length <= t) break;
      s->item[0][row] = (int32_t)(first + t);
      s->item[1][row++] = (int32_t)(first + length - 1 - t);
    }
  }
  s->begin[s->longest] = row;
}

/* ---- memory: saved = gates [rows, 4h] and memory [rows, memory h] of each direction; where there
 * is no backward pass, of one direction at a time, and gates of one step ---- */

static size_t round64(size_t bytes) { return (bytes + 63) / 64 * 64; }

size_t at_recurrent_saved(const at_exec *x, const at_node *n) {
  at_steps s;
  sizes(x, n, &s);
  const int64_t floats = at_x_gradients(x) ? directions(n) * s.rows * (4 + cell_of(n)->memory) * s.h
                                           : (s.sequences * 4 + s.rows * cell_of(n)->memory) * s.h;
  return round64((size_t)floats * sizeof(float));
}

/* weight_hh packed once for all steps: that pays from LEAST_STEPS on, where states are not short.
 */
enum { LEAST_STEPS = 4, LEAST_STATE = 64 };

static bool packs(const at_steps *s) { return s->longest >= LEAST_STEPS && s->h >= LEAST_STATE; }

static int64_t larger(size_t a, size_t b) { return (int64_t)(a > b ? a : b); }

/* weight_hh' [h, G h] forward, weight_hh [G h, h] backward; and what meets it. */
static int64_t panel_floats(const at_cell *c, const at_steps *s) {
  const int64_t h = s->h, all = c->gates * h;
  if (!packs(s)) return 0;
  return larger(at_panels_floats(h, all), at_panels_floats(all, h)) +
         (int64_t)at_panels_space(s->sequences, all);
}

/* Scratch: tables; gi [rows, 4h]; gh or carry [sequences, 4h]; panels; states before [rows, h]; x
 * in step order [rows, from]. Of gi forward needs less, and behind the panels items that differ. */
size_t at_recurrent_scratch(const at_exec *x, const at_node *n) {
  at_steps s;
  sizes(x, n, &s);
  const int64_t all = at_x_gradients(x) ? 4 : cell_of(n)->gates;
  int64_t floats = (s.rows + s.sequences) * all * s.h + panel_floats(cell_of(n), &s);
  if (at_x_gradients(x)) floats += s.rows * (s.h + s.from);
  return round64(table_bytes(&s)) + (size_t)floats * sizeof(float) + at_repeats_bytes(x, n->in[0]);
}

static void open_direction(const at_exec *x, const at_node *n, int i, at_recurrence *g) {
  char *scratch = at_x_scratch(x, n);
  float *saved = at_x_saved(x, n);
  memset(g, 0, sizeof *g);
  sizes(x, n, &g->s);
  order_steps(x, n, scratch, &g->s);
  int64_t rows = g->s.rows, h = g->s.h;
  g->cell = cell_of(n);
  g->set = i;
  g->dir = direction_of(n, i);
  const bool back = at_x_gradients(x);
  g->kept = back;
  g->gates = saved + (back ? i * rows * (4 + g->cell->memory) * h : 0);
  g->memory = g->gates + (back ? rows : g->s.sequences) * 4 * h;
  g->gi = (float *)(void *)(scratch + round64(table_bytes(&g->s)));
  g->gh = g->gi + rows * (back ? 4 : g->cell->gates) * h;
  g->panels = g->gh + g->s.sequences * (back ? 4 : g->cell->gates) * h;
  g->before = g->panels + panel_floats(g->cell, &g->s);
  g->sorted = g->before + rows * h;
  int p = 1 + i * PER_DIRECTION;
  g->x = at_x_in(x, n, 0);
  g->w_ih = at_x_in(x, n, p + W_IH);
  g->w_hh = at_x_in(x, n, p + W_HH);
  g->b_ih = at_x_in(x, n, p + B_IH);
  g->b_hh = at_x_in(x, n, p + B_HH);
  int merge = merge_of(n);
  g->by = merge == MERGE_MEAN ? 0.5f : 1;
  g->y_stride = merge == MERGE_CONCAT ? 2 * h : h;
}

/* ---- products of each step ----
 *
 * to += a B for rows [first, first + k) of B, which is weight_hh' or, backward, weight_hh. */

typedef struct shared {
  at_mat b;
  at_panels panels; /* k == 0: not packed */
  float *space;
} shared;

static shared share(at_pool *pool, const at_recurrence *g, int64_t k, int64_t n, at_mat b) {
  shared w = {.b = b};
  if (!packs(&g->s)) return w;
  w.space = g->panels + at_panels_floats(k, n);
  w.panels = at_panels_pack(pool, k, n, b, g->panels);
  return w;
}

static void add_step(at_pool *pool, const shared *w, int64_t m, int64_t n, int64_t k, at_mat a,
                     int64_t first, at_mat to) {
  if (w->panels.k)
    at_panels_add(pool, m, k, a, &w->panels, first, to, w->space);
  else
    at_gemm(pool, m, n, k, 1, a, (at_mat){w->b.p + first * w->b.rs, w->b.rs, w->b.cs}, 1, to);
}

/* ---- forward ---- */

static void forward_direction(at_exec *x, const at_node *n, int i, at_repeats *in) {
  at_recurrence g;
  open_direction(x, n, i, &g);
  if (!in->x) *in = at_repeats_find(x, n->in[0], g.x, g.before);
  g.in = *in;
  const int64_t h = g.s.h, from = g.s.from, all = g.cell->gates * h;
  at_pool *pool = at_x_pool(x);
  g.y = at_x_out(x, n) + (g.y_stride > h ? i * h : 0);
  at_x_fill_rows(x, g.gi, g.in.n, all, g.b_ih);
  at_gemm(pool, g.in.n, all, from, 1, (at_mat){at_unconst(g.in.x), from, 1},
          (at_mat){at_unconst(g.w_ih), 1, from}, 1, (at_mat){g.gi, all, 1});
  const shared w = share(pool, &g, h, all, (at_mat){at_unconst(g.w_hh), 1, h});
  for (g.t = 0; g.t < g.s.longest; g.t++) {
    int64_t active = g.s.begin[g.t + 1] - g.s.begin[g.t];
    at_x_fill_rows(x, g.gh, active, all, g.b_hh);
    if (g.t)
      add_step(pool, &w, active, all, h, (at_mat){g.memory + g.s.begin[g.t - 1] * h, h, 1}, 0,
               (at_mat){g.gh, all, 1});
    at_parallel_range(pool, (size_t)active, (size_t)(4096 / h + 1), g.cell->forward, &g);
  }
}

void at_recurrent_forward(at_exec *x, const at_node *n) {
  memset(at_x_out(x, n), 0, (size_t)at_x_count(x, n) * sizeof(float));
  at_repeats in = {0};
  for (int i = 0; i < directions(n); i++) forward_direction(x, n, i, &in);
}

/* ---- backward ---- */

static void gather_rows(void *ctx, size_t begin, size_t end) {
  const at_recurrence *g = ctx;
  for (size_t row = begin; row < end; row++)
    memcpy(g->sorted + (int64_t)row * g->s.from, g->x + (int64_t)g->s.item[g->dir][row] * g->s.from,
           (size_t)g->s.from * sizeof(float));
}

static void scatter_rows(void *ctx, size_t begin, size_t end) {
  const at_recurrence *g = ctx;
  for (size_t row = begin; row < end; row++)
    at_vaxpy(g->dx + (int64_t)g->s.item[g->dir][row] * g->s.from, 1,
             g->sorted + (int64_t)row * g->s.from, (size_t)g->s.from);
}

/* dW_ih, db_ih and dx from the gates' gradients, which lie in step order. */
static void input_gradients(at_exec *x, const at_node *n, at_recurrence *g) {
  const int64_t h = g->s.h, from = g->s.from, rows = g->s.rows, all = g->cell->gates * h;
  int p = 1 + g->set * PER_DIRECTION;
  float *dw = at_x_grad_in(x, n, p + W_IH), *db = at_x_grad_in(x, n, p + B_IH);
  float *dx = at_x_grad_in(x, n, 0);
  at_pool *pool = at_x_pool(x);
  at_parallel_range(pool, (size_t)rows, 64, gather_rows, g);
  if (dw)
    at_gemm(pool, all, from, rows, 1, (at_mat){g->gi, 1, 4 * h}, (at_mat){g->sorted, from, 1}, 1,
            (at_mat){dw, from, 1});
  if (db) at_x_add_column_sums(x, g->gi, rows, all, 4 * h, db);
  if (!dx) return;
  at_gemm(pool, rows, from, all, 1, (at_mat){g->gi, 4 * h, 1},
          (at_mat){at_unconst(g->w_ih), from, 1}, 0, (at_mat){g->sorted, from, 1});
  g->dx = dx;
  at_parallel_range(pool, (size_t)rows, 64, scatter_rows, g);
}

static void state_gradients(at_exec *x, const at_node *n, at_recurrence *g) {
  const int64_t h = g->s.h, rows = g->s.rows;
  int p = 1 + g->set * PER_DIRECTION;
  float *dw = at_x_grad_in(x, n, p + W_HH), *db = at_x_grad_in(x, n, p + B_HH);
  at_pool *pool = at_x_pool(x);
  int64_t first = g->s.longest > 1 ? g->s.begin[1] : rows, later = rows - first;
  for (int64_t t = 1; t < g->s.longest; t++)
    memcpy(g->before + (g->s.begin[t] - first) * h, g->memory + g->s.begin[t - 1] * h,
           (size_t)((g->s.begin[t + 1] - g->s.begin[t]) * h) * sizeof(float));
  at_mat before = {g->before, h, 1};
  float *d = g->gi + first * 4 * h;
  for (int i = 0; g->cell->piece[i].blocks; i++) {
    int64_t cols = g->cell->piece[i].blocks * h, at = g->cell->piece[i].at * h;
    int64_t row = g->cell->piece[i].row * h;
    if (dw && later)
      at_gemm(pool, cols, h, later, 1, (at_mat){d + at, 1, 4 * h}, before, 1,
              (at_mat){dw + row * h, h, 1});
    if (db) at_x_add_column_sums(x, g->gi + at, rows, cols, 4 * h, db + row);
  }
}

/* What the gates of step t give to the states of step t - 1. */
static void carry_back(at_pool *pool, const shared *w, const at_recurrence *g) {
  const int64_t h = g->s.h, active = g->s.begin[g->t + 1] - g->s.begin[g->t];
  float *d = g->gi + g->s.begin[g->t] * 4 * h;
  for (int i = 0; g->cell->piece[i].blocks; i++)
    add_step(pool, w, active, h, g->cell->piece[i].blocks * h,
             (at_mat){d + g->cell->piece[i].at * h, 4 * h, 1}, g->cell->piece[i].row * h,
             (at_mat){g->carry, h, 1});
}

static void backward_direction(at_exec *x, const at_node *n, int i) {
  at_recurrence g;
  open_direction(x, n, i, &g);
  const int64_t h = g.s.h;
  at_pool *pool = at_x_pool(x);
  g.dy = at_x_grad_out(x, n) + (g.y_stride > h ? i * h : 0);
  g.carry = g.gh;
  memset(g.carry, 0, (size_t)(2 * g.s.sequences * h) * sizeof(float));
  const shared w = share(pool, &g, g.cell->gates * h, h, (at_mat){at_unconst(g.w_hh), h, 1});
  for (g.t = g.s.longest - 1; g.t >= 0; g.t--) {
    int64_t active = g.s.begin[g.t + 1] - g.s.begin[g.t];
    at_parallel_range(pool, (size_t)active, (size_t)(4096 / h + 1), g.cell->backward, &g);
    if (g.t) carry_back(pool, &w, &g);
  }
  input_gradients(x, n, &g);
  state_gradients(x, n, &g);
}

void at_recurrent_backward(at_exec *x, const at_node *n) {
  for (int i = 0; i < directions(n); i++) backward_direction(x, n, i);
}

double at_recurrent_flops(const at_exec *x, const at_node *n) {
  at_steps s;
  sizes(x, n, &s);
  return 2.0 * cell_of(n)->gates * directions(n) * (double)s.rows * (double)s.h *
         (double)(s.from + s.h);
}
