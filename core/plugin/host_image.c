/* Pictures for readers: decoded, cut, brought to the size that is wanted. */
#include <stdio.h>
#include <string.h>
#include "core/data/image.h"
#include "core/plugin/plugin_impl.h"

/* The file whose first picture alone was taken since somebody asked; "": none. */
static _Thread_local char animated[512];

bool at_host_animated(char *out, size_t n) {
  const bool any = *animated;
  snprintf(out, n, "%s", animated);
  *animated = 0;
  return any;
}

/* `part` cut at the edges of `in`, and at its middle to the shape w : h where `cover`. */
static at_status find_part(const at_image *in, const char *path, const int64_t *part, bool cover,
                           int64_t w, int64_t h, int out[4], at_error *err) {
  int64_t x0 = 0, y0 = 0, x1 = in->w, y1 = in->h;
  if (part) {
    const int64_t most = 2 * (int64_t)AT_IMAGE_MAX_SIDE;
    for (int i = 0; i < 4; i++)
      if (part[i] < -most || part[i] > most) x1 = 0;
    if (x1) x1 = part[0] + part[2] < x1 ? part[0] + part[2] : x1;
    if (x1) y1 = part[1] + part[3] < y1 ? part[1] + part[3] : y1;
    x0 = part[0] > 0 ? part[0] : 0;
    y0 = part[1] > 0 ? part[1] : 0;
    if (x1 <= x0 || y1 <= y0)
      return at_fail(err, AT_EINPUT,
                     "%s: the part of it that counts, %lld x %lld from (%lld, %lld), lies outside "
                     "its %d x %d pixels",
                     path, (long long)part[2], (long long)part[3], (long long)part[0],
                     (long long)part[1], in->w, in->h);
  }
  int64_t pw = x1 - x0, ph = y1 - y0;
  if (cover && pw * h > ph * w) {
    const int64_t keep = (2 * ph * w + h) / (2 * h);
    x0 += (pw - (keep > 0 ? keep : 1)) / 2;
    pw = keep > 0 ? keep : 1;
  } else if (cover) {
    const int64_t keep = (2 * pw * h + w) / (2 * w);
    y0 += (ph - (keep > 0 ? keep : 1)) / 2;
    ph = keep > 0 ? keep : 1;
  }
  const int64_t found[4] = {x0, y0, pw, ph};
  for (int i = 0; i < 4; i++) out[i] = (int)found[i];
  return AT_OK;
}

static at_status take_image(const char *path, const int64_t *part, bool cover, int64_t width,
                            int64_t height, uint8_t *rgb, at_error *err) {
  at_image in = {0}, cut = {0}, out = {0};
  int p[4];
  at_status s = at_image_read(path, &in, err);
  if (s == AT_OK) s = find_part(&in, path, part, cover, width, height, p, err);
  const bool whole = s == AT_OK && p[2] == in.w && p[3] == in.h;
  if (s == AT_OK && !whole) s = at_image_cut(&in, p[0], p[1], p[2], p[3], &cut, err);
  const at_image *from = whole ? &in : &cut;
  const bool same = s == AT_OK && from->w == width && from->h == height;
  if (s == AT_OK && !same)
    s = at_image_resize(from, (int)width, (int)height, AT_FILTER_TRIANGLE, &out, err);
  if (s == AT_OK && in.animated) snprintf(animated, sizeof animated, "%s", path);
  if (s == AT_OK) memcpy(rgb, same ? from->rgb : out.rgb, (size_t)(width * height * 3));
  at_image_free(&in);
  at_image_free(&cut);
  at_image_free(&out);
  return s;
}

int at_host_image_part(const attune_host *host, const char *path, const int64_t *part, int cover,
                       int64_t width, int64_t height, uint8_t *rgb) {
  at_error err = {0};
  (void)host;
  if (width < 1 || height < 1 || width > AT_IMAGE_MAX_SIDE || height > AT_IMAGE_MAX_SIDE)
    return at_host_keep(at_fail(&err, AT_EINPUT, "%s: cannot be resized to %lld x %lld", path,
                                (long long)width, (long long)height),
                        &err);
  return at_host_keep(take_image(path, part, cover != 0, width, height, rgb, &err), &err);
}

int at_host_image(const attune_host *host, const char *path, int64_t width, int64_t height,
                  uint8_t *rgb) {
  return at_host_image_part(host, path, NULL, 0, width, height, rgb);
}
