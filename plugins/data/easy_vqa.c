/* easy-VQA (Victor Zhou, 2019): one coloured shape a picture. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "asked.h"
#include "reading.h"
#include "text_file.h"

static const attune_option options_table[] = {
    {"root", ATTUNE_OPTION_PATH, NULL, 0, 0, NULL, "folder with train/ and test/"},
    {"validation", ATTUNE_OPTION_INT, "10", 0, 90, NULL,
     "percent of the training pictures kept as the split `val`: there is none of its own"},
    IMAGE_OPTIONS("64"),
    {NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL},
};

typedef struct opening {
  const attune_host *host;
  asked *a;
  const char *root;
  char path[4096];
  int64_t validation;
} opening;

static int bad(const opening *o, size_t record, const char *why) {
  o->host->error(o->host, "%s: record %zu: %s", o->path, record, why);
  return ATTUNE_BAD_INPUT;
}

/* Questions ask for a shape, for a colour, or whether; what is asked says which. */
static const char *type_of(const char *answer, const char *text) {
  if (!strcmp(answer, "yes") || !strcmp(answer, "no")) return "yes/no";
  return strstr(text, "color") || strstr(text, "colour") ? "color" : "shape";
}

enum { MOST_PICTURES = 1 << 24 };

/* Picture `id` of a folder, added when it is new; `known` has a number for each id of both. */
static int64_t picture_of(const opening *o, asked_part *p, const char *folder, int64_t id,
                          int64_t *known) {
  char name[64], path[4096 + 128];
  if (known[id] >= 0) return known[id];
  snprintf(name, sizeof name, "%s/images/%lld.png", folder, (long long)id);
  snprintf(path, sizeof path, "%s/%s", o->root, name);
  return known[id] = asked_picture_add(p, name, path, 0);
}

static int add(opening *o, const char *folder, const json_t *j, size_t record, int64_t *known,
               int64_t n_known) {
  const json_t *text = json_array_get(j, 0), *answer = json_array_get(j, 1),
               *id = json_array_get(j, 2);
  if (!json_is_string(text) || !json_is_string(answer) || !json_is_integer(id))
    return bad(o, record, "it is no [question, answer, picture]");
  json_int_t number = json_integer_value(id);
  if (number < 0 || number >= n_known)
    return bad(o, record, "its picture has an impossible number");
  bool kept = !strcmp(folder, "train") && number % 100 >= 100 - o->validation;
  asked_part *p = asked_part_named(o->a, kept ? "val" : folder, o->path);
  if (!p) return ATTUNE_NO_MEMORY;
  int64_t picture = picture_of(o, p, folder, number, known);
  if (picture < 0) return ATTUNE_NO_MEMORY;
  asked_question *q = asked_question_add(p, json_string_value(text), json_string_length(text),
                                         json_string_value(answer), json_string_length(answer),
                                         picture, (int64_t)record);
  if (!q) return ATTUNE_NO_MEMORY;
  const char *type = type_of(q->answer, q->text);
  q->type = asked_word(o->a, type, strlen(type));
  return q->type ? ATTUNE_OK : ATTUNE_NO_MEMORY;
}

static int64_t greatest_id(const json_t *all) {
  int64_t most = 0;
  for (size_t i = 0; i < json_array_size(all); i++) {
    json_int_t v = json_integer_value(json_array_get(json_array_get(all, i), 2));
    if (v > most && v < MOST_PICTURES) most = v;
  }
  return most;
}

static int add_folder(opening *o, const char *folder) {
  char *text = NULL;
  size_t n;
  json_error_t e;
  snprintf(o->path, sizeof o->path, "%s/%s/questions.json", o->root, folder);
  int rc = file_read(o->host, o->path, &text, &n);
  if (rc) return rc;
  json_t *all = json_loadb(text, n, 0, &e);
  free(text);
  if (!json_is_array(all)) {
    o->host->error(o->host, "%s:%d: this is no JSON list: %s", o->path, all ? 1 : e.line,
                   all ? "something else" : e.text);
    json_decref(all);
    return ATTUNE_BAD_INPUT;
  }
  int64_t n_known = greatest_id(all) + 1;
  int64_t *known = malloc((size_t)n_known * sizeof *known);
  if (!known) rc = ATTUNE_NO_MEMORY;
  for (int64_t i = 0; known && i < n_known; i++) known[i] = -1;
  const size_t records = json_array_size(all);
  for (size_t i = 0; !rc && i < records; i++)
    if (!(rc = still_reading(o->host, o->path, (int64_t)i, (int64_t)records)))
      rc = add(o, folder, json_array_get(all, i), i + 1, known, n_known);
  free(known);
  json_decref(all);
  return rc;
}

static int open_easy(const attune_host *host, const attune_options *options, attune_schema *schema,
                     void **instance) {
  opening o = {.host = host,
               .root = host->option_text(options, "root"),
               .validation = host->option_int(options, "validation")};
  o.a = calloc(1, sizeof *o.a);
  if (!o.a) return ATTUNE_NO_MEMORY;
  o.a->width = host->option_int(options, "width");
  o.a->height = host->option_int(options, "height");
  o.a->has_type = true;
  int rc = add_folder(&o, "train");
  if (!rc) rc = add_folder(&o, "test");
  if (!rc) rc = asked_declare(host, schema, o.a);
  if (rc)
    asked_free(o.a);
  else
    *instance = o.a;
  return rc;
}

static const attune_data easy_vqa = {
    .item = {sizeof(attune_data), ATTUNE_DATA, "easy_vqa", "easy-VQA: one coloured shape a picture",
             "{train,test}/questions.json, a list of [question, answer, picture], and "
             "{train,test}/images/N.png (Victor Zhou,\n"
             "2019). Types of questions: yes/no, color, shape. Pictures of train whose number ends "
             "high are the split val.",
             options_table},
    .open = open_easy,
    .read = asked_read,
    .close = asked_close,
};
static const attune_item *const items[] = {&easy_vqa.item};
ATTUNE_PLUGIN("easy_vqa", "1.0", "Apache-2.0", items)
