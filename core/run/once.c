#include "core/run/once.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/graph/exec.h"
#include "core/graph/pass.h"
#include "core/run/feed.h"
#include "core/run/model.h"
#include "core/train/checkpoint.h"
#include "dsl/dsl.h"

typedef struct once {
  const at_once *o;
  at_registry *reg;
  at_graph *probe, *g; /* sizes unknown; sizes of the arrays */
  at_params *params;
  at_pool *pool;
  at_exec *x;
  at_feed feed;
  float *moved; /* gradients, each of the objective that moves its parameter */
} once;

/* ---- what the arrays know ---- */

static int64_t axis_size(void *ctx, const char *input, const char *axis) {
  const once *w = ctx;
  return at_feed_axis_size(&w->feed, w->probe, input, axis);
}

/* Rows of the table that embeds the input, as the weights have it; else the largest id. */
static int64_t vocabulary(void *ctx, const char *input) {
  const once *w = ctx;
  for (int i = 0; w->probe && w->o->weights && i < w->probe->n_node; i++) {
    const at_node *n = w->probe->node[i];
    char name[200];
    if (strcmp(n->op->name, "embed") || !n->in[0]->name || strcmp(n->in[0]->name, input)) continue;
    snprintf(name, sizeof name, "%.60s%.130s", w->o->prefix ? w->o->prefix : "", n->in[1]->pname);
    const at_array *a = at_arrays_find(w->o->weights, name);
    if (a && a->ndim == 2) return a->shape[0];
  }
  for (int i = 0; w->probe && !w->o->inputs && i < w->probe->n_input; i++)
    if (!strcmp(w->probe->input[i]->name, input) && w->probe->input[i]->vocabulary >= 0) return -1;
  return w->probe ? at_feed_vocabulary(&w->feed, input) : -1;
}

static at_status load(once *w, at_text *messages, at_error *err) {
  at_dsl_env env = at_model_env(w->reg, w->o->set, w->o->n_set);
  env.ctx = w;
  at_status s = at_dsl_load(w->o->model, &env, &w->probe, messages, err);
  if (s != AT_OK) return s;
  env.axis_size = axis_size;
  env.vocabulary = vocabulary;
  if (messages) at_text_free(messages); /* warnings would come twice */
  if ((s = at_dsl_load(w->o->model, &env, &w->g, messages, err)) != AT_OK) return s;
  return at_graph_optimize(w->g, w->o->passes, err);
}

/* ---- what comes out ---- */

static at_status put(at_arrays *out, const char *prefix, const char *name, const char *suffix,
                     int ndim, const int64_t *shape, const float *v, at_error *err) {
  char full[300];
  if (!v) return AT_OK;
  snprintf(full, sizeof full, "%s%.200s%s", prefix, name, suffix);
  at_array *a = at_arrays_add(out);
  at_status s = a ? at_array_init(a, full, AT_F32, ndim, shape, err) : at_nomem(err);
  if (s == AT_OK) memcpy(a->data, v, (size_t)at_array_count(a) * sizeof(float));
  return s;
}

/* Axes in the order in which the model makes them, whatever order they are stored in. */
static at_status put_node(once *w, at_arrays *out, const char *prefix, const char *name,
                          const char *suffix, const at_node *n, const float *v, at_error *err) {
  int64_t shape[AT_MAX_DIM], stride[AT_MAX_DIM], index[AT_MAX_DIM] = {0};
  int order[AT_MAX_DIM];
  if (!v) return AT_OK;
  for (int d = 0; d < n->ndim; d++) {
    int at = d;
    for (; at > 0 && n->dim[order[at - 1]].axis > n->dim[d].axis; at--) order[at] = order[at - 1];
    order[at] = d;
  }
  for (int d = 0; d < n->ndim; d++) {
    shape[d] = at_x_dim(w->x, n, order[d]);
    stride[d] = at_x_around(w->x, n, order[d]).inner;
  }
  at_status s = put(out, prefix, name, suffix, n->ndim, shape, v, err);
  char *to = s == AT_OK ? out->v[out->n - 1].data : NULL;
  if (to && n->type == AT_TOKEN) out->v[out->n - 1].dtype = AT_I32; /* as wide as a float */
  for (int64_t i = 0, count = at_x_count(w->x, n); to && i < count; i++) {
    int64_t at = 0;
    for (int d = 0; d < n->ndim; d++) at += index[d] * stride[d];
    memcpy(to + i * (int64_t)sizeof *v, v + at, sizeof *v);
    for (int d = n->ndim - 1; d >= 0 && ++index[d] == shape[d]; d--) index[d] = 0;
  }
  return s;
}

static at_status collect(once *w, at_arrays *out, at_error *err) {
  const at_graph *g = w->g;
  at_status s = AT_OK;
  for (int i = 0; s == AT_OK && i < g->n_output; i++)
    s = put_node(w, out, "out.", g->output[i].name, "", g->output[i].node,
                 at_exec_value(w->x, g->output[i].node), err);
  for (int i = 0; s == AT_OK && i < g->n_attend; i++) {
    const at_attend *a = &g->attend[i];
    s = put_node(w, out, "attend.", a->name, ".score", a->score, at_exec_value(w->x, a->score),
                 err);
    if (s == AT_OK)
      s = put_node(w, out, "attend.", a->name, ".weight", a->weight, at_exec_value(w->x, a->weight),
                   err);
  }
  if (s == AT_OK && g->loss)
    s = put(out, "", "loss", "", 0, NULL, at_exec_value(w->x, g->loss), err);
  for (int i = 0; s == AT_OK && i < g->n_objective; i++)
    s = put(out, "loss.", g->objective[i].name, "", 0, NULL,
            at_exec_value(w->x, g->objective[i].node), err);
  for (int i = 0; s == AT_OK && w->o->gradients && i < g->n_param; i++) {
    if (g->param[i]->frozen) continue;
    int64_t shape[AT_MAX_DIM];
    for (int d = 0; d < g->param[i]->ndim; d++) shape[d] = g->param[i]->dim[d].size;
    s = put(out, "g.", g->param[i]->pname, "", g->param[i]->ndim, shape,
            (g->n_objective ? w->moved : w->params->grad) + w->params->offset[i], err);
  }
  for (int i = 0; s == AT_OK && w->o->gradients && i < g->n_input; i++)
    if (g->input[i]->type == AT_REAL && !g->n_objective)
      s = put_node(w, out, "gin.", g->input[i]->name, "", g->input[i],
                   at_exec_input_grad(w->x, g->input[i]), err);
  return s;
}

/* A parameter's gradient is that of the objective that moves it; of several, their sum. */
static at_status backward_objectives(once *w, at_error *err) {
  const at_graph *g = w->g;
  const float one = 1;
  w->moved = calloc(w->params->count + 1, sizeof *w->moved);
  if (!w->moved) return at_nomem(err);
  for (int k = 0; k < g->n_objective; k++) {
    memset(w->params->grad, 0, w->params->count * sizeof(float));
    at_exec_backward_from(w->x, g->objective[k].node, &one);
    for (int i = 0; i < g->n_param; i++) {
      const size_t at = w->params->offset[i];
      if (!at_objective_updates(&g->objective[k], g->param[i])) continue;
      for (size_t j = 0; j < w->params->size[i]; j++) w->moved[at + j] += w->params->grad[at + j];
    }
  }
  return AT_OK;
}

static at_status execute(once *w, at_error *err) {
  /* Several backward passes after one forward need all that it made. */
  at_exec_options o = {.pool = w->pool,
                       .gradients = w->o->gradients,
                       .input_grads = w->o->gradients,
                       .keep_all = w->g->n_objective > 1};
  if (w->o->gradients && !w->g->loss && !w->g->n_objective)
    return at_fail(err, AT_EINPUT, "%s: the model has no loss; there are no gradients of it",
                   w->o->model);
  at_status s = at_exec_new(w->g, w->params, &o, &w->x, err);
  for (int i = 0; s == AT_OK && i < w->g->n_attend; i++) {
    s = at_exec_keep(w->x, w->g->attend[i].score, err);
    if (s == AT_OK) s = at_exec_keep(w->x, w->g->attend[i].weight, err);
  }
  if (s == AT_OK) s = at_feed_bind(&w->feed, w->g, w->x, err);
  if (s != AT_OK) return s;
  at_exec_forward(w->x, w->o->seed, 0, w->o->training);
  if (!w->o->gradients) return AT_OK;
  if (w->g->n_objective) return backward_objectives(w, err);
  at_exec_backward(w->x);
  return AT_OK;
}

at_status at_run_once(at_registry *reg, const at_once *o, at_arrays *out, at_text *messages,
                      at_error *err) {
  once w = {.o = o,
            .reg = reg,
            .feed = {.arrays = o->inputs,
                     .path = o->inputs_path,
                     .rename = o->rename,
                     .n_rename = o->n_rename,
                     .rows = o->random,
                     .open = o->open,
                     .seed = o->seed}};
  at_status s = load(&w, messages, err);
  if (s == AT_OK) s = at_pool_new(o->threads > 0 ? o->threads : 1, &w.pool, err);
  if (s == AT_OK) s = at_params_new(w.g, &w.params, err);
  if (s == AT_OK) at_params_init_on(w.params, o->seed, w.pool);
  if (s == AT_OK && !o->weights) s = at_weights_import(w.params, NULL, messages, err);
  if (s == AT_OK && o->weights)
    s = at_weights_take(w.params, o->weights, o->prefix ? o->prefix : "", o->prefix && *o->prefix,
                        o->weights_path, err);
  if (s == AT_OK && o->prepare) s = o->prepare(o->prepare_ctx, w.params, err);
  if (s == AT_OK) s = execute(&w, err);
  if (s == AT_OK) s = collect(&w, out, err);
  at_exec_free(w.x);
  at_pool_free(w.pool);
  at_params_free(w.params);
  at_graph_free(w.g);
  at_graph_free(w.probe);
  at_feed_free(&w.feed);
  free(w.moved);
  return s;
}
