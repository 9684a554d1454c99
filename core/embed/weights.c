/* Weights: read, replaced, kept in files. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "core/embed/embed.h"
#include "core/train/checkpoint.h"

attune_status attune_model_parameter(attune_model *model, const char *name, attune_values *out,
                                     attune_error *error) {
  at_call k;
  attune_values v;
  if (!at_call_begin(&k, model ? model->c : NULL, error)) return at_call_end(&k, AT_EINPUT);
  const int i = at_model_find(model, ATTUNE_PARAMETERS, name);
  at_status s = at_struct_check(out, sizeof *out, "attune_values", &k.e);
  if (s == AT_OK && i < 0) s = at_model_lacks(model, ATTUNE_PARAMETERS, "parameter", name, &k.e);
  if (s == AT_OK) {
    at_values_fill(model, model->g->param[i], model->g->param[i]->pname, NULL,
                   model->params->value + model->params->offset[i], &v);
    at_struct_give(out, &v, sizeof v);
  }
  return at_call_end(&k, s);
}

attune_status attune_model_set_parameter(attune_model *model, const char *name, const float *reals,
                                         size_t count, attune_error *error) {
  at_call k;
  if (!at_call_begin(&k, model && reals ? model->c : NULL, error))
    return at_call_end(&k, AT_EINPUT);
  const int i = at_model_find(model, ATTUNE_PARAMETERS, name);
  const at_params *p = model->params;
  at_status s = AT_OK;
  if (i < 0)
    s = at_model_lacks(model, ATTUNE_PARAMETERS, "parameter", name, &k.e);
  else if (p->size[i] != count)
    s = at_fail(&k.e, AT_EINPUT, "parameter `%s` has %zu numbers, not %zu", name, p->size[i],
                count);
  else
    memcpy(p->value + p->offset[i], reals, count * sizeof *reals);
  return at_call_end(&k, s);
}

/* ---- files ---- */

static at_status put(at_metadata *meta, const char *key, uint64_t v, at_error *err) {
  char text[32];
  snprintf(text, sizeof text, "%" PRIu64, v);
  return at_metadata_set(meta, key, text, err);
}

static bool get(const at_metadata *meta, const char *key, uint64_t *out) {
  const char *text = at_metadata_get(meta, key);
  int end = 0;
  return text && *text >= '0' && *text <= '9' && sscanf(text, "%" SCNu64 "%n", out, &end) == 1 &&
         !text[end];
}

static at_status check_flags(uint32_t flags, const char *path, at_error *err) {
  if (!path) return at_fail(err, AT_EINPUT, "there is no path");
  return flags & ~(uint32_t)ATTUNE_WITH_TRAINING
             ? at_fail(err, AT_EINPUT, "the flags %#x hold one that this version does not know",
                       (unsigned)flags)
             : AT_OK;
}

attune_status attune_model_save(attune_model *model, const char *path, uint32_t flags,
                                attune_error *error) {
  at_call k;
  at_metadata meta = {0};
  if (!at_call_begin(&k, model ? model->c : NULL, error)) return at_call_end(&k, AT_EINPUT);
  const bool all = flags & ATTUNE_WITH_TRAINING;
  at_status s = check_flags(flags, path, &k.e);
  if (s == AT_OK && all) s = at_model_optimizer(model, &k.e);
  if (s == AT_OK) s = at_metadata_set(&meta, "format", "attune", &k.e);
  if (s == AT_OK && all) s = put(&meta, "step", model->step, &k.e);
  if (s == AT_OK && all) s = put(&meta, "seed", model->seed, &k.e);
  if (s == AT_OK)
    s = at_checkpoint_write(path, model->params, all ? model->opt : NULL, NULL, &meta, &k.e);
  at_metadata_free(&meta);
  return at_call_end(&k, s);
}

static at_status restore(attune_model *m, const char *path, bool all, at_error *err) {
  at_metadata meta = {0};
  at_optimizer *opt = NULL;
  uint64_t step = 0, seed = m->seed;
  at_status s = all ? at_optimizer_new(m->params, &m->adam, &opt, err) : AT_OK;
  if (s == AT_OK) s = at_checkpoint_read(path, m->params, opt, NULL, &meta, err);
  if (s == AT_OK && all && !get(&meta, "step", &step))
    s = at_fail(err, AT_EINPUT, "%s: it does not say after how many steps it was written", path);
  if (s == AT_OK && all) get(&meta, "seed", &seed);
  at_metadata_free(&meta);
  if (s != AT_OK) {
    at_optimizer_free(opt);
    return s;
  }
  at_model_forget_steps(m);
  m->opt = opt;
  m->step = step;
  m->seed = seed;
  if (opt) at_optimizer_set_rounds(opt, step);
  return AT_OK;
}

attune_status attune_model_restore(attune_model *model, const char *path, uint32_t flags,
                                   attune_error *error) {
  at_call k;
  if (!at_call_begin(&k, model ? model->c : NULL, error)) return at_call_end(&k, AT_EINPUT);
  at_status s = check_flags(flags, path, &k.e);
  if (s == AT_OK) s = restore(model, path, flags & ATTUNE_WITH_TRAINING, &k.e);
  return at_call_end(&k, s);
}
