/* What the scores with a learned matrix on one side share: the option `side`, and the product
 * of one side as it is with the other one projected. */
#ifndef ATTUNE_SCORE_PROJECTED_H
#define ATTUNE_SCORE_PROJECTED_H
#include <attune/plugin.h>

#define SIDE_OPTION(default_) \
  { "side", ATTUNE_OPTION_ENUM, default_, 0, 0, "query|key", "which vector the matrix stands on" }
#define END_OF_OPTIONS \
  { NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL }

/* side = query: k . (W q + b);  side = key: q . (W k + b).  Parameters proj.weight, proj.bias. */
static inline int projected(const attune_host *host, attune_build *build,
                            const attune_options *options, attune_value query, attune_value key,
                            int bias, attune_value *score) {
  attune_value *side = host->option_int(options, "side") ? &key : &query;
  int rc = host->linear(build, *side, "proj", 0, bias, side);
  return rc ? rc : host->contract(build, key, query, score);
}

static inline int projected_form(const attune_host *host, const attune_options *options, int bias,
                                 attune_form *form) {
  int key = host->option_int(options, "side") == 1;
  form->product = ATTUNE_BILINEAR;
  form->matrix = "proj.weight";
  if (bias) form->bias = "proj.bias";
  if (key) form->flags |= ATTUNE_TRANSPOSED;
  if (bias) form->flags |= key ? ATTUNE_ADDS_QUERY : ATTUNE_ADDS_KEY;
  return 0;
}
#endif
