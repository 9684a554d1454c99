/* Elementwise float32 functions over contiguous runs, written as plain loops
 * that compilers vectorise; no libm call per element, no dependence on the
 * length of the run or the position in it, so results do not depend on how
 * work is cut.  Errors (tested): erf 1 ulp, exp and sigmoid 2 ulp, tanh 3 ulp or 1e-7. */
#ifndef AT_TENSOR_VECMATH_H
#define AT_TENSOR_VECMATH_H
#include <stddef.h>

/* Before a loop whose turns do not depend on each other, whatever compilers must suspect of its
 * pointers. */
#if defined(__clang__)
#define AT_NO_CARRY _Pragma("clang loop vectorize(assume_safety)")
#elif defined(__GNUC__)
#define AT_NO_CARRY _Pragma("GCC ivdep")
#else
#define AT_NO_CARRY
#endif

/* Element i of y depends on element i of x alone, so y may be x; otherwise they do not overlap. */
void at_vexp(float *y, const float *x, size_t n);
void at_vtanh(float *y, const float *x, size_t n);
void at_verf(float *y, const float *x, size_t n);
void at_vsigmoid(float *y, const float *x, size_t n);
/* y += a x; no overlap */
void at_vaxpy(float *restrict y, float a, const float *restrict x, size_t n);
/* Sums in a fixed order (eight lanes, then pairwise), in float. */
float at_vsum(const float *x, size_t n);
/* The greatest of n >= 1 numbers; where one is NaN, any of the others or NaN. */
float at_vmax(const float *x, size_t n);
float at_vdot(const float *x, const float *y, size_t n);
#endif
