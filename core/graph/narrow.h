/* Convolution with kernels of 3 x 3 and stride 1 that makes few channels of many, as pictures are
 * made. A patch of the input has nine times as many numbers as a place of it, for a result of few:
 * here each place meets all weights, and what becomes of it is added up at the places around.
 * Backward the patches are those of the gradient, of few numbers each. */
#ifndef AT_GRAPH_NARROW_H
#define AT_GRAPH_NARROW_H
#include "core/graph/tile.h"

extern const at_tiled at_narrow;
#endif
