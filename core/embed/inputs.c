/* What a model is given: sizes, offsets, numbers. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "core/embed/embed.h"

void at_model_stale(attune_model *m) {
  m->ran = -1;
  m->has_losses = m->has_gradient = false;
}

static void unbind(attune_model *m) {
  at_model_stale(m);
  for (int i = 0; i < AT_RUNS; i++) m->bound[i] = false;
}

at_status at_model_bind(attune_model *m, int run, at_error *err) {
  at_model_stale(m);
  at_status s = m->bound[run] ? AT_OK : at_exec_ready(m->x[run], err);
  m->bound[run] = s == AT_OK;
  return s;
}

attune_status attune_model_set_size(attune_model *model, const char *axis, int64_t size,
                                    attune_error *error) {
  at_call k;
  if (!at_call_begin(&k, model && axis ? model->c : NULL, error)) return at_call_end(&k, AT_EINPUT);
  at_status s = AT_OK;
  for (int i = 0; s == AT_OK && i < AT_RUNS && model->x[i]; i++)
    s = at_exec_size(model->x[i], axis, size, &k.e);
  if (s == AT_OK) unbind(model);
  return at_call_end(&k, s);
}

attune_status attune_model_set_ragged(attune_model *model, const char *axis, const int64_t *offsets,
                                      int64_t rows, attune_error *error) {
  at_call k;
  if (!at_call_begin(&k, model && axis && offsets ? model->c : NULL, error))
    return at_call_end(&k, AT_EINPUT);
  at_status s = AT_OK;
  for (int i = 0; s == AT_OK && i < AT_RUNS && model->x[i]; i++)
    s = at_exec_ragged(model->x[i], axis, offsets, rows, &k.e);
  if (s != AT_EINPUT) unbind(model);
  return at_call_end(&k, s);
}

static at_status keep(struct at_given *g, const void *data, size_t count, at_error *err) {
  size_t bytes;
  if (!at_mul_size(count, sizeof(float), &bytes) || bytes > PTRDIFF_MAX)
    return at_fail(err, AT_EINPUT, "%zu numbers are too many for any memory", count);
  if (bytes > g->cap || !g->data) {
    void *room = malloc(bytes ? bytes : 1);
    if (!room) return at_nomem(err);
    free(g->data);
    g->data = room;
    g->cap = bytes;
  }
  if (bytes) memcpy(g->data, data, bytes);
  return AT_OK;
}

static attune_status set_input(attune_model *m, const char *name, at_vtype type, const void *data,
                               size_t count, attune_error *error) {
  at_call k;
  if (!at_call_begin(&k, m && (data || !count) ? m->c : NULL, error))
    return at_call_end(&k, AT_EINPUT);
  const int i = at_model_find(m, ATTUNE_INPUTS, name);
  at_status s = AT_OK;
  if (i < 0)
    s = at_model_lacks(m, ATTUNE_INPUTS, "input", name, &k.e);
  else if (m->g->input[i]->type != type)
    s = at_fail(&k.e, AT_EINPUT, "input `%s` is of %s; use attune_model_set_%s", name,
                type == AT_REAL ? "tokens" : "reals", type == AT_REAL ? "tokens" : "reals");
  else
    s = keep(&m->given[i], data, count, &k.e);
  for (int r = 0; s == AT_OK && r < AT_RUNS && m->x[r]; r++)
    s = at_exec_give(m->x[r], name, m->given[i].data, (int64_t)count, &k.e);
  if (s == AT_OK) unbind(m);
  return at_call_end(&k, s);
}

attune_status attune_model_set_reals(attune_model *model, const char *input, const float *reals,
                                     size_t count, attune_error *error) {
  return set_input(model, input, AT_REAL, reals, count, error);
}

attune_status attune_model_set_tokens(attune_model *model, const char *input, const int32_t *tokens,
                                      size_t count, attune_error *error) {
  return set_input(model, input, AT_TOKEN, tokens, count, error);
}
