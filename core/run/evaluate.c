/* A task and its metrics over a split. */
#include <stdio.h>
#include <stdlib.h>
#include "core/run/network.h"

/* Metrics that take pictures begin; *begun says how many of all metrics were reached. */
static at_status begin_metrics(at_task_run *t, size_t *begun, at_error *err) {
  const at_session *s = t->s;
  at_status st = AT_OK;
  if (!(t->states = calloc(s->n_metrics + 1, sizeof *t->states))) return at_nomem(err);
  for (; st == AT_OK && *begun < s->n_metrics; *begun += st == AT_OK)
    if (at_metric_sees(s->metric[*begun]))
      st = at_metric_begin(s->metric[*begun], s->metric_options[*begun], &t->states[*begun], err);
  return st;
}

static at_status conclude(const at_task_run *t, size_t i, const attune_prediction *p,
                          at_result **results, size_t *n, at_error *err) {
  const at_session *s = t->s;
  return at_metric_sees(s->metric[i])
             ? at_metric_conclude(s->metric[i], s->metric_options[i], t->states[i], p, results, n,
                                  err)
             : at_metric_compute(s->metric[i], s->metric_options[i], p, results, n, err);
}

static void end_metrics(at_task_run *t, size_t begun) {
  for (size_t i = 0; i < begun; i++)
    if (at_metric_sees(t->s->metric[i])) at_metric_end(t->s->metric[i], t->states[i]);
  free(t->states);
}

at_status at_session_evaluate_into(at_session *s, const char *split, const char *phase,
                                   const at_predictions *to, at_progress_fn *fn, void *ctx,
                                   at_result **results, size_t *n, at_error *err) {
  at_task_run t = {.s = s,
                   .split = at_session_split(s, split),
                   .fn = fn,
                   .ctx = ctx,
                   .phase = phase,
                   .steady = true};
  at_task_ops ops = at_session_task_ops(&t);
  const at_metric_ops metric_ops = at_session_metric_ops(s);
  attune_prediction *p = NULL;
  at_cache *cache;
  size_t begun = 0;
  *results = NULL;
  *n = 0;
  const at_metric_ops *before = at_metric_use(&metric_ops);
  at_status st = to ? at_session_predicts(s, err) : AT_OK;
  if (st == AT_OK) st = at_session_cache(s, t.split, &cache, err);
  if (st == AT_OK) st = begin_metrics(&t, &begun, err);
  if (st == AT_OK) st = at_task_evaluate(s->task, s->task_options, &ops, &p, err);
  for (size_t i = 0; st == AT_OK && i < s->n_metrics; i++) st = conclude(&t, i, p, results, n, err);
  if (st == AT_OK && to) st = at_session_write_predictions(s, t.split, p, to, fn, ctx, err);
  end_metrics(&t, begun);
  at_pairs_free(t.pairs);
  at_metric_use(before);
  at_prediction_free(p);
  free(t.out);
  free(t.example);
  free(t.text);
  if (st != AT_OK) {
    free(*results);
    *results = NULL;
    *n = 0;
  }
  return st;
}

at_status at_session_evaluate_file(at_session *s, const char *split, const at_predictions *to,
                                   at_progress_fn *fn, void *ctx, at_result **results, size_t *n,
                                   at_error *err) {
  char phase[96];
  snprintf(phase, sizeof phase, "evaluate %.64s", split);
  return at_session_evaluate_into(s, split, phase, to, fn, ctx, results, n, err);
}

at_status at_session_evaluate(at_session *s, const char *split, at_progress_fn *fn, void *ctx,
                              at_result **results, size_t *n, at_error *err) {
  return at_session_evaluate_file(s, split, NULL, fn, ctx, results, n, err);
}
