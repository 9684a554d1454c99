/* npy, npz, safetensors, words and vocabularies. */
#include "tests/unit/data_files.h"
#include "core/data/convert.h"
#include "core/data/npy.h"
#include "core/data/npz.h"
#include "core/data/safetensors.h"
#include "tokens_joined.h"

/* ---- arrays to write and read back ---- */

static void fill(at_array *a, const char *name, at_dtype t, int ndim, const int64_t *shape) {
  assert_ok(at_array_init(a, name, t, ndim, shape, err));
  unsigned char *p = a->data;
  size_t n = (size_t)at_array_count(a) * at_dtype_size(t);
  for (size_t i = 0; i < n; i++) p[i] = (unsigned char)(t == AT_BOOL ? i % 3 == 0 : i * 37 + 11);
}

static void make_set(at_arrays *set) {
  static const int64_t shape[5] = {3, 2, 4, 1, 2};
  static const struct {
    const char *name;
    at_dtype dtype;
    int ndim;
  } want[] = {{"w.scale", AT_F32, 0}, {"w.long name/with slash", AT_F64, 1},
              {"ids", AT_I32, 2},     {"big", AT_I64, 3},
              {"pixels", AT_U8, 5},   {"mask", AT_BOOL, 2}};
  memset(set, 0, sizeof *set);
  for (size_t i = 0; i < sizeof want / sizeof *want; i++)
    fill(at_arrays_add(set), want[i].name, want[i].dtype, want[i].ndim, shape);
  static const int64_t empty[2] = {0, 7};
  fill(at_arrays_add(set), "empty", AT_F32, 2, empty);
}

static void assert_same(const at_array *a, const at_array *b) {
  assert_int_equal(a->dtype, b->dtype);
  assert_int_equal(a->ndim, b->ndim);
  for (int i = 0; i < a->ndim; i++) assert_int_equal(a->shape[i], b->shape[i]);
  assert_memory_equal(a->data, b->data, (size_t)at_array_count(a) * at_dtype_size(a->dtype));
}

static void assert_same_sets(const at_arrays *a, const at_arrays *b) {
  assert_int_equal(a->n, b->n);
  for (size_t i = 0; i < a->n; i++) {
    assert_non_null(at_arrays_find(b, a->v[i].name));
    assert_same(&a->v[i], at_arrays_find(b, a->v[i].name));
  }
}

/* ---- npy ---- */

static void npy_round_trip(void **state) {
  (void)state;
  at_arrays set;
  make_set(&set);
  for (size_t i = 0; i < set.n; i++) {
    at_array back;
    assert_ok(at_npy_write(in_scratch("a.npy"), &set.v[i], err));
    assert_ok(at_npy_read(in_scratch("a.npy"), &back, err));
    assert_same(&set.v[i], &back);
    at_array_free(&back);
    at_npy_map m;
    assert_ok(at_npy_map_open(in_scratch("a.npy"), &m, err));
    assert_int_equal(m.ndim, set.v[i].ndim);
    assert_memory_equal(m.data, set.v[i].data,
                        (size_t)at_array_count(&set.v[i]) * at_dtype_size(m.dtype));
    at_npy_map_close(&m);
  }
  at_arrays_free(&set);
}

/* A file of format `version` with header text and data as given. */
static unsigned char *npy_file(int version, const char *dict, const void *data, size_t bytes,
                               size_t *n) {
  size_t h = strlen(dict), start = version == 1 ? 10 : 12;
  unsigned char *p = malloc(start + h + bytes);
  memcpy(p, "\x93NUMPY", 6);
  p[6] = (unsigned char)version;
  p[7] = 0;
  if (version == 1)
    at_store_u16(p + 8, (uint16_t)h);
  else
    at_store_u32(p + 8, (uint32_t)h);
  memcpy(p + start, dict, h);
  if (bytes) memcpy(p + start + h, data, bytes);
  *n = start + h + bytes;
  return p;
}

static at_array npy_of(int version, const char *dict, const void *data, size_t bytes) {
  size_t n;
  unsigned char *p = npy_file(version, dict, data, bytes, &n);
  at_array a;
  assert_ok(at_npy_decode(p, n, "t.npy", &a, err));
  free(p);
  return a;
}

static void npy_conversions(void **state) {
  (void)state;
  const unsigned char f2[] = {0x00, 0x3c, 0x00, 0xc0, 0x01, 0x00, 0x00, 0x7c};
  at_array a = npy_of(2, "{'descr': '<f2', 'fortran_order': False, 'shape': (4,), }\n", f2, 8);
  const float *f = a.data;
  assert_int_equal(a.dtype, AT_F32);
  assert_true(f[0] == 1.0f && f[1] == -2.0f && f[2] == 0x1p-24f && isinf(f[3]));
  at_array_free(&a);

  const unsigned char big[] = {0x3f, 0x80, 0, 0, 0xc0, 0x40, 0, 0};
  a = npy_of(3, "{\"shape\": (2,), \"fortran_order\": False, \"descr\": \">f4\"}", big, 8);
  f = a.data;
  assert_true(f[0] == 1.0f && f[1] == -3.0f);
  at_array_free(&a);

  const int32_t column_major[] = {1, 4, 2, 5, 3, 6};
  a = npy_of(1, "{'descr': '<i4', 'fortran_order': True, 'shape': (2L, 3L), }  \n", column_major,
             24);
  for (int i = 0; i < 6; i++) assert_int_equal(((int32_t *)a.data)[i], i + 1);
  at_array_free(&a);

  const unsigned char bytes[] = {0xff, 0xff, 0xff, 0xff};
  a = npy_of(1, "{'descr': '|i1', 'fortran_order': False, 'shape': (4,)}", bytes, 4);
  assert_true(a.dtype == AT_I32 && ((int32_t *)a.data)[3] == -1);
  at_array_free(&a);
  a = npy_of(1, "{'descr': '<u2', 'fortran_order': False, 'shape': (2,)}", bytes, 4);
  assert_true(a.dtype == AT_I32 && ((int32_t *)a.data)[1] == 65535);
  at_array_free(&a);
  a = npy_of(1, "{'descr': '<u4', 'fortran_order': False, 'shape': ()}", bytes, 4);
  assert_true(a.dtype == AT_I64 && *(int64_t *)a.data == 4294967295);
  at_array_free(&a);
  a = npy_of(1, "{'descr': '>i2', 'fortran_order': False, 'shape': (2, 1)}", bytes, 4);
  assert_true(a.dtype == AT_I32 && ((int32_t *)a.data)[1] == -1);
  at_array_free(&a);
  a = npy_of(1, "{'descr': '|b1', 'fortran_order': False, 'shape': (4,)}", bytes, 4);
  assert_true(a.dtype == AT_BOOL && ((uint8_t *)a.data)[3] == 1);
  at_array_free(&a);
}

static void npy_fortran_three_axes(void **state) {
  (void)state;
  int64_t data[24];
  for (int i = 0; i < 2; i++)
    for (int j = 0; j < 3; j++)
      for (int k = 0; k < 4; k++) data[i + 2 * (j + 3 * k)] = 100 * i + 10 * j + k;
  at_array a =
      npy_of(1, "{'descr': '<i8', 'fortran_order': True, 'shape': (2, 3, 4)}", data, sizeof data);
  for (int i = 0; i < 24; i++)
    assert_int_equal(((int64_t *)a.data)[i], 100 * (i / 12) + 10 * (i / 4 % 3) + i % 4);
  at_array_free(&a);
}

static void npy_hostile(void **state) {
  (void)state;
  static const char *const dicts[] = {
      ("{'descr': '<f4', 'fortran_order': False, 'shape': (9223372036854775807, "
       "9223372036854775807)}"),
      "{'descr': '<f8', 'fortran_order': False, 'shape': (2305843009213693952,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999999,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1,1,1,1,1,1,1,1,1)}",
      "{'descr': '|O', 'fortran_order': False, 'shape': (1,)}",
      "{'descr': '<U7', 'fortran_order': False, 'shape': (1,)}",
      "{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}",
      "{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}",
      "{'descr': '<f4', 'fortran_order': False}",
      "{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (1,)}",
      "{'descr': '<f4', 'fortran_order': None, 'shape': (1,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1,)} trailing",
      "{'descr': '', 'fortran_order': False, 'shape': (1,)}",
      "{'descr': '<', 'fortran_order': False, 'shape': (1,)}",
      "{'descr': '<f', 'fortran_order': False, 'shape': (1,)}",
      "{'descr': '<f4', 'fortran_order': False, 'shape': (1,), 'x': 1}",
      "",
      "{",
      "{'",
      "{'descr",
      "{'descr'",
      "{'descr':",
      "(((((((((((",
      "\n\n\n"};
  for (size_t i = 0; i < sizeof dicts / sizeof *dicts; i++) {
    size_t n;
    at_array a;
    at_error e = {0};
    unsigned char *p = npy_file(1, dicts[i], "\0\0\0", 4, &n);
    assert_int_equal(at_npy_decode(p, n, "h.npy", &a, &e), AT_EINPUT);
    assert_sentence(&e, "h.npy");
    assert_null(a.data);
    free(p);
  }
}

typedef at_status decoder(const void *p, size_t n, at_error *err);

/* Every prefix is refused with a sentence; every changed byte is either seen
 * or harmless, and never read past. */
static void break_everywhere(const char *bytes, size_t n, decoder *decode, const char *what) {
  for (size_t i = 0; i < n; i++) {
    at_error e = {0};
    unsigned char *p = boxed(bytes, i);
    assert_int_equal(decode(p, i, &e), AT_EINPUT);
    assert_sentence(&e, what);
    free(p);
  }
  static const unsigned char flips[] = {0x01, 0x80, 0xff};
  for (size_t i = 0; i < n * 3; i++) {
    at_error e = {0};
    unsigned char *p = boxed(bytes, n);
    p[i / 3] ^= flips[i % 3];
    if (decode(p, n, &e) != AT_OK) assert_sentence(&e, what);
    free(p);
  }
}

static at_status decode_npy(const void *p, size_t n, at_error *err) {
  at_array a;
  at_status s = at_npy_decode(p, n, "x.npy", &a, err);
  if (s != AT_OK) assert_null(a.data);
  at_array_free(&a);
  return s;
}

static void npy_broken_everywhere(void **state) {
  (void)state;
  at_array a;
  size_t n;
  static const int64_t shape[2] = {3, 5};
  fill(&a, NULL, AT_F32, 2, shape);
  assert_ok(at_npy_write(in_scratch("b.npy"), &a, err));
  char *bytes = slurp(in_scratch("b.npy"), &n);
  break_everywhere(bytes, n, decode_npy, "x.npy");
  at_array_free(&a);
  at_error e = {0};
  assert_int_equal(at_npy_decode(bytes, n - 8, "F.npy", &a, &e), AT_EINPUT);
  assert_string_equal(e.message,
                      "F.npy: holds 52 bytes of data where its header promises 60 "
                      "(float32 3x5); the file is truncated");
  free(bytes);
}

static void npy_map_refuses(void **state) {
  (void)state;
  size_t n;
  const float data[4] = {0};
  unsigned char *p =
      npy_file(1, "{'descr': '<f4', 'fortran_order': True, 'shape': (2, 2)}", data, 16, &n);
  at_npy_map m;
  at_error e = {0};
  spill(in_scratch("fortran.npy"), p, n);
  assert_int_equal(at_npy_map_open(in_scratch("fortran.npy"), &m, &e), AT_EINPUT);
  assert_sentence(&e, "fortran.npy");
  assert_null(m.data);
  assert_int_not_equal(at_npy_map_open(in_scratch("absent.npy"), &m, &e), AT_OK);
  free(p);
}

/* ---- npz ---- */

static void npz_round_trip(void **state) {
  (void)state;
  at_arrays set;
  make_set(&set);
  for (unsigned flags = 0; flags < 4; flags++) {
    at_arrays back;
    size_t n, again;
    assert_ok(at_npz_write(in_scratch("s.npz"), &set, flags, err));
    assert_ok(at_npz_read(in_scratch("s.npz"), &back, err));
    assert_same_sets(&set, &back);
    at_arrays_free(&back);
    char *first = slurp(in_scratch("s.npz"), &n);
    assert_ok(at_npz_write(in_scratch("s.npz"), &set, flags, err));
    char *second = slurp(in_scratch("s.npz"), &again);
    assert_int_equal(n, again);
    assert_memory_equal(first, second, n);
    free(first);
    free(second);
  }
  at_arrays_free(&set);
  at_arrays none = {0}, back;
  assert_ok(at_npz_write(in_scratch("none.npz"), &none, AT_NPZ_STORED, err));
  assert_ok(at_npz_read(in_scratch("none.npz"), &back, err));
  assert_int_equal(back.n, 0);
}

static void npz_compresses(void **state) {
  (void)state;
  at_arrays set = {0}, back;
  size_t n;
  static const int64_t shape[1] = {100000};
  assert_ok(at_array_init(at_arrays_add(&set), "zeros", AT_F32, 1, shape, err));
  assert_ok(at_npz_write(in_scratch("z.npz"), &set, AT_NPZ_DEFLATE, err));
  free(slurp(in_scratch("z.npz"), &n));
  assert_true(n < 2000);
  assert_ok(at_npz_read(in_scratch("z.npz"), &back, err));
  assert_same_sets(&set, &back);
  at_arrays_free(&back);
  at_arrays_free(&set);
}

static at_status decode_npz(const void *p, size_t n, at_error *err) {
  at_arrays a;
  at_status s = at_npz_decode(p, n, "x.npz", &a, err);
  if (s != AT_OK) assert_null(a.v);
  at_arrays_free(&a);
  return s;
}

static void npz_broken_everywhere(void **state) {
  (void)state;
  static const int64_t shape[2] = {2, 3};
  for (unsigned flags = 0; flags < 4; flags++) {
    at_arrays set = {0};
    size_t n;
    fill(at_arrays_add(&set), "a", AT_F32, 2, shape);
    fill(at_arrays_add(&set), "b", AT_I64, 1, shape);
    assert_ok(at_npz_write(in_scratch("b.npz"), &set, flags, err));
    char *bytes = slurp(in_scratch("b.npz"), &n);
    break_everywhere(bytes, n, decode_npz, "x.npz");
    free(bytes);
    at_arrays_free(&set);
  }
}

/* A member that claims to inflate to 2^40 bytes must not be believed. */
static void npz_refuses_bombs(void **state) {
  (void)state;
  at_arrays set = {0}, back;
  static const int64_t shape[1] = {16};
  size_t n;
  at_error e = {0};
  fill(at_arrays_add(&set), "a", AT_F32, 1, shape);
  assert_ok(at_npz_write(in_scratch("bomb.npz"), &set, AT_NPZ_DEFLATE | AT_NPZ_ZIP64, err));
  char *bytes = slurp(in_scratch("bomb.npz"), &n);
  for (size_t i = 0; i + 4 < n; i++)
    if (at_load_u32((unsigned char *)bytes + i) == 0x02014b50u)
      at_store_u64((unsigned char *)bytes + i + 46 + 5 + 4, (uint64_t)1 << 40);
  assert_int_equal(at_npz_decode(bytes, n, "bomb.npz", &back, &e), AT_EINPUT);
  assert_sentence(&e, "bomb.npz: member a");
  free(bytes);
  at_arrays_free(&set);
}

static void npz_needs_names(void **state) {
  (void)state;
  at_arrays set = {0};
  at_error e = {0};
  fill(at_arrays_add(&set), "a", AT_F32, 0, NULL);
  fill(at_arrays_add(&set), "a", AT_F32, 0, NULL);
  assert_int_equal(at_npz_write(in_scratch("two.npz"), &set, 0, &e), AT_EINPUT);
  assert_sentence(&e, "two.npz");
  assert_false(at_file_exists(in_scratch("two.npz")));
  free(set.v[1].name);
  set.v[1].name = NULL;
  assert_int_equal(at_npz_write(in_scratch("two.npz"), &set, 0, &e), AT_EINPUT);
  at_arrays_free(&set);
}

/* scores[b, i, j] == query[b, i] . key[b, j] in arrays written by NumPy. */
static void npz_reads_numpy(void **state) {
  (void)state;
  const char *shared = getenv("ATTUNE_SHARED"), *top = getenv("top_srcdir");
  char path[600];
  if (shared)
    snprintf(path, sizeof path, "%s/peers/npz/score_dot.npz", shared);
  else
    snprintf(path, sizeof path, "%s/../shared/peers/npz/score_dot.npz", top ? top : ".");
  if (!at_file_exists(path)) {
    print_message("reference arrays are absent (%s): not compared\n", path);
    skip();
  }
  at_arrays a;
  assert_ok(at_npz_read(path, &a, err));
  const at_array *q = at_arrays_find(&a, "in.query"), *k = at_arrays_find(&a, "in.key");
  const at_array *s = at_arrays_find(&a, "out.score");
  assert_true(q && k && s && s->ndim == 3 && s->dtype == AT_F32);
  int64_t nq = q->shape[1], nk = k->shape[1], d = q->shape[2];
  for (int64_t i = 0; i < at_array_count(s); i++) {
    int64_t b = i / (nq * nk), row = i / nk % nq, column = i % nk;
    double dot = 0;
    for (int64_t x = 0; x < d; x++)
      dot += (double)((float *)q->data)[(b * nq + row) * d + x] *
             ((float *)k->data)[(b * nk + column) * d + x];
    assert_true(fabs(dot - ((float *)s->data)[i]) < 1e-5);
  }
  at_arrays_free(&a);
}

/* ---- safetensors ---- */

static void safetensors_round_trip(void **state) {
  (void)state;
  at_arrays set, back;
  at_metadata meta = {0}, got;
  size_t n;
  make_set(&set);
  assert_ok(at_metadata_set(&meta, "format", "pt", err));
  assert_ok(at_metadata_set(&meta, "note", "a \"quoted\"\nline \xc3\xa9", err));
  assert_ok(at_metadata_set(&meta, "format", "attune", err));
  assert_ok(at_safetensors_write(in_scratch("w.safetensors"), &set, &meta, err));
  assert_ok(at_safetensors_read(in_scratch("w.safetensors"), &back, &got, err));
  assert_same_sets(&set, &back);
  for (size_t i = 0; i < set.n; i++) assert_string_equal(set.v[i].name, back.v[i].name);
  assert_int_equal(got.n, 2);
  assert_string_equal(at_metadata_get(&got, "format"), "attune");
  assert_string_equal(at_metadata_get(&got, "note"), "a \"quoted\"\nline \xc3\xa9");
  assert_null(at_metadata_get(&got, "absent"));
  char *bytes = slurp(in_scratch("w.safetensors"), &n);
  assert_int_equal(at_load_u64((unsigned char *)bytes) % 8, 0);
  free(bytes);
  at_metadata_free(&got);
  at_arrays_free(&back);
  assert_ok(at_safetensors_read(in_scratch("w.safetensors"), &back, NULL, err));
  at_arrays_free(&back);
  at_arrays_free(&set);
  at_metadata_free(&meta);
}

static char *st_file(const char *json, size_t data, size_t *n) {
  size_t h = strlen(json);
  char *p = calloc(1, 8 + h + data);
  at_store_u64((unsigned char *)p, h);
  memcpy(p + 8, json, h);
  *n = 8 + h + data;
  return p;
}

static void safetensors_halves(void **state) {
  (void)state;
  size_t n;
  at_arrays a;
  char *p = st_file(
      "{\"b\":{\"dtype\":\"BF16\",\"shape\":[1],\"data_offsets\":[2,4]},"
      "\"h\":{\"dtype\":\"F16\",\"shape\":[1,1],\"data_offsets\":[0,2]}}",
      4, &n);
  at_store_u16((unsigned char *)p + n - 4, 0x3e00);
  at_store_u16((unsigned char *)p + n - 2, 0xc040);
  assert_ok(at_safetensors_decode(p, n, "h", &a, NULL, err));
  assert_string_equal(a.v[0].name, "h"); /* the order of the bytes, not of the header */
  assert_true(*(float *)at_arrays_find(&a, "h")->data == 1.5f);
  assert_true(*(float *)at_arrays_find(&a, "b")->data == -3.0f);
  at_arrays_free(&a);
  free(p);
}

static void safetensors_hostile(void **state) {
  (void)state;
#define T(dtype, shape, from, to) \
  "{\"t\":{\"dtype\":" dtype ",\"shape\":" shape ",\"data_offsets\":[" from "," to "]}}"
  static const char *const headers[] = {
      T("\"F32\"", "[2]", "0", "4"),  /* too few bytes */
      T("\"F32\"", "[1]", "0", "8"),  /* too many */
      T("\"F32\"", "[3]", "0", "12"), /* past the end */
      T("\"F32\"", "[1]", "4", "8"),  /* hole in front */
      T("\"F32\"", "[1]", "0", "4"),  /* bytes left over */
      T("\"F32\"", "[1]", "8", "4"),
      T("\"F32\"", "[1]", "-4", "0"),
      T("\"F32\"", "[-2]", "0", "8"),
      T("\"F32\"", "[4611686018427387905,4]", "0", "8"),
      T("\"F32\"", "[1e0,2]", "0", "8"),
      T("\"F32\"", "[2]", "0.0", "8"),
      T("\"F32\"", "2", "0", "8"),
      T("\"F32\"", "[1,1,1,1,1,1,1,1,2]", "0", "8"),
      T("\"C64\"", "[1]", "0", "8"),
      T("7", "[1]", "0", "8"),
      "{\"a\":{\"dtype\":\"U8\",\"shape\":[6],\"data_offsets\":[0,6]},\"b\":{\"dtype\":\"U8\","
      "\"shape\":[6],\"data_offsets\":[2,8]}}",
      "{\"a\":{\"dtype\":\"U8\",\"shape\":[3],\"data_offsets\":[0,3]},\"b\":{\"dtype\":\"U8\","
      "\"shape\":[4],\"data_offsets\":[4,8]}}",
      "{\"a\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8]},\"a\":{\"dtype\":\"U8\","
      "\"shape\":[8],\"data_offsets\":[0,8]}}",
      "{\"a\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[0,8],\"extra\":1}}",
      "{\"__metadata__\":{\"a\":1}}",
      "{\"__metadata__\":[]}",
      "{\"a\":7}",
      "{}",
      "{",
      "[]",
      "",
      "{\"a\":{}}"};
  for (size_t i = 0; i < sizeof headers / sizeof *headers; i++) {
    size_t n;
    at_arrays a;
    at_metadata m;
    at_error e = {0};
    char *p = st_file(headers[i], 8, &n);
    if (at_safetensors_decode(p, n, "h.st", &a, &m, &e) != AT_EINPUT)
      fail_msg("accepted %s", headers[i]);
    assert_sentence(&e, "h.st");
    assert_true(!a.v && !m.v);
    free(p);
  }
  at_arrays a;
  at_error e = {0};
  assert_int_equal(
      at_safetensors_decode("\xff\xff\xff\xff\xff\xff\xff\xff{}", 10, "h.st", &a, NULL, &e),
      AT_EINPUT);
  assert_sentence(&e, "h.st");
}

static at_status decode_safetensors(const void *p, size_t n, at_error *err) {
  at_arrays a;
  at_metadata m;
  at_status s = at_safetensors_decode(p, n, "x.st", &a, &m, err);
  at_arrays_free(&a);
  at_metadata_free(&m);
  return s;
}

static void safetensors_broken_everywhere(void **state) {
  (void)state;
  at_arrays set = {0};
  at_metadata meta = {0};
  size_t n;
  static const int64_t shape[2] = {2, 3};
  fill(at_arrays_add(&set), "a", AT_F32, 2, shape);
  fill(at_arrays_add(&set), "b", AT_I64, 1, shape);
  assert_ok(at_metadata_set(&meta, "step", "12", err));
  assert_ok(at_safetensors_write(in_scratch("b.st"), &set, &meta, err));
  char *bytes = slurp(in_scratch("b.st"), &n);
  break_everywhere(bytes, n, decode_safetensors, "x.st");
  free(bytes);
  at_arrays_free(&set);
  at_metadata_free(&meta);
}

/* ---- words ---- */

static void assert_tokens(const char *text, at_token_mode mode, const char *joined) {
  at_tokens t;
  assert_ok(at_tokenise(text, strlen(text), mode, &t, err));
  assert_joined(&t, strlen(text), joined);
}

static void tokens(void **state) {
  (void)state;
  assert_tokens("A man's dog, aged 3, doesn't bark!", AT_TOKENS_WORDS,
                "a|man's|dog|aged|3|doesn't|bark");
  assert_tokens(
      "'quoted' O\xe2\x80\x99"
      "Clock \xe2\x80\x99 caf\xc3\xa9 two--three",
      AT_TOKENS_WORDS, "quoted|o'clock|caf\xc3\xa9|two|three");
  assert_tokens("dogs' '' a'", AT_TOKENS_WORDS, "dogs|a");
  assert_tokens("", AT_TOKENS_WORDS, "");
  assert_tokens(" \t\r\n .,;", AT_TOKENS_WORDS, "");
  assert_tokens("a b", AT_TOKENS_WORDS, "a|b");
  assert_tokens("  A man , doesn't\tbark .\n", AT_TOKENS_SPACE, "A|man|,|doesn't|bark|.");
  at_tokens t;
  at_error e = {0};
  assert_int_equal(at_tokenise("ab\xffz", 4, AT_TOKENS_WORDS, &t, &e), AT_EINPUT);
  assert_non_null(strstr(e.message, "byte 3"));
  assert_int_equal(at_tokenise("a\0b", 3, AT_TOKENS_WORDS, &t, &e), AT_EINPUT);
}

static void utf8(void **state) {
  (void)state;
  static const struct {
    const char *s;
    size_t n, good;
  } cases[] = {{"plain", 5, 5},
               {"\xc3\xa9", 2, 2},
               {"\xc3", 1, 0},
               {"\xc0\xaf", 2, 0},
               {"\xe0\x80\xaf", 3, 0},
               {"\xed\xa0\x80", 3, 0},
               {"\xf0\x9f\x98\x80", 4, 4},
               {"\xf0\x8f\xbf\xbf", 4, 0},
               {"\xf4\x90\x80\x80", 4, 0},
               {"a\x80", 2, 1},
               {"\xf5\x80\x80\x80", 4, 0},
               {"", 0, 0},
               {"a\xe2\x82", 3, 1}};
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    unsigned char *p = boxed(cases[i].s, cases[i].n);
    assert_int_equal(at_utf8_valid_prefix((char *)p, cases[i].n), cases[i].good);
    free(p);
  }
}

static at_vocab *count_words(const char *text, int64_t threshold, size_t most) {
  at_vocab *v;
  at_tokens t;
  assert_ok(at_vocab_new(&v, err));
  assert_ok(at_tokenise(text, strlen(text), AT_TOKENS_WORDS, &t, err));
  assert_ok(at_vocab_count_tokens(v, &t, err));
  assert_ok(at_vocab_finish(v, threshold, most, err));
  at_tokens_free(&t);
  return v;
}

static void vocabulary(void **state) {
  (void)state;
  at_vocab *v = count_words("b a c a b a d zz zz", 2, 0), *back;
  assert_int_equal(at_vocab_size(v), 7);
  assert_string_equal(at_vocab_word(v, 0), "<pad>");
  assert_string_equal(at_vocab_word(v, 3), "<unk>");
  assert_string_equal(at_vocab_word(v, 4), "a");
  assert_string_equal(at_vocab_word(v, 5), "b"); /* ties by bytes */
  assert_string_equal(at_vocab_word(v, 6), "zz");
  assert_string_equal(at_vocab_word(v, 7), "<unk>");
  assert_int_equal(at_vocab_id(v, "zz"), 6);
  assert_int_equal(at_vocab_id(v, "c"), AT_WORD_UNKNOWN);
  assert_false(at_vocab_has(v, "c"));
  char *text;
  assert_ok(at_vocab_text(v, &text, err));
  assert_ok(at_file_write(in_scratch("v.json"), text, strlen(text), err));
  free(text);
  assert_ok(at_vocab_read(in_scratch("v.json"), &back, err));
  assert_int_equal(at_vocab_size(back), 7);
  assert_int_equal(at_vocab_threshold(back), 2);
  for (int32_t i = 0; i < 7; i++) assert_string_equal(at_vocab_word(back, i), at_vocab_word(v, i));
  at_vocab_free(back);
  at_vocab_free(v);
  v = count_words("b a c a b a d zz zz", 1, 2);
  assert_int_equal(at_vocab_size(v), 6);
  at_vocab_free(v);
}

static void vocabulary_grows(void **state) {
  (void)state;
  at_vocab *v;
  char word[16];
  assert_ok(at_vocab_new(&v, err));
  for (int i = 0; i < 20000; i++) {
    snprintf(word, sizeof word, "w%05d", i % 10000);
    assert_ok(at_vocab_count(v, word, err));
  }
  assert_ok(at_vocab_finish(v, 2, 0, err));
  assert_int_equal(at_vocab_size(v), 10004);
  assert_int_equal(at_vocab_id(v, "w00000"), 4);
  assert_int_equal(at_vocab_id(v, "w09999"), 10003);
  at_vocab_free(v);
}

static void vocabulary_files(void **state) {
  (void)state;
  at_vocab *v;
  const char *scan =
      "{\"idx\": 5, \"word2idx\": {\"<pad>\": 0, \"<start>\": 1, \"<end>\": 2, \"<unk>\": 3, "
      "\"dog\": 4},"
      " \"idx2word\": {\"0\": \"<pad>\", \"1\": \"<start>\", \"2\": \"<end>\", \"3\": \"<unk>\", "
      "\"4\": \"dog\"}}";
  spill(in_scratch("f30k_vocab.json"), scan, strlen(scan));
  assert_ok(at_vocab_read(in_scratch("f30k_vocab.json"), &v, err));
  assert_int_equal(at_vocab_id(v, "dog"), 4);
  at_vocab_free(v);
  static const char *const bad[] = {
      "",
      "{",
      "[]",
      "{}",
      "{\"words\": []}",
      "{\"words\": [\"a\", \"b\", \"c\", \"d\"]}",
      "{\"words\": [\"<pad>\", \"<start>\", \"<end>\", \"<unk>\", \"a\", \"a\"]}",
      "{\"words\": [\"<pad>\", \"<start>\", \"<end>\", \"<unk>\", \"\"]}",
      "{\"words\": [\"<pad>\", \"<start>\", \"<end>\", \"<unk>\", 7]}",
      "{\"words\": [\"<pad>\", \"<start>\", \"<end>\", \"<unk>\"], \"threshold\": \"x\"}",
      "{\"idx\": 1, \"word2idx\": {\"a\": 0}, \"idx2word\": {\"0\": \"a\"}}",
      ("{\"idx\": 4, \"word2idx\": {\"<pad>\": 0, \"<start>\": 1, \"<end>\": 2, \"<unk>\": 2},"
       " \"idx2word\": {\"0\": \"<pad>\", \"1\": \"<start>\", \"2\": \"<end>\", \"3\": "
       "\"<unk>\"}}")};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    at_error e = {0};
    spill(in_scratch("bad.json"), bad[i], strlen(bad[i]));
    assert_int_equal(at_vocab_read(in_scratch("bad.json"), &v, &e), AT_EINPUT);
    assert_sentence(&e, "bad.json");
    assert_null(v);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(npy_round_trip),
      cmocka_unit_test(npy_conversions),
      cmocka_unit_test(npy_fortran_three_axes),
      cmocka_unit_test(npy_hostile),
      cmocka_unit_test(npy_broken_everywhere),
      cmocka_unit_test(npy_map_refuses),
      cmocka_unit_test(npz_round_trip),
      cmocka_unit_test(npz_compresses),
      cmocka_unit_test(npz_broken_everywhere),
      cmocka_unit_test(npz_refuses_bombs),
      cmocka_unit_test(npz_needs_names),
      cmocka_unit_test(npz_reads_numpy),
      cmocka_unit_test(safetensors_round_trip),
      cmocka_unit_test(safetensors_halves),
      cmocka_unit_test(safetensors_hostile),
      cmocka_unit_test(safetensors_broken_everywhere),
      cmocka_unit_test(tokens),
      cmocka_unit_test(utf8),
      cmocka_unit_test(vocabulary),
      cmocka_unit_test(vocabulary_grows),
      cmocka_unit_test(vocabulary_files),
  };
  return cmocka_run_group_tests_name("formats", tests, make_scratch, drop_scratch);
}
