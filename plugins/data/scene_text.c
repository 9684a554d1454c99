/* TextVQA (Singh and others, 2019) and ST-VQA (Biten and others, 2019): questions about the text in
 * photos, with tokens that Rosetta read. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "json_records.h"
#include "name_hash.h"
#include "object_files.h"
#include "ocr.h"

#define SHARED_OPTIONS                                                                           \
  {"objects",                                                                                    \
   ATTUNE_OPTION_PATH,                                                                           \
   "",                                                                                           \
   0,                                                                                            \
   0,                                                                                            \
   NULL,                                                                                         \
   "features of objects: DIR/{id}.npy or .npz, FILE.h5 with FILE.json beside it, or FILE.lmdb; " \
   "empty: none"},                                                                               \
      {"object_key",                                                                             \
       ATTUNE_OPTION_STRING,                                                                     \
       "{id}",                                                                                   \
       0,                                                                                        \
       0,                                                                                        \
       NULL,                                                                                     \
       "what a picture is called in an LMDB file; {split} is train, val or test"},               \
      {"most_objects",                                                                           \
       ATTUNE_OPTION_INT,                                                                        \
       "100",                                                                                    \
       1,                                                                                        \
       10000,                                                                                    \
       NULL,                                                                                     \
       "of a picture with more objects the first are given"},                                    \
      {"images",                                                                                 \
       ATTUNE_OPTION_PATH,                                                                       \
       "",                                                                                       \
       0,                                                                                        \
       0,                                                                                        \
       NULL,                                                                                     \
       "the pictures: DIR/{id}.jpg, with {split} where they are apart; empty: none"},            \
      {"width", ATTUNE_OPTION_INT, "256", 8, 4096, NULL, "pictures are resized to this width"},  \
      {"height", ATTUNE_OPTION_INT, "256", 8, 4096, NULL, "and to this height"},                 \
      OCR_LIMIT_OPTION("50"), OCR_FEATURE_OPTIONS("300", "0"), {                                 \
    NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL                                              \
  }

static const attune_option textvqa_options[] = {
    {"root", ATTUNE_OPTION_PATH, NULL, 0, 0, NULL,
     "folder with TextVQA_0.5.1_train.json, TextVQA_Rosetta_OCR_v0.2_train.json and the like"},
    SHARED_OPTIONS};
static const attune_option stvqa_options[] = {
    {"root", ATTUNE_OPTION_PATH, NULL, 0, 0, NULL, "folder with train_task_3.json"},
    {"ocr", ATTUNE_OPTION_PATH, NULL, 0, 0, NULL,
     "tokens as TextVQA has them, image_id being a picture's file_path without its ending"},
    SHARED_OPTIONS};

/* ---- which set ---- */

typedef struct question { /* what a record says; strings are the record's */
  char id[512];           /* of its picture */
  const char *split, *text, *type;
  const json_t *answers;
  int64_t width, height;
} question;

typedef struct set_kind {
  const char *splits[4];          /* of the files; ends with NULL */
  const char *questions, *tokens; /* under the root, with %s for the split; NULL: option ocr */
  bool has_type;
  const char *(*take)(const json_t *j, const char *split, question *q); /* NULL, or what it lacks */
} set_kind;

static int64_t whole(const json_t *j, const char *name) {
  const json_int_t v = json_integer_value(json_object_get(j, name));
  return v > 0 && v < 1 << 20 ? v : 0;
}

static const char *take_textvqa(const json_t *j, const char *split, question *q) {
  const char *id = json_string_value(json_object_get(j, "image_id"));
  if (!id || !*id || strlen(id) >= sizeof q->id) return "it has no image_id";
  strcpy(q->id, id);
  q->split = split;
  q->width = whole(j, "image_width");
  q->height = whole(j, "image_height");
  return NULL;
}

/* One picture in ten, by a hash of its name, is kept to choose by. */
static const char *take_stvqa(const json_t *j, const char *split, question *q) {
  const char *path = json_string_value(json_object_get(j, "file_path"));
  const char *dot = path ? strrchr(path, '.') : NULL;
  const size_t n = !path ? 0 : dot && !strchr(dot, '/') ? (size_t)(dot - path) : strlen(path);
  (void)split;
  if (!n || n >= sizeof q->id) return "it has no file_path";
  memcpy(q->id, path, n);
  q->id[n] = 0;
  const uint64_t h = name_hash_more(NAME_HASH_START, q->id, n);
  q->split = (h ^ h >> 32) % 10 == 9 ? "val" : "train";
  q->type = json_string_value(json_object_get(j, "dataset"));
  return NULL;
}

static const set_kind textvqa_kind = {
    .splits = {"train", "val", "test"},
    .questions = "TextVQA_0.5.1_%s.json",
    .tokens = "TextVQA_Rosetta_OCR_v0.2_%s.json",
    .take = take_textvqa,
};
static const set_kind stvqa_kind = {
    .splits = {"train"},
    .questions = "%s_task_3.json",
    .has_type = true,
    .take = take_stvqa,
};

/* ---- the reader's own ---- */

typedef struct seen { /* a picture of a part */
  char *id;
  int64_t width, height;
} seen;

typedef struct files {
  object_files objects;
  struct {
    seen *v;
    int64_t n, cap;
  } part[8];
} files;

static void close_files(void *p) {
  files *f = p;
  object_files_close(&f->objects);
  for (size_t i = 0; i < sizeof f->part / sizeof *f->part; i++) {
    for (int64_t k = 0; k < f->part[i].n; k++) free(f->part[i].v[k].id);
    free(f->part[i].v);
  }
  free(f);
}

typedef struct opening {
  const attune_host *host;
  const set_kind *kind;
  const char *root, *images, *split, *path; /* split, path: of the file at hand; split NULL: any */
  ocr *o;
  files *f;
  word_set ids[8]; /* pictures of a part, by id */
} opening;

static int bad(const opening *o, int64_t record, const char *why) {
  return json_record_bad(o->host, o->path, record, why);
}

static objects_of of_picture(const ocr *o, const files *f, size_t part, int64_t row) {
  const seen *s = &f->part[part].v[row];
  return (objects_of){s->id, o->asked->part[part].name, s->width, s->height};
}

static int read_objects(const attune_host *host, const ocr *o, size_t part, int64_t picture,
                        float **feature, float **box, int64_t *n) {
  const files *f = o->files;
  const objects_of of = of_picture(o, f, part, picture);
  return object_files_read(host, &f->objects, &of, feature, box, n);
}

/* ---- questions ---- */

static bool image_path(const opening *o, const question *q, char *to, size_t room) {
  size_t n = 0;
  for (const char *c = o->images; *c && n + 1 < room;) {
    const bool id = !strncmp(c, "{id}", 4), split = !strncmp(c, "{split}", 7);
    const int k = snprintf(to + n, room - n, "%.*s", id || split ? 512 : 1,
                           id      ? q->id
                           : split ? q->split
                                   : c);
    n += (size_t)k;
    c += id ? 4 : split ? 7 : 1;
  }
  to[n < room ? n : room - 1] = 0;
  return n + 1 < room;
}

static int add_picture(opening *o, const question *q, size_t part, int64_t *row) {
  char path[4096];
  word_set *ids = &o->ids[part];
  const int32_t n = ids->n, at = word_set_add(ids, q->id, strlen(q->id));
  *row = at;
  if (at < 0) return ATTUNE_NO_MEMORY;
  if (at < n) return ATTUNE_OK;
  if (!image_path(o, q, path, sizeof path)) return ATTUNE_NO_MEMORY;
  seen *v = o->f->part[part].v;
  if (at >= o->f->part[part].cap) {
    const int64_t cap = 2 * (at + 128);
    if (!(v = realloc(v, (size_t)cap * sizeof *v))) return ATTUNE_NO_MEMORY;
    o->f->part[part].v = v;
    o->f->part[part].cap = cap;
  }
  v[at] = (seen){strdup(q->id), q->width, q->height};
  if (!v[at].id) return ATTUNE_NO_MEMORY;
  o->f->part[part].n = at + 1;
  return asked_picture_add(&o->o->asked->part[part], q->id, *o->images ? path : NULL, 0) < 0 ||
                 !ocr_picture_at(o->o, part, at)
             ? ATTUNE_NO_MEMORY
             : ATTUNE_OK;
}

/* All answers with tabs between them, and the most frequent, the first of equals. */
static char *join(const json_t *answers, const char **most) {
  size_t room = 1, n = 0, best = 0, i, k;
  json_t *a, *b;
  json_array_foreach(answers, i, a) room += json_string_length(a) + 1;
  char *to = malloc(room);
  json_array_foreach(answers, i, a) {
    size_t same = 0;
    json_array_foreach(answers, k, b) same += !strcmp(json_string_value(a), json_string_value(b));
    if (same > best) *most = json_string_value(a);
    if (same > best) best = same;
    if (to && i) to[n++] = '\t';
    for (const char *c = json_string_value(a); to && *c; c++)
      to[n++] = strchr("\t\r\n", *c) ? ' ' : *c;
  }
  if (to) to[n] = 0;
  return to;
}

static int add_question(opening *o, const json_t *j, int64_t record) {
  question q = {.text = json_string_value(json_object_get(j, "question")),
                .answers = json_object_get(j, "answers")};
  const char *why = o->kind->take(j, o->split, &q), *answer = "";
  size_t i;
  json_t *a;
  int64_t row;
  if (why) return bad(o, record, why);
  if (!q.text) return bad(o, record, "it has no question");
  if (!json_array_size(q.answers)) return ATTUNE_OK; /* of a test that others judge */
  json_array_foreach(q.answers, i, a) {
    if (!json_is_string(a)) return bad(o, record, "one of its answers is no text");
  }
  asked *all = o->o->asked;
  asked_part *p = asked_part_named(all, q.split, o->path);
  if (!p) return ATTUNE_NO_MEMORY;
  int rc = add_picture(o, &q, (size_t)(p - all->part), &row);
  if (rc) return rc;
  char *joined = join(q.answers, &answer);
  asked_question *made =
      joined ? asked_question_add(p, q.text, strlen(q.text), answer, strlen(answer), row, record)
             : NULL;
  if (!made) {
    free(joined);
    return ATTUNE_NO_MEMORY;
  }
  made->answers = joined;
  if (q.type && !(made->type = asked_word(all, q.type, strlen(q.type)))) return ATTUNE_NO_MEMORY;
  return ATTUNE_OK;
}

/* ---- tokens ---- */

static double number(const json_t *box, const char *name, const char *other) {
  const json_t *v = json_object_get(box, name);
  return json_number_value(v ? v : json_object_get(box, other));
}

/* The box as it lies, its rotation left out, as M4C has it. */
static int add_token(const opening *o, ocr_tokens *t, const json_t *word, const json_t *info,
                     int64_t record) {
  const json_t *box = json_object_get(info, "bounding_box");
  const double x = number(box, "top_left_x", "topLeftX"), y = number(box, "top_left_y", "topLeftY");
  const double v[4] = {x, y, x + number(box, "width", "width"),
                       y + number(box, "height", "height")};
  const char *why;
  if (!json_is_string(word)) return bad(o, record, "a token is no text");
  int rc = ocr_tokens_add(t, json_string_value(word), json_string_length(word), v, OCR_LINES, &why);
  return why ? bad(o, record, why) : rc;
}

static int add_tokens(opening *o, const json_t *j, int64_t record) {
  const char *id = json_string_value(json_object_get(j, "image_id"));
  const json_t *words = json_object_get(j, "ocr_tokens"), *info = json_object_get(j, "ocr_info");
  if (!id) return bad(o, record, "it has no image_id");
  if (json_array_size(info) && json_array_size(info) != json_array_size(words) && words)
    return bad(o, record, "ocr_tokens and ocr_info are not of the same length");
  for (size_t part = 0; part < o->o->asked->parts; part++) {
    const int32_t row = word_set_find(&o->ids[part], id, strlen(id));
    const bool other = o->split && strcmp(o->o->asked->part[part].name, o->split) != 0;
    if (row < 0 || other) continue;
    ocr_tokens *t = &o->o->part[part].picture[row].tokens;
    if (t->n) return bad(o, record, "its picture has tokens already");
    const size_t n = words ? json_array_size(words) : json_array_size(info);
    for (size_t i = 0; i < n; i++) {
      const json_t *one = json_array_get(info, i);
      int rc = add_token(o, t, words ? json_array_get(words, i) : json_object_get(one, "word"), one,
                         record);
      if (rc) return rc;
    }
  }
  return ATTUNE_OK; /* of a picture that nothing is asked about */
}

/* ---- opening ---- */

static int go_through(opening *o, const char *path,
                      int (*each)(opening *o, const json_t *j, int64_t record)) {
  json_records r;
  json_place place;
  json_t *j = NULL;
  o->path = path;
  int rc = json_records_open(o->host, path, "data", &r);
  while (!rc && !(rc = json_records_next(&r, &j, &place)) && j) {
    rc = each(o, j, place.record);
    json_decref(j);
  }
  json_records_close(&r);
  return rc;
}

static const char *path_of(const opening *o, const char *name, const char *split, char *to,
                           size_t room) {
  const char *hole = strstr(name, "%s");
  snprintf(to, room, "%.4000s/%.*s%s%s", o->root, (int)(hole - name), name, split, hole + 2);
  return to;
}

static int read_files(opening *o, const char *ocr_path) {
  char path[4096 + 128];
  int rc = ATTUNE_OK;
  for (const char *const *s = o->kind->splits; !rc && *s; s++) {
    o->split = *s;
    if (!access(path_of(o, o->kind->questions, *s, path, sizeof path), F_OK))
      rc = go_through(o, path, add_question);
  }
  if (!rc && !o->o->asked->parts) {
    o->host->error(o->host, "%s: there is no such file, or no question in it has answers",
                   path_of(o, o->kind->questions, "train", path, sizeof path));
    rc = ATTUNE_BAD_INPUT;
  }
  o->split = NULL; /* such tokens are of all splits */
  if (!rc && ocr_path) return go_through(o, ocr_path, add_tokens);
  for (const char *const *s = o->kind->splits; !rc && (o->split = *s); s++)
    if (!access(path_of(o, o->kind->questions, *s, path, sizeof path), F_OK))
      rc = go_through(o, path_of(o, o->kind->tokens, *s, path, sizeof path), add_tokens);
  return rc;
}

/* Every picture's objects are there, and how wide they are. */
static int open_objects(opening *o, const attune_options *options) {
  const char *pattern = o->host->option_text(options, "objects");
  object_files *f = &o->f->objects;
  char why[2048];
  if (!*pattern) return ATTUNE_OK;
  int rc = object_files_open(o->host, pattern, o->host->option_text(options, "object_key"),
                             o->host->option_int(options, "most_objects"), f);
  for (size_t i = 0; !rc && i < o->o->asked->parts; i++) {
    const asked_part *p = &o->o->asked->part[i];
    int64_t last = -1;
    for (int64_t k = 0; !rc && k < p->questions; k++) {
      if (p->question[k].picture <= last) continue;
      last = p->question[k].picture;
      const objects_of of = of_picture(o->o, o->f, i, last);
      o->path = p->file;
      rc = object_files_find(o->host, f, &of, why, sizeof why);
      if (rc) rc = bad(o, p->question[k].place, why);
    }
  }
  if (rc) return rc;
  const objects_of first = of_picture(o->o, o->f, 0, 0);
  rc = object_files_width(o->host, f, &first);
  o->o->object_width = f->width;
  o->o->objects = read_objects;
  return rc;
}

static int open_set(const attune_host *host, const attune_options *options, attune_schema *schema,
                    void **instance, const set_kind *kind) {
  opening o = {.host = host,
               .kind = kind,
               .root = host->option_text(options, "root"),
               .images = host->option_text(options, "images"),
               .o = ocr_new(),
               .f = calloc(1, sizeof(files))};
  int rc = o.o && o.f ? ATTUNE_OK : ATTUNE_NO_MEMORY;
  if (rc) {
    free(o.f);
    ocr_free(o.o);
    return rc;
  }
  o.o->files = o.f;
  o.o->close_files = close_files;
  o.o->asked->has_type = kind->has_type;
  o.o->asked->has_answers = true;
  o.o->limit = host->option_int(options, "limit");
  if (*o.images) {
    o.o->asked->width = host->option_int(options, "width");
    o.o->asked->height = host->option_int(options, "height");
  }
  rc = ocr_features_open(host, options, &o.o->features);
  if (!rc) rc = read_files(&o, kind->tokens ? NULL : host->option_text(options, "ocr"));
  if (!rc) rc = open_objects(&o, options);
  if (!rc) rc = ocr_declare(host, options, schema, o.o);
  for (size_t i = 0; i < sizeof o.ids / sizeof *o.ids; i++) word_set_free(&o.ids[i]);
  if (rc)
    ocr_free(o.o);
  else
    *instance = o.o;
  return rc;
}

static int open_textvqa(const attune_host *host, const attune_options *options,
                        attune_schema *schema, void **instance) {
  return open_set(host, options, schema, instance, &textvqa_kind);
}
static int open_stvqa(const attune_host *host, const attune_options *options, attune_schema *schema,
                      void **instance) {
  return open_set(host, options, schema, instance, &stvqa_kind);
}

static const attune_data textvqa = {
    .item = {sizeof(attune_data), ATTUNE_DATA, "textvqa",
             "questions about the text in photos, answered by ten people",
             "TextVQA (Singh and others, 2019) as published, with the tokens that Rosetta read. A "
             "split whose questions have no\n"
             "answers is left out. {id} is the image_id.",
             textvqa_options},
    .open = open_textvqa,
    .read = ocr_read,
    .close = ocr_close,
};
static const attune_data stvqa = {
    .item =
        {sizeof(attune_data), ATTUNE_DATA, "stvqa",
         "questions about the text in photos of six sets",
         "ST-VQA (Biten and others, 2019), task 3. One picture in ten is `val`, by a hash of its "
         "name; the test questions have no\n"
         "answers. {id} is the file_path without its ending; `type` is the set that a picture "
         "comes from.",
         stvqa_options},
    .open = open_stvqa,
    .read = ocr_read,
    .close = ocr_close,
};
static const attune_item *const items[] = {&textvqa.item, &stvqa.item};
ATTUNE_PLUGIN("scene_text", "1.0", "Apache-2.0", items)
