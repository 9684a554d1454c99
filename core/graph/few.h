/* The products of a convolution in fewer multiplications (winograd.h, halving.h) where tiles are
 * few, so that weights are the larger part: they are transformed a block at a time and used while
 * they lie in a cache, and the numbers of a plane are turned so that tiles lie side by side. */
#ifndef AT_GRAPH_FEW_H
#define AT_GRAPH_FEW_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/base/thread.h"

/* A kernel of `taps` numbers becomes one number of each phase in each of `planes` products. Of n
 * kernels that lie side by side, number i of phase p and plane k lies at u[k * plane + p * n + i].
 * `weights_back` adds the transpose to dw. */
typedef struct at_few {
  int planes, phases, taps;
  void (*weights)(const float *w, bool turned, int64_t n, float *u, int64_t plane);
  void (*weights_back)(const float *u, int64_t plane, int64_t n, float *dw);
} at_few;

/* Transformed numbers of tiles: planes of [tiles, row], `row` numbers and `step` to the next. */
typedef struct at_few_planes {
  float *p;
  int64_t row, step;
} at_few_planes;

typedef struct at_few_product {
  const at_few *how;
  int64_t tiles, from, to;
  const float *w;     /* [to, from, taps] */
  float *dw;          /* the same */
  bool turned;        /* kernels by half a turn */
  at_few_planes v, m; /* [tiles, phase, from], [tiles, to] */
  float *space;
} at_few_product;

/* Whether tiles, of which `most` are few, and so many channels are better multiplied here. */
bool at_few_pays(int64_t tiles, int64_t most, int64_t from, int64_t to);
/* Floats of `space`. */
size_t at_few_space(const at_few *how, int64_t tiles, int64_t from, int64_t to);

void at_few_forward(at_pool *pool, const at_few_product *p); /* m = v u */
void at_few_back(at_pool *pool, const at_few_product *p);    /* v = m u' */
void at_few_weight(at_pool *pool, const at_few_product *p);  /* dw += what becomes of m' v */
#endif
