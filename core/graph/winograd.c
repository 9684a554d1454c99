#include "core/graph/winograd.h"
#include "core/graph/few.h"
#include "core/graph/winograd_impl.h"
#include "core/tensor/gemm.h"
#include "core/tensor/turn.h"

/* About so many numbers of all planes are worked on at a time, for each channel; products pack all
 * weights for each such chunk, so that chunks are larger where weights are many. */
enum { NUMBERS = 8192, MORE_NUMBERS = 36864, MANY_WEIGHTS = 1 << 18 };
enum { BLOCK = AT_MINIMAL_BLOCK, LEAST_CHANNELS = 32, LEAST_TILES = 64, FEW_TILES = 64 };
enum { MOST_PLANES = AT_MINIMAL_LINE * AT_MINIMAL_LINE };
enum { MOST_MADE = AT_MINIMAL_SIDE * AT_MINIMAL_SIDE, TAPS = AT_MINIMAL_TAPS * AT_MINIMAL_TAPS };

static bool by_four(const at_tiling *c) { return c->side == AT_MINIMAL_SIDE; }

static const at_minimal *minimal_of(const at_tiling *c, bool half_down, bool half_across) {
  return by_four(c) ? &at_minimal_four[half_down][half_across] : &at_minimal_two;
}

static const at_minimal_weights *weights_of(const at_tiling *c) {
  return by_four(c) ? &at_minimal_weights_four : &at_minimal_weights_two;
}

/* ---- tiles ----
 *
 * A side is covered by whole tiles and, where two numbers or one are left behind tiles of four, by
 * one half as long. Tiles are counted by their kinds, so that those that a plane has stand side by
 * side. */

typedef struct cover {
  int64_t whole, half;
} cover;

static cover cover_of(const at_tiling *c, int64_t side) {
  const int64_t left = side % c->side;
  const bool half = by_four(c) && left > 0 && left <= c->side / 2;
  return (cover){side / c->side + (left && !half), half};
}

enum { KINDS = 4 };
static const bool half_down[KINDS] = {false, false, true, true};
static const bool half_across[KINDS] = {true, false, false, true};

static int64_t tiles_of_kind(const at_tiling *c, int kind) {
  const cover y = cover_of(c, c->oh), x = cover_of(c, c->ow);
  return c->images * (half_down[kind] ? y.half : y.whole) * (half_across[kind] ? x.half : x.whole);
}

/* Of the kinds before. */
static int64_t tiles_before(const at_tiling *c, int kind) {
  int64_t n = 0;
  for (int i = 0; i < kind; i++) n += tiles_of_kind(c, i);
  return n;
}

typedef struct tile {
  int64_t image, y, x; /* the upper left number of the result */
  const at_minimal *how;
} tile;

static tile tile_at(const at_tiling *c, int64_t t) {
  const cover y = cover_of(c, c->oh), x = cover_of(c, c->ow);
  int kind = 0;
  for (; t >= tiles_of_kind(c, kind); kind++) t -= tiles_of_kind(c, kind);
  const int64_t down = half_down[kind] ? y.half : y.whole;
  const int64_t across = half_across[kind] ? x.half : x.whole;
  return (tile){t / across / down, (half_down[kind] ? y.whole : t / across % down) * c->side,
                (half_across[kind] ? x.whole : t % across) * c->side,
                minimal_of(c, half_down[kind], half_across[kind])};
}

/* ---- planes ----
 *
 * Products (r, s) with r and s below FEW are those that every tile has. */

enum { FEW = 4, MANY = AT_MINIMAL_LINE, MORE = MANY - FEW, GROUPS = 4 };

static int plane_of(int r, int s) {
  return r < FEW   ? (s < FEW ? r * FEW + s : (FEW + MORE) * FEW + r * MORE + s - FEW)
         : s < FEW ? (r * FEW + s)
                   : (FEW + 2 * MORE) * FEW + (r - FEW) * MORE + s - FEW;
}

/* Planes that have the same tiles: those of some kinds, one after another. */
static const struct {
  int first, planes, kind, end;
} group[GROUPS] = {{0, FEW *FEW, 0, 4},
                   {FEW * FEW, MORE *FEW, 0, 2},
                   {FEW * MANY, FEW *MORE, 1, 3},
                   {FEW * (MANY + MORE), MORE *MORE, 1, 2}};

static int groups_of(const at_tiling *c) { return by_four(c) ? GROUPS : 1; }

static int64_t planes_of(const at_tiling *c) {
  const int64_t line = c->side + 2;
  return line * line;
}

/* Products for one pair of channels. */
static int64_t products(const at_tiling *c) {
  int64_t n = 0;
  for (int g = 0; g < groups_of(c); g++)
    for (int kind = group[g].kind; kind < group[g].end; kind++)
      n += group[g].planes * tiles_of_kind(c, kind);
  return n;
}

/* The gradient by x: dy with the weights turned, the channels changing places. */
static at_tiling back_of(const at_tiling *c) {
  return (at_tiling){c->images, c->oh,   c->ow,      c->to,   c->h,
                     c->w,      c->from, 2 - c->pad, c->side, c->assign};
}

static bool few_there(const at_tiling *c) {
  return tiles_of_kind(c, 1) == at_tiles(c) && at_few_pays(at_tiles(c), FEW_TILES, c->from, c->to);
}

/* Tiles so few, there and back, that weights are the larger part: few.h. */
static bool few(const at_tiling *c) {
  const at_tiling back = back_of(c);
  return few_there(c) && few_there(&back);
}

/* Otherwise few tiles share the numbers that nine weights become. */
static bool pays(const at_tiling *c) {
  return c->pad <= 2 && c->from >= LEAST_CHANNELS && c->to >= LEAST_CHANNELS &&
         (at_tiles(c) >= LEAST_TILES || few(c));
}

/* Large tiles that hang far over the edge save nothing. */
static bool four_pays(const at_tiling *c) {
  at_tiling two = *c;
  two.side = at_minimal_two.side.down;
  return pays(c) && products(c) * 5 <= products(&two) * 4;
}

static int64_t chunk_of(const at_tiling *c) {
  const at_tiling back = back_of(c);
  const int64_t there = at_tiles(&back), here = at_tiles(c), most = there > here ? there : here;
  const int64_t chunk = (c->from * c->to < MANY_WEIGHTS ? NUMBERS : MORE_NUMBERS) / planes_of(c);
  return most < chunk ? most : chunk;
}

/* From one plane of weights to the next. */
static int64_t u_step(const at_tiling *c) { return at_gemm_pitch(c->from * c->to); }

static const at_few *few_of(const at_tiling *c);

static int64_t u_size(const at_tiling *c) { return few(c) ? 0 : planes_of(c) * u_step(c); }

static size_t scratch(const at_tiling *c) {
  const int64_t row = at_gemm_pitch(c->from) + at_gemm_pitch(c->to);
  return (size_t)(u_size(c) + planes_of(c) * chunk_of(c) * row) +
         (few(c) ? at_few_space(few_of(c), chunk_of(c), c->from, c->to) : 0);
}

/* ---- a chunk of tiles ---- */

typedef struct tiles {
  const at_tiling *c;
  const float *from; /* what is read: a picture, or planes */
  float *to;
  int64_t first, n; /* of the chunk */
} tiles;

static int lesser(int64_t n, int most) { return n < most ? (int)n : most; }

/* Where the products of a tile lie, `step` from plane to plane. */
static void plane_list(at_sides line, float *p, int64_t step, float **at) {
  for (int r = 0; r < line.down; r++)
    for (int s = 0; s < line.along; s++) at[r * line.along + s] = p + plane_of(r, s) * step;
}

static at_sides line_of(const tile *a) {
  return (at_sides){a->how->side.down + 2, a->how->side.along + 2};
}

static void input_range(void *ctx, size_t begin, size_t end) {
  static const float zero[BLOCK];
  const tiles *k = ctx;
  const at_tiling *c = k->c;
  const int64_t pitch = at_gemm_pitch(c->from);
  for (int64_t t = (int64_t)begin; t < (int64_t)end; t++) {
    const tile a = tile_at(c, k->first + t);
    const at_sides line = line_of(&a);
    const at_picture p = {k->from + a.image * c->h * c->w * c->from, c->h, c->w, c->from};
    const at_patch patch = {a.y - c->pad, a.x - c->pad, line.down, line.along, 1};
    for (int64_t ch = 0; ch < c->from; ch += BLOCK) {
      const float *at[MOST_PLANES];
      float *to[MOST_PLANES];
      at_tile_gather(&p, patch, ch, zero, 0, at);
      plane_list(line, k->to + t * pitch + ch, k->n * pitch, to);
      a.how->input(at, to, lesser(c->from - ch, BLOCK));
    }
  }
}

static void output_range(void *ctx, size_t begin, size_t end) {
  const tiles *k = ctx;
  const at_tiling *c = k->c;
  const int64_t pitch = at_gemm_pitch(c->to);
  float beyond[BLOCK] = {0};
  for (int64_t t = (int64_t)begin; t < (int64_t)end; t++) {
    const tile a = tile_at(c, k->first + t);
    const at_sides side = a.how->side, line = line_of(&a);
    const at_picture p = {k->to + a.image * c->oh * c->ow * c->to, c->oh, c->ow, c->to};
    const at_patch patch = {a.y, a.x, side.down, side.along, 1};
    for (int64_t ch = 0; ch < c->to; ch += BLOCK) {
      const float *at[MOST_MADE];
      float *to[MOST_MADE], *from[MOST_PLANES];
      at_tile_gather(&p, patch, ch, beyond, 0, at);
      for (int i = 0; i < side.down * side.along; i++) to[i] = at_unconst(at[i]);
      plane_list(line, at_unconst(k->from) + t * pitch + ch, k->n * pitch, from);
      (c->assign ? a.how->output : a.how->add_output)((const float *const *)from, to,
                                                      lesser(c->to - ch, BLOCK));
    }
  }
}

static void slope_range(void *ctx, size_t begin, size_t end) {
  static const float zero[BLOCK];
  const tiles *k = ctx;
  const at_tiling *c = k->c;
  const int64_t pitch = at_gemm_pitch(c->to);
  for (int64_t t = (int64_t)begin; t < (int64_t)end; t++) {
    const tile a = tile_at(c, k->first + t);
    const at_sides side = a.how->side, line = line_of(&a);
    const at_picture p = {k->from + a.image * c->oh * c->ow * c->to, c->oh, c->ow, c->to};
    const at_patch patch = {a.y, a.x, side.down, side.along, 1};
    for (int64_t ch = 0; ch < c->to; ch += BLOCK) {
      const float *at[MOST_MADE];
      float *to[MOST_PLANES];
      at_tile_gather(&p, patch, ch, zero, 0, at);
      plane_list(line, k->to + t * pitch + ch, k->n * pitch, to);
      a.how->slope(at, to, lesser(c->to - ch, BLOCK));
    }
  }
}

/* ---- weights ---- */

enum { LANES = AT_TURN }; /* pairs of channels that are worked on together: a line of a cache */

typedef struct weights {
  const at_minimal_weights *how;
  int64_t from, to, step; /* from plane to plane */
  const float *w;         /* [to, from, 3, 3] */
  float *dw, *u;          /* u: planes of [to, from], or of [from, to] */
} weights;

/* u = G w G' of n kernels that begin `apart` numbers from each other, `turned` by half a turn where
 * the gradient by x needs it. */
static void weight_lanes(const weights *k, const float *w, int64_t apart, bool turned, int64_t n,
                         float *u) {
  float g[LANES][LANES];
  const float *at[TAPS];
  float *to[MOST_PLANES];
  for (int i = 0; i < TAPS; i++) at[i] = g[turned ? TAPS - 1 - i : i];
  if (n == LANES) at_turn(w, apart, TAPS, g);
  for (int64_t l = 0; n < LANES && l < n; l++)
    for (int i = 0; i < TAPS; i++) g[i][l] = w[l * apart + i];
  plane_list((at_sides){k->how->line, k->how->line}, u, k->step, to);
  k->how->there(at, to, n);
}

/* Of channels begin .. end - 1 that are made. */
static void weight_rows(void *ctx, size_t begin, size_t end) {
  const weights *k = ctx;
  for (int64_t i = (int64_t)begin * k->from; i < (int64_t)end * k->from; i += LANES)
    weight_lanes(k, k->w + i * TAPS, TAPS, true, lesser((int64_t)end * k->from - i, LANES),
                 k->u + i);
}

/* The same not turned, [from, to]: side by side, as products of many tiles read them; LANES at
 * most. */
static void weight_columns(void *ctx, size_t begin, size_t end) {
  const weights *k = ctx;
  const float *w = k->w + (int64_t)begin * k->from * TAPS;
  for (int64_t ch = 0; ch < k->from; ch++)
    weight_lanes(k, w + ch * TAPS, k->from * TAPS, false, (int64_t)(end - begin),
                 k->u + ch * k->to + (int64_t)begin);
}

/* dw += G' u G */
static void weight_back_lanes(const weights *k, int64_t first, int64_t n) {
  float g[LANES][LANES] = {{0}}, turned[LANES][LANES];
  float *from[MOST_PLANES], *to[TAPS];
  for (int i = 0; i < TAPS; i++) to[i] = g[i];
  plane_list((at_sides){k->how->line, k->how->line}, k->u + first, k->step, from);
  k->how->back((const float *const *)from, to, n);
  at_turn(g[0], LANES, LANES, turned);
  for (int64_t l = 0; l < n; l++)
    for (int i = 0; i < TAPS; i++) k->dw[(first + l) * TAPS + i] += turned[l][i];
}

static void weight_back_rows(void *ctx, size_t begin, size_t end) {
  const weights *k = ctx;
  for (int64_t i = (int64_t)begin * k->from; i < (int64_t)end * k->from; i += LANES)
    weight_back_lanes(k, i, lesser((int64_t)end * k->from - i, LANES));
}

static void few_weights(const at_minimal_weights *how, const float *w, bool turned, int64_t n,
                        float *u, int64_t plane) {
  const weights k = {.how = how, .step = plane};
  for (int64_t i = 0; i < n; i += LANES)
    weight_lanes(&k, w + i * TAPS, TAPS, turned, lesser(n - i, LANES), u + i);
}

static void few_weights_two(const float *w, bool turned, int64_t n, float *u, int64_t plane) {
  few_weights(&at_minimal_weights_two, w, turned, n, u, plane);
}

static void few_weights_four(const float *w, bool turned, int64_t n, float *u, int64_t plane) {
  few_weights(&at_minimal_weights_four, w, turned, n, u, plane);
}

static void few_back(const at_minimal_weights *how, const float *u, int64_t plane, int64_t n,
                     float *dw) {
  const weights k = {.how = how, .step = plane, .u = at_unconst(u), .dw = dw};
  for (int64_t i = 0; i < n; i += LANES) weight_back_lanes(&k, i, lesser(n - i, LANES));
}

static void few_back_two(const float *u, int64_t plane, int64_t n, float *dw) {
  few_back(&at_minimal_weights_two, u, plane, n, dw);
}

static void few_back_four(const float *u, int64_t plane, int64_t n, float *dw) {
  few_back(&at_minimal_weights_four, u, plane, n, dw);
}

static const at_few *few_of(const at_tiling *c) {
  static const at_few two = {16, 1, TAPS, few_weights_two, few_back_two};
  static const at_few four = {36, 1, TAPS, few_weights_four, few_back_four};
  return by_four(c) ? &four : &two;
}

/* ---- the three products ---- */

enum { GRAIN = 8 }; /* tiles, or rows of weights */

typedef struct work {
  at_pool *pool;
  const at_tiling *c;
  int64_t most, first, n; /* tiles of the chunk: n, `most` in all but the last */
  float *u, *v, *m;       /* weights; [tiles, from]; [tiles, to] */
} work;

static work open_work(at_pool *pool, const at_tiling *c, float *space) {
  work k = {.pool = pool, .c = c, .most = chunk_of(c), .u = space};
  k.v = k.u + u_size(c);
  k.m = k.v + planes_of(c) * k.most * at_gemm_pitch(c->from);
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

/* Of planes [tiles, channels], those of group g and the tiles that it has; `rows`: how many. */
static at_mat group_planes(const work *k, int g, float *p, int64_t channels, int64_t *rows) {
  const int64_t pitch = at_gemm_pitch(channels), last = k->first + k->n;
  int64_t begin = tiles_before(k->c, group[g].kind), end = tiles_before(k->c, group[g].end);
  if (begin < k->first) begin = k->first;
  if (end > last) end = last;
  *rows = end > begin ? end - begin : 0;
  return (at_mat){p + (group[g].first * k->n + begin - k->first) * pitch, pitch, 1};
}

/* y += x by weights that are transformed, planes of [from, to]. */
static void run(work *k, const float *x, float *y) {
  const at_tiling *c = k->c;
  while (next(k)) {
    over_tiles(k, input_range, x, k->v);
    for (int g = 0; g < groups_of(c); g++) {
      int64_t rows;
      const at_mat v = group_planes(k, g, k->v, c->from, &rows);
      const at_mat m = group_planes(k, g, k->m, c->to, &rows);
      at_gemm_batch(k->pool, group[g].planes, rows, c->to, c->from, 1, v, k->n * v.rs,
                    (at_mat){k->u + group[g].first * u_step(c), c->to, 1}, u_step(c), 0, m,
                    k->n * m.rs);
    }
    over_tiles(k, output_range, k->m, y);
  }
}

/* All tiles are one chunk. */
static at_few_planes few_planes(const work *k, float *p, int64_t channels) {
  const int64_t pitch = at_gemm_pitch(channels);
  return (at_few_planes){p, pitch, k->n * pitch};
}

static at_few_product open_few(const work *k) {
  const at_tiling *c = k->c;
  return (at_few_product){
      .how = few_of(c),
      .tiles = k->n,
      .from = c->from,
      .to = c->to,
      .v = few_planes(k, k->v, c->from),
      .m = few_planes(k, k->m, c->to),
      .space = k->m + planes_of(c) * k->most * at_gemm_pitch(c->to),
  };
}

static void few_forward(work *k, const float *weight, const float *x, float *y) {
  next(k);
  at_few_product f = open_few(k);
  f.w = weight;
  over_tiles(k, input_range, x, k->v);
  at_few_forward(k->pool, &f);
  over_tiles(k, output_range, k->m, y);
}

/* The tiling is that of the way back: its v is what the weights made. */
static void few_into_x(work *k, const float *weight, const float *dy, float *dx) {
  next(k);
  const at_few_product there = open_few(k);
  at_few_product f = there;
  f.from = there.to;
  f.to = there.from;
  f.v = there.m;
  f.m = there.v;
  f.w = weight;
  f.turned = true;
  over_tiles(k, input_range, dy, k->v);
  at_few_back(k->pool, &f);
  over_tiles(k, output_range, k->m, dx);
}

static void few_into_weight(work *k, const float *x, const float *dy, float *dw) {
  next(k);
  at_few_product f = open_few(k);
  f.dw = dw;
  over_tiles(k, input_range, x, k->v);
  over_tiles(k, slope_range, dy, k->m);
  at_few_weight(k->pool, &f);
}

static weights open_weights(const work *k, const at_tiling *c) {
  return (weights){weights_of(c), c->from, c->to, u_step(c), NULL, NULL, k->u};
}

static void forward(at_pool *pool, const at_tiling *c, const float *weight, const float *x,
                    float *y, float *space) {
  work k = open_work(pool, c, space);
  if (few(c)) {
    few_forward(&k, weight, x, y);
    return;
  }
  weights w = open_weights(&k, c);
  w.w = weight;
  at_parallel_range(pool, (size_t)c->to, LANES, weight_columns, &w);
  run(&k, x, y);
}

static void into_x(at_pool *pool, const at_tiling *c, const float *weight, const float *dy,
                   float *dx, float *space) {
  const at_tiling back = back_of(c);
  work k = open_work(pool, &back, space);
  if (few(c)) {
    few_into_x(&k, weight, dy, dx);
    return;
  }
  weights w = open_weights(&k, c);
  w.w = weight;
  at_parallel_range(pool, (size_t)c->to, GRAIN, weight_rows, &w);
  run(&k, dy, dx);
}

static void into_weight(at_pool *pool, const at_tiling *c, const float *x, const float *dy,
                        float *dw, float *space) {
  work k = open_work(pool, c, space);
  if (few(c)) {
    few_into_weight(&k, x, dy, dw);
    return;
  }
  weights w = open_weights(&k, c);
  w.dw = dw;
  while (next(&k)) {
    over_tiles(&k, input_range, x, k.v);
    over_tiles(&k, slope_range, dy, k.m);
    for (int g = 0; g < groups_of(c); g++) {
      int64_t rows;
      const at_mat v = group_planes(&k, g, k.v, c->from, &rows);
      const at_mat m = group_planes(&k, g, k.m, c->to, &rows);
      if (rows == 0 && k.first > 0) continue;
      at_gemm_batch(pool, group[g].planes, c->to, c->from, rows, 1, (at_mat){m.p, 1, m.rs},
                    k.n * m.rs, v, k.n * v.rs, k.first > 0,
                    (at_mat){k.u + group[g].first * u_step(c), c->from, 1}, u_step(c));
    }
  }
  at_parallel_range(pool, (size_t)c->to, GRAIN, weight_back_rows, &w);
}

const at_tiled at_winograd_two = {3, 1, 2, true, pays, scratch, forward, into_x, into_weight};
const at_tiled at_winograd_four = {3, 1, 4, true, four_pays, scratch, forward, into_x, into_weight};
