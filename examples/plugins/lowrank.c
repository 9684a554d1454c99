/* s = (U k) . (V q), U and V of `rank` rows: a bilinear score with 2 rank d numbers in the place of
 * d^2 (Kim, Jun, Zhang, "Bilinear attention networks", 2018, eq. 2). Everything is a product of
 * matrices. */
#include <attune/plugin.h>

static int64_t scratch(const double *number, int64_t keys, int64_t queries, int64_t depth) {
  (void)depth;
  return 2 * (keys + queries) * (int64_t)number[0];
}

/* to [n, rank] = rows W', W [rank, depth] */
static void project(const attune_host *host, const attune_kernel_call *c, int64_t n,
                    const float *rows, int64_t stride, const float *w, float *to) {
  const int64_t rank = (int64_t)c->number[0];
  host->gemm(n, rank, c->depth, 1, rows, stride, 1, w, 1, c->depth, 0, to, rank, 1);
}

static void forward(const attune_host *host, const attune_kernel_call *c) {
  const int64_t rank = (int64_t)c->number[0];
  float *uk = c->scratch, *vq = uk + c->keys * rank;
  project(host, c, c->keys, c->key, c->key_stride, c->parameter[0], uk);
  project(host, c, c->queries, c->query, c->query_stride, c->parameter[1], vq);
  host->gemm(c->keys, c->queries, rank, 1, uk, rank, 1, vq, 1, rank, 0, c->score, c->score_stride,
             1);
}

/* One side: d [n, rank] = dS other, rows' gradient += d W, W's += d' rows. */
static void side(const attune_host *host, const attune_kernel_call *c, int64_t n, const float *rows,
                 int64_t stride, const float *w, const float *d, float *rows_grad, float *w_grad) {
  const int64_t rank = (int64_t)c->number[0], depth = c->depth;
  if (rows_grad) host->gemm(n, depth, rank, 1, d, rank, 1, w, depth, 1, 1, rows_grad, depth, 1);
  if (w_grad) host->gemm(rank, depth, n, 1, d, 1, rank, rows, stride, 1, 1, w_grad, depth, 1);
}

static void backward(const attune_host *host, const attune_kernel_call *c) {
  const int64_t rank = (int64_t)c->number[0], gs = c->score_grad_stride;
  float *uk = c->scratch, *vq = uk + c->keys * rank, *duk = vq + c->queries * rank,
        *dvq = duk + c->keys * rank;
  project(host, c, c->keys, c->key, c->key_stride, c->parameter[0], uk);
  project(host, c, c->queries, c->query, c->query_stride, c->parameter[1], vq);
  host->gemm(c->keys, rank, c->queries, 1, c->score_grad, gs, 1, vq, rank, 1, 0, duk, rank, 1);
  host->gemm(c->queries, rank, c->keys, 1, c->score_grad, 1, gs, uk, rank, 1, 0, dvq, rank, 1);
  side(host, c, c->keys, c->key, c->key_stride, c->parameter[0], duk, c->key_grad,
       c->parameter_grad[0]);
  side(host, c, c->queries, c->query, c->query_stride, c->parameter[1], dvq, c->query_grad,
       c->parameter_grad[1]);
}

static double flops(const double *number, int64_t depth) {
  (void)depth;
  return 2 * number[0];
}

static const attune_kernel kernel = {
    .size = sizeof(attune_kernel),
    .name = "lowrank",
    .forward = forward,
    .backward = backward,
    .scratch = scratch,
    .flops = flops,
};

static int compose(const attune_host *host, attune_build *build, const attune_options *options,
                   attune_value query, attune_value key, attune_value *score) {
  const int64_t rank = host->option_int(options, "rank");
  const double number = (double)rank;
  attune_value p[2];
  int rc = host->matrix(build, "u", rank, 0, &p[0]);
  if (!rc) rc = host->matrix(build, "v", rank, 0, &p[1]);
  return rc ? rc : host->kernel(build, &kernel, key, query, p, 2, &number, 1, score);
}

static const attune_option options_table[] = {
    ATTUNE_INT_OPTION("rank", "8", 1, 4096, "rows of U and V"),
    ATTUNE_END_OF_OPTIONS,
};
static const attune_score lowrank = {
    .item = ATTUNE_ITEM(score, SCORE, "lowrank", "(U k) . (V q)",
                        "s = (U k) . (V q), U and V of `rank` rows (Kim, Jun, Zhang, 2018).",
                        options_table),
    .compose = compose,
};
static const attune_item *const items[] = {&lowrank.item};
ATTUNE_PLUGIN("lowrank", "1.0", "Apache-2.0", items)
