/* Pictures of one size side by side, as one. */
#include <string.h>
#include "core/data/image.h"

at_status at_image_grid(const uint8_t *rgb, int64_t n, int64_t columns, int64_t height,
                        int64_t width, at_image *out, at_error *err) {
  const int64_t rows = columns > 0 ? (n + columns - 1) / columns : 0;
  const int64_t w = columns * (width + AT_IMAGE_GAP) + AT_IMAGE_GAP;
  const int64_t h = rows * (height + AT_IMAGE_GAP) + AT_IMAGE_GAP;
  if (n < 1 || columns < 1 || w > AT_IMAGE_MAX_SIDE || h > AT_IMAGE_MAX_SIDE)
    return at_fail(err, AT_EINPUT,
                   "%lld pictures of %lld x %lld in rows of %lld make no picture of at most %d a "
                   "side",
                   (long long)n, (long long)width, (long long)height, (long long)columns,
                   AT_IMAGE_MAX_SIDE);
  at_status st = at_image_init(out, (int)w, (int)h, err);
  if (st != AT_OK) return st;
  memset(out->rgb, 255, (size_t)(3 * w * h));
  for (int64_t i = 0; i < n; i++) {
    const int64_t x = AT_IMAGE_GAP + i % columns * (width + AT_IMAGE_GAP);
    const int64_t y = AT_IMAGE_GAP + i / columns * (height + AT_IMAGE_GAP);
    for (int64_t r = 0; r < height; r++)
      memcpy(out->rgb + 3 * ((y + r) * w + x), rgb + 3 * (i * height + r) * width,
             (size_t)(3 * width));
  }
  return AT_OK;
}
