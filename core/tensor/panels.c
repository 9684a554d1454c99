#include "core/tensor/panels.h"
#include <stdbool.h>
#include <string.h>
#include "core/tensor/lanes.h"
#include "core/tensor/turn.h"

/* Sums are in pieces of SUM, so that a panel's piece stays in the nearest cache. */
enum {
  LANES = AT_LANES,
  ROWS = AT_SUM_ROWS,
  WIDE = AT_SUM_WIDE,
  COLUMNS = WIDE * LANES,
  SUM = 256
};
typedef at_lanes vector;

static int64_t groups(int64_t n, int64_t of) { return (n + of - 1) / of; }

/* ---- packing: [columns / COLUMNS, k, COLUMNS] ---- */

size_t at_panels_floats(int64_t k, int64_t n) { return (size_t)(groups(n, COLUMNS) * COLUMNS * k); }

typedef struct packing {
  at_mat b;
  int64_t k, n;
  float *room;
} packing;

enum { TOGETHER = 4 }; /* panels a part: more of a row of B that lies together */

static void pack_squares(const float *from, int64_t step, int64_t k, float *to) {
  float square[AT_TURN][AT_TURN];
  for (int64_t p = 0; p < k; p += AT_TURN)
    for (int64_t j = 0; j < COLUMNS; j += AT_TURN) {
      at_turn(from + p + j * step, step, AT_TURN, square);
      for (int64_t i = 0; i < AT_TURN; i++)
        memcpy(to + (p + i) * COLUMNS + j, square[i], sizeof square[i]);
    }
}

static void pack_panels(void *ctx, size_t i) {
  const packing *w = ctx;
  const int64_t first = (int64_t)i * TOGETHER * COLUMNS,
                end = at_fewer(first + TOGETHER * COLUMNS, w->n);
  const bool squares = w->b.rs == 1 && COLUMNS % AT_TURN == 0;
  const int64_t turned = squares ? w->k / AT_TURN * AT_TURN : 0;
  for (int64_t j0 = first; squares && j0 + COLUMNS <= end; j0 += COLUMNS)
    pack_squares(w->b.p + j0 * w->b.cs, w->b.cs, turned, w->room + j0 * w->k);
  for (int64_t p = 0; p < w->k; p++)
    for (int64_t j0 = first; j0 < end; j0 += COLUMNS) {
      const int64_t columns = at_fewer(COLUMNS, end - j0);
      if (p < turned && columns == COLUMNS) continue;
      const float *from = w->b.p + p * w->b.rs + j0 * w->b.cs;
      float *to = w->room + j0 * w->k + p * COLUMNS;
      for (int64_t j = 0; j < COLUMNS; j++) to[j] = j < columns ? from[j * w->b.cs] : 0;
    }
}

at_panels at_panels_pack(at_pool *pool, int64_t k, int64_t n, at_mat b, float *room) {
  packing w = {b, k, n, room};
  at_parallel(pool, (size_t)groups(n, TOGETHER * COLUMNS), pack_panels, &w);
  return (at_panels){k, n, room};
}

/* ---- products ---- */

typedef struct work {
  int64_t m, k, first;
  at_mat a, c;
  const at_panels *b;
  float *space; /* A as [m / ROWS, k, ROWS] */
} work;

size_t at_panels_space(int64_t m, int64_t k) { return (size_t)(groups(m, ROWS) * ROWS * k); }

static void pack_rows(void *ctx, size_t i) {
  const work *w = ctx;
  const int64_t i0 = (int64_t)i * ROWS, rows = at_fewer(ROWS, w->m - i0);
  float *to = w->space + i0 * w->k;
  for (int64_t p0 = 0; p0 < w->k; p0 += LANES)
    for (int64_t r = 0; r < ROWS; r++) {
      const float *from = w->a.p + (i0 + r) * w->a.rs;
      for (int64_t p = p0; p < at_fewer(p0 + LANES, w->k); p++)
        to[p * ROWS + r] = r < rows ? from[p] : 0;
    }
}

/* acc [rows, COLUMNS] <- sum over p of a[p][i] b[p][j]; `rows` at most ROWS, and known where it is
 * inlined. */
static inline __attribute__((always_inline)) void sums(int rows, int64_t k, const float *a,
                                                       const float *b, float *restrict acc) {
  vector s[ROWS][WIDE] = {{{0}}};
  for (int64_t p = 0; p < k; p++, a += ROWS, b += COLUMNS) {
    vector b0, b1;
    memcpy(&b0, b, sizeof b0);
    memcpy(&b1, b + LANES, sizeof b1);
#pragma GCC unroll 12
    for (int i = 0; i < rows; i++) {
      s[i][0] += a[i] * b0;
      s[i][1] += a[i] * b1;
    }
  }
#pragma GCC unroll 12
  for (int i = 0; i < rows; i++) memcpy(acc + i * COLUMNS, s[i], sizeof s[i]);
}

static void sums_of(int64_t rows, int64_t k, const float *a, const float *b, float *acc) {
  if (3 * rows <= ROWS)
    sums(ROWS / 3, k, a, b, acc);
  else if (3 * rows <= 2 * ROWS)
    sums(2 * ROWS / 3, k, a, b, acc);
  else
    sums(ROWS, k, a, b, acc);
}

static void add_panel(void *ctx, size_t index) {
  const work *w = ctx;
  const int64_t j0 = (int64_t)index * COLUMNS, columns = at_fewer(COLUMNS, w->b->n - j0);
  const float *b = w->b->p + j0 * w->b->k + w->first * COLUMNS;
  float acc[ROWS * COLUMNS] __attribute__((aligned(64)));
  for (int64_t p0 = 0; p0 < w->k; p0 += SUM)
    for (int64_t i0 = 0; i0 < w->m; i0 += ROWS) {
      const int64_t rows = at_fewer(ROWS, w->m - i0);
      sums_of(rows, at_fewer(SUM, w->k - p0), w->space + i0 * w->k + p0 * ROWS, b + p0 * COLUMNS,
              acc);
      for (int64_t i = 0; i < rows; i++) {
        float *restrict c = w->c.p + (i0 + i) * w->c.rs + j0;
        for (int64_t j = 0; j < columns; j++) c[j] += acc[i * COLUMNS + j];
      }
    }
}

void at_panels_add(at_pool *pool, int64_t m, int64_t k, at_mat a, const at_panels *b, int64_t first,
                   at_mat c, float *space) {
  work w = {m, k, first, a, c, b, space};
  at_parallel(pool, (size_t)groups(m, ROWS), pack_rows, &w);
  at_parallel(pool, (size_t)groups(b->n, COLUMNS), add_panel, &w);
}
