/* A model run once on given arrays: how a model is compared with another framework's. */
#ifndef AT_RUN_ONCE_H
#define AT_RUN_ONCE_H
#include "core/base/text.h"
#include "core/plugin/plugin.h"
#include "core/tensor/array.h"

typedef struct at_once {
  const char *model;
  const char *const *set; /* "k=v" parameters of the model */
  size_t n_set;
  at_arrays *inputs;         /* NAME or in.NAME; converted in place */
  const char *inputs_path;   /* for messages */
  const char *const *rename; /* "array=input" */
  size_t n_rename;
  at_arrays *weights; /* <prefix>PARAMETER; NULL: drawn from the seed */
  const char *weights_path, *prefix;
  bool gradients;  /* of the loss, by parameters and real inputs */
  unsigned passes; /* AT_PASS_* */
  int threads;
  uint64_t seed;
} at_once;

/* An input over a ragged axis is an array [rows, longest] of which the first `lengths[i]`
 * count, or all rows packed [sum of lengths]; lengths are an array NAME.lengths or lengths,
 * and every row is full without one.
 *
 * *out gets out.NAME for every output, attend.NAME.score and .weight for every attend block, and
 * with a loss `loss`; with gradients g.PARAMETER and gin.INPUT.  Axes stand in the order in
 * which the model makes them; ragged ones are packed. */
at_status at_run_once(at_registry *reg, const at_once *o, at_arrays *out, at_text *messages,
                      at_error *err);
#endif
