/* Do two runs attend to the same keys of the same example?
 *
 *   agreement_tau, agreement_spearman  Kendall's tau-b and Spearman's rho of their weights
 *   agreement_overlap  sum over keys of the lesser weight, of weights that sum to one: 1 less their
 *                      total variation distance (Wiegreffe & Pinter 2019, seed variance)
 *   agreement_jsd      Jensen-Shannon divergence, in nats, at most ln 2 (Jain & Wallace 2019)
 *   agreement_top      1 where the key of largest weight is the same */
#include <math.h>
#include <stddef.h>
#include "attention_read.h"

/* needs: weight, other_weight */
/* NaN: there is one key only, or nothing to share out. */
static double sum_of(const double *v, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; i++) sum += fmax(v[i], 0);
  return n > 1 && !am_any_nan(v, n) && sum > 0 ? sum : NAN;
}
static double overlap(const attention_example *e) {
  const double a = sum_of(e->value[0], e->n), b = sum_of(e->value[1], e->n);
  double both = 0;
  for (int64_t i = 0; i < e->n; i++)
    both += fmin(fmax(e->value[0][i], 0) / a, fmax(e->value[1][i], 0) / b);
  return isnan(a) || isnan(b) ? NAN : both;
}
static double part(double p, double mean) { return p > 0 ? p * log(p / mean) / 2 : 0; }
static double divergence(const attention_example *e) {
  const double a = sum_of(e->value[0], e->n), b = sum_of(e->value[1], e->n);
  double d = 0;
  for (int64_t i = 0; i < e->n; i++) {
    const double p = fmax(e->value[0][i], 0) / a, q = fmax(e->value[1][i], 0) / b;
    d += part(p, (p + q) / 2) + part(q, (p + q) / 2);
  }
  return isnan(a) || isnan(b) ? NAN : fmax(d, 0);
}
static int64_t top_of(const double *v, int64_t n) {
  int64_t top = 0;
  for (int64_t i = 1; i < n; i++)
    if (v[i] > v[top]) top = i;
  return top;
}
static double top(const attention_example *e) {
  if (isnan(sum_of(e->value[0], e->n)) || isnan(sum_of(e->value[1], e->n))) return NAN;
  return top_of(e->value[0], e->n) == top_of(e->value[1], e->n);
}

static const attention_measure MEASURES[] = {
    {"agreement_tau", 1, {"weight", "other_weight"}, attention_tau, 0},
    {"agreement_spearman", 1, {"weight", "other_weight"}, attention_spearman, 0},
    {"agreement_overlap", 1, {"weight", "other_weight"}, overlap, 0},
    {"agreement_jsd", 0, {"weight", "other_weight"}, divergence, 0},
    {"agreement_top", 1, {"weight", "other_weight"}, top, 0},
};

static int compute(const attune_host *host, const attune_options *options,
                   const attune_prediction *p, attune_results *results) {
  const attention_metric m = {
      .name = "attention_agreement", .measure = MEASURES, .n = sizeof MEASURES / sizeof *MEASURES};
  (void)options;
  return attention_report(host, p, results, &m);
}

static const attune_metric agreement = {
    .item = {sizeof(attune_metric), ATTUNE_METRIC, "attention_agreement",
             "whether another run attends to the same keys",
             "agreement_tau, agreement_spearman: Kendall's tau-b and Spearman's rho of the weights "
             "of two runs, over the keys of\n"
             "an example; agreement_overlap: sum of the lesser weights; agreement_jsd: "
             "Jensen-Shannon divergence in nats;\n"
             "agreement_top: whether the key of largest weight is the same. Not defined for one "
             "key, or where the other run\n"
             "has another number of keys. Jain and Wallace 2019 (arXiv:1902.10186); Wiegreffe and "
             "Pinter 2019 (arXiv:1908.04626).",
             NULL},
    .task = "compare",
    .compute = compute,
};
static const attune_item *const items[] = {&agreement.item};
ATTUNE_PLUGIN("attention_agreement", "1.0", "Apache-2.0", items)
