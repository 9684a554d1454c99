/* Writing the data set: pictures in parallel, lines in order. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/base/file.h"
#include "core/data/made.h"
#include "core/data/scenes.h"
#include "core/data/scenes_ask.h"

enum { CHUNK = 64 }; /* pictures between two calls of the progress callback */
#define GENERATOR "attune scenes"

at_scenes_options at_scenes_defaults(void) {
  return (at_scenes_options){.count = 1000,
                             .size = 64,
                             .min_objects = 2,
                             .max_objects = 5,
                             .captions = 5,
                             .questions = 10};
}

const char *at_scenes_split(int64_t index) {
  return index % 10 == 8 ? "val" : index % 10 == 9 ? "test" : "train";
}

static at_status check_options(const at_scenes_options *o, at_error *err) {
  if (o->count < 1 || o->count > 100000000)
    return at_fail(err, AT_EINPUT, "count is %lld; it goes from 1 to 100000000",
                   (long long)o->count);
  if (o->size < 32 || o->size > 1024)
    return at_fail(err, AT_EINPUT, "size is %d pixels; it goes from 32 to 1024", o->size);
  if (o->min_objects < 1 || o->max_objects > AT_SCENE_MAX_OBJECTS ||
      o->min_objects > o->max_objects)
    return at_fail(err, AT_EINPUT, "objects go from %d to %d; give 1 <= min <= max <= %d",
                   o->min_objects, o->max_objects, AT_SCENE_MAX_OBJECTS);
  if (o->captions < 1 || o->captions > 20)
    return at_fail(err, AT_EINPUT, "captions is %d a picture; it goes from 1 to 20", o->captions);
  if (o->questions < 0 || o->questions > AT_QUESTION_MOST)
    return at_fail(err, AT_EINPUT, "questions is %d a picture; it goes from 0 to %d", o->questions,
                   AT_QUESTION_MOST);
  return AT_OK;
}

/* ---- one line ---- */

/* A length in pixels to a hundredth, whatever the locale. */
static void add_length(at_text *t, double v) {
  char number[32];
  at_format_f64(number, round(v * 100) / 100);
  at_text_add(t, number);
}

static void add_lengths(at_text *t, const char *key, const double *v, int n) {
  at_text_addf(t, ", \"%s\": [", key);
  for (int i = 0; i < n; i++) {
    if (i) at_text_add(t, ", ");
    add_length(t, v[i]);
  }
  at_text_add(t, "]");
}

static void add_object(at_text *t, const at_scene *s, int id, int side) {
  const at_scene_object *o = &s->object[id];
  at_scene_box b = at_scene_object_box(o);
  const double box[4] = {b.x * side, b.y * side, b.w * side, b.h * side};
  const double centre[2] = {o->x * side, o->y * side};
  at_text_addf(
      t,
      "%s{\"id\": %d, \"shape\": \"%s\", \"color\": \"%s\", \"texture\": \"%s\", \"size\": \"%s\"",
      id ? ", " : "", id, at_scene_shape_names[o->shape], at_scene_color_names[o->color],
      at_scene_texture_names[o->texture], at_scene_size_names[o->size]);
  add_lengths(t, "box", box, 4);
  add_lengths(t, "center", centre, 2);
  at_text_add(t, "}");
}

/* Captions are made of ASCII letters, spaces and commas: nothing to escape. */
static void add_caption(at_text *t, const at_scene_caption *c) {
  at_text_addf(t, "{\"text\": \"%s\", \"tokens\": [", c->text);
  for (int i = 0; i < c->n; i++)
    at_text_addf(t, "%s\"%.*s\"", i ? ", " : "", c->token[i].end - c->token[i].begin,
                 c->text + c->token[i].begin);
  at_text_add(t, "], \"objects\": [");
  for (int i = 0; i < c->n_pairs; i++)
    at_text_addf(t, "%s[%d, %d]", i ? ", " : "", c->pair[i].token, c->pair[i].object);
  at_text_add(t, "]}");
}

void at_scene_json(const at_scene *s, int side, const at_scene_caption *captions, int n_captions,
                   at_text *out) {
  unsigned long long id = s->index;
  at_text_addf(out,
               "{\"id\": %llu, \"file\": \"images/%06llu.png\", \"split\": \"%s\", \"width\": %d, "
               "\"height\": %d, \"objects\": [",
               id, id, at_scenes_split((int64_t)s->index), side, side);
  for (int i = 0; i < s->n; i++) add_object(out, s, i, side);
  at_text_add(out, "], \"captions\": [");
  for (int i = 0; i < n_captions; i++) {
    if (i) at_text_add(out, ", ");
    add_caption(out, &captions[i]);
  }
  at_text_add(out, "]}");
}

/* ---- pictures ---- */

typedef struct job {
  const at_scenes_options *o;
  const char *dir; /* the temporary one */
  int64_t first;
  at_text line[CHUNK], questions[CHUNK];
  at_status status[CHUNK];
  at_error error[CHUNK];
} job;

static at_status write_picture(const job *j, const at_scene *s, at_error *err) {
  at_image m = {0};
  at_status status = at_scene_render(s, j->o->size, &m, err);
  if (status == AT_OK) status = at_made_write_png(j->dir, (int64_t)s->index, &m, err);
  at_image_free(&m);
  return status;
}

static at_status write_questions(const job *j, const at_scene *s, at_text *out, at_error *err) {
  const int n = j->o->questions;
  if (!n) return AT_OK;
  at_scene_question *q = calloc((size_t)n, sizeof *q);
  at_status status = q ? at_scene_ask(s, n, q, err) : at_nomem(err);
  for (int i = 0; status == AT_OK && i < n; i++) {
    at_scene_question_json(s, &q[i], out);
    at_text_add(out, "\n");
  }
  if (status == AT_OK && out->failed) status = at_nomem(err);
  free(q);
  return status;
}

static void make_one(void *ctx, size_t i) {
  job *j = ctx;
  at_scene s;
  at_error *err = &j->error[i];
  at_scene_caption *c = calloc((size_t)j->o->captions, sizeof *c);
  at_status status = c ? AT_OK : at_nomem(err);
  j->line[i].len = j->questions[i].len = 0;
  if (status == AT_OK)
    status = at_scene_draw(j->o->seed, (uint64_t)j->first + i, j->o->min_objects, j->o->max_objects,
                           &s, err);
  if (status == AT_OK) status = at_scene_describe(&s, j->o->captions, c, err);
  if (status == AT_OK) status = write_questions(j, &s, &j->questions[i], err);
  if (status == AT_OK) status = write_picture(j, &s, err);
  if (status == AT_OK) {
    at_scene_json(&s, j->o->size, c, j->o->captions, &j->line[i]);
    at_text_add(&j->line[i], "\n");
    if (j->line[i].failed) status = at_nomem(err);
  }
  j->status[i] = status;
  free(c);
}

static at_status make_chunk(job *j, size_t n, at_pool *pool, at_writer *lines, at_writer *questions,
                            at_error *err) {
  at_parallel(pool, n, make_one, j);
  for (size_t i = 0; i < n; i++) {
    if (j->status[i] != AT_OK) {
      if (err) *err = j->error[i];
      return j->status[i];
    }
    at_status s = at_writer_put(lines, j->line[i].data, j->line[i].len, err);
    if (s == AT_OK && j->questions[i].len)
      s = at_writer_put(questions, j->questions[i].data, j->questions[i].len, err);
    if (s != AT_OK) return s;
  }
  return AT_OK;
}

/* Opens DIR/NAME. */
static at_status open_lines(at_writer *w, const char *dir, const char *name, at_error *err) {
  char *path = at_path_join(dir, name);
  at_status s = path ? at_writer_open(w, path, err) : at_nomem(err);
  free(path);
  return s;
}

static at_status write_lines(const at_scenes_options *o, const char *dir, at_pool *pool,
                             at_scenes_progress *progress, void *ctx, at_error *err) {
  at_writer lines = {0}, questions = {0};
  job *j = calloc(1, sizeof *j);
  at_status s = j ? open_lines(&lines, dir, "scenes.jsonl", err) : at_nomem(err);
  if (s == AT_OK && o->questions) s = open_lines(&questions, dir, "questions.jsonl", err);
  if (s != AT_OK) goto out;
  j->o = o;
  j->dir = dir;
  for (; j->first < o->count; j->first += CHUNK) {
    int64_t left = o->count - j->first;
    size_t n = left < CHUNK ? (size_t)left : CHUNK;
    if ((s = make_chunk(j, n, pool, &lines, &questions, err)) != AT_OK) goto out;
    if (progress && !progress(ctx, j->first + (int64_t)n, o->count)) {
      s = at_fail(err, AT_EFAIL, "stopped after %lld of %lld pictures; nothing was kept",
                  (long long)(j->first + (int64_t)n), (long long)o->count);
      goto out;
    }
  }
  s = at_writer_commit(&lines, err);
  if (s == AT_OK && o->questions) s = at_writer_commit(&questions, err);
out:
  at_writer_abort(&lines);
  at_writer_abort(&questions);
  for (int i = 0; j && i < CHUNK; i++) {
    at_text_free(&j->line[i]);
    at_text_free(&j->questions[i]);
  }
  free(j);
  return s;
}

static void add_names(at_text *t, const char *key, const char *const *names, int n,
                      const char *end) {
  at_text_addf(t, "  \"%s\": [", key);
  for (int i = 0; i < n; i++) at_text_addf(t, "%s\"%s\"", i ? ", " : "", names[i]);
  at_text_addf(t, "]%s\n", end);
}

static at_status write_meta(const at_scenes_options *o, const char *dir, at_error *err) {
  at_text t = {0};
  at_text_addf(
      &t,
      "{\n  \"generator\": \"" GENERATOR
      "\",\n  \"version\": %d,\n  \"seed\": %llu,\n"
      "  \"count\": %lld,\n  \"size\": %d,\n  \"min_objects\": %d,\n  \"max_objects\": %d,\n"
      "  \"captions\": %d,\n  \"questions\": %d,\n"
      "  \"split_rule\": \"id %% 10: 8 is val, 9 is test, others are train\",\n"
      "  \"box\": \"x, y, width, height in pixels, origin at the top left\",\n"
      "  \"order\": \"objects are listed back to front\",\n"
      "  \"caption_objects\": \"[token, object id]: the words that name objects\",\n",
      AT_SCENES_VERSION, (unsigned long long)o->seed, (long long)o->count, o->size, o->min_objects,
      o->max_objects, o->captions, o->questions);
  add_names(&t, "shapes", at_scene_shape_names, AT_SCENE_SHAPES, ",");
  add_names(&t, "colors", at_scene_color_names, AT_SCENE_COLORS, ",");
  add_names(&t, "textures", at_scene_texture_names, AT_SCENE_TEXTURES, ",");
  add_names(&t, "sizes", at_scene_size_names, AT_SCENE_SIZES, "");
  at_text_add(&t, "}\n");
  return at_made_write_meta(dir, &t, err);
}

/* ---- folders ---- */

static const char *const files[] = {"scenes.jsonl", "questions.jsonl", NULL};
static const at_made_kind kind = {GENERATOR, files, true};

at_status at_scenes_make(const at_scenes_options *o, const char *dir, at_pool *pool,
                         at_scenes_progress *progress, void *ctx, at_error *err) {
  at_made made = {0};
  at_status s = check_options(o, err);
  if (s != AT_OK) return s;
  if ((s = at_made_begin(&made, &kind, dir, o->force, err)) != AT_OK) return s;
  char *images = at_path_join(made.tmp, "images");
  s = images ? at_mkdirs(images, err) : at_nomem(err);
  if (s == AT_OK) s = write_lines(o, made.tmp, pool, progress, ctx, err);
  if (s == AT_OK) s = write_meta(o, made.tmp, err);
  if (s == AT_OK) s = at_made_commit(&made, err);
  at_made_end(&made);
  free(images);
  return s;
}
