/* A plot for each headline metric: a line per group with its mean, its spread and its runs. */
#include <string.h>
#include "core/report/report_impl.h"

enum { MOST_PLOTS = 6, MOST_LABEL = 28 };

static const double WIDTH = 520, ROW = 26, TOP = 10, BOTTOM = 40, RIGHT = 20;

typedef struct plot {
  const at_report *r;
  const rp_summary *s;
  const rp_column *c;
  rp_scale x;
  double label, height; /* room for labels; lower end of the rows */
  rp_figures *f;
  rp_plate *k;
} plot;

static void find_range(plot *p) {
  double lo = INFINITY, hi = -INFINITY;
  size_t widest = 0;
  for (size_t g = 0; g < p->r->n_groups; g++) {
    const rp_stat *s = &p->c->stat[g];
    size_t w = at_rp_columns(p->r->group[g].label);
    widest = w > widest ? w : widest;
    if (!s->n) continue;
    double spread = s->n > 1 ? s->sd : 0;
    lo = fmin(lo, s->mean - spread);
    hi = fmax(hi, s->mean + spread);
    for (size_t i = 0; i < p->r->group[g].n; i++) {
      const rp_value *v = at_rp_value(&p->r->run[p->r->group[g].run[i]], p->s->split, p->c->metric);
      if (v) lo = fmin(lo, v->value), hi = fmax(hi, v->value);
    }
  }
  if (widest > MOST_LABEL) widest = MOST_LABEL;
  p->label = 18 + 7.4 * (double)widest; /* room for bold letters of wide fonts */
  p->height = TOP + ROW * (double)p->r->n_groups;
  double room = hi > lo ? 0.04 * (hi - lo) : 0;
  at_rp_scale(&p->x, lo - room, hi + room, p->label, WIDTH - RIGHT, 6);
}

static void axis(plot *p) {
  char buf[RP_NUMBER];
  for (int i = 0; i < p->x.n; i++) {
    double x = at_rp_place(&p->x, p->x.first + i * p->x.step);
    at_rp_put_line(p->k, "grid", x, TOP, x, p->height);
    at_rp_tick(buf, &p->x, i);
    at_rp_put_text(p->k, x, p->height + 15, "tick mid", buf);
  }
  at_rp_put_line(p->k, "axis", p->label, p->height, WIDTH - RIGHT, p->height);
  at_rp_put_text(p->k, (p->label + WIDTH - RIGHT) / 2, p->height + 33, "name mid",
                 at_rp_shorten(p->f->a, p->c->metric, 40));
}

static void row(plot *p, size_t g) {
  const rp_group *group = &p->r->group[g];
  const rp_stat *s = &p->c->stat[g];
  double y = TOP + ROW * ((double)g + 0.5);
  char buf[RP_NUMBER];
  at_text said = {0};
  at_text_addf(&said, "%s: %s", group->label,
               s->n ? at_rp_number(buf, s->mean, p->c->decimals) : "no value");
  if (s->n > 1) at_text_addf(&said, " ± %s", at_rp_number(buf, s->sd, p->c->decimals));
  at_text_addf(&said, ", n = %zu", s->n);
  at_rp_put_group(p->k, g, said.data);
  p->k->failed |= said.failed;
  at_text_free(&said);
  at_rp_put_text(p->k, p->label - 10, y + 4, s->mark == RP_BEST ? "label end strong" : "label end",
                 at_rp_shorten(p->f->a, group->label, MOST_LABEL));
  if (s->n > 1)
    at_rp_put_line(p->k, "bar", at_rp_place(&p->x, s->mean - s->sd), y,
                   at_rp_place(&p->x, s->mean + s->sd), y);
  for (size_t i = 0; s->n > 1 && i < group->n; i++) {
    const rp_value *v = at_rp_value(&p->r->run[group->run[i]], p->s->split, p->c->metric);
    if (v) at_rp_put_circle(p->k, "seed", at_rp_place(&p->x, v->value), y, 2.4);
  }
  if (s->n) at_rp_put_circle(p->k, "dot", at_rp_place(&p->x, s->mean), y, 5);
  at_rp_put_end(p->k);
}

static bool empty(const rp_column *c, size_t groups) {
  for (size_t g = 0; g < groups; g++)
    if (c->stat[g].n) return false;
  return true;
}

/* What the plot shows, for those who do not see it. */
static char *about(plot *p) {
  at_text t = {0};
  char buf[RP_NUMBER];
  for (size_t g = 0; g < p->r->n_groups; g++) {
    const rp_stat *s = &p->c->stat[g];
    at_text_addf(&t, "%s%s %s", g ? "; " : "", p->r->group[g].label,
                 s->n ? at_rp_number(buf, s->mean, p->c->decimals) : "no value");
    if (s->n > 1) at_text_addf(&t, " ± %s", at_rp_number(buf, s->sd, p->c->decimals));
  }
  char *out = t.failed || !t.data ? NULL : at_arena_strdup(p->f->a, t.data);
  at_text_free(&t);
  return out;
}

static void draw(plot *p, at_text *t) {
  static const char *const sense[] = {"", ", lower is better", ", higher is better"};
  if (empty(p->c, p->r->n_groups)) return;
  at_text name = {0}, caption = {0};
  at_text_addf(&name, "means.%s", p->c->metric);
  at_text_addf(&caption, "%s%s", p->c->metric, sense[p->c->better + 1]);
  p->k = name.failed || caption.failed ? NULL : at_rp_plate_new(p->f, name.data, p->c->metric);
  const char *said = p->k ? about(p) : NULL;
  if (said) {
    find_range(p);
    p->k->w = WIDTH;
    p->k->h = p->height + BOTTOM;
    p->k->about = said;
    axis(p);
    for (size_t g = 0; g < p->r->n_groups; g++) row(p, g);
    at_rp_figure(p->k, caption.data, t);
  }
  t->failed |= !said;
  at_text_free(&name);
  at_text_free(&caption);
}

void at_rp_dots(const at_report *r, const rp_summary *s, rp_figures *f, at_text *t) {
  size_t all = 0, drawn = 0;
  for (size_t c = 0; c < s->n; c++) all += !s->column[c].part;
  at_text_add(t,
              "<section id=\"plots\">\n<h2>Means and spreads</h2>\n"
              "<p>Large dot: mean. Bar: one sample standard deviation to each side. Small circles: "
              "single runs.");
  if (all > MOST_PLOTS) at_text_addf(t, " The first %d of %zu metrics are drawn.", MOST_PLOTS, all);
  at_text_add(t, "</p>\n<div class=\"plots\">\n");
  for (size_t c = 0; c < s->n && drawn < MOST_PLOTS; c++) {
    if (s->column[c].part) continue;
    draw(&(plot){.r = r, .s = s, .c = &s->column[c], .f = f}, t);
    drawn++;
  }
  at_text_add(t, "</div>\n</section>\n");
}
