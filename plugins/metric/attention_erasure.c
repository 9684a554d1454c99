/* What becomes of the answer when keys are taken away, or the attention is another.
 *
 *   comprehensiveness  p(y|x) - p(y|x without the top 20 %)       (DeYoung et al. 2020, ERASER)
 *   sufficiency        p(y|x) - p(y|the top 20 % alone)
 *   aopc_*             mean of these over 1, 5, 10, 20 and 50 %   (eraserbenchmark, metrics.py)
 *   auc_without_*      area under the output over the share taken away, 0 25 50 75 80 85 90 95
 *                      100 %, by trapezoids, so that 1 is an output of 1 throughout; `top`: most
 *                      relevant first, positive perturbation, `low`: negative (Chefer et al. 2021)
 *   accuracy_auc_*     the same of right answers
 *   flip_*             decisions that flip                        (Serrano & Smith 2019)
 *   permuted, uniform, adversarial                                (Jain & Wallace 2019, Wiegreffe
 *                      & Pinter 2019) */
#include <math.h>
#include <stddef.h>
#include "attention_read.h"

#define COUNT(table) (sizeof(table) / sizeof *(table))

/* ---- ERASER ---- */

static const double AOPC_AT[] = {0.01, 0.05, 0.1, 0.2, 0.5};
static const double CURVE_AT[] = {0, 0.25, 0.5, 0.75, 0.8, 0.85, 0.9, 0.95, 1};

/* The number in column `t` for the share `at` of keys, among the bins in column `b`. */
static double at_bin(const attention_example *e, int t, int b, double at) {
  for (int64_t i = 0; i < e->width[b] && i < e->width[t]; i++)
    if (fabs(e->value[b][i] - at) < 1e-6) return e->value[t][i];
  return NAN;
}

/* needs: output, outputs by bin, bins */
static double drop(const attention_example *e) { return e->value[0][0] - at_bin(e, 1, 2, e->at); }
static double aopc(const attention_example *e) {
  double sum = 0;
  for (size_t i = 0; i < COUNT(AOPC_AT); i++) sum += e->value[0][0] - at_bin(e, 1, 2, AOPC_AT[i]);
  return sum / (double)COUNT(AOPC_AT);
}

static const attention_measure ERASER[] = {
    {"comprehensiveness", 1, {"output", "without_top", "bins"}, drop, 0.2},
    {"sufficiency", 0, {"output", "only_top", "bins"}, drop, 0.2},
    {"aopc_comprehensiveness", 1, {"output", "without_top", "bins"}, aopc, 0},
    {"aopc_sufficiency", 0, {"output", "only_top", "bins"}, aopc, 0},
};

/* ---- perturbation curves ---- */

static double area_of(const attention_example *e, int t, int b) {
  double y[COUNT(CURVE_AT)];
  for (size_t i = 0; i < COUNT(CURVE_AT); i++) y[i] = at_bin(e, t, b, CURVE_AT[i]);
  return am_area(CURVE_AT, y, (int64_t)COUNT(CURVE_AT));
}
/* needs: outputs by bin, bins */
static double area(const attention_example *e) { return area_of(e, 0, 1); }
static double point(const attention_example *e) { return at_bin(e, 0, 1, e->at); }
/* needs: without_low, without_top, bins */
static double area_between(const attention_example *e) {
  return area_of(e, 0, 2) - area_of(e, 1, 2);
}

#define POINTS(name, array)                                                                        \
  {name ".0", -1, {array, "bins"}, point, 0}, {name ".25", -1, {array, "bins"}, point, .25},       \
      {name ".50", -1, {array, "bins"}, point, .5}, {name ".75", -1, {array, "bins"}, point, .75}, \
      {name ".80", -1, {array, "bins"}, point, .8}, {name ".85", -1, {array, "bins"}, point, .85}, \
      {name ".90", -1, {array, "bins"}, point, .9}, {name ".95", -1, {array, "bins"}, point, .95}, \
  {                                                                                                \
    name ".100", -1, {array, "bins"}, point, 1                                                     \
  }
enum { N_AREAS = 6 };
static const attention_measure CURVES[] = {
    {"auc_without_top", 0, {"without_top", "bins"}, area, 0},
    {"auc_without_low", 1, {"without_low", "bins"}, area, 0},
    {"auc_between", 1, {"without_low", "without_top", "bins"}, area_between, 0},
    {"accuracy_auc_without_top", 0, {"right_without_top", "bins"}, area, 0},
    {"accuracy_auc_without_low", 1, {"right_without_low", "bins"}, area, 0},
    {"accuracy_auc_between",
     1,
     {"right_without_low", "right_without_top", "bins"},
     area_between,
     0},
    POINTS("accuracy_without_top", "right_without_top"),
    POINTS("accuracy_without_low", "right_without_low"),
};

/* ---- decisions ---- */

static double itself(const attention_example *e) { return e->value[0][0]; }
static double difference(const attention_example *e) { return e->value[0][0] - e->value[1][0]; }
/* needs: flip_top, flip_random. A decision that never flips comes after all that do. */
static double sooner(const attention_example *e) {
  double top = e->value[0][0], random = e->value[1][0];
  if (isnan(top) && isnan(random)) return NAN;
  if (isnan(top) || isnan(random)) return isnan(random);
  return top < random ? 1 : top > random ? 0 : 0.5;
}

static const attention_measure FLIPS[] = {
    {"flip_one_top", 1, {"flip_one_top"}, itself, 0},
    {"flip_one_random", -1, {"flip_one_random"}, itself, 0},
    {"flip_one_gain", 1, {"flip_one_top", "flip_one_random"}, difference, 0},
    {"flip_top", 0, {"flip_top"}, itself, 0},
    {"flip_random", -1, {"flip_random"}, itself, 0},
    {"flip_sooner", 1, {"flip_top", "flip_random"}, sooner, 0},
};

/* ---- another attention in its place ---- */

static const attention_measure REPLACED[] = {
    {"permuted", 1, {"permuted"}, itself, 0},
    {"uniform", 1, {"uniform"}, itself, 0},
    {"uniform_accuracy", -1, {"uniform_right"}, itself, 0},
    {"uniform_accuracy_drop", 1, {"correct", "uniform_right"}, difference, 0},
    {"adversarial", 0, {"adversarial"}, itself, 0},
};

/* ---- items ---- */

/* `options` NULL: it has no option `order`. */
static int report(const attune_host *host, const attune_options *options,
                  const attune_prediction *p, attune_results *results, const char *name,
                  const attention_measure *measure, int64_t n) {
  const attention_metric m = {.name = name,
                              .measure = measure,
                              .n = n,
                              .order = options ? attention_order(host, options) : NULL};
  return attention_report(host, p, results, &m);
}
static int compute_eraser(const attune_host *host, const attune_options *options,
                          const attune_prediction *p, attune_results *results) {
  return report(host, options, p, results, "attention_erasure", ERASER, COUNT(ERASER));
}
static int compute_curves(const attune_host *host, const attune_options *options,
                          const attune_prediction *p, attune_results *results) {
  int64_t n = host->option_int(options, "points") ? (int64_t)COUNT(CURVES) : N_AREAS;
  return report(host, options, p, results, "attention_perturbation", CURVES, n);
}
static int compute_flips(const attune_host *host, const attune_options *options,
                         const attune_prediction *p, attune_results *results) {
  return report(host, options, p, results, "attention_flips", FLIPS, COUNT(FLIPS));
}
static int compute_replaced(const attune_host *host, const attune_options *options,
                            const attune_prediction *p, attune_results *results) {
  (void)options;
  return report(host, NULL, p, results, "attention_replaced", REPLACED, COUNT(REPLACED));
}

static const attune_option order_options[] = {ATTENTION_ORDER, ATTENTION_NO_OPTION};
static const attune_metric eraser = {
    .item = {sizeof(attune_metric), ATTUNE_METRIC, "attention_erasure",
             "comprehensiveness and sufficiency of the keys of largest weight",
             "comprehensiveness: output - output without the 20 percent of keys of largest weight; "
             "sufficiency: output -\n"
             "output with these alone (low is good). aopc_comprehensiveness, aopc_sufficiency: the "
             "means over 1, 5, 10, 20\n"
             "and 50 percent. The output is the probability of the answer predicted on the whole, "
             "or a scalar.\n"
             "ERASER: DeYoung et al. 2020 (arXiv:1911.03429).",
             order_options},
    .task = "explain",
    .compute = compute_eraser,
};

static const attune_option curve_options[] = {
    {"points", ATTUNE_OPTION_BOOL, "false", 0, 0, NULL,
     "the accuracy at each share of keys taken away, too"},
    ATTENTION_ORDER,
    ATTENTION_NO_OPTION,
};
static const attune_metric curves = {
    .item = {sizeof(attune_metric), ATTUNE_METRIC, "attention_perturbation",
             "area under the output while keys are taken away in order of weight",
             "auc_without_top: area under the output over the share of keys taken away (0, 25, 50, "
             "75, 80, 85, 90, 95, 100\n"
             "percent; trapezoids), largest weight first (low is good); auc_without_low: least "
             "weight first (high is good);\n"
             "auc_between: their difference, 0 for an order that says nothing. accuracy_auc_*: of "
             "right answers in the place\n"
             "of the output; accuracy_without_top.S, accuracy_without_low.S: these at S percent. "
             "Chefer et al. 2021\n"
             "(arXiv:2103.15679).",
             curve_options},
    .task = "explain",
    .compute = compute_curves,
};

static const attune_metric flips = {
    .item = {sizeof(attune_metric), ATTUNE_METRIC, "attention_flips",
             "decisions that flip when keys are taken away",
             "flip_one_top, flip_one_random: share of decisions that flip without the key of "
             "largest weight, without a random\n"
             "one; flip_one_gain: the difference. flip_top, flip_random: share of keys taken away "
             "in order of weight, at\n"
             "random, until the decision flips, among those that do. flip_sooner: share of "
             "examples that flip sooner in order\n"
             "of weight (never is latest, a tie counts half; 0.5 is chance). Serrano and Smith "
             "2019 (arXiv:1906.03731).",
             order_options},
    .task = "explain",
    .compute = compute_flips,
};

static const attune_metric replaced = {
    .item = {sizeof(attune_metric), ATTUNE_METRIC, "attention_replaced",
             "what the answer does with permuted, uniform and adversarial weights",
             "permuted: median distance of the answer over permutations of the weights; uniform: "
             "distance with uniform\n"
             "weights. uniform_accuracy, uniform_accuracy_drop: right answers with these, and how "
             "many fewer. adversarial:\n"
             "largest Jensen-Shannon divergence, in nats and at most ln 2, of other weights that "
             "leave the answer where it is\n"
             "(low is good). Jain and Wallace 2019 (arXiv:1902.10186); Wiegreffe and Pinter 2019 "
             "(arXiv:1908.04626).",
             NULL},
    .task = "explain",
    .compute = compute_replaced,
};

static const attune_item *const items[] = {&eraser.item, &curves.item, &flips.item, &replaced.item};
ATTUNE_PLUGIN("attention_erasure", "1.0", "Apache-2.0", items)
