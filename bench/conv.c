/* Times convolutions: forward, and backward to input and weights.
 *
 *   bench/conv MODEL.att THREADS REPEAT IMAGES SIDE FROM TO KERNEL STRIDE PADDING
 *
 * MODEL.att: bench/conv.att. Prints one line of JSON: the least seconds of a pass forward and of
 * one back, and of their processor time. bench/conv.py runs it beside PyTorch on the shapes of the
 * models. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>
#include "core/base/clock.h"
#include "core/base/random.h"
#include "core/base/text.h"
#include "core/graph/exec.h"
#include "dsl/dsl.h"

enum { THREADS, REPEAT, IMAGES, SIDE, FROM, TO, KERNEL, STRIDE, PADDING, NUMBERS };

static _Noreturn void die(const at_error *err) {
  fprintf(stderr, "conv: %s\n", err->message);
  exit(at_exit_code(err->code));
}

static double spent(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static float *noise(size_t n, uint64_t stream) {
  const at_random r = {.seed = 1, .stream = stream};
  float *v = malloc((n + 1) * sizeof *v);
  for (size_t i = 0; v && i < n; i++) v[i] = at_random_normal(&r, i);
  if (!v) exit(1);
  return v;
}

static at_graph *load(const char *path, const int64_t *a) {
  static const char *const name[] = {"side", "read", "made", "size", "step", "edge"};
  enum { SETS = sizeof name / sizeof *name };
  char text[SETS][64];
  const char *set[SETS];
  at_error err = {0};
  at_graph *g;
  for (int i = 0; i < SETS; i++) {
    snprintf(text[i], sizeof text[i], "%s=%lld", name[i], (long long)a[SIDE + i]);
    set[i] = text[i];
  }
  const at_dsl_env env = {.set = set, .n_set = SETS};
  if (at_dsl_load(path, &env, &g, NULL, &err)) die(&err);
  return g;
}

int main(int argc, char **argv) {
  int64_t a[NUMBERS];
  at_error err = {0};
  at_pool *pool;
  at_params *params;
  at_exec *x;
  double best[4] = {1e9, 1e9, 1e9, 1e9};
  if (argc != NUMBERS + 2) return 2;
  for (int i = 0; i < NUMBERS; i++)
    if (!at_parse_i64(argv[i + 2], &a[i])) return 2;
  at_graph *g = load(argv[1], a);
  if (at_pool_new((int)a[THREADS], &pool, &err) || at_params_new(g, &params, &err)) die(&err);
  at_params_init(params, 1);
  const at_exec_options o = {.pool = pool, .gradients = true, .input_grads = true};
  const at_node *made = g->output[0].node;
  float *image = noise((size_t)(a[IMAGES] * a[SIDE] * a[SIDE] * a[FROM]), 1);
  if (at_exec_new(g, params, &o, &x, &err) || at_exec_size(x, "picture", a[IMAGES], &err) ||
      at_exec_input(x, "image", image, &err) || at_exec_ready(x, &err))
    die(&err);
  float *slope = noise((size_t)at_x_count(x, made), 2);
  for (int64_t r = 0; r < a[REPEAT]; r++) {
    const double t0 = at_clock(), c0 = spent();
    at_exec_forward(x, 1, 1, true);
    const double t1 = at_clock(), c1 = spent();
    at_exec_backward_from(x, made, slope);
    const double now[4] = {t1 - t0, at_clock() - t1, c1 - c0, spent() - c1};
    for (int i = 0; i < 4; i++)
      if (now[i] < best[i]) best[i] = now[i];
  }
  printf("{\"forward\": %.6f, \"backward\": %.6f, \"forward_cpu\": %.6f, \"backward_cpu\": %.6f}\n",
         best[0], best[1], best[2], best[3]);
  at_exec_free(x);
  at_params_free(params);
  at_graph_free(g);
  at_pool_free(pool);
  free(image);
  free(slope);
  return 0;
}
