/* What a picture of made scenes holds of what a caption asks for. Pure functions. */
#ifndef ATTUNE_METRIC_SCENE_HOLDS_H
#define ATTUNE_METRIC_SCENE_HOLDS_H
#include "scene_caption.h"
#include "scene_pixels.h"

/* What is checked. Pixels tell no shapes: by them phrases without a colour are passed over. */
typedef enum scene_check {
  SCENE_CHECK_COLORS,    /* every colour named is there; by pixels alone */
  SCENE_CHECK_SHAPES,    /* every shape named is there; not by pixels, nor are pairs */
  SCENE_CHECK_PAIRS,     /* a red circle: there is an object of both */
  SCENE_CHECK_NUMBERS,   /* two blue circles: at least two blobs are so */
  SCENE_CHECK_PLACES,    /* one of the blobs has its centre there; is the outermost */
  SCENE_CHECK_RELATIONS, /* two such blobs have it */
  SCENE_CHECKS
} scene_check;

typedef struct scene_tally {
  int asked[SCENE_CHECKS], held[SCENE_CHECKS];
} scene_tally;

/* Relations are those of the scenes: left, right, above, below by 0.12 at least and more than
 * across; between: in the middle half of the way, off it by a fifth at most; where blobs have
 * sizes, next to: boxes less than 0.10 apart; bigger by the boxes. In front and behind are not
 * asked for. */
void scene_holds(const scene_meaning *m, const scene_view *v, scene_tally *out);
/* How many colours it has that the caption does not name. */
int scene_unnamed_colors(const scene_meaning *m, const scene_view *v);
#endif
