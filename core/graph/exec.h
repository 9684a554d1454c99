/* The executor: sizes bound, memory planned by liveness, forward and backward.
 *
 * bind -> forward -> (backward) -> read values; again from bind for the next
 * batch.  Storage is one block planned per binding and grown only when a
 * binding needs more than any before it, so a warm step allocates nothing.
 * One executor is used by one thread at a time; the work inside is spread over
 * the pool. Results do not depend on the number of threads. */
#ifndef AT_GRAPH_EXEC_H
#define AT_GRAPH_EXEC_H
#include "core/base/thread.h"
#include "core/graph/graph.h"

/* The rows of a table that have a gradient: only theirs is kept, one after another where the
 * table's gradient begins, [n, width]. What lies behind them in a place of its own is zero. */
typedef struct at_rows {
  int64_t n, width;
  int64_t count;  /* rows of the table; 0: its gradient is kept whole */
  int32_t *row;   /* [n] which: in ascending order behind one pass */
  int32_t *place; /* [count] where in `row`; -1: the row has none */
} at_rows;

/* Parameters: all values in one block, each parameter at a 64-byte boundary, padding kept at zero,
 * so that the optimiser is one sweep. Gradients have a block like it, unless an executor plans them
 * among its values (`plan_grads`). */
typedef struct at_params {
  const at_graph *graph;
  size_t count;        /* floats in the block, padding included */
  size_t *offset;      /* [n_param] first float */
  size_t *size;        /* [n_param] floats */
  float *value, *grad; /* of at_zeros_new: what nobody touches costs nothing */
  float **grad_of;     /* [n_param] where each one's gradient is: in `grad`, or where the executor
                        * put it; NULL: it is zero */
  at_rows *rows;       /* [n_param] */
} at_params;
at_status at_params_new(const at_graph *g, at_params **out, at_error *err);
void at_params_free(at_params *p);
/* From here on gradients of rows alone are kept of each table that one `embed` of `g` reads and
 * nothing else; others, as tied ones, keep theirs whole.  `g` has the parameters of p; before
 * anything runs.  rows.c, as are the next two. */
at_status at_params_by_rows(at_params *p, const at_graph *g, at_error *err);
/* Gives each of n rows a place, zero where it had none. */
void at_rows_add(at_rows *r, const int32_t *row, int64_t n);
/* No row has a gradient any more; the caller has set those numbers to zero. */
void at_rows_clear(at_rows *r);
/* All gradients are zero. */
void at_params_clear(at_params *p);
/* One gradient is: those in `grad` are set to it, an executor's are given up. */
void at_params_clear_one(at_params *p, int param);
/* All gradients lie in `grad`, as in the beginning. */
void at_params_own_grads(at_params *p);
/* The parameter whose numbers, or the padding behind them, `at` of the block belongs to. */
int at_params_find(const at_params *p, size_t at);
/* Draws every parameter as its init says, keyed by (seed, hash of its name): the
 * same name, shape and seed give the same numbers in any model. */
void at_params_init(at_params *p, uint64_t seed);
/* The same numbers, drawn by all threads of `pool` (borrowed; NULL: the caller's alone). */
void at_params_init_on(at_params *p, uint64_t seed, at_pool *pool);

typedef struct at_exec_options {
  at_pool *pool;    /* borrowed; NULL: the calling thread alone */
  bool gradients;   /* plan for backward */
  bool keep_all;    /* nothing is overwritten: any value can be read (tests, `run`) */
  bool input_grads; /* gradients of REAL inputs as well */
  bool plan_grads;  /* gradients of parameters lie in the plan, too: they hold from backward to the
                     * next forward or binding. One such executor of some parameters at a time,
                     * which is freed before them; not with keep_all */
  bool no_loss;     /* leave the loss out: evaluation of outputs */
  bool poison;      /* memory without a living value holds NaN: tests of the plan */
  bool measure;     /* sizes and plan alone: no parameters, inputs or storage; nothing runs */
  bool all_strips;  /* chains run an item at a time however little it gives: tests */
  bool turns;       /* of a model with several objectives: each has a turn (at_exec_turn); not with
                     * keep_all */
} at_exec_options;

at_status at_exec_new(const at_graph *g, at_params *params, const at_exec_options *o, at_exec **out,
                      at_error *err);
void at_exec_free(at_exec *x);

/* Values that must survive until the next bind although nothing reads them
 * (attention weights asked for by an analysis).  Outputs and the loss always
 * survive.  Before the first bind. */
at_status at_exec_keep(at_exec *x, const at_node *n, at_error *err);
/* The same for the gradient of a real value, which is then worked out even where nothing that can
 * be trained lies upstream.  Before the first bind. */
at_status at_exec_keep_grad(at_exec *x, const at_node *n, at_error *err);

/* Sizes first: batch axes by name with a size, ragged axes by name with offsets
 * [parent size + 1], offsets[0] == 0, every length >= 1 (copied).
 * Then one pointer per input (borrowed until the next bind), dense over its
 * dims; zeros fill the second of two ragged axes up to its longest row. at_exec_ready checks that
 * nothing is missing, that token ids lie in the vocabulary, and plans memory. */
at_status at_exec_size(at_exec *x, const char *batch_axis, int64_t size, at_error *err);
at_status at_exec_ragged(at_exec *x, const char *ragged_axis, const int64_t *offsets,
                         int64_t parents, at_error *err);
at_status at_exec_input(at_exec *x, const char *input, const void *data, at_error *err);
/* The same, and at_exec_ready says so where a batch of these sizes has not `count` numbers. */
at_status at_exec_give(at_exec *x, const char *input, const void *data, int64_t count,
                       at_error *err);
at_status at_exec_ready(at_exec *x, at_error *err);

/* `seed`, `step`: what random operators draw from; `training`: dropout on. */
void at_exec_forward(at_exec *x, uint64_t seed, uint64_t step, bool training);
/* With the option `turns`, in their order from 0: forward of what objective k needs and an earlier
 * turn did not leave behind, or left behind before an objective moved a parameter that it comes
 * from. at_exec_backward_from objective k then goes back to the parameters that this one moves.
 * Outputs that no objective needs belong to the last turn. at_exec_forward is turn 0. */
void at_exec_turn(at_exec *x, int k, uint64_t seed, uint64_t step, bool training);
/* Adds d loss / d parameter to params->grad (the caller zeroes it); with `plan_grads`, begins them
 * anew and says in params->grad_of where they are. */
void at_exec_backward(at_exec *x);
/* The same from a given gradient of any kept node (dense over its dims, borrowed
 * for the call): how tests weigh outputs at random. */
void at_exec_backward_from(at_exec *x, const at_node *n, const float *grad);

/* After a forward with keep_all: `value` (dense over the dims of n) takes the place of n's own, and
 * what depends on it and leads to an output, the loss or a value asked for by name runs again, with
 * the same random numbers; the rest keeps the values that it has.  An operator that only looks at a
 * value with other dims changes together with it.  false: n is an input, a parameter or no real
 * number, or nothing is kept. */
bool at_exec_again(at_exec *x, const at_node *n, const float *value);
/* Gradients from a kept node back to `to` and to what else the nodes between them read; what lies
 * upstream of `to` does not run. */
bool at_exec_backward_to(at_exec *x, const at_node *from, const float *grad, const at_node *to);
/* Of a node that at_exec_keep_grad asked for, since the last backward; NULL: none. */
const float *at_exec_grad(const at_exec *x, const at_node *n);
/* Nodes that the last forward or at_exec_again ran, and their arithmetic. */
int at_exec_ran(const at_exec *x, double *flops);

/* Values valid until the next bind; NULL when not kept. */
const float *at_exec_value(const at_exec *x, const at_node *n);
const float *at_exec_input_grad(const at_exec *x, const at_node *input);
float at_exec_loss(const at_exec *x);
/* Whether n is worked on an item at a time, in a chain (strips.h). */
bool at_exec_in_chain(const at_exec *x, const at_node *n);
size_t at_exec_bytes(const at_exec *x); /* planned storage now */
size_t at_exec_least(
    const at_exec *x); /* the most that must be there at one time: no plan is less */
double at_exec_flops(const at_exec *x); /* forward, at the bound sizes */
/* The part of one node: its arithmetic, and the bytes of its value; 0 when it does not run. */
double at_exec_node_flops(const at_exec *x, const at_node *n);
size_t at_exec_node_bytes(const at_exec *x, const at_node *n);

/* ---- measuring (cost.c) ----------------------------------------------------------- */
/* AGAIN: backward makes a value again that was let go after forward. */
typedef enum at_exec_part { AT_EXEC_FORWARD, AT_EXEC_AGAIN, AT_EXEC_BACKWARD } at_exec_part;
enum { AT_EXEC_PARTS = AT_EXEC_BACKWARD + 1 };
/* Called on the thread that runs a pass, as soon as that part of n is done; it may read from the
 * executor.  fn NULL: nobody is told. */
typedef void at_exec_watch_fn(void *ctx, const at_node *n, at_exec_part part);
void at_exec_watch(at_exec *x, at_exec_watch_fn *fn, void *ctx);

/* `flops` as at_exec_flops counts; backward of a product is as much again for its first factor and
 * for the others together, where a gradient of theirs is wanted, and that of any other operator
 * as much as its forward.  `bytes`: of the values, parameters and gradients that are read and
 * written, each once, whatever a cache keeps. */
typedef struct at_cost {
  double flops, bytes;
} at_cost;
/* Of one part of n in the turn at hand, whether or not it runs there. */
at_cost at_exec_cost(const at_exec *x, const at_node *n, at_exec_part part);
/* Of all that the last pass ran. */
at_cost at_exec_cost_forward(const at_exec *x);
at_cost at_exec_cost_backward(const at_exec *x);

/* ---- for operators only -------------------------------------------------------- */
const at_graph *at_x_graph(const at_exec *x);
at_pool *at_x_pool(const at_exec *x);
bool at_x_training(const at_exec *x);
bool at_x_gradients(const at_exec *x); /* backward may come */
bool at_x_given(const at_exec *x);     /* at_exec_again may give values other numbers */
/* Training, and the first run of n in this step: what may move running averages. */
bool at_x_counts(const at_exec *x, const at_node *n);
/* Forward: backward makes the value again; what forward saved is there. */
bool at_x_again(const at_exec *x, const at_node *n);
uint64_t at_x_seed(const at_exec *x);
uint64_t at_x_step(const at_exec *x);
int64_t at_x_dim(const at_exec *x, const at_node *n, int dim); /* bound size of a dim */
int64_t at_x_count(const at_exec *x, const at_node *n);        /* floats of a value */
const int64_t *at_x_offsets(const at_exec *x, int axis);       /* ragged; NULL for others */
int64_t at_x_axis_size(const at_exec *x, int axis); /* batch: bound size; ragged: total */
const float *at_x_in(const at_exec *x, const at_node *n, int i);
const int32_t *at_x_in_tokens(const at_exec *x, const at_node *n, int i);
float *at_x_out(const at_exec *x, const at_node *n); /* in forward; in backward if KEEPS_OUT */
const float *at_x_grad_out(const at_exec *x, const at_node *n);
float *at_x_grad_in(const at_exec *x, const at_node *n, int i); /* NULL: not wanted */
/* The same for input 0 of AT_OP_WEIGHS_FIRST: from here on its value may be gone. */
float *at_x_grad_late(at_exec *x, const at_node *n);
/* The same; *first: nothing is there yet, and all of it must be written. */
float *at_x_grad_first(at_exec *x, const at_node *n, bool *first);
/* Of a parameter whose gradient is kept by rows; NULL: it is kept whole. */
at_rows *at_x_rows(const at_exec *x, const at_node *parameter);
void *at_x_saved(const at_exec *x, const at_node *n);
void *at_x_scratch(const at_exec *x, const at_node *n);

/* A value seen around one dim: [outer, n, inner], strides in floats:
 * element (o, i, k) at o * n * inner + i * inner + k. */
typedef struct at_around {
  int64_t outer, n, inner;
} at_around;
at_around at_x_around(const at_exec *x, const at_node *n, int dim);
#endif
