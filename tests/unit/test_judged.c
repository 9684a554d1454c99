/* What people said of pictures with captions: read, and held against similarities. */
#include "tests/unit/data_sets.h"
#include "tests/unit/metric_call.h"
#include <math.h>

/* ---- reading ---- */

static int setup(void **state) {
  if (make_scratch(state) || at_registry_new(NULL, 0, &registry, NULL) != AT_OK) return -1;
  spill_text("token.txt", "a.jpg#0\tone dog\na.jpg#1\ta dog\nb.jpg#0\ttwo cats\nc.jpg#0\ta bird\n");
  spill_text("Flickr_8k.trainImages.txt", "a.jpg\n");
  spill_text("Flickr_8k.devImages.txt", "");
  spill_text("Flickr_8k.testImages.txt", "b.jpg\nc.jpg\n");
  for (const char *c = "abc"; *c; c++) {
    char name[8];
    snprintf(name, sizeof name, "%c.jpg", *c);
    spill_text(name, "");
  }
  return 0;
}

static int teardown(void **state) {
  at_registry_free(registry);
  return drop_scratch(state);
}

static at_status open_judged(const char *expert, const char *crowd, at_dataset **out,
                             at_error *why) {
  char spec[2400];
  if (expert) spill_text("expert.txt", expert);
  if (crowd) spill_text("crowd.txt", crowd);
  int n = snprintf(spec, sizeof spec, "photos(root=%s, captions=%s/token.txt, splits=%s", scratch,
                   scratch, scratch);
  if (expert) n += snprintf(spec + n, sizeof spec - (size_t)n, ", expert=%s/expert.txt", scratch);
  if (crowd) n += snprintf(spec + n, sizeof spec - (size_t)n, ", crowd=%s/crowd.txt", scratch);
  snprintf(spec + n, sizeof spec - (size_t)n, ")");
  return open_set(spec, out, why);
}

static int64_t link_to(const at_dataset *d, const char *name, int64_t row) {
  int64_t to = -1;
  assert_ok(at_dataset_read(d, "test", field(d, "judgment", name), row, &to, err));
  return to;
}

static void says(const at_dataset *d, const char *name, int64_t row, const char *want) {
  char *text = NULL;
  assert_ok(at_dataset_read_text(d, "test", field(d, "judgment", name), row, &text, err));
  assert_string_equal(text, want);
  free(text);
}

/* Pairs of one split count, in the order of the files, the experts' first. */
static void test_reading(void **state) {
  at_dataset *d;
  (void)state;
  assert_ok(
      open_judged("b.jpg\tc.jpg#0\t1\t2\t1\nb.jpg\ta.jpg#0\t1\t1\t1\nc.jpg\tc.jpg#0\t4\t4\t3\n",
                  "c.jpg\tb.jpg#0\t0.3333\t1\t2\n", &d, err));
  assert_int_equal(at_dataset_rows(d, "test", "judgment"), 3);
  assert_int_equal(at_dataset_rows(d, "train", "judgment"), -1);
  assert_int_equal(link_to(d, "picture", 0), 0);
  assert_int_equal(link_to(d, "caption", 0), 1);
  says(d, "expert", 0, "1 2 1");
  says(d, "crowd", 0, "");
  says(d, "expert", 1, "4 4 3");
  assert_int_equal(link_to(d, "picture", 2), 1);
  assert_int_equal(link_to(d, "caption", 2), 0);
  says(d, "crowd", 2, "0.3333");
  says(d, "expert", 2, "");
  at_dataset_close(d);
  assert_ok(open_judged("b.jpg\ta.jpg#0\t1\t1\t1\n", NULL, &d, err)); /* none in one split */
  assert_null(at_dataset_field(d, "judgment", "expert"));
  at_dataset_close(d);
}

static void test_refusals(void **state) {
  static const struct {
    bool crowd;
    const char *line, *says;
  } cases[] = {
      {false, "b.jpg c.jpg#0\t1\t2\t1", "expert.txt:2: a line is PICTURE, a tab"},
      {false, "b.jpg\tc.jpg\t1\t2\t1", "expert.txt:2: a line is PICTURE, a tab"},
      {false, "b.jpg\tc.jpg#0", "expert.txt:2: a line is PICTURE, a tab"},
      {false, "b.jpg\tc.jpg#0\t1\t2", "expert.txt:2: three grades from 1 to 4"},
      {false, "b.jpg\tc.jpg#0\t1\t5\t1", "expert.txt:2: three grades from 1 to 4"},
      {false, "b.jpg\tc.jpg#0\t1\tnan\t1", "expert.txt:2: three grades from 1 to 4"},
      {false, "b.jpg\tc.jpg#0\t1\t1\t1\t1", "expert.txt:2: there is something behind"},
      {false, "d.jpg\tc.jpg#0\t1\t1\t1", "expert.txt:2: its picture has no captions"},
      {false, "b.jpg\tc.jpg#4\t1\t1\t1", "expert.txt:2: there is no such caption"},
      {false, "b.jpg\td.jpg#0\t1\t1\t1", "expert.txt:2: there is no such caption"},
      {true, "b.jpg\tc.jpg#0\t1.5\t1\t1", "crowd.txt:2: a share from 0 to 1"},
      {true, "b.jpg\tc.jpg#0\t\t1\t1", "crowd.txt:2: a share from 0 to 1"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char text[200];
    at_dataset *d;
    at_error e = {0};
    snprintf(text, sizeof text, "\n%s\n", cases[i].line);
    assert_int_equal(
        open_judged(cases[i].crowd ? NULL : text, cases[i].crowd ? text : NULL, &d, &e), AT_EINPUT);
    if (!strstr(e.message, cases[i].says))
      fail_msg("case %zu: \"%s\" lacks \"%s\"", i, e.message, cases[i].says);
  }
}

/* ---- the metric ---- */

enum { PICTURES = 9, CAPTIONS = 12, PAIRS = 40 };
typedef struct judged_case {
  float similarity[PICTURES * CAPTIONS], said[PAIRS];
  int64_t owner[CAPTIONS], picture[PAIRS], caption[PAIRS];
} judged_case;

static void put(attune_prediction *p, const char *name, uint32_t type, const void *v, int64_t n,
                int64_t width) {
  attune_array a = {.type = type, .ndim = width ? 2 : 1, .shape = {n, width}, .data = v};
  assert_int_equal(at_host_predict(p, name, &a, NULL), 0);
}

static attune_prediction *predicted(const judged_case *c, const char *kind) {
  attune_prediction *p = at_prediction_new();
  char name[64];
  put(p, "similarity", ATTUNE_F32, c->similarity, PICTURES, CAPTIONS);
  put(p, "picture_of_caption", ATTUNE_I64, c->owner, CAPTIONS, 0);
  if (!kind) return p;
  snprintf(name, sizeof name, "judged_%s", kind);
  put(p, name, ATTUNE_F32, c->said, PAIRS, 0);
  snprintf(name, sizeof name, "judged_%s_picture", kind);
  put(p, name, ATTUNE_I64, c->picture, PAIRS, 0);
  snprintf(name, sizeof name, "judged_%s_caption", kind);
  put(p, name, ATTUNE_I64, c->caption, PAIRS, 0);
  return p;
}

static at_status judge(const char *spec, const attune_prediction *p, at_result **r, size_t *n,
                       at_error *why) {
  return metric_call(registry, spec, p, r, n, why);
}

static double value(const at_result *r, size_t n, const char *name) {
  for (size_t i = 0; i < n; i++)
    if (!strcmp(r[i].name, name)) return r[i].value;
  return NAN;
}

static judged_case make_case(void) {
  judged_case c;
  for (int i = 0; i < PICTURES * CAPTIONS; i++) c.similarity[i] = (float)(i * 7 % 31) / 31;
  for (int i = 0; i < CAPTIONS; i++) c.owner[i] = i % PICTURES;
  for (int i = 0; i < PAIRS; i++) {
    c.picture[i] = i * 5 % (PICTURES - 1); /* nobody says anything of the last one */
    c.caption[i] = i * 3 % CAPTIONS;
    const float s = c.similarity[c.picture[i] * CAPTIONS + c.caption[i]];
    c.said[i] = (float)(1 + (int)(s * 3) + (i % 5 == 0));
  }
  return c;
}

/* C - D and what does not tie, of the pairs that count. */
static double slow(const judged_case *c, bool own, bool tau_c) {
  double difference = 0, xx = 0, yy = 0, n = 0, kinds = 0;
  bool seen[8] = {false};
  for (int i = 0; i < PAIRS; i++) {
    if (!own && c->owner[c->caption[i]] == c->picture[i]) continue;
    n++;
    kinds += !seen[(int)c->said[i]];
    seen[(int)c->said[i]] = true;
    for (int k = 0; k < i; k++) {
      if (!own && c->owner[c->caption[k]] == c->picture[k]) continue;
      const float a = c->similarity[c->picture[i] * CAPTIONS + c->caption[i]],
                  b = c->similarity[c->picture[k] * CAPTIONS + c->caption[k]];
      const int x = (a > b) - (a < b), y = (c->said[i] > c->said[k]) - (c->said[i] < c->said[k]);
      difference += x * y;
      xx += x * x;
      yy += y * y;
    }
  }
  return 100 *
         (tau_c ? 2 * kinds * difference / (n * n * (kinds - 1)) : difference / sqrt(xx * yy));
}

static void test_metric(void **state) {
  static const struct {
    const char *kind, *spec, *result;
    bool own;
  } cases[] = {{"expert", "judged", "expert_tau_c", true},
               {"expert", "judged(own=false)", "expert_tau_c", false},
               {"crowd", "judged", "crowd_tau_b", true},
               {"crowd", "judged(own=false)", "crowd_tau_b", false}};
  const judged_case c = make_case();
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    attune_prediction *p = predicted(&c, cases[i].kind);
    at_result *r, *again;
    size_t n, n_again;
    char low[64], high[64];
    assert_ok(judge(cases[i].spec, p, &r, &n, err));
    assert_ok(judge(cases[i].spec, p, &again, &n_again, err));
    assert_int_equal(n, 3); /* and nothing of the other kind */
    const double got = value(r, n, cases[i].result), want = slow(&c, cases[i].own, i < 2);
    if (!(fabs(got - want) < 1e-9)) fail_msg("case %zu: %.12g, not %.12g", i, got, want);
    snprintf(low, sizeof low, "%s.low", cases[i].result);
    snprintf(high, sizeof high, "%s.high", cases[i].result);
    assert_true(value(r, n, low) < got && got < value(r, n, high));
    assert_true(value(r, n, high) - value(r, n, low) < 60);
    for (size_t k = 0; k < n; k++) assert_true(r[k].value == again[k].value);
    free(r);
    free(again);
    at_prediction_free(p);
  }
}

static void test_missing(void **state) {
  judged_case c = make_case();
  attune_prediction *p = predicted(&c, NULL);
  at_result *r;
  size_t n;
  at_error e = {0};
  (void)state;
  assert_ok(judge("judged", p, &r, &n, err)); /* a split without judgments is no mistake */
  assert_int_equal(n, 0);
  free(r);
  at_prediction_free(p);
  for (int i = 0; i < PAIRS; i++) c.said[i] = 1;
  p = predicted(&c, "expert");
  assert_ok(judge("judged", p, &r, &n, err)); /* all alike */
  assert_int_equal(n, 0);
  free(r);
  at_prediction_free(p);
  c.caption[3] = CAPTIONS;
  p = predicted(&c, "expert");
  assert_int_equal(judge("judged", p, &r, &n, &e), AT_EFAIL);
  assert_non_null(strstr(e.message, "does not fit the similarities"));
  free(r);
  at_prediction_free(p);
}

/* ---- the published files ---- */

static void test_published(void **state) {
  const char *root = shared("flickr8k");
  char spec[4096];
  at_dataset *d;
  (void)state;
  if (!root) skip();
  snprintf(spec, sizeof spec,
           "photos(root=%s/images, captions=%s/Flickr8k.token.txt, splits=%s, "
           "expert=%s/ExpertAnnotations.txt, crowd=%s/CrowdFlowerAnnotations.partial.txt)",
           root, root, root, root, root);
  assert_ok(open_set(spec, &d, err));
  assert_int_equal(at_dataset_rows(d, "test", "judgment"), 5822 + 47288);
  says(d, "expert", 0, "1 1 1");
  says(d, "crowd", 5822, "1");
  assert_int_equal(link_to(d, "picture", 5822) * 5 + 2, link_to(d, "caption", 5822));
  at_dataset_close(d);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_reading),
                                     cmocka_unit_test(test_refusals), cmocka_unit_test(test_metric),
                                     cmocka_unit_test(test_missing),
                                     cmocka_unit_test(test_published)};
  return cmocka_run_group_tests_name("judged", tests, setup, teardown);
}
