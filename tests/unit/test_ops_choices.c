/* Weights that leave alternatives out, and items picked by tokens, against twins that follow the
 * definitions in double: thresholds by halving, the greatest by looking again and again. */
#include "cm.h"
#include "core/base/random.h"
#include "core/graph/exec.h"

enum { ROWS = 3, ITEMS = 23, DEPTH = 70, MOST = ROWS * ITEMS * DEPTH };
static const at_span nowhere = {-1, 0, 0};
static const int64_t offsets[ROWS + 1] = {0, 1, 12, 23};

typedef struct bench {
  at_graph *g;
  at_params *params;
  at_exec *x;
  at_node *in, *out;
  int row, item, word, place, deep;
} bench;

static void open_graph(bench *b) {
  memset(b, 0, sizeof *b);
  assert_int_equal(at_graph_new("choices", &b->g, NULL), AT_OK);
  assert_int_equal(at_graph_axis(b->g, "row", AT_BATCH, -1, nowhere, &b->row, NULL), AT_OK);
  assert_int_equal(at_graph_axis(b->g, "item", AT_SEQUENCE, -1, nowhere, &b->item, NULL), AT_OK);
  assert_int_equal(at_graph_axis(b->g, "word", AT_SEQUENCE, b->row, nowhere, &b->word, NULL),
                   AT_OK);
  assert_int_equal(at_graph_axis(b->g, "deep", AT_FEATURE, -1, nowhere, &b->deep, NULL), AT_OK);
  assert_int_equal(at_graph_axis(b->g, "place", AT_SEQUENCE, -1, nowhere, &b->place, NULL), AT_OK);
}

static at_node *input(bench *b, const char *name, at_vtype type, int ndim, const at_dim *dim) {
  at_node *n;
  assert_int_equal(at_graph_input(b->g, name, type, ndim, dim, -1, nowhere, &n, NULL), AT_OK);
  return n;
}

static void start(bench *b) {
  at_error err = {0};
  const at_exec_options o = {.gradients = true, .input_grads = true};
  assert_int_equal(at_graph_output(b->g, "out", b->out, nowhere, NULL), AT_OK);
  assert_int_equal(at_params_new(b->g, &b->params, &err), AT_OK);
  if (at_exec_new(b->g, b->params, &o, &b->x, &err)) fail_msg("%s", err.message);
  assert_int_equal(at_exec_size(b->x, "row", ROWS, &err), AT_OK);
  at_exec_ragged(b->x, "word", offsets, ROWS, NULL); /* refused where no value has words */
}

static void close_bench(bench *b) {
  at_exec_free(b->x);
  at_params_free(b->params);
  at_graph_free(b->g);
}

static at_arg axis_arg(int axis) { return (at_arg){.set = true, .n_axes = 1, .axis = {axis}}; }
static at_arg num(double v) { return (at_arg){.set = true, .num = v}; }

/* ---- weights ---- */

/* Weights of n scores z, sharpness included. */
typedef void twin_fn(const double *z, double *y, int n, int k);

static double power_above(const double *z, int n, double t, bool square) {
  double sum = 0;
  for (int i = 0; i < n; i++) {
    double r = z[i] > t ? z[i] - t : 0;
    sum += square ? r * r : r;
  }
  return sum;
}

static void by_halving(const double *z, double *y, int n, bool square) {
  double hi = z[0];
  for (int i = 1; i < n; i++) hi = fmax(hi, z[i]);
  double lo = hi - 1;
  for (int turn = 0; turn < 100; turn++) {
    double t = (lo + hi) / 2;
    if (power_above(z, n, t, square) > 1)
      lo = t;
    else
      hi = t;
  }
  for (int i = 0; i < n; i++) y[i] = power_above(z + i, 1, lo, square);
}

static void sparsemax_twin(const double *z, double *y, int n, int k) {
  (void)k;
  by_halving(z, y, n, false);
}

static void entmax15_twin(const double *z, double *y, int n, int k) {
  double half[ITEMS];
  (void)k;
  for (int i = 0; i < n; i++) half[i] = z[i] / 2;
  by_halving(half, y, n, true);
}

static void topk_twin(const double *z, double *y, int n, int k) {
  double sum = 0;
  int first = -1;
  for (int i = 0; i < n; i++) y[i] = 0;
  for (int turn = 0; turn < k && turn < n; turn++) {
    int best = -1;
    for (int i = 0; i < n; i++)
      if (y[i] == 0 && (best < 0 || z[i] > z[best])) best = i;
    if (first < 0) first = best;
    y[best] = fmax(exp(z[best] - z[first]), 1e-300); /* taken, however small */
    sum += y[best];
  }
  for (int i = 0; i < n; i++) y[i] /= sum;
}

static void hardmax_twin(const double *z, double *y, int n, int k) {
  (void)k;
  topk_twin(z, y, n, 1);
}

static const struct weigher {
  const char *op;
  twin_fn *twin;
  int k;
  double sharpness;
} WEIGHERS[] = {{"sparsemax", sparsemax_twin, 0, 1}, {"sparsemax", sparsemax_twin, 0, 0.05},
                {"entmax15", entmax15_twin, 0, 1},   {"entmax15", entmax15_twin, 0, 0.1},
                {"topk", topk_twin, 1, 2},           {"topk", topk_twin, 5, 1},
                {"topk", topk_twin, 20, 3},          {"hardmax", hardmax_twin, 0, 1}};
enum { N_WEIGHERS = sizeof WEIGHERS / sizeof *WEIGHERS };

/* Normal scores, rounded so that some are equal; every third lane masked in part. */
static void fill_scores(float *v) {
  at_random r = {.seed = 3};
  for (int64_t i = 0; i < MOST; i++) {
    v[i] = 0.25f * rintf(8 * at_random_normal(&r, (uint64_t)i));
    if (i % 7 == 3 && i / DEPTH % 3) v[i] = -1e30f;
  }
  for (int i = 0; i < DEPTH; i++) v[i * 2] = i % 5 ? v[i * 2] : -1e30f;
}

static void check_lane(const struct weigher *w, const float *x, const float *y, int64_t n,
                       int64_t stride) {
  double z[ITEMS], want[ITEMS], sum = 0;
  float top = -1e30f; /* double: an internal error of gcc 12 for aarch64 */
  for (int64_t i = 0; i < n; i++) {
    z[i] = w->sharpness * (double)x[i * stride];
    top = fmaxf(top, x[i * stride]);
  }
  w->twin(z, want, (int)n, w->k);
  for (int64_t i = 0; i < n; i++) {
    double got = y[i * stride];
    if (top > -1e30f && fabs(got - want[i]) > 2e-5)
      fail_msg("%s: item %d of %d is %g, naively %g", w->op, (int)i, (int)n, got, want[i]);
    if (top > -1e30f && x[i * stride] <= -1e30f && got != 0)
      fail_msg("%s: item %d is masked and weighs %g", w->op, (int)i, got);
    sum += got;
  }
  assert_true(fabs(sum - 1) < 1e-5);
}

/* Layouts of the scores: what is weighed over, and how far apart its items lie. */
static const struct layout {
  bool ragged, last;
} LAYOUTS[] = {{false, true}, {false, false}, {true, true}, {true, false}};

static void open_weigher(bench *b, const struct weigher *w, const struct layout *l) {
  at_arg arg[AT_MAX_ARG] = {{0}};
  const at_op *op = at_op_find(w->op);
  open_graph(b);
  const at_dim over = {l->ragged ? b->word : b->item, l->ragged ? -1 : ITEMS, false},
               row = {b->row, -1, false}, deep = {b->deep, DEPTH, false};
  at_dim dim[3];
  int n = 0;
  if (!l->ragged) dim[n++] = row;
  dim[n++] = l->last ? deep : over;
  dim[n++] = l->last ? over : deep;
  b->in = input(b, "a", AT_REAL, n, dim);
  arg[0] = axis_arg(over.axis);
  if (w->twin) arg[w->k ? 2 : 1] = num(w->sharpness);
  if (w->k) arg[1] = num(w->k);
  assert_int_equal(at_graph_node(b->g, op, 1, &b->in, arg, "s", nowhere, &b->out, NULL), AT_OK);
  start(b);
}

static int64_t place_of_lane(const struct layout *l, int row, int64_t j) {
  const int64_t stride = l->last ? 1 : DEPTH;
  return j * (l->last ? ITEMS : 1) + (l->ragged ? offsets[row] * stride : row * ITEMS * DEPTH);
}

static void run_layout(const struct weigher *w, const struct layout *l, const float *x) {
  bench b;
  open_weigher(&b, w, l);
  assert_int_equal(at_exec_input(b.x, "a", x, NULL), AT_OK);
  assert_int_equal(at_exec_ready(b.x, NULL), AT_OK);
  at_exec_forward(b.x, 0, 0, false);
  const float *y = at_exec_value(b.x, b.out);
  const int64_t stride = l->last ? 1 : DEPTH;
  for (int row = 0; row < ROWS; row++)
    for (int64_t j = 0; j < DEPTH; j++) {
      int64_t at = place_of_lane(l, row, j);
      check_lane(w, x + at, y + at, l->ragged ? offsets[row + 1] - offsets[row] : ITEMS, stride);
    }
  close_bench(&b);
}

static void test_weights(void **state) {
  (void)state;
  static float x[MOST];
  fill_scores(x);
  for (int i = 0; i < N_WEIGHERS; i++)
    for (size_t k = 0; k < sizeof LAYOUTS / sizeof *LAYOUTS; k++)
      run_layout(&WEIGHERS[i], &LAYOUTS[k], x);
}

/* What may look at nothing looks at all alike, as softmax does. */
static void test_nothing_to_see(void **state) {
  (void)state;
  static float x[MOST];
  for (int i = 0; i < MOST; i++) x[i] = -1e30f;
  for (int i = 0; i < N_WEIGHERS; i++) {
    bench b;
    open_weigher(&b, &WEIGHERS[i], &LAYOUTS[0]);
    assert_int_equal(at_exec_input(b.x, "a", x, NULL), AT_OK);
    assert_int_equal(at_exec_ready(b.x, NULL), AT_OK);
    at_exec_forward(b.x, 0, 0, false);
    const float *y = at_exec_value(b.x, b.out);
    int k = WEIGHERS[i].twin == hardmax_twin ? 1 : WEIGHERS[i].k ? WEIGHERS[i].k : ITEMS;
    for (int e = 0; e < ITEMS; e++) assert_true(fabs((double)y[e] - (e < k ? 1.0 / k : 0)) < 1e-6);
    close_bench(&b);
  }
}

/* ---- argmax ---- */

static void test_argmax(void **state) {
  (void)state;
  static float x[MOST];
  fill_scores(x);
  for (size_t k = 0; k < sizeof LAYOUTS / sizeof *LAYOUTS; k++) {
    const struct layout *l = &LAYOUTS[k];
    const int64_t stride = l->last ? 1 : DEPTH;
    bench b;
    const struct weigher w = {"argmax", NULL, 0, 1};
    open_weigher(&b, &w, l);
    assert_int_equal(b.out->type, AT_TOKEN);
    assert_int_equal(b.out->vocabulary, l->ragged ? -1 : ITEMS);
    assert_int_equal(at_exec_input(b.x, "a", x, NULL), AT_OK);
    assert_int_equal(at_exec_ready(b.x, NULL), AT_OK);
    at_exec_forward(b.x, 0, 0, false);
    const float *y = at_exec_value(b.x, b.out);
    /* What the rows are weighed by: [deep, row] where words come last, else [row, deep]. */
    for (int row = 0; row < ROWS; row++)
      for (int j = 0; j < DEPTH; j++) {
        int64_t n = l->ragged ? offsets[row + 1] - offsets[row] : ITEMS, best = 0;
        const float *v = x + place_of_lane(l, row, j);
        for (int64_t i = 1; i < n; i++)
          if (v[i * stride] > v[best * stride]) best = i;
        int32_t got;
        memcpy(&got, y + (l->ragged && l->last ? j * ROWS + row : row * DEPTH + j), sizeof got);
        assert_int_equal(got, best);
      }
    close_bench(&b);
  }
}

/* ---- gather ---- */

static const struct picked {
  const char *table, *index; /* r row, i item, w word, d deep, p place */
} PICKED[] = {{"rid", "rp"}, {"id", "rp"}, {"wd", "rp"}, {"wd", "pr"}, {"rid", "w"}, {"wd", "w"}};
enum { PLACES = 9 };

static at_node *named_input(bench *b, const char *name, const char *axes) {
  at_dim dim[4];
  int n = 0;
  for (const char *a = axes; *a; a++) {
    const struct {
      char c;
      int axis;
      int64_t size;
    } all[] = {{'r', b->row, -1},
               {'i', b->item, ITEMS},
               {'w', b->word, -1},
               {'d', b->deep, DEPTH},
               {'p', b->place, PLACES}};
    for (size_t k = 0; k < sizeof all / sizeof *all; k++)
      if (all[k].c == *a) dim[n++] = (at_dim){all[k].axis, all[k].size, false};
  }
  return input(b, name, *name == '#' ? AT_TOKEN : AT_REAL, n, dim);
}

/* How many items the index has, and the row of each. */
static int n_index(const char *axes) { return *axes == 'w' ? offsets[ROWS] : ROWS * PLACES; }
static int row_of(const char *axes, int i) {
  int row = 0;
  if (*axes == 'r') return i / PLACES;
  if (*axes == 'p') return i % ROWS;
  while (offsets[row + 1] <= i) row++;
  return row;
}

/* The item of the table that is picked, -1: none. */
static int64_t pick(const struct picked *p, int i, int32_t token) {
  int row = row_of(p->index, i);
  if (*p->table == 'w') return token < offsets[row + 1] - offsets[row] ? offsets[row] + token : -1;
  if (token >= ITEMS) return -1;
  return *p->table == 'r' ? row * ITEMS + token : token;
}

static void check_picked(bench *b, const struct picked *p, const float *x, const int32_t *token) {
  static float dy[MOST];
  static double dx[MOST];
  const int n = n_index(p->index);
  int none = 0;
  const float *y = at_exec_value(b->x, b->out);
  for (int i = 0; i < MOST; i++) dx[i] = 0;
  for (int i = 0; i < n * DEPTH; i++) dy[i] = (float)(i % 11) - 4.5f;
  at_exec_backward_from(b->x, b->out, dy);
  for (int i = 0; i < n; i++) {
    int64_t at = pick(p, i, token[i]);
    none += at < 0;
    for (int d = 0; d < DEPTH; d++) {
      assert_true(y[i * DEPTH + d] == (at < 0 ? 0 : x[at * DEPTH + d]));
      if (at >= 0) dx[at * DEPTH + d] += (double)dy[i * DEPTH + d];
    }
  }
  assert_true(none > 0 && none < n);
  const float *got = at_exec_input_grad(b->x, b->in);
  int64_t items = *p->table == 'r' ? ROWS * ITEMS : ITEMS;
  for (int64_t i = 0; i < items * DEPTH; i++) assert_true(fabs((double)got[i] - dx[i]) < 1e-4);
}

static void test_gather(void **state) {
  (void)state;
  static float x[MOST];
  int32_t token[ROWS * PLACES];
  for (int i = 0; i < ROWS * PLACES; i++) token[i] = i * 7 % (ITEMS + 3);
  for (int i = 0; i < MOST; i++) x[i] = (float)i;
  for (size_t k = 0; k < sizeof PICKED / sizeof *PICKED; k++) {
    bench b;
    at_error err = {0};
    at_arg arg[AT_MAX_ARG] = {{0}};
    open_graph(&b);
    b.in = named_input(&b, "t", PICKED[k].table);
    at_node *in[] = {b.in, named_input(&b, "#i", PICKED[k].index)};
    arg[0] = axis_arg(*PICKED[k].table == 'w' ? b.word : b.item);
    if (at_graph_node(b.g, at_op_find("gather"), 2, in, arg, "s", nowhere, &b.out, &err))
      fail_msg("%s, %s: %s", PICKED[k].table, PICKED[k].index, err.message);
    start(&b);
    assert_int_equal(at_exec_input(b.x, "t", x, NULL), AT_OK);
    assert_int_equal(at_exec_input(b.x, "#i", token, NULL), AT_OK);
    if (at_exec_ready(b.x, &err)) fail_msg("%s", err.message);
    at_exec_forward(b.x, 0, 0, false);
    check_picked(&b, &PICKED[k], x, token);
    close_bench(&b);
  }
}

/* ---- embed ---- */

static void test_frozen(void **state) {
  (void)state;
  for (int frozen = 0; frozen < 2; frozen++) {
    bench b;
    at_arg arg[AT_MAX_ARG] = {{.set = true}, num(1), num(frozen)};
    open_graph(&b);
    const at_dim row = {b.row, -1, false};
    assert_int_equal(at_graph_input(b.g, "t", AT_TOKEN, 1, &row, 9, nowhere, &b.in, NULL), AT_OK);
    arg[0].to = b.deep;
    arg[0].to_size = 4;
    assert_int_equal(
        at_graph_node(b.g, at_op_find("embed"), 1, &b.in, arg, "s", nowhere, &b.out, NULL), AT_OK);
    assert_int_equal(b.g->param[0]->frozen, frozen);
    assert_int_equal(b.out->needs_grad, !frozen);
    at_graph_free(b.g);
  }
}

/* ---- refusals ---- */

static void test_refusals(void **state) {
  (void)state;
  static const char *const ops[] = {"sparsemax", "entmax15", "topk", "hardmax"};
  for (int i = 0; i < 4; i++) {
    bench b;
    at_error err = {0};
    at_arg arg[AT_MAX_ARG] = {{0}};
    const at_op *op = at_op_find(ops[i]);
    open_graph(&b);
    const at_dim dim[] = {{b.row, -1, false}, {b.item, 4, false}, {b.deep, 2, false}};
    b.in = input(&b, "a", AT_REAL, 3, dim);
    arg[1] = num(5);
    arg[0] = axis_arg(b.deep);
    assert_int_equal(at_graph_node(b.g, op, 1, &b.in, arg, "s", nowhere, &b.out, &err), AT_EINPUT);
    assert_non_null(strstr(err.message, "`deep` makes no sense"));
    arg[0] = axis_arg(b.row);
    assert_int_equal(at_graph_node(b.g, op, 1, &b.in, arg, "s", nowhere, &b.out, &err), AT_EINPUT);
    assert_non_null(strstr(err.message, "batch axis `row`"));
    arg[0] = axis_arg(b.item);
    at_status s = at_graph_node(b.g, op, 1, &b.in, arg, "s", nowhere, &b.out, &err);
    assert_int_equal(s, !strcmp(op->name, "topk") ? AT_EINPUT : AT_OK);
    if (s != AT_OK)
      assert_string_equal(err.message, "topk keeps 5 items of `item`, which has 4 only");
    close_bench(&b);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_weights), cmocka_unit_test(test_nothing_to_see),
      cmocka_unit_test(test_argmax),  cmocka_unit_test(test_gather),
      cmocka_unit_test(test_frozen),  cmocka_unit_test(test_refusals)};
  return cmocka_run_group_tests_name("ops_choices", tests, NULL, NULL);
}
