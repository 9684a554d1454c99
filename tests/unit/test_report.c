#include "tests/unit/cm.h"
#include <jansson.h>
#include "tests/unit/data_files.h"
#include "core/report/report_impl.h"

/* ---- made-up runs ---- */

static const char *at(const char *rest) {
  static char path[4][512];
  static int turn;
  turn = (turn + 1) % 4;
  snprintf(path[turn], sizeof path[turn], "%s/%s", scratch, rest);
  return path[turn];
}

/* seed decides the values: m + seed for the metrics that vary. */
static void put_run(const char *dir, const char *score, int seed, double r1, double rsum,
                    double medr, double medr_step) {
  at_text t = {0};
  at_text_addf(
      &t,
      "{\"attune\": \"0.1.0\", \"run\": {\"arguments.score\": \"%s\", \"arguments.d\": \"64\", "
      "\"train.best\": \"rsum\", \"data.reader\": \"scenes(a=1, b=\\\"<x>\\\")\", "
      "\"threads\": \"%d\", \"seed\": \"%d\"},\n"
      " \"split\": {\"validation\": {\"rsum\": {\"value\": 1, \"higher_is_better\": 1}},\n"
      "  \"test\": {\"i2t_r1\": {\"value\": %g, \"higher_is_better\": 1},\n"
      "   \"rsum\": {\"value\": %g, \"higher_is_better\": 1},\n"
      "   \"i2t_medr\": {\"value\": %g, \"higher_is_better\": 0},\n"
      "   \"pairs\": {\"value\": 5000, \"higher_is_better\": -1}}},\n"
      " \"seconds\": 12.5, \"steps\": 400, \"parameters\": 1234}",
      score, seed + 1, seed, r1 + seed, rsum + seed, medr + medr_step * seed);
  put_file(dir, "results.json", t.data);
  at_text_free(&t);
  for (int i = 1; i <= 20; i++) {
    at_text_addf(&t, "{\"kind\":\"train\",\"epoch\":1,\"step\":%d,\"loss\":%g,\"seconds\":1}\n",
                 20 * i, 5.0 / i + 0.1 * seed);
    if (i % 5 == 0)
      at_text_addf(&t,
                   "{\"kind\":\"evaluate\",\"split\":\"validation\",\"epoch\":1,\"step\":%d,"
                   "\"results\":{\"i2t_r1\":%d,\"rsum\":%g}}\n",
                   20 * i, i, rsum * i / 20 + seed);
  }
  put_file(dir, "metrics.jsonl", t.data);
  at_text_free(&t);
}

static void put_sweep(const char *name) {
  char dir[600];
  put_file(at(name), "sweep.yaml", "over: {}\n");
  for (int seed = 0; seed < 3; seed++) {
    snprintf(dir, sizeof dir, "%s/%s/cells/score=dot,seed=%d", scratch, name, seed);
    put_run(dir, "dot", seed, 13, 100, 5, 1);
    snprintf(dir, sizeof dir, "%s/%s/cells/score=general,seed=%d", scratch, name, seed);
    put_run(dir, "general(side=query)", seed, 12, 140, 3, 0);
  }
  snprintf(dir, sizeof dir, "%s/%s/cells/score=general,seed=10", scratch, name);
  put_file(dir, "run.yaml", "seed: 10\n");
}

static at_report *collect(const char *dir) {
  at_report *r = NULL;
  at_error err = {0};
  if (at_report_collect(&dir, 1, &r, &err) != AT_OK) fail_msg("%s", err.message);
  return r;
}

static void refuse(const char *dir, const char *part) {
  at_report *r = NULL;
  at_error err = {0};
  assert_int_equal(at_report_collect(&dir, 1, &r, &err), AT_EINPUT);
  assert_null(r);
  if (!strstr(err.message, part)) fail_msg("\"%s\" does not say \"%s\"", err.message, part);
}

/* ---- collecting ---- */

static void test_collect(void **state) {
  (void)state;
  put_sweep("sweep");
  at_report *r = collect(at("sweep"));
  assert_int_equal(r->n_runs, 6);
  assert_int_equal(r->n_unfinished, 1);
  assert_non_null(strstr(r->unfinished[0], "score=general,seed=10"));
  assert_int_equal(r->n_groups, 2);
  assert_int_equal(r->n_keys, 1);
  assert_string_equal(r->key[0], "arguments.score");
  assert_string_equal(r->group[0].label, "score=dot");
  assert_string_equal(r->group[1].label, "score=general(side=query)");
  assert_int_equal(r->group[0].n, 3);
  assert_int_equal(r->n_common, 3); /* neither seed nor threads */
  assert_int_equal(r->run[0].loss.n, 20);
  assert_int_equal(r->run[0].n_series, 2);
  at_report_free(r);
  /* a cell named again counts once */
  const char *twice[] = {at("sweep"), at("sweep/cells/score=dot,seed=1"),
                         at("sweep/cells/../cells/score=dot,seed=1")};
  at_error err = {0};
  assert_int_equal(at_report_collect(twice, 3, &r, &err), AT_OK);
  assert_int_equal(r->n_runs, 6);
  at_report_free(r);
}

static void test_labels(void **state) {
  (void)state;
  static const char *const run[] = {
      "{\"arguments.d\":\"64\",\"image.d\":\"1\",\"model\":\"/a/x.att\"}",
      "{\"arguments.d\":\"128\",\"image.d\":\"2\",\"model\":\"/b/y.att\"}",
      "{\"arguments.d\":\"128\",\"image.d\":\"2\",\"model\":\"/b/y.att\",\"new\":\"é\"}"};
  const char *dirs[3];
  char text[400], names[3][600];
  for (int i = 0; i < 3; i++) {
    snprintf(names[i], sizeof names[i], "%s/labels%d", scratch, i);
    snprintf(text, sizeof text, "{\"run\": %s, \"split\": {\"test\": {\"x\": {\"value\": 1}}}}",
             run[i]);
    put_file(names[i], "results.json", text);
    dirs[i] = names[i];
  }
  at_report *r;
  at_error err = {0};
  assert_int_equal(at_report_collect(dirs, 3, &r, &err), AT_OK);
  assert_int_equal(r->n_groups, 3);
  assert_string_equal(r->group[0].label, "arguments.d=64, image.d=1, model=x.att, new=none");
  assert_string_equal(r->group[2].label, "arguments.d=128, image.d=2, model=y.att, new=é");
  at_report_free(r);
}

static void test_refusals(void **state) {
  (void)state;
  refuse(at("nowhere"), "nowhere");
  put_file(at("empty"), "notes.txt", "");
  refuse(at("empty"), "neither a run");
  put_file(at("begun"), "run.yaml", "");
  refuse(at("begun"), "no run is finished");
  put_file(at("cut"), "results.json", "{\"attune\": \"0.1.0\", \"run\": {\"seed\": ");
  refuse(at("cut"), "cut/results.json:1:");
  put_file(at("list"), "results.json", "[1, 2]");
  refuse(at("list"), "list/results.json");
  put_file(at("norun"), "results.json", "{\"split\": {}}");
  refuse(at("norun"), "no object \"run\"");
  put_file(at("nosplit"), "results.json", "{\"run\": {}}");
  refuse(at("nosplit"), "no object \"split\"");
  put_file(at("text"), "results.json",
           "{\"run\": {}, \"split\": {\"test\": {\"r1\": {\"value\": \"x\"}}}}");
  refuse(at("text"), "\"r1\"");
  put_file(at("deep"), "results.json", "{\"run\": {\"a\": [1]}, \"split\": {}}");
  refuse(at("deep"), "\"a\"");
  put_run(at("log"), "dot", 0, 1, 1, 1, 0);
  put_file(at("log"), "metrics.jsonl",
           "{\"kind\":\"train\",\"step\":1,\"loss\":2}\n{\"kind\":\"tr");
  refuse(at("log"), "log/metrics.jsonl:2:");
  put_file(at("bytes"), "results.json", "{\"run\": {\"a\": \"\xff\"}, \"split\": {}}");
  refuse(at("bytes"), "bytes/results.json");
  put_file(at("broken"), "sweep.yaml", "");
  refuse(at("broken"), "broken/cells");
}

/* ---- tables ---- */

static void expect_table(const at_report *r, const at_report_options *o, const char *want) {
  at_text t = {0};
  at_error err = {0};
  if (at_report_table(r, o, &t, &err) != AT_OK) fail_msg("%s", err.message);
  assert_string_equal(t.data, want);
  at_text_free(&t);
}

static void test_table(void **state) {
  (void)state;
  put_sweep("sweep");
  at_report *r = collect(at("sweep"));
  r->unfinished[0] = "cells/ten";
  expect_table(r, &(at_report_options){.split = "test"},
               "                           n        i2t_r1          rsum      i2t_medr      pairs\n"
               "score=dot                  3  14.00 ± 1.00~  101.0 ± 1.0   6.00 ± 1.00   5000 ± 0\n"
               "score=general(side=query)  3  13.00 ± 1.00~  141.0 ± 1.0*  3.00 ± 0.00*  5000 ± 0\n"
               "\n"
               "Split test; mean ± sample standard deviation over seeds, n runs each.\n"
               "*: the best mean of the column, and told from all others by these seeds.\n"
               "~: the best mean, and what these seeds do not tell from it (Welch's test, Holm's "
               "correction, 5 %).\n"
               "Lower is better for i2t_medr.\n"
               "No best is marked for pairs.\n"
               "Unfinished, not counted: cells/ten.\n");
  at_report_free(r);
}

static void test_color(void **state) {
  (void)state;
  static const char *const metrics[] = {"rsum"};
  at_report *r = collect(at("sweep"));
  r->n_unfinished = 0;
  expect_table(r, &(at_report_options){.metrics = metrics, .n_metrics = 1, .color = true},
               "\033[1m                           n         rsum \033[0m\n"
               "score=dot                  3  101.0 ± 1.0\n"
               "score=general(side=query)  3  \033[1;32m141.0 ± 1.0\033[0m\n"
               "\n"
               "Split test; mean ± sample standard deviation over seeds, n runs each.\n"
               "Bold: the best mean of the column, and told from all others by these seeds "
               "(Welch's test, Holm's correction, 5 %).\n");
  at_report_free(r);
}

/* A group of one run has no spread; names beyond ASCII keep the columns straight. */
static void test_single(void **state) {
  (void)state;
  put_run(at("one"), "dot", 0, 10, 20, 3, 0);
  put_run(at("two"), "über", 0, 12, 20, 3, 0);
  put_run(at("three"), "über", 1, 12, 20, 3, 0);
  const char *dirs[] = {at("one"), at("two"), at("three")};
  static const char *const metrics[] = {"i2t_r1", "rsum"};
  at_report *r;
  at_error err = {0};
  assert_int_equal(at_report_collect(dirs, 3, &r, &err), AT_OK);
  expect_table(r, &(at_report_options){.metrics = metrics, .n_metrics = 2},
               "            n        i2t_r1           rsum\n"
               "score=dot   1  10.00          20.00\n"
               "score=über  2  12.50 ± 0.71   20.50 ± 0.71\n"
               "\n"
               "Split test; mean ± sample standard deviation over seeds, n runs each.\n"
               "Groups with n = 1 have no spread: nothing can be said about their distance from "
               "others.\n");
  at_report_free(r);
}

/* Three seeds a group, one apart: at a distance of 2 the spread still explains it (2.45
 * standard errors, the limit is 2.78), at 3 no more. */
static void test_few_seeds(void **state) {
  (void)state;
  char dir[600];
  static const struct {
    const char *folder;
    double distance;
    rp_mark best, mark;
  } want[] = {{"near", 2, RP_LIKE, RP_LIKE}, {"far", 3, RP_BEST, RP_PLAIN}};
  for (int i = 0; i < 2; i++) {
    for (int run = 0; run < 6; run++) {
      snprintf(dir, sizeof dir, "%s/%s/cells/%d", scratch, want[i].folder, run);
      put_run(dir, run < 3 ? "a" : "b", run % 3, run < 3 ? 20 : 20 - want[i].distance, 1, 1, 0);
    }
    at_report *r = collect(at(want[i].folder));
    at_arena *a = at_arena_new();
    rp_summary s;
    assert_int_equal(at_rp_summarise(r, &(at_report_options){0}, a, &s, NULL), AT_OK);
    assert_int_equal(s.column[0].stat[0].mark, want[i].best);
    assert_int_equal(s.column[0].stat[1].mark, want[i].mark);
    at_arena_free(a);
    at_report_free(r);
  }
}

static void test_unknown_columns(void **state) {
  (void)state;
  static const char *const near[] = {"rsun"};
  at_report *r = collect(at("sweep"));
  at_text t = {0};
  at_error err = {0};
  at_report_options o = {.metrics = near, .n_metrics = 1};
  assert_int_equal(at_report_table(r, &o, &t, &err), AT_EINPUT);
  assert_non_null(strstr(err.message, "did you mean `rsum`?"));
  assert_int_equal(at_report_csv(r, &(at_report_options){.split = "dev"}, &t, &err), AT_EINPUT);
  assert_non_null(strstr(err.message, "there are: validation, test"));
  at_text_free(&t);
  at_report_free(r);
}

/* ---- for other programs ---- */

static void test_csv(void **state) {
  (void)state;
  put_run(at("plain"), "dot", 0, 10, 20, 3, 0);
  put_run(at("quoted"), "general(a=\\\"x\\\", b)", 2, 10, 22.5, 3, 0);
  const char *dirs[] = {at("plain"), at("quoted")};
  at_report *r;
  at_error err = {0};
  at_text t = {0};
  static const char *const metrics[] = {"i2t_medr", "rsum", "pairs"};
  assert_int_equal(at_report_collect(dirs, 2, &r, &err), AT_OK);
  at_report_options o = {.metrics = metrics, .n_metrics = 3};
  assert_int_equal(at_report_csv(r, &o, &t, &err), AT_OK);
  assert_string_equal(t.data,
                      "arguments.score,metric,mean,sd,low,high,n,best\r\n"
                      "dot,i2t_medr,3,,,,1,unclear\r\n"
                      "dot,rsum,20,,,,1,unknown\r\n"
                      "dot,pairs,5000,,,,1,\r\n"
                      "\"general(a=\"\"x\"\", b)\",i2t_medr,3,,,,1,unclear\r\n"
                      "\"general(a=\"\"x\"\", b)\",rsum,24.5,,,,1,unknown\r\n"
                      "\"general(a=\"\"x\"\", b)\",pairs,5000,,,,1,\r\n");
  at_text_free(&t);
  at_report_free(r);
}

static double number_at(json_t *group, const char *metric, const char *what) {
  return json_number_value(
      json_object_get(json_object_get(json_object_get(group, "metrics"), metric), what));
}

static void test_json(void **state) {
  (void)state;
  at_report *r = collect(at("sweep"));
  at_text t = {0};
  at_error err = {0};
  assert_int_equal(at_report_json(r, &(at_report_options){0}, &t, &err), AT_OK);
  json_t *j = json_loads(t.data, 0, NULL);
  assert_non_null(j);
  json_t *groups = json_object_get(j, "groups"), *dot = json_array_get(groups, 0);
  assert_int_equal(json_array_size(groups), 2);
  assert_true(number_at(dot, "rsum", "mean") == 101 && number_at(dot, "rsum", "sd") == 1);
  assert_true(number_at(dot, "i2t_medr", "n") == 3);
  /* 101 - 4.302653 / sqrt(3), scipy.stats.t.ppf(0.975, 2) */
  assert_true(fabs(number_at(dot, "rsum", "low") - 98.51586228) < 1e-7);
  assert_true(fabs(number_at(dot, "rsum", "high") - 103.48413772) < 1e-7);
  /* scipy.stats.ttest_ind([13, 14, 15], [12, 13, 14], equal_var=False) */
  assert_true(fabs(number_at(json_array_get(groups, 1), "i2t_r1", "p") - 0.28786413472669554) <
              1e-9);
  json_t *runs = json_object_get(dot, "runs"), *last = json_array_get(runs, 2);
  assert_int_equal(json_array_size(runs), 3);
  assert_string_equal(json_string_value(json_object_get(last, "seed")), "2");
  assert_true(json_number_value(json_object_get(json_object_get(last, "values"), "i2t_r1")) == 15);
  assert_int_equal(json_array_size(json_object_get(j, "unfinished")), 1);
  json_decref(j);
  at_text_free(&t);
  at_report_free(r);
}

static void test_latex(void **state) {
  (void)state;
  static const char *const metrics[] = {"i2t_r1", "rsum"};
  at_report *r = collect(at("sweep"));
  at_text t = {0};
  at_error err = {0};
  r->n_unfinished = 0;
  at_report_options o = {.metrics = metrics, .n_metrics = 2};
  assert_int_equal(at_report_latex(r, &o, &t, &err), AT_OK);
  assert_string_equal(
      t.data,
      "% Needs \\usepackage{booktabs}.\n"
      "\\begin{table}\n  \\centering\n  \\begin{tabular}{lrrr}\n    \\toprule\n"
      "    group & $n$ & i2t\\_r1 & rsum \\\\\n    \\midrule\n"
      "    score=dot & 3 & 14.00 $\\pm$ 1.00\\rlap{$^{\\sim}$} & 101.0 $\\pm$ 1.0 \\\\\n"
      "    score=general(side=query) & 3 & 13.00 $\\pm$ 1.00\\rlap{$^{\\sim}$} & "
      "\\textbf{141.0} $\\pm$ 1.0 \\\\\n"
      "    \\bottomrule\n  \\end{tabular}\n"
      "  \\caption{Split test; mean $\\pm$ sample standard deviation over seeds, n runs each.\n"
      "    Bold: the best mean of the column, and told from all others by these seeds.\n"
      "    $\\sim$: the best mean, and what these seeds do not tell from it (Welch's "
      "test, Holm's correction, 5 \\%).}\n"
      "\\end{table}\n");
  at_text_free(&t);
  at_report_free(r);
}

static void test_latex_text(void **state) {
  (void)state;
  at_arena *a = at_arena_new();
  at_text t = {0};
  assert_int_equal(at_rp_latex_text(&t, a, "a\\b{c}&%$#_~^<>|\"`---é±–…\n\xff", NULL), AT_OK);
  assert_string_equal(t.data,
                      "a\\textbackslash{}b\\{c\\}\\&\\%\\$\\#\\_$\\sim$"
                      "\\textasciicircum{}\\textless{}\\textgreater{}\\textbar{}''"
                      "\\textasciigrave{}-{}-{}-é$\\pm$--\\dots{} \uFFFD");
  at_text_free(&t);
  at_arena_free(a);
}

/* ---- pieces ---- */

static void test_text(void **state) {
  (void)state;
  char buf[RP_NUMBER];
  assert_true(at_rp_natural("seed=2", "seed=10") < 0 && at_rp_natural("a", "b") < 0);
  assert_true(at_rp_natural("a01", "a1") == 0 && at_rp_natural("a1b", "a1") > 0);
  assert_int_equal(at_rp_columns("é 日本 e\xcc\x81"), 8);
  assert_string_equal(at_rp_number(buf, -0.0001, 2), "0.00");
  assert_string_equal(at_rp_number(buf, -1.005, 1), "-1.0");
  at_text t = {0};
  at_rp_escape(&t, "<b a=\"'\">&\xff\x01\xc0\xaf é");
  assert_string_equal(t.data, "&lt;b a=&quot;&#39;&quot;&gt;&amp;\uFFFD\uFFFD\uFFFD\uFFFD é");
  at_text_free(&t);
  static const char *const base64[][2] = {
      {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foobar", "Zm9vYmFy"}};
  for (int i = 0; i < 4; i++) {
    at_rp_base64(&t, base64[i][0], strlen(base64[i][0]));
    assert_string_equal(t.data ? t.data : "", base64[i][1]);
    at_text_free(&t);
  }
}

static void test_scale(void **state) {
  (void)state;
  static const double range[][2] = {
      {0, 1},           {0.37, 0.41},    {-3, 7},           {5, 5},  {0, 0}, {0, 98765},
      {1e-300, 2e-300}, {-1e308, 1e308}, {1e9, 1e9 + 1e-7}, {-8, -8}};
  char buf[RP_NUMBER];
  rp_scale s;
  for (size_t i = 0; i < sizeof range / sizeof *range; i++) {
    at_rp_scale(&s, range[i][0], range[i][1], 10, 110, 6);
    assert_true(s.n >= 1 && s.n <= 8 && s.step > 0);
    for (int k = 0; k < s.n; k++) {
      double x = at_rp_place(&s, s.first + k * s.step);
      assert_true(x > 9.9 && x < 110.1);
      at_rp_tick(buf, &s, k);
      assert_true(strlen(buf) < 16);
    }
  }
  at_rp_scale(&s, 0, 98765, 0, 1, 5);
  at_rp_tick(buf, &s, 1);
  assert_string_equal(buf, "20k");
  at_rp_scale(&s, 0.37, 0.41, 0, 1, 5);
  at_rp_tick(buf, &s, 0);
  assert_string_equal(buf, "0.37");
}

/* ---- the page ---- */

/* Tags open and close in order, attributes are quoted: enough to catch a forgotten end. */
static void check_balance(const char *html) {
  static const char *const empty[] = {"meta", "img", "br", "!DOCTYPE"};
  char stack[64][24];
  int depth = 0;
  for (const char *p = html; (p = strchr(p, '<'));) {
    bool close = p[1] == '/', quoted = false, alone = false;
    const char *name = p + 1 + close, *end = name;
    size_t n = strcspn(name, " />\n");
    for (; *end && (quoted || *end != '>'); end++) quoted ^= *end == '"';
    if (!*end) fail_msg("a tag has no end: %.60s", p);
    if (memchr(name, '<', (size_t)(end - name))) fail_msg("a tag within a tag: %.80s", p);
    for (size_t i = 0; i < 4; i++) alone |= n == strlen(empty[i]) && !strncmp(name, empty[i], n);
    alone |= end[-1] == '/';
    if (close) {
      if (!depth || strlen(stack[depth - 1]) != n || strncmp(stack[depth - 1], name, n))
        fail_msg("</%.*s> closes <%s>", (int)n, name, depth ? stack[depth - 1] : "");
      depth--;
    } else if (!alone) {
      assert_true(depth < 64 && n < 24);
      snprintf(stack[depth++], 24, "%.*s", (int)n, name);
    }
    p = end;
    bool raw = !close && (!strncmp(name, "script", 6) || !strncmp(name, "style", 5));
    if (raw) p = strstr(p, "</");
  }
  if (depth) fail_msg("<%s> is not closed", stack[depth - 1]);
}

static void check_alone(const char *html) {
  static const char *const loads[] = {"src=\"", "href=\"", "url(", "@import", "xlink"};
  for (int i = 0; i < 5; i++)
    for (const char *p = html; (p = strstr(p, loads[i])); p++)
      if (strncmp(p, "src=\"data:image/", 16)) fail_msg("the page loads something: %.60s", p);
  assert_null(strstr(html, "http"));
}

static size_t count(const char *text, const char *part) {
  size_t n = 0;
  for (const char *p = text; (p = strstr(p, part)); p += strlen(part)) n++;
  return n;
}

static char *page(void) {
  at_report *r = collect(at("sweep"));
  at_text t = {0};
  at_error err = {0};
  rp_figures f = {0};
  if (at_rp_figures_new(&f, &err) != AT_OK ||
      at_rp_page(r, NULL, &(at_report_options){.pairs = 4}, &f, &t, &err) != AT_OK)
    fail_msg("%s", err.message);
  at_rp_figures_free(&f);
  check_balance(t.data);
  check_alone(t.data);
  at_report_free(r);
  return t.data;
}

static void test_page(void **state) {
  (void)state;
  char *html = page();
  assert_null(strstr(html, "id=\"attention\""));
  assert_non_null(strstr(html, "Results of 6 runs in 2 groups"));
  assert_non_null(strstr(html, "scenes(a=1, b=&quot;&lt;x&gt;&quot;)"));
  assert_non_null(strstr(html,
                         "<td class=\"best\" title=\"95 % interval of the mean: 138.5 to 143.5\">"
                         "141.0 <span class=\"sd\">± 1.0</span>"));
  assert_non_null(strstr(html, "rsum on validation"));
  assert_non_null(strstr(html, "score=general,seed=10"));
  assert_int_equal(count(html, "class=\"band\""), 4);  /* two charts of two groups */
  assert_int_equal(count(html, "class=\"seed\""), 24); /* four metrics of six runs */
  assert_int_equal(count(html, "<svg"), 4 + 2 + 2);
  /* a plot has its colours also without the style sheet: four plots, two charts, a legend */
  assert_int_equal(count(html, "color=\"#0072b2\">"), 4 + 2 + 1);
  assert_int_equal(count(html, "class=\"bar\" stroke=\"currentColor\""), 8);
  assert_null(strstr(html, "nan"));
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

static void test_write(void **state) {
  (void)state;
  static const char *const name[] = {"report.html", "results.csv", "results.json"};
  at_report *r = collect(at("sweep"));
  at_error err = {0};
  at_report_options o = {.pairs = 2};
  assert_int_equal(at_report_write(r, NULL, &o, at("out/deep"), &err), AT_OK);
  for (int i = 0; i < 3; i++) {
    char path[600];
    snprintf(path, sizeof path, "%s/out/deep/%s", scratch, name[i]);
    assert_true(at_file_exists(path));
  }
  put_run(at("own"), "dot", 0, 1, 1, 1, 0);
  put_file(at("own"), "run.yaml", "");
  assert_int_equal(at_report_write(r, NULL, &o, at("own"), &err), AT_EINPUT);
  assert_false(at_file_exists(at("own/report.html")));
  /* beside the cells is a fine place, and the sweep stays one */
  assert_int_equal(at_report_write(r, NULL, &o, at("sweep"), &err), AT_OK);
  at_report_free(r);
  r = collect(at("sweep"));
  assert_int_equal(r->n_runs, 6);
  at_report_free(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_collect),   cmocka_unit_test(test_labels),
      cmocka_unit_test(test_refusals),  cmocka_unit_test(test_table),
      cmocka_unit_test(test_color),     cmocka_unit_test(test_single),
      cmocka_unit_test(test_few_seeds), cmocka_unit_test(test_unknown_columns),
      cmocka_unit_test(test_csv),       cmocka_unit_test(test_json),
      cmocka_unit_test(test_latex),     cmocka_unit_test(test_latex_text),
      cmocka_unit_test(test_text),      cmocka_unit_test(test_scale),
      cmocka_unit_test(test_page),      cmocka_unit_test(test_parts),
      cmocka_unit_test(test_write),
  };
  return cmocka_run_group_tests(tests, make_scratch, drop_scratch);
}
