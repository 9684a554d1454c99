#include "core/train/watch.h"
#include <math.h>

static bool passes(double value, double than, double by, bool higher) {
  if (!isfinite(value)) return false;
  return isnan(than) || (higher ? value > than + by : value < than - by);
}

bool at_watch_take(at_watch *w, double value, bool higher) {
  const bool best = passes(value, w->best, 0, higher);
  if (best) w->best = value;
  if (passes(value, w->mark, w->min_delta, higher)) {
    w->mark = value;
    w->waited = w->flat = 0;
    return best;
  }
  w->waited++;
  w->flat++;
  if (w->plateau && w->flat >= w->plateau) {
    w->cuts++;
    w->flat = 0;
  }
  if (w->patience && w->waited >= w->patience) w->over = true;
  return best;
}
