/* F(2, 3) at the points 0, 1, -1 and infinity. */
#include "core/graph/winograd_impl.h"

AT_ALWAYS void input_line(const at_lanes *d, at_lanes *v) {
  v[0] = d[0] - d[2];
  v[1] = d[1] + d[2];
  v[2] = d[2] - d[1];
  v[3] = d[1] - d[3];
}

AT_ALWAYS void output_line(const at_lanes *m, at_lanes *y) {
  y[0] = (m[0] + m[1]) + m[2];
  y[1] = (m[1] - m[2]) - m[3];
}

/* The transpose of the above. */
AT_ALWAYS void slope_line(const at_lanes *y, at_lanes *m) {
  m[0] = y[0];
  m[1] = y[0] + y[1];
  m[2] = y[0] - y[1];
  m[3] = -y[1];
}

AT_ALWAYS void weight_line(const at_lanes *g, at_lanes *u) {
  u[0] = g[0];
  u[1] = 0.5f * ((g[0] + g[1]) + g[2]);
  u[2] = 0.5f * ((g[0] - g[1]) + g[2]);
  u[3] = g[2];
}

AT_ALWAYS void back_line(const at_lanes *u, at_lanes *g) {
  const at_lanes e = 0.5f * (u[1] + u[2]);
  g[0] = u[0] + e;
  g[1] = 0.5f * (u[1] - u[2]);
  g[2] = e + u[3];
}

AT_SQUARE(input, input_line, input_line, false, 4, 4, 4, 4)
AT_SQUARE(output, output_line, output_line, false, 4, 4, 2, 2)
AT_SQUARE(add_output, output_line, output_line, true, 4, 4, 2, 2)
AT_SQUARE(slope, slope_line, slope_line, false, 2, 2, 4, 4)
AT_SQUARE(weight, weight_line, weight_line, false, 3, 3, 4, 4)
AT_SQUARE(weight_back, back_line, back_line, false, 4, 4, 3, 3)

const at_minimal at_minimal_two = {{2, 2}, input, output, add_output, slope};
const at_minimal_weights at_minimal_weights_two = {4, weight, weight_back};
