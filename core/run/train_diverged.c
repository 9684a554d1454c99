/* Training met a number that is none: where it began.
 *
 * The step is run once more with every value kept. Nothing was updated since, so that the values
 * are those that failed. Nodes stand in the order in which they run: of values the first that is
 * no finite number is where it began, of gradients the last. */
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/file.h"
#include "core/run/train_impl.h"
#include "dsl/ast.h"

static bool finite_all(const float *v, int64_t n) {
  for (int64_t i = 0; v && i < n; i++)
    if (!isfinite(v[i])) return false;
  return true;
}

static int64_t count_of(const at_exec *x, const at_node *n) {
  int64_t count = 1;
  if (n->param < 0) return at_x_count(x, n);
  for (int d = 0; d < n->ndim; d++) count *= n->dim[d].size;
  return count;
}

static const at_node *first_value(const at_exec *x, const at_graph *g) {
  for (int i = 0; i < g->n_node; i++)
    if (g->node[i]->type == AT_REAL && at_exec_value(x, g->node[i]) &&
        !finite_all(at_exec_value(x, g->node[i]), count_of(x, g->node[i])))
      return g->node[i];
  return NULL;
}

static const at_node *last_gradient(const at_exec *x, const at_graph *g) {
  for (int i = g->n_node - 1; i >= 0; i--)
    if (g->node[i]->param < 0 && at_exec_grad(x, g->node[i]) &&
        !finite_all(at_exec_grad(x, g->node[i]), at_x_count(x, g->node[i])))
      return g->node[i];
  return NULL;
}

static bool has_gradient(const at_node *n) {
  return n->type == AT_REAL && n->needs_grad && n->param < 0 && !at_node_is_input(n);
}

/* NULL: it cannot be found. */
static const at_node *find(trainer *t, int k, bool loss, const char **what) {
  const at_graph *g = t->s->training;
  const at_exec_options o = {.pool = t->s->pool, .gradients = !loss, .keep_all = true};
  const float one = 1;
  const at_node *found = NULL;
  at_exec *x = NULL;
  at_status st = at_exec_new(g, &t->s->training_params, &o, &x, NULL);
  for (int i = 0; st == AT_OK && !loss && i < g->n_node; i++)
    if (has_gradient(g->node[i])) st = at_exec_keep_grad(x, g->node[i], NULL);
  if (st == AT_OK) st = at_train_load(t, x, NULL);
  if (st == AT_OK) {
    at_exec_forward(x, t->s->seed, (uint64_t)t->step, true);
    *what = "";
    found = first_value(x, g);
  }
  if (st == AT_OK && !loss && !found) {
    *what = "the gradient of ";
    at_exec_backward_from(x, at_graph_loss(g, k), &one);
    found = last_gradient(x, g);
  }
  at_exec_free(x);
  return found;
}

/* "`logvar` (attngan.att:125)" */
static void put_node(const trainer *t, const at_node *n, at_text *out) {
  if (n->param >= 0)
    at_text_addf(out, "the parameter `%s`", n->pname);
  else
    at_text_add(out, at_node_title(t->s->training, n));
  if (n->span.file < 0) return;
  int line, column;
  const at_source *src = at_source_of(&t->s->source, n->span);
  at_source_place(src, n->span.begin, &line, &column);
  at_text_addf(out, " (%s:%d:%d)", src->path, line, column);
}

static void put_checkpoint(const trainer *t, at_text *out) {
  char *path = at_rundir_path(t->dir, "last.safetensors");
  at_metadata m = {0};
  at_arrays set = {0};
  const char *step = NULL;
  if (path && at_file_exists(path) && at_safetensors_read(path, &set, &m, NULL) == AT_OK)
    step = at_metadata_get(&m, "step");
  if (step)
    at_text_addf(out, "; %s is of step %s, before it", path, step);
  else
    at_text_add(out, "; there was no checkpoint yet");
  at_metadata_free(&m);
  at_arrays_free(&set);
  free(path);
}

at_status at_train_diverged(trainer *t, int k, bool loss, at_error *err) {
  const at_objective *o = at_graph_objective(t->s->graph, k);
  at_text text = {0};
  const char *what = "";
  at_text_addf(&text, "at step %" PRId64 " the %s%s%s%s is no finite number any more", t->step + 1,
               loss ? "loss" : "gradient", o ? (loss ? " `" : " of `") : "", o ? o->name : "",
               o ? "`" : "");
  const at_node *n = find(t, k, loss, &what);
  if (n) {
    at_text_addf(&text, ": it began at %s", what);
    put_node(t, n, &text);
  }
  if (t->dir) put_checkpoint(t, &text);
  at_text_add(&text, "; a smaller train.learning_rate or a smaller train.clip may help");
  at_status st = text.failed ? at_nomem(err) : at_fail(err, AT_EFAIL, "%s", text.data);
  at_text_free(&text);
  return st;
}
