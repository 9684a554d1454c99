/* Learning rates over the epochs of a run. */
#ifndef AT_TRAIN_SCHEDULE_H
#define AT_TRAIN_SCHEDULE_H
#include <stdint.h>

typedef enum at_schedule_kind { AT_CONSTANT, AT_STEP, AT_COSINE } at_schedule_kind;
#define AT_SCHEDULE_KINDS "constant|step|cosine"

typedef struct at_schedule {
  at_schedule_kind kind;
  double rate;
  double factor; /* STEP: the rate is multiplied by it ... */
  int64_t every; /* ... after each so many epochs */
  double floor;  /* COSINE: share of the rate that is left at the end */
} at_schedule;

/* The rate at `progress` epochs (with fraction) out of `epochs`.
 *   step    rate * factor ^ floor(progress / every)
 *   cosine  rate * (floor + (1 - floor) (1 + cos(pi progress / epochs)) / 2)
 *           (Loshchilov, Hutter, SGDR, 2017, eq. 5) */
double at_schedule_rate(const at_schedule *s, double progress, double epochs);
#endif
