/* F(4, 3) at the points 0, A, -A, infinity, B and -B; F(2, 3) at the first four of them. */
#include "core/graph/winograd_impl.h"

static const float A = 0.625f, A2 = 0.625f * 0.625f, A3 = 0.625f * 0.625f * 0.625f;
static const float B = 1.5f, B2 = 1.5f * 1.5f, B3 = 1.5f * 1.5f * 1.5f;
/* A2 + B2 and A2 B2; one over the product of a point's distances from the others but infinity. */
static const float SUM = 2.640625f, PRODUCT = 0.87890625f;
static const float PER_ZERO = (float)(1 / 0.87890625);
static const float PER_A = (float)(1 / (2 * 0.390625 * (0.390625 - 2.25)));
static const float PER_B = (float)(1 / (2 * 2.25 * (2.25 - 0.390625)));
/* Distances of A, or -A, from B and -B. */
static const float APART = 0.390625f - 2.25f;

AT_ALWAYS void input_line(const at_lanes *d, at_lanes *v) {
  const at_lanes e = d[4] - B2 * d[2], o = A * (d[3] - B2 * d[1]);
  const at_lanes f = d[4] - A2 * d[2], q = B * (d[3] - A2 * d[1]);
  v[0] = (d[4] - SUM * d[2]) + PRODUCT * d[0];
  v[1] = e + o;
  v[2] = e - o;
  v[3] = (d[5] - SUM * d[3]) + PRODUCT * d[1];
  v[4] = f + q;
  v[5] = f - q;
}

AT_ALWAYS void output_line(const at_lanes *m, at_lanes *y) {
  const at_lanes e = m[1] + m[2], o = m[1] - m[2], f = m[4] + m[5], q = m[4] - m[5];
  y[0] = m[0] + (e + f);
  y[1] = A * o + B * q;
  y[2] = A2 * e + B2 * f;
  y[3] = (A3 * o + B3 * q) + m[3];
}

/* The transpose of the above. */
AT_ALWAYS void slope_line(const at_lanes *y, at_lanes *m) {
  const at_lanes e = y[0] + A2 * y[2], o = A * y[1] + A3 * y[3];
  const at_lanes f = y[0] + B2 * y[2], q = B * y[1] + B3 * y[3];
  m[0] = y[0];
  m[1] = e + o;
  m[2] = e - o;
  m[3] = y[3];
  m[4] = f + q;
  m[5] = f - q;
}

AT_ALWAYS void weight_line(const at_lanes *g, at_lanes *u) {
  const at_lanes e = PER_A * (g[0] + A2 * g[2]), o = PER_A * (A * g[1]);
  const at_lanes f = PER_B * (g[0] + B2 * g[2]), q = PER_B * (B * g[1]);
  u[0] = PER_ZERO * g[0];
  u[1] = e + o;
  u[2] = e - o;
  u[3] = g[2];
  u[4] = f + q;
  u[5] = f - q;
}

AT_ALWAYS void back_line(const at_lanes *u, at_lanes *g) {
  const at_lanes e = PER_A * (u[1] + u[2]), o = PER_A * (A * (u[1] - u[2]));
  const at_lanes f = PER_B * (u[4] + u[5]), q = PER_B * (B * (u[4] - u[5]));
  g[0] = PER_ZERO * u[0] + (e + f);
  g[1] = o + q;
  g[2] = (A2 * e + B2 * f) + u[3];
}

/* ---- two at a time ---- */

/* Weights are as above, so what the points left out would have divided them by is here. */
AT_ALWAYS void half_input_line(const at_lanes *d, at_lanes *v) {
  v[0] = PRODUCT * d[0] - B2 * d[2];
  v[1] = APART * (d[2] + A * d[1]);
  v[2] = APART * (d[2] - A * d[1]);
  v[3] = d[3] - A2 * d[1];
}

AT_ALWAYS void half_output_line(const at_lanes *m, at_lanes *y) {
  y[0] = m[0] + (m[1] + m[2]);
  y[1] = A * (m[1] - m[2]) + m[3];
}

AT_ALWAYS void half_slope_line(const at_lanes *y, at_lanes *m) {
  const at_lanes o = A * y[1];
  m[0] = y[0];
  m[1] = y[0] + o;
  m[2] = y[0] - o;
  m[3] = y[1];
}

/* ---- tiles ---- */

#define TILE(name, down, along, h, w)                                                             \
  AT_SQUARE(name##_input, down##input_line, along##input_line, false, h + 2, w + 2, h + 2, w + 2) \
  AT_SQUARE(name##_output, down##output_line, along##output_line, false, h + 2, w + 2, h, w)      \
  AT_SQUARE(name##_add_output, down##output_line, along##output_line, true, h + 2, w + 2, h, w)   \
  AT_SQUARE(name##_slope, down##slope_line, along##slope_line, false, h, w, h + 2, w + 2)
#define PART(name, h, w) \
  { {h, w}, name##_input, name##_output, name##_add_output, name##_slope }

TILE(whole, , , 4, 4)
TILE(wide, half_, , 2, 4)
TILE(tall, , half_, 4, 2)
TILE(small, half_, half_, 2, 2)

const at_minimal at_minimal_four[2][2] = {{PART(whole, 4, 4), PART(tall, 4, 2)},
                                          {PART(wide, 2, 4), PART(small, 2, 2)}};

AT_SQUARE(weight, weight_line, weight_line, false, 3, 3, 6, 6)
AT_SQUARE(weight_back, back_line, back_line, false, 6, 6, 3, 3)
const at_minimal_weights at_minimal_weights_four = {6, weight, weight_back};
