/* How a step would spread over more threads: shared work, timed part by part on one thread, is
 * dealt out again to each number of threads as the pool deals it, in order, the next part to
 * whoever is free first. What is no shared work takes as long as it took. */
#include <stdlib.h>
#include <string.h>
#include "core/bench/bench_impl.h"

const int at_bench_widths[AT_BENCH_WIDTHS] = {1, 2, 4, 8, 16, 32, 64};
enum { MOST = 64 };

struct at_bench_scaling {
  at_pool *pool;
  double saved[AT_BENCH_WIDTHS]; /* seconds so far */
  double shared;                 /* seconds of shared work so far, the telling included */
  int64_t works, parts;
  double busy[AT_BENCH_WIDTHS][MOST]; /* until when each thread is, in the work at hand */
};

static double *first_free(double *busy, int threads) {
  double *least = busy;
  for (int t = 1; t < threads; t++)
    if (busy[t] < *least) least = &busy[t];
  return least;
}

static double last_free(const double *busy, int threads) {
  double most = 0;
  for (int t = 0; t < threads; t++) most = busy[t] > most ? busy[t] : most;
  return most;
}

void at_bench_scaling_told(void *ctx, size_t index, size_t n, double seconds) {
  at_bench_scaling *s = ctx;
  if (index == 0) memset(s->busy, 0, sizeof s->busy);
  for (int w = 0; w < AT_BENCH_WIDTHS; w++) {
    if (index < n)
      *first_free(s->busy[w], at_bench_widths[w]) += seconds;
    else
      s->saved[w] += seconds - last_free(s->busy[w], at_bench_widths[w]);
  }
  if (index < n) return;
  s->shared += seconds;
  s->works++;
  s->parts += (int64_t)n;
}

at_status at_bench_scaling_new(at_pool *pool, at_bench_scaling **out, at_error *err) {
  at_bench_scaling *s = *out = calloc(1, sizeof *s);
  if (!s) return at_nomem(err);
  s->pool = pool;
  at_pool_watch(pool, MOST, at_bench_scaling_told, s);
  return AT_OK;
}

void at_bench_scaling_free(at_bench_scaling *s) {
  if (!s) return;
  at_pool_watch(s->pool, 1, NULL, NULL);
  free(s);
}

at_bench_wide at_bench_scaling_clock(const at_bench_scaling *s, double clock) {
  at_bench_wide now = {{0}, 0, 0, 0};
  if (!s) return now;
  for (int w = 0; w < AT_BENCH_WIDTHS; w++) now.seconds[w] = clock - s->saved[w];
  now.alone = clock - s->shared;
  now.works = s->works;
  now.parts = s->parts;
  return now;
}

void at_bench_wide_add(at_bench_wide *to, const at_bench_wide *from, double times) {
  for (int w = 0; w < AT_BENCH_WIDTHS; w++) to->seconds[w] += times * from->seconds[w];
  to->alone += times * from->alone;
  to->works += (int64_t)times * from->works;
  to->parts += (int64_t)times * from->parts;
}

at_bench_wide at_bench_wide_median(const at_bench_wide *all, size_t stride, int n, double *v) {
  at_bench_wide out = all[(size_t)(n - 1) * stride];
  for (int w = 0; w < AT_BENCH_WIDTHS; w++) {
    for (int i = 0; i < n; i++) v[i] = all[(size_t)i * stride].seconds[w];
    out.seconds[w] = at_bench_median(v, n);
  }
  for (int i = 0; i < n; i++) v[i] = all[(size_t)i * stride].alone;
  out.alone = at_bench_median(v, n);
  return out;
}
