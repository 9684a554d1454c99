/* Signs: where things lie, what is asked of them, what decides, and what is drawn. */
#include <math.h>
#include "core/data/signs.h"
#include "core/data/text_tokens.h"
#include "tests/unit/cm.h"

enum { SCENES = 600 };

static bool overlap(at_scene_box a, at_scene_box b) {
  return a.x < b.x + b.w && b.x < a.x + a.w && a.y < b.y + b.h && b.y < a.y + a.h;
}

static void inside(at_scene_box in, at_scene_box of) {
  assert_true(in.x >= of.x && in.y >= of.y && in.x + in.w <= of.x + of.w + 1e-9 &&
              in.y + in.h <= of.y + of.h + 1e-9);
}

static at_scene_box box_of(const at_signs *s, int i) {
  return i < s->boards ? s->board[i].box : at_scene_object_box(&s->shape[i - s->boards]);
}

static void test_places(void **state) {
  const at_scene_box all = {0, 0, 1, 1};
  int invented = 0, words = 0, two = 0;
  (void)state;
  for (uint64_t k = 0; k < SCENES; k++) {
    at_signs s;
    at_signs_draw(7, k, &s);
    assert_true(s.boards >= 2 && s.boards <= AT_SIGNS_BOARDS && s.shapes >= 1);
    for (int i = 0; i < s.boards + s.shapes; i++) {
      inside(box_of(&s, i), all);
      for (int j = 0; j < i; j++) assert_false(overlap(box_of(&s, i), box_of(&s, j)));
    }
    for (int i = 0; i < s.boards; i++) {
      for (int j = 0; j < i; j++) assert_int_not_equal(s.board[i].color, s.board[j].color);
      for (int w = 0; w < s.board[i].n; w++) {
        inside(s.board[i].word_box[w], s.board[i].box);
        words++;
        invented += !at_sign_word_known(s.board[i].word[w]);
      }
      two += s.board[i].n == 2;
    }
  }
  assert_true(invented > words / 3 && invented < words / 2);
  assert_true(two > SCENES / 3);
}

/* ---- questions, answered from their texts ---- */

static void say(const at_sign_board *b, char *out) {
  sprintf(out, "%s%s%s", b->word[0], b->n > 1 ? " " : "", b->n > 1 ? b->word[1] : "");
}

static int board_of_color(const at_signs *s, const char *color) {
  for (int i = 0; i < s->boards; i++)
    if (!strcmp(at_scene_color_names[s->board[i].color], color)) return i;
  fail_msg("no board is %s", color);
  return -1;
}

static int boards_that_say(const at_signs *s, const char *text, int *last) {
  char said[32];
  int n = 0;
  for (int i = 0; i < s->boards; i++) {
    say(&s->board[i], said);
    if (strcmp(said, text) != 0) continue;
    *last = i;
    n++;
  }
  return n;
}

/* By distance and angle: at least 0.12 that way, and more than across. */
static bool is_beside(const at_signs *s, int board, const at_scene_object *o, const char *side) {
  const at_scene_box b = s->board[board].box;
  const double x = b.x + b.w / 2 - o->x, y = b.y + b.h / 2 - o->y;
  if (!strcmp(side, "left")) return x <= -0.12 && fabs(y) < -x;
  if (!strcmp(side, "right")) return x >= 0.12 && fabs(y) < x;
  if (!strcmp(side, "above")) return y <= -0.12 && fabs(x) < -y;
  return y >= 0.12 && fabs(x) < y;
}

static void answer_beside(const at_signs *s, const char *text, char *out) {
  char side[16], shape[16];
  int found = 0;
  if (sscanf(text, "which word is %15s of the %15[a-z]?", side, shape) < 2 &&
      sscanf(text, "which word is %15s the %15[a-z]?", side, shape) < 2 &&
      sscanf(text, "what is written %15s of the %15[a-z]?", side, shape) < 2 &&
      sscanf(text, "what is written %15s the %15[a-z]?", side, shape) < 2)
    fail_msg("%s", text);
  for (int k = 0; k < s->shapes; k++)
    for (int i = 0; i < s->boards; i++) {
      if (strcmp(at_scene_shape_names[s->shape[k].shape], shape) != 0 ||
          !is_beside(s, i, &s->shape[k], side))
        continue;
      say(&s->board[i], out);
      found++;
    }
  assert_int_equal(found, 1);
}

static void answer_place(const at_signs *s, const char *text, char *out) {
  char place[16];
  int best = 0;
  assert_int_equal(sscanf(text, "what does the %15s board say?", place), 1);
  for (int i = 1; i < s->boards; i++) {
    const at_scene_box a = s->board[i].box, b = s->board[best].box;
    const double x = a.x + a.w / 2 - b.x - b.w / 2, y = a.y + a.h / 2 - b.y - b.h / 2;
    const double by = *place == 'r' ? x : !strcmp(place, "leftmost") ? -x : *place == 'h' ? -y : y;
    if (by > 0) best = i;
  }
  say(&s->board[best], out);
}

static void answer(const at_signs *s, at_sign_kind kind, const char *text, char *out) {
  char a[32], b[32], said[2][32];
  int i = -1, j = -1;
  switch (kind) {
    case AT_SIGN_READ:
      assert_int_equal(sscanf(text, "what is written on the %31s board?", a), 1);
      say(&s->board[board_of_color(s, a)], out);
      return;
    case AT_SIGN_BESIDE: answer_beside(s, text, out); return;
    case AT_SIGN_PLACE: answer_place(s, text, out); return;
    case AT_SIGN_COLOR:
      assert_int_equal(sscanf(text, "what color is the board that says %31[a-z]?", a), 1);
      assert_int_equal(boards_that_say(s, a, &i), 1);
      strcpy(out, at_scene_color_names[s->board[i].color]);
      return;
    case AT_SIGN_COUNT:
      assert_int_equal(sscanf(text, "how many boards say %31[a-z]?", a), 1);
      sprintf(out, "%d", boards_that_say(s, a, &i));
      return;
    case AT_SIGN_SAME:
      assert_int_equal(sscanf(text, "do the %31s board and the %31s board say the same?", a, b), 2);
      say(&s->board[board_of_color(s, a)], said[0]);
      say(&s->board[board_of_color(s, b)], said[1]);
      strcpy(out, strcmp(said[0], said[1]) ? "no" : "yes");
      return;
    case AT_SIGN_LARGER:
      assert_int_equal(sscanf(text, "which is written larger, %31s or %31[a-z]?", a, b), 2);
      assert_int_equal(boards_that_say(s, a, &i), 1);
      assert_int_equal(boards_that_say(s, b, &j), 1);
      strcpy(out, s->board[i].word_box[0].h > s->board[j].word_box[0].h ? a : b);
      return;
    case AT_SIGN_KINDS: break;
  }
}

static void test_questions(void **state) {
  int asked[AT_SIGN_KINDS] = {0}, yes = 0, none = 0, several = 0;
  (void)state;
  for (uint64_t k = 0; k < SCENES; k++) {
    at_sign_question q[AT_SIGN_KINDS];
    at_signs s;
    at_signs_draw(7, k, &s);
    const int n = at_signs_ask(&s, q);
    for (int i = 0; i < n; i++) {
      char want[64];
      at_tokens t = {0};
      answer(&s, q[i].kind, q[i].text, want);
      if (strcmp(want, q[i].answer) != 0) fail_msg("%s %s, not %s", q[i].text, q[i].answer, want);
      asked[q[i].kind]++;
      yes += !strcmp(q[i].answer, "yes");
      none += q[i].kind == AT_SIGN_COUNT && *q[i].answer == '0';
      several += q[i].kind == AT_SIGN_COUNT && *q[i].answer > '1';
      assert_true((q[i].boards != 0) == (strcmp(q[i].answer, "0") != 0) &&
                  q[i].boards < 1u << s.boards);
      assert_true((q[i].shapes != 0) == (q[i].kind == AT_SIGN_BESIDE));
      assert_int_equal(at_tokenise(q[i].text, strlen(q[i].text), AT_TOKENS_WORDS, &t, NULL), AT_OK);
      for (int w = 0; w < q[i].words; w++)
        assert_true(q[i].word[w] < (int)t.n && strcmp(t.v[q[i].word[w]].text, "the") != 0);
      at_tokens_free(&t);
    }
  }
  assert_int_equal(asked[AT_SIGN_READ], SCENES);
  for (int k = 0; k < AT_SIGN_KINDS; k++)
    if (asked[k] < SCENES / 10) fail_msg("%s: %d", at_sign_kind_names[k], asked[k]);
  assert_true(yes > asked[AT_SIGN_SAME] / 4 && yes < 3 * asked[AT_SIGN_SAME] / 4);
  assert_true(none > asked[AT_SIGN_COUNT] / 5 && several > asked[AT_SIGN_COUNT] / 10);
}

/* ---- pictures: each word has ink at all four sides of its box, and none around it ---- */

enum { SIDE = 256 };

/* Pixels of the row or column that are nearer to the ink than to the board. */
static int inked(const unsigned char *rgb, bool white, at_scene_box b, int line, bool row) {
  const int from = (int)((row ? b.x : b.y) * SIDE),
            to = (int)((row ? b.x + b.w : b.y + b.h) * SIDE);
  int n = 0;
  for (int k = from; k <= to; k++) {
    const unsigned char *p = rgb + 3 * (row ? line * SIDE + k : k * SIDE + line);
    const int least = p[0] < p[1] ? p[0] < p[2] ? p[0] : p[2] : p[1] < p[2] ? p[1] : p[2];
    const int most = p[0] > p[1] ? p[0] > p[2] ? p[0] : p[2] : p[1] > p[2] ? p[1] : p[2];
    n += white ? least > 170 : most < 100;
  }
  return n;
}

static void test_pictures(void **state) {
  unsigned char *rgb = malloc(3 * SIDE * SIDE);
  (void)state;
  for (uint64_t k = 0; k < 20; k++) {
    at_signs s;
    at_error err = {0};
    at_signs_draw(3, k, &s);
    if (at_signs_render(&s, SIDE, rgb, &err) != AT_OK) fail_msg("%s", err.message);
    for (int i = 0; i < s.boards; i++)
      for (int w = 0; w < s.board[i].n; w++) {
        const char *color = at_scene_color_names[s.board[i].color];
        const bool white =
            strcmp(color, "yellow") && strcmp(color, "orange") && strcmp(color, "white");
        const at_scene_box b = s.board[i].word_box[w];
        const int x0 = (int)(b.x * SIDE), x1 = (int)((b.x + b.w) * SIDE), y0 = (int)(b.y * SIDE),
                  y1 = (int)((b.y + b.h) * SIDE);
        assert_true(inked(rgb, white, b, y0 + 1, true) > 0);
        assert_true(inked(rgb, white, b, y1 - 1, true) > 0);
        assert_true(inked(rgb, white, b, x0 + 1, false) + inked(rgb, white, b, x0 + 2, false) > 0);
        assert_true(inked(rgb, white, b, x1 - 1, false) + inked(rgb, white, b, x1 - 2, false) > 0);
        assert_int_equal(inked(rgb, white, b, y0 - 2, true), 0);
        assert_int_equal(inked(rgb, white, b, y1 + 2, true), 0);
      }
  }
  free(rgb);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_places),
      cmocka_unit_test(test_questions),
      cmocka_unit_test(test_pictures),
  };
  return cmocka_run_group_tests_name("signs", tests, NULL, NULL);
}
