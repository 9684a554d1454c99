/* F(4, 3) at the points 0, A, -A, infinity, B and -B; F(2, 3) at the first four of them. */
#include <stdbool.h>
#include "core/graph/winograd_impl.h"
#include "core/tensor/vecmath.h"

static const float A = 0.625f, A2 = 0.625f * 0.625f, A3 = 0.625f * 0.625f * 0.625f;
static const float B = 1.5f, B2 = 1.5f * 1.5f, B3 = 1.5f * 1.5f * 1.5f;
/* A2 + B2 and A2 B2; one over the product of a point's distances from the others but infinity. */
static const float SUM = 2.640625f, PRODUCT = 0.87890625f;
static const float PER_ZERO = (float)(1 / 0.87890625);
static const float PER_A = (float)(1 / (2 * 0.390625 * (0.390625 - 2.25)));
static const float PER_B = (float)(1 / (2 * 2.25 * (2.25 - 0.390625)));
/* Distances of A, or -A, from B and -B. */
static const float APART = 0.390625f - 2.25f;

static void input(const float *const *d, float *const *v, int64_t n) {
  const float *d0 = d[0], *d1 = d[1], *d2 = d[2], *d3 = d[3], *d4 = d[4], *d5 = d[5];
  float *restrict v0 = v[0], *restrict v1 = v[1], *restrict v2 = v[2], *restrict v3 = v[3],
                  *restrict v4 = v[4], *restrict v5 = v[5];
  AT_NO_CARRY
  for (int64_t c = 0; c < n; c++) {
    const float e = d4[c] - B2 * d2[c], o = A * (d3[c] - B2 * d1[c]);
    const float f = d4[c] - A2 * d2[c], q = B * (d3[c] - A2 * d1[c]);
    v0[c] = (d4[c] - SUM * d2[c]) + PRODUCT * d0[c];
    v1[c] = e + o;
    v2[c] = e - o;
    v3[c] = (d5[c] - SUM * d3[c]) + PRODUCT * d1[c];
    v4[c] = f + q;
    v5[c] = f - q;
  }
}

static inline void made(const float *const *m, float *const *y, bool add, int64_t n) {
  const float *m0 = m[0], *m1 = m[1], *m2 = m[2], *m3 = m[3], *m4 = m[4], *m5 = m[5];
  float *restrict y0 = y[0], *restrict y1 = y[1], *restrict y2 = y[2], *restrict y3 = y[3];
  AT_NO_CARRY
  for (int64_t c = 0; c < n; c++) {
    const float e = m1[c] + m2[c], o = m1[c] - m2[c], f = m4[c] + m5[c], q = m4[c] - m5[c];
    y0[c] = (add ? y0[c] : 0) + (m0[c] + (e + f));
    y1[c] = (add ? y1[c] : 0) + (A * o + B * q);
    y2[c] = (add ? y2[c] : 0) + (A2 * e + B2 * f);
    y3[c] = (add ? y3[c] : 0) + ((A3 * o + B3 * q) + m3[c]);
  }
}

static void output(const float *const *m, float *const *y, int64_t n) { made(m, y, false, n); }
static void add_output(const float *const *m, float *const *y, int64_t n) { made(m, y, true, n); }

/* The transpose of the above. */
static void slope(const float *const *y, float *const *m, int64_t n) {
  const float *y0 = y[0], *y1 = y[1], *y2 = y[2], *y3 = y[3];
  float *restrict m0 = m[0], *restrict m1 = m[1], *restrict m2 = m[2], *restrict m3 = m[3],
                  *restrict m4 = m[4], *restrict m5 = m[5];
  AT_NO_CARRY
  for (int64_t c = 0; c < n; c++) {
    const float e = y0[c] + A2 * y2[c], o = A * y1[c] + A3 * y3[c];
    const float f = y0[c] + B2 * y2[c], q = B * y1[c] + B3 * y3[c];
    m0[c] = y0[c];
    m1[c] = e + o;
    m2[c] = e - o;
    m3[c] = y3[c];
    m4[c] = f + q;
    m5[c] = f - q;
  }
}

static void weight(const float *const *g, float *const *u, int64_t n) {
  const float *g0 = g[0], *g1 = g[1], *g2 = g[2];
  float *restrict u0 = u[0], *restrict u1 = u[1], *restrict u2 = u[2], *restrict u3 = u[3],
                  *restrict u4 = u[4], *restrict u5 = u[5];
  AT_NO_CARRY
  for (int64_t c = 0; c < n; c++) {
    const float e = PER_A * (g0[c] + A2 * g2[c]), o = PER_A * (A * g1[c]);
    const float f = PER_B * (g0[c] + B2 * g2[c]), q = PER_B * (B * g1[c]);
    u0[c] = PER_ZERO * g0[c];
    u1[c] = e + o;
    u2[c] = e - o;
    u3[c] = g2[c];
    u4[c] = f + q;
    u5[c] = f - q;
  }
}

static void weight_back(const float *const *u, float *const *g, int64_t n) {
  const float *u0 = u[0], *u1 = u[1], *u2 = u[2], *u3 = u[3], *u4 = u[4], *u5 = u[5];
  float *restrict g0 = g[0], *restrict g1 = g[1], *restrict g2 = g[2];
  AT_NO_CARRY
  for (int64_t c = 0; c < n; c++) {
    const float e = PER_A * (u1[c] + u2[c]), o = PER_A * (A * (u1[c] - u2[c]));
    const float f = PER_B * (u4[c] + u5[c]), q = PER_B * (B * (u4[c] - u5[c]));
    g0[c] = PER_ZERO * u0[c] + (e + f);
    g1[c] = o + q;
    g2[c] = (A2 * e + B2 * f) + u3[c];
  }
}

const at_minimal at_minimal_four = {4, input, output, add_output, slope, weight, weight_back};

/* ---- two at a time ---- */

/* Weights are as above, so what the points left out would have divided them by is here. */
static void half_input(const float *const *d, float *const *v, int64_t n) {
  const float *d0 = d[0], *d1 = d[1], *d2 = d[2], *d3 = d[3];
  float *restrict v0 = v[0], *restrict v1 = v[1], *restrict v2 = v[2], *restrict v3 = v[3];
  AT_NO_CARRY
  for (int64_t c = 0; c < n; c++) {
    v0[c] = PRODUCT * d0[c] - B2 * d2[c];
    v1[c] = APART * (d2[c] + A * d1[c]);
    v2[c] = APART * (d2[c] - A * d1[c]);
    v3[c] = d3[c] - A2 * d1[c];
  }
}

static inline void half_made(const float *const *m, float *const *y, bool add, int64_t n) {
  const float *m0 = m[0], *m1 = m[1], *m2 = m[2], *m3 = m[3];
  float *restrict y0 = y[0], *restrict y1 = y[1];
  AT_NO_CARRY
  for (int64_t c = 0; c < n; c++) {
    y0[c] = (add ? y0[c] : 0) + (m0[c] + (m1[c] + m2[c]));
    y1[c] = (add ? y1[c] : 0) + (A * (m1[c] - m2[c]) + m3[c]);
  }
}

static void half_output(const float *const *m, float *const *y, int64_t n) {
  half_made(m, y, false, n);
}

static void half_add_output(const float *const *m, float *const *y, int64_t n) {
  half_made(m, y, true, n);
}

static void half_slope(const float *const *y, float *const *m, int64_t n) {
  const float *y0 = y[0], *y1 = y[1];
  float *restrict m0 = m[0], *restrict m1 = m[1], *restrict m2 = m[2], *restrict m3 = m[3];
  AT_NO_CARRY
  for (int64_t c = 0; c < n; c++) {
    const float o = A * y1[c];
    m0[c] = y0[c];
    m1[c] = y0[c] + o;
    m2[c] = y0[c] - o;
    m3[c] = y1[c];
  }
}

const at_minimal at_minimal_half = {2,          half_input, half_output, half_add_output,
                                    half_slope, weight,     weight_back};
