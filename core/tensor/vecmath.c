#include "core/tensor/vecmath.h"
#include <stdint.h>
#include <string.h>

static inline float from_bits(uint32_t b) {
  float f;
  memcpy(&f, &b, sizeof f);
  return f;
}

/* exp(x) = 2^n exp(r), |r| <= ln(2)/2, by a polynomial of degree 6
 * (coefficients: Moshier, Cephes library, expf). 2^n is made in two halves so that
 * results below the smallest normal number come out right. */
static inline float exp1(float x) {
  const float hi = 88.8f, lo = -104.0f;
  float c = x > hi ? hi : x;
  c = c >= lo ? c : lo; /* NaN goes this way too, and is put back at the end */
  float t = c * 1.44269504f;
  /* Adding and taking away 1.5 * 2^23 rounds to the nearest whole number. */
  float n = (t + 12582912.0f) - 12582912.0f;
  float r = c - n * 0.693359375f;
  r = r - n * -2.12194440e-4f;
  float p = 1.9875691500e-4f;
  p = p * r + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  int32_t i = (int32_t)n, half = i / 2;
  float y =
      p * from_bits((uint32_t)(half + 127) << 23) * from_bits((uint32_t)(i - half + 127) << 23);
  return x == x ? y : x;
}

/* tanh(x): an odd polynomial near zero, 1 - 2/(exp(2|x|) + 1) elsewhere; both are
 * computed and one is picked, which vectorises. Coefficients of the polynomial:
 * Moshier, Cephes library (tanhf). */
static inline float tanh1(float x) {
  float z = x * x;
  float p = -5.70498872745e-3f;
  p = p * z + 2.06390887954e-2f;
  p = p * z - 5.37397155531e-2f;
  p = p * z + 1.33314422036e-1f;
  p = p * z - 3.33332819422e-1f;
  float near = x + x * z * p, a = x < 0 ? -x : x;
  float far = 1.0f - 2.0f / (exp1(2.0f * (a < 20.0f ? a : 20.0f)) + 1.0f);
  far = x < 0 ? -far : far;
  float y = a < 0.625f ? near : far;
  return x == x ? y : x;
}

/* erf(x): an odd polynomial near zero, 1 - exp(-p(|x|)) elsewhere, up to where it rounds to 1. Both
 * polynomials are least in their greatest relative error of erf (Lawson's weights), p a fit of
 * -log(erfc). */
static inline float erf1(float x) {
  float a = x < 0 ? -x : x, z = x * x, t = a < 4.0f ? a : 4.0f;
  float p = 8.185097249e-5f;
  p = p * z - 8.097707760e-4f;
  p = p * z + 5.196952727e-3f;
  p = p * z - 2.685770579e-2f;
  p = p * z + 1.128366366e-1f;
  p = p * z - 3.761263192e-1f;
  p = p * z + 1.283791661e-1f;
  float near = x + x * p;
  float q = -1.959396322e-4f;
  q = q * t + 3.043240868e-3f;
  q = q * t - 2.222701348e-2f;
  q = q * t + 1.039317921e-1f;
  q = q * t + 6.371819973e-1f;
  q = q * t + 1.127675772f;
  q = q * t + 1.956437336e-4f;
  float far = 1.0f - exp1(-q);
  far = x < 0 ? -far : far;
  float y = a < 0.95f ? near : far;
  return x == x ? y : x;
}

void at_vexp(float *y, const float *x, size_t n) {
  AT_NO_CARRY
  for (size_t i = 0; i < n; i++) y[i] = exp1(x[i]);
}

void at_vtanh(float *y, const float *x, size_t n) {
  AT_NO_CARRY
  for (size_t i = 0; i < n; i++) y[i] = tanh1(x[i]);
}

void at_verf(float *y, const float *x, size_t n) {
  AT_NO_CARRY
  for (size_t i = 0; i < n; i++) y[i] = erf1(x[i]);
}

void at_vsigmoid(float *y, const float *x, size_t n) {
  AT_NO_CARRY
  for (size_t i = 0; i < n; i++) y[i] = 1.0f / (1.0f + exp1(-x[i]));
}

void at_vaxpy(float *restrict y, float a, const float *restrict x, size_t n) {
  for (size_t i = 0; i < n; i++) y[i] += a * x[i];
}

enum { LANES = 16 };

static float fold(float *lane) {
  for (int w = LANES / 2; w; w /= 2)
    for (int i = 0; i < w; i++) lane[i] += lane[i + w];
  return lane[0];
}

float at_vsum(const float *x, size_t n) {
  float lane[LANES] = {0};
  size_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (int l = 0; l < LANES; l++) lane[l] += x[i + (size_t)l];
  for (int l = 0; i < n; i++, l++) lane[l] += x[i];
  return fold(lane);
}

float at_vmax(const float *x, size_t n) {
  float lane[LANES], top;
  size_t i = 0;
  for (int l = 0; l < LANES; l++) lane[l] = x[0];
  for (; i + LANES <= n; i += LANES)
    for (int l = 0; l < LANES; l++)
      lane[l] = x[i + (size_t)l] > lane[l] ? x[i + (size_t)l] : lane[l];
  for (int l = 0; i < n; i++, l++) lane[l] = x[i] > lane[l] ? x[i] : lane[l];
  top = lane[0];
  for (int l = 1; l < LANES; l++) top = lane[l] > top ? lane[l] : top;
  return top;
}

float at_vdot(const float *x, const float *y, size_t n) {
  float lane[LANES] = {0};
  size_t i = 0;
  for (; i + LANES <= n; i += LANES)
    for (int l = 0; l < LANES; l++) lane[l] += x[i + (size_t)l] * y[i + (size_t)l];
  for (int l = 0; i < n; i++, l++) lane[l] += x[i] * y[i];
  return fold(lane);
}
