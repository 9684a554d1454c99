/* Attention through all layers of self-attention, for whoever looks at it. */
#include <stdlib.h>
#include <string.h>
#include "core/run/run_impl.h"

/* to = (0.5 A + 0.5 I with rows that sum to one) R */
static void roll(const float *a, const float *r, int64_t n, float *to) {
  for (int64_t q = 0; q < n; q++) {
    double sum = 1;
    for (int64_t k = 0; k < n; k++) sum += (double)a[q * n + k];
    for (int64_t c = 0; c < n; c++) {
      double v = (double)r[q * n + c];
      for (int64_t k = 0; k < n; k++) v += (double)a[q * n + k] * (double)r[k * n + c];
      to[q * n + c] = (float)(v / sum);
    }
  }
}

static bool follows(const at_attention *first, const at_attention *a) {
  return a->queries == a->keys && a->keys == first->keys && !strcmp(a->key_axis, first->key_axis) &&
         a->parts.n == first->parts.n;
}

/* Where the first block is one of several of self-attention over the same keys. */
static int64_t layers(const at_look *l, size_t i) {
  const at_attention *first = &l->attention[i];
  int64_t n = 0;
  if (first->parts.n < 2 || first->queries != first->keys) return 0;
  for (size_t k = 0; k < i; k++)
    if (follows(first, &l->attention[k])) return 0;
  for (size_t k = i; k < l->n_attention; k++) n += follows(first, &l->attention[k]);
  return n;
}

static at_status add(at_look *l, size_t i, at_error *err) {
  const at_attention *first = &l->attention[i];
  const int64_t n = first->keys;
  at_attention *to = &l->attention[l->n_attention];
  float *r = calloc((size_t)(n * n), sizeof *r), *next = calloc((size_t)(n * n), sizeof *r);
  at_status st = r && next ? AT_OK : at_nomem(err);
  for (int64_t k = 0; st == AT_OK && k < n; k++) r[k * n + k] = 1;
  for (size_t k = i; st == AT_OK && k < l->n_attention; k++) {
    if (!follows(first, &l->attention[k])) continue;
    roll(l->attention[k].weight, r, n, next);
    float *old = r;
    r = next;
    next = old;
  }
  free(next);
  *to = (at_attention){.attend = strdup("rollout"),
                       .block = strdup("rollout"),
                       .step = strdup(""),
                       .query_axis = strdup(first->query_axis),
                       .key_axis = strdup(first->key_axis),
                       .queries = n,
                       .keys = n,
                       .weight = r,
                       .heads = 1,
                       .over = first->over,
                       .parts = first->parts,
                       .ask_first = first->ask_first,
                       .asks = first->asks};
  l->n_attention++;
  if (st == AT_OK && (!to->attend || !to->block || !to->step || !to->query_axis || !to->key_axis))
    st = at_nomem(err);
  return st;
}

at_status at_look_roll(at_look *l, at_error *err) {
  const size_t n = l->n_attention;
  at_status st = AT_OK;
  for (size_t i = 0; st == AT_OK && i < n; i++)
    if (layers(l, i) > 1) st = add(l, i, err);
  return st;
}
