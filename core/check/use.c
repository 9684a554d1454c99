/* Everything that an item does, once. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/text.h"
#include "core/check/check_impl.h"

bool ck_needs_options(ck *c) {
  attune_options *o = ck_options(c, c->spec);
  at_options_free(o);
  return !o;
}

static at_status use_score(ck *c) {
  static const ck_dims dims[] = {{CK_APART, 2, 3, 2, {2, 1}, 4}, {CK_SELF, 1, 1, 2, {3, 1}, 4}};
  for (size_t i = 0; i < sizeof dims / sizeof *dims; i++) {
    ck_net w;
    if (!ck_net_open(c, c->spec, &dims[i], NULL, &w)) return AT_EFAIL;
    float *grad = ck_weights(c, w.n);
    if (grad) {
      ck_net_forward(&w);
      ck_net_backward(&w, grad);
    }
    free(grad);
    ck_net_close(&w);
  }
  attune_form f;
  return at_plugin_form(c->reg, c->spec, 4, &f, &c->err);
}

static at_status use_task(ck *c) {
  attune_options *o = ck_options(c, c->spec);
  ck_world *w = o ? ck_world_for(c, c->item, o, NULL) : NULL;
  ck_at("epoch");
  at_status s = w   ? at_task_epoch(c->item, o, ck_world_ops(w), 0, &c->err)
                : o ? c->err.code
                    : AT_EINPUT;
  ck_at("%s", "");
  ck_world_free(w);
  at_options_free(o);
  return s;
}

/* What a task with its defaults predicts in a world of its own: one of this file, or of those that
 * are found. */
static attune_prediction *predicted_by(ck *c, const char *name) {
  at_registry *all = NULL;
  const at_item *task;
  attune_prediction *p = NULL;
  at_status s = at_registry_find(c->reg, ATTUNE_TASK, name, &task, &c->err);
  if (s != AT_OK) s = at_registry_new(NULL, 0, &all, &c->err);
  if (s == AT_OK && all) s = at_registry_find(all, ATTUNE_TASK, name, &task, &c->err);
  c->no_task = s != AT_OK;
  attune_options *o = NULL;
  if (s == AT_OK) s = at_options_new(task, NULL, 0, NULL, &o, &c->err);
  if (s == AT_OK) ck_world_free(ck_world_for(c, task, o, &p));
  at_options_free(o);
  at_registry_free(all);
  return p;
}

static attune_prediction *make_input(ck *c) {
  const char *name = ((const attune_metric *)(const void *)c->item->item)->task;
  if (!name) {
    at_fail(&c->err, AT_EINPUT, "it names no task");
    return NULL;
  }
  if (!strcmp(name, "explain") || !strcmp(name, "compare"))
    return ck_explained(c->o->seed, 12, !strcmp(name, "compare"));
  attune_prediction *p = NULL;
  char one[64];
  for (; !p && *name; name += strspn(name, " ")) {
    const size_t n = strcspn(name, " ");
    snprintf(one, sizeof one, "%.*s", (int)n, name);
    p = predicted_by(c, one);
    name += n;
  }
  return p;
}

const attune_prediction *ck_metric_input(ck *c) {
  if (!c->input) c->input = make_input(c);
  return c->input;
}

bool ck_lacks_array(const ck *c) { return strstr(c->err.message, "predicted no array") != NULL; }

at_check_outcome ck_skip_array(ck *c) {
  at_text t = {0};
  attune_array a;
  const char *name;
  for (size_t i = 0; c->input && (name = at_prediction_name(c->input, i, &a)); i++)
    at_text_addf(&t, "%s%s", i ? ", " : "", name);
  const at_check_outcome out =
      ck_skip(c, "%s; predicted were %s", c->err.message, t.data ? t.data : "none");
  at_text_free(&t);
  return out;
}

static at_status use_metric(ck *c) {
  attune_options *o = ck_options(c, c->spec);
  const attune_prediction *p = o ? ck_metric_input(c) : NULL;
  at_results *r = p ? at_results_new() : NULL;
  at_result *seen = NULL;
  size_t n = 0;
  ck_at("what it makes of a prediction");
  at_status s = !r                        ? AT_EINPUT
                : at_metric_sees(c->item) ? ck_metric_seen(c, o, 4, p, &seen, &n)
                                          : at_metric_results(c->item, o, p, r, &c->err);
  ck_at("%s", "");
  free(seen);
  at_results_free(r);
  at_options_free(o);
  return s;
}

static at_status use_data(ck *c) {
  attune_options *o = ck_options(c, c->spec);
  at_dataset *d = NULL;
  ck_at("open");
  at_status s = o ? at_dataset_open(c->item, o, &d, &c->err) : AT_EINPUT;
  size_t n = 0, n_tables = 0;
  const at_field *f = s == AT_OK ? at_dataset_fields(d, &n) : NULL;
  const at_table *t = s == AT_OK ? at_dataset_tables(d, &n_tables) : NULL;
  for (size_t i = 0; s == AT_OK && i < n; i++)
    for (size_t k = 0; s == AT_OK && k < n_tables; k++)
      if (!strcmp(f[i].table, t[k].name) && t[k].rows) s = ck_read(c, d, &t[k], &f[i], 0, NULL);
  at_dataset_close(d);
  at_options_free(o);
  return s;
}

at_status ck_use(ck *c) {
  switch ((attune_kind)c->item->item->kind) {
    case ATTUNE_SCORE: return use_score(c);
    case ATTUNE_TASK: return use_task(c);
    case ATTUNE_METRIC: return use_metric(c);
    case ATTUNE_DATA: return use_data(c);
  }
  return AT_EFAIL;
}
