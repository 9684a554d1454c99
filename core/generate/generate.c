/* Pictures of captions: which there are to be, and their files. */
#include "core/generate/generate_impl.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/base/file.h"

enum { TOGETHER = 16 }; /* pictures of one run of the model */

typedef struct job {
  const at_generate_options *o;
  at_maker *m;
  int64_t height, width, bytes; /* of one picture */
  at_text *paths;
} job;

/* Seeds lie far apart, so that noises of one are not those of another. */
static uint64_t noise(const job *j, int64_t i) { return (j->o->seed << 20) + (uint64_t)i; }

static at_status write_picture(const job *j, const char *name, const at_image *image,
                               at_error *err) {
  char *path = at_path_join(j->o->dir, name);
  at_status st = path ? at_image_write_png(path, image, err) : at_nomem(err);
  if (st == AT_OK) at_text_addf(j->paths, "%s\n", path);
  free(path);
  return st;
}

static at_status write_grid(const job *j, const char *name, const uint8_t *rgb, int64_t n,
                            int64_t columns, at_error *err) {
  at_image grid = {0};
  at_status st = at_image_grid(rgb, n, columns, j->height, j->width, &grid, err);
  if (st == AT_OK) st = write_picture(j, name, &grid, err);
  at_image_free(&grid);
  return st;
}

/* ---- single pictures ---- */

static at_status write_attention(const job *j, int64_t first, int64_t n, at_error *err) {
  at_status st = AT_OK;
  for (int64_t i = 0; st == AT_OK && i < n; i++) {
    char name[48];
    snprintf(name, sizeof name, "%" PRId64 "-attention.png", first + i);
    char *path = at_path_join(j->o->dir, name);
    st = path ? at_generate_attention(j->m, i, path, err) : at_nomem(err);
    if (st == AT_OK) at_text_addf(j->paths, "%s\n", path);
    free(path);
  }
  return st;
}

/* n pictures from v; `attention`: with what they attended to. */
static at_status make(const job *j, const at_make *v, int64_t n, bool attention, uint8_t *rgb,
                      at_error *err) {
  at_status st = AT_OK;
  for (int64_t i = 0; st == AT_OK && i < n; i += TOGETHER) {
    const int64_t count = n - i < TOGETHER ? n - i : TOGETHER;
    st = at_maker_run(j->m, v + i, count, err);
    if (st == AT_OK) at_maker_picture(j->m, at_maker_stages(j->m) - 1, rgb + i * j->bytes);
    if (st == AT_OK && attention) st = write_attention(j, i, count, err);
  }
  return st;
}

static at_status make_single(const job *j, at_make *v, uint8_t *rgb, at_error *err) {
  const int64_t n = j->o->count;
  for (int64_t i = 0; i < n; i++) v[i] = (at_make){.caption = j->o->caption, .noise = noise(j, i)};
  at_status st = make(j, v, n, j->o->attention, rgb, err);
  for (int64_t i = 0; st == AT_OK && i < n; i++) {
    char name[32];
    at_image one = {.w = (int)j->width, .h = (int)j->height, .rgb = rgb + i * j->bytes};
    snprintf(name, sizeof name, "%" PRId64 ".png", i);
    st = write_picture(j, name, &one, err);
  }
  int64_t columns = 1;
  while (columns * columns < n) columns++;
  return st == AT_OK && n > 1 ? write_grid(j, "grid.png", rgb, n, columns, err) : st;
}

/* ---- ways ---- */

static at_status make_ways(const job *j, bool captions, at_make *v, uint8_t *rgb, at_error *err) {
  const int64_t steps = j->o->steps, n = j->o->count * steps;
  for (int64_t i = 0; i < n; i++) {
    const double share = (double)(i % steps) / (double)(steps - 1);
    v[i] = (at_make){.caption = j->o->caption, .noise = noise(j, i / steps)};
    if (captions) {
      v[i].to_caption = j->o->between;
      v[i].caption_share = share;
    } else {
      v[i].to_noise = noise(j, i / steps + 1);
      v[i].noise_share = share;
    }
  }
  at_status st = make(j, v, n, false, rgb, err);
  return st == AT_OK ? write_grid(j, captions ? "between.png" : "noises.png", rgb, n, steps, err)
                     : st;
}

/* ---- all of it ---- */

static at_status check_caption(const at_session *s, const char *caption, at_text *said,
                               at_error *err) {
  at_text unknown = {0};
  int64_t n;
  at_status st = at_maker_check(s, caption, &unknown, &n, err);
  if (st == AT_OK && n)
    at_text_addf(said, "\"%s\": %" PRId64 " word%s not in the vocabulary, taken as unknown: %s\n",
                 caption, n, n == 1 ? " is" : "s are", unknown.data ? unknown.data : "");
  at_text_free(&unknown);
  return st;
}

at_status at_generate(at_session *s, const at_generate_options *o, at_text *paths, at_text *said,
                      at_error *err) {
  job j = {.o = o, .paths = paths};
  const bool ways = o->between || o->between_noises;
  const size_t n = (size_t)(ways ? o->count * o->steps : o->count);
  at_make *v = NULL;
  uint8_t *rgb = NULL;
  size_t bytes;
  at_status st = at_maker_new(s, &j.m, err);
  if (st == AT_OK) st = check_caption(s, o->caption, said, err);
  if (st == AT_OK && o->between) st = check_caption(s, o->between, said, err);
  if (st != AT_OK) goto out;
  at_maker_size(j.m, at_maker_stages(j.m) - 1, &j.height, &j.width);
  j.bytes = j.height * j.width * 3;
  v = calloc(n, sizeof *v);
  if (at_mul_size(n, (size_t)j.bytes, &bytes)) rgb = malloc(bytes);
  st = v && rgb ? at_mkdirs(o->dir, err) : at_nomem(err);
  if (st == AT_OK) st = make_single(&j, v, rgb, err);
  if (st == AT_OK && o->between) st = make_ways(&j, true, v, rgb, err);
  if (st == AT_OK && o->between_noises) st = make_ways(&j, false, v, rgb, err);
out:
  at_maker_free(j.m);
  free(v);
  free(rgb);
  return st;
}
