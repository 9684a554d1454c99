#include "edit_distance.h"

static int is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* One code point; *length: its bytes. */
static uint32_t letter(const unsigned char *c, size_t n, size_t *length) {
  static const struct {
    unsigned char mask, lead;
  } form[] = {{0xe0, 0xc0}, {0xf0, 0xe0}, {0xf8, 0xf0}};
  *length = 1;
  for (size_t k = 0; k < 3; k++) {
    if ((c[0] & form[k].mask) != form[k].lead || n < k + 2) continue;
    uint32_t v = c[0] & (unsigned char)~form[k].mask;
    size_t i = 1;
    for (; i < k + 2 && (c[i] & 0xc0) == 0x80; i++) v = v << 6 | (c[i] & 0x3f);
    if (i < k + 2) break;
    *length = i;
    return v;
  }
  return c[0];
}

static uint32_t lower(uint32_t c) {
  const int upper = (c >= 'A' && c <= 'Z') || (c >= 0xc0 && c <= 0xde && c != 0xd7);
  return upper ? c + 32 : c;
}

size_t edit_letters(const char *text, size_t n, uint32_t *out, size_t most) {
  size_t k = 0, length;
  while (n && is_space(text[0])) text++, n--;
  while (n && is_space(text[n - 1])) n--;
  for (size_t i = 0; i < n && k < most; i += length)
    out[k++] = lower(letter((const unsigned char *)text + i, n - i, &length));
  return k;
}

size_t edit_distance(const uint32_t *a, size_t n, const uint32_t *b, size_t m, size_t *work) {
  for (size_t j = 0; j <= m; j++) work[j] = j;
  for (size_t i = 0; i < n; i++) {
    size_t corner = work[0]; /* distance of a[0 .. i) and b[0 .. j) */
    work[0] = i + 1;
    for (size_t j = 0; j < m; j++) {
      size_t best = corner + (a[i] != b[j]);
      if (work[j] + 1 < best) best = work[j] + 1;
      if (work[j + 1] + 1 < best) best = work[j + 1] + 1;
      corner = work[j + 1];
      work[j + 1] = best;
    }
  }
  return work[m];
}
