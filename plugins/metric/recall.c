#include <stdio.h>
#include "ranks.h"

static const attune_option options_table[] = {
    {"folds", ATTUNE_OPTION_INT, "1", 1, 1000, NULL,
     "equal runs of pictures that are ranked apart, their results averaged; 5 for the 1K protocol "
     "of MS-COCO"},
    {NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL},
};
static const int64_t AT[] = {1, 5, 10};
enum { N_AT = 3 };

/* Percent of ranks below k among the first n that count. */
static double share(const int64_t *rank, int64_t from, int64_t to, int64_t k) {
  int64_t hits = 0, n = 0;
  for (int64_t i = from; i < to; i++) {
    n += rank[i] >= 0;
    hits += rank[i] >= 0 && rank[i] < k;
  }
  return n ? 100.0 * (double)hits / (double)n : 0;
}

/* The same over captions whose picture lies in the fold. */
static double share_of_captions(const ranks *r, int64_t from, int64_t to, int64_t k) {
  int64_t hits = 0, n = 0;
  for (int64_t c = 0; c < r->captions; c++) {
    if (r->owner[c] < from || r->owner[c] >= to) continue;
    n++;
    hits += r->t2i[c] < k;
  }
  return n ? 100.0 * (double)hits / (double)n : 0;
}

static int compute(const attune_host *host, const attune_options *options,
                   const attune_prediction *prediction, attune_results *results) {
  ranks r;
  int64_t folds = host->option_int(options, "folds");
  double i2t[N_AT] = {0}, t2i[N_AT] = {0}, sum = 0;
  int rc = open_ranks(host, prediction, &r);
  if (rc) return rc;
  if (r.pictures % folds) {
    host->error(host,
                "recall(folds=%lld): the split has %lld pictures, which makes no %lld equal folds",
                (long long)folds, (long long)r.pictures, (long long)folds);
    return ATTUNE_BAD_INPUT;
  }
  for (int64_t f = 0; f < folds; f++) {
    int64_t from = f * (r.pictures / folds), to = from + r.pictures / folds;
    rank_fold(&r, from, to);
    for (int k = 0; k < N_AT; k++) {
      i2t[k] += share(r.i2t, from, to, AT[k]) / (double)folds;
      t2i[k] += share_of_captions(&r, from, to, AT[k]) / (double)folds;
    }
  }
  for (int way = 0; way < 2 && !rc; way++)
    for (int k = 0; k < N_AT && !rc; k++) {
      char name[16];
      double v = way ? t2i[k] : i2t[k];
      sum += v;
      snprintf(name, sizeof name, "%s_r%d", way ? "t2i" : "i2t", (int)AT[k]);
      rc = host->result(results, name, v, 1);
    }
  return rc ? rc : host->result(results, "rsum", sum, 1);
}

static const attune_metric recall = {
    .item = {sizeof(attune_metric), ATTUNE_METRIC, "recall",
             "R@1, R@5, R@10 both ways, and their sum",
             "i2t_rK: percent of pictures with one of their captions among the K most similar "
             "captions.\n"
             "t2i_rK: percent of captions with their picture among the K most similar pictures. "
             "rsum: the sum of\n"
             "the six (Faghri et al., 2018). Ties count against the model.",
             options_table},
    .task = "matching",
    .compute = compute,
};
static const attune_item *const items[] = {&recall.item};
ATTUNE_PLUGIN("recall", "1.0", "Apache-2.0", items)
