#include <attune/plugin.h>

static const attune_option options_table[] = {
    {"eps", ATTUNE_OPTION_REAL, "1e-8", 0, 1, NULL, "added to the lengths"},
    {NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL},
};

static int compose(const attune_host *host, attune_build *build, const attune_options *options,
                   attune_value query, attune_value key, attune_value *score) {
  double eps = host->option_real(options, "eps");
  int rc = host->unit(build, query, eps, &query);
  if (!rc) rc = host->unit(build, key, eps, &key);
  return rc ? rc : host->contract(build, key, query, score);
}

static int form(const attune_host *host, const attune_options *options, int64_t depth,
                attune_form *form) {
  (void)depth;
  if (host->option_real(options, "eps") > 1e-6) return 0; /* lengths fall short of one by more */
  form->product = ATTUNE_DOT;
  form->keeps =
      ATTUNE_KEEPS_SWAP | ATTUNE_KEEPS_ROTATION | ATTUNE_KEEPS_QUERY_SCALE | ATTUNE_KEEPS_KEY_SCALE;
  form->flags = ATTUNE_UNIT_QUERY | ATTUNE_UNIT_KEY;
  return 0;
}

static const attune_score cosine = {
    .item = {sizeof(attune_score), ATTUNE_SCORE, "cosine", "k . q / (|k| |q|)",
             "s = k . q / (|k| |q|) (Graves et al., Neural Turing Machines, 2014, eq. 6).\n"
             "Bounded by 1: without a temperature the weights of n keys stay below e^2 / (e^2 + n "
             "- 1).",
             options_table},
    .compose = compose,
    .form = form,
};
static const attune_item *const items[] = {&cosine.item};
ATTUNE_PLUGIN("cosine", "1.0", "Apache-2.0", items)
