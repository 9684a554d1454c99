/* s = g k . q / sqrt(d), g = sigmoid(a . k + b . q + c): whether a region and a word are things
 * that can be matched at all is learned apart from how well they match. */
#include <math.h>
#include <attune/plugin.h>

static float dot(const float *x, const float *y, int64_t n) {
  float s = 0;
  for (int64_t i = 0; i < n; i++) s += x[i] * y[i];
  return s;
}

static int64_t scratch(const double *number, int64_t keys, int64_t queries, int64_t depth) {
  (void)number, (void)depth;
  return 2 * keys * queries + queries;
}

/* saved: of each pair the match k . q / sqrt(d), and the gate. */
static void forward(const attune_host *host, const attune_kernel_call *c) {
  const int64_t n = c->queries;
  float *gate = c->scratch, *bq = gate + c->keys * n;
  host->gemm(c->keys, n, c->depth, (float)(1 / sqrt((double)c->depth)), c->key, c->key_stride, 1,
             c->query, 1, c->query_stride, 0, c->score, c->score_stride, 1);
  for (int64_t j = 0; j < n; j++)
    bq[j] = dot(c->parameter[1], c->query + j * c->query_stride, c->depth) + c->parameter[2][0];
  for (int64_t i = 0; i < c->keys; i++) {
    float *s = c->score + i * c->score_stride, *g = gate + i * n;
    const float ak = dot(c->parameter[0], c->key + i * c->key_stride, c->depth);
    for (int64_t j = 0; j < n; j++) g[j] = ak + bq[j];
    host->vector_sigmoid(g, g, n);
    for (int64_t j = 0; j < n; j++) {
      if (c->saved) {
        c->saved[i * c->saved_stride + 2 * j] = s[j];
        c->saved[i * c->saved_stride + 2 * j + 1] = g[j];
      }
      s[j] *= g[j];
    }
  }
}

/* With t the gradient of the match and u that of the gate's argument:
 * dk_i += sum_j t_ij q_j / sqrt(d) + (sum_j u_ij) a, and so on. */
static void backward(const attune_host *host, const attune_kernel_call *c) {
  const int64_t n = c->queries, d = c->depth;
  const float by = (float)(1 / sqrt((double)d));
  float *t = c->scratch, *u = t + c->keys * n;
  for (int64_t i = 0; i < c->keys; i++)
    for (int64_t j = 0; j < n; j++) {
      const float *kept = c->saved + i * c->saved_stride + 2 * j, g = kept[1],
                  ds = c->score_grad[i * c->score_grad_stride + j];
      t[i * n + j] = ds * g * by;
      u[i * n + j] = ds * kept[0] * g * (1 - g);
    }
  if (c->key_grad)
    host->gemm(c->keys, d, n, 1, t, n, 1, c->query, c->query_stride, 1, 1, c->key_grad, d, 1);
  if (c->query_grad)
    host->gemm(n, d, c->keys, 1, t, 1, n, c->key, c->key_stride, 1, 1, c->query_grad, d, 1);
  for (int64_t i = 0; i < c->keys; i++) {
    float sum = 0;
    for (int64_t j = 0; j < n; j++) sum += u[i * n + j];
    for (int64_t e = 0; e < d; e++) {
      if (c->key_grad) c->key_grad[i * d + e] += sum * c->parameter[0][e];
      if (c->parameter_grad[0]) c->parameter_grad[0][e] += sum * c->key[i * c->key_stride + e];
    }
    if (c->parameter_grad[2]) c->parameter_grad[2][0] += sum;
  }
  for (int64_t j = 0; j < n; j++) {
    float sum = 0;
    for (int64_t i = 0; i < c->keys; i++) sum += u[i * n + j];
    for (int64_t e = 0; e < d; e++) {
      if (c->query_grad) c->query_grad[j * d + e] += sum * c->parameter[1][e];
      if (c->parameter_grad[1]) c->parameter_grad[1][e] += sum * c->query[j * c->query_stride + e];
    }
  }
}

static const attune_kernel kernel = {
    .size = sizeof(attune_kernel),
    .name = "gated",
    .saved = 2,
    .forward = forward,
    .backward = backward,
    .scratch = scratch,
};

static int compose(const attune_host *host, attune_build *build, const attune_options *options,
                   attune_value query, attune_value key, attune_value *score) {
  attune_value p[3];
  (void)options;
  int rc = host->parameter(build, "gate.key", 0, ATTUNE_INIT_UNIFORM, &p[0]);
  if (!rc) rc = host->parameter(build, "gate.query", 0, ATTUNE_INIT_UNIFORM, &p[1]);
  if (!rc) rc = host->parameter(build, "gate.bias", 1, ATTUNE_INIT_ZERO, &p[2]);
  return rc ? rc : host->kernel(build, &kernel, key, query, p, 3, NULL, 0, score);
}

static const attune_score gated = {
    .item = ATTUNE_ITEM(score, SCORE, "gated", "sigmoid(a . k + b . q + c) k . q / sqrt(d)",
                        "s = g k . q / sqrt(d), g = sigmoid(a . k + b . q + c): a gate for every "
                        "pair of a key and a\nquery, learned apart from their match.",
                        NULL),
    .compose = compose,
};
static const attune_item *const items[] = {&gated.item};
ATTUNE_PLUGIN("gated", "1.0", "Apache-2.0", items)
