/* The pictures of the gallery, each kept once. */
#include <stdlib.h>
#include <string.h>
#include "core/base/random.h"
#include "core/report/gallery.h"

enum { SMALL = 128, LARGE = 360, QUALITY = 82 };

/* Pixel for pixel where it is small; else made smaller. */
static at_status make_uri(const at_image *in, bool small, at_text *t, at_error *err) {
  at_text bytes = {0};
  at_image m = {0};
  int most = in->w > in->h ? in->w : in->h;
  double z = most > LARGE ? (double)LARGE / most : 1;
  int w = (int)fmax(1, round(z * in->w)), h = (int)fmax(1, round(z * in->h));
  at_status s = small ? AT_OK : at_image_resize(in, w, h, AT_FILTER_LANCZOS3, &m, err);
  if (s == AT_OK)
    s = small ? at_image_png_mem(in, &bytes, err) : at_image_jpeg_mem(&m, QUALITY, &bytes, err);
  if (s == AT_OK && bytes.failed) s = at_nomem(err);
  if (s == AT_OK) {
    at_text_addf(t, "data:image/%s;base64,", small ? "png" : "jpeg");
    at_rp_base64(t, bytes.data, bytes.len);
  }
  at_image_free(&m);
  at_text_free(&bytes);
  return s;
}

at_status at_rp_photo_add(rp_gallery *g, const at_look *l, size_t *index, at_error *err) {
  *index = RP_NO_PHOTO;
  if (!l->rgb || l->width < 1 || l->height < 1 || l->width > AT_IMAGE_MAX_SIDE ||
      l->height > AT_IMAGE_MAX_SIDE)
    return AT_OK;
  const size_t bytes = (size_t)l->width * (size_t)l->height * 3;
  rp_photo p = {.hash = at_hash64(l->rgb, bytes), .width = l->width, .height = l->height};
  for (size_t i = 0; i < g->n_photos; i++) {
    const rp_photo *q = &g->photo[i];
    if (q->hash != p.hash || q->width != p.width || q->height != p.height) continue;
    *index = i;
    return AT_OK;
  }
  rp_photo *v = at_arena_grow(g->arena, g->photo, g->n_photos, &g->cap_photos, sizeof *v);
  if (!v) return at_nomem(err);
  g->photo = v;
  p.small = p.width <= SMALL && p.height <= SMALL;
  if (g->pixels && !(p.rgb = malloc(bytes))) return at_nomem(err);
  if (p.rgb) memcpy(p.rgb, l->rgb, bytes);
  at_status s = make_uri(&(at_image){.w = (int)p.width, .h = (int)p.height, .rgb = l->rgb}, p.small,
                         &p.uri, err);
  *index = g->n_photos;
  g->photo[g->n_photos++] = p;
  return s;
}

void at_rp_photos_free(rp_gallery *g) {
  for (size_t i = 0; i < g->n_photos; i++) {
    at_text_free(&g->photo[i].uri);
    free(g->photo[i].rgb);
  }
}
