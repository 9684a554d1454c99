#include "core/tensor/array.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/text.h"

static const struct {
  const char *name;
  size_t size;
} DTYPES[] = {[AT_F32] = {"float32", 4}, [AT_F64] = {"float64", 8}, [AT_I32] = {"int32", 4},
              [AT_I64] = {"int64", 8},   [AT_U8] = {"uint8", 1},    [AT_BOOL] = {"bool", 1}};

size_t at_dtype_size(at_dtype t) { return DTYPES[t].size; }
const char *at_dtype_name(at_dtype t) { return DTYPES[t].name; }

int64_t at_array_count(const at_array *a) {
  int64_t n = 1;
  for (int i = 0; i < a->ndim; i++) n *= a->shape[i];
  return n;
}

at_status at_array_init(at_array *a, const char *name, at_dtype dtype, int ndim,
                        const int64_t *shape, at_error *err) {
  *a = (at_array){.dtype = dtype, .ndim = ndim};
  if (ndim < 0 || ndim > AT_ARRAY_MAX_DIM)
    return at_fail(err, AT_EINPUT, "an array of %d dimensions; at most %d are handled", ndim,
                   AT_ARRAY_MAX_DIM);
  size_t bytes = at_dtype_size(dtype);
  for (int i = 0; i < ndim; i++) {
    a->shape[i] = shape[i];
    if (shape[i] < 0 || !at_mul_size(bytes, (size_t)shape[i], &bytes) || bytes > INT64_MAX)
      return at_fail(err, AT_EINPUT, "an array with a side of %" PRId64 " is too large", shape[i]);
  }
  a->data = calloc(1, bytes ? bytes : 1);
  a->name = name ? strdup(name) : NULL;
  if (a->data && (a->name || !name)) return AT_OK;
  at_array_free(a);
  return at_nomem(err);
}

void at_array_free(at_array *a) {
  free(a->data);
  free(a->name);
  *a = (at_array){0};
}

static double get(const void *p, at_dtype t, int64_t i) {
  switch (t) {
    case AT_F32: return ((const float *)p)[i];
    case AT_F64: return ((const double *)p)[i];
    case AT_I32: return ((const int32_t *)p)[i];
    case AT_I64: return (double)((const int64_t *)p)[i];
    case AT_U8:
    case AT_BOOL: return ((const uint8_t *)p)[i];
  }
  return 0;
}

static void put(void *p, at_dtype t, int64_t i, double v) {
  switch (t) {
    case AT_F32: ((float *)p)[i] = (float)v; break;
    case AT_F64: ((double *)p)[i] = v; break;
    case AT_I32: ((int32_t *)p)[i] = (int32_t)v; break;
    case AT_I64: ((int64_t *)p)[i] = (int64_t)v; break;
    case AT_U8: ((uint8_t *)p)[i] = (uint8_t)v; break;
    case AT_BOOL: ((uint8_t *)p)[i] = v != 0; break;
  }
}

/* The inclusive range of values that a type can hold (float64 never refuses). */
static bool holds(at_dtype t, double v) {
  switch (t) {
    case AT_I32: return v > -2147483649.0 && v < 2147483648.0;
    case AT_I64: return v >= -9223372036854775808.0 && v < 9223372036854775808.0;
    case AT_U8: return v > -1 && v < 256;
    default: return true;
  }
}

at_status at_array_convert(at_array *a, at_dtype to, at_error *err) {
  if (a->dtype == to) return AT_OK;
  int64_t n = at_array_count(a);
  void *data = calloc((size_t)(n ? n : 1), at_dtype_size(to));
  if (!data) return at_nomem(err);
  for (int64_t i = 0; i < n; i++) {
    double v = get(a->data, a->dtype, i);
    if (!holds(to, v)) {
      free(data);
      return at_fail(err, AT_EINPUT, "array `%s`: element %" PRId64 " is %g, which %s cannot hold",
                     a->name ? a->name : "?", i, v, at_dtype_name(to));
    }
    put(data, to, i, v);
  }
  free(a->data);
  a->data = data;
  a->dtype = to;
  return AT_OK;
}

at_array *at_arrays_add(at_arrays *s) {
  if (s->n == s->cap) {
    size_t cap = s->cap ? 2 * s->cap : 16;
    at_array *v = realloc(s->v, cap * sizeof *v);
    if (!v) return NULL;
    s->v = v;
    s->cap = cap;
  }
  s->v[s->n] = (at_array){0};
  return &s->v[s->n++];
}

at_array *at_arrays_find(const at_arrays *s, const char *name) {
  for (size_t i = 0; i < s->n; i++)
    if (s->v[i].name && strcmp(s->v[i].name, name) == 0) return &s->v[i];
  return NULL;
}

void at_arrays_free(at_arrays *s) {
  for (size_t i = 0; i < s->n; i++) at_array_free(&s->v[i]);
  free(s->v);
  *s = (at_arrays){0};
}
