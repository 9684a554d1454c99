#include "core/tensor/gemm.h"
#include <blis.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include "core/tensor/direct.h"
#include "core/tensor/thin.h"

/* A product below this is done by one BLIS call; above it is cut into tiles. */
#define SMALL_FLOPS 4e6
/* Sides of a tile. Packing A and B again for every tile costs about
 * 1/tile_n + 1/tile_m of the arithmetic, so tiles are large. */
enum { TILE = 768, PART = 64 /* the least side of what many threads get */ };

typedef struct job {
  int64_t m, n, k, tm, tn, tiles_n, tiles; /* of one product */
  int64_t pm, pn, parts_n, parts;          /* of a tile, for many threads */
  int64_t astep, bstep, cstep;
  float alpha, beta;
  at_mat a, b, c;
} job;

/* BLIS picks its kernels by a list of processor names and falls back to AVX2 on
 * newer ones that have AVX-512; measured, that is 1.8 times slower where vectors of 512 bits run at
 * full width. On AMD's family 19h, which has them in two halves, it is 5 % faster. Whoever sets
 * BLIS_ARCH_TYPE decides for himself. */
static void choose_kernels(void) {
#if defined(__x86_64__)
  if (getenv("BLIS_ARCH_TYPE") || __builtin_cpu_is("amdfam19h")) return;
  if (!__builtin_cpu_supports("avx512f") || !__builtin_cpu_supports("avx512dq") ||
      !__builtin_cpu_supports("avx512bw") || !__builtin_cpu_supports("avx512vl"))
    return;
  char id[16];
  snprintf(id, sizeof id, "%d", (int)BLIS_ARCH_SKX);
  setenv("BLIS_ARCH_TYPE", id, 0);
  bli_init();
#endif
}

static void blis(int64_t m, int64_t n, int64_t k, float alpha, at_mat a, at_mat b, float beta,
                 at_mat c) {
  rntm_t rntm = BLIS_RNTM_INITIALIZER;
  bli_rntm_set_num_threads(1, &rntm);
  /* The kernels for small and thin matrices of 0.9.0 read past the end of their
   * inputs and sum in another order; the packed path does neither. */
  bli_rntm_disable_l3_sup(&rntm);
  bli_sgemm_ex(BLIS_NO_TRANSPOSE, BLIS_NO_TRANSPOSE, m, n, k, &alpha, a.p, a.rs, a.cs, b.p, b.rs,
               b.cs, &beta, c.p, c.rs, c.cs, NULL, &rntm);
}

static at_mat moved(at_mat a, int64_t row, int64_t column) {
  return (at_mat){a.p + row * a.rs + column * a.cs, a.rs, a.cs};
}

/* The sizes of the tile say which way it goes, and those of its parts do not: both ways sum an
 * element in the same order wherever a part begins. */
static void tile_body(void *ctx, size_t index) {
  const job *j = ctx;
  const int64_t i = (int64_t)index / j->parts, part = (int64_t)index % j->parts;
  const int64_t batch = i / j->tiles, t = i % j->tiles;
  const int64_t m0 = t / j->tiles_n * j->tm, n0 = t % j->tiles_n * j->tn;
  const int64_t m = at_fewer(j->m - m0, j->tm), n = at_fewer(j->n - n0, j->tn), k = j->k;
  const at_mat a = moved((at_mat){j->a.p + batch * j->astep, j->a.rs, j->a.cs}, m0, 0);
  const at_mat b = moved((at_mat){j->b.p + batch * j->bstep, j->b.rs, j->b.cs}, 0, n0);
  const at_mat c = moved((at_mat){j->c.p + batch * j->cstep, j->c.rs, j->c.cs}, m0, n0);
  if (m * n * k <= AT_THIN_MOST && part) return;
  if (at_thin(m, n, k, j->alpha, a, b, j->beta, c)) return;
  const bool whole = m * n * k <= AT_THIN_MOST;
  const int64_t i0 = part / j->parts_n * j->pm, j0 = part % j->parts_n * j->pn;
  const int64_t pm = whole ? m : at_fewer(m - i0, j->pm), pn = whole ? n : at_fewer(n - j0, j->pn);
  if (pm <= 0 || pn <= 0) return;
  (at_direct_pays(m, n, k, a, b, c) ? at_direct : blis)(pm, pn, k, j->alpha, moved(a, i0, 0),
                                                        moved(b, 0, j0), j->beta, moved(c, i0, j0));
}

/* `side` in equal pieces of at most `most`, rounded up to whole micro-kernel
 * panels of 32. */
static int64_t piece(int64_t side, int64_t most) {
  int64_t pieces = (side + most - 1) / most;
  int64_t p = (side + pieces - 1) / pieces;
  p = (p + 31) / 32 * 32;
  return p < side ? p : side;
}

/* Into tiles, by the sizes of the product alone. */
static void cut(job *j, int64_t batch) {
  double flops = 2.0 * (double)j->m * (double)j->n * (double)j->k;
  j->tm = j->m;
  j->tn = j->n;
  if (flops >= SMALL_FLOPS) {
    j->tm = piece(j->m, TILE);
    j->tn = piece(j->n, TILE);
    /* A single large tile is halved along its longer side, twice when that
     * still leaves long sides, so that a few threads find work. */
    for (int halvings = 0; halvings < 2 && batch < 8; halvings++) {
      int64_t tiles = ((j->m - 1) / j->tm + 1) * ((j->n - 1) / j->tn + 1);
      int64_t *side = j->tm >= j->tn ? &j->tm : &j->tn;
      if (tiles * batch >= 4 || *side < 128) break;
      *side = piece(*side, *side / 2);
    }
  }
  j->tiles_n = (j->n - 1) / j->tn + 1;
  j->tiles = ((j->m - 1) / j->tm + 1) * j->tiles_n;
}

/* And tiles into parts, until every thread finds two. */
static void cut_for(job *j, int64_t batch, int threads) {
  j->pm = j->tm;
  j->pn = j->tn;
  j->parts_n = j->parts = 1;
  while (j->parts * j->tiles * batch < 2 * (int64_t)threads && threads > 2) {
    int64_t *side = j->pm >= j->pn ? &j->pm : &j->pn;
    if (*side < 2 * PART) break;
    *side = piece(*side, *side / 2);
    j->parts_n = (j->tn - 1) / j->pn + 1;
    j->parts = ((j->tm - 1) / j->pm + 1) * j->parts_n;
  }
}

/* A small result of long sums, as the gradient of a filter over a large map is: the sums are cut,
 * as there is too little else, and added in order. */
enum { LONG = 4096, SUMS = 8, FEW = 4096 };

static bool long_sums(at_pool *pool, int64_t m, int64_t n, int64_t k, float alpha, at_mat a,
                      at_mat b, float beta, at_mat c) {
  if (k < LONG || m * n > FEW || 2.0 * (double)m * (double)n * (double)k < SMALL_FLOPS)
    return false;
  float part[SUMS * FEW];
  const int64_t length = k / SUMS, done = SUMS * length, size = m * n;
  at_gemm_batch(pool, SUMS, m, n, length, alpha, a, length * a.cs, b, length * b.rs, 0,
                (at_mat){part, n, 1}, size);
  at_gemm(NULL, m, n, k - done, alpha, moved(a, 0, done), moved(b, done, 0), beta, c);
  for (const float *s = part; s < part + SUMS * size; s += size)
    for (int64_t i = 0; i < m; i++)
      for (int64_t j = 0; j < n; j++) c.p[i * c.rs + j * c.cs] += s[i * n + j];
  return true;
}

int64_t at_gemm_pitch(int64_t n) { return n % 256 ? n : n + 16; }

void at_gemm_batch(at_pool *pool, int64_t batch, int64_t m, int64_t n, int64_t k, float alpha,
                   at_mat a, int64_t astep, at_mat b, int64_t bstep, float beta, at_mat c,
                   int64_t cstep) {
  static pthread_once_t once = PTHREAD_ONCE_INIT;
  if (batch <= 0 || m <= 0 || n <= 0) return;
  pthread_once(&once, choose_kernels);
  if (batch == 1 && long_sums(pool, m, n, k, alpha, a, b, beta, c)) return;
  job j = {.m = m,
           .n = n,
           .k = k,
           .astep = astep,
           .bstep = bstep,
           .cstep = cstep,
           .alpha = alpha,
           .beta = beta,
           .a = a,
           .b = b,
           .c = c};
  cut(&j, batch);
  double flops = 2.0 * (double)m * (double)n * (double)k * (double)batch;
  if (flops < 1e5) pool = NULL;
  cut_for(&j, batch, at_pool_threads(pool));
  at_parallel(pool, (size_t)(batch * j.tiles * j.parts), tile_body, &j);
}

void at_gemm(at_pool *pool, int64_t m, int64_t n, int64_t k, float alpha, at_mat a, at_mat b,
             float beta, at_mat c) {
  at_gemm_batch(pool, 1, m, n, k, alpha, a, 0, b, 0, beta, c, 0);
}

void at_gemm_naive(int64_t m, int64_t n, int64_t k, float alpha, at_mat a, at_mat b, float beta,
                   at_mat c) {
  for (int64_t i = 0; i < m; i++)
    for (int64_t j = 0; j < n; j++) {
      double s = 0;
      for (int64_t p = 0; p < k; p++)
        s += (double)a.p[i * a.rs + p * a.cs] * (double)b.p[p * b.rs + j * b.cs];
      float *d = &c.p[i * c.rs + j * c.cs];
      *d = (float)(alpha * s + (beta == 0 ? 0 : (double)beta * *d));
    }
}
