/* F(2 x 2, 3 x 3) at the points 0, 1, -1 and infinity. */
#include "core/graph/winograd_impl.h"
#include "core/tensor/vecmath.h"

/* Transforms work on a line of four (or two) numbers at a time, first down the columns of a tile
 * and then along its rows: a loop over channels each, which compilers turn into vector code. */
enum { IN_LINE = 4 };
typedef float lines[IN_LINE][IN_LINE][AT_MINIMAL_BLOCK];

/* B' of four inputs. */
static inline void input_line(const float *a, const float *b, const float *g, const float *h,
                              float *restrict w, float *restrict x, float *restrict y,
                              float *restrict z, int64_t n) {
  AT_NO_CARRY
  for (int64_t c = 0; c < n; c++) {
    w[c] = a[c] - g[c];
    x[c] = b[c] + g[c];
    y[c] = g[c] - b[c];
    z[c] = b[c] - h[c];
  }
}

/* B' d B of one tile: sums of inputs. Planes lie `step` apart. */
static void input_tile(const float *const *d, float *v, int64_t step, int64_t n) {
  lines e;
  for (int s = 0; s < 4; s++)
    input_line(d[s], d[4 + s], d[8 + s], d[12 + s], e[0][s], e[1][s], e[2][s], e[3][s], n);
  for (int r = 0; r < 4; r++) {
    float *to = v + 4 * r * step;
    input_line(e[r][0], e[r][1], e[r][2], e[r][3], to, to + step, to + 2 * step, to + 3 * step, n);
  }
}

/* y += A' of four; `add` 0: y is that. */
static inline void output_line(const float *a, const float *b, const float *g, const float *h,
                               float *restrict y, float *restrict z, bool add, int64_t n) {
  AT_NO_CARRY
  for (int64_t c = 0; c < n; c++) {
    y[c] = (add ? y[c] : 0) + ((a[c] + b[c]) + g[c]);
    z[c] = (add ? z[c] : 0) + ((b[c] - g[c]) - h[c]);
  }
}

/* y += A' m A: four numbers of the result. */
static void output_tile(const float *m, int64_t step, float *const *y, int64_t n) {
  lines e;
  for (int s = 0; s < 4; s++)
    output_line(m + s * step, m + (4 + s) * step, m + (8 + s) * step, m + (12 + s) * step, e[0][s],
                e[1][s], false, n);
  for (int r = 0; r < 2; r++)
    output_line(e[r][0], e[r][1], e[r][2], e[r][3], y[2 * r], y[2 * r + 1], true, n);
}

/* A of two: the transpose of the above. */
static inline void slope_line(const float *a, const float *b, float *restrict w, float *restrict x,
                              float *restrict y, float *restrict z, int64_t n) {
  AT_NO_CARRY
  for (int64_t c = 0; c < n; c++) {
    w[c] = a[c];
    x[c] = a[c] + b[c];
    y[c] = a[c] - b[c];
    z[c] = -b[c];
  }
}

/* A dy A' */
static void slope_tile(const float *const *dy, float *m, int64_t step, int64_t n) {
  lines e;
  for (int s = 0; s < 2; s++) slope_line(dy[s], dy[2 + s], e[0][s], e[1][s], e[2][s], e[3][s], n);
  for (int r = 0; r < 4; r++) {
    float *to = m + 4 * r * step;
    slope_line(e[r][0], e[r][1], to, to + step, to + 2 * step, to + 3 * step, n);
  }
}

static void weights(const float *w, int64_t apart, bool turned, int64_t n, float *u, int64_t step) {
  AT_NO_CARRY
  for (int64_t i = 0; i < n; i++) {
    float e[4][3];
    for (int s = 0; s < 3; s++) {
      const float *g = w + i * apart;
      const float a = g[turned ? 8 - s : s], b = g[turned ? 5 - s : 3 + s],
                  c = g[turned ? 2 - s : 6 + s];
      e[0][s] = a;
      e[1][s] = 0.5f * (a + b + c);
      e[2][s] = 0.5f * (a - b + c);
      e[3][s] = c;
    }
    for (int r = 0; r < 4; r++) {
      u[(4 * r + 0) * step + i] = e[r][0];
      u[(4 * r + 1) * step + i] = 0.5f * (e[r][0] + e[r][1] + e[r][2]);
      u[(4 * r + 2) * step + i] = 0.5f * (e[r][0] - e[r][1] + e[r][2]);
      u[(4 * r + 3) * step + i] = e[r][2];
    }
  }
}

static void weights_back(const float *u, int64_t step, int64_t n, float *dw) {
  AT_NO_CARRY
  for (int64_t i = 0; i < n; i++) {
    float e[3][4];
    for (int s = 0; s < 4; s++) {
      const float *p = u + i;
      const float a = p[s * step], b = p[(4 + s) * step], c = p[(8 + s) * step],
                  d = p[(12 + s) * step];
      e[0][s] = a + 0.5f * (b + c);
      e[1][s] = 0.5f * (b - c);
      e[2][s] = 0.5f * (b + c) + d;
    }
    for (int r = 0; r < 3; r++) {
      dw[i * 9 + 3 * r + 0] += e[r][0] + 0.5f * (e[r][1] + e[r][2]);
      dw[i * 9 + 3 * r + 1] += 0.5f * (e[r][1] - e[r][2]);
      dw[i * 9 + 3 * r + 2] += 0.5f * (e[r][1] + e[r][2]) + e[r][3];
    }
  }
}

const at_minimal at_minimal_two = {.side = 2,
                                   .line = IN_LINE,
                                   .input = input_tile,
                                   .output = output_tile,
                                   .slope = slope_tile,
                                   .weights = weights,
                                   .weights_back = weights_back};
