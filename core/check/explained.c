/* What one attention block did over a few examples, made up: the arrays that the header lists for
 * metrics of attention. */
#include <stdlib.h>
#include "core/base/random.h"
#include "core/check/check_impl.h"

enum { BINS = 5, MOST_KEYS = 7 };

/* How an array's numbers are drawn. */
typedef enum draw { NORMAL, PART, SIGN, CLASS, LENGTH, SHARE } draw;
typedef enum size { KEYS, EXAMPLES, EXAMPLES_BINS } size;

static const struct made {
  const char *name;
  size of;
  draw how;
} arrays[] = {
    {"erasure", KEYS, PART},
    {"removal", KEYS, PART},
    {"gradient", KEYS, NORMAL},
    {"gradient_weight", KEYS, NORMAL},
    {"gradient_input", KEYS, PART},
    {"integrated", KEYS, NORMAL},
    {"rollout", KEYS, SHARE},
    {"relevance", KEYS, SHARE},
    {"weight", KEYS, SHARE},
    {"scrambled", KEYS, SHARE},
    {"share", KEYS, SHARE},
    {"truth", KEYS, SIGN},
    {"output", EXAMPLES, PART},
    {"correct", EXAMPLES, SIGN},
    {"predicted", EXAMPLES, CLASS},
    {"expected", EXAMPLES, CLASS},
    {"length", EXAMPLES, LENGTH},
    {"without_top", EXAMPLES_BINS, PART},
    {"without_low", EXAMPLES_BINS, PART},
    {"only_top", EXAMPLES_BINS, PART},
    {"right_without_top", EXAMPLES_BINS, SIGN},
    {"right_without_low", EXAMPLES_BINS, SIGN},
    {"flip_top", EXAMPLES, PART},
    {"flip_random", EXAMPLES, PART},
    {"flip_one_top", EXAMPLES, SIGN},
    {"flip_one_random", EXAMPLES, SIGN},
    {"permuted", EXAMPLES, PART},
    {"uniform", EXAMPLES, PART},
    {"uniform_right", EXAMPLES, SIGN},
    {"adversarial", EXAMPLES, PART},
    {"score_low", EXAMPLES, NORMAL},
    {"score_high", EXAMPLES, PART},
    {"score_range", EXAMPLES, PART},
    {"other_weight", KEYS, SHARE},
    {"other_correct", EXAMPLES, SIGN},
};

static bool is_integer(const struct made *m) {
  return m->of != KEYS && (m->how == SIGN || m->how == CLASS || m->how == LENGTH);
}

static double number(const at_random *r, uint64_t i, draw how) {
  switch (how) {
    case NORMAL: return at_random_normal(r, i);
    case SIGN: return (double)(at_random_u32(r, i) & 1);
    case CLASS: return (double)at_random_below(r, i, 4);
    case LENGTH: return 1 + (double)at_random_below(r, i, 9);
    default: return 0.01 + 0.98 * at_random_uniform(r, i);
  }
}

/* Of each example the numbers sum to one. */
static void to_shares(float *v, const int64_t *off, int64_t n) {
  for (int64_t e = 0; e < n; e++) {
    double sum = 0;
    for (int64_t k = off[e]; k < off[e + 1]; k++) sum += v[k];
    for (int64_t k = off[e]; k < off[e + 1]; k++) v[k] = (float)(v[k] / sum);
  }
}

static bool put(attune_prediction *p, const struct made *m, uint64_t seed, const int64_t *off,
                int64_t n) {
  at_random r = {.seed = seed, .stream = at_hash_name(m->name)};
  attune_array a = {.type = is_integer(m) ? ATTUNE_I32 : ATTUNE_F32,
                    .ndim = m->of == EXAMPLES_BINS ? 2 : 1,
                    .shape = {m->of == KEYS ? off[n] : n, BINS}};
  const int64_t count = a.shape[0] * (a.ndim == 2 ? BINS : 1);
  void *to;
  if (at_prediction_put(p, m->name, &a, &to, NULL) != AT_OK) return false;
  for (int64_t i = 0; i < count; i++) {
    double v = number(&r, (uint64_t)i, m->how);
    if (is_integer(m))
      ((int32_t *)to)[i] = (int32_t)v;
    else
      ((float *)to)[i] = (float)v;
  }
  if (m->how == SHARE) to_shares(to, off, n);
  return true;
}

attune_prediction *ck_explained(uint64_t seed, int64_t n, bool compare) {
  static const float bins[BINS] = {0.01f, 0.05f, 0.1f, 0.2f, 0.5f};
  attune_prediction *p = at_prediction_new();
  int64_t *off = NULL;
  int64_t *rows = NULL;
  void *to;
  attune_array a = {.type = ATTUNE_I64, .ndim = 1, .shape = {n + 1}};
  bool ok = p && at_prediction_put(p, "offsets", &a, &to, NULL) == AT_OK;
  if (ok) off = to;
  for (int64_t i = 0; ok && i < n; i++) off[i + 1] = off[i] + 1 + (i * 3 + 2) % MOST_KEYS;
  a = (attune_array){.type = ATTUNE_I64, .ndim = 2, .shape = {n, 2}};
  ok = ok && at_prediction_put(p, "rows", &a, &to, NULL) == AT_OK;
  if (ok) rows = to;
  for (int64_t i = 0; ok && i < 2 * n; i++) rows[i] = i;
  a = (attune_array){.type = ATTUNE_F32, .ndim = 1, .shape = {BINS}, .data = bins};
  ok = ok && at_prediction_put(p, "bins", &a, NULL, NULL) == AT_OK;
  const size_t all = sizeof arrays / sizeof *arrays, few = all - 2;
  for (size_t i = 0; ok && i < (compare ? all : few); i++) ok = put(p, &arrays[i], seed, off, n);
  if (ok) return p;
  at_prediction_free(p);
  return NULL;
}
