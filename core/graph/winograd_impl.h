/* Transforms of winograd.c: what a tile becomes, and what becomes of it. All are the same one of a
 * line, first down the columns and then along the rows. */
#ifndef AT_GRAPH_WINOGRAD_IMPL_H
#define AT_GRAPH_WINOGRAD_IMPL_H
#include <stdint.h>

/* Numbers of each entry of a line are worked on this many at a time, at most: channels of a tile,
 * or weights. */
enum { AT_MINIMAL_BLOCK = 64, AT_MINIMAL_SIDE = 4, AT_MINIMAL_LINE = 6, AT_MINIMAL_TAPS = 3 };

/* Each entry points at n numbers; those of `to` overlap no others. */
typedef void at_line_fn(const float *const *from, float *const *to, int64_t n);

/* `side` numbers of a result from side + 2 of the input, by as many products. */
typedef struct at_minimal {
  int side;
  at_line_fn *input;               /* B' d */
  at_line_fn *output, *add_output; /* A' m, and added to what is there */
  at_line_fn *slope;               /* A dy */
  at_line_fn *weight;              /* G w */
  at_line_fn *weight_back;         /* G' u */
} at_minimal;

/* F(2, 3); F(4, 3); and F(2, 3) on four of the products of the latter, 0 to 3, with weights as it
 * transforms them. */
extern const at_minimal at_minimal_two, at_minimal_four, at_minimal_half;

/* One transform down the columns, of in[0] numbers that become out[0], and one along the rows, of
 * in[1] that become out[1]: from and to are row by row. */
void at_minimal_square(at_line_fn *down, at_line_fn *along, const int in[2], const int out[2],
                       const float *const *from, float *const *to, int64_t n);
#endif
