/* Strings: a growing buffer, edit-distance suggestions, strict number parsing. */
#ifndef AT_BASE_TEXT_H
#define AT_BASE_TEXT_H
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A growing string.  Start from {0}.  `data` is always NUL-terminated once
 * something was appended; NULL before.  When memory runs out `failed` is set,
 * later appends do nothing, and the caller checks once at the end. */
typedef struct at_text {
  char *data;
  size_t len, cap;
  bool failed;
} at_text;

void at_text_add(at_text *t, const char *s);
void at_text_addn(at_text *t, const char *s, size_t n);
void at_text_addf(at_text *t, const char *fmt, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;
void at_text_free(at_text *t);

/* Levenshtein distance with transpositions counted as one, bytes compared
 * without regard to ASCII case. */
int at_edit_distance(const char *a, const char *b);

/* The candidate nearest to `name`, or NULL when none is nearer than
 * min(len/2, 4) edits; a name of one or two letters is near to itself in other case only.  Ties:
 * the first.  `names` are borrowed. */
const char *at_suggest(const char *name, const char *const *names, size_t n);

/* Whole-string parses: true only when all of `s` is a number in range.
 * Independent of the locale. */
bool at_parse_i64(const char *s, int64_t *out);
bool at_parse_f64(const char *s, double *out); /* finite values only */

/* size_t arithmetic that says when it overflows: true when it fits. */
bool at_mul_size(size_t a, size_t b, size_t *out);
bool at_add_size(size_t a, size_t b, size_t *out);

/* Formats a double with the fewest digits that read back the same, "." as the
 * decimal point whatever the locale.  `buf` has at least 32 bytes. */
void at_format_f64(char *buf, double v);
#endif
