/* What operators share: checks at building, walks over one axis at running. */
#ifndef AT_GRAPH_OP_COMMON_H
#define AT_GRAPH_OP_COMMON_H
#include "core/graph/exec.h"
#include "core/tensor/gemm.h"

/* ---- building ---- */

at_status at_op_need_real(const at_graph *g, const at_node *n, at_error *err); /* all data inputs */
at_status at_op_like_first(at_graph *g, at_node *n, at_error *err); /* REAL, the dims of input 0 */
/* The dim of argument `arg` (an AXIS) in input 0; not over a batch axis, and
 * not over a feature axis when `sequence_only`. */
at_status at_op_axis_dim(const at_graph *g, const at_node *n, int arg, bool sequence_only, int *dim,
                         at_error *err);
/* Dims of input 0 without dim `d`; a packed ragged one leaves its parent there. */
void at_op_reduced_dims(const at_graph *g, at_node *n, int d);
/* Appends a dim to n; EINPUT when there are too many or the axis is there already. */
at_status at_op_add_dim(const at_graph *g, at_node *n, int axis, int64_t size, at_error *err);
/* Input 0 is [..., rows, columns, channels] with the two axes of `space` (conv2d, pools);
 * channel: the axis that must be last, -1 any. */
at_status at_op_space(const at_graph *g, const at_node *n, const at_arg *space, int channel,
                      at_error *err);

/* ---- walking along one axis ----
 *
 * A value is cut into lanes: the elements that differ along one dim only. A run
 * is `width` neighbouring lanes of n elements each: element i of lane j lies at
 * p[i * stride + j]. For a ragged dim every parent row has lanes of its own. */
typedef struct at_run_of_lanes {
  int64_t at;  /* first element in the value */
  int64_t out; /* first lane: its place in the reduced value */
  int64_t n, stride, width;
} at_lanes;
typedef void at_lanes_fn(void *ctx, const at_lanes *l);

enum { AT_LANES = 64 }; /* the greatest width of a run */

/* Calls fn for every run of `n`'s input-0-shaped value `v` around `dim`, in parallel. */
void at_x_each_lanes(const at_exec *x, const at_node *v, int dim, at_lanes_fn *fn, void *ctx);
/* Lanes of v around dim: elements of the reduced value. */
int64_t at_x_lane_count(const at_exec *x, const at_node *v, int dim);
/* Offsets of segments along dim: the ragged ones, or {0, n} in `two`; *segments = how many. */
const int64_t *at_x_segments(const at_exec *x, const at_node *v, int dim, int64_t two[2],
                             int64_t *segments);

/* ---- small helpers ---- */

/* Product of two sizes: -1 when one is unknown, INT64_MAX when it is more than any memory holds. */
static inline int64_t at_op_sizes(int64_t a, int64_t b) {
  if (a < 0 || b < 0) return -1;
  return b && a > INT64_MAX / b ? INT64_MAX : a * b;
}

/* out[j] += sum over rows of m[i, j], rows in order; parallel over columns. */
void at_x_add_column_sums(const at_exec *x, const float *m, int64_t rows, int64_t cols,
                          int64_t row_stride, float *out);
/* Each of `rows` rows of y = bias. */
void at_x_fill_rows(const at_exec *x, float *y, int64_t rows, int64_t cols, const float *bias);
#endif
