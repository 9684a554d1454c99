/* Where a picture of made scenes has which colour, by its pixels alone. Pure functions.
 *
 * A pixel is of a colour when that paint is nearer to it, in RGB, than every other paint, than the
 * second tones of textures, halfway between both, outlines, and grounds. Pixels of one colour no
 * farther apart than 1/32 of the picture are one blob. */
#ifndef ATTUNE_METRIC_SCENE_PIXELS_H
#define ATTUNE_METRIC_SCENE_PIXELS_H
#include <stdbool.h>
#include <stdint.h>

typedef struct scene_blob {
  int color;            /* of scene_color_names */
  int shape;            /* of scene_shape_names; -1: not known */
  float area;           /* share of the picture */
  float x0, y0, x1, y1; /* its box, in units of the picture's sides */
} scene_blob;

enum { SCENE_MOST_BLOBS = 24 };
typedef struct scene_view {
  bool judged; /* blobs are objects: of a known shape, of no known size */
  int n;
  scene_blob blob[SCENE_MOST_BLOBS]; /* the largest ones, largest first */
} scene_view;

/* A blob of less is none: half of the smallest object, a quarter of it hidden, is texture. */
#define SCENE_LEAST_AREA 0.003f

/* Rows of RGB bytes, top to bottom. False: no memory. */
bool scene_pixels_read(const uint8_t *rgb, int64_t height, int64_t width, scene_view *out);
#endif
