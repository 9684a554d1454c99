/* What a data set says of a question or a caption beside its text: the boxes and words that decide,
 * and how many objects there are. As fields of its table:
 *
 *   evidence        boxes of the objects that decide, in pixels of the picture as it is given out
 *   evidence_words  numbers of the words that decide, in the text
 *   n_objects       how many objects the picture has
 *   n_evidence      how many of them decide
 *   n_distractors   how many do not
 *   evidence_size   what part of the picture the boxes that decide cover, each for itself: 0.0413
 *
 * Numbers are texts; what is not known is an empty one. */
#ifndef ATTUNE_DATA_MARKS_H
#define ATTUNE_DATA_MARKS_H
#include <attune/plugin.h>
#include <stddef.h>

typedef struct marks {
  float *box; /* [boxes, 4] x y w h */
  int64_t boxes, cap_boxes;
  int64_t *word; /* ascending, each once */
  int64_t words, cap_words;
  int64_t objects; /* of the picture; 0: not known */
} marks;

/* 0, or ATTUNE_NO_MEMORY. */
int marks_box(marks *m, double x, double y, double w, double h);
int marks_word(marks *m, int64_t index);
void marks_free(marks *m);
int marks_give_boxes(const attune_host *host, attune_sink *sink, const marks *m);

/* ---- as fields ---- */

enum {
  MARKS_EVIDENCE,
  MARKS_WORDS,
  MARKS_OBJECTS,
  MARKS_DECIDE,
  MARKS_DISTRACT,
  MARKS_SIZE,
  MARKS_FIELDS
};
#define MARKS_ALL ((1u << MARKS_FIELDS) - 1)

/* Declares those of the fields whose bits are in `wanted`; others get the number UINT32_MAX. */
int marks_declare(const attune_host *host, attune_schema *schema, const char *table,
                  unsigned wanted, uint32_t number[MARKS_FIELDS]);
/* Which of the fields has that number; -1: none. */
int marks_field(const uint32_t number[MARKS_FIELDS], uint32_t field);
/* `pixels`: width x height of the picture. */
int marks_give(const attune_host *host, attune_sink *sink, const marks *m, int which,
               double pixels);
#endif
