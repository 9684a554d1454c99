/* The output against the share of keys taken away: two panels with one scale, a line per group. */
#include "core/report/explained.h"

static const double WIDTH = 620, HEIGHT = 270, LEFT = 52, TOP = 26, RIGHT = 12, BOTTOM = 44,
                    BETWEEN = 22;
enum { MOST_SHARES = 128 };

typedef struct panels {
  const at_report *r;
  const rx_curves *c;
  rp_plate *k;
  rp_scale x[RX_ORDERS], y;
} panels;

static const rx_curve *curve(const panels *p, int order, size_t g) {
  return &p->c->curve[(size_t)order * p->r->n_groups + g];
}

static void find_scales(panels *p) {
  double lo = INFINITY, hi = -INFINITY, wide = (WIDTH - LEFT - RIGHT - BETWEEN) / RX_ORDERS;
  for (int k = 0; k < RX_ORDERS; k++)
    for (size_t g = 0; g < p->r->n_groups; g++)
      for (size_t i = 0; curve(p, k, g)->seeds && i < p->c->n; i++) {
        lo = fmin(lo, curve(p, k, g)->lo[i]);
        hi = fmax(hi, curve(p, k, g)->hi[i]);
      }
  if (!(hi >= lo)) lo = 0, hi = 1;
  at_rp_scale(&p->y, lo - 0.04 * (hi - lo), hi + 0.04 * (hi - lo), HEIGHT - BOTTOM, TOP, 5);
  for (int k = 0; k < RX_ORDERS; k++) {
    double from = LEFT + k * (wide + BETWEEN);
    at_rp_scale(&p->x[k], 0, 100, from, from + wide, 5);
  }
}

static void axes(const panels *p, int k) {
  static const char *const name[] = {"largest weight first", "smallest weight first"};
  char buf[RP_NUMBER];
  const rp_scale *x = &p->x[k];
  for (int i = 0; i < p->y.n; i++) {
    double y = at_rp_place(&p->y, p->y.first + i * p->y.step);
    at_rp_put_line(p->k, "grid", x->from, y, x->to, y);
    at_rp_tick(buf, &p->y, i);
    if (!k) at_rp_put_text(p->k, LEFT - 8, y + 4, "tick end", buf);
  }
  for (int i = 0; i < x->n; i++) {
    double at = at_rp_place(x, x->first + i * x->step);
    at_rp_put_line(p->k, "axis", at, HEIGHT - BOTTOM, at, HEIGHT - BOTTOM + 4);
    at_rp_tick(buf, x, i);
    at_rp_put_text(p->k, at, HEIGHT - BOTTOM + 17, "tick mid", buf);
  }
  at_rp_put_line(p->k, "axis", x->from, HEIGHT - BOTTOM, x->to, HEIGHT - BOTTOM);
  at_rp_put_text(p->k, 0.5 * (x->from + x->to), TOP - 10, "plain mid", name[k]);
  at_rp_put_text(p->k, 0.5 * (x->from + x->to), HEIGHT - 8, "name mid", "keys taken away, %");
}

static void draw_curve(const panels *p, int k, size_t g) {
  const rx_curve *v = curve(p, k, g);
  double line[2 * MOST_SHARES], band[4 * MOST_SHARES];
  size_t n = p->c->n;
  if (!v->seeds || n > MOST_SHARES) return;
  for (size_t i = 0; i < n; i++) {
    double x = at_rp_place(&p->x[k], 100 * p->c->share[i]);
    if (!isfinite(v->mean[i])) return;
    line[2 * i] = band[2 * i] = band[4 * n - 2 * i - 2] = x;
    line[2 * i + 1] = at_rp_place(&p->y, v->mean[i]);
    band[2 * i + 1] = at_rp_place(&p->y, v->hi[i]);
    band[4 * n - 2 * i - 1] = at_rp_place(&p->y, v->lo[i]);
  }
  at_rp_put_group(p->k, g, p->r->group[g].label);
  if (v->seeds > 1) at_rp_put_path(p->k, "band", band, 2 * n, true);
  at_rp_put_path(p->k, "line", line, n, false);
  at_rp_put_end(p->k);
}

/* Where each ends, for those who do not see it. */
static const char *about(const panels *p, at_arena *a) {
  at_text t = {0};
  char half[RP_NUMBER];
  at_text_add(&t, "Mean output with half of the keys taken away, largest weight first:");
  for (size_t g = 0; g < p->r->n_groups; g++)
    for (size_t i = 0; curve(p, 0, g)->seeds && i < p->c->n; i++)
      if (fabs(p->c->share[i] - 0.5) < 1e-6)
        at_text_addf(&t, " %s %s;", p->r->group[g].label,
                     at_rp_number(half, curve(p, 0, g)->mean[i], 3));
  char *out = t.failed ? NULL : at_rp_clean(a, t.data);
  at_text_free(&t);
  return out;
}

void at_rx_plot_removal(const at_report *r, size_t block, rp_figures *f, at_text *t) {
  const char *name = at_arena_printf(f->a, "removal.%s", r->explained->block[block].name);
  panels p = {.r = r, .c = &r->explained->table[block].curves};
  p.k = name ? at_rp_plate_new(f, name, "Output while keys are taken away") : NULL;
  if (!p.k || !(p.k->about = about(&p, f->a))) {
    t->failed = true;
    return;
  }
  p.k->w = WIDTH;
  p.k->h = HEIGHT;
  find_scales(&p);
  for (int k = 0; k < RX_ORDERS; k++) axes(&p, k);
  for (int k = 0; k < RX_ORDERS; k++)
    for (size_t g = 0; g < r->n_groups; g++) draw_curve(&p, k, g);
  at_rp_keys(r, p.k);
  at_rp_figure(p.k, r->explained->block[block].name, t);
}
