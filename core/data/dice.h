/* Numbers drawn one after another from one stream: what generators of data roll. */
#ifndef AT_DATA_DICE_H
#define AT_DATA_DICE_H
#include <stdint.h>
#include "core/base/random.h"

typedef struct at_dice {
  at_random r;
  uint64_t at;
} at_dice;

static inline at_dice at_dice_new(uint64_t seed, const char *stream, uint64_t index) {
  return (at_dice){{seed, at_hash_name(stream), index}, 0};
}

/* 0 .. bound - 1 */
static inline int at_dice_roll(at_dice *d, int bound) {
  return (int)at_random_below(&d->r, d->at++, (uint64_t)bound);
}

static inline double at_dice_uniform(at_dice *d, double low, double high) {
  return low + (high - low) * (double)at_random_uniform(&d->r, d->at++);
}
#endif
