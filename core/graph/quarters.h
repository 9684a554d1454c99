/* The same convolutions as halving.h over larger maps: 4 x 4 numbers of the result from 5 x 5 of
 * each phase by F(4 x 4, 2 x 2), 25 products in the place of 64, at the points 0, 5/8, -5/8, 3/2
 * and infinity. Beside sums in double, errors over normal numbers have a root mean square of at
 * most 2.5e-6 of that of the results (tests/unit/test_winograd.c). */
#ifndef AT_GRAPH_QUARTERS_H
#define AT_GRAPH_QUARTERS_H
#include "core/graph/tile.h"

extern const at_tiled at_quarters;
#endif
