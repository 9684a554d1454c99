/* What at_gemm is timed beside. */
#ifndef AT_BENCH_BLIS_ALONE_H
#define AT_BENCH_BLIS_ALONE_H
#include <blis.h>
#include "core/tensor/gemm.h"

/* C <- A B by one call on one thread, by the packed path as at_gemm takes it. */
static inline void blis_alone(int64_t m, int64_t n, int64_t k, at_mat a, at_mat b, at_mat c) {
  float one = 1, zero = 0;
  rntm_t rntm = BLIS_RNTM_INITIALIZER;
  bli_rntm_set_num_threads(1, &rntm);
  bli_rntm_disable_l3_sup(&rntm);
  bli_sgemm_ex(BLIS_NO_TRANSPOSE, BLIS_NO_TRANSPOSE, m, n, k, &one, a.p, a.rs, a.cs, b.p, b.rs,
               b.cs, &zero, c.p, c.rs, c.cs, NULL, &rntm);
}
#endif
