/* The training loop.
 *
 * Its state is (weights, moments, epoch, position in the epoch, best so far) and is all in
 * last.safetensors; everything random is a function of seed, epoch and step.  So a run that
 * was killed goes on from its last checkpoint to the same bits. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "core/base/file.h"
#include "core/run/run_impl.h"
#include "core/train/checkpoint.h"

typedef struct trainer {
  at_session *s;
  const char *dir;
  at_optimizer *opt;
  at_schedule schedule;
  at_task_run examples;
  at_progress_fn *fn;
  void *ctx;
  int64_t *rows[AT_MAX_BATCH_AXES];
  int64_t epochs, batch, epoch, position, step; /* position: steps done in this epoch */
  int64_t log_every, checkpoint_every, evaluate_every;
  const char *best_key;
  double best; /* NAN: none yet */
  int64_t best_epoch;
  bool evaluates, stop;
  at_result *best_results; /* of the best epoch, when this process evaluated it */
  size_t n_best_results;
  double loss_sum, seconds_before, norm;
  int64_t loss_count, steps_here;
  struct timespec began;
} trainer;

static double elapsed(const trainer *t) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)(now.tv_sec - t->began.tv_sec) + 1e-9 * (double)(now.tv_nsec - t->began.tv_nsec);
}

/* ---- checkpoints ---- */

static at_status put_int(at_metadata *m, const char *key, int64_t v, at_error *err) {
  char text[32];
  snprintf(text, sizeof text, "%" PRId64, v);
  return at_metadata_set(m, key, text, err);
}

static int64_t get_int(const at_metadata *m, const char *key) {
  int64_t v = 0;
  const char *text = at_metadata_get(m, key);
  if (text) at_parse_i64(text, &v);
  return v;
}

static at_status save(trainer *t, const char *name, bool state, at_error *err) {
  at_metadata m = {0};
  char *path = at_rundir_path(t->dir, name), best[32] = "none";
  if (isfinite(t->best)) at_format_f64(best, t->best);
  at_status st = path ? at_metadata_set(&m, "format", "attune", err) : at_nomem(err);
  if (st == AT_OK) st = put_int(&m, "epoch", t->epoch, err);
  if (st == AT_OK) st = put_int(&m, "step", t->step, err);
  if (state) {
    if (st == AT_OK) st = put_int(&m, "position", t->position, err);
    if (st == AT_OK) st = put_int(&m, "updates", (int64_t)t->opt->count, err);
    if (st == AT_OK) st = put_int(&m, "best_epoch", t->best_epoch, err);
    if (st == AT_OK) st = at_metadata_set(&m, "best", best, err);
  }
  if (st == AT_OK) st = at_checkpoint_write(path, t->s->params, state ? t->opt : NULL, &m, err);
  at_metadata_free(&m);
  free(path);
  return st;
}

static at_status restore(trainer *t, at_error *err) {
  at_metadata m = {0};
  char *path = at_rundir_path(t->dir, "last.safetensors");
  at_status st = AT_OK;
  if (!path) return at_nomem(err);
  if (at_file_exists(path)) st = at_checkpoint_read(path, t->s->params, t->opt, &m, err);
  if (st == AT_OK && m.n) {
    const char *best = at_metadata_get(&m, "best");
    t->epoch = get_int(&m, "epoch");
    t->position = get_int(&m, "position");
    t->step = get_int(&m, "step");
    t->best_epoch = get_int(&m, "best_epoch");
    t->opt->count = (uint64_t)get_int(&m, "updates");
    if (!best || !at_parse_f64(best, &t->best)) t->best = NAN;
  }
  if (st == AT_OK) st = at_rundir_trim_log(t->dir, t->step, &t->seconds_before, err);
  at_metadata_free(&m);
  free(path);
  return st;
}

/* ---- telling ---- */

static void tell(trainer *t, int64_t steps, double loss, const at_result *r, size_t n) {
  double done = elapsed(t);
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
                   .results = r,
                   .n_results = n};
  if (t->fn && t->fn(t->ctx, &p)) t->stop = true;
}

/* ---- evaluation while training ---- */

static const at_result *headline(const trainer *t, const at_result *r, size_t n) {
  for (size_t i = 0; i < n; i++)
    if (*t->best_key ? !strcmp(r[i].name, t->best_key) : r[i].higher_is_better >= 0) return &r[i];
  return NULL;
}

static at_status no_headline(const trainer *t, const at_result *r, size_t n, at_error *err) {
  const char *names[128];
  size_t k = 0;
  for (; k < n && k < 128; k++) names[k] = r[k].name;
  const char *near = at_suggest(t->best_key, names, k);
  return at_fail(err, AT_EINPUT, "%s: `train.best` is `%s`, which no metric gives%s%s%s",
                 t->s->run->path, t->best_key, near ? "; did you mean `" : "", near ? near : "",
                 near ? "`?" : "");
}

static at_status evaluate(trainer *t, int64_t steps, at_error *err) {
  at_result *r;
  size_t n;
  at_status st = at_session_evaluate_into(t->s, "validation", "evaluate validation", t->fn, t->ctx,
                                          &r, &n, err);
  if (st != AT_OK) return st;
  const at_result *h = headline(t, r, n);
  if (!h && n) st = no_headline(t, r, n, err);
  if (st == AT_OK)
    st = at_rundir_log_evaluation(t->dir, "validation", t->epoch + 1, t->step, r, n,
                                  t->seconds_before + elapsed(t), err);
  bool better =
      h && (isnan(t->best) || (h->higher_is_better ? h->value > t->best : h->value < t->best));
  if (st == AT_OK && better) {
    t->best = h->value;
    t->best_epoch = t->epoch + 1;
    st = save(t, "best.safetensors", false, err);
  }
  if (st == AT_OK) tell(t, steps, NAN, r, n);
  if (better) {
    free(t->best_results);
    t->best_results = r;
    t->n_best_results = n;
  } else {
    free(r);
  }
  return st;
}

/* ---- steps ---- */

static bool among(const int64_t *rows, int64_t n, int64_t row) {
  for (int64_t i = 0; i < n; i++)
    if (rows[i] == row) return true;
  return false;
}

static at_status load_batch(trainer *t, int64_t first, int64_t count, at_error *err) {
  const at_session *s = t->s;
  int64_t counts[AT_MAX_BATCH_AXES];
  const int64_t *rows[AT_MAX_BATCH_AXES];
  for (int b = 0; b < s->n_batch; b++) {
    counts[b] = 0;
    rows[b] = t->rows[b];
    for (int64_t i = 0; i < count; i++) {
      int64_t row = t->examples.example[(first + i) * s->n_batch + b];
      if (!s->batch[b].linked || !among(t->rows[b], counts[b], row)) t->rows[b][counts[b]++] = row;
    }
  }
  return at_session_load(t->s, t->s->train, t->examples.split, rows, counts, err);
}

static at_status one_step(trainer *t, int64_t steps, at_error *err) {
  at_session *s = t->s;
  int64_t first = t->position * t->batch, n = (int64_t)t->examples.n;
  int64_t count = n - first < t->batch ? n - first : t->batch;
  at_status st = load_batch(t, first, count, err);
  if (st != AT_OK) return st;
  double rate = at_schedule_rate(
      &t->schedule, (double)t->epoch + (double)t->position / (double)steps, (double)t->epochs);
  at_exec_forward(s->train, s->seed, (uint64_t)t->step, true);
  at_exec_backward(s->train);
  double loss = at_exec_loss(s->train), norm = at_optimizer_step(t->opt, s->pool, rate);
  t->position++;
  t->step++;
  t->steps_here++;
  if (!isfinite(loss) || !isfinite(norm))
    return at_fail(err, AT_EFAIL,
                   "at step %" PRId64
                   " the %s is no finite number any more; a smaller train.learning_rate "
                   "or a smaller train.clip may help",
                   t->step, isfinite(loss) ? "gradient" : "loss");
  t->norm = norm;
  t->loss_sum += loss;
  t->loss_count++;
  if (t->step % t->log_every == 0 || t->position == steps) {
    st = at_rundir_log_train(t->dir, t->epoch + 1, t->step, t->loss_sum / (double)t->loss_count,
                             rate, norm, t->seconds_before + elapsed(t), err);
    t->loss_sum = 0;
    t->loss_count = 0;
  }
  tell(t, steps, loss, NULL, 0);
  return st;
}

/* A last batch of one example has no wrong pairs: it is left out where there are others. */
static int64_t steps_of(const trainer *t) {
  int64_t n = (int64_t)t->examples.n, steps = (n + t->batch - 1) / t->batch;
  return steps > 1 && n % t->batch == 1 && t->batch > 1 ? steps - 1 : steps;
}

static at_status one_epoch(trainer *t, at_error *err) {
  at_task_ops ops = at_session_task_ops(&t->examples);
  t->examples.n = 0;
  at_status st = at_task_epoch(t->s->task, t->s->task_options, &ops, (uint64_t)t->epoch, err);
  if (st != AT_OK) return st;
  if (!t->examples.n)
    return at_fail(err, AT_EINPUT, "%s: the task gives no examples of the split `%s`",
                   t->s->run->path, t->examples.split);
  int64_t steps = steps_of(t);
  while (t->position < steps && !t->stop) {
    if ((st = one_step(t, steps, err)) != AT_OK) return st;
    bool due = t->step % t->checkpoint_every == 0 && t->position < steps;
    if ((due || (t->stop && t->position < steps)) &&
        (st = save(t, "last.safetensors", true, err)) != AT_OK)
      return st;
  }
  if (t->position < steps) return AT_OK;
  bool last = t->epoch + 1 == t->epochs;
  if (t->evaluates && ((t->epoch + 1) % t->evaluate_every == 0 || last))
    if ((st = evaluate(t, steps, err)) != AT_OK) return st;
  t->epoch++;
  t->position = 0;
  return save(t, "last.safetensors", true, err);
}

/* ---- the end ---- */

static at_status finish(trainer *t, at_error *err) {
  at_result *v = NULL, *r = NULL;
  size_t n_v = 0, n_r = 0;
  at_session *s = t->s;
  char *best = at_rundir_path(t->dir, "best.safetensors");
  at_status st = best ? AT_OK : at_nomem(err);
  if (st == AT_OK && at_file_exists(best))
    st = at_checkpoint_read(best, s->params, NULL, NULL, err);
  if (st == AT_OK && t->evaluates && !t->best_results)
    st = at_session_evaluate_into(s, "validation", "evaluate validation", t->fn, t->ctx, &v, &n_v,
                                  err);
  const char *test = at_session_split(s, "test");
  bool has_test = at_dataset_rows(s->data, test, s->batch[0].name) > 0;
  if (st == AT_OK && has_test && s->n_metrics)
    st = at_session_evaluate_into(s, "test", "evaluate test", t->fn, t->ctx, &r, &n_r, err);
  double seconds = t->seconds_before + elapsed(t);
  if (st == AT_OK && r)
    st = at_rundir_log_evaluation(t->dir, "test", t->best_epoch, t->step, r, n_r, seconds, err);
  if (st == AT_OK)
    st = at_rundir_results(s, t->dir, v ? v : t->best_results, v ? n_v : t->n_best_results, r, n_r,
                           t->step, t->best_epoch, seconds, err);
  free(best);
  free(v);
  free(r);
  return st;
}

static at_status open_trainer(trainer *t, at_error *err) {
  at_session *s = t->s;
  const at_run *r = s->run;
  at_adam adam = {at_run_number(r, "train.beta1"), at_run_number(r, "train.beta2"),
                  at_run_number(r, "train.epsilon"), at_run_number(r, "train.clip")};
  const char *kind = at_run_get(r, "train.schedule.kind");
  at_exec_options o = {.pool = s->pool, .gradients = true};
  if (!s->graph->loss)
    return at_fail(err, AT_EINPUT, "%s: the model has no loss; there is nothing to train",
                   at_run_get(r, "model"));
  t->schedule = (at_schedule){.kind = !strcmp(kind, "step")     ? AT_STEP
                                      : !strcmp(kind, "cosine") ? AT_COSINE
                                                                : AT_CONSTANT,
                              .rate = at_run_number(r, "train.learning_rate"),
                              .factor = at_run_number(r, "train.schedule.factor"),
                              .every = at_run_int(r, "train.schedule.every"),
                              .floor = at_run_number(r, "train.schedule.floor")};
  t->epochs = at_run_int(r, "train.epochs");
  t->batch = at_run_int(r, "train.batch");
  t->log_every = at_run_int(r, "train.log_every");
  t->checkpoint_every = at_run_int(r, "train.checkpoint_every");
  t->evaluate_every = at_run_int(r, "train.evaluate_every");
  t->best_key = at_run_get(r, "train.best");
  t->best = NAN;
  t->examples.s = s;
  t->examples.split = at_session_split(s, "train");
  const char *validation = at_session_split(s, "validation");
  t->evaluates = s->n_metrics && at_dataset_rows(s->data, validation, s->batch[0].name) > 0;
  for (int b = 0; b < s->n_batch; b++)
    if (!(t->rows[b] = malloc((size_t)t->batch * sizeof **t->rows))) return at_nomem(err);
  at_cache *cache;
  at_status st = at_session_cache(s, t->examples.split, &cache, err);
  if (st == AT_OK) st = at_optimizer_new(s->params, &adam, &t->opt, err);
  if (st == AT_OK && !s->train) st = at_exec_new(s->graph, s->params, &o, &s->train, err);
  return st;
}

at_status at_session_train(at_session *s, const char *dir, bool resume, at_progress_fn *fn,
                           void *ctx, at_error *err) {
  trainer t = {.s = s, .dir = dir, .fn = fn, .ctx = ctx};
  bool continued = false;
  clock_gettime(CLOCK_MONOTONIC, &t.began);
  at_status st = open_trainer(&t, err);
  if (st == AT_OK) st = at_rundir_prepare(s, dir, resume, &continued, err);
  if (st == AT_OK && continued) st = restore(&t, err);
  while (st == AT_OK && t.epoch < t.epochs && !t.stop) st = one_epoch(&t, err);
  if (st == AT_OK && t.epoch < t.epochs)
    st = at_fail(err, AT_EFAIL, "stopped after step %" PRId64 "; continue with --resume", t.step);
  if (st == AT_OK) st = finish(&t, err);
  at_optimizer_free(t.opt);
  free(t.best_results);
  for (int b = 0; b < AT_MAX_BATCH_AXES; b++) free(t.rows[b]);
  free(t.examples.example);
  free(t.examples.out);
  free(t.examples.text);
  return st;
}
