/* How query, key and value of an attention lie: what its operator and its kernel share.
 *
 * Axes have roles. `along` is summed over in the scores, `over` is attended over, `depth` is what
 * the value has besides; shared axes (heads, a batch) are in query, key and value alike; all others
 * are rows of the query. Where a ragged axis is attended over, or attends, its parent cuts all of
 * them into segments. */
#ifndef AT_GRAPH_ATTEND_AXES_H
#define AT_GRAPH_ATTEND_AXES_H
#include "core/graph/causal.h"
#include "core/graph/exec.h"

enum { AT_ATTENTION_ALONG, AT_ATTENTION_OVER, AT_ATTENTION_BY, AT_ATTENTION_SHARPNESS };
/* The two arguments of `causal`, behind those; not set: nothing is hidden. */
enum { AT_ATTENTION_ROW = 4, AT_ATTENTION_PART };
enum { AT_ATTENTION_QUERY, AT_ATTENTION_KEY, AT_ATTENTION_VALUE }; /* inputs */

typedef struct at_attention_axes {
  int along, over, depth;
  int parent; /* of segments; -1: there is one */
  int row;    /* the rows that are worked on together */
  bool rows_ragged, keys_ragged;
  int shared[AT_MAX_DIM], n_shared;
  int other[AT_MAX_DIM], n_other; /* further axes of rows */
} at_attention_axes;

/* false: query, key and value do not lie like that. */
bool at_attention_axes_of(const at_graph *g, const at_node *n, at_attention_axes *a);

/* One of query, key, value and result: floats from parent to parent (0 where rows are ragged), row
 * to row and number to number. */
typedef struct at_attention_side {
  int64_t parent, row, number;
} at_attention_side;

typedef struct at_attention_loop {
  int64_t n, q, k, v, o;
} at_attention_loop;

typedef struct at_attention {
  int64_t segments, rows, keys;     /* rows and keys: most in a segment */
  const int64_t *row_off, *key_off; /* NULL: as many in each */
  int64_t along, depth;             /* sizes */
  at_attention_side q, k, v, o;
  at_attention_loop shared[AT_MAX_DIM], other[AT_MAX_DIM];
  int n_shared, n_other;
  int64_t tasks, others; /* segments by shared turns; turns of other rows within a task */
  int64_t tile;          /* rows of a tile */
  bool ordered;
  at_causal causal;
} at_attention;

void at_attention_make(const at_exec *x, const at_node *n, at_attention *a);

/* Where a turn begins in the four, and its sizes. */
typedef struct at_attention_turn {
  int64_t segment, q, k, v, o;
  int64_t rows, keys;
} at_attention_turn;
at_attention_turn at_attention_task(const at_attention *a, int64_t task);
/* The same with the other rows' turn `index`. */
at_attention_turn at_attention_other(const at_attention *a, const at_attention_turn *t,
                                     int64_t index);
#endif
