/* Every two groups by one result: all examples below the diagonal, those that both answer right
 * above it. Coloured is what is told apart. */
#include "core/report/explained.h"

enum { MOST_GROUPS = 16, MOST_LABEL = 24 };
static const double CELL_W = 46, CELL_H = 24, TOP = 34, BOTTOM = 8, RIGHT = 6;

/* From blue by white to orange; v from -1 to 1. */
static int32_t color_of(double v) {
  static const double end[2][3] = {{0, 114, 178}, {213, 94, 0}};
  const double *to = end[v > 0];
  double part = fmin(1, fabs(v));
  int32_t rgb = 0;
  for (int i = 0; i < 3; i++) rgb = rgb << 8 | (int32_t)lround(255 + part * (to[i] - 255));
  return rgb;
}

typedef struct matrix {
  const at_report *r;
  const rx_compared *v;
  rp_plate *k;
  double left;
} matrix;

static void cell(const matrix *m, size_t row, size_t column, const rx_pair *p, rx_part part) {
  const rx_difference *d = &p->of[part];
  double x = m->left + CELL_W * (double)column, y = TOP + CELL_H * (double)row;
  /* the later group less the earlier, whichever side of the diagonal */
  double strong = fmin(1, 0.35 + 0.65 * fabs(d->d) / 1.2);
  char buf[RP_NUMBER];
  bool shown = d->n && isfinite(d->mean);
  if (d->apart)
    at_rp_put_rect(m->k, "cell", x, y, CELL_W - 2, CELL_H - 2,
                   color_of(-d->mean > 0 ? strong : -strong));
  else
    at_rp_put_rect(m->k, "blank", x + 0.5, y + 0.5, CELL_W - 3, CELL_H - 3, -1);
  const char *look = !d->apart       ? "tick mid"
                     : strong > 0.75 ? "tick mid strong ondark"
                                     : "tick mid strong onlight";
  if (shown) {
    at_rp_number(buf, -d->mean, m->v->column->c.decimals);
    const char *text = at_arena_printf(m->k->a, "%s%s%s", buf[0] == '-' ? "−" : "+",
                                       buf[0] == '-' ? buf + 1 : buf, p->noise ? "≈" : "");
    at_rp_put_text(m->k, x + CELL_W / 2 - 1, y + CELL_H / 2 + 3, look, text);
  } else {
    at_rp_put_text(m->k, x + CELL_W / 2 - 1, y + CELL_H / 2 + 3, "tick mid", "–");
  }
}

static void labels(const matrix *m) {
  for (size_t g = 0; g < m->r->n_groups; g++) {
    double at = (double)g;
    const char *number = at_arena_printf(m->k->a, "%zu", g + 1);
    const char *short_label = at_rp_shorten(m->k->a, m->r->group[g].label, MOST_LABEL);
    const char *row = short_label ? at_arena_printf(m->k->a, "%s  %zu", short_label, g + 1) : NULL;
    at_rp_put_text(m->k, m->left - 8, TOP + CELL_H * (at + 0.5) + 3, "label end", row);
    at_rp_put_text(m->k, m->left + CELL_W * (at + 0.5) - 1, TOP - 7, "tick mid", number);
  }
}

static const char *about(const matrix *m) {
  at_text t = {0};
  at_text_add(&t, "Told apart:");
  size_t n = 0;
  for (size_t i = 0; i < m->v->n; i++) {
    const rx_pair *p = &m->v->v[i];
    if (!p->of[RX_ALL].apart) continue;
    at_text_addf(&t, " %s %s %s;", m->r->group[p->a].label,
                 p->of[RX_ALL].mean > 0 ? "above" : "below", m->r->group[p->b].label);
    n++;
  }
  if (!n) at_text_add(&t, " none.");
  const char *out = t.failed ? NULL : at_rp_clean(m->k->a, t.data);
  at_text_free(&t);
  return out;
}

void at_rx_plot_matrix(const at_report *r, size_t block, const rx_compared *v, rp_figures *f,
                       at_text *t) {
  static const char *const sense[] = {"", ", lower is better", ", higher is better"};
  const char *name =
      at_arena_printf(f->a, "pairs.%s.%s", r->explained->block[block].name, v->column->full);
  const char *title = at_arena_printf(f->a, "Differences by %s", v->column->c.metric);
  const char *caption =
      at_arena_printf(f->a, "%s%s", v->column->c.metric, sense[v->column->c.better + 1]);
  matrix m = {.r = r, .v = v};
  size_t widest = 0;
  if (!v->n || r->n_groups > MOST_GROUPS) return;
  m.k = name && title ? at_rp_plate_new(f, name, title) : NULL;
  if (!m.k || !caption || !(m.k->about = about(&m))) {
    t->failed = true;
    return;
  }
  for (size_t g = 0; g < r->n_groups; g++) {
    size_t w = at_rp_columns(r->group[g].label);
    widest = w > widest ? w : widest;
  }
  m.left = 34 + 6.6 * (double)(widest < MOST_LABEL ? widest : MOST_LABEL);
  m.k->w = m.left + CELL_W * (double)r->n_groups + RIGHT;
  m.k->fixed = true;
  m.k->h = TOP + CELL_H * (double)r->n_groups + BOTTOM;
  labels(&m);
  for (size_t i = 0; i < v->n; i++) {
    const rx_pair *p = &v->v[i];
    cell(&m, p->b, p->a, p, RX_ALL);
    cell(&m, p->a, p->b, p, RX_BOTH_RIGHT);
  }
  at_rp_figure(m.k, caption, t);
}
