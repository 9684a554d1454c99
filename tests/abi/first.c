/* Built against the header of version 1.0 (tests/abi/first), as long as there is a version 1: a
 * score of each kind of host function that 1.0 had, and a metric. */
#include <attune/plugin.h>

static const attune_option options_table[] = {
    {"hidden", ATTUNE_OPTION_INT, "3", 1, 64, NULL, "size of the projections"},
    {"gain", ATTUNE_OPTION_REAL, "0.5", 0, 8, NULL, "of the product"},
    {"act", ATTUNE_OPTION_ENUM, "tanh", 0, 0, "relu|tanh", "of the sum"},
    {"bias", ATTUNE_OPTION_BOOL, "yes", 0, 0, NULL, "whether keys have one"},
    {NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL},
};

/* s = tanh(gain u(k) . u(q) + v . f(Wk k + b + Wq q) + 0.25) */
static int compose(const attune_host *host, attune_build *build, const attune_options *options,
                   attune_value query, attune_value key, attune_value *score) {
  const int64_t hidden = host->option_int(options, "hidden");
  attune_value k, q, v, uk, uq, product, sum;
  int rc = host->linear(build, query, "wq", hidden, 0, &q);
  if (!rc) rc = host->linear(build, key, "wk", hidden, (int)host->option_int(options, "bias"), &k);
  if (!rc) rc = host->parameter(build, "v", hidden, ATTUNE_INIT_UNIFORM, &v);
  if (!rc)
    rc = host->pairwise(build, q, k, v,
                        host->option_int(options, "act") ? ATTUNE_TANH : ATTUNE_RELU, &sum);
  if (!rc) rc = host->unit(build, key, 1e-8, &uk);
  if (!rc) rc = host->unit(build, query, 1e-8, &uq);
  if (!rc) rc = host->contract(build, uk, uq, &product);
  if (!rc) rc = host->scale(build, product, host->option_real(options, "gain"), 0.25, &product);
  if (!rc) rc = host->add(build, product, sum, &sum);
  return rc ? rc : host->apply(build, sum, ATTUNE_TANH, 0, score);
}

static const attune_score score = {
    {sizeof(attune_score), ATTUNE_SCORE, "first", "a test", "of version 1.0", options_table},
    compose};

static int compute(const attune_host *host, const attune_options *options,
                   const attune_prediction *prediction, attune_results *results) {
  attune_array a;
  double sum = 0;
  (void)options;
  int rc = host->prediction(prediction, "similarity", &a);
  for (int64_t i = 0; !rc && i < a.shape[0] * a.shape[1]; i++) sum += ((const float *)a.data)[i];
  return rc ? rc : host->result(results, "first_sum", sum, -1);
}
static const attune_metric metric = {
    {sizeof(attune_metric), ATTUNE_METRIC, "first_metric", "a test", "of version 1.0", NULL},
    "matching",
    compute};

static const attune_item *const items[] = {&score.item, &metric.item};
ATTUNE_PLUGIN("first", "1.0", "Apache-2.0", items)
