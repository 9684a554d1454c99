/* Whether a score keeps what its form says it keeps: the same score where both vectors are swapped,
 * moved, turned, or one of them is stretched. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/random.h"
#include "core/check/check_impl.h"

enum { DEPTH = 6 };

typedef struct change {
  uint32_t flag;
  const char *what;
  void (*to)(ck_net *w, const float *along); /* along: DEPTH numbers */
} change;

static void each_row(float *v, int64_t n, void (*fn)(float *row, const float *along),
                     const float *along) {
  for (int64_t i = 0; i + DEPTH <= n; i += DEPTH) fn(v + i, along);
}

static void move(float *row, const float *along) {
  for (int i = 0; i < DEPTH; i++) row[i] += along[i];
}

/* A turn is two mirrors (Householder), at `along` and at the first axis. */
static void turn(float *row, const float *along) {
  double dot = 0, length = 0;
  for (int i = 0; i < DEPTH; i++) {
    dot += (double)row[i] * along[i];
    length += (double)along[i] * along[i];
  }
  for (int i = 0; i < DEPTH; i++) row[i] -= (float)(2 * dot / length * along[i]);
  row[0] = -row[0];
}

static void stretch(float *row, const float *along) {
  for (int i = 0; i < DEPTH; i++) row[i] *= 1.5f + fabsf(along[0]);
}

static void swap_both(ck_net *w, const float *along) {
  (void)along;
  const int64_t n = w->nk < w->nq ? w->nk : w->nq;
  for (int64_t i = 0; i < n; i++) {
    const float k = w->kv[i];
    w->kv[i] = w->qv[i];
    w->qv[i] = k;
  }
}

static void move_both(ck_net *w, const float *along) {
  each_row(w->kv, w->nk, move, along);
  each_row(w->qv, w->nq, move, along);
}

static void turn_both(ck_net *w, const float *along) {
  each_row(w->kv, w->nk, turn, along);
  each_row(w->qv, w->nq, turn, along);
}

static void stretch_query(ck_net *w, const float *along) { each_row(w->qv, w->nq, stretch, along); }

static void stretch_key(ck_net *w, const float *along) { each_row(w->kv, w->nk, stretch, along); }

static const change changes[] = {
    {ATTUNE_KEEPS_SWAP, "query and key are swapped", swap_both},
    {ATTUNE_KEEPS_SHIFT, "the same vector is added to query and key", move_both},
    {ATTUNE_KEEPS_ROTATION, "query and key are turned alike", turn_both},
    {ATTUNE_KEEPS_QUERY_SCALE, "the query is longer", stretch_query},
    {ATTUNE_KEEPS_KEY_SCALE, "the key is longer", stretch_key},
};

/* Scores [keys, words]: those of a key and a word of the same number alone where both are swapped.
 */
static bool compared(const change *k, int64_t i, int64_t words) {
  return k->to != swap_both || i / words == i % words;
}

static at_check_outcome try_change(ck *c, const char *spec, const change *k, ck_net *w,
                                   int64_t words) {
  const at_random r = {.seed = 7, .stream = k->flag};
  float along[DEPTH];
  for (int i = 0; i < DEPTH; i++) along[i] = at_random_normal(&r, (uint64_t)i);
  ck_net_fill(c, w);
  const float *s = ck_net_forward(w);
  float *before = malloc((size_t)w->n * sizeof *before);
  if (!before) return ck_fail(c, "out of memory");
  memcpy(before, s, (size_t)w->n * sizeof *before);
  k->to(w, along);
  s = ck_net_forward(w);
  at_check_outcome out = AT_CHECK_PASS;
  for (int64_t i = 0; i < w->n && out == AT_CHECK_PASS; i++)
    if (compared(k, i, words) && !(fabsf(s[i] - before[i]) <= 1e-3f * (1 + fabsf(before[i]))))
      out = ck_fail(c, "%s: a score is %g, and %g where %s; its form says that it stays", spec,
                    (double)before[i], (double)s[i], k->what);
  free(before);
  return out;
}

at_check_outcome ck_keeps(ck *c) {
  const ck_dims d = {CK_APART, 2, 3, 2, {2, 3}, DEPTH};
  char spec[512];
  int said = 0;
  for (size_t v = 0; ck_variant(c, v, spec, sizeof spec); v++) {
    attune_form f;
    ck_net w;
    if (at_plugin_form(c->reg, spec, DEPTH, &f, &c->err) != AT_OK) return ck_err(c, spec);
    if (!f.keeps) continue;
    if (!ck_net_open(c, spec, &d, NULL, &w)) return ck_err(c, "made");
    at_check_outcome out = AT_CHECK_PASS;
    for (size_t i = 0; i < sizeof changes / sizeof *changes && out == AT_CHECK_PASS; i++)
      if (f.keeps & changes[i].flag) {
        said++;
        out = try_change(c, spec, &changes[i], &w, d.words[0] + d.words[1]);
      }
    ck_net_close(&w);
    if (out != AT_CHECK_PASS) return out;
  }
  return said ? AT_CHECK_PASS : ck_skip(c, "it says of nothing that its scores keep it");
}
