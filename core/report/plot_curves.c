/* Training curves: a line per group, a band from the lowest to the highest of its seeds. */
#include <stdlib.h>
#include <string.h>
#include "core/report/report_impl.h"

enum { MOST_PLACES = 200 };

static const double WIDTH = 560, HEIGHT = 320, LEFT = 58, TOP = 12, RIGHT = 14, BOTTOM = 44;

/* One place on the x axis: a step, or a stretch of steps when there are many. */
typedef struct place {
  double step, mean, lo, hi;
  size_t n; /* runs that have a value there */
} place;

typedef struct curve {
  place *at;
  size_t n;
} curve;

typedef struct chart {
  const at_report *r;
  const char *series; /* NULL: the loss */
  const char *name;
  double *step; /* the places, when they are few enough to be single steps */
  size_t n_steps;
  double first, last;
  curve *curve; /* one per group */
  at_arena *a;
  at_text *t;
} chart;

static const rp_series *series_of(const rp_run *run, const char *name) {
  if (!name) return &run->loss;
  for (size_t i = 0; i < run->n_series; i++)
    if (!strcmp(run->series[i].name, name)) return &run->series[i];
  return NULL;
}

/* ---- places ---- */

static int by_number(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static bool find_places(chart *c) {
  size_t total = 0, kept = 0;
  for (size_t i = 0; i < c->r->n_runs; i++) {
    const rp_series *s = series_of(&c->r->run[i], c->series);
    total += s ? s->n : 0;
  }
  c->step = AT_NEW_ARRAY(c->a, double, total + 1);
  if (!c->step) return false;
  total = 0;
  for (size_t i = 0; i < c->r->n_runs; i++) {
    const rp_series *s = series_of(&c->r->run[i], c->series);
    for (size_t k = 0; s && k < s->n; k++) c->step[total++] = s->point[k].step;
  }
  qsort(c->step, total, sizeof *c->step, by_number);
  for (size_t i = 0; i < total; i++)
    if (!kept || c->step[kept - 1] != c->step[i]) c->step[kept++] = c->step[i];
  c->first = kept ? c->step[0] : 0;
  c->last = kept ? c->step[kept - 1] : 0;
  c->n_steps = kept;
  return true;
}

static size_t places(const chart *c) { return c->n_steps < MOST_PLACES ? c->n_steps : MOST_PLACES; }

static size_t place_of(const chart *c, double step) {
  if (c->n_steps <= MOST_PLACES) {
    const double *p = bsearch(&step, c->step, c->n_steps, sizeof step, by_number);
    return p ? (size_t)(p - c->step) : 0;
  }
  double f = (step - c->first) / (c->last - c->first) * MOST_PLACES;
  return f >= MOST_PLACES ? MOST_PLACES - 1 : (size_t)f;
}

/* ---- curves ---- */

/* The mean of one run at each place goes into mean, lowest and highest over runs. */
static bool add_run(const chart *c, const rp_run *run, place *at) {
  const rp_series *s = series_of(run, c->series);
  size_t n = places(c);
  place *own = AT_NEW_ARRAY(c->a, place, n + 1);
  if (!own) return false;
  for (size_t k = 0; s && k < s->n; k++) {
    place *p = &own[place_of(c, s->point[k].step)];
    p->step += s->point[k].step;
    p->mean += s->point[k].value;
    p->n++;
  }
  for (size_t i = 0; i < n; i++) {
    if (!own[i].n) continue;
    double v = own[i].mean / (double)own[i].n, x = own[i].step / (double)own[i].n;
    at[i].lo = at[i].n ? fmin(at[i].lo, v) : v;
    at[i].hi = at[i].n ? fmax(at[i].hi, v) : v;
    at[i].mean += v;
    at[i].step += x;
    at[i].n++;
  }
  return true;
}

static bool make_curve(const chart *c, const rp_group *g, curve *out) {
  size_t n = places(c);
  place *at = AT_NEW_ARRAY(c->a, place, n + 1);
  if (!at) return false;
  for (size_t i = 0; i < g->n; i++)
    if (!add_run(c, &c->r->run[g->run[i]], at)) return false;
  *out = (curve){at, 0};
  for (size_t i = 0; i < n; i++) {
    if (!at[i].n) continue;
    place p = at[i];
    p.step /= (double)p.n;
    p.mean /= (double)p.n;
    at[out->n++] = p;
  }
  return true;
}

/* ---- drawing ---- */

static void point(at_text *t, char how, double x, double y) {
  char a[RP_NUMBER], b[RP_NUMBER];
  at_text_addf(t, "%c%s %s", how, at_rp_number(a, x, 1), at_rp_number(b, y, 1));
}

static void draw_band(at_text *t, const curve *k, const rp_scale *x, const rp_scale *y) {
  at_rp_svg_path(t, "band");
  for (size_t i = 0; i < k->n; i++)
    point(t, i ? 'L' : 'M', at_rp_place(x, k->at[i].step), at_rp_place(y, k->at[i].hi));
  for (size_t i = k->n; i-- > 0;)
    point(t, 'L', at_rp_place(x, k->at[i].step), at_rp_place(y, k->at[i].lo));
  at_text_add(t, "Z\"/>\n");
}

static void draw_line(at_text *t, const curve *k, const rp_scale *x, const rp_scale *y) {
  if (k->n == 1) { /* a line of one point is not seen */
    at_rp_svg_circle(t, "dot", at_rp_place(x, k->at[0].step), at_rp_place(y, k->at[0].mean), 3);
    return;
  }
  at_rp_svg_path(t, "line");
  for (size_t i = 0; i < k->n; i++)
    point(t, i ? 'L' : 'M', at_rp_place(x, k->at[i].step), at_rp_place(y, k->at[i].mean));
  at_text_add(t, "\"/>\n");
}

static void draw_axes(const chart *c, const rp_scale *x, const rp_scale *y) {
  char buf[RP_NUMBER];
  double low = HEIGHT - BOTTOM;
  for (int i = 0; i < y->n; i++) {
    double at = at_rp_place(y, y->first + i * y->step);
    at_rp_svg_line(c->t, "grid", LEFT, at, WIDTH - RIGHT, at);
    at_rp_tick(buf, y, i);
    at_rp_svg_text(c->t, LEFT - 8, at + 4, "tick end", buf);
  }
  for (int i = 0; i < x->n; i++) {
    double at = at_rp_place(x, x->first + i * x->step);
    at_rp_svg_line(c->t, "axis", at, low, at, low + 4);
    at_rp_tick(buf, x, i);
    at_rp_svg_text(c->t, at, low + 18, "tick mid", buf);
  }
  at_rp_svg_line(c->t, "axis", LEFT, low, WIDTH - RIGHT, low);
  at_rp_svg_text(c->t, (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, "name mid", "step");
}

static void range(const chart *c, double *lo, double *hi) {
  *lo = INFINITY;
  *hi = -INFINITY;
  for (size_t g = 0; g < c->r->n_groups; g++)
    for (size_t i = 0; i < c->curve[g].n; i++) {
      *lo = fmin(*lo, c->curve[g].at[i].lo);
      *hi = fmax(*hi, c->curve[g].at[i].hi);
    }
}

/* Where each curve ends, for those who do not see it. */
static char *ends(const chart *c) {
  at_text t = {0};
  char buf[RP_NUMBER];
  at_text_add(&t, "Last values:");
  for (size_t g = 0; g < c->r->n_groups; g++) {
    const curve *k = &c->curve[g];
    if (k->n)
      at_text_addf(&t, " %s %s;", c->r->group[g].label, at_rp_number(buf, k->at[k->n - 1].mean, 3));
  }
  char *out = t.failed ? NULL : at_arena_strdup(c->a, t.data);
  at_text_free(&t);
  return out;
}

static void draw(const chart *c) {
  double lo, hi;
  rp_scale x, y;
  range(c, &lo, &hi);
  const char *said = ends(c);
  if (!said) {
    c->t->failed = true;
    return;
  }
  double room = 0.03 * (hi - lo);
  at_rp_scale(&x, c->first, c->last, LEFT, WIDTH - RIGHT, 7);
  at_rp_scale(&y, lo - room, hi + room, HEIGHT - BOTTOM, TOP, 6);
  at_text_add(c->t, "<figure>\n");
  at_rp_svg_open(c->t, WIDTH, HEIGHT, c->name, said);
  draw_axes(c, &x, &y);
  for (size_t g = 0; g < c->r->n_groups; g++) {
    if (!c->curve[g].n) continue;
    at_rp_svg_group(c->t, g);
    at_text_add(c->t, "<title>");
    at_rp_escape(c->t, c->r->group[g].label);
    at_text_add(c->t, "</title>\n");
    if (c->r->group[g].n > 1) draw_band(c->t, &c->curve[g], &x, &y);
    draw_line(c->t, &c->curve[g], &x, &y);
    at_text_add(c->t, "</g>\n");
  }
  at_text_add(c->t, "</svg>\n<figcaption>");
  at_rp_escape(c->t, c->name);
  if (c->n_steps > MOST_PLACES)
    at_text_addf(c->t, " (means over %d stretches of steps)", MOST_PLACES);
  at_text_add(c->t, "</figcaption>\n</figure>\n");
}

/* False when no run has such values. */
static bool chart_of(const at_report *r, const char *series, const char *name, at_arena *a,
                     at_text *t) {
  chart c = {.r = r, .series = series, .name = name, .a = a, .t = t};
  c.curve = AT_NEW_ARRAY(a, curve, r->n_groups);
  bool ok = c.curve && name && find_places(&c);
  if (ok && !c.n_steps) return false;
  for (size_t g = 0; ok && g < r->n_groups; g++) ok = make_curve(&c, &r->group[g], &c.curve[g]);
  if (ok)
    draw(&c);
  else
    t->failed = true;
  return true;
}

/* The metric that picked the best weights when all runs agree on it and logged it; else the
 * first that was logged. */
static const char *chosen_metric(const at_report *r) {
  const char *best = at_rp_setting(&r->run[0], "train.best"), *first = NULL;
  bool agreed = best && *best;
  for (size_t i = 0; i < r->n_runs; i++) {
    const char *own = at_rp_setting(&r->run[i], "train.best");
    agreed = agreed && own && !strcmp(own, best) && series_of(&r->run[i], best);
    if (!first && r->run[i].n_series) first = r->run[i].series[0].name;
  }
  return agreed ? best : first;
}

static void legend(const at_report *r, at_text *t) {
  at_text_add(t, "<ul class=\"legend\">\n");
  for (size_t g = 0; g < r->n_groups; g++) {
    at_text_add(t, "<li><svg class=\"key\" viewBox=\"0 0 28 10\" aria-hidden=\"true\">");
    at_rp_svg_group(t, g);
    at_rp_svg_line(t, "line", 0, 5, 28, 5);
    at_text_add(t, "</g></svg>");
    at_rp_escape(t, r->group[g].label);
    at_text_add(t, "</li>\n");
  }
  at_text_add(t, "</ul>\n");
}

void at_rp_curves(const at_report *r, at_arena *a, at_text *t) {
  const char *metric = chosen_metric(r);
  bool any;
  at_text_add(t,
              "<section id=\"curves\">\n<h2>Training</h2>\n"
              "<p>Line: mean over seeds. Band: from the lowest to the highest seed.</p>\n"
              "<div class=\"plots\">\n");
  any = chart_of(r, NULL, "training loss", a, t);
  if (metric) any |= chart_of(r, metric, at_arena_printf(a, "%s on validation", metric), a, t);
  at_text_add(t, "</div>\n");
  if (any)
    legend(r, t);
  else
    at_text_add(t, "<p>The runs have no log of their training.</p>\n");
  at_text_add(t, "</section>\n");
}
