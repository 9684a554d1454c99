/* The view of questions: what can be asked of a scene, with the answer, the program that finds it,
 * and what decides it; in the spirit of CLEVR (Johnson and others, 2017). */
#ifndef AT_DATA_SCENES_ASK_H
#define AT_DATA_SCENES_ASK_H
#include "core/data/scenes.h"

enum { AT_QUESTION_PROGRAM = 512, AT_QUESTION_MOST = 40 };

typedef struct at_scene_question {
  at_scene_caption say; /* its text; nouns, adjectives, relations and what is asked point at what
                           their phrase stands for, which may be nothing */
  int n_words, word[AT_CAPTION_TOKENS]; /* tokens that decide: another word, another question */
  const char *answer; /* yes, no, 0 .. 8, or a name of a color, shape, size or texture */
  const char *type;   /* one of at_scene_question_types */
  int steps;          /* functions of the program, without `scene` and `unique` */
  char program[AT_QUESTION_PROGRAM];
  uint32_t selected; /* objects that the last functions decide by, bit i is object i */
  uint32_t referred; /* objects that the question goes by on the way to these */
} at_scene_question;

enum { AT_QUESTION_TYPES = 12 };
extern const char *const at_scene_question_types[AT_QUESTION_TYPES];

/* `n` questions with programs of their own, at most AT_QUESTION_MOST.  What they presuppose is so:
 * `unique` has one object, and no object is between having a relation and not. */
at_status at_scene_ask(const at_scene *s, int n, at_scene_question *out, at_error *err);

/* One line of questions.jsonl without its newline. */
void at_scene_question_json(const at_scene *s, const at_scene_question *q, at_text *out);
#endif
