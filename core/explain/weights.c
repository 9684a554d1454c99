/* The weights as they are, the answer on the whole, the range of the scores. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/random.h"
#include "core/explain/explain_impl.h"

/* Over heads, and over what asks: in self-attention over what was answered so far, too, that alone
 * does. */
static void mean_weights(at_measuring *m) {
  int64_t lanes[AT_BATCH_MOST] = {0}, first[AT_BATCH_MOST], asks[AT_BATCH_MOST];
  const bool self = at_layout_ask(at_session_graph(m->s), m->a->weight, m->a->over) >= 0;
  for (int64_t i = 0; i < m->g.n; i++) {
    at_key_parts p;
    at_keys_parts(m, i, &p);
    at_parts_asking(&p, m->l.keys[i], &first[i], &asks[i]);
  }
  memset(m->mean, 0, (size_t)m->key_at[m->g.n] * sizeof *m->mean);
  for (size_t j = 0; j < m->l.n; j++) {
    const at_lane *l = &m->l.lane[j];
    if (self && (l->ask < first[l->example] || l->ask >= first[l->example] + asks[l->example]))
      continue;
    lanes[l->example]++;
    for (int64_t k = 0; k < l->keys; k++)
      m->mean[m->key_at[l->example] + k] += m->weight[l->begin + k * l->stride];
  }
  for (int64_t i = 0; i < m->g.n; i++)
    for (int64_t k = m->key_at[i]; k < m->key_at[i + 1]; k++) m->mean[k] /= (float)lanes[i];
}

void at_sort_keys(const float *v, int64_t n, int32_t *order) {
  for (int64_t k = 0; k < n; k++) {
    int64_t at = k;
    for (; at > 0 && v[order[at - 1]] < v[k]; at--) order[at] = order[at - 1];
    order[at] = (int32_t)k;
  }
}

static at_status check_numbers(const at_measuring *m, at_error *err) {
  for (size_t j = 0; j < m->l.n; j++) {
    const at_lane *l = &m->l.lane[j];
    for (int64_t k = 0; k < l->keys; k++)
      if (!isfinite(m->weight[l->begin + k * l->stride]))
        return at_fail(err, AT_EINPUT,
                       "the attention of `%s` holds something that is no number, first in example "
                       "%lld; it cannot be measured",
                       m->a->name, (long long)(m->g.first + l->example));
  }
  return AT_OK;
}

static at_status measure_scores(at_measuring *m, at_error *err) {
  at_layout l = {0};
  const float *v = at_exec_value(m->x, m->a->score);
  if (!v || at_node_dim(m->a->score, m->a->over) < 0) return AT_OK;
  at_status st = at_layout_find(m->s, m->x, m->a->score, m->a->over, &m->g, &l, err);
  for (size_t j = 0; st == AT_OK && j < l.n; j++) {
    float *low = at_columns_real(&m->c, AT_M_SCORE_LOW, m->g.n, l.lane[j].example);
    float *high = at_columns_real(&m->c, AT_M_SCORE_HIGH, m->g.n, l.lane[j].example);
    for (int64_t k = 0; k < l.lane[j].keys; k++) {
      *low = fminf(*low, v[l.lane[j].begin + k * l.lane[j].stride]);
      *high = fmaxf(*high, v[l.lane[j].begin + k * l.lane[j].stride]);
    }
  }
  free(l.lane);
  return st;
}

/* Words of what the example was asked. */
static int32_t words(const at_measuring *m, int64_t i) {
  at_batch_input in;
  for (int k = 0; at_session_input(m->s, k, &in); k++) {
    const int64_t *off = in.kind == AT_FEED_WORDS ? at_x_offsets(m->x, in.node->dim[0].axis) : NULL;
    const int64_t row = off ? m->g.place[in.table][i] : 0;
    if (off) return (int32_t)(off[row + 1] - off[row]);
  }
  return -1;
}

at_status at_measure_weights(at_measuring *m, at_error *err) {
  at_status st = check_numbers(m, err);
  if (st != AT_OK) return st;
  mean_weights(m);
  for (int64_t i = 0; i < m->g.n; i++) {
    const int64_t at = m->key_at[i], keys = m->l.keys[i];
    const int choice = at_answer_choice(m, m->whole, i);
    const int32_t expected = m->e.expected[m->g.first + i];
    at_random r = {m->o->seed, at_hash_name("explain.order"), (uint64_t)(m->g.first + i)};
    at_sort_keys(m->mean + at, keys, m->order + at);
    at_random_permutation(&r, (uint32_t *)m->random + at, (uint32_t)keys);
    memcpy(at_columns_real(&m->c, AT_M_WEIGHT, m->g.n, i), m->mean + at,
           (size_t)keys * sizeof *m->mean);
    *at_columns_real(&m->c, AT_M_OUTPUT, m->g.n, i) = (float)at_answer_output(m, m->whole, i);
    *at_columns_int(&m->c, AT_M_PREDICTED, m->g.n, i) = choice;
    *at_columns_int(&m->c, AT_M_EXPECTED, m->g.n, i) = expected;
    *at_columns_int(&m->c, AT_M_LENGTH, m->g.n, i) = words(m, i);
    *at_columns_int(&m->c, AT_M_CORRECT, m->g.n, i) =
        choice < 0 || expected < 0 ? -1 : choice == expected;
  }
  return measure_scores(m, err);
}
