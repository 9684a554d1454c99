/* Training on inputs that are set: gradients, and steps of Adam. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/embed/embed.h"

/* ---- how weights move ---- */

attune_status attune_model_set_adam(attune_model *model, const attune_adam *adam,
                                    attune_error *error) {
  at_call k;
  attune_adam a = {0};
  if (!at_call_begin(&k, model ? model->c : NULL, error)) return at_call_end(&k, AT_EINPUT);
  at_status s = AT_OK;
  if (adam) s = at_struct_take(&a, sizeof a, adam, sizeof(attune_adam), "attune_adam", &k.e);
  const bool holds = a.beta1 >= 0 && a.beta1 < 1 && a.beta2 >= 0 && a.beta2 < 1 && a.epsilon > 0 &&
                     isfinite(a.epsilon) && a.clip >= 0 && isfinite(a.clip) && a.decay >= 0 &&
                     isfinite(a.decay);
  if (s == AT_OK && adam && !holds)
    s = at_fail(&k.e, AT_EINPUT,
                "Adam with betas %g and %g, epsilon %g, clip %g, decay %g; betas are in [0, 1), "
                "epsilon is above 0, the others are not below it",
                a.beta1, a.beta2, a.epsilon, a.clip, a.decay);
  if (s == AT_OK)
    model->adam = adam ? (at_adam){.beta1 = a.beta1,
                                   .beta2 = a.beta2,
                                   .eps = a.epsilon,
                                   .clip = a.clip,
                                   .decay = a.decay}
                       : at_adam_defaults();
  return at_call_end(&k, s);
}

at_status at_model_optimizer(attune_model *m, at_error *err) {
  return m->opt ? AT_OK : at_optimizer_new(m->params, &m->adam, &m->opt, err);
}

uint64_t attune_model_steps(const attune_model *model) { return model ? model->step : 0; }

/* ---- one loss ---- */

/* Gradients of loss i where params->grad_of says. */
static at_status descend(attune_model *m, int i, at_error *err) {
  const float one = 1;
  at_exec *x = m->x[AT_RUN_TRAINING];
  const at_objective *o = at_graph_objective(m->g, i);
  const at_node *n = at_graph_loss(m->g, i);
  at_exec_turn(x, i, m->seed, m->step, true);
  m->loss[i] = (double)*at_exec_value(x, n);
  if (!isfinite(m->loss[i]))
    return at_fail(err, AT_EFAIL, "after %" PRIu64 " steps the loss%s%s is %g, no finite number",
                   m->step, o ? " " : "", o ? o->name : "", m->loss[i]);
  at_exec_backward_from(x, n, &one);
  return AT_OK;
}

static at_status begin(attune_model *m, at_error *err) {
  if (!m->x[AT_RUN_TRAINING])
    return at_fail(err, AT_EINPUT, "the model has no loss; there is nothing to train");
  return at_model_bind(m, AT_RUN_TRAINING, err);
}

/* ---- steps ---- */

static at_status take_step(attune_model *m, double rate, at_error *err) {
  at_status s = AT_OK;
  m->opt->o = m->adam;
  for (int i = 0; s == AT_OK && i < m->n_losses; i++) {
    const at_objective *o = at_graph_objective(m->g, i);
    if ((s = descend(m, i, err)) != AT_OK) break;
    const double norm = at_optimizer_step_of(m->opt, o, m->c->pool, rate);
    if (!isfinite(norm))
      s = at_fail(err, AT_EFAIL,
                  "after %" PRIu64 " steps the gradient of the loss%s%s is no finite number",
                  m->step, o ? " " : "", o ? o->name : "");
  }
  return s;
}

attune_status attune_model_step(attune_model *model, double learning_rate, attune_error *error) {
  at_call k;
  if (!at_call_begin(&k, model ? model->c : NULL, error)) return at_call_end(&k, AT_EINPUT);
  at_status s = AT_OK;
  if (!(learning_rate >= 0 && isfinite(learning_rate)))
    s = at_fail(&k.e, AT_EINPUT, "the learning rate is %g", learning_rate);
  if (s == AT_OK) s = begin(model, &k.e);
  if (s == AT_OK) s = at_model_optimizer(model, &k.e);
  if (s == AT_OK) s = take_step(model, learning_rate, &k.e);
  if (s == AT_OK) {
    model->step++;
    model->ran = AT_RUN_TRAINING;
    model->has_losses = true;
  }
  return at_call_end(&k, s);
}

/* ---- gradients alone ---- */

static at_status collect(attune_model *m, at_error *err) {
  const at_params *p = m->params;
  if (!m->gradient) m->gradient = malloc((p->count + 1) * sizeof *m->gradient);
  if (!m->gradient) return at_nomem(err);
  memset(m->gradient, 0, p->count * sizeof *m->gradient);
  at_status s = AT_OK;
  for (int i = 0; s == AT_OK && i < m->n_losses; i++) {
    s = descend(m, i, err);
    for (int n = 0; s == AT_OK && n < m->g->n_param; n++) {
      if (m->g->n_objective && !at_objective_updates(&m->g->objective[i], m->g->param[n])) continue;
      for (size_t j = 0; p->grad_of[n] && j < p->size[n]; j++)
        m->gradient[p->offset[n] + j] += p->grad_of[n][j];
    }
  }
  return s;
}

attune_status attune_model_gradients(attune_model *model, attune_error *error) {
  at_call k;
  if (!at_call_begin(&k, model ? model->c : NULL, error)) return at_call_end(&k, AT_EINPUT);
  at_status s = begin(model, &k.e);
  if (s == AT_OK) s = collect(model, &k.e);
  if (s == AT_OK) {
    model->ran = AT_RUN_TRAINING;
    model->has_losses = model->has_gradient = true;
  }
  return at_call_end(&k, s);
}

attune_status attune_model_gradient(attune_model *model, const char *parameter, attune_values *out,
                                    attune_error *error) {
  at_call k;
  attune_values v;
  if (!at_call_begin(&k, model ? model->c : NULL, error)) return at_call_end(&k, AT_EINPUT);
  const int i = at_model_find(model, ATTUNE_PARAMETERS, parameter);
  at_status s = at_struct_check(out, sizeof *out, "attune_values", &k.e);
  if (s == AT_OK && i < 0)
    s = at_model_lacks(model, ATTUNE_PARAMETERS, "parameter", parameter, &k.e);
  if (s == AT_OK && model->g->param[i]->frozen)
    s = at_fail(&k.e, AT_EINPUT, "parameter `%s` is not trained", parameter);
  if (s == AT_OK && !model->has_gradient)
    s = at_fail(&k.e, AT_EINPUT, "gradients were not worked out since something was set or moved");
  if (s == AT_OK) {
    at_values_fill(model, model->g->param[i], model->g->param[i]->pname, NULL,
                   model->gradient + model->params->offset[i], &v);
    at_struct_give(out, &v, sizeof v);
  }
  return at_call_end(&k, s);
}
