/* One step of training: a batch, and for each loss forward, backward, update. */
#include <inttypes.h>
#include <math.h>
#include <string.h>
#include "core/run/train_impl.h"

/* ---- the batch ---- */

static bool among(const int64_t *rows, int64_t n, int64_t row) {
  for (int64_t i = 0; i < n; i++)
    if (rows[i] == row) return true;
  return false;
}

static int64_t count_from(const trainer *t, int64_t first) {
  const int64_t n = (int64_t)t->examples.n;
  return n - first < t->batch ? n - first : t->batch;
}

/* Rows of the examples from `first` on, by batch axis. */
static void rows_of(const trainer *t, int64_t first, int64_t *const *rows, int64_t *counts) {
  const at_session *s = t->s;
  const int64_t count = count_from(t, first);
  for (int b = 0; b < s->n_batch; b++) {
    counts[b] = 0;
    for (int64_t i = 0; i < count; i++) {
      int64_t row = t->examples.example[(first + i) * s->n_batch + b];
      if (!s->batch[b].linked || !among(rows[b], counts[b], row)) rows[b][counts[b]++] = row;
    }
  }
}

at_status at_train_load(trainer *t, at_exec *x, at_error *err) {
  at_session_vary(t->s, true, t->epoch);
  at_status st =
      at_session_load(t->s, x, t->examples.split, (const int64_t *const *)t->rows, t->counts, err);
  at_session_vary(t->s, false, 0);
  return st;
}

/* The batch at hand; the pictures of the one after it begin to be read. */
at_status at_train_batch(trainer *t, int64_t steps, at_error *err) {
  const int64_t first = t->position * t->batch;
  rows_of(t, first, t->rows, t->counts);
  at_status st = at_train_load(t, t->s->train, err);
  if (st == AT_OK && t->position + 1 < steps) {
    int64_t counts[AT_MAX_BATCH_AXES];
    rows_of(t, first + t->batch, t->next, counts);
    at_session_ahead(t->s, t->examples.split, (const int64_t *const *)t->next, counts);
  }
  return st;
}

/* A last batch of one example has no wrong pairs: it is left out where there are others. */
int64_t at_train_steps(const trainer *t) {
  int64_t n = (int64_t)t->examples.n, steps = (n + t->batch - 1) / t->batch;
  return steps > 1 && n % t->batch == 1 && t->batch > 1 ? steps - 1 : steps;
}

/* ---- the losses ---- */

static const at_node *loss_of(const trainer *t, int k) { return at_graph_loss(t->s->training, k); }

/* A later loss sees the parameters as the ones before it left them, and the same random
 * numbers. */
at_status at_train_forward(trainer *t, int k, at_error *err) {
  at_exec_turn(t->s->train, k, t->s->seed, (uint64_t)t->step, true);
  t->loss[k] = *at_exec_value(t->s->train, loss_of(t, k));
  return isfinite(t->loss[k]) ? AT_OK : at_train_diverged(t, k, true, err);
}

void at_train_backward(trainer *t, int k) {
  const float one = 1;
  at_exec_backward_from(t->s->train, loss_of(t, k), &one);
}

at_status at_train_update(trainer *t, int k, double rate, at_error *err) {
  const at_graph *g = t->s->training;
  t->opt->o = t->adam[k];
  t->norm[k] =
      at_optimizer_step_of(t->opt, at_graph_objective(g, k), t->s->pool, rate * t->factor[k]);
  return isfinite(t->norm[k]) ? AT_OK : at_train_diverged(t, k, false, err);
}

static at_status descend(trainer *t, int k, double rate, at_error *err) {
  at_status st = at_train_forward(t, k, err);
  if (st != AT_OK) return st;
  at_train_backward(t, k);
  return at_train_update(t, k, rate, err);
}

double at_train_rate(const trainer *t, int64_t steps) {
  const at_moment now = {(double)t->epoch + (double)t->position / (double)steps, (double)t->epochs,
                         t->step, t->watch.cuts};
  return at_schedule_rate(&t->schedule, &now);
}

/* ---- the log ---- */

static at_status log_step(trainer *t, double rate, at_error *err) {
  double norm = 0, all = 0;
  for (int k = 0; k < t->n_losses; k++) {
    t->loss_sum[k] /= (double)t->loss_count;
    all += t->loss_sum[k];
    norm += t->norm[k] * t->norm[k];
  }
  const at_train_line line = {
      .epoch = t->epoch + 1,
      .step = t->step,
      .loss = all,
      .losses = t->loss_sum,
      .rate = rate,
      .norm = sqrt(norm),
      .norms = t->norm,
      .examples_per_second =
          t->seconds_since > 0 ? (double)t->examples_since / t->seconds_since : 0,
      .seconds = t->seconds_before + at_train_elapsed(t)};
  at_status st = at_rundir_log_train(t->s, t->dir, &line, err);
  for (int k = 0; k < t->n_losses; k++) t->loss_sum[k] = 0;
  t->loss_count = t->examples_since = 0;
  t->seconds_since = 0;
  return st;
}

/* The folder of the run is whole before anything of the first step is written there. */
static at_status settle_folder(trainer *t, at_error *err) {
  at_status st = at_bundle_wait(t->files, err);
  at_bundle_free(t->files);
  t->files = NULL;
  return st;
}

at_status at_train_step(trainer *t, int64_t steps, at_error *err) {
  const int64_t first = t->position * t->batch, count = count_from(t, first);
  double before = at_train_elapsed(t), sum = 0;
  const double rate = at_train_rate(t, steps);
  at_status st = at_train_batch(t, steps, err);
  for (int k = 0; st == AT_OK && k < t->n_losses; k++) st = descend(t, k, rate, err);
  if (st == AT_OK && t->files) st = settle_folder(t, err);
  if (st != AT_OK) return st;
  t->position++;
  t->step++;
  t->steps_here++;
  if (t->average) at_average_take(t->average, t->s->pool, t->step);
  for (int k = 0; k < t->n_losses; k++) {
    t->loss_sum[k] += t->loss[k];
    sum += t->loss[k];
  }
  t->loss_count++;
  t->examples_since += count;
  t->seconds_since += at_train_elapsed(t) - before;
  if (t->step % t->log_every == 0 || t->position == steps) st = log_step(t, rate, err);
  at_train_tell(t, steps, sum, NULL, 0);
  return st;
}
