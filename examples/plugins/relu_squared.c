/* s = max(0, k . q / sqrt(d))^2, the activation of Primer (So et al., 2021) on a scaled dot
 * product. Fused: what backward needs, 2 max(0, x), follows from the score itself. */
#include <math.h>
#include <attune/plugin.h>

static void forward(const attune_host *host, const attune_kernel_call *c) {
  host->gemm(c->keys, c->queries, c->depth, (float)(1 / sqrt((double)c->depth)), c->key,
             c->key_stride, 1, c->query, 1, c->query_stride, 0, c->score, c->score_stride, 1);
  for (int64_t i = 0; i < c->keys; i++) {
    float *s = c->score + i * c->score_stride;
    for (int64_t j = 0; j < c->queries; j++) s[j] = s[j] <= 0 ? 0 : s[j] * s[j];
  }
}

static int64_t scratch(const double *number, int64_t keys, int64_t queries, int64_t depth) {
  (void)number, (void)depth;
  return keys * queries;
}

static void backward(const attune_host *host, const attune_kernel_call *c) {
  const int64_t d = c->depth;
  const float by = (float)(2 / sqrt((double)d));
  float *slope = c->scratch;
  for (int64_t i = 0; i < c->keys; i++)
    for (int64_t j = 0; j < c->queries; j++)
      slope[i * c->queries + j] = by * sqrtf(c->score[i * c->score_stride + j]) *
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
    .name = "relu_squared",
    .forward = forward,
    .backward = backward,
    .scratch = scratch,
};

static int compose(const attune_host *host, attune_build *build, const attune_options *options,
                   attune_value query, attune_value key, attune_value *score) {
  (void)options;
  return host->kernel(build, &kernel, key, query, NULL, 0, NULL, 0, score);
}

static const attune_score relu_squared = {
    .item = ATTUNE_ITEM(score, SCORE, "relu_squared", "max(0, k . q / sqrt(d))^2",
                        "s = max(0, k . q / sqrt(d))^2 (after So et al., 2021). Keys that point "
                        "away all score 0,\nand get no gradient.",
                        NULL),
    .compose = compose,
};
static const attune_item *const items[] = {&relu_squared.item};
ATTUNE_PLUGIN("relu_squared", "1.0", "Apache-2.0", items)
