#include "tests/unit/cm.h"
#include <unistd.h>
#include "core/report/gallery.h"

/* ---- weights as maps ---- */

static at_attention attention(at_over over, int64_t queries, int64_t keys, float *weight) {
  return (at_attention){.attend = "look",
                        .block = "look",
                        .step = "",
                        .query_axis = "asker",
                        .key_axis = "key",
                        .queries = queries,
                        .keys = keys,
                        .weight = weight,
                        .heads = 1,
                        .over = over};
}

static rp_maps maps_of(at_look *l, const char *word_axis, at_arena *a) {
  rp_maps v;
  at_error err = {0};
  assert_int_equal(at_rp_maps(l, word_axis, a, &v, &err), AT_OK);
  return v;
}

static char *in_words(void (*tell)(const at_look *, const rp_map *, at_text *), const at_look *l,
                      const rp_map *m) {
  static char buf[200];
  at_text t = {0};
  tell(l, m, &t);
  snprintf(buf, sizeof buf, "%s", t.data ? t.data : "");
  at_text_free(&t);
  return buf;
}

static void test_shades(void **state) {
  (void)state;
  float sharp[] = {0.1f, 0.8f, 0.1f, 0}, flat[] = {0.25f, 0.25f, 0.25f, 0.25f}, one[] = {1};
  at_arena *a = at_arena_new();
  at_attention at = attention(AT_OVER_OTHER, 1, 4, sharp);
  at_look l = {.attention = &at, .n_attention = 1};
  rp_maps v = maps_of(&l, NULL, a);
  assert_true(v.n == 1 && v.map->keys == 4 && v.map->over == AT_OVER_OTHER);
  assert_int_equal(v.map->most, 1);
  assert_float_equal(v.map->shade[1], 1, 1e-6);
  assert_float_equal(v.map->shade[0], 0.125, 1e-6);
  assert_float_equal(v.map->shade[3], 0, 0);
  assert_float_equal(v.map->entropy, 0.639, 1e-3);
  /* where nothing stands out nothing looks as if it did */
  at.weight = flat;
  v = maps_of(&l, NULL, a);
  for (int i = 0; i < 4; i++) assert_float_equal(v.map->shade[i], 0.5, 1e-6);
  at = attention(AT_OVER_OTHER, 1, 1, one);
  v = maps_of(&l, NULL, a);
  assert_float_equal(v.map->shade[0], 1, 0);
  assert_true(at_rp_level(0) == 0 && at_rp_level(0.02f) == 0 && at_rp_level(0.5f) == 8);
  assert_true(at_rp_level(1) == RP_LEVELS && at_rp_level(2) == RP_LEVELS && at_rp_level(NAN) == 0);
  at_arena_free(a);
}

/* Two words ask four cells: their mean, then each. What is no number counts as nothing. */
static void test_askers(void **state) {
  (void)state;
  float w[] = {1, 0, NAN, 0, 0, 0.5f, 0.5f, 0};
  char *words[] = {"red", "ring"};
  at_arena *a = at_arena_new();
  at_attention at = attention(AT_OVER_CELLS, 2, 4, w);
  at.grid_h = at.grid_w = 2;
  at_look l = {.attention = &at, .n_attention = 1, .words = words, .n_words = 2};
  rp_maps v = maps_of(&l, NULL, a);
  assert_int_equal(v.n, 3);
  assert_true(v.map[0].query == -1 && v.map[1].query == 0 && v.map[2].query == 1);
  assert_float_equal(v.map[0].weight[0], 0.5, 1e-6);
  assert_float_equal(v.map[0].weight[2], 0.25, 1e-6);
  assert_float_equal(v.map[2].weight[1], 0.5, 1e-6);
  assert_string_equal(in_words(at_rp_map_label, &l, &v.map[0]), "mean over 2 asker");
  assert_string_equal(in_words(at_rp_map_label, &l, &v.map[2]), "ring");
  at_text t = {0};
  at_rp_map_says(&l, &v.map[2], 2, &t);
  assert_string_equal(t.data, "(1, 2): 0.500; (2, 1): 0.500");
  at_text_free(&t);
  at_arena_free(a);
}

/* Cells ask words: where each word is asked for, made to sum to one. */
static void test_turned(void **state) {
  (void)state;
  float w[] = {0.7f, 0.3f, 0.1f, 0.9f, 0.25f, 0.75f, 0.25f, 0.75f};
  char *words[] = {"red", "ring"};
  at_arena *a = at_arena_new();
  at_attention at = attention(AT_OVER_WORDS, 4, 2, w);
  at_look l = {.attention = &at, .n_attention = 1, .words = words, .n_words = 2};
  l.grid_h = l.grid_w = 2;
  rp_maps v = maps_of(&l, "word", a);
  assert_int_equal(v.n, 2);
  assert_true(v.map[0].turned && v.map[0].over == AT_OVER_CELLS && v.map[0].keys == 4);
  assert_float_equal(v.map[0].weight[0], 0.7 / 1.3, 1e-6);
  assert_float_equal(v.map[1].weight[1], 0.9 / 2.7, 1e-6);
  assert_string_equal(in_words(at_rp_map_label, &l, &v.map[1]), "ring");
  /* as many words as cells, but it is words that ask */
  at.query_axis = "word";
  v = maps_of(&l, "word", a);
  assert_true(v.n == 5 && !v.map[0].turned && v.map[0].over == AT_OVER_WORDS);
  at_arena_free(a);
}

static void test_heads(void **state) {
  (void)state;
  float mean[] = {0.5f, 0.5f}, each[] = {0.9f, 0.1f, 0.1f, 0.9f};
  at_arena *a = at_arena_new();
  at_attention at = attention(AT_OVER_OTHER, 1, 2, mean);
  at.heads = 2;
  at.head = each;
  at_look l = {.attention = &at, .n_attention = 1};
  rp_maps v = maps_of(&l, NULL, a);
  assert_true(v.n == 3 && v.map[0].head == -1 && v.map[1].head == 0 && v.map[2].head == 1);
  assert_float_equal(v.map[2].weight[1], 0.9, 1e-6);
  assert_string_equal(in_words(at_rp_map_label, &l, &v.map[2]), "head 2");
  at_arena_free(a);
}

static void test_code(void **state) {
  (void)state;
  at_text t = {0};
  at_rp_weights_code(&t, (const float[]){0, 1, 0.5f, NAN, 7, -1}, 6);
  assert_string_equal(t.data, "AA__gAAA__AA");
  at_text_free(&t);
}

static void test_top_keys(void **state) {
  (void)state;
  float w[20];
  size_t top[RP_TOP_BOXES];
  for (int i = 0; i < 20; i++) w[i] = (float)(i * 7 % 20);
  rp_map m = {.keys = 20, .weight = w};
  assert_int_equal(at_rp_top_keys(&m, top), RP_TOP_BOXES);
  for (size_t i = 0; i < RP_TOP_BOXES; i++) assert_float_equal(w[top[i]], 19 - (double)i, 0);
  m.keys = 3;
  assert_int_equal(at_rp_top_keys(&m, top), 3);
  assert_true(top[0] == 2 && top[1] == 1 && top[2] == 0);
}

/* ---- how far looks differ ---- */

static void test_differ(void **state) {
  (void)state;
  float p[] = {1, 0, 0.5f, 0.5f}, q[] = {0, 1, 0.5f, 0.5f}, bad[] = {NAN, 1, 0.5f, 0.5f};
  at_attention x = attention(AT_OVER_OTHER, 2, 2, p), y = attention(AT_OVER_OTHER, 2, 2, q);
  at_look a = {.attention = &x, .n_attention = 1}, b = {.attention = &y, .n_attention = 1};
  assert_float_equal(at_rp_differ(&a, &a), 0, 0);
  assert_float_equal(at_rp_differ(&a, &b), 0.5, 1e-6);
  y.weight = bad; /* that row does not count */
  assert_float_equal(at_rp_differ(&a, &b), 0, 1e-6);
  y.attend = "other";
  assert_true(isnan(at_rp_differ(&a, &b)));
  y.attend = "look";
  y.keys = 4, y.queries = 1;
  assert_true(isnan(at_rp_differ(&a, &b)));
}

/* ---- a made-up model of two steps ---- */

typedef enum shape { TWO_STEPS, LOOSE, BOXES, MEMORY, HEADS, PAIRS, PARTS } shape;

typedef struct maker {
  shape kind;
  size_t rows, right_every; /* every so many rows are answered right; 0: none is */
  size_t fails_at;          /* the look of this number fails; 0: none */
  size_t pictures;          /* rows in turn have one of so many */
  bool bare, named;         /* no picture; each row has a question of its own */
  int opened, closed, looks, freed;
} maker;
static maker *now;

static at_status open_made(void *ctx, const char *dir, const char *split, void **session,
                           rp_opened *about, at_error *err) {
  maker *m = ctx;
  (void)err;
  assert_string_equal(split, "test");
  if (!strcmp(dir, "closed")) return at_fail(err, AT_EINPUT, "no <weights> here");
  m->opened++;
  *session = m;
  *about = (rp_opened){.rows = m->rows, .answers = m->kind != PAIRS};
  return AT_OK;
}

static char *format(const char *fmt, size_t n) {
  char buf[64];
  snprintf(buf, sizeof buf, fmt, n);
  return strdup(buf);
}

static at_attention *add_block(at_look *l, const char *block, const char *step, at_over over,
                               const float *weight, int64_t n) {
  at_attention *a = &l->attention[l->n_attention++];
  *a = (at_attention){.queries = 1, .keys = n, .over = over, .heads = 1};
  a->attend = strdup(block);
  a->block = strdup(block);
  a->step = strdup(step);
  a->key_axis = strdup("key");
  a->query_axis = strdup("");
  a->weight = malloc((size_t)n * sizeof(float));
  memcpy(a->weight, weight, (size_t)n * sizeof(float));
  a->score = calloc((size_t)n, sizeof(float));
  if (over == AT_OVER_CELLS) a->grid_h = 2, a->grid_w = n / 2;
  return a;
}

/* The three words, two tokens and two steps of an answer, all of which ask; the steps are shown. */
static void add_parts(at_look *l) {
  static const float box[] = {0, 0, 0.5f, 0.5f, 0.5f, 0.5f, 1, 1}, none[49];
  at_attention *a = add_block(l, "look", "", AT_OVER_PARTS, none, 49);
  a->keys = a->queries = 7;
  a->weight[5 * 7 + 3] = a->weight[6 * 7 + 1] = 1;
  a->ask_first = 5;
  a->asks = 2;
  a->parts = (at_key_parts){.v = {{.axis = "word", .over = AT_OVER_WORDS, .n = 3},
                                  {.axis = "token", .over = AT_OVER_BOXES, .first = 3, .n = 2},
                                  {.axis = "step", .first = 5, .n = 2, .asks = true}},
                            .n = 3};
  l->items = calloc(1, sizeof *l->items);
  l->n_items = 1;
  strcpy(l->items->axis, "token");
  l->items->n = 2;
  l->items->box = malloc(sizeof box);
  memcpy(l->items->box, box, sizeof box);
  l->items->texts = strdup("\xd7\xa9\xd7\x9c\xd7\x95\xd7\x9d\n\xe5\x90\x88<9>");
  l->items->text = calloc(2, sizeof *l->items->text);
  l->items->text[0] = l->items->texts;
  l->items->text[1] = strchr(l->items->texts, '\n') + 1;
  l->items->text[1][-1] = 0;
}

static const float words[] = {0.1f, 0.75f, 0.15f}, cells[] = {0.1f, 0.1f, 0, 0.7f, 0.05f, 0.05f};

static void add_blocks(const maker *m, at_look *l) {
  l->attention = calloc(4, sizeof *l->attention);
  if (m->kind == TWO_STEPS || m->kind == PAIRS)
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
  if (m->kind == PARTS) add_parts(l);
  if (m->kind == MEMORY) add_block(l, "recall", "3", AT_OVER_OTHER, words, 3);
  if (m->kind == HEADS) {
    at_attention *a = add_block(l, "read", "", AT_OVER_CELLS, cells, 6);
    a->heads = 2;
    a->head = calloc(12, sizeof *a->head);
    a->head[3] = a->head[6] = 1;
  }
}

static at_status look_made(void *session, size_t row, at_look *out, at_error *err) {
  maker *m = session;
  static const char *const text[] = {"is", "a<b", "green"};
  assert_true(row < m->rows);
  if (++m->looks == (int)m->fails_at) return at_fail(err, AT_EINPUT, "row %zu is <broken>", row);
  m->freed++; /* owed */
  *out = (at_look){.n_words = 3, .logit = 1.5f, .similarity = 0.1f * (float)(row * 5 % 6)};
  out->words = calloc(3, sizeof *out->words);
  for (int i = 0; i < 3; i++) out->words[i] = strdup(text[i]);
  out->text = m->named ? format("question %zu & so on", row) : strdup("is a<b green");
  out->name = format("picture %zu", row);
  if (m->kind != PAIRS) {
    out->type = strdup(row % 2 ? "odd" : "even");
    out->expected = strdup("yes");
    out->predicted = strdup(m->right_every && row % m->right_every == 0 ? "yes" : "no");
  }
  if (!m->bare) {
    out->width = 30;
    out->height = 20;
    out->rgb = calloc(30 * 20, 3);
    out->rgb[0] = (uint8_t)(m->pictures ? row % m->pictures : row);
  }
  add_blocks(m, out);
  return AT_OK;
}

/* The word "green" and a box in the lower right corner decide. */
static at_status truth_made(void *session, size_t row, at_evidence *out, at_error *err) {
  (void)session;
  (void)row;
  (void)err;
  *out = (at_evidence){.n_boxes = 1, .n_words = 1, .words = 3, .width = 30, .height = 20};
  out->box = calloc(4, sizeof *out->box);
  out->box[0] = 20, out->box[1] = out->box[2] = out->box[3] = 10;
  out->word = calloc(1, sizeof *out->word);
  *out->word = 2;
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

static void check_balance(const char *html) {
  static const char *const tag[] = {"div",      "svg", "p",     "span",   "article",
                                    "section",  "g",   "title", "figure", "select",
                                    "noscript", "h4",  "label"};
  for (size_t i = 0; i < sizeof tag / sizeof *tag; i++) {
    char from[16], bare[16], to[16];
    snprintf(from, sizeof from, "<%s ", tag[i]);
    snprintf(bare, sizeof bare, "<%s>", tag[i]);
    snprintf(to, sizeof to, "</%s>", tag[i]);
    if (count(html, from) + count(html, bare) != count(html, to)) fail_msg("<%s>", tag[i]);
  }
}

static char *section_of(maker *m, const at_report *r, int want, bool truth) {
  rp_source src = {m, open_made, look_made, free_made, close_made, truth ? truth_made : NULL};
  at_text t = {0};
  at_error err = {0};
  now = m;
  if (at_rp_attention(r, &src, &(at_report_options){.pairs = want}, &t, &err) != AT_OK)
    fail_msg("%s", err.message);
  assert_false(t.failed);
  assert_true(m->opened == m->closed && m->freed == 0);
  assert_null(strstr(t.data, "nan"));
  assert_null(strstr(t.data, "a<b"));
  check_balance(t.data);
  return t.data;
}

/* The section for two groups of one run each. */
static char *section(maker *m, int want) {
  rp_run run[] = {{.dir = "a"}, {.dir = "b"}};
  size_t own[] = {0, 1};
  rp_group group[] = {{.label = "score=dot", .run = &own[0], .n = 1},
                      {.label = "score=<g>", .run = &own[1], .n = 1}};
  at_report r = {.run = run, .n_runs = 2, .group = group, .n_groups = 2};
  return section_of(m, &r, want, false);
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
  assert_non_null(strstr(html, "<option value=\"odd\">odd</option>"));
  assert_int_equal(count(html, "data-r=\"11\" data-a=\"0,0\" data-t=\""), 6);
  assert_int_equal(count(html, "data-d=\"0\""), 12);
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

/* As many as there are, each once; more than are looked at by default. */
static void test_many(void **state) {
  (void)state;
  maker m = {.rows = 300, .right_every = 3, .pictures = 7};
  char *html = section(&m, 290), id[32];
  assert_int_equal(count(html, "<article"), 290);
  assert_int_equal(count(html, "<image "), 7);
  for (size_t k = 1; k <= 290; k++) {
    snprintf(id, sizeof id, "id=\"x%zu\"", k);
    assert_int_equal(count(html, id), 1);
  }
  free(html);
}

static void test_pairs(void **state) {
  (void)state;
  maker m = {.rows = 6, .kind = PAIRS};
  char *html = section(&m, 3);
  assert_non_null(strstr(html, "3 true pairs of the split <em>test</em>"));
  /* similarities 0 .5 .4 .3 .2 .1 */
  char *best = strstr(html, "data-row=\"1\""), *mid = strstr(html, "data-row=\"3\"");
  char *last = strstr(html, "data-row=\"0\"");
  assert_true(best && mid && last && best < mid && mid < last);
  assert_int_equal(count(html, "similarity 0.500"), 2);
  assert_null(strstr(html, "data-r="));
  assert_null(strstr(html, "verdict"));
  free(html);
}

/* ---- cards ---- */

static void test_cards(void **state) {
  (void)state;
  maker m = {.rows = 1};
  char *html = section(&m, 5);
  assert_int_equal(count(html, "<article"), 1);
  assert_int_equal(count(html, "class=\"step\""), 2 * 2);
  assert_int_equal(count(html, "<h4>step 1</h4>"), 2);
  assert_int_equal(count(html, "<h4>step 2</h4>"), 2);
  assert_int_equal(count(html, "<image id=\"p0\" width=\"120.00\" height=\"80.00\""), 1);
  assert_int_equal(count(html, "href=\"data:image/png;base64,"), 1); /* one copy for all */
  assert_int_equal(count(html, "<use href=\"#p0\"/>"), 1 + 2 * 2);
  assert_int_equal(count(html, "class=\"px\""), 1); /* pixels stay pixels */
  /* 2 x 3 cells of 40 x 40: equal ones of a row in one line */
  assert_int_equal(count(html,
                         "<g transform=\"scale(40.000 40.000) translate(0 .5)\">"
                         "<path class=\"a0\" d=\"M2 0h1\"/><path class=\"a1\" d=\"M1 1h2\"/>"
                         "<path class=\"a2\" d=\"M0 0h2\"/><path class=\"a16\" d=\"M0 1h1\"/></g>"),
                   2 * 2);
  assert_int_equal(count(html, "<path class=\"lit\" d=\"M3.3 43.3h33.3v33.3h-33.3z\"/>"), 2 * 2);
  assert_int_equal(count(html, "data-k=\"3\" data-w=\"GaGaAAsyDNDN\""), 2 * 2);
  assert_int_equal(count(html,
                         "<span class=\"s2\">is</span> <span class=\"s16\">a&lt;b</span> "
                         "<span class=\"s3\">green</span></p>"),
                   2 * 2);
  assert_int_equal(count(html, "<b>read</b> <span class=\"key\">(2, 1)</span> <span>0.70</span>"),
                   2 * 2);
  assert_int_equal(count(html, "aria-label=\"read: (2, 1): 0.700; (1, 1): 0.100; (1, 2): 0.100\""),
                   2 * 2);
  assert_int_equal(count(html, "<form class=\"tools\""), 1);
  assert_null(strstr(html, "name=\"heads\""));
  assert_null(strstr(html, "name=\"truth\""));
  free(html);
}

static void test_kinds(void **state) {
  (void)state;
  static const struct {
    shape kind;
    bool bare;
    const char *says;
    size_t cards, paths;
  } want[] = {{LOOSE, false, "<h4>&lt;read&gt;</h4>", 2, 5},
              {LOOSE, true, "no picture to show", 2, 5},
              {BOXES, false, "<title>box 2: 0.750", 1, 2},
              {BOXES, true, "<span class=\"s12\">2</span>", 1, 0},
              {MEMORY, false, "<span class=\"s16\">2</span>", 1, 0},
              {HEADS, false, "<b>head 2</b> 1.00", 1, 5 + 3 + 3}};
  for (size_t i = 0; i < sizeof want / sizeof *want; i++) {
    maker m = {.rows = 1, .kind = want[i].kind, .bare = want[i].bare};
    char *html = section(&m, 1);
    if (!strstr(html, want[i].says)) fail_msg("kind %zu does not say %s", i, want[i].says);
    assert_int_equal(count(html, "class=\"step\""), 2 * want[i].cards);
    assert_int_equal(count(html, "<path "), 2 * want[i].paths);
    free(html);
  }
}

/* Several sequences joined: items in the picture by their borders, all keys as texts, whatever way
 * these are written; a map for each step of the answer, none for what else asks. */
static void test_parts(void **state) {
  (void)state;
  maker m = {.rows = 1, .kind = PARTS};
  char *html = section(&m, 1);
  assert_int_equal(count(html, "class=\"step\""), 2);
  assert_int_equal(count(html, "class=\"map read both\""), 2);
  assert_int_equal(count(html, "class=\"tile line both\""), 4);
  assert_int_equal(count(html, "mean over 2 step"), 4); /* and in the drawing's name */
  assert_int_equal(count(html, "<b>step 1</b> 1.00"), 2);
  assert_int_equal(
      count(html,
            "<path class=\"o o16\" d=\"M0 0h60v40h-60z\"><title>\xd7\xa9\xd7\x9c\xd7\x95\xd7"
            "\x9d: 0.500</title>"),
      2);
  assert_int_equal(count(html, "class=\"o "), 2 * 2); /* not where step 2 looks at a word */
  assert_int_equal(count(html, "<span dir=\"auto\" class=\"s0\">\xe5\x90\x88&lt;9&gt;</span>"), 6);
  assert_int_equal(count(html, "</span>\n<span dir=\"auto\""), 2 * 3 * 2);
  free(html);
  m.bare = true;
  html = section(&m, 1);
  assert_int_equal(count(html, "class=\"tile line both\""), 4);
  free(html);
}

/* One group: its seeds stand side by side, and what decides is marked. */
static void test_seeds(void **state) {
  (void)state;
  rp_setting seed[] = {{"seed", "4"}, {"seed", "7"}};
  rp_run run[] = {{.dir = "a", .setting = &seed[0], .n_settings = 1},
                  {.dir = "b", .setting = &seed[1], .n_settings = 1}};
  size_t own[] = {0, 1};
  rp_group group = {.label = "all runs", .run = own, .n = 2};
  at_report r = {.run = run, .n_runs = 2, .group = &group, .n_groups = 1};
  maker m = {.rows = 1};
  char *html = section_of(&m, &r, 1, true);
  assert_int_equal(count(html, "<span class=\"label\">seed 4</span>"), 1);
  assert_int_equal(count(html, "<span class=\"label\">seed 7</span>"), 1);
  assert_int_equal(count(html, "<path class=\"to\" d=\"M80 40h40v40h-40z\"/>"), 1);
  assert_int_equal(count(html, "name=\"truth\""), 1);
  assert_int_equal(count(html, "<use class=\"t\" href=\"#t0\"/>"), 4);
  assert_int_equal(count(html, "<span class=\"s3 t\">green</span>"), 4);
  assert_int_equal(count(html, "<span class=\"t\">green</span>"), 1);
  free(html);
}

/* A row that cannot be read is told; the other group is shown, as where a run cannot be opened. */
static void test_failure(void **state) {
  (void)state;
  maker m = {.rows = 4, .fails_at = 3};
  char *html = section(&m, 2);
  assert_non_null(strstr(html, "No pictures, or not all, of score=dot: row 2 is &lt;broken&gt;."));
  assert_int_equal(count(html, "<article"), 2);
  assert_int_equal(count(html, "class=\"label\">score=&lt;g&gt;"), 2);
  assert_int_equal(count(html, "class=\"label\">score=dot"), 0);
  assert_int_equal(count(html, "data-r=\"-0\" data-a=\"-,1\""), 2);
  free(html);
  rp_run run = {.dir = "closed"};
  size_t own = 0;
  rp_group group = {.label = "one", .run = &own, .n = 1};
  at_report r = {.run = &run, .n_runs = 1, .group = &group, .n_groups = 1};
  maker none = {.rows = 4};
  html = section_of(&none, &r, 2, false);
  assert_non_null(strstr(html, "No pictures, or not all, of one: no &lt;weights&gt; here."));
  assert_null(strstr(html, "<form"));
  free(html);
}

/* ---- files ---- */

static void test_file_name(void **state) {
  (void)state;
  at_text t = {0};
  at_rp_file_name(&t, "score=a/b(é), ../x");
  assert_string_equal(t.data, "score=a_b____,_.._x");
  at_text_free(&t);
}

static const uint8_t *pixel(const at_image *m, double x, double y) {
  return m->rgb + 3 * ((size_t)(y * m->h) * (size_t)m->w + (size_t)(x * m->w));
}

/* A file for the picture of each step, in which the words of the step stand beside it. */
static void test_overlays(void **state) {
  (void)state;
  char dir[] = "/tmp/attune-overlays.XXXXXX", path[200];
  assert_non_null(mkdtemp(dir));
  rp_run run[] = {{.dir = "a"}, {.dir = "b"}};
  size_t own[] = {0, 1};
  rp_group group[] = {{.label = "s=(", .run = &own[0], .n = 1},
                      {.label = "s=)", .run = &own[1], .n = 1}};
  at_report r = {.run = run, .n_runs = 2, .group = group, .n_groups = 2};
  maker m = {.rows = 1};
  rp_source src = {&m, open_made, look_made, free_made, close_made, NULL};
  at_report_options o = {.pairs = 1, .overlays = dir};
  at_text t = {0};
  at_error err = {0};
  now = &m;
  assert_int_equal(at_rp_attention(&r, &src, &o, &t, &err), AT_OK);
  at_text_free(&t);
  static const char *const name[] = {"0001-s=_-read.png", "0001-s=__2-read.png"};
  for (int i = 0; i < 2; i++) {
    at_image image;
    snprintf(path, sizeof path, "%s/%s", dir, name[i]);
    assert_int_equal(at_image_read(path, &image, &err), AT_OK);
    /* the picture is black and 30 by 20; cell (2, 1) of 2 x 3 has the most, (1, 3) nothing */
    double side = 240, h = 160, all_w = (double)image.w / 2.5, all_h = (double)image.h / 2.5;
    const uint8_t *lit = pixel(&image, (7 + side / 6) / all_w, (7 + h * 3 / 4) / all_h);
    const uint8_t *dark = pixel(&image, (7 + side * 5 / 6) / all_w, (7 + h / 4) / all_h);
    assert_true(lit[0] > 90 && lit[1] > 60 && lit[2] == 0);
    assert_true(!dark[0] && !dark[1] && !dark[2]);
    at_image_free(&image);
    remove(path);
  }
  assert_int_equal(rmdir(dir), 0); /* and nothing else */
}

/* The border of the token in the upper left quarter is lit, the picture within it is not. */
static void test_part_files(void **state) {
  (void)state;
  char dir[] = "/tmp/attune-overlays.XXXXXX", path[200];
  assert_non_null(mkdtemp(dir));
  rp_run run = {.dir = "a"};
  size_t own = 0;
  rp_group group = {.label = "s", .run = &own, .n = 1};
  at_report r = {.run = &run, .n_runs = 1, .group = &group, .n_groups = 1};
  maker m = {.rows = 1, .kind = PARTS};
  rp_source src = {&m, open_made, look_made, free_made, close_made, NULL};
  at_report_options o = {.pairs = 1, .overlays = dir};
  at_text t = {0};
  at_error err = {0};
  at_image image;
  now = &m;
  assert_int_equal(at_rp_attention(&r, &src, &o, &t, &err), AT_OK);
  at_text_free(&t);
  snprintf(path, sizeof path, "%s/0001-s-look.png", dir);
  assert_int_equal(at_image_read(path, &image, &err), AT_OK);
  double all_w = (double)image.w / 2.5, all_h = (double)image.h / 2.5;
  const uint8_t *lit = pixel(&image, (7 + 120) / all_w, (7 + 40) / all_h),
                *dark = pixel(&image, (7 + 60) / all_w, (7 + 40) / all_h);
  assert_true(lit[0] > 200 && lit[1] > 130 && lit[2] < 60);
  assert_true(!dark[0] && !dark[1] && !dark[2]);
  at_image_free(&image);
  remove(path);
  snprintf(path, sizeof path, "%s/0001-s-look-each.png", dir);
  assert_int_equal(remove(path), 0);
  assert_int_equal(rmdir(dir), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_shades),    cmocka_unit_test(test_askers),
      cmocka_unit_test(test_turned),    cmocka_unit_test(test_heads),
      cmocka_unit_test(test_code),      cmocka_unit_test(test_top_keys),
      cmocka_unit_test(test_file_name), cmocka_unit_test(test_overlays),
      cmocka_unit_test(test_differ),    cmocka_unit_test(test_choice),
      cmocka_unit_test(test_lopsided),  cmocka_unit_test(test_many),
      cmocka_unit_test(test_pairs),     cmocka_unit_test(test_cards),
      cmocka_unit_test(test_kinds),     cmocka_unit_test(test_seeds),
      cmocka_unit_test(test_parts),     cmocka_unit_test(test_part_files),
      cmocka_unit_test(test_failure),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
