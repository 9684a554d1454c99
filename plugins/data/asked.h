/* Questions about pictures in splits: what the readers for visual question answering have in
 * common once their files are read. */
#ifndef ATTUNE_DATA_ASKED_H
#define ATTUNE_DATA_ASKED_H
#include <attune/plugin.h>
#include <stdbool.h>
#include <stddef.h>
#include "marks.h"
#include "npy_rows.h"

typedef struct asked_picture {
  char *name; /* for people */
  char *path; /* NULL: row `row` of the part's array */
  int64_t row;
  char *objects; /* JSON of what is in it; NULL: not known */
  marks marks;   /* boxes of its objects */
} asked_picture;

typedef struct asked_question {
  char *text, *answer;
  char *answers;          /* of several people, a tab between two; NULL: none */
  const char *type;       /* one of the collection's words; NULL: none */
  char *program;          /* NULL: none */
  char *evidence;         /* JSON of what decides the answer; NULL: none */
  marks marks;            /* the same as boxes and words */
  char *grounding;        /* JSON [[token, object], ...]; NULL: none */
  char *steps;            /* length of the program; NULL: none */
  int64_t picture, place; /* place: line or record of the file, from 1 */
  const char *subtype;    /* as type, finer */
} asked_question;

typedef struct asked_part {
  char *name, *file; /* file: where the questions come from, for messages */
  asked_picture *picture;
  int64_t pictures, cap_pictures;
  asked_question *question;
  int64_t questions, cap_questions;
  npy_rows array; /* uint8 [N, height, width, 3] */
  bool bgr;       /* its order of channels */
} asked_part;

typedef struct asked {
  asked_part *part;
  size_t parts;
  char **word; /* types of questions, each once */
  size_t words;
  int64_t width, height; /* of pictures as they are given out; 0: they are not */
  bool has_type, has_subtype, has_program, has_evidence, has_objects, has_grounding, has_steps,
      has_answers;
  bool has_boxes;     /* of a picture's objects */
  unsigned has_marks; /* bits of marks.h's fields of questions */
  struct {
    uint32_t image, picture, objects, text, answer, answers, type, subtype, program, evidence,
        grounding, steps, question, link, boxes, marks[MARKS_FIELDS];
  } field;
} asked;

/* Made when absent. NULL: out of memory. `file` is of its first mention. */
asked_part *asked_part_named(asked *a, const char *name, const char *file);
/* Its number; negative: out of memory. Strings are copied; path NULL: row `row` of the array. */
int64_t asked_picture_add(asked_part *p, const char *name, const char *path, int64_t row);
/* A question of `picture` with its texts copied; NULL: out of memory. */
asked_question *asked_question_add(asked_part *p, const char *text, size_t n_text,
                                   const char *answer, size_t n_answer, int64_t picture,
                                   int64_t place);
const char *asked_word(asked *a, const char *word, size_t n); /* NULL: out of memory */
/* How many functions "(shape (closest red))" has. */
int64_t asked_functions(const char *program);
/* The length of the program of a question. 0, or ATTUNE_NO_MEMORY. */
int asked_set_steps(asked_question *q, int64_t n);
void asked_free(asked *a); /* and a itself */

/* Refuses a split without questions, and a text that is not UTF-8, with its place. */
int asked_check(const attune_host *host, const asked *a);
int asked_declare(const attune_host *host, attune_schema *schema, asked *a);
/* The questions alone, for a reader that keeps the pictures itself: nothing is checked. */
int asked_declare_questions(const attune_host *host, attune_schema *schema, asked *a);
bool asked_has_field(const asked *a, uint32_t field);
int asked_read(const attune_host *host, void *instance, const char *split, uint32_t field,
               int64_t row, void *dst, attune_sink *sink);
void asked_close(void *instance);
#endif
