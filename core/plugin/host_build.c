/* Scores: host functions that build a graph, and the check of what comes out. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/plugin/plugin_impl.h"

static at_arg axis_arg(int axis) {
  return (at_arg){.set = true, .n_axes = 1, .axis = {axis}, .span.file = -1};
}
static at_arg number(double v) { return (at_arg){.set = true, .num = v, .span.file = -1}; }

static int build(attune_build *b, const char *op, int n, attune_value const *in, const at_arg *arg,
                 const char *scope, attune_value *out) {
  at_node *nodes[AT_MAX_IN], *made = NULL;
  at_error err = {0};
  *out = NULL;
  for (int i = 0; i < n; i++) {
    nodes[i] = at_build_node(in[i]);
    if (!nodes[i])
      return at_host_keep(at_fail(&err, AT_EFAIL, "a score plugin gives a NULL value to %s", op),
                          &err);
  }
  at_status s = at_graph_node(b->g, at_op_find(op), n, nodes, arg, scope, b->span, &made, &err);
  *out = at_build_value(made);
  return at_host_keep(s, &err);
}

int64_t at_build_depth(const attune_build *b) {
  int d = at_node_dim(b->key, b->along);
  return d < 0 ? -1 : b->key->dim[d].size;
}

int64_t at_host_depth(attune_build *b) { return at_build_depth(b); }

int at_build_feature(const attune_build *b, const at_node *v) {
  if (at_node_dim(v, b->along) >= 0) return b->along;
  return v->ndim ? v->dim[v->ndim - 1].axis : b->along;
}

const char *at_build_name(const attune_build *b, const char *name) {
  return at_arena_printf(b->g->arena, "%s%s%s", b->scope, *b->scope ? "." : "", name);
}

static int unknown_function(attune_function f) {
  at_error err = {0};
  return at_host_keep(
      at_fail(&err, AT_EFAIL, "a score plugin asks for the unknown function %d", (int)f), &err);
}

/* Key and query over the same features; what the graph would say of it knows no sides. */
static int same_features(const attune_build *b, const char *function, attune_value key,
                         attune_value query) {
  const at_node *k = at_build_node(key), *q = at_build_node(query);
  at_error err = {0};
  if (!k || !q || !k->ndim || !q->ndim) return ATTUNE_OK; /* said elsewhere */
  const int kf = at_build_feature(b, k), qf = at_build_feature(b, q);
  if (kf == qf) return ATTUNE_OK;
  return at_host_keep(at_fail(&err, AT_EINPUT,
                              "%s: the key has features `%s`, the query `%s`; both must be of one "
                              "size, project both or neither",
                              function, b->g->axis[kf].name, b->g->axis[qf].name),
                      &err);
}

int at_host_contract(attune_build *b, attune_value key, attune_value query, attune_value *out) {
  if (b->interact) return at_host_multiply(b, key, query, out);
  int rc = same_features(b, "contract", key, query);
  if (rc) return rc;
  at_arg arg[AT_MAX_ARG] = {axis_arg(key ? at_build_feature(b, at_build_node(key)) : b->along)};
  attune_value in[] = {key, query};
  return build(b, "contract", 2, in, arg, NULL, out);
}

int at_host_pairwise(attune_build *b, attune_value query, attune_value key, attune_value v,
                     attune_function f, attune_value *out) {
  if ((unsigned)f > ATTUNE_SIGMOID) return unknown_function(f);
  if (b->interact) {
    int rc = at_host_add(b, key, query, out);
    if (!rc) rc = at_host_apply(b, *out, f, 0.01, out);
    return rc ? rc : at_host_multiply(b, *out, v, out);
  }
  int rc = same_features(b, "pairwise", key, query);
  if (rc) return rc;
  int axis = query ? at_build_feature(b, at_build_node(query)) : b->along;
  at_arg arg[AT_MAX_ARG] = {axis_arg(axis), number(f)};
  attune_value in[] = {query, key, v};
  return build(b, "pairwise", 3, in, arg, NULL, out);
}

/* ---- parameters of each head ---- */

static at_arg new_axis(int axis, int64_t size) {
  return (at_arg){.set = true, .to = axis, .to_size = size, .span.file = -1};
}

static int64_t heads_of(const attune_build *b, const at_node *v) {
  int d = at_node_dim(v, b->each);
  return d < 0 ? -1 : v->dim[d].size;
}

static int learned(attune_build *b, const char *name, const at_arg *axes, int n, at_init init,
                   attune_value *out) {
  at_error err = {0};
  at_arg arg[AT_MAX_ARG] = {{0}};
  const char *full = at_build_name(b, name);
  if (!full) return at_host_keep(at_nomem(&err), &err);
  for (int i = 0; i < n; i++) arg[i] = axes[i];
  arg[4] = number(init.kind);
  arg[5] = number(init.scale);
  return build(b, "learned", 0, NULL, arg, full, out);
}

/* v with its axes in the order of `like`, where `from` is now `made`. */
static int in_order_of(attune_build *b, const at_node *like, int from, int made, attune_value *v) {
  const at_node *n = at_build_node(*v);
  at_arg arg[AT_MAX_ARG] = {{0}};
  bool same = true;
  for (int i = 0; i < like->ndim; i++) {
    const int axis = like->dim[i].axis == from ? made : like->dim[i].axis;
    at_arg *a = &arg[i / AT_MAX_AXES_ARG];
    a->set = true;
    a->axis[a->n_axes++] = axis;
    same &= n->dim[i].axis == axis;
  }
  attune_value in = *v;
  return same ? ATTUNE_OK : build(b, "arrange", 1, &in, arg, NULL, v);
}

/* What linear does, with a matrix [head, to, d] and a bias [head, to]. */
static int linear_of_each(attune_build *b, attune_value x, const char *name, int64_t to, int bias,
                          attune_value *out) {
  at_error err = {0};
  char text[120];
  at_node *v = at_build_node(x);
  const int from = at_build_feature(b, v), at = at_node_dim(v, from);
  const int64_t heads = heads_of(b, v), d = at < 0 ? -1 : v->dim[at].size;
  int in, made = b->along;
  snprintf(text, sizeof text, "%.60s'", b->g->axis[from].name);
  at_status s = at_graph_axis(b->g, text, AT_FEATURE, -1, b->span, &in, &err);
  if (s == AT_OK && to > 0 && to != at_build_depth(b)) {
    snprintf(text, sizeof text, "%.40s_%lld", b->g->axis[b->along].name, (long long)to);
    s = at_graph_axis(b->g, text, AT_FEATURE, -1, b->span, &made, &err);
  }
  if (s != AT_OK) return at_host_keep(s, &err);
  const int64_t size = to > 0 ? to : at_build_depth(b);
  const double r = d > 0 ? 1 / sqrt((double)d) : 1;
  const at_arg axes[] = {new_axis(b->each, heads), new_axis(made, size), new_axis(in, d)};
  at_arg to_in[AT_MAX_ARG] = {axis_arg(from)}, along[AT_MAX_ARG] = {axis_arg(in)};
  to_in[0].to = in;
  to_in[0].to_size = d;
  attune_value w, both[2];
  snprintf(text, sizeof text, "%.80s.weight", name);
  int rc = learned(b, text, axes, 3, (at_init){AT_INIT_UNIFORM, r}, &w);
  if (!rc) rc = build(b, "rename", 1, &x, to_in, NULL, &both[0]);
  both[1] = w;
  if (!rc) rc = build(b, "contract", 2, both, along, NULL, out);
  if (!rc) rc = in_order_of(b, v, from, made, out);
  if (rc || !bias) return rc;
  snprintf(text, sizeof text, "%.80s.bias", name);
  both[0] = *out;
  rc = learned(b, text, axes, 2, (at_init){AT_INIT_UNIFORM, r}, &both[1]);
  return rc ? rc : build(b, "add", 2, both, NULL, NULL, out);
}

int at_host_linear(attune_build *b, attune_value x, const char *name, int64_t to, int bias,
                   attune_value *out) {
  at_error err = {0};
  int64_t d = at_build_depth(b);
  at_arg arg[AT_MAX_ARG] = {axis_arg(x ? at_build_feature(b, at_build_node(x)) : b->along),
                            number(bias != 0), number(1)};
  const char *scope = at_build_name(b, name);
  *out = NULL;
  if (!scope) return at_host_keep(at_nomem(&err), &err);
  if (b->each >= 0 && x) return linear_of_each(b, x, name, to, bias, out);
  arg[0].to = b->along;
  arg[0].to_size = d;
  if (to > 0 && to != d) {
    char axis[80];
    snprintf(axis, sizeof axis, "%.40s_%lld", b->g->axis[b->along].name, (long long)to);
    at_status s = at_graph_axis(b->g, axis, AT_FEATURE, -1, b->span, &arg[0].to, &err);
    if (s != AT_OK) return at_host_keep(s, &err);
    arg[0].to_size = to;
  }
  return build(b, "linear", 1, &x, arg, scope, out);
}

int at_host_parameter(attune_build *b, const char *name, int64_t size, attune_init init,
                      attune_value *out) {
  at_error err = {0};
  at_node *n = NULL;
  const char *full = at_build_name(b, name);
  const int64_t shape[] = {size > 0 ? size : at_build_depth(b)};
  at_init i = {AT_INIT_ZERO, 0};
  if (init == ATTUNE_INIT_UNIFORM)
    i = (at_init){AT_INIT_UNIFORM, shape[0] > 0 ? 1 / sqrt((double)shape[0]) : 1};
  if (init == ATTUNE_INIT_NORMAL) i = (at_init){AT_INIT_NORMAL, 0.02};
  if (full && b->each >= 0) {
    const at_arg axes[] = {new_axis(b->each, heads_of(b, b->key)), new_axis(b->along, shape[0])};
    return learned(b, name, axes, 2, i, out);
  }
  if (full && b->interact) { /* with its axis, so that it multiplies by name */
    at_arg arg[AT_MAX_ARG] = {{.set = true, .to = b->along, .to_size = shape[0], .span.file = -1}};
    arg[4] = number(i.kind);
    arg[5] = number(i.scale);
    return build(b, "learned", 0, NULL, arg, full, out);
  }
  at_status s =
      full ? at_graph_parameter(b->g, full, 1, shape, i, b->span, &n, &err) : at_nomem(&err);
  *out = at_build_value(n);
  return at_host_keep(s, &err);
}

int at_host_unit(attune_build *b, attune_value x, double eps, attune_value *out) {
  at_arg arg[AT_MAX_ARG] = {axis_arg(x ? at_build_feature(b, at_build_node(x)) : b->along),
                            number(eps)};
  return build(b, "normalize", 1, &x, arg, NULL, out);
}

int at_host_apply(attune_build *b, attune_value x, attune_function f, double slope,
                  attune_value *out) {
  static const char *const op[] = {NULL, "tanh", "relu", "leaky_relu", "sigmoid"};
  at_arg arg[AT_MAX_ARG] = {number(slope)};
  if (f == ATTUNE_IDENTITY) {
    *out = x;
    return ATTUNE_OK;
  }
  if ((unsigned)f > ATTUNE_SIGMOID) return unknown_function(f);
  return build(b, op[f], 1, &x, arg, NULL, out);
}

int at_host_scale(attune_build *b, attune_value x, double by, double shift, attune_value *out) {
  at_arg arg[AT_MAX_ARG] = {number(by), number(shift)};
  return build(b, "scale", 1, &x, arg, NULL, out);
}

int at_host_add(attune_build *b, attune_value x, attune_value y, attune_value *out) {
  attune_value in[] = {x, y};
  return build(b, "add", 2, in, NULL, NULL, out);
}

int at_host_multiply(attune_build *b, attune_value x, attune_value y, attune_value *out) {
  attune_value in[] = {x, y};
  return build(b, "mul", 2, in, NULL, NULL, out);
}

/* ---- composing ---- */

/* The layout is that of contract(key, query): a product is built, compared and taken away. */
static at_status check_layout(attune_build *b, const at_node *score, const char *name,
                              at_error *err) {
  const int nodes = b->g->n_node;
  const char *op = b->interact ? "mul" : "contract";
  at_node *in[] = {b->key, b->query}, *want;
  at_arg arg[AT_MAX_ARG] = {axis_arg(b->along)};
  at_status s = at_graph_node(b->g, at_op_find(op), 2, in, b->interact ? NULL : arg, NULL, b->span,
                              &want, err);
  if (s != AT_OK) return s;
  bool same = score->ndim == want->ndim;
  for (int i = 0; same && i < want->ndim; i++) {
    int d = b->interact ? at_node_dim(score, want->dim[i].axis) : i;
    same = d >= 0 && score->dim[d].axis == want->dim[i].axis &&
           score->dim[d].size == want->dim[i].size;
  }
  if (!same && b->interact)
    s = at_fail(err, AT_EINPUT,
                "the score `%s` cannot be kept apart by features; `interact` takes scores that are "
                "one product of query and key",
                name);
  else if (!same)
    s = at_fail(err, AT_EFAIL,
                "the score plugin `%s` returned %s where contract(key, query) is %s; the layout of "
                "a score is "
                "fixed",
                name, at_node_axes_text(b->g, score), at_node_axes_text(b->g, want));
  b->g->n_node = nodes;
  return s;
}

/* Query and key must agree along the axis before a plugin sees them. */
static at_status check_inputs(const attune_build *b, at_error *err) {
  int q, k;
  at_status s = at_node_need_dim(b->g, b->query, b->along, &q, err);
  if (s == AT_OK) s = at_node_need_dim(b->g, b->key, b->along, &k, err);
  if (s != AT_OK) return s;
  int64_t a = b->query->dim[q].size, c = b->key->dim[k].size;
  if (a >= 0 && c >= 0 && a != c)
    return at_fail(err, AT_EINPUT, "axis `%s` has the size %lld in %s and %lld in %s",
                   b->g->axis[b->along].name, (long long)a, at_node_title(b->g, b->query),
                   (long long)c, at_node_title(b->g, b->key));
  return AT_OK;
}

at_status at_plugin_compose(void *registry, at_graph *g, const char *spec, at_node *query,
                            at_node *key, int along, bool interact, int each, const char *scope,
                            at_span span, at_node **score, at_error *err) {
  attune_build b = {g, query, key, along, scope ? scope : "", span, interact, each};
  const at_item *it;
  attune_options *o = NULL;
  at_option_value *values = NULL;
  char *name = NULL;
  size_t n;
  attune_value out = NULL;
  at_status s = check_inputs(&b, err);
  if (s == AT_OK) s = at_spec_parse(spec, &name, &values, &n, err);
  if (s == AT_OK) s = at_registry_find(registry, ATTUNE_SCORE, name, &it, err);
  if (s == AT_OK) s = at_options_new(it, values, n, NULL, &o, err);
  if (s == AT_OK) {
    const attune_score *sc = (const attune_score *)(const void *)it->item;
    at_host_begin();
    s = at_host_end(
        sc->compose(&at_host_table, &b, o, at_build_value(query), at_build_value(key), &out),
        it->item, "compose", err);
    if (s == AT_OK && !out) s = at_fail(err, AT_EFAIL, "compose of `%s` returned no score", name);
    if (s == AT_OK) s = check_layout(&b, at_build_node(out), name, err);
  }
  if (s == AT_OK) *score = at_build_node(out);
  at_options_free(o);
  free(name);
  free(values);
  return s;
}

at_status at_plugin_form(void *registry, const char *spec, int64_t depth, attune_form *form,
                         at_error *err) {
  const at_item *it;
  attune_options *o = NULL;
  at_option_value *values = NULL;
  char *name = NULL;
  size_t n;
  *form = (attune_form){.size = sizeof *form, .by = 1};
  at_status s = at_spec_parse(spec, &name, &values, &n, err);
  if (s == AT_OK) s = at_registry_find(registry, ATTUNE_SCORE, name, &it, err);
  if (s == AT_OK) s = at_options_new(it, values, n, NULL, &o, err);
  const attune_score *sc = s == AT_OK ? (const attune_score *)(const void *)it->item : NULL;
  if (sc && it->item->size >= sizeof *sc && sc->form) {
    at_host_begin();
    s = at_host_end(sc->form(&at_host_table, o, depth, form), it->item, "form", err);
    if (s == AT_OK &&
        (form->product > ATTUNE_BILINEAR || !(form->by > 0) || !isfinite(form->by) ||
         (form->product == ATTUNE_BILINEAR && !form->matrix) || (unsigned)form->f > ATTUNE_SIGMOID))
      s = at_fail(err, AT_EFAIL, "the form that `%s` says it has is none", name);
  }
  at_options_free(o);
  free(name);
  free(values);
  return s;
}

bool at_plugin_score_known(void *registry, const char *name) {
  return at_registry_has(registry, ATTUNE_SCORE, name);
}

size_t at_plugin_score_names(void *registry, const char *const **names) {
  return at_registry_names(registry, ATTUNE_SCORE, names);
}
