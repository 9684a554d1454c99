/* Rows that an embedding has made of the same token are the same row: what is a product of each by
 * itself is worked out once. */
#ifndef AT_GRAPH_REPEATS_H
#define AT_GRAPH_REPEATS_H
#include "core/graph/op_common.h"

/* Fewer rows are left as they are: products of few sum in another order. */
enum { AT_REPEATS_LEAST = 256 };

typedef struct at_repeats {
  int64_t n;            /* rows that differ */
  const int32_t *place; /* [rows of v] which of them a row is; NULL: no two are taken for one */
  const float *x;       /* [n, features] */
} at_repeats;

/* Bytes that at_repeats_find needs for v, at the bound sizes; 0: v is no embedding of an input, or
 * may be given other values, or gradients go through it, or the pass `repeats` is left out. */
size_t at_repeats_bytes(const at_exec *x, const at_node *v);
/* `value` of v and `bytes`, aligned to a float, are borrowed; none needed: all rows as they are. */
at_repeats at_repeats_find(const at_exec *x, const at_node *v, const float *value, void *bytes);
#endif
