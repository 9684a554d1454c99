/* Sort-of-CLEVR (Santoro, Raposo, Barrett, Malinowski, Pascanu, Battaglia, Lillicrap, "A simple
 * neural network module for relational reasoning", 2017): six objects, one of each colour, and
 * questions about one of them alone or about it among the others.
 *
 * The paper gives the colours, the two shapes, 75 x 75 pictures, 10 + 10 questions a picture of
 * three kinds each, and 10,000 pictures. The rest is as in the generator that most results come
 * from (github.com/kimhc6028/relational-networks, sort_of_clevr_generator.py): its white ground and
 * colours; squares of 11 pixels and discs of radius 5, one or the other with equal chance; centres
 * on whole pixels from 5 to 69, uniform, at least 10 apart, so that corners of squares may cover
 * each other, the later colour in front; kind and colour of a question uniform and independent, so
 * that a question may come twice; "left" and "top" are centres below 37.5; 9800 + 200 pictures.
 *
 * Where implementations differ, or err:
 *  - "closest": that generator takes the object itself when all others are farther than 31.6
 *    pixels (it puts 999 in the place of its own squared distance), which is so for about one
 *    object of fifteen; here never.
 *  - ties: that generator lets the first colour win; github.com/Lyusungwon/film_pytorch stretches
 *    distances in y by 1.1 and answers closest and furthest with a colour. Here a picture with a
 *    tie for the closest or the furthest of any object is drawn again (about one of thirty).
 *  - counting: that generator, and github.com/mdda/relationships-from-entity-stream, whose
 *    comment says 1 to 6, do not count the object itself; here it counts, so 1 to 6 occur.
 *  - vertical: "at the top?" there and here, "at the bottom?" in film_pytorch.
 *  - the answer is "rectangle" there, "square" in the paper and here.
 *  - questions there are vectors of bits; here they are words.
 *  - there is no split to choose a model on elsewhere; here `val` has pictures of its own. */
#ifndef AT_DATA_SORT_OF_CLEVR_H
#define AT_DATA_SORT_OF_CLEVR_H
#include <stdint.h>
#include "core/data/dice.h"
#include "core/data/made.h"

/* A change of what a seed gives raises this. */
#define AT_SOC_VERSION 1

enum {
  AT_SOC_SIDE = 75,
  AT_SOC_RADIUS = 5,
  AT_SOC_COLORS = 6,
  AT_SOC_EACH = 10,
  AT_SOC_SPLITS = 3
};
extern const char *const at_soc_color_names[AT_SOC_COLORS];
extern const char *const at_soc_shape_names[2];
extern const char *const at_soc_split_names[AT_SOC_SPLITS]; /* train, val, test */

typedef struct at_soc_scene { /* object i has colour i, and lies before those of lower number */
  struct {
    int shape, x, y; /* centre in pixels */
  } object[AT_SOC_COLORS];
} at_soc_scene;

typedef enum at_soc_kind {
  AT_SOC_SHAPE,
  AT_SOC_LEFT,
  AT_SOC_TOP,
  AT_SOC_CLOSEST, /* from here on relational */
  AT_SOC_FURTHEST,
  AT_SOC_COUNT,
  AT_SOC_KINDS
} at_soc_kind;

typedef struct at_soc_question {
  at_soc_kind kind;
  int color;
} at_soc_question;

void at_soc_draw(at_dice *d, at_soc_scene *out);
/* The whole picture, AT_SOC_SIDE rows of as many pixels, each red green blue. */
void at_soc_render(const at_soc_scene *s, unsigned char *rgb);
/* AT_SOC_EACH questions that are not relational, then as many that are. */
void at_soc_ask(at_dice *d, at_soc_question *out);
const char *at_soc_answer(const at_soc_scene *s, at_soc_question q);

/* [{"id", "shape", "color", "box"}, ...] and a newline; a box is x, y, width, height in pixels. */
void at_soc_objects_json(const at_soc_scene *s, at_text *out);
/* {"picture", "question", "answer", "type", "subtype", "program", "evidence"} and a newline.
 * Evidence: "objects" that decide the answer, the one that is asked about first, and their
 * "boxes"; "words", the numbers of the tokens (at_tokenise, AT_TOKENS_WORDS) that tell the question
 * from others; "links", pairs of a token and an object that it stands for. */
void at_soc_question_json(const at_soc_scene *s, at_soc_question q, int64_t picture, at_text *out);

/* ---- the data set ---- */

typedef struct at_soc_options {
  int64_t pictures[AT_SOC_SPLITS]; /* 0: no such split */
  uint64_t seed;
  bool force; /* replace a set that this generator made */
} at_soc_options;
at_soc_options at_soc_defaults(void); /* 9800, 200 and 200 pictures, seed 0 */

/* Writes DIR/{split}.images.npy, .questions.jsonl, .objects.jsonl and DIR/meta.json, whole or not
 * at all. The same options give the same bytes, whatever the pool; a picture depends on the seed,
 * its split and its number alone. `pool` and `progress` may be NULL. */
at_status at_soc_make(const at_soc_options *o, const char *dir, at_pool *pool,
                      at_made_progress *progress, void *ctx, at_error *err);
#endif
