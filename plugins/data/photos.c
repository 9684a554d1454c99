/* Photos in a folder with a caption file beside them. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "captioned.h"
#include "judgments.h"
#include "reading.h"

static const attune_option options_table[] = {
    {"root", ATTUNE_OPTION_PATH, NULL, 0, 0, NULL, "folder of the photos, JPEG or PNG"},
    {"captions", ATTUNE_OPTION_PATH, NULL, 0, 0, NULL,
     "Flickr8k's token file (NAME#K, tab, caption) or Karpathy's dataset_*.json"},
    {"splits", ATTUNE_OPTION_PATH, "", 0, 0, NULL,
     "for a token file: folder of the lists Flickr_8k.{train,dev,test}Images.txt; empty: all "
     "photos are `train`"},
    IMAGE_OPTIONS("128"),
    FIT_OPTION("stretch"),
    MISSING_OPTION,
    {"restval", ATTUNE_OPTION_BOOL, "true", 0, 0, NULL,
     "Karpathy: `restval` photos count as `train`"},
    {"expert", ATTUNE_OPTION_PATH, "", 0, 0, NULL,
     "for a token file: Flickr8k's ExpertAnnotations.txt, what experts said of pairs"},
    {"crowd", ATTUNE_OPTION_PATH, "", 0, 0, NULL,
     "for a token file: Flickr8k's CrowdFlowerAnnotations.txt, what many people said"},
    {NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL},
};

typedef struct opening {
  const attune_host *host;
  captioned *c;
  const char *root, *captions, *expert, *crowd;
  bool skip;
} opening;

static int add_photo(const opening *o, split *s, const char *name, int64_t *at) {
  return captioned_file(o->host, s, o->root, o->captions, name, o->skip, at);
}

/* ---- Flickr8k's files ---- */

typedef struct line {
  char *name, *text;
  size_t order;
  long number;              /* K */
  int split;                /* -1: it is in none */
  int64_t picture, caption; /* its rows there */
} line;
typedef struct lines {
  line *v;
  size_t n;
} lines;

static int by_name(const void *a, const void *b) {
  const line *x = a, *y = b;
  int c = strcmp(x->name, y->name);
  return c ? c : (x->order > y->order) - (x->order < y->order);
}

static int bad_line(const opening *o, size_t number, const char *why) {
  o->host->error(o->host, "%s:%zu: %s; a line is NAME#K, a tab, a caption", o->captions, number,
                 why);
  return ATTUNE_BAD_INPUT;
}

/* Lines into names and captions, sorted by name. Points into `text`. */
static int parse_tokens(const opening *o, char *text, line **out, size_t *n) {
  size_t length, most = 1;
  for (const char *c = text; *c; c++) most += *c == '\n';
  line *v = calloc(most, sizeof *v);
  *out = v;
  *n = 0;
  if (!v) return ATTUNE_NO_MEMORY;
  size_t number = 0;
  for (char *at = text, *l; (l = next_line(&at, &length));) {
    number++;
    if (!length) continue;
    char *tab = strchr(l, '\t'), *hash = strrchr(l, '#');
    if (!tab) return bad_line(o, number, "there is no tab");
    *tab = 0;
    hash = strrchr(l, '#');
    if (!hash || hash == l) return bad_line(o, number, "there is no #");
    *hash = 0;
    v[*n] = (line){
        .name = l, .text = tab + 1, .order = *n, .number = strtol(hash + 1, NULL, 10), .split = -1};
    ++*n;
  }
  if (!*n) {
    o->host->error(o->host, "%s: it holds no captions", o->captions);
    return ATTUNE_BAD_INPUT;
  }
  qsort(v, *n, sizeof *v, by_name);
  return ATTUNE_OK;
}

static line *find(line *v, size_t n, const char *name) {
  size_t lo = 0, hi = n;
  while (lo < hi) {
    size_t mid = (lo + hi) / 2;
    if (strcmp(v[mid].name, name) < 0)
      lo = mid + 1;
    else
      hi = mid;
  }
  return lo < n && !strcmp(v[lo].name, name) ? &v[lo] : NULL;
}

/* A photo and its captions, which stand side by side. */
static int add_captioned(const opening *o, split *s, line *first, const line *end) {
  int64_t at;
  int rc = add_photo(o, s, first->name, &at);
  for (line *l = first; !rc && at >= 0 && l < end && !strcmp(l->name, first->name); l++) {
    l->split = (int)(s - o->c->split);
    l->picture = at;
    l->caption = s->captions;
    if (!captioned_caption(s, l->text, strlen(l->text), at)) rc = ATTUNE_NO_MEMORY;
  }
  return rc;
}

static int add_list(const opening *o, const char *dir, const char *file, const char *name, line *v,
                    size_t n) {
  char path[4096], *text;
  size_t bytes, length;
  snprintf(path, sizeof path, "%s/%s", dir, file);
  int rc = file_read(o->host, path, &text, &bytes);
  split *s = rc ? NULL : captioned_split(o->c, name);
  if (!rc && !s) rc = ATTUNE_NO_MEMORY;
  size_t number = 0;
  for (char *at = text, *l; !rc && (l = next_line(&at, &length));) {
    number++;
    while (length && (l[length - 1] == ' ' || l[length - 1] == '\t')) l[--length] = 0;
    if (!length) continue;
    line *first = find(v, n, l);
    if (!first) {
      o->host->error(o->host, "%s:%zu: photo %s has no captions in %s", path, number, l,
                     o->captions);
      rc = ATTUNE_BAD_INPUT;
    } else {
      rc = add_captioned(o, s, first, v + n);
    }
    if (!rc) rc = still_reading(o->host, path, at - text, (int64_t)bytes);
  }
  free(text);
  return rc;
}

static bool find_judged(void *ctx, const char *name, long number, judged_place *out) {
  const lines *all = ctx;
  const line *l = find(all->v, all->n, name), *end = all->v + all->n;
  for (; l && number >= 0 && l < end && !strcmp(l->name, name); l++)
    if (l->number == number) break;
  if (!l || l == end || strcmp(l->name, name)) return false;
  *out = (judged_place){l->split, number < 0 ? l->picture : l->caption};
  return true;
}

static int add_judgments(const opening *o, lines *all) {
  int rc = ATTUNE_OK;
  o->c->has_judgments = true;
  if (*o->expert) rc = judgments_read(o->host, o->expert, false, o->c, find_judged, all);
  if (!rc && *o->crowd) rc = judgments_read(o->host, o->crowd, true, o->c, find_judged, all);
  return rc;
}

static int open_tokens(const opening *o, char *text, const char *splits) {
  static const char *const lists[][2] = {{"Flickr_8k.trainImages.txt", "train"},
                                         {"Flickr_8k.devImages.txt", "dev"},
                                         {"Flickr_8k.testImages.txt", "test"}};
  line *v = NULL;
  size_t n = 0;
  int rc = parse_tokens(o, text, &v, &n);
  for (int i = 0; !rc && *splits && i < 3; i++)
    rc = add_list(o, splits, lists[i][0], lists[i][1], v, n);
  split *all = !rc && !*splits ? captioned_split(o->c, "train") : NULL;
  if (!rc && !*splits && !all) rc = ATTUNE_NO_MEMORY;
  for (size_t i = 0; !rc && all && i < n; i++)
    if ((!i || strcmp(v[i].name, v[i - 1].name)) &&
        !(rc = still_reading(o->host, o->captions, (int64_t)i, (int64_t)n)))
      rc = add_captioned(o, all, &v[i], v + n);
  if (!rc) rc = add_judgments(o, &(lines){v, n});
  free(v);
  return rc;
}

/* ---- Karpathy's ---- */

static int add_image(const opening *o, const json_t *image, size_t number, bool restval) {
  const char *file = json_string_value(json_object_get(image, "filename"));
  const char *folder = json_string_value(json_object_get(image, "filepath"));
  const char *part = json_string_value(json_object_get(image, "split"));
  const json_t *sentences = json_object_get(image, "sentences");
  char name[2048];
  if (!file || !part || !json_is_array(sentences)) {
    o->host->error(o->host, "%s: image %zu lacks a filename, a split or sentences", o->captions,
                   number);
    return ATTUNE_BAD_INPUT;
  }
  if (restval && !strcmp(part, "restval")) part = "train";
  snprintf(name, sizeof name, "%s%s%s", folder ? folder : "", folder ? "/" : "", file);
  split *s = captioned_split(o->c, part);
  int64_t at;
  int rc = s ? add_photo(o, s, name, &at) : ATTUNE_NO_MEMORY;
  for (size_t i = 0; !rc && at >= 0 && i < json_array_size(sentences); i++) {
    const char *raw = json_string_value(json_object_get(json_array_get(sentences, i), "raw"));
    if (!raw) {
      o->host->error(o->host, "%s: sentence %zu of image %zu has no `raw` text", o->captions, i,
                     number);
      rc = ATTUNE_BAD_INPUT;
    } else if (!captioned_caption(s, raw, strlen(raw), at)) {
      rc = ATTUNE_NO_MEMORY;
    }
  }
  return rc;
}

static int open_karpathy(const opening *o, const char *text, size_t n, bool restval) {
  json_error_t e;
  json_t *j = json_loadb(text, n, 0, &e);
  const json_t *images = json_object_get(j, "images");
  int rc = ATTUNE_OK;
  if (!j) {
    o->host->error(o->host, "%s:%d:%d: this is no JSON: %s", o->captions, e.line, e.column, e.text);
    rc = ATTUNE_BAD_INPUT;
  } else if (!json_array_size(images)) {
    o->host->error(o->host, "%s: it has no list `images`", o->captions);
    rc = ATTUNE_BAD_INPUT;
  }
  const size_t all = json_array_size(images);
  for (size_t i = 0; !rc && i < all; i++)
    if (!(rc = still_reading(o->host, o->captions, (int64_t)i, (int64_t)all)))
      rc = add_image(o, json_array_get(images, i), i, restval);
  json_decref(j);
  return rc;
}

/* ---- the reader ---- */

static int open_photos(const attune_host *host, const attune_options *options,
                       attune_schema *schema, void **instance) {
  opening o = {.host = host,
               .root = host->option_text(options, "root"),
               .captions = host->option_text(options, "captions"),
               .expert = host->option_text(options, "expert"),
               .crowd = host->option_text(options, "crowd"),
               .skip = host->option_int(options, "missing") == 1};
  char *text = NULL;
  size_t n = 0;
  o.c = calloc(1, sizeof *o.c);
  if (!o.c) return ATTUNE_NO_MEMORY;
  o.c->width = host->option_int(options, "width");
  o.c->height = host->option_int(options, "height");
  o.c->cover = host->option_int(options, "fit") == 1;
  int rc = file_read(host, o.captions, &text, &n);
  const bool karpathy = !rc && text[strspn(text, " \t\r\n")] == '{';
  if (karpathy && (*o.expert || *o.crowd)) {
    host->error(host, "%s: judgments name captions as a token file does, NAME#K; this is none",
                o.captions);
    rc = ATTUNE_BAD_INPUT;
  }
  if (!rc && karpathy)
    rc = open_karpathy(&o, text, n, host->option_int(options, "restval") != 0);
  else if (!rc)
    rc = open_tokens(&o, text, host->option_text(options, "splits"));
  if (!rc) rc = captioned_declare(host, schema, o.c);
  free(text);
  if (rc)
    captioned_free(o.c);
  else
    *instance = o.c;
  return rc;
}

static const attune_data photos = {
    .item =
        {sizeof(attune_data), ATTUNE_DATA, "photos", "photos in a folder, captions in a file",
         "Tables: picture (image, name), caption (text, picture). Reads Flickr8k's own files "
         "and the JSON files of\n"
         "Karpathy, Fei-Fei (2015) for Flickr8k, Flickr30k and MS-COCO; which one it is, the "
         "content says.\n"
         "With `expert` or `crowd` also judgment (picture, caption, expert, crowd): what people "
         "said of a picture with\n"
         "a caption of the same split, its own or another's.",
         options_table},
    .open = open_photos,
    .read = captioned_read,
    .close = captioned_close,
};
static const attune_item *const items[] = {&photos.item};
ATTUNE_PLUGIN("photos", "1.0", "Apache-2.0", items)
