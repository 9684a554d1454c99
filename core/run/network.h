/* Another model beside the one of a session: of a run, or of a file with weights; run on pictures
 * or on texts for metrics. Between the files of this room only. */
#ifndef AT_RUN_NETWORK_H
#define AT_RUN_NETWORK_H
#include "core/run/run_impl.h"

enum { AT_NETWORK_OUTPUTS = 16 };

struct attune_network {
  struct attune_network *next; /* of those of a session */
  char *asked;                 /* all that was asked for, as one text */
  at_arena *arena;
  at_source source;
  at_graph *graph; /* without the outputs that are not wanted */
  at_params *params;
  at_exec *x;
  const at_node *input; /* the one that its outputs follow from */
  bool signed_pixels;
  at_session words; /* what reading texts needs of one: vocabulary, tokens, ends */
  uint64_t key;
  /* of all that was run last */
  int64_t count;
  float *out[AT_NETWORK_OUTPUTS]; /* [count, ...] of each output of the graph; NULL: nothing yet */
};

/* Loads it; `pool` is borrowed. EINPUT with a sentence that begins with the path. */
at_status at_network_load(at_registry *reg, at_pool *pool, const attune_network_spec *spec,
                          attune_network *n, at_error *err);
void at_network_free(attune_network *n); /* and those after it; NULL is fine */

/* What metrics of a session may ask. */
at_metric_ops at_session_metric_ops(at_session *s);

/* ---- memory.c ---- */
const void *at_memory_find(at_session *s, const char *key, size_t *bytes);
at_status at_memory_put(at_session *s, const char *key, const void *value, size_t bytes,
                        at_error *err);
void at_memory_free(at_session *s);
#endif
