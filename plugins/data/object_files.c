#include "object_files.h"
#include <errno.h>
#include <jansson.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "pickle_dict.h"
#include "region_file.h"

enum { MOST_WIDTH = 1 << 16, MOST_OBJECTS = 1 << 14 };

static bool ends_with(const char *text, const char *end) {
  const size_t n = strlen(text), k = strlen(end);
  return n >= k && !strcmp(text + n - k, end);
}

/* `pattern` with what stands for {id} and {split}; false: it is too long. */
static bool fill(const char *pattern, const objects_of *of, char *to, size_t room) {
  size_t n = 0;
  for (const char *c = pattern; *c;) {
    const bool id = !strncmp(c, "{id}", 4), split = !strncmp(c, "{split}", 7);
    const char *from = id ? of->id : split ? of->split : c;
    const size_t k = id || split ? strlen(from) : 1;
    if (n + k + 1 > room) return false;
    memcpy(to + n, from, k);
    n += k;
    c += id ? 4 : split ? 7 : 1;
  }
  to[n] = 0;
  return true;
}

/* ---- opening ---- */

static int64_t member(const json_t *j, const char *name) {
  const json_t *v = json_object_get(j, name);
  return json_is_number(v) ? (int64_t)json_number_value(v) : -1;
}

static int read_index(const attune_host *host, object_files *f, const char *path, const json_t *j) {
  const char *id;
  json_t *v;
  f->row = calloc(json_object_size(j) + 1, sizeof *f->row);
  if (!f->row) return ATTUNE_NO_MEMORY;
  json_object_foreach((json_t *)(uintptr_t)j, id, v) {
    const objects_row r = {member(v, "idx"), member(v, "objectsNum"), member(v, "width"),
                           member(v, "height")};
    if (r.row < 0 || r.row >= f->features.shape[0] || r.n < 0 || r.n > f->features.shape[1]) {
      host->error(host, "%s: `%.200s` has an idx or objectsNum beyond the arrays", path, id);
      return ATTUNE_BAD_INPUT;
    }
    const int32_t k = word_set_add(&f->ids, id, strlen(id));
    if (k < 0) return ATTUNE_NO_MEMORY;
    f->row[k] = r;
  }
  return ATTUNE_OK;
}

static int open_hdf5(const attune_host *host, object_files *f) {
  char path[PATH_MAX];
  json_error_t e;
  int rc = hdf5_rows_open(host, f->pattern, "features", 3, &f->features);
  if (rc) return rc;
  if (hdf5_rows_open(host, f->pattern, "bboxes", 3, &f->boxes)) hdf5_rows_close(&f->boxes);
  if (f->boxes.path && (f->boxes.shape[0] != f->features.shape[0] ||
                        f->boxes.shape[1] != f->features.shape[1] || f->boxes.shape[2] != 4)) {
    host->error(host, "%s: `bboxes` is not [%lld, %lld, 4] as its features need it", f->pattern,
                (long long)f->features.shape[0], (long long)f->features.shape[1]);
    return ATTUNE_BAD_INPUT;
  }
  snprintf(path, sizeof path, "%.*s.json", (int)(strrchr(f->pattern, '.') - f->pattern),
           f->pattern);
  json_t *j = json_load_file(path, JSON_REJECT_DUPLICATES, &e);
  if (!json_is_object(j)) {
    host->error(host, "%s:%d: %s", path, j ? 1 : e.line, j ? "this is no JSON object" : e.text);
    json_decref(j);
    return ATTUNE_BAD_INPUT;
  }
  rc = read_index(host, f, path, j);
  json_decref(j);
  f->width = f->features.shape[2];
  return rc;
}

int object_files_open(const attune_host *host, const char *pattern, const char *key, int64_t limit,
                      object_files *f) {
  *f = (object_files){.pattern = strdup(pattern), .key = strdup(key), .limit = limit};
  if (!f->pattern || !f->key) return ATTUNE_NO_MEMORY;
  if (ends_with(pattern, ".h5") || ends_with(pattern, ".hdf5")) {
    f->kind = OBJECTS_HDF5;
    return open_hdf5(host, f);
  }
  if (ends_with(pattern, ".lmdb") || ends_with(pattern, ".mdb")) {
    f->kind = OBJECTS_LMDB;
    return object_lmdb_open(host, pattern, &f->lmdb);
  }
  if (strstr(pattern, "{id}")) return ATTUNE_OK;
  host->error(host, "%s: objects are in files DIR/{id}.npy or .npz, in FILE.h5 or in FILE.lmdb",
              pattern);
  return ATTUNE_BAD_INPUT;
}

void object_files_close(object_files *f) {
  free(f->pattern);
  free(f->key);
  hdf5_rows_close(&f->features);
  hdf5_rows_close(&f->boxes);
  word_set_free(&f->ids);
  free(f->row);
  object_lmdb_close(f->lmdb);
  memset(f, 0, sizeof *f);
}

/* ---- what is read ---- */

typedef struct found {
  float *feature, *box; /* box NULL: there are none */
  int64_t n, width, image_width, image_height;
} found;

static int bad(const attune_host *host, const char *where, const char *why) {
  host->error(host, "%s: %s", where, why);
  return ATTUNE_BAD_INPUT;
}

static float *room(const attune_host *host, int64_t n, int64_t width) {
  return host->scratch(host, (size_t)(n * width + 1) * sizeof(float));
}

static int read_npy(const attune_host *host, const object_files *f, const objects_of *of,
                    found *out) {
  char path[PATH_MAX];
  region_file r;
  if (!fill(f->pattern, of, path, sizeof path)) return bad(host, f->pattern, "a name is too long");
  int rc = region_file_open(host, path, f->width, &r);
  if (!rc && (r.width > MOST_WIDTH || r.n > MOST_OBJECTS)) rc = bad(host, path, "it is too large");
  if (!rc) {
    out->n = r.n < f->limit ? r.n : f->limit;
    out->width = r.width;
    out->feature = room(host, out->n, r.width);
    out->box = r.has_boxes ? room(host, out->n, 4) : NULL;
    if (!out->feature || (r.has_boxes && !out->box)) rc = ATTUNE_NO_MEMORY;
  }
  if (!rc) region_file_features(&r, out->n, out->feature);
  if (!rc && r.has_boxes) region_file_boxes(&r, out->n, out->box);
  region_file_close(&r);
  return rc;
}

static int read_hdf5(const attune_host *host, const object_files *f, const objects_of *of,
                     found *out) {
  const int32_t k = word_set_find(&f->ids, of->id, strlen(of->id));
  if (k < 0) return bad(host, f->pattern, "the picture is not in its JSON");
  const objects_row *r = &f->row[k];
  out->n = r->n < f->limit ? r->n : f->limit;
  out->width = f->width;
  out->image_width = r->width;
  out->image_height = r->height;
  out->feature = room(host, f->features.shape[1], f->width);
  out->box = f->boxes.path ? room(host, f->features.shape[1], 4) : NULL;
  if (!out->feature || (f->boxes.path && !out->box)) return ATTUNE_NO_MEMORY;
  int rc = hdf5_rows_read(host, &f->features, r->row, out->feature);
  return rc || !out->box ? rc : hdf5_rows_read(host, &f->boxes, r->row, out->box);
}

static int64_t number(const pickle_item *v, int items, const char *name) {
  const char *const names[] = {name, NULL};
  const pickle_item *p = pickle_find(v, items, false, names);
  return p && p->number > 0 && p->number < 1e6 ? (int64_t)p->number : 0;
}

static int take_pickle(const attune_host *host, const object_files *f, const char *key,
                       const pickle_item *v, int items, found *out) {
  static const char *const features[] = {"features", "feature", "image_feat", NULL},
                           *const boxes[] = {"bbox", "boxes", "image_bbox", NULL};
  const pickle_item *a = pickle_find(v, items, true, features),
                    *b = pickle_find(v, items, true, boxes);
  if (!a || a->array.ndim != 2 || a->array.shape[1] < 1 || a->array.shape[1] > MOST_WIDTH ||
      a->array.shape[0] > MOST_OBJECTS)
    return bad(host, key, "it has no `features` of [objects, numbers]");
  if (b && (b->array.ndim != 2 || b->array.shape[0] != a->array.shape[0] || b->array.shape[1] != 4))
    return bad(host, key, "its `bbox` is not [objects, 4]");
  out->n = a->array.shape[0] < f->limit ? a->array.shape[0] : f->limit;
  out->width = a->array.shape[1];
  out->image_width = number(v, items, "image_width");
  out->image_height = number(v, items, "image_height");
  out->feature = room(host, a->array.shape[0], out->width);
  out->box = b ? room(host, a->array.shape[0], 4) : NULL;
  if (!out->feature || (b && !out->box)) return ATTUNE_NO_MEMORY;
  pickle_copy(&a->array, out->feature);
  if (b) pickle_copy(&b->array, out->box);
  return ATTUNE_OK;
}

static int read_lmdb(const attune_host *host, const object_files *f, const objects_of *of,
                     found *out) {
  char key[1024], where[PATH_MAX + 1100];
  unsigned char *bytes;
  size_t n;
  pickle_item *v = host->scratch(host, PICKLE_ITEMS * sizeof *v);
  int items;
  const char *why;
  if (!v) return ATTUNE_NO_MEMORY;
  if (!fill(f->key, of, key, sizeof key)) return bad(host, f->pattern, "a key is too long");
  int rc = object_lmdb_get(host, f->lmdb, f->pattern, key, &bytes, &n);
  if (rc) return rc;
  snprintf(where, sizeof where, "%s: key %s", f->pattern, key);
  if (!n) return bad(host, where, "there is none");
  rc = pickle_dict(host, bytes, n, v, &items, &why);
  if (why) return bad(host, where, why);
  return rc ? rc : take_pickle(host, f, where, v, items, out);
}

static int read_any(const attune_host *host, const object_files *f, const objects_of *of,
                    found *out) {
  *out = (found){.n = 0};
  int rc = f->kind == OBJECTS_NPY    ? read_npy(host, f, of, out)
           : f->kind == OBJECTS_HDF5 ? read_hdf5(host, f, of, out)
                                     : read_lmdb(host, f, of, out);
  if (!rc && f->width && out->width != f->width) {
    host->error(host, "%s: the objects of %s have %lld numbers each, others %lld", f->pattern,
                of->id, (long long)out->width, (long long)f->width);
    return ATTUNE_BAD_INPUT;
  }
  return rc;
}

int object_files_width(const attune_host *host, object_files *f, const objects_of *of) {
  found v;
  int rc = read_any(host, f, of, &v);
  if (!rc) f->width = v.width;
  return rc;
}

int object_files_find(const attune_host *host, const object_files *f, const objects_of *of,
                      char *why, size_t n) {
  char path[PATH_MAX];
  size_t size = 1;
  int rc = ATTUNE_OK;
  bool there = true;
  snprintf(why, n, "the objects of its picture %.200s are not in %.600s", of->id, f->pattern);
  if (!fill(f->kind == OBJECTS_NPY ? f->pattern : f->key, of, path, sizeof path)) return -1;
  if (f->kind == OBJECTS_HDF5) there = word_set_find(&f->ids, of->id, strlen(of->id)) >= 0;
  if (f->kind == OBJECTS_LMDB) rc = object_lmdb_get(host, f->lmdb, f->pattern, path, NULL, &size);
  if (f->kind == OBJECTS_NPY && access(path, R_OK)) {
    snprintf(why, n, "the objects of its picture, %.600s: %s", path, strerror(errno));
    there = false;
  }
  return rc ? rc : there && size ? ATTUNE_OK : ATTUNE_BAD_INPUT;
}

/* From pixels to shares of the picture, within it. */
static int to_shares(const attune_host *host, const object_files *f, const objects_of *of,
                     found *v) {
  const double w = (double)(v->image_width > 0 ? v->image_width : of->width),
               h = (double)(v->image_height > 0 ? v->image_height : of->height);
  bool pixels = false;
  for (int64_t i = 0; i < 4 * v->n; i++) {
    if (!isfinite(v->box[i])) return bad(host, f->pattern, "a box has something but numbers");
    pixels = pixels || v->box[i] > 1;
  }
  if (pixels && (w < 1 || h < 1)) {
    host->error(host,
                "%s: the boxes of %s are in pixels, and nothing says how large the picture is",
                f->pattern, of->id);
    return ATTUNE_BAD_INPUT;
  }
  for (int64_t i = 0; i < 4 * v->n; i++) {
    const double share = (double)v->box[i] / (!pixels ? 1 : i & 1 ? h : w);
    v->box[i] = (float)fmin(1, fmax(0, share));
  }
  return ATTUNE_OK;
}

int object_files_read(const attune_host *host, const object_files *f, const objects_of *of,
                      float **feature, float **box, int64_t *n) {
  found v;
  int rc = read_any(host, f, of, &v);
  if (rc) return rc;
  *n = v.n;
  if (feature) *feature = v.feature;
  if (!box) return ATTUNE_OK;
  *box = v.box;
  if (v.box) return to_shares(host, f, of, &v);
  if (!(*box = room(host, v.n, 4))) return ATTUNE_NO_MEMORY;
  memset(*box, 0, (size_t)(4 * v.n) * sizeof **box);
  return ATTUNE_OK;
}
