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
  rp_figures *f;
  rp_plate *k;
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
  c->step = AT_NEW_ARRAY(c->f->a, double, total + 1);
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
  place *own = AT_NEW_ARRAY(c->f->a, place, n + 1);
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
  place *at = AT_NEW_ARRAY(c->f->a, place, n + 1);
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

/* A line there, a line back. */
static void draw_band(rp_plate *k, const curve *v, const rp_scale *x, const rp_scale *y) {
  double xy[4 * MOST_PLACES], *to = xy;
  for (size_t i = 0; i < v->n; i++) {
    *to++ = at_rp_place(x, v->at[i].step);
    *to++ = at_rp_place(y, v->at[i].hi);
  }
  for (size_t i = v->n; i-- > 0;) {
    *to++ = at_rp_place(x, v->at[i].step);
    *to++ = at_rp_place(y, v->at[i].lo);
  }
  at_rp_put_path(k, "band", xy, 2 * v->n, true);
}

static void draw_line(rp_plate *k, const curve *v, const rp_scale *x, const rp_scale *y) {
  double xy[2 * MOST_PLACES];
  if (v->n == 1) { /* a line of one point is not seen */
    at_rp_put_circle(k, "dot", at_rp_place(x, v->at[0].step), at_rp_place(y, v->at[0].mean), 3);
    return;
  }
  for (size_t i = 0; i < v->n; i++) {
    xy[2 * i] = at_rp_place(x, v->at[i].step);
    xy[2 * i + 1] = at_rp_place(y, v->at[i].mean);
  }
  at_rp_put_path(k, "line", xy, v->n, false);
}

static void draw_axes(const chart *c, const rp_scale *x, const rp_scale *y) {
  char buf[RP_NUMBER];
  double low = HEIGHT - BOTTOM;
  for (int i = 0; i < y->n; i++) {
    double at = at_rp_place(y, y->first + i * y->step);
    at_rp_put_line(c->k, "grid", LEFT, at, WIDTH - RIGHT, at);
    at_rp_tick(buf, y, i);
    at_rp_put_text(c->k, LEFT - 8, at + 4, "tick end", buf);
  }
  for (int i = 0; i < x->n; i++) {
    double at = at_rp_place(x, x->first + i * x->step);
    at_rp_put_line(c->k, "axis", at, low, at, low + 4);
    at_rp_tick(buf, x, i);
    at_rp_put_text(c->k, at, low + 18, "tick mid", buf);
  }
  at_rp_put_line(c->k, "axis", LEFT, low, WIDTH - RIGHT, low);
  at_rp_put_text(c->k, (LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, "name mid", "step");
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
  char *out = t.failed ? NULL : at_arena_strdup(c->f->a, t.data);
  at_text_free(&t);
  return out;
}

static void draw(chart *c, at_text *t) {
  double lo, hi;
  rp_scale x, y;
  c->k = at_rp_plate_new(c->f, c->series ? "training.metric" : "training.loss", c->name);
  const char *said = c->k ? ends(c) : NULL;
  if (!said) {
    t->failed = true;
    return;
  }
  range(c, &lo, &hi);
  double room = 0.03 * (hi - lo);
  at_rp_scale(&x, c->first, c->last, LEFT, WIDTH - RIGHT, 7);
  at_rp_scale(&y, lo - room, hi + room, HEIGHT - BOTTOM, TOP, 6);
  c->k->w = WIDTH;
  c->k->h = HEIGHT;
  c->k->about = said;
  draw_axes(c, &x, &y);
  for (size_t g = 0; g < c->r->n_groups; g++) {
    if (!c->curve[g].n) continue;
    at_rp_put_group(c->k, g, c->r->group[g].label);
    if (c->r->group[g].n > 1) draw_band(c->k, &c->curve[g], &x, &y);
    draw_line(c->k, &c->curve[g], &x, &y);
    at_rp_put_end(c->k);
  }
  at_rp_keys(c->r, c->k);
  const char *caption =
      c->n_steps > MOST_PLACES
          ? at_arena_printf(c->f->a, "%s (means over %d stretches of steps)", c->name, MOST_PLACES)
          : c->name;
  if (caption)
    at_rp_figure(c->k, caption, t);
  else
    t->failed = true;
}

/* False when no run has such values. */
static bool chart_of(const at_report *r, const char *series, const char *name, rp_figures *f,
                     at_text *t) {
  chart c = {.r = r, .series = series, .name = name, .f = f};
  c.curve = AT_NEW_ARRAY(f->a, curve, r->n_groups);
  bool ok = c.curve && name && find_places(&c);
  if (ok && !c.n_steps) return false;
  for (size_t g = 0; ok && g < r->n_groups; g++) ok = make_curve(&c, &r->group[g], &c.curve[g]);
  if (ok)
    draw(&c, t);
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

void at_rp_curves(const at_report *r, rp_figures *f, at_text *t) {
  const char *metric = chosen_metric(r);
  bool any;
  at_text_add(t,
              "<section id=\"curves\">\n<h2>Training</h2>\n"
              "<p>Line: mean over seeds. Band: from the lowest to the highest seed.</p>\n"
              "<div class=\"plots\">\n");
  any = chart_of(r, NULL, "training loss", f, t);
  if (metric) any |= chart_of(r, metric, at_arena_printf(f->a, "%s on validation", metric), f, t);
  at_text_add(t, "</div>\n");
  if (any)
    at_rp_legend(r, t);
  else
    at_text_add(t, "<p>The runs have no log of their training.</p>\n");
  at_text_add(t, "</section>\n");
}
