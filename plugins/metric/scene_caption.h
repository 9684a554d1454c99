/* What a caption of made scenes asks for, read from its words alone. Pure functions.
 *
 * The captions are those of `attune data make scenes` or sentences of the same kind: phrases
 * ("two small red circles"), what lies where of which, and where in the picture. */
#ifndef ATTUNE_METRIC_SCENE_CAPTION_H
#define ATTUNE_METRIC_SCENE_CAPTION_H
#include <stdbool.h>
#include "../scene_names.h"

/* Objects of a kind: all that fit the words. */
typedef struct scene_phrase {
  int shape, color, texture, size; /* indices; -1: not said */
  int number;                      /* how many there are; 0: not said ("the", "all") */
} scene_phrase;

typedef enum scene_relation {
  SCENE_LEFT_OF,
  SCENE_RIGHT_OF,
  SCENE_ABOVE,
  SCENE_BELOW,
  SCENE_NEXT_TO,
  SCENE_IN_FRONT,
  SCENE_BEHIND,
  SCENE_BIGGER,
  SCENE_SMALLER,
  SCENE_BETWEEN /* `a` between `b` and `c` */
} scene_relation;

/* In units of the picture's sides: where the centre lies. */
typedef struct scene_place {
  double x0, y0, x1, y1;
} scene_place;

typedef enum scene_way { SCENE_LEFTMOST, SCENE_RIGHTMOST, SCENE_TOPMOST, SCENE_LOWEST } scene_way;

enum { SCENE_MOST_PHRASES = 8, SCENE_MOST_CLAIMS = 4 };
typedef struct scene_meaning {
  int phrases, relations, places, extremes;
  scene_phrase phrase[SCENE_MOST_PHRASES];
  struct {
    scene_relation is;
    int a, b, c; /* phrases; c: of SCENE_BETWEEN */
  } relation[SCENE_MOST_CLAIMS];
  struct {
    scene_place in;
    int of;
  } place[SCENE_MOST_CLAIMS];
  struct {
    scene_way way;
    int of;
  } extreme[SCENE_MOST_CLAIMS];
} scene_meaning;

/* Words that it does not know are passed over; no phrases: there was none in it. */
void scene_caption_read(const char *text, scene_meaning *out);
#endif
