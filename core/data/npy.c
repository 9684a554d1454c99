/* The header is a Python dictionary literal:
 *   {'descr': '<f4', 'fortran_order': False, 'shape': (36, 36), }
 * padded with spaces and ended by a newline.  Keys may come in any order. */
#include "core/data/npy.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/data/convert.h"

#define MAGIC        "\x93NUMPY"
#define HEADER_LIMIT (1u << 20) /* NumPy's own headers are below 1 KiB */

static const struct npy_type {
  char kind;
  int width;
  at_dtype dtype;
} types[] = {
    {'f', 4, AT_F32}, {'f', 8, AT_F64}, {'f', 2, AT_F32},  {'i', 4, AT_I32},
    {'i', 8, AT_I64}, {'i', 1, AT_I32}, {'i', 2, AT_I32},  {'u', 1, AT_U8},
    {'u', 2, AT_I32}, {'u', 4, AT_I64}, {'b', 1, AT_BOOL},
};

/* ---- the dictionary ---- */

typedef struct cursor {
  const char *p, *end;
  const char *begin;
  const char *what;
  at_error *err;
} cursor;

static at_status broken(cursor *c, const char *expected) {
  return at_fail(c->err, AT_EINPUT,
                 "%s: the header expects %s at its character %zu; write the file again with "
                 "numpy.save",
                 c->what, expected, (size_t)(c->p - c->begin) + 1);
}

static void skip_space(cursor *c) {
  while (c->p < c->end && (*c->p == ' ' || *c->p == '\n' || *c->p == '\t')) c->p++;
}

static bool take(cursor *c, char ch) {
  skip_space(c);
  if (c->p == c->end || *c->p != ch) return false;
  c->p++;
  return true;
}

static bool take_word(cursor *c, const char *word) {
  size_t n = strlen(word);
  skip_space(c);
  if ((size_t)(c->end - c->p) < n || memcmp(c->p, word, n)) return false;
  c->p += n;
  return true;
}

/* A quoted string of fewer than `cap` bytes, without escapes. */
static at_status take_string(cursor *c, char *out, size_t cap) {
  skip_space(c);
  if (c->p == c->end || (*c->p != '\'' && *c->p != '"')) return broken(c, "a quoted string");
  char quote = *c->p++;
  size_t n = 0;
  while (c->p < c->end && *c->p != quote) {
    if (n + 1 >= cap || *c->p == '\\') return broken(c, "a short string");
    out[n++] = *c->p++;
  }
  if (c->p == c->end) return broken(c, "a closing quote");
  c->p++;
  out[n] = '\0';
  return AT_OK;
}

static at_status take_extent(cursor *c, int64_t *out) {
  int64_t v = 0;
  skip_space(c);
  if (c->p == c->end || *c->p < '0' || *c->p > '9') return broken(c, "an axis length");
  for (; c->p < c->end && *c->p >= '0' && *c->p <= '9'; c->p++) {
    if (v > (INT64_MAX - 9) / 10) return broken(c, "an axis length below 2^63");
    v = v * 10 + (*c->p - '0');
  }
  if (c->p < c->end && *c->p == 'L') c->p++; /* written by Python 2 */
  *out = v;
  return AT_OK;
}

static at_status take_shape(cursor *c, at_npy_header *h) {
  at_status s = AT_OK;
  h->ndim = 0;
  if (!take(c, '(')) return broken(c, "a shape in parentheses");
  while (!take(c, ')')) {
    if (h->ndim == AT_ARRAY_MAX_DIM)
      return at_fail(c->err, AT_EINPUT, "%s: has more than %d axes; reshape it before saving",
                     c->what, AT_ARRAY_MAX_DIM);
    if ((s = take_extent(c, &h->shape[h->ndim])) != AT_OK) return s;
    h->ndim++;
    if (take(c, ',')) continue;
    if (!take(c, ')')) return broken(c, "',' or ')'");
    break;
  }
  return AT_OK;
}

static at_status set_type(cursor *c, const char *descr, at_npy_header *h) {
  char order = descr[0];
  int width = 0, used = 0;
  if (strchr("<>|=", order) && order && descr[1] &&
      sscanf(descr + 2, "%2d%n", &width, &used) == 1 && descr[2 + used] == '\0')
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
      if (types[i].kind == descr[1] && types[i].width == width) {
        h->kind = descr[1];
        h->width = width;
        h->dtype = types[i].dtype;
        h->big_endian = order == '>' && width > 1;
        return AT_OK;
      }
  if (order && descr[1] == 'O')
    return at_fail(c->err, AT_EINPUT,
                   "%s: holds pickled Python objects, which are not read; save a plain array "
                   "(for text: a JSON or text file)",
                   c->what);
  return at_fail(c->err, AT_EINPUT,
                 "%s: has elements of type '%s'; convert them before saving, for example with "
                 ".astype('float32') or .astype('int64')",
                 c->what, descr);
}

static at_status parse_dictionary(cursor *c, at_npy_header *h) {
  bool have_descr = false, have_order = false, have_shape = false;
  char key[32], descr[64];
  at_status s = AT_OK;
  if (!take(c, '{')) return broken(c, "'{'");
  while (!take(c, '}')) {
    if ((s = take_string(c, key, sizeof key)) != AT_OK) return s;
    if (!take(c, ':')) return broken(c, "':'");
    if (!strcmp(key, "descr") && !have_descr) {
      skip_space(c);
      if (c->p < c->end && *c->p == '[')
        return at_fail(c->err, AT_EINPUT,
                       "%s: has structured elements (several fields); save one plain array a "
                       "field",
                       c->what);
      if ((s = take_string(c, descr, sizeof descr)) != AT_OK) return s;
      if ((s = set_type(c, descr, h)) != AT_OK) return s;
      have_descr = true;
    } else if (!strcmp(key, "fortran_order") && !have_order) {
      if (take_word(c, "True"))
        h->fortran = true;
      else if (!take_word(c, "False"))
        return broken(c, "True or False");
      have_order = true;
    } else if (!strcmp(key, "shape") && !have_shape) {
      if ((s = take_shape(c, h)) != AT_OK) return s;
      have_shape = true;
    } else {
      return broken(c, "each of descr, fortran_order and shape once");
    }
    if (take(c, ',')) continue;
    if (!take(c, '}')) return broken(c, "',' or '}'");
    break;
  }
  if (!have_descr || !have_order || !have_shape)
    return broken(c, "all of descr, fortran_order and shape");
  skip_space(c);
  return c->p == c->end ? AT_OK : broken(c, "nothing more");
}

/* ---- the file ---- */

static void describe(const at_npy_header *h, at_text *t) {
  if (h->kind == 'b')
    at_text_add(t, "bool ");
  else
    at_text_addf(t, "%s%d ",
                 h->kind == 'f'   ? "float"
                 : h->kind == 'i' ? "int"
                                  : "uint",
                 h->width * 8);
  if (!h->ndim) at_text_add(t, "scalar");
  for (int i = 0; i < h->ndim; i++) at_text_addf(t, "%s%lld", i ? "x" : "", (long long)h->shape[i]);
}

static at_status check_size(at_npy_header *h, size_t n, const char *what, at_error *err) {
  at_text t = {0};
  at_status s = AT_OK;
  size_t have = n - h->offset;
  bool fits = true;
  h->count = 1;
  for (int i = 0; i < h->ndim; i++)
    fits = fits && (uint64_t)h->shape[i] <= SIZE_MAX &&
           at_mul_size(h->count, (size_t)h->shape[i], &h->count);
  fits = fits && at_mul_size(h->count, (size_t)h->width, &h->bytes);
  describe(h, &t);
  const char *is = t.data ? t.data : "";
  if (!fits)
    s = at_fail(err, AT_EINPUT,
                "%s: its header promises more data than any memory holds (%s); the header is "
                "damaged",
                what, is);
  else if (have != h->bytes)
    s = at_fail(err, AT_EINPUT,
                "%s: holds %zu bytes of data where its header promises %zu (%s); %s", what, have,
                h->bytes, is, have < h->bytes ? "the file is truncated" : "save one array a file");
  at_text_free(&t);
  return s;
}

at_status at_npy_parse(const void *bytes, size_t n, const char *what, at_npy_header *out,
                       at_error *err) {
  const unsigned char *p = bytes;
  memset(out, 0, sizeof *out);
  if (memcmp(p, MAGIC, n < 6 ? n : 6))
    return at_fail(err, AT_EINPUT, "%s: is not a .npy file (it does not begin with \\x93NUMPY)",
                   what);
  if (n < 10)
    return at_fail(err, AT_EINPUT,
                   "%s: ends after %zu bytes, inside its header; the file is truncated", what, n);
  if (p[6] < 1 || p[6] > 3)
    return at_fail(err, AT_EINPUT,
                   "%s: is of .npy format %d, which is not known; formats 1 to 3 are read", what,
                   p[6]);
  size_t start = p[6] == 1 ? 10 : 12;
  if (n < start)
    return at_fail(err, AT_EINPUT,
                   "%s: ends after %zu bytes, inside its header; the file is truncated", what, n);
  size_t length = p[6] == 1 ? at_load_u16(p + 8) : at_load_u32(p + 8);
  if (length > HEADER_LIMIT)
    return at_fail(err, AT_EINPUT,
                   "%s: has a header of %zu bytes where at most %u are read; the file is damaged",
                   what, length, HEADER_LIMIT);
  if (n - start < length)
    return at_fail(err, AT_EINPUT,
                   "%s: ends after %zu bytes, inside its header of %zu; the file is truncated",
                   what, n, start + length);
  const char *text = (const char *)p + start;
  cursor c = {text, text + length, text, what, err};
  at_status s = parse_dictionary(&c, out);
  if (s != AT_OK) return s;
  out->offset = start + length;
  if (out->ndim < 2) out->fortran = false;
  return check_size(out, n, what, err);
}

/* One element, whatever its byte order, as its bits in the low end. */
static uint64_t load_bits(const unsigned char *p, int width, bool big_endian) {
  uint64_t v = 0;
  for (int i = 0; i < width; i++) v |= (uint64_t)p[big_endian ? width - 1 - i : i] << (8 * i);
  return v;
}

static void store_element(const at_npy_header *h, const unsigned char *p, at_array *a, size_t i) {
  uint64_t bits = load_bits(p, h->width, h->big_endian);
  int unused = 64 - 8 * h->width;
  int64_t sign_extended = (int64_t)(bits << unused) >> unused;
  switch (h->dtype) {
    case AT_F32:
      if (h->width == 2)
        ((float *)a->data)[i] = at_half_to_float((uint16_t)bits);
      else
        ((uint32_t *)a->data)[i] = (uint32_t)bits;
      break;
    case AT_F64: ((uint64_t *)a->data)[i] = bits; break;
    case AT_I32:
      ((int32_t *)a->data)[i] = h->kind == 'u' ? (int32_t)bits : (int32_t)sign_extended;
      break;
    case AT_I64: ((int64_t *)a->data)[i] = h->kind == 'u' ? (int64_t)bits : sign_extended; break;
    case AT_U8: ((uint8_t *)a->data)[i] = (uint8_t)bits; break;
    case AT_BOOL: ((uint8_t *)a->data)[i] = bits != 0; break;
  }
}

static bool needs_conversion(const at_npy_header *h) {
  return h->big_endian || h->fortran || (size_t)h->width != at_dtype_size(h->dtype);
}

/* Walks the elements in row-major order while `at` follows the file's strides. */
static void convert_elements(const at_npy_header *h, const unsigned char *data, at_array *out) {
  size_t stride[AT_ARRAY_MAX_DIM], index[AT_ARRAY_MAX_DIM] = {0}, step = 1, at = 0;
  for (int k = 0; k < h->ndim; k++) {
    int axis = h->fortran ? k : h->ndim - 1 - k;
    stride[axis] = step;
    step *= (size_t)h->shape[axis];
  }
  for (size_t i = 0; i < h->count; i++) {
    store_element(h, data + at * (size_t)h->width, out, i);
    for (int k = h->ndim - 1; k >= 0; k--) {
      at += stride[k];
      if (++index[k] < (size_t)h->shape[k]) break;
      at -= stride[k] * (size_t)h->shape[k];
      index[k] = 0;
    }
  }
}

at_status at_npy_decode(const void *bytes, size_t n, const char *what, at_array *out,
                        at_error *err) {
  at_npy_header h;
  memset(out, 0, sizeof *out);
  at_status s = at_npy_parse(bytes, n, what, &h, err);
  if (s != AT_OK) return s;
  if ((s = at_array_init(out, NULL, h.dtype, h.ndim, h.shape, err)) != AT_OK)
    return err ? at_error_prefix(err, "%s", what) : s;
  const unsigned char *data = (const unsigned char *)bytes + h.offset;
  if (needs_conversion(&h) || h.dtype == AT_BOOL)
    convert_elements(&h, data, out);
  else if (h.bytes)
    memcpy(out->data, data, h.bytes);
  return AT_OK;
}

at_status at_npy_read(const char *path, at_array *out, at_error *err) {
  at_map map = {0};
  memset(out, 0, sizeof *out);
  at_status s = at_map_open(path, &map, err);
  if (s != AT_OK) return s;
  s = at_npy_decode(map.data, map.size, path, out, err);
  at_map_close(&map);
  return s;
}

at_status at_npy_map_open(const char *path, at_npy_map *out, at_error *err) {
  at_npy_header h;
  memset(out, 0, sizeof *out);
  at_status s = at_map_open(path, &out->map, err);
  if (s != AT_OK) return s;
  if ((s = at_npy_parse(out->map.data, out->map.size, path, &h, err)) != AT_OK) goto out;
  if (needs_conversion(&h) || h.offset % (size_t)h.width) {
    s = at_fail(err, AT_EINPUT,
                "%s: cannot be used in place (%s); save it again with numpy.save after "
                "numpy.ascontiguousarray(a, dtype='float32')",
                path,
                h.big_endian                 ? "it is big-endian"
                : h.fortran                  ? "it is in Fortran order"
                : h.offset % (size_t)h.width ? "its data are not aligned"
                                             : "its element type must be converted");
    goto out;
  }
  out->dtype = h.dtype;
  out->ndim = h.ndim;
  memcpy(out->shape, h.shape, sizeof h.shape);
  out->data = out->map.data + h.offset;
out:
  if (s != AT_OK) at_npy_map_close(out);
  return s;
}

void at_npy_map_close(at_npy_map *m) {
  at_map_close(&m->map);
  memset(m, 0, sizeof *m);
}

/* ---- writing ---- */

static const char *descr_of(at_dtype t) {
  switch (t) {
    case AT_F32: return "<f4";
    case AT_F64: return "<f8";
    case AT_I32: return "<i4";
    case AT_I64: return "<i8";
    case AT_U8: return "|u1";
    case AT_BOOL: return "|b1";
  }
  return "";
}

void at_npy_header_text(const at_array *a, at_text *t) {
  at_text d = {0};
  at_text_addf(&d, "{'descr': '%s', 'fortran_order': False, 'shape': (", descr_of(a->dtype));
  for (int i = 0; i < a->ndim; i++)
    at_text_addf(&d, "%lld%s", (long long)a->shape[i],
                 i + 1 < a->ndim ? ", "
                 : a->ndim == 1  ? ","
                                 : "");
  at_text_add(&d, "), }");
  while ((10 + d.len + 1) % 64 && !d.failed) at_text_add(&d, " "); /* NumPy aligns data to 64 */
  at_text_add(&d, "\n");
  unsigned char head[10] = {0x93, 'N', 'U', 'M', 'P', 'Y', 1, 0};
  at_store_u16(head + 8, (uint16_t)d.len); /* 8 axes of 20 digits: well below 65536 */
  at_text_addn(t, (const char *)head, sizeof head);
  at_text_addn(t, d.data ? d.data : "", d.len);
  t->failed = t->failed || d.failed;
  at_text_free(&d);
}

at_status at_npy_write(const char *path, const at_array *a, at_error *err) {
  at_text head = {0};
  at_writer w = {0};
  at_status s = AT_OK;
  at_npy_header_text(a, &head);
  if (head.failed) {
    s = at_nomem(err);
    goto out;
  }
  if ((s = at_writer_open(&w, path, err)) != AT_OK) goto out;
  if ((s = at_writer_put(&w, head.data, head.len, err)) != AT_OK) goto out;
  size_t bytes = (size_t)at_array_count(a) * at_dtype_size(a->dtype);
  if (bytes && (s = at_writer_put(&w, a->data, bytes, err)) != AT_OK) goto out;
  s = at_writer_commit(&w, err);
out:
  at_writer_abort(&w);
  at_text_free(&head);
  return s;
}
