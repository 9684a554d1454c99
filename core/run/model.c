#include "core/run/model.h"
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/text.h"
#include "core/graph/pass.h"
#include "dsl/ast.h"

/* ---- sizes that data would know ---- */

static const at_model_size *find_size(const at_model *m, const char *name, bool vocabulary) {
  for (int i = 0; i < m->n_size; i++)
    if (m->size[i].vocabulary == vocabulary && !strcmp(m->size[i].name, name)) return &m->size[i];
  return NULL;
}

static void add_size(at_model *m, const char *name, int64_t size, bool vocabulary, bool ragged) {
  if (!find_size(m, name, vocabulary))
    m->size[m->n_size++] = (at_model_size){name, size, vocabulary, ragged, true};
}

static at_status list_sizes(at_model *m, at_error *err) {
  const at_graph *g = m->g;
  m->size = AT_NEW_ARRAY(m->arena, at_model_size, (size_t)(g->n_axis + g->n_input) + 1);
  if (!m->size) return at_nomem(err);
  for (int i = 0; i < g->n_input; i++) {
    const at_node *n = g->input[i];
    for (int d = 0; d < n->ndim; d++) {
      const at_axis *a = &g->axis[n->dim[d].axis];
      if (a->parent >= 0)
        add_size(m, a->name, AT_ASSUME_LENGTH, false, true);
      else if (n->dim[d].size < 0 && a->kind != AT_BATCH)
        add_size(m, a->name, a->kind == AT_SEQUENCE ? AT_ASSUME_SEQUENCE : AT_ASSUME_FEATURE, false,
                 false);
    }
    if (n->type == AT_TOKEN && n->vocabulary < 0)
      add_size(m, n->name, AT_ASSUME_VOCABULARY, true, false);
  }
  return AT_OK;
}

static at_status no_such(const at_model *m, const char *name, at_error *err) {
  const char *names[64];
  size_t n = 0;
  at_text t = {0};
  for (int i = 0; i < m->n_size && n < 64; i++) names[n++] = m->size[i].name;
  const char *near = at_suggest(name, names, n);
  for (size_t i = 0; i < n; i++) at_text_addf(&t, "%s%s", i ? ", " : "", names[i]);
  at_status s =
      near ? at_fail(err, AT_EINPUT, "no size `%s` is open; did you mean `%s`?", name, near)
           : at_fail(err, AT_EINPUT, "no size `%s` is open; %s%s", name,
                     n ? "these are: " : "the model states all", n && t.data ? t.data : "");
  at_text_free(&t);
  return s;
}

static at_status take_size(at_model *m, const char *text, at_error *err) {
  const char *eq = strchr(text, '=');
  int64_t n;
  if (!eq || !at_parse_i64(eq + 1, &n) || n < 1 || n > INT32_MAX)
    return at_fail(err, AT_EINPUT, "`%s` is no size; write NAME=NUMBER", text);
  const char *name = at_arena_strndup(m->arena, text, (size_t)(eq - text));
  bool found = false;
  if (!name) return at_nomem(err);
  for (int i = 0; i < m->n_size; i++)
    if (!strcmp(m->size[i].name, name)) {
      m->size[i].size = n;
      m->size[i].assumed = false;
      found = true;
    }
  return found ? AT_OK : no_such(m, name, err);
}

static int64_t axis_size(void *ctx, const char *input, const char *axis) {
  const at_model_size *s = find_size(ctx, axis, false);
  (void)input;
  return s ? s->size : -1;
}

static int64_t vocabulary(void *ctx, const char *input) {
  const at_model_size *s = find_size(ctx, input, true);
  return s ? s->size : -1;
}

/* ---- loading ---- */

static at_status bind_sizes(const at_model *m, at_exec *x, int64_t batch, at_error *err) {
  const at_graph *g = m->sized;
  at_status s = AT_OK;
  int64_t *offsets = calloc((size_t)batch + 1, sizeof *offsets);
  if (!offsets) return at_nomem(err);
  for (int a = 0; a < g->n_axis && s == AT_OK; a++) {
    const at_axis *axis = &g->axis[a];
    if (axis->from >= 0 || axis->n_part) continue;
    if (axis->kind == AT_BATCH) s = at_exec_size(x, axis->name, batch, err);
    if (axis->parent < 0 || s != AT_OK) continue;
    for (int64_t i = 0; i <= batch; i++) offsets[i] = i * at_model_length(m, axis->name);
    s = at_exec_ragged(x, axis->name, offsets, batch, err);
  }
  free(offsets);
  return s == AT_OK ? at_exec_ready(x, err) : s;
}

static at_status measure_step(at_model *m, const at_exec_options *o, unsigned passes, int64_t batch,
                              at_error *err) {
  at_status s = at_graph_training(m->sized, passes, &m->training, err);
  if (s == AT_OK) s = at_exec_new(m->training, NULL, o, &m->step, err);
  return s == AT_OK ? bind_sizes(m, m->step, batch, err) : s;
}

static at_status measure(at_model *m, unsigned passes, int64_t batch, at_error *err) {
  const bool learns = m->sized->loss || m->sized->n_objective;
  const at_exec_options train = {.measure = true, .gradients = learns, .turns = true};
  const at_exec_options infer = {.measure = true, .no_loss = true};
  at_status s = at_exec_new(m->sized, NULL, &train, &m->train, err);
  if (s == AT_OK) s = bind_sizes(m, m->train, batch, err);
  if (s == AT_OK && learns) s = measure_step(m, &train, passes, batch, err);
  if (s == AT_OK) s = at_exec_new(m->sized, NULL, &infer, &m->infer, err);
  return s == AT_OK ? bind_sizes(m, m->infer, batch, err) : s;
}

static void forget_sized(at_model *m) {
  at_exec_free(m->train);
  at_exec_free(m->infer);
  at_exec_free(m->step);
  at_graph_free(m->training);
  at_graph_free(m->sized);
  m->train = m->infer = m->step = NULL;
  m->sized = m->training = NULL;
}

at_dsl_env at_model_env(at_registry *reg, const char *const *set, size_t n_set) {
  return (at_dsl_env){.scores = reg,
                      .compose = at_plugin_compose,
                      .score_known = at_plugin_score_known,
                      .score_names = at_plugin_score_names,
                      .set = set,
                      .n_set = n_set};
}

at_status at_model_open(at_registry *reg, const at_model_options *o, at_model *m, at_text *messages,
                        at_error *err) {
  const at_source given = {.path = o->path, .text = o->text, .size = o->text ? strlen(o->text) : 0};
  at_source twice = given;
  *m = (at_model){.arena = at_arena_new(), .src = given};
  at_dsl_env env = at_model_env(reg, o->set, o->n_set);
  env.ctx = m;
  at_text again = {0};
  if (!m->arena) return at_nomem(err);
  at_status s = at_dsl_load_kept(m->arena, &m->src, &env, &m->g, messages, err);
  if (s == AT_OK) s = list_sizes(m, err);
  for (size_t i = 0; s == AT_OK && i < o->n_size; i++) s = take_size(m, o->size[i], err);
  if (s != AT_OK) return s;
  env.axis_size = axis_size;
  env.vocabulary = vocabulary;
  s = at_dsl_load_kept(m->arena, &twice, &env, &m->sized, &again, &m->why);
  if (s == AT_OK) s = at_graph_optimize(m->sized, AT_PASS_WHOLE & ~o->without, &m->why);
  if (s == AT_OK) s = measure(m, AT_PASS_ALL & ~o->without, o->batch, &m->why);
  if (s != AT_OK) forget_sized(m);
  if (s != AT_OK && o->n_size && messages && again.data) at_text_add(messages, again.data);
  at_text_free(&again);
  if (s != AT_EINPUT) return s == AT_OK ? s : at_fail(err, s, "%s", m->why.message);
  return o->n_size ? at_fail(err, s, "%s", m->why.message) : AT_OK;
}

void at_model_close(at_model *m) {
  forget_sized(m);
  at_graph_free(m->g);
  at_arena_free(m->arena);
}

/* ---- asking ---- */

int64_t at_model_length(const at_model *m, const char *axis) {
  const at_model_size *length = find_size(m, axis, false);
  return length ? length->size : AT_ASSUME_LENGTH;
}

double at_model_values(const at_model *m) {
  double sum = 0;
  for (int i = 0; m->sized && i < m->sized->n_node; i++)
    sum += (double)at_exec_node_bytes(m->train, m->sized->node[i]);
  return sum;
}

const char *at_model_place(const at_model *m, at_span span, int *line) {
  int column;
  *line = 0;
  if (span.file < 0) return NULL;
  const at_source *src = at_source_of(&m->src, span);
  at_source_place(src, span.begin, line, &column);
  return src->path;
}
