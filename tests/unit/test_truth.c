/* Which keys of a block are true: boxes over cells and regions, words behind <start>. */
#include "cm.h"
#include "core/explain/truth.h"

enum { MOST = 36 };

typedef struct truth_case {
  const char *what;
  at_key_place place;
  int64_t width, height;
  float box[3][4];
  int64_t boxes;
  const char *want; /* a digit a key; NULL: nothing is true */
} truth_case;

#define CELLS(h, w) \
  { AT_OVER_CELLS, (h) * (w), h, w, NULL }

static const truth_case CELL_CASES[] = {
    {"a box that is a cell", CELLS(3, 3), 30, 30, {{10, 0, 10, 10}}, 1, "010000000"},
    {"row after row", CELLS(2, 3), 30, 20, {{20, 10, 10, 10}}, 1, "000001"},
    {"cells that are not square", CELLS(2, 5), 100, 20, {{40, 10, 20, 10}}, 1, "0000000100"},
    {"a box of four cells", CELLS(3, 3), 30, 30, {{0, 0, 20, 20}}, 1, "110110000"},
    {"a quarter of a cell is enough", CELLS(1, 4), 40, 10, {{5, 0, 17.5f, 10}}, 1, "1110"},
    {"a quarter but a hair is not", CELLS(1, 4), 40, 10, {{5, 0, 17.4f, 10}}, 1, "1100"},
    {"a small box in one cell", CELLS(3, 3), 30, 30, {{12, 12, 2, 2}}, 1, "000010000"},
    {"half of a small box each", CELLS(1, 3), 30, 10, {{9, 4, 2, 2}}, 1, "110"},
    {"most of a small box", CELLS(1, 3), 30, 10, {{8.5f, 4, 2, 2}}, 1, "100"},
    {"a box on a crossing: the first", CELLS(3, 3), 30, 30, {{9, 9, 2, 2}}, 1, "100000000"},
    {"a box near a crossing", CELLS(3, 3), 30, 30, {{9.1f, 9.1f, 2, 2}}, 1, "000010000"},
    {"two boxes", CELLS(3, 3), 30, 30, {{0, 0, 10, 10}, {21, 21, 5, 5}}, 2, "100000001"},
    {"two boxes do not add up", CELLS(1, 2), 20, 10, {{9, 0, 6, 10}, {5, 0, 2, 4}}, 2, "11"},
    {"each for itself", CELLS(1, 2), 20, 10, {{8, 0, 12, 10}, {8.2f, 0, 11, 10}}, 2, "01"},
    {"a box that leaves the picture", CELLS(2, 2), 20, 20, {{-5, -5, 12, 12}}, 1, "1000"},
    {"a box outside of it", CELLS(2, 2), 20, 20, {{50, 50, 5, 5}}, 1, NULL},
    {"a box without size", CELLS(2, 2), 20, 20, {{5, 5, 0, 9}}, 1, NULL},
    {"a box that is no number", CELLS(2, 2), 20, 20, {{NAN, 5, 5, 9}}, 1, NULL},
    {"no boxes", CELLS(2, 2), 20, 20, {{0}}, 0, NULL},
    {"no picture", CELLS(2, 2), 0, 0, {{5, 5, 5, 9}}, 1, NULL},
    {"a grid of another size", {AT_OVER_CELLS, 5, 2, 2, NULL}, 20, 20, {{5, 5, 5, 9}}, 1, NULL},
    {"one cell", CELLS(1, 1), 20, 20, {{5, 5, 1, 1}}, 1, "1"},
    {"keys that are no place", {AT_OVER_OTHER, 4, 2, 2, NULL}, 20, 20, {{5, 5, 5, 5}}, 1, NULL},
};

static void check(const char *what, const float *truth, const float *share, int64_t keys,
                  const char *want) {
  double sum = 0;
  for (int64_t i = 0; i < keys; i++) {
    sum += (double)share[i];
    bool right = want ? truth[i] == (float)(want[i] - '0') : isnan(truth[i]) != 0;
    if (!right) fail_msg("%s: key %d has %g", what, (int)i, (double)truth[i]);
  }
  if (fabs(sum - 1) > 1e-5) fail_msg("%s: the shares sum to %g", what, sum);
}

static void test_cells(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof CELL_CASES / sizeof *CELL_CASES; i++) {
    const truth_case *c = &CELL_CASES[i];
    float truth[MOST], share[MOST], box[12];
    memcpy(box, c->box, sizeof box);
    const at_evidence e = {.box = box, .n_boxes = c->boxes, .width = c->width, .height = c->height};
    at_truth_of(&c->place, &e, truth, share);
    check(c->what, truth, share, c->place.keys, c->want);
    assert_float_equal(share[0], 1 / (double)c->place.keys, 1e-6);
  }
}

/* Whatever a box in the picture is, it has a cell; and only cells that it touches. */
static void test_every_box_has_a_cell(void **state) {
  (void)state;
  uint32_t x = 1;
  const at_key_place place = CELLS(5, 7);
  for (int i = 0; i < 20000; i++) {
    float v[4], truth[35], share[35];
    for (int k = 0; k < 4; k++) {
      x = x * 1664525u + 1013904223u;
      v[k] = (float)(x >> 8) / (float)(1 << 24);
    }
    float box[4] = {v[0] * 70, v[1] * 50, 0.1f + v[2] * v[2] * 60, 0.1f + v[3] * v[3] * 40};
    const at_evidence e = {.box = box, .n_boxes = 1, .width = 70, .height = 50};
    at_truth_of(&place, &e, truth, share);
    assert_false(isnan(truth[0]));
    for (int k = 0; k < 35; k++) {
      float left = (float)(k % 7) * 10, top = (float)(k / 7) * 10;
      bool apart = left >= box[0] + box[2] || left + 10 <= box[0] || top >= box[1] + box[3] ||
                   top + 10 <= box[1];
      if (apart) assert_true(truth[k] == 0);
    }
  }
}

static void test_regions(void **state) {
  (void)state;
  /* the box itself; half of it; a bit less; the whole picture; a part of it; IoU 0.5 and 0.49 */
  float region[8][4] = {{10, 10, 20, 20}, {10, 10, 10, 20}, {10, 10, 9.9f, 20}, {0, 0, 100, 100},
                        {90, 90, 5, 5},   {10, 10, 20, 40}, {30, 10, 20, 20},   {22, 10, 8, 20}};
  float box[4] = {10, 10, 20, 20}, truth[8], share[8];
  at_key_place place = {.over = AT_OVER_BOXES, .keys = 8};
  at_evidence e = {.box = box, .n_boxes = 1, .region = region[0], .n_regions = 8};
  at_truth_of(&place, &e, truth, share);
  check("regions", truth, share, 8, "11010100");
  const double all = 400 + 200 + 198 + 10000 + 25 + 800 + 400 + 160;
  for (int i = 0; i < 8; i++)
    assert_float_equal(share[i], (double)(region[i][2] * region[i][3]) / all, 1e-6);
  e.n_regions = 7;
  at_truth_of(&place, &e, truth, share);
  check("another number of regions", truth, share, 8, NULL);
  e.n_regions = 8;
  region[2][0] = INFINITY;
  at_truth_of(&place, &e, truth, share);
  check("a region that is no number", truth, share, 8, NULL);
}

/* Two words, three tokens, one step: tokens alone are true. */
static void test_parts(void **state) {
  (void)state;
  float token[] = {0.1f, 0.1f, 0.2f, 0.2f, 0.5f, 0.5f, 1, 0.7f, 0.1f, 0.1f, 0.35f, 0.2f};
  float box[] = {10, 5, 10, 5}, truth[6], share[6]; /* of 100 x 50 */
  int64_t word[] = {1};
  at_items items = {.axis = "token", .n = 3, .box = token};
  at_key_parts parts = {.v = {{.axis = "word", .over = AT_OVER_WORDS, .n = 2},
                              {.axis = "token", .over = AT_OVER_BOXES, .first = 2, .n = 3},
                              {.axis = "step", .first = 5, .n = 1, .asks = true}},
                        .n = 3};
  at_key_place place = {.over = AT_OVER_PARTS, .keys = 6, .parts = &parts};
  at_evidence e = {.box = box, .n_boxes = 1, .word = word, .n_words = 1, .words = 9, .width = 100};
  e.height = 50;
  e.items = &items;
  e.n_items = 1;
  at_truth_of(&place, &e, truth, share);
  check("a token and one that holds it", truth, share, 6, "001010");
  assert_float_equal(share[0], 1 / 6.0, 1e-6);
  items.n = 2; /* not as many as keys */
  at_truth_of(&place, &e, truth, share);
  check("other tokens", truth, share, 6, NULL);
  items.n = 3;
  place.keys = 3;
  parts = (at_key_parts){.v = {{.axis = "token", .over = AT_OVER_BOXES, .n = 3}}, .n = 1};
  at_truth_of(&place, &e, truth, share);
  check("tokens alone", truth, share, 3, "101");
  assert_float_equal(share[1], 0.1 / (0.01 + 0.1 + 0.025), 1e-6); /* by their area */
  int64_t first, asks;
  at_parts_asking(&parts, 3, &first, &asks);
  assert_true(first == 0 && asks == 3);
}

static void test_words(void **state) {
  (void)state;
  int64_t word[] = {0, 3, 5}, late[] = {4};
  float truth[7], share[7];
  at_key_place place = {.over = AT_OVER_WORDS, .keys = 6};
  at_evidence e = {.word = word, .n_words = 3, .words = 40};
  at_truth_of(&place, &e, truth, share);
  check("as they are", truth, share, 6, "100101");
  e.first = 1;
  place.keys = 7;
  at_truth_of(&place, &e, truth, share);
  check("behind <start>", truth, share, 7, "0100101");
  e.words = 3; /* <start> a b c <end> */
  place.keys = 5;
  at_truth_of(&place, &e, truth, share);
  check("cut off", truth, share, 5, "01000");
  e.word = late;
  e.n_words = 1;
  at_truth_of(&place, &e, truth, share);
  check("all cut off", truth, share, 5, NULL);
  e.n_words = 0;
  at_truth_of(&place, &e, truth, share);
  check("none", truth, share, 5, NULL);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_cells),   cmocka_unit_test(test_every_box_has_a_cell),
      cmocka_unit_test(test_regions), cmocka_unit_test(test_parts),
      cmocka_unit_test(test_words),
  };
  return cmocka_run_group_tests_name("truth", tests, NULL, NULL);
}
