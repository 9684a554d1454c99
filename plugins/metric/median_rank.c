#include <stdlib.h>
#include "ranks.h"

static int by_value(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* Median (of an even number: the mean of the middle two) and mean of ranks from 1; sorts them. */
static void summarise(int64_t *rank, int64_t n, double *median, double *mean) {
  int64_t k = 0;
  double sum = 0;
  for (int64_t i = 0; i < n; i++)
    if (rank[i] >= 0) rank[k++] = rank[i];
  qsort(rank, (size_t)k, sizeof *rank, by_value);
  for (int64_t i = 0; i < k; i++) sum += (double)rank[i] + 1;
  *median = k ? ((double)rank[(k - 1) / 2] + (double)rank[k / 2]) / 2 + 1 : 0;
  *mean = k ? sum / (double)k : 0;
}

static int compute(const attune_host *host, const attune_options *options,
                   const attune_prediction *prediction, attune_results *results) {
  ranks r;
  double median[2], mean[2];
  (void)options;
  int rc = open_ranks(host, prediction, &r);
  if (rc) return rc;
  rank_fold(&r, 0, r.pictures);
  summarise(r.i2t, r.pictures, &median[0], &mean[0]);
  summarise(r.t2i, r.captions, &median[1], &mean[1]);
  rc = host->result(results, "i2t_medr", median[0], 0);
  if (!rc) rc = host->result(results, "i2t_meanr", mean[0], 0);
  if (!rc) rc = host->result(results, "t2i_medr", median[1], 0);
  return rc ? rc : host->result(results, "t2i_meanr", mean[1], 0);
}

static const attune_metric median_rank = {
    .item = {sizeof(attune_metric), ATTUNE_METRIC, "median_rank",
             "median and mean rank of the right partner, both ways",
             "i2t_medr, t2i_medr: medians of the ranks, from 1, of a picture's best caption among "
             "captions and of a\n"
             "caption's picture among pictures; i2t_meanr, t2i_meanr: the means. Ties count "
             "against the model.",
             NULL},
    .task = "matching",
    .compute = compute,
};
static const attune_item *const items[] = {&median_rank.item};
ATTUNE_PLUGIN("median_rank", "1.0", "Apache-2.0", items)
