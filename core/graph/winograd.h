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
#include "core/graph/tile.h"

extern const at_tiled at_winograd_two, at_winograd_four;
#endif
