/* Other weights with the same answer: how far away are they?
 *
 * A search, so a lower bound of the greatest distance there is. The weights are mixed with targets
 * that lie far from them: all on the key of least weight, all on the next but one, the weights in
 * reverse order of their keys' weights, and a few permutations drawn by the seed. For each target
 * the mixture farthest from the weights whose answer lies within LIMIT of the answer on the whole
 * is found by bisection. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/random.h"
#include "core/explain/explain_impl.h"

enum { ONE_HOT = 2, DRAWN = 3, TARGETS = ONE_HOT + 1 + DRAWN, HALVINGS = 5 };
static const double LIMIT = 0.05; /* of the distance of answers */

/* Where the weight of key k comes from; one-hot targets: `from` is that key alone. */
static void make_target(const at_measuring *m, int64_t i, int target, int32_t *from) {
  const int64_t n = m->l.keys[i];
  const int32_t *order = m->order + m->key_at[i];
  if (target < ONE_HOT) {
    from[0] = order[n - 1 - (target < n ? target : 0)];
  } else if (target == ONE_HOT) {
    for (int64_t k = 0; k < n; k++) from[order[k]] = order[n - 1 - k];
  } else {
    at_random r = {m->o->seed, at_hash_name("explain.adversary"),
                   (uint64_t)(m->g.first + i) * TARGETS + (uint64_t)target};
    at_random_permutation(&r, (uint32_t *)from, (uint32_t)n);
  }
}

static double entropy_part(double p) { return p > 0 ? p * log(p) : 0; }

/* Jensen-Shannon divergence of the weights from the mixture, both as distributions. */
static double mix_lane(at_measuring *m, const at_lane *l, bool one_hot, const int32_t *from,
                       double by) {
  double sum = 0, d = 0;
  for (int64_t k = 0; k < l->keys; k++) sum += (double)m->weight[l->begin + k * l->stride];
  for (int64_t k = 0; k < l->keys; k++) {
    const int64_t at = l->begin + k * l->stride;
    const double w = (double)m->weight[at];
    double to = one_hot ? (k == from[0] ? sum : 0)
                        : (double)m->weight[l->begin + (int64_t)from[k] * l->stride];
    m->changed[at] = (float)((1 - by) * w + by * to);
    if (!(sum > 0)) continue;
    double p = w / sum, q = (double)m->changed[at] / sum, half = (p + q) / 2;
    d += (entropy_part(p) + entropy_part(q)) / 2 - entropy_part(half);
  }
  return d;
}

static double mix(at_measuring *m, int64_t i, int target, const int32_t *from, double by) {
  double d = 0;
  int64_t lanes = 0;
  for (size_t j = 0; j < m->l.n; j++) {
    const at_lane *l = &m->l.lane[j];
    if (l->example != i || l->keys != m->l.keys[i]) continue;
    d += mix_lane(m, l, target < ONE_HOT, from, by);
    lanes++;
  }
  return lanes ? d / (double)lanes : 0;
}

static void search(at_measuring *m, int target, int32_t *from, double *best) {
  double low[AT_BATCH_MOST] = {0}, by[AT_BATCH_MOST], d[AT_BATCH_MOST];
  for (int64_t i = 0; i < m->g.n; i++) {
    make_target(m, i, target, from + m->key_at[i]);
    by[i] = 1;
  }
  for (int step = 0; step <= HALVINGS; step++) {
    at_change_start(m);
    for (int64_t i = 0; i < m->g.n; i++) d[i] = mix(m, i, target, from + m->key_at[i], by[i]);
    at_change_run(m);
    for (int64_t i = 0; i < m->g.n; i++) {
      const double half = ldexp(1, -step - 1);
      bool same = at_answer_distance(m, i) <= LIMIT;
      if (same && d[i] > best[i]) best[i] = d[i];
      if (same) low[i] = by[i];
      by[i] = low[i] == 1 ? 1 : low[i] + half;
    }
  }
}

at_status at_measure_adversarial(at_measuring *m, at_error *err) {
  double best[AT_BATCH_MOST] = {0};
  int32_t *from = calloc((size_t)m->key_at[m->g.n] + 1, sizeof *from);
  if (!from) return at_nomem(err);
  for (int t = 0; t < TARGETS; t++) search(m, t, from, best);
  for (int64_t i = 0; i < m->g.n; i++)
    *at_columns_real(&m->c, AT_M_ADVERSARIAL, m->g.n, i) = (float)best[i];
  free(from);
  return AT_OK;
}
