/* Training taken apart, for those who measure it: batches, losses and weights go as in `attune
 * train`; there is no directory, no log and no evaluation.
 *
 * load -> for each loss: forward, backward, update -> load of the next batch. */
#ifndef AT_RUN_STEPPER_H
#define AT_RUN_STEPPER_H
#include "core/run/run.h"

typedef struct at_stepper at_stepper;
/* Of a new session, which outlives it. EINPUT also where the model has no loss. */
at_status at_stepper_new(at_session *s, at_stepper **out, at_error *err);
void at_stepper_free(at_stepper *t); /* NULL is fine */
/* The next batch; after the last one of an epoch the next epoch's first. */
at_status at_stepper_load(at_stepper *t, at_error *err);
at_status at_stepper_forward(at_stepper *t, int loss, at_error *err);
void at_stepper_backward(at_stepper *t, int loss);
at_status at_stepper_update(at_stepper *t, int loss, at_error *err);
at_exec *at_stepper_exec(const at_stepper *t);
double at_stepper_loss(const at_stepper *t, int loss); /* of the last forward */
int64_t at_stepper_batch(const at_stepper *t);         /* examples of a whole batch */
#endif
