/* Gradients of the answer by weights and values. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/explain/explain_impl.h"

/* `by` NULL: the gradient itself; else times it. */
static void add_lanes(at_measuring *m, at_measure to, const float *grad, const float *by) {
  for (int64_t i = 0; i < m->g.n; i++)
    memset(at_columns_real(&m->c, to, m->g.n, i), 0, (size_t)m->l.keys[i] * sizeof(float));
  for (size_t j = 0; j < m->l.n; j++) {
    const at_lane *l = &m->l.lane[j];
    float *v = at_columns_real(&m->c, to, m->g.n, l->example);
    for (int64_t k = 0; k < l->keys; k++) {
      const int64_t at = l->begin + k * l->stride;
      v[k] += by ? grad[at] * by[at] : grad[at];
    }
  }
}

/* |x . dy/dx| of the vector of each key: summed over all dims but those of the example. */
static at_status value_slope(at_measuring *m, at_error *err) {
  const float *x = m->value ? at_exec_value(m->x, m->value) : NULL;
  const float *dx = m->value ? at_exec_grad(m->x, m->value) : NULL;
  at_layout l = {0};
  if (!x || !dx) return AT_OK;
  at_status st = at_layout_find(m->s, m->x, m->value, m->a->over, &m->g, &l, err);
  for (int64_t i = 0; st == AT_OK && i < m->g.n; i++)
    if (l.keys[i] == m->l.keys[i])
      memset(at_columns_real(&m->c, AT_M_GRADIENT_INPUT, m->g.n, i), 0,
             (size_t)l.keys[i] * sizeof(float));
  for (size_t j = 0; st == AT_OK && j < l.n; j++) {
    const at_lane *lane = &l.lane[j];
    if (l.keys[lane->example] != m->l.keys[lane->example]) continue;
    float *v = at_columns_real(&m->c, AT_M_GRADIENT_INPUT, m->g.n, lane->example);
    for (int64_t k = 0; k < lane->keys; k++) {
      const int64_t at = lane->begin + k * lane->stride;
      v[k] += x[at] * dx[at];
    }
  }
  for (int64_t i = 0; st == AT_OK && i < m->g.n; i++) {
    float *v = at_columns_real(&m->c, AT_M_GRADIENT_INPUT, m->g.n, i);
    for (int64_t k = 0; k < m->l.keys[i]; k++) v[k] = fabsf(v[k]);
  }
  free(l.lane);
  return st;
}

at_status at_measure_gradient(at_measuring *m, at_error *err) {
  at_change_start(m);
  at_change_run(m);
  at_answer_seed(m);
  if (!at_exec_backward_to(m->x, m->y, m->seed, m->a->weight)) return AT_OK;
  const float *grad = at_exec_grad(m->x, m->a->weight);
  if (!grad) return AT_OK;
  add_lanes(m, AT_M_GRADIENT, grad, NULL);
  add_lanes(m, AT_M_GRADIENT_WEIGHT, grad, m->weight);
  return value_slope(m, err);
}

/* ---- integrated gradients ---- */

enum { STEPS = 16 };

/* From equal weights to the real ones, at the middle of each of STEPS pieces. */
at_status at_measure_integrated(at_measuring *m, at_error *err) {
  float *sum = calloc((size_t)m->count + 1, sizeof *sum);
  float *way = malloc(((size_t)m->count + 1) * sizeof *way);
  bool given = sum && way;
  if (given) {
    at_change_start(m);
    for (int64_t i = 0; i < m->g.n; i++) at_change_uniform(m, i);
    for (int64_t k = 0; k < m->count; k++) way[k] = m->weight[k] - m->changed[k];
  }
  for (int t = 0; given && t < STEPS; t++) {
    const float at = ((float)t + 0.5f) / STEPS;
    for (int64_t k = 0; k < m->count; k++) m->changed[k] = m->weight[k] - (1 - at) * way[k];
    at_change_run(m);
    at_answer_seed(m);
    given = at_exec_backward_to(m->x, m->y, m->seed, m->a->weight);
    const float *grad = given ? at_exec_grad(m->x, m->a->weight) : NULL;
    given = grad != NULL;
    for (int64_t k = 0; given && k < m->count; k++) sum[k] += grad[k] / STEPS;
  }
  if (given) add_lanes(m, AT_M_INTEGRATED, sum, way);
  at_status st = sum && way ? AT_OK : at_nomem(err);
  free(sum);
  free(way);
  return st;
}
