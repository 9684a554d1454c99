/* The picture of boards and shapes. */
#include <math.h>
#include <pango/pangocairo.h>
#include <string.h>
#include "core/data/scenes_paint.h"
#include "core/data/signs.h"

/* Dark on light boards, white on others. */
static void ink_words(cairo_t *c, int color) {
  static const bool light[AT_SCENE_COLORS] = {[3] = true, [5] = true, [7] = true};
  if (light[color])
    cairo_set_source_rgb(c, 0.05, 0.05, 0.06);
  else
    cairo_set_source_rgb(c, 1, 1, 1);
}

/* Laid out at a size of its own, in pixels, whatever the unit of `c` is. */
static PangoLayout *lay_out(cairo_t *c, const char *word) {
  PangoFontDescription *font = pango_font_description_from_string("DejaVu Sans Bold 40px");
  cairo_font_options_t *plain = cairo_font_options_create();
  cairo_save(c);
  cairo_identity_matrix(c);
  PangoLayout *l = pango_cairo_create_layout(c);
  cairo_restore(c);
  cairo_font_options_set_hint_style(plain, CAIRO_HINT_STYLE_NONE);
  cairo_font_options_set_hint_metrics(plain, CAIRO_HINT_METRICS_OFF);
  pango_cairo_context_set_font_options(pango_layout_get_context(l), plain);
  pango_layout_set_font_description(l, font);
  pango_layout_set_text(l, word, -1);
  cairo_font_options_destroy(plain);
  pango_font_description_free(font);
  return l;
}

/* Stretched to the box, which is not the font's business. */
static void draw_word(cairo_t *c, const char *word, at_scene_box box) {
  PangoLayout *l = lay_out(c, word);
  PangoRectangle ink;
  pango_layout_get_extents(l, &ink, NULL);
  cairo_save(c);
  if (ink.width > 0 && ink.height > 0) {
    cairo_translate(c, box.x, box.y);
    cairo_scale(c, box.w * PANGO_SCALE / ink.width, box.h * PANGO_SCALE / ink.height);
    cairo_translate(c, -(double)ink.x / PANGO_SCALE, -(double)ink.y / PANGO_SCALE);
    pango_cairo_layout_path(c, l);
    cairo_fill(c);
  }
  cairo_restore(c);
  g_object_unref(l);
}

static void draw_board(cairo_t *c, const at_sign_board *b, double pixel) {
  const double edge = fmax(0.012, 1.2 * pixel);
  cairo_rectangle(c, b->box.x, b->box.y, b->box.w, b->box.h);
  at_scene_ink_dark(c, b->color);
  cairo_fill(c);
  cairo_rectangle(c, b->box.x + edge, b->box.y + edge, b->box.w - 2 * edge, b->box.h - 2 * edge);
  at_scene_ink(c, b->color);
  cairo_fill(c);
  ink_words(c, b->color);
  for (int i = 0; i < b->n; i++) draw_word(c, b->word[i], b->word_box[i]);
}

at_status at_signs_render(const at_signs *s, int side, unsigned char *rgb, at_error *err) {
  at_status status = AT_OK;
  cairo_surface_t *surface = cairo_image_surface_create(CAIRO_FORMAT_RGB24, side, side);
  cairo_t *c = cairo_create(surface);
  cairo_scale(c, side, side);
  at_scene_paint_ground(c, s->background, at_dice_new(s->seed, "signs.ground", s->index));
  for (int i = 0; i < s->shapes; i++)
    at_scene_paint_object(c, &s->shape[i], s->shape[i].radius * side);
  for (int i = 0; i < s->boards; i++) draw_board(c, &s->board[i], 1.0 / side);
  cairo_surface_flush(surface);
  if (cairo_status(c) == CAIRO_STATUS_SUCCESS)
    at_scene_pixels(surface, side, side, rgb);
  else
    status = at_fail(err, AT_EFAIL, "cairo cannot draw picture %llu: %s",
                     (unsigned long long)s->index, cairo_status_to_string(cairo_status(c)));
  cairo_destroy(c);
  cairo_surface_destroy(surface);
  return status;
}
