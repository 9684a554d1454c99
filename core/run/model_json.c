/* A model as JSON. Sizes that only data know are null where none was found. */
#include <jansson.h>
#include <stdlib.h>
#include "core/run/model.h"

static json_t *size_or_null(int64_t n) { return n >= 0 ? json_integer(n) : json_null(); }

static json_t *axes_of(const at_graph *g, const at_node *n) {
  json_t *a = json_array();
  for (int d = 0; d < n->ndim; d++)
    json_array_append_new(a, n->dim[d].axis >= 0 ? json_string(g->axis[n->dim[d].axis].name)
                                                 : size_or_null(n->dim[d].size));
  return a;
}

static void set_place(json_t *o, const at_model *m, at_span span) {
  int line;
  const char *path = at_model_place(m, span, &line);
  if (!path) return;
  json_object_set_new(o, "file", json_string(path));
  json_object_set_new(o, "line", json_integer(line));
}

static json_t *axes(const at_model *m) {
  json_t *all = json_array();
  for (int i = 0; i < m->g->n_axis; i++) {
    const at_axis *a = &m->g->axis[i];
    json_t *o = json_pack("{s:s, s:s}", "name", a->name, "kind", at_axis_kind_name(a->kind));
    if (a->parent >= 0)
      json_object_set_new(o, "ragged_over", json_string(m->g->axis[a->parent].name));
    set_place(o, m, a->origin);
    json_array_append_new(all, o);
  }
  return all;
}

static json_t *value(const at_model *m, const char *name, const at_node *n) {
  json_t *o =
      json_pack("{s:s, s:s, s:o}", "name", name, "operator", n->op->name, "axes", axes_of(m->g, n));
  if (n->module) json_object_set_new(o, "module", json_string(n->module));
  set_place(o, m, n->span);
  return o;
}

static json_t *inputs(const at_model *m) {
  json_t *all = json_array();
  for (int i = 0; i < m->g->n_input; i++) {
    const at_node *n = m->g->input[i];
    json_t *o = value(m, n->name, n);
    json_object_set_new(o, "type", json_string(n->type == AT_TOKEN ? "token" : "real"));
    if (n->type == AT_TOKEN) json_object_set_new(o, "vocabulary", size_or_null(n->vocabulary));
    json_array_append_new(all, o);
  }
  return all;
}

static json_t *values(const at_model *m) {
  json_t *all = json_array();
  for (int i = 0; i < m->g->n_node; i++)
    if (m->g->node[i]->name && !at_node_is_input(m->g->node[i]))
      json_array_append_new(all, value(m, m->g->node[i]->name, m->g->node[i]));
  return all;
}

static json_t *outputs(const at_model *m) {
  json_t *all = json_array();
  for (int i = 0; i < m->g->n_output; i++)
    json_array_append_new(all, value(m, m->g->output[i].name, m->g->output[i].node));
  return all;
}

static json_t *losses(const at_model *m) {
  json_t *all = json_array();
  if (m->g->loss) json_array_append_new(all, value(m, "loss", m->g->loss));
  for (int i = 0; i < m->g->n_objective; i++) {
    const at_objective *b = &m->g->objective[i];
    json_t *o = value(m, b->name, b->node), *u = json_array();
    for (int k = 0; k < b->n_updates; k++) json_array_append_new(u, json_string(b->updates[k]));
    json_object_set_new(o, "updates", u);
    json_array_append_new(all, o);
  }
  return all;
}

static json_t *attention(const at_model *m) {
  const at_graph *g = m->g;
  json_t *all = json_array();
  for (int i = 0; i < g->n_attend; i++) {
    const at_attend *a = &g->attend[i];
    json_array_append_new(
        all, json_pack("{s:s, s:s, s:s, s:s, s:I, s:o, s:o, s:o, s:o}", "name", a->name, "score",
                       a->score_name, "over", g->axis[a->over].name, "along",
                       g->axis[a->along].name, "heads", (json_int_t)at_model_heads(m, a), "query",
                       axes_of(g, a->query), "key", axes_of(g, a->key), "value",
                       axes_of(g, a->value), "weights", axes_of(g, a->weight)));
  }
  return all;
}

static json_t *parameters(const at_model *m) {
  json_t *all = json_array();
  for (int i = 0; i < m->g->n_param; i++) {
    const at_node *p = at_model_param(m, i);
    json_t *o =
        json_pack("{s:s, s:o, s:o, s:b, s:b}", "name", p->pname, "shape", axes_of(m->g, p), "count",
                  size_or_null(at_model_param_count(m, i)), "frozen", p->frozen, "state", p->state);
    set_place(o, m, p->span);
    json_array_append_new(all, o);
  }
  return all;
}

static json_t *sizes(const at_model *m) {
  json_t *all = json_array();
  for (int i = 0; i < m->n_size; i++)
    json_array_append_new(
        all, json_pack("{s:s, s:s, s:I, s:b}", "name", m->size[i].name, "what",
                       m->size[i].vocabulary ? "vocabulary"
                       : m->size[i].ragged   ? "length"
                                             : "size",
                       "size", (json_int_t)m->size[i].size, "assumed", m->size[i].assumed));
  return all;
}

static at_status parts(const at_model *m, json_t *root, at_error *err) {
  at_model_part *v, all;
  size_t n;
  at_status s = at_model_parts(m, &v, &n, &all, err);
  json_t *list = json_array();
  for (size_t i = 0; s == AT_OK && i < n; i++)
    json_array_append_new(
        list, json_pack("{s:s%, s:I, s:I}", "name", v[i].name, (size_t)v[i].size, "trained",
                        (json_int_t)v[i].trained, "frozen", (json_int_t)v[i].frozen));
  json_object_set_new(root, "parts", list);
  json_object_set_new(root, "trained", json_integer(s == AT_OK ? all.trained : 0));
  json_object_set_new(root, "frozen", json_integer(s == AT_OK ? all.frozen : 0));
  return s;
}

static json_t *cost(const at_model *m, int64_t batch) {
  if (!m->sized) return json_pack("{s:s}", "why_not", m->why.message);
  const double flops = at_exec_flops(m->train), bytes = at_model_values(m), n = (double)batch;
  return json_pack("{s:I, s:f, s:f, s:f, s:f, s:I, s:I}", "batch", (json_int_t)batch, "flops",
                   flops, "flops_per_example", flops / n, "value_bytes", bytes,
                   "value_bytes_per_example", bytes / n, "plan_bytes_training",
                   (json_int_t)at_exec_bytes(m->step ? m->step : m->train), "plan_bytes_inference",
                   (json_int_t)at_exec_bytes(m->infer));
}

static at_status add_lines(const at_model *m, json_t *root, at_error *err) {
  at_model_line *v;
  size_t n;
  at_status s = at_model_lines(m, &v, &n, err);
  json_t *all = json_array();
  for (size_t i = 0; s == AT_OK && i < n; i++)
    json_array_append_new(
        all, json_pack("{s:s, s:i, s:s%, s:I, s:f, s:f}", "file", v[i].path, "line", v[i].line,
                       "text", v[i].text, (size_t)v[i].size, "parameters", (json_int_t)v[i].params,
                       "flops", v[i].flops, "value_bytes", v[i].bytes));
  json_object_set_new(root, "lines", all);
  return s;
}

at_status at_model_json(const at_model *m, int64_t batch, bool lines, at_text *out, at_error *err) {
  json_t *root = json_pack("{s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "model",
                           m->g->name, "axes", axes(m), "inputs", inputs(m), "values", values(m),
                           "outputs", outputs(m), "losses", losses(m), "attention", attention(m),
                           "parameters", parameters(m), "sizes", sizes(m), "cost", cost(m, batch));
  if (!root) return at_nomem(err);
  at_status s = parts(m, root, err);
  if (s == AT_OK && lines) s = add_lines(m, root, err);
  char *text = s == AT_OK ? json_dumps(root, JSON_INDENT(1) | JSON_REAL_PRECISION(17)) : NULL;
  json_decref(root);
  if (s == AT_OK && !text) return at_nomem(err);
  if (text) at_text_addf(out, "%s\n", text);
  free(text);
  return s == AT_OK && out->failed ? at_nomem(err) : s;
}
