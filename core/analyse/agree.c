#include "core/analyse/agree.h"
#include <math.h>
#include <stdlib.h>
#include "core/analyse/sample.h"

typedef struct room {
  double *value, *rank; /* [keys]; [seeds][keys], NaN first: the map has no ranks */
  size_t *order;        /* [2 * keys] */
} room;

static void rank_map(const float *map, size_t keys, room *r, double *rank) {
  for (size_t k = 0; k < keys; k++) {
    r->value[k] = map[k];
    if (isnan(map[k])) {
      rank[0] = NAN;
      return;
    }
  }
  at_ranks(r->value, keys, r->order, rank);
}

static double mean_of_pairs(const room *r, size_t seeds, size_t keys) {
  double sum = 0;
  size_t n = 0;
  for (size_t a = 0; a < seeds; a++)
    for (size_t b = a + 1; b < seeds; b++) {
      const double *x = r->rank + a * keys, *y = r->rank + b * keys;
      double rho = isnan(x[0]) || isnan(y[0]) ? NAN : at_pearson(x, y, keys);
      if (!isnan(rho)) sum += rho, n++;
    }
  return n ? sum / (double)n : NAN;
}

at_status at_agreement(const float *const *map, size_t seeds, const int64_t *offsets, size_t n,
                       double *out, at_error *err) {
  size_t most = 0;
  for (size_t i = 0; i < n; i++) {
    size_t keys = (size_t)(offsets[i + 1] - offsets[i]);
    if (keys > most) most = keys;
  }
  room r = {calloc(most + 1, sizeof(double)), calloc(seeds + 1, (most + 1) * sizeof(double)),
            calloc(most + 1, 2 * sizeof(size_t))};
  at_status s = r.value && r.rank && r.order ? AT_OK : at_nomem(err);
  for (size_t i = 0; s == AT_OK && i < n; i++) {
    size_t keys = (size_t)(offsets[i + 1] - offsets[i]);
    out[i] = NAN;
    if (keys < 2) continue;
    for (size_t k = 0; k < seeds; k++) rank_map(map[k] + offsets[i], keys, &r, r.rank + k * keys);
    out[i] = mean_of_pairs(&r, seeds, keys);
  }
  free(r.value);
  free(r.rank);
  free(r.order);
  return s;
}
