/* The tokens of a picture: texts that something read there, with their places. */
#ifndef ATTUNE_DATA_OCR_TOKENS_H
#define ATTUNE_DATA_OCR_TOKENS_H
#include <attune/plugin.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct ocr_token {
  float box[4];     /* x0 y0 x1 y1 as shares of the picture, within it */
  size_t at, n;     /* its text in the picture's */
  int32_t line;     /* of the picture, from 0 */
  int32_t place;    /* among the words of its line */
  int32_t of;       /* words of its line */
  bool whole;       /* a line of several words */
  int32_t left, up; /* ocr_tokens_around(); -1: none */
} ocr_token;

typedef struct ocr_tokens {
  char *text; /* of all of them, a newline between two */
  size_t n_text, cap_text;
  ocr_token *token;
  int64_t n, cap; /* at least 1 once ended: where there is none an empty text at 0 0 0 0 */
  int64_t met;    /* how many there were before the limit */
  int32_t lines;
  bool none; /* there were none */
  bool cut;  /* a box reached beyond the picture, or lay outside */
} ocr_tokens;

typedef enum ocr_split { OCR_LINES, OCR_WORDS, OCR_BOTH } ocr_split;

/* A line of text at a place; blanks at its ends go, those within become one. LINES: it is a token.
 * WORDS: its words are, parted at blanks and behind a colon that follows a letter or begins the
 * word; each takes the part of the box that its characters take of the line. BOTH: the line, then
 * its words where it has several. An empty line is none. 0, ATTUNE_NO_MEMORY, or ATTUNE_BAD_INPUT
 * with a sentence in *why. */
int ocr_tokens_add(ocr_tokens *t, const char *text, size_t n, const double box[4], ocr_split split,
                   const char **why);
/* Of more than `limit` tokens the first are kept. 0, or ATTUNE_NO_MEMORY. */
int ocr_tokens_end(ocr_tokens *t, int64_t limit);
/* left: of the tokens that overlap one in height by at least half of the lower of the two, and
 * whose middle is left of it, the one that ends last. up: likewise above it. */
void ocr_tokens_around(ocr_tokens *t);
void ocr_tokens_free(ocr_tokens *t);
#endif
