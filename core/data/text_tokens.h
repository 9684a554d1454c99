/* Words of a caption and their numbers. */
#ifndef AT_DATA_TEXT_TOKENS_H
#define AT_DATA_TEXT_TOKENS_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/base/status.h"

/* ---- UTF-8 ---- */

/* The length of the longest valid prefix: n when all of it is UTF-8.  Overlong
 * forms, surrogates and code points past U+10FFFF are not valid. */
size_t at_utf8_valid_prefix(const char *s, size_t n);
/* EINPUT with the byte's place where a text is not all UTF-8, or has a byte 0. */
at_status at_utf8_check(const char *text, size_t n, at_error *err);

/* ---- tokens ---- */

typedef enum at_token_mode {
  /* A token is a longest run of ASCII letters, digits and bytes of UTF-8
   * sequences; an apostrophe (' or U+2019) between two of these belongs to the
   * word ("don't", "o'clock").  ASCII letters are lower-cased, U+2019 becomes
   * '; everything else separates and is dropped.  Bytes above 127 are kept as
   * they are, so typographic quotes other than U+2019 stick to words. */
  AT_TOKENS_WORDS,
  /* Split at white space and change nothing: for files tokenised before. */
  AT_TOKENS_SPACE,
  /* Pieces of a vocabulary: at_pieces, never at_tokenise. */
  AT_TOKENS_PIECES
} at_token_mode;

typedef struct at_token {
  const char *text;  /* NUL-terminated, owned by the set */
  size_t begin, end; /* bytes of the source text that it stands for */
} at_token;

typedef struct at_tokens {
  at_token *v;
  size_t n;
  char *bytes; /* owned: what the tokens point into */
} at_tokens;

/* `n` bytes of text; a text that is not UTF-8 is refused with the byte's place. */
at_status at_tokenise(const char *text, size_t n, at_token_mode mode, at_tokens *out,
                      at_error *err);
void at_tokens_free(at_tokens *t); /* a zeroed set is fine */

/* ---- vocabularies ---- */

typedef enum at_word {
  AT_WORD_PAD = 0,
  AT_WORD_START = 1,
  AT_WORD_END = 2,
  AT_WORD_UNKNOWN = 3,
  AT_WORD_FIRST = 4
} at_word;

/* Words 0..3 are <pad> <start> <end> <unk>; the others follow by falling
 * count, ties by bytes, so the same counts give the same numbers. In a vocabulary
 * of pieces the four are called [PAD] [CLS] [SEP] [UNK] and stand anywhere. */
typedef struct at_vocab at_vocab;

/* Counting is one vocabulary being built; it answers nothing until finished. */
at_status at_vocab_new(at_vocab **out, at_error *err);
void at_vocab_free(at_vocab *v); /* NULL is fine */
at_status at_vocab_count(at_vocab *v, const char *word, at_error *err);
at_status at_vocab_count_tokens(at_vocab *v, const at_tokens *t, at_error *err);
/* Keeps words counted at least `threshold` times, at most `most` of them
 * besides the four (0: all), and numbers them. */
at_status at_vocab_finish(at_vocab *v, int64_t threshold, size_t most, at_error *err);

size_t at_vocab_size(const at_vocab *v);                  /* with the four */
int64_t at_vocab_threshold(const at_vocab *v);            /* 0 when it is not known */
int32_t at_vocab_id(const at_vocab *v, const char *word); /* that of <unk> when absent */
int32_t at_vocab_special(const at_vocab *v, at_word which);
bool at_vocab_is_special(const at_vocab *v, int32_t id); /* one of the four */
bool at_vocab_has(const at_vocab *v, const char *word);
const char *at_vocab_word(const at_vocab *v, int32_t id); /* "<unk>" outside the range */

/* {"words": ["<pad>", ...], "threshold": n}; the caller frees *text. */
at_status at_vocab_text(const at_vocab *v, char **text, at_error *err);
/* Reads that form; of a name that ends with .txt, BERT's form, a piece a line; and SCAN's
 * {"word2idx": {...}, "idx2word": {...}, "idx": n}. */
at_status at_vocab_read(const char *path, at_vocab **out, at_error *err);
bool at_vocab_of_pieces(const at_vocab *v); /* it came from BERT's form */

/* Cuts a text as BERT's uncased models do (Devlin et al., "BERT", 2019): lower case without
 * accents, punctuation and ideographs alone, then the longest pieces of the vocabulary from the
 * left, all but a word's first with "##" before them; [UNK] for a word that has none, or more than
 * 100 letters. `vocab` is one of pieces. */
at_status at_pieces(const char *text, size_t n, const at_vocab *vocab, at_tokens *out,
                    at_error *err);
#endif
