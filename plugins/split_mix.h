/* Random bits of a counter, for plugins: SplitMix64 (Steele, Lea and Flood, Fast splittable
 * pseudorandom number generators, 2014). Numbers SPLIT_MIX_STEP apart give its sequence. */
#ifndef ATTUNE_SPLIT_MIX_H
#define ATTUNE_SPLIT_MIX_H
#include <stdint.h>

#define SPLIT_MIX_STEP UINT64_C(0x9e3779b97f4a7c15)

static inline uint64_t split_mix(uint64_t z) {
  z = (z ^ (z >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
  z = (z ^ (z >> 27)) * UINT64_C(0x94d049bb133111eb);
  return z ^ (z >> 31);
}
#endif
