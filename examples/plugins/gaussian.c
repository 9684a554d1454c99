/* s = -|k - q|^2 / (2 sigma^2): after a softmax, weights of a Gaussian kernel.
 *
 * Fast: |k - q|^2 = |k|^2 + |q|^2 - 2 k . q, so that the work is one product of matrices.
 * Exact: the norms are summed in double, and what rounding makes positive is brought to zero. Where
 * keys and queries are close compared with their lengths, that difference still loses digits: the
 * error is about 1e-7 (|k|^2 + |q|^2) / sigma^2. Normalise inputs that are far from the origin. */
#include <attune/plugin.h>

static double width2(const attune_kernel_call *c) {
  double sigma = c->number[0];
  return sigma > 0 ? sigma * sigma : (double)c->depth;
}

static double norm2(const float *v, int64_t n) {
  double s = 0;
  for (int64_t i = 0; i < n; i++) s += (double)v[i] * v[i];
  return s;
}

static int64_t scratch(const double *number, int64_t keys, int64_t queries, int64_t depth) {
  (void)number, (void)depth;
  return keys + queries;
}

static void forward(const attune_host *host, const attune_kernel_call *c) {
  float *k2 = c->scratch, *q2 = k2 + c->keys;
  const float by = (float)(-0.5 / width2(c));
  for (int64_t i = 0; i < c->keys; i++) k2[i] = (float)norm2(c->key + i * c->key_stride, c->depth);
  for (int64_t j = 0; j < c->queries; j++)
    q2[j] = (float)norm2(c->query + j * c->query_stride, c->depth);
  host->gemm(c->keys, c->queries, c->depth, -2, c->key, c->key_stride, 1, c->query, 1,
             c->query_stride, 0, c->score, c->score_stride, 1);
  for (int64_t i = 0; i < c->keys; i++) {
    float *s = c->score + i * c->score_stride;
    for (int64_t j = 0; j < c->queries; j++) {
      float d2 = s[j] + (k2[i] + q2[j]);
      s[j] = by * (d2 < 0 ? 0 : d2);
    }
  }
}

/* ds/dk = (q - k) / sigma^2: dk += (dS Q - rowsum(dS) k) / sigma^2, dq likewise. */
static void backward(const attune_host *host, const attune_kernel_call *c) {
  const int64_t d = c->depth, gs = c->score_grad_stride;
  const float by = (float)(1 / width2(c));
  if (c->key_grad) {
    host->gemm(c->keys, d, c->queries, by, c->score_grad, gs, 1, c->query, c->query_stride, 1, 1,
               c->key_grad, d, 1);
    for (int64_t i = 0; i < c->keys; i++) {
      float sum = 0;
      for (int64_t j = 0; j < c->queries; j++) sum += c->score_grad[i * gs + j];
      for (int64_t e = 0; e < d; e++)
        c->key_grad[i * d + e] -= by * sum * c->key[i * c->key_stride + e];
    }
  }
  if (c->query_grad) {
    host->gemm(c->queries, d, c->keys, by, c->score_grad, 1, gs, c->key, c->key_stride, 1, 1,
               c->query_grad, d, 1);
    for (int64_t j = 0; j < c->queries; j++) {
      float sum = 0;
      for (int64_t i = 0; i < c->keys; i++) sum += c->score_grad[i * gs + j];
      for (int64_t e = 0; e < d; e++)
        c->query_grad[j * d + e] -= by * sum * c->query[j * c->query_stride + e];
    }
  }
}

static const attune_kernel kernel = {
    .size = sizeof(attune_kernel),
    .name = "gaussian",
    .forward = forward,
    .backward = backward,
    .scratch = scratch,
};

static int compose(const attune_host *host, attune_build *build, const attune_options *options,
                   attune_value query, attune_value key, attune_value *score) {
  const double sigma = host->option_real(options, "sigma");
  return host->kernel(build, &kernel, key, query, NULL, 0, &sigma, 1, score);
}

static int form(const attune_host *host, const attune_options *options, int64_t depth,
                attune_form *out) {
  (void)host, (void)options, (void)depth;
  out->keeps = ATTUNE_KEEPS_SWAP | ATTUNE_KEEPS_SHIFT | ATTUNE_KEEPS_ROTATION;
  return ATTUNE_OK;
}

static const attune_option options_table[] = {
    ATTUNE_REAL_OPTION("sigma", "0", 0, 1e6, "width of the kernel; 0: the root of d"),
    ATTUNE_END_OF_OPTIONS,
};
static const attune_score gaussian = {
    .item = ATTUNE_ITEM(score, SCORE, "gaussian", "-|k - q|^2 / (2 sigma^2)",
                        "s = -|k - q|^2 / (2 sigma^2). With keys of equal length it is the dot "
                        "product but for a number\nthat is the same for every key.",
                        options_table),
    .compose = compose,
    .form = form,
};
static const attune_item *const items[] = {&gaussian.item};
ATTUNE_PLUGIN("gaussian", "1.0", "Apache-2.0", items)
