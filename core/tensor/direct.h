/* Products of few columns: BLIS packs both operands before it multiplies, element by element where
 * a row of A lies along the sum, and that costs as much as the arithmetic where every element of A
 * meets few columns of B. Here nothing is packed. */
#ifndef AT_TENSOR_DIRECT_H
#define AT_TENSOR_DIRECT_H
#include <stdbool.h>
#include "core/tensor/gemm.h"

/* C <- alpha A B + beta C as at_gemm does it, and true; or false, and nothing is done: C does not
 * lie along its rows, or BLIS is faster at these sizes. Sums are in the order of k, in pieces of
 * fixed length. */
bool at_direct(int64_t m, int64_t n, int64_t k, float alpha, at_mat a, at_mat b, float beta,
               at_mat c);
#endif
