#include "core/same/same.h"
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/clock.h"
#include "core/run/feed.h"
#include "core/run/model.h"
#include "core/same/same_impl.h"
#include "dsl/dsl.h"

/* As a share of the largest number: what rounding and the eps of normalisations may explain, and
 * what is too close to be chance where nothing is proved. */
static const double EXPLAINED = 1e-3, CHANCE = 1e-5;
/* Against the largest gradient of the same score's parameters: sums that cancel leave rounding. */
static const double NO_GRADIENT = 1e-4;

typedef struct finder {
  at_registry *reg;
  at_same *out;
  sm_cell *c;
  size_t n;
  size_t cap_v, cap_idle;
  sm_probe probe;
  bool probed;
} finder;

bool at_same_shapes_model(const char *key) {
  return !strcmp(key, "model") || !strncmp(key, "arguments.", 10);
}

/* ---- models ---- */

typedef struct sizes {
  at_graph *open; /* sizes of data unknown */
  at_feed feed;
} sizes;

static int64_t axis_size(void *ctx, const char *input, const char *axis) {
  const sizes *s = ctx;
  return at_feed_axis_size(&s->feed, s->open, input, axis);
}

static int64_t vocabulary(void *ctx, const char *input) {
  const sizes *s = ctx;
  for (int i = 0; i < s->open->n_input; i++)
    if (!strcmp(s->open->input[i]->name, input) && s->open->input[i]->vocabulary >= 0) return -1;
  return at_feed_vocabulary(&s->feed, input);
}

/* One key has the weight 1 whatever its score. */
static bool has_choice(const at_graph *g) {
  for (int i = 0; i < g->n_attend; i++) {
    const at_node *k = g->attend[i].key;
    int d = at_node_dim(k, g->attend[i].over);
    if (d >= 0 && k->dim[d].size == 1) return false;
  }
  return true;
}

static at_status no_probe(finder *f, const char *why, at_error *err) {
  if (f->out->note) return AT_OK;
  f->out->note = at_arena_printf(f->out->arena, "no probe: %s", why);
  return f->out->note ? AT_OK : at_nomem(err);
}

/* With the sizes of random inputs, as the probe runs it: the least at which every block has a
 * choice. With open ones where none fits. */
static at_status load(finder *f, sm_cell *c, const at_same_options *o, at_text *messages,
                      at_error *err) {
  static const int64_t open[] = {4, 16, 32, 64};
  sizes w = {.feed = {.rows = o->rows, .seed = o->seed}};
  at_error why = {0};
  at_dsl_env env = at_model_env(f->reg, c->cell->set, c->cell->n_set);
  env.ctx = &w;
  at_status s = at_dsl_load(c->cell->model, &env, &w.open, messages, err);
  if (s != AT_OK) {
    if (s == AT_EINPUT) at_error_prefix(err, "%s", c->cell->label);
    return s;
  }
  env.axis_size = axis_size;
  env.vocabulary = vocabulary;
  for (size_t i = 0; i < sizeof open / sizeof *open; i++) {
    w.feed.open = c->open = open[i];
    at_graph_free(c->g);
    c->g = NULL;
    s = at_dsl_load(c->cell->model, &env, &c->g, NULL, &why);
    if (s == AT_OK && has_choice(c->g)) {
      at_graph_free(w.open);
      return AT_OK;
    }
  }
  if (c->g)
    s = no_probe(f, "with random inputs an attend block has one key alone", err);
  else
    s = no_probe(f, why.message, err);
  at_graph_free(c->g);
  c->g = w.open;
  return s;
}

/* ---- classes ---- */

static bool same_set(const at_same_class *k, const size_t *cell, size_t n) {
  return k->n == n && !memcmp(k->cell, cell, n * sizeof *cell);
}

static bool together(const sm_cell *a, const sm_cell *b) {
  return !strcmp(a->cell->apart ? a->cell->apart : "", b->cell->apart ? b->cell->apart : "");
}

static const at_arrays *ran(const finder *f, size_t i, at_same_how how) {
  return how == AT_SAME_FAMILY && f->probe.moved[i].n ? &f->probe.moved[i] : &f->probe.out[i];
}

static at_status give_reasons(finder *f, at_same_class *k, at_error *err) {
  size_t most = 0;
  for (size_t i = 0; i < k->n; i++) most += f->c[k->cell[i]].n_why;
  k->why = AT_NEW_ARRAY(f->out->arena, const char *, most + 1);
  if (!k->why) return at_nomem(err);
  for (size_t i = 0; i < k->n; i++) {
    const sm_cell *c = &f->c[k->cell[i]];
    for (size_t w = 0; w < c->n_why; w++) {
      bool before = c->why[w].how != k->how;
      for (size_t x = 0; x < k->n_why; x++) before |= !strcmp(k->why[x], c->why[w].text);
      if (!before) k->why[k->n_why++] = c->why[w].text;
    }
  }
  return AT_OK;
}

static at_status add_class(finder *f, at_same_how how, const size_t *cell, size_t n,
                           at_same_tried tried, at_error *err) {
  at_same *o = f->out;
  for (size_t i = 0; i < o->n; i++)
    if (same_set(&o->v[i], cell, n)) return AT_OK;
  at_same_class *v = at_arena_grow(o->arena, o->v, o->n, &f->cap_v, sizeof *v);
  size_t *own = AT_NEW_ARRAY(o->arena, size_t, n);
  if (!v || !own) return at_nomem(err);
  memcpy(own, cell, n * sizeof *own);
  o->v = v;
  at_same_class *k = &v[o->n++];
  *k = (at_same_class){.how = how, .cell = own, .n = n, .tried = tried};
  for (size_t i = 1; f->probed && i < n; i++)
    k->off = fmax(k->off, at_sm_distance(ran(f, own[0], how), ran(f, own[i], how)));
  if (f->probed && tried == AT_TRIED_NOT)
    k->tried = k->off <= EXPLAINED ? AT_TRIED_TRUE : AT_TRIED_FALSE;
  return tried == AT_TRIED_ALONE ? AT_OK : give_reasons(f, k, err);
}

static at_status prove(finder *f, size_t *cell, at_error *err) {
  at_status s = AT_OK;
  for (int how = 0; how < AT_SAME_LEVELS; how++)
    for (size_t i = 0; s == AT_OK && i < f->n; i++) {
      size_t n = 0;
      bool first = true;
      for (size_t k = 0; k < f->n; k++) {
        if (f->c[k].sign[how] != f->c[i].sign[how] || !together(&f->c[k], &f->c[i])) continue;
        first &= k >= i;
        cell[n++] = k;
      }
      if (first && n > 1) s = add_class(f, (at_same_how)how, cell, n, AT_TRIED_NOT, err);
    }
  return s;
}

/* Whether some class that holds says it already. */
static bool known(const finder *f, size_t a, size_t b) {
  for (size_t i = 0; i < f->out->n; i++) {
    const at_same_class *k = &f->out->v[i];
    bool has_a = false, has_b = false;
    for (size_t c = 0; c < k->n; c++) has_a |= k->cell[c] == a, has_b |= k->cell[c] == b;
    if (has_a && has_b && k->how != AT_SAME_FAMILY && k->tried != AT_TRIED_FALSE) return true;
  }
  return false;
}

static at_status try_alone(finder *f, size_t *cell, at_error *err) {
  at_status s = AT_OK;
  for (size_t i = 0; s == AT_OK && i < f->n; i++) {
    size_t n = 0;
    cell[n++] = i;
    for (size_t k = i + 1; k < f->n; k++)
      if (together(&f->c[i], &f->c[k]) && !known(f, i, k) &&
          at_sm_distance(&f->probe.out[i], &f->probe.out[k]) <= CHANCE)
        cell[n++] = k;
    if (n > 1) s = add_class(f, AT_SAME_IDENTICAL, cell, n, AT_TRIED_ALONE, err);
  }
  return s;
}

/* ---- parameters that learn nothing ---- */

static double largest(const at_array *a) {
  double most = 0;
  for (int64_t i = 0; a && i < at_array_count(a); i++)
    most = fmax(most, fabs((double)((const float *)a->data)[i]));
  return most;
}

static const at_array *gradient_of(const finder *f, size_t cell, const char *pname) {
  const at_arrays *all = f->probed ? &f->probe.out[cell] : NULL;
  for (size_t i = 0; all && i < all->n; i++)
    if (!strncmp(all->v[i].name, "g.", 2) && !strcmp(all->v[i].name + 2, pname)) return &all->v[i];
  return NULL;
}

static at_status add_idle(finder *f, const at_same_idle *idle, at_error *err) {
  at_same *o = f->out;
  for (size_t i = 0; i < o->n_idle; i++)
    if (o->idle[i].cell == idle->cell && !strcmp(o->idle[i].parameter, idle->parameter))
      return AT_OK;
  at_same_idle *v = at_arena_grow(o->arena, o->idle, o->n_idle, &f->cap_idle, sizeof *v);
  if (!v) return at_nomem(err);
  o->idle = v;
  o->idle[o->n_idle] = *idle;
  o->idle[o->n_idle].parameter = at_arena_strdup(o->arena, idle->parameter);
  return o->idle[o->n_idle++].parameter ? AT_OK : at_nomem(err);
}

/* Of one block: what is proved to be cancelled, and what got a gradient of nought. */
static at_status find_idle(finder *f, size_t cell, const sm_block *b, at_error *err) {
  const at_graph *g = f->c[cell].g;
  const at_node *bias = b->shift_gone ? at_sm_parameter(g, b->a->scope, b->form.bias) : NULL;
  double top = 0;
  at_status s = AT_OK;
  for (int i = 0; i < g->n_param; i++)
    if (at_param_under(g->param[i]->pname, b->a->scope))
      top = fmax(top, largest(gradient_of(f, cell, g->param[i]->pname)));
  for (int i = 0; s == AT_OK && i < g->n_param; i++) {
    const at_node *p = g->param[i];
    const at_array *own = gradient_of(f, cell, p->pname);
    if (!at_param_under(p->pname, b->a->scope) || (p != bias && (!own || largest(own) > 0)))
      continue;
    at_same_idle idle = {.cell = cell,
                         .parameter = p->pname,
                         .proved = p == bias,
                         .why = p == bias ? b->shift : NULL,
                         .gradient = own && top > 0 ? largest(own) / top : 0};
    idle.tried = own != NULL && idle.gradient <= NO_GRADIENT;
    s = add_idle(f, &idle, err);
  }
  return s;
}

/* ---- all of it ---- */

static at_status try_cells(finder *f, const at_same_options *o, at_error *err) {
  at_error why = {0};
  bool random = false;
  for (size_t i = 0; i < f->n; i++) random |= f->c[i].random;
  if (!o->probe || !f->n) {
    f->out->note = NULL;
    return AT_OK;
  }
  if (random &&
      no_probe(f, "the model draws noise of its own, which differs between cells", err) != AT_OK)
    return AT_ENOMEM;
  if (f->out->note) return AT_OK;
  double begin = at_clock();
  at_status s = at_sm_probe(f->reg, f->c, f->n, o, &f->probe, &f->out->runs, &why);
  f->out->seconds = at_clock() - begin;
  f->probed = s == AT_OK;
  if (s == AT_OK) return s;
  if (s != AT_EINPUT) return at_fail(err, s, "%s", why.message);
  return no_probe(f, why.message, err);
}

at_status at_same_find(at_registry *reg, const at_same_cell *cell, size_t n,
                       const at_same_options *o, at_same *out, at_text *messages, at_error *err) {
  *out = (at_same){.arena = at_arena_new()};
  finder f = {.reg = reg, .out = out, .n = n};
  size_t *list = NULL;
  at_status s = out->arena ? AT_OK : at_nomem(err);
  if (s == AT_OK) f.c = AT_NEW_ARRAY(out->arena, sm_cell, n + 1);
  if (s == AT_OK) list = AT_NEW_ARRAY(out->arena, size_t, n + 1);
  if (s == AT_OK && (!f.c || !list)) s = at_nomem(err);
  for (size_t i = 0; s == AT_OK && i < n; i++) {
    sm_cell *c = &f.c[i];
    c->cell = &cell[i];
    if (messages) at_text_free(messages); /* warnings come once for each cell */
    s = load(&f, c, o, messages, err);
    if (s == AT_OK) s = at_sm_look(reg, out->arena, c, err);
    if (s == AT_OK) s = at_sm_reduce(out->arena, c, err);
    if (s == AT_OK) s = at_sm_sign(c, err);
  }
  if (s == AT_OK) s = try_cells(&f, o, err);
  if (s == AT_OK) s = prove(&f, list, err);
  if (s == AT_OK && f.probed) s = try_alone(&f, list, err);
  for (size_t i = 0; s == AT_OK && i < n; i++)
    for (int k = 0; s == AT_OK && k < f.c[i].g->n_attend; k++)
      s = find_idle(&f, i, &f.c[i].block[k], err);
  at_sm_probe_free(&f.probe, n);
  for (size_t i = 0; f.c && i < n; i++) at_graph_free(f.c[i].g);
  return s;
}

void at_same_free(at_same *s) {
  at_arena_free(s->arena);
  *s = (at_same){0};
}
