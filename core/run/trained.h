/* What a run directory keeps of a trained model, for those who have not its data. */
#ifndef AT_RUN_TRAINED_H
#define AT_RUN_TRAINED_H
#include "core/data/text_tokens.h"
#include "core/run/run.h"

typedef struct at_trained {
  char *dir;
  at_run *run;
  const char *model;      /* the file; the run's */
  const char *const *set; /* [n_set] "k=v", its arguments; the run's */
  size_t n_set;
  at_vocab *vocab; /* NULL: it has no words */
  int64_t classes; /* of its answers; -1: it has none */
} at_trained;

bool at_is_run_dir(const char *path);
/* Close it also where this fails. */
at_status at_trained_open(const char *dir, at_trained *t, at_error *err);
void at_trained_close(at_trained *t); /* zeroed is fine */
/* How many ids a token input has: words of ragged ones, else classes; -1: not known here. */
int64_t at_trained_ids(const at_trained *t, const at_graph *g, const at_node *input);
/* The best weights, else the last ones, averaged where the run averages. EINPUT: there are none. */
at_status at_trained_weights(const char *dir, const at_run *run, at_params *params, at_error *err);
#endif
