/* Adam (Kingma, Ba, 2015, algorithm 1) with clipping of the global gradient norm, and with
 * decoupled weight decay (AdamW: Loshchilov, Hutter, 2019, algorithm 2).
 *
 * Of a table whose gradient is kept by rows (at_params_by_rows) the update reads no more of it than
 * those; every row moves, by its moments, to the same bits as with the whole gradient.
 *
 * Two sweeps: the norm reads the gradients, 4 bytes a parameter; the update reads weights,
 * gradients and both moments and writes all but gradients, 28 bytes; those that lie in params->grad
 * are set to zero behind it.  Sums are cut by the block of parameters alone, so results depend
 * neither on the number of threads nor on where gradients lie.  One thread at a time. */
#ifndef AT_TRAIN_OPTIMIZER_H
#define AT_TRAIN_OPTIMIZER_H
#include "core/base/thread.h"
#include "core/graph/exec.h"

typedef struct at_adam {
  double beta1, beta2, eps;
  double clip;  /* largest global norm; 0: no clipping */
  double decay; /* each update takes off this share of a weight, times the rate; 0: none */
  /* Of tables kept by rows only those of the batch move, decay and have their moments moved, as in
   * torch.optim.SparseAdam, where eps is added to a root that has not been divided yet. */
  bool touched;
} at_adam;
at_adam at_adam_defaults(void); /* 0.9, 0.999, 1e-8, the others 0 */

typedef struct at_optimizer {
  at_params *params; /* borrowed */
  at_adam o;
  uint64_t *count; /* [n_param] updates made of each */
  float *m, *v;    /* first and second moments, beside params->value */
  double *part;    /* sums of the gradient's norm, of one block each */
} at_optimizer;

at_status at_optimizer_new(at_params *params, const at_adam *o, at_optimizer **out, at_error *err);
void at_optimizer_free(at_optimizer *o); /* NULL is fine */

/* One update with params->grad_of, which is zero afterwards.  Clipping is that of
 * torch.nn.utils.clip_grad_norm_: the gradient times min(1, clip / (norm + 1e-6)).
 * Returns the norm before clipping; when it is not finite nothing is updated.  INFINITY stands for
 * norms whose square no float holds. */
double at_optimizer_step(at_optimizer *o, at_pool *pool, double learning_rate);

/* The same for one objective of several: gradients of what it does not move are left as
 * they are, and neither norm nor update knows of them. NULL: all that is not frozen. */
double at_optimizer_step_of(at_optimizer *o, const at_objective *objective, at_pool *pool,
                            double learning_rate);
/* Counts as after `rounds` of one step of each objective (or of the one loss). */
void at_optimizer_set_rounds(at_optimizer *o, uint64_t rounds);
#endif
