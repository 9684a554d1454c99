/* Products of few columns: BLIS packs both operands before it multiplies, element by element where
 * a row of A lies along the sum, and that costs as much as the arithmetic where every element of A
 * meets few columns of B. Here nothing is packed. */
#ifndef AT_TENSOR_DIRECT_H
#define AT_TENSOR_DIRECT_H
#include <stdbool.h>
#include "core/tensor/gemm.h"

/* At these sizes it is faster than BLIS, and C lies along its rows or its columns. */
bool at_direct_pays(int64_t m, int64_t n, int64_t k, at_mat a, at_mat b, at_mat c);
/* C <- alpha A B + beta C as at_gemm does it. C lies along its rows or its columns. Sums are in the
 * order of k, in pieces of fixed length: those of an element are the same whatever part of C it is
 * worked out with. */
void at_direct(int64_t m, int64_t n, int64_t k, float alpha, at_mat a, at_mat b, float beta,
               at_mat c);
#endif
