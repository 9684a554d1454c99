/* Keys taken away in the order of other maps than the weights. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/explain/explain_impl.h"

at_status at_orders_open(at_measuring *m, at_error *err) {
  m->by_order = calloc(m->o->n_orders + 1, sizeof *m->by_order);
  if (!m->by_order) return at_nomem(err);
  for (size_t j = 0; j < m->o->n_orders; j++) {
    const char *map = m->o->order[j];
    if (at_columns_map(map) == AT_M_COUNT)
      return at_fail(err, AT_EINPUT, "there is no map `%s` in whose order keys could be taken away",
                     map);
    m->by_order[j].order = map;
  }
  return AT_OK;
}

/* The keys of example i into m->order; false: the map does not say. A gradient counts by its size.
 */
static bool sort_by(at_measuring *m, at_measure map, int64_t i) {
  const float *v = at_columns_read(&m->c, map, m->g.n, i);
  float *size = m->mean + m->key_at[i];
  for (int64_t k = 0; k < m->l.keys[i]; k++) {
    if (isnan(v[k])) return false;
    size[k] = map == AT_M_GRADIENT ? fabsf(v[k]) : v[k];
  }
  at_sort_keys(size, m->l.keys[i], m->order + m->key_at[i]);
  return true;
}

/* The last of all: order and mean weights of the group are used up. */
at_status at_measure_orders(at_measuring *m, at_error *err) {
  at_status st = AT_OK;
  for (size_t j = 0; st == AT_OK && j < m->o->n_orders; j++) {
    at_columns *to = &m->by_order[j];
    const at_measure map = at_columns_map(to->order);
    bool any = false;
    st = at_columns_grow(to, &m->l, m->g.n, err);
    for (int64_t i = 0; st == AT_OK && i < m->g.n; i++) {
      m->unordered[i] = !sort_by(m, map, i);
      any |= !m->unordered[i];
    }
    if (st != AT_OK || !any) continue;
    at_take_away(m, to);
    if (m->y_class >= 0) at_count_flips(m, m->order, to, AT_M_FLIP_TOP, AT_M_FLIP_ONE_TOP);
  }
  memset(m->unordered, 0, sizeof m->unordered);
  return st;
}
