/* How alike two texts are, by letters. */
#ifndef ATTUNE_METRIC_EDIT_DISTANCE_H
#define ATTUNE_METRIC_EDIT_DISTANCE_H
#include <stddef.h>
#include <stdint.h>

/* Code points of UTF-8 text without white space at its ends, in lower case where they are of ASCII
 * and Latin-1; bytes that are none count as they are. At most `most`; how many. */
size_t edit_letters(const char *text, size_t n, uint32_t *out, size_t most);

/* Fewest letters changed, put in or taken out; `work` has room for m + 1. */
size_t edit_distance(const uint32_t *a, size_t n, const uint32_t *b, size_t m, size_t *work);
#endif
