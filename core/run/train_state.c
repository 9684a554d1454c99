/* Training in last.safetensors, and back. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/base/file.h"
#include "core/run/train_impl.h"

typedef struct counter {
  const char *key;
  int64_t *at;
} counter;
typedef struct number {
  const char *key;
  double *at; /* NAN is "none" */
} number;
enum { COUNTERS = 11, NUMBERS = 3 };

static void list_counters(trainer *t, counter out[COUNTERS]) {
  const counter all[COUNTERS] = {{"epoch", &t->epoch},
                                 {"step", &t->step},
                                 {"position", &t->position},
                                 {"best_epoch", &t->best_epoch},
                                 {"best_step", &t->best_step},
                                 {"evaluated", &t->evaluated},
                                 {"waited", &t->watch.waited},
                                 {"flat", &t->watch.flat},
                                 {"cuts", &t->watch.cuts},
                                 {"log.steps", &t->loss_count},
                                 {"log.examples", &t->examples_since}};
  for (int i = 0; i < COUNTERS; i++) out[i] = all[i];
}

static void list_numbers(trainer *t, number out[NUMBERS]) {
  const number all[NUMBERS] = {
      {"best", &t->watch.best}, {"mark", &t->watch.mark}, {"value", &t->value}};
  for (int i = 0; i < NUMBERS; i++) out[i] = all[i];
}

/* ---- writing ---- */

static at_status put_int(at_metadata *m, const char *key, int64_t v, at_error *err) {
  char text[32];
  snprintf(text, sizeof text, "%" PRId64, v);
  return at_metadata_set(m, key, text, err);
}

static at_status put_number(at_metadata *m, const char *key, double v, at_error *err) {
  char text[32] = "none";
  if (isfinite(v)) at_format_f64(text, v);
  return at_metadata_set(m, key, text, err);
}

static at_status put_state(trainer *t, at_metadata *m, at_error *err) {
  counter c[COUNTERS];
  number v[NUMBERS];
  at_status st = AT_OK;
  list_counters(t, c);
  list_numbers(t, v);
  for (int i = 0; st == AT_OK && i < COUNTERS; i++) st = put_int(m, c[i].key, *c[i].at, err);
  for (int i = 0; st == AT_OK && i < NUMBERS; i++) st = put_number(m, v[i].key, *v[i].at, err);
  for (int i = 0; st == AT_OK && i < t->n_losses; i++) {
    char key[32];
    snprintf(key, sizeof key, "log.loss.%d", i);
    st = put_number(m, key, t->loss_sum[i], err);
  }
  if (st == AT_OK) st = at_metadata_set(m, "metric", t->metric, err);
  return st == AT_OK ? at_metadata_set(m, "early", t->early ? "true" : "false", err) : st;
}

at_status at_train_save(trainer *t, const char *name, bool state, at_error *err) {
  at_metadata m = {0};
  char *path = at_rundir_path(t->dir, name);
  at_status st = path ? at_metadata_set(&m, "format", "attune", err) : at_nomem(err);
  if (st == AT_OK && state) st = put_state(t, &m, err);
  if (st == AT_OK && !state) st = put_int(&m, "epoch", t->epoch + 1, err);
  if (st == AT_OK && !state) st = put_int(&m, "step", t->step, err);
  if (st == AT_OK)
    st = at_checkpoint_write(path, t->s->params, state ? t->opt : NULL, state ? t->average : NULL,
                             &m, err);
  at_metadata_free(&m);
  free(path);
  return st;
}

/* ---- reading ---- */

static at_status get_state(trainer *t, const at_metadata *m, const char *path, at_error *err) {
  counter c[COUNTERS];
  number v[NUMBERS];
  list_counters(t, c);
  list_numbers(t, v);
  for (int i = 0; i < COUNTERS; i++) {
    const char *text = at_metadata_get(m, c[i].key);
    if (!text || !at_parse_i64(text, c[i].at) || *c[i].at < 0)
      return at_fail(err, AT_EINPUT,
                     "%s: `%s` of its metadata is %s; the file is damaged, or of another version",
                     path, c[i].key, text ? text : "missing");
  }
  for (int i = 0; i < NUMBERS; i++) {
    const char *text = at_metadata_get(m, v[i].key);
    if (!text || !at_parse_f64(text, v[i].at)) *v[i].at = NAN;
  }
  for (int i = 0; i < t->n_losses; i++) {
    char key[32];
    snprintf(key, sizeof key, "log.loss.%d", i);
    const char *text = at_metadata_get(m, key);
    if (text) at_parse_f64(text, &t->loss_sum[i]);
  }
  const char *metric = at_metadata_get(m, "metric"), *early = at_metadata_get(m, "early");
  snprintf(t->metric, sizeof t->metric, "%s", metric ? metric : "");
  t->early = t->watch.over = early && *early == 't';
  at_optimizer_set_rounds(t->opt, (uint64_t)t->step);
  return AT_OK;
}

at_status at_train_restore(trainer *t, at_error *err) {
  at_metadata m = {0};
  char *path = at_rundir_path(t->dir, "last.safetensors");
  at_status st = AT_OK;
  if (!path) return at_nomem(err);
  if (at_file_exists(path)) {
    st = at_checkpoint_read(path, t->s->params, t->opt, t->average, &m, err);
    if (st == AT_OK) st = get_state(t, &m, path, err);
  }
  if (st == AT_OK) st = at_rundir_trim_log(t->dir, t->step, t->evaluated, &t->seconds_before, err);
  at_metadata_free(&m);
  free(path);
  return st;
}
