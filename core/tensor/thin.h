/* Small products of which a side is one: a query and its keys, weights and their values, and the
 * gradients of both. */
#ifndef AT_TENSOR_THIN_H
#define AT_TENSOR_THIN_H
#include <stdbool.h>
#include "core/tensor/gemm.h"

/* Multiplications up to which this is faster than BLIS whatever the strides. */
#define AT_THIN_MOST 65536

/* C <- alpha A B + beta C as at_gemm does it, and true; or false, and nothing is done: no side is
 * one, the product is large, or no operand lies along the sum or the result. Sums are in a fixed
 * order. */
bool at_thin(int64_t m, int64_t n, int64_t k, float alpha, at_mat a, at_mat b, float beta,
             at_mat c);
#endif
