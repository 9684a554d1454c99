/* Does the order of the attention follow what the answer depends on?
 *
 *   tau_X          Kendall's tau-b of weight and X, key by key (Jain & Wallace 2019 with X the
 *                  gradient or leaving one out; Serrano & Smith 2019)
 *   spearman_X     the same by Spearman's rho
 *   significant_X  1 where tau differs from 0 with p < .05, two-sided; its mean is a share
 *   tau_gradient_erasure  how well two measures of importance agree with one another: what a
 *                  correlation with either can be held against (AttentionExplanation,
 *                  plot_correlation_between_grad_and_loo)
 *
 * tau-b = (C - D) / sqrt((N - Tx)(N - Ty)) over the N = n(n-1)/2 pairs: C in the same order, D in
 * opposite order, Tx and Ty tied. */
#include <math.h>
#include "attention_read.h"

static double significant(const attention_example *e) {
  double p;
  am_tau_b(e->space, e->value[0], e->value[1], e->n, &p);
  return isnan(p) ? NAN : p < 0.05;
}

#define AGAINST(x)                                             \
  {"tau_" x, 1, {"map", x}, attention_tau, 0},                 \
      {"spearman_" x, 1, {"map", x}, attention_spearman, 0}, { \
    "significant_" x, 1, {"map", x}, significant, 0            \
  }
static const attention_measure MEASURES[] = {
    AGAINST("erasure"),
    AGAINST("removal"),
    AGAINST("gradient"),
    AGAINST("gradient_weight"),
    AGAINST("gradient_input"),
    AGAINST("integrated"),
    {"tau_gradient_erasure", -1, {"gradient", "erasure"}, attention_tau, 0},
};

static int compute(const attune_host *host, const attune_options *options,
                   const attune_prediction *prediction, attune_results *results) {
  const attention_metric m = {.name = "attention_correlation",
                              .measure = MEASURES,
                              .n = sizeof MEASURES / sizeof *MEASURES,
                              .map = attention_map(host, options)};
  return attention_report(host, prediction, results, &m);
}

static const attune_option options_table[] = {ATTENTION_MAP, ATTENTION_NO_OPTION};
static const attune_metric correlation = {
    .item = {sizeof(attune_metric), ATTUNE_METRIC, "attention_correlation",
             "rank correlation of attention with erasure and gradients",
             "tau_X, spearman_X: Kendall's tau-b and Spearman's rho of weight and X over the keys "
             "of an example, for X =\n"
             "erasure, removal, gradient (by size), gradient_weight, gradient_input, integrated. "
             "significant_X: share of\n"
             "examples whose tau has p < .05, two-sided: exact without ties up to 33 keys, else "
             "the normal approximation\n"
             "with the variance that ties leave. tau_gradient_erasure: of these two, as a "
             "reference. Not defined for one key\n"
             "or where all keys tie. Jain and Wallace 2019 (arXiv:1902.10186); Kendall 1945.",
             options_table},
    .task = "explain",
    .compute = compute,
};
static const attune_item *const items[] = {&correlation.item};
ATTUNE_PLUGIN("attention_correlation", "1.0", "Apache-2.0", items)
