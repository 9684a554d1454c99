/* Marks out of JSON: lists of boxes and numbers. */
#ifndef ATTUNE_DATA_MARKS_JSON_H
#define ATTUNE_DATA_MARKS_JSON_H
#include <jansson.h>
#include "marks.h"

/* Each returns 0, ATTUNE_NO_MEMORY, or ATTUNE_BAD_INPUT with a sentence in *why. */
/* The members "box" of a list of objects, scaled. */
int marks_json_objects(marks *m, const json_t *objects, double sx, double sy, const char **why);
/* A list of numbers of boxes in `from`, or of words; those that are there already are passed over,
 * and NULL is an empty list. `pair`: the list is of pairs, and 0 or 1 says which number is meant.
 */
enum { MARKS_PLAIN = -1 };
int marks_json_pick(marks *m, const json_t *list, int pair, const marks *from, const char **why);
int marks_json_words(marks *m, const json_t *list, int pair, const char **why);
#endif
