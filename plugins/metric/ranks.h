/* Ranks of the right partners in a matrix of similarities, shared by recall and median_rank. */
#ifndef ATTUNE_METRIC_RANKS_H
#define ATTUNE_METRIC_RANKS_H
#include <attune/plugin.h>
#include <math.h>

typedef struct ranks {
  int64_t pictures, captions;
  const float *similarity; /* [pictures, captions] */
  const int64_t *owner;    /* [captions] */
  int64_t *i2t; /* [pictures] of the best-ranked own caption, from 0; -1: it has none here */
  int64_t *t2i; /* [captions] of the own picture */
} ranks;

static int open_ranks(const attune_host *host, const attune_prediction *prediction, ranks *r) {
  attune_array s, o;
  int rc = host->prediction(prediction, "similarity", &s);
  if (!rc) rc = host->prediction(prediction, "picture_of_caption", &o);
  if (rc) return rc;
  r->pictures = s.shape[0];
  r->captions = s.shape[1];
  r->similarity = s.data;
  r->owner = o.data;
  for (int64_t i = 0; i < r->pictures * r->captions; i++)
    if (isnan(r->similarity[i])) {
      host->error(host, "the similarity of picture %lld and caption %lld is not a number",
                  (long long)(i / r->captions), (long long)(i % r->captions));
      return ATTUNE_FAILED;
    }
  r->i2t = host->scratch(host, (size_t)(r->pictures + 1) * sizeof *r->i2t);
  r->t2i = host->scratch(host, (size_t)(r->captions + 1) * sizeof *r->t2i);
  return r->i2t && r->t2i ? ATTUNE_OK : ATTUNE_NO_MEMORY;
}

/* Ranks among pictures [from, to) and their captions. A rank counts the wrong ones that score at
 * least as high, so ties give no credit: a constant similarity ranks everything last. */
static void rank_fold(ranks *r, int64_t from, int64_t to) {
  for (int64_t p = from; p < to; p++) {
    const float *row = r->similarity + p * r->captions;
    float best = -INFINITY;
    int64_t own = 0, rank = 0;
    for (int64_t c = 0; c < r->captions; c++)
      if (r->owner[c] == p) {
        own++;
        if (row[c] > best) best = row[c];
      }
    for (int64_t c = 0; c < r->captions; c++)
      rank += r->owner[c] >= from && r->owner[c] < to && r->owner[c] != p && row[c] >= best;
    r->i2t[p] = own ? rank : -1;
  }
  for (int64_t c = 0; c < r->captions; c++) {
    if (r->owner[c] < from || r->owner[c] >= to) continue;
    float own = r->similarity[r->owner[c] * r->captions + c];
    int64_t rank = 0;
    for (int64_t p = from; p < to; p++)
      rank += p != r->owner[c] && r->similarity[p * r->captions + c] >= own;
    r->t2i[c] = rank;
  }
}
#endif
