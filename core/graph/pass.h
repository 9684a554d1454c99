/* Rewrites of a built graph, before executors are made of it. */
#ifndef AT_GRAPH_PASS_H
#define AT_GRAPH_PASS_H
#include "core/graph/graph.h"

enum {
  AT_PASS_GRAM = 1u << 0,    /* cosine with an attended value through the Gram matrix */
  AT_PASS_CSE = 1u << 1,     /* one node for the same operator on the same inputs */
  AT_PASS_SPLIT = 1u << 2,   /* linear over concat as a sum of parts */
  AT_PASS_ROWS = 1u << 3,    /* rows that are read alone are worked out alone */
  AT_PASS_ATTEND = 1u << 4,  /* attention whose weights nobody looks at, in one pass over tiles */
  AT_PASS_STRIPS = 1u << 5,  /* chains run an item of their batch axis at a time */
  AT_PASS_TILES = 1u << 6,   /* convolutions in fewer multiplications, where that pays */
  AT_PASS_ZEROS = 1u << 7,   /* gradients that are mostly zeros multiply by what there is */
  AT_PASS_REPEATS = 1u << 8, /* what recurrent layers make of a word, once where no gradients are */
  AT_PASS_DOUBLED = 1u << 9, /* convolutions of maps made twice as large, from the small ones; only
                              * with AT_PASS_TILES */
  AT_PASS_ALL = ~0u,
  AT_PASS_WHOLE = ~(1u << 3) /* all that leave every value with all its rows */
};
/* Its bit by its name, "gram"; 0: none is called so. */
unsigned at_pass_find(const char *name);
const char *at_pass_name(int bit); /* by its place; NULL: there is none */
/* The bits of n names together; EINPUT: one is no pass's. */
at_status at_pass_bits(const char *const *names, size_t n, unsigned *bits, at_error *err);
/* Runs the passes named by `mask`, then drops nodes that no output, loss or
 * attend weight needs and renumbers the rest.  Inputs and parameters always stay; the context
 * of an attend block that went is NULL.  After a failure the graph can only be
 * freed. */
at_status at_graph_optimize(at_graph *g, unsigned mask, at_error *err);
/* Of an optimised graph what its losses read, and with it the states that forward writes, as a
 * graph of its own: inputs and parameters are the same, in the same order, and so are the numbers
 * that random operators draw; outputs that lead to no state are gone, and so are attend blocks. Of
 * `mask` only AT_PASS_ROWS, AT_PASS_ATTEND and AT_PASS_STRIPS count. Names and arguments are
 * borrowed: `g` must outlive it. */
at_status at_graph_training(const at_graph *g, unsigned mask, at_graph **out, at_error *err);
#endif
