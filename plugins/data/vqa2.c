/* VQA 2 (Goyal and others, 2017): questions about photos, each answered by ten people. */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "id_list.h"
#include "json_records.h"
#include "reading.h"
#include "regions.h"
#include "word_set.h"

static const attune_option options_table[] = {
    {"root", ATTUNE_OPTION_PATH, NULL, 0, 0, NULL,
     "folder with v2_OpenEnded_mscoco_train2014_questions.json and the like"},
    {"features", ATTUNE_OPTION_PATH, NULL, 0, 0, NULL,
     "features of regions: an .npy or .npz file for each image, {image} its number in twelve "
     "digits or {id} the plain one; or a table as bottom-up attention has it, .tsv; {split} is "
     "train2014 or val2014"},
    {"regions", ATTUNE_OPTION_INT, "36", 1, 1000, NULL,
     "regions of an image: one that has fewer gets zeros behind them, of one that has more the "
     "first are taken"},
    {NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL},
};

enum { SPLITS = 2 };
static const char *const split_names[SPLITS] = {"train", "val"};
static const char *const folders[SPLITS] = {"train2014", "val2014"};

typedef struct question {
  int64_t id, image, text, answers; /* texts: where they begin in the part's; -1: none yet */
  int32_t answer, type, question_type, record;
} question;

typedef struct part {
  int split;
  char *path; /* of the questions */
  question *question;
  int64_t questions, cap;
  int64_t *image; /* sorted, each once */
  int64_t images;
  char *text; /* each with its NUL, one after another */
  size_t n_text, text_cap;
} part;

typedef struct vqa2 {
  part part[SPLITS];
  int parts;
  regions regions;
  word_set words; /* answers and types */
  struct {
    uint32_t image, boxes, picture, text, answer, answers, type, question_type, question, link;
  } field;
} vqa2;

static void close_vqa2(void *instance) {
  vqa2 *v = instance;
  if (!v) return;
  for (int i = 0; i < v->parts; i++) {
    free(v->part[i].path);
    free(v->part[i].question);
    free(v->part[i].image);
    free(v->part[i].text);
  }
  regions_close(&v->regions);
  word_set_free(&v->words);
  free(v);
}

/* ---- opening ---- */

typedef struct opening {
  const attune_host *host;
  vqa2 *v;
  part *p;
  const char *path; /* of the file at hand */
  id_list ids;
} opening;

static int bad(const opening *o, int64_t record, const char *why) {
  return json_record_bad(o->host, o->path, record, why);
}

/* Room for n more bytes of text; NULL: out of memory. */
static char *text_room(part *p, size_t n) {
  if (p->n_text + n > p->text_cap) {
    size_t cap = 2 * (p->text_cap + n);
    char *text = realloc(p->text, cap);
    if (!text) return NULL;
    p->text = text;
    p->text_cap = cap;
  }
  return p->text + p->n_text;
}

static int64_t add_text(part *p, const char *text) {
  size_t n = strlen(text) + 1;
  char *to = text_room(p, n);
  if (!to) return -1;
  memcpy(to, text, n);
  p->n_text += n;
  return (int64_t)(p->n_text - n);
}

static int add_question(opening *o, const json_t *j, int64_t record) {
  part *p = o->p;
  const json_t *id = json_object_get(j, "question_id"), *image = json_object_get(j, "image_id");
  const char *text = json_string_value(json_object_get(j, "question"));
  if (!text || !json_is_integer(id) || !json_is_integer(image) || json_integer_value(image) < 0)
    return bad(o, record, "it has no question, question_id or image_id");
  if (p->questions == p->cap) {
    int64_t cap = p->cap ? 2 * p->cap : 1024;
    question *v = realloc(p->question, (size_t)cap * sizeof *v);
    if (!v) return ATTUNE_NO_MEMORY;
    p->question = v;
    p->cap = cap;
  }
  question q = {.id = json_integer_value(id),
                .image = json_integer_value(image),
                .text = add_text(p, text),
                .answers = -1,
                .record = (int32_t)record};
  if (q.text < 0) return ATTUNE_NO_MEMORY;
  p->question[p->questions++] = q;
  return id_list_add(&o->ids, q.id, p->questions - 1);
}

/* One text with a tab between two answers; tabs and line ends in them become blanks. */
static int join_answers(opening *o, const json_t *list, int64_t record, int64_t *out) {
  part *p = o->p;
  *out = (int64_t)p->n_text;
  for (size_t i = 0; i < json_array_size(list); i++) {
    const char *text = json_string_value(json_object_get(json_array_get(list, i), "answer"));
    if (!text) return bad(o, record, "one of its answers is no text");
    size_t n = strlen(text);
    char *to = text_room(p, n + 2);
    if (!to) return ATTUNE_NO_MEMORY;
    for (size_t k = 0; k < n; k++) to[k] = strchr("\t\r\n", text[k]) ? ' ' : text[k];
    to[n] = '\t';
    p->n_text += n + 1;
  }
  p->text[p->n_text - 1] = 0;
  return ATTUNE_OK;
}

/* The answer that stands for all: the one that the file names, or the most frequent, and the first
 * of these. */
static const char *one_answer(const json_t *j, const json_t *list) {
  const char *best = json_string_value(json_object_get(j, "multiple_choice_answer"));
  size_t most = 0;
  if (best) return best;
  for (size_t i = 0; i < json_array_size(list); i++) {
    const char *text = json_string_value(json_object_get(json_array_get(list, i), "answer"));
    size_t n = 0;
    for (size_t k = 0; k < json_array_size(list); k++)
      n += !strcmp(text, json_string_value(json_object_get(json_array_get(list, k), "answer")));
    if (n > most) {
      best = text;
      most = n;
    }
  }
  return best;
}

static int32_t word(opening *o, const char *text) {
  return word_set_add(&o->v->words, text ? text : "", text ? strlen(text) : 0);
}

static int add_annotation(opening *o, const json_t *j, int64_t record) {
  enum { MOST_ANSWERS = 64 };
  const json_t *id = json_object_get(j, "question_id"), *image = json_object_get(j, "image_id"),
               *list = json_object_get(j, "answers");
  int64_t row = json_is_integer(id) ? id_list_find(&o->ids, json_integer_value(id)) : -1;
  if (row < 0) return bad(o, record, "its question_id is that of no question");
  question *q = &o->p->question[row];
  if (q->answers >= 0) return bad(o, record, "its question has answers already");
  if (json_is_integer(image) && json_integer_value(image) != q->image)
    return bad(o, record, "its image_id is not that of its question");
  if (!json_array_size(list) || json_array_size(list) > MOST_ANSWERS)
    return bad(o, record, "it has no list of answers, or more than 64");
  int rc = join_answers(o, list, record, &q->answers);
  if (rc) return rc;
  q->answer = word(o, one_answer(j, list));
  q->type = word(o, json_string_value(json_object_get(j, "answer_type")));
  q->question_type = word(o, json_string_value(json_object_get(j, "question_type")));
  return q->answer < 0 || q->type < 0 || q->question_type < 0 ? ATTUNE_NO_MEMORY : ATTUNE_OK;
}

static int go_through(opening *o, const char *key,
                      int (*each)(opening *o, const json_t *j, int64_t record)) {
  json_records r;
  json_place place;
  json_t *j = NULL;
  int rc = json_records_open(o->host, o->path, key, &r);
  while (!rc && !(rc = json_records_next(&r, &j, &place)) && j) {
    rc = each(o, j, place.record);
    json_decref(j);
  }
  json_records_close(&r);
  return rc;
}

static int by_number(const void *x, const void *y) {
  int64_t a = *(const int64_t *)x, b = *(const int64_t *)y;
  return (a > b) - (a < b);
}

/* The images of the questions, each once. */
static int find_images(part *p) {
  int64_t *v = malloc((size_t)(p->questions + 1) * sizeof *v), n = 0;
  if (!v) return ATTUNE_NO_MEMORY;
  for (int64_t i = 0; i < p->questions; i++) v[i] = p->question[i].image;
  qsort(v, (size_t)p->questions, sizeof *v, by_number);
  for (int64_t i = 0; i < p->questions; i++)
    if (!n || v[n - 1] != v[i]) v[n++] = v[i];
  p->image = v;
  p->images = n;
  return ATTUNE_OK;
}

static int64_t image_row(const part *p, int64_t id) {
  const int64_t *hit = bsearch(&id, p->image, (size_t)p->images, sizeof id, by_number);
  return hit ? hit - p->image : -1;
}

static int check_questions(opening *o) {
  char why[4096 + 256];
  part *p = o->p;
  int64_t last = -1; /* image that was found to be there */
  int rc = regions_open_split(o->host, &o->v->regions, p->split, folders[p->split]);
  for (int64_t i = 0; !rc && i < p->questions; i++) {
    const question *q = &p->question[i];
    if (q->answers < 0) return bad(o, q->record, "it has no answers among the annotations");
    if (q->image == last) continue;
    if ((rc = still_reading(o->host, p->path, i, p->questions))) break;
    if (regions_find(&o->v->regions, p->split, folders[p->split], q->image, why, sizeof why))
      return bad(o, q->record, why);
    last = q->image;
  }
  return rc ? rc : regions_width(o->host, &o->v->regions, folders[p->split], p->question[0].image);
}

static int open_split(opening *o, const char *root, int split) {
  char questions[4096], annotations[4096];
  snprintf(questions, sizeof questions, "%.4000s/v2_OpenEnded_mscoco_%s_questions.json", root,
           folders[split]);
  snprintf(annotations, sizeof annotations, "%.4000s/v2_mscoco_%s_annotations.json", root,
           folders[split]);
  if (access(questions, F_OK)) return ATTUNE_OK;
  part *p = o->p = &o->v->part[o->v->parts++];
  *p = (part){.split = split, .path = strdup(questions)};
  if (!p->path) return ATTUNE_NO_MEMORY;
  o->path = questions;
  int rc = go_through(o, "questions", add_question);
  if (!rc && !p->questions) rc = bad(o, 1, "there is none");
  if (!rc) rc = id_list_sort(o->host, &o->ids, questions, "question_id");
  o->path = annotations;
  if (!rc) rc = go_through(o, "annotations", add_annotation);
  o->path = questions;
  if (!rc) rc = find_images(p);
  if (!rc) rc = check_questions(o);
  id_list_free(&o->ids);
  return rc;
}

/* ---- the schema ---- */

static int declare(const attune_host *host, attune_schema *schema, vqa2 *v) {
  int rc = ATTUNE_OK;
  for (int i = 0; i < v->parts && !rc; i++) {
    const part *p = &v->part[i];
    rc = host->table(schema, split_names[p->split], "picture", p->images);
    if (!rc) rc = host->table(schema, split_names[p->split], "question", p->questions);
  }
  const struct {
    const char *table, *name;
    uint32_t type, *number;
    bool wanted;
  } fields[] = {
      {"picture", "image", ATTUNE_FIELD_REAL, &v->field.image, true},
      {"picture", "boxes", ATTUNE_FIELD_BOXES, &v->field.boxes, v->regions.has_boxes},
      {"picture", "name", ATTUNE_FIELD_NAME, &v->field.picture, true},
      {"question", "text", ATTUNE_FIELD_TEXT, &v->field.text, true},
      {"question", "answer", ATTUNE_FIELD_TEXT, &v->field.answer, true},
      {"question", "answers", ATTUNE_FIELD_TEXT, &v->field.answers, true},
      {"question", "type", ATTUNE_FIELD_TEXT, &v->field.type, true},
      {"question", "question_type", ATTUNE_FIELD_TEXT, &v->field.question_type, true},
      {"question", "name", ATTUNE_FIELD_NAME, &v->field.question, true},
      {"question", "picture", ATTUNE_FIELD_LINK, &v->field.link, true},
  };
  memset(&v->field, 0xff, sizeof v->field); /* a field that is not declared has no number */
  int number = rc;
  for (size_t i = 0; i < sizeof fields / sizeof *fields && number >= 0; i++) {
    if (!fields[i].wanted) continue;
    attune_field f = {.name = fields[i].name, .type = fields[i].type};
    if (f.type == ATTUNE_FIELD_LINK) f.link = "picture";
    if (f.type == ATTUNE_FIELD_REAL) {
      f.ndim = 2;
      f.shape[0] = v->regions.given;
      f.shape[1] = v->regions.width;
      f.axes = "region feature";
    }
    number = host->field(schema, fields[i].table, &f);
    if (number >= 0) *fields[i].number = (uint32_t)number;
  }
  return number < 0 ? number : ATTUNE_OK;
}

static int open_vqa2(const attune_host *host, const attune_options *options, attune_schema *schema,
                     void **instance) {
  vqa2 *v = calloc(1, sizeof *v);
  if (!v) return ATTUNE_NO_MEMORY;
  const char *root = host->option_text(options, "root");
  opening o = {.host = host, .v = v};
  int rc = regions_open(host, host->option_text(options, "features"),
                        host->option_int(options, "regions"), &v->regions);
  for (int i = 0; i < SPLITS && !rc; i++) rc = open_split(&o, root, i);
  if (!rc && !v->parts) {
    host->error(host, "%s: there is no v2_OpenEnded_mscoco_train2014_questions.json or the like",
                root);
    rc = ATTUNE_BAD_INPUT;
  }
  if (!rc) rc = declare(host, schema, v);
  if (rc)
    close_vqa2(v);
  else
    *instance = v;
  return rc;
}

/* ---- reading ---- */

static int give(const attune_host *host, attune_sink *sink, const char *text) {
  return host->text(sink, text, strlen(text));
}

static int read_picture(const attune_host *host, const vqa2 *v, const part *p, uint32_t field,
                        int64_t row, void *dst, attune_sink *sink) {
  int64_t id = p->image[row];
  if (field == v->field.image)
    return regions_read(host, &v->regions, p->split, folders[p->split], id, dst);
  if (field == v->field.boxes) {
    float *box = host->scratch(host, (size_t)v->regions.given * 4 * sizeof *box);
    if (!box) return ATTUNE_NO_MEMORY;
    int rc = regions_boxes(host, &v->regions, p->split, folders[p->split], id, box);
    return rc ? rc : host->boxes(sink, box, v->regions.given);
  }
  char name[64];
  snprintf(name, sizeof name, "COCO_%s_%012lld", folders[p->split], (long long)id);
  return give(host, sink, name);
}

static int read_question(const attune_host *host, const vqa2 *v, const part *p, uint32_t field,
                         int64_t row, void *dst, attune_sink *sink) {
  const question *q = &p->question[row];
  if (field == v->field.link) {
    *(int64_t *)dst = image_row(p, q->image);
    return ATTUNE_OK;
  }
  if (field == v->field.text) return give(host, sink, p->text + q->text);
  if (field == v->field.answers) return give(host, sink, p->text + q->answers);
  if (field == v->field.answer) return give(host, sink, v->words.word[q->answer]);
  if (field == v->field.type) return give(host, sink, v->words.word[q->type]);
  if (field == v->field.question_type) return give(host, sink, v->words.word[q->question_type]);
  size_t room = strlen(p->path) + 64;
  char *name = host->scratch(host, room);
  if (!name) return ATTUNE_NO_MEMORY;
  snprintf(name, room, "%s: record %d", p->path, q->record);
  return give(host, sink, name);
}

static int read_vqa2(const attune_host *host, void *instance, const char *split, uint32_t field,
                     int64_t row, void *dst, attune_sink *sink) {
  const vqa2 *v = instance;
  const part *p = NULL;
  for (int i = 0; i < v->parts; i++)
    if (!strcmp(split_names[v->part[i].split], split)) p = &v->part[i];
  bool of_picture = field == v->field.image || field == v->field.boxes || field == v->field.picture;
  if (!p || row < 0 || row >= (of_picture ? p->images : p->questions)) {
    host->error(host, "there is no row %lld in the split `%s`", (long long)row, split);
    return ATTUNE_FAILED;
  }
  return of_picture ? read_picture(host, v, p, field, row, dst, sink)
                    : read_question(host, v, p, field, row, dst, sink);
}

static const attune_data vqa2_reader = {
    .item =
        {sizeof(attune_data), ATTUNE_DATA, "vqa2",
         "VQA 2: questions about photos, answered by ten people",
         "v2_OpenEnded_mscoco_{train2014,val2014}_questions.json and "
         "v2_mscoco_{train2014,val2014}_annotations.json (Goyal\n"
         "and others, 2017), with features of image regions: .npy files [regions, features]; .npz "
         "files with `features` so, or\n"
         "with `x` [features, regions], and `bbox`; or tables of image_id, image_w, image_h, "
         "num_boxes, boxes and features, the\n"
         "last two as base64 (Anderson and others, 2018). `answer` is the most frequent one, "
         "`answers` all of them with a tab\n"
         "between two; `type` is the answer_type. What people said of how sure they were is not "
         "given out.",
         options_table},
    .open = open_vqa2,
    .read = read_vqa2,
    .close = close_vqa2,
};
static const attune_item *const items[] = {&vqa2_reader.item};
ATTUNE_PLUGIN("vqa2", "1.0", "Apache-2.0", items)
