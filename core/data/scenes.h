/* The embedded data set: pictures of coloured, textured, sized shapes on a
 * cluttered ground, with captions, boxes, and for every caption which word
 * names which object.  All of it follows from a seed.
 *
 * A *scene* is the description; what is made of it are views: a picture
 * (scenes_render.c), captions (scenes_text.c), questions (scenes_ask.h), a
 * JSON line (scenes_make.c).  Views only read the scene.
 *
 * Lengths are in units of the picture's side, x to the right, y downwards, so
 * a seed gives the same scenes at every picture size. */
#ifndef AT_DATA_SCENES_H
#define AT_DATA_SCENES_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/base/status.h"
#include "core/base/text.h"
#include "core/base/thread.h"
#include "core/data/dice.h"
#include "core/data/image.h"

/* A change of what a seed gives raises this. */
#define AT_SCENES_VERSION 1

enum { AT_SCENE_SHAPES = 9, AT_SCENE_COLORS = 8, AT_SCENE_TEXTURES = 4, AT_SCENE_SIZES = 2 };
enum { AT_SCENE_MAX_OBJECTS = 8, AT_SCENE_BACKGROUNDS = 6 };

/* Their names in scenes.jsonl and in captions; index below the counts above. */
extern const char *const at_scene_shape_names[AT_SCENE_SHAPES];
extern const char *const at_scene_color_names[AT_SCENE_COLORS];
extern const char *const at_scene_texture_names[AT_SCENE_TEXTURES];
extern const char *const at_scene_size_names[AT_SCENE_SIZES];

typedef struct at_scene_object {
  int shape, color, texture, size; /* indices of the names above */
  double x, y;                     /* centre of the box */
  double radius;                   /* scales the shape's outline */
} at_scene_object;

typedef struct at_scene {
  uint64_t seed, index; /* what it was made from; views draw their own numbers from them */
  int background;
  int n; /* objects, listed back to front: a later one covers an earlier one */
  at_scene_object object[AT_SCENE_MAX_OBJECTS];
} at_scene;

typedef struct at_scene_box {
  double x, y, w, h; /* top left corner and extent */
} at_scene_box;

/* ---- making and asking (scenes.c) ---- */

/* Draws scene `index`.  No object is hidden by more than a quarter. */
at_status at_scene_draw(uint64_t seed, uint64_t index, int min_objects, int max_objects,
                        at_scene *out, at_error *err);
at_scene_box at_scene_object_box(const at_scene_object *o);
/* The part of object `below` that object `above` hides, 0 .. 1; 0 unless above > below. */
double at_scene_hidden_by(const at_scene *s, int below, int above);
/* The part hidden by all objects in front of it together. */
double at_scene_hidden(const at_scene *s, int object);

/* Outline of a shape of radius 1 about its box's centre, and the radius of
 * the round hole in it (0: none). */
enum { AT_SCENE_OUTLINE = 64 };
typedef struct at_scene_outline {
  int n;
  double x[AT_SCENE_OUTLINE], y[AT_SCENE_OUTLINE];
  double half_w, half_h, hole;
} at_scene_outline;
void at_scene_shape_outline(int shape, at_scene_outline *out);

/* ---- views ---- */

at_status at_scene_render(const at_scene *s, int side, at_image *out, at_error *err);

enum { AT_CAPTION_TEXT = 512, AT_CAPTION_TOKENS = 64, AT_CAPTION_PAIRS = 256 };
typedef struct at_scene_caption {
  char text[AT_CAPTION_TEXT];
  int n; /* tokens, as at_tokenise(AT_TOKENS_WORDS) finds them */
  struct {
    int begin, end; /* bytes of text */
  } token[AT_CAPTION_TOKENS];
  int n_pairs;
  /* Nouns and adjectives point at what their phrase stands for.  A phrase
   * stands for every object that fits its words, never for some of them. */
  struct {
    int token, object;
  } pair[AT_CAPTION_PAIRS];
} at_scene_caption;

/* `n` captions, true of the scene and distinct where the scene gives enough
 * to say; the first lists what there is. */
at_status at_scene_describe(const at_scene *s, int n, at_scene_caption *out, at_error *err);

/* What relations in captions mean, between objects' centres and boxes. */
typedef enum at_scene_relation {
  AT_LEFT_OF, /* at least 0.12 further left, and further left than up or down */
  AT_RIGHT_OF,
  AT_ABOVE, /* likewise */
  AT_BELOW,
  AT_NEXT_TO, /* boxes less than 0.10 apart, neither hides the other */
  AT_COVERS,  /* hides at least 3% of it */
  AT_COVERED_BY,
  AT_BIGGER, /* large against small */
  AT_SMALLER,
  AT_RELATIONS
} at_scene_relation;
bool at_scene_holds(const at_scene *s, at_scene_relation r, int a, int b);

/* ---- the data set (scenes_make.c) ---- */

typedef struct at_scenes_options {
  int64_t count; /* pictures */
  uint64_t seed;
  int size;                     /* pixels on a side, 32 .. 1024 */
  int min_objects, max_objects; /* 1 .. AT_SCENE_MAX_OBJECTS */
  int captions;                 /* a picture, 1 .. 20 */
  bool force;                   /* replace a data set that this generator made */
  int questions;                /* a picture, 0 .. 40 */
} at_scenes_options;
at_scenes_options at_scenes_defaults(
    void); /* 1000 pictures, seed 0, 64 pixels, 2..5 objects, 5 captions, 10 questions */

/* Of every ten pictures in a row the ninth is "val", the tenth "test", the
 * rest "train": a picture's split depends on neither seed nor count. */
const char *at_scenes_split(int64_t index);

/* Called on the calling thread after every few pictures; false stops. */
typedef bool at_scenes_progress(void *ctx, int64_t done, int64_t total);

/* Writes DIR/images/000000.png ..., DIR/scenes.jsonl, DIR/questions.jsonl where
 * questions are wanted, DIR/meta.json.  Works in DIR.tmp.<pid>, renamed at the end: DIR is a whole
 * data set or is not there. The same options give the same bytes, whatever the pool.  `pool` and
 * `progress` may be NULL. */
at_status at_scenes_make(const at_scenes_options *o, const char *dir, at_pool *pool,
                         at_scenes_progress *progress, void *ctx, at_error *err);

/* One line of scenes.jsonl without its newline; boxes in pixels of `side`. */
void at_scene_json(const at_scene *s, int side, const at_scene_caption *captions, int n_captions,
                   at_text *out);
#endif
