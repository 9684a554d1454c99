/* A drawing as PDF, by cairo. */
#include <cairo-pdf.h>
#include <stdlib.h>
#include "core/base/file.h"
#include "core/report/plate.h"
#include "core/report/report_impl.h"

static const double POINT = 0.75; /* of a unit */
static const double RIGHT_ANGLE = 1.57079632679489661923;

static cairo_status_t keep(void *to, const unsigned char *bytes, unsigned n) {
  at_text_addn(to, (const char *)bytes, n);
  return ((at_text *)to)->failed ? CAIRO_STATUS_NO_MEMORY : CAIRO_STATUS_SUCCESS;
}

static void set_color(cairo_t *k, int32_t rgb, double opacity, size_t ink) {
  uint32_t c = rgb == RP_OWN_INK ? at_rp_ink(ink) : (uint32_t)rgb;
  cairo_set_source_rgba(k, (c >> 16 & 255) / 255.0, (c >> 8 & 255) / 255.0, (c & 255) / 255.0,
                        opacity);
}

static void put_text(cairo_t *k, const rp_thing *o, size_t ink) {
  rp_look l = at_rp_look(o->look, o->shape);
  cairo_text_extents_t size;
  cairo_select_font_face(k, "sans-serif", CAIRO_FONT_SLANT_NORMAL,
                         l.bold ? CAIRO_FONT_WEIGHT_BOLD : CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size(k, l.size);
  cairo_text_extents(k, o->text, &size);
  double back = l.anchor == 'm' ? 0.5 : l.anchor == 'e' ? 1 : 0;
  cairo_save(k);
  cairo_translate(k, o->v[0], o->v[1]);
  cairo_rotate(k, o->turn / 90 * RIGHT_ANGLE);
  cairo_move_to(k, -back * size.x_advance, 0);
  set_color(k, l.fill, l.opacity, ink);
  cairo_show_text(k, o->text);
  cairo_restore(k);
}

static void trace(cairo_t *k, const rp_thing *o) {
  cairo_new_path(k);
  switch (o->shape) {
    case RP_LINE:
      cairo_move_to(k, o->v[0], o->v[1]);
      cairo_line_to(k, o->v[2], o->v[3]);
      break;
    case RP_CIRCLE: cairo_arc(k, o->v[0], o->v[1], o->v[2], 0, 4 * RIGHT_ANGLE); break;
    case RP_RECT: cairo_rectangle(k, o->v[0], o->v[1], o->v[2], o->v[3]); break;
    default:
      for (size_t i = 0; i < o->n; i++) cairo_line_to(k, o->xy[2 * i], o->xy[2 * i + 1]);
      if (o->closed) cairo_close_path(k);
  }
}

static void put_shape(cairo_t *k, const rp_thing *o, size_t ink) {
  static const double dash[][4] = {{0}, {7, 3, 7, 3}, {2, 3, 2, 3}, {9, 3, 2, 3}};
  rp_look l = at_rp_look(o->look, o->shape);
  int32_t fill = o->shape == RP_RECT && o->rgb >= 0 ? o->rgb : l.fill;
  size_t kind = l.stroke == RP_OWN_INK && !l.round && o->shape != RP_CIRCLE ? ink / RP_INKS % 4 : 0;
  trace(k, o);
  if (fill != RP_NO_INK && o->shape != RP_LINE) {
    set_color(k, fill, l.opacity, ink);
    cairo_fill_preserve(k);
  }
  if (l.stroke == RP_NO_INK) return;
  set_color(k, l.stroke, l.opacity, ink);
  cairo_set_line_width(k, l.width);
  cairo_set_line_cap(k, l.round ? CAIRO_LINE_CAP_ROUND : CAIRO_LINE_CAP_BUTT);
  cairo_set_dash(k, dash[kind], kind ? 4 : 0, 0);
  cairo_stroke(k);
}

at_status at_rp_plate_pdf(const rp_plate *c, at_text *t, at_error *err) {
  cairo_surface_t *page =
      cairo_pdf_surface_create_for_stream(keep, t, c->w * POINT, (c->h + c->more) * POINT);
  size_t ink = 0;
  cairo_pdf_surface_set_metadata(page, CAIRO_PDF_METADATA_TITLE, c->title);
  cairo_pdf_surface_set_metadata(page, CAIRO_PDF_METADATA_CREATE_DATE, "1980-01-01T00:00:00Z");
  cairo_t *k = cairo_create(page);
  cairo_scale(k, POINT, POINT);
  for (size_t i = 0; i < c->n; i++) {
    const rp_thing *o = &c->thing[i];
    if (o->shape == RP_OPEN || o->shape == RP_CLOSE)
      ink = o->shape == RP_OPEN ? o->ink : 0;
    else if (o->shape == RP_TEXT_AT)
      put_text(k, o, ink);
    else
      put_shape(k, o, ink);
  }
  cairo_destroy(k);
  cairo_surface_finish(page);
  cairo_status_t s = cairo_surface_status(page);
  cairo_surface_destroy(page);
  if (s == CAIRO_STATUS_SUCCESS && !t->failed && !c->failed) return AT_OK;
  if (s == CAIRO_STATUS_SUCCESS || s == CAIRO_STATUS_NO_MEMORY) return at_nomem(err);
  return at_fail(err, AT_EFAIL, "the figure `%s` could not be drawn: %s", c->name,
                 cairo_status_to_string(s));
}

/* ---- files ---- */

static at_status put(const char *dir, const char *name, const char *ending, const at_text *t,
                     at_error *err) {
  at_text path = {0};
  at_text_addf(&path, "%s/%s.%s", dir, name, ending);
  at_status st =
      path.failed || t->failed ? at_nomem(err) : at_file_write(path.data, t->data, t->len, err);
  at_text_free(&path);
  return st;
}

at_status at_rp_figures_write(const rp_figures *f, const char *dir, at_error *err) {
  at_status st = f->n ? at_mkdirs(dir, err) : AT_OK;
  for (size_t i = 0; st == AT_OK && i < f->n; i++) {
    at_text svg = {0}, pdf = {0};
    at_rp_plate_svg(f->v[i], true, &svg);
    st = at_rp_plate_pdf(f->v[i], &pdf, err);
    if (st == AT_OK) st = put(dir, f->v[i]->name, "svg", &svg, err);
    if (st == AT_OK) st = put(dir, f->v[i]->name, "pdf", &pdf, err);
    at_text_free(&svg);
    at_text_free(&pdf);
  }
  return st;
}
