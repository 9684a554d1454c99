/* The training loop.
 *
 * Its state (weights, moments, averages, counters, what evaluations said) is all in
 * last.safetensors; everything random is a function of seed, epoch and step.  So a run that
 * was killed goes on from its last checkpoint to the same bits.  Evaluations come before the
 * checkpoint of their step, or are still to come and known to be. */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/file.h"
#include "core/graph/pass.h"
#include "core/run/train_impl.h"

at_status at_train_examples(trainer *t, at_error *err) {
  at_task_ops ops = at_session_task_ops(&t->examples);
  t->examples.n = 0;
  at_status st = at_task_epoch(t->s->task, t->s->task_options, &ops, (uint64_t)t->epoch, err);
  if (st == AT_OK && !t->examples.n)
    st = at_fail(err, AT_EINPUT, "%s: the task gives no examples of the split `%s`",
                 t->s->run->path, t->examples.split);
  return st == AT_OK ? at_train_bucket(t, err) : st;
}

static at_status one_epoch(trainer *t, at_error *err) {
  at_status st = at_train_examples(t, err);
  if (st != AT_OK) return st;
  const int64_t steps = at_train_steps(t);
  if (t->position > 0) st = at_train_settle(t, steps, err);
  while (st == AT_OK && t->position < steps && !t->stop && !t->early) {
    st = at_train_step(t, steps, err);
    if (st == AT_OK) st = at_train_settle(t, steps, err);
    bool goes_on = t->position < steps && !t->stop && !t->early;
    if (st == AT_OK && goes_on && t->step % t->checkpoint_every == 0)
      st = at_train_save(t, "last.safetensors", true, err);
  }
  if (st == AT_OK && !t->stop && !t->early) {
    t->epoch++;
    t->position = 0;
  }
  return st == AT_OK ? at_train_save(t, "last.safetensors", true, err) : st;
}

/* ---- the end ---- */

/* The best weights; without any, the last ones, or their averages. */
static at_status take_final(trainer *t, at_error *err) {
  char *best = at_rundir_path(t->dir, "best.safetensors");
  at_status st = best ? AT_OK : at_nomem(err);
  if (st == AT_OK && at_file_exists(best))
    st = at_checkpoint_read(best, t->s->params, NULL, NULL, NULL, err);
  else
    at_average_swap(t->average);
  free(best);
  return st;
}

static at_status tell_outcome(trainer *t, at_error *err) {
  at_text text = {0};
  if (!t->early) return AT_OK;
  at_text_addf(&text,
               "stopped early after step %" PRId64 " (epoch %" PRId64 " of %" PRId64
               "): no gain in %s in %" PRId64 " evaluations",
               t->step, t->epoch + 1, t->epochs, t->metric, t->watch.waited);
  if (t->best_step)
    at_text_addf(&text, "; its best is %.6g, after step %" PRId64, t->watch.best, t->best_step);
  free(t->s->outcome);
  t->s->outcome = text.data;
  return text.failed ? at_nomem(err) : AT_OK;
}

static at_status finish(trainer *t, at_error *err) {
  at_result *v = NULL, *r = NULL;
  size_t n_v = 0, n_r = 0;
  at_session *s = t->s;
  at_status st = take_final(t, err);
  if (st == AT_OK && t->evaluates && !t->best_results)
    st = at_train_evaluate(t, "validation", &v, &n_v, err);
  const char *test = at_session_split(s, "test");
  bool has_test = at_dataset_rows(s->data, test, s->batch[0].name) > 0;
  if (st == AT_OK && has_test && s->n_metrics) st = at_train_evaluate(t, "test", &r, &n_r, err);
  double seconds = t->seconds_before + at_train_elapsed(t);
  if (st == AT_OK && r)
    st = at_rundir_log_evaluation(t->dir, "test", t->best_epoch, t->step, r, n_r, seconds, err);
  const at_run_end end = {.validation = v ? v : t->best_results,
                          .n_validation = v ? n_v : t->n_best_results,
                          .test = r,
                          .n_test = n_r,
                          .steps = t->step,
                          .best_epoch = t->best_epoch,
                          .best_step = t->best_step,
                          .stopped_early = t->early,
                          .seconds = seconds};
  if (st == AT_OK) st = tell_outcome(t, err);
  if (st == AT_OK) st = at_rundir_results(s, t->dir, &end, err);
  free(v);
  free(r);
  return st;
}

/* ---- the beginning ---- */

static void read_schedule(trainer *t) {
  const at_run *r = t->s->run;
  t->schedule = (at_schedule){
      .kind = (at_schedule_kind)at_schedule_kind_of(at_run_get(r, "train.schedule.kind")),
      .rate = at_run_number(r, "train.learning_rate"),
      .factor = at_run_number(r, "train.schedule.factor"),
      .every = at_run_int(r, "train.schedule.every"),
      .floor = at_run_number(r, "train.schedule.floor"),
      .warmup = at_run_int(r, "train.schedule.warmup")};
  t->watch = (at_watch){
      .patience = at_run_int(r, "train.patience"),
      .plateau = t->schedule.kind == AT_PLATEAU ? at_run_int(r, "train.schedule.patience") : 0,
      .min_delta = at_run_number(r, "train.min_delta"),
      .best = NAN,
      .mark = NAN};
}

/* Patience and a plateau live on evaluations. */
static at_status check_evaluates(const trainer *t, const char *validation, at_error *err) {
  const at_run *r = t->s->run;
  const char *key = t->watch.patience ? "train.patience" : "train.schedule.kind";
  if (t->evaluates || (!t->watch.patience && !t->watch.plateau)) return AT_OK;
  const at_entry *e = at_run_entry(r, key);
  return at_fail(err, AT_EINPUT,
                 "%s: `%s` is `%s`, but the data has no split `%s` to evaluate; name one in "
                 "`data.splits.validation`",
                 *e->place ? e->place : r->path, key, e->value, validation);
}

static at_status make_room(trainer *t, at_error *err) {
  const size_t n = (size_t)t->n_losses;
  for (int b = 0; b < t->s->n_batch; b++)
    if (!(t->rows[b] = malloc((size_t)t->batch * sizeof **t->rows)) ||
        !(t->next[b] = malloc((size_t)t->batch * sizeof **t->next)))
      return at_nomem(err);
  t->loss = calloc(n, sizeof *t->loss);
  t->norm = calloc(n, sizeof *t->norm);
  t->loss_sum = calloc(n, sizeof *t->loss_sum);
  return t->loss && t->norm && t->loss_sum ? AT_OK : at_nomem(err);
}

/* `train.sparse` speaks of tables that there are. */
static at_status check_sparse(const at_session *s, at_error *err) {
  const at_entry *e = at_run_entry(s->run, "train.sparse");
  bool some = strcmp(e->value, "true") != 0;
  for (int i = 0; i < s->graph->n_param; i++) some |= s->params->rows[i].count > 0;
  if (some) return AT_OK;
  return at_fail(err, AT_EINPUT,
                 "%s: `%s` is true, but the model has no table that is learned and that one "
                 "`embed` alone reads",
                 *e->place ? e->place : s->run->path, e->key);
}

static at_status open_step(at_session *s, at_error *err) {
  const at_exec_options o = {.pool = s->pool, .gradients = true, .turns = true, .plan_grads = true};
  at_status st = s->training ? AT_OK : at_graph_training(s->graph, AT_PASS_ALL, &s->training, err);
  if (st == AT_OK) st = at_params_by_rows(s->params, s->training, err);
  if (st == AT_OK) st = check_sparse(s, err);
  if (st != AT_OK) return st;
  s->training_params = *s->params;
  s->training_params.graph = s->training;
  return at_exec_new(s->training, &s->training_params, &o, &s->train, err);
}

at_status at_train_open(trainer *t, at_error *err) {
  at_session *s = t->s;
  const at_run *r = s->run;
  const char *validation = at_session_split(s, "validation");
  at_cache *cache;
  if (!s->graph->loss && !s->graph->n_objective)
    return at_fail(err, AT_EINPUT, "%s: the model has no loss; there is nothing to train",
                   at_run_get(r, "model"));
  t->n_losses = s->graph->n_objective ? s->graph->n_objective : 1;
  read_schedule(t);
  t->epochs = at_run_int(r, "train.epochs");
  t->batch = at_run_int(r, "train.batch");
  t->log_every = at_run_int(r, "train.log_every");
  t->checkpoint_every = at_run_int(r, "train.checkpoint_every");
  t->evaluate_every = at_run_int(r, "train.evaluate_every");
  t->evaluate_steps = at_run_int(r, "train.evaluate_steps");
  t->best_key = at_run_get(r, "train.best");
  t->value = NAN;
  t->examples.s = s;
  t->examples.split = at_session_split(s, "train");
  t->evaluates = s->n_metrics && at_dataset_rows(s->data, validation, s->batch[0].name) > 0;
  at_status st = check_evaluates(t, validation, err);
  if (st == AT_OK) st = at_train_buckets(t, err);
  if (st == AT_OK) st = make_room(t, err);
  if (st == AT_OK) st = at_session_cache(s, t->examples.split, &cache, err);
  if (st == AT_OK) st = at_train_losses(t, err);
  if (st == AT_OK) st = at_train_average(t, err);
  return st == AT_OK && !s->train ? open_step(s, err) : st;
}

void at_train_close(trainer *t) {
  at_bundle_free(t->files);
  at_optimizer_free(t->opt);
  at_average_free(t->average);
  free(t->best_results);
  for (int b = 0; b < AT_MAX_BATCH_AXES; b++) {
    free(t->rows[b]);
    free(t->next[b]);
  }
  free(t->adam);
  free(t->factor);
  free(t->loss);
  free(t->norm);
  free(t->loss_sum);
  free(t->length);
  free(t->examples.example);
  free(t->examples.out);
  free(t->examples.text);
}

at_status at_session_train(at_session *s, const char *dir, bool resume, at_progress_fn *fn,
                           void *ctx, at_error *err) {
  trainer t = {.s = s, .dir = dir, .fn = fn, .ctx = ctx, .began = at_clock()};
  at_status st = at_session_labels_known(s, err);
  if (st == AT_OK) st = at_train_open(&t, err);
  if (st == AT_OK) st = at_rundir_prepare(s, dir, resume, &t.files, err);
  if (st == AT_OK) s->folder = dir;
  if (st == AT_OK && !t.files) st = at_train_restore(&t, err);
  while (st == AT_OK && t.epoch < t.epochs && !t.stop && !t.early) st = one_epoch(&t, err);
  if (st == AT_OK && t.epoch < t.epochs && !t.early)
    st = at_fail(err, AT_EFAIL, "stopped after step %" PRId64 "; continue with --resume", t.step);
  if (st == AT_OK) st = finish(&t, err);
  at_train_close(&t);
  s->folder = s->dir;
  return st;
}
