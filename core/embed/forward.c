/* Running a model, and reading what came of it. */
#include <math.h>
#include <string.h>
#include "core/embed/embed.h"

attune_status attune_model_forward(attune_model *model, uint32_t flags, attune_error *error) {
  at_call k;
  if (!at_call_begin(&k, model ? model->c : NULL, error)) return at_call_end(&k, AT_EINPUT);
  const int run = flags & ATTUNE_WITH_LOSSES ? AT_RUN_LOSSES : AT_RUN_OUTPUTS;
  at_status s = AT_OK;
  if (flags & ~(uint32_t)ATTUNE_WITH_LOSSES)
    s = at_fail(&k.e, AT_EINPUT, "the flags %#x hold one that this version does not know",
                (unsigned)flags);
  else if (!model->x[run])
    s = at_fail(&k.e, AT_EINPUT, "the model has no loss");
  if (s == AT_OK) s = at_model_bind(model, run, &k.e);
  if (s == AT_OK) {
    at_exec_forward(model->x[run], model->seed, model->step, false);
    model->ran = run;
    model->has_losses = run == AT_RUN_LOSSES;
    for (int i = 0; model->has_losses && i < model->n_losses; i++)
      model->loss[i] = (double)*at_exec_value(model->x[run], at_graph_loss(model->g, i));
  }
  return at_call_end(&k, s);
}

/* The executor that ran last. */
static at_status ran(const attune_model *m, const at_exec **x, at_error *err) {
  *x = m->ran >= 0 ? m->x[m->ran] : NULL;
  return *x ? AT_OK
            : at_fail(err, AT_EINPUT,
                      "there is nothing to read: the model has not run since something was set");
}

attune_status attune_model_output(attune_model *model, const char *name, attune_values *out,
                                  attune_error *error) {
  at_call k;
  const at_exec *x;
  attune_values v;
  if (!at_call_begin(&k, model ? model->c : NULL, error)) return at_call_end(&k, AT_EINPUT);
  const int i = at_model_find(model, ATTUNE_OUTPUTS, name);
  at_status s = i < 0 ? at_model_lacks(model, ATTUNE_OUTPUTS, "output", name, &k.e) : AT_OK;
  if (s == AT_OK) s = at_struct_check(out, sizeof *out, "attune_values", &k.e);
  if (s == AT_OK) s = ran(model, &x, &k.e);
  if (s == AT_OK) {
    const at_node *n = model->g->output[i].node;
    at_values_fill(model, n, model->g->output[i].name, NULL, at_exec_value(x, n), &v);
    at_struct_give(out, &v, sizeof v);
  }
  return at_call_end(&k, s);
}

attune_status attune_model_attention(attune_model *model, const char *name, attune_values *weights,
                                     attune_values *scores, attune_error *error) {
  at_call k;
  const at_exec *x = NULL;
  attune_values v;
  if (!at_call_begin(&k, model ? model->c : NULL, error)) return at_call_end(&k, AT_EINPUT);
  const int i = at_model_find(model, ATTUNE_ATTENTIONS, name);
  at_status s =
      i < 0 ? at_model_lacks(model, ATTUNE_ATTENTIONS, "attention block", name, &k.e) : AT_OK;
  if (s == AT_OK && weights) s = at_struct_check(weights, sizeof *weights, "attune_values", &k.e);
  if (s == AT_OK && scores) s = at_struct_check(scores, sizeof *scores, "attune_values", &k.e);
  if (s == AT_OK) s = ran(model, &x, &k.e);
  if (s == AT_OK && model->ran == AT_RUN_TRAINING)
    s = at_fail(&k.e, AT_EINPUT,
                "attention is read after attune_model_forward; training does not keep it");
  if (s != AT_OK) return at_call_end(&k, s);
  const at_attend *a = &model->g->attend[i];
  attune_values *const to[] = {weights, scores};
  const at_node *const of[] = {a->weight, a->score};
  for (int b = 0; b < 2; b++) {
    if (!to[b]) continue;
    at_values_fill(model, of[b], a->name, a, at_exec_value(x, of[b]), &v);
    at_struct_give(to[b], &v, sizeof v);
  }
  return at_call_end(&k, AT_OK);
}

attune_status attune_model_offsets(attune_model *model, const char *axis, const int64_t **offsets,
                                   int64_t *rows, attune_error *error) {
  at_call k;
  const at_exec *x;
  if (!at_call_begin(&k, model && axis && offsets && rows ? model->c : NULL, error))
    return at_call_end(&k, AT_EINPUT);
  const int a = at_graph_find_axis(model->g, axis);
  at_status s = ran(model, &x, &k.e);
  if (s == AT_OK && (a < 0 || model->g->axis[a].parent < 0))
    s = at_fail(&k.e, AT_EINPUT, "the model has no ragged axis `%s`", axis);
  if (s == AT_OK) {
    *offsets = at_x_offsets(x, a);
    *rows = at_x_axis_size(x, model->g->axis[a].parent);
    if (!*offsets || *rows < 0)
      s = at_fail(&k.e, AT_EINPUT, "nothing that ran has the axis `%s`", axis);
  }
  return at_call_end(&k, s);
}

attune_status attune_model_loss(attune_model *model, const char *name, double *out,
                                attune_error *error) {
  at_call k;
  if (!at_call_begin(&k, model && out ? model->c : NULL, error)) return at_call_end(&k, AT_EINPUT);
  const int i = name ? at_model_find(model, ATTUNE_LOSSES, name) : 0;
  at_status s = i < 0 ? at_model_lacks(model, ATTUNE_LOSSES, "loss", name, &k.e) : AT_OK;
  if (s == AT_OK && !model->has_losses)
    s = at_fail(&k.e, AT_EINPUT, "the losses were not worked out since something was set");
  if (s == AT_OK) *out = name ? model->loss[i] : 0;
  for (int l = 0; s == AT_OK && !name && l < model->n_losses; l++) *out += model->loss[l];
  return at_call_end(&k, s);
}
