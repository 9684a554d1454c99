/* Vectors of words in a text file, as GloVe and fastText write them: a line is a word and its
 * numbers; fastText's first line is how many there are of each. */
#ifndef AT_TRAIN_VECTORS_H
#define AT_TRAIN_VECTORS_H
#include "core/data/text_tokens.h"

/* A path that ends in .txt or .vec. */
bool at_vectors_is(const char *path);
/* Row at_vocab_id(word) of table[size of the vocabulary][width] becomes the word's vector; of
 * several the first.  Rows of words that the file lacks stay as they are.  *found: words other
 * than the four special ones that have a vector. */
at_status at_vectors_read(const char *path, const at_vocab *words, int64_t width, float *table,
                          int64_t *found, at_error *err);
#endif
