#include "core/train/vectors.h"
#include <stdlib.h>
#include <string.h>
#include "core/base/file.h"
#include "core/base/text.h"

bool at_vectors_is(const char *path) {
  const char *dot = strrchr(path, '.');
  return dot && (!strcmp(dot, ".txt") || !strcmp(dot, ".vec"));
}

typedef struct reader {
  const char *path;
  const at_vocab *words;
  int64_t width, line, found;
  float *table;
  bool *seen;
} reader;

static bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }

/* The next field of [*at, end): its length; *at moves behind it. */
static size_t field(const char **at, const char *end, const char **begin) {
  while (*at < end && is_space(**at)) ++*at;
  *begin = *at;
  while (*at < end && !is_space(**at)) ++*at;
  return (size_t)(*at - *begin);
}

static int64_t count_fields(const char *at, const char *end) {
  const char *begin;
  int64_t n = 0;
  while (field(&at, end, &begin)) n++;
  return n;
}

/* Fields as strings; false: too long for any word or number that is wanted. */
static bool copy(char *buf, size_t size, const char *s, size_t n) {
  if (n >= size) return false;
  memcpy(buf, s, n);
  buf[n] = '\0';
  return true;
}

static bool next_number(const char **at, const char *end, char *buf, size_t size, double *out) {
  const char *begin;
  size_t n = field(at, end, &begin);
  return copy(buf, size, begin, n < size ? n : size - 1) && n < size && at_parse_f64(buf, out);
}

static at_status read_row(const reader *r, const char *at, const char *end, float *row,
                          at_error *err) {
  for (int64_t i = 0; i < r->width; i++) {
    char number[64];
    double v;
    if (!next_number(&at, end, number, sizeof number, &v))
      return at_fail(err, AT_EINPUT, "%s:%lld: `%s` is no number", r->path, (long long)r->line,
                     number);
    row[i] = (float)v;
  }
  return AT_OK;
}

/* "400000 300": how many vectors there are, and how long. */
static bool is_header(const reader *r, const char *at, const char *end) {
  char number[64];
  double v;
  if (r->line != 1 || count_fields(at, end) != 2) return false;
  return next_number(&at, end, number, sizeof number, &v) && !strpbrk(number, ".eE") &&
         next_number(&at, end, number, sizeof number, &v) && v == (double)r->width &&
         (r->width > 1 || !strpbrk(number, ".eE"));
}

/* More fields than a word and its numbers: the word has spaces, and no vocabulary has such. */
static at_status read_line(reader *r, const char *at, const char *end, at_error *err) {
  const int64_t fields = count_fields(at, end);
  char word[512];
  const char *begin;
  if (!fields || is_header(r, at, end)) return AT_OK;
  if (fields - 1 < r->width || (r->line == 1 && fields - 1 != r->width))
    return at_fail(err, AT_EINPUT,
                   "%s:%lld: here is a word with %lld numbers; the model's vectors have %lld",
                   r->path, (long long)r->line, (long long)(fields - 1), (long long)r->width);
  size_t n = field(&at, end, &begin);
  if (fields - 1 > r->width || !copy(word, sizeof word, begin, n)) return AT_OK;
  if (!at_vocab_has(r->words, word)) return AT_OK;
  const int32_t id = at_vocab_id(r->words, word);
  if (r->seen[id]) return AT_OK;
  r->seen[id] = true;
  r->found += !at_vocab_is_special(r->words, id);
  return read_row(r, at, end, r->table + id * r->width, err);
}

at_status at_vectors_read(const char *path, const at_vocab *words, int64_t width, float *table,
                          int64_t *found, at_error *err) {
  reader r = {.path = path, .words = words, .width = width, .table = table};
  at_map map;
  at_status s = at_map_open(path, &map, err);
  if (s != AT_OK) return s;
  r.seen = calloc(at_vocab_size(words) + 1, sizeof *r.seen);
  if (!r.seen) s = at_nomem(err);
  const char *at = (const char *)map.data, *end = at + map.size;
  while (s == AT_OK && at < end) {
    const char *stop = memchr(at, '\n', (size_t)(end - at));
    if (!stop) stop = end;
    r.line++;
    s = read_line(&r, at, stop, err);
    at = stop + (stop < end);
  }
  if (s == AT_OK && !r.line) s = at_fail(err, AT_EINPUT, "%s: the file is empty", path);
  *found = r.found;
  free(r.seen);
  at_map_close(&map);
  return s;
}
