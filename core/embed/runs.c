/* Training and evaluation of what run files and run directories describe. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/busy.h"
#include "core/embed/embed.h"
#include "core/run/run.h"

typedef struct at_work {
  const attune_job *job;
  struct at_work *outer; /* that this one was started within, by a callback */
} at_work;

static _Thread_local at_work *current;

/* ---- telling ---- */

static int tell(void *ctx, const at_progress *p) {
  const attune_job *job = ((const at_work *)ctx)->job;
  for (size_t i = 0; job->result && i < p->n_results; i++)
    job->result(job->data, p->results[i].name, p->results[i].value, p->results[i].higher_is_better);
  const attune_progress now = {.size = sizeof now,
                               .phase = p->phase,
                               .epoch = p->epoch,
                               .epochs = p->epochs,
                               .step = p->step,
                               .steps = p->steps,
                               .loss = p->loss,
                               .examples_per_second = p->examples_per_s,
                               .seconds_left = p->seconds_left,
                               .metric = p->metric,
                               .value = p->value,
                               .best = p->best};
  return job->progress ? job->progress(job->data, &now) : 0;
}

static bool busy(void *ctx, const at_busy_now *b) {
  char phase[512];
  snprintf(phase, sizeof phase, "%s %s", b->doing, b->what);
  const at_progress now = {.phase = phase,
                           .step = b->done,
                           .steps = b->total,
                           .loss = NAN,
                           .seconds_left = NAN,
                           .value = NAN,
                           .best = NAN};
  return !tell(ctx, &now);
}

static void listen(at_work *w) {
  current = w;
  at_busy_listen(w ? busy : NULL, w);
}

static void say_of(attune_context *c, const at_session *s) {
  char notice[800];
  if (at_dataset_notice(at_session_dataset(s), notice, sizeof notice))
    at_context_say(c, ATTUNE_LOG_NOTE, notice);
  at_context_say(c, ATTUNE_LOG_NOTE, at_session_said(s));
  at_context_say(c, ATTUNE_LOG_NOTE, at_session_outcome(s));
}

/* ---- the work ---- */

static at_status train(attune_context *c, at_work *w, at_session **s, at_text *messages,
                       at_error *err) {
  const attune_job *job = w->job;
  at_run *run = NULL;
  if (!job->run) return at_fail(err, AT_EINPUT, "the job names no run file");
  at_status st = at_run_load(job->run, job->set, job->set_count, &run, err);
  if (st == AT_OK) st = at_session_new(c->reg, run, (int)job->threads, s, messages, err);
  if (st == AT_OK) st = at_session_train(*s, job->dir, job->resume != 0, tell, w, err);
  at_run_free(run);
  return st;
}

static at_status evaluate(attune_context *c, at_work *w, at_session **s, at_text *messages,
                          at_error *err) {
  const attune_job *job = w->job;
  at_result *r = NULL;
  size_t n = 0;
  at_status st = at_session_open_set(c->reg, job->dir, job->set, job->set_count, (int)job->threads,
                                     s, messages, err);
  if (st == AT_OK)
    st = at_session_evaluate(*s, job->split ? job->split : "test", tell, w, &r, &n, err);
  for (size_t i = 0; st == AT_OK && job->result && i < n; i++)
    job->result(job->data, r[i].name, r[i].value, r[i].higher_is_better);
  free(r);
  return st;
}

typedef at_status work_fn(attune_context *c, at_work *w, at_session **s, at_text *messages,
                          at_error *err);

static attune_status do_job(attune_context *c, const attune_job *theirs, work_fn *fn,
                            attune_error *error) {
  at_call k;
  attune_job job;
  at_session *session = NULL;
  if (!at_call_begin(&k, c, error)) return at_call_end(&k, AT_EINPUT);
  at_status s = at_struct_take(&job, sizeof job, theirs, sizeof(attune_job), "attune_job", &k.e);
  if (s == AT_OK && !job.dir) s = at_fail(&k.e, AT_EINPUT, "the job names no run directory");
  if (s == AT_OK && job.set_count && !job.set)
    s = at_fail(&k.e, AT_EINPUT, "set is NULL, and set_count is not 0");
  if (s == AT_OK && job.threads > 1024)
    s = at_fail(&k.e, AT_EINPUT, "%u threads: a number from 1 to 1024 is needed",
                (unsigned)job.threads);
  if (s != AT_OK) return at_call_end(&k, s);
  at_work w = {.job = &job, .outer = current};
  listen(&w);
  s = fn(c, &w, &session, &k.detail, &k.e);
  listen(w.outer);
  if (session) say_of(c, session);
  if (s == AT_OK) at_context_say(c, ATTUNE_LOG_WARNING, k.detail.data);
  at_session_free(session);
  return at_call_end(&k, s);
}

attune_status attune_train(attune_context *context, const attune_job *job, attune_error *error) {
  return do_job(context, job, train, error);
}

attune_status attune_evaluate(attune_context *context, const attune_job *job, attune_error *error) {
  return do_job(context, job, evaluate, error);
}
