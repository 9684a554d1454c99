#include "core/graph/quarters.h"
#include "core/graph/few.h"
#include "core/graph/square.h"
#include "core/tensor/gemm.h"
#include "core/tensor/turn.h"

enum { SIDE = 4, LINE = 5, PLANES = LINE * LINE, MADE = SIDE * SIDE, PHASES = 4, TAPS = 2 };
enum { BLOCK = 256, LANES = AT_TURN, KERNEL = AT_TURN };
/* Transformed weights are all there at one time; chunks of tiles have about so many numbers. */
enum { LEAST_CHANNELS = 32, LEAST_TILES = 64, FEW_TILES = 128 };
enum { MOST_WEIGHTS = 1 << 22, NUMBERS = 3 << 19 };

static bool few(const at_tiling *c) { return at_few_pays(at_tiles(c), FEW_TILES, c->from, c->to); }

static int64_t all_weights(const at_tiling *c) { return PLANES * PHASES * c->from * c->to; }

/* That are there at one time, beside those of few.h. */
static int64_t weights(const at_tiling *c) { return few(c) ? 0 : all_weights(c); }

/* Where tiles of 2 x 2, of 9 products, need more. */
static bool pays(const at_tiling *c) {
  at_tiling two = *c;
  two.side = 2;
  return c->from >= LEAST_CHANNELS && c->to >= LEAST_CHANNELS &&
         (few(c) || (at_tiles(c) >= LEAST_TILES && all_weights(c) <= MOST_WEIGHTS)) &&
         at_tiles(c) * PLANES * 5 <= at_tiles(&two) * 9 * 4;
}

static int64_t row_v(const at_tiling *c) { return at_gemm_pitch(PHASES * c->from); }
static int64_t row_m(const at_tiling *c) { return at_gemm_pitch(c->to); }

static int64_t chunk_of(const at_tiling *c) {
  const int64_t all = at_tiles(c), each = PLANES * (row_v(c) + row_m(c));
  const int64_t pieces = (all * each - 1) / NUMBERS + 1;
  return few(c) ? all : at_fewer(all, ((all - 1) / pieces / 24 + 1) * 24);
}

static const at_few few_way;

static size_t scratch(const at_tiling *c) {
  return (size_t)(weights(c) + chunk_of(c) * PLANES * (row_v(c) + row_m(c))) +
         (few(c) ? at_few_space(&few_way, chunk_of(c), c->from, c->to) : 0);
}

/* ---- lines ---- */

static const float A = 0.625f, A2 = 0.625f * 0.625f, A3 = 0.625f * 0.625f * 0.625f;
static const float B = 1.5f, B2 = 1.5f * 1.5f, B3 = 1.5f * 1.5f * 1.5f;
static const float A2B = 0.625f * 0.625f * 1.5f;
/* One over the product of a point's distances from the others but infinity. */
static const float PER_ZERO = (float)(1 / (0.390625 * 1.5));
static const float PER_A = (float)(1 / (2 * 0.390625 * (0.625 - 1.5)));
static const float PER_MINUS = (float)(-1 / (2 * 0.390625 * (0.625 + 1.5)));
static const float PER_B = (float)(1 / (1.5 * (2.25 - 0.390625)));

AT_ALWAYS void input_line(const at_lanes *d, at_lanes *v) {
  const at_lanes e = d[3] - B * d[2], f = A * (d[2] - B * d[1]);
  const at_lanes g = d[3] - A2 * d[1], h = d[2] - A2 * d[0];
  v[0] = g - B * h;
  v[1] = e + f;
  v[2] = e - f;
  v[3] = g;
  v[4] = (d[4] - A2 * d[2]) - B * g;
}

/* The transpose of the above. */
AT_ALWAYS void back_line(const at_lanes *v, at_lanes *d) {
  const at_lanes e = v[1] + v[2], f = A * (v[1] - v[2]), g = (v[0] + v[3]) - B * v[4];
  d[0] = A2B * v[0];
  d[1] = -(A2 * g + B * f);
  d[2] = (f - B * e) - (B * v[0] + A2 * v[4]);
  d[3] = e + g;
  d[4] = v[4];
}

AT_ALWAYS void output_line(const at_lanes *m, at_lanes *y) {
  const at_lanes e = m[1] + m[2], o = m[1] - m[2];
  y[0] = (m[0] + e) + m[3];
  y[1] = A * o + B * m[3];
  y[2] = A2 * e + B2 * m[3];
  y[3] = (A3 * o + B3 * m[3]) + m[4];
}

AT_ALWAYS void slope_line(const at_lanes *y, at_lanes *m) {
  const at_lanes e = y[0] + A2 * y[2], o = A * y[1] + A3 * y[3];
  m[0] = y[0];
  m[1] = e + o;
  m[2] = e - o;
  m[3] = (y[0] + B2 * y[2]) + (B * y[1] + B3 * y[3]);
  m[4] = y[3];
}

AT_ALWAYS void weight_line(const at_lanes *g, at_lanes *u) {
  u[0] = PER_ZERO * g[0];
  u[1] = PER_A * (g[0] + A * g[1]);
  u[2] = PER_MINUS * (g[0] - A * g[1]);
  u[3] = PER_B * (g[0] + B * g[1]);
  u[4] = g[1];
}

AT_ALWAYS void weight_back_line(const at_lanes *u, at_lanes *g) {
  const at_lanes a = PER_A * u[1], m = PER_MINUS * u[2], b = PER_B * u[3];
  g[0] = (PER_ZERO * u[0] + b) + (a + m);
  g[1] = (A * (a - m) + B * b) + u[4];
}

AT_SQUARE(input, input_line, input_line, false, LINE, LINE, LINE, LINE)
AT_SQUARE(add_back, back_line, back_line, true, LINE, LINE, LINE, LINE)
AT_SQUARE(output, output_line, output_line, false, LINE, LINE, SIDE, SIDE)
AT_SQUARE(add_output, output_line, output_line, true, LINE, LINE, SIDE, SIDE)
AT_SQUARE(slope, slope_line, slope_line, false, SIDE, SIDE, LINE, LINE)
AT_SQUARE(weight, weight_line, weight_line, false, TAPS, TAPS, LINE, LINE)
AT_SQUARE(weight_back, weight_back_line, weight_back_line, false, LINE, LINE, TAPS, TAPS)

/* ---- tiles ---- */

typedef struct work {
  const at_tiling *c;
  const float *w, *x, *dy;
  float *y, *dx, *dw;
  float *u, *v, *m; /* weights; planes of [tiles, phase, from]; of [tiles, to] */
  int64_t first, n; /* of the chunk */
} work;

static work open_work(const at_tiling *c, float *space) {
  work k = {.c = c, .u = space, .v = space + weights(c)};
  k.m = k.v + PLANES * chunk_of(c) * row_v(c);
  return k;
}

static bool next(work *k) {
  k->first += k->n;
  k->n = at_fewer(at_tiles(k->c) - k->first, chunk_of(k->c));
  return k->n > 0;
}

static void planes(float *p, int64_t step, float **at) {
  for (int i = 0; i < PLANES; i++) at[i] = p + i * step;
}

/* The 5 x 5 numbers of a phase in tile t, in x or dx. */
static void gather_phase(const work *k, const float *x, int64_t t, int phase, int64_t ch,
                         const float *outside, const float **at) {
  const at_tiling *c = k->c;
  int64_t oy, ox, image = at_tile_at(c, k->first + t, &oy, &ox);
  const at_picture p = {x + image * c->h * c->w * c->from, c->h, c->w, c->from};
  const at_patch patch = {2 * oy + phase / 2 - c->pad, 2 * ox + phase % 2 - c->pad, LINE, LINE, 2};
  at_tile_gather(&p, patch, ch, outside, 0, at);
}

/* The 4 x 4 numbers of tile t in y or dy. */
static void gather_result(const work *k, const float *y, int64_t t, int64_t ch,
                          const float *outside, const float **at) {
  const at_tiling *c = k->c;
  int64_t oy, ox, image = at_tile_at(c, k->first + t, &oy, &ox);
  const at_picture p = {y + image * c->oh * c->ow * c->to, c->oh, c->ow, c->to};
  at_tile_gather(&p, (at_patch){oy, ox, SIDE, SIDE, 1}, ch, outside, 0, at);
}

static const float zero[BLOCK];

static void input_range(void *ctx, size_t begin, size_t end) {
  const work *k = ctx;
  const int64_t from = k->c->from;
  const float *at[PLANES];
  float *to[PLANES];
  for (int64_t t = (int64_t)begin; t < (int64_t)end; t++)
    for (int phase = 0; phase < PHASES; phase++)
      for (int64_t ch = 0; ch < from; ch += BLOCK) {
        gather_phase(k, k->x, t, phase, ch, zero, at);
        planes(k->v + t * row_v(k->c) + phase * from + ch, k->n * row_v(k->c), to);
        input(at, to, at_fewer(from - ch, BLOCK));
      }
}

static void output_range(void *ctx, size_t begin, size_t end) {
  const work *k = ctx;
  float beyond[BLOCK] = {0};
  for (int64_t t = (int64_t)begin; t < (int64_t)end; t++)
    for (int64_t ch = 0; ch < k->c->to; ch += BLOCK) {
      const float *at[MADE];
      float *from[PLANES], *to[MADE];
      gather_result(k, k->y, t, ch, beyond, at);
      for (int i = 0; i < MADE; i++) to[i] = at_unconst(at[i]);
      planes(k->m + t * row_m(k->c) + ch, k->n * row_m(k->c), from);
      (k->c->assign ? output : add_output)((const float *const *)from, to,
                                           at_fewer(k->c->to - ch, BLOCK));
    }
}

static void slope_range(void *ctx, size_t begin, size_t end) {
  const work *k = ctx;
  const float *at[MADE];
  float *to[PLANES];
  for (int64_t t = (int64_t)begin; t < (int64_t)end; t++)
    for (int64_t ch = 0; ch < k->c->to; ch += BLOCK) {
      gather_result(k, k->dy, t, ch, zero, at);
      planes(k->m + t * row_m(k->c) + ch, k->n * row_m(k->c), to);
      slope(at, to, at_fewer(k->c->to - ch, BLOCK));
    }
}

/* Tiles of the input overlap, so that work is dealt out by channels, BLOCK at most. */
static void back_channels(void *ctx, size_t begin, size_t end) {
  const work *k = ctx;
  const int64_t ch = (int64_t)begin;
  float beyond[BLOCK] = {0};
  for (int64_t t = 0; t < k->n; t++)
    for (int phase = 0; phase < PHASES; phase++) {
      const float *at[PLANES];
      float *from[PLANES], *to[PLANES];
      gather_phase(k, k->dx, t, phase, ch, beyond, at);
      for (int i = 0; i < PLANES; i++) to[i] = at_unconst(at[i]);
      planes(k->v + t * row_v(k->c) + phase * k->c->from + ch, k->n * row_v(k->c), from);
      add_back((const float *const *)from, to, (int64_t)end - ch);
    }
}

/* ---- weights ---- */

/* A phase's taps (a, b) of the kernel, row by row. */
static int tap_of(int phase, int i) {
  return (2 * (i / TAPS) + phase / 2) * 4 + 2 * (i % TAPS) + phase % 2;
}

/* Of n pairs of channels, whose weights begin at w, w + step, ..: planes into u. */
static void weight_pairs(const float *w, int64_t step, int64_t n, float *u, int64_t plane,
                         int64_t phase_step) {
  float t[KERNEL][LANES] = {{0}};
  const float *at[TAPS * TAPS];
  float *to[PLANES];
  if (n == LANES) at_turn(w, step, KERNEL, t);
  for (int64_t l = 0; n < LANES && l < n; l++)
    for (int i = 0; i < KERNEL; i++) t[i][l] = w[l * step + i];
  for (int phase = 0; phase < PHASES; phase++) {
    for (int i = 0; i < TAPS * TAPS; i++) at[i] = t[tap_of(phase, i)];
    planes(u + phase * phase_step, plane, to);
    weight(at, to, n);
  }
}

/* Channels begin .. end - 1, [made, phase, from]. */
static void weight_rows(void *ctx, size_t begin, size_t end) {
  const work *k = ctx;
  const int64_t from = k->c->from;
  for (int64_t o = (int64_t)begin; o < (int64_t)end; o++)
    for (int64_t ch = 0; ch < from; ch += LANES)
      weight_pairs(k->w + (o * from + ch) * KERNEL, KERNEL, at_fewer(from - ch, LANES),
                   k->u + o * PHASES * from + ch, PHASES * from * k->c->to, from);
}

/* Channels begin .. end - 1, LANES at most, [phase, from, made]. */
static void weight_columns(void *ctx, size_t begin, size_t end) {
  const work *k = ctx;
  const int64_t from = k->c->from, to = k->c->to, o = (int64_t)begin;
  for (int64_t ch = 0; ch < from; ch++)
    weight_pairs(k->w + (o * from + ch) * KERNEL, from * KERNEL, (int64_t)end - o,
                 k->u + ch * to + o, PHASES * from * to, from * to);
}

/* dw += G' u G of n pairs; planes of u lie `plane` apart, its phases `phase_step`. */
static void weight_back_pairs(const float *u, int64_t plane, int64_t phase_step, int64_t n,
                              float *dw) {
  float t[KERNEL][LANES] = {{0}}, g[LANES][LANES];
  float *at[PLANES], *to[TAPS * TAPS];
  for (int phase = 0; phase < PHASES; phase++) {
    planes(at_unconst(u) + phase * phase_step, plane, at);
    for (int i = 0; i < TAPS * TAPS; i++) to[i] = t[tap_of(phase, i)];
    weight_back((const float *const *)at, to, n);
  }
  at_turn(t[0], LANES, LANES, g);
  for (int64_t l = 0; l < n; l++)
    for (int i = 0; i < KERNEL; i++) dw[l * KERNEL + i] += g[l][i];
}

static void weight_back_rows(void *ctx, size_t begin, size_t end) {
  const work *k = ctx;
  const int64_t from = k->c->from;
  for (int64_t o = (int64_t)begin; o < (int64_t)end; o++)
    for (int64_t ch = 0; ch < from; ch += LANES)
      weight_back_pairs(k->u + o * PHASES * from + ch, PHASES * from * k->c->to, from,
                        at_fewer(from - ch, LANES), k->dw + (o * from + ch) * KERNEL);
}

static void few_weights(const float *w, bool turned, int64_t n, float *u, int64_t plane) {
  (void)turned;
  for (int64_t i = 0; i < n; i += LANES)
    weight_pairs(w + i * KERNEL, KERNEL, at_fewer(n - i, LANES), u + i, plane, n);
}

static void few_weights_back(const float *u, int64_t plane, int64_t n, float *dw) {
  for (int64_t i = 0; i < n; i += LANES)
    weight_back_pairs(u + i, plane, n, at_fewer(n - i, LANES), dw + i * KERNEL);
}

static const at_few few_way = {PLANES, PHASES, KERNEL, few_weights, few_weights_back};

/* ---- the three products ---- */

enum { GRAIN = 4, CHANNELS = 32 };

static at_mat plane_v(const work *k) { return (at_mat){k->v, row_v(k->c), 1}; }
static at_mat plane_m(const work *k) { return (at_mat){k->m, row_m(k->c), 1}; }

static void over_tiles(at_pool *pool, at_range_fn *fn, work *k) {
  at_parallel_range(pool, (size_t)k->n, GRAIN, fn, k);
}

/* Of one chunk, which is all. */
static at_few_product open_few(work *k) {
  next(k);
  return (at_few_product){.how = &few_way,
                          .tiles = k->n,
                          .from = k->c->from,
                          .to = k->c->to,
                          .w = k->w,
                          .dw = k->dw,
                          .v = {k->v, row_v(k->c), k->n * row_v(k->c)},
                          .m = {k->m, row_m(k->c), k->n * row_m(k->c)},
                          .space = k->m + PLANES * k->n * row_m(k->c)};
}

static void few_forward(at_pool *pool, work *k) {
  const at_few_product f = open_few(k);
  over_tiles(pool, input_range, k);
  at_few_forward(pool, &f);
  over_tiles(pool, output_range, k);
}

static void few_into_x(at_pool *pool, work *k) {
  const at_few_product f = open_few(k);
  over_tiles(pool, slope_range, k);
  at_few_back(pool, &f);
  at_parallel_range(pool, (size_t)k->c->from, CHANNELS, back_channels, k);
}

static void few_into_weight(at_pool *pool, work *k) {
  const at_few_product f = open_few(k);
  over_tiles(pool, input_range, k);
  over_tiles(pool, slope_range, k);
  at_few_weight(pool, &f);
}

static void forward(at_pool *pool, const at_tiling *c, const float *w, const float *x, float *y,
                    float *space) {
  const int64_t in = PHASES * c->from;
  work k = open_work(c, space);
  k.w = w;
  k.x = x;
  k.y = y;
  if (few(c)) {
    few_forward(pool, &k);
    return;
  }
  at_parallel_range(pool, (size_t)c->to, LANES, weight_columns, &k);
  while (next(&k)) {
    over_tiles(pool, input_range, &k);
    at_gemm_batch(pool, PLANES, k.n, c->to, in, 1, plane_v(&k), k.n * row_v(c),
                  (at_mat){k.u, c->to, 1}, in * c->to, 0, plane_m(&k), k.n * row_m(c));
    over_tiles(pool, output_range, &k);
  }
}

static void into_x(at_pool *pool, const at_tiling *c, const float *w, const float *dy, float *dx,
                   float *space) {
  const int64_t in = PHASES * c->from;
  work k = open_work(c, space);
  k.w = w;
  k.dy = dy;
  k.dx = dx;
  if (few(c)) {
    few_into_x(pool, &k);
    return;
  }
  at_parallel_range(pool, (size_t)c->to, LANES, weight_rows, &k);
  while (next(&k)) {
    over_tiles(pool, slope_range, &k);
    at_gemm_batch(pool, PLANES, k.n, in, c->to, 1, plane_m(&k), k.n * row_m(c),
                  (at_mat){k.u, in, 1}, in * c->to, 0, plane_v(&k), k.n * row_v(c));
    at_parallel_range(pool, (size_t)c->from, CHANNELS, back_channels, &k);
  }
}

static void into_weight(at_pool *pool, const at_tiling *c, const float *x, const float *dy,
                        float *dw, float *space) {
  const int64_t in = PHASES * c->from;
  work k = open_work(c, space);
  k.x = x;
  k.dy = dy;
  k.dw = dw;
  if (few(c)) {
    few_into_weight(pool, &k);
    return;
  }
  while (next(&k)) {
    over_tiles(pool, input_range, &k);
    over_tiles(pool, slope_range, &k);
    at_gemm_batch(pool, PLANES, c->to, in, k.n, 1, (at_mat){k.m, 1, row_m(c)}, k.n * row_m(c),
                  plane_v(&k), k.n * row_v(c), k.first > 0, (at_mat){k.u, in, 1}, in * c->to);
  }
  at_parallel_range(pool, (size_t)c->to, LANES, weight_back_rows, &k);
}

const at_tiled at_quarters = {4, 2, SIDE, false, pays, scratch, forward, into_x, into_weight};
