#include "core/data/text_tokens.h"
#include <stdlib.h>
#include <string.h>
#include "core/base/text.h"

/* ---- UTF-8 ---- */

/* Bytes of the sequence at s, or 0.  The second byte's range is what excludes
 * overlong forms, surrogates and what lies past U+10FFFF (Unicode, table 3-7). */
static size_t utf8_sequence(const unsigned char *s, size_t n) {
  unsigned lowest = 0x80, highest = 0xbf;
  size_t length;
  if (s[0] < 0x80) return 1;
  if (s[0] >= 0xc2 && s[0] <= 0xdf)
    length = 2;
  else if (s[0] >= 0xe0 && s[0] <= 0xef)
    length = 3;
  else if (s[0] >= 0xf0 && s[0] <= 0xf4)
    length = 4;
  else
    return 0;
  if (s[0] == 0xe0) lowest = 0xa0;
  if (s[0] == 0xed) highest = 0x9f;
  if (s[0] == 0xf0) lowest = 0x90;
  if (s[0] == 0xf4) highest = 0x8f;
  if (n < length || s[1] < lowest || s[1] > highest) return 0;
  for (size_t i = 2; i < length; i++)
    if ((s[i] & 0xc0) != 0x80) return 0;
  return length;
}

size_t at_utf8_valid_prefix(const char *s, size_t n) {
  size_t at = 0, step;
  while (at < n && (step = utf8_sequence((const unsigned char *)s + at, n - at))) at += step;
  return at;
}

at_status at_utf8_check(const char *text, size_t n, at_error *err) {
  const char *nothing = memchr(text, 0, n);
  size_t good = at_utf8_valid_prefix(text, n);
  if (good == n && !nothing) return AT_OK;
  if (good == n) good = (size_t)(nothing - text);
  return at_fail(err, AT_EINPUT, "the text is not UTF-8 at its byte %zu; save it as UTF-8",
                 good + 1);
}

/* ---- tokens ---- */

static bool is_space(unsigned char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

static bool is_letter(unsigned char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c >= 0x80;
}

/* Length of the apostrophe at s: ' is 1, U+2019 is 3, none is 0. */
static size_t apostrophe(const char *s, size_t n) {
  if (n >= 1 && *s == '\'') return 1;
  return n >= 3 && !memcmp(s, "\xe2\x80\x99", 3) ? 3 : 0;
}

/* U+2019's bytes look like letters: they are looked at first. */
static bool letter_at(const char *s, size_t n) {
  return n && is_letter((unsigned char)*s) && !apostrophe(s, n);
}

/* Copies the word that begins at s[*at], lower-cased, and moves *at behind it. */
static size_t take_word(const char *s, size_t n, size_t *at, char *out) {
  size_t i = *at, length = 0, quote;
  while (i < n) {
    if (letter_at(s + i, n - i)) {
      char c = s[i++];
      out[length++] = c >= 'A' && c <= 'Z' ? (char)(c + 'a' - 'A') : c;
    } else if ((quote = apostrophe(s + i, n - i)) && letter_at(s + i + quote, n - i - quote)) {
      out[length++] = '\'';
      i += quote;
    } else {
      break;
    }
  }
  *at = i;
  return length;
}

static size_t take_field(const char *s, size_t n, size_t *at, char *out) {
  size_t i = *at;
  while (i < n && !is_space((unsigned char)s[i])) i++;
  size_t length = i - *at;
  memcpy(out, s + *at, length);
  *at = i;
  return length;
}

at_status at_tokenise(const char *text, size_t n, at_token_mode mode, at_tokens *out,
                      at_error *err) {
  memset(out, 0, sizeof *out);
  size_t room = n / 2 + 1, total, at = 0, used = 0;
  at_status checked = at_utf8_check(text, n, err);
  if (checked != AT_OK) return checked;
  if (!at_mul_size(room, sizeof *out->v, &total) || !at_add_size(n, room, &used))
    return at_nomem(err);
  /* Tokens are separated by a byte at least: n / 2 + 1 of them, each with a NUL. */
  out->v = malloc(total);
  out->bytes = malloc(used);
  if (!out->v || !out->bytes) {
    at_tokens_free(out);
    return at_nomem(err);
  }
  for (used = 0; at < n;) {
    bool starts =
        mode == AT_TOKENS_SPACE ? !is_space((unsigned char)text[at]) : letter_at(text + at, n - at);
    if (!starts) {
      /* An apostrophe's bytes look like letters one by one: skip it whole. */
      size_t quote = mode == AT_TOKENS_WORDS ? apostrophe(text + at, n - at) : 0;
      at += quote ? quote : 1;
      continue;
    }
    at_token *t = &out->v[out->n++];
    t->begin = at;
    t->text = out->bytes + used;
    used += mode == AT_TOKENS_SPACE ? take_field(text, n, &at, out->bytes + used)
                                    : take_word(text, n, &at, out->bytes + used);
    t->end = at;
    out->bytes[used++] = '\0';
  }
  return AT_OK;
}

void at_tokens_free(at_tokens *t) {
  free(t->v);
  free(t->bytes);
  memset(t, 0, sizeof *t);
}
