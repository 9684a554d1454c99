/* Tables whose gradient is kept by rows: the same steps as with the whole gradient, and those of
 * SparseAdam where only the rows of a batch shall move. */
#include "cm.h"
#include "core/train/optimizer.h"
#include "graph_text.h"

enum { V = 41, E = 4, WORDS = 6, ITEMS = 3 };

static const char ONE[] =
    "model m {\n"
    "  input word: token(41) [item, place: sequence = 6]\n"
    "  input x: real [item, f = 4]\n"
    "  let e = word |> embed(-> e = 4, scale = 1)\n"
    "  let y = e |> mean(place) |> linear(e -> f = 4)\n"
    "  output y\n"
    "  loss (y - x) |> square |> mean_all\n"
    "}";
static const char TIED[] =
    "model m {\n"
    "  input word: token(41) [item, place: sequence = 6]\n"
    "  input x: real [item, f = 4]\n"
    "  input other: token(41) [item, place]\n"
    "  instance table = embed(-> e = 4)\n"
    "  let a = table(word) |> mean(place)\n"
    "  let b = table(other) |> max(place)\n"
    "  output a\n"
    "  loss (a * b) |> square |> mean_all\n"
    "}";
/* Parameters of sizes that fill no line of memory, and one that no loss reads. */
static const char ODD[] =
    "model m {\n"
    "  input word: token(41) [item, place: sequence = 6]\n"
    "  input x: real [item, f = 4]\n"
    "  let e = word |> embed(-> e = 4, scale = 1)\n"
    "  let y = e |> mean(place) |> linear(e -> wide = 9001) |> relu |> linear(wide -> f = 4)\n"
    "  output y\n"
    "  output idle = x |> linear(f -> g = 17)\n"
    "  loss (y - x) |> square |> mean_all\n"
    "}";
static const char FROZEN[] =
    "model m {\n"
    "  input word: token(41) [item, place: sequence = 6]\n"
    "  input x: real [item, f = 4]\n"
    "  let e = word |> embed(-> e = 4, frozen = true)\n"
    "  let y = e |> mean(place) |> linear(e -> f = 4)\n"
    "  output y\n"
    "  loss (y - x) |> square |> mean_all\n"
    "}";

typedef struct world {
  at_graph *g;
  at_params *p;
  at_optimizer *o;
  at_exec *x;
  at_pool *pool;
} world;

static world open_planned(const char *text, const at_adam *adam, bool rows, int threads,
                          bool planned) {
  at_error err = {0};
  world w = {.g = model(text, AT_PASS_ALL)};
  at_exec_options o = {.gradients = true, .poison = true, .plan_grads = planned};
  assert_int_equal(at_pool_new(threads, &w.pool, &err), AT_OK);
  o.pool = w.pool;
  if (at_params_new(w.g, &w.p, &err) || (rows && at_params_by_rows(w.p, w.g, &err)) ||
      at_optimizer_new(w.p, adam, &w.o, &err) || at_exec_new(w.g, w.p, &o, &w.x, &err))
    fail_msg("%s", err.message);
  at_params_init(w.p, 5);
  return w;
}

static world open_world(const char *text, const at_adam *adam, bool rows, int threads) {
  return open_planned(text, adam, rows, threads, false);
}

static void close_world(world *w) {
  at_exec_free(w->x);
  at_optimizer_free(w->o);
  at_params_free(w->p);
  at_graph_free(w->g);
  at_pool_free(w->pool);
}

static int table_of(const world *w) {
  for (int i = 0; i < w->g->n_param; i++)
    if (w->g->param[i]->ndim == 2 && w->g->param[i]->dim[0].size == V) return i;
  fail();
  return -1;
}

/* Gradients of a batch of its own for each t; words come up several times. */
static void gradients(world *w, int t) {
  static int32_t word[ITEMS * WORDS];
  static float x[ITEMS * E];
  at_error err = {0};
  for (int i = 0; i < ITEMS * WORDS; i++) word[i] = (i % 11 * (i % 11) * 7 + t * 11) % V;
  for (int i = 0; i < ITEMS * E; i++) x[i] = (float)((i * 5 + t * 3) % 13) / 4 - 1;
  assert_int_equal(at_exec_size(w->x, "item", ITEMS, &err), AT_OK);
  for (int i = 0; i < w->g->n_input; i++) {
    const at_node *in = w->g->input[i];
    const void *v = in->type == AT_TOKEN ? (const void *)word : x;
    if (at_exec_input(w->x, in->name, v, &err)) fail_msg("%s", err.message);
  }
  if (at_exec_ready(w->x, &err)) fail_msg("%s", err.message);
  at_exec_forward(w->x, 1, (uint64_t)t, true);
  at_exec_backward(w->x);
}

static void same_steps(const at_adam *adam, double slack) {
  world whole = open_world(ONE, adam, false, 1), rows = open_world(ONE, adam, true, 3);
  const at_rows *r = &rows.p->rows[table_of(&rows)];
  assert_int_equal(r->count, V);
  for (int t = 0; t < 6; t++) {
    gradients(&whole, t);
    gradients(&rows, t);
    assert_true(r->n > 1 && r->n < ITEMS * WORDS);
    for (int64_t k = 1; k < r->n; k++) assert_true(r->row[k - 1] < r->row[k]);
    const double a = at_optimizer_step(whole.o, NULL, 0.01),
                 b = at_optimizer_step(rows.o, rows.pool, 0.01);
    assert_true(fabs(a - b) <= 1e-12 * a);
    assert_int_equal(r->n, 0);
  }
  const float *a[] = {whole.p->value, whole.o->m, whole.o->v};
  const float *b[] = {rows.p->value, rows.o->m, rows.o->v};
  for (size_t i = 0; i < whole.p->count; i++) assert_true(rows.p->grad[i] == 0);
  for (int k = 0; k < 3; k++) {
    if (slack == 0) assert_memory_equal(a[k], b[k], whole.p->count * sizeof(float));
    for (size_t i = 0; i < whole.p->count; i++)
      assert_true(fabs(a[k][i] - b[k][i]) <= slack * (fabs(a[k][i]) + 1e-6));
  }
  close_world(&whole);
  close_world(&rows);
}

static void test_every_row_moves_as_before(void **state) {
  at_adam adam = at_adam_defaults();
  (void)state;
  same_steps(&adam, 0);
  adam.decay = 0.2;
  same_steps(&adam, 0);
  adam.clip = 0.01; /* the norm adds up in another order */
  same_steps(&adam, 1e-5);
}

/* A second pass before the update adds to the rows that are there, and makes more. */
static void test_passes_add_up(void **state) {
  const at_adam adam = at_adam_defaults();
  world whole = open_world(ONE, &adam, false, 1), rows = open_world(ONE, &adam, true, 1);
  const int i = table_of(&rows);
  const at_rows *r = &rows.p->rows[i];
  (void)state;
  for (int t = 0; t < 3; t++) {
    gradients(&whole, t);
    gradients(&rows, t);
  }
  for (int64_t row = 0; row < V; row++)
    for (int64_t c = 0; c < E; c++) {
      const float given =
          r->place[row] < 0 ? 0 : rows.p->grad[rows.p->offset[i] + (size_t)(r->place[row] * E + c)];
      assert_true(given == whole.p->grad[whole.p->offset[i] + (size_t)(row * E + c)]);
    }
  close_world(&whole);
  close_world(&rows);
}

static void same_bits(const world *a, const world *b) {
  const size_t bytes = a->p->count * sizeof(float);
  assert_memory_equal(a->p->value, b->p->value, bytes);
  assert_memory_equal(a->o->m, b->o->m, bytes);
  assert_memory_equal(a->o->v, b->o->v, bytes);
}

/* Gradients in the plan's block, and that nobody reads, move weights to the same bits. */
static void test_planned_gradients(void **state) {
  const at_adam adam = {.beta1 = 0.9, .beta2 = 0.99, .eps = 1e-8, .clip = 0.01, .decay = 0.2};
  (void)state;
  for (int rows = 0; rows < 2; rows++) {
    world own = open_world(ODD, &adam, rows, 1), planned = open_planned(ODD, &adam, rows, 3, true);
    for (int t = 0; t < 4; t++) {
      gradients(&own, t);
      gradients(&planned, t);
      int given = 0;
      for (int i = 0; i < planned.g->n_param; i++) given += planned.p->grad_of[i] != NULL;
      assert_int_equal(given, planned.g->n_param - 2);
      const double norm = at_optimizer_step(own.o, NULL, 0.01);
      assert_true(norm > adam.clip);
      assert_true(norm == at_optimizer_step(planned.o, planned.pool, 0.01));
      for (int i = 0; i < planned.g->n_param; i++) assert_null(planned.p->grad_of[i]);
      same_bits(&own, &planned);
    }
    for (size_t i = 0; i < planned.p->count; i++) assert_true(planned.p->grad[i] == 0);
    gradients(&planned, 1);
    planned.p->grad_of[0][1] = NAN;
    assert_true(isnan(at_optimizer_step(planned.o, planned.pool, 0.01)));
    assert_null(planned.p->grad_of[0]);
    same_bits(&own, &planned);
    close_world(&own);
    close_world(&planned);
  }
}

/* The norm of gradients, in sums over blocks of the parameters' own order, whatever lies between:
 * the square of each is added to that of every 32nd of its block. */
static void test_norm_in_lanes(void **state) {
  enum { BLOCK = 1 << 15, LANES = 32 };
  const at_adam adam = at_adam_defaults();
  world w = open_world(ODD, &adam, false, 2);
  double sum = 0;
  (void)state;
  gradients(&w, 2);
  for (size_t b = 0; b < w.p->count; b += BLOCK) {
    double lane[LANES] = {0}, part = 0;
    for (size_t i = b; i < b + BLOCK && i < w.p->count; i++)
      lane[(i - b) % LANES] += (double)w.p->grad[i] * (double)w.p->grad[i];
    for (int k = 0; k < LANES; k++) part += lane[k];
    sum += part;
  }
  assert_true(sqrt(sum) == at_optimizer_step(w.o, w.pool, 0.01));
  close_world(&w);
}

static void test_tables_kept_whole(void **state) {
  const at_adam adam = at_adam_defaults();
  world tied = open_world(TIED, &adam, true, 1), frozen = open_world(FROZEN, &adam, true, 1);
  (void)state;
  assert_int_equal(tied.p->rows[table_of(&tied)].count, 0);
  assert_int_equal(frozen.p->rows[table_of(&frozen)].count, 0);
  gradients(&tied, 1);
  gradients(&frozen, 1);
  assert_true(at_optimizer_step(tied.o, NULL, 0.1) > 0);
  assert_true(at_optimizer_step(frozen.o, NULL, 0.1) > 0);
  close_world(&tied);
  close_world(&frozen);
}

static void test_not_finite(void **state) {
  const at_adam adam = at_adam_defaults();
  world w = open_world(ONE, &adam, true, 1);
  const int i = table_of(&w);
  (void)state;
  gradients(&w, 1);
  w.p->grad[w.p->offset[i] + 1] = NAN;
  assert_true(isnan(at_optimizer_step(w.o, NULL, 0.1)));
  assert_int_equal(w.p->rows[i].n, 0);
  for (size_t k = 0; k < w.p->count; k++) assert_true(w.p->grad[k] == 0);
  close_world(&w);
}

/* Four steps of torch.optim.SparseAdam (PyTorch 1.13.0) from w[r][c] = (r * 4 + c) / 16 - 0.8 over
 * seven rows, lr 0.05, betas 0.9 and 0.99, eps 0.01; the gradient of row r in step t is
 * ((r * 5 + c * 3 + t * 7) mod 11 - 5) / 8. Rows 0, 2 and 5 have none. */
static void test_sparse_adam_of_torch(void **state) {
  enum { ROWS = 7 };
  static const int32_t batch[4][2] = {{1, 3}, {3, 6}, {1, 6}, {3, 4}};
  static const int moved[] = {1, 3, 4, 6};
  static const float value[][E] = {{-0.575102925F, -0.515931785F, -0.348354876F, -0.318382442F},
                                   {0.048655007F, -0.027424857F, -0.038530279F, 0.180020973F},
                                   {0.177215189F, 0.28737995F, 0.345614821F, 0.371466219F},
                                   {0.752431452F, 0.737739623F, 0.763227224F, 0.909669578F}};
  static const float first[][E] = {{0.0375000015F, -0.0287500024F, -0.081249997F, -0.00999999978F},
                                   {-0.0913750082F, 0.0102499984F, 0.111874998F, -0.035374999F},
                                   {0.0375000015F, -0.0625F, -0.0250000004F, 0.0125000002F},
                                   {-0.0737500042F, -0.00250000134F, 0.0687500015F, 0.0162500031F}};
  static const float second[][E] = {
      {0.00140624994F, 0.00529843755F, 0.00449218741F, 0.000774999964F},
      {0.00464532804F, 0.00138756249F, 0.0064832028F, 0.00635326561F},
      {0.00140624994F, 0.00390625F, 0.000624999986F, 0.000156249997F},
      {0.00406093756F, 0.00124374998F, 0.00402343739F, 0.00389218749F}};
  const at_adam adam = {.beta1 = 0.9, .beta2 = 0.99, .eps = 0.01, .touched = true};
  world w = open_world(ONE, &adam, true, 2);
  const int i = table_of(&w);
  at_rows *r = &w.p->rows[i];
  float *x = w.p->value + w.p->offset[i], *g = w.p->grad + w.p->offset[i];
  (void)state;
  for (int k = 0; k < ROWS * E; k++) x[k] = (float)k / 16 - 0.8F;
  for (int t = 0; t < 4; t++) {
    at_rows_add(r, batch[t], 2);
    for (int64_t k = 0; k < r->n; k++)
      for (int c = 0; c < E; c++)
        g[k * E + c] = (float)((r->row[k] * 5 + c * 3 + t * 7) % 11 - 5) / 8;
    at_optimizer_step(w.o, w.pool, 0.05);
  }
  for (int k = 0; k < 4; k++)
    for (int c = 0; c < E; c++) {
      const size_t at = (size_t)(moved[k] * E + c), of = w.p->offset[i] + at;
      assert_true(fabsf(x[at] - value[k][c]) <= 2e-7F);
      assert_true(fabsf(w.o->m[of] - first[k][c]) <= 1e-6F * fabsf(first[k][c]) + 1e-9F);
      assert_true(fabsf(w.o->v[of] - second[k][c]) <= 2e-6F * second[k][c]);
    }
  for (int c = 0; c < E; c++) {
    assert_true(x[2 * E + c] == (float)(2 * E + c) / 16 - 0.8F);
    assert_true(w.o->m[w.p->offset[i] + 5 * E + (size_t)c] == 0);
  }
  close_world(&w);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_every_row_moves_as_before),
      cmocka_unit_test(test_passes_add_up),
      cmocka_unit_test(test_tables_kept_whole),
      cmocka_unit_test(test_not_finite),
      cmocka_unit_test(test_sparse_adam_of_torch),
      cmocka_unit_test(test_planned_gradients),
      cmocka_unit_test(test_norm_in_lanes),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
