/* How well the classes of rows are told where a row may be of several. */
#include <attune/plugin.h>

static int compute(const attune_host *host, const attune_options *options,
                   const attune_prediction *p, attune_results *results) {
  attune_array logits, truth;
  (void)options;
  int rc = host->prediction(p, "logits", &logits);
  if (!rc) rc = host->prediction(p, "truth", &truth);
  if (rc) return rc;
  const float *x = logits.data, *y = truth.data;
  const int64_t n = logits.shape[0], width = logits.shape[1];
  double said = 0, are = 0, right = 0, exact = 0;
  for (int64_t i = 0; i < n; i++) {
    int64_t wrong = 0;
    for (int64_t k = 0; k < width; k++, x++, y++) {
      said += *x > 0;
      are += *y > 0;
      right += *x > 0 && *y > 0;
      wrong += (*x > 0) != (*y > 0);
    }
    exact += !wrong;
  }
  /* Of nothing that is there, or said, all is right. */
  const double precision = said > 0 ? right / said : 1, recall = are > 0 ? right / are : 1;
  const double both = precision + recall;
  rc = host->result(results, "f1", both > 0 ? 200 * precision * recall / both : 0, 1);
  if (!rc) rc = host->result(results, "precision", 100 * precision, 1);
  if (!rc) rc = host->result(results, "recall", 100 * recall, 1);
  return rc ? rc : host->result(results, "exact", 100 * exact / (double)n, 1);
}

static const attune_metric marks_found = {
    .item = {sizeof(attune_metric), ATTUNE_METRIC, "marks_found",
             "precision and recall where a row may be of several classes",
             "precision: percent of the classes told that are right, recall: of those that are so "
             "the ones told, over all rows\n"
             "together; f1: 2 precision recall / (precision + recall); exact: percent of rows of "
             "which all is right.",
             NULL},
    .task = "classification",
    .compute = compute,
};
static const attune_item *const items[] = {&marks_found.item};
ATTUNE_PLUGIN("marks_found", "1.0", "Apache-2.0", items)
