#include "core/train/checkpoint.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/text.h"

static const char *const M = "adam.m.", *const V = "adam.v.";

/* ---- writing ---- */

static at_status add(at_arrays *set, const char *prefix, const at_node *p, const float *v,
                     at_error *err) {
  at_text name = {0};
  int64_t shape[AT_ARRAY_MAX_DIM];
  at_text_add(&name, prefix);
  at_text_add(&name, p->pname);
  for (int i = 0; i < p->ndim; i++) shape[i] = p->dim[i].size;
  at_array *a = name.failed ? NULL : at_arrays_add(set);
  at_status s = a ? at_array_init(a, name.data, AT_F32, p->ndim, shape, err) : at_nomem(err);
  if (s == AT_OK) memcpy(a->data, v, (size_t)at_array_count(a) * sizeof(float));
  at_text_free(&name);
  return s;
}

at_status at_checkpoint_write(const char *path, const at_params *params, const at_optimizer *opt,
                              const at_metadata *meta, at_error *err) {
  at_arrays set = {0};
  at_status s = AT_OK;
  for (int i = 0; s == AT_OK && i < params->graph->n_param; i++)
    s = add(&set, "", params->graph->param[i], params->value + params->offset[i], err);
  for (int i = 0; opt && s == AT_OK && i < params->graph->n_param; i++) {
    s = add(&set, M, params->graph->param[i], opt->m + params->offset[i], err);
    if (s == AT_OK) s = add(&set, V, params->graph->param[i], opt->v + params->offset[i], err);
  }
  if (s == AT_OK) s = at_safetensors_write(path, &set, meta, err);
  at_arrays_free(&set);
  return s;
}

/* ---- reading ---- */

static void shape_text(char *buf, size_t n, const at_array *a) {
  size_t at = (size_t)snprintf(buf, n, "[");
  for (int i = 0; i < a->ndim && at < n; i++)
    at += (size_t)snprintf(buf + at, n - at, "%s%lld", i ? ", " : "", (long long)a->shape[i]);
  if (at < n) snprintf(buf + at, n - at, "]");
}

static bool same_shape(const at_node *p, const at_array *a) {
  if (p->ndim != a->ndim) return false;
  for (int i = 0; i < p->ndim; i++)
    if (p->dim[i].size != a->shape[i]) return false;
  return true;
}

/* The array for a parameter, checked. */
static at_status find(const at_arrays *set, const char *prefix, const at_node *p, const char *what,
                      const at_array **out, at_error *err) {
  at_text name = {0};
  at_text_add(&name, prefix);
  at_text_add(&name, p->pname);
  if (name.failed) return at_nomem(err);
  at_array *a = at_arrays_find(set, name.data);
  at_status s = AT_OK;
  if (!a) {
    s = at_fail(err, AT_EINPUT,
                "%s: there is no array `%s`, which the model needs; the file is of another model",
                what, name.data);
  } else if (!same_shape(p, a)) {
    char has[128], wants[128];
    at_array shape = {.ndim = p->ndim};
    for (int i = 0; i < p->ndim; i++) shape.shape[i] = p->dim[i].size;
    shape_text(has, sizeof has, a);
    shape_text(wants, sizeof wants, &shape);
    s = at_fail(err, AT_EINPUT,
                "%s: `%s` is %s, but the model has it as %s; the file is of another model", what,
                name.data, has, wants);
  } else {
    s = at_array_convert(a, AT_F32, err);
  }
  at_text_free(&name);
  *out = a;
  return s;
}

static bool known(const at_params *p, const char *name) {
  if (!strncmp(name, M, strlen(M)) || !strncmp(name, V, strlen(V))) return true;
  for (int i = 0; i < p->graph->n_param; i++)
    if (!strcmp(p->graph->param[i]->pname, name)) return true;
  return false;
}

static at_status take(at_params *params, const at_arrays *set, const char *prefix, float *into,
                      const char *what, at_error *err) {
  const at_array *a;
  at_status s = AT_OK;
  for (int i = 0; s == AT_OK && i < params->graph->n_param; i++)
    s = find(set, prefix, params->graph->param[i], what, &a, err);
  for (int i = 0; s == AT_OK && i < params->graph->n_param; i++) {
    s = find(set, prefix, params->graph->param[i], what, &a, err);
    if (s == AT_OK) memcpy(into + params->offset[i], a->data, params->size[i] * sizeof(float));
  }
  return s;
}

at_status at_weights_take(at_params *params, const at_arrays *set, const char *prefix, bool others,
                          const char *what, at_error *err) {
  for (size_t i = 0; !others && i < set->n; i++)
    if (!known(params, set->v[i].name))
      return at_fail(err, AT_EINPUT,
                     "%s: the model has no parameter `%s`; the file is of another model", what,
                     set->v[i].name);
  return take(params, set, prefix, params->value, what, err);
}

at_status at_checkpoint_read(const char *path, at_params *params, at_optimizer *opt,
                             at_metadata *meta, at_error *err) {
  at_arrays set = {0};
  at_status s = at_safetensors_read(path, &set, meta, err);
  if (s == AT_OK && opt) {
    s = take(params, &set, M, opt->m, path, err);
    if (s == AT_OK) s = take(params, &set, V, opt->v, path, err);
  }
  if (s == AT_OK) s = at_weights_take(params, &set, "", false, path, err);
  at_arrays_free(&set);
  return s;
}
