/* Two-dimensional convolution over [..., y, x, channel], weights [to, from, kh, kw] as in
 * PyTorch, by patches and products: a picture's patches become the rows of a matrix. Kernels of
 * 3 x 3 with stride 1, and of 4 x 4 with stride 2, go other ways over many channels (winograd.h,
 * halving.h). */
#include <math.h>
#include <string.h>
#include "core/graph/doubled.h"
#include "core/graph/halving.h"
#include "core/graph/narrow.h"
#include "core/graph/op_common.h"
#include "core/graph/ops.h"
#include "core/graph/quarters.h"
#include "core/graph/weight.h"
#include "core/graph/winograd.h"
#include "core/tensor/gemm.h"
#include "core/tensor/vecmath.h"

enum {
  CONV_SPACE,
  CONV_AXES,
  CONV_KERNEL,
  CONV_STRIDE,
  CONV_PADDING,
  CONV_BIAS,
  CONV_INIT,
  CONV_NORM,
  CONV_KERNEL_X
};
static const at_param_spec conv_params[] = {
    {"space", AT_ARG_AXES, true, 0, 0, 0, NULL, "rows and columns of the picture"},
    {"axes", AT_ARG_MAP, true, 0, 0, 0, NULL, "channels consumed -> made"},
    {"kernel", AT_ARG_INT, false, 3, 1, 31, NULL, "rows of the kernel"},
    {"stride", AT_ARG_INT, false, 1, 1, 31, NULL, "step"},
    {"padding", AT_ARG_INT, false, -1, -1, 31, NULL, "zeros around the picture; -1: kernel / 2"},
    {"bias", AT_ARG_BOOL, false, 1, 0, 0, NULL, "whether a bias is added"},
    {"init", AT_ARG_ENUM, false, 0, 0, 0, "he|xavier|torch|normal",
     "weights: U(-r, r), r = sqrt(6/fan_in); sqrt(6/(fan_in + fan_out)); 1/sqrt(fan_in), the bias "
     "too; N(0, 0.02)"},
    AT_WEIGHT_NORM,
    {"kernel_x", AT_ARG_INT, false, 0, 0, 31, NULL, "its columns; 0: as many as rows"},
    {0}};

static bool normed(const at_node *n) { return n->arg[CONV_NORM].num != 0; }

/* The input that is the bias, the last; 0: there is none. */
static int bias_of(const at_node *n) { return n->arg[CONV_BIAS].num != 0 ? n->n_in - 1 : 0; }

typedef struct conv {
  int64_t images, h, w, from, oh, ow, to, stride;
  int64_t kernel[2], pad[2]; /* of rows, of columns */
} conv;

static int64_t kernel_of(const at_node *n, int side) {
  const int64_t columns = (int64_t)n->arg[CONV_KERNEL_X].num;
  return side && columns ? columns : (int64_t)n->arg[CONV_KERNEL].num;
}

static int64_t padding(const at_node *n, int side) {
  const int64_t p = (int64_t)n->arg[CONV_PADDING].num;
  return p < 0 ? kernel_of(n, side) / 2 : p;
}

bool at_conv_plain(const at_node *n) {
  bool plain = !normed(n) && !bias_of(n) && n->arg[CONV_STRIDE].num == 1;
  for (int side = 0; side < 2; side++)
    plain = plain && kernel_of(n, side) == 3 && padding(n, side) == 1;
  return plain;
}

static int64_t out_side(int64_t side, int64_t kernel, int64_t stride, int64_t pad) {
  return side < 0 ? -1 : side + 2 * pad < kernel ? 0 : (side + 2 * pad - kernel) / stride + 1;
}

at_status at_op_space(const at_graph *g, const at_node *n, const at_arg *space, int channel,
                      at_error *err) {
  const at_node *v = n->in[0];
  if (space->n_axes != 2)
    return at_fail(err, AT_EINPUT, "%s needs two axes, rows and columns; here %d", n->op->name,
                   space->n_axes);
  if (v->ndim < 3 || v->dim[v->ndim - 3].axis != space->axis[0] ||
      v->dim[v->ndim - 2].axis != space->axis[1] ||
      (channel >= 0 && v->dim[v->ndim - 1].axis != channel))
    return at_fail(err, AT_EINPUT, "%s needs [..., %s, %s, channels]; %s is %s", n->op->name,
                   g->axis[space->axis[0]].name, g->axis[space->axis[1]].name, at_node_title(g, v),
                   at_node_axes_text(g, v));
  for (int i = 0; i < 2; i++)
    if (g->axis[space->axis[i]].parent >= 0 || g->axis[space->axis[i]].kind == AT_BATCH)
      return at_fail(err, AT_EINPUT, "%s needs axes of fixed size; `%s` is not one", n->op->name,
                     g->axis[space->axis[i]].name);
  return AT_OK;
}

enum { HE, XAVIER, TORCH, SMALL_NORMAL };

/* He et al., 2015; Glorot and Bengio, 2010; torch.nn.Conv2d; Radford et al., 2016. */
static at_init weight_init(int kind, int64_t from, int64_t to, int64_t places) {
  double in = from > 0 ? (double)(from * places) : 1, out = to > 0 ? (double)(to * places) : 1;
  if (kind == SMALL_NORMAL) return (at_init){AT_INIT_NORMAL, 0.02};
  return (at_init){AT_INIT_UNIFORM, kind == HE       ? sqrt(6 / in)
                                    : kind == XAVIER ? sqrt(6 / (in + out))
                                                     : 1 / sqrt(in)};
}

static at_status conv_infer(at_graph *g, at_node *n, at_error *err) {
  const at_arg *m = &n->arg[CONV_AXES];
  const at_node *v = n->in[0];
  const int64_t stride = (int64_t)n->arg[CONV_STRIDE].num;
  at_status s = at_op_need_real(g, n, err);
  if (s == AT_OK && m->n_axes != 1)
    s = at_fail(err, AT_EINPUT, "conv2d consumes one axis of channels");
  if (s == AT_OK) s = at_op_space(g, n, &n->arg[CONV_SPACE], m->axis[0], err);
  if (s != AT_OK) return s;
  n->type = AT_REAL;
  n->ndim = v->ndim - 1;
  memcpy(n->dim, v->dim, sizeof n->dim);
  for (int i = 0; i < 2; i++) {
    at_dim *d = &n->dim[v->ndim - 3 + i];
    d->size = out_side(d->size, kernel_of(n, i), stride, padding(n, i));
    if (d->size == 0)
      return at_fail(err, AT_EINPUT, "conv2d: `%s` is shorter than the kernel",
                     g->axis[d->axis].name);
  }
  if ((s = at_op_add_dim(g, n, m->to, m->to_size, err)) != AT_OK) return s;
  int64_t from = v->dim[v->ndim - 1].size;
  const int64_t shape[] = {m->to_size, from, kernel_of(n, 0), kernel_of(n, 1)};
  const int kind = (int)n->arg[CONV_INIT].num;
  at_init init = weight_init(kind, from, m->to_size, shape[2] * shape[3]);
  s = at_weight_parameters(g, n, normed(n), 4, shape, init, err);
  if (s != AT_OK || n->arg[CONV_BIAS].num == 0) return s;
  return at_node_parameter(g, n, "bias", 1, shape,
                           kind == TORCH ? init : (at_init){AT_INIT_ZERO, 0}, err);
}

static conv conv_shape(const at_exec *x, const at_node *n) {
  const at_node *v = n->in[0];
  int d = v->ndim - 3;
  conv c = {.h = at_x_dim(x, v, d),
            .w = at_x_dim(x, v, d + 1),
            .from = at_x_dim(x, v, d + 2),
            .oh = at_x_dim(x, n, d),
            .ow = at_x_dim(x, n, d + 1),
            .to = at_x_dim(x, n, d + 2),
            .stride = (int64_t)n->arg[CONV_STRIDE].num,
            .kernel = {kernel_of(n, 0), kernel_of(n, 1)},
            .pad = {padding(n, 0), padding(n, 1)}};
  c.images = at_x_count(x, v) / (c.h * c.w * c.from);
  return c;
}

/* Numbers that a matrix of patches, or of weights, has at most (more where one row, or one channel
 * made, has more): a band of rows of pictures is worked on at a time, and a block of channels. */
enum { MOST_NUMBERS = 1 << 20 };

static int64_t patch(const conv *c) { return c->kernel[0] * c->kernel[1] * c->from; }

/* From one patch to the next. */
static int64_t pitch(const conv *c) { return at_gemm_pitch(patch(c)); }

/* Of `n` things of `each` numbers, as many as fit. */
static int64_t fitting(int64_t n, int64_t each) {
  const int64_t most = each > 0 ? MOST_NUMBERS / each : n;
  return most < 1 ? 1 : most < n ? most : n;
}

/* Rows of the result, of all pictures one after another. */
static int64_t band_rows(const conv *c) { return fitting(c->images * c->oh, c->ow * pitch(c)); }
static int64_t block_channels(const conv *c) { return fitting(c->to, patch(c)); }

/* Patches that are fewer than the channels made are cheaper to turn than the weights are. */
static bool turns_patches(const conv *c) { return c->images * c->oh * c->ow < c->to; }

/* The way in fewer multiplications that pays, or NULL. */
static const at_tiled *fast_way(const at_exec *x, const conv *c, at_tiling *t) {
  static const at_tiled *const ways[] = {&at_winograd_four, &at_winograd_two, &at_quarters,
                                         &at_halving, &at_narrow};
  *t = (at_tiling){c->images, c->h, c->w, c->from, c->oh, c->ow, c->to, c->pad[0], 0, false};
  if (at_x_graph(x)->how.whole_sums) return NULL;
  for (size_t i = 0; i < sizeof ways / sizeof *ways; i++) {
    t->side = ways[i]->side;
    if (c->kernel[0] == ways[i]->kernel && c->kernel[1] == ways[i]->kernel &&
        c->stride == ways[i]->stride && ways[i]->pays(t))
      return ways[i];
  }
  return NULL;
}

static size_t conv_scratch(const at_exec *x, const at_node *n) {
  conv c = conv_shape(x, n);
  at_tiling t;
  const at_tiled *fast = fast_way(x, &c, &t);
  const size_t slow = (size_t)(band_rows(&c) * c.ow * pitch(&c) + block_channels(&c) * patch(&c));
  return at_weight_scratch(x, n, normed(n)) + (fast ? fast->scratch(&t) : slow) * sizeof(float);
}

typedef struct work {
  conv c;
  const float *x, *dy, *weight; /* weight: [to, from, kh, kw] */
  float *y, *dx, *dw;
  float *w, *m;         /* a block of weights [made, ky, kx, from] or turned, a band of patches */
  bool as_stored;       /* patches lie as the weights do, [from, ky, kx] */
  int64_t first, rows;  /* of the band */
  int64_t begin, count; /* of the block */
  bool assign;          /* y is written, not added to */
} work;

/* Weights are turned a few lines of a cache at a time. */
enum { LANES = 16 };

/* Channels made begin .. end - 1 of the block, [from, kh, kw] to [kh, kw, from]. */
static void turn_weight(void *ctx, size_t begin, size_t end) {
  const work *k = ctx;
  const int64_t kk = k->c.kernel[0] * k->c.kernel[1], from = k->c.from, p = patch(&k->c);
  for (int64_t o = (int64_t)begin; o < (int64_t)end; o++)
    for (int64_t ch = 0; ch < from; ch += LANES) {
      const float *w = k->weight + (k->begin + o) * p + ch * kk;
      const int64_t n = from - ch < LANES ? from - ch : LANES;
      for (int64_t i = 0; i < kk; i++)
        for (int64_t l = 0; l < n; l++) k->w[o * p + i * from + ch + l] = w[l * kk + i];
    }
}

/* The same, LANES at most, as columns: [to, from, kh, kw] to [kh, kw, from, to]. */
static void turn_columns(void *ctx, size_t begin, size_t end) {
  const work *k = ctx;
  const int64_t kk = k->c.kernel[0] * k->c.kernel[1], from = k->c.from, p = patch(&k->c);
  const int64_t n = (int64_t)(end - begin);
  const float *w = k->weight + (k->begin + (int64_t)begin) * p;
  for (int64_t ch = 0; ch < from; ch++)
    for (int64_t i = 0; i < kk; i++, w++) {
      float *to = k->w + (i * from + ch) * k->count + begin;
      for (int64_t l = 0; l < n; l++) to[l] = w[l * p];
    }
}

/* And rows back, added. */
static void turn_slope(void *ctx, size_t begin, size_t end) {
  const work *k = ctx;
  const int64_t kk = k->c.kernel[0] * k->c.kernel[1], from = k->c.from, p = patch(&k->c);
  for (int64_t o = (int64_t)begin; o < (int64_t)end; o++)
    for (int64_t ch = 0; ch < from; ch++)
      for (int64_t i = 0; i < kk; i++)
        k->dw[(k->begin + o) * p + ch * kk + i] += k->w[o * p + i * from + ch];
}

static int64_t clamp(int64_t v, int64_t most) { return v < 0 ? 0 : v < most ? v : most; }

/* Columns begin .. end - 1 of row ky of a patch lie inside the picture, side by side. */
typedef struct run {
  int64_t begin, end;
  float *at; /* the first */
} run;

/* r: row of the result, of all pictures. */
static run run_of(const conv *c, float *x, int64_t r, int64_t ox, int64_t ky) {
  const int64_t iy = r % c->oh * c->stride + ky - c->pad[0], left = ox * c->stride - c->pad[1];
  if (iy < 0 || iy >= c->h) return (run){0, 0, x};
  const run k = {clamp(-left, c->kernel[1]), clamp(c->w - left, c->kernel[1]), NULL};
  if (k.begin >= k.end) return (run){0, 0, x};
  return (run){k.begin, k.end, x + ((r / c->oh * c->h + iy) * c->w + left + k.begin) * c->from};
}

/* A number of the input, or NULL beyond its edge; i: place in the kernel, row by row. */
static float *input_of(const conv *c, float *x, int64_t r, int64_t ox, int64_t i) {
  const int64_t kx = i % c->kernel[1];
  const run in = run_of(c, x, r, ox, i / c->kernel[1]);
  return kx < in.begin || kx >= in.end ? NULL : in.at + (kx - in.begin) * c->from;
}

/* The patches of some rows of a band. */
static void gather_rows(void *ctx, size_t begin, size_t end) {
  const work *k = ctx;
  const conv *c = &k->c;
  const int64_t across = c->kernel[1] * c->from;
  float *m = k->m + (int64_t)begin * c->ow * pitch(c);
  for (int64_t r = (int64_t)begin; r < (int64_t)end; r++)
    for (int64_t ox = 0; ox < c->ow; ox++, m += pitch(c) - patch(c))
      for (int64_t ky = 0; ky < c->kernel[0]; ky++, m += across) {
        const run in = run_of(c, at_unconst(k->x), k->first + r, ox, ky);
        const int64_t first = in.begin * c->from, last = in.end * c->from;
        memset(m, 0, (size_t)first * sizeof *m);
        memcpy(m + first, in.at, (size_t)(last - first) * sizeof *m);
        memset(m + last, 0, (size_t)(across - last) * sizeof *m);
      }
}

/* Adds channels begin .. end - 1 of patches of rows first .. last - 1 of the band to the gradient
 * of the input. */
static void scatter_rows(const work *k, int64_t first, int64_t last, size_t begin, size_t end) {
  const conv *c = &k->c;
  const bool all = end - begin == (size_t)c->from;
  const float *m = k->m + first * c->ow * pitch(c);
  for (int64_t r = first; r < last; r++)
    for (int64_t ox = 0; ox < c->ow; ox++, m += pitch(c) - patch(c))
      for (int64_t ky = 0; ky < c->kernel[0]; ky++, m += c->kernel[1] * c->from) {
        const run in = run_of(c, k->dx, k->first + r, ox, ky);
        const float *from = m + in.begin * c->from;
        const int64_t n = (in.end - in.begin) * c->from;
        if (all)
          at_vaxpy(in.at, 1, from, (size_t)n);
        else
          for (int64_t i = (int64_t)begin; i < n; i += c->from)
            at_vaxpy(in.at + i, 1, from + i, end - begin);
      }
}

/* Patches overlap, so that work is dealt out by channels, */
static void scatter_channels(void *ctx, size_t begin, size_t end) {
  const work *k = ctx;
  scatter_rows(k, 0, k->rows, begin, end);
}

/* or, where these are few, by pictures. */
static void scatter_pictures(void *ctx, size_t begin, size_t end) {
  const work *k = ctx;
  const int64_t first = (int64_t)begin * k->c.oh - k->first,
                last = (int64_t)end * k->c.oh - k->first;
  if (last > 0 && first < k->rows)
    scatter_rows(k, clamp(first, k->rows), clamp(last, k->rows), 0, (size_t)k->c.from);
}

enum { CHANNELS = 32 }; /* one piece of work */

/* The same two for patches that lie as the weights do. */
static void gather_as_stored(void *ctx, size_t begin, size_t end) {
  const work *k = ctx;
  const conv *c = &k->c;
  const int64_t kk = c->kernel[0] * c->kernel[1];
  float *m = k->m + (int64_t)begin * c->ow * pitch(c);
  for (int64_t r = (int64_t)begin; r < (int64_t)end; r++)
    for (int64_t ox = 0; ox < c->ow; ox++, m += pitch(c))
      for (int64_t i = 0; i < kk; i++) {
        const float *at = input_of(c, at_unconst(k->x), k->first + r, ox, i);
        for (int64_t ch = 0; ch < c->from; ch++) m[ch * kk + i] = at ? at[ch] : 0;
      }
}

static void scatter_as_stored(void *ctx, size_t begin, size_t end) {
  const work *k = ctx;
  const conv *c = &k->c;
  const int64_t kk = c->kernel[0] * c->kernel[1];
  const float *m = k->m;
  for (int64_t r = 0; r < k->rows; r++)
    for (int64_t ox = 0; ox < c->ow; ox++, m += pitch(c))
      for (int64_t i = 0; i < kk; i++) {
        float *at = input_of(c, k->dx, k->first + r, ox, i);
        for (size_t ch = begin; at && ch < end; ch++) at[ch] += m[(int64_t)ch * kk + i];
      }
}

static void gather(at_pool *pool, work *k) {
  at_parallel_range(pool, (size_t)k->rows, 1, k->as_stored ? gather_as_stored : gather_rows, k);
}

static void scatter(at_pool *pool, work *k) {
  if (!k->as_stored && k->c.from <= CHANNELS) {
    at_parallel_range(pool, (size_t)k->c.images, 1, scatter_pictures, k);
    return;
  }
  at_parallel_range(pool, (size_t)k->c.from, CHANNELS,
                    k->as_stored ? scatter_as_stored : scatter_channels, k);
}

/* A block's weights, [made, patch], as the patches lie. */
static at_mat block_weights(at_pool *pool, work *k) {
  const int64_t p = patch(&k->c);
  if (k->as_stored) return (at_mat){at_unconst(k->weight) + k->begin * p, p, 1};
  at_parallel_range(pool, (size_t)k->count, 1, turn_weight, k);
  return (at_mat){k->w, p, 1};
}

/* The same, [patch, made]: side by side, as products of many patches read them. */
static at_mat block_columns(at_pool *pool, work *k) {
  const int64_t p = patch(&k->c);
  if (k->as_stored) return (at_mat){at_unconst(k->weight) + k->begin * p, 1, p};
  at_parallel_range(pool, (size_t)k->count, LANES, turn_columns, k);
  return (at_mat){k->w, k->count, 1};
}

/* Every block of channels with every band of rows: the next one; false: there is none. */
static bool next_block(work *k) {
  k->begin += k->count;
  const int64_t left = k->c.to - k->begin, most = block_channels(&k->c);
  k->count = left < most ? left : most;
  return k->count > 0;
}

static bool next_band(work *k) {
  k->first += k->rows;
  const int64_t left = k->c.images * k->c.oh - k->first, most = band_rows(&k->c);
  k->rows = left < most ? left : most;
  k->begin = k->count = 0;
  return k->rows > 0;
}

static void slow_forward(at_pool *pool, work *k) {
  const conv *c = &k->c;
  const int64_t p = patch(c), step = pitch(c);
  while (next_band(k)) {
    gather(pool, k);
    while (next_block(k)) {
      const at_mat w = block_columns(pool, k);
      at_gemm(pool, k->rows * c->ow, k->count, p, 1, (at_mat){k->m, step, 1}, w, k->assign ? 0 : 1,
              (at_mat){k->y + k->first * c->ow * c->to + k->begin, c->to, 1});
    }
  }
}

static at_mat slopes(const work *k) {
  return (at_mat){at_unconst(k->dy) + k->first * k->c.ow * k->c.to + k->begin, k->c.to, 1};
}

static void slow_into_weight(at_pool *pool, work *k) {
  const int64_t p = patch(&k->c);
  gather(pool, k);
  while (next_block(k)) {
    const at_mat dy = slopes(k);
    float *to = k->as_stored ? k->dw + k->begin * p : k->w;
    at_gemm(pool, k->count, p, k->rows * k->c.ow, 1, (at_mat){dy.p, 1, dy.rs},
            (at_mat){k->m, pitch(&k->c), 1}, k->as_stored ? 1 : 0, (at_mat){to, p, 1});
    if (!k->as_stored) at_parallel_range(pool, (size_t)k->count, 1, turn_slope, k);
  }
}

static void slow_into_x(at_pool *pool, work *k) {
  const int64_t p = patch(&k->c);
  k->begin = k->count = 0;
  while (next_block(k)) {
    const at_mat w = block_weights(pool, k);
    at_gemm(pool, k->rows * k->c.ow, p, k->count, 1, slopes(k), w, k->begin ? 1 : 0,
            (at_mat){k->m, pitch(&k->c), 1});
  }
  scatter(pool, k);
}

static work open_work(const at_exec *x, const at_node *n, const at_weight *w) {
  work k = {.c = conv_shape(x, n), .x = at_x_in(x, n, 0), .weight = w->w, .w = w->rest};
  k.as_stored = turns_patches(&k.c);
  k.m = k.as_stored ? k.w : k.w + block_channels(&k.c) * patch(&k.c);
  return k;
}

static void conv_forward(at_exec *x, const at_node *n) {
  at_weight w = at_weight_forward(x, n, normed(n));
  work k = open_work(x, n, &w);
  at_tiling t;
  const at_tiled *fast = fast_way(x, &k.c, &t);
  k.y = at_x_out(x, n);
  if (bias_of(n))
    at_x_fill_rows(x, k.y, at_x_count(x, n) / k.c.to, k.c.to, at_x_in(x, n, bias_of(n)));
  k.assign = t.assign = !bias_of(n);
  if (fast)
    fast->forward(at_x_pool(x), &t, w.w, k.x, k.y, w.rest);
  else
    slow_forward(at_x_pool(x), &k);
}

static void conv_backward(at_exec *x, const at_node *n) {
  at_weight w = at_weight_backward(x, n, normed(n));
  work k = open_work(x, n, &w);
  float *db = bias_of(n) ? at_x_grad_in(x, n, bias_of(n)) : NULL;
  at_tiling t;
  const at_tiled *fast = fast_way(x, &k.c, &t);
  k.dy = at_x_grad_out(x, n);
  k.dw = w.dw;
  if (db) at_x_add_column_sums(x, k.dy, at_x_count(x, n) / k.c.to, k.c.to, k.c.to, db);
  if (w.dw && fast) fast->into_weight(at_x_pool(x), &t, k.x, k.dy, w.dw, w.rest);
  while (w.dw && !fast && next_band(&k)) slow_into_weight(at_x_pool(x), &k);
  if (w.dw) at_weight_close(x, n, &w);
  if (fast && fast->writes_x)
    k.dx = at_x_grad_first(x, n, &t.assign);
  else
    k.dx = at_x_grad_late(x, n);
  k.first = k.rows = 0;
  if (k.dx && fast) fast->into_x(at_x_pool(x), &t, w.w, k.dy, k.dx, w.rest);
  while (k.dx && !fast && next_band(&k)) slow_into_x(at_x_pool(x), &k);
}

static double conv_flops(const at_exec *x, const at_node *n) {
  conv c = conv_shape(x, n);
  return 2.0 * (double)at_x_count(x, n) * (double)patch(&c);
}

const at_op at_op_conv2d = {
    .name = "conv2d",
    .summary = "convolution over a picture",
    .formula =
        "y[o] = sum W[o, c, ky, kx] x[y stride + ky - padding, x stride + kx - padding, c] + b",
    .axes = "[..., y, x, from] -> [..., y', x', to]",
    .min_in = 1,
    .max_in = 1,
    .params = conv_params,
    .flags = AT_OP_KEEPS_IN | AT_OP_TAIL | AT_OP_WEIGHS_FIRST,
    .infer = conv_infer,
    .scratch = conv_scratch,
    .forward = conv_forward,
    .backward = conv_backward,
    .flops = conv_flops,
};
