/* Exponential moving averages of the weights.
 *
 *   after update n:  average += (1 - min(decay, (1 + n) / (10 + n))) (weight - average)
 *
 * States (the running averages of batch_norm) are averaged like the weights that they belong
 * to, so that both look back equally far. What never moves stays as it is, to the bit.
 * Parameters outside of the parts that are averaged are taken as they are. */
#ifndef AT_TRAIN_AVERAGE_H
#define AT_TRAIN_AVERAGE_H
#include "core/base/thread.h"
#include "core/graph/exec.h"

typedef struct at_average {
  at_params *params; /* borrowed */
  double decay;
  float *value; /* beside params->value */
  const char *const *part;
  size_t n_part; /* borrowed paths of what is averaged; 0: all */
} at_average;

/* Begins with the weights as they are. */
at_status at_average_new(at_params *params, double decay, at_average **out, at_error *err);
void at_average_free(at_average *a); /* NULL is fine */
/* After update `n`, counted from 1. */
void at_average_take(at_average *a, at_pool *pool, int64_t n);
/* Averages in the place of the weights, and the weights in theirs; again: back. NULL: nothing.
 * Executors see it from their next binding. */
void at_average_swap(at_average *a);
#endif
