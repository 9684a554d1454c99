/* Sort-of-CLEVR and pictures for SHAPES: what is written is true of what is drawn. */
#include "cm.h"
#include <dirent.h>
#include <unistd.h>
#include "core/base/file.h"
#include "core/data/npy.h"
#include "core/data/shapes.h"
#include "core/data/sort_of_clevr.h"
#include "core/data/text_tokens.h"

/* ---- Sort-of-CLEVR ---- */

enum { SCENES = 2000, SIDE = AT_SOC_SIDE, PIXELS = SIDE * SIDE * 3 };

static void draw_scene(uint64_t index, at_soc_scene *s, at_soc_question *q) {
  at_dice d = at_dice_new(7, "test", index);
  at_soc_draw(&d, s);
  at_soc_ask(&d, q);
}

/* Everything a second time, from the picture alone: where a colour lies and whether its corner is
 * painted. Squares' hidden corners leave the box as it is unless a whole side is hidden, which the
 * distance of centres forbids. */
typedef struct seen {
  double x, y;
  bool square;
} seen;

static const unsigned char colors[AT_SOC_COLORS][3] = {
    {255, 0, 0}, {0, 255, 0}, {0, 0, 255}, {255, 156, 0}, {128, 128, 128}, {255, 255, 0}};

static seen look(const unsigned char *rgb, int color, const at_soc_scene *s) {
  int x0 = SIDE, x1 = -1, y0 = SIDE, y1 = -1, n = 0;
  for (int y = 0; y < SIDE; y++)
    for (int x = 0; x < SIDE; x++)
      if (!memcmp(rgb + 3 * (y * SIDE + x), colors[color], 3)) {
        x0 = x < x0 ? x : x0;
        x1 = x > x1 ? x : x1;
        y0 = y < y0 ? y : y0;
        y1 = y > y1 ? y : y1;
        n++;
      }
  assert_in_range(x1 - x0, 2 * AT_SOC_RADIUS - 2, 2 * AT_SOC_RADIUS);
  assert_in_range(y1 - y0, 2 * AT_SOC_RADIUS - 2, 2 * AT_SOC_RADIUS);
  return (seen){s->object[color].x, s->object[color].y, n > 97}; /* a disc has 89 of 121 pixels */
}

static const char *answer_by_hand(const seen *o, at_soc_question q) {
  static const char *const numbers[] = {"0", "1", "2", "3", "4", "5", "6"};
  const seen *me = &o[q.color];
  double least = 1e9, most = -1;
  int near = -1, far = -1, same = 0;
  for (int i = 0; i < AT_SOC_COLORS; i++) {
    double d = hypot(o[i].x - me->x, o[i].y - me->y);
    same += o[i].square == me->square;
    if (i != q.color && d < least) least = d, near = i;
    if (i != q.color && d > most) most = d, far = i;
  }
  switch (q.kind) {
    case AT_SOC_SHAPE: return me->square ? "square" : "circle";
    case AT_SOC_LEFT: return me->x < 37.5 ? "yes" : "no";
    case AT_SOC_TOP: return me->y < 37.5 ? "yes" : "no";
    case AT_SOC_CLOSEST: return o[near].square ? "square" : "circle";
    case AT_SOC_FURTHEST: return o[far].square ? "square" : "circle";
    case AT_SOC_COUNT: return numbers[same];
    case AT_SOC_KINDS: break;
  }
  return "";
}

static void test_answers(void **state) {
  static unsigned char rgb[PIXELS];
  at_soc_question q[2 * AT_SOC_EACH];
  at_soc_scene s;
  (void)state;
  for (uint64_t i = 0; i < SCENES; i++) {
    seen o[AT_SOC_COLORS];
    draw_scene(i, &s, q);
    at_soc_render(&s, rgb);
    for (int c = 0; c < AT_SOC_COLORS; c++) {
      o[c] = look(rgb, c, &s);
      assert_int_equal(o[c].square, s.object[c].shape == 0);
      for (int b = 0; b < c; b++) assert_true(hypot(o[c].x - o[b].x, o[c].y - o[b].y) >= 10);
    }
    for (int k = 0; k < 2 * AT_SOC_EACH; k++) {
      assert_int_equal(q[k].kind >= AT_SOC_CLOSEST, k >= AT_SOC_EACH);
      assert_string_equal(at_soc_answer(&s, q[k]), answer_by_hand(o, q[k]));
    }
  }
}

/* Within five standard deviations, sqrt(p (1 - p) / n), of what chance gives. Questions of one
 * picture share its objects: n counts pictures. */
static void near_share(double count, double of, double p) {
  double off = fabs(count / of - p), bound = 5 * sqrt(p * (1 - p) / SCENES);
  if (off > bound) fail_msg("%g of %g is not near %g", count, of, p);
}

static void test_balance(void **state) {
  static int kinds[AT_SOC_KINDS], first[AT_SOC_KINDS], counts[AT_SOC_COLORS + 1], colors_asked[6];
  static const double binomial[] = {1, 5, 10, 10, 5, 1}; /* of the five others, of 32 */
  at_soc_question q[2 * AT_SOC_EACH];
  at_soc_scene s;
  (void)state;
  for (uint64_t i = 0; i < SCENES; i++) {
    draw_scene(i, &s, q);
    for (int k = 0; k < 2 * AT_SOC_EACH; k++) {
      const char *a = at_soc_answer(&s, q[k]);
      kinds[q[k].kind]++;
      colors_asked[q[k].color]++;
      first[q[k].kind] += !strcmp(a, "yes") || !strcmp(a, "square");
      if (q[k].kind == AT_SOC_COUNT) counts[*a - '0']++;
    }
  }
  for (int k = 0; k < AT_SOC_KINDS; k++) near_share(kinds[k], SCENES * AT_SOC_EACH, 1 / 3.0);
  for (int k = 0; k < AT_SOC_COUNT; k++)
    near_share(first[k], kinds[k], k == AT_SOC_LEFT || k == AT_SOC_TOP ? 33 / 65.0 : 0.5);
  for (int n = 1; n <= 6; n++) near_share(counts[n], kinds[AT_SOC_COUNT], binomial[n - 1] / 32);
  for (int c = 0; c < 6; c++) near_share(colors_asked[c], 2 * AT_SOC_EACH * SCENES, 1 / 6.0);
}

/* The numbers in "key": [...] of a line; how many. */
static int numbers(const char *json, const char *key, int *out, int most) {
  const char *c = strstr(json, key);
  int n = 0, depth = 0;
  assert_non_null(c);
  for (c += strlen(key); n < most; c++) {
    depth += (*c == '[') - (*c == ']');
    if (*c >= '0' && *c <= '9') out[n++] = (int)strtol(c, (char **)(void *)&c, 10), c--;
    if (!depth && *c == ']') break;
  }
  return n;
}

static void check_words(const at_soc_scene *s, at_soc_question q) {
  at_text t = {0};
  at_tokens tokens = {0};
  int links[64], words[8];
  at_soc_question_json(s, q, 3, &t);
  const char *text = strstr(t.data, "\"question\": \"") + 13;
  size_t length = (size_t)(strchr(text, '"') - text);
  assert_int_equal(at_tokenise(text, length, AT_TOKENS_WORDS, &tokens, NULL), AT_OK);
  int n = numbers(t.data, "\"words\": ", words, 8);
  assert_in_range(n, 2, 3);
  assert_string_equal(tokens.v[words[0]].text, at_soc_color_names[q.color]);
  n = numbers(t.data, "\"links\": ", links, 64);
  assert_true(n >= 4 && n % 2 == 0);
  int counted = 0;
  for (int i = 0; i < n; i += 2) {
    assert_in_range(links[i], 0, tokens.n - 1);
    assert_in_range(links[i + 1], 0, AT_SOC_COLORS - 1);
    const char *w = tokens.v[links[i]].text;
    bool asked = links[i] == words[0] || links[i] == words[0] + 1 || q.kind < AT_SOC_CLOSEST;
    if (asked) assert_int_equal(links[i + 1], q.color); /* "red object" */
    if (!asked && q.kind != AT_SOC_COUNT) assert_int_not_equal(links[i + 1], q.color);
    if (!asked && q.kind != AT_SOC_COUNT)
      assert_string_equal(at_soc_shape_names[s->object[links[i + 1]].shape], at_soc_answer(s, q));
    counted += !strcmp(w, "objects");
    assert_true(strcmp(w, "the") && strcmp(w, "is") && strcmp(w, "of"));
  }
  if (q.kind == AT_SOC_COUNT) assert_int_equal(counted, *at_soc_answer(s, q) - '0');
  at_tokens_free(&tokens);
  at_text_free(&t);
}

static void test_words(void **state) {
  at_soc_question q[2 * AT_SOC_EACH];
  at_soc_scene s;
  (void)state;
  for (uint64_t i = 0; i < 100; i++) {
    draw_scene(i, &s, q);
    for (int k = 0; k < 2 * AT_SOC_EACH; k++) check_words(&s, q[k]);
  }
}

/* ---- folders ---- */

static char folder[] = "/tmp/attune-made.XXXXXX";

static char *inside(const char *name) {
  char *p = at_path_join(folder, name);
  assert_non_null(p);
  return p;
}

static void same_files(const char *a, const char *b, int expected) {
  DIR *d = opendir(a);
  int n = 0;
  assert_non_null(d);
  for (struct dirent *e; (e = readdir(d));) {
    if (*e->d_name == '.') continue;
    char *pa = at_path_join(a, e->d_name), *pb = at_path_join(b, e->d_name), *ta, *tb;
    size_t na, nb;
    assert_int_equal(at_file_read(pa, 1 << 26, &ta, &na, NULL), AT_OK);
    assert_int_equal(at_file_read(pb, 1 << 26, &tb, &nb, NULL), AT_OK);
    assert_int_equal(na, nb);
    assert_memory_equal(ta, tb, na);
    free(ta), free(tb), free(pa), free(pb);
    n++;
  }
  closedir(d);
  assert_int_equal(n, expected);
}

static void test_threads(void **state) {
  at_soc_options o = {.pictures = {130, 3, 5}, .seed = 9};
  at_pool *pool;
  char *one = inside("one"), *three = inside("three"), *npy = inside("one/train.images.npy");
  at_array a = {0};
  (void)state;
  assert_int_equal(at_pool_new(3, &pool, NULL), AT_OK);
  assert_int_equal(at_soc_make(&o, one, NULL, NULL, NULL, NULL), AT_OK);
  assert_int_equal(at_soc_make(&o, three, pool, NULL, NULL, NULL), AT_OK);
  same_files(one, three, 10);
  assert_int_equal(at_npy_read(npy, &a, NULL), AT_OK);
  assert_true(a.dtype == AT_U8 && a.ndim == 4 && a.shape[0] == 130 && a.shape[1] == SIDE);
  at_array_free(&a);
  at_pool_free(pool);
  free(one), free(three), free(npy);
}

static bool stop_soon(void *ctx, int64_t done, int64_t total) {
  (void)ctx;
  (void)total;
  return done < 64;
}

static void test_nothing_half_made(void **state) {
  at_soc_options o = {.pictures = {130, 0, 0}};
  at_error err = {0};
  char *dir = inside("half");
  (void)state;
  assert_int_equal(at_soc_make(&o, dir, NULL, stop_soon, NULL, &err), AT_EFAIL);
  assert_non_null(strstr(err.message, "stopped after 64 of 130"));
  DIR *d = opendir(folder);
  for (struct dirent *e; (e = readdir(d));) assert_null(strstr(e->d_name, "half"));
  closedir(d);
  free(dir);
}

/* ---- SHAPES ---- */

static const char *const shapes[] = {"circle", "square", "triangle"};
static const char *const hues[] = {"red", "green", "blue"};

static bool fits(const at_shapes_cell *c, const char *word) {
  return c->shape >= 0 && (!strcmp(shapes[c->shape], word) || !strcmp(hues[c->color], word));
}

/* Is there a cell with `is`, from which steps back along the relations lead to an `of`? */
static bool answer_from(const at_shapes_grid *g, const char *is, const char *const *relation, int n,
                        const char *of) {
  for (int i = 0; i < 9; i++) {
    int y = i / 3, x = i % 3;
    bool inside_grid = true;
    if (!fits(&g->cell[i], is)) continue;
    for (int k = 0; k < n; k++) {
      y += !strcmp(relation[k], "above") - !strcmp(relation[k], "below");
      x += !strcmp(relation[k], "left_of") - !strcmp(relation[k], "right_of");
      inside_grid = inside_grid && y >= 0 && y < 3 && x >= 0 && x < 3;
    }
    if (inside_grid && fits(&g->cell[3 * y + x], of)) return true;
  }
  return false;
}

static void test_queries(void **state) {
  static const char *const relation[] = {"above", "below", "left_of", "right_of"};
  static const char *const word[] = {"circle", "blue", "red", "triangle"};
  int truths = 0, all = 0;
  (void)state;
  for (int i = 0; i < 4000; i++) {
    at_dice d = at_dice_new(1, "queries", (uint64_t)i);
    const char *is = word[at_dice_roll(&d, 4)], *of = word[at_dice_roll(&d, 4)], *r[3];
    int n = at_dice_roll(&d, 4);
    char text[128] = "", close[8] = "";
    at_shapes_query q;
    at_shapes_grid g;
    at_error err = {0};
    size_t at = (size_t)snprintf(text, sizeof text, "(is %s ", is);
    for (int k = 0; k < n; k++) {
      r[k] = relation[at_dice_roll(&d, 4)];
      at += (size_t)snprintf(text + at, sizeof text - at, "(%s ", r[k]);
      close[k] = ')';
    }
    snprintf(text + at, sizeof text - at, "%s)%s", of, close);
    if (at_shapes_parse(text, strlen(text), &q, &err)) fail_msg("%s: %s", text, err.message);
    at_shapes_draw(&d, &g);
    bool wanted = answer_from(&g, is, r, n, of);
    assert_int_equal(at_shapes_found(&q, &g) != 0, wanted);
    truths += wanted;
    all++;
    if (n != 1 && !(n == 2 && r[0] == r[1])) continue; /* of the others some are never true */
    for (int want = 0; want < 2; want++) {
      if (!at_shapes_draw_for(&d, &q, want, &g)) fail_msg("%s is never %d", text, want);
      assert_int_equal(answer_from(&g, is, r, n, of), want);
    }
  }
  assert_true(truths > all / 10 && truths < all * 9 / 10);
}

static void test_bad_queries(void **state) {
  static const char *const bad[][2] = {
      {"", "`(` is wanted where the line ends"},
      {"(has red circle)", "a query begins with `(is`"},
      {"(is)", "a shape or colour is wanted where `)` stands there"},
      {"(is red)", "a shape or colour is wanted where `)` stands there"},
      {"(is pink circle)", "`pink` is no shape or colour"},
      {"(is red cirkle)", "did you mean `circle`?"},
      {"(is red (leftof circle))", "`leftof` is no relation; did you mean `left_of`?"},
      {"(is red (left_of circle)", "`)` is wanted where the line ends"},
      {"(is red circle))", "the end is wanted where `)` stands there"},
      {"(is red \xff)", "where the byte 0xff stands there"},
      {"(is red (above (above (above (above (above (above (above (above (above (above (above "
       "(above (above (above (above (above (above red",
       "more than 16 relations"}};
  (void)state;
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    at_shapes_query q;
    at_error err = {0};
    assert_int_equal(at_shapes_parse(bad[i][0], strlen(bad[i][0]), &q, &err), AT_EINPUT);
    if (!strstr(err.message, bad[i][1])) fail_msg("%s: %s", bad[i][0], err.message);
  }
}

/* Chances of the prior: a cell is empty with 0.2; any shape or colour has 0.8 / 3. */
static void test_prior(void **state) {
  enum { N = 20000 };
  int empty = 0, big = 0, filled = 0, kinds[9] = {0};
  (void)state;
  for (int i = 0; i < N; i++) {
    at_dice d = at_dice_new(3, "prior", (uint64_t)i);
    at_shapes_grid g;
    at_shapes_draw(&d, &g);
    for (int k = 0; k < 9; k++) {
      const at_shapes_cell *c = &g.cell[k];
      empty += c->shape < 0;
      if (c->shape < 0) continue;
      filled++;
      big += c->radius > 3.1;
      kinds[3 * c->shape + c->color]++;
      assert_true(c->rgb[c->color] >= 0.8 && c->radius >= 2.25 && c->radius <= 4.125);
    }
  }
  assert_true(fabs(empty / (9.0 * N) - 0.2) < 5 * sqrt(0.2 * 0.8 / (9 * N)));
  assert_true(fabs(big / (double)filled - 0.5) < 5 * sqrt(0.25 / filled));
  for (int k = 0; k < 9; k++)
    assert_true(fabs(kinds[k] / (double)filled - 1 / 9.0) < 5 * sqrt(8 / 81.0 / filled));
}

/* ---- the published files, where they are ---- */

static void read_cells(char *line, at_shapes_grid *g, uint32_t *answer) {
  char *save = NULL, *cells = strchr(line, '\t') + 1, *found = strchr(cells, '\t');
  *found++ = 0;
  *answer = 0;
  for (int y, x; sscanf(found, "%d,%d", &y, &x) == 2; found += 3 + (found[3] == ' '))
    *answer |= 1u << (3 * y + x);
  char *c = strtok_r(cells, " ", &save);
  for (int i = 0; i < 9; i++, c = strtok_r(NULL, " ", &save)) {
    char shape[16], color[16];
    g->cell[i].shape = -1;
    if (!strcmp(c, "-")) continue;
    assert_int_equal(sscanf(c, "%15[^:]:%15s", shape, color), 2);
    for (int k = 0; k < 3; k++) {
      if (!strcmp(shape, shapes[k])) g->cell[i].shape = k;
      if (!strcmp(color, hues[k])) g->cell[i].color = k;
    }
  }
}

static void next(char **at, char **line) {
  *line = *at;
  *at = strchr(*at, '\n');
  assert_non_null(*at);
  *(*at)++ = 0;
}

static int check_published(const char *root, const char *split) {
  static const char *const suffix[3] = {"cells.tsv", "query", "output"};
  char *text[3], *at[3], *line[3];
  int rows = 0;
  for (int i = 0; i < 3; i++) {
    char name[512];
    size_t n;
    snprintf(name, sizeof name, "%s/%s.%s", root, split, suffix[i]);
    assert_int_equal(at_file_read(name, 1 << 24, &text[i], &n, NULL), AT_OK);
    at[i] = text[i];
  }
  for (next(&at[0], &line[0]); *at[1]; rows++) { /* the first line is a head */
    at_shapes_grid g;
    at_shapes_query q;
    uint32_t answer;
    for (int i = 0; i < 3; i++) next(&at[i], &line[i]);
    read_cells(line[0], &g, &answer);
    assert_int_equal(at_shapes_parse(line[1], strlen(line[1]), &q, NULL), AT_OK);
    assert_int_equal(at_shapes_found(&q, &g), answer);
    assert_string_equal(answer ? "true" : "false", line[2]);
    assert_true(at_shapes_candidates(&q, &g) != 0); /* as the generator promises */
  }
  for (int i = 0; i < 3; i++) free(text[i]);
  return rows;
}

static void test_published(void **state) {
  const char *shared = getenv("ATTUNE_SHARED"), *top = getenv("top_srcdir");
  char root[512], file[600];
  (void)state;
  snprintf(root, sizeof root, "%s%s/data/shapes",
           shared ? shared
           : top  ? top
                  : ".",
           shared ? "" : "/../shared");
  snprintf(file, sizeof file, "%s/val.cells.tsv", root);
  if (!at_file_exists(file)) {
    print_message("# the files of SHAPES are not here\n");
    skip();
  }
  assert_int_equal(check_published(root, "train.tiny"), 64);
  assert_int_equal(check_published(root, "train.small"), 640);
  assert_int_equal(check_published(root, "val"), 1024);
  assert_int_equal(check_published(root, "test"), 1024);
}

/* ---- pictures for queries ---- */

static void put(const char *name, const char *text) {
  char *path = inside(name);
  assert_int_equal(at_file_write(path, text, strlen(text), NULL), AT_OK);
  free(path);
}

static void test_made_shapes(void **state) {
  char *queries = inside("q"), *one = inside("s1"), *three = inside("s3");
  at_shapes_options o = {.queries = queries, .each = 40, .seed = 4};
  at_pool *pool;
  int64_t made = 0;
  (void)state;
  put("q.query",
      "(is red (left_of circle))\n(is square blue)\n(is green (above (right_of red)))\n");
  put("q.query_str.txt", "one\ntwo\nthree\n");
  put("q.output", "true\nfalse\ntrue\n");
  assert_int_equal(at_pool_new(3, &pool, NULL), AT_OK);
  assert_int_equal(at_shapes_make(&o, one, NULL, NULL, NULL, &made, NULL), AT_OK);
  assert_int_equal(made, 120);
  assert_int_equal(at_shapes_make(&o, three, pool, NULL, NULL, NULL, NULL), AT_OK);
  same_files(one, three, 6);
  assert_int_equal(check_published(one, "train"), 120);
  at_pool_free(pool);
  free(queries), free(one), free(three);
}

static int set_up(void **state) {
  (void)state;
  return mkdtemp(folder) ? 0 : -1;
}

static int tear_down(void **state) {
  char command[128];
  (void)state;
  snprintf(command, sizeof command, "rm -rf '%s'", folder);
  return system(command);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_answers),     cmocka_unit_test(test_balance),
      cmocka_unit_test(test_words),       cmocka_unit_test(test_threads),
      cmocka_unit_test(test_queries),     cmocka_unit_test(test_nothing_half_made),
      cmocka_unit_test(test_bad_queries), cmocka_unit_test(test_prior),
      cmocka_unit_test(test_published),   cmocka_unit_test(test_made_shapes)};
  return cmocka_run_group_tests_name("made", tests, set_up, tear_down);
}
