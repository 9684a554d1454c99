/* What a picture of made scenes holds of what a caption asks for. Pure functions. */
#ifndef ATTUNE_METRIC_SCENE_HOLDS_H
#define ATTUNE_METRIC_SCENE_HOLDS_H
#include "scene_caption.h"
#include "scene_pixels.h"

/* What is checked. Phrases without a colour are passed over: pixels do not tell shapes. */
typedef enum scene_check {
  SCENE_CHECK_COLORS,    /* every colour named is there */
  SCENE_CHECK_NUMBERS,   /* two blue circles: at least two blobs are blue */
  SCENE_CHECK_PLACES,    /* one of the colour's blobs has its centre there; is the outermost */
  SCENE_CHECK_RELATIONS, /* two blobs of the two colours have it */
  SCENE_CHECKS
} scene_check;

typedef struct scene_tally {
  int asked[SCENE_CHECKS], held[SCENE_CHECKS];
} scene_tally;

/* Relations are those of the scenes: left, right, above, below by 0.12 at least and more than
 * across; next to: boxes less than 0.10 apart; bigger by the boxes; between: in the middle half of
 * the way, off it by a fifth at most. In front and behind are not asked for. */
void scene_holds(const scene_meaning *m, const scene_view *v, scene_tally *out);
/* How many colours it has, and how many of these the caption does not name. */
void scene_colors(const scene_meaning *m, const scene_view *v, int *all, int *unnamed);
#endif
