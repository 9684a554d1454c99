/* NLVR 1 (Suhr, Lewis, Yeh, Artzi, 2017): sentences that are true or false of a picture. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "asked.h"
#include "reading.h"
#include "text_file.h"

static const attune_option options_table[] = {
    {"root", ATTUNE_OPTION_PATH, NULL, 0, 0, NULL, "folder with dev/, test/ and the like"},
    {"orders", ATTUNE_OPTION_INT, "6", 1, 6, NULL,
     "pictures of each example: its three boxes stand in six orders"},
    {"width", ATTUNE_OPTION_INT, "400", 8, 4096, NULL, "pictures are resized to this width"},
    {"height", ATTUNE_OPTION_INT, "100", 8, 4096, NULL, "and to this height"},
    {NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL},
};

typedef struct opening {
  const attune_host *host;
  asked *a;
  const char *root, *split;
  char path[4096];
  int64_t orders, line;
} opening;

static int bad(const opening *o, const char *why) {
  o->host->error(o->host, "%s:%lld: %s", o->path, (long long)o->line, why);
  return ATTUNE_BAD_INPUT;
}

/* The folders are numbered, and the lines of one split do not name theirs. */
static bool find_picture(const opening *o, const char *directory, const char *id, int64_t k,
                         char *path, size_t size) {
  for (int d = directory ? -1 : 0; d < 64; d++) {
    char folder[32];
    snprintf(folder, sizeof folder, "%d", d);
    snprintf(path, size, "%s/%s/images/%s/%s-%s-%lld.png", o->root, o->split,
             d < 0 ? directory : folder, o->split, id, (long long)k);
    if (!access(path, R_OK)) return true;
  }
  return false;
}

/* Sentences count, say where something touches, or neither. */
static const char *type_of(const char *sentence) {
  static const char *const numbers[] = {"exactly", "one",   "two",  "three", "four", "five",
                                        "six",     "seven", "most", "least", NULL};
  if (strstr(sentence, "touch")) return "touching";
  if (strstr(sentence, "tower") || strstr(sentence, "base") || strstr(sentence, "top"))
    return "tower";
  for (const char *const *n = numbers; *n; n++)
    if (strstr(sentence, *n)) return "counting";
  return "other";
}

/* Picture k has the three boxes in the k-th order of theirs; a box is 100 pixels wide, its objects
 * are placed in it by their upper left corner, and the next one begins 150 further right. */
static const int orders[6][3] = {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}};
enum { BOX_STEP = 150, FILE_WIDTH = 400, FILE_HEIGHT = 100 };

static int add_objects(opening *o, marks *m, const json_t *rep, int64_t k) {
  const double sx = (double)o->a->width / FILE_WIDTH, sy = (double)o->a->height / FILE_HEIGHT;
  for (int slot = 0; slot < 3; slot++) {
    const json_t *box = json_array_get(rep, (size_t)orders[k][slot]);
    for (size_t i = 0; i < json_array_size(box); i++) {
      const json_t *at = json_array_get(box, i), *x = json_object_get(at, "x_loc"),
                   *y = json_object_get(at, "y_loc"), *size = json_object_get(at, "size");
      if (!json_is_number(x) || !json_is_number(y) || !json_is_number(size))
        return bad(o, "an object of it has no x_loc, y_loc and size");
      const double side = json_number_value(size);
      if (marks_box(m, (json_number_value(x) + BOX_STEP * slot) * sx, json_number_value(y) * sy,
                    side * sx, side * sy))
        return ATTUNE_NO_MEMORY;
    }
  }
  return ATTUNE_OK;
}

static int add_example(opening *o, const json_t *j) {
  const json_t *text = json_object_get(j, "sentence"), *label = json_object_get(j, "label");
  const char *id = json_string_value(json_object_get(j, "identifier"));
  const char *directory = json_string_value(json_object_get(j, "directory"));
  if (!json_is_string(text) || !json_is_string(label) || !id)
    return bad(o, "it lacks a sentence, a label or an identifier");
  if (strchr(id, '/') || (directory && strchr(directory, '/')))
    return bad(o, "its identifier is no name of a file");
  const json_t *rep = json_object_get(j, "structured_rep");
  if (rep && json_array_size(rep) != 3) return bad(o, "its structured_rep has not three boxes");
  o->a->has_boxes = o->a->has_boxes || rep;
  asked_part *p = asked_part_named(o->a, o->split, o->path);
  if (!p) return ATTUNE_NO_MEMORY;
  for (int64_t k = 0; k < o->orders; k++) {
    char path[4096 + 512], name[512];
    snprintf(name, sizeof name, "%s-%s-%lld", o->split, id, (long long)k);
    if (!find_picture(o, directory, id, k, path, sizeof path))
      return bad(o, "there is no picture of this sentence");
    int64_t picture = asked_picture_add(p, name, path, 0);
    asked_question *q = picture < 0
                            ? NULL
                            : asked_question_add(p, json_string_value(text),
                                                 json_string_length(text), json_string_value(label),
                                                 json_string_length(label), picture, o->line);
    if (!q) return ATTUNE_NO_MEMORY;
    int rc = add_objects(o, &p->picture[picture].marks, rep, k);
    if (rc) return rc;
    q->marks.objects = p->picture[picture].marks.boxes;
    const char *type = type_of(q->text);
    if (!(q->type = asked_word(o->a, type, strlen(type)))) return ATTUNE_NO_MEMORY;
  }
  return ATTUNE_OK;
}

static int add_split(opening *o, const char *split) {
  char *text = NULL;
  size_t n, length;
  o->split = split;
  o->line = 0;
  snprintf(o->path, sizeof o->path, "%s/%s/%s.json", o->root, split, split);
  if (access(o->path, F_OK)) return ATTUNE_OK;
  int rc = file_read(o->host, o->path, &text, &n);
  for (char *at = text, *l; !rc && (l = next_line(&at, &length));) {
    json_error_t e;
    o->line++;
    if (!length) continue;
    json_t *j = json_loadb(l, length, 0, &e);
    rc = j ? add_example(o, j) : bad(o, "this line is no JSON");
    json_decref(j);
    if (!rc) rc = still_reading(o->host, o->path, at - text, (int64_t)n);
  }
  free(text);
  return rc;
}

static int open_nlvr(const attune_host *host, const attune_options *options, attune_schema *schema,
                     void **instance) {
  static const char *const splits[] = {"train", "dev", "hidden", "test"};
  opening o = {.host = host,
               .root = host->option_text(options, "root"),
               .orders = host->option_int(options, "orders")};
  int rc = ATTUNE_OK;
  o.a = calloc(1, sizeof *o.a);
  if (!o.a) return ATTUNE_NO_MEMORY;
  o.a->width = host->option_int(options, "width");
  o.a->height = host->option_int(options, "height");
  o.a->has_type = true;
  for (size_t i = 0; !rc && i < sizeof splits / sizeof *splits; i++) rc = add_split(&o, splits[i]);
  if (o.a->has_boxes) o.a->has_marks = 1u << MARKS_OBJECTS;
  if (!rc && !o.a->parts) {
    host->error(host, "%s: there is no dev/dev.json, test/test.json or the like", o.root);
    rc = ATTUNE_BAD_INPUT;
  }
  if (!rc) rc = asked_declare(host, schema, o.a);
  if (rc)
    asked_free(o.a);
  else
    *instance = o.a;
  return rc;
}

static const attune_data nlvr = {
    .item =
        {sizeof(attune_data), ATTUNE_DATA, "nlvr",
         "NLVR: sentences that are true or false of a picture",
         "{split}/{split}.json, a JSON object a line, and its pictures (Suhr and others, 2017). "
         "An example is a question with\n"
         "the answer true or false for each order of its boxes. Types: touching, tower, "
         "counting, other, told by words.\n"
         "Of a picture boxes are those of all objects; which of them decide is not known.",
         options_table},
    .open = open_nlvr,
    .read = asked_read,
    .close = asked_close,
};
static const attune_item *const items[] = {&nlvr.item};
ATTUNE_PLUGIN("nlvr", "1.0", "Apache-2.0", items)
