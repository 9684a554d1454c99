/* Products with a side of one: BLIS packs its operands before it multiplies, which costs several
 * times the arithmetic here. */
#include "core/tensor/thin.h"
#include "core/tensor/vecmath.h"

static at_mat turned(at_mat x) { return (at_mat){x.p, x.cs, x.rs}; }

static void scale(float *c, int64_t n, float beta) {
  if (beta == 1) return;
  for (int64_t j = 0; j < n; j++) c[j] = beta == 0 ? 0 : beta * c[j];
}

/* c [n] <- alpha x [k] B [k,n] + beta c */
static bool row(int64_t n, int64_t k, float alpha, at_mat x, at_mat b, float beta, at_mat c) {
  if (b.rs == 1 && x.cs == 1) {
    for (int64_t j = 0; j < n; j++) {
      float *to = c.p + j * c.cs, sum = alpha * at_vdot(x.p, b.p + j * b.cs, (size_t)k);
      *to = beta == 0 ? sum : sum + beta * *to;
    }
    return true;
  }
  if (b.cs != 1 || c.cs != 1) return false;
  scale(c.p, n, beta);
  for (int64_t p = 0; p < k; p++) at_vaxpy(c.p, alpha * x.p[p * x.cs], b.p + p * b.rs, (size_t)n);
  return true;
}

/* C [m,n] <- alpha a [m] b [n] + beta C */
static bool outer(int64_t m, int64_t n, float alpha, at_mat a, at_mat b, float beta, at_mat c) {
  if (b.cs != 1 || c.cs != 1) return false;
  for (int64_t i = 0; i < m; i++) {
    float *to = c.p + i * c.rs;
    scale(to, n, beta);
    at_vaxpy(to, alpha * a.p[i * a.rs], b.p, (size_t)n);
  }
  return true;
}

bool at_thin(int64_t m, int64_t n, int64_t k, float alpha, at_mat a, at_mat b, float beta,
             at_mat c) {
  if (m * n * k > AT_THIN_MOST) return false;
  if (k == 1)
    return outer(m, n, alpha, a, b, beta, c) ||
           outer(n, m, alpha, turned(b), turned(a), beta, turned(c));
  if (m == 1) return row(n, k, alpha, a, b, beta, c);
  if (n == 1) return row(m, k, alpha, turned(b), turned(a), beta, turned(c));
  return false;
}
