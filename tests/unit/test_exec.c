/* The executor: gradients, the memory plan, binding. */
#include "cm.h"
#include <malloc.h>
#include "core/base/random.h"
#include "graph_ops.h"

enum { DEPTH = 12, D = 24, ROWS = 7 };

/* A chain with side branches over [row, d] and [word, d]; all traits of operators. */
typedef struct net {
  at_graph *g;
  at_params *p;
  at_node *x, *early, *late, *loss;
} net;

static at_node *must(at_node *n) {
  assert_non_null(n);
  return n;
}

static net make_net(void) {
  net w = {0};
  at_dim dim[2] = {{0, -1, false}, {0, D, false}};
  int row, d;
  assert_int_equal(at_graph_new("t", &w.g, NULL), AT_OK);
  assert_int_equal(at_graph_axis(w.g, "row", AT_BATCH, -1, nowhere, &row, NULL), AT_OK);
  assert_int_equal(at_graph_axis(w.g, "d", AT_FEATURE, -1, nowhere, &d, NULL), AT_OK);
  dim[0].axis = row;
  dim[1].axis = d;
  assert_int_equal(at_graph_input(w.g, "x", AT_REAL, 2, dim, -1, nowhere, &w.x, NULL), AT_OK);
  at_node *v = w.x, *skip = NULL;
  for (int i = 0; i < DEPTH; i++) {
    char scope[16];
    snprintf(scope, sizeof scope, "layer%d", i);
    v = must(t_node(w.g, &t_bias, v, NULL, scope));
    v = must(t_node(w.g, &t_tanh, v, NULL, NULL));
    at_node *seen = must(t_node(w.g, &t_view, v, NULL, NULL));
    at_node *c = must(t_node(w.g, &t_cube, seen, NULL, NULL));
    v = must(t_node(w.g, i % 2 ? &t_mul : &t_add, v, c, NULL));
    if (i == 3) skip = w.early = seen;
    if (i == 8) v = must(t_node(w.g, &t_add, v, skip, NULL));
  }
  w.late = v;
  assert_int_equal(at_graph_output(w.g, "late", v, nowhere, NULL), AT_OK);
  w.loss = must(t_node(w.g, &t_total, must(t_node(w.g, &t_mul, v, v, NULL)), NULL, NULL));
  assert_int_equal(at_graph_set_loss(w.g, w.loss, NULL), AT_OK);
  assert_int_equal(at_params_new(w.g, &w.p, NULL), AT_OK);
  at_params_init(w.p, 7);
  return w;
}

static void free_net(net *w) {
  at_params_free(w->p);
  at_graph_free(w->g);
}

static void fill(float *v, size_t n, uint64_t stream) {
  at_random r = {.seed = 3, .stream = stream};
  for (size_t i = 0; i < n; i++) v[i] = at_random_normal(&r, i);
}

static at_exec *bound(const net *w, at_exec_options o, int64_t rows, const float *data) {
  at_exec *x = NULL;
  at_error err = {0};
  assert_int_equal(at_exec_new(w->g, w->p, &o, &x, &err), AT_OK);
  assert_int_equal(at_exec_size(x, "row", rows, &err), AT_OK);
  assert_int_equal(at_exec_input(x, "x", data, &err), AT_OK);
  if (at_exec_ready(x, &err) != AT_OK) fail_msg("%s", err.message);
  return x;
}

static void step(const net *w, at_exec *x) {
  memset(w->p->grad, 0, w->p->count * sizeof(float));
  at_exec_forward(x, 1, 1, true);
  at_exec_backward(x);
}

static void gradients_agree_with_differences(void **state) {
  (void)state;
  net w = make_net();
  float data[ROWS * D];
  fill(data, ROWS * D, 1);
  at_exec *x = bound(&w, (at_exec_options){.gradients = true, .input_grads = true}, ROWS, data);
  step(&w, x);
  for (int i = 0; i < w.g->n_param; i++) {
    float *v = w.p->value + w.p->offset[i] + 5, kept = *v, eps = 1e-2f;
    double g = w.p->grad[w.p->offset[i] + 5], up, down;
    *v = kept + eps;
    at_exec_forward(x, 1, 1, true);
    up = at_exec_loss(x);
    *v = kept - eps;
    at_exec_forward(x, 1, 1, true);
    down = at_exec_loss(x);
    *v = kept;
    assert_float_equal((up - down) / (2 * (double)eps), g, 0.02 * fabs(g) + 0.02);
  }
  step(&w, x);
  double g = at_exec_input_grad(x, w.x)[11], up;
  data[11] += 1e-2f;
  at_exec_forward(x, 1, 1, true);
  up = at_exec_loss(x);
  data[11] -= 2e-2f;
  at_exec_forward(x, 1, 1, true);
  assert_float_equal((up - at_exec_loss(x)) / 2e-2, g, 0.02 * fabs(g) + 0.02);
  at_exec_free(x);
  free_net(&w);
}

static void reuse_changes_no_bit(void **state) {
  (void)state;
  net w = make_net();
  float data[ROWS * D], *grad = malloc(w.p->count * sizeof(float));
  fill(data, ROWS * D, 1);
  for (int kept = 0; kept < 2; kept++) {
    at_exec_options all = {.gradients = true, .keep_all = true, .input_grads = true};
    at_exec_options tight = {.gradients = true, .poison = true, .input_grads = true};
    at_exec *a = bound(&w, all, ROWS, data), *b = bound(&w, tight, ROWS, data);
    if (kept) {
      assert_int_equal(at_exec_keep(b, w.early, NULL), AT_OK);
      assert_int_equal(at_exec_ready(b, NULL), AT_OK);
    }
    step(&w, a);
    memcpy(grad, w.p->grad, w.p->count * sizeof(float));
    for (int twice = 0; twice < 2; twice++) step(&w, b);
    assert_memory_equal(grad, w.p->grad, w.p->count * sizeof(float));
    assert_memory_equal(at_exec_value(a, w.late), at_exec_value(b, w.late), sizeof data);
    assert_memory_equal(at_exec_input_grad(a, w.x), at_exec_input_grad(b, w.x), sizeof data);
    if (kept)
      assert_memory_equal(at_exec_value(a, w.early), at_exec_value(b, w.early), sizeof data);
    else
      assert_null(at_exec_value(b, w.early));
    assert_true(isfinite(at_exec_loss(b)));
    assert_true(at_exec_bytes(b) < at_exec_bytes(a) * 3 / 4);
    at_exec_free(a);
    at_exec_free(b);
  }
  free(grad);
  free_net(&w);
}

/* ---- values that backward makes again ---- */

static int squares; /* forward passes of `square` */

static void square_forward(at_exec *x, const at_node *n) {
  const float *a = at_x_in(x, n, 0);
  for (int64_t i = 0; i < at_x_count(x, n); i++) at_x_out(x, n)[i] = a[i] * a[i];
  squares++;
}

static void square_backward(at_exec *x, const at_node *n) {
  const float *a = at_x_in(x, n, 0), *dy = at_x_grad_out(x, n);
  float *d = at_x_grad_in(x, n, 0);
  for (int64_t i = 0; d && i < at_x_count(x, n); i++) d[i] += 2 * a[i] * dy[i];
}

/* x -> bias -> square -> a look at it -> by itself and so on; what `flags` say of square. */
static net make_squares(at_op *square, unsigned flags) {
  net w = {0};
  at_dim dim[2] = {{0, -1, false}, {0, D, false}};
  *square = (at_op){.name = "square",
                    .min_in = 1,
                    .max_in = 1,
                    .flags = flags,
                    .infer = t_like_first,
                    .forward = square_forward,
                    .backward = square_backward};
  assert_int_equal(at_graph_new("t", &w.g, NULL), AT_OK);
  assert_int_equal(at_graph_axis(w.g, "row", AT_BATCH, -1, nowhere, &dim[0].axis, NULL), AT_OK);
  assert_int_equal(at_graph_axis(w.g, "d", AT_FEATURE, -1, nowhere, &dim[1].axis, NULL), AT_OK);
  assert_int_equal(at_graph_input(w.g, "x", AT_REAL, 2, dim, -1, nowhere, &w.x, NULL), AT_OK);
  at_node *v = w.x;
  for (int i = 0; i < DEPTH; i++) {
    char scope[16];
    snprintf(scope, sizeof scope, "layer%d", i);
    v = must(t_node(w.g, &t_bias, v, NULL, scope));
    at_node *c = must(t_node(w.g, square, v, NULL, NULL));
    if (i == 3) c = w.early = must(t_node(w.g, square, c, NULL, NULL)); /* of one made again */
    at_node *seen = must(t_node(w.g, &t_view, c, NULL, NULL));
    v = must(t_node(w.g, &t_tanh, must(t_node(w.g, &t_mul, seen, c, NULL)), NULL, NULL));
  }
  w.loss = must(t_node(w.g, &t_total, v, NULL, NULL));
  assert_int_equal(at_graph_set_loss(w.g, w.loss, NULL), AT_OK);
  assert_int_equal(at_params_new(w.g, &w.p, NULL), AT_OK);
  at_params_init(w.p, 7);
  return w;
}

static void cheap_values_are_made_again(void **state) {
  (void)state;
  at_op square[2];
  net dear = make_squares(&square[0], AT_OP_KEEPS_IN);
  net cheap = make_squares(&square[1], AT_OP_KEEPS_IN | AT_OP_CHEAP);
  float data[ROWS * D];
  fill(data, ROWS * D, 1);
  at_exec_options tight = {.gradients = true, .poison = true, .input_grads = true};
  at_exec *a = bound(&dear, tight, ROWS, data), *b = bound(&cheap, tight, ROWS, data);
  squares = 0;
  step(&dear, a);
  assert_int_equal(squares, DEPTH + 1);
  for (int k = 0; k < 2; k++) {
    squares = 0;
    step(&cheap, b);
    assert_int_equal(squares, 2 * (DEPTH + 1));
  }
  assert_memory_equal(dear.p->grad, cheap.p->grad, cheap.p->count * sizeof(float));
  assert_memory_equal(at_exec_input_grad(a, dear.x), at_exec_input_grad(b, cheap.x), sizeof data);
  assert_true(at_exec_bytes(b) < at_exec_bytes(a) * 4 / 5);
  assert_int_equal(at_exec_keep(b, cheap.early, NULL), AT_OK);
  assert_int_equal(at_exec_ready(b, NULL), AT_OK);
  step(&cheap, b);
  assert_memory_equal(dear.p->grad, cheap.p->grad, cheap.p->count * sizeof(float));
  for (size_t i = 0; i < sizeof data / sizeof *data; i++)
    assert_true(isfinite(at_exec_value(b, cheap.early)[i]));
  at_exec_free(a);
  at_exec_free(b);
  free_net(&dear);
  free_net(&cheap);
}

/* ---- several objectives ---- */

enum { TURNS = 3 };

/* x -> a -> b: one moves b, one a, one both; the first does not need the branch c. */
static net make_turns(void) {
  net w = {0};
  at_dim dim[2] = {{0, -1, false}, {0, D, false}};
  const char *const moved[TURNS] = {"b", "a", ""};
  const char *const name[TURNS] = {"first", "second", "third"};
  assert_int_equal(at_graph_new("t", &w.g, NULL), AT_OK);
  assert_int_equal(at_graph_axis(w.g, "row", AT_BATCH, -1, nowhere, &dim[0].axis, NULL), AT_OK);
  assert_int_equal(at_graph_axis(w.g, "d", AT_FEATURE, -1, nowhere, &dim[1].axis, NULL), AT_OK);
  assert_int_equal(at_graph_input(w.g, "x", AT_REAL, 2, dim, -1, nowhere, &w.x, NULL), AT_OK);
  at_node *a = must(t_node(w.g, &t_tanh, must(t_node(w.g, &t_bias, w.x, NULL, "a")), NULL, NULL));
  at_node *b = must(t_node(w.g, &t_tanh, must(t_node(w.g, &t_bias, a, NULL, "b")), NULL, NULL));
  at_node *c = must(t_node(w.g, &t_cube, must(t_node(w.g, &t_bias, a, NULL, "c")), NULL, NULL));
  at_node *of[TURNS] = {b, must(t_node(w.g, &t_mul, b, c, NULL)),
                        must(t_node(w.g, &t_add, b, c, NULL))};
  w.early = a;
  w.late = c;
  for (int k = 0; k < TURNS; k++) {
    at_node *square = must(t_node(w.g, &t_mul, of[k], of[k], NULL));
    at_objective o = {name[k], must(t_node(w.g, &t_total, square, NULL, NULL)), &moved[k], 1,
                      nowhere};
    assert_int_equal(at_graph_add_objective(w.g, &o, NULL), AT_OK);
  }
  assert_int_equal(at_params_new(w.g, &w.p, NULL), AT_OK);
  at_params_init(w.p, 7);
  return w;
}

/* Gradients of each turn behind one another in `grad`; parameters move in between. */
static void descend(const net *w, at_exec *x, bool turns, float *grad) {
  const float one = 1;
  at_params_init(w->p, 7);
  for (int k = 0; k < TURNS; k++) {
    const at_objective *o = &w->g->objective[k];
    memset(w->p->grad, 0, w->p->count * sizeof(float));
    if (turns)
      at_exec_turn(x, k, 1, 1, true);
    else
      at_exec_forward(x, 1, 1, true);
    at_exec_backward_from(x, o->node, &one);
    for (int i = 0; i < w->g->n_param; i++) {
      float *v = w->p->value + w->p->offset[i], *g = w->p->grad + w->p->offset[i];
      const bool moves = at_objective_updates(o, w->g->param[i]);
      for (size_t j = 0; j < w->p->size[i]; j++) {
        if (turns && !moves) assert_true(g[j] == 0);
        g[j] = moves ? g[j] : 0;
        v[j] -= 0.01f * g[j];
      }
    }
    memcpy(grad + (size_t)k * w->p->count, w->p->grad, w->p->count * sizeof(float));
  }
}

static void objectives_take_turns(void **state) {
  (void)state;
  net w = make_turns();
  float data[ROWS * D];
  const size_t bytes = TURNS * w.p->count * sizeof(float);
  float *all = malloc(bytes), *each = malloc(bytes);
  fill(data, ROWS * D, 1);
  at_exec_options whole = {.gradients = true, .keep_all = true};
  at_exec_options turns = {.gradients = true, .poison = true, .turns = true};
  at_exec *x = bound(&w, whole, ROWS, data), *y = bound(&w, turns, ROWS, data);
  descend(&w, x, false, all);
  for (int twice = 0; twice < 2; twice++) descend(&w, y, true, each);
  assert_memory_equal(all, each, bytes);
  for (int k = 0; k < TURNS; k++) {
    const at_node *n = w.g->objective[k].node;
    assert_true(*at_exec_value(y, n) != 0);
    if (k == TURNS - 1) assert_true(*at_exec_value(x, n) == *at_exec_value(y, n));
  }
  assert_true(at_exec_bytes(y) < at_exec_bytes(x));
  at_exec_free(x);
  at_exec_free(y);
  free(all);
  free(each);
  free_net(&w);
}

/* What an earlier turn left behind, and no update made stale, does not run again. */
static void turns_run_what_changed(void **state) {
  (void)state;
  net w = make_turns();
  float data[ROWS * D];
  fill(data, ROWS * D, 1);
  at_exec *x = bound(&w, (at_exec_options){.gradients = true, .turns = true}, ROWS, data);
  const int ran[TURNS] = {6, 7, 9}; /* a, b and a loss; b, c and a loss; a, b, c and a loss */
  for (int k = 0; k < TURNS; k++) {
    at_exec_turn(x, k, 1, 1, true);
    assert_int_equal(at_exec_ran(x, NULL), ran[k]);
  }
  at_exec_free(x);
  free_net(&w);
}

static void backward_starts_at_any_kept_node(void **state) {
  (void)state;
  net w = make_net();
  float data[ROWS * D], weight[ROWS * D], *grad = malloc(w.p->count * sizeof(float));
  fill(data, ROWS * D, 1);
  fill(weight, ROWS * D, 2);
  at_exec_options all = {.gradients = true, .keep_all = true};
  at_exec_options tight = {.gradients = true, .poison = true};
  at_exec *a = bound(&w, all, ROWS, data), *b = bound(&w, tight, ROWS, data);
  assert_int_equal(at_exec_keep(b, w.early, NULL), AT_OK);
  assert_int_equal(at_exec_ready(b, NULL), AT_OK);
  at_exec *both[] = {a, b};
  for (int k = 0; k < 2; k++) {
    memset(w.p->grad, 0, w.p->count * sizeof(float));
    at_exec_forward(both[k], 1, 1, true);
    at_exec_backward_from(both[k], w.early, weight);
    if (!k) memcpy(grad, w.p->grad, w.p->count * sizeof(float));
  }
  assert_memory_equal(grad, w.p->grad, w.p->count * sizeof(float));
  assert_true(grad[w.p->offset[3]] != 0); /* upstream of it */
  assert_true(grad[w.p->offset[4]] == 0); /* downstream */
  at_exec_free(a);
  at_exec_free(b);
  free(grad);
  free_net(&w);
}

static void evaluation_leaves_out_loss_and_gradients(void **state) {
  (void)state;
  net w = make_net();
  float data[ROWS * D];
  fill(data, ROWS * D, 1);
  at_exec *train = bound(&w, (at_exec_options){.gradients = true}, ROWS, data);
  at_exec *eval = bound(&w, (at_exec_options){.no_loss = true, .poison = true}, ROWS, data);
  at_exec_forward(train, 1, 1, false);
  at_exec_forward(eval, 1, 1, false);
  assert_memory_equal(at_exec_value(train, w.late), at_exec_value(eval, w.late), sizeof data);
  assert_true(isnan(at_exec_loss(eval)));
  assert_null(at_exec_value(eval, w.loss));
  assert_true(at_exec_bytes(eval) <= 8 * ROWS * D * sizeof(float));
  at_exec_backward(eval);
  at_exec_free(train);
  at_exec_free(eval);
  free_net(&w);
}

static size_t in_use(void) {
#if defined(__SANITIZE_ADDRESS__) || !defined(__GLIBC__)
  return 0;
#else
  return mallinfo2().uordblks;
#endif
}

static void warm_steps_allocate_nothing(void **state) {
  (void)state;
  net w = make_net();
  float data[ROWS * D];
  fill(data, ROWS * D, 1);
  at_exec *x = bound(&w, (at_exec_options){.gradients = true}, ROWS, data);
  step(&w, x);
  size_t before = in_use(), bytes = at_exec_bytes(x);
  for (int64_t rows = 1; rows <= ROWS; rows++) {
    assert_int_equal(at_exec_size(x, "row", rows, NULL), AT_OK);
    assert_int_equal(at_exec_input(x, "x", data, NULL), AT_OK);
    assert_int_equal(at_exec_ready(x, NULL), AT_OK);
    step(&w, x);
    assert_int_equal(in_use(), before);
  }
  assert_int_equal(at_exec_bytes(x), bytes);
  at_exec_free(x);
  free_net(&w);
}

static void rejects(at_status s, const at_error *err, const char *part) {
  assert_int_equal(s, AT_EINPUT);
  if (!strstr(err->message, part)) fail_msg("\"%s\" does not say \"%s\"", err->message, part);
}

/* A changed value, and what depends on it: the same bits as in a whole pass with that value. */
static void a_changed_value_runs_again_below_alone(void **state) {
  (void)state;
  net w = make_net();
  float data[ROWS * D], other[ROWS * D], value[ROWS * D], late[ROWS * D];
  fill(data, ROWS * D, 1);
  fill(other, ROWS * D, 2);
  at_exec_options o = {.keep_all = true, .no_loss = true};
  at_exec *whole = bound(&w, o, ROWS, other), *x = bound(&w, o, ROWS, data);
  double all, some;
  at_exec_forward(whole, 1, 1, true);
  at_exec_forward(x, 1, 1, true);
  int ran = at_exec_ran(x, &all);
  memcpy(late, at_exec_value(x, w.late), sizeof late);
  /* `early` looks at a value with other dims: both readers of that value run again. */
  memcpy(value, at_exec_value(whole, w.early), sizeof value);
  assert_true(at_exec_again(x, w.early, value));
  assert_memory_equal(at_exec_value(x, w.late), at_exec_value(whole, w.late), sizeof late);
  int below = at_exec_ran(x, &some);
  assert_true(below < ran - 3 * 2 && below > 0);
  assert_true(some < all && some > 0);
  at_exec_forward(x, 1, 1, true);
  assert_memory_equal(at_exec_value(x, w.late), late, sizeof late);
  assert_int_equal(at_exec_ran(x, NULL), ran);
  assert_false(at_exec_again(x, w.x, value));
  at_exec *tight = bound(&w, (at_exec_options){.no_loss = true}, ROWS, data);
  at_exec_forward(tight, 1, 1, true);
  assert_false(at_exec_again(tight, w.late, value));
  at_exec_free(tight);
  at_exec_free(whole);
  at_exec_free(x);
  free_net(&w);
}

static void gradients_of_kept_values_agree_with_differences(void **state) {
  (void)state;
  net w = make_net();
  float data[ROWS * D], value[ROWS * D], weight[ROWS * D], grad[ROWS * D];
  fill(data, ROWS * D, 1);
  fill(weight, ROWS * D, 2);
  for (int i = 0; i < w.g->n_param; i++) w.g->param[i]->frozen = true; /* wanted all the same */
  at_exec *x = bound(&w, (at_exec_options){.keep_all = true, .gradients = true}, ROWS, data);
  assert_int_equal(at_exec_keep_grad(x, w.early, NULL), AT_OK);
  assert_int_equal(at_exec_ready(x, NULL), AT_OK);
  assert_null(at_exec_grad(x, w.early));
  at_exec_forward(x, 1, 1, false);
  memcpy(value, at_exec_value(x, w.early), sizeof value);
  assert_true(at_exec_backward_to(x, w.late, weight, w.early));
  memcpy(grad, at_exec_grad(x, w.early), sizeof grad);
  for (int i = 0; i < ROWS * D; i += 17) {
    double y[2] = {0, 0};
    const float kept = value[i], eps = 1e-2f;
    for (int side = 0; side < 2; side++) {
      value[i] = kept + (side ? eps : -eps);
      assert_true(at_exec_again(x, w.early, value));
      for (int k = 0; k < ROWS * D; k++)
        y[side] += (double)weight[k] * (double)at_exec_value(x, w.late)[k];
    }
    value[i] = kept;
    double g = (y[1] - y[0]) / (2 * (double)eps);
    assert_float_equal(g, grad[i], 0.02 * fabs(g) + 0.02);
  }
  at_exec_free(x);
  free_net(&w);
}

static void bad_bindings_are_explained(void **state) {
  (void)state;
  net w = make_net();
  at_exec *x = NULL;
  at_error err = {0};
  float data[ROWS * D] = {0};
  assert_int_equal(at_exec_new(w.g, w.p, NULL, &x, &err), AT_OK);
  assert_int_equal(at_exec_input(x, "x", data, &err), AT_OK);
  rejects(at_exec_ready(x, &err), &err, "batch axis `row` has no size in this batch");
  rejects(at_exec_size(x, "rows", 3, &err), &err, "did you mean `row`?");
  rejects(at_exec_size(x, "row", 0, &err), &err, "cannot have the size 0");
  rejects(at_exec_size(x, "d", 3, &err), &err, "is a feature axis");
  rejects(at_exec_input(x, "y", data, &err), &err, "no input `y`");
  at_exec_size(x, "row", ROWS, NULL);
  at_exec_input(x, "x", NULL, NULL);
  rejects(at_exec_ready(x, &err), &err, "input `x` has no data");
  at_exec_free(x);
  x = NULL;
  rejects(at_exec_new(w.g, NULL, NULL, &x, &err), &err, "another model");
  assert_null(x);
  free_net(&w);
}

static void ragged_axes_and_tokens_are_checked(void **state) {
  (void)state;
  at_graph *g = NULL;
  at_exec *x = NULL;
  at_error err = {0};
  int caption, word;
  at_node *in, *out;
  assert_int_equal(at_graph_new("t", &g, NULL), AT_OK);
  at_graph_axis(g, "caption", AT_BATCH, -1, nowhere, &caption, NULL);
  at_graph_axis(g, "word", AT_SEQUENCE, caption, nowhere, &word, NULL);
  at_dim dim = {word, -1, false};
  at_graph_input(g, "text", AT_TOKEN, 1, &dim, 10, nowhere, &in, NULL);
  out = must(t_node(g, &t_view, in, NULL, NULL));
  at_graph_output(g, "same", out, nowhere, NULL);
  assert_int_equal(at_exec_new(g, NULL, NULL, &x, &err), AT_OK);
  const int64_t good[] = {0, 2, 5}, empty[] = {0, 2, 2}, late[] = {1, 2, 3};
  int32_t ids[] = {1, 2, 3, 9, 0};
  rejects(at_exec_ragged(x, "word", empty, 2, &err), &err, "row 1 of `word` is empty");
  rejects(at_exec_ragged(x, "word", late, 2, &err), &err, "begin with 1");
  rejects(at_exec_ragged(x, "caption", good, 2, &err), &err, "takes no offsets");
  at_exec_input(x, "text", ids, NULL);
  rejects(at_exec_ready(x, &err), &err, "ragged axis `word` has no offsets");
  assert_int_equal(at_exec_ragged(x, "word", good, 2, &err), AT_OK);
  assert_int_equal(at_exec_ready(x, &err), AT_OK);
  assert_int_equal(at_x_axis_size(x, caption), 2);
  assert_int_equal(at_x_axis_size(x, word), 5);
  assert_ptr_equal(at_exec_value(x, out), ids);
  at_exec_size(x, "caption", 3, NULL);
  rejects(at_exec_ready(x, &err), &err, "has the size 3, but `word` has offsets for 2 rows");
  at_exec_size(x, "caption", 2, NULL);
  ids[3] = 10;
  rejects(at_exec_ready(x, &err), &err, "holds the id 10 at place 3; the vocabulary has 10 ids");
  ids[3] = -1;
  rejects(at_exec_ready(x, &err), &err, "the id -1 at place 3");
  at_exec_free(x);
  at_graph_free(g);
}

static void parameters_are_drawn_by_name(void **state) {
  (void)state;
  net a = make_net(), b = make_net();
  assert_memory_equal(a.p->value, b.p->value, a.p->count * sizeof(float));
  for (int i = 0; i < a.g->n_param; i++) assert_int_equal(a.p->offset[i] % 16, 0);
  for (size_t i = D; i < 32; i++) assert_true(a.p->value[i] == 0); /* padding */
  at_params_init(b.p, 8);
  assert_memory_not_equal(a.p->value, b.p->value, a.p->count * sizeof(float));
  assert_true(a.p->value[a.p->offset[0]] != a.p->value[a.p->offset[1]]);
  free_net(&a);
  free_net(&b);
}

/* A parameter of each kind, of more numbers than a thread draws at once. */
enum { MANY = 40001 };
static at_status drawn_infer(at_graph *g, at_node *n, at_error *err) {
  static const char *const name[] = {
      [AT_INIT_ZERO] = "z", [AT_INIT_CONST] = "c", [AT_INIT_UNIFORM] = "u", [AT_INIT_NORMAL] = "n"};
  const int64_t many = MANY;
  at_status s = t_like_first(g, n, err);
  for (int k = AT_INIT_ZERO; s == AT_OK && k <= AT_INIT_NORMAL; k++)
    s = at_node_parameter(g, n, name[k], 1, &many, (at_init){.kind = k, .scale = 0.37}, err);
  return s;
}
static const at_op t_drawn = {
    .name = "t_drawn", .min_in = 1, .max_in = 1, .flags = AT_OP_ALIAS, .infer = drawn_infer};

static float number_of(const at_node *n, uint64_t seed, uint64_t i) {
  const at_random r = {.seed = seed, .stream = at_hash_name(n->pname)};
  switch (n->init.kind) {
    case AT_INIT_UNIFORM:
      return (float)((2.0 * (double)at_random_uniform(&r, i) - 1.0) * n->init.scale);
    case AT_INIT_NORMAL: return (float)((double)at_random_normal(&r, i) * n->init.scale);
    case AT_INIT_CONST: return (float)n->init.scale;
    default: return 0;
  }
}

static void parameters_are_the_same_for_any_threads(void **state) {
  (void)state;
  at_graph *g;
  at_params *p;
  at_node *x;
  int row;
  assert_int_equal(at_graph_new("t", &g, NULL), AT_OK);
  assert_int_equal(at_graph_axis(g, "row", AT_BATCH, -1, nowhere, &row, NULL), AT_OK);
  const at_dim dim = {row, -1, false};
  assert_int_equal(at_graph_input(g, "x", AT_REAL, 1, &dim, -1, nowhere, &x, NULL), AT_OK);
  must(t_node(g, &t_drawn, x, NULL, "s"));
  assert_int_equal(g->n_param, 4);
  assert_int_equal(at_params_new(g, &p, NULL), AT_OK);
  for (int threads = 0; threads <= 3; threads++) {
    at_pool *pool = NULL;
    if (threads) assert_int_equal(at_pool_new(threads, &pool, NULL), AT_OK);
    memset(p->value, 0xff, p->count * sizeof *p->value);
    at_params_init_on(p, (uint64_t)(7 + threads), pool);
    for (int k = 0; k < g->n_param; k++)
      for (uint64_t i = 0; i < MANY; i++) {
        const float want = number_of(g->param[k], (uint64_t)(7 + threads), i);
        assert_memory_equal(&p->value[p->offset[k] + i], &want, sizeof want);
      }
    at_pool_free(pool);
  }
  at_params_free(p);
  at_graph_free(g);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(gradients_agree_with_differences),
      cmocka_unit_test(objectives_take_turns),
      cmocka_unit_test(turns_run_what_changed),
      cmocka_unit_test(reuse_changes_no_bit),
      cmocka_unit_test(cheap_values_are_made_again),
      cmocka_unit_test(backward_starts_at_any_kept_node),
      cmocka_unit_test(evaluation_leaves_out_loss_and_gradients),
      cmocka_unit_test(warm_steps_allocate_nothing),
      cmocka_unit_test(a_changed_value_runs_again_below_alone),
      cmocka_unit_test(gradients_of_kept_values_agree_with_differences),
      cmocka_unit_test(bad_bindings_are_explained),
      cmocka_unit_test(ragged_axes_and_tokens_are_checked),
      cmocka_unit_test(parameters_are_drawn_by_name),
      cmocka_unit_test(parameters_are_the_same_for_any_threads),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
