/* Writing pictures of signs, their tokens and their questions. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>
#include "core/base/file.h"
#include "core/data/signs.h"

#define GENERATOR "attune signs"

at_signs_options at_signs_defaults(void) { return (at_signs_options){.count = 1000, .size = 160}; }

static at_status check_options(const at_signs_options *o, at_error *err) {
  if (o->count < 1 || o->count > 100000000)
    return at_fail(err, AT_EINPUT, "count is %lld; it goes from 1 to 100000000",
                   (long long)o->count);
  if (o->size < 64 || o->size > 1024)
    return at_fail(err, AT_EINPUT, "size is %d pixels; it goes from 64 to 1024", o->size);
  return AT_OK;
}

/* ---- a line ---- */

/* Pixels to a hundredth, whatever the locale. */
static void add_box(at_text *t, at_scene_box b, int side) {
  const double v[4] = {b.x, b.y, b.w, b.h};
  for (int i = 0; i < 4; i++) {
    char number[32];
    at_format_f64(number, round(v[i] * side * 100) / 100);
    at_text_addf(t, "%s%s", i ? ", " : "\"box\": [", number);
  }
  at_text_add(t, "]}");
}

static void add_objects(at_text *t, const at_signs *s, int side) {
  for (int i = 0; i < s->boards; i++) {
    const at_sign_board *b = &s->board[i];
    at_text_addf(t,
                 "%s{\"id\": %d, \"shape\": \"board\", \"color\": \"%s\", \"texture\": \"plain\", "
                 "\"size\": \"%s\", ",
                 i ? ", " : "", i, at_scene_color_names[b->color], at_scene_size_names[b->size]);
    add_box(t, b->box, side);
  }
  for (int i = 0; i < s->shapes; i++) {
    const at_scene_object *o = &s->shape[i];
    at_text_addf(t,
                 ", {\"id\": %d, \"shape\": \"%s\", \"color\": \"%s\", \"texture\": \"%s\", "
                 "\"size\": \"%s\", ",
                 s->boards + i, at_scene_shape_names[o->shape], at_scene_color_names[o->color],
                 at_scene_texture_names[o->texture], at_scene_size_names[o->size]);
    add_box(t, at_scene_object_box(o), side);
  }
}

void at_signs_json(const at_signs *s, int side, at_text *out) {
  const unsigned long long id = s->index;
  const char *between = "";
  at_text_addf(out,
               "{\"id\": %llu, \"file\": \"images/%06llu.png\", \"split\": \"%s\", \"width\": %d, "
               "\"height\": %d, \"objects\": [",
               id, id, at_scenes_split((int64_t)s->index), side, side);
  add_objects(out, s, side);
  at_text_add(out, "], \"tokens\": [");
  for (int i = 0; i < s->boards; i++)
    for (int k = 0; k < s->board[i].n; k++, between = ", ") {
      at_text_addf(out, "%s{\"text\": \"%s\", \"object\": %d, ", between, s->board[i].word[k], i);
      add_box(out, s->board[i].word_box[k], side);
    }
  at_text_add(out, "]}\n");
}

/* ---- the set ---- */

static at_status draw_row(void *ctx, int64_t index, at_made_row *row, at_error *err) {
  const at_signs_options *o = ctx;
  at_sign_question q[AT_SIGN_KINDS];
  at_signs s;
  at_signs_draw(o->seed, (uint64_t)index, &s);
  at_signs_json(&s, o->size, &row->text[0]);
  const int n = at_signs_ask(&s, q);
  for (int i = 0; i < n; i++) at_sign_question_json(&s, &q[i], &row->text[1]);
  return at_signs_render(&s, o->size, row->pixels, err);
}

static at_status write_meta(const at_signs_options *o, const char *dir, at_error *err) {
  at_text t = {0};
  at_text_addf(&t,
               "{\n  \"generator\": \"" GENERATOR
               "\",\n  \"version\": %d,\n  \"seed\": %llu,\n"
               "  \"count\": %lld,\n  \"size\": %d,\n"
               "  \"split_rule\": \"id %% 10: 8 is val, 9 is test, others are train\",\n"
               "  \"box\": \"x, y, width, height in pixels, origin at the top left\",\n"
               "  \"evidence\": \"tokens and objects that decide, by their order in signs.jsonl; "
               "words of the question that say what is asked\",\n  \"words\": [",
               AT_SIGNS_VERSION, (unsigned long long)o->seed, (long long)o->count, o->size);
  for (int i = 0; i < at_sign_words_count(); i++)
    at_text_addf(&t, "%s\"%s\"", i ? ", " : "", at_sign_words[i]);
  at_text_add(&t, "]\n}\n");
  return at_made_write_meta(dir, &t, err);
}

static const char *const files[] = {"signs.jsonl", "questions.jsonl", NULL};
static const at_made_kind kind = {GENERATOR, files, true};

at_status at_signs_make(const at_signs_options *o, const char *dir, at_pool *pool,
                        at_made_progress *progress, void *ctx, at_error *err) {
  at_signs_options own = *o;
  at_made m;
  const at_made_rows r = {.text = {"signs.jsonl", "questions.jsonl"},
                          .count = o->count,
                          .height = o->size,
                          .width = o->size,
                          .draw = draw_row,
                          .ctx = &own,
                          .progress = progress,
                          .progress_ctx = ctx,
                          .total = o->count};
  at_status s = check_options(o, err);
  if (s != AT_OK || (s = at_made_begin(&m, &kind, dir, o->force, err)) != AT_OK) return s;
  char *images = at_path_join(m.tmp, "images");
  s = images ? at_mkdirs(images, err) : at_nomem(err);
  if (s == AT_OK) s = at_made_write(&m, &r, pool, err);
  if (s == AT_OK) s = write_meta(o, m.tmp, err);
  if (s == AT_OK) s = at_made_commit(&m, err);
  at_made_end(&m);
  free(images);
  return s;
}
