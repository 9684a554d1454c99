/* Times products beside BLIS alone, by turns in one process.
 *
 *   bench/direct [ROUNDS]
 *
 * A line for each shape: GFLOP/s of both, best of the rounds, and their ratio. The shapes are those
 * of convolutions: tiles and patches times weights, and their gradients. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "bench/blis_alone.h"
#include "core/tensor/gemm.h"

typedef struct shape {
  int64_t m, n, k;
  int a_turned, b_turned; /* lie along their columns */
} shape;

static const shape shapes[] = {
    {512, 32, 32, 0, 0},     {512, 32, 64, 0, 0},     {512, 64, 64, 0, 0},
    {512, 64, 128, 0, 0},    {512, 128, 128, 0, 0},   {512, 256, 256, 0, 0},
    {512, 512, 512, 0, 0},   {512, 1024, 512, 0, 0},  {32, 32, 512, 1, 0},
    {64, 64, 512, 1, 0},     {128, 128, 512, 1, 0},   {256, 256, 512, 1, 0},
    {512, 512, 512, 1, 0},   {512, 16, 48, 0, 0},     {512, 48, 16, 0, 0},
    {16, 48, 512, 1, 0},     {512, 64, 512, 0, 0},    {512, 512, 64, 0, 0},
    {128, 1024, 8192, 0, 0}, {128, 8192, 1024, 0, 0}, {1024, 8192, 128, 1, 0},
    {2000, 768, 768, 0, 0},  {2000, 3072, 768, 0, 0}, {768, 768, 2000, 1, 0},
    {512, 64, 64, 0, 1},     {64, 512, 512, 0, 1},    {16, 512, 512, 0, 1},
    {256, 1024, 1024, 0, 1}, {600, 512, 768, 0, 1},   {600, 768, 768, 0, 1},
};

static double spent(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void blis(const shape *s, at_mat a, at_mat b, at_mat c) {
  blis_alone(s->m, s->n, s->k, a, b, c);
}

static void ours(const shape *s, at_mat a, at_mat b, at_mat c) {
  at_gemm(NULL, s->m, s->n, s->k, 1, a, b, 0, c);
}

static double rate(void (*product)(const shape *s, at_mat a, at_mat b, at_mat c), const shape *s,
                   float *a, float *b, float *c) {
  const double flops = 2.0 * (double)s->m * (double)s->n * (double)s->k;
  const int times = flops > 1e8 ? 1 : (int)(1e8 / flops) + 1;
  const double t = spent();
  for (int i = 0; i < times; i++)
    product(s, s->a_turned ? (at_mat){a, 1, s->m} : (at_mat){a, s->k, 1},
            s->b_turned ? (at_mat){b, 1, s->k} : (at_mat){b, s->n, 1}, (at_mat){c, s->n, 1});
  return flops * times / (spent() - t) / 1e9;
}

int main(int argc, char **argv) {
  const int rounds = argc > 1 ? atoi(argv[1]) : 10;
  enum { LARGEST = 8192 * 1024 };
  float *v = calloc((size_t)3 * LARGEST, sizeof *v);
  if (!v) return 1;
  for (int i = 0; i < 2 * LARGEST; i++) v[i] = (float)(i % 17) / 17;
  at_gemm(NULL, 64, 64, 64, 1, (at_mat){v, 1, 64}, (at_mat){v, 1, 64}, 0,
          (at_mat){v + 2 * LARGEST, 1, 64}); /* picks BLIS's kernels */
  printf("%6s %6s %6s %8s %8s %8s %8s %7s\n", "m", "n", "k", "A along", "B along", "BLIS", "ours",
         "ratio");
  for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++) {
    const shape *s = &shapes[i];
    double best[2] = {0, 0};
    for (int r = 0; r < rounds; r++) {
      const double t[2] = {rate(blis, s, v, v + LARGEST, v + 2 * LARGEST),
                           rate(ours, s, v, v + LARGEST, v + 2 * LARGEST)};
      for (int k = 0; k < 2; k++)
        if (t[k] > best[k]) best[k] = t[k];
    }
    printf("%6d %6d %6d %8s %8s %8.1f %8.1f %7.2f\n", (int)s->m, (int)s->n, (int)s->k,
           s->a_turned ? "m" : "k", s->b_turned ? "k" : "n", best[0], best[1], best[1] / best[0]);
  }
  free(v);
  return 0;
}
