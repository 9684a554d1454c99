#include "core/tensor/holes.h"
#include <string.h>
#include "core/tensor/lanes.h"

/* Rows of A are looked at in stripes of STRIPE, one a part of the work, and multiplied ROWS at a
 * time: a column counts where one of these rows has more than zero. */
enum { LANES = AT_LANES, ROWS = 4, WIDE = AT_SUM_WIDE, COLUMNS = WIDE * LANES };
enum { STRIPE = 32, LIST = 512, CHUNK = 64 };
typedef at_lanes vector;

/* Below LEAST numbers of A, or NARROW columns of B, looking costs too much. So many of a sample may
 * be there: a number costs about twice what it does in a whole product. */
enum { LEAST = 1 << 16, NARROW = 64, SAMPLE = 4096, ONE_IN = 4 };

typedef struct product {
  int64_t m, n, k;
  at_mat a, b, c;
} product;

static const float *element(const product *p, int64_t i, int64_t j) {
  return p->a.p + i * p->a.rs + j * p->a.cs;
}

/* ---- where A has numbers ---- */

static bool any(const product *p, int64_t row, int64_t rows, int64_t column) {
  const float *a = element(p, row, column);
  for (int64_t i = 0; i < rows; i++)
    if (a[i * p->a.rs] != 0) return true;
  return false;
}

/* Blocks of ROWS numbers of a column, spread over A by a step that shares no factor with its sides
 * but by chance. */
static bool has_few(const product *p) {
  const int64_t blocks = p->m / ROWS, all = blocks * p->k, some = at_fewer(all / 64, SAMPLE);
  const int64_t step = all / some | 1;
  int64_t there = 0;
  for (int64_t i = 0; i < some; i++) {
    const int64_t at = i * step % all;
    there += any(p, at / p->k * ROWS, ROWS, at % p->k);
  }
  return there * ONE_IN <= some;
}

/* A stretch of numbers, all zeros? Without a branch for each, so that it goes by vectors. */
static bool empty(const float *a, int64_t n) {
  int32_t bits = 0;
  for (int64_t i = 0; i < n; i++) {
    int32_t b;
    memcpy(&b, a + i, sizeof b);
    bits |= b & INT32_MAX; /* -0 is a zero */
  }
  return bits == 0;
}

typedef struct columns {
  int64_t n;
  int32_t at[LIST];
} columns;

/* The columns from *next on in which rows [row, row + rows) have numbers, as many as there is room
 * for; *next moves behind what was looked at. */
static void find(const product *p, int64_t row, int64_t rows, int64_t *next, columns *out) {
  out->n = 0;
  while (*next < p->k && out->n + CHUNK <= LIST) {
    const int64_t end = at_fewer(*next + CHUNK, p->k);
    bool some = p->a.cs != 1;
    for (int64_t i = 0; i < rows && !some; i++)
      some = !empty(element(p, row + i, *next), end - *next);
    for (int64_t j = *next; some && j < end; j++)
      if (p->a.rs == 1 ? !empty(element(p, row, j), rows) : any(p, row, rows, j))
        out->at[out->n++] = (int32_t)j;
    *next = end;
  }
}

/* ---- products ---- */

typedef struct block {
  int64_t row, rows, n; /* rows of A and C; columns of A */
  const float *b[LIST]; /* their rows of B */
  float a[LIST][ROWS];
} block;

static void gather(const product *p, int64_t row, int64_t rows, const columns *of, block *t) {
  t->row = row;
  t->rows = rows;
  t->n = 0;
  for (int64_t l = 0; l < of->n; l++) {
    const int64_t j = of->at[l];
    if (!any(p, row, rows, j)) continue;
    for (int64_t i = 0; i < ROWS; i++) t->a[t->n][i] = i < rows ? *element(p, row + i, j) : 0;
    t->b[t->n++] = p->b.p + j * p->b.rs;
  }
}

static void add_columns(const product *p, const block *t, int64_t at) {
  vector s[ROWS][WIDE] = {{{0}}};
  for (int64_t l = 0; l < t->n; l++) {
    vector b0, b1;
    memcpy(&b0, t->b[l] + at, sizeof b0);
    memcpy(&b1, t->b[l] + at + LANES, sizeof b1);
#pragma GCC unroll 4
    for (int i = 0; i < ROWS; i++) {
      s[i][0] += t->a[l][i] * b0;
      s[i][1] += t->a[l][i] * b1;
    }
  }
  for (int64_t i = 0; i < t->rows; i++) {
    float *c = p->c.p + (t->row + i) * p->c.rs + at, sum[COLUMNS];
    memcpy(sum, s[i], sizeof sum);
    for (int j = 0; j < COLUMNS; j++) c[j] += sum[j];
  }
}

static void add_last_columns(const product *p, const block *t, int64_t at) {
  for (int64_t i = 0; i < t->rows; i++)
    for (int64_t j = at; j < p->n; j++) {
      float s = 0;
      for (int64_t l = 0; l < t->n; l++) s += t->a[l][i] * t->b[l][j];
      p->c.p[(t->row + i) * p->c.rs + j] += s;
    }
}

static void run_stripe(void *ctx, size_t index) {
  const product *p = ctx;
  const int64_t first = (int64_t)index * STRIPE, end = at_fewer(first + STRIPE, p->m);
  columns of;
  block t;
  for (int64_t next = 0; next < p->k;) {
    find(p, first, end - first, &next, &of);
    for (int64_t row = first; row < end; row += ROWS) {
      gather(p, row, at_fewer(ROWS, end - row), &of, &t);
      if (!t.n) continue;
      int64_t at = 0;
      for (; at + COLUMNS <= p->n; at += COLUMNS) add_columns(p, &t, at);
      add_last_columns(p, &t, at);
    }
  }
}

bool at_holes(at_pool *pool, int64_t m, int64_t n, int64_t k, at_mat a, at_mat b, at_mat c) {
  product p = {m, n, k, a, b, c};
  if (m < ROWS || n < NARROW || m * k < LEAST || k > INT32_MAX) return false;
  if (b.cs != 1 || c.cs != 1 || (a.rs != 1 && a.cs != 1) || !has_few(&p)) return false;
  at_parallel(pool, (size_t)((m - 1) / STRIPE + 1), run_stripe, &p);
  return true;
}
