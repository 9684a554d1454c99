/* The data set that `attune data make scenes` writes. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "captioned.h"

static const attune_option options_table[] = {
    {"root", ATTUNE_OPTION_PATH, NULL, 0, 0, NULL, "folder that was made"},
    {"size", ATTUNE_OPTION_INT, "0", 0, 4096, NULL,
     "pictures are resized to this side; 0: as they are"},
    {NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL},
};

typedef struct opening {
  const attune_host *host;
  captioned *c;
  const char *root, *path;
  size_t line;
} opening;

static int bad(const opening *o, const char *why) {
  o->host->error(o->host, "%s:%zu: %s; make the data set again", o->path, o->line, why);
  return ATTUNE_BAD_INPUT;
}

static int add_boxes(const opening *o, picture *p, const json_t *objects) {
  size_t n = json_array_size(objects);
  p->boxes = malloc((n * 4 + 1) * sizeof *p->boxes);
  if (!p->boxes) return ATTUNE_NO_MEMORY;
  for (size_t i = 0; i < n; i++) {
    const json_t *box = json_object_get(json_array_get(objects, i), "box");
    if (json_array_size(box) != 4) return bad(o, "an object has no box of four numbers");
    for (size_t k = 0; k < 4; k++)
      p->boxes[i * 4 + k] = (float)json_number_value(json_array_get(box, k));
  }
  p->n_boxes = (int64_t)n;
  return ATTUNE_OK;
}

static int add_captions(const opening *o, split *s, const json_t *captions) {
  for (size_t i = 0; i < json_array_size(captions); i++) {
    const json_t *c = json_array_get(captions, i);
    const char *text = json_string_value(json_object_get(c, "text"));
    if (!text) return bad(o, "a caption has no text");
    caption *made = captioned_caption(s, text, strlen(text), s->pictures - 1);
    if (!made) return ATTUNE_NO_MEMORY;
    const json_t *pairs = json_object_get(c, "objects");
    if (pairs && !(made->grounding = json_dumps(pairs, JSON_COMPACT))) return ATTUNE_NO_MEMORY;
  }
  return ATTUNE_OK;
}

static int add_scene(const opening *o, const json_t *j) {
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
  o->c->box_scale_x = (double)o->c->width / (double)width;
  o->c->box_scale_y = (double)o->c->height / (double)height;
  split *s = captioned_split(o->c, part);
  if (!s) return ATTUNE_NO_MEMORY;
  snprintf(path, sizeof path, "%s/%s", o->root, file);
  picture *p = captioned_picture(s, file, path);
  if (!p) return ATTUNE_NO_MEMORY;
  int rc = add_boxes(o, p, json_object_get(j, "objects"));
  return rc ? rc : add_captions(o, s, json_object_get(j, "captions"));
}

static int add_lines(opening *o, char *text) {
  size_t length;
  int rc = ATTUNE_OK;
  for (char *at = text, *l; !rc && (l = next_line(&at, &length));) {
    json_error_t e;
    o->line++;
    if (!length) continue;
    json_t *j = json_loadb(l, length, 0, &e);
    rc = j ? add_scene(o, j) : bad(o, "this line is no JSON");
    json_decref(j);
  }
  if (!rc && !o->c->splits) rc = bad(o, "there are no scenes");
  return rc;
}

static int open_scenes(const attune_host *host, const attune_options *options,
                       attune_schema *schema, void **instance) {
  opening o = {.host = host, .root = host->option_text(options, "root")};
  char *text = NULL, path[4096];
  size_t n = 0;
  snprintf(path, sizeof path, "%s/scenes.jsonl", o.root);
  o.path = path;
  o.c = calloc(1, sizeof *o.c);
  if (!o.c) return ATTUNE_NO_MEMORY;
  o.c->has_boxes = o.c->has_grounding = true;
  o.c->width = o.c->height = host->option_int(options, "size");
  int rc = file_read(host, path, &text, &n);
  if (!rc) rc = add_lines(&o, text);
  if (!rc) rc = captioned_declare(host, schema, o.c);
  free(text);
  if (rc)
    captioned_free(o.c);
  else
    *instance = o.c;
  return rc;
}

static const attune_data scenes = {
    .item = {sizeof(attune_data), ATTUNE_DATA, "scenes",
             "pictures of shapes that attune draws, with captions",
             "Reads what `attune data make scenes` writes. Tables: picture (image, name, boxes of "
             "the objects), caption\n"
             "(text, picture, grounding: the JSON list of [word, object] pairs that say which word "
             "names which object).",
             options_table},
    .open = open_scenes,
    .read = captioned_read,
    .close = captioned_close,
};
static const attune_item *const items[] = {&scenes.item};
ATTUNE_PLUGIN("scenes", "1.0", "Apache-2.0", items)
