#include "core/train/checkpoint.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/train/vectors.h"

static const char *const M = "adam.m.", *const V = "adam.v.", *const AVERAGE = "train.average.";

/* ---- writing ---- */

/* The numbers stay where they are: a copy would take as much memory again. */
static at_status add(at_arrays *set, const char *prefix, const at_node *p, float *v,
                     at_error *err) {
  at_text name = {0};
  at_text_add(&name, prefix);
  at_text_add(&name, p->pname);
  at_array *a = name.failed ? NULL : at_arrays_add(set);
  if (!a) {
    at_text_free(&name);
    return at_nomem(err);
  }
  *a = (at_array){.name = name.data, .dtype = AT_F32, .ndim = p->ndim, .data = v};
  for (int i = 0; i < p->ndim; i++) a->shape[i] = p->dim[i].size;
  return AT_OK;
}

static void let_go(at_arrays *set) {
  for (size_t i = 0; i < set->n; i++) set->v[i].data = NULL;
  at_arrays_free(set);
}

static at_status add_all(at_arrays *set, const char *prefix, const at_params *p, float *v,
                         at_error *err) {
  at_status s = AT_OK;
  for (int i = 0; s == AT_OK && i < p->graph->n_param; i++)
    s = add(set, prefix, p->graph->param[i], v + p->offset[i], err);
  return s;
}

at_status at_checkpoint_write(const char *path, const at_params *params, const at_optimizer *opt,
                              const at_average *average, const at_metadata *meta, at_error *err) {
  at_arrays set = {0};
  at_status s = add_all(&set, "", params, params->value, err);
  if (s == AT_OK && opt) s = add_all(&set, M, params, opt->m, err);
  if (s == AT_OK && opt) s = add_all(&set, V, params, opt->v, err);
  if (s == AT_OK && average) s = add_all(&set, AVERAGE, params, average->value, err);
  if (s == AT_OK) s = at_safetensors_write(path, &set, meta, err);
  let_go(&set);
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

/* The array of a name; or, where a norm is called as in the first files of BERT, of that. */
static at_array *called(const at_arrays *set, const char *name) {
  static const char *const now[] = {".weight", ".bias"}, *const then[] = {".gamma", ".beta"};
  at_array *a = at_arrays_find(set, name);
  const size_t n = strlen(name);
  for (size_t i = 0; !a && i < 2; i++) {
    const size_t end = strlen(now[i]);
    char old[400];
    if (n < end || n >= sizeof old || strcmp(name + n - end, now[i])) continue;
    snprintf(old, sizeof old, "%.*s%s", (int)(n - end), name, then[i]);
    a = at_arrays_find(set, old);
  }
  return a;
}

/* The array for a parameter, checked. */
static at_status find(const at_arrays *set, const char *prefix, const at_node *p, const char *what,
                      const at_array **out, at_error *err) {
  at_text name = {0};
  at_text_add(&name, prefix);
  at_text_add(&name, p->pname);
  if (name.failed) return at_nomem(err);
  at_array *a = called(set, name.data);
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

/* "path.REST" is found as "prefix.REST". */
static at_status import_one(at_params *params, const at_import *m, const at_arrays *set,
                            at_error *err) {
  for (int i = 0; i < params->graph->n_param; i++) {
    const at_node *p = params->graph->param[i];
    const at_array *a;
    at_node asked = *p;
    if (!at_param_under(p->pname, m->path)) continue;
    const char *rest = p->pname + strlen(m->path);
    asked.pname = *m->prefix ? rest : rest + (*rest == '.');
    at_status s = find(set, m->prefix, &asked, m->file, &a, err);
    if (s != AT_OK) return s;
    memcpy(params->value + params->offset[i], a->data, params->size[i] * sizeof(float));
  }
  return AT_OK;
}

/* The one table of the words under a path. */
static at_status import_vectors(at_params *params, const at_import *m, const at_vocab *words,
                                at_text *messages, at_error *err) {
  const at_node *table = NULL;
  size_t offset = 0;
  int64_t found, all = words ? (int64_t)at_vocab_size(words) : 0;
  if (!words)
    return at_fail(err, AT_EINPUT,
                   "%s: vectors are found by words, and only a run knows the model's words",
                   m->file);
  for (int i = 0; i < params->graph->n_param; i++) {
    const at_node *p = params->graph->param[i];
    if (!at_param_under(p->pname, m->path)) continue;
    if (table || p->ndim != 2 || p->dim[0].size != all)
      return at_fail(err, AT_EINPUT,
                     "%s: `%s` is no table of the %lld words; vectors of words go into one `embed`",
                     m->file, table ? m->path : p->pname, (long long)all);
    table = p;
    offset = params->offset[i];
  }
  if (!table) return AT_OK;
  at_status s =
      at_vectors_read(m->file, words, table->dim[1].size, params->value + offset, &found, err);
  all -= AT_WORD_FIRST;
  if (s == AT_OK && messages)
    at_text_addf(messages, "%s: %lld of %lld words have vectors here; %lld begin as they would\n",
                 m->file, (long long)found, (long long)all, (long long)(all - found));
  return s;
}

static at_status import_weights(at_params *params, const at_import *m, at_error *err) {
  at_arrays set = {0};
  at_status s = at_safetensors_read(m->file, &set, NULL, err);
  if (s == AT_OK) s = import_one(params, m, &set, err);
  at_arrays_free(&set);
  return s;
}

at_status at_weights_import(at_params *params, const at_vocab *words, at_text *messages,
                            at_error *err) {
  at_status s = AT_OK;
  for (int i = 0; i < params->graph->n_import && s == AT_OK; i++) {
    const at_import *m = &params->graph->import[i];
    s = at_vectors_is(m->file) ? import_vectors(params, m, words, messages, err)
                               : import_weights(params, m, err);
  }
  return s;
}

static bool known(const at_params *p, const char *name) {
  const char *const state[] = {M, V, AVERAGE};
  for (size_t i = 0; i < sizeof state / sizeof *state; i++)
    if (!strncmp(name, state[i], strlen(state[i]))) return true;
  for (int i = 0; i < p->graph->n_param; i++)
    if (!strcmp(p->graph->param[i]->pname, name)) return true;
  return false;
}

/* Weights of another program may come without the running averages of its norms. */
static bool may_lack(const at_node *p, const at_arrays *set, const char *prefix, bool others) {
  char name[400];
  snprintf(name, sizeof name, "%.100s%.290s", prefix, p->pname);
  return others && p->state && !at_arrays_find(set, name);
}

static at_status take(at_params *params, const at_arrays *set, const char *prefix, float *into,
                      bool others, const char *what, at_error *err) {
  const at_array *a;
  at_status s = AT_OK;
  for (int i = 0; s == AT_OK && i < params->graph->n_param; i++)
    if (!may_lack(params->graph->param[i], set, prefix, others))
      s = find(set, prefix, params->graph->param[i], what, &a, err);
  for (int i = 0; s == AT_OK && i < params->graph->n_param; i++) {
    if (may_lack(params->graph->param[i], set, prefix, others)) continue;
    s = find(set, prefix, params->graph->param[i], what, &a, err);
    if (s == AT_OK) memcpy(into + params->offset[i], a->data, params->size[i] * sizeof(float));
  }
  return s;
}

/* How often PyTorch's batch norm has seen a batch: no number hangs on it. */
static bool is_counter(const char *name) {
  static const char end[] = ".num_batches_tracked";
  const size_t n = strlen(name);
  return n >= sizeof end - 1 && !strcmp(name + n - (sizeof end - 1), end);
}

at_status at_weights_take(at_params *params, const at_arrays *set, const char *prefix, bool others,
                          const char *what, at_error *err) {
  for (size_t i = 0; !others && i < set->n; i++)
    if (!known(params, set->v[i].name) && !is_counter(set->v[i].name))
      return at_fail(err, AT_EINPUT,
                     "%s: the model has no parameter `%s`; the file is of another model", what,
                     set->v[i].name);
  return take(params, set, prefix, params->value, others, what, err);
}

at_status at_checkpoint_read(const char *path, at_params *params, at_optimizer *opt,
                             at_average *average, at_metadata *meta, at_error *err) {
  at_arrays set = {0};
  at_status s = at_safetensors_read(path, &set, meta, err);
  if (s == AT_OK && opt) {
    s = take(params, &set, M, opt->m, false, path, err);
    if (s == AT_OK) s = take(params, &set, V, opt->v, false, path, err);
  }
  if (s == AT_OK && average) s = take(params, &set, AVERAGE, average->value, false, path, err);
  if (s == AT_OK) s = at_weights_take(params, &set, "", false, path, err);
  at_arrays_free(&set);
  return s;
}

at_status at_checkpoint_read_average(const char *path, at_params *params, at_error *err) {
  at_arrays set = {0};
  at_status s = at_safetensors_read(path, &set, NULL, err);
  if (s == AT_OK) s = take(params, &set, AVERAGE, params->value, false, path, err);
  at_arrays_free(&set);
  return s;
}
