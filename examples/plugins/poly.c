/* s = (k . q / sqrt(d) + shift)^degree: the polynomial kernel. The base is kept from forward to
 * backward, which needs its power of degree - 1. */
#include <math.h>
#include <attune/plugin.h>

static float power(float x, int n) {
  float y = 1;
  for (int i = 0; i < n; i++) y *= x;
  return y;
}

static void forward(const attune_host *host, const attune_kernel_call *c) {
  const int degree = (int)c->number[0];
  const float shift = (float)c->number[1];
  host->gemm(c->keys, c->queries, c->depth, (float)(1 / sqrt((double)c->depth)), c->key,
             c->key_stride, 1, c->query, 1, c->query_stride, 0, c->score, c->score_stride, 1);
  for (int64_t i = 0; i < c->keys; i++)
    for (int64_t j = 0; j < c->queries; j++) {
      float *s = &c->score[i * c->score_stride + j], base = *s + shift;
      if (c->saved) c->saved[i * c->saved_stride + j] = base;
      *s = power(base, degree);
    }
}

static int64_t scratch(const double *number, int64_t keys, int64_t queries, int64_t depth) {
  (void)number, (void)depth;
  return keys * queries;
}

static void backward(const attune_host *host, const attune_kernel_call *c) {
  const int degree = (int)c->number[0];
  const int64_t d = c->depth;
  const float by = (float)(degree / sqrt((double)d));
  float *slope = c->scratch; /* ds/d(k . q) times the gradient of s */
  for (int64_t i = 0; i < c->keys; i++)
    for (int64_t j = 0; j < c->queries; j++)
      slope[i * c->queries + j] = by * power(c->saved[i * c->saved_stride + j], degree - 1) *
                                  c->score_grad[i * c->score_grad_stride + j];
  if (c->key_grad)
    host->gemm(c->keys, d, c->queries, 1, slope, c->queries, 1, c->query, c->query_stride, 1, 1,
               c->key_grad, d, 1);
  if (c->query_grad)
    host->gemm(c->queries, d, c->keys, 1, slope, 1, c->queries, c->key, c->key_stride, 1, 1,
               c->query_grad, d, 1);
}

static const attune_kernel kernel = {
    .size = sizeof(attune_kernel),
    .name = "poly",
    .saved = 1,
    .forward = forward,
    .backward = backward,
    .scratch = scratch,
};

static int compose(const attune_host *host, attune_build *build, const attune_options *options,
                   attune_value query, attune_value key, attune_value *score) {
  const double number[] = {(double)host->option_int(options, "degree"),
                           host->option_real(options, "shift")};
  return host->kernel(build, &kernel, key, query, NULL, 0, number, 2, score);
}

static const attune_option options_table[] = {
    ATTUNE_INT_OPTION("degree", "2", 1, 8, "the power"),
    ATTUNE_REAL_OPTION("shift", "1", -1e3, 1e3, "added before it"),
    ATTUNE_END_OF_OPTIONS,
};
static const attune_score poly = {
    .item = ATTUNE_ITEM(score, SCORE, "poly", "(k . q / sqrt(d) + shift)^degree",
                        "s = (k . q / sqrt(d) + shift)^degree, the polynomial kernel. Of an even "
                        "degree it cannot\ntell likeness from its opposite unless shift is large.",
                        options_table),
    .compose = compose,
};
static const attune_item *const items[] = {&poly.item};
ATTUNE_PLUGIN("poly", "1.0", "Apache-2.0", items)
