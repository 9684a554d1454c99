/* The cells run on the same weights and inputs: what is said of them is tried.
 *
 * Weights are drawn by their names, so that cells share those that they have in common; what begins
 * at a constant is moved from it, since a bias of zero would hide what it does. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/random.h"
#include "core/run/once.h"
#include "core/same/same_impl.h"

typedef struct setting {
  const sm_cell *c;
  uint64_t seed;
  bool moved; /* with what absorbs set against what is absorbed */
} setting;

/* ---- parameters by name ---- */

static float *values(const at_params *p, const at_node *like, size_t *n) {
  for (int i = 0; like && i < p->graph->n_param; i++)
    if (!strcmp(p->graph->param[i]->pname, like->pname)) {
      *n = p->size[i];
      return p->value + p->offset[i];
    }
  *n = 0;
  return NULL;
}

static void scatter(const at_params *p, uint64_t seed) {
  for (int i = 0; i < p->graph->n_param; i++) {
    const at_node *n = p->graph->param[i];
    at_random r = {.seed = seed, .stream = at_hash_name(n->pname), .step = 7};
    if (n->state || (n->init.kind != AT_INIT_ZERO && n->init.kind != AT_INIT_CONST)) continue;
    for (size_t k = 0; k < p->size[i]; k++)
      p->value[p->offset[i] + k] += 0.3f * at_random_normal(&r, k);
  }
}

static void transpose(float *w, size_t d) {
  for (size_t i = 0; i < d; i++)
    for (size_t k = i + 1; k < d; k++) {
      float t = w[i * d + k];
      w[i * d + k] = w[k * d + i];
      w[k * d + i] = t;
    }
}

/* ---- families: H = 1 - 2 u u' is its own inverse and its own transpose ---- */

typedef struct mirror {
  double *u; /* NULL: H is 1 */
  size_t d;
} mirror;

/* x, a column of every `stride`-th number, to H x. */
static void reflect(const mirror *m, float *x, size_t stride) {
  double dot = 0;
  if (!m->u) return;
  for (size_t i = 0; i < m->d; i++) dot += m->u[i] * (double)x[i * stride];
  for (size_t i = 0; i < m->d; i++)
    x[i * stride] = (float)((double)x[i * stride] - 2 * dot * m->u[i]);
}

static at_status mirror_new(mirror *m, const sm_block *b, uint64_t seed, at_error *err) {
  at_random r = {.seed = seed, .stream = at_hash_name(b->a->name), .step = 8};
  double norm = 0;
  m->d = (size_t)b->depth;
  m->u = b->matrix_gone ? calloc(m->d, sizeof *m->u) : NULL;
  if (!b->matrix_gone) return AT_OK;
  if (!m->u) return at_nomem(err);
  for (size_t i = 0; i < m->d; i++) {
    m->u[i] = (double)at_random_normal(&r, i);
    norm += m->u[i] * m->u[i];
  }
  for (size_t i = 0; i < m->d; i++) m->u[i] /= sqrt(norm);
  return AT_OK;
}

static void scale(float *x, size_t n, double by) {
  for (size_t i = 0; i < n; i++) x[i] = (float)((double)x[i] * by);
}

/* by (k . H q + ...) over the moved layer is what k . q + ... is over the drawn one. Heads lie one
 * after another among the rows. `own`: the term that the layer's own bias absorbs. */
static void move_layer(const at_params *p, const sm_linear *l, const mirror *m, double by,
                       const float *own) {
  size_t n, rows, from;
  float *w = values(p, l->weight, &n), *bias;
  rows = (size_t)l->weight->dim[0].size;
  from = n / rows;
  for (size_t h = 0; h < rows; h += m->d)
    for (size_t k = 0; k < from; k++) reflect(m, w + h * from + k, from);
  scale(w, n, 1 / by);
  if (!l->bias) return;
  bias = values(p, l->bias, &n);
  scale(bias, n, 1 / by);
  for (size_t i = 0; own && i < n; i++) bias[i] -= own[i % m->d];
  for (size_t h = 0; h < n; h += m->d) reflect(m, bias + h, 1);
}

static void set_mirror(float *w, const mirror *m) {
  for (size_t i = 0; i < m->d; i++)
    for (size_t k = 0; k < m->d; k++) w[i * m->d + k] = (float)((i == k) - 2 * m->u[i] * m->u[k]);
}

/* What is left of b, and what the other layer's bias absorbs of it. */
static void move_term(const at_params *p, const sm_block *b, const mirror *m, double by, float *t) {
  const bool on_query = b->side == &b->query;
  const bool key_term = (b->form.flags & ATTUNE_ADDS_KEY) != 0;
  const bool own = key_term == on_query, gone = key_term ? b->key_term_gone : b->query_term_gone;
  const sm_linear *other = on_query ? &b->key : &b->query;
  size_t n;
  if (own) { /* gone: move_layer took it */
    if (!gone) scale(t, m->d, 1 / by);
    return;
  }
  reflect(m, t, 1);
  if (!gone) return;
  float *bias = values(p, other->bias, &n);
  for (size_t i = 0; i < n; i++) bias[i] -= t[i % m->d];
  reflect(m, t, 1);
  /* k . (H q0 / by) with k less H b gives back q . b: b itself stays as it was drawn. */
}

static at_status move_block(const at_params *p, const sm_block *b, uint64_t seed, at_error *err) {
  const at_graph *g = p->graph;
  const attune_form *f = &b->form;
  const double by = b->by_gone ? f->by : 1;
  const bool terms = f->flags & (ATTUNE_ADDS_KEY | ATTUNE_ADDS_QUERY);
  mirror m;
  size_t n, n_term;
  float *matrix = values(p, at_sm_parameter(g, b->a->scope, f->matrix), &n);
  float *term = terms ? values(p, at_sm_parameter(g, b->a->scope, f->bias), &n_term) : NULL;
  if (b->a->interact) {
    float *w = values(p, b->after.weight, &n);
    if (w) scale(w, n, 1 / by);
    return AT_OK;
  }
  at_status s = mirror_new(&m, b, seed, err);
  if (s != AT_OK) return s;
  if (!b->side) { /* its own W, and b, are as free as any factor */
    if (matrix) scale(matrix, n, 1 / by);
    if (term) scale(term, n_term, 1 / by);
    /* nothing to mirror: the terms that layers absorb need a layer */
  } else {
    const bool key_term = (f->flags & ATTUNE_ADDS_KEY) != 0;
    const bool own_gone = term && key_term == (b->side == &b->query) &&
                          (key_term ? b->key_term_gone : b->query_term_gone);
    move_layer(p, b->side, &m, by, own_gone ? term : NULL);
    if (matrix && m.u) set_mirror(matrix, &m);
    if (term) move_term(p, b, &m, by, term);
  }
  free(m.u);
  return AT_OK;
}

/* ---- one run ---- */

static at_status prepare(void *ctx, at_params *p, at_error *err) {
  const setting *t = ctx;
  at_status s = AT_OK;
  scatter(p, t->seed);
  for (int i = 0; i < t->c->g->n_attend; i++) {
    const sm_block *b = &t->c->block[i];
    bool before = false; /* a turn shares its matrix with others */
    size_t n;
    for (int k = 0; k < i; k++) before |= !strcmp(t->c->block[k].a->scope, b->a->scope);
    float *w = values(p, at_sm_parameter(p->graph, b->a->scope, b->form.matrix), &n);
    if (b->transpose_gone && w && !before && n == (size_t)b->depth * (size_t)b->depth)
      transpose(w, (size_t)b->depth);
  }
  for (int i = 0; t->moved && s == AT_OK && i < t->c->g->n_attend; i++) {
    const sm_block *b = &t->c->block[i];
    bool before = false;
    for (int k = 0; k < i; k++)
      before |= b->a->interact && t->c->block[k].after.weight == b->after.weight;
    if (b->absorbs && !before) s = move_block(p, b, t->seed, err);
  }
  return s;
}

static at_status run(at_registry *reg, const sm_cell *c, const at_same_options *o, bool moved,
                     at_arrays *out, at_error *err) {
  setting t = {c, o->seed, moved};
  at_once once = {.model = c->cell->model,
                  .set = c->cell->set,
                  .n_set = c->cell->n_set,
                  .random = o->rows,
                  .open = c->open,
                  .gradients = !moved && (c->g->loss || c->g->n_objective),
                  .threads = o->threads,
                  .seed = o->seed,
                  .prepare = prepare,
                  .prepare_ctx = &t};
  return at_run_once(reg, &once, out, NULL, err);
}

at_status at_sm_probe(at_registry *reg, const sm_cell *c, size_t n, const at_same_options *o,
                      sm_probe *p, int *runs, at_error *err) {
  at_status s = AT_OK;
  p->out = calloc(n + 1, sizeof *p->out);
  p->moved = calloc(n + 1, sizeof *p->moved);
  if (!p->out || !p->moved) return at_nomem(err);
  for (size_t i = 0; s == AT_OK && i < n; i++) {
    bool absorbs = false;
    for (int k = 0; k < c[i].g->n_attend; k++) absorbs |= c[i].block[k].absorbs;
    s = run(reg, &c[i], o, false, &p->out[i], err);
    ++*runs;
    if (s == AT_OK && absorbs) s = run(reg, &c[i], o, true, &p->moved[i], err), ++*runs;
    if (s != AT_OK) at_error_prefix(err, "probing %s", c[i].cell->label);
  }
  return s;
}

void at_sm_probe_free(sm_probe *p, size_t n) {
  for (size_t i = 0; i < n; i++) {
    if (p->out) at_arrays_free(&p->out[i]);
    if (p->moved) at_arrays_free(&p->moved[i]);
  }
  free(p->out);
  free(p->moved);
}

/* ---- comparing ---- */

static bool is_result(const char *name) {
  size_t n = strlen(name);
  return !strncmp(name, "out.", 4) || !strncmp(name, "loss", 4) ||
         (!strncmp(name, "attend.", 7) && n > 7 && !strcmp(name + n - 7, ".weight"));
}

static double array_distance(const at_array *a, const at_array *b) {
  const float *x = a->data, *y = b->data;
  double most = 0, off = 0;
  if (at_array_count(a) != at_array_count(b)) return INFINITY;
  for (int64_t i = 0; i < at_array_count(a); i++) {
    double d = fabs((double)x[i] - (double)y[i]);
    if (!isfinite(d)) return INFINITY;
    off = fmax(off, d);
    most = fmax(most, fabs((double)x[i]));
  }
  return off == 0 ? 0 : off / most;
}

double at_sm_distance(const at_arrays *a, const at_arrays *b) {
  double off = 0;
  int na = 0, nb = 0;
  for (size_t i = 0; i < b->n; i++) nb += is_result(b->v[i].name);
  for (size_t i = 0; i < a->n; i++) {
    if (!is_result(a->v[i].name)) continue;
    const at_array *other = NULL;
    for (size_t k = 0; k < b->n; k++)
      if (!strcmp(b->v[k].name, a->v[i].name)) other = &b->v[k];
    if (!other) return INFINITY;
    off = fmax(off, a->v[i].dtype == AT_F32 ? array_distance(&a->v[i], other) : 0);
    na++;
  }
  return na && na == nb ? off : INFINITY;
}
