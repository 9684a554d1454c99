#include "core/run/once.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/graph/exec.h"
#include "core/graph/pass.h"
#include "core/train/checkpoint.h"
#include "dsl/dsl.h"

typedef struct once {
  const at_once *o;
  at_registry *reg;
  at_graph *probe, *g; /* sizes unknown; sizes of the arrays */
  at_params *params;
  at_pool *pool;
  at_exec *x;
  int32_t **packed; /* [n_input] tokens without padding */
} once;

/* ---- arrays of inputs ---- */

static at_array *array_for(const once *w, const char *input) {
  char name[200];
  for (size_t i = 0; i < w->o->n_rename; i++) {
    const char *eq = strchr(w->o->rename[i], '=');
    if (!eq || strcmp(eq + 1, input)) continue;
    snprintf(name, sizeof name, "%.*s", (int)(eq - w->o->rename[i]), w->o->rename[i]);
    at_array *a = at_arrays_find(w->o->inputs, name);
    if (a) return a;
    snprintf(name, sizeof name, "in.%.*s", (int)(eq - w->o->rename[i]), w->o->rename[i]);
    if ((a = at_arrays_find(w->o->inputs, name))) return a;
  }
  at_array *a = at_arrays_find(w->o->inputs, input);
  snprintf(name, sizeof name, "in.%.150s", input);
  return a ? a : at_arrays_find(w->o->inputs, name);
}

static at_array *lengths_for(const once *w, const char *input) {
  char name[200];
  for (int i = 0; i < 2; i++) {
    snprintf(name, sizeof name, i ? "in.%.150s.lengths" : "%.150s.lengths", input);
    at_array *a = at_arrays_find(w->o->inputs, name);
    if (a) return a;
  }
  at_array *a = at_arrays_find(w->o->inputs, "lengths");
  return a ? a : at_arrays_find(w->o->inputs, "in.lengths");
}

static const at_node *input_node(const at_graph *g, const char *name) {
  for (int i = 0; i < g->n_input; i++)
    if (!strcmp(g->input[i]->name, name)) return g->input[i];
  return NULL;
}

/* ---- what the arrays know ---- */

static int64_t axis_size(void *ctx, const char *input, const char *axis) {
  const once *w = ctx;
  const at_node *n = w->probe ? input_node(w->probe, input) : NULL;
  const at_array *a = array_for(w, input);
  for (int d = 0; n && a && d < n->ndim && d < a->ndim; d++)
    if (!strcmp(w->probe->axis[n->dim[d].axis].name, axis)) return a->shape[d];
  return -1;
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
  at_array *a = w->probe ? array_for(w, input) : NULL;
  int64_t most = 0;
  if (!a || at_array_convert(a, AT_I32, NULL) != AT_OK) return -1;
  for (int64_t i = 0; i < at_array_count(a); i++)
    if (((int32_t *)a->data)[i] > most) most = ((int32_t *)a->data)[i];
  return most + 1;
}

static at_status compose(void *ctx, at_graph *g, const char *spec, at_node *query, at_node *key,
                         int along, const char *scope, at_span span, at_node **score,
                         at_error *err) {
  const once *w = ctx;
  return at_plugin_compose(w->reg, g, spec, query, key, along, scope, span, score, err);
}

static size_t score_names(void *ctx, const char *const **names) {
  const once *w = ctx;
  return at_plugin_score_names(w->reg, names);
}

static at_status load(once *w, at_text *messages, at_error *err) {
  at_dsl_env env = {.ctx = w,
                    .compose = compose,
                    .score_names = score_names,
                    .set = w->o->set,
                    .n_set = w->o->n_set};
  at_status s = at_dsl_load(w->o->model, &env, &w->probe, messages, err);
  if (s != AT_OK) return s;
  env.axis_size = axis_size;
  env.vocabulary = vocabulary;
  if ((s = at_dsl_load(w->o->model, &env, &w->g, messages, err)) != AT_OK) return s;
  return at_graph_optimize(w->g, w->o->passes, err);
}

/* ---- binding ---- */

static at_status bind_real(once *w, const at_node *n, at_array *a, at_error *err) {
  const at_graph *g = w->g;
  at_status s = at_array_convert(a, AT_F32, err);
  if (s != AT_OK) return s;
  if (a->ndim != n->ndim)
    return at_fail(err, AT_EINPUT, "%s: the array for input `%s` has %d axes; the model has %s",
                   w->o->inputs_path, n->name, a->ndim, at_node_axes_text(g, n));
  for (int d = 0; d < n->ndim; d++) {
    const at_axis *axis = &g->axis[n->dim[d].axis];
    if (axis->kind == AT_BATCH)
      s = at_exec_size(w->x, axis->name, a->shape[d], err);
    else if (n->dim[d].size != a->shape[d])
      s = at_fail(err, AT_EINPUT,
                  "%s: axis `%s` of input `%s` has the size %" PRId64 ", not %" PRId64,
                  w->o->inputs_path, axis->name, n->name, n->dim[d].size, a->shape[d]);
    if (s != AT_OK) return s;
  }
  return at_exec_input(w->x, n->name, a->data, err);
}

/* offsets [rows + 1] from lengths, or from full rows. */
static at_status make_offsets(once *w, const at_node *n, const at_array *a, int64_t **out,
                              int64_t *rows, at_error *err) {
  at_array *len = lengths_for(w, n->name);
  at_status s = len ? at_array_convert(len, AT_I64, err) : AT_OK;
  if (s != AT_OK) return s;
  if (!len && a->ndim != 2)
    return at_fail(err, AT_EINPUT,
                   "%s: input `%s` is packed; an array `lengths` must say how long its rows are",
                   w->o->inputs_path, n->name);
  *rows = len ? at_array_count(len) : a->shape[0];
  if (a->ndim == 2 && a->shape[0] != *rows)
    return at_fail(err, AT_EINPUT,
                   "%s: input `%s` has %" PRId64 " rows, but there are %" PRId64 " lengths",
                   w->o->inputs_path, n->name, a->shape[0], *rows);
  int64_t *off = calloc((size_t)*rows + 1, sizeof *off);
  if (!off) return at_nomem(err);
  *out = off;
  int64_t room = a->ndim == 2 ? a->shape[1] : at_array_count(a);
  for (int64_t i = 0; i < *rows; i++) {
    int64_t l = len ? ((int64_t *)len->data)[i] : a->shape[1];
    if (l < 1 || l > room)
      return at_fail(err, AT_EINPUT, "%s: row %" PRId64 " of input `%s` has the length %" PRId64,
                     w->o->inputs_path, i, n->name, l);
    off[i + 1] = off[i] + l;
  }
  if (a->ndim == 1 && off[*rows] != room)
    return at_fail(err, AT_EINPUT,
                   "%s: the lengths of input `%s` add up to %" PRId64 ", not to its %" PRId64,
                   w->o->inputs_path, n->name, off[*rows], room);
  return AT_OK;
}

static at_status bind_tokens(once *w, int index, at_array *a, at_error *err) {
  const at_node *n = w->g->input[index];
  int64_t *off = NULL, rows = 0;
  at_status s = at_array_convert(a, AT_I32, err);
  if (s != AT_OK) return s;
  if (a->ndim < 1 || a->ndim > 2 || n->ndim != 1)
    return at_fail(err, AT_EINPUT,
                   "%s: the array for input `%s` has %d axes; it is [rows, longest] or packed",
                   w->o->inputs_path, n->name, a->ndim);
  const at_axis *axis = &w->g->axis[n->dim[0].axis];
  s = make_offsets(w, n, a, &off, &rows, err);
  int32_t *to = s == AT_OK ? malloc(((size_t)off[rows] + 1) * sizeof *to) : NULL;
  if (s == AT_OK && !to) s = at_nomem(err);
  if (s == AT_OK) {
    w->packed[index] = to;
    for (int64_t i = 0; i < rows; i++)
      memcpy(to + off[i], (int32_t *)a->data + (a->ndim == 2 ? i * a->shape[1] : off[i]),
             (size_t)(off[i + 1] - off[i]) * sizeof *to);
    s = at_exec_size(w->x, w->g->axis[axis->parent].name, rows, err);
  }
  if (s == AT_OK) s = at_exec_ragged(w->x, axis->name, off, rows, err);
  if (s == AT_OK) s = at_exec_input(w->x, n->name, to, err);
  free(off);
  return s;
}

static at_status bind(once *w, at_error *err) {
  for (int i = 0; i < w->g->n_input; i++) {
    const at_node *n = w->g->input[i];
    at_array *a = array_for(w, n->name);
    if (!a)
      return at_fail(err, AT_EINPUT,
                     "%s: there is no array `%s` for the input of that name; --rename ARRAY=%s "
                     "takes one of another name",
                     w->o->inputs_path, n->name, n->name);
    at_status s = n->type == AT_TOKEN ? bind_tokens(w, i, a, err) : bind_real(w, n, a, err);
    if (s != AT_OK) return s;
  }
  return at_exec_ready(w->x, err);
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
  float *to = s == AT_OK ? out->v[out->n - 1].data : NULL;
  for (int64_t i = 0, count = at_x_count(w->x, n); to && i < count; i++) {
    int64_t at = 0;
    for (int d = 0; d < n->ndim; d++) at += index[d] * stride[d];
    to[i] = v[at];
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
  for (int i = 0; s == AT_OK && w->o->gradients && i < g->n_param; i++) {
    int64_t shape[AT_MAX_DIM];
    for (int d = 0; d < g->param[i]->ndim; d++) shape[d] = g->param[i]->dim[d].size;
    s = put(out, "g.", g->param[i]->pname, "", g->param[i]->ndim, shape,
            w->params->grad + w->params->offset[i], err);
  }
  for (int i = 0; s == AT_OK && w->o->gradients && i < g->n_input; i++)
    if (g->input[i]->type == AT_REAL)
      s = put_node(w, out, "gin.", g->input[i]->name, "", g->input[i],
                   at_exec_input_grad(w->x, g->input[i]), err);
  return s;
}

static at_status execute(once *w, at_error *err) {
  at_exec_options o = {
      .pool = w->pool, .gradients = w->o->gradients, .input_grads = w->o->gradients};
  if (w->o->gradients && !w->g->loss)
    return at_fail(err, AT_EINPUT, "%s: the model has no loss; there are no gradients of it",
                   w->o->model);
  at_status s = at_exec_new(w->g, w->params, &o, &w->x, err);
  for (int i = 0; s == AT_OK && i < w->g->n_attend; i++) {
    s = at_exec_keep(w->x, w->g->attend[i].score, err);
    if (s == AT_OK) s = at_exec_keep(w->x, w->g->attend[i].weight, err);
  }
  if (s == AT_OK) s = bind(w, err);
  if (s != AT_OK) return s;
  at_exec_forward(w->x, w->o->seed, 0, false);
  if (w->o->gradients) at_exec_backward(w->x);
  return AT_OK;
}

at_status at_run_once(at_registry *reg, const at_once *o, at_arrays *out, at_text *messages,
                      at_error *err) {
  once w = {.o = o, .reg = reg};
  int inputs = 0;
  at_status s = load(&w, messages, err);
  if (s == AT_OK) {
    inputs = w.g->n_input;
    w.packed = calloc((size_t)inputs + 1, sizeof *w.packed);
    if (!w.packed) s = at_nomem(err);
  }
  if (s == AT_OK) s = at_params_new(w.g, &w.params, err);
  if (s == AT_OK) at_params_init(w.params, o->seed);
  if (s == AT_OK && o->weights)
    s = at_weights_take(w.params, o->weights, o->prefix ? o->prefix : "", o->prefix && *o->prefix,
                        o->weights_path, err);
  if (s == AT_OK) s = at_pool_new(o->threads > 0 ? o->threads : 1, &w.pool, err);
  if (s == AT_OK) s = execute(&w, err);
  if (s == AT_OK) s = collect(&w, out, err);
  at_exec_free(w.x);
  at_pool_free(w.pool);
  at_params_free(w.params);
  at_graph_free(w.g);
  at_graph_free(w.probe);
  for (int i = 0; i < inputs && w.packed; i++) free(w.packed[i]);
  free(w.packed);
  return s;
}
