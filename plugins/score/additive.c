#include <attune/plugin.h>

static int compose(const attune_host *host, attune_build *build, const attune_options *options,
                   attune_value query, attune_value key, attune_value *score) {
  attune_value v;
  (void)options;
  int rc = host->linear(build, query, "wq", 0, 0, &query);
  if (!rc) rc = host->linear(build, key, "wk", 0, 1, &key);
  if (!rc) rc = host->parameter(build, "v", 0, ATTUNE_INIT_UNIFORM, &v);
  return rc ? rc : host->pairwise(build, query, key, v, ATTUNE_TANH, score);
}

static const attune_score additive = {
    .item = {sizeof(attune_score), ATTUNE_SCORE, "additive", "v . tanh(Wq q + Wk k + b)",
             "s = v . tanh(Wq q + Wk k + b)  (Bahdanau et al., 2015, A.1.2; b added). Parameters "
             "wq.weight,\n"
             "wk.weight, wk.bias (b) and v, all of d. A score costs d tanh, where dot costs d "
             "products.",
             NULL},
    .compose = compose,
};
static const attune_item *const items[] = {&additive.item};
ATTUNE_PLUGIN("additive", "1.0", "Apache-2.0", items)
