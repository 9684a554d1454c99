/* Transforms of winograd.c: what a tile becomes, and what becomes of it. */
#ifndef AT_GRAPH_WINOGRAD_IMPL_H
#define AT_GRAPH_WINOGRAD_IMPL_H
#include "core/graph/square.h"

/* Channels of a tile are worked on this many at a time, at most. */
enum { AT_MINIMAL_BLOCK = 256, AT_MINIMAL_SIDE = 4, AT_MINIMAL_LINE = 6, AT_MINIMAL_TAPS = 3 };

/* down x along numbers of a result from two more each way of the input. */
typedef struct at_minimal {
  at_sides side;
  at_square_fn *input;               /* B' d B */
  at_square_fn *output, *add_output; /* A' m A, and added to what is there */
  at_square_fn *slope;               /* A dy A' */
} at_minimal;

/* F(2 x 2, 3 x 3). F(4 x 4, 3 x 3), and what of its products 0 to 3 of a line, with the weights as
 * it transforms them, find: F(2, 3) down the columns [1][], along the rows [][1]. */
extern const at_minimal at_minimal_two, at_minimal_four[2][2];

/* Weights of one and of the other. */
typedef struct at_minimal_weights {
  int line;
  at_square_fn *there, *back; /* G w G', G' u G */
} at_minimal_weights;

extern const at_minimal_weights at_minimal_weights_two, at_minimal_weights_four;
#endif
