#include "op_cases.h"
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

static int axis(fixture *f, const char *name) {
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
    dim[n++] = (at_dim){id, dynamic ? -1 : fixture_size(a)};
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

static at_arg ax(fixture *f, const char *a) {
  return (at_arg){.set = true, .n_axes = 1, .axis = {axis(f, a)}};
}
static at_arg ax2(fixture *f, const char *a, const char *b) {
  return (at_arg){.set = true, .n_axes = 2, .axis = {axis(f, a), axis(f, b)}};
}
static at_arg map(fixture *f, const char *from, const char *to, int64_t size) {
  return (at_arg){
      .set = true, .n_axes = 1, .axis = {axis(f, from)}, .to = axis(f, to), .to_size = size};
}
static at_arg made(fixture *f, const char *to, int64_t size) {
  return (at_arg){.set = true, .to = axis(f, to), .to_size = size};
}
static at_arg num(double v) { return (at_arg){.set = true, .num = v}; }

/* op(inputs, args); the lists end with NULL and with an unset argument named by n_args. */
static at_node *node(fixture *f, const char *op, at_node *const *in, const at_arg *arg,
                     int n_args) {
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
#define IN(...) \
  (at_node *const[]) { __VA_ARGS__, NULL }
#define NODE(op, in, ...)                        \
  node(f, op, in, (const at_arg[]){__VA_ARGS__}, \
       (int)(sizeof((const at_arg[]){__VA_ARGS__}) / sizeof(at_arg)))
#define NORMAL(name, axes)   fixture_input(f, name, axes, FILL_NORMAL)
#define SPREAD(name, axes)   fixture_input(f, name, axes, FILL_SPREAD)
#define STEPS(name, axes)    fixture_input(f, name, axes, FILL_STEPS)
#define POSITIVE(name, axes) fixture_input(f, name, axes, FILL_POSITIVE)
#define CASE(fn)             static at_node *fn(fixture *f)

/* ---- layers ---- */
CASE(linear) { return NODE("linear", IN(NORMAL("a", "word d")), map(f, "d", "h", 4)); }
CASE(linear_bare) {
  return NODE("linear", IN(NORMAL("a", "picture region d")), map(f, "d", "h", 4), num(0), num(1));
}
CASE(linear_middle) {
  return NODE("linear", IN(NORMAL("a", "picture region d")), map(f, "region", "h", 6), num(1),
              num(2));
}
CASE(linear_two) {
  at_arg m = ax2(f, "y", "x");
  m.to = axis(f, "h");
  m.to_size = 4;
  return NODE("linear", IN(NORMAL("a", "picture y x")), m);
}
CASE(linear_square) { return NODE("linear", IN(NORMAL("a", "word d")), map(f, "d", "d", 5)); }
CASE(embed) { return NODE("embed", IN(NORMAL("#t", "word")), made(f, "h", 4)); }
CASE(gru) { return NODE("gru", IN(NORMAL("a", "word d")), ax(f, "word"), map(f, "d", "h", 3)); }
CASE(gru_dense) {
  return NODE("gru", IN(NORMAL("a", "picture region d")), ax(f, "region"), map(f, "d", "h", 3));
}
CASE(bigru_mean) {
  return NODE("bigru", IN(NORMAL("a", "word d")), ax(f, "word"), map(f, "d", "h", 3), num(0));
}
CASE(bigru_sum) {
  return NODE("bigru", IN(NORMAL("a", "word d")), ax(f, "word"), map(f, "d", "h", 3), num(1));
}
CASE(bigru_concat) {
  return NODE("bigru", IN(NORMAL("a", "word d")), ax(f, "word"), map(f, "d", "h", 6), num(2));
}
CASE(conv) {
  return NODE("conv2d", IN(NORMAL("a", "picture y x channel")), ax2(f, "y", "x"),
              map(f, "channel", "h", 2));
}
CASE(conv_stride) {
  return NODE("conv2d", IN(NORMAL("a", "picture y x channel")), ax2(f, "y", "x"),
              map(f, "channel", "h", 2), num(2), num(2), num(0), num(0));
}
CASE(conv_wide) {
  return NODE("conv2d", IN(NORMAL("a", "picture y x channel")), ax2(f, "y", "x"),
              map(f, "channel", "channel", 4), num(5), num(1), num(2), num(1));
}
CASE(dropout) { return NODE("dropout", IN(NORMAL("a", "picture region d")), num(0.4)); }
CASE(max_pool) {
  return NODE("max_pool2d", IN(SPREAD("a", "picture y x channel")), ax2(f, "y", "x"));
}
CASE(max_pool_over) {
  return NODE("max_pool2d", IN(SPREAD("a", "picture y x channel")), ax2(f, "y", "x"), num(3),
              num(1));
}
CASE(avg_pool) {
  return NODE("avg_pool2d", IN(NORMAL("a", "picture y x channel")), ax2(f, "y", "x"), num(2),
              num(1));
}
/* ---- axes ---- */
CASE(flatten) {
  at_arg m = ax2(f, "y", "x");
  m.to = axis(f, "cell");
  m.to_size = 20;
  return NODE("flatten", IN(NORMAL("a", "picture y x channel")), m);
}
CASE(rename_) { return NODE("rename", IN(NORMAL("a", "picture region d")), map(f, "d", "h", 5)); }
/* ---- element by element ---- */
CASE(relu) { return NODE("relu", IN(SPREAD("a", "word d")), num(0)); }
CASE(leaky_relu) { return NODE("leaky_relu", IN(SPREAD("a", "word d")), num(0.2)); }
CASE(tanh_) { return NODE("tanh", IN(NORMAL("a", "word d")), num(0)); }
CASE(sigmoid) { return NODE("sigmoid", IN(NORMAL("a", "word d")), num(0)); }
CASE(elu) { return NODE("elu", IN(SPREAD("a", "word d")), num(0)); }
CASE(exp_) { return NODE("exp", IN(NORMAL("a", "word d")), num(0)); }
CASE(scale) { return NODE("scale", IN(NORMAL("a", "word d")), num(-1.5), num(0.25)); }
/* ---- two values ---- */
CASE(add) { return NODE("add", IN(NORMAL("a", "word d"), NORMAL("b", "word d")), num(0)); }
CASE(add_expand) {
  return NODE("add", IN(NORMAL("a", "caption d"), NORMAL("b", "word d")), num(0));
}
CASE(add_outer) { return NODE("add", IN(NORMAL("a", "d"), NORMAL("b", "picture region")), num(0)); }
CASE(sub) {
  return NODE("sub", IN(NORMAL("a", "picture d"), NORMAL("b", "picture region d")), num(0));
}
CASE(mul) { return NODE("mul", IN(NORMAL("a", "word d"), NORMAL("b", "caption d")), num(0)); }
CASE(mul_last) {
  return NODE("mul", IN(NORMAL("a", "picture word"), NORMAL("b", "caption")), num(0));
}
CASE(div_) {
  return NODE("div", IN(NORMAL("a", "picture region d"), POSITIVE("b", "d picture")), num(0));
}
CASE(contract_scores) {
  return NODE("contract", IN(NORMAL("a", "picture region d"), NORMAL("b", "word d")), ax(f, "d"));
}
CASE(contract_context) {
  return NODE("contract", IN(NORMAL("a", "picture region word"), NORMAL("b", "picture region d")),
              ax(f, "region"));
}
CASE(contract_words) {
  return NODE("contract", IN(NORMAL("a", "word picture region"), NORMAL("b", "word d")),
              ax(f, "word"));
}
CASE(contract_pairs) {
  return NODE("contract", IN(NORMAL("a", "word d"), NORMAL("b", "picture word d")), ax(f, "d"));
}
CASE(contract_own) {
  return NODE("contract", IN(NORMAL("a", "word d"), NORMAL("b", "caption d")), ax(f, "d"));
}
CASE(contract_own_back) {
  return NODE("contract", IN(NORMAL("a", "caption region d"), NORMAL("b", "word d")), ax(f, "d"));
}
CASE(contract_split) {
  return NODE("contract", IN(NORMAL("a", "region picture d"), NORMAL("b", "picture d e")),
              ax(f, "d"));
}
CASE(contract_apart) {
  return NODE("contract", IN(NORMAL("a", "region d x"), NORMAL("b", "y d e")), ax(f, "d"));
}
CASE(contract_apart_shared) {
  return NODE("contract", IN(NORMAL("a", "region picture d x"), NORMAL("b", "y d picture e")),
              ax(f, "d"));
}
CASE(contract_vectors) {
  return NODE("contract", IN(NORMAL("a", "d"), NORMAL("b", "d")), ax(f, "d"));
}
/* ---- along an axis ---- */
CASE(mean_words) { return NODE("mean", IN(NORMAL("a", "word d")), ax(f, "word")); }
CASE(mean_last) { return NODE("mean", IN(NORMAL("a", "picture region")), ax(f, "region")); }
CASE(sum_words) { return NODE("sum", IN(NORMAL("a", "picture word")), ax(f, "word")); }
CASE(sum_middle) { return NODE("sum", IN(NORMAL("a", "picture region d")), ax(f, "region")); }
CASE(max_words) { return NODE("max", IN(SPREAD("a", "word d")), ax(f, "word")); }
CASE(max_last) { return NODE("max", IN(SPREAD("a", "picture d")), ax(f, "d")); }
CASE(logsumexp_words) {
  return NODE("logsumexp", IN(NORMAL("a", "picture word")), ax(f, "word"), num(2.5));
}
CASE(logsumexp_middle) {
  return NODE("logsumexp", IN(NORMAL("a", "picture region d")), ax(f, "region"), num(1));
}
CASE(norm_last) { return NODE("norm", IN(NORMAL("a", "word d")), ax(f, "d")); }
CASE(norm_words) { return NODE("norm", IN(NORMAL("a", "word d")), ax(f, "word")); }
CASE(normalize_last) { return NODE("normalize", IN(NORMAL("a", "word d")), ax(f, "d"), num(0.05)); }
CASE(normalize_words) {
  return NODE("normalize", IN(SPREAD("a", "picture region word")), ax(f, "word"));
}
CASE(normalize_middle) {
  return NODE("normalize", IN(NORMAL("a", "word picture region d")), ax(f, "region"));
}
CASE(softmax_last) {
  return NODE("softmax", IN(NORMAL("a", "word picture region")), ax(f, "region"), num(2));
}
CASE(softmax_middle) {
  return NODE("softmax", IN(NORMAL("a", "picture region word")), ax(f, "region"), num(3));
}
CASE(softmax_words) {
  return NODE("softmax", IN(NORMAL("a", "word picture region")), ax(f, "word"), num(1));
}
CASE(softmax_words_last) {
  return NODE("softmax", IN(NORMAL("a", "picture word")), ax(f, "word"), num(1));
}
/* ---- losses ---- */
CASE(triplet_hardest) {
  return NODE("triplet", IN(SPREAD("a", "caption other")), ax(f, "caption"), ax(f, "other"));
}
CASE(triplet_sum) {
  return NODE("triplet", IN(SPREAD("a", "other caption")), ax(f, "caption"), ax(f, "other"),
              num(0.45), num(1));
}
/* ---- internal ---- */
CASE(cosine_ratio) {
  return NODE("cosine_ratio",
              IN(NORMAL("a", "word picture"), POSITIVE("b", "word"), POSITIVE("c", "picture word")),
              num(1e-8));
}
CASE(attended_pictures) {
  return NODE("attended_cosine",
              IN(POSITIVE("w", "picture region word"), NORMAL("s", "picture region word"),
                 NORMAL("v", "picture region d"), POSITIVE("n", "word")),
              ax(f, "region"), ax(f, "d"));
}
CASE(attended_words) {
  return NODE("attended_cosine",
              IN(POSITIVE("w", "word picture region"), NORMAL("s", "word picture region"),
                 NORMAL("v", "word d"), POSITIVE("n", "picture region")),
              ax(f, "word"), ax(f, "d"));
}
static at_node *pairwise(fixture *f, const char *q, const char *k, int act) {
  return NODE("pairwise", IN(STEPS("q", q), SPREAD("k", k), NORMAL("v", "d")), ax(f, "d"), num(act),
              num(0.2));
}
CASE(pairwise_none) { return pairwise(f, "word d", "picture region d", 0); }
CASE(pairwise_tanh) { return pairwise(f, "word d", "picture region d", 1); }
CASE(pairwise_relu) { return pairwise(f, "picture region d", "word d", 2); }
CASE(pairwise_leaky) { return pairwise(f, "picture d", "picture region d", 3); }
CASE(pairwise_sigmoid) { return pairwise(f, "caption d", "word d", 4); }

const op_case op_cases[] = {
    {"linear", "rows", linear},
    {"linear", "no bias", linear_bare},
    {"linear", "an axis in the middle", linear_middle},
    {"linear", "two axes", linear_two},
    {"linear", "to the same axis", linear_square},
    {"embed", "tokens", embed},
    {"gru", "ragged", gru},
    {"gru", "dense", gru_dense},
    {"bigru", "mean", bigru_mean},
    {"bigru", "sum", bigru_sum},
    {"bigru", "concat", bigru_concat},
    {"conv2d", "same size", conv},
    {"conv2d", "stride 2, no padding, no bias", conv_stride},
    {"conv2d", "kernel 5", conv_wide},
    {"dropout", "training", dropout},
    {"max_pool2d", "2", max_pool},
    {"max_pool2d", "overlapping", max_pool_over},
    {"avg_pool2d", "overlapping", avg_pool},
    {"flatten", "two axes", flatten},
    {"rename", "one axis", rename_},
    {"relu", "", relu},
    {"leaky_relu", "", leaky_relu},
    {"tanh", "", tanh_},
    {"sigmoid", "", sigmoid},
    {"elu", "", elu},
    {"exp", "", exp_},
    {"scale", "", scale},
    {"add", "same axes", add},
    {"add", "captions to words", add_expand},
    {"add", "no axis in common", add_outer},
    {"sub", "a lacks an axis", sub},
    {"mul", "captions to words", mul},
    {"mul", "captions to words, last", mul_last},
    {"div", "other order", div_},
    {"contract", "scores", contract_scores},
    {"contract", "context", contract_context},
    {"contract", "over words", contract_words},
    {"contract", "shared words", contract_pairs},
    {"contract", "words with their caption", contract_own},
    {"contract", "captions with their words", contract_own_back},
    {"contract", "rows apart", contract_split},
    {"contract", "groups apart", contract_apart},
    {"contract", "groups apart, shared", contract_apart_shared},
    {"contract", "two vectors", contract_vectors},
    {"mean", "words", mean_words},
    {"mean", "last", mean_last},
    {"sum", "words, last", sum_words},
    {"sum", "middle", sum_middle},
    {"max", "words", max_words},
    {"max", "last", max_last},
    {"logsumexp", "words", logsumexp_words},
    {"logsumexp", "middle", logsumexp_middle},
    {"norm", "last", norm_last},
    {"norm", "words", norm_words},
    {"normalize", "last", normalize_last},
    {"normalize", "words", normalize_words},
    {"normalize", "middle", normalize_middle},
    {"softmax", "last", softmax_last},
    {"softmax", "middle", softmax_middle},
    {"softmax", "words", softmax_words},
    {"softmax", "words, last", softmax_words_last},
    {"triplet", "hardest", triplet_hardest},
    {"triplet", "sum, columns first", triplet_sum},
    {"cosine_ratio", "norms of fewer axes", cosine_ratio},
    {"attended_cosine", "regions", attended_pictures},
    {"attended_cosine", "words", attended_words},
    {"pairwise", "none", pairwise_none},
    {"pairwise", "tanh", pairwise_tanh},
    {"pairwise", "relu", pairwise_relu},
    {"pairwise", "leaky, shared", pairwise_leaky},
    {"pairwise", "sigmoid, captions", pairwise_sigmoid},
};
const int n_op_cases = sizeof op_cases / sizeof op_cases[0];
