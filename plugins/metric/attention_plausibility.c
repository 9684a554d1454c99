/* Does the attention lie where the data's own word says that the answer is decided?
 *
 * Over the keys of one example, G the true ones, w the weight, negative ones as 0 where a sum is
 * taken. Not defined unless there are both true keys and others.
 *   pointing       1 where the key of largest w is in G; of tied ones the share that is (Zhang et
 *                  al. 2018)
 *   pointing_chance |G| / n: what a random key would get
 *   roc_auc        probability that a true key has more w than another, ties half
 *   average_precision  sum over falling w of (gain of recall) x precision
 *   relevance_mass sum of w over G / sum of w             (Arras et al. 2022, CLEVR-XAI)
 *   relevance_rank |the |G| keys of largest w, in G| / |G|, ties by expectation      (idem)
 *   correctness    relevance_mass / share of the size that G has: 1 is chance. Attention
 *                  correctness (Liu et al. 2017) without its bias to large regions
 *   iou_T          size of both / size of either, of G and the keys with w >= T % of the largest
 *   aer            1 - 2 |A in G| / (|A| + |G|), A the keys with w >= `aligned` x the largest: Och
 *                  & Ney 2003 where sure and possible links are the same */
#include <math.h>
#include "attention_read.h"

/* needs: map, truth, and share for some */
static double count(const double *truth, int64_t n) {
  double real = 0;
  for (int64_t i = 0; i < n; i++) real += truth[i] > 0;
  return real;
}
static double pointing(const attention_example *e) {
  return am_top_hits(e->space, e->value[0], e->value[1], e->n, 1);
}
static double pointing_chance(const attention_example *e) {
  double all = am_top_hits(e->space, e->value[0], e->value[1], e->n, e->n);
  return all / (double)e->n;
}
static double roc_auc(const attention_example *e) {
  return am_roc_auc(e->space, e->value[0], e->value[1], e->n);
}
static double average_precision(const attention_example *e) {
  return am_average_precision(e->space, e->value[0], e->value[1], e->n);
}
static double relevance_mass(const attention_example *e) {
  return am_mass(e->value[0], e->value[1], e->n);
}
static double relevance_rank(const attention_example *e) {
  double real = count(e->value[1], e->n);
  return am_top_hits(e->space, e->value[0], e->value[1], e->n, (int64_t)real) / real;
}
static double correctness(const attention_example *e) {
  double inside = 0, all = 0;
  for (int64_t i = 0; i < e->n; i++) {
    all += e->value[2][i];
    inside += e->value[1][i] > 0 ? e->value[2][i] : 0;
  }
  return inside > 0 ? am_mass(e->value[0], e->value[1], e->n) / (inside / all) : NAN;
}
static double iou(const attention_example *e) {
  double both, found, real;
  am_overlap(e->value[0], e->value[1], e->value[2], e->n, e->at, &both, &found, &real);
  return found + real > both ? both / (found + real - both) : NAN;
}
static double aer(const attention_example *e) {
  double both, found, real;
  am_overlap(e->value[0], e->value[1], NULL, e->n, e->option, &both, &found, &real);
  return 1 - 2 * both / (found + real);
}

static const attention_measure MEASURES[] = {
    {"pointing", 1, {"map", "truth"}, pointing, 0},
    {"pointing_chance", -1, {"map", "truth"}, pointing_chance, 0},
    {"roc_auc", 1, {"map", "truth"}, roc_auc, 0},
    {"average_precision", 1, {"map", "truth"}, average_precision, 0},
    {"relevance_mass", 1, {"map", "truth"}, relevance_mass, 0},
    {"relevance_rank", 1, {"map", "truth"}, relevance_rank, 0},
    {"correctness", 1, {"map", "truth", "share"}, correctness, 0},
    {"iou_10", 1, {"map", "truth", "share"}, iou, 0.1},
    {"iou_25", 1, {"map", "truth", "share"}, iou, 0.25},
    {"iou_50", 1, {"map", "truth", "share"}, iou, 0.5},
};
static const attention_measure ALIGNMENT[] = {
    {"aer", 0, {"map", "truth"}, aer, 0},
};

static int compute(const attune_host *host, const attune_options *options,
                   const attune_prediction *p, attune_results *results) {
  const attention_metric m = {.name = "attention_plausibility",
                              .measure = MEASURES,
                              .n = sizeof MEASURES / sizeof *MEASURES,
                              .map = attention_map(host, options)};
  return attention_report(host, p, results, &m);
}
static int compute_alignment(const attune_host *host, const attune_options *options,
                             const attune_prediction *p, attune_results *results) {
  const attention_metric m = {.name = "attention_alignment",
                              .measure = ALIGNMENT,
                              .n = sizeof ALIGNMENT / sizeof *ALIGNMENT,
                              .map = attention_map(host, options),
                              .number = host->option_real(options, "aligned")};
  return attention_report(host, p, results, &m);
}

static const attune_option options_table[] = {ATTENTION_MAP, ATTENTION_NO_OPTION};
static const attune_metric plausibility = {
    .item = {sizeof(attune_metric), ATTUNE_METRIC, "attention_plausibility",
             "whether attention lies on the keys that decide by the data's own word",
             "G: the true keys; defined where there are others, too. pointing: share of examples "
             "whose key of largest weight\n"
             "is in G (of ties, the share of them); pointing_chance: |G| / n. roc_auc, "
             "average_precision: of the weights\n"
             "against G. relevance_mass: weight in G / all; relevance_rank: share of G among the "
             "|G| keys of largest weight.\n"
             "correctness: relevance_mass / the share of the size that G has: 1 is chance. iou_10, "
             "iou_25, iou_50:\n"
             "intersection over union, by size, of G and the keys of at least that percentage of "
             "the largest weight.\n"
             "Zhang et al. 2018 (arXiv:1608.00507); Arras et al. 2022 (arXiv:2003.07258); Liu et "
             "al. 2017 "
             "(arXiv:1605.09553).",
             options_table},
    .task = "explain",
    .compute = compute,
};

static const attune_option alignment_options[] = {
    ATTENTION_MAP,
    {"aligned", ATTUNE_OPTION_REAL, "1", 0.001, 1, NULL,
     "a key is aligned when its weight is at least this share of the largest; 1: the largest "
     "alone"},
    ATTENTION_NO_OPTION,
};
static const attune_metric alignment = {
    .item = {sizeof(attune_metric), ATTUNE_METRIC, "attention_alignment",
             "alignment error rate of attention over words",
             "aer: 1 - 2 |A and G| / (|A| + |G|), A the aligned keys, G the true ones, all of them "
             "sure; 0 is best. Meant\n"
             "for keys that are words. Och and Ney 2003; alignment by the largest weight: Luong et "
             "al. 2015 (arXiv:1508.04025).",
             alignment_options},
    .task = "explain",
    .compute = compute_alignment,
};
static const attune_item *const items[] = {&plausibility.item, &alignment.item};
ATTUNE_PLUGIN("attention_plausibility", "1.0", "Apache-2.0", items)
