/* Gated recurrent unit (Cho et al., 2014), in the form and with the parameter
 * names of torch.nn.GRU:
 *
 *   r = sig(Wr x + br + Ur h + cr)      z = sig(Wz x + bz + Uz h + cz)
 *   n = tanh(Wn x + bn + r (Un h + cn)) h' = (1 - z) n + z h
 *
 * weight_ih_l0 = [Wr; Wz; Wn], weight_hh_l0 = [Ur; Uz; Un], biases likewise.
 *
 * Sequences are worked on side by side, the longest first, so that step t is
 * one product for all sequences that have a t-th item; states are kept in that
 * order of steps. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include "core/graph/op_common.h"
#include "core/graph/ops.h"
#include "core/tensor/gemm.h"
#include "core/tensor/vecmath.h"

enum { GRU_OVER, GRU_AXES, GRU_MERGE };
enum { MERGE_MEAN, MERGE_SUM, MERGE_CONCAT };
enum { W_IH, W_HH, B_IH, B_HH, PER_DIRECTION };

static const at_param_spec gru_params[] = {
    {"over", AT_ARG_AXIS, true, 0, 0, 0, NULL, "the axis of time"},
    {"axes", AT_ARG_MAP, true, 0, 0, 0, NULL, "features consumed -> state"},
    {0}};
static const at_param_spec bigru_params[] = {
    {"over", AT_ARG_AXIS, true, 0, 0, 0, NULL, "the axis of time"},
    {"axes", AT_ARG_MAP, true, 0, 0, 0, NULL, "features consumed -> state"},
    {"merge", AT_ARG_ENUM, false, MERGE_MEAN, 0, 0, "mean|sum|concat",
     "how the two directions become one"},
    {0}};

static int directions(const at_node *n) { return n->op == &at_op_bigru ? 2 : 1; }
static int merge_of(const at_node *n) {
  return directions(n) == 2 ? (int)n->arg[GRU_MERGE].num : MERGE_SUM;
}

static int64_t hidden(const at_node *n) {
  int64_t h = n->arg[GRU_AXES].to_size;
  return merge_of(n) == MERGE_CONCAT && h > 0 ? h / 2 : h;
}

static at_status direction_parameters(at_graph *g, at_node *n, const char *suffix, int64_t from,
                                      at_error *err) {
  static const char *const stem[PER_DIRECTION] = {"weight_ih_l0", "weight_hh_l0", "bias_ih_l0",
                                                  "bias_hh_l0"};
  int64_t h = hidden(n), h3 = h < 0 ? -1 : 3 * h;
  at_init init = {AT_INIT_UNIFORM, h > 0 ? 1 / sqrt((double)h) : 1};
  for (int i = 0; i < PER_DIRECTION; i++) {
    const int64_t shape[] = {h3, i == W_IH ? from : h};
    char name[40];
    snprintf(name, sizeof name, "%s%s", stem[i], suffix);
    at_status s = at_node_parameter(g, n, name, i < B_IH ? 2 : 1, shape, init, err);
    if (s != AT_OK) return s;
  }
  return AT_OK;
}

static at_status gru_infer(at_graph *g, at_node *n, at_error *err) {
  const at_node *v = n->in[0];
  const at_arg *m = &n->arg[GRU_AXES];
  int over, from;
  at_status s = at_op_need_real(g, n, err);
  if (s == AT_OK) s = at_op_axis_dim(g, n, GRU_OVER, true, &over, err);
  if (s == AT_OK && m->n_axes != 1)
    s = at_fail(err, AT_EINPUT, "%s consumes one feature axis", n->op->name);
  if (s == AT_OK) s = at_node_need_dim(g, v, m->axis[0], &from, err);
  if (s != AT_OK) return s;
  if (from != v->ndim - 1 || over != v->ndim - 2)
    return at_fail(err, AT_EINPUT, "%s needs [..., %s, %s]; %s is %s", n->op->name,
                   g->axis[v->dim[over].axis].name, g->axis[m->axis[0]].name, at_node_title(g, v),
                   at_node_axes_text(g, v));
  if (merge_of(n) == MERGE_CONCAT && m->to_size % 2 == 1)
    return at_fail(err, AT_EINPUT,
                   "bigru(merge = concat) makes an axis of even size; `%s` has %lld",
                   g->axis[m->to].name, (long long)m->to_size);
  n->type = AT_REAL;
  n->ndim = 0;
  for (int i = 0; i < from; i++) n->dim[n->ndim++] = v->dim[i];
  if ((s = at_op_add_dim(g, n, m->to, m->to_size, err)) != AT_OK) return s;
  if ((s = direction_parameters(g, n, "", v->dim[from].size, err)) != AT_OK) return s;
  return directions(n) == 2 ? direction_parameters(g, n, "_reverse", v->dim[from].size, err)
                            : AT_OK;
}

/* ---- the order of steps ---- */

/* Rows of x and y are items; step t holds `active[t]` of them from row `begin[t]` of the
 * step order; item[] says which item a row is, seen from the left and from the right. */
typedef struct steps {
  int64_t rows, sequences, longest;
  int64_t from, h;
  int64_t *begin; /* [longest + 1] */
  int32_t *item[2];
} steps;

static void sizes(const at_exec *x, const at_node *n, steps *s) {
  const at_node *v = n->in[0];
  int d = v->ndim - 2;
  int64_t two[2], segments, longest = 0;
  const int64_t *off = at_x_segments(x, v, d, two, &segments);
  at_around a = at_x_around(x, v, d);
  for (int64_t i = 0; i < segments; i++)
    if (off[i + 1] - off[i] > longest) longest = off[i + 1] - off[i];
  *s = (steps){.rows = a.outer * a.n,
               .sequences = a.outer * segments,
               .longest = longest,
               .from = a.inner,
               .h = hidden(n)};
}

/* Bytes for the tables of the order: begin, item twice, order of sequences. */
static size_t table_bytes(const steps *s) {
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
static void order_steps(const at_exec *x, const at_node *n, void *bytes, steps *s) {
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

/* ---- memory: saved = for each direction gates [rows, 4h] (r z n hn) and state [rows, h] ---- */

static size_t round64(size_t bytes) { return (bytes + 63) / 64 * 64; }

static size_t gru_saved(const at_exec *x, const at_node *n) {
  steps s;
  sizes(x, n, &s);
  return round64((size_t)(directions(n) * s.rows * 5 * s.h) * sizeof(float));
}

/* Scratch: tables; x W' [rows, 3h] forward, gradients of gates [rows, 4h] backward; one step's
 * U h [sequences, 3h]; states before [rows, h]; x in step order [rows, from]. */
static size_t gru_scratch(const at_exec *x, const at_node *n) {
  steps s;
  sizes(x, n, &s);
  int64_t floats = s.rows * 4 * s.h + s.sequences * 4 * s.h + s.rows * s.h + s.rows * s.from;
  return round64(table_bytes(&s)) + (size_t)floats * sizeof(float);
}

typedef struct gru {
  steps s;
  int dir;
  float *gates, *state;             /* of this direction */
  float *gi, *gh, *before, *sorted; /* scratch */
  const float *w_ih, *w_hh, *b_ih, *b_hh, *x, *dy;
  float *y, by, *dh, *carry;
  int64_t y_stride, t;
} gru;

static void open_gru(const at_exec *x, const at_node *n, int dir, gru *g) {
  char *scratch = at_x_scratch(x, n);
  float *saved = at_x_saved(x, n);
  memset(g, 0, sizeof *g);
  sizes(x, n, &g->s);
  order_steps(x, n, scratch, &g->s);
  int64_t rows = g->s.rows, h = g->s.h;
  g->dir = dir;
  g->gates = saved + dir * rows * 5 * h;
  g->state = g->gates + rows * 4 * h;
  g->gi = (float *)(void *)(scratch + round64(table_bytes(&g->s)));
  g->gh = g->gi + rows * 4 * h;
  g->before = g->gh + g->s.sequences * 4 * h;
  g->sorted = g->before + rows * h;
  int p = 1 + dir * PER_DIRECTION;
  g->x = at_x_in(x, n, 0);
  g->w_ih = at_x_in(x, n, p + W_IH);
  g->w_hh = at_x_in(x, n, p + W_HH);
  g->b_ih = at_x_in(x, n, p + B_IH);
  g->b_hh = at_x_in(x, n, p + B_HH);
  int merge = merge_of(n);
  g->by = merge == MERGE_MEAN ? 0.5f : 1;
  g->y_stride = merge == MERGE_CONCAT ? 2 * h : h;
}

/* ---- forward ---- */

static void gate_rows(void *ctx, size_t begin, size_t end) {
  const gru *g = ctx;
  const int64_t h = g->s.h, first = g->s.begin[g->t];
  for (int64_t k = (int64_t)begin; k < (int64_t)end; k++) {
    int64_t row = first + k, item = g->s.item[g->dir][row];
    const float *gi = g->gi + item * 3 * h, *gh = g->gh + k * 3 * h;
    const float *before = g->t ? g->state + (g->s.begin[g->t - 1] + k) * h : NULL;
    float *r = g->gates + row * 4 * h, *z = r + h, *n = z + h, *hn = n + h;
    float *state = g->state + row * h, *y = g->y + item * g->y_stride;
    for (int64_t j = 0; j < 2 * h; j++) r[j] = gi[j] + gh[j];
    at_vsigmoid(r, r, (size_t)(2 * h));
    for (int64_t j = 0; j < h; j++) {
      hn[j] = gh[2 * h + j];
      n[j] = gi[2 * h + j] + r[j] * hn[j];
    }
    at_vtanh(n, n, (size_t)h);
    for (int64_t j = 0; j < h; j++) {
      state[j] = (1 - z[j]) * n[j] + (before ? z[j] * before[j] : 0);
      y[j] += g->by * state[j];
    }
  }
}

static void forward_direction(at_exec *x, const at_node *n, int dir) {
  gru g;
  open_gru(x, n, dir, &g);
  const int64_t h = g.s.h, from = g.s.from;
  at_pool *pool = at_x_pool(x);
  g.y = at_x_out(x, n) + (g.y_stride > h ? dir * h : 0);
  at_x_fill_rows(x, g.gi, g.s.rows, 3 * h, g.b_ih);
  at_gemm(pool, g.s.rows, 3 * h, from, 1, (at_mat){at_unconst(g.x), from, 1},
          (at_mat){at_unconst(g.w_ih), 1, from}, 1, (at_mat){g.gi, 3 * h, 1});
  for (g.t = 0; g.t < g.s.longest; g.t++) {
    int64_t active = g.s.begin[g.t + 1] - g.s.begin[g.t];
    at_x_fill_rows(x, g.gh, active, 3 * h, g.b_hh);
    if (g.t)
      at_gemm(pool, active, 3 * h, h, 1, (at_mat){g.state + g.s.begin[g.t - 1] * h, h, 1},
              (at_mat){at_unconst(g.w_hh), 1, h}, 1, (at_mat){g.gh, 3 * h, 1});
    at_parallel_range(pool, (size_t)active, (size_t)(4096 / h + 1), gate_rows, &g);
  }
}

static void gru_forward(at_exec *x, const at_node *n) {
  memset(at_x_out(x, n), 0, (size_t)at_x_count(x, n) * sizeof(float));
  for (int dir = 0; dir < directions(n); dir++) forward_direction(x, n, dir);
}

/* ---- backward ---- */

/* Gradients of the gates of step t into gi rows [dar daz dan dhn]; what goes on to the
 * state before through z into carry. */
static void gate_back_rows(void *ctx, size_t begin, size_t end) {
  const gru *g = ctx;
  const int64_t h = g->s.h, first = g->s.begin[g->t];
  for (int64_t k = (int64_t)begin; k < (int64_t)end; k++) {
    int64_t row = first + k, item = g->s.item[g->dir][row];
    const float *r = g->gates + row * 4 * h, *z = r + h, *n = z + h, *hn = n + h;
    const float *before = g->t ? g->state + (g->s.begin[g->t - 1] + k) * h : NULL;
    const float *dy = g->dy + item * g->y_stride;
    float *d = g->gi + row * 4 * h, *carry = g->carry + k * h;
    for (int64_t j = 0; j < h; j++) {
      float dh = g->by * dy[j] + carry[j], b = before ? before[j] : 0;
      float dn = dh * (1 - z[j]) * (1 - n[j] * n[j]);
      d[j] = dn * hn[j] * r[j] * (1 - r[j]);
      d[h + j] = dh * (b - n[j]) * z[j] * (1 - z[j]);
      d[2 * h + j] = dn;
      d[3 * h + j] = dn * r[j];
      carry[j] = dh * z[j];
    }
  }
}

static void gather_rows(void *ctx, size_t begin, size_t end) {
  const gru *g = ctx;
  for (size_t row = begin; row < end; row++)
    memcpy(g->sorted + (int64_t)row * g->s.from, g->x + (int64_t)g->s.item[g->dir][row] * g->s.from,
           (size_t)g->s.from * sizeof(float));
}

static void scatter_rows(void *ctx, size_t begin, size_t end) {
  const gru *g = ctx;
  for (size_t row = begin; row < end; row++)
    at_vaxpy(g->dh + (int64_t)g->s.item[g->dir][row] * g->s.from, 1,
             g->sorted + (int64_t)row * g->s.from, (size_t)g->s.from);
}

/* dW_ih, db_ih and dx from the gates' gradients, which lie in step order. */
static void input_gradients(at_exec *x, const at_node *n, gru *g) {
  const int64_t h = g->s.h, from = g->s.from, rows = g->s.rows;
  int p = 1 + g->dir * PER_DIRECTION;
  float *dw = at_x_grad_in(x, n, p + W_IH), *db = at_x_grad_in(x, n, p + B_IH);
  float *dx = at_x_grad_in(x, n, 0);
  at_pool *pool = at_x_pool(x);
  at_parallel_range(pool, (size_t)rows, 64, gather_rows, g);
  if (dw)
    at_gemm(pool, 3 * h, from, rows, 1, (at_mat){g->gi, 1, 4 * h}, (at_mat){g->sorted, from, 1}, 1,
            (at_mat){dw, from, 1});
  if (db) at_x_add_column_sums(x, g->gi, rows, 3 * h, 4 * h, db);
  if (!dx) return;
  at_gemm(pool, rows, from, 3 * h, 1, (at_mat){g->gi, 4 * h, 1},
          (at_mat){at_unconst(g->w_ih), from, 1}, 0, (at_mat){g->sorted, from, 1});
  g->dh = dx;
  at_parallel_range(pool, (size_t)rows, 64, scatter_rows, g);
}

static void state_gradients(at_exec *x, const at_node *n, gru *g) {
  const int64_t h = g->s.h, rows = g->s.rows;
  int p = 1 + g->dir * PER_DIRECTION;
  float *dw = at_x_grad_in(x, n, p + W_HH), *db = at_x_grad_in(x, n, p + B_HH);
  at_pool *pool = at_x_pool(x);
  int64_t first = g->s.longest > 1 ? g->s.begin[1] : rows, later = rows - first;
  for (int64_t t = 1; t < g->s.longest; t++)
    memcpy(g->before + (g->s.begin[t] - first) * h, g->state + g->s.begin[t - 1] * h,
           (size_t)((g->s.begin[t + 1] - g->s.begin[t]) * h) * sizeof(float));
  at_mat before = {g->before, h, 1};
  float *d = g->gi + first * 4 * h;
  if (dw && later) {
    at_gemm(pool, 2 * h, h, later, 1, (at_mat){d, 1, 4 * h}, before, 1, (at_mat){dw, h, 1});
    at_gemm(pool, h, h, later, 1, (at_mat){d + 3 * h, 1, 4 * h}, before, 1,
            (at_mat){dw + 2 * h * h, h, 1});
  }
  if (!db) return;
  at_x_add_column_sums(x, g->gi, rows, 2 * h, 4 * h, db);
  at_x_add_column_sums(x, g->gi + 3 * h, rows, h, 4 * h, db + 2 * h);
}

static void backward_direction(at_exec *x, const at_node *n, int dir) {
  gru g;
  open_gru(x, n, dir, &g);
  const int64_t h = g.s.h;
  at_pool *pool = at_x_pool(x);
  g.dy = at_x_grad_out(x, n) + (g.y_stride > h ? dir * h : 0);
  g.carry = g.gh;
  memset(g.carry, 0, (size_t)(g.s.sequences * h) * sizeof(float));
  at_mat w = {at_unconst(g.w_hh), h, 1}, w_n = {at_unconst(g.w_hh) + 2 * h * h, h, 1};
  for (g.t = g.s.longest - 1; g.t >= 0; g.t--) {
    int64_t active = g.s.begin[g.t + 1] - g.s.begin[g.t];
    at_parallel_range(pool, (size_t)active, (size_t)(4096 / h + 1), gate_back_rows, &g);
    if (!g.t) break;
    float *d = g.gi + g.s.begin[g.t] * 4 * h;
    at_gemm(pool, active, h, 2 * h, 1, (at_mat){d, 4 * h, 1}, w, 1, (at_mat){g.carry, h, 1});
    at_gemm(pool, active, h, h, 1, (at_mat){d + 3 * h, 4 * h, 1}, w_n, 1, (at_mat){g.carry, h, 1});
  }
  input_gradients(x, n, &g);
  state_gradients(x, n, &g);
}

static void gru_backward(at_exec *x, const at_node *n) {
  for (int dir = 0; dir < directions(n); dir++) backward_direction(x, n, dir);
}

static double gru_flops(const at_exec *x, const at_node *n) {
  steps s;
  sizes(x, n, &s);
  return 6.0 * directions(n) * (double)s.rows * (double)s.h * (double)(s.from + s.h);
}

const at_op at_op_gru = {
    .name = "gru",
    .summary = "gated recurrent unit, left to right",
    .formula = "h' = (1 - z) n + z h  (Cho et al., 2014; parameters as torch.nn.GRU)",
    .axes = "[..., over, from] -> [..., over, to]",
    .min_in = 1,
    .max_in = 1,
    .params = gru_params,
    .flags = AT_OP_KEEPS_IN,
    .infer = gru_infer,
    .saved = gru_saved,
    .scratch = gru_scratch,
    .forward = gru_forward,
    .backward = gru_backward,
    .flops = gru_flops,
};
const at_op at_op_bigru = {
    .name = "bigru",
    .summary = "gated recurrent unit in both directions",
    .formula = "mean, sum or concatenation of gru from the left and from the right",
    .axes = "[..., over, from] -> [..., over, to]",
    .min_in = 1,
    .max_in = 1,
    .params = bigru_params,
    .flags = AT_OP_KEEPS_IN,
    .infer = gru_infer,
    .saved = gru_saved,
    .scratch = gru_scratch,
    .forward = gru_forward,
    .backward = gru_backward,
    .flops = gru_flops,
};
