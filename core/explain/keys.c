/* What the data say of a block's keys: which decide, and how large each is. */
#include <math.h>
#include <stdlib.h>
#include "core/explain/explain_impl.h"
#include "core/explain/truth.h"

/* ---- keys of one sort ---- */

static at_status truth_of_all(const at_measuring *m, const char *split, const int64_t *rows,
                              int64_t keys, float *truth, float *share, at_error *err) {
  at_key_place place = {.keys = keys};
  place.over = at_keys_over(m, &place.grid_h, &place.grid_w);
  return at_truth_keys(m->s, split, rows, &place, truth, share, err);
}

/* ---- keys of a concatenation ---- */

/* The input whose words or items are the keys of an axis; -1: none. */
static int input_over(const at_session *s, int axis, at_batch_input *in) {
  for (int i = 0; at_session_input(s, i, in); i++)
    if ((in->kind == AT_FEED_WORDS || in->kind == AT_FEED_ITEMS) && in->node->dim[0].axis == axis)
      return i;
  return -1;
}

/* The items of a part lie where their boxes say. */
static at_status truth_of_part(const at_measuring *m, const char *split, const int64_t *rows,
                               int axis, int64_t keys, at_evidence *e, float *truth, float *share,
                               at_error *err) {
  at_key_place place = {.over = AT_OVER_OTHER, .keys = keys};
  at_batch_input in;
  at_status st = AT_OK;
  const int i = input_over(m->s, axis, &in);
  if (i >= 0 && in.kind == AT_FEED_WORDS) place.over = AT_OVER_WORDS;
  if (i >= 0 && in.kind == AT_FEED_ITEMS) {
    place.over = AT_OVER_BOXES;
    free(e->region);
    e->region = NULL;
    st = at_session_item_boxes(m->s, split, rows, i, e->width, e->height, &e->region, &e->n_regions,
                               err);
  }
  if (st == AT_OK) at_truth_of(&place, e, truth, share);
  return st;
}

static int64_t length_of(const at_measuring *m, const struct at_part *part, int64_t example) {
  const at_graph *g = at_session_graph(m->s);
  const int64_t *off = part->size < 0 ? at_x_offsets(m->x, part->axis) : NULL;
  at_batch_table t;
  for (int b = 0; off && at_session_table(m->s, b, &t); b++)
    if (t.axis == at_layout_origin(g, g->axis[part->axis].parent)) {
      const int64_t place = m->g.place[b][example];
      return off[place + 1] - off[place];
    }
  return part->size;
}

/* Keys that the data name in any part decide; all others, steps of an answer among them, do not. */
static at_status truth_of_parts(const at_measuring *m, const at_axis *joined, const char *split,
                                const int64_t *rows, int64_t example, int64_t keys, float *truth,
                                float *share, at_error *err) {
  at_evidence e;
  int64_t at = 0;
  bool any = false;
  at_status st = at_session_evidence(m->s, split, rows, &e, err);
  for (int i = 0; st == AT_OK && i < joined->n_part; i++) {
    const int64_t n = length_of(m, &joined->part[i], example);
    if (n < 0 || at + n > keys) break;
    st = truth_of_part(m, split, rows, joined->part[i].axis, n, &e, truth + at, share + at, err);
    at += n;
  }
  for (int64_t k = 0; k < keys; k++) any = any || truth[k] > 0;
  for (int64_t k = 0; k < keys; k++) {
    if (!any || !(truth[k] > 0)) truth[k] = any ? 0 : NAN;
    share[k] = 1 / (float)keys;
  }
  at_evidence_free(&e);
  return st;
}

at_status at_measure_truth(at_measuring *m, at_error *err) {
  const char *split = at_session_split(m->s, m->o->split);
  const at_graph *g = at_session_graph(m->s);
  const at_axis *over = &g->axis[at_keys_root(g, m->a->over)];
  at_status st = AT_OK;
  for (int64_t i = 0; st == AT_OK && i < m->g.n; i++) {
    const int64_t *rows = m->e.row + (m->g.first + i) * m->e.width, keys = m->l.keys[i];
    float *share = at_columns_real(&m->c, AT_M_SHARE, m->g.n, i);
    bool known = m->c.of[AT_M_TRUTH].given;
    float *truth = at_columns_real(&m->c, AT_M_TRUTH, m->g.n, i);
    st = over->n_part ? truth_of_parts(m, over, split, rows, i, keys, truth, share, err)
                      : truth_of_all(m, split, rows, keys, truth, share, err);
    /* An array of which no example has anything is none. */
    m->c.of[AT_M_TRUTH].given = known || (st == AT_OK && keys > 0 && !isnan(truth[0]));
  }
  return st;
}
