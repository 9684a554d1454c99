/* Pictures of tokens: what stands at each token's box and a little around it, brought to one size,
 * out of the picture as the reader gives it. */
#ifndef ATTUNE_DATA_OCR_CROPS_H
#define ATTUNE_DATA_OCR_CROPS_H
#include <attune/plugin.h>
#include "ocr_tokens.h"

enum { OCR_CROPS_COLORS = 3 };

typedef struct ocr_crops {
  int64_t height;       /* of a crop, which is twice as wide; 0: there are none */
  int64_t across, down; /* pixels of pictures as they are given */
} ocr_crops;

/* Crops of a picture that are made already, bytes [tokens, height, 2 height, 3]; NULL: not yet.
 * Several workers may ask for them. */
typedef _Atomic(uint8_t *) ocr_crops_kept;

int64_t ocr_crops_numbers(const ocr_crops *c); /* of one crop */
/* dst [tokens, height, 2 height, 3], 0 .. 1. A token without a place has a black one. [worker] */
int ocr_crops_read(const attune_host *host, const ocr_crops *c, const char *path,
                   const ocr_tokens *t, ocr_crops_kept *kept, float *dst);
#endif
