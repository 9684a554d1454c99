/* The signs view of scenes: boards with words on them beside coloured shapes, and questions that
 * need reading. All of it follows from a seed; which words are where does not depend on the fonts
 * that draw them.
 *
 * Lengths are in units of the picture's side, as in scenes.h. */
#ifndef AT_DATA_SIGNS_H
#define AT_DATA_SIGNS_H
#include "core/data/dice.h"
#include "core/data/made.h"
#include "core/data/scenes.h"

/* A change of what a seed gives raises this. */
#define AT_SIGNS_VERSION 1

enum { AT_SIGNS_BOARDS = 4, AT_SIGNS_SHAPES = 3, AT_SIGN_WORDS = 2, AT_SIGN_WORD = 8 };

typedef struct at_sign_board {
  int color, size; /* as of scenes; size: how large it is written */
  int n;           /* words, 1 or 2, one above the other */
  char word[AT_SIGN_WORDS][AT_SIGN_WORD];
  at_scene_box box, word_box[AT_SIGN_WORDS];
} at_sign_board;

/* Nothing overlaps; boards differ in colour, shapes in what they are. */
typedef struct at_signs {
  uint64_t seed, index;
  int background, boards, shapes;
  at_sign_board board[AT_SIGNS_BOARDS];
  at_scene_object shape[AT_SIGNS_SHAPES];
} at_signs;

void at_signs_draw(uint64_t seed, uint64_t index, at_signs *out);

/* Words that questions may name; every other one is invented, and different in most pictures. */
extern const char *const at_sign_words[];
int at_sign_words_count(void);
bool at_sign_word_known(const char *word);

/* ---- questions (signs_ask.c) ---- */

typedef enum at_sign_kind {
  AT_SIGN_READ,   /* what is written on the red board? */
  AT_SIGN_BESIDE, /* which word is left of the star? */
  AT_SIGN_PLACE,  /* what does the highest board say? */
  AT_SIGN_COLOR,  /* what color is the board that says park? */
  AT_SIGN_COUNT,  /* how many boards say park? */
  AT_SIGN_SAME,   /* do the red board and the blue board say the same? */
  AT_SIGN_LARGER, /* which is written larger, park or open? */
  AT_SIGN_KINDS
} at_sign_kind;
extern const char *const at_sign_kind_names[AT_SIGN_KINDS];

enum { AT_SIGN_TEXT = 128, AT_SIGN_MARKS = 8 };
typedef struct at_sign_question {
  at_sign_kind kind;
  char text[AT_SIGN_TEXT], answer[2 * AT_SIGN_WORD];
  unsigned boards, shapes;        /* that decide: bit i is the i-th */
  int words, word[AT_SIGN_MARKS]; /* numbers of the words that say what is asked */
} at_sign_question;

/* One of each kind that the picture can be asked without doubt, in the order of the kinds; how
 * many.
 */
int at_signs_ask(const at_signs *s, at_sign_question out[AT_SIGN_KINDS]);

/* ---- views ---- */

/* RGB rows of side x side. Each word fills its box, whatever font there is. */
at_status at_signs_render(const at_signs *s, int side, unsigned char *rgb, at_error *err);
/* A line of signs.jsonl; objects are the boards, then the shapes. */
void at_signs_json(const at_signs *s, int side, at_text *out);
void at_sign_question_json(const at_signs *s, const at_sign_question *q, at_text *out);

/* ---- the data set (signs_make.c) ---- */

typedef struct at_signs_options {
  int64_t count;
  uint64_t seed;
  int size; /* pixels on a side, 64 .. 1024 */
  bool force;
} at_signs_options;
at_signs_options at_signs_defaults(void); /* 1000 pictures, seed 0, 160 pixels */

/* Writes DIR/images/000000.png ..., signs.jsonl, questions.jsonl and meta.json; splits as of
 * scenes. `pool` and `progress` may be NULL. *questions: how many were asked. */
at_status at_signs_make(const at_signs_options *o, const char *dir, at_pool *pool,
                        at_made_progress *progress, void *ctx, at_error *err);
#endif
