/* Changes of the weights, and the passes downstream of them. */
#include <string.h>
#include "core/explain/explain_impl.h"

void at_change_start(at_measuring *m) {
  memcpy(m->changed, m->weight, (size_t)m->count * sizeof *m->changed);
}

void at_change_run(at_measuring *m) {
  double flops;
  at_exec_again(m->x, m->a->weight, m->changed);
  at_exec_ran(m->x, &flops);
  m->cost.passes++;
  m->cost.flops += flops;
  m->cost.whole_flops += m->whole_flops;
  at_answer_read(m, m->now);
}

static void drop_lane(at_measuring *m, const at_lane *l, const bool *drop) {
  double sum = 0, left = 0;
  for (int64_t k = 0; k < l->keys; k++) {
    double w = (double)m->weight[l->begin + k * l->stride];
    sum += w;
    if (!drop[k]) left += w;
  }
  const double by = left > 0 ? sum / left : 0;
  for (int64_t k = 0; k < l->keys; k++) {
    const int64_t at = l->begin + k * l->stride;
    m->changed[at] = drop[k] ? 0 : (float)((double)m->weight[at] * by);
  }
}

void at_change_drop(at_measuring *m, int64_t i) {
  for (size_t k = 0; k < m->l.n; k++)
    if (m->l.lane[k].example == i) drop_lane(m, &m->l.lane[k], m->drop + m->key_at[i]);
}

void at_change_uniform(at_measuring *m, int64_t i) {
  for (size_t j = 0; j < m->l.n; j++) {
    const at_lane *l = &m->l.lane[j];
    double sum = 0;
    if (l->example != i) continue;
    for (int64_t k = 0; k < l->keys; k++) sum += (double)m->weight[l->begin + k * l->stride];
    for (int64_t k = 0; k < l->keys; k++)
      m->changed[l->begin + k * l->stride] = (float)(sum / (double)l->keys);
  }
}

void at_change_permute(at_measuring *m, int64_t i, const int32_t *from) {
  for (size_t j = 0; j < m->l.n; j++) {
    const at_lane *l = &m->l.lane[j];
    if (l->example != i || l->keys != m->l.keys[i]) continue;
    for (int64_t k = 0; k < l->keys; k++)
      m->changed[l->begin + k * l->stride] = m->weight[l->begin + from[k] * l->stride];
  }
}
