#include <attune/plugin.h>

static const attune_option options_table[] = {
    {"hidden", ATTUNE_OPTION_INT, "0", 0, 65536, NULL, "rows of W; 0: d"},
    {"bias", ATTUNE_OPTION_BOOL, "false", 0, 0, NULL, "whether a bias is added inside tanh"},
    {NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL},
};

/* W [k; q] = Wk k + Wq q: the halves of W are parameters of their own, and neither the joined
 * vectors nor their products are ever formed. */
static int compose(const attune_host *host, attune_build *build, const attune_options *options,
                   attune_value query, attune_value key, attune_value *score) {
  attune_value v;
  int64_t hidden = host->option_int(options, "hidden");
  int rc = host->linear(build, query, "w.query", hidden, 0, &query);
  if (!rc)
    rc = host->linear(build, key, "w.key", hidden, (int)host->option_int(options, "bias"), &key);
  if (!rc) rc = host->parameter(build, "v", hidden, ATTUNE_INIT_UNIFORM, &v);
  return rc ? rc : host->pairwise(build, query, key, v, ATTUNE_TANH, score);
}

static const attune_score concat = {
    .item = {sizeof(attune_score), ATTUNE_SCORE, "concat", "v . tanh(W [k; q])",
             "s = v . tanh(W [k; q])  (Luong et al., 2015, eq. 8). W [k; q] = Wk k + Wq q, so "
             "these are the\n"
             "functions of additive, without its bias unless asked for, and with a hidden size of "
             "choice.",
             options_table},
    .compose = compose,
};
static const attune_item *const items[] = {&concat.item};
ATTUNE_PLUGIN("concat", "1.0", "Apache-2.0", items)
