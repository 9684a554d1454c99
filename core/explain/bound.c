/* How far apart the numbers can lie that softmax gets, by what the score is and what follows it. */
#include <math.h>
#include <string.h>
#include "core/explain/explain_impl.h"

enum { CHAIN = 16 }; /* operators between score and weights, at most */

typedef struct range {
  double low, high;
} range;

static const range all = {-INFINITY, INFINITY};

static bool is(const at_node *n, const char *op) { return !strcmp(n->op->name, op); }

/* ---- the score ---- */

static bool is_unit(const at_node *n, int along) {
  while (is(n, "rename") || is(n, "arrange")) n = n->in[0];
  return is(n, "normalize") && n->arg[0].axis[0] == along;
}

static double apply(const attune_form *f, double x) {
  switch (f->f) {
    case ATTUNE_TANH: return tanh(x);
    case ATTUNE_RELU: return fmax(x, 0);
    case ATTUNE_LEAKY_RELU: return x > 0 ? x : f->slope > 0 ? f->slope * x : 0;
    case ATTUNE_SIGMOID: return 1 / (1 + exp(-x));
    case ATTUNE_IDENTITY: break;
  }
  return x;
}

/* Of two vectors of length one the product lies in -1 .. 1; every function is a rising one. */
static range of_score(const at_attend *a, const attune_form *f) {
  const bool query = (f->flags & ATTUNE_UNIT_QUERY) || is_unit(a->query, a->along);
  const bool key = (f->flags & ATTUNE_UNIT_KEY) || is_unit(a->key, a->along);
  const bool terms = f->flags & (ATTUNE_ADDS_QUERY | ATTUNE_ADDS_KEY);
  const bool within = f->product == ATTUNE_DOT && query && key && !terms;
  if (a->interact || f->product == ATTUNE_OPAQUE) return all;
  return within ? (range){apply(f, -f->by), apply(f, f->by)}
                : (range){apply(f, -INFINITY), apply(f, INFINITY)};
}

/* ---- what follows it ---- */

static range ordered(double a, double b) { return a < b ? (range){a, b} : (range){b, a}; }

static double times(double by, double x) { return by == 0 ? 0 : by * x; }

/* false: it is not known what the operator makes of its numbers. */
static bool pass(const at_node *n, range *r) {
  if (is(n, "rename") || is(n, "arrange") || is(n, "squeeze") || is(n, "dropout")) return true;
  if (is(n, "relu"))
    *r = (range){fmax(r->low, 0), fmax(r->high, 0)};
  else if (is(n, "leaky_relu") && n->arg[0].num >= 0)
    *r = (range){r->low > 0 ? r->low : times(n->arg[0].num, r->low),
                 r->high > 0 ? r->high : times(n->arg[0].num, r->high)};
  else if (is(n, "tanh"))
    *r = (range){tanh(r->low), tanh(r->high)};
  else if (is(n, "sigmoid"))
    *r = (range){1 / (1 + exp(-r->low)), 1 / (1 + exp(-r->high))};
  else if (is(n, "clamp"))
    *r = (range){fmin(fmax(r->low, n->arg[0].num), n->arg[1].num),
                 fmin(fmax(r->high, n->arg[0].num), n->arg[1].num)};
  else if (is(n, "scale"))
    *r = ordered(times(n->arg[0].num, r->low) + n->arg[1].num,
                 times(n->arg[0].num, r->high) + n->arg[1].num);
  else if (is(n, "normalize"))
    *r = (range){r->low < 0 ? -1 : 0, r->high > 0 ? 1 : 0};
  else
    return false;
  return true;
}

bool at_score_range(const at_attend *a, const attune_form *form, double *apart) {
  const at_node *chain[CHAIN];
  const at_node *w = a->weight;
  int n = 0;
  range r = of_score(a, form);
  if (!is(w, "softmax") || w->arg[0].axis[0] != a->over) return false;
  for (const at_node *v = w->in[0]; v != a->score; v = v->in[0]) {
    if (n == CHAIN || v->n_data != 1) return false;
    chain[n++] = v;
  }
  while (n > 0)
    if (!pass(chain[--n], &r)) return false;
  *apart = w->arg[1].num * (r.high - r.low);
  return isfinite(*apart);
}

at_status at_measure_bound(at_measuring *m, at_error *err) {
  const at_attend *a = m->a;
  const int d = at_node_dim(a->key, a->along);
  attune_form form;
  double apart;
  at_status st = at_plugin_form(at_session_registry(m->s), a->score_name,
                                d < 0 ? -1 : a->key->dim[d].size, &form, err);
  for (int64_t i = 0; st == AT_OK && i < m->g.n && at_score_range(a, &form, &apart); i++)
    *at_columns_real(&m->c, AT_M_SCORE_RANGE, m->g.n, i) = (float)apart;
  return st;
}
