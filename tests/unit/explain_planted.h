/* Planted data, sessions of models over them, and what several tests need to look at what was
 * measured. */
#ifndef TESTS_EXPLAIN_PLANTED_H
#define TESTS_EXPLAIN_PLANTED_H
#include "cm.h"
#include <unistd.h>
#include "core/base/file.h"
#include "core/explain/explain.h"

enum { ITEMS = 20, KEYS = 6, CLASSES = 3, SHARES = 13 }; /* as tests/plugins/planted.c has them */

static char dir[] = "/tmp/attune-explain-XXXXXX";
static at_registry *registry;

/* A session whose last layer passes its numbers on as they are. */
static inline at_session *open_model(const char *model, const char *argument, const char *reader) {
  char path[256], text[512], set[64], data[64];
  const char *sets[] = {set, data};
  at_error err = {0};
  at_run *run;
  at_session *s;
  at_text said = {0};
  snprintf(path, sizeof path, "%s/m.att", dir);
  assert_int_equal(at_file_write(path, model, strlen(model), &err), AT_OK);
  snprintf(path, sizeof path, "%s/run.yaml", dir);
  snprintf(text, sizeof text,
           "model: m.att\ndata: {reader: planted}\ntask: vqa\nmetrics: [accuracy]\n"
           "train: {epochs: 1, batch: 4, learning_rate: 0.1}\nseed: 1\nthreads: 1\n");
  assert_int_equal(at_file_write(path, text, strlen(text), &err), AT_OK);
  snprintf(set, sizeof set, "arguments.%s", argument);
  snprintf(data, sizeof data, "data.reader=%s", reader);
  if (at_run_load(path, sets, 2, &run, &err) != AT_OK) fail_msg("%s", err.message);
  if (at_session_new(registry, run, 1, &s, &said, &err) != AT_OK)
    fail_msg("%s %s", err.message, said.data ? said.data : "");
  at_run_free(run);
  at_text_free(&said);
  at_params *p = at_session_params(s);
  memset(p->value, 0, p->count * sizeof *p->value);
  for (int i = 0; i < p->graph->n_param; i++)
    for (size_t k = 0; !strcmp(p->graph->param[i]->pname, "out.weight") && k < CLASSES; k++)
      p->value[p->offset[i] + k * CLASSES + k] = 1;
  return s;
}

static inline const float *reals(const attune_prediction *p, const char *name, int64_t n) {
  attune_array a;
  if (at_prediction_array(p, name, &a) != AT_OK) fail_msg("no array %s", name);
  assert_int_equal(a.shape[0], n);
  assert_int_equal(a.type, ATTUNE_F32);
  return a.data;
}

static inline const int32_t *wholes(const attune_prediction *p, const char *name, int64_t n) {
  attune_array a;
  if (at_prediction_array(p, name, &a) != AT_OK) fail_msg("no array %s", name);
  assert_int_equal(a.shape[0], n);
  assert_int_equal(a.type, ATTUNE_I32);
  return a.data;
}

static inline void softmax(const double *x, int n, double *to) {
  double sum = 0;
  for (int k = 0; k < n; k++) sum += exp(x[k]);
  for (int k = 0; k < n; k++) to[k] = exp(x[k]) / sum;
}

static inline int truth_of(int i) { return i % KEYS; }

static inline void twin_without(const double *w, const bool *drop, double *to) {
  double left = 0;
  for (int k = 0; k < KEYS; k++) left += drop[k] ? 0 : w[k];
  for (int k = 0; k < KEYS; k++) to[k] = drop[k] || left <= 0 ? 0 : w[k] / left;
}

/* The n keys of greatest weight; `least`: of least. */
static inline void twin_top(const double *w, int n, bool least, bool *drop) {
  for (int k = 0; k < KEYS; k++) {
    int before = 0;
    for (int j = 0; j < KEYS; j++) before += least ? w[j] < w[k] : w[j] > w[k];
    drop[k] = before < n;
  }
}

static inline void near(double got, double want) { assert_float_equal(got, want, 1e-5); }

static inline const at_explain_result *result_of(const at_explained *e, const char *name) {
  for (size_t i = 0; i < e->n_results; i++)
    if (e->result[i].name && !strcmp(e->result[i].name, name)) return &e->result[i];
  fail_msg("no result %s", name);
  return NULL;
}

/* The last lines of every main. */
static inline int run_planted(int (*run)(void)) {
  const char *top = getenv("top_builddir");
  char plugins[4096];
  const char *dirs[] = {plugins};
  snprintf(plugins, sizeof plugins, "%s/tests/plugins/alone/.libs", top ? top : ".");
  if (at_registry_new(dirs, 1, &registry, NULL) || !mkdtemp(dir)) return 1;
  int failed = run();
  at_registry_free(registry);
  return failed;
}
#endif
