/* What stands behind the handles of <attune/attune.h>; for the files of this room only.
 *
 * Each public function that can fail begins a call and ends it: the context is held, the error is
 * emptied and filled, and the thread writes numbers as "C" does meanwhile. */
#ifndef AT_EMBED_EMBED_H
#define AT_EMBED_EMBED_H
#include <attune/attune.h>
#include <locale.h>
#include <stdatomic.h>
#include "core/base/text.h"
#include "core/run/model.h"
#include "core/run/trained.h"
#include "core/train/optimizer.h"

struct attune_error {
  at_error e;
  char *detail; /* NULL: none */
};

struct attune_context {
  atomic_flag busy;
  int held; /* by its owner and by models */
  at_registry *reg;
  at_pool *pool; /* NULL: no model was loaded yet */
  int threads;
  attune_log_fn *log;
  void *log_data;
  locale_t numbers; /* the process's locale, with numbers as in "C" */
};

/* How a model may be run: each has an executor. */
enum { AT_RUN_OUTPUTS, AT_RUN_LOSSES, AT_RUN_TRAINING, AT_RUNS };

struct attune_model {
  attune_context *c;
  at_model m;
  const at_graph *g; /* m.sized */
  at_params *params;
  at_adam adam;
  at_optimizer *opt;   /* NULL: no step was made since weights were drawn */
  at_exec *x[AT_RUNS]; /* the last two NULL: there is no loss */
  bool bound[AT_RUNS]; /* to what is set now */
  int ran;             /* the one whose values may be read; -1: none */
  struct at_given {
    void *data;
    size_t cap;
  } * given;       /* [n_input] */
  float *gradient; /* beside params->value */
  bool has_gradient, has_losses;
  double *loss; /* [n_losses] */
  int n_losses;
  uint64_t seed, step;
};

typedef struct at_call {
  attune_context *c; /* NULL: it was not begun */
  attune_error *to;
  at_error e;
  at_text detail;
  locale_t locale;
  attune_context *outer; /* whose call this one was made within, by a callback */
} at_call;

/* false: e says why; end it all the same. c NULL is a mistake of the caller's. */
bool at_call_begin(at_call *k, attune_context *c, attune_error *to);
attune_status at_call_end(at_call *k, at_status s);
/* The context forgotten by one of its holders. */
void at_context_release(attune_context *c);
/* Text whose last newline is left out; NULL and "" are not worth a call. */
void at_context_say(attune_context *c, attune_log_level level, const char *text);

/* A struct as this version has it out of one of any version; EINPUT: `size` is none. `what` names
 * the type, `first` is its size in 1.0. */
at_status at_struct_take(void *own, size_t size, const void *theirs, size_t first, const char *what,
                         at_error *err);
/* The other way: what `size` leaves room for. */
at_status at_struct_check(const void *theirs, size_t first, const char *what, at_error *err);
void at_struct_give(void *theirs, const void *own, size_t size);

/* "the model has no KIND `NAME`", with what is near or what there is. */
at_status at_model_lacks(attune_model *m, attune_part part, const char *kind, const char *name,
                         at_error *err);
const char *at_model_name(const attune_model *m, attune_part part, size_t i);
/* Index of a part by its name; -1: none. */
int at_model_find(const attune_model *m, attune_part part, const char *name);
/* `data` [count] may be NULL. `block`: whose axes have roles; NULL: none's. */
void at_values_fill(const attune_model *m, const at_node *n, const char *name,
                    const at_attend *block, const void *data, attune_values *out);

typedef struct at_origin {
  at_arena *arena;
  at_trained trained; /* run NULL: it is no run directory */
  at_model_options o;
} at_origin;
/* Close it also where this fails. */
at_status at_origin_open(attune_context *c, const attune_model_source *s, at_origin *o,
                         at_error *err);
void at_origin_close(at_origin *o);

/* Whatever was read is old. */
void at_model_stale(attune_model *m);
at_status at_model_bind(attune_model *m, int run, at_error *err);
at_status at_model_optimizer(attune_model *m, at_error *err);
/* No step was made yet. */
void at_model_forget_steps(attune_model *m);
at_status at_model_draw(attune_model *m, uint64_t seed, at_error *err);
#endif
