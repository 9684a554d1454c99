#include "ocr_vectors.h"
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "reading.h"

enum { LONGEST = 256 };

/* A-Z made small, in `to`; words longer than that have no vector. */
static bool make_small(const char *word, size_t n, char to[LONGEST]) {
  if (n >= LONGEST) return false;
  for (size_t i = 0; i < n; i++)
    to[i] = (char)(word[i] >= 'A' && word[i] <= 'Z' ? word[i] - 'A' + 'a' : word[i]);
  to[n] = 0;
  return true;
}

int ocr_vectors_want(ocr_vectors *v, const char *word, size_t n) {
  char small[LONGEST];
  if (!make_small(word, n, small)) return ATTUNE_OK;
  return word_set_add(&v->words, word, n) < 0 || word_set_add(&v->words, small, n) < 0
             ? ATTUNE_NO_MEMORY
             : ATTUNE_OK;
}

typedef struct reader {
  const attune_host *host;
  const char *path;
  int64_t line;
  ocr_vectors *v;
} reader;

static int bad(const reader *r, const char *why) {
  r->host->error(r->host, "%s:%lld: %s", r->path, (long long)r->line, why);
  return ATTUNE_BAD_INPUT;
}

static int64_t count_fields(const char *at) {
  int64_t n = 0;
  while (*(at += strspn(at, " \t\r\n"))) {
    at += strcspn(at, " \t\r\n");
    n++;
  }
  return n;
}

static bool is_header(const char *at) {
  char *end;
  const long long words = strtoll(at, &end, 10);
  const char *second = end;
  const long long width = strtoll(second, &end, 10);
  return words > 0 && width > 0 && end > second && !end[strspn(end, " \t\r\n")];
}

static int begin(reader *r, int64_t width) {
  ocr_vectors *v = r->v;
  if (width < 1 || width > OCR_VECTORS_MOST) return bad(r, "this is no word with its numbers");
  v->width = width;
  v->value = calloc((size_t)v->words.n + 1, (size_t)width * sizeof *v->value);
  v->known = calloc((size_t)v->words.n + 1, 1);
  return v->value && v->known ? ATTUNE_OK : ATTUNE_NO_MEMORY;
}

/* A line with more fields has a word with blanks in it, which no token is. */
static int read_line(reader *r, const char *at) {
  ocr_vectors *v = r->v;
  if (r->line == 1 && is_header(at)) return ATTUNE_OK;
  const int64_t fields = count_fields(at);
  int rc = v->width || !fields ? ATTUNE_OK : begin(r, fields - 1);
  if (rc || !fields) return rc;
  if (fields - 1 < v->width) return bad(r, "here are fewer numbers than on the lines before");
  at += strspn(at, " \t");
  const size_t n = strcspn(at, " \t");
  const int32_t word = fields - 1 > v->width ? -1 : word_set_find(&v->words, at, n);
  if (word < 0 || v->known[word]) return ATTUNE_OK;
  at += n;
  for (int64_t i = 0; i < v->width; i++) {
    char *end;
    const double x = strtod(at, &end);
    if (end == at || !isfinite(x)) return bad(r, "what follows the word is no number");
    v->value[word * v->width + i] = (float)x;
    at = end;
  }
  v->known[word] = 1;
  v->found++;
  return ATTUNE_OK;
}

int ocr_vectors_read(const attune_host *host, const char *path, ocr_vectors *v) {
  reader r = {.host = host, .path = path, .v = v};
  char *line = NULL;
  size_t room = 0;
  struct stat st = {.st_size = 0};
  int64_t done = 0;
  FILE *fp = fopen(path, "rb");
  if (!fp || fstat(fileno(fp), &st) || !S_ISREG(st.st_mode)) {
    host->error(host, "%s: %s", path, fp ? "this is no file" : strerror(errno));
    if (fp) fclose(fp);
    return ATTUNE_BAD_INPUT;
  }
  int rc = ATTUNE_OK;
  for (ssize_t n; !rc && (n = getline(&line, &room, fp)) >= 0;) {
    r.line++;
    rc = strlen(line) == (size_t)n ? read_line(&r, line) : bad(&r, "there is a NUL byte in it");
    done += n;
    if (!rc && r.line % 1000 == 0) rc = still_reading(host, path, done, (int64_t)st.st_size);
  }
  if (!rc && !v->width) rc = bad(&r, "there are no vectors in the file");
  free(line);
  fclose(fp);
  return rc;
}

const float *ocr_vectors_of(const ocr_vectors *v, const char *word, size_t n) {
  char small[LONGEST];
  if (!v->value || !make_small(word, n, small)) return NULL;
  int32_t k = word_set_find(&v->words, word, n);
  if (k < 0 || !v->known[k]) k = word_set_find(&v->words, small, n);
  return k >= 0 && v->known[k] ? v->value + k * v->width : NULL;
}

void ocr_vectors_free(ocr_vectors *v) {
  word_set_free(&v->words);
  free(v->value);
  free(v->known);
  memset(v, 0, sizeof *v);
}
