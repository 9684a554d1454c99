/* F(4 x 4, 3 x 3) at the points 0, A, -A, B, -B and infinity. */
#include "core/graph/winograd_impl.h"
#include "core/tensor/vecmath.h"

static const float A = 0.625f, A2 = 0.625f * 0.625f, A3 = 0.625f * 0.625f * 0.625f;
static const float B = 1.5f, B2 = 1.5f * 1.5f, B3 = 1.5f * 1.5f * 1.5f;
/* A2 + B2 and A2 B2; one over the product of a point's distances from the others but infinity. */
static const float SUM = 2.640625f, PRODUCT = 0.87890625f;
static const float PER_ZERO = (float)(1 / 0.87890625);
static const float PER_A = (float)(1 / (2 * 0.390625 * (0.390625 - 2.25)));
static const float PER_B = (float)(1 / (2 * 2.25 * (2.25 - 0.390625)));

enum { SIDE = 4, LINE = 6, TAPS = 3 };
typedef float block[AT_MINIMAL_BLOCK];

/* B' of six inputs. */
static inline void input_line(const float *const *d, float *const *v, int64_t n) {
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
    v3[c] = f + q;
    v4[c] = f - q;
    v5[c] = (d5[c] - SUM * d3[c]) + PRODUCT * d1[c];
  }
}

static void input_tile(const float *const *d, float *v, int64_t step, int64_t n) {
  block e[LINE][LINE];
  for (int s = 0; s < LINE; s++) {
    const float *from[LINE];
    float *to[LINE];
    for (int i = 0; i < LINE; i++) {
      from[i] = d[LINE * i + s];
      to[i] = e[i][s];
    }
    input_line(from, to, n);
  }
  for (int r = 0; r < LINE; r++) {
    const float *from[LINE];
    float *to[LINE];
    for (int i = 0; i < LINE; i++) {
      from[i] = e[r][i];
      to[i] = v + (LINE * r + i) * step;
    }
    input_line(from, to, n);
  }
}

/* y += A' of six; `add` false: y is that. */
static inline void output_line(const float *const *m, float *const *y, bool add, int64_t n) {
  const float *m0 = m[0], *m1 = m[1], *m2 = m[2], *m3 = m[3], *m4 = m[4], *m5 = m[5];
  float *restrict y0 = y[0], *restrict y1 = y[1], *restrict y2 = y[2], *restrict y3 = y[3];
  AT_NO_CARRY
  for (int64_t c = 0; c < n; c++) {
    const float e = m1[c] + m2[c], o = m1[c] - m2[c], f = m3[c] + m4[c], q = m3[c] - m4[c];
    y0[c] = (add ? y0[c] : 0) + (m0[c] + (e + f));
    y1[c] = (add ? y1[c] : 0) + (A * o + B * q);
    y2[c] = (add ? y2[c] : 0) + (A2 * e + B2 * f);
    y3[c] = (add ? y3[c] : 0) + ((A3 * o + B3 * q) + m5[c]);
  }
}

static void output_tile(const float *m, int64_t step, float *const *y, int64_t n) {
  block e[SIDE][LINE];
  for (int s = 0; s < LINE; s++) {
    const float *from[LINE];
    for (int i = 0; i < LINE; i++) from[i] = m + (LINE * i + s) * step;
    output_line(from, (float *const[]){e[0][s], e[1][s], e[2][s], e[3][s]}, false, n);
  }
  for (int r = 0; r < SIDE; r++) {
    const float *from[LINE];
    for (int i = 0; i < LINE; i++) from[i] = e[r][i];
    output_line(from, y + SIDE * r, true, n);
  }
}

/* A of four: the transpose of the above. */
static inline void slope_line(const float *const *y, float *const *m, int64_t n) {
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
    m3[c] = f + q;
    m4[c] = f - q;
    m5[c] = y3[c];
  }
}

static void slope_tile(const float *const *dy, float *m, int64_t step, int64_t n) {
  block e[LINE][SIDE];
  for (int s = 0; s < SIDE; s++) {
    float *to[LINE];
    for (int i = 0; i < LINE; i++) to[i] = e[i][s];
    slope_line((const float *const[]){dy[s], dy[SIDE + s], dy[2 * SIDE + s], dy[3 * SIDE + s]}, to,
               n);
  }
  for (int r = 0; r < LINE; r++) {
    float *to[LINE];
    for (int i = 0; i < LINE; i++) to[i] = m + (LINE * r + i) * step;
    slope_line((const float *const[]){e[r][0], e[r][1], e[r][2], e[r][3]}, to, n);
  }
}

/* G of three. */
static inline void weight_line(float g0, float g1, float g2, float *u) {
  const float e = PER_A * (g0 + A2 * g2), o = PER_A * (A * g1);
  const float f = PER_B * (g0 + B2 * g2), q = PER_B * (B * g1);
  u[0] = PER_ZERO * g0;
  u[1] = e + o;
  u[2] = e - o;
  u[3] = f + q;
  u[4] = f - q;
  u[5] = g2;
}

static void weights(const float *w, int64_t apart, bool turned, int64_t n, float *u, int64_t step) {
  AT_NO_CARRY
  for (int64_t i = 0; i < n; i++) {
    float e[TAPS][LINE], line[LINE];
    for (int s = 0; s < TAPS; s++) {
      const float *g = w + i * apart;
      if (turned)
        weight_line(g[8 - s], g[5 - s], g[2 - s], e[s]);
      else
        weight_line(g[s], g[3 + s], g[6 + s], e[s]);
    }
    for (int r = 0; r < LINE; r++) {
      weight_line(e[0][r], e[1][r], e[2][r], line);
      for (int s = 0; s < LINE; s++) u[(LINE * r + s) * step + i] = line[s];
    }
  }
}

/* G' of six. */
static inline void weight_back_line(const float *u, float *g) {
  const float e = PER_A * (u[1] + u[2]), o = PER_A * (A * (u[1] - u[2]));
  const float f = PER_B * (u[3] + u[4]), q = PER_B * (B * (u[3] - u[4]));
  g[0] = PER_ZERO * u[0] + (e + f);
  g[1] = o + q;
  g[2] = (A2 * e + B2 * f) + u[5];
}

static void weights_back(const float *u, int64_t step, int64_t n, float *dw) {
  AT_NO_CARRY
  for (int64_t i = 0; i < n; i++) {
    float e[TAPS][LINE], column[LINE], g[TAPS];
    for (int s = 0; s < LINE; s++) {
      for (int r = 0; r < LINE; r++) column[r] = u[(LINE * r + s) * step + i];
      weight_back_line(column, g);
      for (int r = 0; r < TAPS; r++) e[r][s] = g[r];
    }
    for (int r = 0; r < TAPS; r++) {
      weight_back_line(e[r], g);
      for (int s = 0; s < TAPS; s++) dw[(i * TAPS + r) * TAPS + s] += g[s];
    }
  }
}

const at_minimal at_minimal_four = {.side = SIDE,
                                    .line = LINE,
                                    .input = input_tile,
                                    .output = output_tile,
                                    .slope = slope_tile,
                                    .weights = weights,
                                    .weights_back = weights_back};
