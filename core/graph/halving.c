#include "core/graph/halving.h"
#include <string.h>
#include "core/graph/few.h"
#include "core/graph/op_common.h"
#include "core/tensor/gemm.h"
#include "core/tensor/turn.h"
#include "core/tensor/vecmath.h"

/* Channels of a tile are worked on BLOCK at a time. PLANES: products of a tile, each in a matrix of
 * its own; its rows stand APART, for those that lie a power of two from each other drive each other
 * out of a cache. */
enum { BLOCK = 64, SIDE = 3, PLANES = SIDE * SIDE, PHASES = 4, APART = 16 };
enum { LEAST_CHANNELS = 32, LEAST_TILES = 64, FEW_TILES = 64 };

static bool few(const at_tiling *c) { return at_few_pays(at_tiles(c), FEW_TILES, c->from, c->to); }

static bool pays(const at_tiling *c) {
  return c->from >= LEAST_CHANNELS && c->to >= LEAST_CHANNELS &&
         (at_tiles(c) >= LEAST_TILES || few(c));
}

/* Of n things of `each` numbers, so many as are about `most`: pieces of one size, whole rows of the
 * kernels of products. */
static int64_t piece(int64_t n, int64_t each, int64_t most, int64_t round) {
  const int64_t pieces = (n * each - 1) / most + 1;
  return at_fewer(n, ((n - 1) / pieces / round + 1) * round);
}

enum { MOST_WEIGHTS = 1 << 19, MOST_PLANES = 3 << 19 };

/* Channels made that are worked on at a time, their weights transformed. */
static int64_t block_of(const at_tiling *c) {
  return few(c) ? c->to : piece(c->to, PLANES * PHASES * c->from, MOST_WEIGHTS, 32);
}

static int64_t tile_numbers(const at_tiling *c) {
  return PLANES * (PHASES * c->from + block_of(c) + 2 * APART);
}

/* Tiles that are worked on at a time. */
static int64_t chunk_of(const at_tiling *c) {
  return few(c) ? at_tiles(c) : piece(at_tiles(c), tile_numbers(c), MOST_PLANES, 24);
}

static const at_few few_way;

static size_t scratch(const at_tiling *c) {
  const size_t tiles = (size_t)(chunk_of(c) * tile_numbers(c));
  return tiles + (few(c) ? at_few_space(&few_way, chunk_of(c), c->from, c->to)
                         : (size_t)(PLANES * PHASES * c->from * block_of(c)));
}

typedef struct span {
  int64_t first, n;
} span;

static bool next(span *s, int64_t all, int64_t most) {
  s->first += s->n;
  s->n = at_fewer(all - s->first, most);
  return s->n > 0;
}

typedef struct planes {
  float *p;
  int64_t row, step; /* from row to row, from plane to plane */
} planes;

/* A chunk of tiles and a block of channels made. Forward makes v of x and y of m; the gradients go
 * the other ways. */
typedef struct work {
  const at_tiling *c;
  const float *w, *x, *dy; /* w: [to, from, 4, 4] */
  float *dw, *dx, *y;
  span chunk, block;
  planes v, m; /* [tiles, phase, from], [tiles, made] */
  float *u;    /* transformed weights of the block: planes of [made, phase, from] or turned */
} work;

static bool next_chunk(work *k) { return next(&k->chunk, at_tiles(k->c), chunk_of(k->c)); }
static bool next_block(work *k) { return next(&k->block, k->c->to, block_of(k->c)); }

/* Numbers of a plane of u. */
static int64_t u_plane(const work *k) { return PHASES * k->c->from * k->block.n; }

static planes open_planes(float *p, int64_t rows, int64_t row) {
  return (planes){p, row, rows * row};
}

static work open_work(const at_tiling *c, float *space) {
  const int64_t in = PHASES * c->from, chunk = chunk_of(c), block = block_of(c);
  work k = {.c = c};
  k.v = open_planes(space, chunk, in + APART);
  k.m = open_planes(k.v.p + PLANES * k.v.step, chunk, block + APART);
  k.u = k.m.p + PLANES * k.m.step;
  return k;
}

/* ---- tiles ----
 *
 * Transforms work on a line of three (or two) numbers at a time, first down the columns of a tile
 * and then along its rows: a loop over channels each, which compilers turn into vector code. */

/* B' of three inputs but for the middle one, which stays. */
static inline void input_line(const float *a, const float *b, const float *g, float *restrict w,
                              float *restrict y, int64_t n) {
  AT_NO_CARRY
  for (int64_t c = 0; c < n; c++) {
    w[c] = a[c] - b[c];
    y[c] = g[c] - b[c];
  }
}

/* B' d B */
static void input_tile(const float *const *d, float *v, int64_t step, int64_t n) {
  float e[2][SIDE][BLOCK];
  for (int s = 0; s < SIDE; s++) input_line(d[s], d[3 + s], d[6 + s], e[0][s], e[1][s], n);
  for (int r = 0; r < SIDE; r++, v += SIDE * step) {
    const float *a = r == 1 ? d[3] : e[r / 2][0], *b = r == 1 ? d[4] : e[r / 2][1],
                *g = r == 1 ? d[5] : e[r / 2][2];
    input_line(a, b, g, v, v + 2 * step, n);
    memcpy(v + step, b, (size_t)n * sizeof *v);
  }
}

/* x += B of three */
static inline void back_line(const float *a, const float *b, const float *g, float *restrict x,
                             float *restrict y, float *restrict z, bool add, int64_t n) {
  AT_NO_CARRY
  for (int64_t c = 0; c < n; c++) {
    x[c] = (add ? x[c] : 0) + a[c];
    y[c] = (add ? y[c] : 0) + (b[c] - (a[c] + g[c]));
    z[c] = (add ? z[c] : 0) + g[c];
  }
}

/* dx += B v B' */
static void back_tile(const float *v, int64_t step, float *const *dx, int64_t n) {
  float e[SIDE][SIDE][BLOCK];
  for (int s = 0; s < SIDE; s++)
    back_line(v + s * step, v + (3 + s) * step, v + (6 + s) * step, e[0][s], e[1][s], e[2][s],
              false, n);
  for (int r = 0; r < SIDE; r++)
    back_line(e[r][0], e[r][1], e[r][2], dx[3 * r], dx[3 * r + 1], dx[3 * r + 2], true, n);
}

/* y += A' of three; `add` false: y is that. */
static inline void output_line(const float *a, const float *b, const float *g, float *restrict y,
                               float *restrict z, bool add, int64_t n) {
  AT_NO_CARRY
  for (int64_t c = 0; c < n; c++) {
    y[c] = (add ? y[c] : 0) + (a[c] + b[c]);
    z[c] = (add ? z[c] : 0) + (b[c] + g[c]);
  }
}

/* y += A' m A; `add` false: y is that. */
static void output_tile(const float *m, int64_t step, float *const *y, bool add, int64_t n) {
  float e[2][SIDE][BLOCK];
  for (int s = 0; s < SIDE; s++)
    output_line(m + s * step, m + (3 + s) * step, m + (6 + s) * step, e[0][s], e[1][s], false, n);
  for (int r = 0; r < 2; r++)
    output_line(e[r][0], e[r][1], e[r][2], y[2 * r], y[2 * r + 1], add, n);
}

static inline void sum(const float *a, const float *b, float *restrict y, int64_t n) {
  AT_NO_CARRY
  for (int64_t c = 0; c < n; c++) y[c] = a[c] + b[c];
}

/* A dy A' */
static void slope_tile(const float *const *dy, float *m, int64_t step, int64_t n) {
  float e[2][BLOCK];
  for (int s = 0; s < 2; s++) sum(dy[s], dy[2 + s], e[s], n);
  for (int r = 0; r < SIDE; r++, m += SIDE * step) {
    const float *a = r == 0 ? dy[0] : r == 1 ? e[0] : dy[2];
    const float *b = r == 0 ? dy[1] : r == 1 ? e[1] : dy[3];
    memcpy(m, a, (size_t)n * sizeof *m);
    sum(a, b, m + step, n);
    memcpy(m + 2 * step, b, (size_t)n * sizeof *m);
  }
}

/* The 3 x 3 numbers of a phase in tile t, in x or dx. */
static void gather_phase(const work *k, const float *x, int64_t t, int phase, int64_t ch,
                         const float *outside, int apart, const float **at) {
  const at_tiling *c = k->c;
  int64_t oy, ox, image = at_tile_at(c, k->chunk.first + t, &oy, &ox);
  const at_picture p = {x + image * c->h * c->w * c->from, c->h, c->w, c->from};
  const int64_t y = 2 * oy + phase / 2 - c->pad, x0 = 2 * ox + phase % 2 - c->pad;
  at_tile_gather(&p, (at_patch){y, x0, SIDE, SIDE, 2}, ch, outside, apart, at);
}

/* The 2 x 2 numbers of tile t in y or dy. */
static void gather_result(const work *k, const float *y, int64_t t, int64_t ch,
                          const float *outside, int apart, const float **at) {
  const at_tiling *c = k->c;
  int64_t oy, ox, image = at_tile_at(c, k->chunk.first + t, &oy, &ox);
  const at_picture p = {y + image * c->oh * c->ow * c->to, c->oh, c->ow, c->to};
  at_tile_gather(&p, (at_patch){oy, ox, 2, 2, 1}, ch, outside, apart, at);
}

static const float zero[BLOCK];

static void input_range(void *ctx, size_t begin, size_t end) {
  const work *k = ctx;
  const int64_t from = k->c->from;
  const float *at[PLANES];
  for (int64_t t = (int64_t)begin; t < (int64_t)end; t++)
    for (int phase = 0; phase < PHASES; phase++)
      for (int64_t ch = 0; ch < from; ch += BLOCK) {
        gather_phase(k, k->x, t, phase, ch, zero, 0, at);
        input_tile(at, k->v.p + t * k->v.row + phase * from + ch, k->v.step,
                   at_fewer(from - ch, BLOCK));
      }
}

static void output_range(void *ctx, size_t begin, size_t end) {
  const work *k = ctx;
  float beyond[4 * BLOCK] = {0};
  for (int64_t t = (int64_t)begin; t < (int64_t)end; t++)
    for (int64_t ch = 0; ch < k->block.n; ch += BLOCK) {
      const float *at[4];
      gather_result(k, k->y, t, k->block.first + ch, beyond, BLOCK, at);
      float *const to[] = {at_unconst(at[0]), at_unconst(at[1]), at_unconst(at[2]),
                           at_unconst(at[3])};
      output_tile(k->m.p + t * k->m.row + ch, k->m.step, to, !k->c->assign,
                  at_fewer(k->block.n - ch, BLOCK));
    }
}

static void slope_range(void *ctx, size_t begin, size_t end) {
  const work *k = ctx;
  const float *at[4];
  for (int64_t t = (int64_t)begin; t < (int64_t)end; t++)
    for (int64_t ch = 0; ch < k->block.n; ch += BLOCK) {
      gather_result(k, k->dy, t, k->block.first + ch, zero, 0, at);
      slope_tile(at, k->m.p + t * k->m.row + ch, k->m.step, at_fewer(k->block.n - ch, BLOCK));
    }
}

/* Tiles of the input overlap, so that work is dealt out by channels, BLOCK at most. */
static void back_channels(void *ctx, size_t begin, size_t end) {
  const work *k = ctx;
  const int64_t from = k->c->from, ch = (int64_t)begin;
  float beyond[PLANES * BLOCK] = {0};
  for (int64_t t = 0; t < k->chunk.n; t++)
    for (int phase = 0; phase < PHASES; phase++) {
      const float *at[PLANES];
      float *to[PLANES];
      gather_phase(k, k->dx, t, phase, ch, beyond, BLOCK, at);
      for (int i = 0; i < PLANES; i++) to[i] = at_unconst(at[i]);
      back_tile(k->v.p + t * k->v.row + phase * from + ch, k->v.step, to, (int64_t)end - ch);
    }
}

/* ---- weights ---- */

/* LANES pairs of channels are worked on together. */
enum { LANES = AT_TURN, TAPS = AT_TURN };
typedef float lanes[LANES];

/* The phase's tap (a, b) of the kernel. */
static int tap_of(int phase, int a, int b) { return (2 * a + phase / 2) * 4 + 2 * b + phase % 2; }

static inline void lanes_sum(const float *a, const float *b, float *restrict y) {
  for (int l = 0; l < LANES; l++) y[l] = a[l] + b[l];
}

/* G g G' of a phase. */
static void weight_phase(lanes *t, int phase, lanes *u) {
  for (int s = 0; s < 2; s++) {
    lanes e[SIDE];
    memcpy(e[0], t[tap_of(phase, 0, s)], sizeof *e);
    memcpy(e[2], t[tap_of(phase, 1, s)], sizeof *e);
    lanes_sum(e[0], e[2], e[1]);
    for (int r = 0; r < SIDE; r++) memcpy(u[SIDE * r + 2 * s], e[r], sizeof *e);
  }
  for (int r = 0; r < SIDE; r++) lanes_sum(u[SIDE * r], u[SIDE * r + 2], u[SIDE * r + 1]);
}

static void put(float *to, const float *from, int64_t n) {
  if (n == LANES)
    memcpy(to, from, LANES * sizeof *to);
  else
    memcpy(to, from, (size_t)n * sizeof *to);
}

/* Of n pairs, whose weights begin at w, w + step, ..: planes into u. */
static void weight_pairs(const float *w, int64_t step, int64_t n, float *u, int64_t plane,
                         int64_t phase_step) {
  lanes t[TAPS] = {{0}}, p[PLANES];
  if (n == LANES) at_turn(w, step, TAPS, t);
  for (int64_t l = 0; n < LANES && l < n; l++)
    for (int i = 0; i < TAPS; i++) t[i][l] = w[l * step + i];
  for (int phase = 0; phase < PHASES; phase++) {
    weight_phase(t, phase, p);
    for (int i = 0; i < PLANES; i++) put(u + i * plane + phase * phase_step, p[i], n);
  }
}

/* Channels begin .. end - 1 of the block, [made, phase, from]. */
static void weight_rows(void *ctx, size_t begin, size_t end) {
  const work *k = ctx;
  const int64_t from = k->c->from;
  for (int64_t o = (int64_t)begin; o < (int64_t)end; o++)
    for (int64_t ch = 0; ch < from; ch += LANES)
      weight_pairs(k->w + ((k->block.first + o) * from + ch) * TAPS, TAPS,
                   at_fewer(from - ch, LANES), k->u + o * PHASES * from + ch, u_plane(k), from);
}

/* Channels begin .. end - 1, LANES at most, [phase, from, made]. */
static void weight_columns(void *ctx, size_t begin, size_t end) {
  const work *k = ctx;
  const int64_t from = k->c->from, n = k->block.n, o = (int64_t)begin;
  for (int64_t ch = 0; ch < from; ch++)
    weight_pairs(k->w + ((k->block.first + o) * from + ch) * TAPS, from * TAPS, (int64_t)end - o,
                 k->u + ch * n + o, u_plane(k), from * n);
}

/* dw += G' u G of n pairs; planes of u lie `plane` apart, its phases `phase_step`. */
static void weight_back_pairs(const float *u, int64_t plane, int64_t phase_step, int64_t n,
                              float *dw) {
  lanes t[TAPS], p[PLANES] = {{0}}, e[2][SIDE];
  for (int phase = 0; phase < PHASES; phase++) {
    for (int i = 0; i < PLANES; i++) put(p[i], u + i * plane + phase * phase_step, n);
    for (int s = 0; s < SIDE; s++)
      for (int a = 0; a < 2; a++) lanes_sum(p[SIDE * a + s], p[SIDE * (a + 1) + s], e[a][s]);
    for (int a = 0; a < 2; a++)
      for (int b = 0; b < 2; b++) lanes_sum(e[a][b], e[a][b + 1], t[tap_of(phase, a, b)]);
  }
  lanes g[LANES];
  at_turn(t[0], LANES, LANES, g);
  for (int64_t l = 0; l < n; l++)
    for (int i = 0; i < TAPS; i++) dw[l * TAPS + i] += g[l][i];
}

static void weight_back_rows(void *ctx, size_t begin, size_t end) {
  const work *k = ctx;
  const int64_t from = k->c->from;
  for (int64_t o = (int64_t)begin; o < (int64_t)end; o++)
    for (int64_t ch = 0; ch < from; ch += LANES)
      weight_back_pairs(k->u + o * PHASES * from + ch, u_plane(k), from, at_fewer(from - ch, LANES),
                        k->dw + ((k->block.first + o) * from + ch) * TAPS);
}

static void few_weights(const float *w, bool turned, int64_t n, float *u, int64_t plane) {
  (void)turned;
  for (int64_t i = 0; i < n; i += LANES)
    weight_pairs(w + i * TAPS, TAPS, at_fewer(n - i, LANES), u + i, plane, n);
}

static void few_weights_back(const float *u, int64_t plane, int64_t n, float *dw) {
  for (int64_t i = 0; i < n; i += LANES)
    weight_back_pairs(u + i, plane, n, at_fewer(n - i, LANES), dw + i * TAPS);
}

static const at_few few_way = {PLANES, PHASES, TAPS, few_weights, few_weights_back};

/* ---- the three products ---- */

enum { GRAIN = 8, CHANNELS = 32 };

static void over_tiles(at_pool *pool, at_range_fn *fn, work *k) {
  at_parallel_range(pool, (size_t)k->chunk.n, GRAIN, fn, k);
}

/* Weights that are all one block are transformed for the first chunk and stay. */
static void transform(at_pool *pool, at_range_fn *fn, work *k) {
  if (k->block.n < k->c->to || k->chunk.first == 0)
    at_parallel_range(pool, (size_t)k->block.n, LANES, fn, k);
}

/* Of one chunk and one block, which are all. */
static at_few_product open_few(work *k) {
  next_chunk(k);
  next_block(k);
  return (at_few_product){.how = &few_way,
                          .tiles = k->chunk.n,
                          .from = k->c->from,
                          .to = k->c->to,
                          .w = k->w,
                          .dw = k->dw,
                          .v = {k->v.p, k->v.row, k->v.step},
                          .m = {k->m.p, k->m.row, k->m.step},
                          .space = k->u};
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

static void forward(at_pool *pool, const at_tiling *c, const float *weight, const float *x,
                    float *y, float *space) {
  work k = open_work(c, space);
  k.w = weight;
  k.x = x;
  k.y = y;
  if (few(c)) few_forward(pool, &k);
  while (next_chunk(&k)) {
    over_tiles(pool, input_range, &k);
    for (k.block = (span){0, 0}; next_block(&k);) {
      transform(pool, weight_columns, &k);
      at_gemm_batch(pool, PLANES, k.chunk.n, k.block.n, PHASES * c->from, 1,
                    (at_mat){k.v.p, k.v.row, 1}, k.v.step, (at_mat){k.u, k.block.n, 1}, u_plane(&k),
                    0, (at_mat){k.m.p, k.m.row, 1}, k.m.step);
      over_tiles(pool, output_range, &k);
    }
  }
}

static void into_x(at_pool *pool, const at_tiling *c, const float *weight, const float *dy,
                   float *dx, float *space) {
  const int64_t in = PHASES * c->from;
  work k = open_work(c, space);
  k.w = weight;
  k.dy = dy;
  k.dx = dx;
  if (few(c)) few_into_x(pool, &k);
  while (next_chunk(&k)) {
    for (k.block = (span){0, 0}; next_block(&k);) {
      over_tiles(pool, slope_range, &k);
      transform(pool, weight_rows, &k);
      at_gemm_batch(pool, PLANES, k.chunk.n, in, k.block.n, 1, (at_mat){k.m.p, k.m.row, 1},
                    k.m.step, (at_mat){k.u, in, 1}, u_plane(&k), k.block.first > 0,
                    (at_mat){k.v.p, k.v.row, 1}, k.v.step);
    }
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
  if (few(c)) few_into_weight(pool, &k);
  while (next_block(&k)) {
    for (k.chunk = (span){0, 0}; next_chunk(&k);) {
      if (k.chunk.n < at_tiles(c) || k.block.first == 0) over_tiles(pool, input_range, &k);
      over_tiles(pool, slope_range, &k);
      at_gemm_batch(pool, PLANES, k.block.n, in, k.chunk.n, 1, (at_mat){k.m.p, 1, k.m.row},
                    k.m.step, (at_mat){k.v.p, k.v.row, 1}, k.v.step, k.chunk.first > 0,
                    (at_mat){k.u, in, 1}, u_plane(&k));
    }
    at_parallel_range(pool, (size_t)k.block.n, LANES, weight_back_rows, &k);
  }
}

const at_tiled at_halving = {4, 2, 2, false, pays, scratch, forward, into_x, into_weight};
