/* F(2, 3) at the points 0, 1, -1 and infinity. */
#include <stdbool.h>
#include "core/graph/winograd_impl.h"
#include "core/tensor/vecmath.h"

static void input(const float *const *d, float *const *v, int64_t n) {
  const float *d0 = d[0], *d1 = d[1], *d2 = d[2], *d3 = d[3];
  float *restrict v0 = v[0], *restrict v1 = v[1], *restrict v2 = v[2], *restrict v3 = v[3];
  AT_NO_CARRY
  for (int64_t c = 0; c < n; c++) {
    v0[c] = d0[c] - d2[c];
    v1[c] = d1[c] + d2[c];
    v2[c] = d2[c] - d1[c];
    v3[c] = d1[c] - d3[c];
  }
}

static inline void made(const float *const *m, float *const *y, bool add, int64_t n) {
  const float *m0 = m[0], *m1 = m[1], *m2 = m[2], *m3 = m[3];
  float *restrict y0 = y[0], *restrict y1 = y[1];
  AT_NO_CARRY
  for (int64_t c = 0; c < n; c++) {
    y0[c] = (add ? y0[c] : 0) + ((m0[c] + m1[c]) + m2[c]);
    y1[c] = (add ? y1[c] : 0) + ((m1[c] - m2[c]) - m3[c]);
  }
}

static void output(const float *const *m, float *const *y, int64_t n) { made(m, y, false, n); }
static void add_output(const float *const *m, float *const *y, int64_t n) { made(m, y, true, n); }

/* The transpose of the above. */
static void slope(const float *const *y, float *const *m, int64_t n) {
  const float *y0 = y[0], *y1 = y[1];
  float *restrict m0 = m[0], *restrict m1 = m[1], *restrict m2 = m[2], *restrict m3 = m[3];
  AT_NO_CARRY
  for (int64_t c = 0; c < n; c++) {
    m0[c] = y0[c];
    m1[c] = y0[c] + y1[c];
    m2[c] = y0[c] - y1[c];
    m3[c] = -y1[c];
  }
}

static void weight(const float *const *g, float *const *u, int64_t n) {
  const float *g0 = g[0], *g1 = g[1], *g2 = g[2];
  float *restrict u0 = u[0], *restrict u1 = u[1], *restrict u2 = u[2], *restrict u3 = u[3];
  AT_NO_CARRY
  for (int64_t c = 0; c < n; c++) {
    u0[c] = g0[c];
    u1[c] = 0.5f * ((g0[c] + g1[c]) + g2[c]);
    u2[c] = 0.5f * ((g0[c] - g1[c]) + g2[c]);
    u3[c] = g2[c];
  }
}

static void weight_back(const float *const *u, float *const *g, int64_t n) {
  const float *u0 = u[0], *u1 = u[1], *u2 = u[2], *u3 = u[3];
  float *restrict g0 = g[0], *restrict g1 = g[1], *restrict g2 = g[2];
  AT_NO_CARRY
  for (int64_t c = 0; c < n; c++) {
    const float e = 0.5f * (u1[c] + u2[c]);
    g0[c] = u0[c] + e;
    g1[c] = 0.5f * (u1[c] - u2[c]);
    g2[c] = e + u3[c];
  }
}

const at_minimal at_minimal_two = {2, input, output, add_output, slope, weight, weight_back};
