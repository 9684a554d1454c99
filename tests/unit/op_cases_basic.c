/* Cases of the operators that the first models need. */
#include "op_case_make.h"

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
CASE(gru_reverse) {
  return NODE("gru", IN(NORMAL("a", "word d")), ax(f, "word"), map(f, "d", "h", 3), num(1), num(1));
}
CASE(lstm) { return NODE("lstm", IN(NORMAL("a", "word d")), ax(f, "word"), map(f, "d", "h", 3)); }
CASE(lstm_dense_reverse) {
  return NODE("lstm", IN(NORMAL("a", "picture region d")), ax(f, "region"), map(f, "d", "h", 3),
              num(1));
}
CASE(bilstm_mean) {
  return NODE("bilstm", IN(NORMAL("a", "word d")), ax(f, "word"), map(f, "d", "h", 3), num(0));
}
CASE(bilstm_concat) {
  return NODE("bilstm", IN(NORMAL("a", "word d")), ax(f, "word"), map(f, "d", "h", 6));
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
CASE(conv_flat) {
  return NODE("conv2d", IN(NORMAL("a", "picture y x channel")), ax2(f, "y", "x"),
              map(f, "channel", "h", 2), num(1), num(1), num(-1), num(1), num(0), num(0), num(3));
}
CASE(conv_tall) {
  return NODE("conv2d", IN(NORMAL("a", "picture y x channel")), ax2(f, "y", "x"),
              map(f, "channel", "h", 2), num(5), num(2), num(-1), num(0), num(0), num(0), num(2));
}
/* Fewer places than channels made: patches lie as the weights do. */
CASE(conv_few) {
  return NODE("conv2d", IN(NORMAL("a", "picture y x channel")), ax2(f, "y", "x"),
              map(f, "channel", "h", 13), num(3), num(2), num(1), num(1));
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
CASE(max_pool_padded) {
  return NODE("max_pool2d", IN(SPREAD("a", "picture y x channel")), ax2(f, "y", "x"), num(3),
              num(2), num(1));
}
CASE(avg_pool_padded) {
  return NODE("avg_pool2d", IN(NORMAL("a", "picture y x channel")), ax2(f, "y", "x"), num(3),
              num(1), num(1));
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
CASE(div_items) {
  return NODE("div", IN(NORMAL("a", "picture region d"), POSITIVE("b", "picture d")), num(0));
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
CASE(cosine_ratio_items) {
  return NODE("cosine_ratio",
              IN(NORMAL("a", "word picture"), POSITIVE("b", "word"), POSITIVE("c", "picture")),
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
static at_node *learned_matrix(fixture *f, const char *name, int ndim) {
  const int64_t shape[] = {2, 9};
  at_node *p = NULL;
  const at_span nowhere = {-1, 0, 0};
  at_graph_parameter(f->g, name, ndim, shape, (at_init){AT_INIT_NORMAL, 1}, nowhere, &p, NULL);
  return p;
}
CASE(linear_part) {
  return NODE("linear_part", IN(NORMAL("a", "word region d"), learned_matrix(f, "w", 2)),
              map(f, "d", "h", 2), num(3));
}
CASE(linear_part_sum) {
  at_node *w = learned_matrix(f, "w", 2), *b = learned_matrix(f, "b", 1);
  at_node *first =
      NODE("linear_part", IN(NORMAL("a", "picture y d"), w, b), map(f, "d", "h", 2), num(0));
  return NODE("linear_part", IN(NORMAL("b", "picture y e"), w, first), map(f, "e", "h", 2), num(6));
}
CASE(conv2d_doubled) {
  const int64_t shape[] = {2, fixture_size("channel"), 3, 3};
  at_node *w = NULL;
  const at_span nowhere = {-1, 0, 0};
  at_graph_parameter(f->g, "w", 4, shape, (at_init){AT_INIT_NORMAL, 1}, nowhere, &w, NULL);
  return NODE("conv2d_doubled", IN(NORMAL("a", "picture y x channel"), w),
              map(f, "channel", "h", 2));
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

const op_case op_cases_basic[] = {
    {"linear", "rows", linear},
    {"linear", "no bias", linear_bare},
    {"linear", "an axis in the middle", linear_middle},
    {"linear", "two axes", linear_two},
    {"linear", "to the same axis", linear_square},
    {"embed", "tokens", embed},
    {"gru", "ragged", gru},
    {"gru", "dense", gru_dense},
    {"gru", "reverse", gru_reverse},
    {"lstm", "ragged", lstm},
    {"lstm", "dense, reverse", lstm_dense_reverse},
    {"bilstm", "mean", bilstm_mean},
    {"bilstm", "concat", bilstm_concat},
    {"bigru", "mean", bigru_mean},
    {"bigru", "sum", bigru_sum},
    {"bigru", "concat", bigru_concat},
    {"conv2d", "same size", conv},
    {"conv2d", "stride 2, no padding, no bias", conv_stride},
    {"conv2d", "kernel 5", conv_wide},
    {"conv2d", "1 x 3", conv_flat},
    {"conv2d", "5 x 2, stride 2", conv_tall},
    {"conv2d", "fewer places than channels", conv_few},
    {"dropout", "training", dropout},
    {"max_pool2d", "2", max_pool},
    {"max_pool2d", "overlapping", max_pool_over},
    {"avg_pool2d", "overlapping", avg_pool},
    {"max_pool2d", "padded", max_pool_padded},
    {"avg_pool2d", "padded", avg_pool_padded},
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
    {"div", "a batch axis first", div_items},
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
    {"cosine_ratio", "a norm that all items share", cosine_ratio_items},
    {"attended_cosine", "regions", attended_pictures},
    {"attended_cosine", "words", attended_words},
    {"linear_part", "columns from the third on", linear_part},
    {"linear_part", "a bias, and another part", linear_part_sum},
    {"conv2d_doubled", "5 x 4", conv2d_doubled},
    {"pairwise", "none", pairwise_none},
    {"pairwise", "tanh", pairwise_tanh},
    {"pairwise", "relu", pairwise_relu},
    {"pairwise", "leaky, shared", pairwise_leaky},
    {"pairwise", "sigmoid, captions", pairwise_sigmoid},
};
const int n_op_cases_basic = sizeof op_cases_basic / sizeof op_cases_basic[0];
