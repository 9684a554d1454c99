/* How two values multiply over one axis: what contract and pairwise share.
 *
 * The result's dims: those of both (in a's order; the ragged axis that is summed over
 * leaves its parent in its place), those of a alone, those of b alone.
 * A word axis on one side goes with its caption axis on the other: each word
 * meets its own caption's row.
 *
 * Two ragged axes over one parent, one on each side, meet within their parent only
 * (self-attention): the result has b's packed first and a's padded last; a product over
 * the padded axis goes back. */
#ifndef AT_GRAPH_PRODUCT_H
#define AT_GRAPH_PRODUCT_H
#include "core/graph/exec.h"

/* Sets n's type and dims from in[0], in[1] and arg[0], the axis summed over. */
at_status at_product_infer(at_graph *g, at_node *n, at_error *err);

typedef struct at_loop {
  int64_t n, a, b, o; /* size; strides in a, b and the result, 0 where it lacks the dim */
} at_loop;

/* For every segment and every turn of `loops`: o[m, n] from a[m, k] and b[n, k]. */
typedef struct at_product {
  at_loop m, n, k;
  at_loop loop[AT_MAX_DIM];
  int n_loop;
  const int64_t *off; /* NULL: one segment, of everything */
  int64_t segments;
  at_loop *seg; /* which of the loops has the segment's length; points into this struct */
  int64_t row_a, row_b, row_o; /* a segment begins at off[s] * row + s * parent */
  int64_t parent_a, parent_b, parent_o;
  /* A second ragged axis over the same parent, padded in one of the three. */
  const int64_t *off2; /* NULL: none */
  at_loop *seg2;       /* m, n or k */
  int64_t row2_a, row2_b, row2_o;
} at_product;
/* p must not be moved afterwards (seg points into it). */
void at_product_make(const at_exec *x, const at_node *n, at_product *p);

/* One turn: strides as in p; m, n, k the sizes at hand. */
typedef struct at_turn {
  int64_t a, b, o;
  int64_t m, n, k;
} at_turn;
typedef void at_turn_fn(void *ctx, at_pool *pool, const at_turn *t);

/* Which operand fn writes: turns that meet there run in order. */
typedef enum at_product_target { AT_INTO_A, AT_INTO_B, AT_INTO_OUT } at_product_target;
void at_product_each(const at_exec *x, const at_product *p, at_product_target into, at_turn_fn *fn,
                     void *ctx);
/* All turns one after another on the caller, pool NULL: for fn that is parallel inside. */
void at_product_in_order(const at_product *p, at_turn_fn *fn, void *ctx);
#endif
