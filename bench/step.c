/* Times one full SCAN training step on made-up data: forward, backward, clip, Adam.
 *
 *   bench/step MODEL.att [--score S] [--threads N] [--steps K] [--no-pass gram]
 *
 * Batch 128, 36 regions x 2048, d = 1024, captions of 6 to 20 words (1529 in all, the lengths of a
 * triangular distribution), vocabulary 8481. Prints one line of JSON: seconds of a step (median),
 * peak memory, GFLOP/s (three times the products of the forward pass), and the share of the sgemm
 * rate that this process measures beforehand. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include "core/base/random.h"
#include "core/graph/pass.h"
#include "core/plugin/plugin.h"
#include "core/tensor/gemm.h"
#include "core/train/optimizer.h"
#include "dsl/dsl.h"

enum { BATCH = 128, REGIONS = 36, FEATURES = 2048, VOCABULARY = 8481, MOST_STEPS = 1000 };
/* {length, captions}, longest first */
static const int LENGTHS[][2] = {{20, 0},  {19, 1}, {18, 6},  {17, 5},  {16, 4},
                                 {15, 8},  {14, 9}, {13, 19}, {12, 16}, {11, 17},
                                 {10, 15}, {9, 13}, {8, 9},   {7, 6},   {6, 0}};

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static void die(const at_error *err) {
  fprintf(stderr, "step: %s\n", err->message);
  exit(at_exit_code(err->code));
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

static double sgemm_rate(at_pool *pool) {
  enum { N = 2048 };
  float *m = aligned_alloc(64, (size_t)3 * N * N * sizeof *m);
  double best = 0;
  if (!m) return 0;
  for (size_t i = 0; i < (size_t)3 * N * N; i++) m[i] = (float)(i % 17) / 17;
  for (int k = 0; k < 4; k++) {
    double t = now();
    at_gemm(pool, N, N, N, 1, (at_mat){m, N, 1}, (at_mat){m + N * N, N, 1}, 0,
            (at_mat){m + 2 * N * N, N, 1});
    double rate = 2.0 * N * N * N / (now() - t);
    best = rate > best ? rate : best;
  }
  free(m);
  return best;
}

static int64_t axis_size(void *ctx, const char *input, const char *axis) {
  (void)ctx;
  (void)input;
  return !strcmp(axis, "region") ? REGIONS : !strcmp(axis, "feature") ? FEATURES : -1;
}

static int64_t vocabulary(void *ctx, const char *input) {
  (void)ctx;
  (void)input;
  return VOCABULARY;
}

typedef struct data {
  float *image;
  int32_t *token;
  int64_t offsets[BATCH + 1];
} data;

static void make_data(data *d) {
  at_random r = {.seed = 1};
  size_t n = (size_t)BATCH * REGIONS * FEATURES;
  int64_t caption = 0;
  d->image = malloc(n * sizeof *d->image);
  for (size_t i = 0; d->image && i < n; i++) d->image[i] = at_random_normal(&r, i);
  for (size_t k = 0; k < sizeof LENGTHS / sizeof *LENGTHS; k++)
    for (int i = 0; i < LENGTHS[k][1]; i++, caption++)
      d->offsets[caption + 1] = d->offsets[caption] + LENGTHS[k][0];
  d->token = malloc((size_t)d->offsets[BATCH] * sizeof *d->token);
  for (int64_t i = 0; d->token && i < d->offsets[BATCH]; i++)
    d->token[i] = (int32_t)at_random_below(&r, n + (size_t)i, VOCABULARY);
}

int main(int argc, char **argv) {
  const char *model = NULL, *score = "dot";
  int threads = 1, steps = 5;
  unsigned passes = AT_PASS_ALL;
  for (int i = 1; i < argc; i++) {
    if (!strcmp(argv[i], "--score") && i + 1 < argc)
      score = argv[++i];
    else if (!strcmp(argv[i], "--threads") && i + 1 < argc)
      threads = atoi(argv[++i]);
    else if (!strcmp(argv[i], "--steps") && i + 1 < argc)
      steps = atoi(argv[++i]);
    else if (!strcmp(argv[i], "--no-pass") && i + 1 < argc)
      passes &= strcmp(argv[++i], "gram") ? ~0u : ~(unsigned)AT_PASS_GRAM;
    else
      model = argv[i];
  }
  if (!model || steps < 1 || steps > MOST_STEPS || threads < 1) {
    fprintf(stderr,
            "usage: step MODEL.att [--score S] [--threads N] [--steps K] [--no-pass gram]\n");
    return 2;
  }
  at_error err = {0};
  at_registry *reg;
  at_graph *g;
  at_params *params;
  at_optimizer *opt;
  at_exec *x;
  at_pool *pool;
  at_text messages = {0};
  char set[200];
  const char *sets[] = {set};
  snprintf(set, sizeof set, "score=%s", score);
  at_adam adam = at_adam_defaults();
  adam.clip = 2;
  if (at_pool_new(threads, &pool, &err) || at_registry_new(NULL, 0, &reg, &err)) die(&err);
  double peak = sgemm_rate(pool);
  at_dsl_env env = {.ctx = reg,
                    .compose = at_plugin_compose,
                    .score_names = at_plugin_score_names,
                    .set = sets,
                    .n_set = 1,
                    .axis_size = axis_size,
                    .vocabulary = vocabulary};
  if (at_dsl_load(model, &env, &g, &messages, &err)) {
    fputs(messages.data ? messages.data : "", stderr);
    die(&err);
  }
  at_exec_options o = {.pool = pool, .gradients = true};
  if (at_graph_optimize(g, passes, &err) || at_params_new(g, &params, &err)) die(&err);
  at_params_init(params, 1);
  if (at_optimizer_new(params, &adam, &opt, &err) || at_exec_new(g, params, &o, &x, &err))
    die(&err);
  data d = {0};
  make_data(&d);
  double seconds[MOST_STEPS + 1];
  for (int k = 0; k <= steps; k++) { /* the first warms up */
    double t = now();
    if (at_exec_size(x, "picture", BATCH, &err) ||
        at_exec_ragged(x, "word", d.offsets, BATCH, &err) ||
        at_exec_input(x, "image", d.image, &err) || at_exec_input(x, "caption", d.token, &err) ||
        at_exec_ready(x, &err))
      die(&err);
    at_exec_forward(x, 1, (uint64_t)k, true);
    at_exec_backward(x);
    at_optimizer_step(opt, pool, 2e-4);
    seconds[k] = now() - t;
  }
  qsort(seconds + 1, (size_t)steps, sizeof *seconds, by_value);
  double step = seconds[1 + steps / 2], flops = 3 * at_exec_flops(x);
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  printf(
      "{\"score\": \"%s\", \"threads\": %d, \"step_s\": %.4f, \"rss_mb\": %.0f, \"gflops\": %.1f, "
      "\"sgemm_gflops\": "
      "%.1f, \"peak_fraction\": %.3f, \"loss\": %.6f, \"planned_mb\": %.0f}\n",
      score, threads, step, (double)u.ru_maxrss / 1024, flops / step / 1e9, peak / 1e9,
      flops / step / peak, (double)at_exec_loss(x), (double)at_exec_bytes(x) / 1048576);
  at_exec_free(x);
  at_optimizer_free(opt);
  at_params_free(params);
  at_graph_free(g);
  at_registry_free(reg);
  at_pool_free(pool);
  free(d.image);
  free(d.token);
  return 0;
}
