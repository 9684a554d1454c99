/* The graph: nodes over named axes, built once, run many times.
 *
 * A value is a tensor whose dims carry an axis (name + kind) and a size.  The
 * order of `dim[]` is the order of storage, row-major, and nothing that a user
 * writes depends on it: operators find dims by axis.
 *
 * RAGGED AXES.  An axis with a parent (word, whose parent is the batch axis
 * caption) is stored packed: ONE dim of sum(lengths) rows stands for both axes.
 * A tensor that has the dim `word` has no dim `caption`, yet it varies with
 * caption; at_node_has_axis() says true for both.  Offsets [captions + 1] say
 * where each caption's words start.  Reducing over `word` puts the dim
 * `caption` where `word` stood.
 *
 * Everything in a graph lives in its arena.  A graph is built on one thread;
 * once built it is never changed and may be shared by executors. */
#ifndef AT_GRAPH_GRAPH_H
#define AT_GRAPH_GRAPH_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/base/arena.h"
#include "core/base/status.h"

#define AT_MAX_DIM       8
#define AT_MAX_IN        12
#define AT_MAX_ARG       12
#define AT_MAX_AXES_ARG  4
#define AT_MAX_OBJECTIVE 64

typedef enum at_axis_kind { AT_BATCH, AT_SEQUENCE, AT_FEATURE } at_axis_kind;
const char *at_axis_kind_name(at_axis_kind k); /* "batch" "sequence" "feature" */

/* A byte range in a source; file -1: no place. */
typedef struct at_span {
  int file;
  uint32_t begin, end;
} at_span;

typedef struct at_axis {
  const char *name;
  at_axis_kind kind;
  int parent;     /* ragged: id of the batch axis that it depends on; else -1 */
  at_span origin; /* where the name was first made */
  /* A batch or ragged axis that an operator makes takes its sizes from others. */
  bool bound;    /* an input or an operator has said what it is */
  int from;      /* as long as that axis, `delta` more; -1: not so */
  int64_t delta; /* batch axes only */
  int n_part;    /* ragged, concat: each row is the rows of the parts, one after another */
  struct at_part {
    int axis;
    int64_t size; /* -1: ragged */
  } part[AT_MAX_AXES_ARG];
} at_axis;

/* size -1: dynamic.  For batch and ragged axes it is known when an executor is
 * bound; for any other axis -1 means "not known yet", which is legal only in a
 * graph made for checking and never reaches an executor. */
typedef struct at_dim {
  int axis; /* id in graph->axis; -1 in parameters, whose dims are positions */
  int64_t size;
  /* Of two ragged axes over one parent (query and key of self-attention) the first is
   * packed and the other padded to the longest: what lies behind an item's own length is
   * zero in every value and every gradient. */
  bool padded;
} at_dim;

typedef enum at_vtype { AT_REAL, AT_TOKEN } at_vtype; /* float32, int32 */

/* ---- arguments of operators ---------------------------------------------- */

typedef enum at_arg_type {
  AT_ARG_END = 0,
  AT_ARG_AXIS,  /* `word`: an axis that the input has */
  AT_ARG_AXES,  /* `y, x`: one to four of them (positional, takes all up to the next named) */
  AT_ARG_MAP,   /* `feature -> d`: consumes axes, makes a feature/sequence axis */
  AT_ARG_SPLIT, /* `cell -> [y = 14, x]`: consumes one axis, makes several; one size may be open */
  AT_ARG_NEW,   /* `e`: makes a feature axis named e whose size is e's value */
  AT_ARG_INT,
  AT_ARG_REAL,
  AT_ARG_BOOL,
  AT_ARG_ENUM /* one of `choices`, stored as its index */
} at_arg_type;

typedef struct at_param_spec {
  const char *name;
  at_arg_type type;
  bool required;
  double def;          /* default of INT REAL BOOL ENUM when not required */
  double min, max;     /* inclusive range of INT and REAL; min == max: any finite value */
  const char *choices; /* ENUM: "hardest|sum" */
  const char *doc;
} at_param_spec;

typedef struct at_arg {
  bool set;   /* given (or defaulted for numbers) */
  double num; /* INT REAL BOOL ENUM */
  int n_axes; /* AXIS AXES MAP(from) */
  int axis[AT_MAX_AXES_ARG];
  int to;          /* MAP, NEW: the axis made */
  int64_t to_size; /* its size; -1: not known */
  int n_made;      /* SPLIT: the axes made, with their sizes */
  int made[AT_MAX_AXES_ARG];
  int64_t made_size[AT_MAX_AXES_ARG];
  at_span span;
} at_arg;

/* ---- nodes ----------------------------------------------------------------- */

typedef struct at_op at_op;
typedef struct at_graph at_graph;
typedef struct at_node at_node;

typedef enum at_init_kind {
  AT_INIT_ZERO,
  AT_INIT_CONST,
  AT_INIT_UNIFORM,
  AT_INIT_NORMAL
} at_init_kind;
typedef struct at_init {
  at_init_kind kind;
  double scale; /* CONST: the value; UNIFORM: U(-scale, scale); NORMAL: the deviation */
} at_init;

struct at_node {
  const at_op *op;
  int id;   /* position in graph->node; inputs come before users */
  int draw; /* what random operators draw by: the id that it had behind the passes */
  at_vtype type;
  int ndim;
  at_dim dim[AT_MAX_DIM];
  int n_in;
  int n_data;             /* in[n_data ..] are parameters that the op made */
  at_node *in[AT_MAX_IN]; /* data inputs first, then parameters the op made */
  at_arg arg[AT_MAX_ARG]; /* beside op->params */
  const char *name;       /* of a let, input, output, attend; else NULL */
  const char *scope;      /* prefix of the names of parameters it makes */
  const char *module;     /* instance path of the module that it was made in; NULL: none */
  int recompute;          /* call of a module whose values are made again in backward; 0: none */
  at_span span;
  bool needs_grad; /* some parameter (or input asked for) lies upstream */
  /* parameter nodes only */
  const char *pname; /* "img_fc.weight": unique in the graph, as in PyTorch */
  at_init init;
  int param;                      /* index in graph->param, -1 for other nodes */
  bool frozen;                    /* stays as it is in training: no gradient reaches it */
  bool state;                     /* frozen, and written by forward: see at_node_state */
  const struct at_kernel *kernel; /* of a plugin's own score (kernel.h); NULL for other nodes */
  /* input nodes only */
  int64_t vocabulary; /* TOKEN: number of ids; -1 not known */
};

/* An attention block, found by name by every later analysis. */
typedef struct at_attend {
  const char *name;
  const char *score_name; /* as written: "activated_general(side=key, act=relu)" */
  at_node *query, *key, *value;
  at_node *score;    /* raw scores from the plugin */
  at_node *refined;  /* after `refine` */
  at_node *weight;   /* after `weigh`: sums to one over `over` */
  at_node *context;  /* weighted values; no consumers are needed: dead code goes */
  int over, along;   /* axis ids */
  at_node *product;  /* what the plugin built: `score` unless there is `interact` */
  const char *scope; /* prefix of the names of the score's parameters */
  bool interact;
} at_attend;

/* What a pass of training minimises, and which parameters it moves: those under one of the
 * paths (none given: all).  Objectives are worked on in their order. */
typedef struct at_objective {
  const char *name;
  at_node *node; /* a single number */
  const char *const *updates;
  int n_updates;
  at_span span;
} at_objective;

/* Parameters under `path` begin as the values in a file of weights: "path.REST" as its
 * "prefix.REST". */
typedef struct at_import {
  const char *path, *prefix, *file;
  at_span span;
} at_import;

typedef struct at_named {
  const char *name;
  at_node *node;
  at_span span;
} at_named;

/* How executors run a graph: passes that rewrite nothing. What is made of a graph takes it over. */
typedef struct at_how {
  bool strips;     /* chains of operators an item at a time: pass `strips` */
  bool whole_sums; /* convolutions by their definition: without the pass `tiles` */
  bool zeros;      /* zeros of gradients meet nothing: pass `zeros` */
  bool repeats;    /* what a word puts into recurrent layers once: pass `repeats` */
} at_how;

struct at_graph {
  at_arena *arena;
  const char *name;
  at_axis *axis;
  int n_axis, cap_axis;
  at_node **node;
  int n_node, cap_node;
  at_node **param;
  int n_param, cap_param;
  at_node **input;
  int n_input, cap_input;
  at_named *output;
  int n_output, cap_output;
  at_attend *attend;
  int n_attend, cap_attend;
  at_node *loss;           /* scalar (ndim 0), NULL when the model states none or has objectives */
  at_objective *objective; /* losses with names */
  int n_objective, cap_objective;
  at_import *import;
  int n_import, cap_import;
  const char *module; /* while building: given to every node that is made */
  int recompute;      /* likewise */
  int n_recompute;    /* calls of such modules so far */
  at_how how;
  bool again; /* infer finds the parameters that were made before under its names */
};

at_status at_graph_new(const char *name, at_graph **out, at_error *err);
void at_graph_free(at_graph *g); /* NULL is fine */

/* The axis that an operator made this one of, and what that was made of. */
int at_axis_origin(const at_graph *g, int axis);
/* The same; of what is attended over, `item'`, the sequence that it is, `item`. */
int at_axis_root(const at_graph *g, int axis);
int at_graph_find_axis(const at_graph *g, const char *name); /* -1: none */
/* The axis of that name; made when absent.  EINPUT when it exists with another
 * kind or parent. */
at_status at_graph_axis(at_graph *g, const char *name, at_axis_kind kind, int parent, at_span span,
                        int *out, at_error *err);

/* Binds axis `to` (batch or ragged): as long as `from`, `delta` more.  EINPUT when it is
 * bound otherwise already. */
at_status at_graph_derive(at_graph *g, int to, int from, int64_t delta, at_error *err);
/* Binds the ragged axis `to`: rows of the parts, one after another. */
at_status at_graph_join(at_graph *g, int to, int n, const struct at_part *part, at_error *err);
/* Room for one more item of g->WHAT, "node", "input" ...; a list that moved leaves its old storage
 * in the arena. */
#define AT_GRAPH_GROW(g, what, err) \
  at_graph_grow((g), &(g)->what, (g)->n_##what, &(g)->cap_##what, sizeof *(g)->what, (err))
at_status at_graph_grow(at_graph *g, void *list, int n, int *cap, size_t item, at_error *err);
at_status at_graph_input(at_graph *g, const char *name, at_vtype type, int ndim, const at_dim *dim,
                         int64_t vocabulary, at_span span, at_node **out, at_error *err);

/* The one way to make a node: looks nothing up, checks arity, completes the
 * defaults of `arg` (may be NULL when op has no params), calls op->infer which
 * checks axes, sets dims and makes parameters; appends to the graph.
 * `scope` is copied; it prefixes parameter names.  Errors are sentences about
 * axes by name, without a place (the caller knows it). */
at_status at_graph_node(at_graph *g, const at_op *op, int n_in, at_node *const *in,
                        const at_arg *arg, const char *scope, at_span span, at_node **out,
                        at_error *err);

/* For op->infer: makes parameter "<scope>.<suffix>" (or "<scope>" for suffix "")
 * and appends it to n->in.  A second instance of the same name is an error. */
at_status at_node_parameter(at_graph *g, at_node *n, const char *suffix, int ndim,
                            const int64_t *shape, at_init init, at_error *err);
/* The same for a state: a frozen parameter that forward itself writes in training
 * (running averages). It is kept with the weights, and no optimiser moves it. */
at_status at_node_state(at_graph *g, at_node *n, const char *suffix, int ndim, const int64_t *shape,
                        at_init init, at_error *err);
/* No gradient reaches p any more, nor what depends on p alone. */
void at_graph_freeze(at_graph *g, at_node *p);
/* A parameter as a value of its own (plugins: `v` of an additive score). */
at_status at_graph_parameter(at_graph *g, const char *pname, int ndim, const int64_t *shape,
                             at_init init, at_span span, at_node **out, at_error *err);

at_status at_graph_output(at_graph *g, const char *name, at_node *n, at_span span, at_error *err);
at_status at_graph_set_loss(at_graph *g, at_node *n, at_error *err);
/* Names and paths are copied; several of one name are an error. */
at_status at_graph_add_objective(at_graph *g, const at_objective *o, at_error *err);
at_status at_graph_add_import(at_graph *g, const at_import *i, at_error *err);
/* "a.b.weight" lies under "a", "a.b" and "a.b.weight". */
bool at_param_under(const char *pname, const char *path);
/* How many losses there are: the objectives, or the one without a name. */
int at_graph_losses(const at_graph *g);
at_node *at_graph_loss(const at_graph *g, int k);
const at_objective *at_graph_objective(const at_graph *g, int k); /* NULL: it has no name */
/* Whether objective o moves parameter p. */
bool at_objective_updates(const at_objective *o, const at_node *p);
at_status at_graph_add_attend(at_graph *g, const at_attend *a, at_error *err);

/* Position of the dim of `axis`, -1 when n has none.  at_node_has_axis also
 * counts the parent of a packed ragged dim. */
int at_node_dim(const at_node *n, int axis);
/* The packed dim before the padded dim d, -1 when d is not padded. */
int at_node_packed(const at_graph *g, const at_node *n, int d);
bool at_node_has_axis(const at_graph *g, const at_node *n, int axis);
/* The dim of `axis` that n itself must have; EINPUT with "`v` has no axis `word`;
 * it has picture, region, d". */
at_status at_node_need_dim(const at_graph *g, const at_node *n, int axis, int *dim, at_error *err);
/* "`v`" or "the result of linear", in the arena: how messages call a node. */
const char *at_node_title(const at_graph *g, const at_node *n);
/* "[picture, region, d]" in the arena; ragged dims as "caption, word...". */
const char *at_node_axes_text(const at_graph *g, const at_node *n);

/* ---- operators --------------------------------------------------------------- */

typedef struct at_exec at_exec; /* core/graph/exec.h */

enum {
  AT_OP_KEEPS_IN = 1u << 0,  /* backward reads its input values */
  AT_OP_KEEPS_OUT = 1u << 1, /* backward reads its output value */
  AT_OP_ALIAS = 1u << 2,     /* output is input 0 seen with other dims: no storage of its own */
  AT_OP_INTERNAL = 1u << 3,  /* made by lowering, plugins and passes; not callable in a model */
  AT_OP_RANDOM = 1u << 4,    /* draws; keyed by (seed, step, node's draw) */
  AT_OP_NOGRAD = 1u << 5,    /* input, parameter: nothing to differentiate */
  AT_OP_LOSS = 1u << 6,      /* usable after `loss` */
  AT_OP_TRAIN = 1u << 7,     /* behaves differently in training (dropout, batch_norm) */
  AT_OP_SIZES = 1u << 8,     /* finds the sizes of the axes that it makes; they keep their kind */
  AT_OP_COMPOSED = 1u << 10, /* lowering makes it of several others; no node has it */
  AT_OP_TAIL = 1u << 9,      /* wants the axes that it names last, in their order */
  AT_OP_CHEAP = 1u << 11, /* forward costs so little that backward makes the value again instead of
                           * keeping it, where its inputs are there and memory is less for it */
  AT_OP_IN_PLACE = 1u << 12, /* backward can leave the gradient of input 0 where its own lies: then
                              * both are one pointer, and it assigns */
  AT_OP_OVER_VALUE = 1u << 14, /* backward can leave the gradient of input 0 where its value lies:
                                * then both are one pointer, and it assigns */
  AT_OP_ITEMS = 1u << 15, /* works on each item of a batch axis that leads its values by itself, and
                           * can be run for one alone */
  AT_OP_WEIGHS_FIRST = 1u << 13 /* backward has read the value of input 0 when it asks for its
                                 * gradient, by at_x_grad_late: that may lie where the value did */
};

struct at_op {
  const char *name;
  const char *summary;         /* one line for the manual */
  const char *formula;         /* with source where it has one */
  const char *axes;            /* what it does to axes: "[..., from] -> [..., to]" */
  int min_in, max_in;          /* data inputs; parameters it makes come on top */
  const at_param_spec *params; /* ends with AT_ARG_END; NULL: none */
  unsigned flags;

  /* Checks inputs and args, sets n->type, n->dim, n->ndim; makes parameters. */
  at_status (*infer)(at_graph *g, at_node *n, at_error *err);
  /* Bytes kept from forward to backward, and bytes of scratch needed within one
   * call of forward or backward, at the bound sizes.  NULL: none. */
  size_t (*saved)(const at_exec *x, const at_node *n);
  size_t (*scratch)(const at_exec *x, const at_node *n);
  /* Writes all of the output. */
  void (*forward)(at_exec *x, const at_node *n);
  /* Adds to the gradients of inputs that want one; assigns in place alone (AT_OP_IN_PLACE). */
  void (*backward)(at_exec *x, const at_node *n);
  /* Multiply-adds x2 of forward at the bound sizes; NULL: by the list in flops.c. */
  double (*flops)(const at_exec *x, const at_node *n);
  unsigned unread; /* inputs, by bits, whose values backward does not read despite KEEPS_IN */
};

/* What inputs and parameters are made of; not in the table. */
extern const at_op at_input_op, at_parameter_op; /* seen in core/graph alone */
bool at_node_is_input(const at_node *n);
bool at_node_is_parameter(const at_node *n);
bool at_node_is(const at_node *n, const char *op); /* made by the operator of this name */

/* All operators, ended by NULL (core/graph/optable.c: one line each). */
const at_op *const *at_op_table(void);
const at_op *at_op_find(const char *name); /* NULL: none */
/* Titles of stretches of the table, each from its first operator on; ended by a NULL title. */
typedef struct at_op_family {
  const char *title;
  const at_op *first;
} at_op_family;
const at_op_family *at_op_families(void);
#endif
