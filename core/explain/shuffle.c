/* The same weights on other keys, and equal weights. */
#include <stdlib.h>
#include "core/base/random.h"
#include "core/explain/explain_impl.h"

at_status at_measure_uniform(at_measuring *m, at_error *err) {
  (void)err;
  at_change_start(m);
  for (int64_t i = 0; i < m->g.n; i++) at_change_uniform(m, i);
  at_change_run(m);
  for (int64_t i = 0; i < m->g.n; i++) {
    const int choice = at_answer_choice(m, m->now, i);
    const int32_t expected = m->e.expected[m->g.first + i];
    *at_columns_real(&m->c, AT_M_UNIFORM, m->g.n, i) = (float)at_answer_distance(m, i);
    if (choice >= 0)
      *at_columns_int(&m->c, AT_M_UNIFORM_RIGHT, m->g.n, i) =
          expected < 0 ? -1 : choice == expected;
  }
  return AT_OK;
}

static int by_size(const void *a, const void *b) {
  const double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double median(double *v, int n) {
  qsort(v, (size_t)n, sizeof *v, by_size);
  return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

at_status at_measure_permuted(at_measuring *m, at_error *err) {
  const int n = m->o->permutations;
  if (n < 1) return AT_OK;
  double *d = calloc((size_t)n * AT_BATCH_MOST, sizeof *d);
  int32_t *from = calloc((size_t)m->key_at[m->g.n] + 1, sizeof *from);
  for (int p = 0; d && from && p < n; p++) {
    at_change_start(m);
    for (int64_t i = 0; i < m->g.n; i++) {
      at_random r = {m->o->seed, at_hash_name("explain.permute"),
                     (uint64_t)(m->g.first + i) * (uint64_t)n + (uint64_t)p};
      at_random_permutation(&r, (uint32_t *)from, (uint32_t)m->l.keys[i]);
      at_change_permute(m, i, from);
    }
    at_change_run(m);
    for (int64_t i = 0; i < m->g.n; i++) d[i * n + p] = at_answer_distance(m, i);
  }
  for (int64_t i = 0; d && from && i < m->g.n; i++)
    *at_columns_real(&m->c, AT_M_PERMUTED, m->g.n, i) = (float)median(d + i * n, n);
  at_status st = d && from ? AT_OK : at_nomem(err);
  free(d);
  free(from);
  return st;
}
