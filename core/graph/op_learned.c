/* A learned value with axes of its own: the statement `param`. */
#include "core/graph/op_common.h"
#include "core/graph/ops.h"

enum { AXES = 4, KIND = AXES, SCALE };
static const at_param_spec learned_params[] = {
    {"a", AT_ARG_NEW, false, 0, 0, 0, NULL, "the first axis"},
    {"b", AT_ARG_NEW, false, 0, 0, 0, NULL, "the second"},
    {"c", AT_ARG_NEW, false, 0, 0, 0, NULL, "the third"},
    {"d", AT_ARG_NEW, false, 0, 0, 0, NULL, "the fourth"},
    {"init", AT_ARG_ENUM, false, AT_INIT_NORMAL, 0, 0, "zeros|constant|uniform|normal",
     "how it begins"},
    {"scale", AT_ARG_REAL, false, 0.02, 0, 0, NULL, "the constant, the bound or the deviation"},
    {0}};

static at_status learned_infer(at_graph *g, at_node *n, at_error *err) {
  int64_t shape[AXES];
  n->type = AT_REAL;
  n->ndim = 0;
  for (int i = 0; i < AXES && n->arg[i].set; i++) {
    shape[i] = n->arg[i].to_size;
    at_status s = at_op_add_dim(g, n, n->arg[i].to, shape[i], err);
    if (s != AT_OK) return s;
  }
  at_init init = {(at_init_kind)n->arg[KIND].num, n->arg[SCALE].num};
  return at_node_parameter(g, n, "", n->ndim, shape, init, err);
}

/* An alias: value and gradient are those of the parameter. */
static void nothing(at_exec *x, const at_node *n) {
  (void)x;
  (void)n;
}

const at_op at_op_learned = {
    .name = "learned",
    .summary = "a parameter as a value with axes",
    .axes = "-> [...]",
    .min_in = 0,
    .max_in = 0,
    .params = learned_params,
    .flags = AT_OP_ALIAS | AT_OP_INTERNAL,
    .infer = learned_infer,
    .forward = nothing,
    .backward = nothing,
};
