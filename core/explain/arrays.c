/* The arrays that are measured: they grow group by group. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/explain/explain_impl.h"

/* ERASER's shares and those of the perturbation curves, in one order. */
const double at_shares[AT_SHARES] = {0,    0.01, 0.05, 0.1, 0.2,  0.25, 0.5,
                                     0.75, 0.8,  0.85, 0.9, 0.95, 1};

static const struct {
  const char *name;
  at_array_kind kind;
  bool whole;   /* int32 */
  bool ordered; /* another for each order of the keys */
} what[AT_M_COUNT] = {
    [AT_M_WEIGHT] = {"weight", AT_PER_KEY, false, false},
    [AT_M_ERASURE] = {"erasure", AT_PER_KEY, false, false},
    [AT_M_REMOVAL] = {"removal", AT_PER_KEY, false, false},
    [AT_M_GRADIENT] = {"gradient", AT_PER_KEY, false, false},
    [AT_M_GRADIENT_WEIGHT] = {"gradient_weight", AT_PER_KEY, false, false},
    [AT_M_GRADIENT_INPUT] = {"gradient_input", AT_PER_KEY, false, false},
    [AT_M_INTEGRATED] = {"integrated", AT_PER_KEY, false, false},
    [AT_M_ROLLOUT] = {"rollout", AT_PER_KEY, false, false},
    [AT_M_RELEVANCE] = {"relevance", AT_PER_KEY, false, false},
    [AT_M_TRUTH] = {"truth", AT_PER_KEY, false, false},
    [AT_M_SHARE] = {"share", AT_PER_KEY, false, false},
    [AT_M_SCRAMBLED] = {"scrambled", AT_PER_KEY, false, false},
    [AT_M_OUTPUT] = {"output", AT_PER_EXAMPLE, false, false},
    [AT_M_CORRECT] = {"correct", AT_PER_EXAMPLE, true, false},
    [AT_M_WITHOUT_TOP] = {"without_top", AT_PER_SHARE, false, true},
    [AT_M_WITHOUT_LOW] = {"without_low", AT_PER_SHARE, false, true},
    [AT_M_ONLY_TOP] = {"only_top", AT_PER_SHARE, false, true},
    [AT_M_RIGHT_TOP] = {"right_without_top", AT_PER_SHARE, true, true},
    [AT_M_RIGHT_LOW] = {"right_without_low", AT_PER_SHARE, true, true},
    [AT_M_FLIP_TOP] = {"flip_top", AT_PER_EXAMPLE, false, true},
    [AT_M_FLIP_RANDOM] = {"flip_random", AT_PER_EXAMPLE, false, false},
    [AT_M_FLIP_ONE_TOP] = {"flip_one_top", AT_PER_EXAMPLE, true, true},
    [AT_M_FLIP_ONE_RANDOM] = {"flip_one_random", AT_PER_EXAMPLE, true, false},
    [AT_M_PERMUTED] = {"permuted", AT_PER_EXAMPLE, false, false},
    [AT_M_UNIFORM] = {"uniform", AT_PER_EXAMPLE, false, false},
    [AT_M_UNIFORM_RIGHT] = {"uniform_right", AT_PER_EXAMPLE, true, false},
    [AT_M_ADVERSARIAL] = {"adversarial", AT_PER_EXAMPLE, false, false},
    [AT_M_PREDICTED] = {"predicted", AT_PER_EXAMPLE, true, false},
    [AT_M_EXPECTED] = {"expected", AT_PER_EXAMPLE, true, false},
    [AT_M_LENGTH] = {"length", AT_PER_EXAMPLE, true, false},
    [AT_M_SCORE_LOW] = {"score_low", AT_PER_EXAMPLE, false, false},
    [AT_M_SCORE_HIGH] = {"score_high", AT_PER_EXAMPLE, false, false},
    [AT_M_SCORE_RANGE] = {"score_range", AT_PER_EXAMPLE, false, false},
};

/* Numbers of a column up to example i. */
static size_t begins(const at_columns *c, at_measure m, size_t i) {
  if (what[m].kind == AT_PER_KEY) return (size_t)c->offsets[i];
  return what[m].kind == AT_PER_SHARE ? i * AT_SHARES : i;
}

static at_status extend(at_column *c, size_t n, bool whole, at_error *err) {
  if (n > c->cap) {
    size_t cap = n + n / 2 + 64;
    void *v = realloc(c->v, cap * sizeof(float));
    if (!v) return at_nomem(err);
    c->v = v;
    c->cap = cap;
  }
  for (size_t i = c->n; i < n; i++)
    if (whole)
      ((int32_t *)c->v)[i] = -1;
    else
      ((float *)c->v)[i] = NAN;
  c->n = n;
  return AT_OK;
}

at_status at_columns_grow(at_columns *c, const at_layout *l, int64_t n, at_error *err) {
  at_status st = AT_OK;
  if (c->n + (size_t)n + 1 > c->cap) {
    size_t cap = 2 * c->cap + (size_t)n + 65;
    int64_t *v = realloc(c->offsets, cap * sizeof *v);
    if (!v) return at_nomem(err);
    c->offsets = v;
    c->cap = cap;
  }
  if (!c->n) c->offsets[0] = 0;
  for (int64_t i = 0; i < n; i++, c->n++) c->offsets[c->n + 1] = c->offsets[c->n] + l->keys[i];
  for (int m = 0; st == AT_OK && m < AT_M_COUNT; m++)
    if (!c->order || what[m].ordered)
      st = extend(&c->of[m], begins(c, (at_measure)m, c->n), what[m].whole, err);
  return st;
}

static size_t place(at_columns *c, at_measure m, int64_t n, int64_t i) {
  c->of[m].given = true;
  return begins(c, m, c->n - (size_t)n + (size_t)i);
}

const float *at_columns_read(const at_columns *c, at_measure m, int64_t n, int64_t i) {
  return (const float *)c->of[m].v + begins(c, m, c->n - (size_t)n + (size_t)i);
}

float *at_columns_real(at_columns *c, at_measure m, int64_t n, int64_t i) {
  return (float *)c->of[m].v + place(c, m, n, i);
}

int32_t *at_columns_int(at_columns *c, at_measure m, int64_t n, int64_t i) {
  return (int32_t *)c->of[m].v + place(c, m, n, i);
}

static at_status put(attune_prediction *p, const char *name, uint32_t type, int64_t n,
                     int64_t inner, const void *data, at_error *err) {
  attune_array a = {type, inner ? 2 : 1, {n, inner}, data};
  return at_prediction_put(p, name, &a, NULL, err);
}

at_status at_columns_store(const at_columns *c, const at_examples *e, attune_prediction *out,
                           at_error *err) {
  float bins[AT_SHARES];
  const int64_t n = (int64_t)c->n;
  for (int t = 0; t < AT_SHARES; t++) bins[t] = (float)at_shares[t];
  at_status st = put(out, "offsets", ATTUNE_I64, n + 1, 0, c->offsets, err);
  if (st == AT_OK) st = put(out, "bins", ATTUNE_F32, AT_SHARES, 0, bins, err);
  if (st == AT_OK) st = put(out, "rows", ATTUNE_I64, n, e->width, e->row, err);
  for (int m = 0; st == AT_OK && m < AT_M_COUNT; m++) {
    if (!c->of[m].given) continue;
    bool curve = what[m].kind == AT_PER_SHARE;
    st = put(out, what[m].name, what[m].whole ? ATTUNE_I32 : ATTUNE_F32,
             curve ? n : (int64_t)c->of[m].n, curve ? AT_SHARES : 0, c->of[m].v, err);
  }
  return st;
}

at_status at_columns_store_order(const at_columns *c, attune_prediction *out, at_error *err) {
  at_status st = AT_OK;
  for (int m = 0; st == AT_OK && m < AT_M_COUNT; m++) {
    char name[96];
    if (!c->of[m].given) continue;
    const bool curve = what[m].kind == AT_PER_SHARE;
    snprintf(name, sizeof name, "%s.%s", what[m].name, c->order);
    st = put(out, name, what[m].whole ? ATTUNE_I32 : ATTUNE_F32, (int64_t)c->n,
             curve ? AT_SHARES : 0, c->of[m].v, err);
  }
  return st;
}

at_measure at_columns_map(const char *name) {
  for (int m = 0; m < AT_M_COUNT; m++)
    if (what[m].kind == AT_PER_KEY && !strcmp(what[m].name, name)) return (at_measure)m;
  return AT_M_COUNT;
}

bool at_columns_per_example(const char *name, bool *whole) {
  for (int m = 0; m < AT_M_COUNT; m++)
    if (!strcmp(what[m].name, name)) {
      *whole = what[m].whole;
      return what[m].kind == AT_PER_EXAMPLE;
    }
  return false;
}

void at_columns_free(at_columns *c) {
  for (int m = 0; m < AT_M_COUNT; m++) free(c->of[m].v);
  free(c->offsets);
  memset(c, 0, sizeof *c);
}
