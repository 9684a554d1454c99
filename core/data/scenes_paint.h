/* Painting with cairo that the views of scenes share. The unit is the picture's side. */
#ifndef AT_DATA_SCENES_PAINT_H
#define AT_DATA_SCENES_PAINT_H
#include <cairo.h>
#include "core/data/scenes.h"

void at_scene_paint_ground(cairo_t *c, int background, at_dice d);
/* `pixels` is the radius in pixels. */
void at_scene_paint_object(cairo_t *c, const at_scene_object *o, double pixels);
void at_scene_ink(cairo_t *c, int color);      /* as the source: the colour of that number */
void at_scene_ink_dark(cairo_t *c, int color); /* the same, for its edge */
/* RGB rows of an RGB24 surface, w x h. */
void at_scene_pixels(cairo_surface_t *surface, int w, int h, unsigned char *to);
#endif
