#include "core/tensor/direct.h"
#include <string.h>
#include "core/tensor/lanes.h"

enum { LANES = AT_LANES, ROWS = AT_SUM_ROWS, WIDE = AT_SUM_WIDE, COLUMNS = WIDE * LANES };
enum { SUM = 256, PACK = 4 * ROWS, FEW = 128 };
typedef at_lanes vector;

/* Elements of two vectors in turn: of their first halves, and of their second halves. */
#if defined(__AVX512F__)
#define FIRST_HALVES(a, b) \
  __builtin_shufflevector(a, b, 0, 16, 1, 17, 2, 18, 3, 19, 4, 20, 5, 21, 6, 22, 7, 23)
#define SECOND_HALVES(a, b) \
  __builtin_shufflevector(a, b, 8, 24, 9, 25, 10, 26, 11, 27, 12, 28, 13, 29, 14, 30, 15, 31)
#elif defined(__AVX__)
#define FIRST_HALVES(a, b)  __builtin_shufflevector(a, b, 0, 8, 1, 9, 2, 10, 3, 11)
#define SECOND_HALVES(a, b) __builtin_shufflevector(a, b, 4, 12, 5, 13, 6, 14, 7, 15)
#else
#define FIRST_HALVES(a, b)  __builtin_shufflevector(a, b, 0, 4, 1, 5)
#define SECOND_HALVES(a, b) __builtin_shufflevector(a, b, 2, 6, 3, 7)
#endif

static inline vector load(const float *p) {
  vector v;
  memcpy(&v, p, sizeof v);
  return v;
}

static inline void store(float *p, vector v) { memcpy(p, &v, sizeof v); }

/* Rounds here: compilers would fuse the product with a sum, in some copies of a loop one of two
 * products and in some the other. */
static inline vector rounded(vector v) {
  __asm__("" : "+m"(v));
  return v;
}

/* Where the sums of a row and a vector go: in the place of what is there, or added to it. */
static inline void put(float *c, vector sum, float alpha, float beta) {
  if (alpha != 1) sum = rounded(alpha * sum);
  if (beta == 1)
    sum += load(c);
  else if (beta != 0)
    sum += rounded(beta * load(c));
  store(c, sum);
}

/* c [ROWS, COLUMNS], cstep from row to row, <- alpha sum over k of a[i][p] b[p] + beta c; rows of A
 * begin at a[i]. */
static inline void sums(int64_t k, const float *const *a, int64_t astep, const float *b,
                        int64_t bstep, float alpha, float beta, float *restrict c, int64_t cstep) {
  vector s[ROWS][WIDE] = {{{0}}};
  for (int64_t p = 0; p < k; p++, b += bstep) {
    const vector b0 = load(b), b1 = load(b + LANES);
#pragma GCC unroll 12
    for (int i = 0; i < ROWS; i++) {
      const float x = a[i][p * astep];
      s[i][0] += x * b0;
      s[i][1] += x * b1;
    }
  }
#pragma GCC unroll 12
  for (int i = 0; i < ROWS; i++) {
    put(c + i * cstep, s[i][0], alpha, beta);
    put(c + i * cstep + LANES, s[i][1], alpha, beta);
  }
}

/* to [i * apart + j] <- from [j * step + i], i and j below LANES: row i of one half and row i of
 * the other go side by side until each has all. */
static void transpose(const float *from, int64_t step, float *to, int64_t apart) {
  vector a[LANES], b[LANES];
#pragma GCC unroll 16
  for (int i = 0; i < LANES; i++) a[i] = load(from + i * step);
#pragma GCC unroll 4
  for (int done = 1; done < LANES; done *= 2) {
#pragma GCC unroll 8
    for (int i = 0; i < LANES / 2; i++) {
      b[2 * i] = FIRST_HALVES(a[i], a[i + LANES / 2]);
      b[2 * i + 1] = SECOND_HALVES(a[i], a[i + LANES / 2]);
    }
    memcpy(a, b, sizeof a);
  }
#pragma GCC unroll 16
  for (int i = 0; i < LANES; i++) store(to + i * apart, a[i]);
}

typedef struct product {
  int64_t m, n;
  float alpha, beta;
  at_mat a, b, c;
} product;

/* At the ends of rows and columns: some of c [ROWS, COLUMNS] go there, or come from there. */
static void move_part(float *c, int64_t cstep, int64_t rows, int64_t columns, float *part,
                      bool there) {
  for (int64_t i = 0; i < rows; i++) {
    float *at = c + i * cstep, *in = part + i * COLUMNS;
    memcpy(there ? at : in, there ? in : at, (size_t)columns * sizeof *at);
  }
}

/* Rows of A that lie so far apart fall onto the same lines of a cache, and drive each other out. */
static bool collide(at_mat a) { return a.cs == 1 && a.rs % 256 == 0; }

/* Columns j0 .. of the product, over k items of the sum; `b`: there, `bstep` from row to row. */
static void panel(const product *p, int64_t k, const float *b, int64_t bstep, int64_t j0,
                  int64_t columns) {
  float part[ROWS * COLUMNS] __attribute__((aligned(64))) = {0}, apart[ROWS * SUM];
  const bool copy = collide(p->a);
  for (int64_t i = 0; i < p->m; i += ROWS) {
    const int64_t rows = p->m - i < ROWS ? p->m - i : ROWS;
    const float *a[ROWS];
    for (int64_t r = 0; r < ROWS; r++) {
      a[r] = p->a.p + (i + (r < rows ? r : rows - 1)) * p->a.rs;
      if (copy) a[r] = memcpy(apart + r * SUM, a[r], (size_t)k * sizeof *a[r]);
    }
    float *c = p->c.p + i * p->c.rs + j0;
    const bool whole = rows == ROWS && columns == COLUMNS;
    if (!whole && p->beta != 0) move_part(c, p->c.rs, rows, columns, part, false);
    sums(k, a, p->a.cs, b, bstep, p->alpha, p->beta, whole ? c : part, whole ? p->c.rs : COLUMNS);
    if (!whole) move_part(c, p->c.rs, rows, columns, part, true);
  }
}

/* The same of a panel whose numbers lie side by side down its columns, or anyhow. */
static void turn_panel(int64_t rs, int64_t cs, const float *from, int64_t k, int64_t columns,
                       float *b) {
  int64_t done = 0;
  if (rs == 1 && columns == COLUMNS)
    for (; done + LANES <= k; done += LANES)
      for (int64_t j = 0; j < COLUMNS; j += LANES)
        transpose(from + done + j * cs, cs, b + done * COLUMNS + j, COLUMNS);
  for (int64_t j = 0; j < columns; j++)
    for (int64_t q = done; q < k; q++) b[q * COLUMNS + j] = from[q * rs + j * cs];
}

/* The columns of a panel side by side, with zeros behind the last ones: rows of B may lie far from
 * each other. */
static void packed_panel(const product *p, int64_t k, int64_t j0, int64_t columns) {
  float b[SUM * COLUMNS] __attribute__((aligned(64)));
  const float *from = p->b.p + j0 * p->b.cs;
  if (columns < COLUMNS) memset(b, 0, (size_t)(k * COLUMNS) * sizeof *b);
  if (p->b.cs == 1 && columns == COLUMNS)
    for (int64_t q = 0; q < k; q++)
      memcpy(b + q * COLUMNS, from + q * p->b.rs, COLUMNS * sizeof *b);
  else if (p->b.cs == 1)
    for (int64_t q = 0; q < k; q++)
      memcpy(b + q * COLUMNS, from + q * p->b.rs, (size_t)columns * sizeof *b);
  else
    turn_panel(p->b.rs, p->b.cs, from, k, columns, b);
  panel(p, k, b, COLUMNS, j0, columns);
}

static at_mat turned(at_mat a) { return (at_mat){a.p, a.cs, a.rs}; }

/* Measured with bench/direct: what many rows of A and many columns of B share is better packed; of
 * long sums already PACK rows and FEW columns are. */
bool at_direct_pays(int64_t m, int64_t n, int64_t k, at_mat a, at_mat b, at_mat c) {
  if (c.cs != 1) return c.rs == 1 && at_direct_pays(n, m, k, turned(b), turned(a), turned(c));
  if (k < 1 || (b.cs != 1 && m < PACK)) return false;
  if (k >= SUM && m >= PACK && n >= FEW) return false;
  return m <= 256 || n <= 256;
}

void at_direct(int64_t m, int64_t n, int64_t k, float alpha, at_mat a, at_mat b, float beta,
               at_mat c) {
  if (c.cs != 1) {
    at_direct(n, m, k, alpha, turned(b), turned(a), beta, turned(c));
    return;
  }
  for (int64_t p0 = 0; p0 < k; p0 += SUM) {
    const int64_t length = k - p0 < SUM ? k - p0 : SUM;
    const product p = {
        m, n, alpha, p0 ? 1 : beta, {a.p + p0 * a.cs, a.rs, a.cs}, {b.p + p0 * b.rs, b.rs, b.cs},
        c};
    for (int64_t j = 0; j < n; j += COLUMNS)
      if (j + COLUMNS <= n && m < PACK && b.cs == 1)
        panel(&p, length, p.b.p + j, b.rs, j, COLUMNS);
      else
        packed_panel(&p, length, j, n - j < COLUMNS ? n - j : COLUMNS);
  }
}
