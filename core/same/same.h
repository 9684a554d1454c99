/* Which cells of a study are the same function?
 *
 * Proved from what scores say of themselves (attune_form) and from what the model does around
 * its attend blocks; then tried: the cells run once on the same random weights and inputs, and
 * what is proved must come out the same, while what comes out the same without proof is said so. */
#ifndef AT_SAME_SAME_H
#define AT_SAME_SAME_H
#include "core/base/arena.h"
#include "core/base/text.h"
#include "core/plugin/plugin.h"

/* Each includes what stands before it. */
typedef enum at_same_how {
  AT_SAME_IDENTICAL,  /* the same numbers from the same parameters by name */
  AT_SAME_TRANSPOSED, /* once a learned matrix is transposed: another draw of the same model */
  AT_SAME_SCALE,      /* up to a positive factor of the scores that is cancelled */
  AT_SAME_FAMILY,     /* the same set of functions, begun elsewhere and reached otherwise */
  AT_SAME_LEVELS
} at_same_how;
const char *at_same_name(at_same_how how); /* "identical" */
const char *at_same_key(at_same_how how);  /* "identical", for programs */

typedef struct at_same_cell {
  const char *label; /* "score=dot" */
  const char *model; /* path */
  const char *const *set;
  size_t n_set;
  const char *apart; /* cells with other text here are other experiments, never compared */
} at_same_cell;

/* Whether a key of a run file makes another model: `model` and `arguments`. Others but the seed
 * make another experiment, and belong into `apart`. */
bool at_same_shapes_model(const char *key);

typedef struct at_same_options {
  bool probe;
  int64_t rows; /* items of each batch axis in a probe */
  uint64_t seed;
  int threads;
} at_same_options;

typedef enum at_same_tried {
  AT_TRIED_NOT,   /* no probe was asked for, or none can tell: see at_same.note */
  AT_TRIED_TRUE,  /* proved, and the probe agrees */
  AT_TRIED_FALSE, /* proved from the descriptions, and the probe differs: no class */
  AT_TRIED_ALONE  /* the probe agrees, and nothing is proved */
} at_same_tried;

typedef struct at_same_class {
  at_same_how how;
  const size_t *cell; /* ascending */
  size_t n;
  const char **why; /* a sentence each */
  size_t n_why;
  at_same_tried tried;
  double off; /* the largest difference that the probe saw, as a share of the largest number */
} at_same_class;

/* Parameters of a cell that learn nothing. */
typedef struct at_same_idle {
  size_t cell;
  const char *parameter, *why;
  bool proved, tried;
  double gradient; /* the largest; as a share of the largest of all parameters */
} at_same_idle;

typedef struct at_same {
  at_arena *arena;
  at_same_class *v; /* of two cells at least; by relation, then first cell; each set once */
  size_t n;
  at_same_idle *idle;
  size_t n_idle;
  const char *note; /* why the probe could not tell; NULL */
  int runs;         /* of the probe: passes forward, and backward where there is a loss */
  double seconds;
} at_same;

at_status at_same_find(at_registry *reg, const at_same_cell *cell, size_t n,
                       const at_same_options *o, at_same *out, at_text *messages, at_error *err);
void at_same_free(at_same *s);
/* As lines of text; nothing is the same: says so. */
void at_same_text(const at_same *s, const at_same_cell *cell, at_text *out);
void at_same_json(const at_same *s, const at_same_cell *cell, at_text *out);
#endif
