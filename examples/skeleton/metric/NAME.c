/* @NAME@: a metric of attune. SPDX-License-Identifier: @LICENSE@
 *
 * It reads what the task `matching` predicts: similarity [pictures, captions], and the picture of
 * each caption. `attune plugin info TASK` says what a task predicts; the task "explain" has the
 * arrays of attention that <attune/plugin.h> lists. */
#include <attune/plugin.h>

/* By how much the right picture of a caption is more similar than the best of the wrong ones. */
static int compute(const attune_host *host, const attune_options *options,
                   const attune_prediction *prediction, attune_results *results) {
  attune_array similarity, owner;
  int rc = host->prediction(prediction, "similarity", &similarity);
  if (!rc) rc = host->prediction(prediction, "picture_of_caption", &owner);
  if (rc) return rc; /* the host has said why */
  const int64_t pictures = similarity.shape[0], captions = similarity.shape[1];
  const float *s = similarity.data;
  const int64_t *of = owner.data;
  const double bound = host->option_real(options, "bound");
  double sum = 0;
  if (pictures < 2 || captions < 1) {
    host->error(host, "a margin needs two pictures and a caption");
    return ATTUNE_BAD_INPUT;
  }
  for (int64_t c = 0; c < captions; c++) {
    double best = -1e30;
    for (int64_t p = 0; p < pictures; p++)
      if (p != of[c] && s[p * captions + c] > best) best = s[p * captions + c];
    const double margin = s[of[c] * captions + c] - best;
    sum += margin < -bound ? -bound : margin > bound ? bound : margin;
  }
  return host->result(results, "@NAME@", sum / (double)captions, 1);
}

static const attune_option options_table[] = {
    ATTUNE_REAL_OPTION("bound", "1", 0, 1e6, "the most that one caption can count"),
    ATTUNE_END_OF_OPTIONS,
};
static const attune_metric item = {
    .item =
        ATTUNE_ITEM(metric, METRIC, "@NAME@", "margin of the right picture over the best wrong",
                    "Mean over captions of s(right picture) - max s(wrong pictures), within the "
                    "bound.",
                    options_table),
    .task = "matching",
    .compute = compute,
};
static const attune_item *const items[] = {&item.item};
ATTUNE_PLUGIN("@NAME@", "0.1", "@LICENSE@", items)
