/* CLEVR 1.0 (Johnson and others, 2017). A file of questions may be larger than memory: of each
 * question its place in the file is kept, and what it says is read again when it is asked for. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "clevr_program.h"
#include "growing.h"
#include "hdf5_rows.h"
#include "id_list.h"
#include "json_records.h"
#include "text_file.h"
#include "word_set.h"

static const attune_option options_table[] = {
    {"root", ATTUNE_OPTION_PATH, NULL, 0, 0, NULL, "folder with questions/, scenes/ and images/"},
    {"features", ATTUNE_OPTION_PATH, "", 0, 0, NULL,
     "HDF5 files of features instead of pictures; {split} in it is train, val or test"},
    {"array", ATTUNE_OPTION_STRING, "features", 0, 0, NULL, "name of the array in these files"},
    {"test", ATTUNE_OPTION_BOOL, "false", 0, 0, NULL,
     "the split test, too: it has neither answers nor programs"},
    IMAGE_OPTIONS("224"),
    {NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL},
};

enum { MOST_SPLITS = 3, MOST_PICTURES = 1 << 24 };
static const char *const split_names[MOST_SPLITS] = {"train", "val", "test"};

typedef struct question {
  json_place place;
  int32_t picture, answer;
  uint16_t type, steps;
} question;

typedef struct picture {
  char *name;
  int32_t index;    /* its row among the features */
  json_place scene; /* bytes 0: none */
} picture;

typedef struct part {
  const char *name;
  char *questions_path, *scenes_path;
  int questions_fd, scenes_fd; /* -1: not there */
  question *question;
  int64_t questions, question_cap;
  picture *picture;
  int64_t pictures, picture_cap;
  int32_t *row_of; /* picture of an image index; -1: none */
  int64_t row_cap;
  hdf5_rows features;
} part;

typedef struct clevr {
  part part[MOST_SPLITS];
  int parts;
  char *root;
  word_set answers, types;
  int64_t width, height;
  bool has_features, has_scenes;
  struct {
    uint32_t image, picture, text, answer, type, program, steps, evidence, question, link;
  } field;
} clevr;

static void close_part(part *p) {
  for (int64_t i = 0; i < p->pictures; i++) free(p->picture[i].name);
  if (p->questions_fd >= 0) close(p->questions_fd);
  if (p->scenes_fd >= 0) close(p->scenes_fd);
  free(p->questions_path);
  free(p->scenes_path);
  free(p->question);
  free(p->picture);
  free(p->row_of);
  hdf5_rows_close(&p->features);
}

static void close_clevr(void *instance) {
  clevr *c = instance;
  if (!c) return;
  for (int i = 0; i < c->parts; i++) close_part(&c->part[i]);
  word_set_free(&c->answers);
  word_set_free(&c->types);
  free(c->root);
  free(c);
}

/* ---- opening ---- */

typedef struct opening {
  const attune_host *host;
  clevr *c;
  part *p;
  id_list ids;
} opening;

static int bad(const opening *o, int64_t record, const char *why) {
  return json_record_bad(o->host, o->p->questions_path, record, why);
}

static void picture_path(const clevr *c, const part *p, const char *name, char *path, size_t room) {
  snprintf(path, room, "%s/images/%s/%s", c->root, p->name, name);
}

static int check_picture(const opening *o, int64_t record, const char *name, int64_t index) {
  char why[PATH_MAX + 128], path[PATH_MAX];
  if (o->c->has_features && index >= o->p->features.shape[0])
    snprintf(why, sizeof why, "its image_index is %lld, but %s has %lld rows", (long long)index,
             o->p->features.path, (long long)o->p->features.shape[0]);
  else if (strchr(name, '/') || !*name)
    snprintf(why, sizeof why, "its image_filename is no name of a file");
  else if (o->c->has_features)
    return ATTUNE_OK;
  else {
    picture_path(o->c, o->p, name, path, sizeof path);
    if (!access(path, R_OK)) return ATTUNE_OK;
    snprintf(why, sizeof why, "its picture %s: %s", path, strerror(errno));
  }
  return bad(o, record, why);
}

static int add_picture(opening *o, const json_t *j, int64_t record, int32_t *row) {
  const json_t *index = json_object_get(j, "image_index");
  const char *name = json_string_value(json_object_get(j, "image_filename"));
  part *p = o->p;
  if (!name || !json_is_integer(index))
    return bad(o, record, "it has no image_filename or no image_index");
  int64_t i = json_integer_value(index), known = p->row_cap;
  if (i < 0 || i >= MOST_PICTURES) return bad(o, record, "its image_index is impossible");
  int32_t *row_of = growing(p->row_of, i, &p->row_cap, 256, sizeof *row_of);
  if (!row_of) return ATTUNE_NO_MEMORY;
  p->row_of = row_of;
  for (int64_t k = known; k < p->row_cap; k++) row_of[k] = -1;
  *row = row_of[i];
  if (*row >= 0)
    return strcmp(p->picture[*row].name, name)
               ? bad(o, record, "its image_index belongs to another image_filename")
               : ATTUNE_OK;
  int rc = check_picture(o, record, name, i);
  if (rc) return rc;
  picture *v = growing(p->picture, p->pictures, &p->picture_cap, 256, sizeof *v);
  if (!v) return ATTUNE_NO_MEMORY;
  p->picture = v;
  v[p->pictures] = (picture){.name = strdup(name), .index = (int32_t)i};
  if (!v[p->pictures].name) return ATTUNE_NO_MEMORY;
  *row = row_of[i] = (int32_t)p->pictures++;
  return ATTUNE_OK;
}

static int add_question(opening *o, const json_t *j, const json_place *place) {
  const json_t *answer = json_object_get(j, "answer"), *program = json_object_get(j, "program"),
               *id = json_object_get(j, "question_index");
  const char *type = "", *why;
  part *p = o->p;
  question q = {.place = *place, .steps = (uint16_t)json_array_size(program)};
  if (!json_is_string(json_object_get(j, "question")))
    return bad(o, place->record, "it has no question");
  if (!json_is_string(answer) && (answer || strcmp(p->name, "test")))
    return bad(o, place->record, "it has no answer");
  if (program) {
    if ((why = clevr_program_check(program))) return bad(o, place->record, why);
    type = clevr_program_type(program);
  }
  int rc = add_picture(o, j, place->record, &q.picture);
  if (!rc && json_is_integer(id)) rc = id_list_add(&o->ids, json_integer_value(id), p->questions);
  if (rc) return rc;
  int32_t kind = word_set_add(&o->c->types, type, strlen(type));
  q.answer = word_set_add(&o->c->answers, answer ? json_string_value(answer) : "",
                          json_string_length(answer));
  question *v = growing(p->question, p->questions, &p->question_cap, 256, sizeof *v);
  if (!v || kind < 0 || q.answer < 0) return ATTUNE_NO_MEMORY;
  p->question = v;
  q.type = (uint16_t)kind;
  v[p->questions++] = q;
  return ATTUNE_OK;
}

static int open_questions(opening *o) {
  json_records r;
  json_place place;
  json_t *j = NULL;
  int rc = json_records_open(o->host, o->p->questions_path, "questions", &r);
  while (!rc && !(rc = json_records_next(&r, &j, &place)) && j) {
    rc = add_question(o, j, &place);
    json_decref(j);
  }
  json_records_close(&r);
  if (!rc && !o->p->questions) {
    o->host->error(o->host, "%s: there are no questions in it", o->p->questions_path);
    rc = ATTUNE_BAD_INPUT;
  }
  return rc ? rc : id_list_sort(o->host, &o->ids, o->p->questions_path, "question_index");
}

/* Where the scene of each picture lies. */
static int open_scenes(opening *o) {
  json_records r;
  json_place place;
  json_t *j = NULL;
  part *p = o->p;
  int rc = json_records_open(o->host, p->scenes_path, "scenes", &r);
  while (!rc && !(rc = json_records_next(&r, &j, &place)) && j) {
    const json_t *index = json_object_get(j, "image_index");
    json_int_t i = json_integer_value(index);
    if (!json_is_integer(index))
      rc = json_record_bad(o->host, p->scenes_path, place.record, "it has no image_index");
    else if (i >= 0 && i < p->row_cap && p->row_of[i] >= 0)
      p->picture[p->row_of[i]].scene = place;
    json_decref(j);
  }
  json_records_close(&r);
  return rc;
}

static char *joined(const char *format, const char *a, const char *b) {
  int n = snprintf(NULL, 0, format, a, b);
  char *out = n < 0 ? NULL : malloc((size_t)n + 1);
  if (out) snprintf(out, (size_t)n + 1, format, a, b);
  return out;
}

static int open_features(opening *o, const attune_options *options) {
  const char *pattern = o->host->option_text(options, "features"), *at = strstr(pattern, "{split}");
  char path[PATH_MAX];
  hdf5_rows *first = &o->c->part[0].features, *h = &o->p->features;
  snprintf(path, sizeof path, "%.*s%s%s", at ? (int)(at - pattern) : (int)strlen(pattern), pattern,
           at ? o->p->name : "", at ? at + strlen("{split}") : "");
  int rc = hdf5_rows_open(o->host, path, o->host->option_text(options, "array"), 4, h);
  if (rc) return rc;
  for (int i = 1; i < 4; i++)
    if (h->shape[i] != first->shape[i]) {
      o->host->error(o->host, "%s: its rows are of another shape than those of %s", path,
                     first->path);
      return ATTUNE_BAD_INPUT;
    }
  return ATTUNE_OK;
}

static int open_file(const opening *o, const char *path, int *fd) {
  *fd = open(path, O_RDONLY | O_CLOEXEC);
  if (*fd >= 0) return ATTUNE_OK;
  o->host->error(o->host, "%s: %s", path, strerror(errno));
  return ATTUNE_BAD_INPUT;
}

static int open_split(opening *o, const attune_options *options, const char *name) {
  char *questions = joined("%s/questions/CLEVR_%s_questions.json", o->c->root, name),
       *scenes = joined("%s/scenes/CLEVR_%s_scenes.json", o->c->root, name);
  if (!questions || !scenes || access(questions, F_OK)) {
    int rc = questions && scenes ? ATTUNE_OK : ATTUNE_NO_MEMORY;
    free(questions);
    free(scenes);
    return rc;
  }
  part *p = o->p = &o->c->part[o->c->parts++];
  *p = (part){.name = name,
              .questions_path = questions,
              .scenes_path = scenes,
              .questions_fd = -1,
              .scenes_fd = -1};
  int rc = open_file(o, questions, &p->questions_fd);
  if (!rc && o->c->has_features) rc = open_features(o, options);
  if (!rc) rc = open_questions(o);
  id_list_free(&o->ids);
  if (rc || access(scenes, F_OK)) return rc;
  o->c->has_scenes = true;
  rc = open_file(o, scenes, &p->scenes_fd);
  return rc ? rc : open_scenes(o);
}

/* ---- the schema ---- */

static int declare(const attune_host *host, attune_schema *schema, clevr *c) {
  int rc = ATTUNE_OK;
  for (int i = 0; i < c->parts && !rc; i++) {
    rc = host->table(schema, c->part[i].name, "picture", c->part[i].pictures);
    if (!rc) rc = host->table(schema, c->part[i].name, "question", c->part[i].questions);
  }
  const int64_t *shape = c->part[0].features.shape;
  attune_field pixels = {.name = "image",
                         .type = ATTUNE_FIELD_IMAGE,
                         .ndim = 3,
                         .shape = {c->height, c->width, 3},
                         .axes = "y x channel"},
               features = {.name = "image",
                           .type = ATTUNE_FIELD_REAL,
                           .ndim = 3,
                           .shape = {shape[2], shape[3], shape[1]},
                           .axes = "y x feature"};
  const struct {
    const char *table, *name;
    uint32_t type, *number;
    bool wanted;
  } fields[] = {
      {"picture", "name", ATTUNE_FIELD_NAME, &c->field.picture, true},
      {"question", "text", ATTUNE_FIELD_TEXT, &c->field.text, true},
      {"question", "answer", ATTUNE_FIELD_TEXT, &c->field.answer, true},
      {"question", "type", ATTUNE_FIELD_TEXT, &c->field.type, true},
      {"question", "program", ATTUNE_FIELD_TEXT, &c->field.program, true},
      {"question", "steps", ATTUNE_FIELD_TEXT, &c->field.steps, true},
      {"question", "evidence_json", ATTUNE_FIELD_TEXT, &c->field.evidence, c->has_scenes},
      {"question", "name", ATTUNE_FIELD_NAME, &c->field.question, true},
      {"question", "picture", ATTUNE_FIELD_LINK, &c->field.link, true},
  };
  memset(&c->field, 0xff, sizeof c->field); /* a field that is not declared has no number */
  int number = rc ? rc : host->field(schema, "picture", c->has_features ? &features : &pixels);
  c->field.image = (uint32_t)number;
  for (size_t i = 0; i < sizeof fields / sizeof *fields && number >= 0; i++) {
    if (!fields[i].wanted) continue;
    attune_field f = {.name = fields[i].name,
                      .type = fields[i].type,
                      .link = fields[i].type == ATTUNE_FIELD_LINK ? "picture" : NULL};
    number = host->field(schema, fields[i].table, &f);
    if (number >= 0) *fields[i].number = (uint32_t)number;
  }
  return number < 0 ? number : ATTUNE_OK;
}

static int open_clevr(const attune_host *host, const attune_options *options, attune_schema *schema,
                      void **instance) {
  clevr *c = calloc(1, sizeof *c);
  if (!c || !(c->root = strdup(host->option_text(options, "root")))) {
    free(c);
    return ATTUNE_NO_MEMORY;
  }
  c->width = host->option_int(options, "width");
  c->height = host->option_int(options, "height");
  c->has_features = *host->option_text(options, "features") != 0;
  opening o = {.host = host, .c = c};
  int rc = ATTUNE_OK, splits = host->option_int(options, "test") ? MOST_SPLITS : MOST_SPLITS - 1;
  for (int i = 0; i < splits && !rc; i++) rc = open_split(&o, options, split_names[i]);
  if (!rc && !c->parts) {
    host->error(host, "%s: there is no questions/CLEVR_train_questions.json or the like", c->root);
    rc = ATTUNE_BAD_INPUT;
  }
  if (!rc) rc = declare(host, schema, c);
  if (rc)
    close_clevr(c);
  else
    *instance = c;
  return rc;
}

/* ---- reading ---- */

static int give(const attune_host *host, attune_sink *sink, const char *text) {
  return host->text(sink, text, strlen(text));
}

static int read_picture(const attune_host *host, const clevr *c, const part *p, int64_t row,
                        void *dst) {
  char path[PATH_MAX];
  if (!c->has_features) {
    picture_path(c, p, p->picture[row].name, path, sizeof path);
    return host->image(host, path, c->width, c->height, dst);
  }
  const int64_t channels = p->features.shape[1],
                cells = p->features.shape[2] * p->features.shape[3];
  float *from = host->scratch(host, (size_t)(channels * cells) * sizeof *from), *to = dst;
  if (!from) return ATTUNE_NO_MEMORY;
  int rc = hdf5_rows_read(host, &p->features, p->picture[row].index, from);
  for (int64_t k = 0; !rc && k < cells; k++)
    for (int64_t i = 0; i < channels; i++) to[k * channels + i] = from[i * cells + k];
  return rc;
}

/* {"objects": [0, 3], "pixels": [[x, y], [x, y]]} */
static int give_objects(const attune_host *host, const json_t *scene, unsigned long long objects,
                        attune_sink *sink) {
  json_t *numbers = json_array(), *pixels = json_array(), *out = NULL;
  char *text = NULL;
  for (int i = 0; i < CLEVR_MOST_OBJECTS; i++) {
    const json_t *at = json_object_get(json_array_get(json_object_get(scene, "objects"), (size_t)i),
                                       "pixel_coords");
    if (!(objects >> i & 1)) continue;
    json_array_append_new(numbers, json_integer(i));
    json_array_append_new(pixels, json_pack("[f, f]", json_number_value(json_array_get(at, 0)),
                                            json_number_value(json_array_get(at, 1))));
  }
  out = json_pack("{s: o, s: o}", "objects", numbers, "pixels", pixels);
  if (out) text = json_dumps(out, JSON_COMPACT | JSON_REAL_PRECISION(6));
  json_decref(out);
  int rc = text ? give(host, sink, text) : ATTUNE_NO_MEMORY;
  free(text);
  return rc;
}

static int give_evidence(const attune_host *host, const part *p, const question *q,
                         const json_t *program, attune_sink *sink) {
  const json_place *place = &p->picture[q->picture].scene;
  unsigned long long objects;
  json_t *scene = NULL;
  if (!program || !place->bytes) return give(host, sink, "");
  int rc = json_record_read(host, p->scenes_path, p->scenes_fd, place, &scene);
  if (rc) return rc;
  const char *why = clevr_program_objects(program, scene, &objects);
  rc = why ? json_record_bad(host, p->scenes_path, place->record, why)
           : give_objects(host, scene, objects, sink);
  json_decref(scene);
  return rc;
}

static int give_program(const attune_host *host, const json_t *program, attune_sink *sink) {
  enum { ROOM = 1 << 14 };
  char *text = host->scratch(host, ROOM);
  if (!text) return ATTUNE_NO_MEMORY;
  return host->text(sink, text, clevr_program_text(program, text, ROOM));
}

/* What the file says of a question. */
static int read_again(const attune_host *host, const clevr *c, const part *p, const question *q,
                      uint32_t field, attune_sink *sink) {
  json_t *j = NULL;
  int rc = json_record_read(host, p->questions_path, p->questions_fd, &q->place, &j);
  if (rc) return rc;
  const char *text = json_string_value(json_object_get(j, "question")), *why = NULL;
  const json_t *program = json_object_get(j, "program");
  if (!text || (program && (why = clevr_program_check(program))))
    rc = json_record_bad(host, p->questions_path, q->place.record, why ? why : "it has changed");
  else if (field == c->field.text)
    rc = give(host, sink, text);
  else if (field == c->field.program)
    rc = give_program(host, program, sink);
  else
    rc = give_evidence(host, p, q, program, sink);
  json_decref(j);
  return rc;
}

static int read_question(const attune_host *host, const clevr *c, const part *p, uint32_t field,
                         int64_t row, void *dst, attune_sink *sink) {
  const question *q = &p->question[row];
  char number[32];
  if (field == c->field.link) {
    *(int64_t *)dst = q->picture;
    return ATTUNE_OK;
  }
  if (field == c->field.answer) return give(host, sink, c->answers.word[q->answer]);
  if (field == c->field.type) return give(host, sink, c->types.word[q->type]);
  if (field == c->field.steps) {
    snprintf(number, sizeof number, "%d", q->steps);
    return give(host, sink, number);
  }
  if (field != c->field.question) return read_again(host, c, p, q, field, sink);
  size_t room = strlen(p->questions_path) + 32;
  char *name = host->scratch(host, room);
  if (!name) return ATTUNE_NO_MEMORY;
  snprintf(name, room, "%s: record %d", p->questions_path, q->place.record);
  return give(host, sink, name);
}

static int read_clevr(const attune_host *host, void *instance, const char *split, uint32_t field,
                      int64_t row, void *dst, attune_sink *sink) {
  const clevr *c = instance;
  const part *p = NULL;
  for (int i = 0; i < c->parts; i++)
    if (!strcmp(c->part[i].name, split)) p = &c->part[i];
  bool of_picture = field == c->field.image || field == c->field.picture;
  if (!p || row < 0 || row >= (of_picture ? p->pictures : p->questions)) {
    host->error(host, "there is no row %lld in the split `%s`", (long long)row, split);
    return ATTUNE_FAILED;
  }
  if (field == c->field.image) return read_picture(host, c, p, row, dst);
  if (field == c->field.picture) return give(host, sink, p->picture[row].name);
  return read_question(host, c, p, field, row, dst, sink);
}

static const attune_data clevr_reader = {
    .item =
        {sizeof(attune_data), ATTUNE_DATA, "clevr",
         "CLEVR: questions with programs about scenes of simple solids",
         "questions/CLEVR_{split}_questions.json, scenes/CLEVR_{split}_scenes.json where it is "
         "there, and images/{split}/ or\n"
         "HDF5 files of features as MAC's code writes them, [pictures, channels, height, width] "
         "by image_index (Johnson and\n"
         "others, 2017). Types of questions, by the last step of the program: exist, count, "
         "compare_integer,\n"
         "query_attribute, compare_attribute. `steps` is the length of the program; evidence_json "
         "is JSON of the objects that\n"
         "the last step is asked of, and where they stand in the picture. Files of questions "
         "and scenes may be larger than\n"
         "memory.",
         options_table},
    .open = open_clevr,
    .read = read_clevr,
    .close = close_clevr,
};
static const attune_item *const items[] = {&clevr_reader.item};
ATTUNE_PLUGIN("clevr", "1.0", "Apache-2.0", items)
