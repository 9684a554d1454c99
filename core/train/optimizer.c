#include "core/train/optimizer.h"
#include <math.h>
#include <stdlib.h>
#include "core/base/zeros.h"

enum { BLOCK = 1 << 15, LANES = 32 };
/* A float holds the square of no larger norm: second moments would be infinite, and stay so. */
static const double LARGEST = 1e19;

at_adam at_adam_defaults(void) { return (at_adam){.beta1 = 0.9, .beta2 = 0.999, .eps = 1e-8}; }

at_status at_optimizer_new(at_params *params, const at_adam *o, at_optimizer **out, at_error *err) {
  *out = NULL;
  at_optimizer *p = calloc(1, sizeof *p);
  if (!p) return at_nomem(err);
  p->params = params;
  p->o = *o;
  p->m = at_zeros_new(params->count * sizeof *p->m);
  p->v = at_zeros_new(params->count * sizeof *p->v);
  p->count = calloc((size_t)params->graph->n_param + 1, sizeof *p->count);
  p->part = calloc(params->count / BLOCK + 1, sizeof *p->part);
  if (!p->m || !p->v || !p->count || !p->part) {
    at_optimizer_free(p);
    return at_nomem(err);
  }
  *out = p;
  return AT_OK;
}

void at_optimizer_free(at_optimizer *o) {
  if (!o) return;
  at_zeros_free(o->m);
  at_zeros_free(o->v);
  free(o->count);
  free(o->part);
  free(o);
}

/* ---- neighbours in the block ---- */

/* Numbers of one parameter among those from `begin` to `end` of the block. */
typedef struct stretch {
  int param;
  size_t at, n; /* place in the block; how many */
} stretch;

static stretch first_stretch(const at_params *p, size_t begin, size_t end, int param) {
  stretch s = {.param = param, .at = p->offset[param] > begin ? p->offset[param] : begin};
  const size_t own = p->offset[param] + p->size[param], stop = own < end ? own : end;
  s.n = stop > s.at ? stop - s.at : 0; /* 0: padding alone */
  return s;
}

static bool next_stretch(const at_params *p, size_t begin, size_t end, stretch *s) {
  if (s->param + 1 >= p->graph->n_param || p->offset[s->param + 1] >= end) return false;
  *s = first_stretch(p, begin, end, s->param + 1);
  return true;
}

/* NULL: it is zero. */
static float *gradient_at(const at_params *p, const stretch *s) {
  float *g = p->grad_of[s->param];
  return g ? g + (s->at - p->offset[s->param]) : NULL;
}

/* ---- the norm ---- */

typedef struct norm {
  const at_params *p;
  size_t begin, end; /* of the block */
  double *part;
} norm;

/* Every LANES-th number has a sum of its own: one sum alone would wait for each addition, and the
 * memory for it.  `at`: how many came before, half of LANES or all of them. */
static void add_squares(double *restrict sum, size_t at, const float *restrict g, size_t n) {
  double lane[LANES];
  size_t i = 0;
  for (size_t k = at % LANES; k && k < LANES && i < n; k++, i++)
    sum[k] += (double)g[i] * (double)g[i];
  for (size_t k = 0; k < LANES; k++) lane[k] = sum[k];
  for (; i + LANES <= n; i += LANES)
    for (size_t k = 0; k < LANES; k++) lane[k] += (double)g[i + k] * (double)g[i + k];
  for (size_t k = 0; i + k < n; k++) lane[k] += (double)g[i + k] * (double)g[i + k];
  for (size_t k = 0; k < LANES; k++) sum[k] = lane[k];
}

static void norm_block(void *ctx, size_t b) {
  const norm *w = ctx;
  const size_t begin = w->begin + b * BLOCK, end = begin + BLOCK < w->end ? begin + BLOCK : w->end;
  double lane[LANES] = {0}, sum = 0;
  stretch s = first_stretch(w->p, begin, end, at_params_find(w->p, begin));
  do {
    const float *g = gradient_at(w->p, &s);
    if (g) add_squares(lane, s.at - begin, g, s.n);
  } while (next_stretch(w->p, begin, end, &s));
  for (size_t k = 0; k < LANES; k++) sum += lane[k];
  w->part[b] = sum;
}

/* Of n numbers of the block, of which those behind a parameter's own are zero. */
static double square_norm(const at_optimizer *o, size_t begin, size_t n, at_pool *pool) {
  const size_t blocks = n / BLOCK + 1;
  double sum = 0;
  at_parallel(pool, blocks, norm_block, &(norm){o->params, begin, begin + n, o->part});
  for (size_t b = 0; b < blocks; b++) sum += o->part[b];
  return sum;
}

/* ---- the update ---- */

typedef struct update {
  float *restrict p, *restrict g, *restrict m, *restrict v;
  float scale, b1, b2, rate, root, eps, fade;
  float to_m, to_v;    /* 1 - beta, rounded once: 1 - 0.999F is 1.3e-5 of it too little */
  const at_params *of; /* whose numbers `begin` and more of the block lie at p, m and v */
  size_t begin;
  const at_rows *rows; /* of a table whose gradient is kept by rows; `g` are those */
} update;

static void update_range(void *ctx, size_t begin, size_t end) {
  const update u = *(const update *)ctx;
  for (size_t i = begin; i < end; i++) {
    float g = u.g[i] * u.scale;
    float m = u.b1 * u.m[i] + u.to_m * g;
    float v = u.b2 * u.v[i] + u.to_v * g * g;
    u.m[i] = m;
    u.v[i] = v;
    u.p[i] -= u.fade * u.p[i] + u.rate * m / (sqrtf(v) * u.root + u.eps);
  }
}

/* The same where the gradient is zero: + 0 makes a zero of either sign the one that it is there. */
static void coast_range(const update *at, size_t begin, size_t end) {
  const update u = *at;
  for (size_t i = begin; i < end; i++) {
    float m = u.b1 * u.m[i] + 0.0F;
    float v = u.b2 * u.v[i];
    u.m[i] = m;
    u.v[i] = v;
    u.p[i] -= u.fade * u.p[i] + u.rate * m / (sqrtf(v) * u.root + u.eps);
  }
}

/* Numbers of neighbours. */
static void update_neighbours(void *ctx, size_t begin, size_t end) {
  const update *u = ctx;
  begin += u->begin;
  end += u->begin;
  stretch s = first_stretch(u->of, begin, end, at_params_find(u->of, begin));
  do {
    update own = *u;
    own.p += s.at - u->begin;
    own.m += s.at - u->begin;
    own.v += s.at - u->begin;
    own.g = gradient_at(u->of, &s);
    if (own.g)
      update_range(&own, 0, s.n);
    else
      coast_range(&own, 0, s.n);
  } while (next_stretch(u->of, begin, end, &s));
}

/* Row `row` of the table, whose gradient is the place-th. */
static void update_row(const update *u, size_t row, size_t place) {
  const size_t width = (size_t)u->rows->width, at = row * width;
  update of = *u;
  of.p += at;
  of.m += at;
  of.v += at;
  of.g += place * width;
  update_range(&of, 0, width);
}

static void update_table(void *ctx, size_t begin, size_t end) {
  const update *u = ctx;
  const at_rows *r = u->rows;
  for (size_t row = begin, next; row < end; row = next) {
    next = row + 1;
    if (r->place[row] >= 0) {
      update_row(u, row, (size_t)r->place[row]);
      continue;
    }
    while (next < end && r->place[next] < 0) next++;
    coast_range(u, row * (size_t)r->width, next * (size_t)r->width);
  }
}

static void update_touched(void *ctx, size_t begin, size_t end) {
  const update *u = ctx;
  for (size_t k = begin; k < end; k++) update_row(u, (size_t)u->rows->row[k], k);
}

static bool moves(const at_objective *objective, const at_node *p) {
  return objective ? at_objective_updates(objective, p) : !p->frozen;
}

/* Floats from one parameter's first to the next one's: padding is zero and stays so. */
static size_t room(const at_params *p, int i) {
  return (i + 1 < p->graph->n_param ? p->offset[i + 1] : p->count) - p->offset[i];
}

static bool by_rows(const at_params *p, int i) { return p->rows[i].count > 0; }

/* The last of neighbours from i on that one sweep goes over: all move, of as many updates. */
static int last_of(const at_optimizer *o, const at_objective *objective, int i, bool counted) {
  const at_params *p = o->params;
  int last = i;
  if (by_rows(p, i)) return i;
  while (last + 1 < p->graph->n_param && !by_rows(p, last + 1) &&
         moves(objective, p->graph->param[last + 1]) &&
         !(counted && o->count[last + 1] != o->count[i]))
    last++;
  return last;
}

/* Of the parameters that move. */
static double global_norm(const at_optimizer *o, const at_objective *objective, at_pool *pool) {
  const at_params *p = o->params;
  double sum = 0;
  for (int i = 0, last; i < p->graph->n_param; i = last + 1) {
    last = i;
    if (!moves(objective, p->graph->param[i])) continue;
    last = last_of(o, objective, i, false);
    const size_t at = p->offset[i], end = p->offset[last] + room(p, last);
    const size_t n = by_rows(p, i) ? (size_t)(p->rows[i].n * p->rows[i].width) : end - at;
    sum += square_norm(o, at, n, pool);
  }
  return sqrt(sum);
}

/* Parameters first .. last, neighbours that were updated equally often. */
static void update_run(at_optimizer *o, at_pool *pool, int first, int last, double scale,
                       double rate) {
  at_params *p = o->params;
  const size_t at = p->offset[first], end = p->offset[last] + room(p, last);
  const double n = (double)o->count[first];
  const double first_part = 1 - pow(o->o.beta1, n), root = sqrt(1 - pow(o->o.beta2, n));
  at_rows *rows = &p->rows[first];
  update u = {.p = p->value + at,
              .g = p->grad_of[first],
              .m = o->m + at,
              .v = o->v + at,
              .scale = (float)scale,
              .b1 = (float)o->o.beta1,
              .b2 = (float)o->o.beta2,
              .to_m = (float)(1 - o->o.beta1),
              .to_v = (float)(1 - o->o.beta2),
              .eps = (float)o->o.eps,
              .fade = (float)(rate * o->o.decay),
              .rate = (float)(rate / first_part),
              .root = (float)(1 / root),
              .of = p,
              .begin = at,
              .rows = rows};
  if (!rows->count) {
    at_parallel_range(pool, end - at, BLOCK, update_neighbours, &u);
    return;
  }
  const size_t grain = (size_t)(BLOCK / rows->width) + 1;
  if (o->o.touched) {
    u.rate = (float)(rate * root / first_part);
    u.root = 1;
    at_parallel_range(pool, (size_t)rows->n, grain, update_touched, &u);
  } else {
    at_parallel_range(pool, (size_t)rows->count, grain, update_table, &u);
  }
}

double at_optimizer_step_of(at_optimizer *o, const at_objective *objective, at_pool *pool,
                            double learning_rate) {
  at_params *p = o->params;
  const int n_param = p->graph->n_param;
  double n = global_norm(o, objective, pool);
  double by = o->o.clip > 0 ? fmin(1, o->o.clip / (n + 1e-6)) : 1;
  if (!isfinite(n) || n * by > LARGEST) {
    at_params_clear(p);
    return isfinite(n) ? INFINITY : n;
  }
  for (int i = 0; i < n_param; i++) o->count[i] += moves(objective, p->graph->param[i]);
  for (int i = 0, last; i < n_param; i = last + 1) {
    last = i;
    if (!moves(objective, p->graph->param[i])) continue;
    last = last_of(o, objective, i, true);
    update_run(o, pool, i, last, by, learning_rate);
    for (int k = i; k <= last; k++) at_params_clear_one(p, k);
  }
  return n;
}

double at_optimizer_step(at_optimizer *o, at_pool *pool, double learning_rate) {
  return at_optimizer_step_of(o, NULL, pool, learning_rate);
}

void at_optimizer_set_rounds(at_optimizer *o, uint64_t rounds) {
  const at_graph *g = o->params->graph;
  for (int i = 0; i < g->n_param; i++) {
    uint64_t times = g->n_objective ? 0 : !g->param[i]->frozen;
    for (int k = 0; k < g->n_objective; k++)
      times += at_objective_updates(&g->objective[k], g->param[i]);
    o->count[i] = rounds * times;
  }
}
