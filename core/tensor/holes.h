/* Products of a matrix that may be mostly zeros: the gradient of a loss that looks at few of many
 * pairs, as the one of hardest negatives does. */
#ifndef AT_TENSOR_HOLES_H
#define AT_TENSOR_HOLES_H
#include <stdbool.h>
#include "core/tensor/gemm.h"

/* C <- C + A B, and true, where a sample of A [m,k] has few numbers beside zeros and rows of B and
 * C lie together; else false, and nothing is done. Zeros of A do not meet B, whatever stands there.
 * Every element is summed in the order of k, so the bits do not depend on the number of threads. */
bool at_holes(at_pool *pool, int64_t m, int64_t n, int64_t k, at_mat a, at_mat b, at_mat c);
#endif
