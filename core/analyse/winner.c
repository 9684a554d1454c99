#include "core/analyse/winner.h"
#include <math.h>
#include <stdlib.h>

/* Place of the best mean, the first of equals; n: none has any. */
static size_t find_best(const double *mean, size_t n, bool higher) {
  size_t best = n;
  for (size_t i = 0; i < n; i++)
    if (!isnan(mean[i]) && (best == n || (higher ? mean[i] > mean[best] : mean[i] < mean[best])))
      best = i;
  return best;
}

static at_status correct(at_judged *out, size_t n, at_error *err) {
  double *p = calloc(n + 1, sizeof *p);
  size_t *order = calloc(n + 1, sizeof *order);
  at_status s = p && order ? AT_OK : at_nomem(err);
  for (size_t i = 0; s == AT_OK && i < n; i++) p[i] = out[i].p;
  if (s == AT_OK) at_holm(p, n, order);
  for (size_t i = 0; s == AT_OK && i < n; i++) out[i].p = p[i];
  free(p);
  free(order);
  return s;
}

/* From p values against the best; straddles[i]: the interval of the difference has 0 in it. */
static at_status judge(const double *mean, const bool *straddles, size_t n, size_t best,
                       double alpha, at_judged *out, at_error *err) {
  size_t others = 0, like = 0, unknown = 0;
  at_status s = correct(out, n, err);
  for (size_t i = 0; s == AT_OK && i < n; i++) {
    if (i == best || isnan(mean[i])) continue;
    others++;
    if (isnan(out[i].p) && mean[i] != mean[best])
      out[i].verdict = AT_UNKNOWN, unknown++;
    else if (!(out[i].p < alpha) || straddles[i])
      out[i].verdict = AT_LIKE, like++;
  }
  if (s == AT_OK && others) out[best].verdict = like ? AT_LIKE : unknown ? AT_UNKNOWN : AT_BEST;
  return s;
}

static void clear(at_judged *out, size_t n) {
  for (size_t i = 0; i < n; i++) out[i] = (at_judged){AT_WORSE, NAN};
}

at_status at_judge_seeds(const at_moments *entry, size_t n, bool higher, double alpha,
                         at_judged *out, at_error *err) {
  double *mean = calloc(n + 1, sizeof *mean);
  bool *straddles = calloc(n + 1, sizeof *straddles);
  at_status s = mean && straddles ? AT_OK : at_nomem(err);
  clear(out, n);
  for (size_t i = 0; s == AT_OK && i < n; i++) mean[i] = entry[i].n ? entry[i].mean : NAN;
  size_t best = s == AT_OK ? find_best(mean, n, higher) : n;
  for (size_t i = 0; best < n && i < n; i++)
    if (i != best && entry[i].n) out[i].p = at_welch_p(&entry[i], &entry[best]);
  if (best < n) s = judge(mean, straddles, n, best, alpha, out, err);
  free(mean);
  free(straddles);
  return s;
}

/* room: two arrays of the number of examples. */
static at_status against_best(const at_samples *own, const at_samples *best,
                              const at_resampling *how, double *room, double *p, bool *straddles,
                              at_error *err) {
  at_paired test;
  at_interval range;
  at_example_means(own, room);
  at_example_means(best, room + own->examples);
  at_status s = at_paired_test(room, room + own->examples, own->examples, how, &test, err);
  if (s == AT_OK) s = at_bootstrap_difference(own, best, how, &range, err);
  if (s != AT_OK) return s;
  *p = test.p;
  *straddles = !(range.low > 0 || range.high < 0);
  return AT_OK;
}

static at_status same_examples(const at_samples *entry, size_t n, at_error *err) {
  for (size_t i = 1; i < n; i++)
    if (entry[i].examples != entry[0].examples)
      return at_fail(err, AT_EINPUT, "%zu and %zu examples cannot be compared one by one",
                     entry[i].examples, entry[0].examples);
  return AT_OK;
}

at_status at_judge_examples(const at_samples *entry, size_t n, bool higher,
                            const at_resampling *how, at_judged *out, at_error *err) {
  at_status s = same_examples(entry, n, err);
  if (s != AT_OK || !n) return s;
  double *mean = calloc(n, sizeof *mean);
  double *room = calloc(entry[0].examples + 1, 2 * sizeof *room);
  bool *straddles = calloc(n, sizeof *straddles);
  double alpha = how->level > 0 ? 1 - how->level : 0.05;
  if (!mean || !room || !straddles) s = at_nomem(err);
  clear(out, n);
  for (size_t i = 0; s == AT_OK && i < n; i++) mean[i] = at_grand_mean(&entry[i]);
  size_t best = s == AT_OK ? find_best(mean, n, higher) : n;
  for (size_t i = 0; s == AT_OK && best < n && i < n; i++)
    if (i != best && !isnan(mean[i]))
      s = against_best(&entry[i], &entry[best], how, room, &out[i].p, &straddles[i], err);
  if (s == AT_OK && best < n) s = judge(mean, straddles, n, best, alpha, out, err);
  free(mean);
  free(room);
  free(straddles);
  return s;
}
