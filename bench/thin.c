/* Times products of which a side is one beside BLIS's own, by turns in one process.
 *
 *   bench/thin [ROUNDS]
 *
 * A line for each shape: nanoseconds of a product of both, least of the rounds, and their ratio.
 * The shapes are those of a query of 64 numbers over 25, 36 and 100 keys: scores, context, and the
 * gradient of the keys. */
#include <stdio.h>
#include <stdlib.h>
#include "bench/blis_alone.h"
#include "core/base/clock.h"
#include "core/tensor/gemm.h"

enum { TIMES = 2000, LARGEST = 100 * 64 };

typedef struct shape {
  const char *what;
  int64_t m, n, k;
} shape;

static const shape shapes[] = {
    {"scores, 25 keys", 1, 25, 64},      {"context, 25 keys", 1, 64, 25},
    {"keys' gradient, 25", 25, 64, 1},   {"scores, 36 keys", 1, 36, 64},
    {"context, 36 keys", 1, 64, 36},     {"keys' gradient, 36", 36, 64, 1},
    {"scores, 100 keys", 1, 100, 64},    {"context, 100 keys", 1, 64, 100},
    {"keys' gradient, 100", 100, 64, 1},
};

static void blis(const shape *s, at_mat a, at_mat b, at_mat c) {
  blis_alone(s->m, s->n, s->k, a, b, c);
}

static void ours(const shape *s, at_mat a, at_mat b, at_mat c) {
  at_gemm(NULL, s->m, s->n, s->k, 1, a, b, 0, c);
}

static double timed(void (*product)(const shape *s, at_mat a, at_mat b, at_mat c), const shape *s,
                    float *v) {
  /* Keys lie one after another: they are read along k for scores, and along n else. */
  at_mat a = {v, s->k, 1}, c = {v + 2 * LARGEST, s->n, 1};
  at_mat b = s->k == 64 ? (at_mat){v + LARGEST, 1, s->k} : (at_mat){v + LARGEST, s->n, 1};
  double t = at_clock();
  for (int i = 0; i < TIMES; i++) product(s, a, b, c);
  return (at_clock() - t) / TIMES * 1e9;
}

int main(int argc, char **argv) {
  int rounds = argc > 1 ? atoi(argv[1]) : 50;
  float *v = calloc((size_t)3 * LARGEST, sizeof *v);
  if (!v) return 1;
  for (int i = 0; i < 2 * LARGEST; i++) v[i] = (float)(i % 17) / 17;
  ours(shapes, (at_mat){v, 64, 1}, (at_mat){v, 1, 64},
       (at_mat){v, 25, 1}); /* picks BLIS's kernels */
  printf("%-22s %10s %10s %8s\n", "product", "BLIS ns", "ours ns", "ratio");
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    double best[2] = {1e18, 1e18};
    for (int r = 0; r < rounds; r++) {
      double t[2] = {timed(blis, &shapes[i], v), timed(ours, &shapes[i], v)};
      for (int k = 0; k < 2; k++)
        if (t[k] < best[k]) best[k] = t[k];
    }
    printf("%-22s %10.0f %10.0f %8.1f\n", shapes[i].what, best[0], best[1], best[0] / best[1]);
  }
  free(v);
  return 0;
}
