#include <attune/plugin.h>
#include <math.h>

static int compose(const attune_host *host, attune_build *build, const attune_options *options,
                   attune_value query, attune_value key, attune_value *score) {
  attune_value s;
  int64_t d = host->depth(build);
  (void)options;
  int rc = host->contract(build, key, query, &s);
  return rc ? rc : host->scale(build, s, d > 0 ? 1 / sqrt((double)d) : 1, 0, score);
}

static int form(const attune_host *host, const attune_options *options, int64_t depth,
                attune_form *form) {
  (void)host;
  (void)options;
  form->product = ATTUNE_DOT;
  form->keeps = ATTUNE_KEEPS_SWAP | ATTUNE_KEEPS_ROTATION;
  form->by = depth > 0 ? 1 / sqrt((double)depth) : 1;
  return 0;
}

static const attune_score scaled_dot = {
    .item = {sizeof(attune_score), ATTUNE_SCORE, "scaled_dot", "k . q / sqrt(d)",
             "s = k . q / sqrt(d), d the length of the vectors (Vaswani et al., 2017, eq. 1).",
             NULL},
    .compose = compose,
    .form = form,
};
static const attune_item *const items[] = {&scaled_dot.item};
ATTUNE_PLUGIN("scaled_dot", "1.0", "Apache-2.0", items)
