/* Models of two batch axes cut where their sides meet: pairs are what the whole model makes of
 * them, whatever rows a tile has; which models do not come apart. */
#include "core/graph/sides.h"
#include <math.h>
#include "core/base/random.h"
#include "core/graph/exec.h"
#include "core/run/model.h"
#include "tests/unit/cm.h"

enum { PICTURES = 5, CAPTIONS = 4, MOST = 100000 };
static const int64_t offsets[CAPTIONS + 1] = {0, 3, 4, 9, 11};

static at_registry *registry;
static float real[MOST];
static int32_t token[MOST];

static void open_model(const char *path, const char *const *set, size_t n, at_model *m) {
  at_text said = {0};
  at_error err = {0};
  const at_model_options o = {.path = path, .set = set, .n_set = n, .batch = 2};
  if (at_model_open(registry, &o, m, &said, &err) != AT_OK)
    fail_msg("%s %s", err.message, said.data ? said.data : "");
  if (!m->sized) fail_msg("%s", m->why.message);
  at_text_free(&said);
}

/* Rows [at, at + n) of the made data: pictures, or captions with their words. */
static void bind(at_exec *x, const at_graph *g, int side, int64_t at, int64_t n) {
  at_error err = {0};
  int64_t off[CAPTIONS + 1];
  for (int64_t r = 0; side && r <= n; r++) off[r] = offsets[at + r] - offsets[at];
  assert_int_equal(at_exec_size(x, side ? "caption" : "picture", n, &err), AT_OK);
  if (side) assert_int_equal(at_exec_ragged(x, "word", off, n, &err), AT_OK);
  for (int i = 0; i < g->n_input; i++) {
    const at_node *in = g->input[i];
    int64_t each = 1;
    if (strcmp(in->name, side ? "caption" : "image")) continue;
    for (int d = 1; d < in->ndim; d++) each *= in->dim[d].size;
    const void *v = side ? (const void *)(token + offsets[at]) : (const void *)(real + at * each);
    assert_int_equal(at_exec_input(x, in->name, v, &err), AT_OK);
  }
}

static void run(at_exec *x) {
  at_error err = {0};
  if (at_exec_ready(x, &err) != AT_OK) fail_msg("%s", err.message);
  at_exec_forward(x, 1, 0, false);
}

static at_exec *executor(const at_graph *g, at_params *params, at_params *view) {
  const at_exec_options o = {.no_loss = true};
  at_exec *x;
  at_error err = {0};
  *view = *params;
  view->graph = g;
  if (at_exec_new(g, view, &o, &x, &err) != AT_OK) fail_msg("%s", err.message);
  return x;
}

/* Pairs of some rows of each side, out of what the sides made of all. */
static void tile(const at_sides *s, at_exec *const *side, at_exec *x, const int64_t at[2],
                 const int64_t n[2], const float *whole, const at_node *out, const int axis[2]) {
  at_error err = {0};
  for (int k = 0; k < 2; k++) {
    bind(x, s->g[AT_SIDES_PAIRS], k, at[k], n[k]);
    for (int i = 0; i < s->n_value; i++) {
      const at_sides_value *v = &s->value[i];
      if (v->side != k) continue;
      const int64_t all = v->ragged >= 0 ? offsets[CAPTIONS] : k ? CAPTIONS : PICTURES;
      const int64_t each = at_x_count(side[k], v->made) / all;
      const int64_t begin = v->ragged >= 0 ? offsets[at[k]] : at[k];
      assert_int_equal(
          at_exec_input(x, v->input->name, at_exec_value(side[k], v->made) + begin * each, &err),
          AT_OK);
    }
  }
  run(x);
  const bool turned = at_node_dim(out, axis[0]) == 1;
  for (int64_t p = 0; p < n[0]; p++)
    for (int64_t c = 0; c < n[1]; c++) {
      const int64_t p0 = at[0] + p, c0 = at[1] + c;
      const float want = whole[turned ? c0 * PICTURES + p0 : p0 * CAPTIONS + c0];
      const float got = at_exec_value(x, s->output)[turned ? c * n[0] + p : p * n[1] + c];
      assert_float_equal(got, want, 2e-6f + 2e-6f * fabsf(want));
    }
}

static void same_pairs(const char *path, const char *const *set, size_t n_set) {
  at_model m;
  at_sides s;
  at_params *params, view[4];
  at_exec *x[4];
  at_error err = {0};
  open_model(path, set, n_set, &m);
  const at_graph *g = m.sized;
  const int axis[2] = {at_graph_find_axis(g, "picture"), at_graph_find_axis(g, "caption")};
  if (at_sides_new(g, axis, "similarity", &s, &err) != AT_OK) fail_msg("%s", err.message);
  assert_true(s.n_value >= 2);
  assert_int_equal(at_params_new(g, &params, &err), AT_OK);
  at_params_init(params, 3);
  x[3] = executor(g, params, &view[3]);
  for (int k = 0; k < 3; k++) x[k] = executor(s.g[k], params, &view[k]);
  for (int k = 0; k < 2; k++) {
    const int64_t all = k ? CAPTIONS : PICTURES;
    bind(x[3], g, k, 0, all);
    bind(x[k], s.g[k], k, 0, all);
    run(x[k]);
  }
  run(x[3]);
  const at_node *out = NULL;
  for (int i = 0; i < g->n_output; i++)
    if (!strcmp(g->output[i].name, "similarity")) out = g->output[i].node;
  const float *whole = at_exec_value(x[3], out);
  tile(&s, x, x[2], (const int64_t[]){0, 0}, (const int64_t[]){PICTURES, CAPTIONS}, whole, out,
       axis);
  tile(&s, x, x[2], (const int64_t[]){2, 1}, (const int64_t[]){3, 2}, whole, out, axis);
  tile(&s, x, x[2], (const int64_t[]){4, 3}, (const int64_t[]){1, 1}, whole, out, axis);
  for (int k = 0; k < 4; k++) at_exec_free(x[k]);
  at_params_free(params);
  at_sides_free(&s);
  at_model_close(&m);
}

static const char *example(const char *name) {
  static char path[4200];
  const char *top = getenv("top_srcdir");
  snprintf(path, sizeof path, "%s/examples/models/%s.att", top ? top : ".", name);
  return path;
}

static void scan(void **state) {
  static const char *const scores[] = {"score=dot", "score=general", "score=additive",
                                       "pool=logsumexp(6)"};
  (void)state;
  for (size_t i = 0; i < sizeof scores / sizeof *scores; i++) {
    const char *const set[] = {"d=12", "e=8", scores[i]};
    same_pairs(example("scan"), set, i == 3 ? 2 : 3);
    same_pairs(example("scan_i2t"), set, i == 3 ? 2 : 3);
  }
}

static void vse(void **state) {
  const char *const set[] = {"d=12", "e=8"};
  (void)state;
  same_pairs(example("vse"), set, 2);
}

/* A model whose similarity is `of`. */
static at_status cut(const char *of, at_error *err) {
  static const char text[] =
      "model m(d = 4, z = 3) {\n"
      "  input image: real [picture, d]\n"
      "  input caption: token [caption, word...]\n"
      "  let w = caption |> embed(d) @e |> mean(word)\n"
      "  output similarity = %s\n}\n";
  char path[] = "/tmp/attune-sides-XXXXXX";
  int fd = mkstemp(path);
  FILE *fp = fd < 0 ? NULL : fdopen(fd, "w");
  at_model m;
  at_sides s;
  assert_non_null(fp);
  fprintf(fp, text, of);
  fclose(fp);
  open_model(path, NULL, 0, &m);
  const int axis[2] = {at_graph_find_axis(m.sized, "picture"),
                       at_graph_find_axis(m.sized, "caption")};
  at_status st = at_sides_new(m.sized, axis, "similarity", &s, err);
  if (st == AT_OK) at_sides_free(&s);
  if (st == AT_OK)
    st = at_sides_new(m.sized, axis, "nothing", &s, err) == AT_EINPUT ? AT_OK : AT_EFAIL;
  at_model_close(&m);
  remove(path);
  return st;
}

static void other_models(void **state) {
  at_error err = {0};
  (void)state;
  if (cut("contract(image, w, d)", &err) != AT_OK) fail_msg("%s", err.message);
  assert_int_equal(cut("w", &err), AT_EINPUT);
  assert_non_null(strstr(err.message, "is not a number for each pair"));
  /* Numbers drawn by the place in a batch. */
  assert_int_equal(cut("contract(image, w, d) + (image |> noise(-> z) |> mean(z))", &err),
                   AT_EINPUT);
  assert_non_null(strstr(err.message, "depends on all rows of a batch"));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(scan), cmocka_unit_test(vse),
                                     cmocka_unit_test(other_models)};
  at_error err = {0};
  const at_random r = {.seed = 5, .stream = 1};
  for (int i = 0; i < MOST; i++) {
    real[i] = at_random_normal(&r, (uint64_t)i);
    token[i] = (int32_t)at_random_below(&r, (uint64_t)(MOST + i), 10);
  }
  if (at_registry_new(NULL, 0, &registry, &err) != AT_OK) return 1;
  int failed = cmocka_run_group_tests_name("sides", tests, NULL, NULL);
  at_registry_free(registry);
  return failed;
}
