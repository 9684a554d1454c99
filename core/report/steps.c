/* The steps of one answer side by side: words shaded, and cells of the picture lit, by how much
 * each block attends to them. One colour stands for weight; pictures are drawn as vectors over
 * one copy of the picture, so that they stay sharp at any size. */
#include <stdlib.h>
#include <string.h>
#include "core/data/image.h"
#include "core/report/report_impl.h"

enum { SMALL = 128, LARGE = 360, MOST_CELLS = 4096, MOST_KEYS = 200 };

static const double SIDE = 120; /* of the longer side of a picture, in units of the drawing */
/* Above it black is the more readable ink, on light pages and dark ones alike. */
static const double DEEP = 0.57;
static const double SHADOW = 0.5, GLOW = 0.3, FAINT = 0.04;
static const int AMBER[3] = {255, 176, 0};

/* ---- weights ---- */

void at_rp_shades_free(rp_shades *s) {
  free(s->weight);
  free(s->shade);
  *s = (rp_shades){0};
}

at_status at_rp_shades(const at_attention *a, rp_shades *out, at_error *err) {
  size_t n = a->keys > 0 && a->queries > 0 ? (size_t)a->keys : 0;
  *out = (rp_shades){calloc(n + 1, sizeof(float)), calloc(n + 1, sizeof(float)), n, 0, 0};
  if (!out->weight || !out->shade) {
    at_rp_shades_free(out);
    return at_nomem(err);
  }
  for (size_t i = 0; i < n; i++) {
    double sum = 0;
    for (int64_t q = 0; q < a->queries; q++) {
      double v = (double)a->weight[q * a->keys + (int64_t)i];
      if (isfinite(v) && v > 0) sum += v / (double)a->queries;
    }
    out->weight[i] = (float)sum;
    if (sum > 0) out->entropy -= sum * log(sum);
    if (out->weight[i] > out->weight[out->most]) out->most = i;
  }
  if (out->entropy < 0) out->entropy = 0;
  double top = n ? fmax((double)out->weight[out->most], fmin(1, 2 / (double)n)) : 1;
  for (size_t i = 0; i < n; i++) out->shade[i] = (float)fmin(1, (double)out->weight[i] / top);
  return AT_OK;
}

/* ---- the picture ---- */

static bool drawable(const at_look *l) {
  return l->rgb && l->width > 0 && l->height > 0 && l->width <= AT_IMAGE_MAX_SIDE &&
         l->height <= AT_IMAGE_MAX_SIDE;
}

/* Width and height of the drawing: of the picture, else of the grid. */
static void sides(const at_look *l, const at_attention *a, double *w, double *h) {
  double x = 1, y = 1;
  if (drawable(l))
    x = (double)l->width, y = (double)l->height;
  else if (a && a->over == AT_OVER_CELLS)
    x = (double)a->grid_w, y = (double)a->grid_h;
  *w = x >= y ? SIDE : fmax(1, SIDE * x / y);
  *h = y >= x ? SIDE : fmax(1, SIDE * y / x);
}

static bool is_small(const at_look *l) { return l->width <= SMALL && l->height <= SMALL; }

/* Pixel for pixel where it is small; else made smaller. */
static at_status picture_uri(const at_look *l, at_text *t, at_error *err) {
  at_text bytes = {0};
  rp_picture p;
  if (!is_small(l)) {
    int64_t side = l->width > l->height ? l->width : l->height;
    at_status s = at_rp_picture(l, 0, side < LARGE ? (int)side : LARGE, &p, err);
    if (s == AT_OK) s = at_rp_picture_uri(&p, t, err);
    at_rp_picture_free(&p);
    return s;
  }
  at_image m = {(int)l->width, (int)l->height, l->rgb};
  at_status s = at_image_png_mem(&m, &bytes, err);
  if (s == AT_OK && bytes.failed) s = at_nomem(err);
  if (s == AT_OK) {
    at_text_add(t, "data:image/png;base64,");
    at_rp_base64(t, bytes.data, bytes.len);
  }
  at_text_free(&bytes);
  return s;
}

static const char *units(char buf[RP_NUMBER], double v) { return at_rp_number(buf, v, 2); }

static void open_svg(at_text *t, double w, double h) {
  char a[RP_NUMBER], b[RP_NUMBER];
  at_text_addf(t, "<svg viewBox=\"0 0 %s %s\" role=\"img\" aria-label=\"", units(a, w),
               units(b, h));
}

at_status at_rp_ask_picture(const at_look *l, const char *id, at_text *t, at_error *err) {
  char a[RP_NUMBER], b[RP_NUMBER];
  double w, h;
  if (!drawable(l)) return AT_OK;
  sides(l, NULL, &w, &h);
  at_text_addf(t,
               "<svg class=\"defs\" aria-hidden=\"true\"><defs><image id=\"%s\" width=\"%s\" "
               "height=\"%s\" preserveAspectRatio=\"none\"%s href=\"",
               id, units(a, w), units(b, h),
               is_small(l) ? " style=\"image-rendering:pixelated\"" : "");
  at_status s = picture_uri(l, t, err);
  at_text_add(t, "\"/></defs></svg>\n");
  return s;
}

/* ---- where the most is ---- */

static void key_name(const at_look *l, const at_attention *a, size_t i, at_text *t) {
  if (a->over == AT_OVER_WORDS && i < l->n_words)
    at_rp_escape(t, l->words[i]);
  else if (a->over == AT_OVER_CELLS)
    at_text_addf(t, "(%zu, %zu)", i / (size_t)a->grid_w + 1, i % (size_t)a->grid_w + 1);
  else
    at_text_addf(t, "%s %zu", a->over == AT_OVER_BOXES ? "box" : "no.", i + 1);
}

static void key_weight(const at_look *l, const at_attention *a, const rp_shades *s, size_t i,
                       at_text *t) {
  char buf[RP_NUMBER];
  key_name(l, a, i, t);
  at_text_addf(t, ": %s", at_rp_number(buf, (double)s->weight[i], 3));
}

static void summary(const at_look *l, const at_attention *a, const rp_shades *s, at_text *t) {
  char buf[RP_NUMBER];
  at_text_add(t, "<p class=\"most\"><span class=\"key\"><b>");
  at_rp_escape(t, a->block ? a->block : "");
  at_text_add(t, "</b> ");
  key_name(l, a, s->most, t);
  at_text_addf(t, "</span> <span>%s</span>", at_rp_number(buf, (double)s->weight[s->most], 2));
  at_text_addf(t, " <span class=\"end\">H&#160;%s</span></p>\n", at_rp_number(buf, s->entropy, 2));
  if (a->queries < 2) return;
  at_text_addf(t, "<p class=\"most\">mean over %lld ", (long long)a->queries);
  at_rp_escape(t, a->query_axis ? a->query_axis : "");
  at_text_add(t, "</p>\n");
}

/* ---- words ---- */

static void draw_words(const at_look *l, const at_attention *a, const rp_shades *s, at_text *t) {
  char buf[RP_NUMBER];
  size_t n = s->n < MOST_KEYS ? s->n : MOST_KEYS;
  at_text_add(t, "<p class=\"said\">");
  for (size_t i = 0; i < n; i++) {
    double v = (double)s->shade[i];
    at_text_addf(t, "<span%s style=\"background:rgba(%d,%d,%d,%s)\" title=\"",
                 v >= DEEP ? " class=\"deep\"" : "", AMBER[0], AMBER[1], AMBER[2],
                 at_rp_number(buf, v, 2));
    key_weight(l, a, s, i, t);
    at_text_add(t, "\">");
    if (a->over == AT_OVER_WORDS && i < l->n_words)
      at_rp_escape(t, l->words[i]);
    else
      at_text_addf(t, "%zu", i + 1);
    at_text_add(t, "</span> ");
  }
  if (n < s->n) at_text_addf(t, "and %zu more", s->n - n);
  at_text_add(t, "</p>\n");
}

/* ---- cells and boxes ---- */

typedef struct area {
  double x, y, w, h;
} area;

static area area_of(const at_look *l, const at_attention *a, size_t i, double w, double h) {
  if (a->over == AT_OVER_BOXES) {
    const float *b = l->boxes + 4 * i;
    double zx = l->width > 0 ? w / (double)l->width : 1;
    double zy = l->height > 0 ? h / (double)l->height : 1;
    return (area){(double)b[0] * zx, (double)b[1] * zy, (double)b[2] * zx, (double)b[3] * zy};
  }
  double cw = w / (double)a->grid_w, ch = h / (double)a->grid_h;
  return (area){cw * (double)(i % (size_t)a->grid_w), ch * (double)(i / (size_t)a->grid_w), cw, ch};
}

/* Shadow over what is not attended to, and amber that grows with the weight: together one colour
 * of one opacity. A frame inside says the same where the picture is bright. */
static void draw_area(const at_look *l, const at_attention *a, const rp_shades *s, size_t i, area r,
                      at_text *t) {
  char x[RP_NUMBER], y[RP_NUMBER], w[RP_NUMBER], h[RP_NUMBER], o[RP_NUMBER], e[RP_NUMBER];
  double v = (double)s->shade[i], shadow = a->over == AT_OVER_BOXES ? 0 : SHADOW * (1 - v);
  double amber = GLOW * v, all = amber + shadow * (1 - amber), share = all > 0 ? amber / all : 0;
  double edge = v * fmin(2.8, fmin(r.w, r.h) / 5);
  if (!(r.w > 0) || !(r.h > 0) || !isfinite(r.x + r.y + r.w + r.h)) return;
  at_text_addf(t,
               "<rect x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" fill=\"#%02x%02x%02x\" "
               "fill-opacity=\"%s\"><title>",
               units(x, r.x), units(y, r.y), units(w, r.w), units(h, r.h),
               (int)lrint(share * AMBER[0]), (int)lrint(share * AMBER[1]),
               (int)lrint(share * AMBER[2]), units(o, all));
  key_weight(l, a, s, i, t);
  at_text_add(t, "</title></rect>\n");
  if (v < FAINT) return;
  at_text_addf(t,
               "<rect class=\"lit\" x=\"%s\" y=\"%s\" width=\"%s\" height=\"%s\" "
               "stroke-width=\"%s\" stroke-opacity=\"%s\"/>\n",
               units(x, r.x + edge / 2), units(y, r.y + edge / 2), units(w, r.w - edge),
               units(h, r.h - edge), units(e, edge), units(o, v));
}

static void draw_grid(const at_attention *a, double w, double h, at_text *t) {
  char x[RP_NUMBER], y[RP_NUMBER];
  at_text_add(t, "<path class=\"cells\" d=\"");
  for (int64_t i = 1; i < a->grid_w; i++)
    at_text_addf(t, "M%s 0v%s", units(x, w * (double)i / (double)a->grid_w), units(y, h));
  for (int64_t i = 1; i < a->grid_h; i++)
    at_text_addf(t, "M0 %sh%s", units(x, h * (double)i / (double)a->grid_h), units(y, w));
  at_text_add(t, "\"/>\n");
}

static void draw_areas(const at_look *l, const at_attention *a, const rp_shades *s,
                       const char *label, const char *id, at_text *t) {
  double w, h;
  sides(l, a, &w, &h);
  open_svg(t, w, h);
  at_rp_escape(t, a->attend ? a->attend : "");
  at_text_add(t, " under ");
  at_rp_escape(t, label);
  at_text_add(t, ", most at ");
  key_weight(l, a, s, s->most, t);
  at_text_add(t, "\">");
  if (id)
    at_text_addf(t, "<use href=\"#%s\"/>\n", id);
  else
    at_text_add(t, "<rect width=\"100%\" height=\"100%\" fill=\"#808080\"/>\n");
  if (a->over == AT_OVER_CELLS) draw_grid(a, w, h, t);
  for (size_t i = 0; i < s->n; i++) draw_area(l, a, s, i, area_of(l, a, i, w, h), t);
  at_text_add(t, "</svg>\n");
}

/* ---- steps ---- */

static at_status draw_block(const at_look *l, const at_attention *a, const char *label,
                            const char *id, at_text *t, at_error *err) {
  rp_shades s;
  if (!a->weight || a->keys < 1 || a->queries < 1) return AT_OK;
  at_status st = at_rp_shades(a, &s, err);
  if (st != AT_OK) return st;
  bool boxes = a->over == AT_OVER_BOXES && l->boxes && a->keys == l->n_boxes && drawable(l);
  bool cells = a->over == AT_OVER_CELLS && a->grid_w > 0 && a->grid_h > 0;
  if ((boxes || cells) && a->keys <= MOST_CELLS)
    draw_areas(l, a, &s, label, id, t);
  else
    draw_words(l, a, &s, t);
  summary(l, a, &s, t);
  at_rp_shades_free(&s);
  return AT_OK;
}

/* What was asked, laid out as the steps are, so that words and pictures stand in line. */
static void draw_asked(const at_look *l, const char *id, at_text *t) {
  double w, h;
  size_t n = l->n_words < MOST_KEYS ? l->n_words : MOST_KEYS;
  at_text_add(t, "<div class=\"step\"><h4>question</h4>\n<p class=\"said\">");
  for (size_t i = 0; i < n; i++) {
    at_text_add(t, "<span>");
    at_rp_escape(t, l->words[i]);
    at_text_add(t, "</span> ");
  }
  at_text_add(t, "</p>\n<p class=\"most\">&#160;</p>\n");
  if (id) {
    sides(l, NULL, &w, &h);
    open_svg(t, w, h);
    at_text_add(t, "the picture ");
    at_rp_escape(t, l->name ? l->name : "as the model sees it");
    at_text_addf(t, "\"><use href=\"#%s\"/></svg>\n", id);
  } else {
    at_text_add(t, "<p class=\"h\">The data has no picture to show.</p>\n");
  }
  at_text_add(t, "</div>\n");
}

static const char *step_of(const at_attention *a) { return a->step ? a->step : ""; }

/* Blocks of one turn stand in one card; outside of a repeat each has its own. */
at_status at_rp_steps(const at_look *l, const char *label, const char *id, at_text *t,
                      at_error *err) {
  at_status s = AT_OK;
  at_text_add(t, "<div class=\"steps\">\n");
  draw_asked(l, id, t);
  for (size_t i = 0; s == AT_OK && i < l->n_attention;) {
    const char *step = step_of(&l->attention[i]);
    at_text_add(t, "<div class=\"step\"><h4>");
    if (*step)
      at_text_addf(t, "step %s", step);
    else
      at_rp_escape(t, l->attention[i].block ? l->attention[i].block : "attention");
    at_text_add(t, "</h4>\n");
    do {
      s = draw_block(l, &l->attention[i], label, id, t, err);
      i++;
    } while (s == AT_OK && *step && i < l->n_attention && !strcmp(step_of(&l->attention[i]), step));
    at_text_add(t, "</div>\n");
  }
  if (!l->n_attention) at_text_add(t, "<p class=\"h\">the model has no attend block</p>\n");
  at_text_add(t, "</div>\n");
  return s;
}
