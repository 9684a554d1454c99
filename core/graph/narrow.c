#include "core/graph/narrow.h"
#include <string.h>
#include "core/graph/op_common.h"
#include "core/tensor/gemm.h"

/* SLOTS bands of rows are worked on side by side, each of about NUMBERS products. */
enum {
  SIDE = 3,
  TAPS = SIDE * SIDE,
  MOST_MADE = 6,
  LEAST_READ = 16,
  NUMBERS = 1 << 16,
  SLOTS = 16
};

static bool pays(const at_tiling *c) {
  return c->pad < SIDE && c->to <= MOST_MADE && c->from >= LEAST_READ;
}

static int64_t products(const at_tiling *c) { return TAPS * c->to; }

static int64_t rows_of_band(const at_tiling *c) {
  const int64_t rows = NUMBERS / (c->w * products(c));
  return rows < 1 ? 1 : rows < c->h ? rows : c->h;
}

/* A band of the result reads SIDE - 1 more rows of the input. */
static int64_t band_numbers(const at_tiling *c) {
  return (rows_of_band(c) + SIDE - 1) * c->w * products(c);
}

static int64_t weights(const at_tiling *c) { return products(c) * c->from; }

static size_t scratch(const at_tiling *c) {
  return (size_t)(weights(c) + SLOTS * (band_numbers(c) + weights(c)));
}

typedef struct work {
  const at_tiling *c;
  const float *x, *dy;
  float *y, *dx;
  float *w;    /* [tap, to, from] */
  float *band; /* [row, column, tap, to] of each slot */
  float *sum;  /* [tap, to, from] of each slot */
} work;

static work open_work(const at_tiling *c, float *space) {
  return (work){.c = c,
                .w = space,
                .band = space + weights(c),
                .sum = space + weights(c) + SLOTS * band_numbers(c)};
}

static void turn_weights(const work *k, const float *weight) {
  const at_tiling *c = k->c;
  for (int64_t o = 0; o < c->to; o++)
    for (int64_t i = 0; i < c->from; i++)
      for (int64_t tap = 0; tap < TAPS; tap++)
        k->w[(tap * c->to + o) * c->from + i] = weight[(o * c->from + i) * TAPS + tap];
}

typedef struct band {
  int64_t image, first, n; /* rows */
  float *p;
} band;

/* The next band of a slot in pictures of `rows` rows. */
static bool next(const work *k, size_t slot, int64_t rows, int64_t *at, band *b) {
  const int64_t each = rows_of_band(k->c), down = (rows - 1) / each + 1;
  if (*at < 0)
    *at = (int64_t)slot;
  else
    *at += SLOTS;
  b->image = *at / down;
  b->first = *at % down * each;
  b->n = rows - b->first < each ? rows - b->first : each;
  b->p = k->band + (int64_t)slot * band_numbers(k->c);
  return b->image < k->c->images;
}

static int64_t clamp(int64_t v, int64_t most) { return v < 0 ? 0 : v < most ? v : most; }

/* Row oy of the result from products of input rows `first` on. */
static void add_row(const work *k, const band *b, int64_t oy, int64_t first) {
  const at_tiling *c = k->c;
  float *y = k->y + (b->image * c->oh + oy) * c->ow * c->to;
  for (int64_t ky = 0; ky < SIDE; ky++) {
    const int64_t iy = oy + ky - c->pad;
    if (iy < 0 || iy >= c->h) continue;
    for (int64_t kx = 0; kx < SIDE; kx++) {
      const int64_t begin = clamp(c->pad - kx, c->ow), end = clamp(c->w + c->pad - kx, c->ow);
      const float *p = b->p + ((iy - first) * c->w + begin + kx - c->pad) * products(c) +
                       (ky * SIDE + kx) * c->to;
      for (int64_t ox = begin; ox < end; ox++, p += products(c))
        for (int64_t o = 0; o < c->to; o++) y[ox * c->to + o] += p[o];
    }
  }
}

static void forward_slot(void *ctx, size_t slot) {
  const work *k = ctx;
  const at_tiling *c = k->c;
  band b;
  for (int64_t at = -1; next(k, slot, c->oh, &at, &b);) {
    const int64_t first = clamp(b.first - c->pad, c->h);
    const int64_t last = clamp(b.first + b.n + SIDE - 1 - c->pad, c->h);
    at_gemm(NULL, (last - first) * c->w, products(c), c->from, 1,
            (at_mat){at_unconst(k->x) + (b.image * c->h + first) * c->w * c->from, c->from, 1},
            (at_mat){k->w, 1, c->from}, 0, (at_mat){b.p, products(c), 1});
    if (c->assign)
      memset(k->y + (b.image * c->oh + b.first) * c->ow * c->to, 0,
             (size_t)(b.n * c->ow * c->to) * sizeof *k->y);
    for (int64_t oy = b.first; oy < b.first + b.n; oy++) add_row(k, &b, oy, first);
  }
}

/* The patches of dy around a band of the input. */
static void gather(const work *k, const band *b) {
  const at_tiling *c = k->c;
  const size_t place = (size_t)c->to * sizeof(float);
  float *p = b->p;
  for (int64_t iy = b->first; iy < b->first + b->n; iy++)
    for (int64_t ix = 0; ix < c->w; ix++)
      for (int64_t tap = 0; tap < TAPS; tap++, p += c->to) {
        const int64_t oy = iy + c->pad - tap / SIDE, ox = ix + c->pad - tap % SIDE;
        if (oy >= 0 && oy < c->oh && ox >= 0 && ox < c->ow)
          memcpy(p, k->dy + ((b->image * c->oh + oy) * c->ow + ox) * c->to, place);
        else
          memset(p, 0, place);
      }
}

static void back_slot(void *ctx, size_t slot) {
  const work *k = ctx;
  const at_tiling *c = k->c;
  band b;
  for (int64_t at = -1; next(k, slot, c->h, &at, &b);) {
    gather(k, &b);
    at_gemm(NULL, b.n * c->w, c->from, products(c), 1, (at_mat){b.p, products(c), 1},
            (at_mat){k->w, c->from, 1}, c->assign ? 0 : 1,
            (at_mat){k->dx + (b.image * c->h + b.first) * c->w * c->from, c->from, 1});
  }
}

static void weight_slot(void *ctx, size_t slot) {
  const work *k = ctx;
  const at_tiling *c = k->c;
  float *sum = k->sum + (int64_t)slot * weights(c);
  band b;
  memset(sum, 0, (size_t)weights(c) * sizeof *sum);
  for (int64_t at = -1; next(k, slot, c->h, &at, &b);) {
    gather(k, &b);
    at_gemm(NULL, products(c), c->from, b.n * c->w, 1, (at_mat){b.p, 1, products(c)},
            (at_mat){at_unconst(k->x) + (b.image * c->h + b.first) * c->w * c->from, c->from, 1}, 1,
            (at_mat){sum, c->from, 1});
  }
}

static void forward(at_pool *pool, const at_tiling *c, const float *weight, const float *x,
                    float *y, float *space) {
  work k = open_work(c, space);
  k.x = x;
  k.y = y;
  turn_weights(&k, weight);
  at_parallel(pool, SLOTS, forward_slot, &k);
}

static void into_x(at_pool *pool, const at_tiling *c, const float *weight, const float *dy,
                   float *dx, float *space) {
  work k = open_work(c, space);
  k.dy = dy;
  k.dx = dx;
  turn_weights(&k, weight);
  at_parallel(pool, SLOTS, back_slot, &k);
}

static void into_weight(at_pool *pool, const at_tiling *c, const float *x, const float *dy,
                        float *dw, float *space) {
  work k = open_work(c, space);
  k.x = x;
  k.dy = dy;
  at_parallel(pool, SLOTS, weight_slot, &k);
  for (int64_t slot = 0; slot < SLOTS; slot++)
    for (int64_t o = 0; o < c->to; o++)
      for (int64_t i = 0; i < c->from; i++)
        for (int64_t tap = 0; tap < TAPS; tap++)
          dw[(o * c->from + i) * TAPS + tap] +=
              k.sum[slot * weights(c) + (tap * c->to + o) * c->from + i];
}

const at_tiled at_narrow = {SIDE, 1, 1, true, pays, scratch, forward, into_x, into_weight};
