/* What operators see of the executor that runs them. */
#include "core/graph/exec_impl.h"

const at_graph *at_x_graph(const at_exec *x) { return x->g; }
at_pool *at_x_pool(const at_exec *x) { return x->o.pool; }
bool at_x_training(const at_exec *x) { return x->training; }
bool at_x_gradients(const at_exec *x) { return x->o.gradients; }
bool at_x_given(const at_exec *x) { return x->o.keep_all; }

bool at_x_counts(const at_exec *x, const at_node *n) {
  const at_turns before = ((at_turns)1 << x->turn) - 1;
  return x->training && !x->backward && !(x->slot[n->id].run & before);
}
bool at_x_again(const at_exec *x, const at_node *n) { return x->backward && !x->slot[n->id].anew; }
uint64_t at_x_seed(const at_exec *x) { return x->seed; }
uint64_t at_x_step(const at_exec *x) { return x->step; }

int64_t at_x_dim(const at_exec *x, const at_node *n, int dim) {
  const at_dim *d = &n->dim[dim];
  if (d->size >= 0 || d->axis < 0) return d->size;
  return d->padded ? x->axis[d->axis].longest : x->axis[d->axis].size;
}

int64_t at_x_count(const at_exec *x, const at_node *n) { return x->slot[n->id].count; }

const int64_t *at_x_offsets(const at_exec *x, int axis) {
  if (axis < 0 || axis >= x->g->n_axis || x->g->axis[axis].parent < 0) return NULL;
  return x->axis[x->axis[axis].from].offsets;
}

int64_t at_x_axis_size(const at_exec *x, int axis) {
  return axis < 0 || axis >= x->g->n_axis ? -1 : x->axis[axis].size;
}

const float *at_x_in(const at_exec *x, const at_node *n, int i) {
  return x->slot[n->in[i]->id].value;
}

const int32_t *at_x_in_tokens(const at_exec *x, const at_node *n, int i) {
  return x->slot[n->in[i]->id].value;
}

float *at_x_out(const at_exec *x, const at_node *n) { return x->slot[n->id].value; }
const float *at_x_grad_out(const at_exec *x, const at_node *n) { return x->slot[n->id].grad; }

float *at_x_grad_in(const at_exec *x, const at_node *n, int i) {
  const at_slot *s = &x->slot[n->in[i]->id];
  return at_exec_now(x, s->want) ? s->grad : NULL;
}

at_rows *at_x_rows(const at_exec *x, const at_node *parameter) {
  at_rows *r = &x->params->rows[parameter->param];
  return r->count ? r : NULL;
}

void *at_x_saved(const at_exec *x, const at_node *n) { return x->slot[n->id].saved; }

void *at_x_scratch(const at_exec *x, const at_node *n) {
  return x->slot[n->id].scratch[x->backward];
}

at_around at_x_around(const at_exec *x, const at_node *n, int dim) {
  at_around a = {1, at_x_dim(x, n, dim), 1};
  for (int i = 0; i < dim; i++) a.outer *= at_x_dim(x, n, i);
  for (int i = dim + 1; i < n->ndim; i++) a.inner *= at_x_dim(x, n, i);
  return a;
}

void at_exec_tails(const at_exec *x, const at_node *n, const float *v, at_tail_fn *fn, void *ctx) {
  for (int d = 0; d < n->ndim; d++) {
    int packed = at_node_packed(x->g, n, d);
    if (packed < 0) continue;
    const int64_t *rows = at_x_offsets(x, n->dim[packed].axis);
    const int64_t *items = at_x_offsets(x, n->dim[d].axis);
    at_around around = at_x_around(x, n, d), outer = at_x_around(x, n, packed);
    int64_t between = outer.inner / (around.n * around.inner);
    int64_t parents = at_x_axis_size(x, x->g->axis[n->dim[d].axis].parent);
    for (int64_t o = 0; o < outer.outer; o++)
      for (int64_t p = 0; p < parents; p++) {
        int64_t n_items = items[p + 1] - items[p];
        for (int64_t r = rows[p] * between; r < rows[p + 1] * between; r++)
          fn(ctx, v + ((o * outer.n * between + r) * around.n + n_items) * around.inner,
             (around.n - n_items) * around.inner);
      }
  }
}
