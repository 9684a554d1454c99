#include "ocr_text.h"
#include <math.h>
#include <string.h>
#include "name_hash.h"

/* ---- UTF-8 ---- */

/* Bytes of the code point at `c`; 0: it is none. */
static size_t length_at(const unsigned char *c, size_t n) {
  if (*c < 0x80) return 1;
  const size_t k = *c < 0xc2 || *c > 0xf4 ? 0 : *c < 0xe0 ? 2 : *c < 0xf0 ? 3 : 4;
  if (!k || k > n) return 0;
  for (size_t i = 1; i < k; i++)
    if ((c[i] & 0xc0) != 0x80) return 0;
  if ((*c == 0xe0 && c[1] < 0xa0) || (*c == 0xed && c[1] > 0x9f) || (*c == 0xf0 && c[1] < 0x90) ||
      (*c == 0xf4 && c[1] > 0x8f))
    return 0;
  return k;
}

int64_t ocr_not_utf8(const char *text, size_t n) {
  for (size_t i = 0, k; i < n; i += k)
    if (!(k = length_at((const unsigned char *)text + i, n - i))) return (int64_t)i;
  return -1;
}

uint32_t ocr_code_point(const char *text, size_t n, size_t *bytes) {
  const unsigned char *c = (const unsigned char *)text;
  const size_t k = length_at(c, n);
  uint32_t v = k < 2 ? *c : *c & (0x7fu >> k);
  *bytes = k ? k : 1;
  for (size_t i = 1; i < k; i++) v = v << 6 | (c[i] & 0x3fu);
  return v;
}

static bool is_digit(unsigned char c) { return c >= '0' && c <= '9'; }
static bool is_capital(unsigned char c) { return c >= 'A' && c <= 'Z'; }
static unsigned char small(unsigned char c) {
  return is_capital(c) ? (unsigned char)(c - 'A' + 'a') : c;
}
/* Code points beyond ASCII are letters. */
static bool is_letter(unsigned char c) { return (small(c) >= 'a' && small(c) <= 'z') || c >= 0x80; }
static bool is_blank(unsigned char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* The next word of [*at, end): its length; 0 at the end. */
static size_t next_word(const char **at, const char *end, const char **word) {
  while (*at < end && is_blank((unsigned char)**at)) ++*at;
  *word = *at;
  while (*at < end && !is_blank((unsigned char)**at)) ++*at;
  return (size_t)(*at - *word);
}

/* ---- PHOC ---- */

static const char pairs[] =
    "th he in er an re es on st nt en at ed nd to or ea ti ar te ng al it "
    "as is ha et se ou of le sa ve ro ra ri hi ne me de co ta ec si ll so "
    "na li la el";
enum { ALPHABET = 36, PAIRS = (sizeof pairs) / 3, FIRST_LEVEL = 2, LAST_LEVEL = 5 };

static int letter_at(const char *text, size_t i) {
  const unsigned char c = small((unsigned char)text[i]);
  return c >= 'a' && c <= 'z' ? c - 'a' : is_digit(c) ? 26 + c - '0' : -1;
}

static int pair_of(int a, int b) {
  for (int k = 0; a < 26 && b < 26 && k < PAIRS; k++)
    if (pairs[3 * k] == 'a' + a && pairs[3 * k + 1] == 'a' + b) return k;
  return -1;
}

/* Whether at least half of characters i .. i + wide of n lie in part `part` of `parts`. In whole
 * numbers, n * parts to the word. */
static bool within(int64_t i, int64_t wide, int64_t n, int64_t part, int64_t parts) {
  const int64_t a = i * parts, b = (i + wide) * parts, from = part * n, to = (part + 1) * n;
  const int64_t low = a > from ? a : from, high = b < to ? b : to;
  return 2 * (high - low) >= wide * parts;
}

void ocr_phoc(const char *text, size_t n, float dst[OCR_PHOC]) {
  int64_t count = 0, k = 0;
  int before = -1;
  memset(dst, 0, OCR_PHOC * sizeof *dst);
  for (size_t i = 0; i < n; i++) count += letter_at(text, i) >= 0;
  for (size_t i = 0; i < n; i++) {
    const int c = letter_at(text, i);
    if (c < 0) continue;
    float *to = dst;
    for (int level = FIRST_LEVEL; level <= LAST_LEVEL; level++)
      for (int part = 0; part < level; part++, to += ALPHABET)
        if (within(k, 1, count, part, level)) to[c] = 1;
    const int pair = before < 0 ? -1 : pair_of(before, c);
    for (int part = 0; pair >= 0 && part < 2; part++, to += PAIRS)
      if (within(k - 1, 2, count, part, 2)) to[pair] = 1;
    before = c;
    k++;
  }
}

/* ---- n-grams ---- */

enum { SHORTEST = 2, LONGEST = 4 };

static void add_gram(uint64_t hash, int64_t size, float *dst) {
  dst[(hash >> 1) % (uint64_t)size] += hash & 1 ? 1.0f : -1.0f;
}

/* Bytes of the character at `i` of `<word>`. */
static size_t step(const char *word, size_t n, size_t i) {
  size_t bytes = 1;
  if (i && i <= n) ocr_code_point(word + i - 1, n - i + 1, &bytes);
  return bytes;
}

static uint64_t hash_more(uint64_t h, const char *word, size_t n, size_t i, size_t bytes) {
  for (size_t k = i; k < i + bytes; k++) {
    const char c = k == 0 ? '<' : k > n ? '>' : (char)small((unsigned char)word[k - 1]);
    h = name_hash_more(h, &c, 1);
  }
  return h;
}

static void add_word(const char *word, size_t n, int64_t size, float *dst) {
  for (size_t i = 0; i < n + 1; i += step(word, n, i)) {
    uint64_t h = NAME_HASH_START;
    size_t at = i;
    for (int k = 1; k <= LONGEST && at < n + 2; k++) {
      const size_t bytes = step(word, n, at);
      h = hash_more(h, word, n, at, bytes);
      at += bytes;
      if (k >= SHORTEST) add_gram(h, size, dst);
    }
  }
  add_gram(hash_more(NAME_HASH_START, word, n, 0, n + 2) ^ 1, size, dst);
}

void ocr_grams(const char *text, size_t n, int64_t size, float *dst) {
  const char *at = text, *word;
  for (size_t k; (k = next_word(&at, text + n, &word));) add_word(word, k, size, dst);
}

void ocr_unit(float *v, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; i++) sum += (double)v[i] * (double)v[i];
  for (int64_t i = 0; sum > 0 && i < n; i++) v[i] = (float)((double)v[i] / sqrt(sum));
}

/* ---- looks ---- */

/* How many characters from `i` on are of a kind. */
static size_t run(const char *w, size_t n, size_t i, bool (*is)(unsigned char)) {
  size_t k = 0;
  while (i + k < n && is((unsigned char)w[i + k])) k++;
  return k;
}

static bool is_date(const char *w, size_t n) {
  const size_t a = run(w, n, 0, is_digit);
  if (a < 1 || a > 4 || a == n) return false;
  const char mark = w[a];
  const bool marked = mark == '/' || mark == '-' || mark == '.';
  size_t at = a + marked, digits = run(w, n, at, is_digit), letters = run(w, n, at, is_letter);
  if (marked ? digits > 2 || digits + letters == 0 : letters < 3) return false;
  if (!digits && (letters < 3 || letters > 9)) return false;
  at += digits ? digits : letters;
  if (marked && (at >= n || w[at] != mark)) return false;
  at += marked;
  const size_t b = run(w, n, at, is_digit);
  return at + b == n && (b == 2 || b == 4 || (a == 4 && b == 1));
}

static bool is_time(const char *w, size_t n) {
  size_t at = run(w, n, 0, is_digit), parts = 1;
  if (at < 1 || at > 2) return false;
  for (; at < n && w[at] == ':'; parts++) {
    if (run(w, n, at + 1, is_digit) != 2) return false;
    at += 3;
  }
  return parts > 1 && parts < 4 &&
         (at == n || (n - at == 2 && small((unsigned char)w[n - 1]) == 'm'));
}

static bool is_number(const char *w, size_t n, bool *amount) {
  size_t digits = 0, last = n;
  for (size_t i = 0; i < n; i++) {
    const bool mark = w[i] == '.' || w[i] == ',' || w[i] == '-';
    if (!mark && !is_digit((unsigned char)w[i])) return false;
    if (w[i] == '.' || w[i] == ',') last = i;
    digits += !mark;
  }
  *amount = digits > 2 && last + 3 == n && w[n - 1] != '-';
  return digits > 0;
}

/* Without marks around it; those of a number's sign and of money go, too. */
static size_t bare(const char **word, size_t n) {
  const char *w = *word;
  while (n && !is_letter((unsigned char)*w) && !is_digit((unsigned char)*w)) w++, n--;
  while (n && !is_letter((unsigned char)w[n - 1]) && !is_digit((unsigned char)w[n - 1])) n--;
  *word = w;
  return n;
}

static void look_at(const char *word, size_t n, float *dst) {
  bool amount = false;
  n = bare(&word, n);
  if (!n) return;
  const size_t money = run(word, n, 0, is_letter);
  const bool date = is_date(word, n);
  if (is_number(word, n, &amount) && !date) dst[OCR_NUMBER] = 1;
  if (money && money <= 3 && money < n) is_number(word + money, n - money, &amount);
  if (amount && !date) dst[OCR_AMOUNT] = 1;
  if (date) dst[OCR_DATE] = 1;
  if (is_time(word, n)) dst[OCR_TIME] = 1;
  bool letters = false, digits = false;
  for (size_t i = 0; i < n; i++) {
    letters = letters || is_letter((unsigned char)word[i]);
    digits = digits || is_digit((unsigned char)word[i]);
  }
  if (letters && digits && !date && !amount) dst[OCR_CODE] = 1;
}

void ocr_looks(const char *text, size_t n, float dst[OCR_LOOKS]) {
  const char *at = text, *word;
  double all = 0, digits = 0, capitals = 0, marks = 0, words = 0;
  memset(dst, 0, OCR_LOOKS * sizeof *dst);
  for (size_t k; (k = next_word(&at, text + n, &word)); words++) look_at(word, k, dst);
  for (size_t i = 0, bytes; i < n; i += bytes, all++) {
    const unsigned char c = (unsigned char)text[i];
    ocr_code_point(text + i, n - i, &bytes);
    digits += is_digit(c);
    capitals += is_capital(c);
    marks += !is_digit(c) && !is_letter(c) && !is_blank(c);
  }
  if (all == 0) return;
  dst[OCR_DIGITS] = (float)(digits / all);
  dst[OCR_CAPITALS] = (float)(capitals / all);
  dst[OCR_MARKS] = (float)(marks / all);
  dst[OCR_LENGTH] = (float)fmin(1, log(1 + all) / log(65));
  dst[OCR_WORD_COUNT] = (float)fmin(1, words / 12);
  dst[OCR_COLON] = text[n - 1] == ':';
}
