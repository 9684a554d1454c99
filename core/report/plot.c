/* Plots as inline SVG: intervals over groups, curves over steps. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/report/report_impl.h"

/* Okabe, Ito: colours that also people with colour blindness tell apart. */
const char *at_html_color(size_t group) {
  static const char *const colors[] = {"#0072b2", "#d55e00", "#009e73", "#cc79a7",
                                       "#e69f00", "#56b4e9", "#999999", "#7a5195"};
  return colors[group % (sizeof colors / sizeof *colors)];
}

typedef struct axis {
  double low, high, step;
} axis;

/* Round ticks: 1, 2 or 5 times a power of ten, about `n` of them. */
static axis make_axis(double low, double high, int n) {
  if (!(high > low)) {
    double d = fabs(low) > 1e-9 ? fabs(low) * 0.1 : 1;
    low -= d;
    high += d;
  }
  double raw = (high - low) / n, power = pow(10, floor(log10(raw))), f = raw / power;
  double step = power * (f < 1.5 ? 1 : f < 3.5 ? 2 : f < 7.5 ? 5 : 10);
  return (axis){floor(low / step) * step, ceil(high / step) * step, step};
}

static double place(const axis *a, double v, double from, double to) {
  return from + (v - a->low) / (a->high - a->low) * (to - from);
}

static const char *number(double v, char *buf) {
  if (fabs(v) < 1e-12) v = 0;
  snprintf(buf, 32, fabs(v) >= 10000 ? "%.3g" : "%.4g", v);
  return buf;
}

/* ---- a dot with its interval for each group ---- */

void at_plot_intervals(at_text *t, const at_report *r, const char *metric,
                       const at_cell_stat *stats) {
  double low = INFINITY, high = -INFINITY;
  const double left = 260, right = 700, row = 26;
  char buf[32];
  for (size_t g = 0; g < r->n_groups; g++) {
    if (!stats[g].n) continue;
    low = fmin(low, stats[g].mean - stats[g].sd);
    high = fmax(high, stats[g].mean + stats[g].sd);
  }
  if (!(high >= low)) return;
  axis a = make_axis(low, high, 6);
  double height = row * (double)r->n_groups + 40;
  at_text_addf(t, "<svg viewBox=\"0 0 720 %.0f\" role=\"img\" class=\"plot\"><title>", height);
  at_html_text(t, metric);
  at_text_add(t, " by group: mean and standard deviation over seeds</title>\n");
  for (double v = a.low; v <= a.high + a.step / 2; v += a.step) {
    double x = place(&a, v, left, right);
    at_text_addf(t,
                 "<line class=\"grid\" x1=\"%.1f\" x2=\"%.1f\" y1=\"8\" y2=\"%.1f\"/>"
                 "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">%s</text>\n",
                 x, x, height - 26, x, height - 10, number(v, buf));
  }
  for (size_t g = 0; g < r->n_groups; g++) {
    double y = 8 + row * ((double)g + 0.5), x = place(&a, stats[g].mean, left, right);
    at_text_addf(t, "<text class=\"name\" x=\"%.0f\" y=\"%.1f\" text-anchor=\"end\">", left - 12,
                 y + 4);
    at_html_text(t, r->group[g].label);
    at_text_add(t, "</text>");
    if (!stats[g].n) continue;
    at_text_addf(
        t,
        "<line x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\" stroke=\"%s\" stroke-width=\"3\"/>"
        "<circle cx=\"%.1f\" cy=\"%.1f\" r=\"5\" fill=\"%s\"/>\n",
        place(&a, stats[g].mean - stats[g].sd, left, right),
        place(&a, stats[g].mean + stats[g].sd, left, right), y, y, at_html_color(g), x, y,
        at_html_color(g));
  }
  at_text_add(t, "</svg>\n");
}

/* ---- curves ---- */

typedef struct curve {
  at_point *p;
  size_t n;
} curve;

/* The loss of a run, or one metric of its evaluations; p has room. */
static size_t points_of(const at_finished *f, const char *metric, at_point *p) {
  size_t n = 0, index;
  json_t *line;
  if (!metric) {
    memcpy(p, f->loss, f->n_loss * sizeof *p);
    return f->n_loss;
  }
  json_array_foreach(f->log, index, line) {
    const json_t *v = json_object_get(json_object_get(line, "results"), metric);
    if (v)
      p[n++] = (at_point){json_number_value(json_object_get(line, "step")), json_number_value(v)};
  }
  return n;
}

static void bounds(const curve *c, size_t n, axis *x, axis *y) {
  double x1 = 0, lo = INFINITY, hi = -INFINITY;
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < c[i].n; k++) {
      x1 = fmax(x1, c[i].p[k].x);
      lo = fmin(lo, c[i].p[k].y);
      hi = fmax(hi, c[i].p[k].y);
    }
  *x = make_axis(0, x1, 6);
  *y = make_axis(isfinite(lo) ? lo : 0, isfinite(hi) ? hi : 1, 5);
}

static void frame(at_text *t, const axis *x, const axis *y, double l, double r, double top,
                  double bottom) {
  char buf[32];
  for (double v = y->low; v <= y->high + y->step / 2; v += y->step) {
    double at = place(y, v, bottom, top);
    at_text_addf(t,
                 "<line class=\"grid\" x1=\"%.0f\" x2=\"%.0f\" y1=\"%.1f\" y2=\"%.1f\"/><text "
                 "class=\"tick\" x=\"%.0f\" "
                 "y=\"%.1f\" text-anchor=\"end\">%s</text>\n",
                 l, r, at, at, l - 8, at + 4, number(v, buf));
  }
  for (double v = x->low; v <= x->high + x->step / 2; v += x->step)
    at_text_addf(t, "<text class=\"tick\" x=\"%.1f\" y=\"%.0f\" text-anchor=\"middle\">%s</text>\n",
                 place(x, v, l, r), bottom + 18, number(v, buf));
  at_text_addf(t, "<text class=\"tick\" x=\"%.0f\" y=\"%.0f\" text-anchor=\"end\">step</text>\n", r,
               bottom + 34);
}

void at_plot_curves(at_text *t, const at_report *r, const char *metric) {
  const double l = 60, right = 700, top = 10, bottom = 230;
  curve *c = calloc(r->n + 1, sizeof *c);
  axis x, y;
  for (size_t i = 0; c && i < r->n; i++) {
    size_t most = metric ? json_array_size(r->run[i].log) : r->run[i].n_loss;
    if ((c[i].p = malloc((most + 1) * sizeof *c[i].p)))
      c[i].n = points_of(&r->run[i], metric, c[i].p);
  }
  if (!c) return;
  bounds(c, r->n, &x, &y);
  at_text_add(t, "<svg viewBox=\"0 0 720 270\" role=\"img\" class=\"plot\"><title>");
  at_html_text(t, metric ? metric : "training loss per example");
  at_text_add(t, " over steps, a line a run, coloured by group</title>\n");
  frame(t, &x, &y, l, right, top, bottom);
  for (size_t g = 0; g < r->n_groups; g++)
    for (size_t i = 0; i < r->group[g].n; i++) {
      const curve *one = &c[r->group[g].run[i]];
      at_text_addf(t, "<polyline fill=\"none\" stroke=\"%s\" stroke-width=\"1.6\" points=\"",
                   at_html_color(g));
      for (size_t k = 0; k < one->n; k++)
        at_text_addf(t, "%.1f,%.1f ", place(&x, one->p[k].x, l, right),
                     place(&y, one->p[k].y, bottom, top));
      at_text_add(t, "\"/>\n");
    }
  at_text_add(t, "</svg>\n");
  for (size_t i = 0; i < r->n; i++) free(c[i].p);
  free(c);
}
