#include "asked.h"
#include "growing.h"
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the collection ---- */

asked_part *asked_part_named(asked *a, const char *name, const char *file) {
  for (size_t i = 0; i < a->parts; i++)
    if (!strcmp(a->part[i].name, name)) return &a->part[i];
  asked_part *v = realloc(a->part, (a->parts + 1) * sizeof *v);
  if (!v) return NULL;
  a->part = v;
  v[a->parts] = (asked_part){.name = strdup(name), .file = strdup(file)};
  if (v[a->parts].name && v[a->parts].file) return &v[a->parts++];
  free(v[a->parts].name);
  free(v[a->parts].file);
  return NULL;
}

int64_t asked_picture_add(asked_part *p, const char *name, const char *path, int64_t row) {
  asked_picture *v = growing(p->picture, p->pictures, &p->cap_pictures, 256, sizeof *v);
  if (!v) return -1;
  p->picture = v;
  asked_picture made = {.name = strdup(name), .path = path ? strdup(path) : NULL, .row = row};
  if (!made.name || (path && !made.path)) {
    free(made.name);
    free(made.path);
    return -1;
  }
  v[p->pictures] = made;
  return p->pictures++;
}

asked_question *asked_question_add(asked_part *p, const char *text, size_t n_text,
                                   const char *answer, size_t n_answer, int64_t picture,
                                   int64_t place) {
  asked_question *v = growing(p->question, p->questions, &p->cap_questions, 256, sizeof *v);
  if (!v) return NULL;
  p->question = v;
  asked_question made = {.text = strndup(text, n_text),
                         .answer = strndup(answer, n_answer),
                         .picture = picture,
                         .place = place};
  if (!made.text || !made.answer) {
    free(made.text);
    free(made.answer);
    return NULL;
  }
  v[p->questions] = made;
  return &v[p->questions++];
}

const char *asked_word(asked *a, const char *word, size_t n) {
  for (size_t i = 0; i < a->words; i++)
    if (strlen(a->word[i]) == n && !memcmp(a->word[i], word, n)) return a->word[i];
  char **v = realloc(a->word, (a->words + 1) * sizeof *v);
  if (!v) return NULL;
  a->word = v;
  v[a->words] = strndup(word, n);
  return v[a->words] ? v[a->words++] : NULL;
}

int64_t asked_functions(const char *program) {
  int64_t n = 0;
  for (const char *c = program; *c; c++) n += *c == '(';
  return n;
}

int asked_set_steps(asked_question *q, int64_t n) {
  char text[24];
  snprintf(text, sizeof text, "%lld", (long long)n);
  q->steps = strdup(text);
  return q->steps ? ATTUNE_OK : ATTUNE_NO_MEMORY;
}

void asked_free(asked *a) {
  if (!a) return;
  for (size_t i = 0; i < a->parts; i++) {
    asked_part *p = &a->part[i];
    for (int64_t k = 0; k < p->pictures; k++) {
      free(p->picture[k].name);
      free(p->picture[k].path);
      free(p->picture[k].objects);
      marks_free(&p->picture[k].marks);
    }
    for (int64_t k = 0; k < p->questions; k++) {
      free(p->question[k].text);
      free(p->question[k].answer);
      free(p->question[k].answers);
      free(p->question[k].program);
      free(p->question[k].evidence);
      free(p->question[k].grounding);
      free(p->question[k].steps);
      marks_free(&p->question[k].marks);
    }
    free(p->picture);
    free(p->question);
    free(p->name);
    free(p->file);
    npy_rows_close(&p->array);
  }
  for (size_t i = 0; i < a->words; i++) free(a->word[i]);
  free(a->word);
  free(a->part);
  free(a);
}

void asked_close(void *instance) { asked_free(instance); }

/* ---- checking ---- */

/* Where the text stops to be UTF-8 (RFC 3629); NULL: nowhere. */
static const unsigned char *not_utf8(const char *text) {
  const unsigned char *c = (const unsigned char *)text;
  while (*c) {
    int more = *c < 0x80 ? 0 : *c >= 0xc2 && *c < 0xe0 ? 1 : (*c & 0xf0) == 0xe0 ? 2 : 3;
    if (*c >= 0x80 && (*c < 0xc2 || *c > 0xf4)) return c;
    if ((*c == 0xe0 && c[1] < 0xa0) || (*c == 0xed && c[1] > 0x9f) || (*c == 0xf0 && c[1] < 0x90) ||
        (*c == 0xf4 && c[1] > 0x8f))
      return c;
    for (int i = 1; i <= more; i++)
      if ((c[i] & 0xc0) != 0x80) return c;
    c += 1 + more;
  }
  return NULL;
}

int asked_check(const attune_host *host, const asked *a) {
  for (size_t i = 0; i < a->parts; i++) {
    const asked_part *p = &a->part[i];
    if (!p->questions) {
      host->error(host, "%s: there are no questions of the split `%s`", p->file, p->name);
      return ATTUNE_BAD_INPUT;
    }
    for (int64_t k = 0; k < p->questions; k++) {
      const asked_question *q = &p->question[k];
      const char *which = not_utf8(q->text) ? "question" : not_utf8(q->answer) ? "answer" : NULL;
      if (!which && q->answers && not_utf8(q->answers)) which = "answers";
      if (which) {
        host->error(host, "%s: record %lld: its %s is not UTF-8", p->file, (long long)q->place,
                    which);
        return ATTUNE_BAD_INPUT;
      }
      if (q->picture < 0 || q->picture >= p->pictures) {
        host->error(host, "%s: record %lld: there is no picture of this question", p->file,
                    (long long)q->place);
        return ATTUNE_BAD_INPUT;
      }
    }
  }
  return ATTUNE_OK;
}

/* ---- as a data set ---- */

typedef struct declared {
  const char *table;
  attune_field f;
  uint32_t *number;
  bool wanted;
} declared;

static int declare(const attune_host *host, attune_schema *schema, const declared *v, size_t n) {
  for (size_t i = 0; i < n; i++) {
    *v[i].number = UINT32_MAX; /* a field that is not declared has no number */
    if (!v[i].wanted) continue;
    int number = host->field(schema, v[i].table, &v[i].f);
    if (number < 0) return number;
    *v[i].number = (uint32_t)number;
  }
  return ATTUNE_OK;
}

int asked_declare_questions(const attune_host *host, attune_schema *schema, asked *a) {
#define TEXT(what, where, is_wanted) \
  { "question", {.name = what, .type = ATTUNE_FIELD_TEXT}, &a->field.where, is_wanted }
  const declared fields[] = {
      TEXT("text", text, true),
      TEXT("answer", answer, true),
      TEXT("answers", answers, a->has_answers),
      TEXT("type", type, a->has_type),
      TEXT("subtype", subtype, a->has_subtype),
      TEXT("program", program, a->has_program),
      TEXT("evidence_json", evidence, a->has_evidence),
      TEXT("grounding", grounding, a->has_grounding),
      TEXT("steps", steps, a->has_steps),
      {"question", {.name = "name", .type = ATTUNE_FIELD_NAME}, &a->field.question, true},
      {"question",
       {.name = "picture", .type = ATTUNE_FIELD_LINK, .link = "picture"},
       &a->field.link,
       true},
  };
#undef TEXT
  int rc = ATTUNE_OK;
  a->field.image = a->field.picture = a->field.objects = a->field.boxes = UINT32_MAX;
  for (size_t i = 0; i < a->parts && !rc; i++)
    rc = host->table(schema, a->part[i].name, "question", a->part[i].questions);
  if (!rc) rc = declare(host, schema, fields, sizeof fields / sizeof *fields);
  return rc ? rc : marks_declare(host, schema, "question", a->has_marks, a->field.marks);
}

int asked_declare(const attune_host *host, attune_schema *schema, asked *a) {
  int rc = asked_check(host, a);
  for (size_t i = 0; i < a->parts && !rc; i++)
    rc = host->table(schema, a->part[i].name, "picture", a->part[i].pictures);
  uint32_t image = 0, name = 0, objects = 0, boxes = 0;
  const declared fields[] = {
      {"picture",
       {.name = "image",
        .type = ATTUNE_FIELD_IMAGE,
        .ndim = 3,
        .shape = {a->height, a->width, 3},
        .axes = "y x channel"},
       &image,
       a->width > 0},
      {"picture", {.name = "name", .type = ATTUNE_FIELD_NAME}, &name, true},
      {"picture", {.name = "objects", .type = ATTUNE_FIELD_TEXT}, &objects, a->has_objects},
      {"picture", {.name = "boxes", .type = ATTUNE_FIELD_BOXES}, &boxes, a->has_boxes},
  };
  if (!rc) rc = declare(host, schema, fields, sizeof fields / sizeof *fields);
  if (!rc) rc = asked_declare_questions(host, schema, a);
  a->field.image = image;
  a->field.picture = name;
  a->field.objects = objects;
  a->field.boxes = boxes;
  return rc;
}

bool asked_has_field(const asked *a, uint32_t field) {
  const uint32_t of[] = {a->field.answers, a->field.text,     a->field.answer,   a->field.type,
                         a->field.subtype, a->field.program,  a->field.evidence, a->field.grounding,
                         a->field.steps,   a->field.question, a->field.link};
  for (size_t i = 0; i < sizeof of / sizeof *of; i++)
    if (of[i] == field) return true;
  return marks_field(a->field.marks, field) >= 0;
}

static void copy_row(const asked *a, const asked_part *p, int64_t row, uint8_t *dst) {
  const uint8_t *from = npy_rows_at(&p->array, row);
  const int64_t n = a->width * a->height;
  if (!p->bgr) {
    memcpy(dst, from, (size_t)(3 * n));
    return;
  }
  for (int64_t i = 0; i < n; i++)
    for (int c = 0; c < 3; c++) dst[3 * i + c] = from[3 * i + 2 - c];
}

static int give(const attune_host *host, attune_sink *sink, const char *text) {
  return host->text(sink, text ? text : "", text ? strlen(text) : 0);
}

static int read_picture(const attune_host *host, const asked *a, const asked_part *p,
                        const asked_picture *m, uint32_t field, void *dst, attune_sink *sink) {
  if (field == a->field.picture) return give(host, sink, m->name);
  if (field == a->field.objects) return give(host, sink, m->objects);
  if (field == a->field.boxes) return marks_give_boxes(host, sink, &m->marks);
  if (m->path) return host->image(host, m->path, a->width, a->height, dst);
  copy_row(a, p, m->row, dst);
  return ATTUNE_OK;
}

int asked_read(const attune_host *host, void *instance, const char *name, uint32_t field,
               int64_t row, void *dst, attune_sink *sink) {
  const asked *a = instance;
  const asked_part *p = NULL;
  for (size_t i = 0; i < a->parts; i++)
    if (!strcmp(a->part[i].name, name)) p = &a->part[i];
  bool of_picture = field == a->field.image || field == a->field.picture ||
                    field == a->field.objects || field == a->field.boxes;
  if (!p || row < 0 || row >= (of_picture ? p->pictures : p->questions)) {
    host->error(host, "there is no row %lld in the split `%s`", (long long)row, name);
    return ATTUNE_FAILED;
  }
  if (of_picture) return read_picture(host, a, p, &p->picture[row], field, dst, sink);
  const asked_question *q = &p->question[row];
  if (field == a->field.text) return give(host, sink, q->text);
  if (field == a->field.answer) return give(host, sink, q->answer);
  if (field == a->field.answers) return give(host, sink, q->answers);
  if (field == a->field.type) return give(host, sink, q->type);
  if (field == a->field.subtype) return give(host, sink, q->subtype);
  if (field == a->field.program) return give(host, sink, q->program);
  if (field == a->field.evidence) return give(host, sink, q->evidence);
  if (field == a->field.grounding) return give(host, sink, q->grounding);
  if (field == a->field.steps) return give(host, sink, q->steps);
  int mark = marks_field(a->field.marks, field);
  if (mark >= 0)
    return marks_give(host, sink, &q->marks, mark, (double)a->width * (double)a->height);
  if (field == a->field.link) {
    *(int64_t *)dst = q->picture;
    return ATTUNE_OK;
  }
  char place[64];
  int n = snprintf(place, sizeof place, ": record %lld", (long long)q->place);
  size_t length = strlen(p->file);
  char *text = host->scratch(host, length + (size_t)n + 1);
  if (!text) return ATTUNE_NO_MEMORY;
  memcpy(text, p->file, length);
  memcpy(text + length, place, (size_t)n + 1);
  return host->text(sink, text, length + (size_t)n);
}
