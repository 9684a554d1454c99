/* Pictures made larger by a whole factor, over two axes side by side. */
#include <string.h>
#include "core/graph/doubled.h"
#include "core/graph/op_common.h"
#include "core/graph/ops.h"
#include "core/tensor/vecmath.h"

enum { SPACE, BY, MODE };
enum { NEAREST, BILINEAR };
static const at_param_spec resize_params[] = {
    {"space", AT_ARG_AXES, true, 0, 0, 0, NULL, "rows and columns of the picture"},
    {"by", AT_ARG_INT, false, 2, 1, 64, NULL, "factor of both sides"},
    {"mode", AT_ARG_ENUM, false, NEAREST, 0, 0, "nearest|bilinear", "what lies between"},
    {0}};

static at_status resize_infer(at_graph *g, at_node *n, at_error *err) {
  const at_node *v = n->in[0];
  const at_arg *space = &n->arg[SPACE];
  int d[2] = {0, 0};
  at_status s = at_op_like_first(g, n, err);
  if (s == AT_OK && space->n_axes != 2)
    s = at_fail(err, AT_EINPUT, "resize needs two axes, rows and columns; here %d", space->n_axes);
  for (int i = 0; s == AT_OK && i < 2; i++) {
    const at_axis *a = &g->axis[space->axis[i]];
    s = at_node_need_dim(g, v, space->axis[i], &d[i], err);
    if (s == AT_OK && (a->kind == AT_BATCH || a->parent >= 0))
      s = at_fail(err, AT_EINPUT, "resize needs axes of fixed size; `%s` is not one", a->name);
    if (s == AT_OK) n->dim[d[i]].size = at_op_sizes(n->dim[d[i]].size, (int64_t)n->arg[BY].num);
  }
  if (s == AT_OK && d[1] != d[0] + 1)
    s = at_fail(err, AT_EINPUT, "resize needs `%s` and `%s` side by side; %s is %s",
                g->axis[space->axis[0]].name, g->axis[space->axis[1]].name, at_node_title(g, v),
                at_node_axes_text(g, v));
  return s;
}

bool at_resize_doubles(const at_node *n) {
  const at_node *v = n->op == &at_op_resize ? n->in[0] : NULL;
  return v && n->arg[BY].num == 2 && n->arg[MODE].num == NEAREST && v->ndim >= 3 &&
         v->dim[v->ndim - 3].axis == n->arg[SPACE].axis[0] &&
         v->dim[v->ndim - 2].axis == n->arg[SPACE].axis[1];
}

typedef struct resize {
  int64_t h, w, c, by;
  const float *from;
  float *to;
  bool bilinear, back;
} resize;

/* Output place o lies between inputs *lo and *hi, of which *hi has the share returned. */
static float between(const resize *r, int64_t o, int64_t side, int64_t *lo, int64_t *hi) {
  if (!r->bilinear) {
    *lo = *hi = o / r->by;
    return 0;
  }
  float at = ((float)o + 0.5f) / (float)r->by - 0.5f;
  if (at < 0) at = 0;
  *lo = (int64_t)at;
  *hi = *lo + 1 < side ? *lo + 1 : *lo;
  return at - (float)*lo;
}

/* A place of the result out of four, or back to four. */
static void cell(const resize *r, const int64_t *at, const float *share, int64_t out) {
  const size_t n = (size_t)r->c;
  if (!r->back) memset(r->to + out, 0, n * sizeof *r->to);
  for (int k = 0; k < 4; k++) {
    if (share[k] == 0) continue;
    if (r->back)
      at_vaxpy(r->to + at[k], share[k], r->from + out, n);
    else
      at_vaxpy(r->to + out, share[k], r->from + at[k], n);
  }
}

static void pictures(void *ctx, size_t begin, size_t end) {
  const resize *r = ctx;
  for (int64_t p = (int64_t)begin; p < (int64_t)end; p++)
    for (int64_t oy = 0; oy < r->h * r->by; oy++) {
      int64_t y[2], x[2];
      float fy = between(r, oy, r->h, &y[0], &y[1]);
      for (int64_t ox = 0; ox < r->w * r->by; ox++) {
        float fx = between(r, ox, r->w, &x[0], &x[1]);
        const float share[4] = {(1 - fy) * (1 - fx), (1 - fy) * fx, fy * (1 - fx), fy * fx};
        int64_t at[4];
        for (int k = 0; k < 4; k++) at[k] = ((p * r->h + y[k / 2]) * r->w + x[k % 2]) * r->c;
        cell(r, at, share, ((p * r->h * r->by + oy) * r->w * r->by + ox) * r->c);
      }
    }
}

static void run(const at_exec *x, const at_node *n, resize r) {
  const at_node *v = n->in[0];
  int d = at_node_dim(v, n->arg[SPACE].axis[0]);
  r.h = at_x_dim(x, v, d);
  r.w = at_x_dim(x, v, d + 1);
  r.c = at_x_around(x, v, d + 1).inner;
  r.by = (int64_t)n->arg[BY].num;
  r.bilinear = n->arg[MODE].num == BILINEAR;
  at_parallel_range(at_x_pool(x), (size_t)(at_x_count(x, v) / (r.h * r.w * r.c)), 1, pictures, &r);
}

static void resize_forward(at_exec *x, const at_node *n) {
  run(x, n, (resize){.from = at_x_in(x, n, 0), .to = at_x_out(x, n)});
}

static void resize_backward(at_exec *x, const at_node *n) {
  float *dx = at_x_grad_in(x, n, 0);
  if (dx) run(x, n, (resize){.from = at_x_grad_out(x, n), .to = dx, .back = true});
}

const at_op at_op_resize = {
    .name = "resize",
    .summary = "a picture larger by a whole factor",
    .formula = "nearest: x[y / by]; bilinear: x at (y + 1/2) / by - 1/2, the edge repeated",
    .axes = "[..., y, x, ...] -> [..., by y, by x, ...]",
    .min_in = 1,
    .max_in = 1,
    .params = resize_params,
    .flags = AT_OP_CHEAP,
    .infer = resize_infer,
    .forward = resize_forward,
    .backward = resize_backward,
};
