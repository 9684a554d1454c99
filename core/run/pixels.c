/* Pictures between bytes and the numbers of a model. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/data/image.h"
#include "core/run/run_impl.h"

int64_t at_pixels_shrink(const at_session *s, const at_node *in, const at_field *f) {
  if (f->f.type != ATTUNE_FIELD_IMAGE || in->ndim != 4 || f->f.ndim != 3) return 0;
  const int64_t h = in->dim[1].size, w = in->dim[2].size;
  if (h < 1 || w < 1 || in->dim[3].size != f->f.shape[2]) return 0;
  const int64_t height = at_session_shape(s, f, 0), width = at_session_shape(s, f, 1),
                by = height / h;
  /* What is fed may be a part of the picture; all of it is made smaller. */
  const bool whole = by >= 1 && by * h == height && by * w == width && f->f.shape[0] % by == 0 &&
                     f->f.shape[1] % by == 0;
  return whole ? by : 0;
}

/* Takes the bytes that `in` points to. */
static at_status shrink(uint8_t *in, const at_feed *f, uint8_t **out, at_error *err) {
  at_image whole = {.w = (int)f->field->f.shape[1], .h = (int)f->field->f.shape[0], .rgb = in};
  at_image small = {0};
  at_status st = at_image_resize(&whole, whole.w / (int)f->shrink, whole.h / (int)f->shrink,
                                 AT_FILTER_BOX, &small, err);
  free(in);
  *out = small.rgb;
  return st;
}

int64_t at_pixels_bytes(const at_feed *f) {
  const int64_t by = f->shrink > 1 ? f->shrink : 1;
  return f->field->f.shape[0] / by * (f->field->f.shape[1] / by) * 3;
}

at_status at_pixels_read(const at_session *s, const at_feed *f, const char *split, int64_t row,
                         uint8_t **out, at_error *err) {
  uint8_t *rgb = malloc((size_t)(f->field->f.shape[0] * f->field->f.shape[1]) * 3);
  *out = NULL;
  if (!rgb) return at_nomem(err);
  at_status st = at_dataset_read(s->data, split, f->field, row, rgb, err);
  if (st == AT_OK && f->shrink > 1) return shrink(rgb, f, out, err);
  if (st == AT_OK)
    *out = rgb;
  else
    free(rgb);
  return st;
}

void at_pixels_take(const at_session *s, const float *v, int64_t n, uint8_t *dst) {
  for (int64_t i = 0; i < n; i++) {
    const float unit = s->signed_pixels ? (v[i] + 1) / 2 : v[i];
    dst[i] = !(unit > 0) ? 0 : unit >= 1 ? 255 : (uint8_t)lrintf(255 * unit);
  }
}

at_status at_pixels_of(const at_session *s, const char *split, const char *table, int64_t row,
                       int64_t height, int64_t width, uint8_t *rgb, at_error *err) {
  size_t n;
  const at_field *f = at_dataset_fields(s->data, &n), *image = NULL;
  at_image in = {0}, out = {0};
  for (size_t i = 0; i < n && !image; i++)
    if (!strcmp(f[i].table, table) && f[i].f.type == ATTUNE_FIELD_IMAGE) image = &f[i];
  if (!image) return at_fail(err, AT_EFAIL, "the table `%s` has no pictures", table);
  if (height < 1 || width < 1 || height > AT_IMAGE_MAX_SIDE || width > AT_IMAGE_MAX_SIDE)
    return at_fail(err, AT_EINPUT, "a picture cannot be resized to %lld x %lld", (long long)width,
                   (long long)height);
  in = (at_image){.w = (int)at_session_shape(s, image, 1), .h = (int)at_session_shape(s, image, 0)};
  at_status st = at_session_picture(s, split, image, row, &in.rgb, err);
  const bool same = in.h == height && in.w == width;
  /* A whole factor is how a model's inputs are made smaller, too. */
  const bool whole = in.h % height == 0 && in.w % width == 0;
  if (st == AT_OK && !same)
    st = at_image_resize(&in, (int)width, (int)height, whole ? AT_FILTER_BOX : AT_FILTER_TRIANGLE,
                         &out, err);
  if (st == AT_OK) memcpy(rgb, same ? in.rgb : out.rgb, (size_t)(height * width * 3));
  at_image_free(&in);
  at_image_free(&out);
  return st;
}
