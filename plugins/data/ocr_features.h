/* What a model is given of each token: parts that the reader's options choose, one behind another.
 *
 *   words   its word: out of `vectors`, or character n-grams hashed (ocr_grams) where it has none;
 *           of several words the mean; of length 1
 *   phoc    ocr_phoc of its text, of length 1
 *   looks   ocr_looks, then where it stands: its number, its line's number and its place in the
 *           line, each 0 .. 1, and 1 for a line of several words
 *   around  the n-grams of the token left of it, then of the one above it, each of length 1 */
#ifndef ATTUNE_DATA_OCR_FEATURES_H
#define ATTUNE_DATA_OCR_FEATURES_H
#include "ocr_text.h"
#include "ocr_tokens.h"
#include "ocr_vectors.h"

enum { OCR_LOOKS_WIDTH = OCR_LOOKS + 4, OCR_MOST_NUMBERS = OCR_VECTORS_MOST };

typedef struct ocr_features {
  int64_t words, around; /* numbers; 0: no such part */
  bool phoc, looks;
  ocr_vectors vectors;
} ocr_features;

#define OCR_FEATURE_OPTIONS(words_, around_)                                                       \
  {"words",                                                                                        \
   ATTUNE_OPTION_INT,                                                                              \
   words_,                                                                                         \
   0,                                                                                              \
   4096,                                                                                           \
   NULL,                                                                                           \
   "numbers for a token's word, its character n-grams hashed; 0: none"},                           \
      {"vectors",                                                                                  \
       ATTUNE_OPTION_PATH,                                                                         \
       "",                                                                                         \
       0,                                                                                          \
       0,                                                                                          \
       NULL,                                                                                       \
       "vectors of words as GloVe and fastText write them; `words` is then as long as these, and " \
       "a word that has none gets its n-grams"},                                                   \
      {"phoc",                                                                                     \
       ATTUNE_OPTION_BOOL,                                                                         \
       "true",                                                                                     \
       0,                                                                                          \
       0,                                                                                          \
       NULL,                                                                                       \
       "its pyramidal histogram of characters, 604 numbers"},                                      \
      {"looks",                                                                                    \
       ATTUNE_OPTION_BOOL,                                                                         \
       "true",                                                                                     \
       0,                                                                                          \
       0,                                                                                          \
       NULL,                                                                                       \
       "what it looks like and where it stands, 15 numbers"},                                      \
      {"around",                                                                                   \
       ATTUNE_OPTION_INT,                                                                          \
       around_,                                                                                    \
       0,                                                                                          \
       4096,                                                                                       \
       NULL,                                                                                       \
       "numbers for the token left of it, and as many for the one above it; 0: none"},             \
  {                                                                                                \
    "crops", ATTUNE_OPTION_INT, "0", 0, 256, NULL,                                                 \
        "height in pixels of a picture of each token, twice as wide, out of the picture as it is " \
        "given; they are kept, 6 bytes for each pixel of the height squared; 0: none"              \
  }

/* Reads `vectors` for the words of all these tokens. [main] */
int ocr_features_open(const attune_host *host, const attune_options *options, ocr_features *f);
int ocr_features_want(ocr_features *f, const ocr_tokens *t);
int ocr_features_vectors(const attune_host *host, const attune_options *options, ocr_features *f);
int64_t ocr_features_width(const ocr_features *f);
/* dst[width] of token i. [worker] */
void ocr_features_of(const ocr_features *f, const ocr_tokens *t, int64_t i, float *dst);
#endif
