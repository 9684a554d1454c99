/* Keys taken away: one by one, and in the order of their weights. */
#include <math.h>
#include <string.h>
#include "core/explain/explain_impl.h"

at_status at_measure_erasure(at_measuring *m, at_error *err) {
  int64_t most = 0;
  (void)err;
  for (int64_t i = 0; i < m->g.n; i++) most = m->l.keys[i] > most ? m->l.keys[i] : most;
  for (int64_t k = 0; k < most; k++) {
    memset(m->drop, 0, (size_t)m->key_at[m->g.n]);
    at_change_start(m);
    for (int64_t i = 0; i < m->g.n; i++) {
      if (k >= m->l.keys[i]) continue;
      m->drop[m->key_at[i] + k] = true;
      at_change_drop(m, i);
    }
    at_change_run(m);
    for (int64_t i = 0; i < m->g.n; i++)
      if (k < m->l.keys[i])
        at_columns_real(&m->c, AT_M_ERASURE, m->g.n, i)[k] = (float)at_answer_distance(m, i);
  }
  return AT_OK;
}

/* ---- curves ---- */

typedef enum side { TOP, LOW, REST } side;

/* ceil(share * keys) of them, of the greatest weight or of the least; REST: all but the greatest.
 */
static void choose(at_measuring *m, int64_t i, double share, side from) {
  const int64_t keys = m->l.keys[i], n = (int64_t)ceil(share * (double)keys - 1e-9);
  bool *drop = m->drop + m->key_at[i];
  const int32_t *order = m->order + m->key_at[i];
  for (int64_t k = 0; k < keys; k++)
    drop[order[k]] = from == TOP ? k < n : from == LOW ? k >= keys - n : k >= n;
}

static int32_t is_right(const at_measuring *m, int64_t i) {
  const int choice = at_answer_choice(m, m->now, i);
  const int32_t expected = m->e.expected[m->g.first + i];
  return choice < 0 || expected < 0 ? -1 : choice == expected;
}

static void curve(at_measuring *m, side from, at_columns *to, at_measure output, at_measure right) {
  for (int t = 0; t < AT_SHARES; t++) {
    at_change_start(m);
    for (int64_t i = 0; i < m->g.n; i++) {
      choose(m, i, at_shares[t], from);
      at_change_drop(m, i);
    }
    at_change_run(m);
    for (int64_t i = 0; i < m->g.n; i++) {
      if (m->unordered[i]) continue;
      at_columns_real(to, output, m->g.n, i)[t] = (float)at_answer_output(m, m->now, i);
      if (right != AT_M_COUNT && m->y_class >= 0)
        at_columns_int(to, right, m->g.n, i)[t] = is_right(m, i);
    }
  }
}

void at_take_away(at_measuring *m, at_columns *to) {
  curve(m, TOP, to, AT_M_WITHOUT_TOP, AT_M_RIGHT_TOP);
  curve(m, LOW, to, AT_M_WITHOUT_LOW, AT_M_RIGHT_LOW);
  curve(m, REST, to, AT_M_ONLY_TOP, AT_M_COUNT);
}

at_status at_measure_curves(at_measuring *m, at_error *err) {
  (void)err;
  at_take_away(m, &m->c);
  return AT_OK;
}
