/* Learning rates over a run. */
#ifndef AT_TRAIN_SCHEDULE_H
#define AT_TRAIN_SCHEDULE_H
#include <stdint.h>

typedef enum at_schedule_kind { AT_CONSTANT, AT_STEP, AT_COSINE, AT_PLATEAU } at_schedule_kind;
#define AT_SCHEDULE_KINDS "constant|step|cosine|plateau"

typedef struct at_schedule {
  at_schedule_kind kind;
  double rate;
  double factor;  /* STEP, PLATEAU: the rate is multiplied by it ... */
  int64_t every;  /* ... STEP: after each so many epochs */
  double floor;   /* COSINE, PLATEAU: the least share of the rate */
  int64_t warmup; /* first steps, over which the rate grows from nothing; 0: none */
} at_schedule;

typedef struct at_moment {
  double progress, epochs; /* epochs done (with fraction), out of */
  int64_t step;            /* steps done */
  int64_t cuts;            /* PLATEAU: how often the rate was lowered (core/train/watch.h) */
} at_moment;

/* -1: there is no such kind. */
int at_schedule_kind_of(const char *name);

/* The rate of the step that comes next.
 *   step     rate * factor ^ floor(progress / every)
 *   cosine   rate * (floor + (1 - floor) (1 + cos(pi progress / epochs)) / 2)
 *            (Loshchilov, Hutter, SGDR, 2017, eq. 5)
 *   plateau  rate * max(floor, factor ^ cuts)
 * all of them times min(1, (steps + 1) / warmup). */
double at_schedule_rate(const at_schedule *s, const at_moment *at);
#endif
