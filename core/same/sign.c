/* A number for what a model computes: equal for what is equal, a hash over its graph in which the
 * score of a block counts by what is left of its form at the level asked for. */
#include <stdlib.h>
#include <string.h>
#include "core/base/random.h"
#include "core/graph/kernel.h"
#include "core/same/same_impl.h"

typedef struct sign {
  const sm_cell *c;
  at_same_how how;
  uint64_t *of; /* of each node */
} sign;

static uint64_t mix(uint64_t h, uint64_t v) {
  uint64_t pair[] = {h, v};
  return at_hash64(pair, sizeof pair);
}
static uint64_t mix_text(uint64_t h, const char *s) { return mix(h, at_hash_name(s ? s : "")); }
static uint64_t mix_real(uint64_t h, double v) {
  uint64_t bits;
  memcpy(&bits, &v, sizeof bits);
  return mix(h, bits);
}

static uint64_t mix_axes(uint64_t h, const at_graph *g, const int *axis, int n) {
  for (int i = 0; i < n; i++) h = mix_text(h, axis[i] >= 0 ? g->axis[axis[i]].name : "");
  return mix(h, (uint64_t)n);
}

static uint64_t mix_args(uint64_t h, const at_graph *g, const at_node *n) {
  for (int i = 0; n->op->params && n->op->params[i].type != AT_ARG_END; i++) {
    const at_arg *a = &n->arg[i];
    h = mix_real(mix(h, a->set), a->num);
    h = mix_axes(h, g, a->axis, a->n_axes);
    h = mix_axes(h, g, a->made, a->n_made);
    if (a->set && (n->op->params[i].type == AT_ARG_MAP || n->op->params[i].type == AT_ARG_NEW))
      h = mix_axes(h, g, &a->to, 1);
  }
  return h;
}

static uint64_t of_parameter(const at_node *n, uint64_t h) {
  if (!n) return h;
  h = mix(mix_text(h, n->pname), (uint64_t)n->frozen);
  for (int d = 0; d < n->ndim; d++) h = mix(h, (uint64_t)n->dim[d].size);
  return mix_real(mix(h, n->init.kind), n->init.scale);
}

static uint64_t of_plain(const sign *s, const at_node *n) {
  uint64_t h = mix_args(mix_text(1, n->op->name), s->c->g, n);
  if (at_node_is_parameter(n)) return of_parameter(n, h);
  if (at_node_is_input(n)) h = mix_text(h, n->name);
  h = mix(h, (uint64_t)n->type);
  if (n->kernel) h = mix(h, n->kernel->id);
  for (int d = 0; d < n->ndim; d++)
    h = mix(mix_axes(h, s->c->g, &n->dim[d].axis, 1), (uint64_t)n->dim[d].size);
  for (int i = 0; i < n->n_in; i++) h = mix(h, s->of[n->in[i]->id]);
  return h;
}

/* What is left of a score. */
static uint64_t of_score(const sign *s, const sm_block *b) {
  const attune_form *f = &b->form;
  const at_graph *g = s->c->g;
  const at_attend *a = b->a;
  const bool family = s->how >= AT_SAME_FAMILY;
  uint32_t flags = f->flags;
  double by = f->by;
  if (s->how >= AT_SAME_TRANSPOSED && b->transpose_gone) flags &= ~(uint32_t)ATTUNE_TRANSPOSED;
  if ((s->how >= AT_SAME_SCALE && b->scale_gone) || (family && b->by_gone)) by = 1;
  if (family && b->key_term_gone) flags &= ~(uint32_t)ATTUNE_ADDS_KEY;
  if (family && b->query_term_gone) flags &= ~(uint32_t)ATTUNE_ADDS_QUERY;
  const bool matrix = f->product == ATTUNE_BILINEAR && !(family && b->matrix_gone);
  if (!matrix) flags &= ~(uint32_t)ATTUNE_TRANSPOSED;
  uint64_t h = mix(mix_text(2, g->axis[a->along].name), flags);
  h = mix_real(mix_real(mix(h, f->f), f->f == ATTUNE_LEAKY_RELU ? f->slope : 0), by);
  h = mix(h, s->of[a->query->id]);
  h = mix(h, s->of[a->key->id]);
  h = mix(h, a->interact);
  if (matrix) h = of_parameter(at_sm_parameter(g, a->scope, f->matrix), h);
  if (flags & (ATTUNE_ADDS_KEY | ATTUNE_ADDS_QUERY))
    h = of_parameter(at_sm_parameter(g, a->scope, f->bias), h);
  return h;
}

static const sm_block *block_of(const sm_cell *c, const at_node *n) {
  for (int i = 0; i < c->g->n_attend; i++)
    if (c->block[i].a->product == n && c->block[i].form.product != ATTUNE_OPAQUE)
      return &c->block[i];
  return NULL;
}

static uint64_t of_graph(sign *s) {
  const at_graph *g = s->c->g;
  uint64_t h = 3;
  for (int i = 0; i < g->n_node; i++) {
    const sm_block *b = block_of(s->c, g->node[i]);
    if (s->c->live[i]) s->of[i] = b ? of_score(s, b) : of_plain(s, g->node[i]);
  }
  for (int i = 0; i < g->n_output; i++)
    h = mix(mix_text(h, g->output[i].name), s->of[g->output[i].node->id]);
  if (g->loss) h = mix(mix(h, 1), s->of[g->loss->id]);
  for (int i = 0; i < g->n_objective; i++) {
    h = mix(mix_text(h, g->objective[i].name), s->of[g->objective[i].node->id]);
    for (int k = 0; k < g->objective[i].n_updates; k++) h = mix_text(h, g->objective[i].updates[k]);
  }
  for (int i = 0; i < g->n_import; i++)
    h = mix_text(mix_text(mix_text(h, g->import[i].path), g->import[i].prefix), g->import[i].file);
  return h;
}

at_status at_sm_sign(sm_cell *c, at_error *err) {
  sign s = {.c = c, .of = calloc((size_t)c->g->n_node + 1, sizeof *s.of)};
  if (!s.of) return at_nomem(err);
  for (int how = 0; how < AT_SAME_LEVELS; how++) {
    s.how = (at_same_how)how;
    c->sign[how] = of_graph(&s);
  }
  free(s.of);
  return AT_OK;
}
