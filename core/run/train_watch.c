/* Evaluation while training, what follows from it, and telling of it. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/run/train_impl.h"

/* ---- telling ---- */

double at_train_elapsed(const trainer *t) { return at_clock() - t->began; }

void at_train_tell(trainer *t, int64_t steps, double loss, const at_result *r, size_t n) {
  double done = at_train_elapsed(t);
  int64_t left = steps * (t->epochs - t->epoch) - t->position;
  double rate = t->steps_here ? (double)t->steps_here / done : 0;
  at_progress p = {.phase = "train",
                   .epoch = t->epoch + 1,
                   .epochs = t->epochs,
                   .step = t->position,
                   .steps = steps,
                   .loss = loss,
                   .examples_per_s = rate * (double)t->batch,
                   .seconds_left = rate > 0 ? (double)left / rate : NAN,
                   .metric = *t->metric ? t->metric : NULL,
                   .value = t->value,
                   .best = t->watch.best,
                   .results = r,
                   .n_results = n};
  if (t->fn && t->fn(t->ctx, &p)) t->stop = true;
}

static int relay(void *ctx, const at_progress *p) {
  trainer *t = ctx;
  if (t->fn && t->fn(t->ctx, p)) t->stop = true;
  return t->stop;
}

at_status at_train_evaluate(trainer *t, const char *split, at_result **r, size_t *n,
                            at_error *err) {
  char phase[96];
  snprintf(phase, sizeof phase, "evaluate %.64s", split);
  at_status st = at_session_evaluate_into(t->s, split, phase, NULL, relay, t, r, n, err);
  if (st != AT_OK && t->stop)
    st = at_fail(err, AT_EFAIL,
                 "stopped in the evaluation after step %" PRId64 "; continue with --resume",
                 t->step);
  return st;
}

/* ---- the metric that decides ---- */

static const at_result *headline(const trainer *t, const at_result *r, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (*t->best_key ? !strcmp(r[i].name, t->best_key) : r[i].higher_is_better >= 0) return &r[i];
  return NULL;
}

static at_status no_headline(const trainer *t, const at_result *r, size_t n, at_error *err) {
  const char *names[128], *path = t->s->run->path;
  size_t k = 0;
  if (!*t->best_key)
    return at_fail(err, AT_EINPUT, "%s: no metric has a better end; name one in `train.best`",
                   path);
  for (; k < n && k < 128; k++) names[k] = r[k].name;
  const char *near = at_suggest(t->best_key, names, k);
  return at_fail(err, AT_EINPUT, "%s: `train.best` is `%s`, which no metric gives%s%s%s", path,
                 t->best_key, near ? "; did you mean `" : "", near ? near : "", near ? "`?" : "");
}

/* ---- evaluating ---- */

static at_status take_best(trainer *t, at_result *r, size_t n, at_error *err) {
  free(t->best_results);
  t->best_results = r;
  t->n_best_results = n;
  t->best_epoch = t->epoch + 1;
  t->best_step = t->step;
  return at_train_save(t, "best.safetensors", false, err);
}

static at_status end_early(trainer *t, int64_t steps, at_error *err) {
  t->early = t->position < steps || t->epoch + 1 < t->epochs;
  return t->early ? at_rundir_log_stop(t->dir, t->epoch + 1, t->step, t->metric, t->watch.waited,
                                       t->best_step, t->seconds_before + at_train_elapsed(t), err)
                  : AT_OK;
}

/* What is judged stands in the place of the weights. */
static at_status judge(trainer *t, int64_t steps, at_error *err) {
  at_result *r = NULL;
  size_t n = 0;
  bool best = false;
  at_status st = at_train_evaluate(t, "validation", &r, &n, err);
  if (st != AT_OK) return st;
  if ((st = at_train_samples(t, err)) != AT_OK) {
    free(r);
    return st;
  }
  const at_result *h = headline(t, r, n);
  if (!h && n && (*t->best_key || t->watch.patience || t->watch.plateau))
    st = no_headline(t, r, n, err);
  if (st == AT_OK)
    st = at_rundir_log_evaluation(t->dir, "validation", t->epoch + 1, t->step, r, n,
                                  t->seconds_before + at_train_elapsed(t), err);
  if (st == AT_OK && h) {
    snprintf(t->metric, sizeof t->metric, "%s", h->name);
    t->value = h->value;
    best = at_watch_take(&t->watch, h->value, h->higher_is_better != 0);
  }
  t->evaluated = t->step;
  if (st == AT_OK) at_train_tell(t, steps, NAN, r, n);
  if (best)
    st = take_best(t, r, n, err);
  else
    free(r);
  return st == AT_OK && t->watch.over ? end_early(t, steps, err) : st;
}

static bool due(const trainer *t, int64_t steps) {
  if (!t->evaluates || t->evaluated == t->step) return false;
  if (t->evaluate_steps && t->step % t->evaluate_steps == 0) return true;
  if (t->position < steps) return false;
  return t->epoch + 1 == t->epochs ||
         (t->evaluate_every && (t->epoch + 1) % t->evaluate_every == 0);
}

at_status at_train_settle(trainer *t, int64_t steps, at_error *err) {
  if (t->stop || !due(t, steps)) return AT_OK;
  at_average_swap(t->average);
  at_status st = judge(t, steps, err);
  at_average_swap(t->average);
  /* Stopped in its midst: the checkpoint says that it is still to come. */
  return t->stop && t->evaluated < t->step ? AT_OK : st;
}
