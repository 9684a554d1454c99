/* A training run in progress, between the files train*.c. */
#ifndef AT_RUN_TRAIN_IMPL_H
#define AT_RUN_TRAIN_IMPL_H
#include "core/base/clock.h"
#include "core/run/run_impl.h"
#include "core/train/checkpoint.h"
#include "core/train/watch.h"

typedef struct trainer {
  at_session *s;
  const char *dir;
  at_bundle *files; /* NULL, or what the folder begins with: the first step waits for it */
  at_optimizer *opt;
  at_average *average; /* NULL: none is kept */
  at_schedule schedule;
  at_watch watch;
  at_task_run examples;
  int bucket;      /* the feed by whose lengths batches are made; -1: none */
  int64_t *length; /* of each row of its batch axis, once an epoch began */
  at_progress_fn *fn;
  void *ctx;
  int64_t *rows[AT_MAX_BATCH_AXES], counts[AT_MAX_BATCH_AXES]; /* of the batch at hand */
  int64_t *next[AT_MAX_BATCH_AXES];                            /* rows of the one after it */
  int64_t epochs, batch, epoch, position, step; /* position: steps done in this epoch */
  int64_t log_every, checkpoint_every, evaluate_every, evaluate_steps;
  const char *best_key;
  int64_t best_epoch, best_step; /* 0: none yet */
  int64_t evaluated;             /* step of the last evaluation */
  char metric[64];               /* the one that decides; "" until it is known */
  double value;                  /* of it, at the last evaluation */
  bool evaluates;
  bool stop;               /* somebody asked for it */
  bool early;              /* patience is at its end, before the last epoch is */
  at_result *best_results; /* of the best weights, when this process evaluated them */
  size_t n_best_results;
  int n_losses;                   /* named losses, or one */
  at_adam *adam;                  /* [n_losses] how each moves its parameters */
  double *factor;                 /* [n_losses] its rate, in learning rates of the run */
  double *loss, *norm, *loss_sum; /* [n_losses] of the last step; since the last line of the log */
  int64_t loss_count, examples_since;
  double seconds_before, seconds_since;
  int64_t steps_here;
  double began; /* at_clock */
} trainer;

/* train.c: without a directory; close it also where this fails. */
at_status at_train_open(trainer *t, at_error *err);
void at_train_close(trainer *t);
at_status at_train_examples(trainer *t, at_error *err); /* of the epoch at hand */
double at_train_elapsed(const trainer *t);              /* by this process */

/* train_state.c: weights alone, or with all that a later process needs. */
at_status at_train_save(trainer *t, const char *name, bool state, at_error *err);
at_status at_train_restore(trainer *t, at_error *err);

/* train_losses.c: what the run file says of single losses, and of what is averaged. */
at_status at_train_losses(trainer *t, at_error *err);
at_status at_train_average(trainer *t, at_error *err);

/* train_bucket.c: which input `train.bucket` means; the epoch's examples by it. */
at_status at_train_buckets(trainer *t, at_error *err);
at_status at_train_bucket(trainer *t, at_error *err);

/* samples.c: a grid of what the model makes now, where it makes pictures. */
at_status at_train_samples(trainer *t, at_error *err);

/* train_diverged.c: the sentence on where numbers that are none began; EFAIL. `loss`: the number of
 * objective k is none, else its gradient. The batch at hand is run again. */
at_status at_train_diverged(trainer *t, int k, bool loss, at_error *err);

/* train_step.c */
int64_t at_train_steps(const trainer *t); /* of an epoch, once its examples are known */
at_status at_train_load(trainer *t, at_exec *x, at_error *err); /* the batch at hand, into x */
/* What a step is made of: the batch at hand, and for each loss forward, backward and update. */
at_status at_train_batch(trainer *t, int64_t steps, at_error *err);
at_status at_train_forward(trainer *t, int k, at_error *err);
void at_train_backward(trainer *t, int k);
at_status at_train_update(trainer *t, int k, double rate, at_error *err);
double at_train_rate(const trainer *t, int64_t steps);
at_status at_train_step(trainer *t, int64_t steps, at_error *err);

/* train_watch.c */
void at_train_tell(trainer *t, int64_t steps, double loss, const at_result *r, size_t n);
/* Evaluates where the run file says so, and this step was not yet; what follows from it. */
at_status at_train_settle(trainer *t, int64_t steps, at_error *err);
/* Through the progress function, whose wish to stop is told as such. */
at_status at_train_evaluate(trainer *t, const char *split, at_result **r, size_t *n, at_error *err);
#endif
