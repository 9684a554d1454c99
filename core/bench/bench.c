#include "core/bench/bench.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include "core/base/clock.h"
#include "core/base/random.h"
#include "core/bench/bench_impl.h"
#include "core/bench/machine.h"

enum { WARM = 2 };

const char *const at_bench_phase_names[AT_BENCH_PHASES] = {"load", "forward", "backward", "update",
                                                           "step"};

/* ---- one step ---- */

typedef struct taken { /* by one phase of one step */
  double seconds;
  at_cost cost;
  int64_t allocations;
  at_bench_wide wide;
} taken;

typedef struct bench {
  const at_bench_options *o;
  at_bench_subject *s;
  at_bench_profile *profile; /* NULL: none, or a step that does not count */
  at_bench_scaling *scaling; /* NULL */
  taken *at;                 /* [AT_BENCH_PHASES] of the step at hand */
  double began;
  at_bench_wide wide;
  int64_t asked;
} bench;

static int64_t asked(const bench *b) { return b->o->allocations ? b->o->allocations() : 0; }

static void begin(bench *b) {
  b->asked = asked(b);
  b->wide = at_bench_scaling_clock(b->scaling, at_clock());
  b->began = at_clock();
}

static taken *end(bench *b, at_bench_phase phase) {
  b->at[phase].seconds += at_clock() - b->began;
  b->at[phase].allocations += asked(b) - b->asked;
  const at_bench_wide now = at_bench_scaling_clock(b->scaling, at_clock());
  at_bench_wide_add(&b->at[phase].wide, &now, 1);
  at_bench_wide_add(&b->at[phase].wide, &b->wide, -1);
  return &b->at[phase];
}

static void add(at_cost *sum, at_cost w) {
  sum->flops += w.flops;
  sum->bytes += w.bytes;
}

static at_status forward(bench *b, int k, at_error *err) {
  at_bench_profile_begin(b->profile);
  begin(b);
  at_status st = at_bench_forward(b->s, k, err);
  taken *t = end(b, AT_BENCH_FORWARD);
  at_bench_profile_end(b->profile);
  add(&t->cost, at_exec_cost_forward(b->s->x));
  return st;
}

static void backward(bench *b, int k) {
  at_bench_profile_begin(b->profile);
  begin(b);
  at_bench_backward(b->s, k);
  taken *t = end(b, AT_BENCH_BACKWARD);
  at_bench_profile_end(b->profile);
  add(&t->cost, at_exec_cost_backward(b->s->x));
}

static at_status update(bench *b, int k, at_error *err) {
  const double bytes = at_bench_update_bytes(b->s, k);
  begin(b);
  at_status st = at_bench_update(b->s, k, err);
  end(b, AT_BENCH_UPDATE)->cost.bytes += bytes;
  return st;
}

static at_status one_step(bench *b, at_error *err) {
  memset(b->at, 0, AT_BENCH_PHASES * sizeof *b->at);
  at_bench_profile_step(b->profile);
  begin(b);
  at_status st = at_bench_load(b->s, err);
  end(b, AT_BENCH_LOAD);
  if (st == AT_OK && !b->s->losses) st = forward(b, 0, err);
  for (int k = 0; st == AT_OK && k < b->s->losses; k++) {
    st = forward(b, k, err);
    if (st == AT_OK) backward(b, k);
    if (st == AT_OK) st = update(b, k, err);
  }
  at_bench_profile_taken(b->profile);
  taken *all = &b->at[AT_BENCH_STEP];
  for (int p = 0; p < AT_BENCH_STEP; p++) {
    all->seconds += b->at[p].seconds;
    all->allocations += b->at[p].allocations;
    add(&all->cost, b->at[p].cost);
    at_bench_wide_add(&all->wide, &b->at[p].wide, 1);
  }
  return st;
}

/* ---- all of them ---- */

static int by_value(const void *a, const void *b) {
  double x = *(const double *)a, y = *(const double *)b;
  return (x > y) - (x < y);
}

double at_bench_median(double *v, int n) {
  qsort(v, (size_t)n, sizeof *v, by_value);
  return n % 2 ? v[n / 2] : (v[n / 2 - 1] + v[n / 2]) / 2;
}

/* `all`: [steps][AT_BENCH_PHASES]; v: room for one number of each step */
static at_bench_time time_of(const taken *all, int steps, int phase, bool counted, double *v) {
  const taken *t = all + phase, *last = t + (size_t)(steps - 1) * AT_BENCH_PHASES;
  at_bench_time out = {.flops = last->cost.flops, .bytes = last->cost.bytes};
  for (int i = 0; i < steps; i++) v[i] = t[i * AT_BENCH_PHASES].seconds;
  out.median = at_bench_median(v, steps);
  out.least = v[0];
  for (int i = 0; i < steps; i++)
    v[i] = t[i * AT_BENCH_PHASES].cost.flops / fmax(t[i * AT_BENCH_PHASES].seconds, 1e-9);
  out.flop_rate = at_bench_median(v, steps);
  for (int i = 0; i < steps; i++)
    v[i] = t[i * AT_BENCH_PHASES].cost.bytes / fmax(t[i * AT_BENCH_PHASES].seconds, 1e-9);
  out.rate = at_bench_median(v, steps);
  for (int i = 0; i < steps; i++) v[i] = (double)t[i * AT_BENCH_PHASES].allocations;
  out.allocations = counted ? (int64_t)at_bench_median(v, steps) : -1;
  out.most = counted ? (int64_t)v[steps - 1] : -1;
  return out;
}

/* [step][phase]; v: room for one number of each step */
static at_bench_wide wide_of(const taken *all, int steps, int phase, at_bench_wide *room,
                             double *v) {
  for (int i = 0; i < steps; i++) room[i] = all[i * AT_BENCH_PHASES + phase].wide;
  return at_bench_wide_median(room, 1, steps, v);
}

static at_status run_steps(at_bench *out, const at_bench_options *o, at_bench_profile *profile,
                           at_bench_scaling *scaling, at_error *err) {
  taken *all = calloc((size_t)o->repeat * AT_BENCH_PHASES, sizeof *all), warm[AT_BENCH_PHASES];
  double *v = calloc((size_t)o->repeat, sizeof *v);
  at_bench_wide *room = calloc((size_t)o->repeat, sizeof *room);
  bench b = {.o = o, .s = out->subject, .scaling = scaling};
  at_status st = all && v && room ? AT_OK : at_nomem(err);
  for (int i = -WARM; st == AT_OK && i < o->repeat; i++) {
    b.at = i < 0 ? warm : all + (size_t)i * AT_BENCH_PHASES;
    b.profile = i < 0 ? NULL : profile;
    st = one_step(&b, err);
  }
  for (int p = 0; st == AT_OK && p < AT_BENCH_PHASES; p++) {
    out->time[p] = time_of(all, o->repeat, p, o->allocations != NULL, v);
    if (scaling) out->time[p].wide = wide_of(all, o->repeat, p, room, v);
  }
  free(all);
  free(v);
  free(room);
  return st;
}

/* ---- the report ---- */

static void tell_state(at_bench *out, const at_bench_options *o) {
  const at_bench_subject *s = out->subject;
  struct rusage u;
  getrusage(RUSAGE_SELF, &u);
  out->model = s->g->name;
  out->batch = s->batch;
  out->repeat = o->repeat;
  out->losses = s->losses;
  out->planned = (double)at_exec_bytes(s->x);
  out->peak = (double)u.ru_maxrss * 1024;
  out->loss = at_bench_loss(s);
  out->finite = s->finite;
  out->weights = at_hash64(s->params->value, s->params->count * sizeof *s->params->value);
  out->size = s->model.size;
  out->n_size = s->model.n_size;
}

at_status at_bench_measure(at_registry *reg, const at_bench_options *o, at_bench *out,
                           at_text *messages, at_error *err) {
  *out = (at_bench){.profiled = o->profile || o->scaling, .scaled = o->scaling};
  at_bench_profile *profile = NULL;
  at_bench_scaling *scaling = NULL;
  at_bench_subject *s = out->subject = calloc(1, sizeof *s);
  if (!s) return at_nomem(err);
  at_status st = at_bench_subject_open(reg, o, s, messages, err);
  if (st == AT_OK) out->threads = at_pool_threads(s->pool);
  if (st == AT_OK && o->scaling && out->threads > 1)
    st = at_fail(err, AT_EINPUT,
                 "%s: scaling is worked out from steps of one thread, and here are %d", o->path,
                 at_pool_threads(s->pool));
  if (st == AT_OK && o->scaling) st = at_bench_scaling_new(s->pool, &scaling, err);
  if (st == AT_OK && out->profiled) st = at_bench_profile_new(s, o->repeat, scaling, &profile, err);
  if (st == AT_OK) st = run_steps(out, o, profile, scaling, err);
  if (st == AT_OK) tell_state(out, o);
  if (st == AT_OK && profile) st = at_bench_profile_gather(profile, out, err);
  at_bench_profile_free(profile);
  at_bench_scaling_free(scaling);
  if (st != AT_OK) return st;
  out->machine =
      o->machine ? *o->machine : (at_machine){at_machine_sgemm(s->pool), at_machine_copy(s->pool)};
  return AT_OK;
}

void at_bench_close(at_bench *b) {
  if (b->subject) at_bench_subject_close(b->subject);
  free(b->subject);
  b->subject = NULL;
}
