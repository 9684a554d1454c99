/* A run brought to life: plugins, data, words, graph, weights. */
#include <stdlib.h>
#include <string.h>
#include "core/base/file.h"
#include "core/graph/pass.h"
#include "core/run/model.h"
#include "core/run/network.h"
#include "core/run/trained.h"
#include "core/train/checkpoint.h"
#include "dsl/dsl.h"

/* ---- plugins ---- */

static at_status find_item(at_session *s, attune_kind kind, const char *key, const char *spec,
                           const at_item **item, attune_options **options, at_error *err) {
  char *name = NULL;
  at_option_value *values = NULL;
  size_t n = 0;
  at_status st = at_spec_parse(spec, &name, &values, &n, err);
  if (st == AT_OK) st = at_registry_find(s->reg, kind, name, item, err);
  if (st == AT_OK) st = at_options_new(*item, values, n, s->run->dir, options, err);
  if (st != AT_OK && err) {
    const at_entry *e = at_run_entry(s->run, key);
    at_error_prefix(err, "%s", e && *e->place ? e->place : s->run->path);
  }
  free(name);
  free(values);
  return st;
}

/* Whether `name` is among names with blanks between. */
static bool is_among(const char *names, const char *name) {
  const size_t n = strlen(name);
  for (const char *at = names; (at = strstr(at, name)); at += n)
    if ((at == names || at[-1] == ' ') && (!at[n] || at[n] == ' ')) return true;
  return false;
}

static at_status find_metrics(at_session *s, at_error *err) {
  const char **specs;
  size_t n;
  at_status st = at_run_list(s->run->arena, at_run_get(s->run, "metrics"), &specs, &n, err);
  if (st != AT_OK) return st;
  s->metric = calloc(n + 1, sizeof *s->metric);
  s->metric_options = calloc(n + 1, sizeof *s->metric_options);
  if (!s->metric || !s->metric_options) return at_nomem(err);
  for (size_t i = 0; i < n; i++) {
    st =
        find_item(s, ATTUNE_METRIC, "metrics", specs[i], &s->metric[i], &s->metric_options[i], err);
    if (st != AT_OK) return st;
    s->n_metrics++;
    const char *task = ((const attune_metric *)(const void *)s->metric[i]->item)->task;
    if (task && !is_among(task, s->task->item->name))
      return at_fail(err, AT_EINPUT, "%s: the metric `%s` is for the task `%s`, not for `%s`",
                     at_run_entry(s->run, "metrics")->place, s->metric[i]->item->name, task,
                     s->task->item->name);
  }
  return AT_OK;
}

static at_status open_task(at_session *s, at_error *err) {
  at_task_run t = {.s = s, .split = at_session_split(s, "train")};
  at_task_ops ops = at_session_task_ops(&t);
  s->purpose = ATTUNE_TO_LOOK;
  at_status st = at_task_open(s->task, s->task_options, &ops, &s->task_state, err);
  free(t.text);
  return st;
}

static at_status find_plugins(at_session *s, at_error *err) {
  at_status st = find_item(s, ATTUNE_TASK, "task", at_run_get(s->run, "task"), &s->task,
                           &s->task_options, err);
  if (st == AT_OK) st = find_metrics(s, err);
  if (st == AT_OK)
    st = find_item(s, ATTUNE_DATA, "data.reader", at_run_get(s->run, "data.reader"), &s->reader,
                   &s->reader_options, err);
  return st;
}

static at_status open_plugins(at_session *s, at_error *err) {
  at_status st = find_plugins(s, err);
  if (st == AT_OK) st = at_dataset_open(s->reader, s->reader_options, &s->data, err);
  if (st == AT_OK) st = open_task(s, err);
  return st;
}

/* Spells the specs out, so that the run file written with the results repeats the run from
 * any folder. */
static at_status spell(at_session *s, const char *key, const at_item *it, const attune_options *o,
                       at_error *err) {
  char *text = at_options_spell(it, o, true);
  const at_entry *e = at_run_entry(s->run, key);
  at_status st = text ? at_run_put(s->run, key, text, e ? e->place : "", err) : at_nomem(err);
  free(text);
  return st;
}

/* Options of metrics are spelled as far as they were given: their paths are absolute then. */
static at_status spell_metrics(at_session *s, at_error *err) {
  const at_entry *e = at_run_entry(s->run, "metrics");
  at_text t = {0};
  at_status st = AT_OK;
  for (size_t i = 0; st == AT_OK && i < s->n_metrics; i++) {
    char *one = at_options_spell(s->metric[i], s->metric_options[i], false);
    if (one) at_text_addf(&t, "%s%s", i ? ", " : "", one);
    if (!one || t.failed) st = at_nomem(err);
    free(one);
  }
  if (st == AT_OK && t.data) st = at_run_put(s->run, "metrics", t.data, e ? e->place : "", err);
  at_text_free(&t);
  return st;
}

/* ---- the model ---- */

typedef struct data_sizes {
  at_session *s;
  at_graph *probe; /* the model with sizes unknown: it says which axis stands where */
  at_error err;    /* the first thing that went wrong in a callback */
} data_sizes;

static int64_t axis_size(void *ctx, const char *input, const char *axis) {
  const at_field *f;
  data_sizes *d = ctx;
  if (at_session_fed(d->s, input)) return at_task_size(d->s->task, d->s->task_state, input, axis);
  if (at_session_field(d->s, d->probe, input, &f, NULL) != AT_OK) return -1;
  for (int i = 0; i < d->probe->n_input; i++) {
    const at_node *n = d->probe->input[i];
    if (strcmp(n->name, input)) continue;
    for (int k = 1; k < n->ndim && (uint32_t)k <= f->f.ndim; k++)
      if (!strcmp(d->probe->axis[n->dim[k].axis].name, axis))
        return at_session_shape(d->s, f, k - 1);
  }
  return -1;
}

/* One token a row, and not a row of them. */
static bool is_plain(const at_graph *g, const char *input) {
  for (int i = 0; i < g->n_input; i++)
    if (!strcmp(g->input[i]->name, input))
      return g->input[i]->ndim == 1 && g->axis[g->input[i]->dim[0].axis].parent < 0;
  return false;
}

static int64_t vocabulary(void *ctx, const char *input) {
  data_sizes *d = ctx;
  at_error err = {0};
  const at_field *f;
  if (at_session_fed(d->s, input)) return at_task_size(d->s->task, d->s->task_state, input, NULL);
  at_status st = at_session_field(d->s, d->probe, input, &f, &err);
  if (st == AT_OK && f->f.type == ATTUNE_FIELD_LINK) return -1;
  if (st == AT_OK && is_plain(d->probe, input)) {
    if ((st = at_session_labels(d->s, f, &err)) == AT_OK) return (int64_t)d->s->labels.n;
  } else if (st == AT_OK && (st = at_session_words(d->s, input, f, &err)) == AT_OK) {
    return (int64_t)at_vocab_size(d->s->vocab);
  }
  if (d->err.code == AT_OK) d->err = err;
  return -1;
}

/* The model with sizes unknown; env then serves to load it with those of the data. */
static at_status probe_model(at_session *s, at_dsl_env *env, at_graph **probe, at_text *messages,
                             at_error *err) {
  const char *const *set;
  size_t n;
  at_status st = at_run_arguments(s->run, &set, &n, err);
  if (st != AT_OK) return st;
  *env = at_model_env(s->reg, set, n);
  return at_dsl_load(at_run_get(s->run, "model"), env, probe, messages, err);
}

static at_status load_model(at_session *s, at_text *messages, at_error *err) {
  data_sizes d = {.s = s};
  const at_run *r = s->run;
  at_dsl_env env;
  at_status st = probe_model(s, &env, &d.probe, messages, err);
  if (st != AT_OK) return st;
  env.ctx = &d;
  env.axis_size = axis_size;
  env.vocabulary = vocabulary;
  if (messages) at_text_free(messages); /* warnings would come twice */
  if (!(s->arena = at_arena_new())) return at_nomem(err);
  s->source.path = at_run_get(r, "model");
  st = at_dsl_load_kept(s->arena, &s->source, &env, &s->graph, messages, err);
  at_graph_free(d.probe);
  if (d.err.code != AT_OK) return at_fail(err, d.err.code, "%s", d.err.message);
  return st;
}

static at_status check_needs(const at_session *s, at_error *err) {
  const attune_task *t = (const attune_task *)(const void *)s->task->item;
  for (const attune_need *n = t->needs; n && n->output; n++) {
    const at_node *out = NULL;
    uint32_t axes = 0;
    for (int i = 0; i < s->graph->n_output; i++)
      if (!strcmp(s->graph->output[i].name, n->output)) out = s->graph->output[i].node;
    if (!out)
      return at_fail(
          err, AT_EINPUT, "%s: the task `%s` needs an output `%s` (%s), which the model has not",
          at_run_get(s->run, "model"), s->task->item->name, n->output, n->doc ? n->doc : "");
    for (int b = 0; b < s->n_batch; b++) axes += at_node_has_axis(s->graph, out, s->batch[b].axis);
    if (axes != n->batch_axes)
      return at_fail(err, AT_EINPUT,
                     "%s: the task `%s` needs `%s` to vary over %u batch axes; it is %s",
                     at_run_get(s->run, "model"), s->task->item->name, n->output,
                     (unsigned)n->batch_axes, at_node_axes_text(s->graph, out));
  }
  return AT_OK;
}

/* ---- life and death ---- */

static void say(const at_session *s, at_text *messages) {
  const char *said;
  for (size_t i = 0; messages && (said = at_dataset_said(s->data, i)); i++)
    at_text_addf(messages, "attune: %s\n", said);
}

static at_status bring_up(at_session *s, int threads, at_text *messages, at_error *err) {
  const at_run *r = s->run;
  s->seed = (uint64_t)at_run_int(r, "seed");
  at_session_reads(s, r);
  s->signed_pixels = !strcmp(at_run_get(r, "data.pixels"), "signed");
  at_status st =
      at_pool_new(at_processors(threads ? threads : at_run_int(r, "threads")), &s->pool, err);
  if (st == AT_OK) st = open_plugins(s, err);
  if (st == AT_OK) st = load_model(s, messages, err);
  if (st == AT_OK) say(s, messages);
  if (st == AT_OK) st = at_session_bind(s, err);
  if (st == AT_OK) st = check_needs(s, err);
  if (st == AT_OK) st = at_graph_optimize(s->graph, AT_PASS_WHOLE, err);
  if (st == AT_OK) st = at_params_new(s->graph, &s->params, err);
  if (st != AT_OK) return st;
  at_params_init_on(s->params, s->seed, s->pool);
  /* A run that was made before has all of its weights, and may lack what they came from. */
  if (!s->dir) st = at_session_import(s, err);
  if (st == AT_OK && !s->dir) st = at_weights_import(s->params, s->vocab, messages, err);
  if (st == AT_OK) st = spell(s, "data.reader", s->reader, s->reader_options, err);
  if (st == AT_OK) st = spell(s, "task", s->task, s->task_options, err);
  return st == AT_OK ? spell_metrics(s, err) : st;
}

static at_status copy_run(const at_run *run, at_run **out, at_error *err) {
  at_status st = at_run_new(run->path, out, err);
  for (size_t i = 0; st == AT_OK && i < run->n; i++)
    st = at_run_put(*out, run->entry[i].key, run->entry[i].value, run->entry[i].place, err);
  return st;
}

at_status at_session_new(at_registry *reg, const at_run *run, int threads, at_session **out,
                         at_text *messages, at_error *err) {
  at_session *s = calloc(1, sizeof *s);
  *out = NULL;
  if (!s) return at_nomem(err);
  s->reg = reg;
  at_status st = copy_run(run, &s->run, err);
  if (st == AT_OK) st = bring_up(s, threads, messages, err);
  if (st == AT_OK)
    *out = s;
  else
    at_session_free(s);
  return st;
}

at_status at_session_check(at_registry *reg, const at_run *run, at_text *messages, at_error *err) {
  at_session *s = calloc(1, sizeof *s);
  at_graph *probe = NULL;
  at_dsl_env env;
  if (!s) return at_nomem(err);
  s->reg = reg;
  at_status st = copy_run(run, &s->run, err);
  if (st == AT_OK) st = find_plugins(s, err);
  if (st == AT_OK) st = probe_model(s, &env, &probe, messages, err);
  at_graph_free(probe);
  at_session_free(s);
  return st;
}

/* What a trained model can be asked anew; all else is as it was trained. */
static at_status check_set(const char *const *set, size_t n, at_error *err) {
  static const char *const open[] = {"metrics=", "task=", "data.reader=", "data.splits."};
  for (size_t i = 0; i < n; i++) {
    bool may = false;
    for (size_t k = 0; k < sizeof open / sizeof *open; k++)
      may |= !strncmp(set[i], open[k], strlen(open[k]));
    if (!may)
      return at_fail(err, AT_EINPUT,
                     "--set %s: of a trained model only `metrics`, `task`, `data.reader` and "
                     "`data.splits` can be set",
                     set[i]);
  }
  return AT_OK;
}

at_status at_session_open(at_registry *reg, const char *dir, int threads, at_session **out,
                          at_text *messages, at_error *err) {
  return at_session_open_set(reg, dir, NULL, 0, threads, out, messages, err);
}

at_status at_session_open_set(at_registry *reg, const char *dir, const char *const *set,
                              size_t n_set, int threads, at_session **out, at_text *messages,
                              at_error *err) {
  char *run = at_rundir_path(dir, "run.yaml");
  at_session *s = calloc(1, sizeof *s);
  at_status st = AT_OK;
  *out = NULL;
  if (!run || !s || !(s->dir = strdup(dir))) {
    st = at_nomem(err);
    goto out;
  }
  s->reg = reg;
  if (!at_file_exists(run)) {
    st = at_fail(err, AT_EINPUT, "%s: there is no run.yaml here; this is no run directory", dir);
    goto out;
  }
  if ((st = check_set(set, n_set, err)) != AT_OK) goto out;
  if ((st = at_run_load(run, set, n_set, &s->run, err)) != AT_OK) goto out;
  s->folder = s->dir;
  if ((st = bring_up(s, threads, messages, err)) != AT_OK) goto out;
  at_rundir_compare_plugins(s, dir);
  st = at_trained_weights(dir, s->run, s->params, err);
out:
  free(run);
  if (st == AT_OK)
    *out = s;
  else
    at_session_free(s);
  return st;
}

void at_session_free(at_session *s) {
  if (!s) return;
  at_session_ahead_end(s);
  at_exec_free(s->train);
  at_exec_free(s->eval);
  at_exec_free(s->look);
  at_exec_free(s->judge);
  at_stepping_free(s->stepping);
  at_network_free(s->network);
  at_memory_free(s);
  at_params_free(s->params);
  at_graph_free(s->training);
  at_graph_free(s->graph);
  for (size_t i = 0; i < s->n_caches; i++) at_cache_free(s->cache[i]);
  free(s->cache);
  at_session_free_early(s);
  for (int f = 0; f < AT_MAX_FEEDS; f++) {
    free(s->buffer[f]);
    free(s->offsets[f]);
  }
  at_task_close(s->task, s->task_state);
  at_session_free_kept(s);
  at_vocab_free(s->vocab);
  at_labels_free(&s->labels);
  at_dataset_close(s->data);
  at_options_free(s->reader_options);
  at_options_free(s->task_options);
  for (size_t i = 0; i < s->n_metrics; i++) at_options_free(s->metric_options[i]);
  free(s->metric);
  free(s->metric_options);
  at_pool_free(s->pool);
  at_run_free(s->run);
  free(s->dir);
  free(s->outcome);
  free(s->followed);
  at_arena_free(s->arena);
  free(s);
}

/* ---- asking ---- */

const char *at_session_outcome(const at_session *s) { return s->outcome; }
const at_run *at_session_run(const at_session *s) { return s->run; }
const at_graph *at_session_graph(const at_session *s) { return s->graph; }
at_params *at_session_params(at_session *s) { return s->params; }
const at_dataset *at_session_dataset(const at_session *s) { return s->data; }

/* The readers' usual names of a split for a role that the run leaves open. */
static const char *usual_split(const at_session *s, const char *role) {
  static const char *const validation[] = {"validation", "val", "dev", "valid", NULL};
  static const char *const test[] = {"test", NULL};
  const char *const *names = !strcmp(role, "validation") ? validation : test;
  size_t n;
  const at_table *t = at_dataset_tables(s->data, &n);
  for (; *names; names++)
    for (size_t i = 0; i < n; i++)
      if (!strcmp(t[i].split, *names)) return t[i].split;
  return role;
}

const char *at_session_split(const at_session *s, const char *role) {
  char key[64];
  if (strcmp(role, "train") && strcmp(role, "validation") && strcmp(role, "test")) return role;
  snprintf(key, sizeof key, "data.splits.%s", role);
  const char *name = at_run_get(s->run, key);
  return name && *name ? name : usual_split(s, role);
}
