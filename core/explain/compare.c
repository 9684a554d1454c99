/* What another run does over the same examples. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/explain/explain_impl.h"

/* The block of that name; where there is none any, whose weights do not count. */
static const char *some_block(const at_session *s, const char *block, bool *same) {
  const at_graph *g = at_session_graph(s);
  for (int i = 0; i < g->n_attend; i++)
    if (!strcmp(g->attend[i].name, block)) {
      *same = true;
      return g->attend[i].name;
    }
  *same = false;
  return g->n_attend ? g->attend[0].name : NULL;
}

/* Column of the rows that name all others. */
static at_status anchor_of(const at_session *s, int *at, at_error *err) {
  const char *anchor;
  at_batch_table t;
  at_status st = at_session_anchor(s, &anchor, err);
  *at = 0;
  for (int b = 0; st == AT_OK && at_session_table(s, b, &t); b++)
    if (!strcmp(t.table, anchor)) *at = b;
  return st;
}

static at_status same_examples(const at_session *s, const attune_prediction *p,
                               const at_session *other, const attune_prediction *q, at_error *err) {
  attune_array a, b;
  int at, there;
  at_status st = anchor_of(s, &at, err);
  if (st == AT_OK) st = anchor_of(other, &there, err);
  if (st == AT_OK) st = at_prediction_array(p, "rows", &a);
  if (st == AT_OK) st = at_prediction_array(q, "rows", &b);
  if (st != AT_OK) return st;
  bool same = a.shape[0] == b.shape[0];
  for (int64_t i = 0; same && i < a.shape[0]; i++)
    same = ((const int64_t *)a.data)[i * a.shape[1] + at] ==
           ((const int64_t *)b.data)[i * b.shape[1] + there];
  return same ? AT_OK
              : at_fail(err, AT_EINPUT,
                        "the run compared with has other examples in this split: its data differ");
}

/* NaN where an example has other keys there. */
static at_status put_weights(attune_prediction *p, const attune_prediction *q, at_error *err) {
  attune_array here, there, weight, mine;
  void *stored;
  at_prediction_array(p, "offsets", &here);
  at_prediction_array(q, "offsets", &there);
  at_prediction_array(p, "weight", &mine);
  at_prediction_array(q, "weight", &weight);
  mine.data = NULL;
  at_status st = at_prediction_put(p, "other_weight", &mine, &stored, err);
  if (st != AT_OK) return st;
  at_prediction_array(p, "offsets", &here); /* it may have moved */
  const int64_t *a = here.data, *b = there.data;
  const float *from = weight.data;
  float *to = stored;
  for (int64_t i = 0; i < here.shape[0] - 1; i++) {
    const bool same = a[i + 1] - a[i] == b[i + 1] - b[i];
    for (int64_t k = 0; k < a[i + 1] - a[i]; k++) to[a[i] + k] = same ? from[b[i] + k] : NAN;
  }
  return AT_OK;
}

static at_status put_correct(attune_prediction *p, const attune_prediction *q, at_error *err) {
  attune_array right;
  return at_prediction_array(q, "correct", &right) == AT_OK
             ? at_prediction_put(p, "other_correct", &right, NULL, err)
             : AT_OK;
}

at_status at_compare_read(const at_session *s, const char *block, const at_explain_options *o,
                          attune_prediction *arrays, at_error *err) {
  at_explain_options look = *o;
  attune_prediction *q = NULL;
  at_explain_cost cost;
  bool same;
  const char *there = some_block(o->other, block, &same);
  look.look_only = true;
  look.n_orders = 0;
  look.other = NULL;
  if (!there)
    return at_fail(err, AT_EINPUT,
                   "the run compared with has no attention block: its model is `%s`",
                   at_session_graph(o->other)->name);
  at_status st = at_explain_block(o->other, there, &look, &q, &cost, err);
  if (st == AT_OK) st = same_examples(s, arrays, o->other, q, err);
  if (st == AT_OK && same) st = put_weights(arrays, q, err);
  if (st == AT_OK) st = put_correct(arrays, q, err);
  at_prediction_free(q);
  return st;
}
