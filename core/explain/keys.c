/* What the data say of a block's keys: which decide, and how large each is. */
#include <math.h>
#include "core/explain/explain_impl.h"
#include "core/explain/truth.h"

void at_keys_parts(const at_measuring *m, int64_t i, at_key_parts *out) {
  const at_graph *g = at_session_graph(m->s);
  const int axis = at_axis_root(g, m->a->over), parent = g->axis[axis].parent;
  at_batch_table t;
  *out = (at_key_parts){.n = 0};
  for (int b = 0; parent >= 0 && at_session_table(m->s, b, &t); b++)
    if (t.axis == at_axis_origin(g, parent))
      at_session_parts(m->s, m->x, m->a->over, m->g.place[b][i], out);
}

at_status at_measure_truth(at_measuring *m, at_error *err) {
  const char *split = at_session_split(m->s, m->o->split);
  at_key_place place = {0};
  at_status st = AT_OK;
  place.over = at_keys_over(m, &place.grid_h, &place.grid_w);
  for (int64_t i = 0; st == AT_OK && i < m->g.n; i++) {
    const int64_t *rows = m->e.row + (m->g.first + i) * m->e.width;
    float *share = at_columns_real(&m->c, AT_M_SHARE, m->g.n, i);
    bool known = m->c.of[AT_M_TRUTH].given;
    float *truth = at_columns_real(&m->c, AT_M_TRUTH, m->g.n, i);
    at_key_parts parts;
    at_keys_parts(m, i, &parts);
    place.keys = m->l.keys[i];
    if (parts.n) place.over = AT_OVER_PARTS;
    place.parts = &parts;
    st = at_truth_keys(m->s, split, rows, &place, truth, share, err);
    /* An array of which no example has anything is none. */
    m->c.of[AT_M_TRUTH].given = known || (st == AT_OK && place.keys > 0 && !isnan(truth[0]));
  }
  return st;
}
