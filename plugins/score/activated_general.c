#include "projected.h"

static const attune_option options_table[] = {
    SIDE_OPTION("key"),
    {"act", ATTUNE_OPTION_ENUM, "tanh", 0, 0, "tanh|relu|leaky_relu|sigmoid",
     "function of the score"},
    {"slope", ATTUNE_OPTION_REAL, "0.01", 0, 1, NULL, "of leaky_relu, for negative scores"},
    END_OF_OPTIONS,
};

static int compose(const attune_host *host, attune_build *build, const attune_options *options,
                   attune_value query, attune_value key, attune_value *score) {
  attune_function f = (attune_function)(ATTUNE_TANH + host->option_int(options, "act"));
  attune_value s;
  int rc = projected(host, build, options, query, key, 1, &s);
  return rc ? rc : host->apply(build, s, f, host->option_real(options, "slope"), score);
}

static int form(const attune_host *host, const attune_options *options, int64_t depth,
                attune_form *form) {
  (void)depth;
  form->f = (attune_function)(ATTUNE_TANH + host->option_int(options, "act"));
  form->slope = host->option_real(options, "slope");
  return projected_form(host, options, 1, form);
}

static const attune_score activated_general = {
    .item = {sizeof(attune_score), ATTUNE_SCORE, "activated_general",
             "act(q . (W k + b)), or act(k . (W q + b))",
             "side = key: s = act(q . (W k + b));  side = query: s = act(k . (W q + b))  (Ma et "
             "al., 2017).\n"
             "A bounded act bounds the weights of n keys under a softmax of temperature 1: below\n"
             "e / (e + n - 1) with sigmoid, below e^2 / (e^2 + n - 1) with tanh.",
             options_table},
    .compose = compose,
    .form = form,
};
static const attune_item *const items[] = {&activated_general.item};
ATTUNE_PLUGIN("activated_general", "1.0", "Apache-2.0", items)
