#include "core/train/schedule.h"
#include <math.h>

double at_schedule_rate(const at_schedule *s, double progress, double epochs) {
  switch (s->kind) {
    case AT_CONSTANT: break;
    case AT_STEP: return s->rate * pow(s->factor, floor(progress / (double)s->every));
    case AT_COSINE: {
      double done = progress < epochs ? progress / epochs : 1;
      return s->rate * (s->floor + (1 - s->floor) * (1 + cos(3.14159265358979323846 * done)) / 2);
    }
  }
  return s->rate;
}
