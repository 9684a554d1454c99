#include "core/graph/winograd.h"
#include "core/graph/op_common.h"
#include "core/graph/winograd_impl.h"
#include "core/tensor/gemm.h"

/* About so many numbers of all planes are worked on at a time, for each channel. */
enum { MOST_PLANES = AT_MINIMAL_LINE * AT_MINIMAL_LINE, MOST_MADE = 16 };
enum { NUMBERS = 8192, BLOCK = AT_MINIMAL_BLOCK, LEAST_CHANNELS = 32, LEAST_TILES = 64 };

static const at_minimal *minimal_of(const at_tiling *c) {
  return c->side == at_minimal_four.side ? &at_minimal_four : &at_minimal_two;
}

static int64_t planes_of(const at_tiling *c) {
  const at_minimal *m = minimal_of(c);
  return m->line * m->line;
}

/* Few tiles share the numbers that nine weights become. */
static bool pays(const at_tiling *c) {
  return c->pad <= 2 && c->from >= LEAST_CHANNELS && c->to >= LEAST_CHANNELS &&
         at_tiles(c) >= LEAST_TILES;
}

/* Large tiles that hang far over the edge save nothing. */
static bool four_pays(const at_tiling *c) {
  at_tiling two = *c;
  two.side = at_minimal_two.side;
  return pays(c) && at_tiles(c) * planes_of(c) * 5 <= at_tiles(&two) * planes_of(&two) * 4;
}

/* The gradient by x: dy with the weights turned, the channels changing places. */
static at_tiling back_of(const at_tiling *c) {
  return (at_tiling){c->images, c->oh, c->ow, c->to, c->h, c->w, c->from, 2 - c->pad, c->side};
}

static int64_t chunk_of(const at_tiling *c) {
  const at_tiling back = back_of(c);
  const int64_t there = at_tiles(&back), here = at_tiles(c), most = there > here ? there : here;
  const int64_t chunk = NUMBERS / planes_of(c);
  return most < chunk ? most : chunk;
}

static size_t scratch(const at_tiling *c) {
  return (size_t)(planes_of(c) * (c->from * c->to +
                                  chunk_of(c) * (at_gemm_pitch(c->from) + at_gemm_pitch(c->to))));
}

/* ---- tiles ---- */

typedef struct tiles {
  const at_tiling *c;
  const float *from; /* what is read: a picture, or planes */
  float *to;
  int64_t first, n; /* of the chunk */
} tiles;

static void input_range(void *ctx, size_t begin, size_t end) {
  static const float zero[BLOCK];
  const tiles *k = ctx;
  const at_tiling *c = k->c;
  const at_minimal *how = minimal_of(c);
  for (int64_t t = (int64_t)begin; t < (int64_t)end; t++) {
    int64_t y, x, image = at_tile_at(c, k->first + t, &y, &x);
    const at_picture p = {k->from + image * c->h * c->w * c->from, c->h, c->w, c->from};
    for (int64_t ch = 0; ch < c->from; ch += BLOCK) {
      const float *at[MOST_PLANES];
      at_tile_gather(&p, y - c->pad, x - c->pad, how->line, 1, ch, zero, 0, at);
      how->input(at, k->to + t * at_gemm_pitch(c->from) + ch, k->n * at_gemm_pitch(c->from),
                 c->from - ch < BLOCK ? c->from - ch : BLOCK);
    }
  }
}

static void output_range(void *ctx, size_t begin, size_t end) {
  const tiles *k = ctx;
  const at_tiling *c = k->c;
  const at_minimal *how = minimal_of(c);
  float beyond[MOST_MADE * BLOCK] = {0};
  for (int64_t t = (int64_t)begin; t < (int64_t)end; t++) {
    int64_t y, x, image = at_tile_at(c, k->first + t, &y, &x);
    const at_picture p = {k->to + image * c->oh * c->ow * c->to, c->oh, c->ow, c->to};
    for (int64_t ch = 0; ch < c->to; ch += BLOCK) {
      const float *at[MOST_MADE];
      float *to[MOST_MADE];
      at_tile_gather(&p, y, x, how->side, 1, ch, beyond, BLOCK, at);
      for (int i = 0; i < how->side * how->side; i++) to[i] = at_unconst(at[i]);
      how->output(k->from + t * at_gemm_pitch(c->to) + ch, k->n * at_gemm_pitch(c->to), to,
                  c->to - ch < BLOCK ? c->to - ch : BLOCK);
    }
  }
}

static void slope_range(void *ctx, size_t begin, size_t end) {
  static const float zero[BLOCK];
  const tiles *k = ctx;
  const at_tiling *c = k->c;
  const at_minimal *how = minimal_of(c);
  for (int64_t t = (int64_t)begin; t < (int64_t)end; t++) {
    int64_t y, x, image = at_tile_at(c, k->first + t, &y, &x);
    const at_picture p = {k->from + image * c->oh * c->ow * c->to, c->oh, c->ow, c->to};
    for (int64_t ch = 0; ch < c->to; ch += BLOCK) {
      const float *at[MOST_MADE];
      at_tile_gather(&p, y, x, how->side, 1, ch, zero, 0, at);
      how->slope(at, k->to + t * at_gemm_pitch(c->to) + ch, k->n * at_gemm_pitch(c->to),
                 c->to - ch < BLOCK ? c->to - ch : BLOCK);
    }
  }
}

/* ---- weights ---- */

enum { TAPS = 9 };

typedef struct weights {
  const at_minimal *how;
  int64_t from, to;
  const float *w; /* [to, from, 3, 3] */
  float *dw, *u;  /* u: planes of [to, from], or of [from, to] */
} weights;

/* Of channels begin .. end - 1 that are made. */
static void weight_rows(void *ctx, size_t begin, size_t end) {
  const weights *k = ctx;
  const int64_t first = (int64_t)begin * k->from, n = (int64_t)(end - begin) * k->from;
  k->how->weights(k->w + first * TAPS, TAPS, true, n, k->u + first, k->from * k->to);
}

/* The same not turned, [from, to]: side by side, as products of many tiles read them. */
static void weight_columns(void *ctx, size_t begin, size_t end) {
  const weights *k = ctx;
  const float *w = k->w + (int64_t)begin * k->from * TAPS;
  for (int64_t ch = 0; ch < k->from; ch++)
    k->how->weights(w + ch * TAPS, k->from * TAPS, false, (int64_t)(end - begin),
                    k->u + ch * k->to + (int64_t)begin, k->from * k->to);
}

static void weight_back_rows(void *ctx, size_t begin, size_t end) {
  const weights *k = ctx;
  const int64_t first = (int64_t)begin * k->from, n = (int64_t)(end - begin) * k->from;
  k->how->weights_back(k->u + first, k->from * k->to, n, k->dw + first * TAPS);
}

/* ---- the three products ---- */

enum { GRAIN = 8, LANES = 16 }; /* tiles, or rows of weights; channels of a line of a cache */

typedef struct work {
  at_pool *pool;
  const at_tiling *c;
  int64_t planes, most, first, n; /* tiles of the chunk: n, `most` in all but the last */
  float *u, *v, *m;               /* weights; [tiles, from]; [tiles, to] */
} work;

static work open_work(at_pool *pool, const at_tiling *c, float *space) {
  work k = {.pool = pool, .c = c, .planes = planes_of(c), .most = chunk_of(c), .u = space};
  k.v = k.u + k.planes * c->from * c->to;
  k.m = k.v + k.planes * k.most * at_gemm_pitch(c->from);
  return k;
}

static bool next(work *k) {
  k->first += k->n;
  const int64_t left = at_tiles(k->c) - k->first;
  k->n = left < k->most ? left : k->most;
  return k->n > 0;
}

static void over_tiles(const work *k, at_range_fn *fn, const float *from, float *to) {
  at_parallel_range(k->pool, (size_t)k->n, GRAIN, fn, &(tiles){k->c, from, to, k->first, k->n});
}

/* y += x by weights that are transformed, planes of [from, to]. */
static void run(work *k, const float *x, float *y) {
  const at_tiling *c = k->c;
  while (next(k)) {
    over_tiles(k, input_range, x, k->v);
    at_gemm_batch(k->pool, k->planes, k->n, c->to, c->from, 1,
                  (at_mat){k->v, at_gemm_pitch(c->from), 1}, k->n * at_gemm_pitch(c->from),
                  (at_mat){k->u, c->to, 1}, c->from * c->to, 0,
                  (at_mat){k->m, at_gemm_pitch(c->to), 1}, k->n * at_gemm_pitch(c->to));
    over_tiles(k, output_range, k->m, y);
  }
}

static void forward(at_pool *pool, const at_tiling *c, const float *weight, const float *x,
                    float *y, float *space) {
  work k = open_work(pool, c, space);
  weights w = {.how = minimal_of(c), .from = c->from, .to = c->to, .w = weight, .u = k.u};
  at_parallel_range(pool, (size_t)c->to, LANES, weight_columns, &w);
  run(&k, x, y);
}

static void into_x(at_pool *pool, const at_tiling *c, const float *weight, const float *dy,
                   float *dx, float *space) {
  const at_tiling back = back_of(c);
  work k = open_work(pool, &back, space);
  weights w = {.how = minimal_of(c), .from = c->from, .to = c->to, .w = weight, .u = k.u};
  at_parallel_range(pool, (size_t)c->to, GRAIN, weight_rows, &w);
  run(&k, dy, dx);
}

static void into_weight(at_pool *pool, const at_tiling *c, const float *x, const float *dy,
                        float *dw, float *space) {
  work k = open_work(pool, c, space);
  while (next(&k)) {
    over_tiles(&k, input_range, x, k.v);
    over_tiles(&k, slope_range, dy, k.m);
    at_gemm_batch(pool, k.planes, c->to, c->from, k.n, 1, (at_mat){k.m, 1, at_gemm_pitch(c->to)},
                  k.n * at_gemm_pitch(c->to), (at_mat){k.v, at_gemm_pitch(c->from), 1},
                  k.n * at_gemm_pitch(c->from), k.first > 0, (at_mat){k.u, c->from, 1},
                  c->from * c->to);
  }
  weights w = {.how = minimal_of(c), .from = c->from, .to = c->to, .dw = dw, .u = k.u};
  at_parallel_range(pool, (size_t)c->to, GRAIN, weight_back_rows, &w);
}

const at_tiled at_winograd_two = {3, 1, 2, pays, scratch, forward, into_x, into_weight};
const at_tiled at_winograd_four = {3, 1, 4, four_pays, scratch, forward, into_x, into_weight};
