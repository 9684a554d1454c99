/* A model of two batch axes, cut where its sides meet.
 *
 * What depends on rows of one axis alone is worked out once for each row, and every pair from what
 * is kept of both: of SCAN the regions of a picture and the words of a caption on one side each,
 * and their attention as the graph of pairs. */
#ifndef AT_GRAPH_SIDES_H
#define AT_GRAPH_SIDES_H
#include "core/graph/graph.h"

enum { AT_SIDES = 2, AT_SIDES_PAIRS = AT_SIDES, AT_SIDES_GRAPHS, AT_SIDES_MOST = 16 };

/* A value of one side that pairs read; its first dim is that of rows: the batch axis, or a ragged
 * one under it. */
typedef struct at_sides_value {
  int side;
  int ragged;          /* the axis; -1: a row each */
  const at_node *made; /* of the side's graph, an output of it */
  at_node *input;      /* of the graph of pairs */
} at_sides_value;

typedef struct at_sides {
  at_graph *g[AT_SIDES_GRAPHS]; /* the sides and the pairs; parameters are those of the whole graph,
                                 * in their order, axes are the same */
  const at_node *output;        /* of the graph of pairs: a number for each pair */
  at_sides_value value[AT_SIDES_MOST];
  int n_value;
} at_sides;

/* axis: ids of the two batch axes.  Names and arguments are borrowed: `g` must outlive it.  EINPUT,
 * with the reason: the output is no number for each pair, or the model does not come apart like
 * that. */
at_status at_sides_new(const at_graph *g, const int axis[AT_SIDES], const char *output,
                       at_sides *out, at_error *err);
void at_sides_free(at_sides *s);
#endif
