/* attune check, attune show: a model by itself. */
#include <inttypes.h>
#include <string.h>
#include "cli/cli.h"
#include "core/base/text.h"
#include "dsl/dsl.h"

static at_status load(const char *path, const cli_list *set, at_registry **reg, at_graph **g,
                      at_error *err) {
  at_text messages = {0};
  at_status s = at_registry_new(NULL, 0, reg, err);
  if (s != AT_OK) return s;
  at_dsl_env env = {.ctx = *reg,
                    .compose = at_plugin_compose,
                    .score_names = at_plugin_score_names,
                    .set = set->v,
                    .n_set = set->n};
  s = at_dsl_load(path, &env, g, &messages, err);
  if (messages.data) fputs(messages.data, stderr);
  at_text_free(&messages);
  return s;
}

int cli_check(int argc, char **argv) {
  cli_list set = {.n = 0}, rest;
  bool done;
  const cli_option options[] = {{"set", 's', CLI_LIST, &set, 0, 0}, {0}};
  int rc = cli_parse(argc, argv, options, &rest, 1, CLI_MOST, &done);
  if (rc || done) return rc;
  for (size_t i = 0; i < rest.n; i++) {
    at_registry *reg = NULL;
    at_graph *g = NULL;
    at_error err = {0};
    if (load(rest.v[i], &set, &reg, &g, &err) != AT_OK)
      rc = cli_fail(&err);
    else
      printf("%s: model %s is fine\n", rest.v[i], g->name);
    at_graph_free(g);
    at_registry_free(reg);
  }
  return rc ? rc : cli_done();
}

/* ---- show ---- */

static const char *init_text(const at_init *i, char *buf, size_t n) {
  switch (i->kind) {
    case AT_INIT_ZERO: snprintf(buf, n, "0"); break;
    case AT_INIT_CONST: snprintf(buf, n, "%g", i->scale); break;
    case AT_INIT_UNIFORM: snprintf(buf, n, "U(-%.4g, %.4g)", i->scale, i->scale); break;
    case AT_INIT_NORMAL: snprintf(buf, n, "N(0, %.4g)", i->scale); break;
  }
  return buf;
}

/* "[1024, ?]" */
static const char *shape_text(const at_node *p, char *buf, size_t n) {
  size_t at = (size_t)snprintf(buf, n, "[");
  for (int d = 0; d < p->ndim && at < n; d++) {
    at += (size_t)snprintf(buf + at, n - at, d ? ", " : "");
    if (p->dim[d].size < 0)
      at += (size_t)snprintf(buf + at, n - at, "?");
    else
      at += (size_t)snprintf(buf + at, n - at, "%" PRId64, p->dim[d].size);
  }
  if (at < n) snprintf(buf + at, n - at, "]");
  return buf;
}

static int64_t count_of(const at_node *p) {
  int64_t c = 1;
  for (int d = 0; d < p->ndim; d++) c = c < 0 || p->dim[d].size < 0 ? -1 : c * p->dim[d].size;
  return c;
}

static void print_text(const at_graph *g, bool nodes) {
  char a[128], b[64];
  int64_t sum = 0;
  bool known = true;
  printf("model %s\n\naxes\n", g->name);
  for (int i = 0; i < g->n_axis; i++) {
    const at_axis *x = &g->axis[i];
    printf("  %-14s %s%s%s\n", x->name, at_axis_kind_name(x->kind),
           x->parent >= 0 ? ", ragged over " : "", x->parent >= 0 ? g->axis[x->parent].name : "");
  }
  printf("\ninputs\n");
  for (int i = 0; i < g->n_input; i++)
    printf("  %-14s %s %s\n", g->input[i]->name, g->input[i]->type == AT_TOKEN ? "token" : "real",
           at_node_axes_text(g, g->input[i]));
  printf("\noutputs\n");
  for (int i = 0; i < g->n_output; i++)
    printf("  %-14s %s\n", g->output[i].name, at_node_axes_text(g, g->output[i].node));
  for (int i = 0; i < g->n_attend; i++)
    printf("\nattend %s\n  score %s over %s along %s\n  weights %s\n", g->attend[i].name,
           g->attend[i].score_name, g->axis[g->attend[i].over].name,
           g->axis[g->attend[i].along].name, at_node_axes_text(g, g->attend[i].weight));
  printf("\nparameters\n");
  for (int i = 0; i < g->n_param; i++) {
    int64_t c = count_of(g->param[i]);
    known &= c >= 0;
    sum += c > 0 ? c : 0;
    printf("  %-28s %-16s %s\n", g->param[i]->pname, shape_text(g->param[i], a, sizeof a),
           init_text(&g->param[i]->init, b, sizeof b));
  }
  printf("  %s%" PRId64 " numbers%s\n", known ? "" : "at least ", sum,
         known ? "" : " (? is known from the data)");
  if (!nodes) return;
  printf("\nnodes\n");
  for (int i = 0; i < g->n_node; i++)
    if (!at_node_is_parameter(g->node[i]))
      printf("  %4d %-16s %-14s %s\n", i, g->node[i]->op->name,
             g->node[i]->name ? g->node[i]->name : "", at_node_axes_text(g, g->node[i]));
}

static void json_dims(const at_graph *g, const at_node *n) {
  printf("[");
  for (int d = 0; d < n->ndim; d++) {
    printf("%s", d ? ", " : "");
    if (n->dim[d].axis >= 0)
      cli_print_json_string(stdout, g->axis[n->dim[d].axis].name);
    else if (n->dim[d].size >= 0)
      printf("%" PRId64, n->dim[d].size);
    else
      printf("null");
  }
  printf("]");
}

static void print_json(const at_graph *g) {
  printf("{\"model\": ");
  cli_print_json_string(stdout, g->name);
  printf(", \"inputs\": {");
  for (int i = 0; i < g->n_input; i++) {
    printf("%s", i ? ", " : "");
    cli_print_json_string(stdout, g->input[i]->name);
    printf(": ");
    json_dims(g, g->input[i]);
  }
  printf("}, \"outputs\": {");
  for (int i = 0; i < g->n_output; i++) {
    printf("%s", i ? ", " : "");
    cli_print_json_string(stdout, g->output[i].name);
    printf(": ");
    json_dims(g, g->output[i].node);
  }
  printf("}, \"parameters\": {");
  for (int i = 0; i < g->n_param; i++) {
    printf("%s", i ? ", " : "");
    cli_print_json_string(stdout, g->param[i]->pname);
    printf(": ");
    json_dims(g, g->param[i]);
  }
  printf("}}\n");
}

int cli_show(int argc, char **argv) {
  cli_list set = {.n = 0}, rest;
  bool done, nodes = false, json = false;
  const cli_option options[] = {{"set", 's', CLI_LIST, &set, 0, 0},
                                {"nodes", 0, CLI_FLAG, &nodes, 0, 0},
                                {"json", 0, CLI_FLAG, &json, 0, 0},
                                {0}};
  int rc = cli_parse(argc, argv, options, &rest, 1, 1, &done);
  if (rc || done) return rc;
  at_registry *reg = NULL;
  at_graph *g = NULL;
  at_error err = {0};
  if (load(rest.v[0], &set, &reg, &g, &err) != AT_OK)
    rc = cli_fail(&err);
  else if (json)
    print_json(g);
  else
    print_text(g, nodes);
  at_graph_free(g);
  at_registry_free(reg);
  return rc ? rc : cli_done();
}
