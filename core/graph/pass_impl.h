/* Between the files of the passes only. */
#ifndef AT_GRAPH_PASS_IMPL_H
#define AT_GRAPH_PASS_IMPL_H
#include "core/graph/pass.h"

/* The dims and data of n anew, from inputs that are others now. */
at_status at_pass_infer_again(at_graph *g, at_node *n, at_error *err);
/* The first node that computes the same as n, n itself not counted; NULL: none. */
at_node *at_pass_twin(const at_graph *g, const at_node *n);
/* Takes the newest node back when an older one computes the same. */
at_node *at_pass_shared(at_graph *g, at_node *n);

/* n reads nodes of the new list already.  *out: what stands for it (new nodes
 * were appended), NULL when the rewrite does not apply. */
at_status at_pass_gram(at_graph *g, const at_node *n, at_node **out, at_error *err);

/* split[id], before anything is rewritten: a joined value that is read by linear layers over
 * the joined axis and by nothing else. */
void at_pass_split_find(const at_graph *g, bool *split);
/* The same for a linear layer of such a value. */
at_status at_pass_split(at_graph *g, const at_node *n, at_node **out, at_error *err);
/* The same for conv2d of a map made twice as large (pass_doubled.c). */
at_status at_pass_doubled(at_graph *g, const at_node *n, at_node **out, at_error *err);
/* Behind the others, which leave ids as places: rows that are read alone (pass_rows.c). */
at_status at_pass_rows(at_graph *g, at_error *err);
/* Of a training graph, behind the others: attention in one pass (pass_attend.c). */
at_status at_pass_attend(at_graph *g, at_error *err);
/* Nodes that nobody needs go, and the others are numbered anew. Ids are places before, too. */
at_status at_pass_drop_dead(at_graph *g, at_error *err);
#endif
