#include "ocr_crops.h"
#include <stdatomic.h>
#include <stdlib.h>

int64_t ocr_crops_numbers(const ocr_crops *c) {
  return c->height * 2 * c->height * OCR_CROPS_COLORS;
}

/* A stretch of `pieces` parts, their ends at the nearest pixels, a part of it at least a pixel:
 * pixels *from .. *to - 1. */
static void piece(double begin, double end, int64_t i, int64_t pieces, int64_t most, int64_t *from,
                  int64_t *to) {
  const double step = (end - begin) / (double)pieces;
  *from = (int64_t)(begin + step * (double)i + 0.5);
  *to = (int64_t)(begin + step * (double)(i + 1) + 0.5);
  if (*from > most - 1) *from = most - 1;
  if (*to <= *from) *to = *from + 1;
  if (*to > most) *to = most;
}

static uint8_t mean(const ocr_crops *c, const uint8_t *rgb, int color, int64_t x0, int64_t x1,
                    int64_t y0, int64_t y1) {
  int64_t sum = 0;
  for (int64_t y = y0; y < y1; y++)
    for (int64_t x = x0; x < x1; x++) sum += rgb[(y * c->across + x) * OCR_CROPS_COLORS + color];
  const int64_t n = (x1 - x0) * (y1 - y0);
  return (uint8_t)((sum + n / 2) / n);
}

static double within(double v, double most) { return v < 0 ? 0 : v < most ? v : most; }

/* Each pixel is the mean of those it stands for. */
static void cut(const ocr_crops *c, const uint8_t *rgb, const float box[4], uint8_t *dst) {
  const double w = (double)c->across, h = (double)c->down;
  /* A quarter of the height more on each side shows what the text stands on. */
  const double more = 0.25 * ((double)box[3] - (double)box[1]) * h;
  const double x0 = within((double)box[0] * w - more, w), x1 = within((double)box[2] * w + more, w);
  const double y0 = within((double)box[1] * h - more, h), y1 = within((double)box[3] * h + more, h);
  for (int64_t y = 0; y < c->height; y++)
    for (int64_t x = 0; x < 2 * c->height; x++) {
      int64_t left, right, top, bottom;
      piece(x0, x1, x, 2 * c->height, c->across, &left, &right);
      piece(y0, y1, y, c->height, c->down, &top, &bottom);
      for (int k = 0; k < OCR_CROPS_COLORS; k++) *dst++ = mean(c, rgb, k, left, right, top, bottom);
    }
}

/* Crops, kept unless another worker was faster: then its are the same. */
static int make(const attune_host *host, const ocr_crops *c, const char *path, const ocr_tokens *t,
                ocr_crops_kept *kept, const uint8_t **out) {
  uint8_t *rgb = host->scratch(host, (size_t)(c->across * c->down * OCR_CROPS_COLORS));
  uint8_t *v = calloc((size_t)(t->n * ocr_crops_numbers(c) + 1), 1), *before = NULL;
  int rc = rgb && v ? host->image(host, path, c->across, c->down, rgb) : ATTUNE_NO_MEMORY;
  if (rc) {
    free(v);
    return rc;
  }
  for (int64_t i = 0; i < t->n && !t->none; i++)
    cut(c, rgb, t->token[i].box, v + i * ocr_crops_numbers(c));
  if (!atomic_compare_exchange_strong(kept, &before, v)) {
    free(v);
    v = before;
  }
  *out = v;
  return ATTUNE_OK;
}

int ocr_crops_read(const attune_host *host, const ocr_crops *c, const char *path,
                   const ocr_tokens *t, ocr_crops_kept *kept, float *dst) {
  const uint8_t *v = atomic_load(kept);
  const int rc = v ? ATTUNE_OK : make(host, c, path, t, kept, &v);
  for (int64_t i = 0; !rc && i < t->n * ocr_crops_numbers(c); i++) dst[i] = (float)v[i] / 255;
  return rc;
}
