/* The executor: made once, then bind (bind.c), forward, backward. */
#include "core/graph/exec.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/zeros.h"
#include "core/graph/exec_impl.h"
#include "core/graph/op_common.h"
#include "core/graph/strips.h"

/* ---- making ---- */

static bool dynamic(const at_axis *a) { return a->kind == AT_BATCH || a->parent >= 0; }

static at_status check_sizes(const at_graph *g, at_error *err) {
  for (int i = 0; i < g->n_node; i++)
    for (int d = 0; d < g->node[i]->ndim; d++) {
      const at_dim *dim = &g->node[i]->dim[d];
      if (dim->size >= 0 || (dim->axis >= 0 && dynamic(&g->axis[dim->axis]))) continue;
      if (dim->axis < 0)
        return at_fail(err, AT_EINPUT, "the size of parameter `%s` is not known yet",
                       g->node[i]->pname ? g->node[i]->pname : g->node[i]->op->name);
      return at_fail(err, AT_EINPUT, "the size of axis `%s` is not known; only data can tell it",
                     g->axis[dim->axis].name);
    }
  return AT_OK;
}

static void find_sources(at_exec *x) {
  const at_graph *g = x->g;
  for (int i = 0; i < g->n_node; i++) {
    const at_node *n = g->node[i];
    for (int d = 0; d < n->ndim; d++) {
      int a = n->dim[d].axis;
      if (a >= 0 && x->axis[a].fixed < 0 && n->dim[d].size >= 0) x->axis[a].fixed = n->dim[d].size;
    }
  }
  for (int a = 0; a < g->n_axis; a++)
    if (g->axis[a].from >= 0) x->axis[a].from = g->axis[a].from;
}

static bool allocate(at_exec *x) {
  const size_t n = (size_t)x->n, pieces = n * AT_PIECES;
  if (!at_exec_lay_steps(x)) return false;
  const size_t steps = (size_t)at_exec_last_step(x);
  x->slot = calloc(n + 1, sizeof *x->slot);
  x->piece = calloc(pieces + 1, sizeof *x->piece);
  x->axis = calloc((size_t)x->g->n_axis + 1, sizeof *x->axis);
  x->by_begin = calloc(pieces + 1, sizeof *x->by_begin);
  x->by_end = calloc(pieces + 1, sizeof *x->by_end);
  x->begin_at = calloc(steps + 2, sizeof *x->begin_at);
  x->end_at = calloc(steps + 2, sizeof *x->end_at);
  x->gap = calloc(pieces + 1, sizeof *x->gap);
  x->by_size = calloc(pieces + 1, sizeof *x->by_size);
  x->placed = calloc(pieces + 1, sizeof *x->placed);
  return x->slot && x->piece && x->axis && x->by_begin && x->by_end && x->begin_at && x->end_at &&
         x->gap && x->by_size && x->placed;
}

at_status at_exec_new(const at_graph *g, at_params *params, const at_exec_options *o, at_exec **out,
                      at_error *err) {
  *out = NULL;
  at_status s = check_sizes(g, err);
  if (s != AT_OK) return s;
  if (params ? params->graph != g : g->n_param > 0 && !(o && o->measure))
    return at_fail(err, AT_EINPUT, "the parameters belong to another model");
  at_exec *x = calloc(1, sizeof *x);
  if (!x) return at_nomem(err);
  x->g = g;
  x->params = params;
  x->n = g->n_node;
  x->again = -1;
  if (o) x->o = *o;
  x->o.plan_grads = x->o.plan_grads && x->o.gradients && !x->o.keep_all;
  x->turns = x->o.turns && !x->o.keep_all && g->n_objective > 1 ? g->n_objective : 1;
  if (!allocate(x)) {
    at_exec_free(x);
    return at_nomem(err);
  }
  for (int a = 0; a < g->n_axis; a++)
    x->axis[a] = (at_bound_axis){.from = a, .fixed = -1, .asked = -1, .parents = -1, .size = -1};
  find_sources(x);
  *out = x;
  return AT_OK;
}

void at_exec_free(at_exec *x) {
  if (!x) return;
  if (x->o.plan_grads && x->params) at_params_own_grads(x->params);
  for (int a = 0; x->axis && a < x->g->n_axis; a++) free(x->axis[a].offsets);
  at_strips_free(x);
  at_hands_free(x);
  free(x->slot);
  free(x->piece);
  free(x->axis);
  free(x->by_begin);
  free(x->by_end);
  free(x->begin_at);
  free(x->end_at);
  free(x->gap);
  free(x->by_size);
  free(x->placed);
  free(x->back_at);
  free(x->anew_at);
  at_zeros_free(x->block);
  free(x);
}

bool at_exec_owns(const at_exec *x, const at_node *n) {
  return n && n->id >= 0 && n->id < x->n && x->g->node[n->id] == n;
}

at_status at_exec_keep(at_exec *x, const at_node *n, at_error *err) {
  if (!at_exec_owns(x, n))
    return at_fail(err, AT_EINPUT, "a value that is not part of the model cannot be kept");
  x->slot[n->id].asked = true;
  x->analysed = x->ready = false;
  return AT_OK;
}

at_status at_exec_keep_grad(at_exec *x, const at_node *n, at_error *err) {
  at_status s = at_exec_keep(x, n, err);
  if (s == AT_OK) x->slot[n->id].sought = true;
  return s;
}

/* ---- filling ---- */

enum { GRAIN = 1 << 16 };

static void zero_range(void *ctx, size_t begin, size_t end) {
  memset((float *)ctx + begin, 0, (end - begin) * sizeof(float));
}

static void poison_range(void *ctx, size_t begin, size_t end) {
  for (size_t i = begin; i < end; i++) ((float *)ctx)[i] = NAN;
}

static void poison(at_exec *x, size_t offset, size_t bytes) {
  at_parallel_range(x->o.pool, bytes / sizeof(float), GRAIN, poison_range, x->block + offset);
}

/* Pieces whose last step is over hold NaN from here on. */
static void poison_ended(at_exec *x, int step) {
  if (!x->o.poison) return;
  for (int i = x->end_at[step]; i < x->end_at[step + 1]; i++) {
    const at_piece *p = &x->piece[x->by_end[i]];
    if (p->bytes) poison(x, p->offset, p->bytes);
  }
}

/* ---- running ---- */

bool at_exec_computes(const at_exec *x, const at_node *n) {
  return x->slot[n->id].live && !at_node_is_input(n) && !at_node_is_parameter(n) &&
         !(n->op->flags & AT_OP_ALIAS);
}

static void zero_tail(void *ctx, const float *tail, int64_t n) {
  (void)ctx;
  memset(at_unconst(tail), 0, (size_t)n * sizeof *tail);
}

/* What lies behind an item's own length in a padded dim is zero, in values and gradients. */
static void zero_tails(const at_exec *x, const at_node *n, float *v) {
  at_exec_tails(x, n, v, zero_tail, NULL);
}

static void tell(const at_exec *x, const at_node *n, at_exec_part part) {
  if (x->watch) x->watch(x->watch_ctx, n, part);
}

void at_exec_run_node(at_exec *x, const at_node *n) {
  n->op->forward(x, n);
  if (n->type == AT_REAL) zero_tails(x, n, x->slot[n->id].value);
  x->ran++;
  x->ran_flops += at_op_flops(x, n);
  tell(x, n, AT_EXEC_FORWARD);
}

static void run_strip(at_exec *x, const at_strip *s) {
  at_strip_forward(x, s);
  for (int m = 0; m < s->n; m++) {
    const at_node *n = x->g->node[s->member[m].id];
    x->ran++;
    x->ran_flops += at_op_flops(x, n);
    tell(x, n, AT_EXEC_FORWARD);
  }
}

/* Node i, or the chain that ends with it. */
static void run_place(at_exec *x, int i) {
  const at_node *n = x->g->node[i];
  const int strip = x->slot[i].strip;
  if (!at_exec_computes(x, n) || !at_exec_now(x, x->slot[i].run)) return;
  if (strip < 0)
    at_exec_run_node(x, n);
  else if (x->strip[strip].last == i)
    run_strip(x, &x->strip[strip]);
}

void at_exec_turn(at_exec *x, int k, uint64_t seed, uint64_t step, bool training) {
  if (!x->ready || x->o.measure || k < 0 || k >= x->turns) return;
  x->turn = k;
  x->seed = seed;
  x->step = step;
  x->training = training;
  x->backward = false;
  x->ran = 0;
  x->ran_flops = 0;
  at_exec_forget_gradients(x);
  if (x->o.poison && k == 0) poison(x, 0, x->planned);
  if (k > 0) poison_ended(x, at_exec_update_step(x, k - 1));
  for (int i = 0; i < x->n; i++)
    if (x->slot[i].twice) at_exec_point_forward(x, i);
  for (int i = 0; i < x->n; i++) {
    run_place(x, i);
    poison_ended(x, at_exec_step(x, k, i));
  }
}

void at_exec_forward(at_exec *x, uint64_t seed, uint64_t step, bool training) {
  at_exec_turn(x, 0, seed, step, training);
}

void at_exec_forget_gradients(at_exec *x) {
  for (int i = 0; x->o.plan_grads && x->params && i < x->g->n_param; i++) {
    x->params->grad_of[i] = NULL;
    at_rows_clear(&x->params->rows[i]);
  }
}

/* The gradient of `root` holds from here on; whether somebody must write all of it. */
static bool begin_gradient(at_exec *x, int root) {
  at_slot *s = &x->slot[root];
  const at_node *n = x->g->node[root];
  if (!s->grad || s->started) return false;
  s->started = true;
  if (!at_node_is_parameter(n)) return true;
  if (x->o.plan_grads) x->params->grad_of[n->param] = s->grad;
  return x->o.plan_grads;
}

void at_exec_start_gradient(at_exec *x, int id, int by) {
  const int root = x->slot[id].root;
  const at_slot *s = &x->slot[root];
  if (!begin_gradient(x, root) || (by >= 0 && s->handed == by)) return;
  const at_node *n = x->g->node[root];
  const int64_t count = at_node_is_parameter(n) ? at_exec_grad_count(x, n) : s->count;
  at_parallel_range(x->o.pool, (size_t)count, GRAIN, zero_range, s->grad);
}

static void mark_reached(at_exec *x, int source) {
  for (int i = 0; i < x->n; i++) x->slot[i].reached = x->slot[i].started = false;
  x->slot[source].reached = true;
  for (int i = source; i >= 0; i--) {
    const at_node *n = x->g->node[i];
    for (int k = 0; x->slot[i].reached && k < n->n_in; k++) {
      at_slot *in = &x->slot[n->in[k]->id];
      in->reached |= at_exec_now(x, in->want);
    }
  }
}

static void give_gradient(at_exec *x, int id, const float *grad) {
  const at_slot *s = &x->slot[id];
  at_exec_start_gradient(x, id, -1);
  for (int64_t i = 0; i < s->count; i++) s->grad[i] += grad[i];
}

/* Values that are needed from this step on and were let go. */
static void make_again(at_exec *x, int step) {
  for (int i = x->begin_at[step]; i < x->begin_at[step + 1]; i++) {
    const int id = x->by_begin[i] / AT_PIECES;
    const at_node *n = x->g->node[id];
    if (x->by_begin[i] % AT_PIECES != AT_PIECE_AGAIN) continue;
    at_exec_point_again(x, id);
    n->op->forward(x, n);
    if (n->type == AT_REAL) zero_tails(x, n, x->slot[id].value);
    at_exec_point_back(x, id);
    tell(x, n, AT_EXEC_AGAIN);
  }
}

/* From step `from` to the backward step of node `id`, which is returned. */
static int make_until(at_exec *x, int from, int id) {
  const int back = at_exec_backstep(x, x->turn, id);
  for (int step = from; step <= back; step++) {
    make_again(x, step);
    if (step < back) poison_ended(x, step);
  }
  return back;
}

float *at_x_grad_late(at_exec *x, const at_node *n) {
  float *grad = at_x_grad_in(x, n, 0);
  if (grad) at_exec_start_gradient(x, n->in[0]->id, -1);
  return grad;
}

float *at_x_grad_first(at_exec *x, const at_node *n, bool *first) {
  float *grad = at_x_grad_in(x, n, 0);
  *first = grad && begin_gradient(x, x->slot[n->in[0]->id].root);
  return grad;
}

static void back_node(at_exec *x, const at_node *n, bool within) {
  const at_slot *s = &x->slot[n->id];
  if (!s->reached || !at_exec_now(x, s->back) || (within && !s->below)) return;
  for (int k = n->op->flags & AT_OP_WEIGHS_FIRST ? 1 : 0; k < n->n_in; k++)
    if (at_exec_now(x, x->slot[n->in[k]->id].want)) at_exec_start_gradient(x, n->in[k]->id, n->id);
  zero_tails(x, n, s->grad);
  n->op->backward(x, n);
  tell(x, n, AT_EXEC_BACKWARD);
}

static void back_strip(at_exec *x, const at_strip *s) {
  bool some = false;
  for (int m = 0; m < s->n; m++) some |= x->slot[s->member[m].id].reached;
  if (!some || !s->back) return;
  at_strip_backward(x, s);
  for (int m = s->n - 1; m >= 0; m--) tell(x, x->g->node[s->member[m].id], AT_EXEC_BACKWARD);
}

void at_exec_run_backward(at_exec *x, int source, const float *grad, bool within) {
  int step = at_exec_step(x, x->turn, x->n);
  mark_reached(x, source);
  at_exec_forget_gradients(x);
  x->backward = true;
  for (int i = x->n - 1; i >= 0; i--) {
    const int strip = x->slot[i].strip;
    step = make_until(x, step, i);
    if (i == at_strip_place(x, source)) give_gradient(x, source, grad);
    if (strip < 0)
      back_node(x, x->g->node[i], within);
    else if (x->strip[strip].last == i)
      back_strip(x, &x->strip[strip]);
    poison_ended(x, step++);
  }
  for (int i = 0; i < x->g->n_input; i++)
    if (x->slot[x->g->input[i]->id].live) at_exec_start_gradient(x, x->g->input[i]->id, -1);
  for (int i = 0; i < x->n; i++)
    if (x->slot[i].sought && x->slot[i].live) at_exec_start_gradient(x, i, -1);
}

void at_exec_backward_from(at_exec *x, const at_node *n, const float *grad) {
  if (!x->ready || x->o.measure || !at_exec_owns(x, n)) return;
  if (at_exec_now(x, x->slot[n->id].source)) at_exec_run_backward(x, n->id, grad, false);
}

void at_exec_backward(at_exec *x) {
  const float one = 1;
  if (x->g->loss && !x->o.no_loss) at_exec_backward_from(x, x->g->loss, &one);
}

/* ---- reading ---- */

const float *at_exec_value(const at_exec *x, const at_node *n) {
  if (!x->ready || !at_exec_owns(x, n)) return NULL;
  const at_slot *s = &x->slot[n->id];
  bool outside = at_node_is_input(n) || at_node_is_parameter(n);
  return s->live && (s->keep || outside) ? s->value : NULL;
}

const float *at_exec_input_grad(const at_exec *x, const at_node *input) {
  if (!x->ready || !at_exec_owns(x, input) || !at_node_is_input(input)) return NULL;
  return x->slot[input->id].grad;
}

float at_exec_loss(const at_exec *x) {
  const float *v = x->g->loss ? at_exec_value(x, x->g->loss) : NULL;
  return v ? *v : NAN;
}

bool at_exec_in_chain(const at_exec *x, const at_node *n) {
  return at_exec_owns(x, n) && x->slot[n->id].strip >= 0;
}

size_t at_exec_bytes(const at_exec *x) { return x->planned; }

double at_exec_flops(const at_exec *x) {
  double sum = 0;
  for (int i = 0; i < x->n; i++) sum += at_exec_node_flops(x, x->g->node[i]);
  return sum;
}

double at_exec_node_flops(const at_exec *x, const at_node *n) {
  return x->ready && at_exec_owns(x, n) && at_exec_computes(x, n) ? at_op_flops(x, n) : 0;
}

size_t at_exec_node_bytes(const at_exec *x, const at_node *n) {
  return x->ready && at_exec_owns(x, n) && at_exec_computes(x, n)
             ? (size_t)x->slot[n->id].count * sizeof(float)
             : 0;
}
