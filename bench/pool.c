/* What it costs to share a work among threads: an empty work of two parts a thread, right after the
 * one before, and after a pause in which everybody has fallen asleep.
 *
 *     make -C build/release bench/pool && build/release/bench/pool [threads] */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "core/base/clock.h"
#include "core/base/thread.h"

static void nothing(void *ctx, size_t i) {
  (void)ctx;
  (void)i;
}

static int by_value(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* Median of microseconds. */
static double work(at_pool *pool, long pause_ns) {
  enum { TIMES = 2001 };
  static double v[TIMES];
  const size_t parts = 2 * (size_t)at_pool_threads(pool);
  for (int i = 0; i < TIMES; i++) {
    if (pause_ns) nanosleep(&(struct timespec){0, pause_ns}, NULL);
    const double began = at_clock();
    at_parallel(pool, parts, nothing, NULL);
    v[i] = 1e6 * (at_clock() - began);
  }
  qsort(v, TIMES, sizeof *v, by_value);
  return v[TIMES / 2];
}

int main(int argc, char **argv) {
  const int most = at_processors(argc > 1 ? atoi(argv[1]) : 0);
  printf("%7s %14s %14s\n", "threads", "at once", "after a pause");
  for (int threads = 1; threads <= most; threads++) {
    at_pool *pool = NULL;
    if (at_pool_new(threads, &pool, NULL) != AT_OK) return 1;
    printf("%7d %11.2f us %11.2f us\n", threads, work(pool, 0), work(pool, 1000000));
    at_pool_free(pool);
  }
  return 0;
}
