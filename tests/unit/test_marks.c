/* What readers say of what decides: boxes are those of objects, words are those that name them, and
 * keys of a model's blocks are true by them. */
#include "tests/unit/data_sets.h"
#include "core/data/text_tokens.h"
#include "core/explain/truth.h"

static int setup(void **state) {
  char command[2400];
  const char *bin = getenv("ATTUNE");
  if (!bin || make_scratch(state) || at_registry_new(NULL, 0, &registry, NULL) != AT_OK) return -1;
  snprintf(command, sizeof command,
           "'%s' data make sort-of-clevr --out '%s/soc' --train 30 --val 4 --test 4 --seed 5 "
           ">/dev/null && '%s' data make scenes --out '%s/scenes' --count 60 --size 64 --seed 5 "
           ">/dev/null",
           bin, scratch, bin, scratch);
  return system(command);
}

static int teardown(void **state) {
  at_registry_free(registry);
  return drop_scratch(state);
}

static at_dataset *open_made(const char *format) {
  char spec[700];
  at_dataset *d = NULL;
  snprintf(spec, sizeof spec, format, scratch);
  assert_ok(open_set(spec, &d, err));
  return d;
}

typedef struct boxes {
  float *v;
  int64_t n;
} boxes;

static boxes boxes_of(const at_dataset *d, const char *table, const char *name, int64_t row) {
  boxes b = {0};
  assert_ok(at_dataset_read_boxes(d, "train", field(d, table, name), row, &b.v, &b.n, err));
  return b;
}

static char *text_of(const at_dataset *d, const char *table, const char *name, int64_t row) {
  char *text = NULL;
  assert_ok(at_dataset_read_text(d, "train", field(d, table, name), row, &text, err));
  return text;
}

static int64_t number_of(const at_dataset *d, const char *table, const char *name, int64_t row) {
  char *text = text_of(d, table, name, row), *end;
  int64_t n = strtol(text, &end, 10);
  assert_true(end > text && !*end);
  free(text);
  return n;
}

static int64_t picture_of(const at_dataset *d, const char *table, int64_t row) {
  int64_t to = -1;
  assert_ok(at_dataset_read(d, "train", field(d, table, "picture"), row, &to, err));
  return to;
}

/* "key":[1,[2,3]]: every number of the list behind the key, up to `most`; NULL key: of all. */
static size_t numbers(const char *json, const char *key, double *out, size_t most) {
  const char *at = key ? strstr(json, key) : json;
  size_t n = 0;
  if (!at) return 0;
  at += key ? strlen(key) : 0;
  for (int depth = 0; *at;) {
    depth += (*at == '[') - (*at == ']');
    if (!depth && *at == ']') break;
    if (!strchr("-.0123456789", *at)) {
      at++;
      continue;
    }
    char *end;
    assert_true(n < most);
    out[n++] = strtod(at, &end);
    at = end;
  }
  return n;
}

/* Counts agree with the boxes. */
static void check_counts(const at_dataset *d, const char *table, int64_t row, boxes evidence,
                         int64_t objects) {
  assert_int_equal(number_of(d, table, "n_objects", row), objects);
  assert_int_equal(number_of(d, table, "n_evidence", row), evidence.n);
  assert_int_equal(number_of(d, table, "n_distractors", row), objects - evidence.n);
}

/* ---- Sort-of-CLEVR ---- */

/* The color that the program asks about is the first object's, and a word that decides. */
static void check_color(const at_dataset *d, int64_t row, boxes evidence, const int64_t *word,
                        int64_t words) {
  static const char *const colors[] = {"red", "green", "blue", "orange", "gray", "yellow"};
  char *program = text_of(d, "question", "program", row),
       *text = text_of(d, "question", "text", row),
       *objects = text_of(d, "picture", "objects", picture_of(d, "question", row)), key[64];
  at_tokens t = {0};
  double box[4];
  int seen = 0;
  assert_ok(at_tokenise(text, strlen(text), AT_TOKENS_WORDS, &t, err));
  for (size_t c = 0; c < sizeof colors / sizeof *colors; c++) {
    if (!strstr(program, colors[c])) continue;
    snprintf(key, sizeof key, "\"color\":\"%s\",\"box\":", colors[c]);
    assert_int_equal(numbers(objects, key, box, 4), 4);
    for (int k = 0; k < 4; k++) assert_true((double)evidence.v[k] == box[k]);
    for (int64_t i = 0; i < words; i++) {
      assert_true(word[i] < (int64_t)t.n);
      seen += !strcmp(t.v[word[i]].text, colors[c]);
    }
  }
  assert_int_equal(seen, 1);
  at_tokens_free(&t);
  free(objects);
  free(text);
  free(program);
}

static void test_sort_of_clevr(void **state) {
  (void)state;
  at_dataset *d = open_made("questions(root='%s/soc')");
  for (int64_t row = 0; row < at_dataset_rows(d, "train", "question"); row++) {
    boxes e = boxes_of(d, "question", "evidence", row);
    boxes all = boxes_of(d, "picture", "boxes", picture_of(d, "question", row));
    char *json = text_of(d, "question", "evidence_json", row);
    double want[64];
    int64_t *word, words;
    assert_int_equal(all.n, 6);
    assert_int_equal(numbers(json, "\"boxes\":", want, 64), 4 * e.n);
    for (int64_t i = 0; i < 4 * e.n; i++) assert_true((double)e.v[i] == want[i]);
    assert_int_equal(numbers(json, "\"objects\":", want, 64), e.n);
    for (int64_t i = 0; i < e.n; i++)
      assert_memory_equal(e.v + 4 * i, all.v + 4 * (int)want[i], 4 * sizeof(float));
    assert_ok(at_dataset_read_words(d, "train", field(d, "question", "evidence_words"), row, &word,
                                    &words, err));
    check_color(d, row, e, word, words);
    check_counts(d, "question", row, e, 6);
    assert_true(number_of(d, "question", "steps", row) >= 1);
    free(word);
    free(json);
    free(all.v);
    free(e.v);
  }
  at_dataset_close(d);
}

static void test_waiting(void **state) {
  (void)state;
  for (int i = 0; i < 2; i++) {
    char spec[700];
    snprintf(spec, sizeof spec, i ? "scenes(root=%s/scenes)" : "questions(root=%s/soc)", scratch);
    can_be_stopped(spec);
  }
}

/* ---- scenes, given out at half their size ---- */

/* Boxes and words are those of the pairs [[word, object], ...]. */
static void check_pairs(const at_dataset *d, int64_t row) {
  boxes e = boxes_of(d, "caption", "evidence", row);
  boxes all = boxes_of(d, "picture", "boxes", picture_of(d, "caption", row));
  char *json = text_of(d, "caption", "grounding", row);
  double pair[256];
  size_t n = numbers(json, NULL, pair, 256);
  bool object[16] = {false}, token[64] = {false};
  int64_t *word, words, objects = 0, tokens = 0;
  for (size_t i = 0; i + 1 < n; i += 2) {
    token[(int)pair[i]] = true;
    object[(int)pair[i + 1]] = true;
  }
  for (int i = 0; i < 16; i++) {
    bool found = false;
    for (int64_t k = 0; k < e.n && i < all.n; k++)
      found = found || !memcmp(e.v + 4 * k, all.v + 4 * i, 4 * sizeof(float));
    assert_true(found == object[i]);
    objects += object[i];
  }
  assert_int_equal(e.n, objects);
  assert_ok(at_dataset_read_words(d, "train", field(d, "caption", "evidence_words"), row, &word,
                                  &words, err));
  for (int i = 0; i < 64; i++) tokens += token[i];
  assert_int_equal(words, tokens);
  for (int64_t i = 0; i < words; i++) assert_true(token[word[i]]);
  check_counts(d, "caption", row, e, all.n);
  free(word);
  free(json);
  free(all.v);
  free(e.v);
}

static void test_captions(void **state) {
  (void)state;
  at_dataset *d = open_made("scenes(root='%s/scenes', size=32)");
  for (int64_t row = 0; row < at_dataset_rows(d, "train", "caption"); row++) check_pairs(d, row);
  at_dataset_close(d);
}

static void test_scene_questions(void **state) {
  (void)state;
  at_dataset *half = open_made("scenes(root='%s/scenes', size=32)");
  at_dataset *d = open_made("scenes(root='%s/scenes')");
  int64_t some = 0;
  for (int64_t row = 0; row < at_dataset_rows(d, "train", "question"); row++) {
    boxes e = boxes_of(d, "question", "evidence", row),
          h = boxes_of(half, "question", "evidence", row);
    boxes all = boxes_of(d, "picture", "boxes", picture_of(d, "question", row));
    char *json = text_of(d, "question", "evidence_json", row);
    double object[64], want[64];
    size_t n = numbers(json, "\"selected\":", object, 64);
    n += numbers(json, "\"referred\":", object + n, 64 - n);
    int64_t *word, words, different = 0;
    for (size_t i = 0; i < n; i++) {
      bool found = false, again = false;
      for (int64_t k = 0; k < e.n; k++)
        found = found || !memcmp(e.v + 4 * k, all.v + 4 * (int)object[i], 4 * sizeof(float));
      for (size_t k = 0; k < i; k++) again = again || object[k] == object[i];
      assert_true(found);
      different += !again;
    }
    assert_int_equal(e.n, different);
    some += e.n > 0;
    assert_int_equal(h.n, e.n);
    for (int64_t i = 0; i < 4 * e.n; i++)
      assert_float_equal(2 * (double)h.v[i], (double)e.v[i], 1e-4);
    n = numbers(json, "\"words\":", want, 64);
    assert_ok(at_dataset_read_words(d, "train", field(d, "question", "evidence_words"), row, &word,
                                    &words, err));
    assert_int_equal(words, n);
    for (int64_t i = 0; i < words; i++) assert_true((double)word[i] == want[i]);
    check_counts(d, "question", row, e, all.n);
    free(word);
    free(json);
    free(all.v);
    free(h.v);
    free(e.v);
  }
  assert_true(some > 100);
  at_dataset_close(d);
  at_dataset_close(half);
}

/* ---- through a session ---- */

static const char *const run_file =
    "model: %s/examples/models/mac_pixels.att\n"
    "arguments: {d: 12, e: 8, c: 4, steps: 1}\n"
    "data: {reader: questions(root=soc)}\n"
    "task: vqa(together=10)\n"
    "metrics: [accuracy]\n"
    "train: {epochs: 1, batch: 40, learning_rate: 0.003, best: accuracy}\n";

static void check_block(const at_session *s, const at_attention *a, const int64_t *rows,
                        const at_evidence *e) {
  float truth[4096], share[4096];
  const at_key_place place = {a->over, a->keys, a->grid_h, a->grid_w, NULL};
  int64_t trues = 0;
  assert_true(a->keys <= 4096);
  assert_ok(at_truth_keys(s, "train", rows, &place, truth, share, err));
  for (int64_t i = 0; i < a->keys; i++) trues += truth[i] == 1;
  if (a->over == AT_OVER_WORDS) {
    assert_int_equal(trues, e->n_words);
    for (int64_t i = 0; i < e->n_words; i++) assert_true(truth[e->word[i] + e->first] == 1);
  } else {
    assert_int_equal(a->over, AT_OVER_CELLS);
    assert_true(trues >= 1 && trues < a->keys);
  }
}

static void test_session(void **state) {
  char text[1024];
  at_run *run = NULL;
  at_session *s = NULL;
  bool words = false, cells = false;
  (void)state;
  snprintf(text, sizeof text, run_file, getenv("top_srcdir"));
  spill_text("run.yaml", text);
  assert_ok(at_run_load(in_scratch("run.yaml"), NULL, 0, &run, err));
  assert_ok(at_session_new(registry, run, 1, &s, NULL, err));
  for (int64_t row = 0; row < 20; row++) {
    int64_t rows[AT_MOST_ROWS];
    size_t n;
    at_look look;
    at_evidence e;
    assert_ok(at_session_linked(s, "train", row, rows, &n, err));
    assert_ok(at_session_look(s, "train", rows, n, &look, err));
    assert_ok(at_session_evidence(s, "train", rows, &e, err));
    assert_true(e.width == 75 && e.height == 75 && e.n_boxes > 0 && e.n_words > 0);
    for (size_t i = 0; i < look.n_attention; i++) {
      check_block(s, &look.attention[i], rows, &e);
      words = words || look.attention[i].over == AT_OVER_WORDS;
      cells = cells || look.attention[i].over == AT_OVER_CELLS;
    }
    at_evidence_free(&e);
    at_look_free(&look);
  }
  assert_true(words && cells);
  at_session_free(s);
  at_run_free(run);
}

/* ---- NLVR: objects of each order of the three boxes, wherever the picture is ---- */

static void test_nlvr_objects(void **state) {
  static const double x[2][3] = {{10, 220, 350}, {10, 200, 370}}; /* orders 0 1 2, and 0 2 1 */
  char spec[700];
  at_dataset *d;
  (void)state;
  folder("nlvr/dev/images/0");
  spill_text("nlvr/dev/images/0/dev-7-0-0.png", "");
  spill_text("nlvr/dev/images/0/dev-7-0-1.png", "");
  spill_text("nlvr/dev/dev.json",
             "{\"sentence\": \"there is a box with one item\", \"label\": \"true\", "
             "\"identifier\": \"7-0\", \"directory\": \"0\", \"structured_rep\": "
             "[[{\"x_loc\": 10, \"y_loc\": 20, \"size\": 30}], "
             "[{\"x_loc\": 70, \"y_loc\": 0, \"size\": 10}, ], "
             "[{\"x_loc\": 50, \"y_loc\": 60, \"size\": 20}]]}\n");
  snprintf(spec, sizeof spec, "nlvr(root=%s/nlvr, orders=2, width=200, height=50)", scratch);
  at_error e = {0};
  assert_int_equal(open_set(spec, &d, &e), AT_EINPUT); /* a comma too many */
  spill_text("nlvr/dev/dev.json",
             "{\"sentence\": \"there is a box with one item\", \"label\": \"true\", "
             "\"identifier\": \"7-0\", \"directory\": \"0\", \"structured_rep\": "
             "[[{\"x_loc\": 10, \"y_loc\": 20, \"size\": 30}], "
             "[{\"x_loc\": 70, \"y_loc\": 0, \"size\": 10}], "
             "[{\"x_loc\": 50, \"y_loc\": 60, \"size\": 20}]]}\n");
  assert_ok(open_set(spec, &d, err));
  for (int64_t row = 0; row < 2; row++) {
    float *v;
    int64_t n;
    char *text = NULL;
    assert_ok(at_dataset_read_boxes(d, "dev", field(d, "picture", "boxes"), row, &v, &n, err));
    assert_int_equal(n, 3);
    for (int64_t b = 0; b < n; b++) /* half the size of the file's */
      assert_float_equal(v[4 * b], x[row][b] / 2, 1e-4);
    assert_float_equal(v[3], 15, 1e-4);
    free(v);
    assert_ok(at_dataset_read_text(d, "dev", field(d, "question", "n_objects"), row, &text, err));
    assert_string_equal(text, "3");
    free(text);
  }
  assert_null(at_dataset_field(d, "question", "evidence")); /* which decide is not known */
  at_dataset_close(d);
}

/* ---- published sets, where they are ---- */

/* Cells that are not black are those with a box. */
static void check_cells(const unsigned char *rgb, boxes all) {
  bool lit[9] = {false}, boxed[9] = {false};
  for (int i = 0; i < 900; i++)
    for (int c = 0; c < 3; c++)
      if (rgb[3 * i + c] > 60) lit[i / 300 * 3 + i % 30 / 10] = true;
  for (int64_t i = 0; i < all.n; i++)
    boxed[(int)all.v[4 * i + 1] / 10 * 3 + (int)all.v[4 * i] / 10] = true;
  assert_memory_equal(lit, boxed, sizeof lit);
}

/* Where an answer is true the cells that answer are marked, and they are cells with objects. */
static void test_published_shapes(void **state) {
  char spec[800];
  at_dataset *d;
  const char *root = shared("shapes");
  int64_t right = 0;
  (void)state;
  if (!root) skip();
  snprintf(spec, sizeof spec, "shapes(root='%s', train=train.small)", root);
  assert_ok(open_set(spec, &d, err));
  for (int64_t row = 0; row < at_dataset_rows(d, "train", "question"); row++) {
    char *answer = text_of(d, "question", "answer", row);
    boxes e = boxes_of(d, "question", "evidence", row), all = boxes_of(d, "picture", "boxes", row);
    unsigned char rgb[2700];
    assert_true((e.n > 0) == !strcmp(answer, "true"));
    assert_ok(at_dataset_read(d, "train", field(d, "picture", "image"), row, rgb, err));
    check_cells(rgb, all);
    for (int64_t i = 0; i < e.n; i++) {
      bool found = false;
      for (int64_t k = 0; k < all.n; k++)
        found = found || !memcmp(e.v + 4 * i, all.v + 4 * k, 4 * sizeof(float));
      assert_true(found);
    }
    right += e.n > 0;
    free(answer);
    free(e.v);
    free(all.v);
  }
  assert_int_equal(right, 195);
  at_dataset_close(d);
}

/* In the middle of every box there is an object: nothing as light and gray as the ground. */
static void test_published_nlvr(void **state) {
  enum { W = 400, H = 100 };
  char spec[800];
  at_dataset *d;
  const char *root = shared("nlvr");
  unsigned char *rgb = malloc((size_t)W * H * 3);
  int64_t n = 0;
  (void)state;
  if (!root) {
    free(rgb);
    skip();
  }
  snprintf(spec, sizeof spec, "nlvr(root='%s')", root);
  assert_ok(open_set(spec, &d, err));
  for (int64_t row = 0; row < 600; row++) {
    float *v;
    int64_t k;
    assert_ok(at_dataset_read(d, "dev", field(d, "picture", "image"), row, rgb, err));
    assert_ok(at_dataset_read_boxes(d, "dev", field(d, "picture", "boxes"), row, &v, &k, err));
    for (int64_t i = 0; i < k; i++) {
      int x = (int)(v[4 * i] + v[4 * i + 2] / 2), y = (int)(v[4 * i + 1] + v[4 * i + 3] / 2);
      const unsigned char *p = rgb + 3 * ((y < H ? y : H - 1) * W + x);
      if (p[0] > 180 && p[1] > 180 && p[2] > 180)
        fail_msg("picture %d: box %d has no object", (int)row, (int)i);
      n++;
    }
    free(v);
  }
  assert_true(n > 3000);
  free(rgb);
  at_dataset_close(d);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_waiting),          cmocka_unit_test(test_sort_of_clevr),
      cmocka_unit_test(test_captions),         cmocka_unit_test(test_scene_questions),
      cmocka_unit_test(test_session),          cmocka_unit_test(test_nlvr_objects),
      cmocka_unit_test(test_published_shapes), cmocka_unit_test(test_published_nlvr),
  };
  return cmocka_run_group_tests_name("marks", tests, setup, teardown);
}
