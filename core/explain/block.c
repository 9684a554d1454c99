/* One block over the examples of a split, group by group. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/clock.h"
#include "core/base/text.h"
#include "core/explain/explain_impl.h"

int at_explain_find(const at_session *s, const char *block, at_error *err) {
  const at_graph *g = at_session_graph(s);
  const char **names = calloc((size_t)g->n_attend + 1, sizeof *names);
  int found = -1;
  for (int i = 0; names && i < g->n_attend; i++) {
    names[i] = g->attend[i].name;
    if (!strcmp(names[i], block)) found = i;
  }
  const char *near = names ? at_suggest(block, names, (size_t)g->n_attend) : NULL;
  if (found < 0 && near)
    at_fail(err, AT_EINPUT, "the model has no attention block `%s`; did you mean `%s`?", block,
            near);
  else if (found < 0)
    at_fail(err, AT_EINPUT, "the model has no attention block `%s`", block);
  free(names);
  return found;
}

/* ---- making ---- */

static at_status open_exec(at_measuring *m, at_error *err) {
  const at_exec_options o = {
      .gradients = true, .keep_all = true, .no_loss = true, .input_grads = true};
  const at_node *v = m->a->value;
  const bool vectors = v && v->type == AT_REAL && !at_node_is_parameter(v) &&
                       at_node_dim(v, m->a->over) >= 0 && at_layout_axes(m->s, v);
  at_status st = at_session_exec(m->s, o, &m->x, err);
  if (st == AT_OK) st = at_exec_keep_grad(m->x, m->a->weight, err);
  if (st == AT_OK) st = at_exec_keep(m->x, m->a->score, err);
  if (st == AT_OK) st = at_layers_find(m, err);
  if (st == AT_OK && vectors) {
    m->value = v;
    st = at_exec_keep_grad(m->x, v, err);
  }
  return st;
}

static at_status open_block(at_measuring *m, at_error *err) {
  at_status st = at_answer_find(m, err);
  if (st == AT_OK && !at_layout_axes(m->s, m->a->weight))
    st = at_fail(err, AT_EINPUT, "the attention of `%s` is the same for every example", m->a->name);
  if (st == AT_OK) st = at_examples_find(m->s, m->o->split, m->o->limit, m->o->seed, &m->e, err);
  if (st == AT_OK) st = at_orders_open(m, err);
  return st == AT_OK ? open_exec(m, err) : st;
}

static void close_block(at_measuring *m) {
  at_exec_free(m->x);
  at_examples_free(&m->e);
  at_columns_free(&m->c);
  for (size_t j = 0; m->by_order && j < m->o->n_orders; j++) at_columns_free(&m->by_order[j]);
  free(m->by_order);
  free(m->below);
  free(m->l.lane);
  free(m->whole);
  free(m->now);
  free(m->seed);
  free(m->weight);
  free(m->changed);
  free(m->order);
  free(m->random);
  free(m->drop);
  free(m->mean);
}

/* ---- a group ---- */

/* `at` points to a pointer of any type. */
static at_status room(void *at, size_t n, size_t size, at_error *err) {
  void *p;
  memcpy(&p, at, sizeof p);
  p = realloc(p, (n + 1) * size);
  if (!p) return at_nomem(err);
  memcpy(at, &p, sizeof p);
  return AT_OK;
}

static at_status make_room(at_measuring *m, at_error *err) {
  const int64_t keys = m->key_at[m->g.n], y = at_x_count(m->x, m->y);
  at_status st = AT_OK;
  if (m->count > m->count_cap) {
    st = room(&m->weight, (size_t)m->count, sizeof(float), err);
    if (st == AT_OK) st = room(&m->changed, (size_t)m->count, sizeof(float), err);
    m->count_cap = st == AT_OK ? m->count : 0;
  }
  if (st == AT_OK && keys > m->key_cap) {
    st = room(&m->order, (size_t)keys, sizeof(int32_t), err);
    if (st == AT_OK) st = room(&m->random, (size_t)keys, sizeof(int32_t), err);
    if (st == AT_OK) st = room(&m->drop, (size_t)keys, sizeof(bool), err);
    if (st == AT_OK) st = room(&m->mean, (size_t)keys, sizeof(float), err);
    m->key_cap = st == AT_OK ? keys : 0;
  }
  if (st == AT_OK && y > m->y_cap) {
    st = room(&m->seed, (size_t)y, sizeof(float), err);
    m->y_cap = st == AT_OK ? y : 0;
  }
  return st;
}

/* The group at hand bound and run once, its weights and answers taken down. */
static at_status open_group(at_measuring *m, at_error *err) {
  const int64_t *rows[AT_MOST_ROWS];
  for (int b = 0; b < AT_MOST_ROWS; b++) rows[b] = m->g.rows[b];
  const char *split = at_session_split(m->s, m->o->split);
  at_status st = at_session_will_look(m->s, split, rows, m->g.counts, err);
  if (st == AT_OK) st = at_session_load(m->s, m->x, split, rows, m->g.counts, err);
  if (st != AT_OK) return st;
  at_exec_forward(m->x, m->o->seed, 0, false);
  at_exec_ran(m->x, &m->whole_flops);
  st = at_layout_find(m->s, m->x, m->a->weight, m->a->over, &m->g, &m->l, err);
  for (int64_t i = 0; i < m->g.n; i++) {
    m->key_at[i + 1] = m->key_at[i] + m->l.keys[i];
    if (st == AT_OK && m->l.keys[i] < 1)
      st = at_fail(err, AT_EINPUT,
                   "the attention of `%s` has nothing to choose from in example %lld", m->a->name,
                   (long long)(m->g.first + i));
  }
  m->count = at_x_count(m->x, m->a->weight);
  if (st == AT_OK) st = make_room(m, err);
  if (st == AT_OK) st = at_columns_grow(&m->c, &m->l, m->g.n, err);
  if (st != AT_OK) return st;
  memcpy(m->weight, at_exec_value(m->x, m->a->weight), (size_t)m->count * sizeof(float));
  at_answer_read(m, m->whole);
  return AT_OK;
}

/* The first one changes nothing; those that bring the pass back to the whole come last. */
static at_measure_fn *const measures[] = {
    at_measure_weights,     at_measure_bound,    at_measure_truth,   at_measure_erasure,
    at_measure_curves,      at_measure_flips,    at_measure_uniform, at_measure_permuted,
    at_measure_adversarial, at_measure_gradient, at_measure_layers,  at_measure_integrated,
    at_measure_scrambled,   at_measure_removal,  at_measure_orders};

bool at_measure_stopped(const at_measuring *m) {
  at_progress p = {.phase = m->a->name, .step = m->g.first + m->g.n, .loss = NAN};
  return m->o->fn && m->o->fn(m->o->ctx, &p);
}

static at_status measure_group(at_measuring *m, at_error *err) {
  at_status st = open_group(m, err);
  const size_t n = m->o->look_only ? 1 : sizeof measures / sizeof *measures;
  for (size_t i = 0; st == AT_OK && i < n; i++) {
    if (at_measure_stopped(m)) return at_fail(err, AT_EFAIL, "stopped");
    st = measures[i](m, err);
  }
  return st;
}

/* ---- all of it ---- */

static bool chooses(const at_measuring *m) {
  for (size_t i = 0; i < m->c.n; i++)
    if (m->c.offsets[i + 1] - m->c.offsets[i] > 1) return true;
  return false;
}

static int64_t group_size(const at_measuring *m) {
  at_batch_table t;
  int free_axes = 0;
  for (int b = 0; at_session_table(m->s, b, &t); b++) free_axes += !t.linked;
  return free_axes > 1 ? 1 : AT_BATCH_MOST; /* all pairs of a larger group would be worked out */
}

static at_status measure(at_measuring *m, attune_prediction **out, at_error *err) {
  const unsigned apart[2] = {at_layout_axes(m->s, m->a->weight),
                             m->value ? at_layout_axes(m->s, m->value) : 0};
  at_status st = AT_OK;
  for (int64_t at = 0; st == AT_OK && at < m->e.n; at += m->g.n) {
    at_examples_group(m->s, &m->e, at, group_size(m), apart, &m->g);
    st = measure_group(m, err);
  }
  if (st == AT_OK && !chooses(m))
    st = at_fail(err, AT_EINPUT, "`%s` attends to one key only: there is nothing to choose from",
                 m->a->name);
  if (st != AT_OK) return st;
  *out = at_prediction_new();
  st = *out ? at_columns_store(&m->c, &m->e, *out, err) : at_nomem(err);
  for (size_t j = 0; st == AT_OK && j < m->o->n_orders; j++)
    st = at_columns_store_order(&m->by_order[j], *out, err);
  return st;
}

at_status at_explain_block(at_session *s, const char *block, const at_explain_options *o,
                           attune_prediction **out, at_explain_cost *cost, at_error *err) {
  at_measuring m = {.s = s, .o = o, .y_class = -1};
  const double begin = at_clock();
  *out = NULL;
  int i = at_explain_find(s, block, err);
  if (i < 0) return AT_EINPUT;
  m.a = &at_session_graph(s)->attend[i];
  at_status st = open_block(&m, err);
  if (st == AT_OK) st = measure(&m, out, err);
  *cost = m.cost;
  cost->seconds = at_clock() - begin;
  close_block(&m);
  if (st != AT_OK) {
    at_prediction_free(*out);
    *out = NULL;
  }
  return st;
}
