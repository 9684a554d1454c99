/* From a graph to boxes and edges. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "core/draw/draw_impl.h"

const char *const at_box_kind_names[] = {"input", "value",   "learned", "score", "refine",
                                         "weigh", "context", "output",  "loss"};

/* ---- small texts ---- */

const char *at_edge_label(const at_edge *e, char *buf, size_t n) {
  const char *const word[] = {e->query ? "query" : "", e->key ? "key" : "",
                              e->value ? "value" : ""};
  size_t at = 0;
  buf[0] = '\0';
  for (int i = 0; i < 3 && at < n; i++)
    if (*word[i]) at += (size_t)snprintf(buf + at, n - at, "%s%s", at ? ", " : "", word[i]);
  return buf;
}

const char *at_box_params(const at_box *b, char *buf, size_t n) {
  static const char *const unit[] = {"", " k", " M", " G"};
  double v = (double)b->params;
  int i = 0;
  buf[0] = '\0';
  if (!b->n_param) return buf;
  for (; v >= 1000 && i < 3; i++) v /= 1000;
  if (b->open && !b->params)
    snprintf(buf, n, "parameters of open size%s", b->trained ? "" : ", frozen");
  else
    snprintf(buf, n, "%s%.3g%s parameters%s", b->open ? "more than " : "", v, unit[i],
             b->trained ? "" : ", frozen");
  return buf;
}

int64_t at_attend_heads(const at_graph *g, const at_attend *a) {
  for (int d = 0; d < a->weight->ndim; d++)
    if (!strcmp(g->axis[a->weight->dim[d].axis].name, "head")) return a->weight->dim[d].size;
  return 1;
}

/* Operators that lowering makes, by what was written. */
static const char *written(const at_op *op) {
  static const char *const other[][2] = {
      {"cosine_ratio", "cosine"}, {"attended_cosine", "cosine"}, {"learned", "learned value"}};
  for (size_t i = 0; i < sizeof other / sizeof *other; i++)
    if (!strcmp(op->name, other[i][0])) return other[i][1];
  return op->name;
}

static void add_argument(const at_graph *g, at_text *t, const at_param_spec *p, const at_arg *a,
                         int *n) {
  const bool from = p->type == AT_ARG_AXIS || p->type == AT_ARG_AXES || p->type == AT_ARG_MAP ||
                    p->type == AT_ARG_SPLIT;
  const bool to = p->type == AT_ARG_MAP || p->type == AT_ARG_NEW;
  if (!a->set || !(from || to)) return;
  at_text_add(t, (*n)++ ? ", " : "(");
  for (int i = 0; from && i < a->n_axes; i++)
    at_text_addf(t, "%s%s", i ? ", " : "", g->axis[a->axis[i]].name);
  if (to) at_text_addf(t, "%s%s", from ? " -> " : "", g->axis[a->to].name);
  for (int i = 0; p->type == AT_ARG_SPLIT && i < a->n_made; i++)
    at_text_addf(t, "%s%s", i ? ", " : " -> ", g->axis[a->made[i]].name);
}

/* "linear(feature -> d)": axes are named, numbers are not. */
static const char *call_text(at_picture *p, const at_node *n) {
  at_text t = {0};
  int args = 0;
  at_text_add(&t, written(n->op));
  for (int i = 0; n->op->params && n->op->params[i].type != AT_ARG_END; i++)
    add_argument(p->g, &t, &n->op->params[i], &n->arg[i], &args);
  if (args) at_text_add(&t, ")");
  const char *s = t.failed ? NULL : at_arena_strdup(p->arena, t.data);
  at_text_free(&t);
  return s;
}

/* ---- boxes ---- */

static bool add_op(at_picture *p, at_box *b, const char *text) {
  if (b->n_op == b->cap_op) {
    int cap = b->cap_op ? 2 * b->cap_op : 4;
    const char **v = AT_NEW_ARRAY(p->arena, const char *, (size_t)cap);
    if (!v) return false;
    if (b->n_op) memcpy(v, b->op, (size_t)b->n_op * sizeof *v);
    b->op = v;
    b->cap_op = cap;
  }
  b->op[b->n_op++] = text;
  return text != NULL;
}

static void add_parameter(at_box *b, const at_node *p) {
  int64_t count = 1;
  for (int d = 0; d < p->ndim; d++)
    count = count < 0 || p->dim[d].size < 0 ? -1 : count * p->dim[d].size;
  b->n_param++;
  b->trained |= !p->frozen;
  if (count < 0)
    b->open = true;
  else
    b->params += count;
}

static void add_parameters(at_box *b, const at_node *n) {
  for (int i = 0; i < n->n_in; i++) {
    const at_node *in = n->in[i];
    if (at_node_is_parameter(in)) add_parameter(b, in);
    if (at_node_is(in, "learned") && !in->name && in->n_in) add_parameter(b, in->in[0]);
  }
}

/* Products and norms that one call of cosine made; it stands a few nodes behind them. */
static bool is_helper(const at_graph *g, const at_node *n) {
  for (int i = n->id + 1; i < g->n_node && i < n->id + 8; i++) {
    const at_node *m = g->node[i];
    if (at_node_is(m, "cosine_ratio") && m->span.file == n->span.file &&
        m->span.begin == n->span.begin && m->span.end == n->span.end)
      return true;
  }
  return false;
}

static bool add_node(at_picture *p, at_box *b, const at_node *n) {
  const bool hidden = at_node_is(n, "arrange") || is_helper(p->g, n) || at_node_is_input(n);
  add_parameters(b, n);
  if (hidden || b->kind == AT_BOX_SCORE || b->kind == AT_BOX_CONTEXT) return true;
  return add_op(p, b, call_text(p, n));
}

static at_box_kind kind_of(const at_graph *g, const at_node *n, int part) {
  if (part >= 0) return (at_box_kind)(AT_BOX_SCORE + part % 4);
  for (int i = 0; i < g->n_objective; i++)
    if (g->objective[i].node == n) return AT_BOX_LOSS;
  if (n == g->loss) return AT_BOX_LOSS;
  if (at_node_is_input(n)) return AT_BOX_INPUT;
  for (int i = 0; i < g->n_output; i++)
    if (g->output[i].node == n) return AT_BOX_OUTPUT;
  return at_node_is(n, "learned") ? AT_BOX_LEARNED : AT_BOX_VALUE;
}

static const char *title_of(const at_graph *g, const at_box *b) {
  const at_node *n = b->node;
  if (b->kind == AT_BOX_SCORE) return g->attend[b->attend].score_name;
  if (b->kind == AT_BOX_REFINE || b->kind == AT_BOX_WEIGH) return at_box_kind_names[b->kind];
  for (int i = 0; b->kind == AT_BOX_OUTPUT && i < g->n_output; i++)
    if (g->output[i].node == n) return g->output[i].name;
  for (int i = 0; i < g->n_objective; i++)
    if (g->objective[i].node == n) return g->objective[i].name;
  if (n == g->loss && !n->name) return "loss";
  return n->name ? n->name : NULL;
}

static bool taken(const at_picture *p, const char *id) {
  for (int i = 0; i < p->n_box; i++)
    if (!strcmp(p->box[i].id, id)) return true;
  return false;
}

/* Its module, its block and its name; a number when that is there already. */
static const char *id_of(at_picture *p, const at_box *b) {
  const char *name = b->kind == AT_BOX_SCORE ? "score" : b->title ? b->title : written(b->node->op);
  const char *path = b->attend >= 0   ? p->g->attend[b->attend].name
                     : b->module >= 0 ? p->module[b->module].path
                                      : "";
  const char *id = b->kind == AT_BOX_CONTEXT
                       ? path
                       : at_arena_printf(p->arena, "%s%s%s", path, *path ? "." : "", name);
  if (!id || (b->title && !taken(p, id))) return id;
  return at_arena_printf(p->arena, "%s %d", id, b->node->id);
}

static bool start_box(at_picture *p, const at_node *n, int part) {
  at_box b = {.node = n,
              .kind = kind_of(p->g, n, part),
              .attend = part < 0 ? -1 : part / 4,
              .module = at_picture_module(p, n->module),
              .axes = at_node_axes_text(p->g, n)};
  b.title = title_of(p->g, &b);
  b.id = id_of(p, &b);
  if (!b.id) return false;
  p->box[p->n_box++] = b;
  return true;
}

/* ---- results that are something else already ---- */

static bool result_box(at_picture *p, const char *name, const at_node *n, at_box_kind kind,
                       int from) {
  at_box b = {.node = n, .kind = kind, .title = name, .attend = -1, .module = -1};
  b.axes = at_node_axes_text(p->g, n);
  b.id = at_arena_printf(p->arena, "%s %s", at_box_kind_names[kind], name);
  if (!b.id || from < 0) return b.id != NULL;
  p->edge[p->n_edge++] = (at_edge){.from = from, .to = p->n_box};
  p->box[p->n_box++] = b;
  return true;
}

/* An output has a box of its own when the box of its node shows another role or name. */
static bool add_results(at_picture *p, const int *box) {
  const at_graph *g = p->g;
  bool ok = true;
  for (int i = 0; i < g->n_output && ok; i++) {
    const at_node *n = g->output[i].node;
    const at_box *b = box[n->id] >= 0 ? &p->box[box[n->id]] : NULL;
    if (b && b->kind == AT_BOX_OUTPUT && !strcmp(b->title, g->output[i].name)) continue;
    ok = result_box(p, g->output[i].name, n, AT_BOX_OUTPUT, box[n->id]);
  }
  for (int i = 0; i < g->n_objective && ok; i++) {
    const at_node *n = g->objective[i].node;
    const at_box *b = box[n->id] >= 0 ? &p->box[box[n->id]] : NULL;
    if (b && b->kind == AT_BOX_LOSS && !strcmp(b->title, g->objective[i].name)) continue;
    ok = result_box(p, g->objective[i].name, n, AT_BOX_LOSS, box[n->id]);
  }
  return ok;
}

/* ---- edges ---- */

static void add_edge(at_picture *p, at_edge e) {
  for (int i = p->n_edge; i-- > 0;) {
    at_edge *o = &p->edge[i];
    if (o->from != e.from || o->to != e.to) continue;
    o->query |= e.query;
    o->key |= e.key;
    o->value |= e.value;
    return;
  }
  p->edge[p->n_edge++] = e;
}

static void connect(at_picture *p, const at_node *n, const int *box) {
  const at_box *to = &p->box[box[n->id]];
  const at_attend *a = to->attend >= 0 ? &p->g->attend[to->attend] : NULL;
  for (int k = 0; k < n->n_data; k++) {
    const at_node *in = n->in[k];
    const int from = box[in->id];
    if (from < 0 || from == box[n->id]) continue;
    at_edge e = {.from = from, .to = box[n->id]};
    if (a && to->kind == AT_BOX_SCORE) {
      e.query = in == a->query;
      e.key = in == a->key;
    }
    if (a && to->kind == AT_BOX_CONTEXT) e.value = in == a->value;
    add_edge(p, e);
  }
}

/* ---- all of it ---- */

/* The box of every node; of a hidden one that of its first input. */
static bool assign(at_picture *p, const int *root, const int *part, int *box) {
  const at_graph *g = p->g;
  bool ok = true;
  for (int i = 0; i < g->n_node && ok; i++) {
    box[i] = -1;
    if (root[i] == i) {
      ok = start_box(p, g->node[i], part[i]);
      box[i] = p->n_box - 1;
    }
  }
  for (int i = 0; i < g->n_node && ok; i++) {
    const at_node *n = g->node[i];
    if (root[i] >= 0) {
      box[i] = box[root[i]];
      ok = add_node(p, &p->box[box[i]], n);
    } else if (n->n_data) {
      box[i] = box[n->in[0]->id];
    }
  }
  return ok;
}

at_status at_picture_make(const at_graph *g, at_picture *p, at_error *err) {
  int *root = NULL, *part = NULL;
  size_t edges = (size_t)g->n_output + (size_t)g->n_objective + 1;
  *p = (at_picture){.g = g, .arena = at_arena_new()};
  if (!p->arena) return at_nomem(err);
  for (int i = 0; i < g->n_node; i++) edges += (size_t)g->node[i]->n_data;
  at_status s = at_picture_modules(p, err);
  if (s == AT_OK) s = at_picture_group(p, &root, err);
  if (s == AT_OK) s = at_picture_attends(p, &part, err);
  if (s != AT_OK) return s;
  int *box = AT_NEW_ARRAY(p->arena, int, (size_t)g->n_node + 1);
  p->box = AT_NEW_ARRAY(p->arena, at_box,
                        (size_t)g->n_node + (size_t)g->n_output + (size_t)g->n_objective + 1);
  p->edge = AT_NEW_ARRAY(p->arena, at_edge, edges);
  if (!box || !p->box || !p->edge || !assign(p, root, part, box)) return at_nomem(err);
  for (int i = 0; i < g->n_node; i++)
    if (root[i] >= 0) connect(p, g->node[i], box);
  return add_results(p, box) ? AT_OK : at_nomem(err);
}
