#include "core/graph/few.h"
#include <string.h>
#include "core/tensor/gemm.h"
#include "core/tensor/turn.h"

/* A block of weights, ROWS channels made by so many read that all planes have about NUMBERS; the
 * sums of at_few_back run over channels made, so that its blocks have more of them. SLOTS blocks
 * are worked on side by side, each in memory of its own. */
enum { ROWS = 24, BACK_ROWS = 64, NUMBERS = 1 << 16, ROUND = 16, APART = 16, SLOTS = 16 };
enum { LEAST_TILES = 16, LEAST_CHANNELS = 128 };

typedef struct work {
  const at_few_product *p;
  int64_t rows, width;   /* of a block */
  float *vt, *mt, *u;    /* planes of [from and phase, tiles], of [to, tiles]; blocks */
  at_few_planes turning; /* what is turned, with */
  int64_t channels;      /* so many, */
  int64_t phases;        /* of so many phases */
  float *turned;
} work;

bool at_few_pays(int64_t tiles, int64_t most, int64_t from, int64_t to) {
  return tiles >= LEAST_TILES && tiles <= most && from >= LEAST_CHANNELS && to >= LEAST_CHANNELS;
}

static int64_t width_of(const at_few *how, int64_t rows) {
  return (NUMBERS / (how->planes * how->phases * rows) / ROUND + 1) * ROUND;
}

/* From row to row of a block, and from plane to plane. */
static int64_t pitch(const work *k) { return k->p->how->phases * k->width + APART; }
static int64_t plane(const work *k) { return k->rows * pitch(k); }

static int64_t block_numbers(const at_few *how, int64_t rows) {
  return how->planes * rows * (how->phases * width_of(how, rows) + APART);
}

size_t at_few_space(const at_few *how, int64_t tiles, int64_t from, int64_t to) {
  const int64_t there = block_numbers(how, ROWS), back = block_numbers(how, BACK_ROWS);
  return (size_t)(how->planes * tiles * (how->phases * from + to) +
                  SLOTS * (there > back ? there : back));
}

static work open_work(const at_few_product *p, int64_t rows) {
  const at_few *how = p->how;
  work k = {.p = p, .rows = rows, .width = width_of(how, rows), .vt = p->space};
  k.mt = k.vt + how->planes * how->phases * p->from * p->tiles;
  k.u = k.mt + how->planes * p->to * p->tiles;
  return k;
}

/* ---- tiles side by side ----
 *
 * Channels of a block lie together, phase by phase, as they do in a row of the block's weights. */

/* to[i * tstep + l] <- from[l * fstep + i] of `rows` l and `columns` i. */
static void turn_block(const float *from, int64_t fstep, int64_t rows, int64_t columns, float *to,
                       int64_t tstep) {
  float t[AT_TURN][AT_TURN];
  for (int64_t i0 = 0; i0 < columns; i0 += AT_TURN)
    for (int64_t l0 = 0; l0 < rows; l0 += AT_TURN) {
      const float *a = from + l0 * fstep + i0;
      float *b = to + i0 * tstep + l0;
      const int64_t n = at_fewer(columns - i0, AT_TURN), m = at_fewer(rows - l0, AT_TURN);
      if (n == AT_TURN && m == AT_TURN) {
        at_turn(a, fstep, AT_TURN, t);
        for (int i = 0; i < AT_TURN; i++) memcpy(b + i * tstep, t[i], sizeof t[i]);
      } else {
        for (int64_t i = 0; i < n; i++)
          for (int64_t l = 0; l < m; l++) b[i * tstep + l] = a[l * fstep + i];
      }
    }
}

static inline void turn_plane(const work *k, size_t i, bool back) {
  const int64_t tiles = k->p->tiles;
  float *a = k->turning.p + (int64_t)i * k->turning.step;
  float *b = k->turned + (int64_t)i * k->phases * k->channels * tiles;
  for (int64_t first = 0; first < k->channels; first += k->width) {
    const int64_t n = at_fewer(k->channels - first, k->width);
    for (int64_t phase = 0; phase < k->phases; phase++) {
      float *p = a + phase * k->channels + first;
      if (back)
        turn_block(b, tiles, n, tiles, p, k->turning.row);
      else
        turn_block(p, k->turning.row, tiles, n, b, tiles);
      b += n * tiles;
    }
  }
}

static void turn_there(void *ctx, size_t i) { turn_plane(ctx, i, false); }
static void turn_back(void *ctx, size_t i) { turn_plane(ctx, i, true); }

static void turn_v(at_pool *pool, work *k, at_task_fn *fn) {
  k->turning = k->p->v;
  k->channels = k->p->from;
  k->phases = k->p->how->phases;
  k->turned = k->vt;
  at_parallel(pool, (size_t)k->p->how->planes, fn, k);
}

static void turn_m(at_pool *pool, work *k, at_task_fn *fn) {
  k->turning = k->p->m;
  k->channels = k->p->to;
  k->phases = 1;
  k->turned = k->mt;
  at_parallel(pool, (size_t)k->p->how->planes, fn, k);
}

/* ---- blocks ---- */

typedef struct block {
  int64_t o, rows, c, n; /* channels made, channels read */
  float *u;
} block;

static block open_block(const work *k, size_t slot, int64_t o, int64_t c) {
  return (block){o, at_fewer(k->p->to - o, k->rows), c, at_fewer(k->p->from - c, k->width),
                 k->u + (int64_t)slot * k->p->how->planes * plane(k)};
}

static int64_t kernel_at(const work *k, const block *b, int64_t row) {
  return ((b->o + row) * k->p->from + b->c) * k->p->how->taps;
}

/* Rows of a block lie far apart, so that nothing but this asks for the next one in time. */
static void ask_for(const float *from, int64_t n) {
  for (int64_t i = 0; i < n; i += 16) __builtin_prefetch(from + i);
}

static void transform(const work *k, const block *b) {
  for (int64_t r = 0; r < b->rows; r++) {
    if (r + 1 < b->rows) ask_for(k->p->w + kernel_at(k, b, r + 1), b->n * k->p->how->taps);
    k->p->how->weights(k->p->w + kernel_at(k, b, r), k->p->turned, b->n, b->u + r * pitch(k),
                       plane(k));
  }
}

/* A block's rows in a plane of vt, or of mt. */
static at_mat rows_v(const work *k, const block *b, int64_t i) {
  const int64_t q = k->p->how->phases, tiles = k->p->tiles;
  return (at_mat){k->vt + (i * k->p->from + b->c) * q * tiles, tiles, 1};
}

static at_mat rows_m(const work *k, const block *b, int64_t i) {
  return (at_mat){k->mt + (i * k->p->to + b->o) * k->p->tiles, k->p->tiles, 1};
}

static void forward_slot(void *ctx, size_t slot) {
  const work *k = ctx;
  const at_few_product *p = k->p;
  for (int64_t o = (int64_t)slot * k->rows; o < p->to; o += SLOTS * k->rows)
    for (int64_t c = 0; c < p->from; c += k->width) {
      const block b = open_block(k, slot, o, c);
      transform(k, &b);
      for (int64_t i = 0; i < p->how->planes; i++)
        at_gemm(NULL, b.rows, p->tiles, p->how->phases * b.n, 1,
                (at_mat){b.u + i * plane(k), pitch(k), 1}, rows_v(k, &b, i), c > 0,
                rows_m(k, &b, i));
    }
}

static void back_slot(void *ctx, size_t slot) {
  const work *k = ctx;
  const at_few_product *p = k->p;
  for (int64_t c = (int64_t)slot * k->width; c < p->from; c += SLOTS * k->width)
    for (int64_t o = 0; o < p->to; o += k->rows) {
      const block b = open_block(k, slot, o, c);
      transform(k, &b);
      for (int64_t i = 0; i < p->how->planes; i++)
        at_gemm(NULL, p->how->phases * b.n, p->tiles, b.rows, 1,
                (at_mat){b.u + i * plane(k), 1, pitch(k)}, rows_m(k, &b, i), o > 0,
                rows_v(k, &b, i));
    }
}

static void weight_slot(void *ctx, size_t slot) {
  const work *k = ctx;
  const at_few_product *p = k->p;
  for (int64_t o = (int64_t)slot * k->rows; o < p->to; o += SLOTS * k->rows)
    for (int64_t c = 0; c < p->from; c += k->width) {
      const block b = open_block(k, slot, o, c);
      for (int64_t i = 0; i < p->how->planes; i++)
        for (int64_t phase = 0; phase < p->how->phases; phase++)
          at_gemm(NULL, b.rows, b.n, p->tiles, 1, rows_m(k, &b, i),
                  (at_mat){p->v.p + i * p->v.step + phase * p->from + c, p->v.row, 1}, 0,
                  (at_mat){b.u + i * plane(k) + phase * b.n, pitch(k), 1});
      for (int64_t r = 0; r < b.rows; r++)
        p->how->weights_back(b.u + r * pitch(k), plane(k), b.n, p->dw + kernel_at(k, &b, r));
    }
}

void at_few_forward(at_pool *pool, const at_few_product *p) {
  work k = open_work(p, ROWS);
  turn_v(pool, &k, turn_there);
  at_parallel(pool, SLOTS, forward_slot, &k);
  turn_m(pool, &k, turn_back);
}

void at_few_back(at_pool *pool, const at_few_product *p) {
  work k = open_work(p, BACK_ROWS);
  turn_m(pool, &k, turn_there);
  at_parallel(pool, SLOTS, back_slot, &k);
  turn_v(pool, &k, turn_back);
}

void at_few_weight(at_pool *pool, const at_few_product *p) {
  work k = open_work(p, ROWS);
  turn_m(pool, &k, turn_there);
  at_parallel(pool, SLOTS, weight_slot, &k);
}
