/* The reader of CLEVR: places in the file, programs, evidence, features. */
#include "tests/unit/data_sets.h"

/* ---- a small CLEVR ---- */

static const struct asked {
  int image;
  const char *text, *answer, *program; /* steps "function:inputs:value" between bars */
  const char *type, *steps, *spelled, *evidence;
} asked[] = {
    {2, "Say \\\"hi\\\\\\\", {[ \\u00e9?", "sphere",
     "scene::|filter_color:0:blue|unique:1:|query_shape:2:", "query_attribute", "4",
     "scene filter_color[blue] unique query_shape", "{\"objects\":[1],\"pixels\":[[30.0,40.0]]}"},
    {0, "How many large?", "2", "scene::|filter_size:0:large|count:1:", "count", "3",
     "scene filter_size[large] count", "{\"objects\":[0,3],\"pixels\":[[10.0,20.0],[70.0,80.0]]}"},
    {0, "Left of the blue one?", "yes",
     "scene::|filter_color:0:blue|unique:1:|relate:2:left|exist:3:", "exist", "5",
     "scene filter_color[blue] unique relate[left] exist",
     "{\"objects\":[0,2],\"pixels\":[[10.0,20.0],[50.5,60.0]]}"},
    {0, "As many?", "no",
     "scene::|filter_color:0:red|filter_size:1:small|count:2:|scene::|filter_color:4:blue|count:5:|"
     "equal_integer:3,6:",
     "compare_integer", "8",
     "scene filter_color[red] filter_size[small] count scene filter_color[blue] count "
     "equal_integer(3,6)",
     "{\"objects\":[1,2],\"pixels\":[[30.0,40.0],[50.5,60.0]]}"},
    {2, "Same colour?", "no",
     "scene::|filter_shape:0:cylinder|unique:1:|same_color:2:|scene::|filter_size:4:large|"
     "filter_material:5:metal|intersect:3,6:|unique:7:|query_size:8:|query_size:2:|equal_size:9,"
     "10:",
     "compare_attribute", "12",
     "scene filter_shape[cylinder] unique same_color scene filter_size[large] "
     "filter_material[metal] intersect(3,6) unique query_size query_size(2) equal_size(9,10)",
     "{\"objects\":[2,3],\"pixels\":[[50.5,60.0],[70.0,80.0]]}"},
    {0, "More or both?", "yes",
     "scene::|filter_shape:0:cube|filter_shape:0:sphere|union:1,2:|"
     "count:3:|count:1:|greater_than:4,5:",
     "compare_integer", "7",
     "scene filter_shape[cube] filter_shape[sphere](0) union(1,2) count count(1) "
     "greater_than(4,5)",
     "{\"objects\":[0,1,3],\"pixels\":[[10.0,20.0],[30.0,40.0],[70.0,80.0]]}"},
};
enum { ASKED = sizeof asked / sizeof *asked };

static const char objects[] =
    "\"objects\": [{\"color\": \"red\", \"size\": \"large\", \"shape\": \"cube\", \"material\": "
    "\"rubber\", \"pixel_coords\": [10, 20, 9.5]}, {\"color\": \"blue\", \"size\": \"small\", "
    "\"shape\": \"sphere\", \"material\": \"metal\", \"pixel_coords\": [30, 40, 8]}, {\"color\": "
    "\"red\", \"size\": \"small\", \"shape\": \"cylinder\", \"material\": \"rubber\", "
    "\"pixel_coords\": [50.5, 60, 8]}, {\"color\": \"red\", \"size\": \"large\", \"shape\": "
    "\"cube\", \"material\": \"metal\", \"pixel_coords\": [70, 80, 8]}], \"relationships\": "
    "{\"left\": [[], [0, 2], [0], [1, 2]]}";

static void put_program(at_text *t, const char *steps) {
  for (const char *c = steps; *c;) {
    int f = (int)strcspn(c, ":"), in = (int)strcspn(c + f + 1, ":");
    const char *value = c + f + in + 2;
    int v = (int)strcspn(value, "|");
    at_text_addf(t, "%s{\"inputs\": [%.*s], \"function\": \"%.*s\", \"value_inputs\": [%s%.*s%s]}",
                 c == steps ? "" : ", ", in, c + f + 1, f, c, v ? "\"" : "", v, value,
                 v ? "\"" : "");
    c = value + v + (value[v] == '|');
  }
}

static void put_questions(at_text *t) {
  at_text_addf(t,
               "{\"info\": {\"a\\\"]}\": [1, {\"b\": null}], \"questions\": []}, \"n\": 3.5e1,\n"
               "\t\"questions\" : [ ");
  for (int i = 0; i < ASKED; i++) {
    at_text_addf(
        t,
        "%s{\"question_index\": %d, \"question\": \"%s\", \"answer\": \"%s\", "
        "\"image_index\": %d, \"image_filename\": \"CLEVR_train_%06d.png\", \"program\": [",
        i ? " ,\n" : "", i, asked[i].text, asked[i].answer, asked[i].image, asked[i].image);
    put_program(t, asked[i].program);
    at_text_addf(t, "]}");
  }
  at_text_addf(t, " ] , \"more\": true}\n");
}

static const char *spec(void) {
  static char text[700];
  snprintf(text, sizeof text, "clevr(root=%s, features=%s/{split}.h5)", scratch, scratch);
  return text;
}

static int make_set(void **state) {
  at_text t = {0};
  char command[800];
  if (make_scratch(state)) return -1;
  folder("questions");
  folder("scenes");
  put_questions(&t);
  spill(in_scratch("questions/CLEVR_train_questions.json"), t.data, t.len);
  at_text_free(&t);
  for (int i = 0; i < 4; i++)
    at_text_addf(&t, "%s{\"image_index\": %d, %s}", i ? "," : "{\"scenes\": [", 3 - i, objects);
  at_text_addf(&t, "]}");
  spill(in_scratch("scenes/CLEVR_train_scenes.json"), t.data, t.len);
  at_text_free(&t);
  snprintf(command, sizeof command, "'%s/make_hdf5' '%s' features float32 3 2 2 3",
           getenv("top_builddir"), in_scratch("train.h5"));
  return system(command);
}

/* ---- */

static void test_waiting(void **state) {
  (void)state;
  can_be_stopped(spec());
}

static void test_questions(void **state) {
  at_dataset *d;
  (void)state;
  assert_ok(open_set(spec(), &d, err));
  assert_int_equal(at_dataset_rows(d, "train", "question"), ASKED);
  assert_int_equal(at_dataset_rows(d, "train", "picture"), 2);
  for (int i = ASKED - 1; i >= 0; i--) { /* in any order */
    if (i) has_text(d, "train", "text", i, asked[i].text);
    has_text(d, "train", "answer", i, asked[i].answer);
    has_text(d, "train", "type", i, asked[i].type);
    has_text(d, "train", "steps", i, asked[i].steps);
    has_text(d, "train", "program", i, asked[i].spelled);
    has_text(d, "train", "evidence_json", i, asked[i].evidence);
    assert_int_equal(link_of(d, "train", i), asked[i].image == 2 ? 0 : 1);
  }
  has_text(d, "train", "text", 0, "Say \"hi\\\", {[ \xc3\xa9?");
  at_dataset_close(d);
}

/* Channels lie first in the file and last in what is given out. */
static void test_features(void **state) {
  at_dataset *d;
  (void)state;
  assert_ok(open_set(spec(), &d, err));
  const at_field *f = field(d, "picture", "image");
  assert_int_equal(f->f.type, ATTUNE_FIELD_REAL);
  assert_string_equal(f->f.axes, "y x feature");
  assert_true(f->f.ndim == 3 && f->f.shape[0] == 2 && f->f.shape[1] == 3 && f->f.shape[2] == 2);
  for (int row = 0; row < 2; row++) {
    float v[12];
    int image = row ? 0 : 2; /* pictures stand in the order in which they are asked about */
    assert_ok(at_dataset_read(d, "train", f, row, v, err));
    for (int y = 0; y < 2; y++)
      for (int x = 0; x < 3; x++)
        for (int c = 0; c < 2; c++)
          assert_true(v[(y * 3 + x) * 2 + c] == (float)(((image * 2 + c) * 2 + y) * 3 + x));
  }
  at_dataset_close(d);
}

/* Whatever is cut off, the file is named, and nothing worse happens. */
static void test_cut(void **state) {
  size_t n;
  char *whole = slurp(in_scratch("questions/CLEVR_train_questions.json"), &n);
  (void)state;
  for (size_t k = 0; k + 2 < n; k += k < 120 ? 1 : 7) {
    at_dataset *d = NULL;
    at_error e = {0};
    spill(in_scratch("questions/CLEVR_train_questions.json"), whole, k);
    assert_int_equal(open_set(spec(), &d, &e), AT_EINPUT);
    assert_sentence(&e, "CLEVR_train_questions.json");
  }
  spill(in_scratch("questions/CLEVR_train_questions.json"), whole, n);
  free(whole);
}

/* A byte changed: refused or read, never worse. */
static void test_changed(void **state) {
  size_t n;
  char *whole = slurp(in_scratch("questions/CLEVR_train_questions.json"), &n);
  (void)state;
  for (size_t k = 0; k < n; k += 3) {
    static const char with[] = "{}[]\",:9x\\\x80";
    at_dataset *d = NULL;
    at_error e = {0};
    char kept = whole[k];
    whole[k] = with[k % (sizeof with - 1)];
    spill(in_scratch("questions/CLEVR_train_questions.json"), whole, n);
    whole[k] = kept;
    if (open_set(spec(), &d, &e) != AT_OK) continue;
    for (int64_t i = 0; i < at_dataset_rows(d, "train", "question"); i++) {
      char *text;
      if (at_dataset_read_text(d, "train", field(d, "question", "evidence_json"), i, &text, &e) ==
          AT_OK)
        free(text);
    }
    at_dataset_close(d);
  }
  spill(in_scratch("questions/CLEVR_train_questions.json"), whole, n);
  free(whole);
}

static void test_cut_features(void **state) {
  size_t n;
  char *whole = slurp(in_scratch("train.h5"), &n);
  (void)state;
  for (size_t k = 0; k < n; k += 61) {
    at_dataset *d = NULL;
    at_error e = {0};
    spill(in_scratch("train.h5"), whole, k);
    assert_int_equal(open_set(spec(), &d, &e), AT_EINPUT);
    assert_sentence(&e, "train.h5");
  }
  spill(in_scratch("train.h5"), whole, n);
  free(whole);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_waiting),  cmocka_unit_test(test_questions),
      cmocka_unit_test(test_features), cmocka_unit_test(test_cut),
      cmocka_unit_test(test_changed),  cmocka_unit_test(test_cut_features)};
  if (at_registry_new(NULL, 0, &registry, NULL)) return 1;
  int rc = cmocka_run_group_tests_name("clevr", tests, make_set, drop_scratch);
  at_registry_free(registry);
  return rc;
}
