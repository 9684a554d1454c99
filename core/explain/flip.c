/* How many keys must go until the decision is another one. */
#include <string.h>
#include "core/explain/explain_impl.h"

/* Drops one key more of every example whose decision stands; false: none is left. */
static bool drop_next(at_measuring *m, const int32_t *order, int64_t k, const bool *flipped) {
  bool some = false;
  at_change_start(m);
  for (int64_t i = 0; i < m->g.n; i++) {
    if (flipped[i] || k >= m->l.keys[i]) continue;
    m->drop[m->key_at[i] + order[m->key_at[i] + k]] = true;
    at_change_drop(m, i);
    some = true;
  }
  return some;
}

void at_count_flips(at_measuring *m, const int32_t *order, at_columns *to, at_measure share,
                    at_measure one) {
  bool flipped[AT_BATCH_MOST] = {false};
  memset(m->drop, 0, (size_t)m->key_at[m->g.n]);
  for (int64_t k = 0; drop_next(m, order, k, flipped); k++) {
    at_change_run(m);
    for (int64_t i = 0; i < m->g.n; i++) {
      if (flipped[i] || k >= m->l.keys[i]) continue;
      flipped[i] = at_answer_choice(m, m->now, i) != at_answer_choice(m, m->whole, i);
      if (m->unordered[i]) continue;
      if (k == 0) *at_columns_int(to, one, m->g.n, i) = flipped[i];
      float *v = at_columns_real(to, share, m->g.n, i);
      if (flipped[i]) *v = (float)(k + 1) / (float)m->l.keys[i];
    }
  }
}

at_status at_measure_flips(at_measuring *m, at_error *err) {
  (void)err;
  if (m->y_class < 0) return AT_OK;
  at_count_flips(m, m->order, &m->c, AT_M_FLIP_TOP, AT_M_FLIP_ONE_TOP);
  at_count_flips(m, m->random, &m->c, AT_M_FLIP_RANDOM, AT_M_FLIP_ONE_RANDOM);
  return AT_OK;
}
