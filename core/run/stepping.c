/* Answers a step at a time: the first pass keeps what steps do not change, and keys and values of
 * all rows; later ones work out the last two steps (core/graph/steps.h). */
#include <stdlib.h>
#include <string.h>
#include "core/graph/steps.h"
#include "core/run/run_impl.h"

/* A value of the first pass, or of later ones; its rows lie [outer, rows, inner]. */
typedef struct kept {
  float *v;
  size_t cap;
  int64_t outer, inner;
  int64_t *off; /* [rows of the batch + 1] */
  size_t off_cap;
} kept;

/* Answers of one length: which one of a step less each continues, and its newest row of every
 * BEFORE input. */
typedef struct level {
  int64_t n, *from, *root; /* root: which of the first pass */
  float *row[AT_STEPS_MOST];
} level;

struct at_stepping {
  at_steps steps;
  bool possible;
  at_params params; /* of the steps' graph: a view of the session's */
  at_exec *first, *next;
  kept kept[AT_STEPS_MOST], brought[AT_STEPS_MOST];
  level *level;
  int64_t n_levels, cap_levels;
};

/* ---- making ---- */

/* The ragged axis of an input that the task fills. */
static const char *step_axis(const at_session *s) {
  for (int f = 0; f < s->n_feeds; f++) {
    const at_axis *a = &s->graph->axis[s->feed[f].input->dim[0].axis];
    if (s->feed[f].kind == AT_FEED_TASK && a->parent >= 0) return a->name;
  }
  return NULL;
}

static at_status open_executors(at_session *s, at_stepping *p, at_error *err) {
  at_exec_options o = {.pool = s->pool, .no_loss = true};
  p->params = *s->params;
  p->params.graph = p->steps.g;
  at_status st = at_exec_new(s->graph, s->params, &o, &p->first, err);
  if (st == AT_OK) st = at_exec_new(p->steps.g, &p->params, &o, &p->next, err);
  for (int k = 0; st == AT_OK && k < p->steps.n_input; k++) {
    const at_steps_input *in = &p->steps.input[k];
    if (in->kind == AT_STEPS_STILL || in->kind == AT_STEPS_BEFORE)
      st = at_exec_keep(p->first, in->from, err);
    if (st == AT_OK && in->kind == AT_STEPS_BEFORE) st = at_exec_keep(p->next, in->made, err);
  }
  return st;
}

/* A model that is not of the kind is run whole, always. */
static at_status make(at_session *s, at_error *err) {
  const attune_task *task = (const attune_task *)(const void *)s->task->item;
  const char *output[16], *axis = step_axis(s);
  int n = 0;
  for (const attune_need *w = task->needs; w && w->output && n < 16; w++) output[n++] = w->output;
  at_stepping *p = s->stepping = calloc(1, sizeof *p);
  if (!p) return at_nomem(err);
  at_error why = {0};
  if (!axis || !n || s->n_batch != 1) return AT_OK;
  at_status st = at_steps_new(s->graph, axis, output, n, &p->steps, &why);
  if (st != AT_OK) return st == AT_ENOMEM ? at_nomem(err) : AT_OK;
  st = open_executors(s, p, err);
  p->possible = st == AT_OK;
  return st;
}

static void forget(at_stepping *p) {
  for (int64_t l = 0; l < p->n_levels; l++) {
    free(p->level[l].from);
    free(p->level[l].root);
    for (int k = 0; k < AT_STEPS_MOST; k++) free(p->level[l].row[k]);
  }
  p->n_levels = 0;
}

void at_stepping_free(at_stepping *p) {
  if (!p) return;
  forget(p);
  free(p->level);
  for (int k = 0; k < AT_STEPS_MOST; k++) {
    free(p->kept[k].v);
    free(p->kept[k].off);
    free(p->brought[k].v);
    free(p->brought[k].off);
  }
  at_exec_free(p->first);
  at_exec_free(p->next);
  at_steps_free(&p->steps);
  free(p);
}

/* ---- rows ---- */

static at_status room(kept *k, int64_t rows, int64_t batch, at_error *err) {
  const size_t n = (size_t)(k->outer * rows * k->inner), m = (size_t)batch + 1;
  if (n > k->cap) {
    float *v = realloc(k->v, n * sizeof *v);
    if (!v) return at_nomem(err);
    k->v = v;
    k->cap = n;
  }
  if (m > k->off_cap) {
    int64_t *off = realloc(k->off, m * sizeof *off);
    if (!off) return at_nomem(err);
    k->off = off;
    k->off_cap = m;
  }
  return AT_OK;
}

/* The dim that the rows of the batch lie along. */
static int row_dim(const at_graph *g, const at_node *n) {
  for (int d = 0; d < n->ndim; d++) {
    const at_axis *a = &g->axis[n->dim[d].axis];
    if (!n->dim[d].padded && (a->parent >= 0 || a->kind == AT_BATCH)) return d;
  }
  return -1;
}

/* n rows, from row `at` of one to row `to` of the other. */
static void move(const kept *from, const float *v, int64_t rows, int64_t at, int64_t n, kept *into,
                 int64_t into_rows, int64_t to) {
  for (int64_t o = 0; o < from->outer; o++)
    memcpy(into->v + (o * into_rows + to) * from->inner, v + (o * rows + at) * from->inner,
           (size_t)(n * from->inner) * sizeof *v);
}

/* ---- the first pass ---- */

static at_status keep(const at_stepping *p, const at_node *n, int64_t batch, kept *k,
                      at_error *err) {
  const at_exec *x = p->first;
  const int d = row_dim(at_x_graph(x), n);
  const at_around a = at_x_around(x, n, d);
  const int64_t *off = at_x_offsets(x, n->dim[d].axis);
  k->outer = a.outer;
  k->inner = a.inner;
  at_status st = room(k, a.n, batch, err);
  if (st != AT_OK) return st;
  for (int64_t i = 0; i <= batch; i++) k->off[i] = off ? off[i] : i;
  memcpy(k->v, at_exec_value(x, n), (size_t)at_x_count(x, n) * sizeof *k->v);
  return AT_OK;
}

static at_status add_level(at_stepping *p, int64_t n, const int64_t *from, level **out,
                           at_error *err) {
  if (p->n_levels == p->cap_levels) {
    const int64_t cap = p->cap_levels ? 2 * p->cap_levels : 16;
    level *v = realloc(p->level, (size_t)cap * sizeof *v);
    if (!v) return at_nomem(err);
    p->level = v;
    p->cap_levels = cap;
  }
  level *l = *out = &p->level[p->n_levels];
  const level *last = p->n_levels ? l - 1 : NULL;
  *l = (level){.n = n,
               .from = calloc((size_t)n + 1, sizeof *l->from),
               .root = calloc((size_t)n + 1, sizeof *l->root)};
  p->n_levels++;
  if (!l->from || !l->root) return at_nomem(err);
  for (int64_t i = 0; i < n; i++) {
    if (last && (from[i] < 0 || from[i] >= last->n))
      return at_fail(err, AT_EFAIL, "an answer continues number %lld of %lld", (long long)from[i],
                     (long long)last->n);
    l->from[i] = last ? from[i] : i;
    l->root[i] = last ? last->root[from[i]] : i;
  }
  return AT_OK;
}

/* The newest row of each answer, out of values with `rows` rows. */
static at_status newest(level *l, int k, const kept *shape, const float *v, int64_t rows,
                        const int64_t *off, int64_t each, at_error *err) {
  const int64_t size = shape->outer * shape->inner;
  l->row[k] = malloc((size_t)(l->n * size) * sizeof(float));
  if (!l->row[k]) return at_nomem(err);
  for (int64_t i = 0; i < l->n; i++) {
    kept one = {.v = l->row[k] + i * size};
    move(shape, v, rows, off ? off[i + 1] - 1 : (i + 1) * each - 1, 1, &one, 1, 0);
  }
  return AT_OK;
}

static at_status begin(at_session *s, const char *split, const int64_t *const *rows,
                       const int64_t *counts, at_error *err) {
  at_stepping *p = s->stepping;
  level *l;
  forget(p);
  at_status st = at_session_load(s, p->first, split, rows, counts, err);
  if (st != AT_OK) return st;
  at_exec_forward(p->first, s->seed, 0, false);
  st = add_level(p, counts[0], NULL, &l, err);
  for (int i = 0; st == AT_OK && i < p->steps.n_input; i++) {
    const at_steps_input *in = &p->steps.input[i];
    kept *k = &p->kept[i];
    if (in->kind != AT_STEPS_STILL && in->kind != AT_STEPS_BEFORE) continue;
    st = keep(p, in->from, counts[0], k, err);
    if (st == AT_OK && in->kind == AT_STEPS_BEFORE)
      st = newest(l, i, k, k->v, k->off[counts[0]], k->off, 0, err);
  }
  return st;
}

/* ---- later steps ---- */

/* Rows as they were, in the order of the answers. */
static at_status bring_still(at_stepping *p, int i, const level *l, at_error *err) {
  const kept *k = &p->kept[i];
  kept *to = &p->brought[i];
  int64_t rows = 0, batch = 0, at = 0;
  for (int64_t a = 0; a < l->n; a++) rows += k->off[l->root[a] + 1] - k->off[l->root[a]];
  for (int64_t a = 0; a < l->n; a++) batch = l->root[a] >= batch ? l->root[a] + 1 : batch;
  to->outer = k->outer;
  to->inner = k->inner;
  at_status st = room(to, rows, l->n, err);
  for (int64_t a = 0; st == AT_OK && a < l->n; a++) {
    const int64_t r = l->root[a], n = k->off[r + 1] - k->off[r];
    move(k, k->v, k->off[p->level[0].n], k->off[r], n, to, rows, at);
    to->off[a] = at;
    at += n;
  }
  if (st == AT_OK) to->off[l->n] = at;
  return st;
}

/* All rows but the last two: those of the first pass without its step, and of each step since. */
static at_status bring_before(at_stepping *p, int i, const level *l, at_error *err) {
  const kept *k = &p->kept[i];
  kept *to = &p->brought[i];
  const int64_t steps = p->n_levels - 2, size = k->outer * k->inner; /* `l` is the last level */
  int64_t rows = 0, at = 0;
  to->outer = k->outer;
  to->inner = k->inner;
  for (int64_t a = 0; a < l->n; a++)
    rows += k->off[l->root[a] + 1] - k->off[l->root[a]] - 1 + steps;
  at_status st = room(to, rows, l->n, err);
  for (int64_t a = 0; st == AT_OK && a < l->n; a++) {
    const int64_t r = l->root[a], n = k->off[r + 1] - k->off[r] - 1;
    to->off[a] = at;
    move(k, k->v, k->off[p->level[0].n], k->off[r], n, to, rows, at);
    int64_t which = l->from[a]; /* of the level before, whose newest row is among the last two */
    for (int64_t step = steps - 1; step >= 0; step--) {
      which = p->level[step + 1].from[which];
      move(k, p->level[step].row[i] + which * size, 1, 0, 1, to, rows, at + n + step);
    }
    at += n + steps;
  }
  if (st == AT_OK) to->off[l->n] = at;
  return st;
}

static int feed_of(const at_session *s, const at_node *input) {
  int f = 0;
  while (f < s->n_feeds && s->feed[f].input != input) f++;
  return f;
}

/* The last rows of what the task filled, or their places. */
static at_status bring_fed(at_session *s, const at_steps_input *in, int i, int64_t n,
                           int64_t length, at_error *err) {
  kept *to = &s->stepping->brought[i];
  to->outer = to->inner = 1;
  const int f = in->kind == AT_STEPS_FED ? feed_of(s, in->from) : -1;
  if (f >= 0) to->inner = s->feed[f].row;
  at_status st = room(to, AT_STEPS_ROWS * n, n, err);
  for (int64_t a = 0; st == AT_OK && a < n; a++)
    for (int64_t k = 0; k < AT_STEPS_ROWS; k++) {
      const int64_t step = length - AT_STEPS_ROWS + k;
      float *at = to->v + (a * AT_STEPS_ROWS + k) * to->inner;
      const int64_t limit = in->from->vocabulary;
      const int32_t place = (int32_t)(limit > 0 && step >= limit ? limit - 1 : step);
      if (f < 0)
        memcpy(at, &place, sizeof place);
      else
        memcpy(at, (const float *)s->buffer[f] + (a * length + step) * to->inner,
               (size_t)to->inner * sizeof *at);
    }
  return st;
}

static at_status fill(at_session *s, const char *split, const int64_t *const *rows,
                      const int64_t *counts, int64_t length, at_error *err) {
  const at_steps *g = &s->stepping->steps;
  bool wanted[AT_MAX_FEEDS] = {false};
  int first = -1;
  for (int i = 0; i < g->n_input; i++)
    if (g->input[i].kind == AT_STEPS_FED) wanted[feed_of(s, g->input[i].from)] = true;
  at_status st = at_session_feed(s, NULL, split, rows, counts, wanted, err);
  for (int f = 0; f < s->n_feeds && first < 0; f++)
    if (s->feed[f].kind == AT_FEED_TASK && s->feed[f].input->dim[0].axis == g->step) first = f;
  for (int64_t a = 0; st == AT_OK && a < counts[0]; a++)
    if (s->offsets[first][a + 1] - s->offsets[first][a] != length)
      st = at_fail(err, AT_EFAIL, "an answer has %lld steps where %lld come next",
                   (long long)(s->offsets[first][a + 1] - s->offsets[first][a]), (long long)length);
  return st;
}

static at_status bind(at_session *s, const at_steps_input *in, int i, int64_t n, at_error *err) {
  at_stepping *p = s->stepping;
  const at_graph *g = p->steps.g;
  const kept *k = &p->brought[i];
  const at_axis *a = &g->axis[in->input->dim[row_dim(g, in->input)].axis];
  at_status st = AT_OK;
  if (a->parent >= 0 && (in->kind == AT_STEPS_STILL || in->kind == AT_STEPS_BEFORE))
    st = at_exec_ragged(p->next, a->name, k->off, n, err);
  return st == AT_OK ? at_exec_input(p->next, in->input->name, k->v, err) : st;
}

static at_status go_on(at_session *s, const char *split, const int64_t *const *rows,
                       const int64_t *counts, const int64_t *from, at_error *err) {
  at_stepping *p = s->stepping;
  const at_steps *g = &p->steps;
  const int64_t n = counts[0], length = p->n_levels + 1;
  level *l;
  at_status st = fill(s, split, rows, counts, length, err);
  if (st == AT_OK) st = add_level(p, n, from, &l, err);
  int64_t *two = st == AT_OK ? calloc((size_t)n + 1, sizeof *two) : NULL;
  for (int64_t a = 0; two && a <= n; a++) two[a] = AT_STEPS_ROWS * a;
  if (st == AT_OK && !two) st = at_nomem(err);
  if (st == AT_OK) st = at_exec_size(p->next, s->batch[0].name, n, err);
  if (st == AT_OK) st = at_exec_ragged(p->next, g->g->axis[g->step].name, two, n, err);
  free(two);
  for (int i = 0; st == AT_OK && i < g->n_input; i++) {
    const at_steps_input *in = &g->input[i];
    st = in->kind == AT_STEPS_STILL    ? bring_still(p, i, l, err)
         : in->kind == AT_STEPS_BEFORE ? bring_before(p, i, l, err)
                                       : bring_fed(s, in, i, n, length, err);
    if (st == AT_OK) st = bind(s, in, i, n, err);
  }
  if (st == AT_OK) st = at_exec_ready(p->next, err);
  if (st != AT_OK) return st;
  at_exec_forward(p->next, s->seed, 0, false);
  for (int i = 0; st == AT_OK && i < g->n_input; i++)
    if (g->input[i].kind == AT_STEPS_BEFORE)
      st = newest(l, i, &p->kept[i], at_exec_value(p->next, g->input[i].made), AT_STEPS_ROWS * n,
                  NULL, AT_STEPS_ROWS, err);
  return st;
}

static at_status all_of_it(at_session *s, const char *split, const int64_t *const *rows,
                           const int64_t *counts, at_error *err) {
  at_exec_options o = {.pool = s->pool, .no_loss = true};
  at_status st = s->eval ? AT_OK : at_exec_new(s->graph, s->params, &o, &s->eval, err);
  if (st == AT_OK) st = at_session_load(s, s->eval, split, rows, counts, err);
  if (st == AT_OK) at_exec_forward(s->eval, s->seed, 0, false);
  return st;
}

at_status at_session_next(at_session *s, const char *split, const int64_t *const *rows,
                          const int64_t *counts, const int64_t *from, bool whole, at_exec **x,
                          at_error *err) {
  const uint32_t before = s->purpose;
  at_status st = s->stepping || whole ? AT_OK : make(s, err);
  s->purpose = ATTUNE_TO_ANSWER;
  if (whole || !s->stepping || !s->stepping->possible) {
    if (st == AT_OK) st = all_of_it(s, split, rows, counts, err);
    *x = s->eval;
  } else if (!from || !s->stepping->n_levels) {
    if (st == AT_OK) st = begin(s, split, rows, counts, err);
    *x = s->stepping->first;
  } else {
    if (st == AT_OK) st = go_on(s, split, rows, counts, from, err);
    *x = s->stepping->next;
  }
  s->purpose = before;
  return st;
}
