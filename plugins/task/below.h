#ifndef ATTUNE_TASK_BELOW_H
#define ATTUNE_TASK_BELOW_H
#include <stdint.h>

/* A number in 0 .. n - 1 out of 32 random bits. */
static inline int64_t below(uint32_t bits, int64_t n) {
  return (int64_t)(((uint64_t)bits * (uint64_t)n) >> 32);
}
#endif
