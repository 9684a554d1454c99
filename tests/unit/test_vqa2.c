/* The reader of VQA 2: questions and annotations joined, regions from tables and from .npy. */
#include "core/data/npz.h"
#include "tests/unit/data_sets.h"

static void put_code(at_text *t, const void *bytes, size_t n) {
  static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const unsigned char *b = bytes;
  for (size_t i = 0; i < n; i += 3) {
    unsigned v = (unsigned)b[i] << 16 | (i + 1 < n ? (unsigned)b[i + 1] << 8 : 0) |
                 (i + 2 < n ? b[i + 2] : 0);
    char four[5] = {digits[v >> 18], digits[v >> 12 & 63], i + 1 < n ? digits[v >> 6 & 63] : '=',
                    i + 2 < n ? digits[v & 63] : '=', 0};
    at_text_addf(t, "%s", four);
  }
}

enum { WIDTH = 5 };

static float feature(int64_t image, int region, int k) {
  return (float)image * 100 + (float)region * 10 + (float)k + 0.25f;
}

/* A table of images 7, 9, 12, with 2, 1 and 4 regions. */
static const int images[] = {12, 7, 9}, regions[] = {4, 2, 1};

static void make_table(const char *end, size_t cut) {
  at_text t = {0};
  for (int i = 0; i < 3; i++) {
    float v[4 * WIDTH], box[16];
    for (int r = 0; r < regions[i]; r++) {
      for (int k = 0; k < WIDTH; k++) v[r * WIDTH + k] = feature(images[i], r, k);
      for (int k = 0; k < 4; k++) box[r * 4 + k] = (float)(r + k * (k + 1));
    }
    at_text_addf(&t, "%d\t640\t480\t%d\t", images[i], regions[i]);
    put_code(&t, box, (size_t)regions[i] * 16);
    at_text_addf(&t, "\t");
    put_code(&t, v, (size_t)regions[i] * WIDTH * 4);
    at_text_addf(&t, "%s", end);
  }
  spill(in_scratch("train2014.tsv"), t.data, t.len - cut);
  at_text_free(&t);
}

static void make_npy(int i) {
  char name[64], header[128];
  at_text t = {0};
  snprintf(name, sizeof name, "f_%012d.npy", images[i]);
  snprintf(header, sizeof header, "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d), }",
           regions[i], WIDTH);
  at_text_addn(&t, "\x93NUMPY\x01\x00\x76\x00", 10);
  at_text_addf(&t, "%-117s\n", header);
  for (int r = 0; r < regions[i]; r++)
    for (int k = 0; k < WIDTH; k++) {
      float v = feature(images[i], r, k);
      at_text_addn(&t, (const char *)&v, sizeof v);
    }
  spill(in_scratch(name), t.data, t.len);
  at_text_free(&t);
}

/* As OpenVQA has them; `turned`: as `features`, a region a row. */
static void make_npz(int i, const char *prefix, bool turned, unsigned flags) {
  char name[64];
  at_array v[2] = {0};
  const at_arrays all = {.v = v, .n = 2};
  const int64_t n = regions[i], shape[2] = {turned ? n : WIDTH, turned ? WIDTH : n},
                box_shape[2] = {n, 4};
  assert_ok(at_array_init(&v[0], turned ? "features" : "x", AT_F32, 2, shape, err));
  assert_ok(at_array_init(&v[1], "bbox", AT_F32, 2, box_shape, err));
  for (int r = 0; r < n; r++) {
    for (int k = 0; k < WIDTH; k++)
      ((float *)v[0].data)[turned ? r * WIDTH + k : k * n + r] = feature(images[i], r, k);
    for (int k = 0; k < 4; k++) ((float *)v[1].data)[r * 4 + k] = (float)(r + k * (k + 1));
  }
  snprintf(name, sizeof name, "%s_%d.npz", prefix, images[i]);
  assert_ok(at_npz_write(in_scratch(name), &all, flags, err));
  at_array_free(&v[0]);
  at_array_free(&v[1]);
}

static int make_set(void **state) {
  if (make_scratch(state)) return -1;
  spill_text("v2_OpenEnded_mscoco_train2014_questions.json",
             "{\"questions\": [{\"image_id\": 9, \"question\": \"What?\", \"question_id\": 90}, "
             "{\"image_id\": 7, \"question\": \"Is it?\", \"question_id\": 71}, "
             "{\"image_id\": 7, \"question\": \"How many?\", \"question_id\": 70},"
             "{\"image_id\": 12, \"question\": \"Who?\", \"question_id\": 5}]}");
  spill_text(
      "v2_mscoco_train2014_annotations.json",
      "{\"annotations\": [{\"question_id\": 5, \"image_id\": 12, \"answer_type\": \"other\", "
      "\"question_type\": \"who\", \"answers\": [{\"answer\": \"a\\tb\"}, {\"answer\": \"man\"}, "
      "{\"answer\": \"man\"}]}, {\"question_id\": 70, \"answer_type\": \"number\", "
      "\"question_type\": \"how many\", \"multiple_choice_answer\": \"2\", \"answers\": "
      "[{\"answer\": \"2\"}]}, {\"question_id\": 90, \"answers\": [{\"answer\": \"x\"}, "
      "{\"answer\": \"y\"}]}, {\"question_id\": 71, \"answer_type\": \"yes/no\", "
      "\"question_type\": "
      "\"is it\", \"answers\": [{\"answer\": \"\"}]}]}");
  make_table("\n", 0);
  for (int i = 0; i < 3; i++) {
    make_npy(i);
    make_npz(i, "stored", false, AT_NPZ_STORED);
    make_npz(i, "deflated", false, AT_NPZ_DEFLATE);
    make_npz(i, "turned", true, AT_NPZ_STORED);
  }
  return 0;
}

static const char *spec(const char *features, int given) {
  static char text[1000];
  snprintf(text, sizeof text, "vqa2(root=%s, features=%s/%s, regions=%d)", scratch, scratch,
           features, given);
  return text;
}

static void test_waiting(void **state) {
  (void)state;
  can_be_stopped(spec("{split}.tsv", 3));
}

static void test_questions(void **state) {
  at_dataset *d;
  (void)state;
  assert_ok(open_set(spec("{split}.tsv", 3), &d, err));
  has_text(d, "train", "text", 0, "What?");
  has_text(d, "train", "answer", 0, "x"); /* the first of the most frequent */
  has_text(d, "train", "type", 0, "");
  has_text(d, "train", "answers", 1, "");
  has_text(d, "train", "type", 1, "yes/no");
  has_text(d, "train", "answer", 2, "2");
  has_text(d, "train", "question_type", 2, "how many");
  has_text(d, "train", "answer", 3, "man");
  has_text(d, "train", "answers", 3, "a b\tman\tman");
  assert_int_equal(at_dataset_rows(d, "train", "picture"), 3);
  assert_int_equal(link_of(d, "train", 0), 1); /* by their numbers */
  assert_int_equal(link_of(d, "train", 1), 0);
  assert_int_equal(link_of(d, "train", 2), 0);
  assert_int_equal(link_of(d, "train", 3), 2);
  at_dataset_close(d);
}

static void check_regions(const char *features, int given) {
  static const int order[] = {1, 2, 0}; /* images by their numbers */
  at_dataset *d;
  float v[8 * WIDTH];
  assert_ok(open_set(spec(features, given), &d, err));
  const at_field *f = field(d, "picture", "image");
  assert_true(f->f.ndim == 2 && f->f.shape[0] == given && f->f.shape[1] == WIDTH);
  for (int row = 0; row < 3; row++) {
    int i = order[row];
    assert_ok(at_dataset_read(d, "train", f, row, v, err));
    for (int r = 0; r < given; r++)
      for (int k = 0; k < WIDTH; k++)
        assert_true(v[r * WIDTH + k] == (r < regions[i] ? feature(images[i], r, k) : 0));
  }
  at_dataset_close(d);
}

static void test_regions(void **state) {
  (void)state;
  for (int given = 1; given <= 6; given++) {
    check_regions("{split}.tsv", given);
    check_regions("f_{image}.npy", given);
    check_regions("stored_{id}.npz", given);
    check_regions("deflated_{id}.npz", given);
    check_regions("turned_{id}.npz", given);
  }
  make_table("\r\n", 0); /* as Python's csv ends its lines */
  check_regions("train2014.tsv", 3);
  make_table("\n", 1); /* no end of the last line */
  check_regions("train2014.tsv", 3);
  make_table("\n", 0);
}

static void test_boxes(void **state) {
  static const char *const with[] = {"{split}.tsv", "stored_{id}.npz", "turned_{id}.npz"};
  at_dataset *d;
  float *v;
  int64_t n;
  (void)state;
  for (size_t i = 0; i < sizeof with / sizeof *with; i++) {
    assert_ok(open_set(spec(with[i], 3), &d, err));
    assert_ok(at_dataset_read_boxes(d, "train", field(d, "picture", "boxes"), 0, &v, &n, err));
    /* corners (r, 2 + r, 6 + r, 12 + r) */
    const float want[12] = {0, 2, 6, 10, 1, 3, 6, 10, 0, 0, 0, 0};
    assert_int_equal(n, 3);
    assert_memory_equal(v, want, sizeof want);
    free(v);
    at_dataset_close(d);
  }
  assert_ok(open_set(spec("f_{image}.npy", 3), &d, err));
  assert_null(at_dataset_field(d, "picture", "boxes"));
  at_dataset_close(d);
}

/* Of every length, and with every byte changed: refused, or read, never worse. */
static void damage(const char *features, const char *name) {
  size_t n;
  char *whole = slurp(in_scratch(name), &n);
  for (size_t k = 0; k < 2 * n; k++) {
    at_dataset *d = NULL;
    at_error e = {0};
    float v[3 * WIDTH];
    bool cut = k < n;
    char *at = &whole[k % n], kept = *at;
    *at = cut ? *at : (char)(*at ^ (1 << k % 8));
    spill(in_scratch(name), whole, cut ? k : n);
    *at = kept;
    at_status s = open_set(spec(features, 3), &d, &e);
    if (s == AT_OK) {
      for (int row = 0; s == AT_OK && row < 3; row++)
        s = at_dataset_read(d, "train", field(d, "picture", "image"), row, v, &e);
      at_dataset_close(d);
    }
    if (cut || s != AT_OK) assert_sentence(&e, name);
    if (cut) assert_int_equal(s, AT_EINPUT);
  }
  spill(in_scratch(name), whole, n);
  free(whole);
}

static void test_damage(void **state) {
  (void)state;
  damage("stored_{id}.npz", "stored_9.npz");
  damage("deflated_{id}.npz", "deflated_9.npz");
}

static void test_cut(void **state) {
  size_t n;
  (void)state;
  make_table("\n", 0);
  char *whole = slurp(in_scratch("train2014.tsv"), &n);
  for (size_t k = 0; k + 1 < n; k++) {
    at_dataset *d = NULL;
    at_error e = {0};
    spill(in_scratch("train2014.tsv"), whole, k);
    assert_int_equal(open_set(spec("{split}.tsv", 3), &d, &e), AT_EINPUT);
    assert_null(strchr(e.message, '\n'));
    /* Cut behind a line, what is missing is an image of a question. */
    if (!strstr(e.message, "train2014.tsv")) fail_msg("%s", e.message);
  }
  for (size_t k = 0; k < n; k++) { /* a byte changed: refused or read, never worse */
    at_dataset *d = NULL;
    at_error e = {0};
    float v[3 * WIDTH];
    char kept = whole[k];
    whole[k] = "\t\n-9="[k % 5];
    spill(in_scratch("train2014.tsv"), whole, n);
    whole[k] = kept;
    if (open_set(spec("{split}.tsv", 3), &d, &e) != AT_OK) continue;
    if (field(d, "picture", "image")->f.shape[1] == WIDTH)
      for (int row = 0; row < 3; row++)
        at_dataset_read(d, "train", field(d, "picture", "image"), row, v, &e);
    at_dataset_close(d);
  }
  make_table("\n", 0);
  free(whole);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_waiting), cmocka_unit_test(test_questions),
      cmocka_unit_test(test_regions), cmocka_unit_test(test_boxes),
      cmocka_unit_test(test_cut),     cmocka_unit_test(test_damage)};
  if (at_registry_new(NULL, 0, &registry, NULL)) return 1;
  int rc = cmocka_run_group_tests_name("vqa2", tests, make_set, drop_scratch);
  at_registry_free(registry);
  return rc;
}
