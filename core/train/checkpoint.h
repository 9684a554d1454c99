/* Weights and the state of training in safetensors files, written atomically.
 *
 * A parameter is stored under its name, the moments of Adam under
 * "adam.m.<name>" and "adam.v.<name>", its average under "train.average.<name>"; counters are
 * strings of the metadata. */
#ifndef AT_TRAIN_CHECKPOINT_H
#define AT_TRAIN_CHECKPOINT_H
#include "core/base/text.h"
#include "core/data/safetensors.h"
#include "core/data/text_tokens.h"
#include "core/train/average.h"
#include "core/train/optimizer.h"

/* `opt` NULL: no moments; `average` NULL: no averages. */
at_status at_checkpoint_write(const char *path, const at_params *params, const at_optimizer *opt,
                              const at_average *average, const at_metadata *meta, at_error *err);

/* Fills every parameter (and, with `opt`, its moments, with `average`, its average) or none. EINPUT
 * with the first difference when the file is of another model. `meta` may be NULL. */
at_status at_checkpoint_read(const char *path, at_params *params, at_optimizer *opt,
                             at_average *average, at_metadata *meta, at_error *err);
/* The averages in a checkpoint as the parameters. */
at_status at_checkpoint_read_average(const char *path, at_params *params, at_error *err);

/* What the model's `import` statements name: parameters from files of weights, and tables of
 * words from files of their vectors (core/train/vectors.h), which need the vocabulary.
 * Sentences about words that have no vector are appended to `messages` (NULL: nowhere). */
at_status at_weights_import(at_params *params, const at_vocab *words, at_text *messages,
                            at_error *err);
/* Parameters from a set of arrays, NAME found as "<prefix>NAME"; other arrays are
 * passed over when `others` is true, and counters of PyTorch's batch norm always. `what` names the
 * source. */
at_status at_weights_take(at_params *params, const at_arrays *set, const char *prefix, bool others,
                          const char *what, at_error *err);
#endif
