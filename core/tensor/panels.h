/* A matrix that many products share, as the weights of a recurrent layer are by its steps: packed
 * once. BLIS packs it for every product, which costs more than the arithmetic where few rows meet
 * it. */
#ifndef AT_TENSOR_PANELS_H
#define AT_TENSOR_PANELS_H
#include "core/tensor/gemm.h"

typedef struct at_panels {
  int64_t k, n;
  const float *p; /* borrowed */
} at_panels;

size_t at_panels_floats(int64_t k, int64_t n);
/* B [k,n] into `room`, at_panels_floats of it. */
at_panels at_panels_pack(at_pool *pool, int64_t k, int64_t n, at_mat b, float *room);

size_t at_panels_space(int64_t m, int64_t k); /* floats of `space` */
/* C <- C + A B' for A [m,k] and C [m,n], which lie along their rows, and rows [first, first + k) of
 * B. Sums in the order of k, in pieces of fixed length: those of an element are the same whatever
 * the number of threads, and whatever m is. */
void at_panels_add(at_pool *pool, int64_t m, int64_t k, at_mat a, const at_panels *b, int64_t first,
                   at_mat c, float *space);
#endif
