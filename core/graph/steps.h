/* The last steps of a sequence alone: keys and values of what came before are kept, not worked out
 * again.
 *
 * A model that joins a ragged axis `step` behind others (concat ... -> item), attends along the
 * joined axis with mask = causal(step), and does all else row by row, gives every row from the rows
 * before it.  at_steps_new makes a graph of the last two steps of each parent: rows of the joined
 * axis become rows of `step`; keys and values are those kept (axis `step.before`) with the new ones
 * behind them; what no step reaches is brought as it was.  Two steps and not one: products with a
 * side of one sum in another order, and results are to be the same bits. */
#ifndef AT_GRAPH_STEPS_H
#define AT_GRAPH_STEPS_H
#include "core/graph/graph.h"

enum { AT_STEPS_ROWS = 2, AT_STEPS_MOST = 64 };

typedef enum at_steps_kind {
  AT_STEPS_FED,   /* rows of an input over `step` */
  AT_STEPS_PLACE, /* tokens: where the rows stand, from 0 */
  AT_STEPS_STILL, /* all rows of a parent, as they were */
  AT_STEPS_BEFORE /* rows of the joined axis before the new ones */
} at_steps_kind;

typedef struct at_steps_input {
  at_steps_kind kind;
  const at_node *from; /* of the whole graph: whose value it is, all of it or rows */
  at_node *input;      /* of the graph of steps */
  at_node *made;       /* BEFORE: the new rows */
} at_steps_input;

typedef struct at_steps {
  at_graph *g; /* its parameters are those of the whole graph, in their order */
  int step;    /* the axis; also of the whole graph */
  int before;
  at_steps_input input[AT_STEPS_MOST];
  int n_input;
} at_steps;

/* EINPUT, with the reason: the model is not of that kind.  `output`: names of those wanted. */
at_status at_steps_new(const at_graph *g, const char *step, const char *const *output, int n_output,
                       at_steps *out, at_error *err);
void at_steps_free(at_steps *s);
#endif
