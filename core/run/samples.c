/* DIR/samples/STEP.png: what a model makes of the same captions with the same noise as it learns.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/file.h"
#include "core/data/image.h"
#include "core/run/make.h"
#include "core/run/train_impl.h"

/* The first caption from `row` on that has words. */
static at_status read_caption(const trainer *t, const at_field *f, int64_t row, char **out,
                              at_error *err) {
  const char *split = at_session_split(t->s, "validation");
  const int64_t rows = at_dataset_rows(t->s->data, split, f->table);
  for (; row < rows; row++) {
    int64_t unknown;
    at_status st = at_dataset_read_text(t->s->data, split, f, row, out, err);
    if (st == AT_OK && at_maker_check(t->s, *out, NULL, &unknown, NULL) == AT_OK) return AT_OK;
    free(*out);
    *out = NULL;
    if (st != AT_OK) return st;
  }
  return at_fail(err, AT_EINPUT, "the last captions of the split `%s` have no words", split);
}

/* Captions from all over the split, in its order. */
static at_status read_captions(const trainer *t, const at_field *f, char **caption, int64_t n,
                               at_error *err) {
  const int64_t rows = at_dataset_rows(t->s->data, at_session_split(t->s, "validation"), f->table);
  at_status st = AT_OK;
  for (int64_t i = 0; st == AT_OK && i < n; i++)
    st = read_caption(t, f, i * rows / n, &caption[i], err);
  return st;
}

static at_status write_captions(const char *dir, char *const *caption, int64_t n, at_error *err) {
  at_text text = {0};
  for (int64_t i = 0; i < n; i++) {
    for (char *c = caption[i]; *c; c++)
      if (*c == '\n' || *c == '\r') *c = ' ';
    at_text_addf(&text, "%s\n", caption[i]);
  }
  char *path = at_path_join(dir, "captions.txt");
  at_status st =
      path && !text.failed ? at_file_write(path, text.data, text.len, err) : at_nomem(err);
  at_text_free(&text);
  free(path);
  return st;
}

static at_status write_grid(const at_maker *m, const uint8_t *rgb, int64_t n, const char *dir,
                            int64_t step, at_error *err) {
  char name[40];
  int64_t h, w;
  at_image grid = {0};
  snprintf(name, sizeof name, "%" PRId64 ".png", step);
  char *path = at_path_join(dir, name);
  at_maker_size(m, at_maker_stages(m) - 1, &h, &w);
  at_status st = path ? at_image_grid(rgb, n * n, n, h, w, &grid, err) : at_nomem(err);
  if (st == AT_OK) st = at_image_write_png(path, &grid, err);
  at_image_free(&grid);
  free(path);
  return st;
}

/* A row a caption, a column a noise. */
static at_status make_all(at_maker *m, char *const *caption, int64_t n, uint8_t *rgb, int64_t bytes,
                          at_error *err) {
  at_make *v = calloc((size_t)n, sizeof *v);
  at_status st = v ? AT_OK : at_nomem(err);
  for (int64_t r = 0; st == AT_OK && r < n; r++) {
    for (int64_t i = 0; i < n; i++) v[i] = (at_make){.caption = caption[r], .noise = (uint64_t)i};
    st = at_maker_run(m, v, n, err);
    if (st == AT_OK) at_maker_picture(m, at_maker_stages(m) - 1, rgb + r * n * bytes);
  }
  free(v);
  return st;
}

static at_status draw(trainer *t, const at_field *f, int64_t n, at_error *err) {
  at_maker *m = NULL;
  uint8_t *rgb = NULL;
  int64_t h, w;
  char *dir = at_rundir_path(t->dir, "samples");
  char **caption = calloc((size_t)n, sizeof *caption);
  at_status st = dir && caption ? at_maker_new(t->s, &m, err) : at_nomem(err);
  if (st == AT_OK) st = at_mkdirs(dir, err);
  if (st == AT_OK) st = read_captions(t, f, caption, n, err);
  if (st == AT_OK) {
    at_maker_size(m, at_maker_stages(m) - 1, &h, &w);
    rgb = malloc((size_t)(n * n * h * w * 3));
    st = rgb ? make_all(m, caption, n, rgb, h * w * 3, err) : at_nomem(err);
  }
  if (st == AT_OK) st = write_captions(dir, caption, n, err);
  if (st == AT_OK) st = write_grid(m, rgb, n, dir, t->step, err);
  for (int64_t i = 0; caption && i < n; i++) free(caption[i]);
  at_maker_free(m);
  free(caption);
  free(rgb);
  free(dir);
  return st;
}

static bool makes_pictures(const at_session *s) {
  for (int i = 0; i < s->graph->n_output; i++)
    if (!strcmp(s->graph->output[i].name, "picture"))
      return !strcmp(s->task->item->name, "generation");
  return false;
}

at_status at_train_samples(trainer *t, at_error *err) {
  const at_session *s = t->s;
  const at_field *f = NULL;
  int64_t n = at_run_int(s->run, "train.samples");
  if (!n || !makes_pictures(s)) return AT_OK;
  for (int i = 0; i < s->n_feeds; i++)
    if (s->feed[i].kind == AT_FEED_WORDS && !f) f = s->feed[i].field;
  if (!f) return AT_OK; /* features of texts are given: there are none to read */
  const int64_t rows = at_dataset_rows(s->data, at_session_split(s, "validation"), f->table);
  if (n > rows) n = rows;
  return n > 0 ? draw(t, f, n, err) : AT_OK;
}
