/* The folders that AttnGAN is trained on: CUB-200-2011 and MS-COCO with captions as text files. */
#include <errno.h>
#include <jansson.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "bird_boxes.h"
#include "captioned.h"
#include "name_hash.h"
#include "reading.h"

static const attune_option options_table[] = {
    {"root", ATTUNE_OPTION_PATH, NULL, 0, 0, NULL,
     "folder with text/, with CUB_200_2011/ or images/, and with train/ and test/"},
    {"captions", ATTUNE_OPTION_INT, "10", 1, 1000, NULL,
     "the first so many lines of a picture's file count: 10 for CUB, 5 for MS-COCO"},
    {"crop", ATTUNE_OPTION_BOOL, "true", 0, 0, NULL,
     "birds are cut out by their boxes, where there is a bounding_boxes.txt"},
    {"validation", ATTUNE_OPTION_INT, "5", 0, 50, NULL,
     "percent of the training pictures kept as the split `dev`: there is none of its own"},
    IMAGE_OPTIONS("64"),
    FIT_OPTION("cover"),
    MISSING_OPTION,
    {NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL},
};

enum { PATH_ROOM = 4096 };

typedef struct opening {
  const attune_host *host;
  captioned *c;
  const char *root;
  char images[2 * PATH_ROOM]; /* their folder */
  char list[2 * PATH_ROOM];   /* the split list at hand */
  bird_boxes boxes;
  bool crop, skip, ungrouped; /* some picture is in no folder of its own */
  int64_t captions, validation;
} opening;

static bool is_folder(const char *path) {
  struct stat st;
  return !stat(path, &st) && S_ISDIR(st.st_mode);
}

/* ---- one picture ---- */

/* The first lines of its text file; those without a letter do not count. */
static int add_captions(const opening *o, split *s, const char *key, int64_t of) {
  char path[4 * PATH_ROOM], *text = NULL, *line;
  size_t bytes, length;
  snprintf(path, sizeof path, "%s/text/%s.txt", o->root, key);
  int rc = file_read(o->host, path, &text, &bytes);
  char *at = text;
  int64_t n = 0;
  while (!rc && n < o->captions && (line = next_line(&at, &length))) {
    if (!line[strspn(line, " \t")]) continue;
    n++;
    if (!captioned_caption(s, line, length, of)) rc = ATTUNE_NO_MEMORY;
  }
  if (!rc && !n) {
    o->host->error(o->host, "%s: there is no caption in it", path);
    rc = ATTUNE_BAD_INPUT;
  }
  free(text);
  return rc;
}

/* "001.Black_footed_Albatross/...": what is in the folder, in words. */
static char *group_of(const char *key) {
  const char *slash = strrchr(key, '/'), *from = key;
  if (!slash) return NULL;
  for (const char *c = key; c < slash; c++)
    if (*c == '/') from = c + 1;
  const char *dot = memchr(from, '.', (size_t)(slash - from));
  if (dot && strspn(from, "0123456789") == (size_t)(dot - from)) from = dot + 1;
  char *out = strndup(from, (size_t)(slash - from));
  for (char *c = out; c && *c; c++)
    if (*c == '_') *c = ' ';
  return out;
}

/* JPEG, or PNG where that is there instead. */
static void file_of(const opening *o, const char *key, char *name, size_t room) {
  char path[4 * PATH_ROOM];
  snprintf(name, room, "%s.png", key);
  snprintf(path, sizeof path, "%s/%s", o->images, name);
  if (access(path, R_OK)) snprintf(name, room, "%s.jpg", key);
}

/* The square of AttnGAN's code: half a side is three quarters of the box's larger side, about the
 * box's middle, all in whole pixels. What sticks out of the picture is cut away. */
static int crop_bird(const opening *o, picture *p, const char *key) {
  const int64_t *b = bird_box(&o->boxes, p->name);
  if (!b) {
    o->host->error(o->host,
                   "%s: picture %s has no box in bounding_boxes.txt; crop=false does "
                   "without them",
                   o->list, key);
    return ATTUNE_BAD_INPUT;
  }
  const int64_t half = (b[2] > b[3] ? b[2] : b[3]) * 3 / 4;
  p->part[0] = (2 * b[0] + b[2]) / 2 - half;
  p->part[1] = (2 * b[1] + b[3]) / 2 - half;
  p->part[2] = p->part[3] = 2 * half;
  return ATTUNE_OK;
}

static int add(opening *o, const char *folder, const char *key, size_t number) {
  char name[PATH_ROOM];
  if (!*key || strlen(key) > PATH_ROOM / 2) {
    o->host->error(o->host, "%s:%zu: this is no name of a picture", o->list, number);
    return ATTUNE_BAD_INPUT;
  }
  const uint64_t h = name_hash_more(NAME_HASH_START, key, strlen(key));
  const bool kept = !strcmp(folder, "train") && (int64_t)(h % 100) < o->validation;
  split *s = captioned_split(o->c, kept ? "dev" : folder);
  if (!s) return ATTUNE_NO_MEMORY;
  file_of(o, key, name, sizeof name);
  int64_t at = -1;
  int rc = captioned_file(o->host, s, o->images, o->list, name, o->skip, &at);
  if (rc || at < 0) return rc;
  if (o->crop) rc = crop_bird(o, &s->picture[at], key);
  s->picture[at].group = group_of(key);
  o->ungrouped |= !s->picture[at].group;
  return rc ? rc : add_captions(o, s, key, at);
}

/* ---- the lists ---- */

static int add_json(opening *o, const char *folder, const char *text, size_t n) {
  json_error_t e;
  json_t *j = json_loadb(text, n, 0, &e);
  int rc = ATTUNE_OK;
  if (!json_is_array(j)) {
    o->host->error(o->host, "%s:%d: this is no JSON list of names: %s", o->list, j ? 1 : e.line,
                   j ? "something else" : e.text);
    rc = ATTUNE_BAD_INPUT;
  }
  const size_t all = json_array_size(j);
  for (size_t i = 0; !rc && i < all; i++) {
    const char *key = json_string_value(json_array_get(j, i));
    rc = still_reading(o->host, o->list, (int64_t)i, (int64_t)all);
    if (!rc) rc = add(o, folder, key ? key : "", i + 1);
  }
  json_decref(j);
  return rc;
}

static int add_lines(opening *o, const char *folder, char *text, size_t bytes) {
  size_t length, number = 0;
  int rc = ATTUNE_OK;
  for (char *at = text, *line; !rc && (line = next_line(&at, &length));) {
    number++;
    if (!length) continue;
    rc = still_reading(o->host, o->list, at - text, (int64_t)bytes);
    if (!rc) rc = add(o, folder, line, number);
  }
  return rc;
}

#define CONVERT                                                                             \
  "python3 -c 'import json, pickle, sys; json.dump(pickle.load(open(sys.argv[1], \"rb\"), " \
  "encoding=\"latin1\"), open(sys.argv[2], \"w\"))' filenames.pickle filenames.json"

static int add_split(opening *o, const char *folder) {
  char *text = NULL;
  size_t n = 0;
  snprintf(o->list, sizeof o->list, "%s/%s/filenames.json", o->root, folder);
  const bool json = !access(o->list, R_OK);
  if (!json) snprintf(o->list, sizeof o->list, "%s/%s/filenames.txt", o->root, folder);
  if (!json && access(o->list, R_OK)) {
    o->host->error(o->host,
                   "%s/%s: there is no filenames.json and no filenames.txt in it; one comes out of "
                   "AttnGAN's filenames.pickle by " CONVERT,
                   o->root, folder);
    return ATTUNE_BAD_INPUT;
  }
  int rc = file_read(o->host, o->list, &text, &n);
  if (!rc) rc = json ? add_json(o, folder, text, n) : add_lines(o, folder, text, n);
  free(text);
  return rc;
}

/* ---- the reader ---- */

static int look_around(opening *o) {
  char birds[PATH_ROOM], path[2 * PATH_ROOM];
  if (strlen(o->root) > PATH_ROOM / 2) {
    o->host->error(o->host, "%s: this name is too long", o->root);
    return ATTUNE_BAD_INPUT;
  }
  snprintf(birds, sizeof birds, "%s/CUB_200_2011", o->root);
  snprintf(o->images, sizeof o->images, "%s/images", is_folder(birds) ? birds : o->root);
  snprintf(path, sizeof path, "%s/bounding_boxes.txt", birds);
  o->crop = o->crop && !access(path, R_OK);
  return o->crop ? bird_boxes_read(o->host, birds, &o->boxes) : ATTUNE_OK;
}

static int open_attngan(const attune_host *host, const attune_options *options,
                        attune_schema *schema, void **instance) {
  opening o = {.host = host,
               .c = calloc(1, sizeof *o.c),
               .root = host->option_text(options, "root"),
               .crop = host->option_int(options, "crop") != 0,
               .skip = host->option_int(options, "missing") == 1,
               .captions = host->option_int(options, "captions"),
               .validation = host->option_int(options, "validation")};
  if (!o.c) return ATTUNE_NO_MEMORY;
  o.c->width = host->option_int(options, "width");
  o.c->height = host->option_int(options, "height");
  o.c->cover = host->option_int(options, "fit") == 1;
  int rc = look_around(&o);
  if (!rc) rc = add_split(&o, "train");
  if (!rc) rc = add_split(&o, "test");
  o.c->has_groups = !o.ungrouped;
  if (!rc) rc = captioned_declare(host, schema, o.c);
  bird_boxes_free(&o.boxes);
  if (rc)
    captioned_free(o.c);
  else
    *instance = o.c;
  return rc;
}

static const attune_data attngan = {
    .item =
        {sizeof(attune_data), ATTUNE_DATA, "attngan", "CUB and MS-COCO as AttnGAN lays them out",
         "Tables: picture (image, name, group), caption (text, picture). Reads what the code of "
         "Xu et al., AttnGAN (2018)\n"
         "reads: text/KEY.txt, a caption a line; CUB_200_2011/images/KEY.jpg with images.txt "
         "and bounding_boxes.txt, or\n"
         "images/KEY.jpg; and the keys of a split, a JSON list {train,test}/filenames.json or "
         "a key a line in filenames.txt,\n"
         "in the place of filenames.pickle, out of which it comes by\n"
         "  " CONVERT "\n"
         "A bird is cut out as there: a square about the middle of its box, 1.5 times as large "
         "as the box's larger side, less\n"
         "what lies outside the picture. group: the folder that the picture is in, which is "
         "the kind of bird.",
         options_table},
    .open = open_attngan,
    .read = captioned_read,
    .close = captioned_close,
};
static const attune_item *const items[] = {&attngan.item};
ATTUNE_PLUGIN("attngan", "1.0", "Apache-2.0", items)
