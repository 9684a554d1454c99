/* Gradients against finite differences: signed, element by element, under random weights of the
 * outputs, so that no sum can hide one. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/check/check_impl.h"

enum { SPEC = 512 };
#define STEP      0.0078125f /* 1/128: what float32 and a stencil of fourth order can do with */
#define TOLERANCE 2e-3

typedef struct judge {
  ck *c;
  ck_net *w;
  const char *spec;
  const ck_dims *d;
  float *weight;
  long judged, rough; /* rough: the function has a kink or a jump there */
  at_check_outcome out;
} judge;

static double weighted(judge *j, double *size) {
  const float *s = ck_net_forward(j->w);
  double sum = 0;
  *size = 0;
  for (int64_t i = 0; i < j->w->n; i++) {
    sum += (double)j->weight[i] * s[i];
    *size += fabs((double)j->weight[i] * s[i]);
  }
  return sum;
}

/* Four points: the error is of fourth order in the step. */
static double slope(judge *j, float *at, float h, double *size) {
  static const float step[] = {-2, -1, 1, 2};
  const float v = *at;
  double d[4];
  for (int i = 0; i < 4; i++) {
    *at = v + step[i] * h;
    d[i] = weighted(j, size);
  }
  *at = v;
  return (8 * (d[2] - d[1]) - (d[3] - d[0])) / (12 * (double)h);
}

static float largest(const float *x, size_t n) {
  float most = 0; /* double: an internal error of gcc 12 for aarch64 */
  for (size_t i = 0; i < n; i++) most = fmaxf(most, fabsf(x[i]));
  return most;
}

/* Elements value[0 .. n) whose gradients are grad (a copy). */
static void compare(judge *j, const char *what, float *value, const float *grad, int64_t n) {
  const float scale = largest(grad, (size_t)n);
  for (int64_t i = 0; i < n && j->out == AT_CHECK_PASS; i++) {
    double size, wide = slope(j, &value[i], 2 * STEP, &size),
                 want = slope(j, &value[i], STEP, &size), got = grad[i];
    const double noise = 1.2e-7 * size / STEP,
                 tolerance = TOLERANCE * fmax(scale, fabs(want)) + noise;
    if (fabs(wide - want) > tolerance) {
      j->rough++;
      continue;
    }
    if (fabs(got - want) > tolerance && /* a kink within the step moves with the step */
        fabs(slope(j, &value[i], STEP / 8, &size) - want) > fabs(got - want) / 2) {
      j->rough++;
      continue;
    }
    j->judged++;
    if (!(fabs(got - want) <= tolerance)) /* NaN is none of both */
      j->out = ck_fail(j->c, "%s, %s: d/d %s[%lld] is %.6g, by finite differences %.6g", j->spec,
                       ck_layout_name(j->d->layout), what, (long long)i, got, want);
  }
}

typedef void side_fn(judge *j);

static void compare_copy(judge *j, const char *what, float *value, const float *grad, int64_t n) {
  float *copy = malloc((size_t)n * sizeof *copy + 1);
  if (copy && n) {
    memcpy(copy, grad, (size_t)n * sizeof *copy);
    compare(j, what, value, copy, n);
  }
  free(copy);
}

static void key_side(judge *j) {
  compare_copy(j, "key", j->w->kv, ck_net_key_grad(j->w), j->w->nk);
}
static void query_side(judge *j) {
  compare_copy(j, "query", j->w->qv, ck_net_query_grad(j->w), j->w->nq);
}

static void parameter_side(judge *j) {
  const at_params *p = j->w->p;
  float *all = malloc(p->count * sizeof *all + 1);
  if (!all) return;
  memcpy(all, p->grad, p->count * sizeof *all);
  for (int i = 0; i < j->w->g->n_param && j->out == AT_CHECK_PASS; i++) {
    const float *grad = all + p->offset[i];
    bool dead = !j->w->g->param[i]->frozen;
    for (size_t k = 0; k < p->size[i]; k++) dead &= grad[k] == 0;
    compare(j, j->w->g->param[i]->pname, p->value + p->offset[i], grad, (int64_t)p->size[i]);
    if (dead && j->out == AT_CHECK_PASS && j->rough * 4 < j->judged)
      j->out = ck_fail(j->c, "%s: no score depends on the parameter %s", j->spec,
                       j->w->g->param[i]->pname);
  }
  free(all);
}

static const ck_dims DIMS[] = {
    {CK_APART, 2, 3, 2, {2, 1}, 4}, {CK_APART, 1, 1, 1, {1}, 1},   {CK_SWAPPED, 2, 2, 2, {1, 3}, 5},
    {CK_HEADS, 2, 3, 1, {2}, 3},    {CK_SELF, 1, 1, 2, {3, 1}, 4}, {CK_APART, 1, 19, 1, {2}, 2},
};

static at_check_outcome each(ck *c, side_fn *side) {
  char spec[SPEC];
  long judged = 0, rough = 0;
  for (size_t v = 0; ck_variant(c, v, spec, sizeof spec); v++)
    for (size_t i = 0; i < sizeof DIMS / sizeof *DIMS; i++) {
      ck_net w;
      judge j = {.c = c, .w = &w, .spec = spec, .d = &DIMS[i], .out = AT_CHECK_PASS};
      if (!ck_net_open(c, spec, &DIMS[i], NULL, &w)) return ck_err(c, spec);
      j.weight = ck_weights(c, w.n);
      if (j.weight) {
        ck_net_forward(&w);
        ck_net_backward(&w, j.weight);
        side(&j);
      }
      free(j.weight);
      ck_net_close(&w);
      if (j.out != AT_CHECK_PASS) return j.out;
      judged += j.judged;
      rough += j.rough;
    }
  if (rough * 3 > judged)
    return ck_fail(c, "%ld of %ld slopes cannot be told, so often does it jump or bend", rough,
                   rough + judged);
  if (!judged) return ck_skip(c, "it has no parameters");
  return ck_note(c, "%ld slopes%s", judged, rough ? ", without those at a kink" : "");
}

at_check_outcome ck_gradient_key(ck *c) { return each(c, key_side); }
at_check_outcome ck_gradient_query(ck *c) { return each(c, query_side); }
at_check_outcome ck_gradient_parameters(ck *c) { return each(c, parameter_side); }

/* ---- parameters that a softmax over the keys cancels ---- */

at_check_outcome ck_noop(ck *c) {
  const ck_dims d = {CK_APART, 2, 5, 2, {3, 2}, 6};
  char names[700] = "";
  ck_net w;
  if (!ck_net_open(c, c->spec, &d, &(ck_net_options){.backward = true, .weigh = true}, &w))
    return ck_err(c, "made");
  float *weight = ck_weights(c, w.n);
  double key = 0;
  if (weight) {
    ck_net_forward(&w);
    ck_net_backward(&w, weight);
    key = largest(ck_net_key_grad(&w), (size_t)w.nk);
  }
  for (int i = 0; weight && i < w.g->n_param; i++) {
    size_t used = strlen(names);
    if (largest(w.p->grad + w.p->offset[i], w.p->size[i]) <= 1e-5 * key)
      snprintf(names + used, sizeof names - used, "%s%s", used ? ", " : "", w.g->param[i]->pname);
  }
  int n = w.g->n_param;
  free(weight);
  ck_net_close(&w);
  if (!n) return ck_skip(c, "it has no parameters");
  if (*names)
    return ck_note(c,
                   "under a softmax over the keys, no gradient reaches %s: it adds the same "
                   "number to every key",
                   names);
  return AT_CHECK_PASS;
}
