/* The one door to BLIS.
 *
 * C <- alpha A B + beta C, A [m,k], B [k,n], C [m,n], each with a row and a
 * column stride in elements, so transposes are strides and never copies.
 * beta == 0 never reads C.
 *
 * The product is cut into tiles by its sizes alone, many threads share a tile, and
 * every share is one single-threaded call that sums each element in the same order, so
 * the bits do not depend on the number of threads.  Safe inside at_parallel bodies with pool =
 * NULL. */
#ifndef AT_TENSOR_GEMM_H
#define AT_TENSOR_GEMM_H
#include <stddef.h>
#include <stdint.h>
#include "core/base/thread.h"

typedef struct at_mat {
  float *p; /* inputs are not written; the cast is the caller's */
  int64_t rs, cs;
} at_mat;
/* That cast. */
static inline float *at_unconst(const float *p) {
  union {
    const float *in;
    float *out;
  } u = {.in = p};
  return u.out;
}

static inline int64_t at_fewer(int64_t a, int64_t b) { return a < b ? a : b; }

/* Numbers from row to row of a matrix whose rows have n: rows a multiple of 1 KiB apart would share
 * their lines of a cache. */
int64_t at_gemm_pitch(int64_t n);

void at_gemm(at_pool *pool, int64_t m, int64_t n, int64_t k, float alpha, at_mat a, at_mat b,
             float beta, at_mat c);

/* The same for `batch` products; matrix i starts at p + i * step. */
void at_gemm_batch(at_pool *pool, int64_t batch, int64_t m, int64_t n, int64_t k, float alpha,
                   at_mat a, int64_t astep, at_mat b, int64_t bstep, float beta, at_mat c,
                   int64_t cstep);

/* The naive twin, float64 accumulation: the oracle of the tests. */
void at_gemm_naive(int64_t m, int64_t n, int64_t k, float alpha, at_mat a, at_mat b, float beta,
                   at_mat c);
#endif
