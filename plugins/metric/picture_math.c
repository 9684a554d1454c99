#include "picture_math.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "../split_mix.h"

static spread spread_of(const double *v, int64_t n) {
  spread s = {0};
  for (int64_t i = 0; i < n; i++) s.mean += v[i] / (double)n;
  for (int64_t i = 0; i < n; i++) s.deviation += (v[i] - s.mean) * (v[i] - s.mean) / (double)n;
  s.deviation = sqrt(s.deviation);
  return s;
}

/* ---- Inception Score ---- */

/* Of rows from .. to; `mean` has room for a number each class. */
static double score_of(const float *p, int64_t from, int64_t to, int64_t classes, double *mean) {
  double sum = 0;
  memset(mean, 0, (size_t)classes * sizeof *mean);
  for (int64_t i = from; i < to; i++)
    for (int64_t c = 0; c < classes; c++) mean[c] += (double)p[i * classes + c];
  for (int64_t c = 0; c < classes; c++) mean[c] /= (double)(to - from);
  for (int64_t i = from; i < to; i++)
    for (int64_t c = 0; c < classes; c++) {
      const double v = (double)p[i * classes + c];
      if (v > 0) sum += v * log(v / mean[c]);
    }
  return exp(sum / (double)(to - from));
}

bool inception_score(const float *p, int64_t n, int64_t classes, int64_t splits, spread *out) {
  if (splits < 1 || n < splits) return false;
  double *score = malloc((size_t)splits * sizeof *score),
         *mean = malloc((size_t)classes * sizeof *mean);
  const bool ok = score && mean;
  for (int64_t k = 0; ok && k < splits; k++)
    score[k] = score_of(p, k * n / splits, (k + 1) * n / splits, classes, mean);
  if (ok) *out = spread_of(score, splits);
  free(score);
  free(mean);
  return ok;
}

/* ---- R-precision ---- */

bool r_precision(const float *similarity, int64_t n, int64_t candidates, int64_t folds,
                 spread *out) {
  if (folds < 1 || n < folds) return false;
  double *share = calloc((size_t)folds, sizeof *share);
  if (!share) return false;
  for (int64_t k = 0; k < folds; k++) {
    const int64_t from = k * n / folds, to = (k + 1) * n / folds;
    for (int64_t i = from; i < to; i++) {
      const float *s = similarity + i * candidates;
      bool hit = s[0] == s[0];
      for (int64_t c = 1; c < candidates; c++) hit = hit && s[0] > s[c];
      share[k] += hit ? 100.0 / (double)(to - from) : 0;
    }
  }
  *out = spread_of(share, folds);
  free(share);
  return true;
}

static uint64_t mix(uint64_t seed, uint64_t turn, uint64_t index) {
  return split_mix(seed + (turn + 1) * SPLIT_MIX_STEP + (index + 1) * UINT64_C(0xd1b54a32d192ed03));
}

static bool drawn(const int64_t *out, int64_t n, int64_t row) {
  for (int64_t i = 0; i < n; i++)
    if (out[i] == row) return true;
  return false;
}

bool mismatched_captions(const int64_t *owner, int64_t captions, int64_t picture, uint64_t seed,
                         uint64_t turn, int64_t count, int64_t *out) {
  int64_t others = 0, n = 0;
  for (int64_t c = 0; c < captions; c++) others += owner[c] != picture;
  if (others < count) return false;
  for (uint64_t k = 0; n < count; k++) {
    int64_t row = (int64_t)(mix(seed, turn, k) % (uint64_t)captions);
    /* Where few are left the next one on is taken, so that this ends. */
    while (k > 64 * (uint64_t)count && (owner[row] == picture || drawn(out, n, row)))
      row = (row + 1) % captions;
    if (owner[row] != picture && !drawn(out, n, row)) out[n++] = row;
  }
  return true;
}
