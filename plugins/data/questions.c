/* Pictures with questions as `attune data make` writes them. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "asked.h"
#include "marks_json.h"
#include "reading.h"
#include "text_file.h"

static const attune_option options_table[] = {
    {"root", ATTUNE_OPTION_PATH, NULL, 0, 0, NULL, "folder that was made"},
    {NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL},
};

typedef struct opening {
  const attune_host *host;
  asked *a;
  const char *root;
  char path[4096 + 64];
  int64_t line;
} opening;

static int bad(const opening *o, const char *why) {
  o->host->error(o->host, "%s:%lld: %s; make the data set again", o->path, (long long)o->line, why);
  return ATTUNE_BAD_INPUT;
}

/* What decides, out of the picture's objects, which are there before. */
static int add_marks(opening *o, const asked_part *p, asked_question *q, const json_t *evidence) {
  const char *why = NULL;
  const json_t *objects = json_object_get(evidence, "objects");
  if (q->picture < 0 || q->picture >= p->pictures) return ATTUNE_OK; /* told of later */
  const marks *all = &p->picture[q->picture].marks;
  q->marks.objects = all->boxes;
  int rc = all->boxes ? marks_json_pick(&q->marks, objects, MARKS_PLAIN, all, &why) : ATTUNE_OK;
  if (!rc) rc = marks_json_words(&q->marks, json_object_get(evidence, "words"), MARKS_PLAIN, &why);
  return why ? bad(o, why) : rc;
}

static int add_question(opening *o, asked_part *p, const json_t *j) {
  const json_t *text = json_object_get(j, "question"), *answer = json_object_get(j, "answer"),
               *type = json_object_get(j, "type"), *program = json_object_get(j, "program"),
               *subtype = json_object_get(j, "subtype"), *evidence = json_object_get(j, "evidence");
  if (!json_is_string(text) || !json_is_string(answer) || !json_is_string(type) ||
      !json_is_integer(json_object_get(j, "picture")))
    return bad(o, "a question lacks its text, answer, type or picture");
  asked_question *q = asked_question_add(
      p, json_string_value(text), json_string_length(text), json_string_value(answer),
      json_string_length(answer), json_integer_value(json_object_get(j, "picture")), o->line);
  if (!q) return ATTUNE_NO_MEMORY;
  q->type = asked_word(o->a, json_string_value(type), json_string_length(type));
  if (json_is_string(subtype))
    q->subtype = asked_word(o->a, json_string_value(subtype), json_string_length(subtype));
  q->program = json_is_string(program) ? strdup(json_string_value(program)) : NULL;
  q->evidence = evidence ? json_dumps(evidence, JSON_COMPACT) : NULL;
  if (q->program && asked_set_steps(q, asked_functions(q->program))) return ATTUNE_NO_MEMORY;
  return q->type ? add_marks(o, p, q, evidence) : ATTUNE_NO_MEMORY;
}

static int add_list(opening *o, asked_picture *m, const json_t *objects) {
  const char *why = NULL;
  if (!(m->objects = json_dumps(objects, JSON_COMPACT))) return ATTUNE_NO_MEMORY;
  int rc = marks_json_objects(&m->marks, objects, 1, 1, &why);
  return why ? bad(o, why) : rc;
}

/* A line of objects for each picture, where the file is there. */
static int add_objects(opening *o, asked_part *p, const char *split) {
  char *text = NULL;
  size_t n, length;
  int64_t k = 0;
  o->line = 0;
  snprintf(o->path, sizeof o->path, "%.4000s/%s.objects.jsonl", o->root, split);
  if (access(o->path, F_OK)) return ATTUNE_OK;
  int rc = file_read(o->host, o->path, &text, &n);
  for (char *at = text, *l; !rc && (l = next_line(&at, &length));) {
    json_error_t e;
    o->line++;
    json_t *j = json_loadb(l, length, 0, &e);
    if (!json_is_array(j))
      rc = bad(o, "this line is no list of objects");
    else if (k == p->pictures)
      rc = bad(o, "there are more lines than pictures");
    else
      rc = add_list(o, &p->picture[k++], j);
    json_decref(j);
    if (!rc) rc = still_reading(o->host, o->path, at - text, (int64_t)n);
  }
  if (!rc && k < p->pictures) rc = bad(o, "there are fewer lines than pictures");
  free(text);
  return rc;
}

static int add_split(opening *o, const char *split) {
  char *text = NULL, name[96];
  size_t n, length;
  o->line = 0;
  snprintf(o->path, sizeof o->path, "%.4000s/%s.images.npy", o->root, split);
  if (access(o->path, F_OK)) return ATTUNE_OK;
  asked_part *p = asked_part_named(o->a, split, o->path);
  if (!p) return ATTUNE_NO_MEMORY;
  int rc = npy_rows_open(o->host, o->path, "|u1", 4, &p->array);
  if (rc) return rc;
  if (!o->a->height) {
    o->a->height = p->array.shape[1];
    o->a->width = p->array.shape[2];
  }
  if (p->array.shape[1] != o->a->height || p->array.shape[2] != o->a->width ||
      p->array.shape[3] != 3)
    return bad(o, "its pictures have another size than those of other splits");
  for (int64_t i = 0; i < p->array.shape[0] && !rc; i++) {
    snprintf(name, sizeof name, "%.60s %lld", split, (long long)i);
    if (asked_picture_add(p, name, NULL, i) < 0) rc = ATTUNE_NO_MEMORY;
  }
  if (!rc) rc = add_objects(o, p, split);
  if (rc) return rc;
  o->line = 0;
  snprintf(o->path, sizeof o->path, "%.4000s/%s.questions.jsonl", o->root, split);
  free(p->file);
  if (!(p->file = strdup(o->path))) return ATTUNE_NO_MEMORY;
  rc = file_read(o->host, o->path, &text, &n);
  for (char *at = text, *l; !rc && (l = next_line(&at, &length));) {
    json_error_t e;
    o->line++;
    if (!length) continue;
    json_t *j = json_loadb(l, length, 0, &e);
    rc = j ? add_question(o, p, j) : bad(o, "this line is no JSON");
    json_decref(j);
    if (!rc) rc = still_reading(o->host, o->path, at - text, (int64_t)n);
  }
  free(text);
  return rc;
}

static int open_questions(const attune_host *host, const attune_options *options,
                          attune_schema *schema, void **instance) {
  static const char *const splits[] = {"train", "val", "test"};
  opening o = {.host = host, .root = host->option_text(options, "root")};
  int rc = ATTUNE_OK;
  o.a = calloc(1, sizeof *o.a);
  if (!o.a) return ATTUNE_NO_MEMORY;
  o.a->has_type = o.a->has_subtype = o.a->has_program = true;
  o.a->has_evidence = o.a->has_objects = o.a->has_boxes = o.a->has_steps = true;
  o.a->has_marks = MARKS_ALL;
  for (size_t i = 0; !rc && i < sizeof splits / sizeof *splits; i++) rc = add_split(&o, splits[i]);
  if (!rc && !o.a->parts) {
    host->error(host,
                "%s: there is no train.images.npy or the like; is this what `attune data "
                "make` wrote?",
                o.root);
    rc = ATTUNE_BAD_INPUT;
  }
  if (!rc) rc = asked_declare(host, schema, o.a);
  if (rc)
    asked_free(o.a);
  else
    *instance = o.a;
  return rc;
}

static const attune_data questions = {
    .item = {sizeof(attune_data), ATTUNE_DATA, "questions",
             "pictures with questions that attune makes",
             "Reads what `attune data make sort-of-clevr` writes: {split}.images.npy, "
             "{split}.questions.jsonl and\n"
             "{split}.objects.jsonl. Evidence has the boxes of the objects that decide the "
             "answer, evidence_words its words;\n"
             "steps is how many functions the program has. `vqa(type=subtype)` reports kind by "
             "kind.",
             options_table},
    .open = open_questions,
    .read = asked_read,
    .close = asked_close,
};
static const attune_item *const items[] = {&questions.item};
ATTUNE_PLUGIN("questions", "1.0", "Apache-2.0", items)
