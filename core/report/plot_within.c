/* A result within the classes of a condition: groups down, classes across, the mean as colour. */
#include "core/report/explained.h"

enum { MOST_LABEL = 26, MOST_CLASS = 18, NUMBERS = 14 };
static const double ROW = 26, TOP = 22, RIGHT = 112, WIDE = 54, NARROW = 20, KEY = 34;

/* Rises in lightness all the way, and is told apart by those who see no red or no green. */
static uint32_t ramp(double v) {
  static const uint32_t stop[] = {0x00204d, 0x00336f, 0x39486b, 0x575c6d, 0x707173,
                                  0x8a8779, 0xa69d75, 0xc4b56c, 0xe4cf5b, 0xffea46};
  enum { LAST = sizeof stop / sizeof *stop - 1 };
  double at = fmin(1, fmax(0, v)) * LAST;
  int i = (int)at < LAST ? (int)at : LAST - 1;
  uint32_t out = 0;
  for (int shift = 16; shift >= 0; shift -= 8) {
    double a = stop[i] >> shift & 255, b = stop[i + 1] >> shift & 255;
    out |= (uint32_t)lround(a + (at - i) * (b - a)) << shift;
  }
  return out;
}

typedef struct heat {
  const at_report *r;
  const rx_condition *c;
  const rx_within *v;
  rp_plate *k;
  double left, cell, top, lo, hi;
  bool flat; /* class labels fit */
} heat;

static size_t classes(const heat *h) { return h->c->split.classes; }

static void find_range(heat *h) {
  h->lo = INFINITY, h->hi = -INFINITY;
  for (size_t i = 0; i < h->r->n_groups * classes(h); i++)
    if (h->v->stat[i].n) {
      h->lo = fmin(h->lo, h->v->stat[i].mean);
      h->hi = fmax(h->hi, h->v->stat[i].mean);
    }
}

static size_t widest_class(const heat *h) {
  size_t most = 0;
  for (size_t k = 0; k < classes(h); k++) {
    size_t w = at_rp_columns(h->c->split.label[k]);
    most = w > most ? w : most;
  }
  return most < MOST_CLASS ? most : MOST_CLASS;
}

static void lay_out(heat *h) {
  size_t widest = 0;
  for (size_t g = 0; g < h->r->n_groups; g++) {
    size_t w = at_rp_columns(h->r->group[g].label);
    widest = w > widest ? w : widest;
  }
  double label = 6.4 * (double)widest_class(h);
  h->left = 20 + 6.8 * (double)(widest < MOST_LABEL ? widest : MOST_LABEL);
  h->cell = classes(h) <= NUMBERS ? WIDE : NARROW;
  h->flat = label < h->cell + 8;
  h->top = h->flat ? TOP : 14 + label;
  h->k->w = h->left + h->cell * (double)classes(h) + RIGHT;
  h->k->fixed = true;
  h->k->h = h->top + ROW * (double)h->r->n_groups + KEY;
}

static void put_cell(const heat *h, size_t g, size_t k) {
  const rp_stat *s = &h->v->stat[g * classes(h) + k];
  double x = h->left + h->cell * (double)k, y = h->top + ROW * (double)g;
  double part = h->hi > h->lo ? (s->mean - h->lo) / (h->hi - h->lo) : 0.5;
  if (!s->n) {
    at_rp_put_rect(h->k, "blank", x + 0.5, y + 0.5, h->cell - 2, ROW - 2, -1);
    return;
  }
  at_rp_put_rect(h->k, "cell", x, y, h->cell - 1, ROW - 1, (int32_t)ramp(part));
  if (h->cell == WIDE)
    at_rp_put_text(h->k, x + h->cell / 2, y + ROW / 2 + 4,
                   part > 0.55 ? "tick mid onlight" : "tick mid ondark",
                   at_rx_number(h->k->a, s->mean, h->v->column->c.decimals));
}

static void put_classes(const heat *h) {
  for (size_t k = 0; k < classes(h); k++) {
    const char *name = at_rp_shorten(h->k->a, h->c->split.label[k], MOST_CLASS);
    double x = h->left + h->cell * ((double)k + 0.5);
    if (h->flat)
      at_rp_put_text(h->k, x, h->top - 7, "tick mid", name);
    else
      at_rp_put_turned(h->k, x + 3, h->top - 6, -60, "tick", name);
  }
  double x = h->left + h->cell * (double)classes(h);
  at_rp_put_text(h->k, x + 42, h->top - 7, "tick end", "ω²");
  at_rp_put_text(h->k, x + 106, h->top - 7, "tick end", "p");
}

static void put_row(const heat *h, size_t g) {
  double y = h->top + ROW * ((double)g + 0.5) + 4, x = h->left + h->cell * (double)classes(h);
  const bool strong = h->v->p[g] < 0.05;
  const char *look = strong ? "plain end strong" : "tick end";
  char buf[RP_NUMBER];
  at_rp_put_text(h->k, h->left - 8, y, "label end",
                 at_rp_shorten(h->k->a, h->r->group[g].label, MOST_LABEL));
  for (size_t k = 0; k < classes(h); k++) put_cell(h, g, k);
  if (isnan(h->v->omega[g])) return;
  at_rp_put_text(h->k, x + 42, y, look, at_rx_number(h->k->a, h->v->omega[g], 2));
  at_rp_put_text(h->k, x + 106, y, look,
                 h->v->p[g] < 0.001 ? "< 0.001" : at_rp_number(buf, h->v->p[g], 3));
}

/* What the colours stand for. */
static void put_key(const heat *h) {
  enum { STEPS = 32 };
  const double wide = 96, y = h->k->h - 16;
  const int decimals = h->v->column->c.decimals;
  if (!(h->hi >= h->lo)) return;
  for (int i = 0; i < STEPS; i++)
    at_rp_put_rect(h->k, "cell", h->left + wide * i / STEPS, y, wide / STEPS + 0.4, 8,
                   (int32_t)ramp((i + 0.5) / STEPS));
  at_rp_put_text(h->k, h->left - 8, y + 8, "tick end", at_rx_number(h->k->a, h->lo, decimals));
  at_rp_put_text(h->k, h->left + wide + 8, y + 8, "tick", at_rx_number(h->k->a, h->hi, decimals));
}

static const char *about(const heat *h) {
  at_text t = {0};
  char buf[RP_NUMBER];
  at_text_add(&t, "Part of the variance that the condition explains:");
  for (size_t g = 0; g < h->r->n_groups; g++)
    if (!isnan(h->v->omega[g]))
      at_text_addf(&t, " %s %s;", h->r->group[g].label, at_rp_number(buf, h->v->omega[g], 3));
  const char *out = t.failed ? NULL : at_rp_clean(h->k->a, t.data);
  at_text_free(&t);
  return out;
}

void at_rx_plot_within(const at_report *r, size_t block, const rx_condition *c, const rx_within *v,
                       rp_figures *f, at_text *t) {
  heat h = {.r = r, .c = c, .v = v};
  const char *name = at_arena_printf(f->a, "by.%s.%s.%s", r->explained->block[block].name,
                                     c->split.name, v->column->full);
  const char *title = at_arena_printf(f->a, "%s by %s", v->column->c.metric, c->split.name);
  if (!c->split.classes) return;
  h.k = name && title ? at_rp_plate_new(f, name, title) : NULL;
  if (!h.k || !(h.k->about = about(&h))) {
    t->failed = true;
    return;
  }
  find_range(&h);
  lay_out(&h);
  put_classes(&h);
  for (size_t g = 0; g < r->n_groups; g++) put_row(&h, g);
  put_key(&h);
  at_rp_figure(h.k, title, t);
}
