#include <attune/plugin.h>

static int compose(const attune_host *host, attune_build *build, const attune_options *options,
                   attune_value query, attune_value key, attune_value *score) {
  (void)options;
  return host->contract(build, key, query, score);
}

static int form(const attune_host *host, const attune_options *options, int64_t depth,
                attune_form *form) {
  (void)host;
  (void)options;
  (void)depth;
  form->product = ATTUNE_DOT;
  form->keeps = ATTUNE_KEEPS_SWAP | ATTUNE_KEEPS_ROTATION;
  return 0;
}

static const attune_score dot = {
    .item = {sizeof(attune_score), ATTUNE_SCORE, "dot", "k . q",
             "s = k . q (Luong et al., 2015, eq. 8).\n"
             "With query and key of unit length it is the cosine: dot, scaled_dot and cosine then "
             "differ\n"
             "by a positive factor only, which a normalisation after them removes.",
             NULL},
    .compose = compose,
    .form = form,
};
static const attune_item *const items[] = {&dot.item};
ATTUNE_PLUGIN("dot", "1.0", "Apache-2.0", items)
