/* The objects of a picture by what a network says of its cells. Pure functions. */
#ifndef ATTUNE_METRIC_SCENE_JUDGED_H
#define ATTUNE_METRIC_SCENE_JUDGED_H
#include "scene_pixels.h"

/* color [h, w, SCENE_COLORS] and shape [h, w, SCENE_SHAPES], each 0 .. 1: whether an object of that
 * is centred in the cell. The sum over cells of color * shape is the expected number of objects of
 * a kind; there is one where the probability that there is none, exp(-number), is below a half, and
 * as many as the number, rounded, says. Each stands where a square of 3 x 3 cells has the most of
 * it. */
void scene_judged_read(const float *color, const float *shape, int64_t h, int64_t w,
                       scene_view *out);
/* Cells are coarse: an object's centre becomes that of the nearest blob of its colour in `pixels`,
 * of the same picture, where one is no farther than an eighth of it. */
void scene_judged_refine(scene_view *judged, const scene_view *pixels);
#endif
