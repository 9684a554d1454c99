/* WordPiece, as BERT's uncased models cut texts (Devlin et al., 2019): a text is cleaned,
 * lower-cased, stripped of accents and split at white space, punctuation and around CJK
 * ideographs; each word is then the longest pieces of the vocabulary from its left, all but the
 * first with "##" before them, or unknown as a whole. */
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/text.h"
#include "core/data/text_tokens.h"

/* Letters of a word; a longer one is unknown. Of the longest decomposition of a letter. */
enum { MOST_LETTERS = 100, MOST_PARTS = G_UNICHAR_MAX_DECOMPOSITION_LENGTH, MOST_BYTES = 6 };

typedef struct letter {
  char utf8[MOST_BYTES];
  int bytes;
  size_t begin, end; /* of the source */
} letter;

typedef struct cutting {
  const at_vocab *vocab;
  at_tokens *out;
  size_t used, room, cap; /* bytes; tokens */
  letter word[MOST_LETTERS];
  int n; /* letters of the word so far; MOST_LETTERS + 1: too many */
  size_t begin, end;
} cutting;

/* The blocks of ideographs, as BERT's own code lists them. */
static bool ideograph(gunichar c) {
  static const struct {
    gunichar first, last;
  } block[] = {{0x4e00, 0x9fff},   {0x3400, 0x4dbf},   {0x20000, 0x2a6df}, {0x2a700, 0x2b73f},
               {0x2b740, 0x2b81f}, {0x2b820, 0x2ceaf}, {0xf900, 0xfaff},   {0x2f800, 0x2fa1f}};
  for (size_t i = 0; i < sizeof block / sizeof *block; i++)
    if (c >= block[i].first && c <= block[i].last) return true;
  return false;
}

static bool blank(gunichar c) {
  return c == '\t' || c == '\n' || c == '\r' || g_unichar_type(c) == G_UNICODE_SPACE_SEPARATOR;
}

/* Left out: nothing that is read. */
static bool nothing(gunichar c) {
  const GUnicodeType t = g_unichar_type(c);
  return c == 0xfffd || t == G_UNICODE_CONTROL || t == G_UNICODE_FORMAT ||
         t == G_UNICODE_PRIVATE_USE || t == G_UNICODE_SURROGATE || t == G_UNICODE_UNASSIGNED;
}

/* All of ASCII that is neither letter nor digit counts, "$" and "^" too. */
static bool mark(gunichar c) {
  if (c < 128) return c > ' ' && !g_ascii_isalnum((char)c);
  return g_unichar_ispunct(c) && g_unichar_type(c) >= G_UNICODE_CONNECT_PUNCTUATION &&
         g_unichar_type(c) <= G_UNICODE_OPEN_PUNCTUATION;
}

static at_status put(cutting *c, const char *text, size_t begin, size_t end, at_error *err) {
  const size_t n = strlen(text) + 1;
  if (c->out->n == c->cap || c->used + n > c->room) return at_nomem(err);
  c->out->v[c->out->n++] = (at_token){memcpy(c->out->bytes + c->used, text, n), begin, end};
  c->used += n;
  return AT_OK;
}

/* Letters first .. last - 1, behind "##" but for the first of a word. */
static const char *piece(const cutting *c, int first, int last, char *to) {
  char *at = to;
  if (first) at = g_stpcpy(at, "##");
  for (int i = first; i < last; i++) {
    memcpy(at, c->word[i].utf8, (size_t)c->word[i].bytes);
    at += c->word[i].bytes;
  }
  *at = '\0';
  return to;
}

static int longest(const cutting *c, int first, char *text) {
  for (int last = c->n; last > first; last--)
    if (at_vocab_has(c->vocab, piece(c, first, last, text))) return last;
  return first;
}

/* The word that stands in c, which it leaves empty. */
static at_status cut_word(cutting *c, at_error *err) {
  char text[(MOST_LETTERS + 1) * MOST_BYTES];
  const size_t before = c->out->n, used = c->used;
  at_status s = AT_OK;
  bool known = c->n <= MOST_LETTERS;
  for (int first = 0, last; s == AT_OK && known && first < c->n; first = last) {
    last = longest(c, first, text);
    known = last > first;
    if (known) s = put(c, text, c->word[first].begin, c->word[last - 1].end, err);
  }
  if (s == AT_OK && !known) {
    c->out->n = before;
    c->used = used;
    s = put(c, at_vocab_word(c->vocab, at_vocab_special(c->vocab, AT_WORD_UNKNOWN)), c->begin,
            c->end, err);
  }
  c->n = 0;
  return s;
}

static void add_letter(cutting *c, gunichar letter_of, size_t begin, size_t end) {
  if (!c->n) c->begin = begin;
  c->end = end;
  if (c->n >= MOST_LETTERS) {
    c->n = MOST_LETTERS + 1;
    return;
  }
  letter *l = &c->word[c->n++];
  *l = (letter){.begin = begin, .end = end};
  l->bytes = g_unichar_to_utf8(letter_of, l->utf8);
}

/* A letter of the source: lower case, and none of its accents. */
static void add_parts(cutting *c, gunichar of, size_t begin, size_t end) {
  gunichar part[MOST_PARTS];
  const gsize n = g_unichar_fully_decompose(g_unichar_tolower(of), FALSE, part, MOST_PARTS);
  for (gsize i = 0; i < n && i < MOST_PARTS; i++)
    if (g_unichar_type(part[i]) != G_UNICODE_NON_SPACING_MARK) add_letter(c, part[i], begin, end);
}

static at_status cut(cutting *c, const char *text, size_t n, at_error *err) {
  at_status s = AT_OK;
  for (size_t at = 0, next; s == AT_OK && at < n; at = next) {
    const gunichar u = g_utf8_get_char(text + at);
    next = (size_t)(g_utf8_next_char(text + at) - text);
    const bool alone = mark(u) || ideograph(u);
    if (nothing(u) && !blank(u)) continue;
    if (blank(u) || alone) s = cut_word(c, err);
    if (s != AT_OK || blank(u)) continue;
    add_parts(c, u, at, next);
    if (alone) s = cut_word(c, err);
  }
  return s == AT_OK ? cut_word(c, err) : s;
}

at_status at_pieces(const char *text, size_t n, const at_vocab *vocab, at_tokens *out,
                    at_error *err) {
  memset(out, 0, sizeof *out);
  at_status s = at_utf8_check(text, n, err);
  if (s != AT_OK) return s;
  cutting *c = calloc(1, sizeof *c);
  if (!c) return at_nomem(err);
  c->vocab = vocab;
  c->out = out;
  /* A letter of the source becomes at most MOST_PARTS letters; a piece has at least one, and "##"
   * and its end beside it, or is the name of what is unknown. */
  size_t total;
  const size_t name = strlen(at_vocab_word(vocab, at_vocab_special(vocab, AT_WORD_UNKNOWN)));
  if (!at_mul_size(n + 1, MOST_PARTS, &c->cap) || !at_mul_size(c->cap, sizeof *out->v, &total) ||
      !at_mul_size(c->cap, MOST_BYTES + 3 + name, &c->room))
    s = at_nomem(err);
  if (s == AT_OK) {
    out->v = malloc(total);
    out->bytes = malloc(c->room);
    s = out->v && out->bytes ? cut(c, text, n, err) : at_nomem(err);
  }
  free(c);
  if (s != AT_OK) at_tokens_free(out);
  return s;
}
