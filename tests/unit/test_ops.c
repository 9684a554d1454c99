/* Every operator: gradients against finite differences, element by element and with
 * random weights on the outputs; the same bits on any number of threads; naive twins. */
#include "cm.h"
#include "core/base/random.h"
#include "op_cases.h"

enum { MOST = 4096, TOKENS = 7 };

typedef struct bench {
  fixture f;
  at_node *out;
  at_params *params;
  at_exec *x;
  float *data[MAX_INPUTS];
  int64_t count[MAX_INPUTS];
  bool training;
} bench;

static int64_t count_of(const at_graph *g, const at_node *n) {
  int64_t c = 1;
  for (int i = 0; i < n->ndim; i++)
    c *= n->dim[i].size >= 0 ? n->dim[i].size : fixture_size(g->axis[n->dim[i].axis].name);
  return c;
}

static void fill_input(bench *b, int i) {
  const at_node *n = b->f.input[i];
  at_random r = {.seed = 5, .stream = (uint64_t)i + 1};
  int64_t c = b->count[i] = count_of(b->f.g, n);
  assert_true(c > 0 && c < MOST);
  b->data[i] = malloc((size_t)c * sizeof(float));
  uint32_t order[MOST];
  at_random_permutation(&r, order, (uint32_t)c);
  for (int64_t k = 0; k < c; k++) {
    float v = at_random_normal(&r, (uint64_t)k + MOST);
    if (n->type == AT_TOKEN) {
      int32_t t = (int32_t)(order[k] % TOKENS);
      memcpy(&b->data[i][k], &t, sizeof t);
      continue;
    }
    switch (b->f.fill[i]) {
      case FILL_NORMAL: break;
      case FILL_SPREAD: v = 0.13f * ((float)order[k] + 0.5f - (float)(c / 2)); break;
      case FILL_STEPS: v = 0.13f * ((float)(order[k] % 17) - 8); break;
      case FILL_POSITIVE: v = 0.3f + fabsf(v); break;
    }
    b->data[i][k] = v;
  }
}

static void open_as(bench *b, const op_case *c, at_pool *pool, bool poison, bool strips) {
  at_error err = {0};
  memset(b, 0, sizeof *b);
  fixture_open(&b->f);
  b->out = c->build(&b->f);
  assert_int_equal(at_graph_output(b->f.g, "out", b->out, (at_span){-1, 0, 0}, NULL), AT_OK);
  assert_int_equal(at_params_new(b->f.g, &b->params, &err), AT_OK);
  at_random r = {.seed = 11};
  for (size_t i = 0; i < b->params->count; i++)
    b->params->value[i] = 0.5f * at_random_normal(&r, i);
  for (int i = 0; i < b->f.g->n_param; i++) /* averages, of squares among them */
    for (size_t k = 0; b->f.g->param[i]->state && k < b->params->size[i]; k++)
      b->params->value[b->params->offset[i] + k] = 0.5f + 0.1f * (float)k;
  at_exec_options o = {
      .pool = pool, .gradients = true, .input_grads = true, .poison = poison, .all_strips = strips};
  b->f.g->how.strips = strips;
  if (at_exec_new(b->f.g, b->params, &o, &b->x, &err)) fail_msg("%s", err.message);
  assert_int_equal(at_exec_size(b->x, "picture", 2, &err), AT_OK);
  assert_int_equal(at_exec_size(b->x, "caption", 3, &err), AT_OK);
  assert_int_equal(at_exec_size(b->x, "other", 3, &err), AT_OK);
  assert_int_equal(at_exec_ragged(b->x, "word", fixture_words, 3, &err), AT_OK);
  for (int i = 0; i < b->f.n_inputs; i++) {
    fill_input(b, i);
    assert_int_equal(at_exec_input(b->x, b->f.input[i]->name, b->data[i], &err), AT_OK);
  }
  if (at_exec_ready(b->x, &err)) fail_msg("%s", err.message);
}

static void open_bench(bench *b, const op_case *c, at_pool *pool, bool poison) {
  open_as(b, c, pool, poison, false);
}

static void close_bench(bench *b) {
  for (int i = 0; i < b->f.n_inputs; i++) free(b->data[i]);
  at_exec_free(b->x);
  at_params_free(b->params);
  fixture_close(&b->f);
}

static double weighted(bench *b, const float *weight, int64_t n) {
  at_exec_forward(b->x, 1, 2, b->training);
  const float *y = at_exec_value(b->x, b->out);
  double s = 0;
  for (int64_t i = 0; i < n; i++) s += (double)weight[i] * (double)y[i];
  return s;
}

/* Four-point difference: the error of the step is of fourth order, so that a step large
 * enough for float32 can be taken. */
static double slope(bench *b, float *at, const float *weight, int64_t n) {
  const float h = 0.015625f, v = *at;
  double d[4];
  const float step[4] = {-2 * h, -h, h, 2 * h};
  for (int i = 0; i < 4; i++) {
    *at = v + step[i];
    d[i] = weighted(b, weight, n);
  }
  *at = v;
  return (8 * (d[2] - d[1]) - (d[3] - d[0])) / (12 * (double)h);
}

static void check_gradient(bench *b, const char *what, float *value, const float *grad, int64_t n,
                           const float *weight, int64_t n_out, int *moved) {
  for (int64_t i = 0; i < n; i++) {
    double want = slope(b, &value[i], weight, n_out), got = grad[i];
    if (!(fabs(got - want) <= 2e-3 * fmax(1, fabs(want))))
      fail_msg("d/d %s[%lld]: %.6g, by differences %.6g", what, (long long)i, got, want);
    *moved += fabs(want) > 1e-3;
  }
}

static void check_gradients(const op_case *c, bool training) {
  bench b;
  open_bench(&b, c, NULL, false);
  b.training = training;
  int64_t n = at_x_count(b.x, b.out);
  float *weight = malloc((size_t)n * sizeof *weight);
  at_random r = {.seed = 9};
  int moved = 0;
  for (int64_t i = 0; i < n; i++) weight[i] = at_random_normal(&r, (uint64_t)i);
  weighted(&b, weight, n);
  at_exec_backward_from(b.x, b.out, weight);
  float *gin[MAX_INPUTS] = {0}, *gp = malloc(b.params->count * sizeof *gp + 1);
  memcpy(gp, b.params->grad, b.params->count * sizeof *gp);
  for (int i = 0; i < b.f.n_inputs; i++) {
    const float *g = at_exec_input_grad(b.x, b.f.input[i]);
    if (b.f.input[i]->type == AT_TOKEN) continue;
    assert_non_null(g);
    gin[i] = malloc((size_t)b.count[i] * sizeof(float));
    memcpy(gin[i], g, (size_t)b.count[i] * sizeof(float));
  }
  if (op_case_like(c)) { /* the same data, seen by the operator whose slopes stand in */
    const op_case other = {.op = c->op, .use = c->use, .build = op_case_like(c)};
    close_bench(&b);
    open_bench(&b, &other, NULL, false);
    b.training = training;
    assert_int_equal(n, at_x_count(b.x, b.out));
  }
  for (int i = 0; i < b.f.n_inputs; i++)
    if (gin[i])
      check_gradient(&b, b.f.input[i]->name, b.data[i], gin[i], b.count[i], weight, n, &moved);
  for (int p = 0; p < b.f.g->n_param; p++) {
    size_t o = b.params->offset[p];
    if (b.f.g->param[p]->frozen) {
      for (size_t i = 0; i < b.params->size[p]; i++) assert_true(gp[o + i] == 0);
      continue;
    }
    check_gradient(&b, b.f.g->param[p]->pname, b.params->value + o, gp + o,
                   (int64_t)b.params->size[p], weight, n, &moved);
  }
  assert_true(moved > 0); /* weights and values are such that something depends on something */
  for (int i = 0; i < b.f.n_inputs; i++) free(gin[i]);
  free(gp);
  free(weight);
  close_bench(&b);
}

/* What behaves differently in training is right in evaluation as well. */
static void test_gradients(void **state) {
  const op_case *c = *state;
  check_gradients(c, true);
  if (at_op_find(c->op)->flags & AT_OP_TRAIN) check_gradients(c, false);
}

/* ---- the same bits: threads, and memory that held rubbish ---- */

typedef struct bits {
  float out[MOST], grad[MOST], in[MAX_INPUTS][MOST];
} bits;

/* True where a node was worked on an item at a time. */
static bool run_bits(const op_case *c, at_pool *pool, bool poison, bool strips, bits *out) {
  bench b;
  bool chained = false;
  open_as(&b, c, pool, poison, strips);
  for (int i = 0; i < b.f.g->n_node; i++)
    chained |= at_exec_in_chain(b.x, b.f.g->node[i]) && !strcmp(b.f.g->node[i]->op->name, c->op);
  int64_t n = at_x_count(b.x, b.out);
  float weight[MOST];
  for (int64_t i = 0; i < n; i++) weight[i] = (float)(i % 7) - 3;
  at_exec_forward(b.x, 1, 2, true);
  memset(out, 0, sizeof *out);
  memcpy(out->out, at_exec_value(b.x, b.out), (size_t)n * sizeof(float));
  at_exec_backward_from(b.x, b.out, weight);
  assert_true(b.params->count < MOST);
  memcpy(out->grad, b.params->grad, b.params->count * sizeof(float));
  for (int i = 0; i < b.f.n_inputs; i++) {
    const float *g = at_exec_input_grad(b.x, b.f.input[i]);
    if (g && b.f.input[i]->type == AT_REAL)
      memcpy(out->in[i], g, (size_t)b.count[i] * sizeof(float));
  }
  close_bench(&b);
  return chained;
}

static void test_bits(void **state) {
  const op_case *c = *state;
  static bits one, other;
  at_pool *pool;
  assert_int_equal(at_pool_new(3, &pool, NULL), AT_OK);
  run_bits(c, NULL, false, false, &one);
  run_bits(c, pool, true, false, &other);
  at_pool_free(pool);
  assert_memory_equal(one.out, other.out, sizeof one.out);
  assert_memory_equal(one.grad, other.grad, sizeof one.grad);
  assert_memory_equal(one.in, other.in, sizeof one.in);
}

static void near_bits(const op_case *c, const float *a, const float *b, int n) {
  for (int i = 0; i < n; i++)
    if (!(fabs(a[i] - b[i]) <= 1e-5 * fmax(1, fabs(b[i]))))
      fail_msg("%s, %s: %g, an item at a time %g", c->op, c->use, b[i], a[i]);
}

/* Every operator that says so works on an item at a time; sums over items may round otherwise. */
static void test_items(void **state) {
  (void)state;
  static bits whole, one, three;
  at_pool *pool;
  assert_int_equal(at_pool_new(3, &pool, NULL), AT_OK);
  for (const at_op *const *op = at_op_table(); *op; op++) {
    bool found = !((*op)->flags & AT_OP_ITEMS);
    for (int i = 0; op_case_at(i) && (*op)->flags & AT_OP_ITEMS; i++) {
      const op_case *c = op_case_at(i);
      if (strcmp(c->op, (*op)->name) != 0 || !run_bits(c, NULL, true, true, &one)) continue;
      found = true;
      run_bits(c, NULL, false, false, &whole);
      run_bits(c, pool, true, true, &three);
      near_bits(c, one.out, whole.out, MOST);
      near_bits(c, one.grad, whole.grad, MOST);
      near_bits(c, one.in[0], whole.in[0], MAX_INPUTS * MOST);
      assert_memory_equal(&one, &three, sizeof one);
    }
    if (!found) fail_msg("operator %s has no case whose values a batch axis leads", (*op)->name);
  }
  at_pool_free(pool);
}

static void test_every_operator_has_a_case(void **state) {
  (void)state;
  for (const at_op *const *op = at_op_table(); *op; op++) {
    bool found = (*op)->flags & AT_OP_COMPOSED; /* of operators that have theirs */
    for (int i = 0; op_case_at(i); i++) found |= strcmp(op_case_at(i)->op, (*op)->name) == 0;
    if (!found) fail_msg("operator %s has no case in any tests/unit/op_cases_*.c", (*op)->name);
    assert_non_null((*op)->summary);
    assert_non_null((*op)->axes);
  }
}

static void test_cases_test_what_they_say(void **state) {
  (void)state;
  for (int i = 0; op_case_at(i); i++) {
    fixture f;
    bool found = false;
    fixture_open(&f);
    op_case_at(i)->build(&f);
    for (int k = 0; k < f.g->n_node; k++)
      found |= !strcmp(f.g->node[k]->op->name, op_case_at(i)->op);
    if (!found)
      fail_msg("%s, %s: the graph has no such node", op_case_at(i)->op, op_case_at(i)->use);
    fixture_close(&f);
  }
}

/* ---- naive twins ---- */

/* The value of v at an assignment of axes; words know their caption. */
static double at_index(const bench *b, const at_node *v, const float *data, const int64_t *index) {
  int64_t at = 0;
  for (int d = 0; d < v->ndim; d++)
    at = at * (v->dim[d].size >= 0 ? v->dim[d].size
                                   : fixture_size(b->f.g->axis[v->dim[d].axis].name)) +
         index[v->dim[d].axis];
  return data[at];
}

static int64_t caption_of(int64_t word) { return word < 1 ? 0 : word < 4 ? 1 : 2; }

static double naive_contract(const bench *b, int64_t *index) {
  const at_graph *g = b->f.g;
  int over = b->out->arg[0].axis[0], caption = at_graph_find_axis(g, "caption"),
      word = at_graph_find_axis(g, "word");
  int64_t begin = 0, end = fixture_size(g->axis[over].name);
  double s = 0;
  if (at_node_dim(b->out, word) >= 0) index[caption] = caption_of(index[word]);
  if (over == word) begin = fixture_words[index[caption]], end = fixture_words[index[caption] + 1];
  for (int64_t k = begin; k < end; k++) {
    index[over] = k;
    s += at_index(b, b->f.input[0], b->data[0], index) *
         at_index(b, b->f.input[1], b->data[1], index);
  }
  return s;
}

static void test_contract_twin(void **state) {
  (void)state;
  int seen = 0;
  for (int i = 0; op_case_at(i); i++) {
    if (strcmp(op_case_at(i)->op, "contract")) continue;
    bench b;
    open_bench(&b, op_case_at(i), NULL, false);
    if (!at_node_is_input(b.out->in[0])) { /* a chain: what it is made of has twins elsewhere */
      close_bench(&b);
      continue;
    }
    at_exec_forward(b.x, 0, 0, false);
    const float *y = at_exec_value(b.x, b.out);
    for (int64_t k = 0, n = count_of(b.f.g, b.out); k < n; k++) {
      int64_t index[32] = {0}, rest = k;
      for (int d = b.out->ndim - 1; d >= 0; d--) {
        int a = b.out->dim[d].axis;
        int64_t size = fixture_size(b.f.g->axis[a].name);
        index[a] = rest % size;
        rest /= size;
      }
      double want = naive_contract(&b, index);
      if (fabs(y[k] - want) > 1e-5 * fmax(1, fabs(want)))
        fail_msg("contract, %s: [%lld] is %g, naively %g", op_case_at(i)->use, (long long)k, y[k],
                 want);
    }
    seen++;
    close_bench(&b);
  }
  assert_true(seen >= 8);
}

/* With weight norm the parameters are v, g and the bias: g/|v| of row o. */
static double naive_norm(const bench *b, const float *v, int64_t o, int64_t row) {
  double sum = 0;
  for (int64_t i = 0; i < row; i++) sum += (double)v[o * row + i] * (double)v[o * row + i];
  return (double)b->params->value[b->params->offset[1] + (size_t)o] / sqrt(sum);
}

/* conv2d by its definition, [picture, y, x, channel]; kernel and padding of rows, of columns. */
static double naive_conv(const bench *b, int64_t p, int64_t oy, int64_t ox, int64_t o, int64_t to,
                         const int64_t kernel[2], int64_t stride, const int64_t pad[2]) {
  const float *w = b->params->value + b->params->offset[0];
  const int n = b->f.g->n_param;
  double s = to > 0 && n > 1 ? b->params->value[b->params->offset[n - 1] + (size_t)o] : 0;
  const double by = n > 2 ? naive_norm(b, w, o, 3 * kernel[0] * kernel[1]) : 1;
  for (int64_t c = 0; c < 3; c++)
    for (int64_t ky = 0; ky < kernel[0]; ky++)
      for (int64_t kx = 0; kx < kernel[1]; kx++) {
        int64_t y = oy * stride + ky - pad[0], x = ox * stride + kx - pad[1];
        if (y < 0 || y >= 5 || x < 0 || x >= 4) continue;
        s += by * (double)w[((o * 3 + c) * kernel[0] + ky) * kernel[1] + kx] *
             b->data[0][((p * 5 + y) * 4 + x) * 3 + c];
      }
  return s;
}

static void test_conv_twin(void **state) {
  (void)state;
  int seen = 0;
  for (int i = 0; op_case_at(i); i++) {
    if (strcmp(op_case_at(i)->op, "conv2d")) continue;
    bench b;
    open_bench(&b, op_case_at(i), NULL, false);
    at_exec_forward(b.x, 0, 0, false);
    const float *y = at_exec_value(b.x, b.out);
    int64_t kernel[2] = {(int64_t)b.out->arg[2].num, (int64_t)b.out->arg[8].num},
            stride = (int64_t)b.out->arg[3].num, pad[2];
    if (!kernel[1]) kernel[1] = kernel[0];
    for (int k = 0; k < 2; k++)
      pad[k] = b.out->arg[4].num < 0 ? kernel[k] / 2 : (int64_t)b.out->arg[4].num;
    int64_t oh = b.out->dim[1].size, ow = b.out->dim[2].size, to = b.out->dim[3].size;
    assert_int_equal(oh, (5 + 2 * pad[0] - kernel[0]) / stride + 1);
    assert_int_equal(ow, (4 + 2 * pad[1] - kernel[1]) / stride + 1);
    for (int64_t k = 0; k < 2 * oh * ow * to; k++) {
      double want = naive_conv(&b, k / to / ow / oh, k / to / ow % oh, k / to % ow, k % to, to,
                               kernel, stride, pad);
      assert_true(fabs(y[k] - want) < 1e-5 * fmax(1, fabs(want)));
    }
    seen++;
    close_bench(&b);
  }
  assert_int_equal(seen, 7);
}

/* pairwise by its definition, where heads, which are regions, have a vector each. */
static void test_pairwise_twin(void **state) {
  (void)state;
  enum { PICTURES = 2, HEADS = 4, WORDS = 6, D = 5 };
  int seen = 0;
  for (int i = 0; op_case_at(i); i++) {
    const bool first = !strcmp(op_case_at(i)->use, "heads first");
    if (!first && strcmp(op_case_at(i)->use, "heads with a vector each")) continue;
    bench b;
    open_bench(&b, op_case_at(i), NULL, false);
    at_exec_forward(b.x, 0, 0, false);
    const float *y = at_exec_value(b.x, b.out), *q = b.data[0], *k = b.data[1], *v = b.data[2];
    for (int64_t h = 0; h < HEADS; h++)
      for (int64_t p = 0; p < PICTURES; p++)
        for (int64_t w = 0; w < WORDS; w++, y++) {
          double want = 0;
          for (int64_t d = 0; d < D; d++) {
            const double sum = (double)k[(first ? h * PICTURES + p : p * HEADS + h) * D + d] +
                               (double)q[(first ? h * WORDS + w : w * HEADS + h) * D + d];
            want += (double)v[h * D + d] * (first ? fmax(sum, 0) : tanh(sum));
          }
          assert_true(fabs(*y - want) < 1e-5 * fmax(1, fabs(want)));
        }
    seen++;
    close_bench(&b);
  }
  assert_int_equal(seen, 2);
}

/* Pooling by its definition: what lies outside is zero to a mean, and nothing to a greatest. */
static void test_pool_twin(void **state) {
  (void)state;
  int seen = 0;
  for (int i = 0; op_case_at(i); i++) {
    const bool mean = !strcmp(op_case_at(i)->op, "avg_pool2d");
    if (!mean && strcmp(op_case_at(i)->op, "max_pool2d")) continue;
    bench b;
    open_bench(&b, op_case_at(i), NULL, false);
    at_exec_forward(b.x, 0, 0, false);
    const float *got = at_exec_value(b.x, b.out);
    const int64_t size = (int64_t)b.out->arg[1].num, pad = (int64_t)b.out->arg[3].num,
                  step = b.out->arg[2].num > 0 ? (int64_t)b.out->arg[2].num : size,
                  oh = b.out->dim[1].size, ow = b.out->dim[2].size;
    assert_int_equal(oh, (5 + 2 * pad - size) / step + 1);
    for (int64_t k = 0; k < 2 * oh * ow * 3; k++) {
      const int64_t c = k % 3, ox = k / 3 % ow, oy = k / 3 / ow % oh, p = k / 3 / ow / oh;
      double sum = 0, most = -1e30;
      for (int64_t y = oy * step - pad; y < oy * step - pad + size; y++)
        for (int64_t x = ox * step - pad; x < ox * step - pad + size; x++) {
          if (y < 0 || y >= 5 || x < 0 || x >= 4) continue;
          const double v = b.data[0][((p * 5 + y) * 4 + x) * 3 + c];
          sum += v / (double)(size * size);
          most = fmax(most, v);
        }
      assert_true(fabs(got[k] - (mean ? sum : most)) < 1e-5);
    }
    seen++;
    close_bench(&b);
  }
  assert_int_equal(seen, 5);
}

/* ---- what operators refuse ---- */

typedef struct refusal {
  const char *op, *axes, *over, *says;
} refusal;
static const refusal REFUSALS[] = {
    {"softmax", "word d", "d", "features are not alternatives"},
    {"softmax", "picture d", "picture", "batch axis"},
    {"mean", "picture d", "picture", "batch axis"},
    {"mean", "picture d", "region", "has no axis `region`"},
    {"contract", "picture d", "picture", "batch axis"},
    {"contract", "picture d", "region", "has no axis `region`"},
    {"normalize", "caption d", "caption", "batch axis"},
    {"triplet", "picture d", "picture", "has no axis"},
};

static void test_refusals(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof REFUSALS / sizeof *REFUSALS; i++) {
    const refusal *r = &REFUSALS[i];
    fixture f;
    fixture_open(&f);
    at_node *v = fixture_input(&f, "v", r->axes, FILL_NORMAL), *in[] = {v, v}, *out;
    at_arg arg[AT_MAX_ARG] = {0};
    arg[0] = (at_arg){.set = true, .n_axes = 1, .axis = {at_graph_find_axis(f.g, r->over)}};
    arg[1] = strcmp(r->op, "triplet")
                 ? (at_arg){0}
                 : (at_arg){.set = true, .n_axes = 1, .axis = {at_graph_find_axis(f.g, "other")}};
    at_error err = {0};
    const at_op *op = at_op_find(r->op);
    assert_int_equal(
        at_graph_node(f.g, op, op->min_in, in, arg, "s", (at_span){-1, 0, 0}, &out, &err),
        AT_EINPUT);
    if (!strstr(err.message, r->says))
      fail_msg("%s: \"%s\" lacks \"%s\"", r->op, err.message, r->says);
    fixture_close(&f);
  }
}

int main(void) {
  static struct CMUnitTest tests[2048];
  static char names[2048][96];
  int n = 0;
  for (int i = 0; op_case_at(i); i++) {
    snprintf(names[n], sizeof names[n], "gradients: %s, %s", op_case_at(i)->op, op_case_at(i)->use);
    tests[n] =
        (struct CMUnitTest){names[n], test_gradients, NULL, NULL, (void *)(uintptr_t)op_case_at(i)};
    n++;
    snprintf(names[n], sizeof names[n], "bits: %s, %s", op_case_at(i)->op, op_case_at(i)->use);
    tests[n] =
        (struct CMUnitTest){names[n], test_bits, NULL, NULL, (void *)(uintptr_t)op_case_at(i)};
    n++;
  }
  tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_every_operator_has_a_case);
  tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_items);
  tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_cases_test_what_they_say);
  tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_contract_twin);
  tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_conv_twin);
  tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_pairwise_twin);
  tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_pool_twin);
  tests[n++] = (struct CMUnitTest)cmocka_unit_test(test_refusals);
  return _cmocka_run_group_tests("ops", tests, (size_t)n, NULL, NULL);
}
