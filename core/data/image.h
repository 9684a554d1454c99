/* Pictures as packed 8-bit RGB rows, top to bottom: JPEG and PNG in, PNG and
 * JPEG out, resizing. */
#ifndef AT_DATA_IMAGE_H
#define AT_DATA_IMAGE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/base/status.h"
#include "core/base/text.h"

#define AT_IMAGE_MAX_SIDE 16384

typedef struct at_image {
  int w, h;
  uint8_t *rgb;  /* owned; h rows of 3 * w bytes */
  bool animated; /* what was decoded has more pictures: this is the first */
} at_image;

/* Black; refuses sides outside 1 .. AT_IMAGE_MAX_SIDE. */
at_status at_image_init(at_image *m, int w, int h, at_error *err);
void at_image_free(at_image *m); /* a zeroed image is fine */

/* The kind is told from the first bytes, not from the name.  Any PNG colour
 * type and any JPEG colour space becomes RGB; transparency is laid over white;
 * the EXIF orientation is not applied (as Pillow and torchvision do not).
 * Damaged or truncated data fail; nothing is printed.  `what` names the source. */
at_status at_image_read(const char *path, at_image *out, at_error *err);
at_status at_image_decode(const void *bytes, size_t n, const char *what, at_image *out,
                          at_error *err);

/* The part of w x h pixels from (x, y), which must lie inside. */
at_status at_image_cut(const at_image *in, int x, int y, int w, int h, at_image *out,
                       at_error *err);

/* Separable, antialiased: when shrinking the filter is widened by the factor,
 * as Pillow does, and in the same fixed-point arithmetic, so results do not
 * depend on the machine. */
typedef enum at_filter { AT_FILTER_BOX, AT_FILTER_TRIANGLE, AT_FILTER_LANCZOS3 } at_filter;
at_status at_image_resize(const at_image *in, int w, int h, at_filter filter, at_image *out,
                          at_error *err);

/* n pictures [n, height, width, 3] in rows of `columns`, on white, with a gap around each. */
enum { AT_IMAGE_GAP = 2 };
at_status at_image_grid(const uint8_t *rgb, int64_t n, int64_t columns, int64_t height,
                        int64_t width, at_image *out, at_error *err);

/* The bytes of a PNG or (quality 1..100) JPEG file, appended to `out`. */
at_status at_image_png_mem(const at_image *m, at_text *out, at_error *err);
at_status at_image_jpeg_mem(const at_image *m, int quality, at_text *out, at_error *err);
at_status at_image_write_png(const char *path, const at_image *m, at_error *err); /* atomic */
#endif
