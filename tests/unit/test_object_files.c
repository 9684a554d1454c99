/* Features of objects in the forms that other programs leave them in. */
#include <stdarg.h>
#include "core/data/npz.h"
#include "plugins/data/object_files.h"
#include "plugins/data/pickle_dict.h"
#include "tests/unit/data_files.h"
#include "tests/unit/pickles.h"
#ifdef HAVE_LMDB
#include <lmdb.h>
#endif

/* ---- a host of scratch memory and messages ---- */

static char said[2048];
static void *kept[256];
static size_t n_kept;
static void hear(const attune_host *host, const char *format, ...) {
  va_list ap;
  (void)host;
  va_start(ap, format);
  vsnprintf(said, sizeof said, format, ap);
  va_end(ap);
}
static void *scratch_of(const attune_host *host, size_t n) {
  (void)host;
  assert_true(n_kept < 256);
  return kept[n_kept++] = malloc(n ? n : 1);
}
static void let_go(void) {
  while (n_kept) free(kept[--n_kept]);
}
static const attune_host host = {.size = sizeof host, .error = hear, .scratch = scratch_of};

/* ---- pickles ---- */

static const struct {
  const char *name, *bytes;
  size_t n;
  bool holds; /* the arrays are known */
} pickles[] = {
    {"protocol 2", pickle_2, sizeof pickle_2 - 1, false},
    {"protocol 3", pickle_3, sizeof pickle_3 - 1, true},
    {"protocol 4", pickle_4, sizeof pickle_4 - 1, true},
    {"protocol 5", pickle_5, sizeof pickle_5 - 1, true},
};
static const char *const features[] = {"features", NULL}, *const bbox[] = {"bbox", NULL},
                         *const width[] = {"image_width", NULL};

static void test_pickles(void **state) {
  static const float boxes[] = {0, 0, 50, 25, 10, 5, 100, 60};
  pickle_item v[PICKLE_ITEMS];
  float got[8];
  int n;
  const char *why;
  (void)state;
  for (size_t i = 0; i < sizeof pickles / sizeof *pickles; i++) {
    const int rc =
        pickle_dict(&host, (const unsigned char *)pickles[i].bytes, pickles[i].n, v, &n, &why);
    if (rc) fail_msg("%s: %s", pickles[i].name, why);
    const pickle_item *a = pickle_find(v, n, true, features), *b = pickle_find(v, n, true, bbox);
    assert_true((a != NULL) == pickles[i].holds);
    if (a) {
      assert_true(a->array.ndim == 2 && a->array.shape[0] == 2 && a->array.shape[1] == 3);
      pickle_copy(&a->array, got);
      for (int k = 0; k < 6; k++) assert_true(got[k] == (float)k + 0.5f);
      pickle_copy(&b->array, got); /* float64, the first axis fastest */
      for (int k = 0; k < 8; k++) assert_true(got[k] == boxes[k]);
      assert_true(pickle_find(v, n, false, width)->number == 100);
    }
    let_go();
  }
  assert_int_equal(
      pickle_dict(&host, (const unsigned char *)pickle_obj, sizeof pickle_obj - 1, v, &n, &why), 0);
  assert_non_null(pickle_find(v, n, true, bbox));
  let_go();
}

/* Cut short anywhere it is refused; with any byte another one it is read or refused. */
static void test_broken_pickles(void **state) {
  pickle_item v[PICKLE_ITEMS];
  int n;
  const char *why;
  (void)state;
  for (size_t i = 1; i < sizeof pickles / sizeof *pickles; i++)
    for (size_t cut = 0; cut < pickles[i].n; cut++) {
      unsigned char *own = boxed(pickles[i].bytes, cut);
      if (pickle_dict(&host, own, cut, v, &n, &why) != ATTUNE_BAD_INPUT || !why)
        fail_msg("%s is taken with %zu bytes", pickles[i].name, cut);
      free(own);
      let_go();
      for (int other = 1; other < 256; other += 7) {
        own = boxed(pickles[i].bytes, pickles[i].n);
        own[cut] = (unsigned char)(own[cut] + other);
        pickle_dict(&host, own, pickles[i].n, v, &n, &why);
        let_go();
        free(own);
      }
    }
}

/* ---- files ---- */

static void open_files(const char *name, object_files *f) {
  if (object_files_open(&host, in_scratch(name), "{split}/{id}", 2, f)) fail_msg("%s", said);
}

static void test_npy(void **state) {
  static const char header[] =
      "\x93NUMPY\x01\x00\x76\x00{'descr': '<f4', 'fortran_order': False, 'shape': (3, 2), }";
  char bytes[128 + 24];
  const objects_of of = {"ab", "train", 100, 50}, other = {"cd", "train", 0, 0};
  object_files f;
  float *v, *box;
  int64_t n;
  char why[1024];
  (void)state;
  memset(bytes, ' ', sizeof bytes);
  memcpy(bytes, header, sizeof header - 1);
  bytes[127] = '\n';
  for (int i = 0; i < 6; i++) memcpy(bytes + 128 + 4 * i, &(float){(float)i}, 4);
  spill(in_scratch("ab.npy"), bytes, sizeof bytes);
  open_files("{id}.npy", &f);
  assert_int_equal(object_files_find(&host, &f, &of, why, sizeof why), 0);
  assert_int_not_equal(object_files_find(&host, &f, &other, why, sizeof why), 0);
  assert_non_null(strstr(why, "cd.npy: No such file"));
  assert_int_equal(object_files_width(&host, &f, &of), 0);
  assert_int_equal(f.width, 2);
  assert_int_equal(object_files_read(&host, &f, &of, &v, &box, &n), 0);
  assert_true(n == 2 && v[3] == 3 && box[7] == 0); /* the limit; no boxes */
  object_files_close(&f);
  let_go();
}

static void test_hdf5(void **state) {
  char command[2400];
  const char *top = getenv("top_builddir");
  const objects_of of = {"b", "train", 0, 0}, other = {"c", "train", 0, 0};
  object_files f;
  float *v, *box;
  int64_t n;
  char why[1024];
  (void)state;
  snprintf(command, sizeof command,
           "'%s/make_hdf5' '%s/o.h5' features float32 2 3 4 && cp '%s/o.h5' '%s/bad.h5'",
           top ? top : ".", scratch, scratch, scratch);
  assert_int_equal(system(command), 0);
  put_file(scratch, "o.json",
           "{\"a\": {\"idx\": 0, \"objectsNum\": 3}, \"b\": {\"idx\": 1, \"objectsNum\": 1}}");
  put_file(scratch, "bad.json", "{\"a\": {\"idx\": 2, \"objectsNum\": 3}}");
  open_files("o.h5", &f);
  assert_int_equal(f.width, 4);
  assert_int_equal(object_files_find(&host, &f, &of, why, sizeof why), 0);
  assert_int_not_equal(object_files_find(&host, &f, &other, why, sizeof why), 0);
  assert_int_equal(object_files_read(&host, &f, &of, &v, &box, &n), 0);
  assert_true(n == 1 && v[0] == 12 && box[0] == 0);
  object_files_close(&f);
  assert_int_equal(object_files_open(&host, in_scratch("bad.h5"), "", 9, &f), ATTUNE_BAD_INPUT);
  assert_non_null(strstr(said, "idx or objectsNum beyond the arrays"));
  object_files_close(&f);
  let_go();
}

#ifdef HAVE_LMDB
static void put_key(MDB_txn *txn, MDB_dbi set, const char *key, const char *bytes, size_t n) {
  MDB_val k = {strlen(key), (void *)(uintptr_t)key}, v = {n, (void *)(uintptr_t)bytes};
  assert_int_equal(mdb_put(txn, set, &k, &v, 0), 0);
}

static void make_lmdb(const char *path) {
  MDB_env *env;
  MDB_txn *txn;
  MDB_dbi set;
  assert_int_equal(mdb_env_create(&env), 0);
  assert_int_equal(mdb_env_open(env, path, MDB_NOSUBDIR, 0644), 0);
  assert_int_equal(mdb_txn_begin(env, NULL, 0, &txn), 0);
  assert_int_equal(mdb_dbi_open(txn, NULL, 0, &set), 0);
  put_key(txn, set, "train/ab", pickle_4, sizeof pickle_4 - 1);
  put_key(txn, set, "train/cut", pickle_4, 300);
  put_key(txn, set, "train/two", pickle_2, sizeof pickle_2 - 1);
  assert_int_equal(mdb_txn_commit(txn), 0);
  mdb_env_close(env);
}

static void test_lmdb(void **state) {
  static const float boxes[] = {0, 0, 0.5f, 0.5f, 0.1f, 0.1f, 1, 1}; /* the last reaches beyond */
  const objects_of of = {"ab", "train", 0, 0}, none = {"no", "train", 0, 0},
                   cut = {"cut", "train", 0, 0}, two = {"two", "train", 0, 0};
  object_files f;
  float *v, *box;
  int64_t n;
  char why[1024];
  (void)state;
  make_lmdb(in_scratch("o.lmdb"));
  open_files("o.lmdb", &f);
  assert_int_equal(object_files_width(&host, &f, &of), 0);
  assert_int_equal(f.width, 3);
  assert_int_equal(object_files_read(&host, &f, &of, &v, &box, &n), 0);
  assert_true(n == 2 && v[5] == 5.5f);
  for (int i = 0; i < 8; i++) assert_true(fabsf(box[i] - boxes[i]) < 1e-6f);
  const size_t before = n_kept;
  assert_int_equal(object_files_find(&host, &f, &of, why, sizeof why), 0);
  assert_int_not_equal(object_files_find(&host, &f, &none, why, sizeof why), 0);
  assert_int_equal(n_kept, before + 2); /* the keys alone: nothing is read to look for it */
  assert_int_equal(object_files_read(&host, &f, &cut, &v, &box, &n), ATTUNE_BAD_INPUT);
  assert_non_null(strstr(said, "key train/cut: it is cut short"));
  assert_int_equal(object_files_read(&host, &f, &two, &v, &box, &n), ATTUNE_BAD_INPUT);
  assert_non_null(strstr(said, "no `features`"));
  object_files_close(&f);
  put_file(scratch, "no.lmdb", "this is no LMDB");
  assert_int_equal(object_files_open(&host, in_scratch("no.lmdb"), "", 9, &f), ATTUNE_BAD_INPUT);
  object_files_close(&f);
  let_go();
}
#endif

static void test_refused(void **state) {
  object_files f;
  (void)state;
  assert_int_equal(object_files_open(&host, "o.bin", "", 9, &f), ATTUNE_BAD_INPUT);
  assert_non_null(strstr(said, "DIR/{id}.npy"));
  object_files_close(&f);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_pickles), cmocka_unit_test(test_broken_pickles),
      cmocka_unit_test(test_npy),     cmocka_unit_test(test_hdf5),
#ifdef HAVE_LMDB
      cmocka_unit_test(test_lmdb),
#endif
      cmocka_unit_test(test_refused),
  };
  return cmocka_run_group_tests_name("object_files", tests, make_scratch, drop_scratch);
}
