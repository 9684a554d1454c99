/* Scales with ticks at round numbers, and the pieces of SVG that plots share. */
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

void at_rp_svg_open(at_text *t, double w, double h, const char *title, const char *about) {
  at_text_addf(t,
               "<svg viewBox=\"0 0 %.0f %.0f\" role=\"img\" font-family=\"sans-serif\" "
               "font-size=\"12\" aria-label=\"",
               w, h);
  at_rp_escape(t, title);
  at_text_add(t, ". ");
  at_rp_escape(t, about);
  at_text_add(t, "\">\n<title>");
  at_rp_escape(t, title);
  at_text_add(t, "</title>\n");
}

/* The style sheet of the page rules these; as attributes they let a plot that is taken out
 * of the page keep its looks. */
static void attributes(at_text *t, const char *cls) {
  static const char *const table[][2] = {
      {"tick", "font-size=\"11\""},
      {"mid", "text-anchor=\"middle\""},
      {"end", "text-anchor=\"end\""},
      {"strong", "font-weight=\"700\""},
      {"grid", "stroke=\"#d9dce1\""},
      {"axis", "stroke=\"#5f6670\""},
      {"line", "fill=\"none\" stroke=\"currentColor\" stroke-width=\"1.8\""},
      {"band", "fill=\"currentColor\" opacity=\".16\""},
      {"bar",
       "stroke=\"currentColor\" stroke-width=\"3\" stroke-linecap=\"round\" opacity=\".55\""},
      {"dot", "fill=\"currentColor\""},
      {"seed", "fill=\"#fff\" stroke=\"currentColor\" stroke-width=\"1.2\""}};
  at_text_addf(t, " class=\"%s\"", cls);
  for (const char *w = cls; *w; w += strspn(w, " ")) {
    size_t n = strcspn(w, " ");
    for (size_t i = 0; i < sizeof table / sizeof *table; i++)
      if (strlen(table[i][0]) == n && !strncmp(w, table[i][0], n))
        at_text_addf(t, " %s", table[i][1]);
    w += n;
  }
}

/* Coordinates have one decimal and a point whatever the locale. */
void at_rp_svg_text(at_text *t, double x, double y, const char *cls, const char *text) {
  char a[RP_NUMBER], b[RP_NUMBER];
  at_text_addf(t, "<text x=\"%s\" y=\"%s\"", at_rp_number(a, x, 1), at_rp_number(b, y, 1));
  attributes(t, cls);
  at_text_add(t, ">");
  if (text)
    at_rp_escape(t, text);
  else
    t->failed = true;
  at_text_add(t, "</text>\n");
}

void at_rp_svg_line(at_text *t, const char *cls, double x1, double y1, double x2, double y2) {
  char a[RP_NUMBER], b[RP_NUMBER], c[RP_NUMBER], d[RP_NUMBER];
  at_text_addf(t, "<line x1=\"%s\" y1=\"%s\" x2=\"%s\" y2=\"%s\"", at_rp_number(a, x1, 1),
               at_rp_number(b, y1, 1), at_rp_number(c, x2, 1), at_rp_number(d, y2, 1));
  attributes(t, cls);
  at_text_add(t, "/>\n");
}

void at_rp_svg_circle(at_text *t, const char *cls, double x, double y, double r) {
  char a[RP_NUMBER], b[RP_NUMBER], c[RP_NUMBER];
  at_text_addf(t, "<circle cx=\"%s\" cy=\"%s\" r=\"%s\"", at_rp_number(a, x, 1),
               at_rp_number(b, y, 1), at_rp_number(c, r, 1));
  attributes(t, cls);
  at_text_add(t, "/>\n");
}

void at_rp_svg_path(at_text *t, const char *cls) {
  at_text_add(t, "<path");
  attributes(t, cls);
  at_text_add(t, " d=\"");
}

void at_rp_svg_group(at_text *t, size_t i) {
  static const char *const color[] = {"#0072b2", "#d55e00", "#009e73", "#a6468a",
                                      "#8f7300", "#3a9bd6", "#b22222", "#555b66"};
  at_text_addf(t, "<g class=\"c%zu d%zu\" color=\"%s\">", i % 8, i / 8 % 4, color[i % 8]);
}
