#include "core/train/schedule.h"
#include <math.h>
#include <string.h>

static const char *const names[] = {"constant", "step", "cosine", "plateau"};

int at_schedule_kind_of(const char *name) {
  for (int i = 0; i < (int)(sizeof names / sizeof *names); i++)
    if (!strcmp(names[i], name)) return i;
  return -1;
}

static double share(const at_schedule *s, const at_moment *at) {
  switch (s->kind) {
    case AT_CONSTANT: break;
    case AT_STEP: return pow(s->factor, floor(at->progress / (double)s->every));
    case AT_COSINE: {
      double done = at->progress < at->epochs ? at->progress / at->epochs : 1;
      return s->floor + (1 - s->floor) * (1 + cos(3.14159265358979323846 * done)) / 2;
    }
    case AT_PLATEAU: return fmax(s->floor, pow(s->factor, (double)at->cuts));
  }
  return 1;
}

double at_schedule_rate(const at_schedule *s, const at_moment *at) {
  double rate = s->rate * share(s, at);
  return at->step + 1 < s->warmup ? rate * (double)(at->step + 1) / (double)s->warmup : rate;
}
