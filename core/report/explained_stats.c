/* Means of what explain measured, with intervals over seeds and examples, and which are the best.
 */
#include <stdlib.h>
#include <string.h>
#include "core/report/explained.h"

static const double LEVEL = 0.95;

/* ---- the headline ---- */

static const struct {
  const char *full, *shown;
  rx_side side;
  const char *about;
} HEADLINE[] = {
    {"attention_correlation.tau_erasure", "τ erasure", RX_FAITHFUL,
     "Kendall's tau-b of the weights of the keys and how far the answer moves without each"},
    {"attention_erasure.aopc_comprehensiveness", "AOPC compr.", RX_FAITHFUL,
     "comprehensiveness: how far the output falls without the keys of largest weight"},
    {"attention_erasure.aopc_sufficiency", "AOPC suff.", RX_FAITHFUL,
     "sufficiency: how far the output falls with these keys alone"},
    {"attention_flips.flip_one_gain", "flip gain", RX_FAITHFUL,
     "share of decisions that flip without the key of largest weight, less that without a random "
     "key"},
    {"attention_plausibility.pointing", "pointing game", RX_PLAUSIBLE,
     "share of examples whose key of largest weight decides by the data's own word"},
    {"attention_plausibility.correctness", "mass / chance", RX_PLAUSIBLE,
     "weight on the keys that decide, over their share of the keys; 1 is chance"},
    {"attention_shape.entropy", "entropy", RX_SHAPE,
     "of the weights, over that of equal ones: 1 is uniform, 0 a single key"},
    {"attention_shape.seed_agreement", "seed agreement", RX_SHAPE,
     "Spearman's correlation of the weights of the same example, mean over pairs of seeds; the "
     "interval is over examples alone"},
};
enum { N_HEADLINE = sizeof HEADLINE / sizeof *HEADLINE };

const char *at_rx_side_name(rx_side s) {
  static const char *const name[] = {"performance", "faithfulness", "plausibility", "shape", ""};
  return name[s];
}

typedef struct work {
  const at_report *r;
  const rp_explained *x;
  const rx_block *b;
  at_resampling how;
  at_error *err;
} work;

/* ---- one group ---- */

/* One number a run: seeds are all there is. */
static at_status of_runs(const work *w, rx_column *c, size_t g) {
  const rp_group *group = &w->r->group[g];
  double *v = AT_NEW_ARRAY(w->r->arena, double, group->n + 1);
  if (!v) return at_nomem(w->err);
  for (size_t i = 0; i < group->n; i++) {
    size_t run = group->run[i];
    v[i] = at_rx_why(w->x, w->b, c->result, run) ? NAN : c->result->single[run];
  }
  at_moments m = at_moments_of(v, group->n);
  at_interval range = at_student_interval(&m, LEVEL);
  c->c.stat[g] = (rp_stat){m.n, m.n ? m.mean : 0, m.sd, range.low, range.high, NAN, RP_PLAIN};
  return AT_OK;
}

static void find_missing(const work *w, rx_column *c, size_t g) {
  for (size_t i = 0; i < w->r->group[g].n; i++) {
    const char *why = at_rx_why(w->x, w->b, c->result, w->r->group[g].run[i]);
    if (!why) continue;
    c->lacking[g]++;
    if (!c->why[g]) c->why[g] = why;
  }
}

/* ---- which is the best ---- */

static bool is_single(const rp_stat *s) { return s->n == 1; }

/* Of a single seed nothing is known but for this one run: such rows are set aside, and beside them
 * nothing is the best. */
static void set_singles_aside(rp_column *c, size_t n) {
  size_t best = n, singles = 0;
  for (size_t g = 0; g < n; g++) {
    rp_stat *s = &c->stat[g];
    singles += is_single(s);
    if (s->n &&
        (best == n || (c->better ? s->mean > c->stat[best].mean : s->mean < c->stat[best].mean)))
      best = g;
  }
  for (size_t g = 0; singles && g < n; g++) {
    rp_stat *s = &c->stat[g];
    if (is_single(s) || is_single(&c->stat[best]) || s->mark == RP_BEST) s->mark = RP_UNKNOWN;
  }
}

static at_status judge(const work *w, rx_column *c, const at_samples *sample) {
  size_t n = w->r->n_groups;
  at_judged *v = AT_NEW_ARRAY(w->r->arena, at_judged, n + 1);
  if (!v) return at_nomem(w->err);
  at_status st = at_judge_examples(sample, n, c->c.better, &w->how, v, w->err);
  if (st != AT_OK) return st;
  for (size_t g = 0; g < n; g++) {
    c->c.stat[g].mark = (rp_mark)v[g].verdict;
    c->c.stat[g].p = v[g].p;
  }
  set_singles_aside(&c->c, n);
  at_rp_mark_floor(&c->c, n);
  return AT_OK;
}

/* ---- one column ---- */

at_status at_rx_new_column(const at_report *r, const rx_result *v, rx_column *c, at_error *err) {
  size_t n = r->n_groups;
  at_arena *a = r->arena;
  *c = (rx_column){.c = {.metric = v->full,
                         .better = v->better,
                         .floor = NAN,
                         .stat = AT_NEW_ARRAY(a, rp_stat, n + 1)},
                   .full = v->full,
                   .side = RX_REST,
                   .result = v,
                   .examples = AT_NEW_ARRAY(a, size_t, n + 1),
                   .why = AT_NEW_ARRAY(a, const char *, n + 1),
                   .lacking = AT_NEW_ARRAY(a, size_t, n + 1)};
  if (!c->c.stat || !c->examples || !c->why || !c->lacking) return at_nomem(err);
  for (size_t g = 0; g < n; g++)
    c->c.stat[g] = (rp_stat){.sd = NAN, .low = NAN, .high = NAN, .p = NAN};
  return AT_OK;
}

/* As many as give the half of an interval, of their median, two digits; at most three. */
at_status at_rx_choose_decimals(const at_report *r, rp_column *c, at_error *err) {
  double *arm = AT_NEW_ARRAY(r->arena, double, r->n_groups + 1), largest = 0;
  size_t n = 0;
  if (!arm) return at_nomem(err);
  for (size_t g = 0; g < r->n_groups; g++) {
    const rp_stat *s = &c->stat[g];
    if (!s->n) continue;
    largest = fmax(largest, fabs(s->mean));
    if (s->high > s->low) arm[n++] = 0.5 * (s->high - s->low);
  }
  at_sort(arm, n);
  double middle = at_quantile(arm, n, 0.5);
  c->decimals = n ? (int)fmin(3, fmax(0, 1 - floor(log10(middle)))) : at_rp_decimals(largest);
  return AT_OK;
}

/* Columns that are worked out together: resamples are drawn once for all of them. */
typedef struct batch {
  rx_column *column;
  size_t n;
  rx_sample *sample; /* [n * groups] */
  at_samples *s;     /* those of `sample` that have a seed */
  at_interval *range;
  size_t n_s;
} batch;

static at_status gather(const work *w, batch *k) {
  size_t groups = w->r->n_groups;
  at_status st = AT_OK;
  for (size_t c = 0; st == AT_OK && c < k->n; c++)
    for (size_t g = 0; st == AT_OK && k->column[c].result->each && g < groups; g++) {
      rx_sample *v = &k->sample[c * groups + g];
      st = at_rx_gather(w->r, w->x, w->b, k->column[c].result, g, v, w->err);
      if (st == AT_OK && v->s.seeds) k->s[k->n_s++] = v->s;
    }
  return st;
}

static at_status take(const work *w, batch *k) {
  size_t groups = w->r->n_groups, next = 0;
  at_status st = AT_OK;
  for (size_t c = 0; st == AT_OK && c < k->n; c++) {
    rx_column *v = &k->column[c];
    for (size_t g = 0; st == AT_OK && g < groups; g++) {
      find_missing(w, v, g);
      if (!v->result->each) {
        st = of_runs(w, v, g);
      } else if (k->sample[c * groups + g].s.seeds) {
        const at_interval *i = &k->range[next++];
        v->c.stat[g] = (rp_stat){i->seeds, i->mean, NAN, i->low, i->high, NAN, RP_PLAIN};
        v->examples[g] = i->examples;
      }
    }
    if (st == AT_OK) st = at_rx_choose_decimals(w->r, &v->c, w->err);
    v->c.floor = at_rp_floor(w->r, v->c.stat);
  }
  return st;
}

static at_status fill(const work *w, rx_column *column, size_t n) {
  size_t all = n * w->r->n_groups;
  batch k = {column,
             n,
             calloc(all + 1, sizeof *k.sample),
             calloc(all + 1, sizeof *k.s),
             calloc(all + 1, sizeof *k.range),
             0};
  at_status st = k.sample && k.s && k.range ? gather(w, &k) : at_nomem(w->err);
  if (st == AT_OK) st = at_bootstrap_many(k.s, k.n_s, &w->how, k.range, w->err);
  if (st == AT_OK) st = take(w, &k);
  for (size_t i = 0; k.sample && i < all; i++) at_rx_sample_free(&k.sample[i]);
  free(k.sample);
  free(k.s);
  free(k.range);
  return st;
}

static at_status mark(const work *w, rx_column *c) {
  size_t n = w->r->n_groups;
  rx_sample *v = calloc(n + 1, sizeof *v);
  at_samples *s = calloc(n + 1, sizeof *s);
  at_status st = v && s ? AT_OK : at_nomem(w->err);
  for (size_t g = 0; st == AT_OK && g < n; g++) {
    st = at_rx_gather(w->r, w->x, w->b, c->result, g, &v[g], w->err);
    s[g] = v[g].s;
  }
  if (st == AT_OK) st = judge(w, c, s);
  for (size_t g = 0; v && g < n; g++) at_rx_sample_free(&v[g]);
  free(v);
  free(s);
  return st;
}

/* ---- a block ---- */

/* What the runs were chosen by, else the first metric that has a best. */
static const rp_column *performance(const at_report *r, const rp_summary *s) {
  const char *best = r->n_runs ? at_rp_setting(&r->run[0], "train.best") : NULL;
  const rp_column *first = NULL;
  for (size_t c = 0; c < s->n; c++) {
    const rp_column *v = &s->column[c];
    if (v->part || v->better < 0) continue;
    if (best && !strcmp(v->metric, best)) return v;
    if (!first) first = v;
  }
  return first;
}

static at_status add_performance(const work *w, const rp_summary *s, rp_table *t) {
  const rp_column *v = performance(w->r, s);
  if (!v) return AT_OK;
  rx_column *c = &t->head[t->n_head++];
  at_status st = AT_OK;
  *c = (rx_column){.c = *v,
                   .full = v->metric,
                   .side = RX_PERFORMANCE,
                   .about = "of the whole split, interval over seeds by Student's t",
                   .examples = AT_NEW_ARRAY(w->r->arena, size_t, w->r->n_groups + 1),
                   .why = AT_NEW_ARRAY(w->r->arena, const char *, w->r->n_groups + 1),
                   .lacking = AT_NEW_ARRAY(w->r->arena, size_t, w->r->n_groups + 1)};
  if (!c->examples || !c->why || !c->lacking) st = at_nomem(w->err);
  return st == AT_OK ? at_rx_choose_decimals(w->r, &c->c, w->err) : st;
}

/* The result by its name; else its metric, where that says why it gave nothing. */
static const rx_column *find(const rp_table *t, const char *full) {
  size_t metric = strcspn(full, ".");
  const rx_column *whole = NULL;
  for (size_t i = 0; i < t->n_all; i++) {
    const rx_column *v = &t->all[i];
    if (!strcmp(v->full, full)) return v;
    if (!v->result->name && strlen(v->full) == metric && !strncmp(v->full, full, metric)) whole = v;
  }
  return whole;
}

/* Marks are made on a copy: of other results nothing is judged. */
static at_status promote(const work *w, const rx_column *from, size_t i, rx_column *to) {
  size_t n = w->r->n_groups;
  *to = *from;
  to->c.stat = AT_NEW_ARRAY(w->r->arena, rp_stat, n + 1);
  if (!to->c.stat) return at_nomem(w->err);
  for (size_t g = 0; g < n; g++) to->c.stat[g] = from->c.stat[g];
  to->c.metric = HEADLINE[i].shown;
  to->full = HEADLINE[i].full;
  to->side = HEADLINE[i].side;
  to->about = HEADLINE[i].about;
  return to->result->each && to->c.better >= 0 ? mark(w, to) : AT_OK;
}

static at_status headline(const work *w, const rp_summary *s, rp_table *t) {
  t->head = AT_NEW_ARRAY(w->r->arena, rx_column, N_HEADLINE + 1);
  at_status st = t->head ? add_performance(w, s, t) : at_nomem(w->err);
  for (size_t i = 0; st == AT_OK && i < N_HEADLINE; i++) {
    const rx_column *v = find(t, HEADLINE[i].full);
    if (v) st = promote(w, v, i, &t->head[t->n_head++]);
  }
  return st;
}

enum { AT_ONCE = 16 }; /* results: their samples are in memory together */

static at_status everything(const work *w, rp_table *t) {
  t->all = AT_NEW_ARRAY(w->r->arena, rx_column, w->b->n + 2);
  at_status st = t->all ? AT_OK : at_nomem(w->err);
  for (size_t i = 0; st == AT_OK && i < w->b->n; i++)
    st = at_rx_new_column(w->r, &w->b->result[i], &t->all[t->n_all++], w->err);
  for (size_t i = 0; st == AT_OK && i < t->n_all; i += AT_ONCE)
    st = fill(w, &t->all[i], t->n_all - i < AT_ONCE ? t->n_all - i : AT_ONCE);
  if (st == AT_OK && t->n_all) st = at_rx_add_agreement(w->r, w->b, &w->how, t, w->err);
  return st;
}

at_status at_rx_tables(const at_report *r, const at_report_options *o, rp_explained *x,
                       at_pool *pool, at_error *err) {
  rp_summary s;
  at_status st = at_rp_summarise(r, o, r->arena, &s, err);
  if (st != AT_OK) return st;
  x->table = AT_NEW_ARRAY(r->arena, rp_table, x->n + 1);
  if (!x->table) return at_nomem(err);
  for (size_t b = 0; st == AT_OK && b < x->n; b++) {
    work w = {r, x, &x->block[b], {.pool = pool, .level = LEVEL}, err};
    st = everything(&w, &x->table[b]);
    if (st == AT_OK) st = headline(&w, &s, &x->table[b]);
  }
  return st;
}
