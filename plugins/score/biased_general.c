#include "projected.h"

static const attune_option options_table[] = {SIDE_OPTION("query"), END_OF_OPTIONS};

static int compose(const attune_host *host, attune_build *build, const attune_options *options,
                   attune_value query, attune_value key, attune_value *score) {
  return projected(host, build, options, query, key, 1, score);
}

static int form(const attune_host *host, const attune_options *options, int64_t depth,
                attune_form *form) {
  (void)depth;
  return projected_form(host, options, 1, form);
}

static const attune_score biased_general = {
    .item = {sizeof(attune_score), ATTUNE_SCORE, "biased_general",
             "k . (W q + b), or q . (W k + b)",
             "side = query: s = k . (W q + b);  side = key: s = q . (W k + b)  (Sordoni et al., "
             "2016).\n"
             "side = query adds k . b, a preference for some keys whatever asks. side = key adds q "
             ". b, the\n"
             "same number to every key: right under a softmax over keys it changes nothing, and b "
             "learns\n"
             "nothing.",
             options_table},
    .compose = compose,
    .form = form,
};
static const attune_item *const items[] = {&biased_general.item};
ATTUNE_PLUGIN("biased_general", "1.0", "Apache-2.0", items)
