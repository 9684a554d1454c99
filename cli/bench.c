/* attune bench: how fast a model takes a step, and where the time goes. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "cli/cli.h"
#include "core/base/text.h"
#include "core/bench/bench.h"
#include "core/graph/pass.h"
#include "core/level/level.h"

/* ---- small texts ---- */

/* "12.3 ms" */
static const char *time_text(double seconds, char *buf, size_t n) {
  const bool whole = seconds >= 1, milli = seconds >= 1e-3;
  snprintf(buf, n, "%.*f %s", 3,
           seconds * (whole   ? 1
                      : milli ? 1e3
                              : 1e6),
           whole   ? "s"
           : milli ? "ms"
                   : "us");
  return buf;
}

/* "34 %"; "" of nothing */
static const char *share_text(double v, double of, char *buf, size_t n) {
  *buf = '\0';
  if (v > 0 && of > 0) snprintf(buf, n, "%.1f %%", 100 * v / of);
  return buf;
}

static const char *rate_text(double v, char *buf, size_t n) {
  *buf = '\0';
  if (v > 0) snprintf(buf, n, "%.2f", v / 1e9);
  return buf;
}

static const char *file_of(const char *path) {
  const char *slash = strrchr(path, '/');
  return slash ? slash + 1 : path;
}

/* ---- a step ---- */

static void print_phase(const at_bench *b, int i) {
  const at_bench_time *t = &b->time[i];
  char median[32], least[32], flops[32], bytes[32], of_sgemm[32], of_copy[32];
  printf("%-10s %12s %12s %9s %8s %9s %8s\n", at_bench_phase_names[i],
         time_text(t->median, median, sizeof median), time_text(t->least, least, sizeof least),
         rate_text(t->flop_rate, flops, sizeof flops),
         share_text(t->flop_rate, b->machine.sgemm, of_sgemm, sizeof of_sgemm),
         rate_text(t->rate, bytes, sizeof bytes),
         share_text(t->rate, b->machine.copy, of_copy, sizeof of_copy));
}

static void print_allocations(const at_bench *b) {
  const at_bench_time *all = &b->time[AT_BENCH_STEP], *load = &b->time[AT_BENCH_LOAD];
  printf("allocations in a step   %" PRId64, all->allocations);
  if (all->most > all->allocations) printf(" (at most %" PRId64 ")", all->most);
  if (load->allocations) printf(", %" PRId64 " of them to load the batch", load->allocations);
  printf("\n");
}

static void print_machine(const at_machine *m) {
  printf("\nsgemm at best %.2f GFLOP/s, a copy %.2f GB/s, with these threads; instructions: %s\n",
         m->sgemm / 1e9, m->copy / 1e9, at_level());
}

static void print_step(const at_bench *b) {
  const at_bench_time *step = &b->time[AT_BENCH_STEP];
  char work[32], moved[32], planned[32], peak[32];
  printf("model %s, batch %" PRId64 ", %d thread%s, median of %d steps\n\n", b->model, b->batch,
         b->threads, b->threads == 1 ? "" : "s", b->repeat);
  printf("%-10s %12s %12s %9s %8s %9s %8s\n", "", "median", "least", "GFLOP/s", "of sgemm", "GB/s",
         "of copy");
  for (int i = 0; i < AT_BENCH_PHASES; i++)
    if (b->losses || i == AT_BENCH_LOAD || i == AT_BENCH_FORWARD || i == AT_BENCH_STEP)
      print_phase(b, i);
  print_machine(&b->machine);
  printf("work of a step          %sFLOP, %s moved at least\n",
         cli_short(step->flops, false, work, sizeof work),
         cli_short(step->bytes, true, moved, sizeof moved));
  printf("memory                  %s planned, %s at the peak of the process\n",
         cli_short(b->planned, true, planned, sizeof planned),
         cli_short(b->peak, true, peak, sizeof peak));
  print_allocations(b);
  if (b->losses && !b->finite)
    printf("the gradient of the made inputs is no number: no update was made\n");
  for (int i = 0; i < b->n_size; i++)
    printf("%s of `%s`: %" PRId64 "%s\n",
           b->size[i].vocabulary ? "ids"
           : b->size[i].ragged   ? "length"
                                 : "size",
           b->size[i].name, b->size[i].size, b->size[i].assumed ? " (assumed)" : "");
}

/* ---- a profile ---- */

/* Spots that the text shows one by one; the others are one row, and all of them in JSON. */
static int shown(const at_bench *b, const at_bench_spots *all) {
  int n = 0;
  while (n < all->n && at_bench_sum(&all->v[n]).seconds >= 0.0005 * b->total) n++;
  return n;
}

static void print_row(const at_bench *b, const at_bench_spot *s) {
  const at_bench_part sum = at_bench_sum(s), *part = s->part;
  const double seconds = sum.seconds,
               back = part[AT_EXEC_AGAIN].seconds + part[AT_EXEC_BACKWARD].seconds;
  char all[32], forward[32], backward[32], flops[32], bytes[32], share[32];
  printf("%7s %11s %11s %11s %8s %8s  ", share_text(seconds, b->total, share, sizeof share),
         time_text(seconds, all, sizeof all),
         time_text(part[AT_EXEC_FORWARD].seconds, forward, sizeof forward),
         time_text(back, backward, sizeof backward),
         rate_text(seconds > 0 ? sum.flops / seconds : 0, flops, sizeof flops),
         rate_text(seconds > 0 ? sum.bytes / seconds : 0, bytes, sizeof bytes));
}

static void print_beside(const at_bench *b, double seconds, const char *what) {
  char share[32], all[32];
  if (seconds > 0)
    printf("%7s %11s %43s%s\n", share_text(seconds, b->total, share, sizeof share),
           time_text(seconds, all, sizeof all), "", what);
}

static void print_others(const at_bench *b, const at_bench_spots *all, int from, const char *what) {
  char text[64];
  double seconds = 0;
  for (int i = from; i < all->n; i++) seconds += at_bench_sum(&all->v[i]).seconds;
  snprintf(text, sizeof text, "%d more %s", all->n - from, what);
  print_beside(b, seconds, text);
}

static void print_title(const char *what) {
  printf("\n%7s %11s %11s %11s %8s %8s  %s\n", "share", "time", "forward", "backward", "GFLOP/s",
         "GB/s", what);
}

static void print_lines(const at_bench *b) {
  print_title("line of the model");
  const int n = shown(b, &b->line);
  for (int i = 0; i < n; i++) {
    const at_bench_spot *s = &b->line.v[i];
    print_row(b, s);
    if (s->path)
      printf("%s:%d:%d: %.*s [%s]\n", file_of(s->path), s->line, s->column, s->size, s->text,
             s->name);
    else
      printf("of no line\n");
  }
  print_others(b, &b->line, n, "lines");
  print_beside(b, b->update, "update of the parameters");
  print_beside(b, b->load, "load of the batch");
  print_beside(b, b->between, "between operators");
}

static void print_named(const at_bench *b, const at_bench_spots *all, const char *title) {
  const int n = shown(b, all);
  if (n) print_title(title);
  for (int i = 0; i < n; i++) {
    print_row(b, &all->v[i]);
    printf("%s (%d)\n", all->v[i].name, all->v[i].nodes);
  }
}

/* ---- more threads ---- */

static const char *times_text(double one, double many, char *buf, size_t n) {
  *buf = '\0';
  if (many > 0) snprintf(buf, n, "%.2f", one / many);
  return buf;
}

static void print_widths(const at_bench *b) {
  const at_bench_wide *step = &b->time[AT_BENCH_STEP].wide;
  char time[32], times[32], share[32];
  printf("\nwith more threads, were memory as fast for all of them\n");
  printf("%7s %11s %11s %11s %11s %9s\n", "threads", "step", "forward", "backward", "update",
         "speed-up");
  for (int w = 0; w < AT_BENCH_WIDTHS; w++) {
    printf("%7d", at_bench_widths[w]);
    const at_bench_phase phases[] = {AT_BENCH_STEP, AT_BENCH_FORWARD, AT_BENCH_BACKWARD,
                                     AT_BENCH_UPDATE};
    for (size_t p = 0; p < sizeof phases / sizeof *phases; p++)
      printf(" %11s", time_text(b->time[phases[p]].wide.seconds[w], time, sizeof time));
    printf(" %9s\n", times_text(step->seconds[0], step->seconds[w], times, sizeof times));
  }
  printf("not shared: %s (%s) of a step; %" PRId64 " works are shared, in %" PRId64 " parts\n",
         time_text(step->alone, time, sizeof time),
         share_text(step->alone, step->seconds[0], share, sizeof share), step->works, step->parts);
}

static int by_most_threads(const void *a, const void *b) {
  const at_bench_spot *const *x = a, *const *y = b;
  const double s = (*x)->wide.seconds[AT_BENCH_WIDTHS - 1],
               t = (*y)->wide.seconds[AT_BENCH_WIDTHS - 1];
  return (s < t) - (s > t);
}

/* What a step waits for with most threads comes first. */
static at_status print_widths_of_lines(const at_bench *b, at_error *err) {
  const at_bench_spot **order = calloc((size_t)b->line.n + 1, sizeof *order);
  const double step = b->time[AT_BENCH_STEP].wide.seconds[AT_BENCH_WIDTHS - 1];
  if (!order) return at_nomem(err);
  for (int i = 0; i < b->line.n; i++) order[i] = &b->line.v[i];
  qsort(order, (size_t)b->line.n, sizeof *order, by_most_threads);
  printf("\n%7s %11s %11s %9s %11s  line of the model\n", "share", "64 threads", "1 thread",
         "speed-up", "not shared");
  for (int i = 0; i < b->line.n && order[i]->wide.seconds[AT_BENCH_WIDTHS - 1] >= 0.005 * step;
       i++) {
    const at_bench_spot *s = order[i];
    const double one = s->wide.seconds[0], most = s->wide.seconds[AT_BENCH_WIDTHS - 1];
    char share[32], few[32], many[32], times[32], alone[32];
    printf("%7s %11s %11s %9s %11s  ", share_text(most, step, share, sizeof share),
           time_text(most, many, sizeof many), time_text(one, few, sizeof few),
           times_text(one, most, times, sizeof times),
           time_text(s->wide.alone, alone, sizeof alone));
    if (s->path)
      printf("%s:%d:%d: %.*s [%s]\n", file_of(s->path), s->line, s->column, s->size, s->text,
             s->name);
    else
      printf("of no line\n");
  }
  free(order);
  return AT_OK;
}

/* ---- single operators ---- */

static void print_way(const at_bench_cases *c, const at_bench_case *k, int way) {
  const at_bench_part *p = &k->way[way];
  const double flops = p->seconds > 0 ? p->flops / p->seconds : 0;
  const double bytes = p->seconds > 0 ? p->bytes / p->seconds : 0;
  char time[32], rate[32], of_sgemm[32], moved[32], of_copy[32];
  printf("%-11s %-42s %-8s %11s %9s %8s %9s %8s\n", way ? "" : k->op, way ? "" : k->shape,
         way ? "backward" : "forward", time_text(p->seconds, time, sizeof time),
         rate_text(flops, rate, sizeof rate),
         share_text(flops, c->machine.sgemm, of_sgemm, sizeof of_sgemm),
         rate_text(bytes, moved, sizeof moved),
         share_text(bytes, c->machine.copy, of_copy, sizeof of_copy));
}

static int bench_ops(const char *name, int threads, int repeat, bool json) {
  at_registry *reg = NULL;
  at_bench_cases c = {0};
  at_error err = {0};
  at_text out = {0};
  at_status s = at_registry_new(NULL, 0, &reg, &err);
  if (s == AT_OK) s = at_bench_ops(reg, name, threads, repeat, &c, &err);
  if (s == AT_OK && json) s = at_bench_cases_json(&c, &out, &err);
  if (s == AT_OK && json) fputs(out.data, stdout);
  if (s == AT_OK && !json)
    printf("%-11s %-42s %-8s %11s %9s %8s %9s %8s\n", "operator", "shape", "", "median", "GFLOP/s",
           "of sgemm", "GB/s", "of copy");
  for (int i = 0; s == AT_OK && !json && i < c.n; i++)
    for (int way = 0; way < 2; way++) print_way(&c, &c.v[i], way);
  if (s == AT_OK && !json) print_machine(&c.machine);
  at_bench_cases_free(&c);
  at_registry_free(reg);
  at_text_free(&out);
  return s == AT_OK ? cli_done() : cli_fail(&err);
}

/* ---- an evaluation ---- */

static void print_evaluation(const at_bench_evaluation *e) {
  char median[32], least[32], peak[32];
  printf("evaluation of `%s`:", e->split);
  for (int i = 0; i < e->n_table; i++)
    printf("%s %" PRId64 " of `%s`", i ? "," : "", e->table[i].rows, e->table[i].table);
  printf("; %d thread%s, median of %d\n\n", e->threads, e->threads == 1 ? "" : "s", e->repeat);
  printf("time                    %s, %s at least\n", time_text(e->median, median, sizeof median),
         time_text(e->least, least, sizeof least));
  printf("memory                  %s at the peak of the process\n",
         cli_short(e->peak, true, peak, sizeof peak));
}

static int bench_evaluation(const at_bench_options *o, const char *split, bool json) {
  at_registry *reg = NULL;
  at_bench_evaluation e = {0};
  at_error err = {0};
  at_text messages = {0}, out = {0};
  at_status s = at_registry_new(NULL, 0, &reg, &err);
  if (s == AT_OK) s = at_bench_evaluate(reg, o, split, &e, &messages, &err);
  if (messages.data) fputs(messages.data, stderr);
  if (s == AT_OK && json) s = at_bench_evaluation_json(&e, &out, &err);
  if (s == AT_OK && out.data) fputs(out.data, stdout);
  if (s == AT_OK && !json) print_evaluation(&e);
  at_bench_evaluation_close(&e);
  at_registry_free(reg);
  const int rc = s == AT_OK ? cli_done() : cli_fail_shown(&messages, &err);
  at_text_free(&messages);
  at_text_free(&out);
  return rc;
}

/* ---- the command ---- */

static at_status check_run_options(const at_bench_options *o, const char *evaluate, at_error *err) {
  if (evaluate && !o->run)
    return at_fail(err, AT_EINPUT, "%s: --evaluate is for a run, which has data", o->path);
  if (evaluate && (o->batch || o->profile || o->scaling))
    return at_fail(err, AT_EINPUT, "%s: %s is for steps of training, not for --evaluate", o->path,
                   o->batch     ? "--batch"
                   : o->profile ? "--profile"
                                : "--scaling");
  if (!o->run || (!o->n_size && !o->without)) return AT_OK;
  return at_fail(err, AT_EINPUT,
                 o->n_size ? "%s: the data of a run say its sizes; --size is for a model by itself"
                           : "%s: --no-pass is for a model by itself, not for a run",
                 o->path);
}

int cli_bench(int argc, char **argv) {
  cli_list set = {.n = 0}, size = {.n = 0}, without = {.n = 0}, rest;
  const char *op = NULL, *evaluate = NULL;
  bool done, json = false;
  int64_t threads = 0, repeat = 10;
  at_bench_options o = {.allocations = cli_allocations};
  const cli_option options[] = {
      {"set", 's', CLI_LIST, &set, 0, 0},          {"size", 0, CLI_LIST, &size, 0, 0},
      {"batch", 0, CLI_INT, &o.batch, 1, 1000000}, {"threads", 't', CLI_INT, &threads, 0, 1024},
      {"repeat", 0, CLI_INT, &repeat, 1, 10000},   {"op", 0, CLI_TEXT, &op, 0, 0},
      {"no-pass", 0, CLI_LIST, &without, 0, 0},    {"profile", 'p', CLI_FLAG, &o.profile, 0, 0},
      {"scaling", 0, CLI_FLAG, &o.scaling, 0, 0},  {"evaluate", 0, CLI_TEXT, &evaluate, 0, 0},
      {"json", 0, CLI_FLAG, &json, 0, 0},          {0}};
  int rc = cli_parse(argc, argv, options, &rest, 0, 1, &done);
  if (rc || done) return rc;
  const bool of_model =
      set.n || size.n || without.n || o.batch || o.profile || o.scaling || evaluate;
  if (op ? rest.n || of_model : !rest.n) return cli_usage(argv[0]);
  if (op) return bench_ops(op, (int)threads, (int)repeat, json);
  o.path = rest.v[0];
  o.run = cli_is_yaml(o.path);
  o.set = set.v;
  o.n_set = set.n;
  o.size = size.v;
  o.n_size = size.n;
  o.threads = o.scaling && !threads ? 1 : (int)threads;
  o.repeat = (int)repeat;
  at_registry *reg = NULL;
  at_bench b = {0};
  at_error err = {0};
  at_text messages = {0}, out = {0};
  at_status s = at_pass_bits(without.v, without.n, &o.without, &err);
  if (s == AT_OK) s = check_run_options(&o, evaluate, &err);
  if (s == AT_OK && evaluate) return bench_evaluation(&o, evaluate, json);
  if (s == AT_OK) s = at_registry_new(NULL, 0, &reg, &err);
  if (s == AT_OK) s = at_bench_measure(reg, &o, &b, &messages, &err);
  if (messages.data) fputs(messages.data, stderr);
  if (s == AT_OK && json) s = at_bench_json(&b, &out, &err);
  if (s == AT_OK && out.data) fputs(out.data, stdout);
  if (s == AT_OK && !json) print_step(&b);
  if (s == AT_OK && !json && b.scaled) {
    print_widths(&b);
    s = print_widths_of_lines(&b, &err);
  }
  if (s == AT_OK && !json && o.profile) {
    print_lines(&b);
    print_named(&b, &b.op, "operator (nodes)");
    print_named(&b, &b.module, "module (nodes), with those inside");
  }
  at_bench_close(&b);
  at_registry_free(reg);
  rc = s == AT_OK ? cli_done() : cli_fail_shown(&messages, &err);
  at_text_free(&messages);
  at_text_free(&out);
  return rc;
}
