/* Times full training steps of a model on made-up data: forward, backward, clip, Adam.
 *
 *   bench/step --model scan|mac|attngan|m4c [--file MODEL.att] [--score S] [--set KEY=VALUE]...
 *              [--batch N] [--threads N] [--steps K] [--no-pass NAME]...
 *              [--ragged drawn]
 *
 * --ragged drawn: lengths that bench/cases.c says how to draw, in the place of those that are
 * always the same, and in the line which they are. Sizes and batches: bench/cases.c. Prints one
 * line of JSON: seconds of a step (median and least) and of its processor time, peak memory,
 * GFLOP/s (three times the products of the forward pass; 0 where a model has several losses, which
 * share passes), and the share of the sgemm rate that this process measures beforehand. Products
 * are counted by their definition, whatever way they are found. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include "bench/cases.h"
#include "core/base/clock.h"
#include "core/bench/machine.h"
#include "core/graph/pass.h"
#include "core/plugin/plugin.h"
#include "core/train/optimizer.h"
#include "dsl/dsl.h"

enum { MOST_STEPS = 1000, MOST_SETS = 16, ALL_SETS = MOST_SETS + 2 + AT_CASE_SETS };

typedef struct options {
  const at_case *of;
  const char *file, *score;
  const char *set[MOST_SETS];
  size_t n_set;
  int64_t batch;
  int threads, steps;
  bool drawn;
  unsigned passes;
} options;

/* Processor seconds of all threads: other work on the machine changes them less than time. */
static double spent(void) {
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  return (double)(u.ru_utime.tv_sec + u.ru_stime.tv_sec) +
         1e-6 * (double)(u.ru_utime.tv_usec + u.ru_stime.tv_usec);
}

static _Noreturn void die(const at_error *err) {
  fprintf(stderr, "step: %s\n", err->message);
  exit(at_exit_code(err->code));
}

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

/* ---- options ---- */

static _Noreturn void usage(void) {
  fprintf(stderr,
          "usage: step --model scan|mac|attngan|m4c [--file MODEL.att] [--score S] [--set "
          "KEY=VALUE]... "
          "[--batch N] [--threads N] [--steps K] [--no-pass NAME]... [--ragged drawn]\n");
  exit(2);
}

static void read_options(int argc, char **argv, options *o) {
  *o = (options){.score = "dot", .threads = 1, .steps = 5, .passes = AT_PASS_ALL};
  for (int i = 1; i + 1 < argc; i += 2) {
    const char *key = argv[i], *value = argv[i + 1];
    if (!strcmp(key, "--model"))
      o->of = at_case_find(value);
    else if (!strcmp(key, "--file"))
      o->file = value;
    else if (!strcmp(key, "--score"))
      o->score = value;
    else if (!strcmp(key, "--set") && o->n_set < MOST_SETS)
      o->set[o->n_set++] = value;
    else if (!strcmp(key, "--batch"))
      o->batch = atoi(value);
    else if (!strcmp(key, "--threads"))
      o->threads = atoi(value);
    else if (!strcmp(key, "--steps"))
      o->steps = atoi(value);
    else if (!strcmp(key, "--ragged") && !strcmp(value, "drawn"))
      o->drawn = true;
    else if (!strcmp(key, "--no-pass") && at_pass_find(value))
      o->passes &= ~at_pass_find(value);
    else
      usage();
  }
  if (argc % 2 == 0 || !o->of || o->batch < 0 || o->threads < 1 || o->steps < 1 ||
      o->steps > MOST_STEPS)
    usage();
  if (!o->batch) o->batch = o->of->batch;
}

/* ---- the model ---- */

static int64_t axis_size(void *ctx, const char *input, const char *axis) {
  (void)input;
  return at_case_axis_size(ctx, axis);
}

static int64_t vocabulary(void *ctx, const char *input) { return at_case_vocabulary(ctx, input); }

static at_graph *load(const options *o, at_registry *reg) {
  const char *sets[ALL_SETS], *file = o->file;
  char path[4096], set[2][256];
  size_t n = 0;
  for (; n < 2 && o->of->score[n]; n++) {
    snprintf(set[n], sizeof set[n], "%s=%s", o->of->score[n], o->score);
    sets[n] = set[n];
  }
  for (int k = 0; k < AT_CASE_SETS && o->of->set[k]; k++) sets[n++] = o->of->set[k];
  memcpy(sets + n, o->set, o->n_set * sizeof *sets);
  snprintf(path, sizeof path, "examples/models/%s.att", o->of->name);
  at_dsl_env env = {.ctx = (void *)o->of,
                    .scores = reg,
                    .compose = at_plugin_compose,
                    .set = sets,
                    .n_set = n + o->n_set,
                    .axis_size = axis_size,
                    .vocabulary = vocabulary};
  at_error err = {0};
  at_text messages = {0};
  at_graph *g;
  if (at_dsl_load(file ? file : path, &env, &g, &messages, &err)) {
    fputs(messages.data ? messages.data : "", stderr);
    die(&err);
  }
  at_text_free(&messages);
  if (at_graph_optimize(g, o->passes & AT_PASS_WHOLE, &err)) die(&err);
  return g;
}

/* ---- the steps ---- */

static int losses_of(const at_exec *x) {
  const int n = at_x_graph(x)->n_objective;
  return n ? n : 1;
}

static void step(at_exec *x, at_optimizer *opt, at_pool *pool, double rate, uint64_t number) {
  const at_graph *g = at_x_graph(x);
  const float one = 1;
  for (int k = 0; k < losses_of(x); k++) {
    at_exec_turn(x, k, 1, number, true);
    at_exec_backward_from(x, at_graph_loss(at_x_graph(x), k), &one);
    at_optimizer_step_of(opt, at_graph_objective(g, k), pool, rate);
  }
}

static void print_lengths(const options *o, const at_case_data *d) {
  printf(", \"lengths\": {");
  for (int k = 0; k < AT_CASE_RAGGED && o->of->ragged[k].axis; k++) {
    printf("%s\"%s\": ", k ? ", " : "", o->of->ragged[k].axis);
    for (int64_t i = 0; i < d->batch; i++)
      printf("%s%lld", i ? ", " : "[", (long long)(d->offsets[k][i + 1] - d->offsets[k][i]));
    printf("]");
  }
  printf("}");
}

static void report(const options *o, const at_exec *x, const at_case_data *d, double peak,
                   double *seconds, double *cpu) {
  qsort(seconds, (size_t)o->steps, sizeof *seconds, by_value);
  qsort(cpu, (size_t)o->steps, sizeof *cpu, by_value);
  double step = seconds[o->steps / 2];
  const bool shared = at_x_graph(x)->n_objective > 1;
  double flops = shared ? 0 : 3 * at_exec_flops(x), loss = 0;
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  for (int k = 0; k < losses_of(x); k++)
    loss += (double)*at_exec_value(x, at_graph_loss(at_x_graph(x), k));
  printf(
      "{\"model\": \"%s\", \"score\": \"%s\", \"batch\": %lld, \"threads\": %d, "
      "\"step_s\": %.4f, \"min_s\": %.4f, \"cpu_s\": %.3f, \"cpu_min_s\": %.3f, \"rss_mb\": %.0f, "
      "\"gflops\": %.1f, "
      "\"sgemm_gflops\": %.1f, \"peak_fraction\": %.3f, \"loss\": %.6f, \"planned_mb\": %.0f",
      o->of->name, o->score, (long long)o->batch, o->threads, step, seconds[0], cpu[o->steps / 2],
      cpu[0], (double)u.ru_maxrss / 1024, flops / step / 1e9, peak / 1e9, flops / step / peak, loss,
      (double)at_exec_bytes(x) / 1048576);
  if (o->drawn) print_lengths(o, d);
  printf("}\n");
}

int main(int argc, char **argv) {
  options o;
  at_error err = {0};
  at_registry *reg;
  at_params *params;
  at_optimizer *opt;
  at_exec *x;
  at_pool *pool;
  at_case_data d;
  double seconds[MOST_STEPS], cpu[MOST_STEPS];
  read_options(argc, argv, &o);
  at_adam adam = at_adam_defaults();
  adam.clip = o.of->clip;
  if (o.of->beta1 > 0) adam.beta1 = o.of->beta1;
  if (at_pool_new(o.threads, &pool, &err) || at_registry_new(NULL, 0, &reg, &err)) die(&err);
  double peak = at_machine_sgemm(pool);
  at_graph *whole = load(&o, reg), *g;
  if (at_graph_training(whole, o.passes, &g, &err)) die(&err);
  at_exec_options eo = {.pool = pool, .gradients = true, .turns = true, .plan_grads = true};
  if (at_params_new(g, &params, &err) || at_params_by_rows(params, g, &err) ||
      at_case_make(o.of, g, o.batch, o.drawn, &d, &err))
    die(&err);
  at_params_init(params, 1);
  if (at_optimizer_new(params, &adam, &opt, &err) || at_exec_new(g, params, &eo, &x, &err))
    die(&err);
  for (int k = -1; k < o.steps; k++) { /* the first warms up */
    double t = at_clock(), c = spent();
    if (at_case_bind(o.of, &d, x, &err)) die(&err);
    step(x, opt, pool, o.of->rate, (uint64_t)k + 1);
    if (k < 0) continue;
    seconds[k] = at_clock() - t;
    cpu[k] = spent() - c;
  }
  report(&o, x, &d, peak, seconds, cpu);
  at_exec_free(x);
  at_case_free(&d);
  at_optimizer_free(opt);
  at_params_free(params);
  at_graph_free(g);
  at_graph_free(whole);
  at_registry_free(reg);
  at_pool_free(pool);
  return 0;
}
