/* Between the files of the passes only. */
#ifndef AT_GRAPH_PASS_IMPL_H
#define AT_GRAPH_PASS_IMPL_H
#include "core/graph/pass.h"

/* The first node that computes the same as n, n itself not counted; NULL: none. */
at_node *at_pass_twin(const at_graph *g, const at_node *n);
/* Takes the newest node back when an older one computes the same. */
at_node *at_pass_shared(at_graph *g, at_node *n);

/* n reads nodes of the new list already.  *out: what stands for it (new nodes
 * were appended), NULL when the rewrite does not apply. */
at_status at_pass_gram(at_graph *g, const at_node *n, at_node **out, at_error *err);
#endif
