#include "core/data/image.h"
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/file.h"
#include "core/data/image_read.h"

at_status at_image_check_size(unsigned long w, unsigned long h, const char *what, at_error *err) {
  if (w >= 1 && h >= 1 && w <= AT_IMAGE_MAX_SIDE && h <= AT_IMAGE_MAX_SIDE) return AT_OK;
  return at_fail(err, AT_EINPUT,
                 "%s: is %lu x %lu pixels; pictures have 1 to %d on a side, so scale it first",
                 what, w, h, AT_IMAGE_MAX_SIDE);
}

at_status at_image_init(at_image *m, int w, int h, at_error *err) {
  memset(m, 0, sizeof *m);
  at_status s = at_image_check_size(w < 0 ? 0 : (unsigned long)w, h < 0 ? 0 : (unsigned long)h,
                                    "the picture", err);
  if (s != AT_OK) return s;
  if (!(m->rgb = calloc((size_t)w * (size_t)h, 3))) return at_nomem(err);
  m->w = w;
  m->h = h;
  return AT_OK;
}

void at_image_free(at_image *m) {
  free(m->rgb);
  memset(m, 0, sizeof *m);
}

at_status at_image_decode(const void *bytes, size_t n, const char *what, at_image *out,
                          at_error *err) {
  static const unsigned char png[8] = {0x89, 'P', 'N', 'G', '\r', '\n', 0x1a, '\n'};
  static const unsigned char jpeg[3] = {0xff, 0xd8, 0xff};
  memset(out, 0, sizeof *out);
  if (n && !memcmp(bytes, png, n < 8 ? n : 8)) return at_image_decode_png(bytes, n, what, out, err);
  if (n && !memcmp(bytes, jpeg, n < 3 ? n : 3))
    return at_image_decode_jpeg(bytes, n, what, out, err);
  return at_fail(err, AT_EINPUT,
                 n ? "%s: is neither a JPEG nor a PNG file; convert it to one of them"
                   : "%s: is empty where a JPEG or PNG picture is expected",
                 what);
}

at_status at_image_read(const char *path, at_image *out, at_error *err) {
  at_map map = {0};
  memset(out, 0, sizeof *out);
  at_status s = at_map_open(path, &map, err);
  if (s != AT_OK) return s;
  s = at_image_decode(map.data, map.size, path, out, err);
  at_map_close(&map);
  return s;
}

at_status at_image_cut(const at_image *in, int x, int y, int w, int h, at_image *out,
                       at_error *err) {
  at_status s = at_image_init(out, w, h, err);
  for (int k = 0; s == AT_OK && k < h; k++)
    memcpy(out->rgb + (size_t)k * (size_t)w * 3,
           in->rgb + ((size_t)(y + k) * (size_t)in->w + (size_t)x) * 3, (size_t)w * 3);
  return s;
}

/* ---- resizing ---- */

/* Weights are integers of this many fraction bits: 8 bits of picture, 22 of
 * weight and 2 for overshoot and sign fill the 32 of an int. */
#define WEIGHT_BITS 22

typedef struct taps { /* for each output pixel: first input pixel and weights */
  int *first, *count, *weight;
  int most; /* weights a pixel has room for */
} taps;

static double sinc(double x) {
  const double pi = 3.14159265358979323846;
  return x == 0 ? 1 : sin(pi * x) / (pi * x);
}

static double filter_support(at_filter f) {
  return f == AT_FILTER_BOX ? 0.5 : f == AT_FILTER_TRIANGLE ? 1.0 : 3.0;
}

static double filter_at(at_filter f, double x) {
  if (f == AT_FILTER_BOX) return x > -0.5 && x <= 0.5 ? 1 : 0;
  if (f == AT_FILTER_TRIANGLE) return fabs(x) < 1 ? 1 - fabs(x) : 0;
  return fabs(x) < 3 ? sinc(x) * sinc(x / 3) : 0;
}

static void taps_free(taps *t) {
  free(t->first);
  free(t->count);
  free(t->weight);
}

/* Fills the weights of output pixel `i`; they sum to 1 before rounding. */
static void make_tap(taps *t, int i, int in, int out, at_filter f, double *scratch) {
  double scale = (double)in / out, wide = scale < 1 ? 1 : scale;
  double support = filter_support(f) * wide, centre = (i + 0.5) * scale, sum = 0;
  int first = (int)(centre - support + 0.5), last = (int)(centre + support + 0.5);
  if (first < 0) first = 0;
  if (last > in) last = in;
  for (int k = first; k < last; k++) {
    scratch[k - first] = filter_at(f, (k - centre + 0.5) / wide);
    sum += scratch[k - first];
  }
  t->first[i] = first;
  t->count[i] = last - first;
  for (int k = 0; k < last - first; k++) {
    double w = (sum != 0 ? scratch[k] / sum : 0) * (1 << WEIGHT_BITS);
    t->weight[(size_t)i * (size_t)t->most + (size_t)k] = (int)(w < 0 ? w - 0.5 : w + 0.5);
  }
}

static at_status make_taps(taps *t, int in, int out, at_filter f, at_error *err) {
  double wide = in > out ? (double)in / out : 1;
  t->most = (int)ceil(filter_support(f) * wide) * 2 + 1;
  double *scratch = calloc((size_t)t->most, sizeof *scratch);
  t->first = calloc((size_t)out, sizeof *t->first);
  t->count = calloc((size_t)out, sizeof *t->count);
  t->weight = calloc((size_t)out * (size_t)t->most, sizeof *t->weight);
  bool ok = scratch && t->first && t->count && t->weight;
  for (int i = 0; ok && i < out; i++) make_tap(t, i, in, out, f, scratch);
  free(scratch);
  return ok ? AT_OK : at_nomem(err);
}

static uint8_t to_byte(int64_t sum) {
  int64_t v = sum >> WEIGHT_BITS;
  return (uint8_t)(v < 0 ? 0 : v > 255 ? 255 : v);
}

/* One output byte: the weighted sum of bytes `step` apart. */
static uint8_t weigh(const uint8_t *p, size_t step, const int *weight, int n) {
  int64_t sum = 1 << (WEIGHT_BITS - 1);
  for (int k = 0; k < n; k++) sum += (int64_t)weight[k] * p[(size_t)k * step];
  return to_byte(sum);
}

static void resize_rows(const at_image *in, const taps *t, at_image *out) {
  for (int y = 0; y < in->h; y++)
    for (int x = 0; x < out->w; x++)
      for (int c = 0; c < 3; c++)
        out->rgb[((size_t)y * (size_t)out->w + (size_t)x) * 3 + (size_t)c] =
            weigh(in->rgb + ((size_t)y * (size_t)in->w + (size_t)t->first[x]) * 3 + c, 3,
                  t->weight + (size_t)x * (size_t)t->most, t->count[x]);
}

static void resize_columns(const at_image *in, const taps *t, at_image *out) {
  size_t row = (size_t)in->w * 3;
  for (int y = 0; y < out->h; y++)
    for (size_t i = 0; i < row; i++)
      out->rgb[(size_t)y * row + i] = weigh(in->rgb + (size_t)t->first[y] * row + i, row,
                                            t->weight + (size_t)y * (size_t)t->most, t->count[y]);
}

at_status at_image_resize(const at_image *in, int w, int h, at_filter filter, at_image *out,
                          at_error *err) {
  taps across = {0}, down = {0};
  at_image middle = {0};
  at_status s = at_image_init(out, w, h, err);
  if (s != AT_OK) return s;
  if ((s = at_image_init(&middle, w, in->h, err)) != AT_OK) goto out;
  if ((s = make_taps(&across, in->w, w, filter, err)) != AT_OK) goto out;
  if ((s = make_taps(&down, in->h, h, filter, err)) != AT_OK) goto out;
  resize_rows(in, &across, &middle);
  resize_columns(&middle, &down, out);
out:
  if (s != AT_OK) at_image_free(out);
  at_image_free(&middle);
  taps_free(&across);
  taps_free(&down);
  return s;
}
