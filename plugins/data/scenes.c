/* The data set that `attune data make scenes` writes. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "../scene_names.h"
#include "asked.h"
#include "captioned.h"
#include "marks_json.h"
#include "proposals.h"
#include "reading.h"

static const attune_option options_table[] = {
    {"root", ATTUNE_OPTION_PATH, NULL, 0, 0, NULL, "folder that was made"},
    {"size", ATTUNE_OPTION_INT, "0", 0, 4096, NULL,
     "pictures are resized to this side; 0: as they are"},
    {"steps", ATTUNE_OPTION_INT, "0", 0, 1000, NULL,
     "questions whose programs have more functions are left out; 0: none are"},
    {"regions", ATTUNE_OPTION_INT, "0", 0, 1000, NULL,
     "regions of a picture, as a detector would find them; 0: none"},
    {NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL},
};

typedef struct scenes_set {
  captioned *c;
  asked *a; /* NULL: no questions were made */
} scenes_set;

/* Where the picture of a number stands. */
typedef struct place {
  json_int_t id;
  size_t part;
  int64_t row;
} place;

typedef struct opening {
  const attune_host *host;
  captioned *c;
  asked *a;
  const char *root, *path;
  size_t line;
  double scale_x, scale_y; /* from pixels of the file to pixels of the picture given out */
  json_int_t most_steps;   /* of a question that is kept; 0: any */
  place *places;           /* by id, once sorted */
  size_t n_places, cap_places;
} opening;

static int bad(const opening *o, const char *why) {
  o->host->error(o->host, "%s:%zu: %s; make the data set again", o->path, o->line, why);
  return ATTUNE_BAD_INPUT;
}

static int add_boxes(const opening *o, picture *p, const json_t *objects) {
  const char *why = NULL;
  int rc = marks_json_objects(&p->marks, objects, o->scale_x, o->scale_y, &why);
  return why ? bad(o, why) : rc;
}

static int add_regions(const opening *o, picture *p, const json_t *objects, const json_t *id) {
  const char *why = NULL;
  int rc = proposals_make(objects, &p->marks, (double)o->c->width, (double)o->c->height,
                          json_integer_value(id), o->c->regions, &p->region, &p->feature, &why);
  return why ? bad(o, why) : rc;
}

/* Objects by colour and shape. */
static int add_kinds(picture *p, const json_t *objects) {
  if (!(p->count = calloc(SCENE_COLORS * SCENE_SHAPES, sizeof *p->count))) return ATTUNE_NO_MEMORY;
  for (size_t i = 0; i < json_array_size(objects); i++) {
    const json_t *o = json_array_get(objects, i);
    const int color = scene_name_find(json_string_value(json_object_get(o, "color")),
                                      scene_color_names, SCENE_COLORS),
              shape = scene_name_find(json_string_value(json_object_get(o, "shape")),
                                      scene_shape_names, SCENE_SHAPES);
    if (color >= 0 && shape >= 0) p->count[color * SCENE_SHAPES + shape]++;
  }
  return ATTUNE_OK;
}

/* A caption is decided by the words that name objects, and by these. */
static int add_grounding(const opening *o, caption *c, const picture *p, const json_t *pairs) {
  const char *why = NULL;
  if (!(c->grounding = json_dumps(pairs, JSON_COMPACT))) return ATTUNE_NO_MEMORY;
  int rc = marks_json_pick(&c->marks, pairs, 1, &p->marks, &why);
  if (!rc) rc = marks_json_words(&c->marks, pairs, 0, &why);
  return why ? bad(o, why) : rc;
}

static int add_captions(const opening *o, split *s, const json_t *captions) {
  for (size_t i = 0; i < json_array_size(captions); i++) {
    const json_t *c = json_array_get(captions, i);
    const char *text = json_string_value(json_object_get(c, "text"));
    if (!text) return bad(o, "a caption has no text");
    caption *made = captioned_caption(s, text, strlen(text), s->pictures - 1);
    if (!made) return ATTUNE_NO_MEMORY;
    const json_t *pairs = json_object_get(c, "objects");
    const picture *p = &s->picture[s->pictures - 1];
    made->marks.objects = p->marks.boxes;
    int rc = pairs ? add_grounding(o, made, p, pairs) : ATTUNE_OK;
    if (rc) return rc;
  }
  return ATTUNE_OK;
}

static int add_place(opening *o, const json_t *id, size_t part, int64_t row) {
  if (!json_is_integer(id)) return ATTUNE_OK; /* then no question can be of it */
  if (o->n_places == o->cap_places) {
    size_t more = o->cap_places ? 2 * o->cap_places : 256;
    place *v = realloc(o->places, more * sizeof *v);
    if (!v) return ATTUNE_NO_MEMORY;
    o->places = v;
    o->cap_places = more;
  }
  o->places[o->n_places++] = (place){json_integer_value(id), part, row};
  return ATTUNE_OK;
}

static int add_scene(opening *o, const json_t *j) {
  const char *file = json_string_value(json_object_get(j, "file"));
  const char *part = json_string_value(json_object_get(j, "split"));
  json_int_t width = json_integer_value(json_object_get(j, "width"));
  json_int_t height = json_integer_value(json_object_get(j, "height"));
  char path[4096];
  if (!file || !part || width < 1 || height < 1)
    return bad(o, "a scene lacks a file, a split or its size");
  if (strstr(file, "..") || *file == '/') return bad(o, "a scene's file lies outside the folder");
  if (!o->c->width) {
    o->c->width = width;
    o->c->height = height;
  }
  o->scale_x = (double)o->c->width / (double)width;
  o->scale_y = (double)o->c->height / (double)height;
  split *s = captioned_split(o->c, part);
  if (!s) return ATTUNE_NO_MEMORY;
  snprintf(path, sizeof path, "%s/%s", o->root, file);
  picture *p = captioned_picture(s, file, path);
  if (!p) return ATTUNE_NO_MEMORY;
  const json_t *objects = json_object_get(j, "objects");
  int rc = add_boxes(o, p, objects);
  if (!rc) rc = add_kinds(p, objects);
  if (!rc && o->c->regions) rc = add_regions(o, p, objects, json_object_get(j, "id"));
  if (!rc) rc = add_captions(o, s, json_object_get(j, "captions"));
  if (rc) return rc;
  return add_place(o, json_object_get(j, "id"), (size_t)(s - o->c->split), s->pictures - 1);
}

/* ---- questions ---- */

static int by_id(const void *x, const void *y) {
  const place *a = x, *b = y;
  return (a->id > b->id) - (a->id < b->id);
}

static const char *const types[] = {"exist",         "count",         "query_size",
                                    "query_color",   "query_texture", "query_shape",
                                    "compare_size",  "compare_color", "compare_count",
                                    "compare_shape", "relation",      "compare_texture"};

static bool is_type(const char *type) {
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (!strcmp(types[i], type)) return true;
  return false;
}

/* The keys of a question. */
static const struct key {
  const char *name;
  json_type type;
  const char *is; /* in words */
} keys[] = {
    {"picture", JSON_INTEGER, "a whole number"},
    {"question", JSON_STRING, "a text"},
    {"tokens", JSON_ARRAY, "a list"},
    {"answer", JSON_STRING, "a text"},
    {"type", JSON_STRING, "a text"},
    {"steps", JSON_INTEGER, "a whole number"},
    {"program", JSON_STRING, "a text"},
    {"evidence", JSON_OBJECT, "an object"},
    {"objects", JSON_ARRAY, "a list"},
};

static int check_keys(const opening *o, const json_t *j) {
  enum { N = sizeof keys / sizeof *keys };
  char why[160];
  const char *name;
  json_t *value;
  if (!json_is_object(j)) return bad(o, "a question is no JSON object");
  for (int i = 0; i < N; i++) {
    const json_t *v = json_object_get(j, keys[i].name);
    if (v && json_typeof(v) == keys[i].type) continue;
    snprintf(why, sizeof why, v ? "`%s` of a question is not %s" : "a question lacks `%s`, %s",
             keys[i].name, keys[i].is);
    return bad(o, why);
  }
  json_object_foreach((json_t *)j, name, value) {
    int i = 0;
    while (i < N && strcmp(keys[i].name, name)) i++;
    if (i < N) continue;
    snprintf(why, sizeof why, "a question has no key `%.60s`", name);
    return bad(o, why);
  }
  return ATTUNE_OK;
}

static int find_picture(const opening *o, const json_t *j, const place **out) {
  const place key = {json_integer_value(json_object_get(j, "picture")), 0, 0};
  char why[80];
  *out = o->n_places ? bsearch(&key, o->places, o->n_places, sizeof key, by_id) : NULL;
  if (*out) return ATTUNE_OK;
  snprintf(why, sizeof why, "there is no picture %lld in scenes.jsonl", (long long)key.id);
  return bad(o, why);
}

/* The objects that the last functions decide by and those on the way to them, and the words. */
static int add_marks(const opening *o, const place *at, asked_question *q, const json_t *evidence) {
  const marks *all = &o->c->split[at->part].picture[at->row].marks;
  const char *why = NULL;
  q->marks.objects = all->boxes;
  int rc =
      marks_json_pick(&q->marks, json_object_get(evidence, "selected"), MARKS_PLAIN, all, &why);
  if (!rc)
    rc = marks_json_pick(&q->marks, json_object_get(evidence, "referred"), MARKS_PLAIN, all, &why);
  if (!rc) rc = marks_json_words(&q->marks, json_object_get(evidence, "words"), MARKS_PLAIN, &why);
  return why ? bad(o, why) : rc;
}

static int add_question(opening *o, const json_t *j) {
  const place *at = NULL;
  int rc = check_keys(o, j);
  if (!rc) rc = find_picture(o, j, &at);
  if (rc) return rc;
  const json_t *text = json_object_get(j, "question"), *answer = json_object_get(j, "answer");
  const char *type = json_string_value(json_object_get(j, "type"));
  json_int_t steps = json_integer_value(json_object_get(j, "steps"));
  if (!is_type(type)) return bad(o, "a question is of an unknown type");
  if (o->most_steps && steps > o->most_steps) return ATTUNE_OK;
  asked_question *q = asked_question_add(&o->a->part[at->part], json_string_value(text),
                                         json_string_length(text), json_string_value(answer),
                                         json_string_length(answer), at->row, (int64_t)o->line);
  if (!q) return ATTUNE_NO_MEMORY;
  q->type = asked_word(o->a, type, strlen(type));
  rc = asked_set_steps(q, steps);
  q->program = strdup(json_string_value(json_object_get(j, "program")));
  q->evidence = json_dumps(json_object_get(j, "evidence"), JSON_COMPACT);
  q->grounding = json_dumps(json_object_get(j, "objects"), JSON_COMPACT);
  if (rc || !q->type || !q->program || !q->evidence || !q->grounding) return ATTUNE_NO_MEMORY;
  return add_marks(o, at, q, json_object_get(j, "evidence"));
}

/* ---- files ---- */

static int add_lines(opening *o, char *text, size_t n, int (*add)(opening *o, const json_t *j)) {
  size_t length;
  int rc = ATTUNE_OK;
  o->line = 0;
  for (char *at = text, *l; !rc && (l = next_line(&at, &length));) {
    json_error_t e;
    o->line++;
    if (!length) continue;
    json_t *j = json_loadb(l, length, 0, &e);
    rc = j ? add(o, j) : bad(o, "this line is no JSON");
    json_decref(j);
    if (!rc) rc = still_reading(o->host, o->path, at - text, (int64_t)n);
  }
  return rc;
}

static int read_scenes(opening *o) {
  char *text = NULL, path[4096];
  size_t n = 0;
  snprintf(path, sizeof path, "%s/scenes.jsonl", o->root);
  o->path = path;
  int rc = file_read(o->host, path, &text, &n);
  if (!rc) rc = add_lines(o, text, n, add_scene);
  if (!rc && !o->c->splits) rc = bad(o, "there are no scenes");
  free(text);
  return rc;
}

/* Data sets of before there were questions, or made without any, have no such file. */
static int read_questions(opening *o) {
  char *text = NULL, path[4096];
  size_t n = 0;
  snprintf(path, sizeof path, "%s/questions.jsonl", o->root);
  o->path = path;
  if (access(path, F_OK)) return ATTUNE_OK;
  o->a = calloc(1, sizeof *o->a);
  if (!o->a) return ATTUNE_NO_MEMORY;
  o->a->has_type = o->a->has_program = o->a->has_evidence = o->a->has_grounding = true;
  o->a->has_steps = true;
  o->a->has_marks = MARKS_ALL;
  o->a->width = o->c->width;
  o->a->height = o->c->height;
  for (size_t i = 0; i < o->c->splits; i++)
    if (!asked_part_named(o->a, o->c->split[i].name, path)) return ATTUNE_NO_MEMORY;
  if (o->n_places) qsort(o->places, o->n_places, sizeof *o->places, by_id);
  int rc = file_read(o->host, path, &text, &n);
  if (!rc) rc = add_lines(o, text, n, add_question);
  free(text);
  return rc;
}

static void close_scenes(void *instance) {
  scenes_set *s = instance;
  captioned_free(s->c);
  asked_free(s->a);
  free(s);
}

static int read_field(const attune_host *host, void *instance, const char *part, uint32_t field,
                      int64_t row, void *dst, attune_sink *sink) {
  const scenes_set *s = instance;
  if (s->a && asked_has_field(s->a, field))
    return asked_read(host, s->a, part, field, row, dst, sink);
  return captioned_read(host, s->c, part, field, row, dst, sink);
}

static int open_scenes(const attune_host *host, const attune_options *options,
                       attune_schema *schema, void **instance) {
  opening o = {.host = host, .root = host->option_text(options, "root")};
  scenes_set *s = calloc(1, sizeof *s);
  o.c = calloc(1, sizeof *o.c);
  int rc = s && o.c ? ATTUNE_OK : ATTUNE_NO_MEMORY;
  if (!rc) {
    o.c->has_boxes = o.c->has_grounding = true;
    o.c->has_marks = MARKS_ALL;
    o.c->kinds = SCENE_COLORS * SCENE_SHAPES;
    o.c->width = o.c->height = host->option_int(options, "size");
    o.c->regions = host->option_int(options, "regions");
    o.c->region_width = PROPOSALS_WIDTH;
    o.most_steps = host->option_int(options, "steps");
    rc = read_scenes(&o);
  }
  if (!rc) rc = read_questions(&o);
  if (!rc) rc = captioned_declare(host, schema, o.c);
  if (!rc && o.a) rc = asked_declare_questions(host, schema, o.a);
  free(o.places);
  if (rc) {
    captioned_free(o.c);
    asked_free(o.a);
    free(s);
    return rc;
  }
  *s = (scenes_set){o.c, o.a};
  *instance = s;
  return ATTUNE_OK;
}

static const attune_data scenes = {
    .item =
        {sizeof(attune_data), ATTUNE_DATA, "scenes",
         "pictures of shapes that attune draws, with captions and questions",
         "Reads what `attune data make scenes` writes. Tables: picture (image, name, boxes of "
         "the objects, kinds: how many\n"
         "there are of each of 72, nine shapes of one colour after another, in the order of the "
         "lists of colours and shapes), caption\n"
         "(text, picture, grounding: the JSON list of [word, object] pairs that say which word "
         "names which object), and,\n"
         "where they were made, question (text, answer, type, steps, program, grounding, "
         "picture). Captions and questions\n"
         "have evidence, the boxes of the objects that they speak of, evidence_words and "
         "numbers of objects. With `regions` a picture has as many [region, feature] and their "
         "boxes: those of its objects,\n"
         "not exactly, and others, with 48 noisy numbers of what is in them and five of where "
         "they are.",
         options_table},
    .open = open_scenes,
    .read = read_field,
    .close = close_scenes,
};
static const attune_item *const items[] = {&scenes.item};
ATTUNE_PLUGIN("scenes", "1.0", "Apache-2.0", items)
