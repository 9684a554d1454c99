/* Building a graph: inputs, parameters, nodes and what is asked of them. */
#include "core/graph/graph.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/text.h"

/* ---- the two operators that compute nothing ---- */

static at_status infer_nothing(at_graph *g, at_node *n, at_error *err) {
  (void)g;
  return at_fail(err, AT_EINPUT, "%s is not an operator that can be called", n->op->name);
}

const at_op at_input_op = {
    .name = "input",
    .summary = "a value that the caller brings",
    .axes = "[...]",
    .flags = AT_OP_NOGRAD | AT_OP_INTERNAL,
    .infer = infer_nothing,
};
const at_op at_parameter_op = {
    .name = "parameter",
    .summary = "a value that is learned",
    .axes = "[...]",
    .flags = AT_OP_NOGRAD | AT_OP_INTERNAL,
    .infer = infer_nothing,
};

bool at_node_is_input(const at_node *n) { return n->op == &at_input_op; }
bool at_node_is_parameter(const at_node *n) { return n->op == &at_parameter_op; }
bool at_node_is(const at_node *n, const char *op) { return !strcmp(n->op->name, op); }

const at_op *at_op_find(const char *name) {
  for (const at_op *const *op = at_op_table(); *op; op++)
    if (strcmp((*op)->name, name) == 0) return *op;
  return NULL;
}

/* ---- storage ---- */

at_status at_graph_new(const char *name, at_graph **out, at_error *err) {
  *out = NULL;
  at_arena *a = at_arena_new();
  at_graph *g = a ? AT_NEW(a, at_graph) : NULL;
  char *copy = g ? at_arena_strdup(a, name ? name : "") : NULL;
  if (!copy) {
    at_arena_free(a);
    return at_nomem(err);
  }
  g->arena = a;
  g->name = copy;
  *out = g;
  return AT_OK;
}

void at_graph_free(at_graph *g) {
  if (g) at_arena_free(g->arena);
}

at_status at_graph_grow(at_graph *g, void *list, int n, int *cap, size_t item, at_error *err) {
  if (n < *cap) return AT_OK;
  int more = *cap ? 2 * *cap : 32;
  void *v = at_arena_alloc(g->arena, (size_t)more, item);
  if (!v) return at_nomem(err);
  void *old;
  memcpy(&old, list, sizeof old);
  if (n) memcpy(v, old, (size_t)n * item);
  memcpy(list, &v, sizeof v);
  *cap = more;
  return AT_OK;
}

static at_node *new_node(at_graph *g, const at_op *op, at_span span) {
  at_node *n = AT_NEW(g->arena, at_node);
  if (!n) return NULL;
  n->op = op;
  n->span = span;
  n->module = g->module;
  n->recompute = g->recompute;
  n->param = -1;
  n->vocabulary = -1;
  return n;
}

static at_status append(at_graph *g, at_node *n, at_error *err) {
  at_status s = AT_GRAPH_GROW(g, node, err);
  if (s != AT_OK) return s;
  n->id = n->draw = g->n_node;
  g->node[g->n_node++] = n;
  return AT_OK;
}

/* ---- inputs ---- */

static at_status check_dims(const at_graph *g, const char *name, int ndim, const at_dim *dim,
                            at_error *err) {
  if (ndim < 0 || ndim > AT_MAX_DIM)
    return at_fail(err, AT_EINPUT, "input `%s` has %d axes; at most %d are possible", name, ndim,
                   AT_MAX_DIM);
  for (int i = 0; i < ndim; i++) {
    if (dim[i].axis < 0 || dim[i].axis >= g->n_axis)
      return at_fail(err, AT_EINPUT, "axis %d of input `%s` is not known to the model", i + 1,
                     name);
    const at_axis *a = &g->axis[dim[i].axis];
    if (dim[i].size < -1 || dim[i].size == 0)
      return at_fail(err, AT_EINPUT, "axis `%s` of input `%s` needs a size of at least 1", a->name,
                     name);
    for (int j = 0; j < i; j++)
      if (dim[j].axis == dim[i].axis || dim[j].axis == a->parent ||
          g->axis[dim[j].axis].parent == dim[i].axis)
        return at_fail(err, AT_EINPUT, "input `%s` has the axis `%s` twice", name, a->name);
  }
  return AT_OK;
}

at_status at_graph_input(at_graph *g, const char *name, at_vtype type, int ndim, const at_dim *dim,
                         int64_t vocabulary, at_span span, at_node **out, at_error *err) {
  at_status s = check_dims(g, name, ndim, dim, err);
  if (s != AT_OK) return s;
  for (int i = 0; i < g->n_input; i++)
    if (strcmp(g->input[i]->name, name) == 0)
      return at_fail(err, AT_EINPUT, "there are two inputs called `%s`", name);
  at_node *n = new_node(g, &at_input_op, span);
  char *copy = at_arena_strdup(g->arena, name);
  if (!n || !copy) return at_nomem(err);
  n->name = copy;
  n->type = type;
  n->ndim = ndim;
  n->vocabulary = type == AT_TOKEN ? vocabulary : -1;
  for (int i = 0; i < ndim; i++) {
    at_axis *a = &g->axis[dim[i].axis];
    if (a->from >= 0 || a->n_part)
      return at_fail(err, AT_EINPUT,
                     "axis `%s` of input `%s` is made by the model; the input needs one of its own",
                     a->name, name);
    n->dim[i] = dim[i];
    a->bound = true;
    if (a->parent >= 0) g->axis[a->parent].bound = true;
  }
  if ((s = AT_GRAPH_GROW(g, input, err)) != AT_OK) return s;
  if ((s = append(g, n, err)) != AT_OK) return s;
  g->input[g->n_input++] = n;
  *out = n;
  return AT_OK;
}

/* ---- parameters ---- */

static at_node *find_parameter(const at_graph *g, const char *pname) {
  for (int i = 0; i < g->n_param; i++)
    if (strcmp(g->param[i]->pname, pname) == 0) return g->param[i];
  return NULL;
}

at_status at_graph_parameter(at_graph *g, const char *pname, int ndim, const int64_t *shape,
                             at_init init, at_span span, at_node **out, at_error *err) {
  if (ndim < 0 || ndim > AT_MAX_DIM)
    return at_fail(err, AT_EINPUT, "parameter `%s` has %d axes; at most %d are possible", pname,
                   ndim, AT_MAX_DIM);
  for (int i = 0; i < ndim; i++)
    if (shape[i] < -1 || shape[i] == 0)
      return at_fail(err, AT_EINPUT, "side %d of parameter `%s` has size %lld", i + 1, pname,
                     (long long)shape[i]);
  at_node *old = find_parameter(g, pname);
  for (int i = 0; old && g->again && i < ndim; i++)
    if (old->ndim != ndim || old->dim[i].size != shape[i])
      return at_fail(err, AT_EINPUT, "parameter `%s` is used with two shapes; side %d is %lld here",
                     pname, i + 1, (long long)shape[i]);
  if (old && g->again) {
    *out = old;
    return AT_OK;
  }
  if (old)
    return at_fail(err, AT_EINPUT,
                   "there are two parameters called `%s`; name one of them otherwise", pname);
  at_node *n = new_node(g, &at_parameter_op, span);
  char *copy = at_arena_strdup(g->arena, pname);
  if (!n || !copy) return at_nomem(err);
  n->pname = copy;
  n->type = AT_REAL;
  n->ndim = ndim;
  n->init = init;
  n->needs_grad = true;
  for (int i = 0; i < ndim; i++) n->dim[i] = (at_dim){.axis = -1, .size = shape[i]};
  at_status s = AT_GRAPH_GROW(g, param, err);
  if (s != AT_OK) return s;
  if ((s = append(g, n, err)) != AT_OK) return s;
  n->param = g->n_param;
  g->param[g->n_param++] = n;
  *out = n;
  return AT_OK;
}

at_status at_node_parameter(at_graph *g, at_node *n, const char *suffix, int ndim,
                            const int64_t *shape, at_init init, at_error *err) {
  const char *scope = n->scope ? n->scope : "";
  const char *dot = *scope && *suffix ? "." : "";
  char *pname = at_arena_printf(g->arena, "%s%s%s", scope, dot, suffix);
  at_node *p = NULL;
  if (!pname) return at_nomem(err);
  if (n->n_in >= AT_MAX_IN)
    return at_fail(err, AT_EINPUT, "%s takes more than %d inputs and parameters", n->op->name,
                   AT_MAX_IN);
  at_status s = at_graph_parameter(g, pname, ndim, shape, init, n->span, &p, err);
  if (s != AT_OK) return s;
  n->in[n->n_in++] = p;
  return AT_OK;
}

at_status at_node_state(at_graph *g, at_node *n, const char *suffix, int ndim, const int64_t *shape,
                        at_init init, at_error *err) {
  at_status s = at_node_parameter(g, n, suffix, ndim, shape, init, err);
  if (s != AT_OK) return s;
  n->in[n->n_in - 1]->state = true;
  at_graph_freeze(g, n->in[n->n_in - 1]);
  return AT_OK;
}

/* ---- nodes ---- */

static at_status check_number(const at_op *op, const at_param_spec *p, const at_arg *a,
                              at_error *err) {
  if (p->type == AT_ARG_BOOL || p->type == AT_ARG_ENUM) return AT_OK;
  if (!isfinite(a->num))
    return at_fail(err, AT_EINPUT, "`%s` of %s must be a finite number", p->name, op->name);
  if (p->type == AT_ARG_INT && a->num != floor(a->num))
    return at_fail(err, AT_EINPUT, "`%s` of %s is %g; it must be a whole number", p->name, op->name,
                   a->num);
  if (p->min != p->max && (a->num < p->min || a->num > p->max))
    return at_fail(err, AT_EINPUT, "`%s` of %s is %g; it must lie between %g and %g", p->name,
                   op->name, a->num, p->min, p->max);
  return AT_OK;
}

static at_status check_axes(const at_graph *g, const at_op *op, const at_param_spec *p,
                            const at_arg *a, at_error *err) {
  bool from = p->type != AT_ARG_NEW, to = p->type == AT_ARG_MAP || p->type == AT_ARG_NEW;
  if (p->type == AT_ARG_SPLIT && (a->n_made < 1 || a->n_made > AT_MAX_AXES_ARG))
    return at_fail(err, AT_EINPUT, "`%s` of %s makes %d axes; one to %d are possible", p->name,
                   op->name, a->n_made, AT_MAX_AXES_ARG);
  if (from && (a->n_axes < 1 || a->n_axes > AT_MAX_AXES_ARG))
    return at_fail(err, AT_EINPUT, "`%s` of %s names %d axes; one to %d are possible", p->name,
                   op->name, a->n_axes, AT_MAX_AXES_ARG);
  for (int i = 0; from && i < a->n_axes; i++)
    if (a->axis[i] < 0 || a->axis[i] >= g->n_axis)
      return at_fail(err, AT_EINPUT, "`%s` of %s names an axis that does not exist", p->name,
                     op->name);
  if (to && (a->to < 0 || a->to >= g->n_axis))
    return at_fail(err, AT_EINPUT, "`%s` of %s makes an axis that does not exist", p->name,
                   op->name);
  return AT_OK;
}

static bool is_number(at_arg_type t) {
  return t == AT_ARG_INT || t == AT_ARG_REAL || t == AT_ARG_BOOL || t == AT_ARG_ENUM;
}

static at_status complete_args(const at_graph *g, at_node *n, const at_arg *arg, at_error *err) {
  at_status s = AT_OK;
  const at_op *op = n->op;
  for (int i = 0; op->params && op->params[i].type != AT_ARG_END; i++) {
    const at_param_spec *p = &op->params[i];
    at_arg *a = &n->arg[i];
    if (i >= AT_MAX_ARG)
      return at_fail(err, AT_EFAIL, "%s declares more than %d arguments", op->name, AT_MAX_ARG);
    if (arg) *a = arg[i];
    if (!a->set && p->required)
      return at_fail(err, AT_EINPUT, "%s needs its argument `%s`", op->name, p->name);
    if (!a->set && is_number(p->type)) *a = (at_arg){.set = true, .num = p->def, .span.file = -1};
    if (!a->set) continue;
    s = is_number(p->type) ? check_number(op, p, a, err) : check_axes(g, op, p, a, err);
    if (s != AT_OK) return s;
  }
  return AT_OK;
}

static at_status check_arity(const at_op *op, int n_in, at_node *const *in, at_error *err) {
  int most = op->max_in < AT_MAX_IN ? op->max_in : AT_MAX_IN;
  if (n_in < op->min_in || n_in > most) {
    if (op->min_in == most)
      return at_fail(err, AT_EINPUT, "%s takes %d value%s; here it gets %d", op->name, most,
                     most == 1 ? "" : "s", n_in);
    return at_fail(err, AT_EINPUT, "%s takes %d to %d values; here it gets %d", op->name,
                   op->min_in, most, n_in);
  }
  for (int i = 0; i < n_in; i++)
    if (!in[i]) return at_fail(err, AT_EINPUT, "value %d of %s is missing", i + 1, op->name);
  return AT_OK;
}

static bool differentiable(const at_node *n) {
  if (n->type != AT_REAL || (n->op->flags & AT_OP_NOGRAD)) return false;
  for (int i = 0; i < n->n_in; i++)
    if (n->in[i]->needs_grad) return true;
  return false;
}

void at_graph_freeze(at_graph *g, at_node *p) {
  p->frozen = true;
  p->needs_grad = false;
  for (int i = p->id + 1; i < g->n_node; i++) {
    at_node *n = g->node[i];
    if (!at_node_is_input(n) && !at_node_is_parameter(n)) n->needs_grad = differentiable(n);
  }
}

/* Parameters that infer makes come before the node itself; when it fails, they
 * and the axes that it made go again. */
/* Offsets of items are 32 bits wide; and so no product of two sizes overflows. */
static at_status check_sizes(const at_graph *g, const at_node *n, at_error *err) {
  for (int i = 0; i < n->ndim; i++)
    if (n->dim[i].size > INT32_MAX)
      return at_fail(err, AT_EINPUT, "%s would make `%s` longer than %d items", n->op->name,
                     g->axis[n->dim[i].axis].name, INT32_MAX);
  return AT_OK;
}

at_status at_graph_node(at_graph *g, const at_op *op, int n_in, at_node *const *in,
                        const at_arg *arg, const char *scope, at_span span, at_node **out,
                        at_error *err) {
  const int nodes = g->n_node, params = g->n_param, axes = g->n_axis;
  at_status s = check_arity(op, n_in, in, err);
  if (s != AT_OK) return s;
  at_node *n = new_node(g, op, span);
  if (!n) return at_nomem(err);
  if (scope && !(n->scope = at_arena_strdup(g->arena, scope))) return at_nomem(err);
  n->n_in = n->n_data = n_in;
  for (int i = 0; i < n_in; i++) n->in[i] = in[i];
  if ((s = complete_args(g, n, arg, err)) != AT_OK) goto undo;
  s = op->infer ? op->infer(g, n, err)
                : at_fail(err, AT_EINPUT, "%s is made of several operators", op->name);
  if (s == AT_OK) s = check_sizes(g, n, err);
  if (s != AT_OK) goto undo;
  n->needs_grad = differentiable(n);
  if ((s = append(g, n, err)) != AT_OK) goto undo;
  *out = n;
  return AT_OK;
undo:
  g->n_node = nodes;
  g->n_param = params;
  g->n_axis = axes;
  return s;
}

/* ---- what is asked of the graph ---- */

at_status at_graph_output(at_graph *g, const char *name, at_node *n, at_span span, at_error *err) {
  for (int i = 0; i < g->n_output; i++)
    if (strcmp(g->output[i].name, name) == 0)
      return at_fail(err, AT_EINPUT, "there are two outputs called `%s`", name);
  at_status s = AT_GRAPH_GROW(g, output, err);
  if (s != AT_OK) return s;
  char *copy = at_arena_strdup(g->arena, name);
  if (!copy) return at_nomem(err);
  g->output[g->n_output++] = (at_named){copy, n, span};
  if (!n->name) n->name = copy;
  return AT_OK;
}

static at_status check_loss(const at_graph *g, const at_node *n, at_error *err) {
  if (n->type != AT_REAL)
    return at_fail(err, AT_EINPUT, "a loss is a real number; %s holds tokens", at_node_title(g, n));
  if (n->ndim)
    return at_fail(err, AT_EINPUT, "a loss is a single number; %s is %s, reduce it over these axes",
                   at_node_title(g, n), at_node_axes_text(g, n));
  return AT_OK;
}

at_status at_graph_set_loss(at_graph *g, at_node *n, at_error *err) {
  if (g->loss) return at_fail(err, AT_EINPUT, "the model has two losses; add them to make one");
  at_status s = check_loss(g, n, err);
  if (s == AT_OK) g->loss = n;
  return s;
}

at_status at_graph_add_objective(at_graph *g, const at_objective *o, at_error *err) {
  at_status s = check_loss(g, o->node, err);
  if (s == AT_OK && g->n_objective == AT_MAX_OBJECTIVE)
    s = at_fail(err, AT_EINPUT, "a model has %d losses with names at most", AT_MAX_OBJECTIVE);
  for (int i = 0; i < g->n_objective && s == AT_OK; i++)
    if (strcmp(g->objective[i].name, o->name) == 0)
      s = at_fail(err, AT_EINPUT, "there are two losses called `%s`", o->name);
  if (s == AT_OK) s = AT_GRAPH_GROW(g, objective, err);
  if (s != AT_OK) return s;
  at_objective copy = *o;
  const char **updates = AT_NEW_ARRAY(g->arena, const char *, (size_t)o->n_updates + 1);
  copy.name = at_arena_strdup(g->arena, o->name);
  copy.updates = updates;
  bool ok = copy.name && updates;
  for (int i = 0; ok && i < o->n_updates; i++)
    ok = (updates[i] = at_arena_strdup(g->arena, o->updates[i])) != NULL;
  if (!ok) return at_nomem(err);
  g->objective[g->n_objective++] = copy;
  if (!o->node->name) o->node->name = copy.name;
  return AT_OK;
}

at_status at_graph_add_import(at_graph *g, const at_import *i, at_error *err) {
  at_status s = AT_GRAPH_GROW(g, import, err);
  if (s != AT_OK) return s;
  at_import copy = {at_arena_strdup(g->arena, i->path), at_arena_strdup(g->arena, i->prefix),
                    at_arena_strdup(g->arena, i->file), i->span};
  if (!copy.path || !copy.prefix || !copy.file) return at_nomem(err);
  g->import[g->n_import++] = copy;
  return AT_OK;
}

bool at_param_under(const char *pname, const char *path) {
  size_t n = strlen(path);
  return !strncmp(pname, path, n) && (pname[n] == '\0' || pname[n] == '.' || n == 0);
}

int at_graph_losses(const at_graph *g) { return g->n_objective ? g->n_objective : g->loss != NULL; }

at_node *at_graph_loss(const at_graph *g, int k) {
  return g->n_objective ? g->objective[k].node : g->loss;
}

const at_objective *at_graph_objective(const at_graph *g, int k) {
  return g->n_objective ? &g->objective[k] : NULL;
}

bool at_objective_updates(const at_objective *o, const at_node *p) {
  if (p->frozen) return false;
  for (int i = 0; i < o->n_updates; i++)
    if (at_param_under(p->pname, o->updates[i])) return true;
  return o->n_updates == 0;
}

at_status at_graph_add_attend(at_graph *g, const at_attend *a, at_error *err) {
  for (int i = 0; i < g->n_attend; i++)
    if (strcmp(g->attend[i].name, a->name) == 0)
      return at_fail(err, AT_EINPUT, "there are two attention blocks called `%s`", a->name);
  at_status s = AT_GRAPH_GROW(g, attend, err);
  if (s != AT_OK) return s;
  at_attend copy = *a;
  copy.name = at_arena_strdup(g->arena, a->name);
  copy.score_name = at_arena_strdup(g->arena, a->score_name ? a->score_name : "");
  if (!copy.name || !copy.score_name) return at_nomem(err);
  g->attend[g->n_attend++] = copy;
  return AT_OK;
}
