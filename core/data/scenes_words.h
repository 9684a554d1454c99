/* Writing of a scene word by word, each with the objects that it points at: what captions and
 * questions share.  Internal to the views of scenes. */
#ifndef AT_DATA_SCENES_WORDS_H
#define AT_DATA_SCENES_WORDS_H
#include "core/data/dice.h"
#include "core/data/scenes.h"

typedef uint32_t at_scene_set; /* of objects, bit i is object i */

typedef struct at_scene_writing {
  const at_scene *s;
  at_dice *d;
  at_scene_caption *c;
  size_t at;   /* bytes of text */
  bool failed; /* did not fit */
} at_scene_writing;

/* Bytes without a space before them. */
void at_scene_glue(at_scene_writing *w, const char *bytes, size_t n);
/* One word that points at `who` (0: at nothing). */
void at_scene_word(at_scene_writing *w, const char *word, at_scene_set who);
/* Words that point at nothing. */
void at_scene_words(at_scene_writing *w, const char *text);
/* The plural of a noun, cut to `cap` bytes. */
void at_scene_plural(char *out, size_t cap, const char *noun);
const char *at_scene_either(at_dice *d, const char *a, const char *b);
#endif
