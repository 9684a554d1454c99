#include "core/graph/doubled.h"
#include "core/graph/square.h"
#include "core/tensor/gemm.h"
#include "core/tensor/turn.h"

/* READ numbers of a line become as many, of which the first and the last are multiplied by two sums
 * of weights: PRODUCTS in all, of which SIDE numbers are made. */
enum { READ = 3, PRODUCTS = 5, SIDE = 4, TAPS = 3, KERNEL = TAPS * TAPS };
enum { GROUPS = READ * READ, PLANES = PRODUCTS * PRODUCTS, MADE = SIDE * SIDE };
enum { BLOCK = 256, LANES = AT_TURN, LEAST_CHANNELS = 32, LEAST_SIDE = 8, MOST_TILES = 384 };

/* Products of a number of a line, and those before. */
static const int sums[READ] = {2, 1, 2}, before[READ] = {0, 2, 3};

static bool pays(const at_tiling *c) {
  return c->pad == 1 && c->from >= LEAST_CHANNELS && c->to >= LEAST_CHANNELS &&
         c->h >= LEAST_SIDE && c->w >= LEAST_SIDE;
}

/* ---- tiles ----
 *
 * Whole tiles have the odd rows and columns in their middle; an edge, of which the last number of a
 * line alone lies inside, stands before the first. Tiles are counted by their kinds, so that those
 * of a group stand side by side. */

enum { KINDS = 4 };
static const bool edge_down[KINDS] = {false, false, true, true};
static const bool edge_along[KINDS] = {true, false, false, true};

static int64_t whole(int64_t side) { return (side + 1) / 2; }

static int64_t across(const at_tiling *c, int kind) { return edge_along[kind] ? 1 : whole(c->w); }
static int64_t tiles_of_kind(const at_tiling *c, int kind) {
  return c->images * (edge_down[kind] ? 1 : whole(c->h)) * across(c, kind);
}

static int64_t tiles_before(const at_tiling *c, int kind) {
  int64_t n = 0;
  for (int i = 0; i < kind; i++) n += tiles_of_kind(c, i);
  return n;
}

typedef struct tile {
  int kind;
  int64_t image, y, x; /* the number in the middle */
} tile;

static tile tile_at(const at_tiling *c, int64_t t) {
  int kind = 0;
  for (; t >= tiles_of_kind(c, kind); kind++) t -= tiles_of_kind(c, kind);
  const int64_t along = across(c, kind), down = edge_down[kind] ? 1 : whole(c->h);
  return (tile){kind, t / along / down, edge_down[kind] ? -1 : 2 * (t / along % down) + 1,
                edge_along[kind] ? -1 : 2 * (t % along) + 1};
}

/* Numbers p, q of the tile as it was transformed, with the tiles that have them: of kinds .. */
static int first_kind(int p, int q) { return p == READ - 1 && q == READ - 1 ? 0 : q < READ - 1; }
static int end_kind(int p, int q) { return p < READ - 1 ? 2 : q < READ - 1 ? 3 : KINDS; }

static int planes_of(int g) { return sums[g / READ] * sums[g % READ]; }
static int planes_before(int g) {
  int n = 0;
  for (int i = 0; i < g; i++) n += planes_of(i);
  return n;
}

/* ---- lines ---- */

AT_ALWAYS void input_line(const at_lanes *d, at_lanes *v) {
  v[0] = d[0] - d[1];
  v[1] = d[1];
  v[2] = d[1] - d[2];
}

AT_ALWAYS void back_line(const at_lanes *v, at_lanes *d) {
  d[0] = v[0];
  d[1] = v[1] + (v[2] - v[0]);
  d[2] = -v[2];
}

AT_ALWAYS void output_line(const at_lanes *m, at_lanes *y) {
  y[0] = m[2] + m[1];
  y[1] = m[2] + m[0];
  y[2] = m[2] - m[3];
  y[3] = m[2] - m[4];
}

AT_ALWAYS void slope_line(const at_lanes *y, at_lanes *m) {
  m[0] = y[1];
  m[1] = y[0];
  m[2] = (y[0] + y[1]) + (y[2] + y[3]);
  m[3] = -y[2];
  m[4] = -y[3];
}

AT_ALWAYS void weight_line(const at_lanes *w, at_lanes *u) {
  u[0] = w[0];
  u[1] = w[0] + w[1];
  u[2] = u[1] + w[2];
  u[3] = w[2];
  u[4] = w[1] + w[2];
}

AT_ALWAYS void weight_back_line(const at_lanes *u, at_lanes *w) {
  w[0] = u[0] + (u[1] + u[2]);
  w[1] = (u[1] + u[2]) + u[4];
  w[2] = (u[2] + u[3]) + u[4];
}

/* Of an edge: its last number, and the last two products. */
AT_ALWAYS void edge_turn(const at_lanes *from, at_lanes *to) { to[0] = -from[0]; }
AT_ALWAYS void edge_output(const at_lanes *m, at_lanes *y) { y[0] = -m[1]; }
AT_ALWAYS void edge_slope(const at_lanes *y, at_lanes *m) {
  m[0] = (at_lanes){0};
  m[1] = -y[0];
}

/* What becomes of tiles, h x w numbers read and made in n x m. */
#define TILES(name, input_d, back_d, output_d, slope_d, input_a, back_a, output_a, slope_a, rd, \
              ra, pd, pa, sd, sa)                                                               \
  AT_SQUARE(name##_input, input_d, input_a, false, rd, ra, rd, ra)                              \
  AT_SQUARE(name##_back, back_d, back_a, true, rd, ra, rd, ra)                                  \
  AT_SQUARE(name##_output, output_d, output_a, false, pd, pa, sd, sa)                           \
  AT_SQUARE(name##_add_output, output_d, output_a, true, pd, pa, sd, sa)                        \
  AT_SQUARE(name##_slope, slope_d, slope_a, false, sd, sa, pd, pa)
#define WHOLE         input_line, back_line, output_line, slope_line
#define EDGE          edge_turn, edge_turn, edge_output, edge_slope
#define TILES_OF(...) TILES(__VA_ARGS__)

TILES_OF(left, WHOLE, EDGE, READ, 1, PRODUCTS, 2, SIDE, 1)
TILES_OF(inner, WHOLE, WHOLE, READ, READ, PRODUCTS, PRODUCTS, SIDE, SIDE)
TILES_OF(top, EDGE, WHOLE, 1, READ, 2, PRODUCTS, 1, SIDE)
TILES_OF(corner, EDGE, EDGE, 1, 1, 2, 2, 1, 1)

AT_SQUARE(weight, weight_line, weight_line, false, TAPS, TAPS, PRODUCTS, PRODUCTS)
AT_SQUARE(weight_back, weight_back_line, weight_back_line, false, PRODUCTS, PRODUCTS, TAPS, TAPS)

#define PART(name) \
  { name##_input, name##_back, name##_output, name##_add_output, name##_slope }
static const struct {
  at_square_fn *input, *back, *output, *add_output, *slope;
} how[KINDS] = {PART(left), PART(inner), PART(top), PART(corner)};

/* ---- chunks ---- */

typedef struct work {
  at_pool *pool;
  const at_tiling *c;
  const float *w, *x, *dy;
  float *y, *dx, *dw;
  float *u, *v, *m; /* weights; groups of [tiles, from]; of [tiles, sums, to] */
  int64_t all, first, n;
  int64_t v_at[GROUPS], m_at[GROUPS], v_row, m_row[GROUPS]; /* where groups begin */
} work;

static int64_t all_tiles(const at_tiling *c) { return tiles_before(c, KINDS); }
static int64_t chunk_of(const at_tiling *c) { return at_fewer(all_tiles(c), MOST_TILES); }
static int64_t row_v(const at_tiling *c) { return at_gemm_pitch(c->from); }
static int64_t row_m(const at_tiling *c, int g) { return at_gemm_pitch(planes_of(g) * c->to); }
static int64_t rows_m(const at_tiling *c, int end) {
  int64_t n = 0;
  for (int g = 0; g < end; g++) n += row_m(c, g);
  return n;
}

static size_t scratch(const at_tiling *c) {
  return (size_t)(PLANES * c->from * c->to + chunk_of(c) * (GROUPS * row_v(c) + rows_m(c, GROUPS)));
}

static work open_work(at_pool *pool, const at_tiling *c, float *space) {
  work k = {.pool = pool, .c = c, .all = all_tiles(c), .u = space};
  k.v = k.u + PLANES * c->from * c->to;
  k.m = k.v + GROUPS * chunk_of(c) * row_v(c);
  k.v_row = row_v(c);
  for (int g = 0; g < GROUPS; g++) {
    k.v_at[g] = g * chunk_of(c) * row_v(c);
    k.m_at[g] = chunk_of(c) * rows_m(c, g);
    k.m_row[g] = row_m(c, g);
  }
  return k;
}

static bool next(work *k) {
  k->first += k->n;
  k->n = at_fewer(k->all - k->first, chunk_of(k->c));
  return k->n > 0;
}

/* Tiles of group g in the chunk: how many, and the first. */
static int64_t rows_of(const work *k, int g, int64_t *begin) {
  int64_t from = tiles_before(k->c, first_kind(g / READ, g % READ)) - k->first;
  int64_t to = tiles_before(k->c, end_kind(g / READ, g % READ)) - k->first;
  if (from < 0) from = 0;
  if (to > k->n) to = k->n;
  *begin = from;
  return to > from ? to - from : 0;
}

static at_mat group_v(const work *k, int g, int64_t begin) {
  return (at_mat){k->v + k->v_at[g] + begin * k->v_row, k->v_row, 1};
}
static at_mat group_m(const work *k, int g, int64_t begin) {
  return (at_mat){k->m + k->m_at[g] + begin * k->m_row[g], k->m_row[g], 1};
}
/* [from, sums, to], or [sums, to, from]. */
static float *group_u(const work *k, int g) {
  return k->u + planes_before(g) * k->c->from * k->c->to;
}

/* Where the numbers of tile t lie, of those that its kind has. */
static void list_v(const work *k, int kind, int64_t t, int64_t ch, float **at) {
  const int p0 = edge_down[kind] ? READ - 1 : 0, q0 = edge_along[kind] ? READ - 1 : 0;
  for (int p = p0; p < READ; p++)
    for (int q = q0; q < READ; q++) *at++ = group_v(k, p * READ + q, t).p + ch;
}

static void list_m(const work *k, int kind, int64_t t, int64_t ch, float **at) {
  const int p0 = edge_down[kind] ? READ - 1 : 0, q0 = edge_along[kind] ? READ - 1 : 0;
  for (int p = p0; p < READ; p++)
    for (int i = 0; i < sums[p]; i++)
      for (int q = q0; q < READ; q++)
        for (int j = 0; j < sums[q]; j++)
          *at++ = group_m(k, p * READ + q, t).p + (i * sums[q] + j) * k->c->to + ch;
}

static void gather_x(const work *k, const float *x, tile a, int64_t ch, const float *outside,
                     const float **at) {
  const at_tiling *c = k->c;
  const at_picture p = {x + a.image * c->h * c->w * c->from, c->h, c->w, c->from};
  const int down = edge_down[a.kind], along = edge_along[a.kind];
  at_tile_gather(
      &p, (at_patch){a.y - 1 + 2 * down, a.x - 1 + 2 * along, READ - 2 * down, READ - 2 * along, 1},
      ch, outside, 0, at);
}

static int gather_y(const work *k, const float *y, tile a, int64_t ch, const float *outside,
                    const float **at) {
  const at_tiling *c = k->c;
  const at_picture p = {y + a.image * c->oh * c->ow * c->to, c->oh, c->ow, c->to};
  const int down = edge_down[a.kind] ? 1 : SIDE, along = edge_along[a.kind] ? 1 : SIDE;
  at_tile_gather(&p, (at_patch){2 * a.y + 3 - down, 2 * a.x + 3 - along, down, along, 1}, ch,
                 outside, 0, at);
  return down * along;
}

static const float zero[BLOCK];

static void input_range(void *ctx, size_t begin, size_t end) {
  const work *k = ctx;
  const float *at[GROUPS];
  float *to[GROUPS];
  for (int64_t t = (int64_t)begin; t < (int64_t)end; t++) {
    const tile a = tile_at(k->c, k->first + t);
    for (int64_t ch = 0; ch < k->c->from; ch += BLOCK) {
      gather_x(k, k->x, a, ch, zero, at);
      list_v(k, a.kind, t, ch, to);
      how[a.kind].input(at, to, at_fewer(k->c->from - ch, BLOCK));
    }
  }
}

static void output_range(void *ctx, size_t begin, size_t end) {
  const work *k = ctx;
  float beyond[BLOCK] = {0}, *from[PLANES], *to[MADE];
  const float *at[MADE];
  for (int64_t t = (int64_t)begin; t < (int64_t)end; t++) {
    const tile a = tile_at(k->c, k->first + t);
    for (int64_t ch = 0; ch < k->c->to; ch += BLOCK) {
      const int made = gather_y(k, k->y, a, ch, beyond, at);
      for (int i = 0; i < made; i++) to[i] = at_unconst(at[i]);
      list_m(k, a.kind, t, ch, from);
      (k->c->assign ? how[a.kind].output : how[a.kind].add_output)((const float *const *)from, to,
                                                                   at_fewer(k->c->to - ch, BLOCK));
    }
  }
}

static void slope_range(void *ctx, size_t begin, size_t end) {
  const work *k = ctx;
  const float *at[MADE];
  float *to[PLANES];
  for (int64_t t = (int64_t)begin; t < (int64_t)end; t++) {
    const tile a = tile_at(k->c, k->first + t);
    for (int64_t ch = 0; ch < k->c->to; ch += BLOCK) {
      gather_y(k, k->dy, a, ch, zero, at);
      list_m(k, a.kind, t, ch, to);
      how[a.kind].slope(at, to, at_fewer(k->c->to - ch, BLOCK));
    }
  }
}

/* Tiles of the map overlap, so that work is dealt out by channels, BLOCK at most. */
static void back_channels(void *ctx, size_t begin, size_t end) {
  const work *k = ctx;
  const int64_t ch = (int64_t)begin;
  float beyond[BLOCK] = {0}, *from[GROUPS], *to[GROUPS];
  const float *at[GROUPS] = {0};
  for (int64_t t = 0; t < k->n; t++) {
    const tile a = tile_at(k->c, k->first + t);
    gather_x(k, k->dx, a, ch, beyond, at);
    for (int i = 0; i < GROUPS; i++) to[i] = at_unconst(at[i]);
    list_v(k, a.kind, t, ch, from);
    how[a.kind].back((const float *const *)from, to, (int64_t)end - ch);
  }
}

/* ---- weights ---- */

/* Planes of a pair of channels: those of one group `step` apart, from `at` on in each plane. */
static void list_u(const work *k, bool by_rows, int64_t o, int64_t ch, float **at) {
  const at_tiling *c = k->c;
  for (int r = 0; r < PRODUCTS; r++)
    for (int s = 0; s < PRODUCTS; s++) {
      const int p = r < before[1] ? 0 : r < before[2] ? 1 : 2;
      const int q = s < before[1] ? 0 : s < before[2] ? 1 : 2, g = p * READ + q;
      const int64_t column = ((r - before[p]) * sums[q] + s - before[q]) * c->to + o;
      *at++ =
          group_u(k, g) + (by_rows ? column * c->from + ch : ch * planes_of(g) * c->to + column);
    }
}

/* Of n kernels that begin `step` from each other. */
static void weight_lanes(const float *w, int64_t step, int64_t n, float *const *to) {
  float t[LANES][LANES];
  const float *at[KERNEL];
  if (n == LANES) at_turn(w, step, KERNEL, t);
  for (int64_t l = 0; n < LANES && l < n; l++)
    for (int i = 0; i < KERNEL; i++) t[i][l] = w[l * step + i];
  for (int i = 0; i < KERNEL; i++) at[i] = t[i];
  weight(at, to, n);
}

/* Channels made begin .. end - 1: [sums, to, from] of each group, */
static void weight_rows(void *ctx, size_t begin, size_t end) {
  const work *k = ctx;
  const int64_t from = k->c->from;
  float *to[PLANES];
  for (int64_t o = (int64_t)begin; o < (int64_t)end; o++)
    for (int64_t ch = 0; ch < from; ch += LANES) {
      list_u(k, true, o, ch, to);
      weight_lanes(k->w + (o * from + ch) * KERNEL, KERNEL, at_fewer(from - ch, LANES), to);
    }
}

/* or, LANES at most, [from, sums, to]. */
static void weight_columns(void *ctx, size_t begin, size_t end) {
  const work *k = ctx;
  const int64_t from = k->c->from, o = (int64_t)begin;
  float *to[PLANES];
  for (int64_t ch = 0; ch < from; ch++) {
    list_u(k, false, o, ch, to);
    weight_lanes(k->w + (o * from + ch) * KERNEL, from * KERNEL, (int64_t)end - o, to);
  }
}

static void weight_back_rows(void *ctx, size_t begin, size_t end) {
  const work *k = ctx;
  const int64_t from = k->c->from;
  float *at[PLANES], *to[KERNEL], t[LANES][LANES] = {{0}}, g[LANES][LANES];
  for (int i = 0; i < KERNEL; i++) to[i] = t[i];
  for (int64_t o = (int64_t)begin; o < (int64_t)end; o++)
    for (int64_t ch = 0; ch < from; ch += LANES) {
      const int64_t n = at_fewer(from - ch, LANES);
      list_u(k, true, o, ch, at);
      weight_back((const float *const *)at, to, n);
      at_turn(t[0], LANES, LANES, g);
      for (int64_t l = 0; l < n; l++)
        for (int i = 0; i < KERNEL; i++) k->dw[(o * from + ch + l) * KERNEL + i] += g[l][i];
    }
}

/* ---- the three products ---- */

enum { GRAIN = 8, CHANNELS = 32 };

static void over_tiles(work *k, at_range_fn *fn) {
  at_parallel_range(k->pool, (size_t)k->n, GRAIN, fn, k);
}

static void forward(at_pool *pool, const at_tiling *c, const float *w, const float *x, float *y,
                    float *space) {
  work k = open_work(pool, c, space);
  k.w = w;
  k.x = x;
  k.y = y;
  at_parallel_range(pool, (size_t)c->to, LANES, weight_columns, &k);
  while (next(&k)) {
    over_tiles(&k, input_range);
    for (int g = 0; g < GROUPS; g++) {
      int64_t begin, rows = rows_of(&k, g, &begin), made = planes_of(g) * c->to;
      at_gemm(pool, rows, made, c->from, 1, group_v(&k, g, begin),
              (at_mat){group_u(&k, g), made, 1}, 0, group_m(&k, g, begin));
    }
    over_tiles(&k, output_range);
  }
}

static void into_x(at_pool *pool, const at_tiling *c, const float *w, const float *dy, float *dx,
                   float *space) {
  work k = open_work(pool, c, space);
  k.w = w;
  k.dy = dy;
  k.dx = dx;
  at_parallel_range(pool, (size_t)c->to, GRAIN, weight_rows, &k);
  while (next(&k)) {
    over_tiles(&k, slope_range);
    for (int g = 0; g < GROUPS; g++) {
      int64_t begin, rows = rows_of(&k, g, &begin);
      at_gemm(pool, rows, c->from, planes_of(g) * c->to, 1, group_m(&k, g, begin),
              (at_mat){group_u(&k, g), c->from, 1}, 0, group_v(&k, g, begin));
    }
    at_parallel_range(pool, (size_t)c->from, CHANNELS, back_channels, &k);
  }
}

static void into_weight(at_pool *pool, const at_tiling *c, const float *x, const float *dy,
                        float *dw, float *space) {
  bool there[GROUPS] = {false};
  work k = open_work(pool, c, space);
  k.x = x;
  k.dy = dy;
  k.dw = dw;
  while (next(&k)) {
    over_tiles(&k, input_range);
    over_tiles(&k, slope_range);
    for (int g = 0; g < GROUPS; g++) {
      int64_t begin, rows = rows_of(&k, g, &begin);
      if (rows == 0) continue;
      const at_mat m = group_m(&k, g, begin);
      at_gemm(pool, planes_of(g) * c->to, c->from, rows, 1, (at_mat){m.p, 1, m.rs},
              group_v(&k, g, begin), there[g], (at_mat){group_u(&k, g), c->from, 1});
      there[g] = true;
    }
  }
  at_parallel_range(pool, (size_t)c->to, GRAIN, weight_back_rows, &k);
}

const at_tiled at_doubled = {3, 1, SIDE, false, pays, scratch, forward, into_x, into_weight};
