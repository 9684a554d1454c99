#include "core/graph/winograd.h"
#include "core/graph/op_common.h"
#include "core/tensor/gemm.h"
#include "core/tensor/vecmath.h"

/* Tiles are worked on CHUNK at a time, channels of a tile BLOCK at a time. PLANES: numbers of a
 * transformed tile, each in a matrix of its own. */
enum { CHUNK = 512, BLOCK = 64, PLANES = 16, LEAST_CHANNELS = 32, LEAST_TILES = 64 };

/* Few tiles share the 16 numbers that nine weights become. */
static bool pays(const at_tiling *c) {
  return c->pad <= 2 && c->from >= LEAST_CHANNELS && c->to >= LEAST_CHANNELS &&
         at_tiles(c) >= LEAST_TILES;
}

static int64_t chunk_of(const at_tiling *c) {
  /* The gradient by x has its tiles over the input. */
  int64_t there = c->images * ((c->h + 1) / 2) * ((c->w + 1) / 2), here = at_tiles(c);
  int64_t most = there > here ? there : here;
  return most < CHUNK ? most : CHUNK;
}

static size_t scratch(const at_tiling *c) {
  return (size_t)(PLANES * (c->from * c->to + chunk_of(c) * (c->from + c->to)));
}

/* ---- tiles ---- */

typedef struct tiles {
  const at_tiling *c;
  const float *from; /* what is read: a picture, or planes */
  float *to;
  int64_t first, n; /* of the chunk */
} tiles;

/* Transforms work on a line of four (or two) numbers at a time, first down the columns of a tile
 * and then along its rows: a loop over channels each, which compilers turn into vector code. */
enum { IN_LINE = 4 };
typedef float lines[IN_LINE][IN_LINE][BLOCK];

/* B' of four inputs. */
static inline void input_line(const float *a, const float *b, const float *g, const float *h,
                              float *restrict w, float *restrict x, float *restrict y,
                              float *restrict z, int64_t n) {
  AT_NO_CARRY
  for (int64_t c = 0; c < n; c++) {
    w[c] = a[c] - g[c];
    x[c] = b[c] + g[c];
    y[c] = g[c] - b[c];
    z[c] = b[c] - h[c];
  }
}

/* B' d B of one tile: sums of inputs. Planes lie `step` apart. */
static void input_tile(const float *const *d, float *v, int64_t step, int64_t n) {
  lines e;
  for (int s = 0; s < 4; s++)
    input_line(d[s], d[4 + s], d[8 + s], d[12 + s], e[0][s], e[1][s], e[2][s], e[3][s], n);
  for (int r = 0; r < 4; r++) {
    float *to = v + 4 * r * step;
    input_line(e[r][0], e[r][1], e[r][2], e[r][3], to, to + step, to + 2 * step, to + 3 * step, n);
  }
}

/* y += A' of four; `add` 0: y is that. */
static inline void output_line(const float *a, const float *b, const float *g, const float *h,
                               float *restrict y, float *restrict z, bool add, int64_t n) {
  AT_NO_CARRY
  for (int64_t c = 0; c < n; c++) {
    y[c] = (add ? y[c] : 0) + ((a[c] + b[c]) + g[c]);
    z[c] = (add ? z[c] : 0) + ((b[c] - g[c]) - h[c]);
  }
}

/* y += A' m A: four numbers of the result. */
static void output_tile(const float *m, int64_t step, float *const *y, int64_t n) {
  lines e;
  for (int s = 0; s < 4; s++)
    output_line(m + s * step, m + (4 + s) * step, m + (8 + s) * step, m + (12 + s) * step, e[0][s],
                e[1][s], false, n);
  for (int r = 0; r < 2; r++)
    output_line(e[r][0], e[r][1], e[r][2], e[r][3], y[2 * r], y[2 * r + 1], true, n);
}

/* A of two: the transpose of the above. */
static inline void slope_line(const float *a, const float *b, float *restrict w, float *restrict x,
                              float *restrict y, float *restrict z, int64_t n) {
  AT_NO_CARRY
  for (int64_t c = 0; c < n; c++) {
    w[c] = a[c];
    x[c] = a[c] + b[c];
    y[c] = a[c] - b[c];
    z[c] = -b[c];
  }
}

/* A dy A' */
static void slope_tile(const float *const *dy, float *m, int64_t step, int64_t n) {
  lines e;
  for (int s = 0; s < 2; s++) slope_line(dy[s], dy[2 + s], e[0][s], e[1][s], e[2][s], e[3][s], n);
  for (int r = 0; r < 4; r++) {
    float *to = m + 4 * r * step;
    slope_line(e[r][0], e[r][1], to, to + step, to + 2 * step, to + 3 * step, n);
  }
}

static void input_range(void *ctx, size_t begin, size_t end) {
  static const float zero[BLOCK];
  const tiles *k = ctx;
  const at_tiling *c = k->c;
  for (int64_t t = (int64_t)begin; t < (int64_t)end; t++) {
    int64_t y, x, image = at_tile_at(c, k->first + t, &y, &x);
    const at_picture p = {k->from + image * c->h * c->w * c->from, c->h, c->w, c->from};
    for (int64_t ch = 0; ch < c->from; ch += BLOCK) {
      const float *at[PLANES];
      at_tile_gather(&p, y - c->pad, x - c->pad, 4, 1, ch, zero, 0, at);
      input_tile(at, k->to + t * c->from + ch, k->n * c->from,
                 c->from - ch < BLOCK ? c->from - ch : BLOCK);
    }
  }
}

static void output_range(void *ctx, size_t begin, size_t end) {
  const tiles *k = ctx;
  const at_tiling *c = k->c;
  float beyond[4 * BLOCK] = {0};
  for (int64_t t = (int64_t)begin; t < (int64_t)end; t++) {
    int64_t y, x, image = at_tile_at(c, k->first + t, &y, &x);
    const at_picture p = {k->to + image * c->oh * c->ow * c->to, c->oh, c->ow, c->to};
    for (int64_t ch = 0; ch < c->to; ch += BLOCK) {
      const float *at[4];
      float *to[4];
      at_tile_gather(&p, y, x, 2, 1, ch, beyond, BLOCK, at);
      for (int i = 0; i < 4; i++) to[i] = at_unconst(at[i]);
      output_tile(k->from + t * c->to + ch, k->n * c->to, to,
                  c->to - ch < BLOCK ? c->to - ch : BLOCK);
    }
  }
}

static void slope_range(void *ctx, size_t begin, size_t end) {
  static const float zero[BLOCK];
  const tiles *k = ctx;
  const at_tiling *c = k->c;
  for (int64_t t = (int64_t)begin; t < (int64_t)end; t++) {
    int64_t y, x, image = at_tile_at(c, k->first + t, &y, &x);
    const at_picture p = {k->from + image * c->oh * c->ow * c->to, c->oh, c->ow, c->to};
    for (int64_t ch = 0; ch < c->to; ch += BLOCK) {
      const float *at[4];
      at_tile_gather(&p, y, x, 2, 1, ch, zero, 0, at);
      slope_tile(at, k->to + t * c->to + ch, k->n * c->to, c->to - ch < BLOCK ? c->to - ch : BLOCK);
    }
  }
}

/* ---- weights ---- */

typedef struct weights {
  int64_t from, to;
  const float *w; /* [to, from, 3, 3] */
  float *dw, *u;  /* u: planes of [to, from] */
  bool turned;    /* by half a turn, as the gradient by x needs them */
} weights;

/* G g G' of all channels that go to one. */
static void weight_rows(void *ctx, size_t begin, size_t end) {
  const weights *k = ctx;
  const int64_t step = k->from * k->to;
  AT_NO_CARRY
  for (int64_t i = (int64_t)begin * k->from; i < (int64_t)end * k->from; i++) {
    float e[4][3];
    for (int s = 0; s < 3; s++) {
      const float *g = k->w + i * 9;
      const float a = g[k->turned ? 8 - s : s], b = g[k->turned ? 5 - s : 3 + s],
                  c = g[k->turned ? 2 - s : 6 + s];
      e[0][s] = a;
      e[1][s] = 0.5f * (a + b + c);
      e[2][s] = 0.5f * (a - b + c);
      e[3][s] = c;
    }
    for (int r = 0; r < 4; r++) {
      k->u[(4 * r + 0) * step + i] = e[r][0];
      k->u[(4 * r + 1) * step + i] = 0.5f * (e[r][0] + e[r][1] + e[r][2]);
      k->u[(4 * r + 2) * step + i] = 0.5f * (e[r][0] - e[r][1] + e[r][2]);
      k->u[(4 * r + 3) * step + i] = e[r][2];
    }
  }
}

/* dw += G' u G */
static void weight_back_rows(void *ctx, size_t begin, size_t end) {
  const weights *k = ctx;
  const int64_t step = k->from * k->to;
  AT_NO_CARRY
  for (int64_t i = (int64_t)begin * k->from; i < (int64_t)end * k->from; i++) {
    float e[3][4];
    for (int s = 0; s < 4; s++) {
      const float *u = k->u + i;
      const float a = u[s * step], b = u[(4 + s) * step], c = u[(8 + s) * step],
                  d = u[(12 + s) * step];
      e[0][s] = a + 0.5f * (b + c);
      e[1][s] = 0.5f * (b - c);
      e[2][s] = 0.5f * (b + c) + d;
    }
    for (int r = 0; r < 3; r++) {
      k->dw[i * 9 + 3 * r + 0] += e[r][0] + 0.5f * (e[r][1] + e[r][2]);
      k->dw[i * 9 + 3 * r + 1] += 0.5f * (e[r][1] - e[r][2]);
      k->dw[i * 9 + 3 * r + 2] += 0.5f * (e[r][1] + e[r][2]) + e[r][3];
    }
  }
}

/* ---- the three products ---- */

enum { GRAIN = 8 }; /* tiles, or rows of weights */

/* With u as planes of [k, n] by strides: all tiles of c. */
static void run(at_pool *pool, const at_tiling *c, at_mat u, const float *x, float *y, float *v,
                float *m) {
  const int64_t all = at_tiles(c), plane = c->from * c->to;
  for (int64_t first = 0; first < all; first += CHUNK) {
    const int64_t n = all - first < CHUNK ? all - first : CHUNK;
    at_parallel_range(pool, (size_t)n, GRAIN, input_range, &(tiles){c, x, v, first, n});
    at_gemm_batch(pool, PLANES, n, c->to, c->from, 1, (at_mat){v, c->from, 1}, n * c->from, u,
                  plane, 0, (at_mat){m, c->to, 1}, n * c->to);
    at_parallel_range(pool, (size_t)n, GRAIN, output_range, &(tiles){c, m, y, first, n});
  }
}

static void forward(at_pool *pool, const at_tiling *c, const float *weight, const float *x,
                    float *y, float *space) {
  float *u = space, *v = u + PLANES * c->from * c->to, *m = v + PLANES * chunk_of(c) * c->from;
  weights k = {.from = c->from, .to = c->to, .w = weight, .u = u};
  at_parallel_range(pool, (size_t)c->to, GRAIN, weight_rows, &k);
  run(pool, c, (at_mat){u, 1, c->from}, x, y, v, m);
}

/* dx is the convolution of dy with the weights turned, the channels changing places. */
static void into_x(at_pool *pool, const at_tiling *c, const float *weight, const float *dy,
                   float *dx, float *space) {
  const at_tiling back = {c->images, c->oh, c->ow, c->to, c->h, c->w, c->from, 2 - c->pad};
  float *u = space, *v = u + PLANES * c->from * c->to, *m = v + PLANES * chunk_of(c) * c->to;
  weights k = {.from = c->from, .to = c->to, .w = weight, .u = u, .turned = true};
  at_parallel_range(pool, (size_t)c->to, GRAIN, weight_rows, &k);
  run(pool, &back, (at_mat){u, c->from, 1}, dy, dx, v, m);
}

static void into_weight(at_pool *pool, const at_tiling *c, const float *x, const float *dy,
                        float *dw, float *space) {
  const int64_t all = at_tiles(c), plane = c->from * c->to;
  float *u = space, *v = u + PLANES * plane, *m = v + PLANES * chunk_of(c) * c->from;
  for (int64_t first = 0; first < all; first += CHUNK) {
    const int64_t n = all - first < CHUNK ? all - first : CHUNK;
    at_parallel_range(pool, (size_t)n, GRAIN, input_range, &(tiles){c, x, v, first, n});
    at_parallel_range(pool, (size_t)n, GRAIN, slope_range, &(tiles){c, dy, m, first, n});
    at_gemm_batch(pool, PLANES, c->to, c->from, n, 1, (at_mat){m, 1, c->to}, n * c->to,
                  (at_mat){v, c->from, 1}, n * c->from, first > 0, (at_mat){u, c->from, 1}, plane);
  }
  weights k = {.from = c->from, .to = c->to, .dw = dw, .u = u};
  at_parallel_range(pool, (size_t)c->to, GRAIN, weight_back_rows, &k);
}

const at_tiled at_winograd = {3, 1, pays, scratch, forward, into_x, into_weight};
