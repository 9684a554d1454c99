/* Scales with ticks at round numbers. */
#include <string.h>
#include "core/report/report_impl.h"

/* 1, 2, 2.5 or 5 times a power of ten, the smallest that needs at most `most` ticks. */
static double round_step(double range, int most) {
  static const double nice[] = {1, 2, 2.5, 5, 10};
  double power = pow(10, floor(log10(range / most)));
  for (size_t i = 0; i < sizeof nice / sizeof *nice; i++)
    if (range / (nice[i] * power) <= most) return nice[i] * power;
  return 10 * power;
}

static int decimals_of(double step) {
  int d = 0;
  for (double s = step; d < 9 && fabs(s - round(s)) > 1e-6 * fabs(s); s *= 10) d++;
  return d;
}

void at_rp_scale(rp_scale *s, double lo, double hi, double from, double to, int most_ticks) {
  /* Sums of the extremes of a double must stay finite, and steps must not vanish. */
  lo = fmax(lo, -1e300);
  hi = fmin(hi, 1e300);
  if (hi - lo > 0 && hi - lo < 1e-290) hi = lo;
  if (!(hi > lo)) {
    double room = fabs(lo) > 1e-280 ? 0.05 * fabs(lo) : 1;
    lo -= room;
    hi += room;
  }
  /* A range that doubles cannot divide: the values are the same for the eye. */
  if (hi - lo < 1e-9 * fmax(fabs(lo), fabs(hi))) {
    lo -= 1e-6 * fabs(lo);
    hi += 1e-6 * fabs(hi);
  }
  *s = (rp_scale){.lo = lo, .hi = hi, .from = from, .to = to};
  s->step = round_step(hi - lo, most_ticks);
  s->first = ceil(lo / s->step - 1e-9) * s->step;
  s->n = (int)floor((hi - s->first) / s->step + 1e-9) + 1;
  s->decimals = s->step < 1e-6 ? -1 : decimals_of(s->step);
}

double at_rp_place(const rp_scale *s, double v) {
  return s->from + (v - s->lo) / (s->hi - s->lo) * (s->to - s->from);
}

void at_rp_tick(char buf[RP_NUMBER], const rp_scale *s, int i) {
  double v = s->first + i * s->step, top = fmax(fabs(s->lo), fabs(s->hi));
  double unit = top >= 2e6 ? 1e6 : top >= 2e4 ? 1e3 : 1;
  at_rp_number(buf, v / unit, unit > 1 ? decimals_of(s->step / unit) : s->decimals);
  if (unit <= 1 || v == 0) return;
  for (char *p = buf;; p++)
    if (!*p) {
      p[0] = unit > 1e3 ? 'M' : 'k';
      p[1] = '\0';
      return;
    }
}
