#include "tests/unit/cm.h"
#include "core/data/npz.h"
#include "tests/unit/data_files.h"
#include "core/report/explained.h"

/* ---- made-up runs: what explain wrote is made here, number by number ---- */

static void *add(at_arrays *to, const char *name, at_dtype type, int64_t n, int64_t inner) {
  at_error err = {0};
  const int64_t shape[] = {n, inner};
  at_array *a = at_arrays_add(to);
  if (at_array_init(a, name, type, inner ? 2 : 1, shape, &err) != AT_OK)
    fail_msg("%s", err.message);
  return a->data;
}

static void write_npz(const char *dir, const char *name, at_arrays *v) {
  char path[700];
  at_error err = {0};
  snprintf(path, sizeof path, "%s/%s", dir, name);
  if (at_npz_write(path, v, AT_NPZ_DEFLATE, &err) != AT_OK) fail_msg("%s", err.message);
  at_arrays_free(v);
}

enum { N = 4 };

/* Rows first, first + step, ...; each has 2 keys; tau of row i is base + i / 10. */
static void put_explained(const char *dir, double base, int first, int step, const char *json) {
  char folder[600];
  at_arrays a = {0}, v = {0};
  snprintf(folder, sizeof folder, "%s/explain/test", dir);
  put_file(folder, "explain.json", json);
  int64_t *rows = add(&a, "rows", AT_I64, N, 1), *off = add(&a, "offsets", AT_I64, N + 1, 0);
  float *w = add(&a, "weight", AT_F32, 2 * N, 0);
  int32_t *right = add(&a, "correct", AT_I32, N, 0);
  float *bins = add(&a, "bins", AT_F32, 3, 0), *top = add(&a, "without_top", AT_F32, N, 3);
  for (int i = 0; i < 3; i++) bins[i] = 0.5f * (float)i;
  for (int i = 0; i < 3 * N; i++) top[i] = (float)base + (i % 3 ? 0.0f : 1.0f);
  int32_t *kind = add(&a, "field.kind", AT_I32, N, 0);
  double *tau = add(&v, "attention_correlation.tau_erasure", AT_F64, N, 0);
  for (int i = 0; i < N; i++) {
    rows[i] = first + i * step;
    kind[i] = rows[i] < 3 ? (int32_t)(rows[i] / 2) : -1;
    off[i + 1] = 2 * (i + 1);
    w[2 * i] = rows[i] == 3 && base > 0.15 ? 0.1f : 0.75f, w[2 * i + 1] = 0.25f;
    right[i] = rows[i] % 2 == 0;
    tau[i] = base + (double)rows[i] / 10;
  }
  write_npz(folder, "look.npz", &a);
  write_npz(folder, "look.metrics.npz", &v);
}

static const char *const GOOD =
    "{\"split\": \"test\", \"blocks\": [{\"block\": \"look\", \"examples\": 4, \"fields\": "
    "{\"kind\": [\"7\", \"30\"]}, \"metrics\": {"
    "\"attention_correlation\": {\"results\": {\"tau_erasure\": {\"mean\": 0.5, \"better\": "
    "\"higher\"}}},"
    "\"attention_plausibility\": {\"missing\": \"it needs <truth>\"},"
    "\"alone\": {\"results\": {\"number\": {\"mean\": 7}}}}},"
    "{\"block\": \"blind\", \"missing\": \"it has one key\"}]}";

static void run_dir(char to[600], const char *name, const char *score, int seed) {
  snprintf(to, 600, "%s/%s/cells/score=%s,seed=%d", scratch, name, score, seed);
}

static void put_run(const char *name, const char *score, int seed, double accuracy) {
  char dir[600];
  at_text t = {0};
  run_dir(dir, name, score, seed);
  at_text_addf(&t,
               "{\"run\": {\"arguments.score\": \"%s\", \"seed\": \"%d\", \"train.best\": "
               "\"accuracy\"}, \"split\": {\"test\": {\"accuracy\": {\"value\": %g, "
               "\"higher_is_better\": 1}}}}",
               score, seed, accuracy);
  put_file(dir, "results.json", t.data);
  at_text_free(&t);
}

static void put_sweep(const char *name, int seeds) {
  char dir[600];
  snprintf(dir, sizeof dir, "%s/%s", scratch, name);
  put_file(dir, "sweep.yaml", "over: {}\n");
  for (int seed = 0; seed < seeds; seed++) {
    put_run(name, "dot", seed, 50 + seed);
    put_run(name, "cosine", seed, 60 + seed);
    run_dir(dir, name, "dot", seed);
    /* the rows of the second run come from behind */
    put_explained(dir, 0.1 * seed, seed == 1 ? 3 : 0, seed == 1 ? -1 : 1, GOOD);
    run_dir(dir, name, "cosine", seed);
    put_explained(dir, 0.1 * seed - 1, 0, 1, GOOD);
  }
}

static at_report *collect_by(const char *name, const char *by) {
  char dir[600];
  const char *dirs[] = {dir};
  at_report *r = NULL;
  at_error err = {0};
  snprintf(dir, sizeof dir, "%s/%s", scratch, name);
  if (at_report_collect(dirs, 1, &r, &err) != AT_OK) fail_msg("%s", err.message);
  if (at_report_explained(r, &(at_report_options){.split = "test", .by = by}, 2, &err) != AT_OK)
    fail_msg("%s", err.message);
  return r;
}

static at_report *collect(const char *name) { return collect_by(name, NULL); }

typedef at_status form(const at_report *r, const at_report_options *o, at_text *out, at_error *err);

static char *formed(const at_report *r, form *f) {
  at_text t = {0};
  at_error err = {0};
  if (f(r, &(at_report_options){.split = "test"}, &t, &err) != AT_OK) fail_msg("%s", err.message);
  return t.data;
}

static void has(const char *text, const char *part) {
  if (!strstr(text, part)) fail_msg("\"%s\" is not in:\n%s", part, text);
}
static void has_not(const char *text, const char *part) {
  if (strstr(text, part)) fail_msg("\"%s\" is in:\n%s", part, text);
}

/* ---- reading ---- */

static void test_read(void **state) {
  (void)state;
  put_sweep("whole", 3);
  at_report *r = collect("whole");
  const rp_explained *x = r->explained;
  assert_non_null(x);
  assert_int_equal(x->n, 2);
  const rx_block *b = &x->block[0];
  assert_string_equal(b->name, "look");
  assert_int_equal(b->examples, 4);
  assert_int_equal(b->n, 3);
  /* groups: cosine, dot; the second seed's rows were written backwards */
  rx_sample s;
  at_error err = {0};
  assert_string_equal(r->group[1].label, "score=dot");
  assert_int_equal(at_rx_gather(r, x, b, &b->result[0], 1, &s, &err), AT_OK);
  assert_int_equal(s.s.seeds, 3);
  assert_int_equal(s.s.examples, 4);
  for (int seed = 0; seed < 3; seed++)
    for (int i = 0; i < 4; i++)
      assert_float_equal(s.value[seed * 4 + i], 0.1 * seed + 0.1 * i, 1e-12);
  at_rx_sample_free(&s);
  assert_int_equal(at_rx_gather_right(r, b, 1, &s, &err), AT_OK);
  assert_float_equal(s.value[4], 1, 0);
  assert_float_equal(s.value[5], 0, 0);
  at_rx_sample_free(&s);
  at_report_free(r);
}

/* Means by hand: of dot .1 seed + .15, of cosine one less; seeds 0, 1, 2. */
static void test_statistics(void **state) {
  (void)state;
  put_sweep("numbers", 3);
  at_report *r = collect("numbers");
  const rp_table *t = &r->explained->table[0];
  assert_int_equal(t->n_all, 4);
  const rx_column *tau = &t->all[0];
  assert_float_equal(tau->c.stat[1].mean, 0.25, 1e-12);
  assert_float_equal(tau->c.stat[0].mean, -0.75, 1e-12);
  assert_int_equal(tau->c.stat[1].n, 3);
  assert_int_equal(tau->examples[1], 4);
  assert_true(tau->c.stat[1].low < 0.25 && tau->c.stat[1].high > 0.25);
  /* a single number has the seeds alone */
  assert_float_equal(t->all[2].c.stat[0].mean, 7, 0);
  assert_int_equal(t->all[2].c.stat[0].n, 3);
  /* performance, tau, and two that the metric as a whole lacks */
  assert_int_equal(t->n_head, 5);
  assert_float_equal(t->head[0].c.stat[0].mean, 61, 1e-12);
  assert_int_equal(t->head[2].c.stat[0].n, 0);
  assert_string_equal(t->head[2].why[0], "it needs <truth>");
  /* four examples cannot be told apart by flips: 2 of 16 are as far apart */
  assert_int_equal(t->head[1].c.stat[1].mark, RP_LIKE);
  assert_float_equal(t->head[1].c.stat[0].p, 0.125, 1e-12);
  at_report_free(r);
}

/* Of every example dot has one more; rows 0 and 2 are right in all runs. */
static void test_compare(void **state) {
  (void)state;
  put_sweep("pairs", 3);
  at_report *r = collect("pairs");
  const rp_table *t = &r->explained->table[0];
  assert_int_equal(t->n_compared, 1);
  assert_int_equal(t->compared[0].n, 1);
  const rx_pair *p = &t->compared[0].v[0];
  assert_int_equal(p->a, 0);
  assert_int_equal(p->b, 1);
  assert_int_equal(p->seeds, 3);
  static const struct {
    size_t n;
    double p;
  } want[RX_PARTS] = {{4, 2.0 / 16}, {2, 2.0 / 4}, {4, 2.0 / 16}};
  for (int k = 0; k < RX_PARTS; k++) {
    assert_int_equal(p->of[k].n, want[k].n);
    assert_float_equal(p->of[k].mean, -1, 1e-12);
    assert_float_equal(p->of[k].p, want[k].p, 1e-12);
    assert_true(p->of[k].high < 0);
    assert_false(p->of[k].apart);
  }
  assert_float_equal(p->accuracy, 0, 1e-12);
  assert_true(isnan(p->adjusted.difference)); /* no accuracy differs within a group */
  at_text lines = {0};
  at_rx_pairs_csv(r, &lines);
  has(lines.data,
      "look,attention_correlation.tau_erasure,score=cosine,score=dot,both right,3,2,-1,");
  at_text_free(&lines);
  char *csv = formed(r, at_report_json);
  has(csv, "\"equally right\": {");
  free(csv);
  at_report_free(r);
}

/* Of seed s, dot: 1 + s / 10 with all keys, s / 10 with half of them and none. */
static void test_curves(void **state) {
  (void)state;
  put_sweep("curves", 3);
  at_report *r = collect("curves");
  const rx_curves *c = &r->explained->table[0].curves;
  assert_int_equal(c->n, 3);
  assert_float_equal(c->share[1], 0.5, 0);
  const rx_curve *dot = &c->curve[1];
  assert_int_equal(dot->seeds, 3);
  assert_float_equal(dot->mean[0], 1.1, 1e-6);
  assert_float_equal(dot->lo[1], 0, 1e-6);
  assert_float_equal(dot->hi[1], 0.2, 1e-6);
  assert_int_equal(c->curve[2].seeds, 0); /* smallest weight first: not measured */
  at_text t = {0};
  at_rx_curves_csv(r, &t);
  has(t.data, "look,score=dot,largest weight first,0.5,0.1");
  at_text_free(&t);
  at_report_free(r);
}

/* Rows 0 and 1 are of kind 7, row 2 of kind 30, row 3 of none; 0 and 2 are right. */
static void test_parts(void **state) {
  (void)state;
  put_sweep("parts", 3);
  at_report *r = collect_by("parts", "kind,correct,keys");
  const rp_table *t = &r->explained->table[0];
  assert_int_equal(t->n_conditions, 3);
  assert_int_equal(r->explained->table[1].n_conditions, 0);
  const rx_condition *kind = &t->condition[0], *right = &t->condition[1];
  assert_int_equal(kind->split.classes, 2);
  assert_string_equal(kind->split.label[0], "7"); /* as numbers */
  assert_int_equal(kind->n, 1);
  /* dot, seeds 0 .1 .2: kind 7 has rows 0 and 1 */
  const rx_within *v = &kind->v[0];
  assert_float_equal(v->stat[2].mean, 0.1 + 0.05, 1e-12);
  assert_float_equal(v->stat[3].mean, 0.1 + 0.2, 1e-12);
  assert_int_equal(v->examples[2], 2);
  assert_int_equal(v->examples[3], 1);
  /* tau 0 .1 | .2: between classes .015, within .005; omega (.015 - .005) / (.02 + .005) */
  assert_float_equal(v->omega[1], 0.4, 1e-9);
  assert_true(v->p[1] > 0.5 && v->p[1] < 0.8); /* two of three parts do as well */
  assert_string_equal(right->split.label[0], "right");
  assert_float_equal(right->v[0].stat[2].mean, 0.1 + 0.1, 1e-12);
  assert_int_equal(t->condition[2].split.classes, 1);
  at_text csv = {0};
  at_rx_conditions_csv(r, &csv);
  has(csv.data, "look,kind,30,attention_correlation.tau_erasure,score=dot,3,1,0.3,");
  at_text_free(&csv);
  at_report_free(r);
}

static void test_no_condition(void **state) {
  (void)state;
  char dir[600];
  const char *dirs[] = {dir};
  at_report *r = NULL;
  at_error err = {0};
  put_sweep("refused", 1);
  snprintf(dir, sizeof dir, "%s/refused", scratch);
  assert_int_equal(at_report_collect(dirs, 1, &r, &err), AT_OK);
  static const char *const bad[][2] = {
      {"kin", "there are `correct`, `length`, `keys`, `output`, `kind`"},
      {"kind,kind", "given twice"},
      {"correct:2", "is no number"}};
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    at_report_options o = {.split = "test", .by = bad[i][0]};
    assert_int_equal(at_report_explained(r, &o, 1, &err), AT_EINPUT);
    has(err.message, bad[i][1]);
    assert_null(r->explained);
  }
  at_report_free(r);
}

/* ---- figures ---- */

static void test_plate(void **state) {
  (void)state;
  rp_figures f;
  at_error err = {0};
  at_text svg = {0}, page = {0}, pdf = {0}, again = {0};
  assert_int_equal(at_rp_figures_new(&f, &err), AT_OK);
  rp_plate *k = at_rp_plate_new(&f, "a/b <c>", "A & B");
  assert_string_equal(k->name, "a_b__c_");
  assert_string_equal(at_rp_plate_new(&f, "a/b <c>", "again")->name, "a_b__c_.2");
  k->w = 100, k->h = 50;
  at_rp_put_group(k, 9, "group");
  at_rp_put_line(k, "line", 0, 0, 10, 5.25);
  at_rp_put_end(k);
  at_rp_put_rect(k, "cell", 1, 2, 3, 4, 0x0072b2);
  at_rp_put_turned(k, 5, 6, -90, "tick end", "τ < 1");
  at_rp_put_path(k, "band", (const double[]){0, 0, 1, 1, 2, 0}, 3, true);
  at_rp_put_circle(k, "seed", 3, 3, 2);
  at_rp_put_keys(k, (const char *const[]){"first key", "second"}, 2);
  at_rp_plate_svg(k, true, &svg);
  at_rp_plate_svg(k, false, &page);
  has(svg.data, "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 100 86\" width=\"100\"");
  has_not(page.data, "http");
  has_not(page.data, "first key"); /* the page has its own, and 50 units */
  has(page.data, "viewBox=\"0 0 100 50\"");
  has(svg.data, ">second</text>");
  has(svg.data, "<g class=\"c1 d1\" color=\"#d55e00\"><title>group</title>");
  has(svg.data,
      "y2=\"5.2\" class=\"line\" stroke=\"currentColor\" stroke-width=\"1.8\" "
      "stroke-dasharray=\"7 3\"");
  has(svg.data, "style=\"fill:#0072b2\"");
  has(svg.data, "text-anchor=\"end\" transform=\"rotate(-90 5.0 6.0)\">τ &lt; 1</text>");
  has(svg.data, "d=\"M0.0 0.0L1.0 1.0L2.0 0.0Z\"");
  assert_int_equal(at_rp_plate_pdf(k, &pdf, &err), AT_OK);
  assert_int_equal(at_rp_plate_pdf(k, &again, &err), AT_OK);
  assert_memory_equal(pdf.data, "%PDF-", 5);
  assert_int_equal(pdf.len, again.len);
  assert_memory_equal(pdf.data, again.data, pdf.len);
  at_text_free(&svg);
  at_text_free(&page);
  at_text_free(&pdf);
  at_text_free(&again);
  at_rp_figures_free(&f);
}

/* Groups that are one function lie 1 apart: so far is noise, and nothing is told apart by it. */
static void test_floor(void **state) {
  (void)state;
  static const size_t both[] = {0, 1};
  static at_same_class one = {
      .how = AT_SAME_IDENTICAL, .cell = both, .n = 2, .tried = AT_TRIED_TRUE};
  char dir[600];
  const char *dirs[] = {dir};
  at_report *r = NULL;
  at_error err = {0};
  put_sweep("floor", 3);
  snprintf(dir, sizeof dir, "%s/floor", scratch);
  assert_int_equal(at_report_collect(dirs, 1, &r, &err), AT_OK);
  r->same.v = &one;
  r->same.n = 1;
  assert_int_equal(at_report_explained(r, &(at_report_options){.split = "test"}, 1, &err), AT_OK);
  const rp_table *t = &r->explained->table[0];
  assert_float_equal(t->all[0].c.floor, 1, 1e-12);
  assert_true(t->compared[0].v[0].noise);
  assert_false(t->compared[0].v[0].of[RX_ALL].apart);
  at_text csv = {0};
  at_rx_pairs_csv(r, &csv);
  has(csv.data, ",noise,");
  at_text_free(&csv);
  r->same.v = NULL;
  r->same.n = 0;
  at_report_free(r);
}

/* Two keys: 1 where two maps agree in their order, -1 where not. Of row 3 the third seed of dot
 * does not: (1 - 1 - 1) / 3. */
static void test_agreement(void **state) {
  (void)state;
  double out[4];
  size_t seeds;
  at_error err = {0};
  put_sweep("agree", 3);
  at_report *r = collect("agree");
  const rp_table *t = &r->explained->table[0];
  assert_int_equal(at_rx_agreement(r, &r->explained->block[0], 1, out, &seeds, &err), AT_OK);
  assert_int_equal(seeds, 3);
  assert_float_equal(out[0], 1, 1e-12);
  assert_float_equal(out[3], -1.0 / 3, 1e-12);
  assert_string_equal(t->head[4].c.metric, "seed agreement");
  assert_float_equal(t->head[4].c.stat[1].mean, (3 - 1.0 / 3) / 4, 1e-12);
  assert_float_equal(t->head[4].c.stat[0].mean, 1, 1e-12);
  at_report_free(r);
  put_sweep("alone", 1);
  r = collect("alone");
  assert_int_equal(r->explained->table[0].head[4].c.stat[0].n, 0);
  char *text = formed(r, at_report_table);
  has(text, "No seed agreement of any group: a single seed has none to agree with.");
  free(text);
  at_report_free(r);
}

/* Nothing is the best beside a single seed. */
static void test_single_seed(void **state) {
  (void)state;
  put_sweep("single", 1);
  at_report *r = collect("single");
  const rx_column *tau = &r->explained->table[0].head[1];
  for (size_t g = 0; g < 2; g++) {
    assert_int_equal(tau->c.stat[g].n, 1);
    assert_true(tau->c.stat[g].low < tau->c.stat[g].high); /* over examples */
    assert_int_equal(tau->c.stat[g].mark, RP_UNKNOWN);
  }
  char *text = formed(r, at_report_table);
  has(text, "Every group has a single seed: the interval speaks of other examples");
  free(text);
  at_report_free(r);
}

/* ---- what is missing ---- */

static void test_missing(void **state) {
  (void)state;
  char dir[600], path[700];
  put_sweep("holes", 3);
  run_dir(dir, "holes", "dot", 0);
  snprintf(path, sizeof path, "%s/explain/test/explain.json", dir);
  assert_int_equal(unlink(path), 0);
  run_dir(dir, "holes", "dot", 1);
  put_file(dir, "explain/test/explain.json", "{\"blocks\": [");
  run_dir(dir, "holes", "cosine", 2);
  put_file(dir, "explain/test/look.metrics.npz", "no zip");
  at_report *r = collect("holes");
  /* seeds 0 and 1 beside 2: none is shared */
  assert_int_equal(r->explained->table[0].compared[0].v[0].seeds, 1);
  char *text = formed(r, at_report_table);
  has(text, "1 (!) × 4");
  has(text,
      "No pointing game, mass / chance of score=cosine (2 of 3 runs); score=dot (1 of 3 runs): it "
      "needs <truth>.");
  has(text, "Nothing of score=dot (1 of 3 runs): not explained; `attune explain ");
  has(text, "explain.json: damaged or cut short");
  has(text, "look.metrics.npz");
  has(text, "Nothing of score=cosine; score=dot (1 of 3 runs): it has one key");
  free(text);
  char *csv = formed(r, at_report_csv);
  has(csv, "arguments.score,metric,mean,sd,low,high,n,best,block,examples,missing\r\n");
  has(csv, "dot,accuracy,51,1,");
  has(csv, "cosine,attention_plausibility,,,,,0,,look,,it needs <truth>\r\n");
  has(csv, ",2,unknown,look,4,");
  free(csv);
  char *json = formed(r, at_report_json);
  has(json, "\"runs_missing\": 2");
  has(json, "\"not_explained\": {");
  free(json);
  char *latex = formed(r, at_report_latex);
  has(latex, "$\\tau$ erasure~$\\uparrow$");
  has(latex, "\\multicolumn{2}{c}{plausibility}");
  free(latex);
  at_report_free(r);
}

/* A sweep that nobody explained reads as before. */
static void test_none(void **state) {
  (void)state;
  char dir[600];
  snprintf(dir, sizeof dir, "%s/none", scratch);
  put_file(dir, "sweep.yaml", "over: {}\n");
  put_run("none", "dot", 0, 50);
  at_report *r = collect("none");
  assert_null(r->explained);
  char *csv = formed(r, at_report_csv);
  has_not(csv, "block");
  free(csv);
  at_report_free(r);
}

/* Arrays that do not fit each other are told, not read beyond their ends. */
static void test_damaged(void **state) {
  (void)state;
  char dir[600], folder[700];
  static const struct {
    int64_t rows, off, last, weights, values;
  } bad[] = {{4, 4, 8, 8, 4}, {4, 5, 9, 8, 4}, {4, 5, 8, 8, 3}, {0, 1, 0, 0, 0}};
  put_sweep("damaged", 2);
  run_dir(dir, "damaged", "dot", 0);
  snprintf(folder, sizeof folder, "%s/explain/test", dir);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    at_arrays a = {0}, v = {0};
    add(&a, "rows", AT_I64, bad[i].rows, 1);
    int64_t *off = add(&a, "offsets", AT_I64, bad[i].off, 0);
    for (int64_t k = 1; k < bad[i].off; k++) off[k] = bad[i].last;
    add(&a, "weight", AT_F32, bad[i].weights, 0);
    add(&v, "attention_correlation.tau_erasure", AT_F64, bad[i].values, 0);
    write_npz(folder, "look.npz", &a);
    write_npz(folder, "look.metrics.npz", &v);
    at_report *r = collect("damaged");
    assert_non_null(r->explained->block[0].own[r->group[1].run[0]].why);
    assert_int_equal(r->explained->table[0].all[0].c.stat[1].n, 1);
    at_report_free(r);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_read),    cmocka_unit_test(test_statistics),
      cmocka_unit_test(test_missing), cmocka_unit_test(test_single_seed),
      cmocka_unit_test(test_none),    cmocka_unit_test(test_compare),
      cmocka_unit_test(test_curves),  cmocka_unit_test(test_plate),
      cmocka_unit_test(test_floor),   cmocka_unit_test(test_agreement),
      cmocka_unit_test(test_parts),   cmocka_unit_test(test_no_condition),
      cmocka_unit_test(test_damaged),
  };
  return cmocka_run_group_tests(tests, make_scratch, drop_scratch);
}
