/* Pictures on their way into a model: kept as bytes, cut and mirrored. */
#include <stdlib.h>
#include <string.h>
#include "core/base/random.h"
#include "core/run/run_impl.h"

/* ---- sizes ---- */

static bool is_cut(const at_session *s, const at_field *f) {
  return f->f.type == ATTUNE_FIELD_IMAGE && at_run_int(s->run, "data.crop") > 0;
}

int64_t at_session_shape(const at_session *s, const at_field *f, int k) {
  return is_cut(s, f) && k < 2 ? at_run_int(s->run, "data.crop") : f->f.shape[k];
}

at_status at_session_check_crop(const at_session *s, const at_field *f, at_error *err) {
  const at_entry *e = at_run_entry(s->run, "data.crop");
  size_t n;
  const at_field *all = at_dataset_fields(s->data, &n);
  if (!is_cut(s, f)) return AT_OK;
  for (int k = 0; k < 2; k++)
    if (at_session_shape(s, f, k) > f->f.shape[k])
      return at_fail(err, AT_EINPUT,
                     "%s: `data.crop` is %s, but pictures of `%s.%s` are %lld x %lld; make them "
                     "larger by the reader's options",
                     e->place, e->value, f->table, f->f.name, (long long)f->f.shape[1],
                     (long long)f->f.shape[0]);
  for (size_t i = 0; i < n; i++)
    if (all[i].f.type == ATTUNE_FIELD_BOXES)
      return at_fail(err, AT_EINPUT,
                     "%s: `data.crop` would cut the pictures that `%s.%s` has boxes on, and they "
                     "would fit no more",
                     e->place, all[i].table, all[i].f.name);
  return AT_OK;
}

/* ---- from bytes to numbers ---- */

/* Where the model looks: from (x, y), from right to left where `mirrored`. */
typedef struct window {
  int64_t x, y;
  bool mirrored;
} window;

typedef struct pixels {
  const at_session *s;
  const at_feed *feed;
  uint8_t *const *image;
  const int64_t *rows;
  float *dst;
} pixels;

/* Inputs that see a picture smaller see the same part of it: windows begin at pixels that all of
 * them have. Picture sizes are shrunk by few factors, so this stays small. */
static int64_t raster(const at_session *s) {
  int64_t by = 1;
  for (int f = 0; f < s->n_feeds; f++)
    if (s->feed[f].shrink > 1 && by % s->feed[f].shrink) by *= s->feed[f].shrink;
  return by;
}

/* In pixels of the whole picture. In training one is drawn for each row and epoch, whatever batch
 * the row is in; else it is the middle. */
static window window_of(const at_session *s, const at_feed *f, int64_t row) {
  const int64_t by = raster(s),
                free_y = (f->field->f.shape[0] - at_session_shape(s, f->field, 0)) / by,
                free_x = (f->field->f.shape[1] - at_session_shape(s, f->field, 1)) / by;
  window w = {.x = free_x / 2 * by, .y = free_y / 2 * by};
  if (!s->varies) return w;
  const at_random r = {
      .seed = s->seed, .stream = at_hash_name(f->field->table) ^ 0x7669657773u, .step = s->epoch};
  const uint64_t at = 3 * (uint64_t)row;
  w.mirrored = s->flips && at_random_below(&r, at, 2);
  if (free_x > 0) w.x = by * (int64_t)at_random_below(&r, at + 1, (uint64_t)free_x + 1);
  if (free_y > 0) w.y = by * (int64_t)at_random_below(&r, at + 2, (uint64_t)free_y + 1);
  return w;
}

static void convert(void *ctx, size_t i) {
  const pixels *p = ctx;
  const at_feed *f = p->feed;
  const int64_t height = f->input->dim[1].size, width = f->input->dim[2].size,
                by = f->shrink > 1 ? f->shrink : 1, stride = f->field->f.shape[1] / by;
  const window w = window_of(p->s, f, p->rows[i]);
  const float divisor = p->s->signed_pixels ? 127.5f : 255.0f,
              shift = p->s->signed_pixels ? 1.0f : 0.0f;
  float *to = p->dst + (int64_t)i * f->row;
  for (int64_t y = 0; y < height; y++) {
    const uint8_t *line = p->image[p->rows[i]] + ((w.y / by + y) * stride + w.x / by) * 3;
    for (int64_t x = 0; x < width; x++, to += 3) {
      const uint8_t *from = line + 3 * (w.mirrored ? width - 1 - x : x);
      for (int c = 0; c < 3; c++) to[c] = (float)from[c] / divisor - shift;
    }
  }
}

void at_session_vary(at_session *s, bool on, int64_t epoch) {
  s->varies = on;
  s->epoch = (uint64_t)epoch;
  s->flips = !strcmp(at_run_get(s->run, "data.flip"), "true");
}

/* Of the batch at hand those go that there is no room for. */
static void let_go(at_session *s, at_cache *c, int feed, const int64_t *rows, int64_t n) {
  const at_field *f = s->feed[feed].field;
  const int64_t each = f->f.shape[0] * f->f.shape[1] * 3, room = at_run_int(s->run, "data.memory")
                                                                 << 20;
  for (int64_t i = 0; i < n && s->kept_bytes > room; i++) {
    uint8_t **image = &c->image[feed][rows[i]];
    if (!*image) continue;
    free(*image);
    *image = NULL;
    s->kept_bytes -= each;
  }
}

void at_session_give_pictures(at_session *s, at_cache *c, int feed, const int64_t *rows,
                              int64_t n) {
  pixels p = {s, &s->feed[feed], c->image[feed], rows, s->buffer[feed]};
  at_parallel(s->pool, (size_t)n, convert, &p);
  let_go(s, c, feed, rows, n);
}

at_status at_session_picture(const at_session *s, const char *split, const at_field *f, int64_t row,
                             uint8_t **out, at_error *err) {
  const int64_t height = at_session_shape(s, f, 0), width = at_session_shape(s, f, 1),
                y0 = (f->f.shape[0] - height) / 2, x0 = (f->f.shape[1] - width) / 2;
  uint8_t *rgb = malloc((size_t)(f->f.shape[0] * f->f.shape[1]) * 3);
  *out = NULL;
  if (!rgb) return at_nomem(err);
  at_status st = at_dataset_read(s->data, split, f, row, rgb, err);
  if (st != AT_OK) {
    free(rgb);
    return st;
  }
  for (int64_t y = 0; y < height; y++)
    memmove(rgb + y * width * 3, rgb + ((y0 + y) * f->f.shape[1] + x0) * 3, (size_t)width * 3);
  *out = rgb;
  return AT_OK;
}

void at_session_keep_picture(at_session *s, at_cache *c, int feed, int64_t row, uint8_t *rgb) {
  c->image[feed][row] = rgb;
  s->kept_bytes += at_pixels_bytes(&s->feed[feed]);
}
