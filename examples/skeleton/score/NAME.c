/* @NAME@: a score function of attune. SPDX-License-Identifier: @LICENSE@
 *
 * The host asks for s(q, k) once, while a model is built, in terms of its own functions, and
 * differentiates by itself. This one is a scaled bilinear score; change compose to yours. For code
 * of your own on plain numbers, forward and backward, see host->kernel() in <attune/plugin.h>. */
#include <math.h>
#include <attune/plugin.h>

/* s = k . (W q) / sqrt(d), or q . (W k) / sqrt(d) */
static int compose(const attune_host *host, attune_build *build, const attune_options *options,
                   attune_value query, attune_value key, attune_value *score) {
  /* d is -1 while a model is only checked: whatever needs it must live with that. */
  const int64_t d = host->depth(build);
  attune_value *side = host->option_int(options, "side") == 1 ? &key : &query;
  int rc = host->linear(build, *side, "proj", 0, 0, side);
  if (!rc) rc = host->contract(build, key, query, score); /* first the key, then the query */
  return rc ? rc : host->scale(build, *score, d > 0 ? 1 / sqrt((double)d) : 1, 0, score);
}

static const attune_option options_table[] = {
    ATTUNE_ENUM_OPTION("side", "query", "query|key", "which vector the matrix stands on"),
    ATTUNE_END_OF_OPTIONS,
};
static const attune_score item = {
    .item = ATTUNE_ITEM(score, SCORE, "@NAME@", "k . (W q) / sqrt(d)",
                        "s = k . (W q) / sqrt(d). Say here what it is and where it comes from.",
                        options_table),
    .compose = compose,
};
static const attune_item *const items[] = {&item.item};
ATTUNE_PLUGIN("@NAME@", "0.1", "@LICENSE@", items)
