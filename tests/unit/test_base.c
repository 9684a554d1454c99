#include "tests/unit/cm.h"
#include <inttypes.h>
#include <unistd.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include "core/base/arena.h"
#include "core/base/bundle.h"
#include "core/base/file.h"
#include "core/base/random.h"
#include "core/base/status.h"
#include "core/base/text.h"
#include "core/base/thread.h"
#include "core/base/zeros.h"

static void test_status(void **state) {
  (void)state;
  at_error e = {0};
  assert_int_equal(at_fail(&e, AT_EINPUT, "bad %d", 7), AT_EINPUT);
  at_error_prefix(&e, "%s:%d", "run.yaml", 3);
  assert_string_equal(e.message, "run.yaml:3: bad 7");
  assert_int_equal(e.code, AT_EINPUT);
  assert_int_equal(at_exit_code(AT_OK), 0);
  assert_int_equal(at_exit_code(AT_EINPUT), 2);
  assert_int_equal(at_exit_code(AT_ENOMEM), 1);
  assert_int_equal(at_fail(NULL, AT_EFAIL, "dropped"), AT_EFAIL);
}

static void test_arena(void **state) {
  (void)state;
  at_arena *a = at_arena_new();
  for (size_t n = 1; n < 200000; n = n * 3 + 1) {
    unsigned char *p = at_arena_alloc(a, n, 1);
    assert_non_null(p);
    assert_int_equal((uintptr_t)p % 16, 0);
    for (size_t i = 0; i < n; i++) assert_int_equal(p[i], 0);
    memset(p, 0xff, n);
  }
  assert_null(at_arena_alloc(a, SIZE_MAX / 2, 4));
  assert_string_equal(at_arena_printf(a, "%s.%d", "w", 3), "w.3");
  assert_string_equal(at_arena_strndup(a, "caption", 3), "cap");
  at_arena_free(a);
}

/* Whether the mapping that holds p is to be made of large pages where it can; -1: the system does
 * not say. */
static int advised(const void *p) {
  FILE *fp = fopen("/proc/self/smaps", "r");
  char line[512];
  bool here = false;
  int yes = -1;
  while (fp && fgets(line, sizeof line, fp)) {
    uintptr_t begin, end;
    if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &begin, &end) == 2)
      here = begin <= (uintptr_t)p && (uintptr_t)p < end;
    else if (here && !strncmp(line, "VmFlags:", 8))
      yes = strstr(line, " hg") != NULL;
  }
  if (fp) fclose(fp);
  return yes;
}

/* A kernel without large pages, and an emulator of a processor, drop what they are advised. */
static bool advice_stays(void) {
  bool stays = false;
#ifdef MADV_HUGEPAGE
  enum { SIZE = 4 << 20 };
  void *p = mmap(NULL, SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (p == MAP_FAILED) return false;
  stays = madvise(p, SIZE, MADV_HUGEPAGE) == 0 && advised(p) == 1;
  munmap(p, SIZE);
#endif
  return stays;
}

static void test_zeros(void **state) {
  (void)state;
  const size_t large = AT_ZEROS_LARGE;
  for (size_t n = 0; n < 3 * large; n = n * 7 + 1) {
    unsigned char *p = at_zeros_new(n);
    assert_non_null(p);
    assert_int_equal((uintptr_t)p % 64, 0);
    size_t set = 0;
    for (size_t i = 0; i < n; i++) set += p[i] != 0;
    assert_int_equal(set, 0);
    memset(p, 0xff, n ? n : 1);
    at_zeros_free(p);
  }
  unsigned char *p = at_zeros_new(large + 100);
  const size_t middle = large / 2;
  p[0] = p[large + 99] = 1;
  assert_int_equal(p[middle], 0);
  if (advice_stays()) assert_int_equal(advised(p + middle), 1);
  at_zeros_free(p);
  assert_null(at_zeros_new(SIZE_MAX));
  assert_null(at_zeros_new(SIZE_MAX - 16));
  assert_null(at_zeros_new(SIZE_MAX / 2));
  at_zeros_free(NULL);
}

static void test_text(void **state) {
  (void)state;
  at_text t = {0};
  for (int i = 0; i < 1000; i++) at_text_addf(&t, "%d,", i);
  assert_int_equal(t.len, 3890);
  assert_string_equal(t.data + t.len - 4, "999,");
  at_text_free(&t);
  const char *const names[] = {"linear", "normalize", "embed", "mean"};
  assert_string_equal(at_suggest("liner", names, 4), "linear");
  assert_string_equal(at_suggest("normalise", names, 4), "normalize");
  assert_string_equal(at_suggest("maen", names, 4), "mean");
  assert_null(at_suggest("conv2d", names, 4));
  assert_int_equal(at_edit_distance("ab", "ba"), 1);
  assert_int_equal(at_edit_distance("", "abc"), 3);
}

static void test_numbers(void **state) {
  (void)state;
  int64_t i;
  double d;
  assert_true(at_parse_i64("-42", &i) && i == -42);
  assert_false(at_parse_i64("4 ", &i) || at_parse_i64("", &i) || at_parse_i64(" 4", &i));
  assert_false(at_parse_i64("99999999999999999999", &i));
  assert_true(at_parse_f64("2e-4", &d) && d == 2e-4);
  assert_false(at_parse_f64("nan", &d) || at_parse_f64("1e999", &d) || at_parse_f64("1x", &d));
  size_t s;
  assert_false(at_mul_size(SIZE_MAX, 2, &s) || at_add_size(SIZE_MAX, 1, &s));
  char buf[32];
  const double values[] = {0, 0.1, 1.0 / 3, 1e300, -2.5e-8, 123456789};
  for (size_t k = 0; k < sizeof values / sizeof *values; k++) {
    at_format_f64(buf, values[k]);
    assert_true(at_parse_f64(buf, &d) && d == values[k]);
  }
  at_format_f64(buf, 0.1);
  assert_string_equal(buf, "0.1");
}

/* Known answers of Philox4x32-10 from the kat_vectors of Random123. */
static void test_philox(void **state) {
  (void)state;
  static const uint32_t kat[3][10] = {
      {0, 0, 0, 0, 0, 0, 0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8},
      {~0u, ~0u, ~0u, ~0u, ~0u, ~0u, 0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd},
      {0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344, 0xa4093822, 0x299f31d0, 0xd16cfe09,
       0x94fdcceb, 0x5001e420, 0x24126ea1}};
  for (int k = 0; k < 3; k++) {
    uint32_t out[4];
    at_philox(kat[k], kat[k] + 4, out);
    assert_memory_equal(out, kat[k] + 6, sizeof out);
  }
}

static void test_random(void **state) {
  (void)state;
  at_random r = {1, at_hash_name("dropout"), 5}, other = {1, at_hash_name("dropout"), 6};
  double sum = 0, square = 0, uniform = 0;
  enum { N = 100000 };
  int same = 0;
  for (int i = 0; i < N; i++) {
    double z = at_random_normal(&r, (uint64_t)i), u = at_random_uniform(&r, (uint64_t)i);
    assert_true(u >= 0 && u < 1);
    sum += z;
    square += z * z;
    uniform += u;
    same += at_random_u32(&r, (uint64_t)i) == at_random_u32(&other, (uint64_t)i);
  }
  /* five standard errors of the mean of N draws */
  assert_true(fabs(sum / N) < 5 / sqrt(N));
  assert_true(fabs(square / N - 1) < 5 * sqrt(2.0 / N));
  assert_true(fabs(uniform / N - 0.5) < 5 * sqrt(1.0 / 12 / N));
  assert_true(same < 3);
  uint32_t p[1000];
  unsigned char seen[1000] = {0};
  int fixed = 0;
  at_random_permutation(&r, p, 1000);
  for (uint32_t i = 0; i < 1000; i++) {
    assert_true(p[i] < 1000 && !seen[p[i]]);
    seen[p[i]] = 1;
    fixed += p[i] == i;
  }
  assert_true(fixed < 20);
}

static void test_uniforms(void **state) {
  (void)state;
  enum { N = 333 };
  const at_random r = {
      .seed = UINT64_C(0x123456789abcdef), .stream = UINT64_C(0xfedcba9876543210), .step = 7};
  const uint64_t first[] = {0, 3, 65, UINT64_C(0x3ffffffc0)}; /* the last: a counter's high word */
  float v[N];
  for (size_t k = 0; k < sizeof first / sizeof *first; k++) {
    at_random_uniforms(&r, first[k], N, v);
    for (uint64_t i = 0; i < N; i++) assert_true(v[i] == at_random_uniform(&r, first[k] + i));
  }
}

static void count_body(void *ctx, size_t i) { ((unsigned *)ctx)[i]++; }

typedef struct nested {
  at_pool *pool;
  unsigned hits[64][32];
} nested;

static void nested_body(void *ctx, size_t i) {
  nested *n = ctx;
  at_parallel(n->pool, 32, count_body, n->hits[i]);
}

static void test_threads(void **state) {
  (void)state;
  for (int threads = 1; threads <= 4; threads++) {
    at_pool *p = NULL;
    assert_int_equal(at_pool_new(threads, &p, NULL), AT_OK);
    unsigned hits[5000] = {0};
    for (int round = 0; round < 50; round++) at_parallel(p, 5000, count_body, hits);
    for (int i = 0; i < 5000; i++) assert_int_equal(hits[i], 50);
    nested *n = calloc(1, sizeof *n);
    assert_non_null(n);
    n->pool = p;
    at_parallel(p, 64, nested_body, n);
    for (int i = 0; i < 64; i++)
      for (int j = 0; j < 32; j++) assert_int_equal(n->hits[i][j], 1);
    free(n);
    at_pool_free(p);
  }
  at_error e = {0};
  at_pool *none = NULL;
  assert_int_equal(at_pool_new(0, &none, &e), AT_EINPUT);
  assert_null(none);
}

typedef struct heard {
  size_t next, ends;
  double seconds;
} heard;

static void hear(void *ctx, size_t index, size_t n, double seconds) {
  heard *h = ctx;
  assert_int_equal(n, 64);
  assert_int_equal(index, h->next);
  if (index < n) {
    h->seconds += seconds;
    h->next++;
  } else {
    assert_true(seconds >= h->seconds);
    *h = (heard){0, h->ends + 1, 0};
  }
}

/* What runs inside of shared work is no work of its own. */
static void test_watched_threads(void **state) {
  (void)state;
  at_pool *p = NULL;
  assert_int_equal(at_pool_new(1, &p, NULL), AT_OK);
  nested *n = calloc(1, sizeof *n);
  assert_non_null(n);
  n->pool = p;
  heard h = {0};
  at_pool_watch(p, 40, hear, &h);
  assert_int_equal(at_pool_threads(p), 40);
  for (int round = 0; round < 2; round++) at_parallel(p, 64, nested_body, n);
  at_parallel(p, 1, count_body, n->hits[0]); /* nothing to share */
  assert_int_equal(h.ends, 2);
  assert_int_equal(h.next, 0);
  for (int i = 0; i < 64; i++)
    for (int j = 0; j < 32; j++) assert_int_equal(n->hits[i][j], i || j ? 2 : 3);
  at_pool_watch(p, 1, NULL, NULL);
  at_parallel(p, 64, nested_body, n);
  assert_int_equal(h.ends, 2);
  assert_int_equal(at_pool_threads(p), 1);
  free(n);
  at_pool_free(p);
}

static void range_body(void *ctx, size_t begin, size_t end) {
  unsigned *hits = ctx;
  assert_true(end - begin <= 7);
  for (size_t i = begin; i < end; i++) hits[i]++;
}

static void test_ranges(void **state) {
  (void)state;
  at_pool *p = NULL;
  assert_int_equal(at_pool_new(2, &p, NULL), AT_OK);
  unsigned hits[100] = {0};
  at_parallel_range(p, 100, 7, range_body, hits);
  at_parallel_range(p, 0, 7, range_body, hits);
  for (int i = 0; i < 100; i++) assert_int_equal(hits[i], 1);
  at_pool_free(p);
}

static void test_files(void **state) {
  (void)state;
  char dir[] = "/tmp/attune-base-XXXXXX", path[128], sub[160];
  assert_non_null(mkdtemp(dir));
  snprintf(path, sizeof path, "%s/x/y", dir);
  at_error e = {0};
  assert_int_equal(at_mkdirs(path, &e), AT_OK);
  assert_int_equal(at_mkdirs(path, &e), AT_OK);
  snprintf(sub, sizeof sub, "%s/f", path);
  assert_int_equal(at_file_write(sub, "hello", 5, &e), AT_OK);
  char *text = NULL;
  size_t n = 0;
  assert_int_equal(at_file_read(sub, 100, &text, &n, &e), AT_OK);
  assert_int_equal(n, 5);
  assert_string_equal(text, "hello");
  free(text);
  assert_int_equal(at_file_read(sub, 4, &text, &n, &e), AT_EINPUT);
  assert_non_null(strstr(e.message, "at most 4"));
  assert_int_equal(at_file_read(path, 100, &text, &n, &e), AT_EINPUT);
  assert_non_null(strstr(e.message, "folder"));
  at_map m;
  assert_int_equal(at_map_open(sub, &m, &e), AT_OK);
  assert_int_equal(m.size, 5);
  assert_memory_equal(m.data, "hello", 5);
  at_map_close(&m);
  assert_int_equal(at_map_open("/nonexistent/f", &m, &e), AT_EINPUT);
  /* an abandoned writer leaves the old file and nothing else */
  at_writer w;
  assert_int_equal(at_writer_open(&w, sub, &e), AT_OK);
  assert_int_equal(at_writer_put(&w, "partial", 7, &e), AT_OK);
  char tmp[256];
  snprintf(tmp, sizeof tmp, "%s", w.tmp);
  assert_true(at_file_exists(tmp));
  at_writer_abort(&w);
  assert_false(at_file_exists(tmp));
  assert_int_equal(at_file_read(sub, 100, &text, &n, &e), AT_OK);
  assert_string_equal(text, "hello");
  free(text);
  assert_int_equal(at_mkdirs(sub, &e), AT_EINPUT);
  unlink(sub);
  rmdir(path);
  snprintf(path, sizeof path, "%s/x", dir);
  rmdir(path);
  assert_int_equal(rmdir(dir), 0);
}

/* /dev/full takes nothing: the error arrives at the flush. */
static bool is_in(const char *dir, const char *name, const char *text) {
  char *path = at_path_join(dir, name), *got = NULL;
  const bool same = at_file_read(path, 100, &got, NULL, NULL) == AT_OK && !strcmp(got, text);
  free(got);
  free(path);
  return same;
}

/* The last file of a bundle is there only where all others are. */
static void test_bundle(void **state) {
  (void)state;
  char dir[] = "/tmp/attune-base-XXXXXX", sub[64];
  at_error e = {0};
  at_bundle *b;
  assert_non_null(mkdtemp(dir));
  for (int spoilt = 1; spoilt >= 0; spoilt--) {
    assert_int_equal(at_bundle_new(dir, &b, &e), AT_OK);
    assert_int_equal(at_bundle_add(b, "one", strdup("1"), &e), AT_OK);
    assert_int_equal(at_bundle_add(b, "two", strdup("22"), &e), AT_OK);
    assert_int_equal(at_bundle_add(b, "last", strdup("3"), &e), AT_OK);
    assert_int_equal(at_bundle_add(b, "none", NULL, &e), AT_ENOMEM);
    snprintf(sub, sizeof sub, "%s/two", dir);
    if (spoilt) assert_int_equal(mkdir(sub, 0777), 0);
    assert_false(is_in(dir, "last", "3"));
    at_bundle_begin(b);
    assert_int_equal(at_bundle_wait(b, &e), spoilt ? AT_EFAIL : AT_OK);
    if (spoilt) assert_non_null(strstr(e.message, "two"));
    assert_int_equal(at_bundle_wait(b, NULL), spoilt ? AT_EFAIL : AT_OK);
    at_bundle_free(b);
    assert_true(is_in(dir, "one", "1"));
    assert_int_equal(is_in(dir, "last", "3"), !spoilt);
    if (spoilt) assert_int_equal(rmdir(sub), 0);
  }
  assert_true(is_in(dir, "two", "22"));
  assert_int_equal(at_bundle_new(dir, &b, &e), AT_OK);
  assert_int_equal(at_bundle_add(b, "four", strdup("4"), &e), AT_OK);
  at_bundle_begin(b);
  at_bundle_free(b); /* waits */
  assert_true(is_in(dir, "four", "4"));
  static const char *const names[] = {"one", "two", "last", "four"};
  for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
    snprintf(sub, sizeof sub, "%s/%s", dir, names[i]);
    assert_int_equal(unlink(sub), 0);
  }
  assert_int_equal(rmdir(dir), 0); /* nothing else is left */
  at_bundle_free(NULL);
}

static void test_full_disk(void **state) {
  (void)state;
  if (access("/dev/full", W_OK) != 0) {
    print_message("skipped: no /dev/full\n");
    skip();
  }
  at_writer w = {0};
  at_error e = {0};
  w.path = strdup("/tmp/attune-never-written");
  w.tmp = strdup("/tmp/attune-never-written.tmp");
  w.fp = fopen("/dev/full", "wb");
  assert_non_null(w.fp);
  at_writer_put(&w, "x", 1, &e);
  assert_int_equal(at_writer_commit(&w, &e), AT_EFAIL);
  assert_non_null(strstr(e.message, "No space left"));
  assert_false(at_file_exists("/tmp/attune-never-written"));
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_status),   cmocka_unit_test(test_arena),
      cmocka_unit_test(test_zeros),    cmocka_unit_test(test_text),
      cmocka_unit_test(test_numbers),  cmocka_unit_test(test_philox),
      cmocka_unit_test(test_uniforms), cmocka_unit_test(test_random),
      cmocka_unit_test(test_threads),  cmocka_unit_test(test_watched_threads),
      cmocka_unit_test(test_ranges),   cmocka_unit_test(test_files),
      cmocka_unit_test(test_bundle),   cmocka_unit_test(test_full_disk),
  };
  return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
