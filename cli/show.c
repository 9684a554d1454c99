/* attune show: what a model is, and what it costs. */
#include <inttypes.h>
#include <string.h>
#include "cli/cli.h"
#include "core/base/text.h"
#include "core/run/model.h"

/* ---- small texts ---- */

static const char *init_text(const at_init *i, char *buf, size_t n) {
  switch (i->kind) {
    case AT_INIT_ZERO: snprintf(buf, n, "0"); break;
    case AT_INIT_CONST: snprintf(buf, n, "%g", i->scale); break;
    case AT_INIT_UNIFORM: snprintf(buf, n, "U(-%.4g, %.4g)", i->scale, i->scale); break;
    case AT_INIT_NORMAL: snprintf(buf, n, "N(0, %.4g)", i->scale); break;
  }
  return buf;
}

/* "[?, 1024]"; "10000?" where only data know the size */
static const char *shape_text(const at_model *m, int param, char *buf, size_t n) {
  const at_node *p = at_model_param(m, param), *open = m->g->param[param];
  size_t at = (size_t)snprintf(buf, n, "[");
  for (int d = 0; d < p->ndim && at < n; d++) {
    char size[32] = "";
    if (p->dim[d].size >= 0) snprintf(size, sizeof size, "%" PRId64, p->dim[d].size);
    at += (size_t)snprintf(buf + at, n - at, "%s%s%s", d ? ", " : "", size,
                           open->dim[d].size < 0 ? "?" : "");
  }
  if (at < n) snprintf(buf + at, n - at, "]");
  return buf;
}

/* "scan.att:5": the file without its folders. */
static const char *place_text(const at_model *m, at_span span, char *buf, size_t n) {
  int line;
  const char *path = at_model_place(m, span, &line), *slash = path ? strrchr(path, '/') : NULL;
  snprintf(buf, n, "%.80s:%d", slash ? slash + 1 : path ? path : "", line);
  return path ? buf : "";
}

/* All sizes that values have along an axis: "4, 8"; "" when they are open. */
static const char *sizes_text(const at_graph *g, int axis, char *buf, size_t n) {
  int64_t seen[5];
  int k = 0;
  for (int i = 0; i < g->n_node && k < 5; i++) {
    int d = at_node_dim(g->node[i], axis), j = 0;
    if (d < 0 || g->node[i]->dim[d].size < 0) continue;
    while (j < k && seen[j] != g->node[i]->dim[d].size) j++;
    if (j == k) seen[k++] = g->node[i]->dim[d].size;
  }
  buf[0] = '\0';
  for (int j = 0; j < k; j++) {
    char one[32];
    snprintf(one, sizeof one, "%s%" PRId64, j ? ", " : "", seen[j]);
    strncat(buf, j < 4 ? one : ", ...", n - strlen(buf) - 1);
  }
  return buf;
}

/* ---- sections ---- */

static void print_axes(const at_model *m) {
  char place[128], sizes[160];
  printf("\naxes\n");
  for (int i = 0; i < m->g->n_axis; i++) {
    const at_axis *x = &m->g->axis[i];
    if (x->parent >= 0)
      snprintf(sizes, sizeof sizes, "ragged over %.100s", m->g->axis[x->parent].name);
    else if (x->kind == AT_BATCH || !*sizes_text(m->g, i, sizes, sizeof sizes))
      snprintf(sizes, sizeof sizes, "open");
    printf("  %-14s %-9s %-20s %s\n", x->name, at_axis_kind_name(x->kind), sizes,
           place_text(m, x->origin, place, sizeof place));
  }
}

static void print_inputs(const at_model *m) {
  printf("\ninputs\n");
  for (int i = 0; i < m->g->n_input; i++) {
    const at_node *n = m->g->input[i];
    printf("  %-14s %-6s %s", n->name, n->type == AT_TOKEN ? "token" : "real",
           at_node_axes_text(m->g, n));
    if (n->vocabulary >= 0) printf(" of %" PRId64 " ids", n->vocabulary);
    printf("\n");
  }
}

static void print_values(const at_model *m) {
  char place[128], name[200];
  printf("\nvalues\n");
  for (int i = 0; i < m->g->n_node; i++) {
    const at_node *n = m->g->node[i];
    if (!n->name || at_node_is_input(n)) continue;
    snprintf(name, sizeof name, "%.90s%s%.90s", n->module ? n->module : "", n->module ? "." : "",
             n->name);
    printf("  %-20s %-32s %-14s %s\n", name, at_node_axes_text(m->g, n), n->op->name,
           place_text(m, n->span, place, sizeof place));
  }
}

static void print_results(const at_model *m) {
  printf("\noutputs\n");
  for (int i = 0; i < m->g->n_output; i++)
    printf("  %-20s %s\n", m->g->output[i].name, at_node_axes_text(m->g, m->g->output[i].node));
  if (m->g->loss) printf("\nloss\n  %s\n", m->g->loss->op->name);
  if (m->g->n_objective) printf("\nlosses\n");
  for (int i = 0; i < m->g->n_objective; i++) {
    const at_objective *o = &m->g->objective[i];
    printf("  %-20s %s; moves", o->name, o->node->op->name);
    for (int k = 0; k < o->n_updates; k++) printf("%s %s", k ? "," : "", o->updates[k]);
    printf("%s\n", o->n_updates ? "" : " all");
  }
}

static void print_attention(const at_model *m) {
  const at_graph *g = m->g;
  for (int i = 0; i < g->n_attend; i++) {
    const at_attend *a = &g->attend[i];
    const int64_t heads = at_model_heads(m, a);
    printf("\nattention %s\n  score %s over %s along %s", a->name, a->score_name,
           g->axis[a->over].name, g->axis[a->along].name);
    if (heads > 1) printf(", %" PRId64 " heads", heads);
    printf("\n  query   %s\n", at_node_axes_text(g, a->query));
    printf("  key     %s\n", at_node_axes_text(g, a->key));
    printf("  value   %s\n", at_node_axes_text(g, a->value));
    printf("  weights %s\n", at_node_axes_text(g, a->weight));
  }
}

static at_status print_parameters(const at_model *m, at_error *err) {
  char shape[128], init[64];
  at_model_part *v, all;
  size_t n;
  bool open = false;
  at_status s = at_model_parts(m, &v, &n, &all, err);
  if (s != AT_OK) return s;
  printf("\nparameters\n");
  for (int i = 0; i < m->g->n_param; i++) {
    const at_node *p = m->g->param[i];
    int64_t count = at_model_param_count(m, i);
    for (int d = 0; d < p->ndim; d++) open |= p->dim[d].size < 0;
    printf("  %-28s %-16s ", p->pname, shape_text(m, i, shape, sizeof shape));
    if (count >= 0)
      printf("%10" PRId64, count);
    else
      printf("%10s", "?");
    printf("  %s%s\n", init_text(&p->init, init, sizeof init),
           p->state    ? "  state"
           : p->frozen ? "  frozen"
                       : "");
  }
  if (open) printf("  ?: a size that only data know\n");
  printf("\nparts%30s%12s\n", "trained", "frozen");
  for (size_t i = 0; i < n; i++)
    printf("  %-22.*s %10" PRId64 "  %10" PRId64 "\n", v[i].size, v[i].name, v[i].trained,
           v[i].frozen);
  printf("  %-22s %10" PRId64 "  %10" PRId64 "\n", all.name, all.trained, all.frozen);
  return AT_OK;
}

static void print_amount(const char *what, double v, int64_t batch, bool bytes) {
  char a[32], b[32];
  printf("  %-22s %16.0f  (%s)   each example %s\n", what, v, cli_short(v, bytes, a, sizeof a),
         cli_short(v / (double)batch, bytes, b, sizeof b));
}

static void print_cost(const at_model *m, int64_t batch) {
  bool assumed = false;
  if (!m->sized) {
    printf("\ncost\n  not known at the sizes assumed (--size NAME=N gives others): %s\n",
           m->why.message);
    return;
  }
  printf("\ncost of a batch of %" PRId64 "\n", batch);
  print_amount("FLOPs, forward", at_exec_flops(m->train), batch, false);
  print_amount("bytes of values", at_model_values(m), batch, true);
  print_amount("planned, training", (double)at_exec_bytes(m->train), batch, true);
  print_amount("planned, evaluation", (double)at_exec_bytes(m->infer), batch, true);
  for (int i = 0; i < m->n_size; i++) {
    const at_model_size *z = &m->size[i];
    assumed |= z->assumed;
    printf("  %s `%s`: %" PRId64 "%s\n",
           z->vocabulary ? "ids of"
           : z->ragged   ? "length of"
                         : "size of",
           z->name, z->size, z->assumed ? " (assumed)" : "");
  }
  if (assumed) printf("  --size NAME=N gives another size\n");
}

static at_status print_lines(const at_model *m, at_error *err) {
  at_model_line *v;
  size_t n;
  char p[32], f[32], b[32];
  at_status s = at_model_lines(m, &v, &n, err);
  if (s != AT_OK) return s;
  for (size_t i = 0; i < n; i++) {
    const at_model_line *l = &v[i];
    if (l->line == 1) printf("\n%s\n%10s %10s %10s\n", l->path, "parameters", "FLOPs", "bytes");
    printf("%10s %10s %10s %4d  %.*s\n",
           l->params ? cli_short((double)l->params, false, p, sizeof p) : "",
           l->flops > 0 ? cli_short(l->flops, false, f, sizeof f) : "",
           l->bytes > 0 ? cli_short(l->bytes, true, b, sizeof b) : "", l->line, l->size, l->text);
  }
  return AT_OK;
}

static void print_nodes(const at_graph *g) {
  printf("\nnodes\n");
  for (int i = 0; i < g->n_node; i++)
    if (!at_node_is_parameter(g->node[i]))
      printf("  %4d %-16s %-14s %s\n", i, g->node[i]->op->name,
             g->node[i]->name ? g->node[i]->name : "", at_node_axes_text(g, g->node[i]));
}

static at_status print_model(const at_model *m, int64_t batch, bool lines, bool nodes,
                             at_error *err) {
  printf("model %s\n", m->g->name);
  print_axes(m);
  print_inputs(m);
  print_values(m);
  print_results(m);
  print_attention(m);
  at_status s = print_parameters(m, err);
  print_cost(m, batch);
  if (s == AT_OK && lines) s = print_lines(m, err);
  if (nodes) print_nodes(m->g);
  return s;
}

int cli_show(int argc, char **argv) {
  cli_list set = {.n = 0}, size = {.n = 0}, rest;
  bool done, nodes = false, json = false, lines = false;
  int64_t batch = 32;
  const cli_option options[] = {{"set", 's', CLI_LIST, &set, 0, 0},
                                {"size", 0, CLI_LIST, &size, 0, 0},
                                {"batch", 0, CLI_INT, &batch, 1, 1000000},
                                {"lines", 0, CLI_FLAG, &lines, 0, 0},
                                {"nodes", 0, CLI_FLAG, &nodes, 0, 0},
                                {"json", 0, CLI_FLAG, &json, 0, 0},
                                {0}};
  int rc = cli_parse(argc, argv, options, &rest, 1, 1, &done);
  if (rc || done) return rc;
  const at_model_options o = {.path = rest.v[0],
                              .set = set.v,
                              .n_set = set.n,
                              .size = size.v,
                              .n_size = size.n,
                              .batch = batch};
  at_registry *reg = NULL;
  at_model m = {0};
  at_error err = {0};
  at_text messages = {0}, out = {0};
  at_status s = at_registry_new(NULL, 0, &reg, &err);
  if (s == AT_OK) s = at_model_open(reg, &o, &m, &messages, &err);
  if (messages.data) fputs(messages.data, stderr);
  if (s == AT_OK && json) s = at_model_json(&m, batch, lines, &out, &err);
  if (s == AT_OK && !json) s = print_model(&m, batch, lines, nodes, &err);
  if (s == AT_OK && out.data) fputs(out.data, stdout);
  at_model_close(&m);
  at_registry_free(reg);
  rc = s == AT_OK ? cli_done() : cli_fail_shown(&messages, &err);
  at_text_free(&messages);
  at_text_free(&out);
  return rc;
}
