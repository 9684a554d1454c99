/* Which metrics read what was measured. */
#include <stdlib.h>
#include <string.h>
#include "core/explain/explain_impl.h"

static const char *task_of(const at_item *it) {
  return ((const attune_metric *)(const void *)it->item)->task;
}

/* Those of the task `compare` need another run to compare with. */
static bool compares(const at_item *it) {
  return it->item->kind == ATTUNE_METRIC && task_of(it) && !strcmp(task_of(it), "compare");
}

static bool explains(const at_item *it) {
  return it->item->kind == ATTUNE_METRIC && task_of(it) && !strcmp(task_of(it), "explain");
}

void at_chosen_free(at_chosen *c) {
  for (size_t i = 0; i < c->n; i++) at_options_free(c->metric[i].options);
  free(c->metric);
  free(c->order);
  memset(c, 0, sizeof *c);
}

static at_status add(at_chosen *c, const char *name, const at_item *it, const at_option_value *v,
                     size_t n, at_error *err) {
  at_chosen_metric *m = realloc(c->metric, (c->n + 1) * sizeof *m);
  if (!m) return at_nomem(err);
  c->metric = m;
  m[c->n] = (at_chosen_metric){.name = name, .item = it};
  at_status st = at_options_new(it, v, n, ".", &m[c->n].options, err);
  if (st == AT_OK) c->n++;
  return st;
}

static at_status add_spec(at_registry *reg, const char *spec, bool other, at_chosen *c,
                          at_error *err) {
  char *name = NULL;
  at_option_value *v = NULL;
  size_t n = 0;
  const at_item *it = NULL;
  at_status st = at_spec_parse(spec, &name, &v, &n, err);
  if (st == AT_OK) st = at_registry_find(reg, ATTUNE_METRIC, name, &it, err);
  if (st == AT_OK && compares(it) && !other)
    st = at_fail(err, AT_EINPUT, "the metric `%s` compares two runs; the other one is not given",
                 name);
  if (st == AT_OK && !explains(it) && !compares(it))
    st = at_fail(err, AT_EINPUT, "the metric `%s` is for the task `%s`; it reads no attention",
                 name, task_of(it) ? task_of(it) : "");
  if (st == AT_OK) st = add(c, spec, it, v, n, err);
  free(name);
  free(v);
  return st;
}

static at_status add_all(at_registry *reg, bool other, at_chosen *c, at_error *err) {
  const at_item *items;
  size_t n;
  at_status st = at_registry_list(reg, &items, &n, NULL, err);
  for (size_t i = 0; st == AT_OK && i < n; i++)
    if (explains(&items[i]) || (other && compares(&items[i])))
      st = add(c, items[i].item->name, &items[i], NULL, 0, err);
  return st;
}

static void add_order(at_chosen *c, const char *map) {
  for (size_t i = 0; i < c->n_orders; i++)
    if (!strcmp(c->order[i], map)) return;
  c->order[c->n_orders++] = map;
}

/* An option that a metric does not have is an empty text. */
static at_status find_orders(const at_explain_options *o, at_chosen *c, at_error *err) {
  c->order = calloc(c->n + o->n_orders + 1, sizeof *c->order);
  if (!c->order) return at_nomem(err);
  for (size_t i = 0; i < o->n_orders; i++) add_order(c, o->order[i]);
  for (size_t i = 0; i < c->n; i++) {
    const char *map = at_plugin_host()->option_text(c->metric[i].options, "order");
    if (*map && strcmp(map, "weight")) add_order(c, map);
  }
  return AT_OK;
}

at_status at_chosen_find(at_registry *reg, const at_explain_options *o, at_chosen *out,
                         at_error *err) {
  at_status st = o->n_metrics ? AT_OK : add_all(reg, o->other, out, err);
  for (size_t i = 0; st == AT_OK && i < o->n_metrics; i++)
    st = add_spec(reg, o->metric[i], o->other, out, err);
  if (st == AT_OK) st = find_orders(o, out, err);
  if (st != AT_OK) at_chosen_free(out);
  return st;
}
