/* Operands of fewer axes seen at the axes of a result.
 *
 * Axes match by name. A ragged axis `word` matches its parent `caption` as well:
 * what varies over captions is repeated for the words of each. */
#ifndef AT_GRAPH_BROADCAST_H
#define AT_GRAPH_BROADCAST_H
#include "core/graph/exec.h"

enum { AT_BCAST_IN = 3 };

/* Dims of the result of inputs a and b: those of a (a parent replaced by its ragged child
 * when b has that), then those that only b has. */
at_status at_bcast_dims(const at_graph *g, at_node *n, const at_node *a, const at_node *b,
                        at_error *err);
/* True when every axis of v is found in `out`, directly or as the parent of a ragged one. */
bool at_bcast_fits(const at_graph *g, const at_node *out, const at_node *v);
/* Refuses, in the name of n's operator, an axis that n and v have with different sizes. */
at_status at_bcast_sizes(const at_graph *g, const at_node *n, const at_node *v, at_error *err);

/* Offsets of operands at each element of the result. `rows` are parent rows by packed row. */
typedef struct at_bcast {
  int ndim, n_in;
  int64_t size[AT_MAX_DIM], total;
  int64_t stride[AT_BCAST_IN][AT_MAX_DIM];
  const int32_t *parent[AT_BCAST_IN][AT_MAX_DIM]; /* NULL: the index counts as it is */
} at_bcast;

/* Scratch that at_bcast_make needs: n_in operands at most. */
size_t at_bcast_scratch(const at_exec *x, const at_node *n);
/* From n and its first n_in inputs; scratch of at_bcast_scratch bytes lives as long as b. */
void at_bcast_make(const at_exec *x, const at_node *n, int n_in, void *scratch, at_bcast *b);

/* A stretch of the result along its last dim: element i of operand k lies at
 * at[k] + i * step[k]. */
typedef struct at_stretch {
  int64_t out, n;
  int64_t at[AT_BCAST_IN], step[AT_BCAST_IN];
} at_stretch;
typedef void at_stretch_fn(void *ctx, const at_stretch *s);
/* All stretches, in parallel; `reduce` >= 0: fn adds into operand `reduce`, so what meets in
 * one of its elements is run in order on one thread. */
void at_bcast_each(const at_exec *x, const at_bcast *b, int reduce, at_stretch_fn *fn, void *ctx);
#endif
