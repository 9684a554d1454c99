/* What a detector of objects would say of a scene: regions with features, a stand-in for the
 * bottom-up features of photographs (Anderson and others, 2018) without a picture being looked at.
 *
 * Each object has a region, its box shifted and stretched by up to a twelfth; the other regions lie
 * beside objects or anywhere; their order is random. The look of a region is the sum of the codes
 * of the objects in it, each times the share of the region that the object's box covers, and noise.
 * The code of an object is the sum of a fixed random vector for each of its shape, colour, texture
 * and size. Behind the look stand left, top, right, bottom and area, as shares of the picture. */
#ifndef ATTUNE_DATA_PROPOSALS_H
#define ATTUNE_DATA_PROPOSALS_H
#include <jansson.h>
#include <stdint.h>
#include "marks.h"

enum { PROPOSALS_LOOK = 48, PROPOSALS_WIDTH = PROPOSALS_LOOK + 5 };

/* `n` regions of a picture of width x height with these objects, whose boxes are `boxes`, in the
 * same pixels; objects behind the n-th have none. The same id gives the same regions. *feature
 * [n, PROPOSALS_WIDTH] is the caller's. 0, or ATTUNE_NO_MEMORY; *why is set when an object is not
 * told in full. */
int proposals_make(const json_t *objects, const marks *boxes, double width, double height,
                   int64_t id, int64_t n, marks *region, float **feature, const char **why);
#endif
