#include "core/base/text.h"
#include <ctype.h>
#include <errno.h>
#include <limits.h>
#include <locale.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static bool reserve(at_text *t, size_t more) {
  if (t->failed) return false;
  if (more >= SIZE_MAX / 2 - t->len) {
    t->failed = true;
    return false;
  }
  size_t need = t->len + more + 1;
  if (need <= t->cap) return true;
  size_t cap = t->cap ? t->cap : 128;
  while (cap < need) cap *= 2;
  char *p = realloc(t->data, cap);
  if (!p) {
    t->failed = true;
    return false;
  }
  t->data = p;
  t->cap = cap;
  return true;
}

void at_text_addn(at_text *t, const char *s, size_t n) {
  if (!reserve(t, n)) return;
  memcpy(t->data + t->len, s, n);
  t->len += n;
  t->data[t->len] = '\0';
}

void at_text_add(at_text *t, const char *s) { at_text_addn(t, s, strlen(s)); }

void at_text_addf(at_text *t, const char *fmt, ...) {
  va_list ap, again;
  va_start(ap, fmt);
  va_copy(again, ap);
  int n = vsnprintf(NULL, 0, fmt, ap);
  va_end(ap);
  if (n < 0)
    t->failed = true;
  else if (reserve(t, (size_t)n)) {
    vsnprintf(t->data + t->len, (size_t)n + 1, fmt, again);
    t->len += (size_t)n;
  }
  va_end(again);
}

void at_text_free(at_text *t) {
  free(t->data);
  *t = (at_text){0};
}

/* Names are short; longer ones are compared by their first bytes. */
enum { MAX_NAME = 96 };

static int min3(int a, int b, int c) {
  int m = a < b ? a : b;
  return m < c ? m : c;
}

int at_edit_distance(const char *a, const char *b) {
  int row[3][MAX_NAME + 1];
  int la = (int)strnlen(a, MAX_NAME), lb = (int)strnlen(b, MAX_NAME);
  int *two = row[0], *one = row[1], *now = row[2];
  for (int j = 0; j <= lb; j++) one[j] = j;
  for (int i = 1; i <= la; i++) {
    now[0] = i;
    for (int j = 1; j <= lb; j++) {
      int ca = tolower((unsigned char)a[i - 1]), cb = tolower((unsigned char)b[j - 1]);
      now[j] = min3(one[j] + 1, now[j - 1] + 1, one[j - 1] + (ca != cb));
      if (i > 1 && j > 1 && ca == tolower((unsigned char)b[j - 2]) &&
          cb == tolower((unsigned char)a[i - 2]) && two[j - 2] + 1 < now[j])
        now[j] = two[j - 2] + 1;
    }
    int *spare = two;
    two = one;
    one = now;
    now = spare;
  }
  return one[lb];
}

const char *at_suggest(const char *name, const char *const *names, size_t n) {
  int limit = (int)strlen(name) / 2;
  if (limit > 4) limit = 4;
  if (strlen(name) < 3) limit = 0; /* every short name is near to every other */
  const char *best = NULL;
  for (size_t i = 0; i < n; i++) {
    int d = at_edit_distance(name, names[i]);
    if (d <= limit) {
      best = names[i];
      limit = d - 1;
    }
  }
  return best;
}

bool at_parse_i64(const char *s, int64_t *out) {
  if (!*s || isspace((unsigned char)*s)) return false;
  char *end;
  errno = 0;
  long long v = strtoll(s, &end, 10);
  if (errno || *end) return false;
  *out = v;
  return true;
}

/* strtod follows the locale's decimal point; the text always has ".". */
bool at_parse_f64(const char *s, double *out) {
  char buf[128];
  size_t n = strlen(s);
  if (!n || n >= sizeof buf || s[strspn(s, "0123456789+-.eE")]) return false;
  memcpy(buf, s, n + 1);
  const char point = *localeconv()->decimal_point;
  for (char *p = buf; *p; p++)
    if (*p == '.') *p = point;
  char *end;
  double v = strtod(buf, &end);
  if (*end || end == buf || !isfinite(v)) return false;
  *out = v;
  return true;
}

bool at_mul_size(size_t a, size_t b, size_t *out) {
  if (b && a > SIZE_MAX / b) return false;
  *out = a * b;
  return true;
}

bool at_add_size(size_t a, size_t b, size_t *out) {
  if (a > SIZE_MAX - b) return false;
  *out = a + b;
  return true;
}

void at_format_f64(char *buf, double v) {
  for (int digits = 1; digits <= 17; digits++) {
    snprintf(buf, 32, "%.*g", digits, v);
    if (strtod(buf, NULL) == v) break;
  }
  char *comma = strchr(buf, *localeconv()->decimal_point);
  if (comma) *comma = '.';
}
