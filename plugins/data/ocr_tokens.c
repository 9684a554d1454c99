#include "ocr_tokens.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "growing.h"
#include "ocr_text.h"

static bool is_blank(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* ---- places ---- */

/* Within the picture; false: the numbers do not hold. */
static bool place_box(ocr_tokens *t, const double from[4], double to[4]) {
  for (int i = 0; i < 4; i++) {
    if (!isfinite(from[i])) return false;
    to[i] = from[i] < 0 ? 0 : from[i] > 1 ? 1 : from[i];
    t->cut = t->cut || fabs(to[i] - from[i]) > 1e-6;
  }
  return to[2] >= to[0] && to[3] >= to[1];
}

static void set_box(ocr_token *k, const double box[4], double from, double to) {
  const double wide = box[2] - box[0];
  k->box[0] = (float)(box[0] + from * wide);
  k->box[1] = (float)box[1];
  k->box[2] = (float)(box[0] + to * wide);
  k->box[3] = (float)box[3];
}

/* ---- texts ---- */

static ocr_token *new_token(ocr_tokens *t, const char *text, size_t n) {
  ocr_token *v = growing(t->token, t->n, &t->cap, 16, sizeof *v);
  if (!v) return NULL;
  t->token = v;
  if (t->n_text + n + 2 > t->cap_text) {
    const size_t cap = 2 * (t->n_text + n + 2);
    char *own = realloc(t->text, cap);
    if (!own) return NULL;
    t->text = own;
    t->cap_text = cap;
  }
  if (t->n) t->text[t->n_text++] = '\n';
  v[t->n] = (ocr_token){.at = t->n_text, .n = n, .left = -1, .up = -1};
  memcpy(t->text + t->n_text, text, n);
  t->n_text += n;
  t->text[t->n_text] = 0;
  return &v[t->n++];
}

/* Bytes of the word at the beginning of [text, n), which is no blank. */
static size_t word_length(const char *text, size_t n) {
  size_t i = 0;
  for (; i < n && !is_blank(text[i]); i++) {
    const char before = i ? text[i - 1] : 'a';
    const bool letter = (before >= 'a' && before <= 'z') || (before >= 'A' && before <= 'Z') ||
                        before == '.' || (unsigned char)before >= 0x80;
    if (text[i] == ':' && letter) return i + 1;
  }
  return i;
}

static size_t characters(const char *text, size_t n) {
  size_t k = 0;
  for (size_t i = 0, bytes; i < n; i += bytes, k++) ocr_code_point(text + i, n - i, &bytes);
  return k;
}

/* The next word at or behind *at: its length; 0 at the end. */
static size_t next_word(const char *text, size_t n, size_t *at) {
  while (*at < n && is_blank(text[*at])) ++*at;
  return word_length(text + *at, n - *at);
}

static int32_t count_words(const char *text, size_t n) {
  int32_t words = 0;
  size_t at = 0;
  for (size_t k; (k = next_word(text, n, &at)); at += k) words++;
  return words;
}

static int add_words(ocr_tokens *t, const char *text, size_t n, const double box[4],
                     int32_t words) {
  const double all = (double)characters(text, n);
  int32_t place = 0;
  size_t at = 0;
  for (size_t k; (k = next_word(text, n, &at)); at += k) {
    ocr_token *w = new_token(t, text + at, k);
    if (!w) return ATTUNE_NO_MEMORY;
    const double from = (double)characters(text, at);
    set_box(w, box, from / all, (from + (double)characters(text + at, k)) / all);
    w->line = t->lines;
    w->place = place++;
    w->of = words;
  }
  return ATTUNE_OK;
}

static size_t squeeze(const char *text, size_t n, char *to) {
  size_t k = 0;
  for (size_t i = 0; i < n; i++) {
    if (!is_blank(text[i]))
      to[k++] = text[i];
    else if (k && to[k - 1] != ' ')
      to[k++] = ' ';
  }
  return k && to[k - 1] == ' ' ? k - 1 : k;
}

int ocr_tokens_add(ocr_tokens *t, const char *text, size_t n, const double given[4],
                   ocr_split split, const char **why) {
  double box[4];
  *why = NULL;
  if (ocr_not_utf8(text, n) >= 0) *why = "its text is not UTF-8";
  if (memchr(text, 0, n)) *why = "there is a NUL character in its text";
  if (!*why && !place_box(t, given, box)) *why = "its box is none: x0 y0 x1 y1, x0 <= x1, y0 <= y1";
  if (*why) return ATTUNE_BAD_INPUT;
  char *plain = malloc(n + 1);
  if (!plain) return ATTUNE_NO_MEMORY;
  n = squeeze(text, n, plain);
  const int32_t words = count_words(plain, n);
  int rc = ATTUNE_OK;
  if (n && (split == OCR_LINES || (split == OCR_BOTH && words > 1))) {
    ocr_token *l = new_token(t, plain, n);
    if (l) {
      set_box(l, box, 0, 1);
      l->line = t->lines;
      l->of = words;
      l->whole = words > 1;
    } else {
      rc = ATTUNE_NO_MEMORY;
    }
  }
  if (!rc && split != OCR_LINES) rc = add_words(t, plain, n, box, words);
  t->lines += n > 0;
  free(plain);
  return rc;
}

int ocr_tokens_end(ocr_tokens *t, int64_t limit) {
  t->met = t->n;
  if (!t->n) {
    t->none = true;
    return new_token(t, "", 0) ? ATTUNE_OK : ATTUNE_NO_MEMORY;
  }
  if (t->n <= limit) return ATTUNE_OK;
  t->n = limit;
  t->n_text = t->token[limit - 1].at + t->token[limit - 1].n;
  t->text[t->n_text] = 0;
  t->lines = t->token[limit - 1].line + 1;
  return ATTUNE_OK;
}

/* ---- neighbours ---- */

/* Whether two stretches share at least half of the shorter one. */
static bool beside(float a0, float a1, float b0, float b1) {
  const float low = a0 > b0 ? a0 : b0, high = a1 < b1 ? a1 : b1;
  const float shorter = a1 - a0 < b1 - b0 ? a1 - a0 : b1 - b0;
  return high - low >= shorter / 2;
}

/* x: 0 for left, 1 for up. */
static int32_t before(const ocr_tokens *t, int64_t i, int x) {
  const float *a = t->token[i].box;
  int32_t best = -1;
  for (int64_t k = 0; k < t->n; k++) {
    const float *b = t->token[k].box;
    if (k == i || (b[x] + b[x + 2]) / 2 >= a[x] || !beside(a[1 - x], a[3 - x], b[1 - x], b[3 - x]))
      continue;
    if (best < 0 || b[x + 2] > t->token[best].box[x + 2]) best = (int32_t)k;
  }
  return best;
}

void ocr_tokens_around(ocr_tokens *t) {
  for (int64_t i = 0; i < t->n; i++) {
    t->token[i].left = before(t, i, 0);
    t->token[i].up = before(t, i, 1);
  }
}

void ocr_tokens_free(ocr_tokens *t) {
  free(t->text);
  free(t->token);
  memset(t, 0, sizeof *t);
}
