/* What the attention of an example looks like, whatever it is right about.
 *
 * With p = w / sum w over n >= 2 keys, negative w as 0:
 *   entropy         H / ln n, H = - sum p ln p: 1 is uniform, 0 one key
 *   effective_keys  exp H
 *   gini            sum_i (2i - n - 1) p_(i) / n over p in rising order: 0 is uniform, 1 - 1/n one
 *                   key (Quantus, sparseness; Chalasani et al. 2020)
 *   max_weight      largest w
 *   max_weight_bound  e^r / (e^r + n - 1), r how far apart the score lets the numbers lie that
 *                   softmax gets: more than this it cannot give to one of n keys
 *   max_weight_of_bound  max_weight / max_weight_bound
 *   scrambled       Spearman's rho of the weights before and after parameters are drawn anew: high
 *                   means that attention says little of what was learnt (Adebayo et al. 2018) */
#include <math.h>
#include "attention_read.h"

static double entropy(const attention_example *e) {
  return am_entropy(e->value[0], e->n) / log((double)e->n);
}
static double effective_keys(const attention_example *e) {
  return exp(am_entropy(e->value[0], e->n));
}
static double gini(const attention_example *e) { return am_gini(e->space, e->value[0], e->n); }
static double max_weight(const attention_example *e) {
  double most = -INFINITY;
  if (e->n < 2 || am_any_nan(e->value[0], e->n)) return NAN;
  for (int64_t i = 0; i < e->n; i++) most = fmax(most, e->value[0][i]);
  return most;
}
/* needs: weight, score_range */
static double bound(const attention_example *e) {
  return e->n < 2 ? NAN : am_softmax_bound(e->value[1][0], e->n);
}
static double of_bound(const attention_example *e) { return max_weight(e) / bound(e); }

static const attention_measure SHAPE[] = {
    {"entropy", -1, {"map"}, entropy, 0},
    {"effective_keys", -1, {"map"}, effective_keys, 0},
    {"gini", -1, {"map"}, gini, 0},
    {"max_weight", -1, {"map"}, max_weight, 0},
};
static const attention_measure BOUND[] = {
    {"max_weight_bound", -1, {"weight", "score_range"}, bound, 0},
    {"max_weight_of_bound", -1, {"weight", "score_range"}, of_bound, 0},
};
static const attention_measure SCRAMBLED[] = {
    {"scrambled", 0, {"weight", "scrambled"}, attention_spearman, 0},
};
#define COUNT(table) (sizeof(table) / sizeof *(table))

static int compute(const attune_host *host, const attune_options *options,
                   const attune_prediction *p, attune_results *results) {
  const attention_metric m = {.name = "attention_shape",
                              .measure = SHAPE,
                              .n = COUNT(SHAPE),
                              .map = attention_map(host, options)};
  return attention_report(host, p, results, &m);
}
static int compute_bound(const attune_host *host, const attune_options *options,
                         const attune_prediction *p, attune_results *results) {
  const attention_metric m = {.name = "attention_bound", .measure = BOUND, .n = COUNT(BOUND)};
  attune_array range;
  (void)options;
  if (host->prediction(p, "score_range", &range)) {
    host->error(host,
                "there is no bound: neither the score nor what refines it is known to keep "
                "within a range");
    return ATTUNE_BAD_INPUT;
  }
  return attention_report(host, p, results, &m);
}
static int compute_scrambled(const attune_host *host, const attune_options *options,
                             const attune_prediction *p, attune_results *results) {
  const attention_metric m = {
      .name = "attention_scrambled", .measure = SCRAMBLED, .n = COUNT(SCRAMBLED)};
  (void)options;
  return attention_report(host, p, results, &m);
}

static const attune_option options_table[] = {ATTENTION_MAP, ATTENTION_NO_OPTION};
static const attune_metric shape = {
    .item =
        {sizeof(attune_metric), ATTUNE_METRIC, "attention_shape",
         "entropy, effective number of keys, Gini coefficient and largest weight",
         "entropy: of the weights, over ln n (1: uniform, 0: one key); effective_keys: exp of "
         "the entropy in nats; gini:\n"
         "sum_i (2i - n - 1) p_(i) / n over weights in rising order (0: uniform, 1 - 1/n: one "
         "key); max_weight.\n"
         "Not defined for one key. Quantus (Hedstrom et al. 2023, arXiv:2202.06861); Chalasani et "
         "al. 2020 (arXiv:1810.06583).",
         options_table},
    .task = "explain",
    .compute = compute,
};

static const attune_metric bounded = {
    .item = {sizeof(attune_metric), ATTUNE_METRIC, "attention_bound",
             "largest weight against what the score function allows",
             "max_weight_bound: e^r / (e^r + n - 1), r how far apart the numbers can lie that "
             "softmax gets: it can give no\n"
             "more to one of n keys; max_weight_of_bound: the largest weight over it. r follows "
             "from the form that the score\n"
             "declares (cosine, tanh: 2, sigmoid: 1), from what refines it and from the sharpness "
             "of softmax. Where nothing\n"
             "limits it, there is no bound.",
             NULL},
    .task = "explain",
    .compute = compute_bound,
};

static const attune_metric randomised = {
    .item =
        {sizeof(attune_metric), ATTUNE_METRIC, "attention_scrambled",
         "whether attention changes when parameters are drawn anew",
         "scrambled: Spearman's rho, over the keys, of the weights before and after parameters "
         "are drawn anew; near 1 means\n"
         "that attention shows little of what was learnt. Adebayo et al. 2018 (arXiv:1810.03292).",
         NULL},
    .task = "explain",
    .compute = compute_scrambled,
};
static const attune_item *const items[] = {&shape.item, &bounded.item, &randomised.item};
ATTUNE_PLUGIN("attention_shape", "1.0", "Apache-2.0", items)
