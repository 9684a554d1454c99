/* What is measured: a model by itself, or a run; asked the same way. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/bench/bench_impl.h"
#include "core/run/batch.h"

static const double RATE = 1e-4; /* of a model by itself; a run says its own */

/* ---- a model by itself ---- */

static int64_t length_of(void *ctx, const char *axis) { return at_model_length(ctx, axis); }

static at_status open_model(at_registry *reg, const at_bench_options *o, at_bench_subject *s,
                            at_text *messages, at_error *err) {
  s->batch = o->batch ? o->batch : 32;
  const at_model_options mo = {.path = o->path,
                               .text = o->text,
                               .set = o->set,
                               .n_set = o->n_set,
                               .size = o->size,
                               .n_size = o->n_size,
                               .batch = s->batch,
                               .without = o->without};
  at_status st = at_model_open(reg, &mo, &s->model, messages, err);
  if (st != AT_OK) return st;
  if (!s->model.sized)
    return at_fail(err, AT_EINPUT, "%s: %s; --size NAME=N gives other sizes than those assumed",
                   o->path, s->model.why.message);
  s->g = s->model.training ? s->model.training : s->model.sized;
  s->source = &s->model.src;
  s->losses = at_graph_losses(s->g);
  s->feed = (at_feed){
      .path = o->path, .rows = s->batch, .seed = 1, .length = length_of, .length_ctx = &s->model};
  const at_adam adam = at_adam_defaults();
  if ((st = at_pool_new(at_processors(o->threads), &s->pool, err)) != AT_OK) return st;
  const at_exec_options eo = {.pool = s->pool,
                              .gradients = s->losses > 0,
                              .input_grads = o->input_grads,
                              .turns = true,
                              .plan_grads = true};
  st = at_params_new(s->g, &s->params, err);
  if (st == AT_OK) st = at_params_by_rows(s->params, s->g, err);
  if (st == AT_OK) at_params_init_on(s->params, 1, s->pool);
  if (st == AT_OK) st = at_optimizer_new(s->params, &adam, &s->opt, err);
  if (st == AT_OK) st = at_exec_new(s->g, s->params, &eo, &s->x, err);
  return st == AT_OK ? at_feed_bind(&s->feed, s->g, s->x, err) : st;
}

/* Inputs and lengths are those of the first time. */
static at_status load_again(at_bench_subject *s, at_error *err) {
  at_status st = AT_OK;
  for (int a = 0; a < s->g->n_axis && st == AT_OK; a++) {
    const at_axis *axis = &s->g->axis[a];
    if (axis->kind == AT_BATCH && axis->from < 0 && !axis->n_part)
      st = at_exec_size(s->x, axis->name, s->batch, err);
  }
  return st == AT_OK ? at_exec_ready(s->x, err) : st;
}

/* ---- a run ---- */

static at_status open_run(at_registry *reg, const at_bench_options *o, at_bench_subject *s,
                          at_text *messages, at_error *err) {
  const char *set[300];
  char batch[64];
  size_t n = 0;
  for (; n < o->n_set && n < 299; n++) set[n] = o->set[n];
  snprintf(batch, sizeof batch, "train.batch=%lld", (long long)o->batch);
  if (o->batch) set[n++] = batch;
  at_status st = at_run_load(o->path, set, n, &s->run, err);
  if (st == AT_OK) st = at_session_new(reg, s->run, o->threads, &s->session, messages, err);
  if (st == AT_OK) st = at_stepper_new(s->session, &s->stepper, err);
  if (st != AT_OK) return st;
  s->source = at_session_source(s->session);
  s->params = at_session_params(s->session);
  s->pool = at_session_pool(s->session);
  s->x = at_stepper_exec(s->stepper);
  s->g = at_x_graph(s->x);
  s->losses = at_graph_losses(s->g);
  s->batch = at_stepper_batch(s->stepper);
  return AT_OK;
}

/* ---- either ---- */

at_status at_bench_subject_open(at_registry *reg, const at_bench_options *o, at_bench_subject *s,
                                at_text *messages, at_error *err) {
  *s = (at_bench_subject){.arena = at_arena_new(), .finite = true};
  if (!s->arena) return at_nomem(err);
  return o->run ? open_run(reg, o, s, messages, err) : open_model(reg, o, s, messages, err);
}

void at_bench_subject_close(at_bench_subject *s) {
  at_stepper_free(s->stepper);
  if (!s->run) {
    at_exec_free(s->x);
    at_optimizer_free(s->opt);
    at_params_free(s->params);
    at_pool_free(s->pool);
    at_feed_free(&s->feed);
    at_model_close(&s->model);
  }
  at_session_free(s->session);
  at_run_free(s->run);
  at_arena_free(s->arena);
}

at_status at_bench_load(at_bench_subject *s, at_error *err) {
  return s->stepper ? at_stepper_load(s->stepper, err) : load_again(s, err);
}

at_status at_bench_forward(at_bench_subject *s, int loss, at_error *err) {
  if (s->stepper) return at_stepper_forward(s->stepper, loss, err);
  at_exec_turn(s->x, loss, 1, s->step, s->losses > 0);
  return AT_OK;
}

void at_bench_backward(at_bench_subject *s, int loss) {
  const float one = 1;
  if (s->stepper)
    at_stepper_backward(s->stepper, loss);
  else
    at_exec_backward_from(s->x, at_graph_loss(s->g, loss), &one);
}

at_status at_bench_update(at_bench_subject *s, int loss, at_error *err) {
  if (s->stepper) return at_stepper_update(s->stepper, loss, err);
  const double norm = at_optimizer_step_of(s->opt, at_graph_objective(s->g, loss), s->pool, RATE);
  s->finite = s->finite && isfinite(norm);
  s->step += loss + 1 == s->losses;
  return AT_OK;
}

double at_bench_loss(const at_bench_subject *s) {
  double sum = 0;
  for (int k = 0; k < s->losses; k++)
    sum += s->stepper ? at_stepper_loss(s->stepper, k)
                      : (double)*at_exec_value(s->x, at_graph_loss(s->g, k));
  return s->losses ? sum : NAN;
}

/* The norm and the update read gradients; the update reads and writes weights and both moments. */
double at_bench_update_bytes(const at_bench_subject *s, int loss) {
  const at_objective *o = at_graph_objective(s->g, loss);
  const bool sparse = s->run && !strcmp(at_run_get(s->run, "train.sparse"), "true");
  double moved = 0, given = 0;
  for (int i = 0; i < s->g->n_param; i++) {
    const at_rows *r = &s->params->rows[i];
    const double size = (double)s->params->size[i], rows = (double)(r->n * r->width);
    if (!(o ? at_objective_updates(o, s->g->param[i]) : !s->g->param[i]->frozen)) continue;
    given += r->count ? rows : size;
    moved += r->count && sparse ? rows : size;
  }
  return sizeof(float) * (6 * moved + 2 * given);
}
