#include "core/graph/winograd_impl.h"

enum { MOST = AT_MINIMAL_LINE };

void at_minimal_square(at_line_fn *down, at_line_fn *along, const int in[2], const int out[2],
                       const float *const *from, float *const *to, int64_t n) {
  float e[MOST][MOST][AT_MINIMAL_BLOCK];
  const float *read[MOST];
  float *made[MOST];
  for (int s = 0; s < in[1]; s++) {
    for (int r = 0; r < in[0]; r++) read[r] = from[r * in[1] + s];
    for (int r = 0; r < out[0]; r++) made[r] = e[r][s];
    down(read, made, n);
  }
  for (int r = 0; r < out[0]; r++) {
    for (int s = 0; s < in[1]; s++) read[s] = e[r][s];
    along(read, to + r * out[1], n);
  }
}
