#include "tests/unit/cm.h"
#include "core/report/report_impl.h"

/* ---- weights as shades ---- */

static void test_shades(void **state) {
  (void)state;
  float sharp[] = {0.1f, 0.8f, 0.1f, 0}, flat[] = {0.25f, 0.25f, 0.25f, 0.25f};
  float two[] = {1, 0, NAN, 1}, one[] = {1};
  rp_shades s;
  at_error err = {0};
  at_attention a = {.queries = 1, .keys = 4, .weight = sharp};
  assert_int_equal(at_rp_shades(&a, &s, &err), AT_OK);
  assert_int_equal(s.most, 1);
  assert_float_equal(s.shade[1], 1, 1e-6);
  assert_float_equal(s.shade[0], 0.125, 1e-6);
  assert_float_equal(s.shade[3], 0, 0);
  assert_float_equal(s.entropy, 0.639, 1e-3);
  at_rp_shades_free(&s);
  /* where nothing stands out nothing looks as if it did */
  a.weight = flat;
  assert_int_equal(at_rp_shades(&a, &s, &err), AT_OK);
  for (int i = 0; i < 4; i++) assert_float_equal(s.shade[i], 0.5, 1e-6);
  at_rp_shades_free(&s);
  /* two that ask, two keys: their mean; what is no number counts nothing */
  a = (at_attention){.queries = 2, .keys = 2, .weight = two};
  assert_int_equal(at_rp_shades(&a, &s, &err), AT_OK);
  assert_true(s.n == 2);
  assert_float_equal(s.weight[0], 0.5, 1e-6);
  assert_float_equal(s.weight[1], 0.5, 1e-6);
  at_rp_shades_free(&s);
  a = (at_attention){.queries = 1, .keys = 1, .weight = one};
  assert_int_equal(at_rp_shades(&a, &s, &err), AT_OK);
  assert_float_equal(s.shade[0], 1, 0);
  at_rp_shades_free(&s);
}

/* ---- a made-up model of two steps ---- */

typedef enum shape { TWO_STEPS, LOOSE, BOXES, MEMORY } shape;

typedef struct maker {
  shape kind;
  size_t rows, right_every; /* every so many rows are answered right; 0: none is */
  size_t fails_at;          /* the look of this number fails; 0: none */
  bool bare, named;         /* no picture; each row has a question of its own */
  int opened, closed, looks, freed;
} maker;
static maker *now;

static at_status open_made(void *ctx, const char *dir, const char *split, void **session,
                           rp_opened *about, at_error *err) {
  maker *m = ctx;
  (void)dir;
  (void)err;
  assert_string_equal(split, "test");
  m->opened++;
  *session = m;
  *about = (rp_opened){.rows = m->rows, .answers = true};
  return AT_OK;
}

static char *format(const char *fmt, size_t n) {
  char buf[64];
  snprintf(buf, sizeof buf, fmt, n);
  return strdup(buf);
}

static void add_block(at_look *l, const char *block, const char *step, at_over over,
                      const float *weight, int64_t n) {
  at_attention *a = &l->attention[l->n_attention++];
  *a = (at_attention){.queries = 1, .keys = n, .over = over};
  a->attend = strdup(block);
  a->block = strdup(block);
  a->step = strdup(step);
  a->key_axis = strdup("key");
  a->query_axis = strdup("");
  a->weight = malloc((size_t)n * sizeof(float));
  memcpy(a->weight, weight, (size_t)n * sizeof(float));
  a->score = calloc((size_t)n, sizeof(float));
  if (over == AT_OVER_CELLS) a->grid_h = 2, a->grid_w = n / 2;
}

static const float words[] = {0.1f, 0.75f, 0.15f}, cells[] = {0.1f, 0.1f, 0, 0.7f, 0.05f, 0.05f};

static void add_blocks(const maker *m, at_look *l) {
  l->attention = calloc(4, sizeof *l->attention);
  if (m->kind == TWO_STEPS)
    for (int t = 0; t < 2; t++) {
      add_block(l, "control", t ? "2" : "1", AT_OVER_WORDS, words, 3);
      add_block(l, "read", t ? "2" : "1", AT_OVER_CELLS, cells, 6);
    }
  if (m->kind == LOOSE) {
    add_block(l, "control", "", AT_OVER_WORDS, words, 3);
    add_block(l, "<read>", "", AT_OVER_CELLS, cells, 6);
  }
  if (m->kind == BOXES) {
    static const float box[] = {0, 0, 10, 10, 5, 5, 100, 3};
    l->n_boxes = 2;
    l->boxes = malloc(sizeof box);
    memcpy(l->boxes, box, sizeof box);
    add_block(l, "read", "1", AT_OVER_BOXES, (const float[]){0.25f, 0.75f}, 2);
  }
  if (m->kind == MEMORY) add_block(l, "recall", "3", AT_OVER_OTHER, words, 3);
}

static at_status look_made(void *session, size_t row, at_look *out, at_error *err) {
  maker *m = session;
  static const char *const text[] = {"is", "a<b", "green"};
  assert_true(row < m->rows);
  if (++m->looks == (int)m->fails_at) return at_fail(err, AT_EINPUT, "row %zu is <broken>", row);
  m->freed++; /* owed */
  *out = (at_look){.n_words = 3, .logit = 1.5f};
  out->words = calloc(3, sizeof *out->words);
  for (int i = 0; i < 3; i++) out->words[i] = strdup(text[i]);
  out->text = m->named ? format("question %zu & so on", row) : strdup("is a<b green");
  out->name = format("picture %zu", row);
  out->type = strdup(row % 2 ? "odd" : "even");
  out->expected = strdup("yes");
  out->predicted = strdup(m->right_every && row % m->right_every == 0 ? "yes" : "no");
  if (!m->bare) {
    out->width = 30;
    out->height = 20;
    out->rgb = calloc(30 * 20, 3);
  }
  add_blocks(m, out);
  return AT_OK;
}

static void free_made(at_look *l) {
  now->freed--;
  at_look_free(l);
}

static void close_made(void *session) { ((maker *)session)->closed++; }

static size_t count(const char *text, const char *what) {
  size_t n = 0;
  for (; (text = strstr(text, what)); text += strlen(what)) n++;
  return n;
}

/* The section for two groups of one run each. */
static char *section(maker *m, int want) {
  rp_run run[] = {{.dir = "a"}, {.dir = "b"}};
  size_t own[] = {0, 1};
  rp_group group[] = {{.label = "score=dot", .run = &own[0], .n = 1},
                      {.label = "score=<g>", .run = &own[1], .n = 1}};
  at_report r = {.run = run, .n_runs = 2, .group = group, .n_groups = 2};
  rp_source src = {m, open_made, look_made, free_made, close_made};
  at_text t = {0};
  at_error err = {0};
  now = m;
  if (at_rp_attention(&r, &src, &(at_report_options){.pairs = want}, &t, &err) != AT_OK)
    fail_msg("%s", err.message);
  assert_false(t.failed);
  assert_true(m->opened == 2 && m->closed == 2 && m->freed == 0);
  assert_null(strstr(t.data, "nan"));
  assert_null(strstr(t.data, "a<b"));
  static const char *const tag[] = {"div", "svg", "p", "span", "article", "section", "h4", "title"};
  for (size_t i = 0; i < sizeof tag / sizeof *tag; i++) {
    char from[16], bare[16], to[16];
    snprintf(from, sizeof from, "<%s ", tag[i]);
    snprintf(bare, sizeof bare, "<%s>", tag[i]);
    snprintf(to, sizeof to, "</%s>", tag[i]);
    assert_int_equal(count(t.data, from) + count(t.data, bare), count(t.data, to));
  }
  return t.data;
}

/* ---- what is shown ---- */

static void test_choice(void **state) {
  (void)state;
  maker m = {.rows = 40, .right_every = 4, .named = true};
  char *html = section(&m, -1);
  assert_int_equal(m.looks, 40 + 2 * 12); /* all of them, then the same twelve for both */
  assert_int_equal(count(html, "<article"), 12);
  assert_int_equal(count(html, "class=\"verdict right\">✓ yes"), 2 * 6);
  assert_int_equal(count(html, "class=\"verdict wrong\">✗ no"), 2 * 6);
  assert_non_null(strstr(html, "6 that score=dot answers right, then 6 that it answers wrong"));
  assert_non_null(strstr(html, "among 40 that were looked at (10 right)"));
  assert_true(strstr(html, "✗") > strstr(html, "<span class=\"h\">6</span>"));
  assert_true(strstr(html, "✗") < strstr(html, "<span class=\"h\">8</span>"));
  assert_non_null(strstr(html, "type <b>even</b>"));
  assert_non_null(strstr(html, "type <b>odd</b>"));
  maker again = {.rows = 40, .right_every = 4, .named = true};
  char *twin = section(&again, -1);
  assert_string_equal(html, twin);
  free(html);
  free(twin);
}

static void test_lopsided(void **state) {
  (void)state;
  static const struct {
    size_t every, rows, right, wrong;
  } want[] = {{1, 30, 4, 0},  {0, 30, 0, 4},  {10, 11, 2, 2},
              {29, 30, 2, 2}, {30, 30, 1, 3}, {1, 3, 3, 0}};
  for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
    maker m = {.rows = want[i].rows, .right_every = want[i].every};
    char *html = section(&m, 4);
    assert_int_equal(count(html, "✓"), 2 * want[i].right);
    assert_int_equal(count(html, "✗"), 2 * want[i].wrong);
    free(html);
  }
}

/* ---- cards ---- */

static void test_cards(void **state) {
  (void)state;
  maker m = {.rows = 1};
  char *html = section(&m, 5);
  assert_int_equal(count(html, "<article"), 1);
  assert_int_equal(count(html, "class=\"step\""), 2 * 3); /* question and two steps */
  assert_int_equal(count(html, "<h4>step 1</h4>"), 2);
  assert_int_equal(count(html, "<h4>step 2</h4>"), 2);
  assert_int_equal(count(html, "<image id=\"asked1\" width=\"120.00\" height=\"80.00\""), 1);
  assert_int_equal(count(html, "href=\"data:image/png;base64,"), 1); /* one copy for all */
  assert_int_equal(count(html, "<use href=\"#asked1\"/>"), 2 * 3);
  /* pixels stay pixels */
  assert_int_equal(count(html, "image-rendering:pixelated"), 1);
  /* 2 x 3 cells of 40 x 40; one is the most, one has nothing */
  assert_int_equal(count(html, "<rect x="), 2 * 2 * 6);
  assert_int_equal(count(html, "class=\"lit\""), 2 * 2 * 5);
  assert_int_equal(count(html,
                         "<rect x=\"0.00\" y=\"40.00\" width=\"40.00\" height=\"40.00\" "
                         "fill=\"#ffb000\" fill-opacity=\"0.30\"><title>(2, 1): 0.700"),
                   2 * 2);
  assert_int_equal(count(html, "fill=\"#000000\" fill-opacity=\"0.50\"><title>(1, 3): 0.000"),
                   2 * 2);
  assert_int_equal(count(html, "M40.00 0v80.00M80.00 0v80.00M0 40.00h120.00"), 2 * 2);
  /* three words: the largest is full, and dark enough for black ink */
  assert_int_equal(count(html,
                         "<span class=\"deep\" style=\"background:rgba(255,176,0,1.00)\" "
                         "title=\"a&lt;b: 0.750\">a&lt;b</span>"),
                   2 * 2);
  assert_int_equal(count(html, "<span style=\"background:rgba(255,176,0,0.20)\" title=\"green"),
                   2 * 2);
  assert_int_equal(count(html, "<b>read</b> (2, 1)</span> <span>0.70</span>"), 2 * 2);
  assert_int_equal(count(html, "read under score=&lt;g&gt;, most at (2, 1): 0.700"), 2);
  assert_int_equal(count(html, "class=\"shades\""), 1);
  free(html);
}

static void test_kinds(void **state) {
  (void)state;
  static const struct {
    shape kind;
    bool bare;
    const char *says;
    size_t cards, rects;
  } want[] = {{LOOSE, false, "<h4>&lt;read&gt;</h4>", 3, 6 + 5},
              {LOOSE, true, "no picture to show", 3, 6 + 5},
              {BOXES, false, "<title>box 2: 0.750", 2, 2 + 2},
              {BOXES, true, "title=\"box 2: 0.750\"", 2, 0},
              {MEMORY, false, "title=\"no. 2: 0.750\">2</span>", 2, 0}};
  for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
    maker m = {.rows = 1, .kind = want[i].kind, .bare = want[i].bare};
    char *html = section(&m, 1);
    if (!strstr(html, want[i].says)) fail_msg("kind %zu does not say %s", i, want[i].says);
    assert_int_equal(count(html, "class=\"step\""), 2 * want[i].cards);
    assert_int_equal(count(html, "<rect x=") + count(html, "<rect class=\"lit\""),
                     2 * want[i].rects);
    free(html);
  }
}

/* A row that cannot be read is told; the other group is shown. */
static void test_failure(void **state) {
  (void)state;
  maker m = {.rows = 4, .fails_at = 3};
  char *html = section(&m, 2);
  assert_non_null(strstr(html, "No pictures, or not all, of score=dot: row 2 is &lt;broken&gt;."));
  assert_int_equal(count(html, "<article"), 2);
  assert_int_equal(count(html, "class=\"label\">score=&lt;g&gt;"), 2);
  assert_int_equal(count(html, "class=\"label\">score=dot"), 0);
  free(html);
}

/* ---- parts of metrics ---- */

static rp_value value(const char *metric, double v, int better) {
  return (rp_value){.split = "test", .metric = metric, .value = v, .better = better};
}

static void test_parts(void **state) {
  (void)state;
  rp_value v[] = {
      value("accuracy", 80, 1),   value("accuracy.yes/no", 99.5, 1), value("accuracy.color", 8, 1),
      value("lonely.part", 1, 1), value("c.a as b", 3, 0),           value("c.b as a", 1200, 0),
      value(".dot", 1, 1)};
  rp_run run = {.dir = "a", .value = v, .n_values = 7};
  size_t own = 0;
  rp_group group = {.label = "all runs", .run = &own, .n = 1};
  at_report r = {.run = &run, .n_runs = 1, .group = &group, .n_groups = 1};
  at_arena *a = at_arena_new();
  rp_summary s;
  at_error err = {0};
  const rp_column *c[8];
  assert_int_equal(at_rp_summarise(&r, &(at_report_options){0}, a, &s, &err), AT_OK);
  assert_int_equal(s.n, 7);
  assert_null(s.column[0].part);
  assert_null(s.column[6].part);
  assert_int_equal(at_rp_parts(&s, 0, c), 2);
  assert_string_equal(c[0]->part, "yes/no");
  assert_string_equal(c[1]->base, "accuracy");
  assert_true(c[0]->decimals == c[1]->decimals && c[0]->decimals == 2);
  assert_int_equal(at_rp_parts(&s, 1, c), 1);
  assert_string_equal(c[0]->part, "part");
  assert_int_equal(at_rp_parts(&s, 2, c), 2);
  assert_string_equal(c[1]->part, "b as a");
  assert_true(c[0]->decimals == 0 && c[1]->decimals == 0);
  assert_int_equal(at_rp_parts(&s, 3, c), 0);
  at_arena_free(a);
  at_text t = {0};
  assert_int_equal(at_report_table(&r, &(at_report_options){0}, &t, &err), AT_OK);
  assert_non_null(strstr(t.data, "n  accuracy   .dot\n"));
  assert_non_null(strstr(t.data, "\naccuracy  all runs\nyes/no       99.50\ncolor         8.00\n"));
  assert_non_null(strstr(t.data, "Lower is better for c.\n"));
  at_text_free(&t);
  /* parts alone are the headline */
  const char *only[] = {"accuracy.color", "accuracy.yes/no"};
  at_report_options o = {.metrics = only, .n_metrics = 2};
  assert_int_equal(at_report_table(&r, &o, &t, &err), AT_OK);
  assert_non_null(strstr(t.data, "n  accuracy.color   accuracy.yes/no\n"));
  at_text_free(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_shades), cmocka_unit_test(test_choice), cmocka_unit_test(test_lopsided),
      cmocka_unit_test(test_cards),  cmocka_unit_test(test_kinds),  cmocka_unit_test(test_failure),
      cmocka_unit_test(test_parts),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
