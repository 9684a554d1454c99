/* Another model: finding its files, checking them, binding its sizes. */
#include <stdlib.h>
#include <string.h>
#include "core/base/file.h"
#include "core/base/random.h"
#include "core/graph/pass.h"
#include "core/run/model.h"
#include "core/run/network.h"
#include "core/run/trained.h"
#include "core/train/checkpoint.h"
#include "dsl/dsl.h"

typedef struct loading {
  const attune_network_spec *spec;
  attune_network *n;
  at_registry *reg;
  at_trained trained;     /* run NULL: a model file */
  const char *model;      /* the file */
  const char *const *set; /* "k=v" */
  size_t n_set;
  at_graph *probe; /* sizes unknown */
} loading;

/* ---- files ---- */

static at_status open_run(loading *l, at_error *err) {
  at_session *w = &l->n->words;
  if (*l->spec->weights || *l->spec->arguments)
    return at_fail(err, AT_EINPUT,
                   "%s: this is a run, which has weights and arguments of its own; give none",
                   l->spec->model);
  at_status st = at_trained_open(l->spec->model, &l->trained, err);
  if (st != AT_OK) return st;
  const at_run *r = l->trained.run;
  if (!(l->model = at_arena_strdup(l->n->arena, l->trained.model))) return at_nomem(err);
  l->n->signed_pixels = !strcmp(at_run_get(r, "data.pixels"), "signed");
  at_session_reads(w, r);
  l->set = l->trained.set;
  l->n_set = l->trained.n_set;
  w->vocab = l->trained.vocab;
  return AT_OK;
}

/* "k=v" with blanks between. */
static at_status split_arguments(loading *l, at_error *err) {
  char *text = at_arena_strdup(l->n->arena, l->spec->arguments), *save = NULL;
  const char **set = AT_NEW_ARRAY(l->n->arena, const char *, strlen(l->spec->arguments) / 2 + 1);
  if (!text || !set) return at_nomem(err);
  for (char *one = strtok_r(text, " ", &save); one; one = strtok_r(NULL, " ", &save))
    set[l->n_set++] = one;
  l->set = set;
  return AT_OK;
}

static at_status open_file(loading *l, at_error *err) {
  if (!*l->spec->weights)
    return at_fail(err, AT_EINPUT,
                   "%s: this is no run directory; a model file needs its weights, a safetensors "
                   "file, beside it",
                   l->spec->model);
  if (l->spec->pixels == ATTUNE_PIXELS_RUN)
    return at_fail(err, AT_EINPUT,
                   "%s: a model file does not say how it takes pictures: pixels=unit (0 .. 1) or "
                   "pixels=signed (-1 .. 1)",
                   l->spec->model);
  if (!at_file_exists(l->spec->weights))
    return at_fail(err, AT_EINPUT, "%s: there are no weights here for %s", l->spec->weights,
                   l->spec->model);
  l->model = at_arena_strdup(l->n->arena, l->spec->model);
  return l->model ? split_arguments(l, err) : at_nomem(err);
}

static at_status open_files(loading *l, at_error *err) {
  at_status st;
  if (at_is_run_dir(l->spec->model))
    st = open_run(l, err);
  else if (at_file_exists(l->spec->model))
    st = open_file(l, err);
  else
    st = at_fail(err, AT_EINPUT, "%s: here is neither a run directory nor a model file",
                 l->spec->model);
  if (l->spec->pixels != ATTUNE_PIXELS_RUN)
    l->n->signed_pixels = l->spec->pixels == ATTUNE_PIXELS_SIGNED;
  return st;
}

/* ---- the model ---- */

static const at_node *find_input(const at_graph *g, const char *name) {
  for (int i = 0; g && i < g->n_input; i++)
    if (!strcmp(g->input[i]->name, name)) return g->input[i];
  return NULL;
}

/* Pictures of any size get that of the pictures that will come. */
static int64_t axis_size(void *ctx, const char *input, const char *axis) {
  const loading *l = ctx;
  const at_node *in = find_input(l->probe, input);
  if (!in || in->type != AT_REAL || in->ndim != 4) return -1;
  for (int d = 1; d < 3; d++) {
    const int64_t size = d == 1 ? l->spec->height : l->spec->width;
    if (!strcmp(l->probe->axis[in->dim[d].axis].name, axis)) return size > 0 ? size : -1;
  }
  return -1;
}

static int64_t vocabulary(void *ctx, const char *input) {
  const loading *l = ctx;
  const at_node *in = find_input(l->probe, input);
  return in ? at_trained_ids(&l->trained, l->probe, in) : -1;
}

static at_status load_graph(loading *l, at_error *err) {
  at_text messages = {0};
  at_dsl_env env = at_model_env(l->reg, l->set, l->n_set);
  env.ctx = l;
  at_status st = at_dsl_load(l->model, &env, &l->probe, &messages, err);
  env.axis_size = axis_size;
  env.vocabulary = vocabulary;
  l->n->source.path = l->model;
  if (st == AT_OK) st = at_dsl_load_kept(l->n->arena, &l->n->source, &env, &l->n->graph, NULL, err);
  at_text_free(&messages);
  return st;
}

/* Leaves the outputs that are wanted, in the order in which they are named. */
static at_status choose_outputs(loading *l, at_error *err) {
  at_graph *g = l->n->graph;
  at_named chosen[AT_NETWORK_OUTPUTS];
  int n = 0;
  char *names = at_arena_strdup(l->n->arena, l->spec->outputs), *save = NULL;
  if (!names) return at_nomem(err);
  for (char *name = strtok_r(names, " ", &save); name; name = strtok_r(NULL, " ", &save)) {
    const char *all[64];
    int at = 0;
    while (at < g->n_output && strcmp(g->output[at].name, name)) at++;
    if (at < g->n_output && n < AT_NETWORK_OUTPUTS && n < g->cap_output) {
      chosen[n++] = g->output[at];
      continue;
    }
    at_text t = {0};
    for (int i = 0; i < g->n_output; i++) {
      if (i < 64) all[i] = g->output[i].name;
      at_text_addf(&t, "%s`%s`", i ? ", " : "", g->output[i].name);
    }
    const char *near = at_suggest(name, all, (size_t)(g->n_output < 64 ? g->n_output : 64));
    at_fail(err, AT_EINPUT, "%s: the model `%s` has no output `%s`%s%s%s; it has %s",
            l->spec->model, g->name, name, near ? "; did you mean `" : "", near ? near : "",
            near ? "`?" : "", t.data ? t.data : "none");
    at_text_free(&t);
    return AT_EINPUT;
  }
  memcpy(g->output, chosen, (size_t)n * sizeof *chosen);
  g->n_output = n;
  return AT_OK;
}

static void mark(const at_node *n, unsigned char *live) {
  if (live[n->id]) return;
  live[n->id] = 1;
  for (int i = 0; i < n->n_in; i++) mark(n->in[i], live);
}

/* Pictures [batch, y, x, channel = 3], or words [batch, word...]. */
static at_status check_input(const loading *l, const at_node *in, at_error *err) {
  const at_graph *g = l->n->graph;
  const bool ragged = in->ndim > 0 && g->axis[in->dim[0].axis].parent >= 0;
  if (in->type == AT_TOKEN && ragged && in->ndim == 1) {
    if (l->n->words.vocab) return AT_OK;
    return at_fail(err, AT_EINPUT, "%s: texts are for a run, which has a vocabulary",
                   l->spec->model);
  }
  if (in->type == AT_REAL && !ragged && in->ndim == 4 && in->dim[3].size == 3 &&
      in->dim[1].size > 0 && in->dim[2].size > 0)
    return AT_OK;
  return at_fail(err, AT_EINPUT,
                 "%s: `%s` follows from the input `%s` %s; pictures [picture, y, x, channel = 3] "
                 "or words are what it can be given",
                 l->spec->model, l->spec->outputs, in->name, at_node_axes_text(g, in));
}

static at_status find_live_input(loading *l, at_error *err) {
  const at_graph *g = l->n->graph;
  unsigned char *live = calloc((size_t)g->n_node + 1, 1);
  at_status st = live ? AT_OK : at_nomem(err);
  for (int i = 0; st == AT_OK && i < g->n_output; i++) mark(g->output[i].node, live);
  for (int i = 0; st == AT_OK && i < g->n_input; i++) {
    if (!live[g->input[i]->id]) continue;
    if (l->n->input)
      st = at_fail(err, AT_EINPUT,
                   "%s: `%s` needs both the inputs `%s` and `%s`; it must follow from one",
                   l->spec->model, l->spec->outputs, l->n->input->name, g->input[i]->name);
    l->n->input = g->input[i];
  }
  free(live);
  if (st == AT_OK && !l->n->input)
    st = at_fail(err, AT_EINPUT, "%s: `%s` depends on no input", l->spec->model, l->spec->outputs);
  return st == AT_OK ? check_input(l, l->n->input, err) : st;
}

/* ---- weights ---- */

static at_status read_file_weights(loading *l, at_error *err) {
  at_arrays set = {0};
  at_status st = at_safetensors_read(l->spec->weights, &set, NULL, err);
  if (st == AT_OK) st = at_weights_take(l->n->params, &set, "", true, l->spec->weights, err);
  at_arrays_free(&set);
  return st;
}

/* Not the places of files: what is in them. */
static uint64_t key_of(const loading *l) {
  const at_params *p = l->n->params;
  uint64_t arguments = 0;
  for (size_t i = 0; i < l->n_set; i++)
    arguments = 31 * arguments + at_hash64(l->set[i], strlen(l->set[i]));
  const uint64_t part[] = {
      at_hash64(p->value, p->count * sizeof *p->value),
      at_hash64(l->n->source.text, l->n->source.size),
      at_hash64(l->spec->outputs, strlen(l->spec->outputs)),
      arguments,
      l->n->signed_pixels,
      (uint64_t)l->spec->height,
      (uint64_t)l->spec->width,
  };
  return at_hash64(part, sizeof part);
}

at_status at_network_load(at_registry *reg, at_pool *pool, const attune_network_spec *spec,
                          attune_network *n, at_error *err) {
  loading l = {.spec = spec, .n = n, .reg = reg, .trained = {.classes = -1}};
  const at_exec_options o = {.pool = pool, .no_loss = true};
  at_status st = (n->arena = at_arena_new()) ? AT_OK : at_nomem(err);
  if (st == AT_OK) st = open_files(&l, err);
  if (st == AT_OK) st = load_graph(&l, err);
  if (st == AT_OK) st = choose_outputs(&l, err);
  if (st == AT_OK) st = find_live_input(&l, err);
  if (st == AT_OK) st = at_graph_optimize(n->graph, AT_PASS_ALL, err);
  if (st == AT_OK) st = at_params_new(n->graph, &n->params, err);
  if (st == AT_OK)
    st = l.trained.run ? at_trained_weights(spec->model, l.trained.run, n->params, err)
                       : read_file_weights(&l, err);
  if (st == AT_OK) st = at_exec_new(n->graph, n->params, &o, &n->x, err);
  if (st == AT_OK) n->key = key_of(&l);
  at_graph_free(l.probe);
  if (n->words.vocab) l.trained.vocab = NULL; /* the network's now */
  at_trained_close(&l.trained);
  return st;
}

void at_network_free(attune_network *n) {
  while (n) {
    attune_network *next = n->next;
    at_exec_free(n->x);
    at_params_free(n->params);
    at_graph_free(n->graph);
    at_vocab_free(n->words.vocab);
    at_arena_free(n->arena);
    for (int i = 0; i < AT_NETWORK_OUTPUTS; i++) free(n->out[i]);
    free(n->asked);
    free(n);
    n = next;
  }
}
