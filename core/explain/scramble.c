/* The weights when all that was learned and that they depend on is drawn anew. */
#include <stdlib.h>
#include <string.h>
#include "core/explain/explain_impl.h"

/* Parameters upstream of the weights, as marks by node. */
static bool *upstream(const at_measuring *m) {
  const at_graph *g = at_session_graph(m->s);
  bool *up = calloc((size_t)g->n_node + 1, sizeof *up);
  if (!up) return NULL;
  up[m->a->weight->id] = true;
  for (int i = g->n_node; i-- > 0;)
    for (int k = 0; up[i] && k < g->node[i]->n_in; k++) up[g->node[i]->in[k]->id] = true;
  return up;
}

static void swap(float *a, float *b, size_t n) {
  for (size_t i = 0; i < n; i++) {
    float kept = a[i];
    a[i] = b[i];
    b[i] = kept;
  }
}

static void swap_parameters(const at_measuring *m, const bool *up, float *other) {
  const at_graph *g = at_session_graph(m->s);
  at_params *p = at_session_params(m->s);
  for (int i = 0; i < g->n_param; i++)
    if (up[g->param[i]->id] && !g->param[i]->frozen)
      swap(p->value + p->offset[i], other + p->offset[i], p->size[i]);
}

static bool any(const at_measuring *m, const bool *up) {
  const at_graph *g = at_session_graph(m->s);
  for (int i = 0; i < g->n_param; i++)
    if (up[g->param[i]->id] && !g->param[i]->frozen) return true;
  return false;
}

/* As at_params_init draws them from another seed. */
static float *drawn(const at_measuring *m) {
  at_params *p = at_session_params(m->s);
  float *kept = malloc((p->count + 1) * sizeof *kept), *v = malloc((p->count + 1) * sizeof *v);
  if (kept && v) {
    memcpy(kept, p->value, p->count * sizeof *kept);
    at_params_init_on(p, m->o->seed + 1, at_session_pool(m->s));
    memcpy(v, p->value, p->count * sizeof *v);
    memcpy(p->value, kept, p->count * sizeof *kept);
  }
  if (!kept) free(v);
  float *out = kept ? v : NULL;
  free(kept);
  return out;
}

static void read_weights(at_measuring *m) {
  const float *w = at_exec_value(m->x, m->a->weight);
  int64_t lanes[AT_BATCH_MOST] = {0};
  for (size_t j = 0; j < m->l.n; j++) lanes[m->l.lane[j].example]++;
  for (int64_t i = 0; i < m->g.n; i++)
    memset(at_columns_real(&m->c, AT_M_SCRAMBLED, m->g.n, i), 0,
           (size_t)m->l.keys[i] * sizeof(float));
  for (size_t j = 0; j < m->l.n; j++) {
    const at_lane *l = &m->l.lane[j];
    float *to = at_columns_real(&m->c, AT_M_SCRAMBLED, m->g.n, l->example);
    for (int64_t k = 0; k < l->keys; k++)
      to[k] += w[l->begin + k * l->stride] / (float)lanes[l->example];
  }
}

at_status at_measure_scrambled(at_measuring *m, at_error *err) {
  bool *up = upstream(m);
  float *other = up && any(m, up) ? drawn(m) : NULL;
  at_status st = up && (other || !any(m, up)) ? AT_OK : at_nomem(err);
  if (other) {
    swap_parameters(m, up, other);
    at_exec_forward(m->x, m->o->seed, 0, false);
    read_weights(m);
    swap_parameters(m, up, other);
    at_exec_forward(m->x, m->o->seed, 0, false);
  }
  free(up);
  free(other);
  return st;
}
