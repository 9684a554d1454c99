/* Transforms of tiles (winograd_impl.h, quarters.c): what becomes of a line of numbers is written
 * once, for as many channels as a vector has, and at_square_of makes of two of these the transform
 * of a tile: first down the columns, then along the rows, all in registers. */
#ifndef AT_GRAPH_SQUARE_H
#define AT_GRAPH_SQUARE_H
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include "core/tensor/lanes.h"

enum { AT_MOST_LINE = 6, AT_MOST_SQUARE = AT_MOST_LINE * AT_MOST_LINE };

typedef void at_lanes_fn(const at_lanes *from, at_lanes *to);

/* Each entry points at n numbers, row by row; those of `to` overlap no others that are read, unless
 * they are the same and are added to. */
typedef void at_square_fn(const float *const *from, float *const *to, int64_t n);

typedef struct at_sides {
  int down, along; /* numbers of a line */
} at_sides;

#define AT_ALWAYS static inline __attribute__((always_inline))

/* The first AT_LANES numbers behind `i` of each entry. */
AT_ALWAYS void at_square_part(at_lanes_fn *down, at_lanes_fn *along, at_sides in, at_sides out,
                              bool add, const float *const *from, float *const *to, int64_t i) {
  at_lanes e[AT_MOST_LINE][AT_MOST_LINE], read[AT_MOST_LINE], made[AT_MOST_LINE];
#pragma GCC unroll 6
  for (int s = 0; s < in.along; s++) {
#pragma GCC unroll 6
    for (int r = 0; r < in.down; r++) memcpy(&read[r], from[r * in.along + s] + i, sizeof read[r]);
    down(read, made);
#pragma GCC unroll 6
    for (int r = 0; r < out.down; r++) e[r][s] = made[r];
  }
#pragma GCC unroll 6
  for (int r = 0; r < out.down; r++) {
    along(e[r], made);
#pragma GCC unroll 6
    for (int s = 0; s < out.along; s++) {
      float *p = to[r * out.along + s] + i;
      if (add) {
        memcpy(&read[0], p, sizeof read[0]);
        made[s] += read[0];
      }
      memcpy(p, &made[s], sizeof made[s]);
    }
  }
}

/* The last numbers, fewer than AT_LANES, go through memory of their own. */
AT_ALWAYS void at_square_of(at_lanes_fn *down, at_lanes_fn *along, at_sides in, at_sides out,
                            bool add, const float *const *from, float *const *to, int64_t n) {
  int64_t i = 0;
  for (; i + AT_LANES <= n; i += AT_LANES) at_square_part(down, along, in, out, add, from, to, i);
  if (i == n) return;
  const size_t left = (size_t)(n - i) * sizeof(float);
  float ends[2][AT_MOST_SQUARE][AT_LANES] = {0};
  const float *read[AT_MOST_SQUARE];
  float *made[AT_MOST_SQUARE];
  for (int k = 0; k < in.down * in.along; k++) read[k] = memcpy(ends[0][k], from[k] + i, left);
  for (int k = 0; k < out.down * out.along; k++) made[k] = memcpy(ends[1][k], to[k] + i, left);
  at_square_part(down, along, in, out, add, read, made, 0);
  for (int k = 0; k < out.down * out.along; k++) memcpy(to[k] + i, made[k], left);
}

/* A function `name` of tiles of in0 x in1 numbers that become out0 x out1; `add`: they are added to
 * what is there. */
#define AT_SQUARE(name, down, along, add, in0, in1, out0, out1)                                \
  static void name(const float *const *from, float *const *to, int64_t n) {                    \
    at_square_of(down, along, (at_sides){in0, in1}, (at_sides){out0, out1}, add, from, to, n); \
  }
#endif
