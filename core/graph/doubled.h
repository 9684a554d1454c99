/* Convolution with kernels of 3 x 3 over a map made twice as large by repeating each number: of a
 * line of the map, ... p q r ..., and taps a, b, c it makes four numbers by five products,
 *
 *   (a + b) p + c q = q (a + b + c) + (p - q) (a + b)
 *   a p + (b + c) q = q (a + b + c) + (p - q) a
 *   (a + b) q + c r = q (a + b + c) - (q - r) c
 *   a q + (b + c) r = q (a + b + c) - (q - r) (b + c)
 *
 * so 4 x 4 by 25 in the place of 144, from 9 numbers of the map that was not made larger. Over all
 * tiles these are nine products of matrices, in some of which several sums of weights stand side by
 * side. The first number of a line has no four to belong to, and takes two products. The gradients
 * are the transposes. Beside sums in double, errors over normal numbers have a root mean square of
 * at most 7.5e-7 of that of the results (tests/unit/test_winograd.c). */
#ifndef AT_GRAPH_DOUBLED_H
#define AT_GRAPH_DOUBLED_H
#include "core/graph/graph.h"
#include "core/graph/tile.h"

/* h and w of its at_tiling are those of the map as it is stored; oh = 2 h, ow = 2 w, pad = 1. */
extern const at_tiled at_doubled;

/* Matches of pass_doubled.c. conv2d by 3 x 3 that leaves sides as they are, without a bias and with
 * weights as they were learned; */
bool at_conv_plain(const at_node *n);
/* resize that repeats each number of the rows and columns before the last dim. */
bool at_resize_doubles(const at_node *n);
#endif
