/* Do runs that differ in their seed alone attend to the same keys? */
#ifndef AT_ANALYSE_AGREE_H
#define AT_ANALYSE_AGREE_H
#include "core/base/status.h"
#include <stddef.h>
#include <stdint.h>

/* map[seed] has the weights of all examples, those of example i from offsets[i] to
 * offsets[i + 1] - 1. out[i]: mean over pairs of seeds of Spearman's correlation of their maps;
 * a pair in which a map is constant or has NaN does not count, and NaN where no pair does. */
at_status at_agreement(const float *const *map, size_t seeds, const int64_t *offsets, size_t n,
                       double *out, at_error *err);
#endif
