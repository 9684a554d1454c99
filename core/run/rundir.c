/* Run directories: what is written beside the weights. */
#include <dirent.h>
#include <inttypes.h>
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>
#include "config.h"
#include "core/base/file.h"
#include "core/base/log.h"
#include "core/level/level.h"
#include "core/run/run_impl.h"

char *at_rundir_path(const char *dir, const char *name) { return at_path_join(dir, name); }

/* Takes the reference to `j`.  The caller frees; NULL: out of memory. */
static char *json_lines(json_t *j) {
  char *text =
      j ? json_dumps(j, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(12)) : NULL;
  at_text t = {0};
  if (text) at_text_addf(&t, "%s\n", text);
  if (t.failed) at_text_free(&t);
  free(text);
  json_decref(j);
  return t.data;
}

/* ---- making one ---- */

/* The model and what it includes. */
static at_status copy_model(at_session *s, at_bundle *to, at_error *err) {
  at_dsl_file *v;
  size_t n;
  at_status st = at_dsl_gather(s->arena, &s->source, "model.att", &v, &n, err);
  for (size_t i = 0; st == AT_OK && i < n; i++)
    st = at_bundle_add(to, v[i].name, strdup(v[i].text), err);
  return st;
}

/* The resolved run, its model the copy that lies beside it. */
static char *resolved_text(at_session *s) {
  const at_entry *e = at_run_entry(s->run, "model");
  const char *value = e->value, *place = e->place;
  at_run_put(s->run, "model", "model.att", place, NULL);
  char *text = at_run_text(s->run);
  at_run_put(s->run, "model", value, place, NULL);
  return text;
}

static json_t *plugin_json(const at_item *it) {
  return json_pack("{s:s, s:s, s:s, s:s, s:s}", "kind", at_kind_name((attune_kind)it->item->kind),
                   "name", it->item->name, "version", it->plugin->version, "path", it->path,
                   "sha256", at_item_sha256(it));
}

static at_status write_plugins(at_session *s, at_bundle *to, at_error *err) {
  json_t *j = json_array();
  json_array_append_new(j, plugin_json(s->reader));
  json_array_append_new(j, plugin_json(s->task));
  for (size_t i = 0; i < s->n_metrics; i++) json_array_append_new(j, plugin_json(s->metric[i]));
  for (int i = 0; i < s->graph->n_attend; i++) {
    const at_item *it;
    char *name = NULL;
    at_option_value *v = NULL;
    size_t n;
    if (at_spec_parse(s->graph->attend[i].score_name, &name, &v, &n, NULL) == AT_OK &&
        at_registry_find(s->reg, ATTUNE_SCORE, name, &it, NULL) == AT_OK)
      json_array_append_new(j, plugin_json(it));
    free(name);
    free(v);
  }
  return at_bundle_add(to, "plugins.json", json_lines(j), err);
}

static const at_item *item_of(at_session *s, const json_t *of) {
  const char *kind = json_string_value(json_object_get(of, "kind")),
             *name = json_string_value(json_object_get(of, "name"));
  const at_item *it;
  for (int k = ATTUNE_SCORE; kind && name && k <= ATTUNE_DATA; k++)
    if (!strcmp(kind, at_kind_name((attune_kind)k)) &&
        at_registry_find(s->reg, (attune_kind)k, name, &it, NULL) == AT_OK)
      return it;
  return NULL;
}

void at_rundir_compare_plugins(at_session *s, const char *dir) {
  char *path = at_rundir_path(dir, "plugins.json");
  json_t *all = path ? json_load_file(path, 0, NULL) : NULL;
  for (size_t i = 0; i < json_array_size(all); i++) {
    const json_t *of = json_array_get(all, i);
    const char *was = json_string_value(json_object_get(of, "sha256"));
    const at_item *it = item_of(s, of);
    if (it && was && strcmp(was, at_item_sha256(it)))
      at_log(AT_LOG_WARN,
             "%s: the %s `%s` is another file than the one that the run began with (%s, sha256 "
             "%.12s, then %.12s): numbers may differ",
             dir, at_kind_name((attune_kind)it->item->kind), it->item->name, it->path,
             at_item_sha256(it), was);
  }
  json_decref(all);
  free(path);
}

static json_t *processor_name(void) {
  char line[512];
  json_t *out = NULL;
  FILE *fp = fopen("/proc/cpuinfo", "r");
  while (fp && !out && fgets(line, sizeof line, fp)) {
    char *colon = strchr(line, ':');
    if (strncmp(line, "model name", 10) || !colon) continue;
    line[strcspn(line, "\n")] = 0;
    out = json_string(colon + 2);
  }
  if (fp) fclose(fp);
  return out ? out : json_string("unknown");
}

static at_status write_machine(at_session *s, at_bundle *to, at_error *err) {
  struct utsname u = {0};
  uname(&u);
  json_t *j =
      json_pack("{s:s, s:s, s:s, s:s, s:s, s:o, s:i, s:I}", "attune", PACKAGE_VERSION,
                "instructions", at_level(), "system", u.sysname, "release", u.release, "machine",
                u.machine, "processor", processor_name(), "threads", at_pool_threads(s->pool),
                "processors", (json_int_t)sysconf(_SC_NPROCESSORS_ONLN));
  return at_bundle_add(to, "machine.json", json_lines(j), err);
}

static bool has_entries(const char *dir) {
  DIR *d = opendir(dir);
  bool any = false;
  for (struct dirent *e; d && (e = readdir(d));)
    any |= strcmp(e->d_name, ".") && strcmp(e->d_name, "..");
  if (d) closedir(d);
  return any;
}

/* Lines of a run file that no number hangs on. */
static bool decides_nothing(const char *line) {
  return !strncmp(line, "threads:", 8) || !strncmp(line, "  memory:", 9);
}

/* A directory to resume must hold the same run: seconds of difference in anything that
 * decides the numbers would make its results a mixture. */
static at_status same_run(const char *dir, const char *text, at_error *err) {
  char *path = at_rundir_path(dir, "run.yaml"), *old = NULL;
  size_t n;
  at_status st = path ? at_file_read(path, (size_t)1 << 20, &old, &n, err) : at_nomem(err);
  const char *a = text, *b = old;
  while (st == AT_OK && *a && *b) {
    size_t la = strcspn(a, "\n"), lb = strcspn(b, "\n");
    const bool free_key = decides_nothing(a) && decides_nothing(b);
    if (!free_key && (la != lb || strncmp(a, b, la)))
      st = at_fail(err, AT_EINPUT,
                   "%s: it was made by another run (it has \"%.*s\", now \"%.*s\"); "
                   "choose another --out",
                   dir, (int)lb, b, (int)la, a);
    a += la + (a[la] == '\n');
    b += lb + (b[lb] == '\n');
  }
  if (st == AT_OK && (*a || *b))
    st = at_fail(err, AT_EINPUT, "%s: it was made by another run; choose another --out", dir);
  free(path);
  free(old);
  return st;
}

static at_status write_words(const at_session *s, at_bundle *to, at_error *err) {
  char *text;
  at_status st = at_vocab_text(s->vocab, &text, err);
  if (st != AT_OK) at_error_prefix(err, "vocabulary.json");
  return st == AT_OK ? at_bundle_add(to, "vocabulary.json", text, err) : st;
}

static at_status gather(at_session *s, at_bundle *to, at_error *err) {
  at_status st = copy_model(s, to, err);
  if (st == AT_OK && s->vocab) st = write_words(s, to, err);
  if (st == AT_OK && s->labels.field) st = at_labels_write(&s->labels, to, err);
  if (st == AT_OK) st = at_session_write_kept(s, to, err);
  if (st == AT_OK) st = write_plugins(s, to, err);
  return st == AT_OK ? write_machine(s, to, err) : st;
}

at_status at_rundir_prepare(at_session *s, const char *dir, bool resume, at_bundle **files,
                            at_error *err) {
  char *text = resolved_text(s), *run = at_rundir_path(dir, "run.yaml");
  at_status st = text && run ? AT_OK : at_nomem(err);
  *files = NULL;
  if (st == AT_OK && has_entries(dir) && !resume)
    st = at_fail(err, AT_EINPUT,
                 "%s: this folder is not empty; continue its run with --resume, or choose "
                 "another --out",
                 dir);
  if (st == AT_OK && resume && at_file_exists(run)) {
    st = same_run(dir, text, err);
    if (st == AT_OK) at_rundir_compare_plugins(s, dir);
    goto out;
  }
  if (st == AT_OK) st = at_mkdirs(dir, err);
  if (st == AT_OK) st = at_bundle_new(dir, files, err);
  if (st == AT_OK) st = gather(s, *files, err);
  if (st == AT_OK) {
    st = at_bundle_add(*files, "run.yaml", text, err);
    text = NULL;
  }
  if (st == AT_OK) at_bundle_begin(*files);
out:
  free(text);
  free(run);
  return st;
}

/* ---- metrics.jsonl ---- */

static at_status append_json(const char *dir, json_t *j, at_error *err) {
  char *path = at_rundir_path(dir, "metrics.jsonl");
  char *text =
      j ? json_dumps(j, JSON_COMPACT | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(9)) : NULL;
  FILE *fp = path && text ? fopen(path, "a") : NULL;
  at_status st = AT_OK;
  if (!path || !text)
    st = at_nomem(err);
  else if (!fp || fprintf(fp, "%s\n", text) < 0 || fflush(fp) || ferror(fp))
    st = at_fail(err, AT_EFAIL, "%s: cannot be written", path);
  if (fp && fclose(fp) && st == AT_OK) st = at_fail(err, AT_EFAIL, "%s: cannot be written", path);
  free(path);
  free(text);
  json_decref(j);
  return st;
}

/* NULL, which packs as nothing, where the model has one loss. */
static json_t *by_objective(const at_graph *g, const double *v) {
  json_t *j = g->n_objective ? json_object() : NULL;
  for (int i = 0; i < g->n_objective; i++)
    json_object_set_new(j, g->objective[i].name, json_real(v[i]));
  return j;
}

at_status at_rundir_log_train(const at_session *s, const char *dir, const at_train_line *l,
                              at_error *err) {
  return append_json(
      dir,
      json_pack("{s:s, s:I, s:I, s:f, s:o*, s:f, s:f, s:o*, s:f, s:f}", "kind", "train", "epoch",
                (json_int_t)l->epoch, "step", (json_int_t)l->step, "loss", l->loss, "losses",
                by_objective(s->graph, l->losses), "learning_rate", l->rate, "gradient_norm",
                l->norm, "gradient_norms", by_objective(s->graph, l->norms), "examples_per_second",
                l->examples_per_second, "seconds", l->seconds),
      err);
}

static json_t *values_json(const at_result *r, size_t n) {
  json_t *j = json_object();
  for (size_t i = 0; i < n; i++) json_object_set_new(j, r[i].name, json_real(r[i].value));
  return j;
}

at_status at_rundir_log_evaluation(const char *dir, const char *split, int64_t epoch, int64_t step,
                                   const at_result *r, size_t n, double seconds, at_error *err) {
  return append_json(dir,
                     json_pack("{s:s, s:s, s:I, s:I, s:o, s:f}", "kind", "evaluate", "split", split,
                               "epoch", (json_int_t)epoch, "step", (json_int_t)step, "results",
                               values_json(r, n), "seconds", seconds),
                     err);
}

at_status at_rundir_log_stop(const char *dir, int64_t epoch, int64_t step, const char *metric,
                             int64_t evaluations, int64_t best_step, double seconds,
                             at_error *err) {
  return append_json(
      dir,
      json_pack("{s:s, s:I, s:I, s:s, s:I, s:I, s:f}", "kind", "stop", "epoch", (json_int_t)epoch,
                "step", (json_int_t)step, "metric", metric, "evaluations", (json_int_t)evaluations,
                "best_step", (json_int_t)best_step, "seconds", seconds),
      err);
}

at_status at_rundir_trim_log(const char *dir, int64_t step, int64_t evaluated, double *seconds,
                             at_error *err) {
  char *path = at_rundir_path(dir, "metrics.jsonl"), *text = NULL;
  at_text kept = {0};
  size_t n;
  at_status st = AT_OK;
  *seconds = 0;
  if (!path) return at_nomem(err);
  if (!at_file_exists(path)) goto out;
  if ((st = at_file_read(path, (size_t)1 << 30, &text, &n, err)) != AT_OK) goto out;
  for (char *line = text; *line;) {
    char *end = strchr(line, '\n');
    if (!end) break; /* the last line was cut short */
    json_t *j = json_loadb(line, (size_t)(end - line), 0, NULL);
    json_int_t at = json_integer_value(json_object_get(j, "step"));
    const char *split = json_string_value(json_object_get(j, "split"));
    const char *kind = json_string_value(json_object_get(j, "kind"));
    bool trains = kind && !strcmp(kind, "train");
    bool last = split && !strcmp(split, "test"); /* written again at the end */
    if (j && at <= (trains ? step : evaluated) && !last) {
      at_text_addn(&kept, line, (size_t)(end + 1 - line));
      *seconds = json_real_value(json_object_get(j, "seconds"));
    }
    json_decref(j);
    line = end + 1;
  }
  st = kept.failed ? at_nomem(err) : at_file_write(path, kept.data ? kept.data : "", kept.len, err);
out:
  at_text_free(&kept);
  free(text);
  free(path);
  return st;
}

/* ---- results.json ---- */

static json_t *results_json(const at_result *r, size_t n) {
  json_t *j = json_object();
  for (size_t i = 0; i < n; i++)
    json_object_set_new(
        j, r[i].name,
        json_pack("{s:f, s:i}", "value", r[i].value, "higher_is_better", r[i].higher_is_better));
  return j;
}

at_status at_rundir_results(at_session *s, const char *dir, const at_run_end *end, at_error *err) {
  json_t *run = json_object(), *splits = json_object();
  json_int_t count = 0;
  for (size_t i = 0; i < s->run->n; i++)
    json_object_set_new(run, s->run->entry[i].key, json_string(s->run->entry[i].value));
  if (end->validation)
    json_object_set_new(splits, "validation", results_json(end->validation, end->n_validation));
  if (end->test) json_object_set_new(splits, "test", results_json(end->test, end->n_test));
  for (int i = 0; i < s->graph->n_param; i++) count += (json_int_t)s->params->size[i];
  char *path = at_rundir_path(dir, "results.json");
  char *text = json_lines(
      json_pack("{s:s, s:o, s:o, s:f, s:I, s:I, s:I, s:b, s:I}", "attune", PACKAGE_VERSION, "run",
                run, "split", splits, "seconds", end->seconds, "steps", (json_int_t)end->steps,
                "best_epoch", (json_int_t)end->best_epoch, "best_step", (json_int_t)end->best_step,
                "stopped_early", (int)end->stopped_early, "parameters", count));
  at_status st = path && text ? at_file_write(path, text, strlen(text), err) : at_nomem(err);
  free(path);
  free(text);
  return st;
}
