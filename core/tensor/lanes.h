/* Vectors as wide as the instruction set has them, and how many of them sums of products may take.
 */
#ifndef AT_TENSOR_LANES_H
#define AT_TENSOR_LANES_H

/* AT_SUM_ROWS x AT_SUM_WIDE accumulators are as many as there are registers for, beside AT_SUM_WIDE
 * vectors of one operand and one number of the other. */
#if defined(__AVX512F__)
enum { AT_LANES = 16, AT_SUM_ROWS = 12 };
#elif defined(__AVX__)
enum { AT_LANES = 8, AT_SUM_ROWS = 6 };
#else
enum { AT_LANES = 4, AT_SUM_ROWS = 4 };
#endif
enum { AT_SUM_WIDE = 2 };
typedef float at_lanes __attribute__((vector_size(AT_LANES * sizeof(float))));
#endif
