/* Layers against twins that follow their definitions in double: a model of one line, random
 * inputs, and the same numbers again by loops. */
#include "cm.h"
#include "core/graph/exec.h"
#include "dsl/dsl.h"

enum { P = 2, Y = 3, X = 4, C = 3, MOST = 36000 };

typedef struct bench {
  at_graph *g;
  at_params *params;
  at_exec *x;
  const at_node *out;
  float in[2][MOST];
} bench;

static at_graph *model(const char *text) {
  at_arena *arena = at_arena_new();
  at_diags d = {.arena = arena};
  at_source src = {.path = "twin.att", .text = text, .size = strlen(text)};
  at_ast *ast = NULL;
  at_graph *g = NULL;
  at_text said = {0};
  if (at_dsl_parse(arena, &src, &d, &ast) == AT_OK)
    at_dsl_lower(ast, &src, &(at_dsl_env){0}, &d, &g, NULL);
  at_diags_format(&d, &src, &said);
  if (!g) fail_msg("%s", said.data);
  at_text_free(&said);
  at_arena_free(arena);
  return g;
}

static float number(int i, int k) { return (float)((i * 7919 + k * 104729) % 1009) / 504.5f - 1; }

static const int64_t words[P + 1] = {0, 2, 7}, things[P + 1] = {0, 4, 5};

static void open_bench(bench *b, const char *text) {
  at_error err = {0};
  const at_exec_options o = {.gradients = true, .input_grads = true, .keep_all = true};
  memset(b, 0, sizeof *b);
  b->g = model(text);
  b->out = b->g->output[0].node;
  assert_int_equal(at_params_new(b->g, &b->params, &err), AT_OK);
  for (size_t i = 0; i < b->params->count; i++) b->params->value[i] = number((int)i, 9);
  for (int k = 0; k < 2; k++)
    for (int i = 0; i < MOST; i++) b->in[k][i] = number(i, k);
  if (at_exec_new(b->g, b->params, &o, &b->x, &err)) fail_msg("%s", err.message);
  assert_int_equal(at_exec_size(b->x, "p", P, &err), AT_OK);
  at_exec_ragged(b->x, "word", words, P, NULL); /* refused where no value has words */
  at_exec_ragged(b->x, "thing", things, P, NULL);
  for (int k = 0; k < b->g->n_input; k++)
    assert_int_equal(at_exec_input(b->x, b->g->input[k]->name, b->in[k], &err), AT_OK);
  if (at_exec_ready(b->x, &err)) fail_msg("%s", err.message);
  at_exec_forward(b->x, 1, 1, false);
}

static void close_bench(bench *b) {
  at_exec_free(b->x);
  at_params_free(b->params);
  at_graph_free(b->g);
}

static void near(const char *what, int64_t i, double got, double want) {
  if (fabs(got - want) > 1e-5 * fmax(1, fabs(want)))
    fail_msg("%s[%lld] is %g, by definition %g", what, (long long)i, got, want);
}

static const float *parameter(const bench *b, const char *name) {
  for (int i = 0; i < b->g->n_param; i++)
    if (!strcmp(b->g->param[i]->pname, name)) return b->params->value + b->params->offset[i];
  fail_msg("there is no parameter %s", name);
  return NULL;
}

static int64_t at_picture(int64_t p, int64_t y, int64_t x, int64_t c) {
  return ((p * Y + y) * X + x) * C + c;
}

static const char picture[] = "input a: real [p, y = 3, x = 4, c = 3] output z = a |> ";

static void of_picture(bench *b, const char *stages) {
  char text[300];
  snprintf(text, sizeof text, "model m { %s%s }", picture, stages);
  open_bench(b, text);
}

/* ---- conv2d of many channels, in as many tiles as the short ways need ---- */

static double conv2d_at(const bench *b, int from, int side, int stride, int64_t p, int64_t y,
                        int64_t x, int64_t to) {
  const float *w = parameter(b, "z.weight");
  const int64_t h = 11 * stride, across = 12 * stride, taps = (int64_t)side * side;
  double s = parameter(b, "z.bias")[to];
  for (int64_t c = 0; c < from; c++)
    for (int64_t k = 0; k < taps; k++) {
      int64_t iy = y * stride + k / side - 1, ix = x * stride + k % side - 1;
      if (iy >= 0 && iy < h && ix >= 0 && ix < across)
        s += (double)w[(to * from + c) * taps + k] *
             b->in[0][((p * h + iy) * across + ix) * from + c];
    }
  return s;
}

static void conv2d_many(int from, int side, int stride) {
  bench b;
  char text[300];
  snprintf(text, sizeof text,
           "model m { input a: real [p, y = %d, x = %d, c = %d] output z = a |> "
           "conv2d(y, x, c -> d = 34, kernel = %d, stride = %d, padding = 1) }",
           11 * stride, 12 * stride, from, side, stride);
  open_bench(&b, text);
  const float *z = at_exec_value(b.x, b.out);
  for (int64_t i = 0; i < P * 11 * 12 * 34; i++) {
    double want = conv2d_at(&b, from, side, stride, i / 4488, i / 408 % 11, i / 34 % 12, i % 34);
    if (fabs(z[i] - want) > 1e-4) fail_msg("[%lld] is %g, not %g", (long long)i, z[i], want);
  }
  close_bench(&b);
}

static void test_conv2d_many(void **state) {
  (void)state;
  conv2d_many(33, 3, 1);
  conv2d_many(33, 4, 2);
  conv2d_many(16, 4, 2); /* too few channels for tiles; a patch of 256 numbers */
}

/* ---- conv1d: every output by the inputs that the kernel covers ---- */

static double conv1d_at(const bench *b, const float *x, int64_t n, int64_t o, int64_t to,
                        int64_t kernel, int64_t stride, int64_t pad) {
  const float *w = parameter(b, "z.weight");
  double s = parameter(b, "z.bias")[to];
  for (int64_t k = 0; k < kernel; k++) {
    int64_t t = o * stride + k - pad;
    for (int64_t c = 0; c < C && t >= 0 && t < n; c++)
      s += (double)w[(to * C + c) * kernel + k] * x[t * C + c];
  }
  return s;
}

static void test_conv1d_ragged(void **state) {
  (void)state;
  bench b;
  open_bench(&b,
             "model m { input a: real [p, word..., c = 3] output z = a |> conv1d(word, c -> d = 2, "
             "kernel = 5) }");
  const float *z = at_exec_value(b.x, b.out);
  for (int p = 0; p < P; p++)
    for (int64_t i = words[p]; i < words[p + 1]; i++)
      for (int64_t to = 0; to < 2; to++)
        near("conv1d", i, z[i * 2 + to],
             conv1d_at(&b, b.in[0] + words[p] * C, words[p + 1] - words[p], i - words[p], to, 5, 1,
                       2));
  close_bench(&b);
}

static void test_conv1d_strides(void **state) {
  (void)state;
  bench b;
  open_bench(&b,
             "model m { input a: real [p, t = 7, c = 3] output z = a |> conv1d(t, c -> d = 2, "
             "kernel = 3, stride = 2, padding = 1) }");
  assert_int_equal(b.out->dim[1].size, 4);
  const float *z = at_exec_value(b.x, b.out);
  for (int64_t i = 0; i < P * 4 * 2; i++)
    near("conv1d", i, z[i], conv1d_at(&b, b.in[0] + i / 8 * 7 * C, 7, i / 2 % 4, i % 2, 3, 2, 1));
  close_bench(&b);
}

/* ---- resize: torch's interpolate, align_corners = false ---- */

static double source(int64_t o, int64_t by) {
  double at = ((double)o + 0.5) / (double)by - 0.5;
  return at < 0 ? 0 : at;
}

static void test_resize_bilinear(void **state) {
  (void)state;
  bench b;
  const int64_t by = 3;
  of_picture(&b, "resize(y, x, by = 3, mode = bilinear)");
  const float *z = at_exec_value(b.x, b.out);
  for (int64_t i = 0; i < P * Y * by * X * by * C; i++) {
    int64_t c = i % C, ox = i / C % (X * by), oy = i / C / (X * by) % (Y * by);
    int64_t p = i / C / (X * by) / (Y * by);
    double sy = source(oy, by), sx = source(ox, by), want = 0;
    for (int64_t y = 0; y < Y; y++) /* tents of width one around the source, the edge repeated */
      for (int64_t x = 0; x < X; x++) {
        double fy = fmax(0, 1 - fabs(fmin(sy, Y - 1) - (double)y));
        double fx = fmax(0, 1 - fabs(fmin(sx, X - 1) - (double)x));
        want += fy * fx * b.in[0][at_picture(p, y, x, c)];
      }
    near("resize", i, z[i], want);
  }
  close_bench(&b);
}

static void test_resize_nearest(void **state) {
  (void)state;
  bench b;
  of_picture(&b, "resize(y, x)");
  const float *z = at_exec_value(b.x, b.out);
  for (int64_t i = 0; i < P * 2 * Y * 2 * X * C; i++)
    near("resize", i, z[i],
         b.in[0][at_picture(i / C / (4 * X * Y), i / C / (2 * X) % (2 * Y) / 2, i / C % (2 * X) / 2,
                            i % C)]);
  close_bench(&b);
}

/* ---- norms ---- */

static void moments(const float *x, int64_t n, int64_t stride, double *mean, double *variance) {
  *mean = *variance = 0;
  for (int64_t i = 0; i < n; i++) *mean += x[i * stride] / (double)n;
  for (int64_t i = 0; i < n; i++) *variance += pow(x[i * stride] - *mean, 2) / (double)n;
}

static void test_instance_norm(void **state) {
  (void)state;
  bench b;
  of_picture(&b, "instance_norm(y, x, c, eps = 0.01, affine = true)");
  const float *z = at_exec_value(b.x, b.out);
  for (int64_t i = 0; i < P * Y * X * C; i++) {
    double mean, variance;
    moments(b.in[0] + at_picture(i / (Y * X * C), 0, 0, i % C), Y * X, C, &mean, &variance);
    near("instance_norm", i, z[i],
         (b.in[0][i] - mean) / sqrt(variance + 0.01) * parameter(&b, "z.weight")[i % C] +
             parameter(&b, "z.bias")[i % C]);
  }
  close_bench(&b);
}

static void test_layer_norm(void **state) {
  (void)state;
  bench b;
  of_picture(&b, "layer_norm(c, eps = 0.01)");
  const float *z = at_exec_value(b.x, b.out);
  for (int64_t i = 0; i < P * Y * X * C; i++) {
    double mean, variance;
    moments(b.in[0] + i / C * C, C, 1, &mean, &variance);
    near("layer_norm", i, z[i],
         (b.in[0][i] - mean) / sqrt(variance + 0.01) * parameter(&b, "z.weight")[i % C] +
             parameter(&b, "z.bias")[i % C]);
  }
  close_bench(&b);
}

/* In training the batch's own moments; then the running ones, which a tenth of them entered. */
static void test_batch_norm(void **state) {
  (void)state;
  bench b;
  const int64_t rows = P * Y * X;
  of_picture(&b, "batch_norm(c, eps = 0.01)");
  float *running[2] = {(float *)(uintptr_t)parameter(&b, "z.running_mean"),
                       (float *)(uintptr_t)parameter(&b, "z.running_var")};
  for (int c = 0; c < C; c++) running[0][c] = 0.5f, running[1][c] = 2;
  at_exec_forward(b.x, 1, 1, true);
  const float *z = at_exec_value(b.x, b.out);
  for (int training = 1; training >= 0; training--) {
    if (!training) at_exec_forward(b.x, 1, 2, false);
    for (int64_t i = 0; i < rows * C; i++) {
      double mean, variance;
      moments(b.in[0] + i % C, rows, C, &mean, &variance);
      double kept_mean = 0.9 * 0.5 + 0.1 * mean;
      double kept_variance = 0.9 * 2 + 0.1 * variance * (double)rows / (double)(rows - 1);
      near("running mean", i, running[0][i % C], kept_mean);
      near("running variance", i, running[1][i % C], kept_variance);
      if (!training) mean = kept_mean, variance = kept_variance;
      near("batch_norm", i, z[i],
           (b.in[0][i] - mean) / sqrt(variance + 0.01) * parameter(&b, "z.weight")[i % C] +
               parameter(&b, "z.bias")[i % C]);
    }
  }
  close_bench(&b);
}

/* ---- gates, pairs, and what is cut off ---- */

static void test_glu(void **state) {
  (void)state;
  bench b;
  of_picture(&b, "glu(x -> half)");
  const float *z = at_exec_value(b.x, b.out);
  for (int64_t i = 0; i < P * Y * 2 * C; i++) {
    int64_t c = i % C, x = i / C % 2, y = i / C / 2 % Y, p = i / C / 2 / Y;
    near("glu", i, z[i],
         b.in[0][at_picture(p, y, x, c)] / (1 + exp(-b.in[0][at_picture(p, y, x + 2, c)])));
  }
  close_bench(&b);
}

/* Every word with every thing of its own row; zeros behind the last thing. */
static void test_pairs(void **state) {
  (void)state;
  bench b;
  open_bench(&b,
             "model m { input w: real [p, word..., c = 3] input t: real [p, thing..., c = 3]\n"
             "output z = contract(t, w, c) }");
  const float *z = at_exec_value(b.x, b.out);
  for (int p = 0; p < P; p++)
    for (int64_t w = words[p]; w < words[p + 1]; w++)
      for (int64_t k = 0; k < 4; k++) {
        double want = 0;
        for (int c = 0; c < C && things[p] + k < things[p + 1]; c++)
          want += (double)b.in[0][w * C + c] * b.in[1][(things[p] + k) * C + c];
        near("pairs", w, z[w * 4 + k], want);
      }
  close_bench(&b);
}

static void test_detach(void **state) {
  (void)state;
  bench b;
  open_bench(&b,
             "model m { input a: real [p, c = 3] input d: real [p, c = 3]\n"
             "output z = a * detach(d) + detach(a) }");
  const float ones[P * C] = {1, 1, 1, 1, 1, 1};
  at_exec_backward_from(b.x, b.out, ones);
  const float *a = at_exec_input_grad(b.x, b.g->input[0]);
  const float *d = at_exec_input_grad(b.x, b.g->input[1]);
  for (int i = 0; i < P * C; i++) {
    near("gradient of a", i, a[i], b.in[1][i]);
    if (d) near("gradient of d", i, d[i], 0);
  }
  close_bench(&b);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_conv2d_many),
      cmocka_unit_test(test_conv1d_ragged),
      cmocka_unit_test(test_conv1d_strides),
      cmocka_unit_test(test_resize_bilinear),
      cmocka_unit_test(test_resize_nearest),
      cmocka_unit_test(test_instance_norm),
      cmocka_unit_test(test_layer_norm),
      cmocka_unit_test(test_batch_norm),
      cmocka_unit_test(test_glu),
      cmocka_unit_test(test_pairs),
      cmocka_unit_test(test_detach),
  };
  return cmocka_run_group_tests_name("layers", tests, NULL, NULL);
}
