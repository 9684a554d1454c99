/* What `attune data make scenes` calls colours and shapes, in the order of its lists. */
#ifndef ATTUNE_SCENE_NAMES_H
#define ATTUNE_SCENE_NAMES_H
#include <string.h>

enum { SCENE_COLORS = 8, SCENE_SHAPES = 9 };

static const char *const scene_color_names[SCENE_COLORS] = {"red",    "green",  "blue",  "yellow",
                                                            "purple", "orange", "black", "white"};
static const char *const scene_shape_names[SCENE_SHAPES] = {
    "circle", "square", "triangle", "star", "cross", "diamond", "ring", "heart", "moon"};

/* -1: none of them; NULL is none. */
static inline int scene_name_find(const char *name, const char *const *names, int n) {
  for (int i = 0; name && i < n; i++)
    if (!strcmp(name, names[i])) return i;
  return -1;
}
#endif
