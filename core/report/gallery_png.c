/* Attention as cairo draws it, for files that go into papers. */
#include "core/report/gallery_png.h"
#include <pango/pangocairo.h>
#include <stdlib.h>
#include <string.h>

const double at_rp_zoom = 2.5;
static const double SHADOW = 0.5, GLOW = 0.42, LINE = 1.55; /* LINE: height of a line of words */
static const double AMBER[3] = {1, 176 / 255.0, 0}, BLUE[3] = {86 / 255.0, 200 / 255.0, 1};

/* ---- the picture ---- */

void at_rp_png_size(const rp_sheet *s, const rp_map *m, double side, double *w, double *h) {
  bool grid = !s->of && m && m->over == AT_OVER_CELLS;
  at_rp_drawing(s->of  ? s->of->width
                : grid ? m->grid_w
                       : 0,
                s->of  ? s->of->height
                : grid ? m->grid_h
                       : 0,
                w, h);
  *w *= side / RP_SIDE;
  *h *= side / RP_SIDE;
}

static void put_photo(const rp_sheet *s, double x, double y, double w, double h) {
  cairo_save(s->c);
  cairo_rectangle(s->c, x, y, w, h);
  if (s->photo) {
    cairo_clip(s->c);
    cairo_translate(s->c, x, y);
    cairo_scale(s->c, w / (double)s->of->width, h / (double)s->of->height);
    cairo_set_source_surface(s->c, s->photo, 0, 0);
    cairo_pattern_set_filter(cairo_get_source(s->c),
                             s->of->small ? CAIRO_FILTER_NEAREST : CAIRO_FILTER_GOOD);
    cairo_pattern_set_extend(cairo_get_source(s->c), CAIRO_EXTEND_PAD);
    cairo_paint(s->c);
  } else {
    cairo_set_source_rgb(s->c, 0.5, 0.5, 0.5);
    cairo_fill(s->c);
  }
  cairo_restore(s->c);
}

static void frame(cairo_t *c, double x, double y, double w, double h, double line,
                  const double rgb[3], double alpha) {
  cairo_rectangle(c, x, y, w, h);
  cairo_set_line_width(c, line);
  cairo_set_source_rgba(c, rgb[0], rgb[1], rgb[2], alpha);
  cairo_stroke(c);
}

/* Shadow over what is not attended to, and amber that grows with the weight. */
static void put_cells(cairo_t *c, const rp_map *m, double x, double y, double w, double h) {
  double cw = w / (double)m->grid_w, ch = h / (double)m->grid_h, in = fmin(cw, ch) / 12;
  cairo_save(c);
  cairo_set_antialias(c, CAIRO_ANTIALIAS_NONE);
  for (size_t i = 0; i < m->keys; i++) {
    double v = (double)m->shade[i], shadow = SHADOW * (1 - v), amber = GLOW * v;
    double all = amber + shadow * (1 - amber), share = all > 0 ? amber / all : 0;
    cairo_rectangle(c, x + cw * (double)(i % (size_t)m->grid_w),
                    y + ch * (double)(i / (size_t)m->grid_w), cw, ch);
    cairo_set_source_rgba(c, share * AMBER[0], share * AMBER[1], 0, all);
    cairo_fill(c);
  }
  cairo_restore(c);
  frame(c, x + cw * (double)(m->most % (size_t)m->grid_w) + in,
        y + ch * (double)(m->most / (size_t)m->grid_w) + in, cw - 2 * in, ch - 2 * in, 2, AMBER, 1);
}

static void put_boxes(const rp_sheet *s, const rp_map *m, double x, double y, double w, double h) {
  double zx = w / (double)s->l->width, zy = h / (double)s->l->height;
  size_t order[RP_TOP_BOXES], n = at_rp_top_keys(m, order);
  for (size_t k = n; k-- > 0;) {
    const float *b = s->l->boxes + 4 * order[k];
    double v = (double)m->shade[order[k]];
    if (!isfinite(b[0] + b[1] + b[2] + b[3])) continue;
    double bx = x + (double)b[0] * zx, by = y + (double)b[1] * zy, bw = (double)b[2] * zx,
           bh = (double)b[3] * zy;
    cairo_rectangle(s->c, bx, by, bw, bh);
    cairo_set_source_rgba(s->c, AMBER[0], AMBER[1], AMBER[2], 0.3 * v);
    cairo_fill(s->c);
    frame(s->c, bx, by, bw, bh, 0.8 + 2 * v, AMBER, v);
  }
}

/* The border of an item grows with its weight, over a dark edge. */
static void put_items(const rp_sheet *s, const rp_map *m, double x, double y, double w, double h) {
  static const double black[3] = {0, 0, 0};
  const at_items *items;
  const at_key_part *part;
  const double thick = fmax(w, h) / RP_LONG;
  for (int level = 1; level <= RP_LEVELS; level++)
    for (int i = 0; at_rp_placed(s->l, m, i, &items, &part); i++)
      for (int64_t k = 0; k < items->n; k++) {
        const float *b = items->box + 4 * k;
        const double v = (double)m->shade[part->first + k];
        if (at_rp_level((float)v) != level) continue;
        for (int edge = 1; edge >= 0; edge--)
          frame(s->c, x + (double)b[0] * w, y + (double)b[1] * h, (double)(b[2] - b[0]) * w,
                (double)(b[3] - b[1]) * h, (0.8 + 3 * v) * thick + edge, edge ? black : AMBER,
                (edge ? 0.5 : 1) * v);
      }
}

static void put_truth(const rp_sheet *s, double x, double y, double w, double h) {
  static const double black[3] = {0, 0, 0};
  const at_evidence *e = s->truth;
  if (e->width < 1 || e->height < 1) return;
  double zx = w / (double)e->width, zy = h / (double)e->height;
  for (int64_t i = 0; i < e->n_boxes; i++) {
    const float *b = e->box + 4 * i;
    if (!isfinite(b[0] + b[1] + b[2] + b[3])) continue;
    for (int k = 0; k < 2; k++)
      frame(s->c, x + (double)b[0] * zx, y + (double)b[1] * zy, (double)b[2] * zx,
            (double)b[3] * zy, k ? 1.5 : 3, k ? BLUE : black, k ? 1 : 0.75);
  }
}

void at_rp_png_picture(const rp_sheet *s, const rp_map *m, double x, double y, double side) {
  double w, h;
  at_rp_png_size(s, m, side, &w, &h);
  put_photo(s, x, y, w, h);
  cairo_save(s->c);
  cairo_rectangle(s->c, x, y, w, h);
  cairo_clip(s->c);
  const bool parts = m && m->over == AT_OVER_PARTS; /* weight is told by borders: on top */
  if (parts) put_truth(s, x, y, w, h);
  if (m && m->over == AT_OVER_CELLS) put_cells(s->c, m, x, y, w, h);
  if (m && m->over == AT_OVER_BOXES) put_boxes(s, m, x, y, w, h);
  if (parts) put_items(s, m, x, y, w, h);
  if (!parts) put_truth(s, x, y, w, h);
  cairo_restore(s->c);
  frame(s->c, x, y, w, h, 0.5, (const double[]){0.6, 0.6, 0.6}, 1);
}

/* ---- text ---- */

/* A line of text, set as its script wants it: right to left, joined, with the fonts that have it.
 */
static PangoLayout *lay_out(cairo_t *c, const char *text, double size) {
  PangoLayout *l = pango_cairo_create_layout(c);
  PangoFontDescription *font = pango_font_description_from_string("sans-serif");
  pango_font_description_set_absolute_size(font, size * PANGO_SCALE);
  pango_layout_set_font_description(l, font);
  pango_layout_set_single_paragraph_mode(l, TRUE);
  pango_layout_set_text(l, text, -1);
  pango_font_description_free(font);
  return l;
}

static double width_of(cairo_t *c, const char *text, double size) {
  PangoLayout *l = lay_out(c, text, size);
  int w;
  pango_layout_get_size(l, &w, NULL);
  g_object_unref(l);
  return (double)w / PANGO_SCALE;
}

/* Its baseline begins at (x, y). */
static void show_text(cairo_t *c, const char *text, double size, double x, double y) {
  PangoLayout *l = lay_out(c, text, size);
  cairo_move_to(c, x, y - (double)pango_layout_get_baseline(l) / PANGO_SCALE);
  pango_cairo_show_layout(c, l);
  g_object_unref(l);
}

static void put_word(const rp_sheet *s, const rp_map *m, size_t i, const char *text, double x,
                     double y, double w) {
  const double pad = 2.5, line = RP_TEXT * LINE;
  if (m) {
    cairo_rectangle(s->c, x, y + line * 0.06, w + 2 * pad, line * 0.86);
    cairo_set_source_rgba(s->c, AMBER[0], AMBER[1], AMBER[2], (double)m->shade[i]);
    cairo_fill(s->c);
  }
  cairo_set_source_rgb(s->c, 0, 0, 0);
  show_text(s->c, text, RP_TEXT, x + pad, y + line * 0.68);
  if ((m && m->over == AT_OVER_PARTS) || !at_rp_word_decides(s->truth, i)) return;
  cairo_set_source_rgb(s->c, 0.13, 0.59, 0.85);
  cairo_set_line_width(s->c, 1.6);
  cairo_move_to(s->c, x + pad, y + line * 0.88);
  cairo_rel_line_to(s->c, w, 0);
  cairo_stroke(s->c);
}

/* What is written: the words, or all keys of a map over several parts; the caller frees it. */
static char *text_at(const rp_sheet *s, const rp_map *m, size_t i) {
  at_text t = {0};
  if (m && m->over == AT_OVER_PARTS)
    at_rp_key_name(s->l, m, i, &t);
  else
    at_text_add(&t, s->l->words[i]);
  return t.data;
}

double at_rp_png_words(const rp_sheet *s, const rp_map *m, double x, double y, double width,
                       bool draw) {
  const double pad = 2.5, space = 3, line = RP_TEXT * LINE;
  const size_t n = m && m->over == AT_OVER_PARTS ? m->keys : s->l->n_words;
  double at = 0, down = 0;
  at_arena *a = at_arena_new();
  for (size_t i = 0; a && i < n; i++) {
    char *own = text_at(s, m, i);
    const char *text = own ? at_rp_clean(a, own) : NULL;
    double w = text ? width_of(s->c, text, RP_TEXT) : 0;
    free(own);
    if (at > 0 && (at + w + 2 * pad > width || (m && at_rp_begins_part(m, i))))
      at = 0, down += line;
    if (draw && text) put_word(s, m, i, text, x + at, y + down, w);
    at += w + 2 * pad + space;
  }
  at_arena_free(a);
  return n ? down + line : 0;
}

void at_rp_png_label(const rp_sheet *s, const char *text, double x, double y, double width) {
  at_arena *a = at_arena_new();
  char *own = a ? at_rp_clean(a, text) : NULL;
  for (size_t n = own ? at_rp_columns(own) : 0;
       own && n > 1 && width_of(s->c, own, RP_SMALL) > width; n--)
    own = at_rp_shorten(a, own, n - 1);
  cairo_set_source_rgb(s->c, 0.3, 0.3, 0.3);
  if (own) show_text(s->c, own, RP_SMALL, x, y + RP_SMALL);
  at_arena_free(a);
}

/* ---- files ---- */

at_status at_rp_png_write(cairo_surface_t *drawing, const char *path, at_error *err) {
  at_image m;
  cairo_surface_flush(drawing);
  if (cairo_surface_status(drawing) != CAIRO_STATUS_SUCCESS) return at_nomem(err);
  at_status s = at_image_init(&m, cairo_image_surface_get_width(drawing),
                              cairo_image_surface_get_height(drawing), err);
  if (s != AT_OK) return s;
  const unsigned char *row = cairo_image_surface_get_data(drawing);
  const size_t stride = (size_t)cairo_image_surface_get_stride(drawing);
  for (int y = 0; y < m.h; y++, row += stride)
    for (int x = 0; x < m.w; x++) {
      uint32_t v;
      memcpy(&v, row + 4 * (size_t)x, sizeof v);
      uint8_t *out = m.rgb + 3 * ((size_t)y * (size_t)m.w + (size_t)x);
      out[0] = (uint8_t)(v >> 16), out[1] = (uint8_t)(v >> 8), out[2] = (uint8_t)v;
    }
  s = at_image_write_png(path, &m, err);
  at_image_free(&m);
  return s;
}
