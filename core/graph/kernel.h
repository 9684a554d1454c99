/* A score that a plugin computes itself: forward and backward on plain rows of numbers.
 *
 * Inputs of the node are key, query and up to AT_MAX_IN - 2 parameters; arg[0] is the axis that the
 * kernel consumes, the last of both; the result has the layout of contract(key, query). */
#ifndef AT_GRAPH_KERNEL_H
#define AT_GRAPH_KERNEL_H
#include <attune/plugin.h>
#include "core/graph/graph.h"

typedef struct at_kernel {
  attune_kernel fn;        /* a copy: what the plugin's struct lacks is NULL */
  const attune_host *host; /* handed to its callbacks */
  const double *number;    /* options, borrowed from the graph's arena */
  uint64_t id;             /* equal for what computes the same */
} at_kernel;

/* at_graph_node of the operator; `k` is copied into the graph. */
at_status at_graph_kernel(at_graph *g, const at_kernel *k, int n_in, at_node *const *in, int axis,
                          at_span span, at_node **out, at_error *err);
#endif
