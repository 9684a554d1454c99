/* The picture of a scene. */
#include <cairo.h>
#include <math.h>
#include "core/data/scenes.h"
#include "core/data/scenes_paint.h"

#define PI 3.14159265358979323846

typedef struct rgb {
  double r, g, b;
} rgb;

/* An object's colour and the second tone of its texture.  The second is far
 * from the first in lightness, not in hue, so that both still say "red". */
static const struct paint {
  rgb first, second;
} paints[AT_SCENE_COLORS] = {
    {{0.84, 0.11, 0.14}, {1.00, 0.76, 0.74}}, /* red */
    {{0.10, 0.55, 0.22}, {0.72, 0.95, 0.70}}, /* green */
    {{0.10, 0.28, 0.82}, {0.70, 0.84, 1.00}}, /* blue */
    {{0.99, 0.84, 0.08}, {0.62, 0.45, 0.00}}, /* yellow */
    {{0.49, 0.16, 0.66}, {0.90, 0.76, 1.00}}, /* purple */
    {{0.96, 0.49, 0.04}, {1.00, 0.88, 0.66}}, /* orange */
    {{0.09, 0.09, 0.10}, {0.66, 0.67, 0.69}}, /* black */
    {{0.99, 0.99, 0.99}, {0.52, 0.54, 0.58}}, /* white */
};

/* Muted and of middle lightness: all eight colours stand out on them. */
static const rgb grounds[AT_SCENE_BACKGROUNDS] = {
    {0.77, 0.73, 0.66}, {0.65, 0.73, 0.78}, {0.68, 0.75, 0.66},
    {0.79, 0.71, 0.70}, {0.66, 0.66, 0.70}, {0.73, 0.69, 0.78},
};

static void ink(cairo_t *c, rgb v) { cairo_set_source_rgb(c, v.r, v.g, v.b); }

static rgb mix(rgb a, rgb b, double t) {
  return (rgb){a.r + (b.r - a.r) * t, a.g + (b.g - a.g) * t, a.b + (b.b - a.b) * t};
}

/* Light from above, then faint strokes and specks that belong to no object. */
void at_scene_paint_ground(cairo_t *c, int background, at_dice d) {
  rgb base = grounds[background], light = mix(base, (rgb){1, 1, 1}, 0.16);
  rgb dark = mix(base, (rgb){0, 0, 0}, 0.10);
  cairo_pattern_t *p = cairo_pattern_create_linear(0, 0, 0.2, 1);
  cairo_pattern_add_color_stop_rgb(p, 0, light.r, light.g, light.b);
  cairo_pattern_add_color_stop_rgb(p, 1, dark.r, dark.g, dark.b);
  cairo_set_source(c, p);
  cairo_paint(c);
  cairo_pattern_destroy(p);
  for (int i = 0; i < 34; i++) {
    double x = at_dice_uniform(&d, 0, 1), y = at_dice_uniform(&d, 0, 1);
    double a = at_dice_uniform(&d, 0, PI), l = at_dice_uniform(&d, 0.02, 0.09);
    double t = at_dice_uniform(&d, -0.22, 0.22);
    ink(c, mix(base, t < 0 ? (rgb){0, 0, 0} : (rgb){1, 1, 1}, fabs(t)));
    cairo_set_line_width(c, at_dice_uniform(&d, 0.008, 0.02));
    cairo_move_to(c, x, y);
    cairo_line_to(c, x + l * cos(a), y + l * sin(a));
    cairo_stroke(c);
  }
}

static void trace(cairo_t *c, const at_scene_outline *o) {
  cairo_new_path(c);
  for (int i = 0; i < o->n; i++) cairo_line_to(c, o->x[i], o->y[i]);
  cairo_close_path(c);
  if (o->hole <= 0) return;
  cairo_new_sub_path(c);
  cairo_arc(c, 0, 0, o->hole, 0, 2 * PI);
  cairo_close_path(c);
}

/* Textures cover the square of +-1.2 about the centre; the clip shapes them.
 * `step` is the pattern's period, never finer than a picture can show. */

static void draw_stripes(cairo_t *c, double step) {
  cairo_set_line_width(c, 0.42 * step);
  for (int i = -8; i <= 8; i++) {
    double at = i * step * 1.4142135623730951;
    cairo_move_to(c, at - 1.6, 1.6);
    cairo_line_to(c, at + 1.6, -1.6);
  }
  cairo_stroke(c);
}

static void draw_dots(cairo_t *c, double step) {
  for (int row = -6; row <= 6; row++)
    for (int i = -6; i <= 6; i++) {
      double x = (i + (row & 1 ? 0.5 : 0)) * step, y = row * step * 0.87;
      if (fabs(x) > 1.4 || fabs(y) > 1.4) continue;
      cairo_new_sub_path(c);
      cairo_arc(c, x, y, 0.29 * step, 0, 2 * PI);
    }
  cairo_fill(c);
}

static void draw_checks(cairo_t *c, double step) {
  double half = step / 2;
  for (int row = -8; row < 8; row++)
    for (int i = -8; i < 8; i++)
      if ((row + i) & 1) cairo_rectangle(c, i * half, row * half, half, half);
  cairo_fill(c);
}

static void draw_texture(cairo_t *c, int texture, double pixels) {
  double stripes = fmax(0.50, 3.2 / pixels), dots = fmax(0.62, 4.0 / pixels);
  double checks = fmax(0.76, 4.6 / pixels);
  if (texture == 1) draw_stripes(c, stripes);
  if (texture == 2) draw_dots(c, dots);
  if (texture == 3) draw_checks(c, checks);
}

/* Clipped to the outline, so that nothing
 * is painted outside the object's box. */
void at_scene_paint_object(cairo_t *c, const at_scene_object *o, double pixels) {
  at_scene_outline l;
  const struct paint *p = &paints[o->color];
  at_scene_shape_outline(o->shape, &l);
  cairo_save(c);
  cairo_translate(c, o->x, o->y);
  cairo_scale(c, o->radius, o->radius);
  cairo_set_fill_rule(c, CAIRO_FILL_RULE_EVEN_ODD);
  trace(c, &l);
  cairo_clip(c);
  ink(c, p->first);
  cairo_paint(c);
  cairo_set_fill_rule(c, CAIRO_FILL_RULE_WINDING);
  ink(c, p->second);
  draw_texture(c, o->texture, pixels);
  trace(c, &l);
  ink(c, mix(p->first, (rgb){0, 0, 0}, 0.55));
  cairo_set_line_width(c, fmax(0.12, 1.3 / pixels)); /* half of it lies inside */
  cairo_stroke(c);
  cairo_restore(c);
}

void at_scene_ink(cairo_t *c, int color) { ink(c, paints[color].first); }
void at_scene_ink_dark(cairo_t *c, int color) {
  ink(c, mix(paints[color].first, (rgb){0, 0, 0}, 0.55));
}

void at_scene_pixels(cairo_surface_t *surface, int w, int h, unsigned char *to) {
  const unsigned char *data = cairo_image_surface_get_data(surface);
  const size_t stride = (size_t)cairo_image_surface_get_stride(surface);
  for (int y = 0; y < h; y++)
    for (int x = 0; x < w; x++, to += 3) {
      uint32_t v = ((const uint32_t *)(const void *)(data + (size_t)y * stride))[x];
      to[0] = (uint8_t)(v >> 16);
      to[1] = (uint8_t)(v >> 8);
      to[2] = (uint8_t)v;
    }
}

at_status at_scene_render(const at_scene *s, int side, at_image *out, at_error *err) {
  at_status status = at_image_init(out, side, side, err);
  if (status != AT_OK) return status;
  cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, side, side);
  cairo_t *c = cairo_create(surface);
  cairo_scale(c, side, side);
  at_scene_paint_ground(c, s->background, at_dice_new(s->seed, "scenes.ground", s->index));
  for (int i = 0; i < s->n; i++)
    at_scene_paint_object(c, &s->object[i], s->object[i].radius * side);
  cairo_surface_flush(surface);
  if (cairo_status(c) == CAIRO_STATUS_SUCCESS)
    at_scene_pixels(surface, side, side, out->rgb);
  else
    status = at_fail(err, AT_EFAIL, "cairo cannot draw picture %llu: %s",
                     (unsigned long long)s->index, cairo_status_to_string(cairo_status(c)));
  cairo_destroy(c);
  cairo_surface_destroy(surface);
  if (status != AT_OK) at_image_free(out);
  return status;
}
