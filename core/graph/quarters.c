#include "core/graph/quarters.h"
#include "core/graph/few.h"
#include "core/graph/op_common.h"
#include "core/graph/winograd_impl.h"
#include "core/tensor/gemm.h"
#include "core/tensor/turn.h"
#include "core/tensor/vecmath.h"

enum { SIDE = 4, LINE = 5, PLANES = LINE * LINE, MADE = SIDE * SIDE, PHASES = 4, TAPS = 2 };
enum { BLOCK = AT_MINIMAL_BLOCK, LANES = AT_TURN, KERNEL = AT_TURN };
/* Transformed weights are all there at one time; chunks of tiles have about so many numbers. */
enum { LEAST_CHANNELS = 32, LEAST_TILES = 64, FEW_TILES = 128 };
enum { MOST_WEIGHTS = 1 << 22, NUMBERS = 3 << 19 };

static int64_t fewer(int64_t n, int64_t most) { return n < most ? n : most; }

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
  return few(c) ? all : fewer(all, ((all - 1) / pieces / 24 + 1) * 24);
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

/* B' d */
static void input(const float *const *from, float *const *to, int64_t n) {
  const float *d0 = from[0], *d1 = from[1], *d2 = from[2], *d3 = from[3], *d4 = from[4];
  float *restrict v0 = to[0], *restrict v1 = to[1], *restrict v2 = to[2], *restrict v3 = to[3],
                  *restrict v4 = to[4];
  AT_NO_CARRY
  for (int64_t c = 0; c < n; c++) {
    const float e = d3[c] - B * d2[c], f = A * (d2[c] - B * d1[c]);
    const float g = d3[c] - A2 * d1[c], h = d2[c] - A2 * d0[c];
    v0[c] = g - B * h;
    v1[c] = e + f;
    v2[c] = e - f;
    v3[c] = g;
    v4[c] = (d4[c] - A2 * d2[c]) - B * g;
  }
}

/* B v, added to what is there where `add`. */
static inline void back(const float *const *from, float *const *to, bool add, int64_t n) {
  const float *v0 = from[0], *v1 = from[1], *v2 = from[2], *v3 = from[3], *v4 = from[4];
  float *restrict d0 = to[0], *restrict d1 = to[1], *restrict d2 = to[2], *restrict d3 = to[3],
                  *restrict d4 = to[4];
  AT_NO_CARRY
  for (int64_t c = 0; c < n; c++) {
    const float e = v1[c] + v2[c], f = A * (v1[c] - v2[c]), g = (v0[c] + v3[c]) - B * v4[c];
    d0[c] = (add ? d0[c] : 0) + A2B * v0[c];
    d1[c] = (add ? d1[c] : 0) - (A2 * g + B * f);
    d2[c] = (add ? d2[c] : 0) + ((f - B * e) - (B * v0[c] + A2 * v4[c]));
    d3[c] = (add ? d3[c] : 0) + (e + g);
    d4[c] = (add ? d4[c] : 0) + v4[c];
  }
}

static void back_down(const float *const *from, float *const *to, int64_t n) {
  back(from, to, false, n);
}

static void back_along(const float *const *from, float *const *to, int64_t n) {
  back(from, to, true, n);
}

/* A' m */
static inline void made(const float *const *from, float *const *to, bool add, int64_t n) {
  const float *m0 = from[0], *m1 = from[1], *m2 = from[2], *m3 = from[3], *m4 = from[4];
  float *restrict y0 = to[0], *restrict y1 = to[1], *restrict y2 = to[2], *restrict y3 = to[3];
  AT_NO_CARRY
  for (int64_t c = 0; c < n; c++) {
    const float e = m1[c] + m2[c], o = m1[c] - m2[c];
    y0[c] = (add ? y0[c] : 0) + ((m0[c] + e) + m3[c]);
    y1[c] = (add ? y1[c] : 0) + (A * o + B * m3[c]);
    y2[c] = (add ? y2[c] : 0) + (A2 * e + B2 * m3[c]);
    y3[c] = (add ? y3[c] : 0) + ((A3 * o + B3 * m3[c]) + m4[c]);
  }
}

static void output(const float *const *from, float *const *to, int64_t n) {
  made(from, to, false, n);
}

static void add_output(const float *const *from, float *const *to, int64_t n) {
  made(from, to, true, n);
}

/* A dy */
static void slope(const float *const *from, float *const *to, int64_t n) {
  const float *y0 = from[0], *y1 = from[1], *y2 = from[2], *y3 = from[3];
  float *restrict m0 = to[0], *restrict m1 = to[1], *restrict m2 = to[2], *restrict m3 = to[3],
                  *restrict m4 = to[4];
  AT_NO_CARRY
  for (int64_t c = 0; c < n; c++) {
    const float e = y0[c] + A2 * y2[c], o = A * y1[c] + A3 * y3[c];
    m0[c] = y0[c];
    m1[c] = e + o;
    m2[c] = e - o;
    m3[c] = (y0[c] + B2 * y2[c]) + (B * y1[c] + B3 * y3[c]);
    m4[c] = y3[c];
  }
}

/* G w */
static void weight(const float *const *from, float *const *to, int64_t n) {
  const float *g0 = from[0], *g1 = from[1];
  float *restrict u0 = to[0], *restrict u1 = to[1], *restrict u2 = to[2], *restrict u3 = to[3],
                  *restrict u4 = to[4];
  AT_NO_CARRY
  for (int64_t c = 0; c < n; c++) {
    u0[c] = PER_ZERO * g0[c];
    u1[c] = PER_A * (g0[c] + A * g1[c]);
    u2[c] = PER_MINUS * (g0[c] - A * g1[c]);
    u3[c] = PER_B * (g0[c] + B * g1[c]);
    u4[c] = g1[c];
  }
}

/* G' u */
static void weight_back(const float *const *from, float *const *to, int64_t n) {
  const float *u0 = from[0], *u1 = from[1], *u2 = from[2], *u3 = from[3], *u4 = from[4];
  float *restrict g0 = to[0], *restrict g1 = to[1];
  AT_NO_CARRY
  for (int64_t c = 0; c < n; c++) {
    const float a = PER_A * u1[c], m = PER_MINUS * u2[c], b = PER_B * u3[c];
    g0[c] = (PER_ZERO * u0[c] + b) + (a + m);
    g1[c] = (A * (a - m) + B * b) + u4[c];
  }
}

static const int line[] = {LINE, LINE}, side[] = {SIDE, SIDE}, taps[] = {TAPS, TAPS};

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
  k->n = fewer(at_tiles(k->c) - k->first, chunk_of(k->c));
  return k->n > 0;
}

static void planes(float *p, int64_t step, float **at) {
  for (int i = 0; i < PLANES; i++) at[i] = p + i * step;
}

/* The 5 x 5 numbers of a phase in tile t, in x or dx. */
static void gather_phase(const work *k, const float *x, int64_t t, int phase, int64_t ch,
                         const float *outside, int apart, const float **at) {
  const at_tiling *c = k->c;
  int64_t oy, ox, image = at_tile_at(c, k->first + t, &oy, &ox);
  const at_picture p = {x + image * c->h * c->w * c->from, c->h, c->w, c->from};
  const at_patch patch = {2 * oy + phase / 2 - c->pad, 2 * ox + phase % 2 - c->pad, LINE, LINE, 2};
  at_tile_gather(&p, patch, ch, outside, apart, at);
}

/* The 4 x 4 numbers of tile t in y or dy. */
static void gather_result(const work *k, const float *y, int64_t t, int64_t ch,
                          const float *outside, int apart, const float **at) {
  const at_tiling *c = k->c;
  int64_t oy, ox, image = at_tile_at(c, k->first + t, &oy, &ox);
  const at_picture p = {y + image * c->oh * c->ow * c->to, c->oh, c->ow, c->to};
  at_tile_gather(&p, (at_patch){oy, ox, SIDE, SIDE, 1}, ch, outside, apart, at);
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
        gather_phase(k, k->x, t, phase, ch, zero, 0, at);
        planes(k->v + t * row_v(k->c) + phase * from + ch, k->n * row_v(k->c), to);
        at_minimal_square(input, input, line, line, at, to, fewer(from - ch, BLOCK));
      }
}

static void output_range(void *ctx, size_t begin, size_t end) {
  const work *k = ctx;
  float beyond[MADE * BLOCK] = {0};
  for (int64_t t = (int64_t)begin; t < (int64_t)end; t++)
    for (int64_t ch = 0; ch < k->c->to; ch += BLOCK) {
      const float *at[MADE];
      float *from[PLANES], *to[MADE];
      gather_result(k, k->y, t, ch, beyond, BLOCK, at);
      for (int i = 0; i < MADE; i++) to[i] = at_unconst(at[i]);
      planes(k->m + t * row_m(k->c) + ch, k->n * row_m(k->c), from);
      at_minimal_square(output, k->c->assign ? output : add_output, line, side,
                        (const float *const *)from, to, fewer(k->c->to - ch, BLOCK));
    }
}

static void slope_range(void *ctx, size_t begin, size_t end) {
  const work *k = ctx;
  const float *at[MADE];
  float *to[PLANES];
  for (int64_t t = (int64_t)begin; t < (int64_t)end; t++)
    for (int64_t ch = 0; ch < k->c->to; ch += BLOCK) {
      gather_result(k, k->dy, t, ch, zero, 0, at);
      planes(k->m + t * row_m(k->c) + ch, k->n * row_m(k->c), to);
      at_minimal_square(slope, slope, side, line, at, to, fewer(k->c->to - ch, BLOCK));
    }
}

/* Tiles of the input overlap, so that work is dealt out by channels, BLOCK at most. */
static void back_channels(void *ctx, size_t begin, size_t end) {
  const work *k = ctx;
  const int64_t ch = (int64_t)begin;
  float beyond[PLANES * BLOCK] = {0};
  for (int64_t t = 0; t < k->n; t++)
    for (int phase = 0; phase < PHASES; phase++) {
      const float *at[PLANES];
      float *from[PLANES], *to[PLANES];
      gather_phase(k, k->dx, t, phase, ch, beyond, BLOCK, at);
      for (int i = 0; i < PLANES; i++) to[i] = at_unconst(at[i]);
      planes(k->v + t * row_v(k->c) + phase * k->c->from + ch, k->n * row_v(k->c), from);
      at_minimal_square(back_down, back_along, line, line, (const float *const *)from, to,
                        (int64_t)end - ch);
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
    at_minimal_square(weight, weight, taps, line, at, to, n);
  }
}

/* Channels begin .. end - 1, [made, phase, from]. */
static void weight_rows(void *ctx, size_t begin, size_t end) {
  const work *k = ctx;
  const int64_t from = k->c->from;
  for (int64_t o = (int64_t)begin; o < (int64_t)end; o++)
    for (int64_t ch = 0; ch < from; ch += LANES)
      weight_pairs(k->w + (o * from + ch) * KERNEL, KERNEL, fewer(from - ch, LANES),
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
    at_minimal_square(weight_back, weight_back, line, taps, (const float *const *)at, to, n);
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
                        fewer(from - ch, LANES), k->dw + (o * from + ch) * KERNEL);
}

static void few_weights(const float *w, bool turned, int64_t n, float *u, int64_t plane) {
  (void)turned;
  for (int64_t i = 0; i < n; i += LANES)
    weight_pairs(w + i * KERNEL, KERNEL, fewer(n - i, LANES), u + i, plane, n);
}

static void few_weights_back(const float *u, int64_t plane, int64_t n, float *dw) {
  for (int64_t i = 0; i < n; i += LANES)
    weight_back_pairs(u + i, plane, n, fewer(n - i, LANES), dw + i * KERNEL);
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
