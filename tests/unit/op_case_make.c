#include "op_case_make.h"
#include "cm.h"

static const at_span nowhere = {-1, 0, 0};
const int64_t fixture_words[4] = {0, 1, 4, 6};

static const struct axis {
  const char *name;
  at_axis_kind kind;
  int parent;
  int64_t size;
} AXES[] = {
    {"picture", AT_BATCH, -1, 2},   {"caption", AT_BATCH, -1, 3}, {"word", AT_SEQUENCE, 1, 6},
    {"region", AT_SEQUENCE, -1, 4}, {"y", AT_SEQUENCE, -1, 5},    {"x", AT_SEQUENCE, -1, 4},
    {"channel", AT_FEATURE, -1, 3}, {"d", AT_FEATURE, -1, 5},     {"e", AT_FEATURE, -1, 3},
    {"cell", AT_SEQUENCE, -1, -1},  {"h", AT_FEATURE, -1, -1},    {"other", AT_BATCH, -1, 3},
    {"half", AT_SEQUENCE, -1, -1},  {"item", AT_SEQUENCE, 1, -1}, {"item2", AT_SEQUENCE, 1, -1},
    {"word2", AT_SEQUENCE, 1, -1},  {"fewer", AT_BATCH, -1, -1},
};
enum { N_AXES = sizeof AXES / sizeof AXES[0] };

int64_t fixture_size(const char *axis) {
  for (int i = 0; i < N_AXES; i++)
    if (!strcmp(AXES[i].name, axis)) return AXES[i].size;
  return -1;
}

void fixture_open(fixture *f) {
  memset(f, 0, sizeof *f);
  assert_int_equal(at_graph_new("case", &f->g, NULL), AT_OK);
  for (int i = 0; i < N_AXES; i++) {
    int id;
    assert_int_equal(
        at_graph_axis(f->g, AXES[i].name, AXES[i].kind, AXES[i].parent, nowhere, &id, NULL), AT_OK);
  }
}

void fixture_close(fixture *f) { at_graph_free(f->g); }

int axis(fixture *f, const char *name) {
  int a = at_graph_find_axis(f->g, name);
  if (a < 0) fail_msg("the fixture has no axis %s", name);
  return a;
}

at_node *fixture_input(fixture *f, const char *name, const char *axes, filling fill) {
  at_dim dim[AT_MAX_DIM];
  int n = 0, tokens = name[0] == '#';
  char copy[64];
  snprintf(copy, sizeof copy, "%s", axes);
  for (char *save, *a = strtok_r(copy, " ", &save); a; a = strtok_r(NULL, " ", &save)) {
    int id = axis(f, a);
    bool dynamic = f->g->axis[id].kind == AT_BATCH || f->g->axis[id].parent >= 0;
    dim[n++] = (at_dim){.axis = id, .size = dynamic ? -1 : fixture_size(a)};
  }
  at_error err = {0};
  at_node *out;
  if (at_graph_input(f->g, name, tokens ? AT_TOKEN : AT_REAL, n, dim, tokens ? 7 : -1, nowhere,
                     &out, &err))
    fail_msg("%s", err.message);
  f->fill[f->n_inputs] = fill;
  f->input[f->n_inputs++] = out;
  return out;
}

/* ---- arguments ---- */

at_arg ax(fixture *f, const char *a) {
  return (at_arg){.set = true, .n_axes = 1, .axis = {axis(f, a)}};
}
at_arg ax2(fixture *f, const char *a, const char *b) {
  return (at_arg){.set = true, .n_axes = 2, .axis = {axis(f, a), axis(f, b)}};
}
at_arg map(fixture *f, const char *from, const char *to, int64_t size) {
  return (at_arg){
      .set = true, .n_axes = 1, .axis = {axis(f, from)}, .to = axis(f, to), .to_size = size};
}
at_arg made(fixture *f, const char *to, int64_t size) {
  return (at_arg){.set = true, .to = axis(f, to), .to_size = size};
}
at_arg num(double v) { return (at_arg){.set = true, .num = v}; }

/* op(inputs, args); the lists end with NULL and with an unset argument named by n_args. */
at_node *node(fixture *f, const char *op, at_node *const *in, const at_arg *arg, int n_args) {
  at_arg all[AT_MAX_ARG] = {0};
  at_error err = {0};
  at_node *out = NULL;
  int n = 0;
  while (n < AT_MAX_IN && in[n]) n++;
  for (int i = 0; i < n_args; i++) all[i] = arg[i];
  assert_non_null(at_op_find(op));
  if (at_graph_node(f->g, at_op_find(op), n, in, all, op, nowhere, &out, &err))
    fail_msg("%s: %s", op, err.message);
  return out;
}
/* ---- all of them ---- */

const op_case *op_case_at(int i) {
  static const struct {
    const op_case *v;
    const int *n;
  } lists[] = {{op_cases_basic, &n_op_cases_basic},   {op_cases_axes, &n_op_cases_axes},
               {op_cases_more, &n_op_cases_more},     {op_cases_choices, &n_op_cases_choices},
               {op_cases_kernel, &n_op_cases_kernel}, {op_cases_attention, &n_op_cases_attention}};
  for (size_t k = 0; k < sizeof lists / sizeof lists[0]; k++) {
    if (i < *lists[k].n) return &lists[k].v[i];
    i -= *lists[k].n;
  }
  return NULL;
}
