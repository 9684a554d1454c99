/* Convolution with kernels of 3 x 3 and stride 1 in fewer multiplications: Winograd's minimal
 * filtering F(2 x 2, 3 x 3) and F(4 x 4, 3 x 3) (Lavin and Gray, "Fast Algorithms for Convolutional
 * Neural Networks", 2016).
 *
 * Four numbers of the result come from a tile of 4 x 4 by 16 products instead of 36, or sixteen
 * from one of 6 x 6 by 36 instead of 144, for every pair of channels; over all tiles these are 16
 * or 36 products of matrices. Where tiles of 4 leave one or two rows or columns over, those go by
 * F(2, 3) on four of the six products of a line, whose transformed weights are the same: 14 numbers
 * by 22 products instead of 24. The two gradients are convolutions of the same kind.
 *
 * Sums of inputs are rounded before they are multiplied. Beside sums in double, over normal
 * numbers, errors have a root mean square of at most 7.5e-7 (2 x 2) or 1.5e-6 (4 x 4) of that of
 * the results (tests/unit/test_winograd.c holds that). F(4 x 4) is taken at the points 0, 5/8,
 * -5/8, 3/2, -3/2 and infinity, where errors are about half of those at 0, 1, -1, 2, -2 and
 * infinity. */
#ifndef AT_GRAPH_WINOGRAD_H
#define AT_GRAPH_WINOGRAD_H
#include "core/graph/tile.h"

extern const at_tiled at_winograd_two, at_winograd_four;
#endif
