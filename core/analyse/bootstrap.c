#include "core/analyse/bootstrap.h"
#include <math.h>
#include <stdlib.h>
#include "core/base/random.h"
#include "core/base/text.h"

enum { USUAL_TIMES = 2000, PIECES = 32, SIDES = 2 };

/* A mean, or a difference of two. */
typedef struct job {
  const at_samples *side[SIDES]; /* the second NULL: no difference */
  const bool *keep;              /* [examples] that every side has */
  double *result;                /* [times] */
} job;

typedef struct boot {
  const at_resampling *how;
  size_t times, examples;
  job *job; /* resamples are drawn once for all of them */
  size_t jobs;
  uint32_t *weight;  /* [PIECES][examples]: how often an example was drawn */
  uint32_t *of_seed; /* [PIECES][most seeds] */
  size_t most_seeds;
} boot;

/* ---- one resample ---- */

static at_random stream(const boot *b, const char *name, size_t side, size_t turn) {
  return (at_random){b->how->seed, at_hash_name(name) + side, turn};
}

static void draw(const at_random *r, uint64_t from, size_t n, uint32_t *count) {
  for (size_t i = 0; i < n; i++) count[i] = 0;
  for (size_t i = 0; i < n; i++) count[at_random_below(r, from + i, n)]++;
}

static double weighted_mean(const double *v, const uint32_t *weight, const bool *keep, size_t n) {
  double sum = 0;
  uint64_t total = 0;
  for (size_t i = 0; i < n; i++)
    if (weight[i] && keep[i] && !isnan(v[i])) sum += weight[i] * v[i], total += weight[i];
  return total ? sum / (double)total : NAN;
}

/* A seed drawn twice counts twice; nested, it has two samples of examples. */
static double side_mean(const boot *b, const job *j, size_t side, size_t turn, uint32_t *weight,
                        uint32_t *of_seed) {
  const at_samples *s = j->side[side];
  at_random seeds = stream(b, "bootstrap seeds", side, turn);
  at_random within = stream(b, "bootstrap within", side, turn);
  double sum = 0, total = 0;
  uint64_t slot = 0;
  draw(&seeds, 0, s->seeds, of_seed);
  for (size_t k = 0; k < s->seeds; k++) {
    uint32_t copies = b->how->nested ? 1 : of_seed[k];
    for (uint32_t turns = of_seed[k] / (copies ? copies : 1); turns > 0; turns--) {
      if (b->how->nested) draw(&within, slot++ * b->examples, b->examples, weight);
      double own = weighted_mean(s->value + k * b->examples, weight, j->keep, b->examples);
      if (!isnan(own)) sum += copies * own, total += copies;
    }
  }
  return total > 0 ? sum / total : NAN;
}

static void piece(void *ctx, size_t index) {
  boot *b = ctx;
  uint32_t *weight = b->weight + index * b->examples;
  uint32_t *of_seed = b->of_seed + index * b->most_seeds;
  size_t begin = b->times * index / PIECES, end = b->times * (index + 1) / PIECES;
  for (size_t turn = begin; turn < end; turn++) {
    at_random r = stream(b, "bootstrap examples", 0, turn);
    if (!b->how->nested) draw(&r, 0, b->examples, weight);
    for (size_t i = 0; i < b->jobs; i++) {
      const job *j = &b->job[i];
      j->result[turn] = side_mean(b, j, 0, turn, weight, of_seed);
      if (j->side[1]) j->result[turn] -= side_mean(b, j, 1, turn, weight, of_seed);
    }
  }
}

/* ---- how far to stretch ---- */

typedef struct spread {
  double all, seen, by_degrees; /* variances of the mean, and the sum of squares / degrees */
} spread;

/* Variance of a mean of n values. */
static void add_spread(spread *s, const at_moments *m) {
  if (m->n < 2) return;
  double v = m->sd * m->sd / (double)m->n, free = (double)(m->n - 1);
  s->all += v;
  s->seen += v * free / (double)m->n;
  s->by_degrees += v * v / free;
}

static double stretch(const spread *s, double level) {
  if (!(s->seen > 0)) return 1;
  double degrees = s->all * s->all / s->by_degrees;
  return at_student_limit(level, degrees) / at_normal_limit(level) * sqrt(s->all / s->seen);
}

/* ---- the whole ---- */

static void masked_seed_means(const boot *b, const job *j, size_t side, double *value,
                              double *out) {
  const at_samples *s = j->side[side];
  for (size_t k = 0; k < s->seeds; k++) {
    for (size_t i = 0; i < b->examples; i++)
      value[i] = j->keep[i] ? s->value[k * b->examples + i] : NAN;
    out[k] = at_moments_of(value, b->examples).mean;
  }
}

/* The mean, its spread and the counts. value, other: [examples]; seeds: [most_seeds]. */
static void measure(const boot *b, const job *j, double *value, double *other, double *seeds,
                    spread *s, at_interval *out) {
  *out = (at_interval){.mean = 0, .low = NAN, .high = NAN, .seeds = SIZE_MAX};
  for (size_t side = 0; side < SIDES && j->side[side]; side++) {
    masked_seed_means(b, j, side, value, seeds);
    at_moments m = at_moments_of(seeds, j->side[side]->seeds);
    add_spread(s, &m);
    out->mean += side ? -m.mean : m.mean;
    if (m.n < out->seeds) out->seeds = m.n;
  }
  at_example_means(j->side[0], value);
  if (j->side[1]) at_example_means(j->side[1], other);
  for (size_t i = 0; i < b->examples; i++) {
    if (!j->keep[i]) value[i] = NAN;
    if (j->side[1]) value[i] -= other[i];
  }
  at_moments m = at_moments_of(value, b->examples);
  add_spread(s, &m);
  out->examples = m.n;
}

static void find_kept(const boot *b, const job *j, double *value, bool *keep) {
  for (size_t i = 0; i < b->examples; i++) keep[i] = true;
  for (size_t side = 0; side < SIDES && j->side[side]; side++) {
    at_example_means(j->side[side], value);
    for (size_t i = 0; i < b->examples; i++) keep[i] &= !isnan(value[i]);
  }
}

static void find_ends(const boot *b, double *result, const spread *s, at_interval *out) {
  double level = b->how->level > 0 ? b->how->level : 0.95;
  size_t n = 0;
  if (!(s->all >= 0) || (out->seeds < 2 && out->examples < 2)) return;
  for (size_t i = 0; i < b->times; i++)
    if (!isnan(result[i])) result[n++] = result[i];
  at_sort(result, n);
  double k = stretch(s, level);
  out->low = out->mean + k * (at_quantile(result, n, 0.5 * (1 - level)) - out->mean);
  out->high = out->mean + k * (at_quantile(result, n, 0.5 * (1 + level)) - out->mean);
}

static bool give_room(boot *b) {
  size_t n, m;
  if (!at_mul_size(PIECES, b->examples, &n) || !at_mul_size(PIECES, b->most_seeds, &m))
    return false;
  b->weight = calloc(n + 1, sizeof *b->weight);
  b->of_seed = calloc(m + 1, sizeof *b->of_seed);
  return b->weight && b->of_seed;
}

/* spreads: [jobs]. */
static at_status work(boot *b, bool *keep, double *result, spread *s, at_interval *out,
                      at_error *err) {
  double *value = calloc(b->examples + 1, sizeof *value);
  double *other = calloc(b->examples + 1, sizeof *other);
  double *seeds = calloc(b->most_seeds + 1, sizeof *seeds);
  at_status st = value && other && seeds && give_room(b) ? AT_OK : at_nomem(err);
  for (size_t i = 0; st == AT_OK && i < b->jobs; i++) {
    bool *own = keep + i * b->examples;
    find_kept(b, &b->job[i], value, own);
    b->job[i].keep = own;
    b->job[i].result = result + i * b->times;
    measure(b, &b->job[i], value, other, seeds, &s[i], &out[i]);
  }
  if (st == AT_OK) at_parallel(b->how->pool, PIECES, piece, b);
  for (size_t i = 0; st == AT_OK && i < b->jobs; i++)
    find_ends(b, b->job[i].result, &s[i], &out[i]);
  free(b->weight);
  free(b->of_seed);
  free(value);
  free(other);
  free(seeds);
  return st;
}

static at_status all_jobs(boot *b, at_interval *out, at_error *err) {
  size_t kept, turns;
  b->times = b->how->times ? b->how->times : USUAL_TIMES;
  for (size_t i = 0; i < b->jobs; i++)
    for (size_t side = 0; side < SIDES && b->job[i].side[side]; side++)
      if (b->job[i].side[side]->seeds > b->most_seeds) b->most_seeds = b->job[i].side[side]->seeds;
  if (!at_mul_size(b->jobs, b->examples, &kept) || !at_mul_size(b->jobs, b->times, &turns))
    return at_nomem(err);
  bool *keep = calloc(kept + 1, sizeof *keep);
  double *result = calloc(turns + 1, sizeof *result);
  spread *s = calloc(b->jobs + 1, sizeof *s);
  at_status st = keep && result && s ? work(b, keep, result, s, out, err) : at_nomem(err);
  free(keep);
  free(result);
  free(s);
  return st;
}

at_status at_bootstrap(const at_samples *s, const at_resampling *how, at_interval *out,
                       at_error *err) {
  job one = {.side = {s}};
  return all_jobs(&(boot){.how = how, .examples = s->examples, .job = &one, .jobs = 1}, out, err);
}

static at_status differ(size_t a, size_t b, at_error *err) {
  return at_fail(err, AT_EINPUT, "%zu and %zu examples cannot be compared one by one", a, b);
}

at_status at_bootstrap_many(const at_samples *s, size_t n, const at_resampling *how,
                            at_interval *out, at_error *err) {
  job *v = calloc(n + 1, sizeof *v);
  at_status st = v ? AT_OK : at_nomem(err);
  for (size_t i = 0; st == AT_OK && i < n; i++) {
    v[i] = (job){.side = {&s[i]}};
    if (s[i].examples != s[0].examples) st = differ(s[0].examples, s[i].examples, err);
  }
  if (st == AT_OK && n)
    st = all_jobs(&(boot){.how = how, .examples = s[0].examples, .job = v, .jobs = n}, out, err);
  free(v);
  return st;
}

at_status at_bootstrap_difference(const at_samples *a, const at_samples *b,
                                  const at_resampling *how, at_interval *out, at_error *err) {
  at_bootstrap_pair pair = {a, b};
  return at_bootstrap_differences(&pair, 1, how, out, err);
}

at_status at_bootstrap_differences(const at_bootstrap_pair *pair, size_t n,
                                   const at_resampling *how, at_interval *out, at_error *err) {
  job *v = calloc(n + 1, sizeof *v);
  at_status st = v ? AT_OK : at_nomem(err);
  for (size_t i = 0; st == AT_OK && i < n; i++) {
    const size_t examples = pair[0].a->examples;
    v[i] = (job){.side = {pair[i].a, pair[i].b}};
    if (pair[i].a->examples != examples) st = differ(examples, pair[i].a->examples, err);
    if (pair[i].b->examples != examples) st = differ(examples, pair[i].b->examples, err);
  }
  if (st == AT_OK && n)
    st = all_jobs(&(boot){.how = how, .examples = pair[0].a->examples, .job = v, .jobs = n}, out,
                  err);
  free(v);
  return st;
}

at_interval at_student_interval(const at_moments *m, double level) {
  at_interval out = {m->mean, NAN, NAN, m->n, 1};
  if (m->n < 2) return out;
  double arm = m->sd ? at_student_limit(level, (double)(m->n - 1)) * m->sd / sqrt((double)m->n) : 0;
  out.low = m->mean - arm;
  out.high = m->mean + arm;
  return out;
}
