/* A model's way in and out. */
#include <stdlib.h>
#include <string.h>
#include "core/embed/embed.h"
#include "core/train/checkpoint.h"

/* ---- sizes ---- */

static at_status still_open(const at_model *m, at_error *err) {
  at_text t = {0};
  for (int i = 0; i < m->n_size; i++)
    if (m->size[i].assumed && !m->size[i].ragged)
      at_text_addf(&t, "%s`%s=N`%s", t.len ? ", " : "", m->size[i].name,
                   m->size[i].vocabulary ? " (how many ids it has)" : "");
  at_status s = t.failed ? at_nomem(err)
                : t.len  ? at_fail(err, AT_EINPUT, "sizes are open: the source must say %s", t.data)
                         : AT_OK;
  at_text_free(&t);
  return s;
}

/* ---- executors ---- */

static at_status make_executors(attune_model *m, at_error *err) {
  const at_exec_options o[AT_RUNS] = {
      {.pool = m->c->pool, .no_loss = true},
      {.pool = m->c->pool},
      {.pool = m->c->pool, .gradients = true, .turns = true, .plan_grads = true}};
  at_status s = AT_OK;
  for (int i = 0; s == AT_OK && i < (m->n_losses ? AT_RUNS : 1); i++) {
    s = at_exec_new(m->g, m->params, &o[i], &m->x[i], err);
    for (int b = 0; s == AT_OK && i != AT_RUN_TRAINING && b < m->g->n_attend; b++) {
      s = at_exec_keep(m->x[i], m->g->attend[b].weight, err);
      if (s == AT_OK) s = at_exec_keep(m->x[i], m->g->attend[b].score, err);
    }
  }
  return s;
}

static at_status bring_up(attune_model *m, uint64_t seed, at_error *err) {
  m->g = m->m.sized;
  m->n_losses = at_graph_losses(m->g);
  m->given = calloc((size_t)m->g->n_input + 1, sizeof *m->given);
  m->loss = calloc((size_t)m->n_losses + 1, sizeof *m->loss);
  if (!m->given || !m->loss) return at_nomem(err);
  at_status s = at_params_new(m->g, &m->params, err);
  if (s == AT_OK && !m->c->pool) s = at_pool_new(m->c->threads, &m->c->pool, err);
  if (s == AT_OK) s = make_executors(m, err);
  return s == AT_OK ? at_model_draw(m, seed, err) : s;
}

/* ---- loading ---- */

static at_status load(attune_context *c, const attune_model_source *theirs, at_origin *o,
                      attune_model *m, at_text *messages, at_error *err) {
  attune_model_source source;
  at_status s = at_struct_take(&source, sizeof source, theirs, sizeof(attune_model_source),
                               "attune_model_source", err);
  if (s != AT_OK) return s;
  s = at_origin_open(c, &source, o, err);
  if (s == AT_OK) s = at_model_open(c->reg, &o->o, &m->m, messages, err);
  if (s == AT_OK) s = still_open(&m->m, err);
  if (s == AT_OK && !m->m.sized) s = at_fail(err, m->m.why.code, "%s", m->m.why.message);
  if (s == AT_OK) s = bring_up(m, source.seed, err);
  if (s == AT_OK && o->trained.run)
    s = at_trained_weights(o->trained.dir, o->trained.run, m->params, err);
  return s;
}

attune_status attune_model_load(attune_context *context, const attune_model_source *source,
                                attune_model **out, attune_error *error) {
  at_call k;
  if (out) *out = NULL;
  if (!at_call_begin(&k, out ? context : NULL, error)) return at_call_end(&k, AT_EINPUT);
  attune_model *m = calloc(1, sizeof *m);
  if (!m) return at_call_end(&k, at_nomem(&k.e));
  m->c = context;
  m->ran = -1;
  m->adam = at_adam_defaults();
  context->held++;
  at_origin o = {0};
  at_status s = load(context, source, &o, m, &k.detail, &k.e);
  at_origin_close(&o);
  if (s == AT_OK) at_context_say(context, ATTUNE_LOG_WARNING, k.detail.data);
  if (s == AT_OK)
    *out = m;
  else
    attune_model_free(m);
  return at_call_end(&k, s);
}

void attune_model_free(attune_model *model) {
  if (!model) return;
  for (int i = 0; i < AT_RUNS; i++) at_exec_free(model->x[i]);
  for (int i = 0; model->given && i < model->g->n_input; i++) free(model->given[i].data);
  free(model->given);
  free(model->loss);
  free(model->gradient);
  at_optimizer_free(model->opt);
  at_params_free(model->params);
  at_model_close(&model->m);
  at_context_release(model->c);
  free(model);
}

/* ---- weights out of a seed ---- */

void at_model_forget_steps(attune_model *m) {
  at_optimizer_free(m->opt);
  m->opt = NULL;
  m->step = 0;
  at_model_stale(m);
}

at_status at_model_draw(attune_model *m, uint64_t seed, at_error *err) {
  at_text said = {0};
  at_model_forget_steps(m);
  m->seed = seed;
  at_params_init_on(m->params, seed, m->c->pool);
  at_status s = at_weights_import(m->params, NULL, &said, err);
  if (s == AT_OK) at_context_say(m->c, ATTUNE_LOG_NOTE, said.data);
  at_text_free(&said);
  return s;
}

attune_status attune_model_draw(attune_model *model, uint64_t seed, attune_error *error) {
  at_call k;
  if (!at_call_begin(&k, model ? model->c : NULL, error)) return at_call_end(&k, AT_EINPUT);
  return at_call_end(&k, at_model_draw(model, seed, &k.e));
}
