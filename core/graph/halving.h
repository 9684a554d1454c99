/* Convolution with kernels of 4 x 4 and stride 2, which halves a picture, in fewer multiplications:
 * over the four phases of the input (its even and odd rows and columns) the kernel is one of 2 x 2
 * with stride 1, and that goes by Winograd's minimal filtering F(2 x 2, 2 x 2) ("Arithmetic
 * Complexity of Computations", 1980): with d0 .. d2 numbers of a line of a phase and g0, g1 taps,
 *
 *   d0 g0 + d1 g1 = (d0 - d1) g0 + d1 (g0 + g1)
 *   d1 g0 + d2 g1 = d1 (g0 + g1) + (d2 - d1) g1
 *
 * and the same down the columns: four numbers of the result from 3 x 3 of each phase, by 9 products
 * instead of 16. Over all tiles these are 9 products of matrices, whose sums run over phases and
 * channels. The gradients are the transposes. */
#ifndef AT_GRAPH_HALVING_H
#define AT_GRAPH_HALVING_H
#include "core/graph/tile.h"

extern const at_tiled at_halving;
#endif
