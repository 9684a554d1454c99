#include "projected.h"

static const attune_option options_table[] = {SIDE_OPTION("query"), END_OF_OPTIONS};

static int compose(const attune_host *host, attune_build *build, const attune_options *options,
                   attune_value query, attune_value key, attune_value *score) {
  return projected(host, build, options, query, key, 0, score);
}

static int form(const attune_host *host, const attune_options *options, int64_t depth,
                attune_form *form) {
  (void)depth;
  return projected_form(host, options, 0, form);
}

static const attune_score general = {
    .item =
        {sizeof(attune_score), ATTUNE_SCORE, "general", "k . (W q), or q . (W k)",
         "side = query: s = k . (W q);  side = key: s = q . (W k)  (Luong et al., 2015, eq. 8).\n"
         "Both sides describe the same functions, W of one being the transpose of the other's; "
         "they\n"
         "differ in nothing but their parameters' names. With W = I it is dot.",
         options_table},
    .compose = compose,
    .form = form,
};
static const attune_item *const items[] = {&general.item};
ATTUNE_PLUGIN("general", "1.0", "Apache-2.0", items)
