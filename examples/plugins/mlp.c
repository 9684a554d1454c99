/* s = v . tanh(W2 tanh(Wk k + Wq q + b1) + b2): a deep score. The host projects keys and queries
 * (and differentiates that); the kernel does what is left for every pair, a key at a time, so that
 * the second layer is a product of matrices and nothing of the size keys x queries x hidden lies in
 * memory. */
#include <attune/plugin.h>

enum { W2, B2, V };

static int64_t scratch(const double *number, int64_t keys, int64_t queries, int64_t depth) {
  (void)number, (void)keys;
  return 3 * queries * depth;
}

/* one [queries, h] = tanh(k + q), two [queries, h] = tanh(one W2' + b2) */
static void layers(const attune_host *host, const attune_kernel_call *c, int64_t i, float *one,
                   float *two) {
  const int64_t h = c->depth, n = c->queries;
  for (int64_t j = 0; j < n; j++)
    for (int64_t e = 0; e < h; e++) {
      one[j * h + e] = c->key[i * c->key_stride + e] + c->query[j * c->query_stride + e];
      two[j * h + e] = c->parameter[B2][e];
    }
  host->vector_tanh(one, one, n * h);
  host->gemm(n, h, h, 1, one, h, 1, c->parameter[W2], 1, h, 1, two, h, 1);
  host->vector_tanh(two, two, n * h);
}

static void forward(const attune_host *host, const attune_kernel_call *c) {
  const int64_t h = c->depth, n = c->queries;
  float *one = c->scratch, *two = one + n * h;
  for (int64_t i = 0; i < c->keys; i++) {
    layers(host, c, i, one, two);
    host->gemm(n, 1, h, 1, two, h, 1, c->parameter[V], 1, 1, 0, c->score + i * c->score_stride, 1,
               1);
  }
}

static void backward(const attune_host *host, const attune_kernel_call *c) {
  const int64_t h = c->depth, n = c->queries;
  float *one = c->scratch, *two = one + n * h, *d = two + n * h;
  for (int64_t i = 0; i < c->keys; i++) {
    const float *ds = c->score_grad + i * c->score_grad_stride;
    layers(host, c, i, one, two);
    if (c->parameter_grad[V])
      host->gemm(1, h, n, 1, ds, 1, 1, two, h, 1, 1, c->parameter_grad[V], h, 1);
    for (int64_t j = 0; j < n; j++) /* two becomes the gradient of the second layer's argument */
      for (int64_t e = 0; e < h; e++) {
        float y = two[j * h + e];
        two[j * h + e] = ds[j] * c->parameter[V][e] * (1 - y * y);
        if (c->parameter_grad[B2]) c->parameter_grad[B2][e] += two[j * h + e];
      }
    if (c->parameter_grad[W2])
      host->gemm(h, h, n, 1, two, 1, h, one, h, 1, 1, c->parameter_grad[W2], h, 1);
    host->gemm(n, h, h, 1, two, h, 1, c->parameter[W2], h, 1, 0, d, h, 1);
    for (int64_t j = 0; j < n; j++)
      for (int64_t e = 0; e < h; e++) {
        float y = one[j * h + e], g = d[j * h + e] * (1 - y * y);
        if (c->key_grad) c->key_grad[i * h + e] += g;
        if (c->query_grad) c->query_grad[j * h + e] += g;
      }
  }
}

static double flops(const double *number, int64_t depth) {
  (void)number;
  return 2.0 * (double)depth * (double)depth + 12.0 * (double)depth;
}

static const attune_kernel kernel = {
    .size = sizeof(attune_kernel),
    .name = "mlp",
    .forward = forward,
    .backward = backward,
    .scratch = scratch,
    .flops = flops,
};

static int compose(const attune_host *host, attune_build *build, const attune_options *options,
                   attune_value query, attune_value key, attune_value *score) {
  const int64_t hidden = host->option_int(options, "hidden");
  attune_value p[3];
  int rc = host->linear(build, key, "wk", hidden, 1, &key);
  if (!rc) rc = host->linear(build, query, "wq", hidden, 0, &query);
  if (!rc) rc = host->matrix(build, "w2", hidden, hidden, &p[W2]);
  if (!rc) rc = host->parameter(build, "b2", hidden, ATTUNE_INIT_UNIFORM, &p[B2]);
  if (!rc) rc = host->parameter(build, "v", hidden, ATTUNE_INIT_UNIFORM, &p[V]);
  return rc ? rc : host->kernel(build, &kernel, key, query, p, 3, NULL, 0, score);
}

static const attune_option options_table[] = {
    ATTUNE_INT_OPTION("hidden", "0", 0, 4096, "units of each layer; 0: d"),
    ATTUNE_END_OF_OPTIONS,
};
static const attune_score mlp = {
    .item = ATTUNE_ITEM(score, SCORE, "mlp", "v . tanh(W2 tanh(Wk k + Wq q + b1) + b2)",
                        "s = v . tanh(W2 tanh(Wk k + Wq q + b1) + b2): additive attention with a "
                        "second layer.\nA pair costs 2 hidden^2 operations.",
                        options_table),
    .compose = compose,
};
static const attune_item *const items[] = {&mlp.item};
ATTUNE_PLUGIN("mlp", "1.0", "Apache-2.0", items)
