/* Pooling over a picture's windows, [..., y, x, channel]. */
#include <string.h>
#include "core/graph/op_common.h"
#include "core/graph/ops.h"

enum { POOL_SPACE, POOL_SIZE, POOL_STRIDE, POOL_PADDING };
static const at_param_spec pool_params[] = {
    {"space", AT_ARG_AXES, true, 0, 0, 0, NULL, "rows and columns of the picture"},
    {"size", AT_ARG_INT, false, 2, 1, 64, NULL, "side of the square window"},
    {"stride", AT_ARG_INT, false, 0, 0, 64, NULL, "step; 0: the size"},
    {"padding", AT_ARG_INT, false, 0, 0, 32, NULL,
     "places around the picture, of at most half the window: zeros to a mean, nothing to a "
     "greatest"},
    {0}};

typedef struct pool {
  int64_t images, h, w, ch, oh, ow, size, stride, pad;
  const float *x, *dy;
  float *y, *dx;
  int32_t *best; /* where in the picture the greatest was */
} pool;

static int64_t step(const at_node *n) {
  int64_t s = (int64_t)n->arg[POOL_STRIDE].num;
  return s ? s : (int64_t)n->arg[POOL_SIZE].num;
}

static at_status pool_infer(at_graph *g, at_node *n, at_error *err) {
  const int64_t pad = (int64_t)n->arg[POOL_PADDING].num;
  at_status s = at_op_like_first(g, n, err);
  if (s == AT_OK && 2 * pad > (int64_t)n->arg[POOL_SIZE].num)
    s = at_fail(err, AT_EINPUT, "%s: a padding of %lld is more than half the window's %lld",
                n->op->name, (long long)pad, (long long)n->arg[POOL_SIZE].num);
  if (s == AT_OK) s = at_op_space(g, n, &n->arg[POOL_SPACE], -1, err);
  for (int i = 0; s == AT_OK && i < 2; i++) {
    at_dim *d = &n->dim[n->ndim - 3 + i];
    int64_t size = (int64_t)n->arg[POOL_SIZE].num;
    if (d->size < 0) continue;
    if (d->size + 2 * pad < size)
      return at_fail(err, AT_EINPUT, "%s: `%s` has the size %lld, less than the window's %lld",
                     n->op->name, g->axis[d->axis].name, (long long)d->size, (long long)size);
    d->size = (d->size + 2 * pad - size) / step(n) + 1;
  }
  return s;
}

static pool pool_shape(const at_exec *x, const at_node *n) {
  const at_node *v = n->in[0];
  int d = v->ndim - 3;
  pool p = {.h = at_x_dim(x, v, d),
            .w = at_x_dim(x, v, d + 1),
            .ch = at_x_dim(x, v, d + 2),
            .oh = at_x_dim(x, n, d),
            .ow = at_x_dim(x, n, d + 1),
            .size = (int64_t)n->arg[POOL_SIZE].num,
            .stride = step(n),
            .pad = (int64_t)n->arg[POOL_PADDING].num};
  p.images = at_x_count(x, v) / (p.h * p.w * p.ch);
  return p;
}

/* A task is one row of windows of one picture in forward, one picture in backward. */
typedef struct window {
  int64_t out;                   /* first element of its channels */
  int64_t image, y0, x0, y1, x1; /* first element of the picture; the places that lie inside */
} window;

static window window_at(const pool *p, int64_t image, int64_t oy, int64_t ox) {
  const int64_t y = oy * p->stride - p->pad, x = ox * p->stride - p->pad;
  return (window){.out = ((image * p->oh + oy) * p->ow + ox) * p->ch,
                  .image = image * p->h * p->w * p->ch,
                  .y0 = y > 0 ? y : 0,
                  .x0 = x > 0 ? x : 0,
                  .y1 = at_fewer(y + p->size, p->h),
                  .x1 = at_fewer(x + p->size, p->w)};
}

static void max_row(void *ctx, size_t task) {
  const pool *p = ctx;
  int64_t image = (int64_t)task / p->oh, oy = (int64_t)task % p->oh;
  for (int64_t ox = 0; ox < p->ow; ox++) {
    const window w = window_at(p, image, oy, ox);
    for (int64_t c = 0; c < p->ch; c++) {
      int64_t at = w.image + (w.y0 * p->w + w.x0) * p->ch + c;
      for (int64_t y = w.y0; y < w.y1; y++)
        for (int64_t x = w.x0; x < w.x1; x++) {
          const int64_t other = w.image + (y * p->w + x) * p->ch + c;
          if (p->x[other] > p->x[at]) at = other;
        }
      p->y[w.out + c] = p->x[at];
      p->best[w.out + c] = (int32_t)(at - w.image);
    }
  }
}

static void max_back(void *ctx, size_t image) {
  const pool *p = ctx;
  int64_t n = p->oh * p->ow * p->ch, out = (int64_t)image * n,
          in = (int64_t)image * p->h * p->w * p->ch;
  for (int64_t i = 0; i < n; i++) p->dx[in + p->best[out + i]] += p->dy[out + i];
}

static void avg_row(void *ctx, size_t task) {
  const pool *p = ctx;
  int64_t image = (int64_t)task / p->oh, oy = (int64_t)task % p->oh;
  float by = 1.0f / (float)(p->size * p->size);
  for (int64_t ox = 0; ox < p->ow; ox++) {
    const window w = window_at(p, image, oy, ox);
    memset(p->y + w.out, 0, (size_t)p->ch * sizeof(float));
    for (int64_t y = w.y0; y < w.y1; y++)
      for (int64_t x = w.x0; x < w.x1; x++) {
        const float *from = p->x + w.image + (y * p->w + x) * p->ch;
        for (int64_t c = 0; c < p->ch; c++) p->y[w.out + c] += by * from[c];
      }
  }
}

static void avg_back(void *ctx, size_t image) {
  const pool *p = ctx;
  float by = 1.0f / (float)(p->size * p->size);
  for (int64_t o = 0; o < p->oh * p->ow; o++) {
    const window w = window_at(p, (int64_t)image, o / p->ow, o % p->ow);
    for (int64_t y = w.y0; y < w.y1; y++)
      for (int64_t x = w.x0; x < w.x1; x++) {
        float *dx = p->dx + w.image + (y * p->w + x) * p->ch;
        for (int64_t c = 0; c < p->ch; c++) dx[c] += by * p->dy[w.out + c];
      }
  }
}

static void run_forward(at_exec *x, const at_node *n, at_task_fn *fn) {
  pool p = pool_shape(x, n);
  p.x = at_x_in(x, n, 0);
  p.y = at_x_out(x, n);
  p.best = at_x_saved(x, n);
  at_parallel(at_x_pool(x), (size_t)(p.images * p.oh), fn, &p);
}

static void run_backward(at_exec *x, const at_node *n, at_task_fn *fn) {
  pool p = pool_shape(x, n);
  p.dy = at_x_grad_out(x, n);
  p.dx = at_x_grad_in(x, n, 0);
  p.best = at_x_saved(x, n);
  if (p.dx) at_parallel(at_x_pool(x), (size_t)p.images, fn, &p);
}

static size_t max_saved(const at_exec *x, const at_node *n) {
  return (size_t)at_x_count(x, n) * sizeof(int32_t);
}
static void max_forward(at_exec *x, const at_node *n) { run_forward(x, n, max_row); }
static void max_backward(at_exec *x, const at_node *n) { run_backward(x, n, max_back); }
static void avg_forward(at_exec *x, const at_node *n) { run_forward(x, n, avg_row); }
static void avg_backward(at_exec *x, const at_node *n) { run_backward(x, n, avg_back); }

const at_op at_op_max_pool2d = {
    .name = "max_pool2d",
    .summary = "greatest of each window",
    .axes = "[..., y, x, channel] -> [..., y', x', channel]",
    .min_in = 1,
    .max_in = 1,
    .params = pool_params,
    .infer = pool_infer,
    .saved = max_saved,
    .forward = max_forward,
    .backward = max_backward,
};
const at_op at_op_avg_pool2d = {
    .name = "avg_pool2d",
    .summary = "mean of each window",
    .axes = "[..., y, x, channel] -> [..., y', x', channel]",
    .min_in = 1,
    .max_in = 1,
    .params = pool_params,
    .infer = pool_infer,
    .forward = avg_forward,
    .backward = avg_backward,
};
