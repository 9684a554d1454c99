/* Counter-based random numbers: Philox4x32-10 (Salmon, Moraes, Dror, Shaw,
 * "Parallel Random Numbers: As Easy as 1, 2, 3", SC 2011).
 *
 * There is no state to carry: a number is a function of (seed, stream, step,
 * index), so the order in which things run never matters. */
#ifndef AT_BASE_RANDOM_H
#define AT_BASE_RANDOM_H
#include <stddef.h>
#include <stdint.h>

/* One block: counter {c0..c3}, key {k0,k1} -> four 32-bit words. */
void at_philox(const uint32_t counter[4], const uint32_t key[2], uint32_t out[4]);

typedef struct at_random {
  uint64_t seed;   /* of the run */
  uint64_t stream; /* what draws: hash of a parameter name, an operator id ... */
  uint64_t step;   /* training step, epoch or 0; the low 32 bits count */
} at_random;

uint64_t at_hash64(const void *bytes, size_t n); /* FNV-1a; stable for ever */
uint64_t at_hash_name(const char *name);

uint32_t at_random_u32(const at_random *r, uint64_t index);
float at_random_uniform(const at_random *r, uint64_t index); /* [0, 1), 24 bits */
/* The same for n indices from `first` on, several at a time. */
void at_random_uniforms(const at_random *r, uint64_t first, size_t n, float *out);
float at_random_normal(const at_random *r, uint64_t index); /* Box-Muller */
uint64_t at_random_below(const at_random *r, uint64_t index,
                         uint64_t bound); /* unbiased enough: 64-bit product */

/* A permutation of 0..n-1 (Fisher-Yates over the counter). */
void at_random_permutation(const at_random *r, uint32_t *out, uint32_t n);
#endif
