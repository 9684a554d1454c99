/* Vectors of the words that a data set has, out of a text file as GloVe and fastText write them: a
 * line is a word and its numbers; fastText's first line says how many there are of each. */
#ifndef ATTUNE_DATA_OCR_VECTORS_H
#define ATTUNE_DATA_OCR_VECTORS_H
#include <attune/plugin.h>
#include "word_set.h"

enum { OCR_VECTORS_MOST = 4096 }; /* numbers of a word */

typedef struct ocr_vectors {
  word_set words; /* that are wanted, as written and with A-Z made small */
  float *value;   /* [words.n, width]; NULL: no file was read */
  unsigned char *known;
  int64_t width, found;
} ocr_vectors;

int ocr_vectors_want(ocr_vectors *v, const char *word, size_t n); /* 0, or ATTUNE_NO_MEMORY */
/* After all words that are wanted. Fails with a sentence that names file and line. */
int ocr_vectors_read(const attune_host *host, const char *path, ocr_vectors *v);
/* [width]: of the word as written, else in small letters; NULL: it has none. */
const float *ocr_vectors_of(const ocr_vectors *v, const char *word, size_t n);
void ocr_vectors_free(ocr_vectors *v);
#endif
