/* The embedded data set: what a scene says of itself is true of it. */
#include "cm.h"
#include "core/data/scenes.h"

enum { SCENES = 300, CAPTIONS = 5 };

static void draw(uint64_t index, at_scene *s) {
  at_error err = {0};
  if (at_scene_draw(7, index, 2, 5, s, &err)) fail_msg("%s", err.message);
}

static void test_objects(void **state) {
  (void)state;
  int count[AT_SCENE_MAX_OBJECTS + 1] = {0};
  for (uint64_t i = 0; i < SCENES; i++) {
    at_scene s;
    draw(i, &s);
    assert_in_range(s.n, 2, 5);
    count[s.n]++;
    for (int k = 0; k < s.n; k++) {
      at_scene_box b = at_scene_object_box(&s.object[k]);
      assert_true(b.x >= 0 && b.y >= 0 && b.x + b.w <= 1 && b.y + b.h <= 1 && b.w > 0 && b.h > 0);
      assert_true(at_scene_hidden(&s, k) <= 0.25);
    }
  }
  for (int n = 2; n <= 5; n++) assert_true(count[n] > SCENES / 10);
}

static int index_of(const char *word, size_t n, const char *const *names, int count) {
  for (int i = 0; i < count; i++)
    if (strlen(names[i]) == n && !strncmp(names[i], word, n)) return i;
  return -1;
}

/* A word that is the name of a colour, texture or shape points only at objects that have it. */
static void test_words_fit_their_objects(void **state) {
  int checked = 0;
  (void)state;
  for (uint64_t i = 0; i < SCENES; i++) {
    at_scene s;
    static at_scene_caption c[CAPTIONS];
    at_error err = {0};
    draw(i, &s);
    if (at_scene_describe(&s, CAPTIONS, c, &err)) fail_msg("%s", err.message);
    for (int k = 0; k < CAPTIONS; k++)
      for (int p = 0; p < c[k].n_pairs; p++) {
        int token = c[k].pair[p].token, object = c[k].pair[p].object;
        assert_in_range(token, 0, c[k].n - 1);
        assert_in_range(object, 0, s.n - 1);
        const char *word = c[k].text + c[k].token[token].begin;
        size_t n = (size_t)(c[k].token[token].end - c[k].token[token].begin);
        int color = index_of(word, n, at_scene_color_names, AT_SCENE_COLORS);
        int texture = index_of(word, n, at_scene_texture_names, AT_SCENE_TEXTURES);
        int shape = index_of(word, n, at_scene_shape_names, AT_SCENE_SHAPES);
        if (color >= 0) assert_int_equal(s.object[object].color, color);
        if (texture >= 0) assert_int_equal(s.object[object].texture, texture);
        if (shape >= 0) assert_int_equal(s.object[object].shape, shape);
        checked += color >= 0 || texture >= 0 || shape >= 0;
      }
  }
  assert_true(checked > 1000);
}

/* Inside its box an object changes the picture; a scene without it is the same elsewhere. */
static void test_boxes_hold_what_is_drawn(void **state) {
  enum { SIDE = 64 };
  (void)state;
  for (uint64_t i = 0; i < 40; i++) {
    at_scene s, less;
    at_image with = {0}, without = {0};
    draw(i, &s);
    less = s;
    less.n--; /* the one in front */
    assert_int_equal(at_scene_render(&s, SIDE, &with, NULL), AT_OK);
    assert_int_equal(at_scene_render(&less, SIDE, &without, NULL), AT_OK);
    at_scene_box b = at_scene_object_box(&s.object[s.n - 1]);
    int inside = 0;
    for (int y = 0; y < SIDE; y++)
      for (int x = 0; x < SIDE; x++) {
        int at = 3 * (y * SIDE + x), differs = memcmp(with.rgb + at, without.rgb + at, 3) != 0;
        bool in = x + 2 >= b.x * SIDE && x - 1 <= (b.x + b.w) * SIDE && y + 2 >= b.y * SIDE &&
                  y - 1 <= (b.y + b.h) * SIDE;
        if (differs && !in)
          fail_msg("scene %d: (%d, %d) lies outside the box of the object", (int)i, x, y);
        inside += differs;
      }
    assert_true(inside > 4);
    at_image_free(&with);
    at_image_free(&without);
  }
}

static void test_seed_decides(void **state) {
  at_scene a, b;
  (void)state;
  at_scene_draw(7, 11, 2, 5, &a, NULL);
  at_scene_draw(7, 11, 2, 5, &b, NULL);
  assert_memory_equal(&a, &b, sizeof a);
  at_scene_draw(8, 11, 2, 5, &b, NULL);
  assert_true(memcmp(a.object, b.object, sizeof a.object) != 0);
}

static void test_splits(void **state) {
  (void)state;
  assert_string_equal(at_scenes_split(0), "train");
  assert_string_equal(at_scenes_split(8), "val");
  assert_string_equal(at_scenes_split(9), "test");
  assert_string_equal(at_scenes_split(1008), "val");
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_objects), cmocka_unit_test(test_words_fit_their_objects),
      cmocka_unit_test(test_boxes_hold_what_is_drawn), cmocka_unit_test(test_seed_decides),
      cmocka_unit_test(test_splits)};
  return cmocka_run_group_tests_name("scenes", tests, NULL, NULL);
}
