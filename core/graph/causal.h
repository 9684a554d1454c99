/* What `causal` hides, row by row: shared by the mask and by attention in tiles. */
#ifndef AT_GRAPH_CAUSAL_H
#define AT_GRAPH_CAUSAL_H
#include "core/graph/exec.h"

/* Far below any score, and yet finite, so that no difference of two is NaN. */
#define AT_EXCLUDED (-1e30f)

typedef struct at_causal {
  const at_exec *x;
  const at_axis *whole; /* what the keys were joined from, where they were */
  int part;             /* only this part of them is in order; -1: all of them */
  int from;             /* those who attend are this part alone; -1: all of it */
} at_causal;

/* `part`: an axis; -1: none was given. */
at_causal at_causal_of(const at_exec *x, int key, int query, int part);
/* Query q, counted within its parent, does not see keys from .. end - 1 of n. */
void at_causal_hidden(const at_causal *c, int64_t parent, int64_t q, int64_t n, int64_t *from,
                      int64_t *end);
#endif
