/* A model run once on given arrays: how a model is compared with another framework's. */
#ifndef AT_RUN_ONCE_H
#define AT_RUN_ONCE_H
#include "core/base/text.h"
#include "core/graph/exec.h"
#include "core/plugin/plugin.h"
#include "core/tensor/array.h"

typedef struct at_once {
  const char *model;
  const char *const *set; /* "k=v" parameters of the model */
  size_t n_set;
  at_arrays *inputs;         /* as core/run/feed.h says; NULL: drawn at random */
  int64_t random;            /* then: items of each batch axis */
  int64_t open;              /* and the size of axes that the model leaves open; 0: 4 */
  const char *inputs_path;   /* for messages */
  const char *const *rename; /* "array=input" */
  size_t n_rename;
  at_arrays *weights; /* <prefix>PARAMETER; NULL: drawn from the seed */
  const char *weights_path, *prefix;
  bool gradients;  /* of the loss, by parameters and real inputs */
  bool training;   /* forward as in training: dropout, statistics of the batch */
  unsigned passes; /* AT_PASS_* */
  int threads;
  uint64_t seed;
  /* Called once weights are drawn or read, to change them; NULL: they stay. */
  at_status (*prepare)(void *ctx, at_params *p, at_error *err);
  void *prepare_ctx;
} at_once;

/* *out gets out.NAME for every output, attend.NAME.score and .weight for every attend block, and
 * with a loss `loss` (loss.NAME for every loss with a name); with gradients g.PARAMETER, of the
 * losses that move it, and gin.INPUT.  Axes stand in the order in which the model makes them;
 * ragged ones are packed. */
at_status at_run_once(at_registry *reg, const at_once *o, at_arrays *out, at_text *messages,
                      at_error *err);
#endif
