#include "core/data/safetensors.h"
#include <jansson.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/data/convert.h"

#define HEADER_LIMIT 100000000u /* the format's own limit */

static const struct wire_type {
  const char *name;
  size_t width;
  at_dtype dtype;
} types[] = {
    {"F32", 4, AT_F32}, {"F64", 8, AT_F64},   {"I32", 4, AT_I32}, {"I64", 8, AT_I64},
    {"U8", 1, AT_U8},   {"BOOL", 1, AT_BOOL}, {"F16", 2, AT_F32}, {"BF16", 2, AT_F32},
};

typedef struct entry {
  const char *name; /* borrowed from the JSON */
  const struct wire_type *type;
  int ndim;
  int64_t shape[AT_ARRAY_MAX_DIM];
  size_t begin, end, order; /* order: place in the header, to sort stably */
} entry;

typedef struct reading {
  const unsigned char *data; /* behind the header */
  size_t n;
  const char *what;
  at_error *err;
  entry *v;
  size_t count;
} reading;

/* ---- metadata ---- */

at_status at_metadata_set(at_metadata *m, const char *key, const char *value, at_error *err) {
  char *copy = strdup(value);
  if (!copy) return at_nomem(err);
  for (size_t i = 0; i < m->n; i++)
    if (!strcmp(m->v[i].key, key)) {
      free(m->v[i].value);
      m->v[i].value = copy;
      return AT_OK;
    }
  if (m->n == m->cap) {
    size_t cap = m->cap ? 2 * m->cap : 8;
    struct at_metadata_item *v = realloc(m->v, cap * sizeof *v);
    if (v) m->v = v, m->cap = cap;
  }
  char *name = m->n < m->cap ? strdup(key) : NULL;
  if (!name) {
    free(copy);
    return at_nomem(err);
  }
  m->v[m->n].key = name;
  m->v[m->n++].value = copy;
  return AT_OK;
}

const char *at_metadata_get(const at_metadata *m, const char *key) {
  for (size_t i = 0; i < m->n; i++)
    if (!strcmp(m->v[i].key, key)) return m->v[i].value;
  return NULL;
}

void at_metadata_free(at_metadata *m) {
  for (size_t i = 0; i < m->n; i++) {
    free(m->v[i].key);
    free(m->v[i].value);
  }
  free(m->v);
  memset(m, 0, sizeof *m);
}

/* ---- header ---- */

static at_status bad_tensor(const reading *r, const char *name, const char *why) {
  return at_fail(r->err, AT_EINPUT, "%s: tensor '%.200s' %s; write the file again", r->what, name,
                 why);
}

static at_status read_type(const reading *r, const json_t *j, entry *e) {
  const char *name = json_string_value(j);
  if (!name) return bad_tensor(r, e->name, "has no \"dtype\" that is a string");
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (!strcmp(types[i].name, name)) {
      e->type = &types[i];
      return AT_OK;
    }
  return at_fail(r->err, AT_EINPUT,
                 "%s: tensor '%.200s' is of type %.40s, which is not read; convert it to F32, F64, "
                 "I32, I64, U8, BOOL, F16 or BF16",
                 r->what, e->name, name);
}

/* Also sets *bytes to what type and shape take. */
static at_status read_shape(const reading *r, const json_t *j, entry *e, size_t *bytes) {
  if (!json_is_array(j)) return bad_tensor(r, e->name, "has no \"shape\" that is a list");
  if (json_array_size(j) > AT_ARRAY_MAX_DIM) return bad_tensor(r, e->name, "has more than 8 axes");
  *bytes = e->type->width;
  e->ndim = (int)json_array_size(j);
  for (int i = 0; i < e->ndim; i++) {
    const json_t *d = json_array_get(j, (size_t)i);
    if (!json_is_integer(d) || json_integer_value(d) < 0)
      return bad_tensor(r, e->name, "has an axis length that is no whole number");
    e->shape[i] = json_integer_value(d);
    if (!at_mul_size(*bytes, (size_t)e->shape[i], bytes))
      return bad_tensor(r, e->name, "has a shape larger than any memory");
  }
  return AT_OK;
}

static at_status read_range(const reading *r, const json_t *j, entry *e, size_t bytes) {
  const json_t *b = json_array_get(j, 0), *n = json_array_get(j, 1);
  if (json_array_size(j) != 2 || !json_is_integer(b) || !json_is_integer(n) ||
      json_integer_value(b) < 0 || json_integer_value(n) < json_integer_value(b))
    return bad_tensor(r, e->name, "has no \"data_offsets\" of two rising whole numbers");
  if ((uint64_t)json_integer_value(n) > r->n)
    return at_fail(
        r->err, AT_EINPUT,
        "%s: tensor '%.200s' ends at byte %lld of the data, of which the file holds %zu; "
        "the file is truncated",
        r->what, e->name, (long long)json_integer_value(n), r->n);
  e->begin = (size_t)json_integer_value(b);
  e->end = (size_t)json_integer_value(n);
  if (e->end - e->begin != bytes)
    return at_fail(r->err, AT_EINPUT,
                   "%s: tensor '%.200s' has %zu bytes where its type and shape need %zu; write the "
                   "file again",
                   r->what, e->name, e->end - e->begin, bytes);
  return AT_OK;
}

static at_status read_entry(const reading *r, const char *name, const json_t *j, entry *e) {
  size_t bytes = 0;
  at_status s = AT_OK;
  e->name = name;
  if (!json_is_object(j)) return bad_tensor(r, name, "is not described by an object");
  if ((s = read_type(r, json_object_get(j, "dtype"), e)) != AT_OK) return s;
  if ((s = read_shape(r, json_object_get(j, "shape"), e, &bytes)) != AT_OK) return s;
  if ((s = read_range(r, json_object_get(j, "data_offsets"), e, bytes)) != AT_OK) return s;
  if (json_object_size(j) != 3)
    return bad_tensor(r, name, "has fields besides dtype, shape and data_offsets");
  return AT_OK;
}

static at_status read_metadata(const reading *r, json_t *j, at_metadata *meta) {
  const char *key;
  json_t *value;
  at_status s = AT_OK;
  if (!json_is_object(j))
    return at_fail(r->err, AT_EINPUT, "%s: __metadata__ is not an object; write the file again",
                   r->what);
  json_object_foreach(j, key, value) {
    if (!json_is_string(value))
      return at_fail(r->err, AT_EINPUT,
                     "%s: __metadata__ '%.200s' is not a string; write the file again", r->what,
                     key);
    if (meta && (s = at_metadata_set(meta, key, json_string_value(value), r->err)) != AT_OK)
      return s;
  }
  return AT_OK;
}

static int by_place(const void *a, const void *b) {
  const entry *x = a, *y = b;
  if (x->begin != y->begin) return x->begin < y->begin ? -1 : 1;
  if (x->end != y->end) return x->end < y->end ? -1 : 1; /* empty tensors before their neighbour */
  return x->order < y->order ? -1 : 1;
}

/* Sorted by place, the ranges must follow one another and fill the data. */
static at_status check_cover(const reading *r) {
  size_t at = 0;
  for (size_t i = 0; i < r->count; i++) {
    if (r->v[i].begin != at)
      return bad_tensor(r, r->v[i].name,
                        r->v[i].begin < at ? "overlaps another tensor" : "leaves a hole before it");
    at = r->v[i].end;
  }
  if (at != r->n)
    return at_fail(r->err, AT_EINPUT,
                   "%s: has %zu bytes behind its last tensor; the file is damaged", r->what,
                   r->n - at);
  return AT_OK;
}

static at_status read_header(reading *r, json_t *root, at_metadata *meta) {
  const char *key;
  json_t *value;
  at_status s = AT_OK;
  if (!(r->v = calloc(json_object_size(root) + 1, sizeof *r->v))) return at_nomem(r->err);
  json_object_foreach(root, key, value) {
    if (!strcmp(key, "__metadata__")) {
      if ((s = read_metadata(r, value, meta)) != AT_OK) return s;
      continue;
    }
    r->v[r->count].order = r->count;
    if ((s = read_entry(r, key, value, &r->v[r->count])) != AT_OK) return s;
    r->count++;
  }
  qsort(r->v, r->count, sizeof *r->v, by_place);
  return check_cover(r);
}

static at_status parse_json(const unsigned char *p, size_t n, const char *what, json_t **out,
                            at_error *err) {
  json_error_t je;
  *out = json_loadb((const char *)p, n, JSON_REJECT_DUPLICATES, &je);
  if (!*out)
    return at_fail(err, AT_EINPUT,
                   "%s: its header is not JSON (at byte %d: %s); the file is damaged", what,
                   je.position + 8, je.text);
  if (!json_is_object(*out))
    return at_fail(err, AT_EINPUT, "%s: its header is not a JSON object; the file is damaged",
                   what);
  return AT_OK;
}

/* Checks the frame around the header; *length is the header's. */
static at_status check_frame(const unsigned char *p, size_t n, const char *what, size_t *length,
                             at_error *err) {
  if (n < 8)
    return at_fail(err, AT_EINPUT,
                   "%s: has %zu bytes where a safetensors file has at least 8; the "
                   "file is truncated",
                   what, n);
  uint64_t h = at_load_u64(p);
  if (h > HEADER_LIMIT)
    return at_fail(
        err, AT_EINPUT,
        "%s: claims a header of %llu bytes where at most %u are allowed; it is damaged or "
        "is not a safetensors file",
        what, (unsigned long long)h, HEADER_LIMIT);
  if (h > n - 8)
    return at_fail(err, AT_EINPUT,
                   "%s: ends after %zu bytes, inside its header of %llu; the file is truncated",
                   what, n, (unsigned long long)h + 8);
  if (!h || p[8] != '{')
    return at_fail(err, AT_EINPUT,
                   "%s: its header does not begin with '{'; it is not a safetensors file", what);
  *length = (size_t)h;
  return AT_OK;
}

/* ---- data ---- */

static at_status load(const reading *r, const entry *e, at_array *a) {
  at_status s = at_array_init(a, e->name, e->type->dtype, e->ndim, e->shape, r->err);
  if (s != AT_OK) return r->err ? at_error_prefix(r->err, "%s", r->what) : s;
  const unsigned char *p = r->data + e->begin;
  size_t n = e->end - e->begin;
  float *f = a->data;
  if (e->type->width == 2)
    for (size_t i = 0; i < n / 2; i++)
      f[i] = e->type->name[0] == 'B' ? at_bfloat16_to_float(at_load_u16(p + 2 * i))
                                     : at_half_to_float(at_load_u16(p + 2 * i));
  else if (n)
    memcpy(a->data, p, n);
  if (e->type->dtype == AT_BOOL)
    for (size_t i = 0; i < n; i++) ((uint8_t *)a->data)[i] = p[i] != 0;
  return AT_OK;
}

at_status at_safetensors_decode(const void *bytes, size_t n, const char *what, at_arrays *out,
                                at_metadata *meta, at_error *err) {
  reading r = {.what = what, .err = err};
  json_t *root = NULL;
  size_t length = 0;
  memset(out, 0, sizeof *out);
  if (meta) memset(meta, 0, sizeof *meta);
  at_status s = check_frame(bytes, n, what, &length, err);
  if (s != AT_OK) return s;
  if ((s = parse_json((const unsigned char *)bytes + 8, length, what, &root, err)) != AT_OK)
    goto out;
  r.data = (const unsigned char *)bytes + 8 + length;
  r.n = n - 8 - length;
  if ((s = read_header(&r, root, meta)) != AT_OK) goto out;
  for (size_t i = 0; i < r.count; i++) {
    at_array *a = at_arrays_add(out);
    s = a ? load(&r, &r.v[i], a) : at_nomem(err);
    if (s != AT_OK) goto out;
  }
out:
  if (s != AT_OK) {
    at_arrays_free(out);
    if (meta) at_metadata_free(meta);
  }
  free(r.v);
  json_decref(root);
  return s;
}

at_status at_safetensors_read(const char *path, at_arrays *out, at_metadata *meta, at_error *err) {
  at_map map = {0};
  memset(out, 0, sizeof *out);
  if (meta) memset(meta, 0, sizeof *meta);
  at_status s = at_map_open(path, &map, err);
  if (s != AT_OK) return s;
  s = at_safetensors_decode(map.data, map.size, path, out, meta, err);
  at_map_close(&map);
  return s;
}

/* ---- writing ---- */

static const char *type_name(at_dtype t) {
  for (size_t i = 0; i < sizeof types / sizeof *types; i++)
    if (types[i].dtype == t) return types[i].name; /* F32 stands before F16 and BF16 */
  return NULL;
}

static json_t *describe(const at_array *a, size_t begin, size_t end) {
  json_t *shape = json_array();
  for (int i = 0; i < a->ndim; i++) json_array_append_new(shape, json_integer(a->shape[i]));
  return json_pack("{s:s, s:o, s:[I, I]}", "dtype", type_name(a->dtype), "shape", shape,
                   "data_offsets", (json_int_t)begin, (json_int_t)end);
}

static at_status build_header(const char *path, const at_arrays *arrays, const at_metadata *meta,
                              json_t **out, at_error *err) {
  size_t at = 0;
  json_t *root = *out = json_object();
  if (!root) return at_nomem(err);
  if (meta && meta->n) {
    json_t *m = json_object();
    for (size_t i = 0; i < meta->n; i++)
      if (json_object_set_new(m, meta->v[i].key, json_string(meta->v[i].value)) < 0) {
        json_decref(m);
        return at_fail(err, AT_EINPUT, "%s: metadata '%.200s' is not UTF-8; correct it", path,
                       meta->v[i].key);
      }
    json_object_set_new(root, "__metadata__", m);
  }
  for (size_t i = 0; i < arrays->n; i++) {
    const at_array *a = &arrays->v[i];
    if (!a->name || !*a->name || !strcmp(a->name, "__metadata__") || json_object_get(root, a->name))
      return at_fail(err, AT_EINPUT, "%s: tensor %zu needs a name of its own ('%.200s' is not one)",
                     path, i, a->name ? a->name : "");
    size_t end = at + (size_t)at_array_count(a) * at_dtype_size(a->dtype);
    if (json_object_set_new(root, a->name, describe(a, at, end)) < 0)
      return at_fail(err, AT_EINPUT, "%s: the name of tensor %zu is not UTF-8; rename it", path, i);
    at = end;
  }
  return AT_OK;
}

at_status at_safetensors_write(const char *path, const at_arrays *arrays, const at_metadata *meta,
                               at_error *err) {
  json_t *root = NULL;
  char *text = NULL;
  at_writer w = {0};
  at_status s = build_header(path, arrays, meta, &root, err);
  if (s != AT_OK) goto out;
  if (!(text = json_dumps(root, JSON_COMPACT))) {
    s = at_nomem(err);
    goto out;
  }
  size_t n = strlen(text), padding = (8 - n % 8) % 8;
  if (n + padding > HEADER_LIMIT) {
    s = at_fail(err, AT_EINPUT, "%s: needs a header over %u bytes; write fewer tensors a file",
                path, HEADER_LIMIT);
    goto out;
  }
  unsigned char length[8];
  at_store_u64(length, n + padding);
  if ((s = at_writer_open(&w, path, err)) != AT_OK) goto out;
  if ((s = at_writer_put(&w, length, 8, err)) != AT_OK) goto out;
  if ((s = at_writer_put(&w, text, n, err)) != AT_OK) goto out;
  if (padding && (s = at_writer_put(&w, "       ", padding, err)) != AT_OK) goto out;
  for (size_t i = 0; i < arrays->n; i++) {
    size_t bytes = (size_t)at_array_count(&arrays->v[i]) * at_dtype_size(arrays->v[i].dtype);
    if (bytes && (s = at_writer_put(&w, arrays->v[i].data, bytes, err)) != AT_OK) goto out;
  }
  s = at_writer_commit(&w, err);
out:
  at_writer_abort(&w);
  free(text);
  json_decref(root);
  return s;
}
