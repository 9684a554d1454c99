/* Boards with words on them, and questions that need reading: what `attune data make signs` writes.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "../split_mix.h"
#include "ocr.h"
#include "ocr_jsonl.h"

static const attune_option options_table[] = {
    {"root", ATTUNE_OPTION_PATH, NULL, 0, 0, NULL, "folder that was made"},
    {"misread", ATTUNE_OPTION_REAL, "0", 0, 1, NULL,
     "share of the letters that are read as another one; the same in every run"},
    {"kinds", ATTUNE_OPTION_STRING, "", 0, 0, NULL,
     "of questions, blanks between them: read beside place color count same larger; empty: all"},
    OCR_LIMIT_OPTION("50"),
    OCR_FEATURE_OPTIONS("0", "0"),
    {NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL},
};

/* An object is told by one number 1 for each of these: what it is, its colour, its size. */
static const char *const attributes[] = {"board",  "circle",  "square", "triangle", "star",
                                         "cross",  "diamond", "ring",   "heart",    "moon",
                                         "red",    "green",   "blue",   "yellow",   "purple",
                                         "orange", "black",   "white",  "small",    "large"};
enum { ATTRIBUTES = sizeof attributes / sizeof *attributes, TOLD = 3 };

typedef struct place { /* of the picture of an id */
  size_t part;
  int64_t row;
} place;

typedef struct opening {
  jsonl file;
  const char *root, *kinds;
  double misread;
  ocr *o;
  int64_t taken; /* questions */
  place *place;  /* by id */
  int64_t places, cap;
} opening;

static int bad(const opening *o, const char *why) { return jsonl_bad(&o->file, why); }

/* ---- signs.jsonl ---- */

static int read_box(const opening *o, const json_t *j, double width, double height, double v[4]) {
  const json_t *box = json_object_get(j, "box");
  if (json_array_size(box) != 4) return bad(o, "something lacks its box");
  for (size_t i = 0; i < 4; i++)
    v[i] = json_number_value(json_array_get(box, i)) / (i & 1 ? height : width);
  v[2] += v[0];
  v[3] += v[1];
  return ATTUNE_OK;
}

static int mark_box(const opening *o, marks *m, const double v[4]) {
  const double w = (double)o->o->asked->width, h = (double)o->o->asked->height;
  return marks_box(m, v[0] * w, v[1] * h, (v[2] - v[0]) * w, (v[3] - v[1]) * h);
}

static int add_object(const opening *o, const json_t *j, double width, double height,
                      asked_picture *a, ocr_picture *p) {
  static const char *const keys[TOLD] = {"shape", "color", "size"};
  float *to = p->object + p->objects * ATTRIBUTES;
  double v[4];
  int told = 0, rc = read_box(o, j, width, height, v);
  for (int i = 0; !rc && i < TOLD; i++) {
    const char *word = json_string_value(json_object_get(j, keys[i]));
    for (int k = 0; word && k < ATTRIBUTES; k++)
      if (!strcmp(word, attributes[k])) {
        to[k] = 1;
        told++;
      }
  }
  if (!rc && told < TOLD) rc = bad(o, "an object has an unknown shape, color or size");
  for (int i = 0; i < 4; i++) p->object_box[4 * p->objects + i] = (float)v[i];
  p->objects++;
  return rc ? rc : mark_box(o, &a->marks, v);
}

static int add_objects(const opening *o, const json_t *list, double width, double height,
                       asked_picture *a, ocr_picture *p) {
  const size_t n = json_array_size(list);
  if (n > 1000) return bad(o, "there are too many objects");
  p->object = calloc(n + 1, ATTRIBUTES * sizeof *p->object);
  p->object_box = calloc(n + 1, 4 * sizeof *p->object_box);
  if (!p->object || !p->object_box) return ATTUNE_NO_MEMORY;
  for (size_t i = 0; i < n; i++) {
    int rc = add_object(o, json_array_get(list, i), width, height, a, p);
    if (rc) return rc;
  }
  return ATTUNE_OK;
}

/* Another letter with the chance of `misread`, by the number of the letter in all of the set. */
static void misread(const opening *o, int64_t id, size_t token, char *text) {
  for (size_t i = 0; text[i]; i++) {
    const uint64_t r = split_mix((((uint64_t)id << 16 | token) << 8 | i) * SPLIT_MIX_STEP);
    if ((double)(r >> 11) * 0x1p-53 >= o->misread || text[i] < 'a' || text[i] > 'z') continue;
    text[i] = (char)('a' + (text[i] - 'a' + 1 + (int)(split_mix(r) % 25)) % 26);
  }
}

static int add_token(const opening *o, const json_t *j, double width, double height, int64_t id,
                     ocr_tokens *t) {
  char text[256];
  double v[4];
  const char *given = json_string_value(json_object_get(j, "text")), *why;
  if (!given || strlen(given) >= sizeof text) return bad(o, "a token lacks its text");
  int rc = read_box(o, j, width, height, v);
  if (rc) return rc;
  strcpy(text, given);
  misread(o, id, (size_t)t->n, text);
  rc = ocr_tokens_add(t, text, strlen(text), v, OCR_LINES, &why);
  return why ? bad(o, why) : rc;
}

static int add_place(opening *o, json_int_t id, size_t part, int64_t row) {
  if (id != o->places) return bad(o, "its id is not one more than the last");
  if (o->places == o->cap) {
    const int64_t cap = o->cap ? 2 * o->cap : 1024;
    place *v = realloc(o->place, (size_t)cap * sizeof *v);
    if (!v) return ATTUNE_NO_MEMORY;
    o->place = v;
    o->cap = cap;
  }
  o->place[o->places++] = (place){part, row};
  return ATTUNE_OK;
}

static int add_picture(opening *o, const json_t *j) {
  const char *file = json_string_value(json_object_get(j, "file")),
             *split = json_string_value(json_object_get(j, "split"));
  const json_int_t width = json_integer_value(json_object_get(j, "width")),
                   height = json_integer_value(json_object_get(j, "height")),
                   id = json_integer_value(json_object_get(j, "id"));
  const json_t *tokens = json_object_get(j, "tokens");
  asked *a = o->o->asked;
  char path[4096 + 512];
  if (!file || !split || width < 1 || height < 1 || width > 4096 || height > 4096)
    return bad(o, "it lacks its file, its split or its size");
  if (strstr(file, "..") || *file == '/') return bad(o, "its file lies outside the folder");
  if (!a->width) {
    a->width = width;
    a->height = height;
  }
  snprintf(path, sizeof path, "%.4000s/%.500s", o->root, file);
  asked_part *p = asked_part_named(a, split, o->file.path);
  const int64_t at = p ? asked_picture_add(p, file, path, 0) : -1;
  const size_t part = p ? (size_t)(p - a->part) : 0;
  ocr_picture *m = at < 0 ? NULL : ocr_picture_at(o->o, part, at);
  if (!m) return ATTUNE_NO_MEMORY;
  int rc = add_objects(o, json_object_get(j, "objects"), (double)width, (double)height,
                       &p->picture[at], m);
  for (size_t i = 0; !rc && i < json_array_size(tokens); i++)
    rc = add_token(o, json_array_get(tokens, i), (double)width, (double)height, id, &m->tokens);
  return rc ? rc : add_place(o, id, part, at);
}

static int one_picture(void *ctx, char *line, size_t n) {
  opening *o = ctx;
  json_t *j;
  int rc = jsonl_parse(&o->file, line, n, &j);
  if (rc) return rc;
  rc = add_picture(o, j);
  json_decref(j);
  return rc;
}

/* ---- questions.jsonl ---- */

/* Tokens that decide, and shapes: a board does by its words alone. */
static int add_evidence(const opening *o, const json_t *j, const asked_picture *a,
                        const ocr_picture *p, marks *m) {
  const json_t *tokens = json_object_get(j, "tokens"), *objects = json_object_get(j, "objects");
  size_t i;
  json_t *v;
  json_array_foreach(tokens, i, v) {
    const json_int_t k = json_integer_value(v);
    double box[4];
    if (!json_is_integer(v) || k < 0 || k >= p->tokens.n) return bad(o, "it names no such token");
    for (int c = 0; c < 4; c++) box[c] = (double)p->tokens.token[k].box[c];
    if (mark_box(o, m, box)) return ATTUNE_NO_MEMORY;
  }
  json_array_foreach(objects, i, v) {
    const json_int_t k = json_integer_value(v);
    if (!json_is_integer(v) || k < 0 || k >= p->objects) return bad(o, "it names no such object");
    const float *b = a->marks.box + 4 * k;
    if (p->object[k * ATTRIBUTES] > 0) continue;
    if (marks_box(m, (double)b[0], (double)b[1], (double)b[2], (double)b[3]))
      return ATTUNE_NO_MEMORY;
  }
  m->objects = p->objects + p->tokens.n;
  json_array_foreach(json_object_get(j, "words"), i, v) {
    if (!json_is_integer(v) || json_integer_value(v) < 0) return bad(o, "it names no such word");
    if (marks_word(m, json_integer_value(v))) return ATTUNE_NO_MEMORY;
  }
  return ATTUNE_OK;
}

static bool wanted(const opening *o, const char *kind) {
  const size_t n = strlen(kind);
  for (const char *at = o->kinds; *at; at += strcspn(at, " ")) {
    at += strspn(at, " ");
    if (strcspn(at, " ") == n && !strncmp(at, kind, n)) return true;
  }
  return !*o->kinds;
}

static int add_question(opening *o, const json_t *j) {
  const json_t *text = json_object_get(j, "question"), *answer = json_object_get(j, "answer"),
               *type = json_object_get(j, "type"), *picture = json_object_get(j, "picture");
  const json_int_t id = json_integer_value(picture);
  if (!json_is_string(text) || !json_is_string(answer) || !json_is_string(type))
    return bad(o, "a question lacks its text, answer or type");
  if (!json_is_integer(picture) || id < 0 || id >= o->places)
    return bad(o, "there is no picture of this question");
  if (!wanted(o, json_string_value(type))) return ATTUNE_OK;
  o->taken++;
  const place at = o->place[id];
  asked_part *p = &o->o->asked->part[at.part];
  asked_question *q = asked_question_add(p, json_string_value(text), json_string_length(text),
                                         json_string_value(answer), json_string_length(answer),
                                         at.row, o->file.line);
  if (!q || !(q->answers = strdup(q->answer))) return ATTUNE_NO_MEMORY;
  q->type = asked_word(o->o->asked, json_string_value(type), json_string_length(type));
  if (!q->type) return ATTUNE_NO_MEMORY;
  return add_evidence(o, json_object_get(j, "evidence"), &p->picture[at.row],
                      &o->o->part[at.part].picture[at.row], &q->marks);
}

static int one_question(void *ctx, char *line, size_t n) {
  opening *o = ctx;
  json_t *j;
  int rc = jsonl_parse(&o->file, line, n, &j);
  if (rc) return rc;
  rc = add_question(o, j);
  json_decref(j);
  return rc;
}

static int name_file(const opening *o) {
  asked *a = o->o->asked;
  for (size_t i = 0; i < a->parts; i++) {
    free(a->part[i].file);
    if (!(a->part[i].file = strdup(o->file.path))) return ATTUNE_NO_MEMORY;
  }
  return ATTUNE_OK;
}

static int open_signs(const attune_host *host, const attune_options *options, attune_schema *schema,
                      void **instance) {
  opening o = {.file = {.host = host},
               .root = host->option_text(options, "root"),
               .kinds = host->option_text(options, "kinds"),
               .misread = host->option_real(options, "misread"),
               .o = ocr_new()};
  if (!o.o) return ATTUNE_NO_MEMORY;
  asked *a = o.o->asked;
  a->has_type = a->has_answers = a->has_boxes = true;
  a->has_marks = MARKS_ALL;
  o.o->limit = host->option_int(options, "limit");
  o.o->object_width = ATTRIBUTES;
  int rc = ocr_features_open(host, options, &o.o->features);
  if (!rc) rc = jsonl_lines(&o.file, o.root, "signs.jsonl", one_picture, &o);
  if (!rc) rc = jsonl_lines(&o.file, o.root, "questions.jsonl", one_question, &o);
  if (!rc && !a->parts) rc = bad(&o, "there are no pictures in signs.jsonl");
  if (!rc && !o.taken && *o.kinds) {
    host->error(host, "%s: there are no questions of the kinds `%s`", o.file.path, o.kinds);
    rc = ATTUNE_BAD_INPUT;
  }
  if (!rc) rc = name_file(&o);
  if (!rc) rc = ocr_declare(host, options, schema, o.o);
  free(o.place);
  if (rc)
    ocr_free(o.o);
  else
    *instance = o.o;
  return rc;
}

static const attune_data signs = {
    .item =
        {sizeof(attune_data), ATTUNE_DATA, "signs",
         "boards with words on them, and questions that need reading",
         "Reads what `attune data make signs` writes. Tokens are the words on the boards, their "
         "boxes exact; objects are boards\n"
         "and shapes, each a 1 for what it is, for its color and for its size, 20 numbers. "
         "Evidence are the tokens that decide\n"
         "and, where a shape is named, that one; evidence_words are the words that say what is "
         "asked.",
         options_table},
    .open = open_signs,
    .read = ocr_read,
    .close = ocr_close,
};
static const attune_item *const items[] = {&signs.item};
ATTUNE_PLUGIN("signs", "1.0", "Apache-2.0", items)
