/* The cosine of x with an attended value c = sum_o w_o v_o, c never formed:
 *
 *   r = sum_o w_o S_o / max(nx sqrt(max(w' G w, 1e-20)), 1e-8),
 *   S_o = <x, v_o>,  G = V V'
 *
 * Inputs: weight and S [lead..., over, rest...], value [lead..., over, along], nx the norm of
 * x over `rest`.  A segment is one picture (dense) or one caption (ragged over). */
#include <math.h>
#include <string.h>
#include "core/graph/op_common.h"
#include "core/graph/ops.h"
#include "core/tensor/gemm.h"

enum { AC_OVER, AC_ALONG };
enum { AC_WEIGHT, AC_SCORE, AC_VALUE, AC_NORM };
static const at_param_spec params[] = {
    {"over", AT_ARG_AXIS, true, 0, 0, 0, NULL, "the axis attended over"},
    {"along", AT_ARG_AXIS, true, 0, 0, 0, NULL, "the features"},
    {0}};

#define LEAST_SQUARE 1e-20f
#define LEAST_NORM   1e-8f
enum { BLOCK = 256 }; /* columns of `rest` worked on at a time */

static at_status unfit(at_error *err) {
  return at_fail(err, AT_EINPUT, "attended_cosine does not suit these axes");
}

static at_status ac_infer(at_graph *g, at_node *n, at_error *err) {
  const at_node *w = n->in[AC_WEIGHT], *s = n->in[AC_SCORE], *v = n->in[AC_VALUE],
                *nx = n->in[AC_NORM];
  int over = at_node_dim(w, n->arg[AC_OVER].axis[0]), p = v->ndim - 2;
  at_status st = at_op_need_real(g, n, err);
  if (st != AT_OK) return st;
  if (over < 0 || over != p || w->ndim != s->ndim ||
      v->dim[v->ndim - 1].axis != n->arg[AC_ALONG].axis[0])
    return unfit(err);
  for (int i = 0; i < w->ndim; i++)
    if (w->dim[i].axis != s->dim[i].axis || (i <= over && w->dim[i].axis != v->dim[i].axis))
      return unfit(err);
  if (nx->ndim != w->ndim - over - 1) return unfit(err);
  for (int i = 0; i < nx->ndim; i++)
    if (nx->dim[i].axis != w->dim[over + 1 + i].axis) return unfit(err);
  at_op_reduced_dims(g, n, over);
  return AT_OK;
}

typedef struct cosine {
  int64_t segments, rest, d, over; /* over: all rows of values; a segment's are from row_of */
  const int64_t *off;              /* ragged; NULL: each segment has `each` rows */
  int64_t each;
  const float *w, *s, *v, *nx, *dy;
  float *out, *dw, *ds, *dv, *gram, *product, *dgram;
  float *dnx_part;
} cosine;

static int64_t row_of(const cosine *c, int64_t seg) { return c->off ? c->off[seg] : seg * c->each; }
static int64_t rows_of(const cosine *c, int64_t seg) {
  return c->off ? c->off[seg + 1] - c->off[seg] : c->each;
}

static void shape(const at_exec *x, const at_node *n, cosine *c) {
  const at_node *w = n->in[AC_WEIGHT], *v = n->in[AC_VALUE];
  int over = at_node_dim(w, n->arg[AC_OVER].axis[0]);
  at_around a = at_x_around(x, w, over);
  memset(c, 0, sizeof *c);
  c->off = at_x_offsets(x, w->dim[over].axis);
  c->segments = c->off ? at_x_axis_size(x, at_x_graph(x)->axis[w->dim[over].axis].parent) : a.outer;
  c->each = a.n;
  c->over = c->off ? a.n : a.outer * a.n;
  c->rest = a.inner;
  c->d = at_x_dim(x, v, v->ndim - 1);
}

/* Where a segment's Gram matrix begins among all: sum of squares before it. */
static int64_t gram_at(const cosine *c, int64_t seg) {
  if (!c->off) return seg * c->each * c->each;
  int64_t at = 0;
  for (int64_t i = 0; i < seg; i++) at += rows_of(c, i) * rows_of(c, i);
  return at;
}

static size_t gram_bytes(const cosine *c) {
  return ((size_t)gram_at(c, c->segments) * sizeof(float) + 63) / 64 * 64;
}

static size_t ac_saved(const at_exec *x, const at_node *n) {
  cosine c;
  shape(x, n, &c);
  return gram_bytes(&c);
}

/* G w of one block of columns for every segment; in backward dG, and parts of dnx. */
static size_t ac_scratch(const at_exec *x, const at_node *n) {
  cosine c;
  shape(x, n, &c);
  return (size_t)(2 * c.over * BLOCK + c.segments * c.rest) * sizeof(float) + gram_bytes(&c);
}

static void open_cosine(const at_exec *x, const at_node *n, cosine *c) {
  char *scratch = at_x_scratch(x, n);
  shape(x, n, c);
  c->w = at_x_in(x, n, AC_WEIGHT);
  c->s = at_x_in(x, n, AC_SCORE);
  c->v = at_x_in(x, n, AC_VALUE);
  c->nx = at_x_in(x, n, AC_NORM);
  c->gram = at_x_saved(x, n);
  c->dgram = (float *)(void *)scratch;
  c->product = (float *)(void *)(scratch + gram_bytes(c));
  c->dnx_part = c->product + 2 * c->over * BLOCK;
}

/* ---- one block of columns: rows of w and s times BLOCK columns ---- */

static void sums(const cosine *c, int64_t row, int64_t k, int64_t at, int64_t width, const float *u,
                 float *num, float *sq) {
  memset(num, 0, BLOCK * sizeof *num);
  memset(sq, 0, BLOCK * sizeof *sq);
  for (int64_t i = 0; i < k; i++) {
    const float *w = c->w + (row + i) * c->rest + at, *s = c->s + (row + i) * c->rest + at;
    const float *ui = u + i * BLOCK;
    for (int64_t j = 0; j < width; j++) {
      num[j] += w[j] * s[j];
      sq[j] += w[j] * ui[j];
    }
  }
}

static void gram_times(const cosine *c, const float *g, int64_t row, int64_t k, int64_t at,
                       int64_t width, float *u) {
  at_gemm(NULL, k, width, k, 1, (at_mat){at_unconst(g), k, 1},
          (at_mat){at_unconst(c->w) + row * c->rest + at, c->rest, 1}, 0, (at_mat){u, BLOCK, 1});
}

static void forward_segment(void *ctx, size_t seg) {
  const cosine *c = ctx;
  int64_t row = row_of(c, (int64_t)seg), k = rows_of(c, (int64_t)seg);
  float *g = c->gram + gram_at(c, (int64_t)seg), *u = c->product + row * BLOCK;
  at_mat v = {at_unconst(c->v) + row * c->d, c->d, 1}, vt = {v.p, 1, c->d};
  float num[BLOCK], sq[BLOCK];
  at_gemm(NULL, k, k, c->d, 1, v, vt, 0, (at_mat){g, k, 1});
  for (int64_t at = 0; at < c->rest; at += BLOCK) {
    int64_t width = c->rest - at < BLOCK ? c->rest - at : BLOCK;
    gram_times(c, g, row, k, at, width, u);
    sums(c, row, k, at, width, u, num, sq);
    for (int64_t j = 0; j < width; j++) {
      float q = sq[j] > LEAST_SQUARE ? sq[j] : LEAST_SQUARE;
      float den = c->nx[at + j] * sqrtf(q);
      c->out[(int64_t)seg * c->rest + at + j] = num[j] / (den > LEAST_NORM ? den : LEAST_NORM);
    }
  }
}

static void ac_forward(at_exec *x, const at_node *n) {
  cosine c;
  open_cosine(x, n, &c);
  c.out = at_x_out(x, n);
  at_parallel(at_x_pool(x), (size_t)c.segments, forward_segment, &c);
}

/* Per column: d num, 2 d(w'Gw), and the part of d nx. */
static void column_gradients(const cosine *c, int64_t seg, int64_t at, int64_t width,
                             const float *num, const float *sq, float *dnum, float *dq) {
  for (int64_t j = 0; j < width; j++) {
    float q = sq[j] > LEAST_SQUARE ? sq[j] : LEAST_SQUARE, root = sqrtf(q);
    float den = c->nx[at + j] * root, dy = c->dy[seg * c->rest + at + j];
    bool free = den > LEAST_NORM;
    float by = 1.0f / (free ? den : LEAST_NORM);
    float dden = free ? -dy * num[j] * by * by : 0;
    dnum[j] = dy * by;
    dq[j] = sq[j] > LEAST_SQUARE ? dden * c->nx[at + j] / root : 0;
    c->dnx_part[seg * c->rest + at + j] = dden * root;
  }
}

static void backward_segment(void *ctx, size_t segment) {
  const cosine *c = ctx;
  int64_t seg = (int64_t)segment, row = row_of(c, seg), k = rows_of(c, seg);
  const float *g = c->gram + gram_at(c, seg);
  float *dg = c->dgram + gram_at(c, seg), *u = c->product + row * 2 * BLOCK,
        *scaled = u + k * BLOCK;
  float num[BLOCK], sq[BLOCK], dnum[BLOCK], dq[BLOCK];
  for (int64_t at = 0; at < c->rest; at += BLOCK) {
    int64_t width = c->rest - at < BLOCK ? c->rest - at : BLOCK;
    gram_times(c, g, row, k, at, width, u);
    sums(c, row, k, at, width, u, num, sq);
    column_gradients(c, seg, at, width, num, sq, dnum, dq);
    for (int64_t i = 0; i < k; i++) {
      int64_t first = (row + i) * c->rest + at;
      const float *w = c->w + first, *s = c->s + first, *ui = u + i * BLOCK;
      for (int64_t j = 0; c->dw && j < width; j++)
        c->dw[first + j] += dnum[j] * s[j] + dq[j] * ui[j];
      for (int64_t j = 0; c->ds && j < width; j++) c->ds[first + j] += dnum[j] * w[j];
      for (int64_t j = 0; j < width; j++) scaled[i * BLOCK + j] = dq[j] * w[j];
    }
    /* d(w'Gw) = dq/2 here stands for both triangles: dG + dG' = W diag(dq) W'. */
    if (c->dv)
      at_gemm(NULL, k, k, width, 1, (at_mat){scaled, BLOCK, 1},
              (at_mat){at_unconst(c->w) + row * c->rest + at, 1, c->rest}, at > 0,
              (at_mat){dg, k, 1});
  }
  if (c->dv)
    at_gemm(NULL, k, c->d, k, 1, (at_mat){dg, k, 1},
            (at_mat){at_unconst(c->v) + row * c->d, c->d, 1}, 1,
            (at_mat){c->dv + row * c->d, c->d, 1});
}

static void ac_backward(at_exec *x, const at_node *n) {
  cosine c;
  open_cosine(x, n, &c);
  c.dy = at_x_grad_out(x, n);
  c.dw = at_x_grad_in(x, n, AC_WEIGHT);
  c.ds = at_x_grad_in(x, n, AC_SCORE);
  c.dv = at_x_grad_in(x, n, AC_VALUE);
  float *dnx = at_x_grad_in(x, n, AC_NORM);
  at_parallel(at_x_pool(x), (size_t)c.segments, backward_segment, &c);
  if (dnx) at_x_add_column_sums(x, c.dnx_part, c.segments, c.rest, c.rest, dnx);
}

static double ac_flops(const at_exec *x, const at_node *n) {
  cosine c;
  shape(x, n, &c);
  double flops = 0;
  for (int64_t s = 0; s < c.segments; s++) {
    double k = (double)rows_of(&c, s);
    flops += 2 * k * k * (double)c.d + 2 * k * k * (double)c.rest + 4 * k * (double)c.rest;
  }
  return flops;
}

const at_op at_op_attended_cosine = {
    .name = "attended_cosine",
    .summary = "cosine with an attended value through the Gram matrix",
    .formula = "sum_o w_o S_o / (|x| sqrt(w' G w))",
    .axes = "[lead, over, rest] -> [lead, rest]",
    .min_in = 4,
    .max_in = 4,
    .params = params,
    .flags = AT_OP_KEEPS_IN | AT_OP_INTERNAL | AT_OP_ITEMS,
    .infer = ac_infer,
    .saved = ac_saved,
    .scratch = ac_scratch,
    .forward = ac_forward,
    .backward = ac_backward,
    .flops = ac_flops,
};
