/* Transforms of winograd.c: what a tile becomes, and what becomes of it. */
#ifndef AT_GRAPH_WINOGRAD_IMPL_H
#define AT_GRAPH_WINOGRAD_IMPL_H
#include <stdbool.h>
#include <stdint.h>

/* Channels of a tile are worked on this many at a time: the most for `n` below, where tiles are
 * meant. */
enum { AT_MINIMAL_BLOCK = 64, AT_MINIMAL_LINE = 6 };

/* A tile of `side` x `side` numbers of the result reads `line` x `line` of the input and goes by as
 * many products, each in a plane of its own, `step` numbers from the next. Each entry of d, y and
 * dy points at n channels. */
typedef struct at_minimal {
  int side, line;
  void (*input)(const float *const *d, float *v, int64_t step, int64_t n);  /* v = B' d B */
  void (*output)(const float *m, int64_t step, float *const *y, int64_t n); /* y += A' m A */
  void (*slope)(const float *const *dy, float *m, int64_t step, int64_t n); /* m = A dy A' */
  /* u = G w G' of n kernels of 3 x 3 that begin `apart` numbers from each other, `turned` by half a
   * turn where the gradient by x needs it; and dw += G' u G */
  void (*weights)(const float *w, int64_t apart, bool turned, int64_t n, float *u, int64_t step);
  void (*weights_back)(const float *u, int64_t step, int64_t n, float *dw);
} at_minimal;

extern const at_minimal at_minimal_two, at_minimal_four;
#endif
