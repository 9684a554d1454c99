/* What captions of scenes ask for, and whether pictures hold it: against the scenes themselves. */
#include "tests/unit/cm.h"
#include <string.h>
#include "core/data/scenes.h"
#include "plugins/metric/scene_holds.h"
#include "plugins/metric/scene_judged.h"

enum { SCENES = 300, CAPTIONS = 5, SIDE = 64 };

static void draw(uint64_t index, at_scene *s, at_scene_caption *c) {
  at_error err = {0};
  if (at_scene_draw(11, index, 2, 5, s, &err)) fail_msg("%s", err.message);
  if (at_scene_describe(s, CAPTIONS, c, &err)) fail_msg("%s", err.message);
}

/* ---- words ---- */

static unsigned fitting(const at_scene *s, const scene_phrase *p, int *n) {
  unsigned set = 0;
  *n = 0;
  for (int i = 0; i < s->n; i++) {
    const at_scene_object *o = &s->object[i];
    const bool fits = o->shape == p->shape && (p->color < 0 || o->color == p->color) &&
                      (p->texture < 0 || o->texture == p->texture) &&
                      (p->size < 0 || o->size == p->size);
    set |= (unsigned)fits << i;
    *n += fits;
  }
  return set;
}

/* Objects that the `which`-th noun of a caption points at; 0: there are fewer. */
static unsigned pointed(const at_scene_caption *c, int which) {
  unsigned set = 0;
  int seen = -1;
  for (int t = 0; t < c->n; t++) {
    bool noun = false;
    for (int i = 0; i < AT_SCENE_SHAPES; i++)
      noun |= !strncmp(c->text + c->token[t].begin, at_scene_shape_names[i],
                       strlen(at_scene_shape_names[i]));
    seen += noun;
    for (int p = 0; p < c->n_pairs && noun && seen == which; p++)
      if (c->pair[p].token == t) set |= 1u << c->pair[p].object;
  }
  return set;
}

static void check_phrases(const at_scene *s, const at_scene_caption *c, const scene_meaning *m) {
  for (int i = 0; i < m->phrases; i++) {
    int n;
    const unsigned set = fitting(s, &m->phrase[i], &n);
    if (set != pointed(c, i)) fail_msg("\"%s\": phrase %d is of other objects", c->text, i);
    if (m->phrase[i].number && m->phrase[i].number != n)
      fail_msg("\"%s\": phrase %d is of %d, not of %d", c->text, i, n, m->phrase[i].number);
  }
  if (pointed(c, m->phrases))
    fail_msg("\"%s\": there are more phrases than %d", c->text, m->phrases);
}

static void check_relations(const at_scene *s, const at_scene_caption *c, const scene_meaning *m) {
  for (int k = 0; k < m->relations; k++) {
    int n;
    const unsigned a = fitting(s, &m->phrase[m->relation[k].a], &n),
                   b = fitting(s, &m->phrase[m->relation[k].b], &n);
    if (m->relation[k].is == SCENE_BETWEEN) continue;
    for (int i = 0; i < s->n; i++)
      for (int j = 0; j < s->n; j++)
        if ((a >> i & 1) && (b >> j & 1) &&
            !at_scene_holds(s, (at_scene_relation)m->relation[k].is, i, j))
          fail_msg("\"%s\": relation %d does not hold", c->text, k);
  }
}

static void check_places(const at_scene *s, const at_scene_caption *c, const scene_meaning *m) {
  int n;
  for (int k = 0; k < m->places; k++) {
    const unsigned set = fitting(s, &m->phrase[m->place[k].of], &n);
    const scene_place *p = &m->place[k].in;
    for (int i = 0; i < s->n; i++) {
      const at_scene_object *o = &s->object[i];
      if ((set >> i & 1) && (o->x < p->x0 || o->x > p->x1 || o->y < p->y0 || o->y > p->y1))
        fail_msg("\"%s\": an object is elsewhere", c->text);
    }
  }
  for (int k = 0; k < m->extremes; k++) {
    const unsigned set = fitting(s, &m->phrase[m->extreme[k].of], &n);
    const scene_way way = m->extreme[k].way;
    for (int i = 0; i < s->n; i++)
      for (int j = 0; j < s->n; j++) {
        const at_scene_object *o = &s->object[i], *p = &s->object[j];
        const double ahead = way < SCENE_TOPMOST ? p->x - o->x : p->y - o->y;
        if ((set >> i & 1) && i != j && (way % 2 ? -ahead : ahead) < 0)
          fail_msg("\"%s\": another is farther out", c->text);
      }
  }
}

static void test_captions_say_what_is_so(void **state) {
  static at_scene_caption c[CAPTIONS];
  static const char *const claims[] = {" left of ",       " right of ",    " above ",
                                       " below ",         " higher than ", " lower than ",
                                       " next to ",       " beside ",      " in front of ",
                                       " partly behind ", " than ",        " between "};
  int relations = 0, places = 0, extremes = 0;
  (void)state;
  for (uint64_t i = 0; i < SCENES; i++) {
    at_scene s;
    draw(i, &s, c);
    for (int k = 0; k < CAPTIONS; k++) {
      scene_meaning m;
      scene_caption_read(c[k].text, &m);
      check_phrases(&s, &c[k], &m);
      check_relations(&s, &c[k], &m);
      check_places(&s, &c[k], &m);
      bool claimed = false;
      for (size_t w = 0; w < sizeof claims / sizeof *claims; w++)
        claimed |= strstr(c[k].text, claims[w]) != NULL;
      if (claimed != (m.relations > 0)) fail_msg("\"%s\": %d relations", c[k].text, m.relations);
      const bool placed = strstr(c[k].text, "near the ") || strstr(c[k].text, " in the ");
      if (placed != (m.places > 0)) fail_msg("\"%s\": %d places", c[k].text, m.places);
      if ((strstr(c[k].text, "most ") || strstr(c[k].text, "lowest ")) != (m.extremes > 0))
        fail_msg("\"%s\": %d extremes", c[k].text, m.extremes);
      relations += m.relations;
      places += m.places;
      extremes += m.extremes;
    }
  }
  assert_true(relations > SCENES && places > SCENES / 4 && extremes > SCENES / 8);
}

static void test_other_sentences(void **state) {
  scene_meaning m;
  (void)state;
  scene_caption_read("", &m);
  assert_int_equal(m.phrases, 0);
  scene_caption_read("a bird with a long red beak between", &m);
  assert_int_equal(m.phrases + m.relations + m.places, 0);
  scene_caption_read("above left of the leftmost in the top left corner", &m);
  assert_int_equal(m.phrases + m.relations + m.places + m.extremes, 0);
  scene_caption_read("Two RED circles, and 3 big striped stars between a moon", &m);
  assert_int_equal(m.phrases, 3);
  assert_int_equal(m.phrase[0].number, 2);
  assert_int_equal(m.phrase[0].color, 0);
  assert_int_equal(m.phrase[1].size, 1);
  assert_int_equal(m.relations, 0); /* between needs two */
  char many[4096] = "";
  for (int i = 0; i < 200; i++) strcat(many, "a red circle ");
  scene_caption_read(many, &m);
  assert_int_equal(m.phrases, SCENE_MOST_PHRASES);
}

/* ---- pixels ---- */

static bool scene_has(const at_scene *s, int color) {
  bool has = false;
  for (int k = 0; k < s->n; k++) has |= s->object[k].color == color;
  return has;
}

static bool view_has(const scene_view *v, int color) {
  bool has = false;
  for (int k = 0; k < v->n; k++) has |= v->blob[k].color == color;
  return has;
}

/* What its own scene asks for a picture holds; what another asks for it mostly does not. */
static void test_pictures(void **state) {
  static at_scene_caption c[SCENES][CAPTIONS];
  static scene_view view[SCENES];
  int there = 0, found = 0, absent = 0, invented = 0;
  int asked[2][SCENE_CHECKS] = {{0}}, held[2][SCENE_CHECKS] = {{0}};
  (void)state;
  for (int i = 0; i < SCENES; i++) {
    at_scene s;
    at_image m;
    at_error err = {0};
    draw((uint64_t)i, &s, c[i]);
    if (at_scene_render(&s, SIDE, &m, &err)) fail_msg("%s", err.message);
    assert_true(scene_pixels_read(m.rgb, SIDE, SIDE, &view[i]));
    at_image_free(&m);
    for (int color = 0; color < SCENE_COLORS; color++) {
      const bool has = scene_has(&s, color), sees = view_has(&view[i], color);
      there += has;
      found += has && sees;
      absent += !has;
      invented += !has && sees;
    }
  }
  for (int i = 0; i < SCENES; i++)
    for (int other = 0; other < 2; other++)
      for (int k = 0; k < CAPTIONS; k++) {
        scene_meaning m;
        scene_tally t;
        scene_caption_read(c[i][k].text, &m);
        scene_holds(&m, &view[(i + other * 17) % SCENES], &t);
        for (int q = 0; q < SCENE_CHECKS; q++) {
          asked[other][q] += t.asked[q];
          held[other][q] += t.held[q];
        }
      }
  print_message("# colours found %d of %d, invented %d of %d\n", found, there, invented, absent);
  for (int q = 0; q < SCENE_CHECKS; q++)
    print_message("# check %d: %d of %d, of other scenes %d of %d\n", q, held[0][q], asked[0][q],
                  held[1][q], asked[1][q]);
  assert_true(found >= 0.97 * there && invented <= 0.005 * absent);
  for (int q = 0; q < SCENE_CHECKS; q++) {
    if (q == SCENE_CHECK_SHAPES || q == SCENE_CHECK_PAIRS) {
      assert_int_equal(asked[0][q], 0);
      continue;
    }
    assert_true(asked[0][q] > 40);
    assert_true(held[0][q] > (q == SCENE_CHECK_NUMBERS ? 0.8 : 0.9) * asked[0][q]);
    assert_true(held[1][q] < 0.45 * asked[1][q]);
  }
}

static void test_no_picture_of_scenes(void **state) {
  static uint8_t grey[SIDE * SIDE * 3], one[3] = {214, 28, 36};
  scene_view v;
  (void)state;
  memset(grey, 170, sizeof grey);
  assert_true(scene_pixels_read(grey, SIDE, SIDE, &v));
  assert_int_equal(v.n, 0);
  assert_true(scene_pixels_read(one, 1, 1, &v));
  assert_int_equal(v.n, 1);
  assert_int_equal(v.blob[0].color, 0);
}

/* ---- what a network says ---- */

enum { CELLS = 8 };
typedef struct said {
  float color[CELLS * CELLS][SCENE_COLORS], shape[CELLS * CELLS][SCENE_SHAPES];
} said;

static void say(said *w, int y, int x, int color, int shape, float p) {
  w->color[y * CELLS + x][color] = p;
  w->shape[y * CELLS + x][shape] = 1;
}

static void test_judged(void **state) {
  static said w;
  scene_view v;
  scene_meaning m;
  scene_tally t;
  (void)state;
  memset(&w, 0, sizeof w);
  say(&w, 1, 1, 0, 0, 0.5f); /* a red circle over two cells, */
  say(&w, 1, 2, 0, 0, 0.5f);
  say(&w, 6, 7, 0, 0, 0.9f); /* another, */
  say(&w, 1, 6, 2, 3, 0.8f); /* a blue star, */
  say(&w, 6, 1, 1, 1, 0.6f); /* and no green square: less likely than not */
  scene_judged_read(w.color[0], w.shape[0], CELLS, CELLS, &v);
  assert_int_equal(v.n, 3);
  scene_caption_read("two red circles, and a blue star in the top right corner", &m);
  scene_holds(&m, &v, &t);
  for (int q = 0; q < SCENE_CHECKS; q++) assert_int_equal(t.asked[q], t.held[q]);
  assert_int_equal(t.asked[SCENE_CHECK_SHAPES], 2);
  assert_int_equal(t.asked[SCENE_CHECK_PAIRS], 2);
  assert_int_equal(t.asked[SCENE_CHECK_NUMBERS], 1);
  assert_int_equal(t.asked[SCENE_CHECK_PLACES], 1);
  assert_int_equal(t.asked[SCENE_CHECK_COLORS], 0);
  scene_caption_read("a circle is left of the blue star and above a circle", &m);
  scene_holds(&m, &v, &t);
  assert_int_equal(t.asked[SCENE_CHECK_RELATIONS], 2);
  assert_int_equal(t.held[SCENE_CHECK_RELATIONS], 1); /* farther across than down */
  scene_caption_read("a blue circle is left of a red star and next to a green square", &m);
  scene_holds(&m, &v, &t);
  assert_int_equal(t.asked[SCENE_CHECK_RELATIONS], 1); /* sizes are not judged */
  assert_int_equal(t.held[SCENE_CHECK_RELATIONS], 0);
  assert_int_equal(t.held[SCENE_CHECK_SHAPES], 2);
  assert_int_equal(t.held[SCENE_CHECK_PAIRS], 0);
  /* To the blob of its colour that is nearest, and no farther than an eighth. */
  const scene_view pixels = {
      .n = 3,
      .blob = {{.color = 0, .x0 = 0.2f, .x1 = 0.4f, .y0 = 0.1f, .y1 = 0.3f},
               {.color = 0, .x0 = 0.3f, .x1 = 0.4f, .y0 = 0.2f, .y1 = 0.3f},
               {.color = 2, .x0 = 0.5f, .x1 = 0.6f, .y0 = 0.1f, .y1 = 0.3f}}};
  scene_judged_refine(&v, &pixels);
  assert_true(v.blob[0].x0 == 0.9375f || v.blob[1].x0 == 0.9375f);
  assert_true(v.blob[0].x0 == 0.3f || v.blob[1].x0 == 0.3f);
  assert_true(v.blob[2].x0 == 0.8125f);
  for (int i = 0; i < CELLS * CELLS; i++) say(&w, i / CELLS, i % CELLS, 0, 0, 1);
  scene_judged_read(w.color[0], w.shape[0], CELLS, CELLS, &v);
  assert_true(v.n <= SCENE_MOST_BLOBS); /* nonsense does not run over */
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_captions_say_what_is_so),
      cmocka_unit_test(test_other_sentences),
      cmocka_unit_test(test_pictures),
      cmocka_unit_test(test_no_picture_of_scenes),
      cmocka_unit_test(test_judged),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
