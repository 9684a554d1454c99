/* Whether a score is the function that its form says. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/check/check_impl.h"

static const float *parameter(const ck_net *w, const char *name, size_t size) {
  char full[128];
  snprintf(full, sizeof full, "score.%s", name ? name : "");
  for (int i = 0; i < w->g->n_param; i++)
    if (!strcmp(w->g->param[i]->pname, full) && w->p->size[i] == size)
      return w->p->value + w->p->offset[i];
  return NULL;
}

static double dot(const double *x, const double *y, int64_t n) {
  double s = 0;
  for (int64_t i = 0; i < n; i++) s += x[i] * y[i];
  return s;
}

static void unit(double *v, int64_t n) {
  double length = sqrt(dot(v, v, n));
  for (int64_t i = 0; i < n; i++) v[i] /= length;
}

static double apply(const attune_form *f, double x) {
  switch (f->f) {
    case ATTUNE_TANH: return tanh(x);
    case ATTUNE_RELU: return x > 0 ? x : 0;
    case ATTUNE_LEAKY_RELU: return x > 0 ? x : f->slope * x;
    case ATTUNE_SIGMOID: return 1 / (1 + exp(-x));
    default: return x;
  }
}

enum { DEPTH = 6 };

/* s = f(by (k . W q + q . b + k . b)) in doubles; W NULL: the identity. */
static double expected(const attune_form *f, const float *kf, const float *qf, const float *m,
                       const float *b) {
  double k[DEPTH], q[DEPTH], s = 0;
  for (int i = 0; i < DEPTH; i++) {
    k[i] = kf[i];
    q[i] = qf[i];
  }
  if (f->flags & ATTUNE_UNIT_KEY) unit(k, DEPTH);
  if (f->flags & ATTUNE_UNIT_QUERY) unit(q, DEPTH);
  for (int i = 0; i < DEPTH; i++)
    for (int j = 0; m && j < DEPTH; j++)
      s += (double)m[i * DEPTH + j] * (f->flags & ATTUNE_TRANSPOSED ? q[i] * k[j] : k[i] * q[j]);
  if (!m) s = dot(k, q, DEPTH);
  for (int i = 0; i < DEPTH; i++) {
    if (f->flags & ATTUNE_ADDS_QUERY) s += q[i] * (double)b[i];
    if (f->flags & ATTUNE_ADDS_KEY) s += k[i] * (double)b[i];
  }
  return apply(f, f->by * s);
}

static at_check_outcome try_form(ck *c, const char *spec, const attune_form *f) {
  const ck_dims d = {CK_APART, 2, 3, 2, {2, 3}, DEPTH};
  const int64_t words = d.words[0] + d.words[1];
  ck_net w;
  at_check_outcome out = AT_CHECK_PASS;
  if (!ck_net_open(c, spec, &d, NULL, &w)) return ck_err(c, "made");
  const float *m = NULL, *b = NULL;
  if (f->product == ATTUNE_BILINEAR && !(m = parameter(&w, f->matrix, DEPTH * DEPTH)))
    out = ck_fail(c, "%s: its form names the matrix %s; it has no such parameter of d x d", spec,
                  f->matrix ? f->matrix : "NULL");
  if (out == AT_CHECK_PASS && (f->flags & (ATTUNE_ADDS_KEY | ATTUNE_ADDS_QUERY)) &&
      !(b = parameter(&w, f->bias, DEPTH)))
    out = ck_fail(c, "%s: its form names the bias %s; it has no such parameter of size d", spec,
                  f->bias ? f->bias : "NULL");
  const float *s = out == AT_CHECK_PASS ? ck_net_forward(&w) : NULL;
  for (int64_t i = 0; s && i < d.pictures * d.keys && out == AT_CHECK_PASS; i++)
    for (int64_t j = 0; j < words && out == AT_CHECK_PASS; j++) {
      double want = expected(f, w.kv + i * DEPTH, w.qv + j * DEPTH, m, b), got = s[i * words + j];
      if (!(fabs(got - want) <= 1e-3 * (1 + fabs(want))))
        out = ck_fail(c, "%s: a score is %g; what its form says gives %g", spec, got, want);
    }
  ck_net_close(&w);
  return out;
}

at_check_outcome ck_form(ck *c) {
  char spec[512];
  int said = 0;
  for (size_t v = 0; ck_variant(c, v, spec, sizeof spec); v++) {
    attune_form f;
    if (at_plugin_form(c->reg, spec, DEPTH, &f, &c->err) != AT_OK) return ck_err(c, spec);
    if (f.product == ATTUNE_OPAQUE) continue;
    said++;
    at_check_outcome out = try_form(c, spec, &f);
    if (out != AT_CHECK_PASS) return out;
  }
  return said ? AT_CHECK_PASS : ck_skip(c, "it says nothing of its form");
}
