/* Convolution with kernels of 3 x 3 and stride 1 in fewer multiplications: Winograd's minimal
 * filtering F(2 x 2, 3 x 3) (Lavin and Gray, "Fast Algorithms for Convolutional Neural
 * Networks", 2016).
 *
 * Four numbers of the result come from a tile of 4 x 4 by 16 products instead of 36, for every
 * pair of channels; over all tiles these are 16 products of matrices. The two gradients are
 * convolutions of the same kind. Sums of up to four inputs are rounded before they are
 * multiplied, which costs about one bit. */
#ifndef AT_GRAPH_WINOGRAD_H
#define AT_GRAPH_WINOGRAD_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/base/thread.h"

typedef struct at_winograd {
  int64_t images, h, w, from, oh, ow, to, pad; /* [images, h, w, from] -> [images, oh, ow, to] */
} at_winograd;

/* Whether it pays: with few channels the sums cost more than the products saved. */
bool at_winograd_pays(const at_winograd *c);
size_t at_winograd_scratch(const at_winograd *c); /* floats, for any of the three */

/* All add to their result; weights [to, from, 3, 3]. */
void at_winograd_forward(at_pool *pool, const at_winograd *c, const float *weight, const float *x,
                         float *y, float *scratch);
void at_winograd_into_x(at_pool *pool, const at_winograd *c, const float *weight, const float *dy,
                        float *dx, float *scratch);
void at_winograd_into_weight(at_pool *pool, const at_winograd *c, const float *x, const float *dy,
                             float *dw, float *scratch);
#endif
