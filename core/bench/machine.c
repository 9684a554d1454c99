#include "core/bench/machine.h"
#include <stdlib.h>
#include <string.h>
#include "core/base/clock.h"
#include "core/tensor/gemm.h"

double at_machine_sgemm(at_pool *pool) {
  enum { N = 2048, TRIES = 4 };
  float *m = aligned_alloc(64, (size_t)3 * N * N * sizeof *m);
  double best = 0;
  if (!m) return 0;
  for (size_t i = 0; i < (size_t)3 * N * N; i++) m[i] = (float)(i % 17) / 17;
  for (int k = 0; k < TRIES; k++) {
    double t = at_clock();
    at_gemm(pool, N, N, N, 1, (at_mat){m, N, 1}, (at_mat){m + N * N, N, 1}, 0,
            (at_mat){m + 2 * N * N, N, 1});
    double rate = 2.0 * N * N * N / (at_clock() - t);
    best = rate > best ? rate : best;
  }
  free(m);
  return best;
}

enum { COPIED = 128 << 20, PIECE = 256 << 10 };

static void copy_piece(void *ctx, size_t begin, size_t end) {
  unsigned char *m = ctx;
  memcpy(m + COPIED + begin, m + begin, end - begin);
}

double at_machine_copy(at_pool *pool) {
  enum { TRIES = 6 };
  unsigned char *m = aligned_alloc(64, (size_t)2 * COPIED);
  double best = 0;
  if (!m) return 0;
  memset(m, 1, (size_t)2 * COPIED);
  for (int k = 0; k < TRIES; k++) {
    double t = at_clock();
    at_parallel_range(pool, COPIED, PIECE, copy_piece, m);
    double rate = 2.0 * COPIED / (at_clock() - t);
    best = rate > best ? rate : best;
  }
  free(m);
  return best;
}
