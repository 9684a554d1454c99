/* Grids of SHAPES: drawn by chance, and as pictures. */
#include <cairo.h>
#include "core/data/shapes.h"

#define PI 3.14159265358979323846
/* The rarest answers of the published queries come about once in ten draws. */
enum { MOST_DRAWS = 100000 };

static void draw_cell(at_dice *d, at_shapes_cell *c) {
  *c = (at_shapes_cell){.shape = -1};
  if (at_dice_uniform(d, 0, 1) < 0.2) return;
  c->shape = at_dice_roll(d, AT_SHAPES_KINDS);
  c->color = at_dice_roll(d, AT_SHAPES_KINDS);
  c->radius = AT_SHAPES_CELL * (at_dice_roll(d, 2) ? 0.375 : 0.25) * at_dice_uniform(d, 0.9, 1.1);
  for (int k = 0; k < 3; k++) {
    double v = (k == c->color) + at_dice_uniform(d, -0.2, 0.2);
    c->rgb[k] = v < 0 ? 0 : v > 1 ? 1 : v;
  }
}

void at_shapes_draw(at_dice *d, at_shapes_grid *out) {
  for (int i = 0; i < AT_SHAPES_CELLS; i++) draw_cell(d, &out->cell[i]);
}

bool at_shapes_draw_for(at_dice *d, const at_shapes_query *q, bool answer, at_shapes_grid *out) {
  for (int i = 0; i < MOST_DRAWS; i++) {
    at_shapes_draw(d, out);
    if (at_shapes_candidates(q, out) && (at_shapes_found(q, out) != 0) == answer) return true;
  }
  return false;
}

static void trace(cairo_t *c, int shape, double x, double y, double r) {
  switch (shape) {
    case 0: cairo_arc(c, x, y, r, 0, 2 * PI); return;
    case 1: cairo_rectangle(c, x - r, y - r, 2 * r, 2 * r); return;
    default: break;
  }
  cairo_move_to(c, x - r, y + r);
  cairo_line_to(c, x, y - r);
  cairo_line_to(c, x + r, y + r);
  cairo_close_path(c);
}

static void copy_pixels(cairo_surface_t *surface, unsigned char *bgr) {
  const unsigned char *data = cairo_image_surface_get_data(surface);
  const size_t stride = (size_t)cairo_image_surface_get_stride(surface);
  for (size_t y = 0; y < AT_SHAPES_SIDE; y++)
    for (size_t x = 0; x < AT_SHAPES_SIDE; x++, bgr += 3) {
      uint32_t v = ((const uint32_t *)(const void *)(data + y * stride))[x];
      bgr[0] = (unsigned char)v;
      bgr[1] = (unsigned char)(v >> 8);
      bgr[2] = (unsigned char)(v >> 16);
    }
}

at_status at_shapes_render(const at_shapes_grid *g, unsigned char *bgr, at_error *err) {
  cairo_surface_t *surface =
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, AT_SHAPES_SIDE, AT_SHAPES_SIDE);
  cairo_t *c = cairo_create(surface);
  cairo_set_source_rgb(c, 0, 0, 0);
  cairo_paint(c);
  for (int i = 0; i < AT_SHAPES_CELLS; i++) {
    const at_shapes_cell *o = &g->cell[i];
    if (o->shape < 0) continue;
    cairo_set_source_rgb(c, o->rgb[0], o->rgb[1], o->rgb[2]);
    cairo_new_path(c);
    trace(c, o->shape, (i % AT_SHAPES_GRID + 0.5) * AT_SHAPES_CELL,
          (i / AT_SHAPES_GRID + 0.5) * AT_SHAPES_CELL, o->radius);
    cairo_fill(c);
  }
  cairo_surface_flush(surface);
  at_status s = AT_OK;
  if (cairo_status(c) == CAIRO_STATUS_SUCCESS)
    copy_pixels(surface, bgr);
  else
    s = at_fail(err, AT_EFAIL, "cairo cannot draw: %s", cairo_status_to_string(cairo_status(c)));
  cairo_destroy(c);
  cairo_surface_destroy(surface);
  return s;
}
