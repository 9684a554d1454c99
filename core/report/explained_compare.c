/* Every two groups by every headline result: all examples, and those on which the two do equally
 * well. */
#include <stdlib.h>
#include <string.h>
#include "core/base/text.h"
#include "core/report/explained.h"

static const double LEVEL = 0.95;
enum { TOGETHER = 8 }; /* pairs whose samples are in memory at once */

const char *at_rx_part_name(rx_part p) {
  static const char *const name[] = {"all", "both right", "equally right"};
  return name[p];
}

/* Rows are those of the data: of other data there are no examples to pair. */
static bool other_data(const at_report *r, size_t a, size_t b) {
  for (size_t k = 0; k < r->n_keys; k++) {
    const char *x = r->group[a].value[k], *y = r->group[b].value[k];
    bool same = x == y || (x && y && !strcmp(x, y));
    if (!same && (!strncmp(r->key[k], "data.", 5) || !strcmp(r->key[k], "task"))) return true;
  }
  return false;
}

typedef struct work {
  const at_report *r;
  const rp_explained *x;
  const rx_block *b;
  at_resampling how;
  rx_sample *value, *right; /* [groups] */
  at_error *err;
} work;

/* ---- seeds side by side ---- */

static const char *seed_of(const work *w, size_t run) {
  const char *s = at_rp_setting(&w->r->run[run], "seed");
  return s ? s : "";
}

typedef struct beside {
  size_t *a, *b; /* rows of the two samples */
  size_t n;
} beside;

static at_status find_beside(const work *w, const rx_sample *x, const rx_sample *y, beside *out) {
  size_t most = x->s.seeds < y->s.seeds ? x->s.seeds : y->s.seeds;
  *out = (beside){calloc(most + 1, sizeof *out->a), calloc(most + 1, sizeof *out->b), 0};
  if (!out->a || !out->b) return at_nomem(w->err);
  size_t next = 0;
  for (size_t i = 0; i < x->s.seeds && out->n < most; i++)
    for (size_t k = next; k < y->s.seeds; k++) {
      if (strcmp(seed_of(w, x->run[i]), seed_of(w, y->run[k]))) continue;
      out->a[out->n] = i;
      out->b[out->n++] = k;
      next = k + 1; /* samples are in the order of their seeds */
      break;
    }
  for (; !out->n && next < most; next++) out->a[next] = out->b[next] = next;
  if (!out->n) out->n = next;
  return AT_OK;
}

/* Right answers of a run, NULL when they are not known. */
static const double *right_of(const work *w, size_t group, size_t run) {
  const rx_sample *s = &w->right[group];
  for (size_t i = 0; i < s->s.seeds; i++)
    if (s->run[i] == run) return s->value + i * s->s.examples;
  return NULL;
}

static bool counts(rx_part part, double x, double y) {
  return part == RX_ALL || (part == RX_BOTH_RIGHT ? x == 1 && y == 1 : x == y);
}

/* ---- one pair ---- */

typedef struct sides {
  double *a, *b; /* [seeds * examples], NaN where an example does not count */
  at_samples x, y;
} sides;

static at_status take(const work *w, const rx_pair *p, const beside *s, rx_part part, sides *out) {
  size_t n = w->b->examples, cells;
  if (!at_mul_size(s->n, n, &cells)) return at_nomem(w->err);
  out->a = calloc(cells + 1, sizeof *out->a);
  out->b = calloc(cells + 1, sizeof *out->b);
  if (!out->a || !out->b) return at_nomem(w->err);
  out->x = (at_samples){out->a, s->n, n};
  out->y = (at_samples){out->b, s->n, n};
  for (size_t k = 0; k < s->n; k++) {
    const rx_sample *v = &w->value[p->a], *u = &w->value[p->b];
    const double *right_a = right_of(w, p->a, v->run[s->a[k]]);
    const double *right_b = right_of(w, p->b, u->run[s->b[k]]);
    for (size_t i = 0; i < n; i++) {
      double x = v->value[s->a[k] * n + i], y = u->value[s->b[k] * n + i];
      bool in = !isnan(x) && !isnan(y) &&
                counts(part, right_a ? right_a[i] : NAN, right_b ? right_b[i] : NAN);
      out->a[k * n + i] = in ? x : NAN;
      out->b[k * n + i] = in ? y : NAN;
    }
  }
  return AT_OK;
}

/* room: two numbers for each example. */
static at_status test(const work *w, const sides *s, double *room, rx_difference *out) {
  size_t n = w->b->examples;
  at_paired t;
  at_example_means(&s->x, room);
  at_example_means(&s->y, room + n);
  at_status st = at_paired_test(room, room + n, n, &w->how, &t, w->err);
  out->n = t.n;
  out->mean = t.difference;
  out->p = t.p;
  out->d = at_cohen_paired(room, room + n, n);
  return st;
}

/* One number a seed: its mean, and its share of right answers. */
static at_status seed_numbers(const work *w, size_t group, double **value, double **accuracy) {
  const rx_sample *v = &w->value[group];
  *value = calloc(v->s.seeds + 1, sizeof **value);
  *accuracy = calloc(v->s.seeds + 1, sizeof **accuracy);
  if (!*value || !*accuracy) return at_nomem(w->err);
  at_seed_means(&v->s, *value);
  for (size_t i = 0; i < v->s.seeds; i++) {
    const double *right = right_of(w, group, v->run[i]);
    (*accuracy)[i] = right ? at_moments_of(right, w->b->examples).mean : NAN;
  }
  return AT_OK;
}

static at_status adjust(const work *w, rx_pair *p) {
  double *x = NULL, *y = NULL, *u = NULL, *v = NULL;
  size_t n = w->value[p->a].s.seeds, m = w->value[p->b].s.seeds;
  at_status st = seed_numbers(w, p->a, &x, &u);
  if (st == AT_OK) st = seed_numbers(w, p->b, &y, &v);
  if (st == AT_OK) {
    p->adjusted = at_equal_accuracy(x, u, n, y, v, m, LEVEL);
    p->accuracy = at_moments_of(u, n).mean - at_moments_of(v, m).mean;
  }
  free(x);
  free(y);
  free(u);
  free(v);
  return st;
}

static void free_sides(sides *s, size_t n) {
  for (size_t i = 0; i < n; i++) {
    free(s[i].a);
    free(s[i].b);
  }
}

/* Pairs of which at most TOGETHER. */
static at_status compare_some(const work *w, rx_pair *p, size_t n, double *room) {
  sides s[TOGETHER * RX_PARTS] = {{0}};
  at_bootstrap_pair pair[TOGETHER * RX_PARTS];
  at_interval range[TOGETHER * RX_PARTS];
  at_status st = AT_OK;
  for (size_t i = 0; st == AT_OK && i < n; i++) {
    beside seeds = {0};
    st = find_beside(w, &w->value[p[i].a], &w->value[p[i].b], &seeds);
    p[i].seeds = seeds.n;
    for (int k = 0; st == AT_OK && k < RX_PARTS; k++) {
      sides *own = &s[i * RX_PARTS + (size_t)k];
      st = take(w, &p[i], &seeds, (rx_part)k, own);
      if (st == AT_OK) st = test(w, own, room, &p[i].of[k]);
      pair[i * RX_PARTS + (size_t)k] = (at_bootstrap_pair){&own->x, &own->y};
    }
    if (st == AT_OK) st = adjust(w, &p[i]);
    free(seeds.a);
    free(seeds.b);
  }
  if (st == AT_OK) st = at_bootstrap_differences(pair, n * RX_PARTS, &w->how, range, w->err);
  for (size_t i = 0; st == AT_OK && i < n * RX_PARTS; i++) {
    rx_difference *d = &p[i / RX_PARTS].of[i % RX_PARTS];
    d->low = d->n ? range[i].low : NAN;
    d->high = d->n ? range[i].high : NAN;
  }
  free_sides(s, n * RX_PARTS);
  return st;
}

/* ---- a result ---- */

static at_status correct(const work *w, const rx_column *c, rx_compared *out) {
  double *p = calloc(out->n + 1, sizeof *p);
  size_t *order = calloc(out->n + 1, sizeof *order);
  at_status st = p && order ? AT_OK : at_nomem(w->err);
  for (int k = 0; st == AT_OK && k < RX_PARTS; k++) {
    for (size_t i = 0; i < out->n; i++) p[i] = out->v[i].of[k].p;
    at_holm(p, out->n, order);
    for (size_t i = 0; i < out->n; i++) {
      rx_difference *d = &out->v[i].of[k];
      /* the floor is such a gap itself, rounded otherwise */
      bool noise = fabs(d->mean) <= c->c.floor * (1 + 1e-9) ||
                   at_rp_one_function(w->r, out->v[i].a, out->v[i].b);
      d->p = p[i];
      d->apart = d->p < 1 - LEVEL && (d->low > 0 || d->high < 0) && !noise;
      if (k == RX_ALL) out->v[i].noise = noise;
    }
  }
  free(p);
  free(order);
  return st;
}

static at_status compare_result(const work *w, const rx_column *c, double *room, rx_compared *out) {
  size_t groups = w->r->n_groups;
  at_status st = AT_OK;
  *out = (rx_compared){c, AT_NEW_ARRAY(w->r->arena, rx_pair, groups * groups / 2 + 1), 0};
  if (!out->v) return at_nomem(w->err);
  for (size_t g = 0; st == AT_OK && g < groups; g++)
    st = at_rx_gather(w->r, w->x, w->b, c->result, g, &w->value[g], w->err);
  for (size_t a = 0; a < groups; a++)
    for (size_t b = a + 1; b < groups; b++)
      if (w->value[a].s.seeds && w->value[b].s.seeds && !other_data(w->r, a, b))
        out->v[out->n++] = (rx_pair){.a = a, .b = b};
  for (size_t i = 0; st == AT_OK && i < out->n; i += TOGETHER)
    st = compare_some(w, &out->v[i], out->n - i < TOGETHER ? out->n - i : TOGETHER, room);
  if (st == AT_OK) st = correct(w, c, out);
  for (size_t g = 0; g < groups; g++) at_rx_sample_free(&w->value[g]);
  return st;
}

at_status at_rx_compare(const at_report *r, const rp_explained *x, size_t block, at_pool *pool,
                        at_error *err) {
  const rx_block *b = &x->block[block];
  rp_table *t = &x->table[block];
  work w = {r,
            x,
            b,
            {.pool = pool, .level = LEVEL},
            calloc(r->n_groups + 1, sizeof *w.value),
            calloc(r->n_groups + 1, sizeof *w.right),
            err};
  double *room = calloc(b->examples + 1, 2 * sizeof *room);
  t->compared = AT_NEW_ARRAY(r->arena, rx_compared, t->n_head + 1);
  at_status st = w.value && w.right && room && t->compared ? AT_OK : at_nomem(err);
  for (size_t g = 0; st == AT_OK && g < r->n_groups; g++)
    st = at_rx_gather_right(r, b, g, &w.right[g], err);
  for (size_t c = 0; st == AT_OK && c < t->n_head; c++)
    if (t->head[c].result && t->head[c].result->each)
      st = compare_result(&w, &t->head[c], room, &t->compared[t->n_compared++]);
  for (size_t g = 0; w.right && g < r->n_groups; g++) at_rx_sample_free(&w.right[g]);
  free(w.value);
  free(w.right);
  free(room);
  return st;
}
