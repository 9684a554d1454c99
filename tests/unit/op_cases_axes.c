/* Cases of the operators that join, cut, mask and pair axes. */
#include "op_case_make.h"

static at_arg list(fixture *f, const char *a, const char *b, const char *c, const char *to,
                   int64_t size) {
  const char *names[] = {a, b, c};
  at_arg m = {.set = true, .to = axis(f, to), .to_size = size};
  for (int i = 0; i < 3 && names[i]; i++) m.axis[m.n_axes++] = axis(f, names[i]);
  return m;
}

static at_node *same_word(fixture *f, at_node *v) {
  return NODE("rename", IN(v), map(f, "word", "word2", -1));
}

/* Scores so low make no sum that differences could be seen in: their weights do. */
static at_node *weights(fixture *f, at_node *s, const char *over) {
  return NODE("softmax", IN(s), ax(f, over));
}

CASE(split_axis) {
  at_arg m = {.set = true,
              .n_axes = 1,
              .axis = {axis(f, "region")},
              .n_made = 2,
              .made = {axis(f, "half"), axis(f, "cell")},
              .made_size = {2, -1}};
  return NODE("mul",
              IN(NODE("split", IN(NORMAL("a", "picture region d")), m), NORMAL("b", "picture d")));
}
CASE(squeezed) {
  at_node *one = NODE("linear", IN(NORMAL("a", "word d")), map(f, "d", "h", 1));
  return NODE("squeeze", IN(one), ax(f, "h"));
}
CASE(detached) {
  at_node *a = NORMAL("a", "word d");
  at_node *still = NODE("scale", IN(NORMAL("b", "word d")), num(0), num(2));
  return NODE("mul", IN(a, NODE("detach", IN(still))));
}
CASE(concat_features) {
  return NODE("concat", IN(NORMAL("a", "word d"), NORMAL("b", "word e")),
              list(f, "d", "e", NULL, "h", -1));
}
CASE(concat_middle) {
  return NODE("concat", IN(NORMAL("a", "picture region d"), NORMAL("b", "picture region d")),
              list(f, "region", NULL, NULL, "cell", -1));
}
static at_node *joined(fixture *f) {
  return NODE(
      "concat",
      IN(NORMAL("a", "caption region d"), NORMAL("b", "word d"), NORMAL("c", "caption y d")),
      list(f, "region", "word", "y", "item", -1));
}
CASE(concat_ragged) { return joined(f); }
CASE(part_ragged) { return NODE("part", IN(joined(f)), map(f, "item", "word", -1)); }
CASE(part_fixed) { return NODE("part", IN(joined(f)), map(f, "item", "y", -1)); }
CASE(stack_two) {
  return NODE("stack", IN(NORMAL("a", "word d"), NORMAL("b", "word d")), made(f, "half", -1));
}
CASE(slice_middle) {
  return NODE("slice", IN(NORMAL("a", "picture region d")), map(f, "region", "cell", -1), num(1),
              num(-1));
}
CASE(slice_batch) {
  return NODE("slice", IN(NORMAL("a", "caption d")), map(f, "caption", "fewer", -1), num(1));
}
CASE(rename_batch) {
  at_node *b = NODE("rename", IN(NORMAL("a", "caption d")), map(f, "caption", "fewer", -1));
  return NODE("contract", IN(b, NORMAL("b", "word d")), ax(f, "d"));
}
CASE(expand_rows) { return NODE("expand", IN(NORMAL("a", "d"), NORMAL("b", "word e"))); }
CASE(expand_without) {
  return NODE("expand", IN(NORMAL("a", "caption d"), NORMAL("b", "word e")), ax(f, "e"));
}
CASE(arrange_back) {
  at_arg m = list(f, "d", "region", "picture", "d", -1);
  return NODE("arrange", IN(NORMAL("a", "picture region d")), m);
}
CASE(arrange_outer) {
  at_arg m = list(f, "region", "picture", "d", "d", -1);
  return NODE("arrange", IN(NORMAL("a", "picture region d")), m);
}
CASE(learned_two) { return NODE("learned", IN(NULL), made(f, "region", 4), made(f, "d", 5)); }
/* Away from 0 is in, and 0 is out: the first of two slices is made zero. */
CASE(mask_scores) {
  at_node *in = NODE("scale", IN(NORMAL("m", "caption")), num(0), num(1));
  at_node *out = NODE("scale", IN(NORMAL("o", "caption")), num(0), num(0));
  at_node *m = NODE("stack", IN(in, out, in, in), made(f, "region", -1));
  return weights(f, NODE("mask", IN(NORMAL("a", "caption region d"), m)), "region");
}

/* Two ragged axes over one parent: the scores of self-attention, and back. */
static at_node *pair_scores(fixture *f) {
  at_node *a = NORMAL("a", "word region d"), *q = NORMAL("q", "word region d");
  return NODE("contract", IN(same_word(f, a), q), ax(f, "d"));
}
CASE(contract_pair) { return pair_scores(f); }
CASE(contract_pair_back) {
  at_node *v = same_word(f, NORMAL("v", "word region e"));
  return NODE("contract", IN(pair_scores(f), v), ax(f, "word2"));
}
CASE(softmax_pair) { return NODE("softmax", IN(pair_scores(f)), ax(f, "word2"), num(2)); }
CASE(mean_pair) { return NODE("mean", IN(pair_scores(f)), ax(f, "word2")); }
CASE(mul_pair) { return NODE("mul", IN(pair_scores(f), NORMAL("b", "word"))); }
/* Heads, here regions, with a vector each. */
CASE(pairwise_heads) {
  return NODE(
      "pairwise",
      IN(NORMAL("q", "word region d"), NORMAL("k", "picture region d"), NORMAL("v", "region d")),
      ax(f, "d"), num(1));
}
CASE(pairwise_heads_first) {
  return NODE(
      "pairwise",
      IN(STEPS("q", "region word d"), SPREAD("k", "region picture d"), NORMAL("v", "region d")),
      ax(f, "d"), num(2));
}
CASE(pairwise_heads_pair) {
  at_node *k = same_word(f, NORMAL("k", "word region d"));
  return NODE("pairwise", IN(NORMAL("q", "word region d"), k, NORMAL("v", "region d")), ax(f, "d"),
              num(4));
}
CASE(pairwise_pair) {
  at_node *k = same_word(f, NORMAL("k", "word d")), *q = NORMAL("q", "word d"), *v;
  const int64_t size = 5;
  if (at_graph_parameter(f->g, "v", 1, &size, (at_init){AT_INIT_NORMAL, 1}, (at_span){-1, 0, 0}, &v,
                         NULL) != AT_OK)
    return NULL;
  return NODE("pairwise", IN(q, k, v), ax(f, "d"), num(1));
}
CASE(causal_pair) {
  at_node *s = NODE("causal", IN(pair_scores(f)), ax(f, "word2"), ax(f, "word"));
  return NODE("softmax", IN(s), ax(f, "word2"));
}
CASE(causal_dense) {
  at_node *k = NODE("rename", IN(NORMAL("k", "picture region d")), map(f, "region", "cell", -1));
  at_node *s = NODE("contract", IN(k, NORMAL("q", "picture region d")), ax(f, "d"));
  s = NODE("causal", IN(s), ax(f, "cell"), ax(f, "region"));
  return NODE("softmax", IN(s), ax(f, "cell"));
}
CASE(causal_part) {
  at_node *v = joined(f), *k = NODE("rename", IN(v), map(f, "item", "item2", -1));
  at_node *s = NODE("contract", IN(k, v), ax(f, "d"));
  s = NODE("causal", IN(s), ax(f, "item2"), ax(f, "item"), ax(f, "y"));
  return NODE("softmax", IN(s), ax(f, "item2"));
}

/* Those who attend are one part of what they attend to, in order or not. */
static at_node *part_attends(fixture *f, const char *ordered) {
  at_node *v = joined(f), *k = NODE("rename", IN(v), map(f, "item", "item2", -1));
  at_node *q = NODE("part", IN(v), map(f, "item", "word", -1));
  at_node *s = NODE("contract", IN(k, q), ax(f, "d"));
  s = NODE("causal", IN(s), ax(f, "item2"), ax(f, "word"), ax(f, ordered));
  return NODE("softmax", IN(s), ax(f, "item2"));
}
CASE(causal_part_of_part) { return part_attends(f, "word"); }
CASE(causal_part_beside) { return part_attends(f, "y"); }

const op_case op_cases_axes[] = {
    {"split", "of four into two", split_axis},
    {"squeeze", "of one", squeezed},
    {"detach", "of a constant", detached},
    {"concat", "features", concat_features},
    {"concat", "middle", concat_middle},
    {"concat", "fixed and ragged", concat_ragged},
    {"part", "ragged", part_ragged},
    {"part", "fixed", part_fixed},
    {"stack", "two", stack_two},
    {"slice", "middle", slice_middle},
    {"slice", "batch", slice_batch},
    {"contract", "with a renamed batch axis", rename_batch},
    {"expand", "rows", expand_rows},
    {"expand", "by parent, without an axis", expand_without},
    {"arrange", "reversed", arrange_back},
    {"arrange", "outer", arrange_outer},
    {"learned", "two axes", learned_two},
    {"mask", "fewer axes", mask_scores},
    {"contract", "pairs of ragged items", contract_pair},
    {"contract", "pairs back", contract_pair_back},
    {"softmax", "pairs", softmax_pair},
    {"mean", "pairs", mean_pair},
    {"mul", "pairs with rows", mul_pair},
    {"pairwise", "pairs", pairwise_pair},
    {"pairwise", "heads with a vector each", pairwise_heads},
    {"pairwise", "heads first", pairwise_heads_first},
    {"pairwise", "pairs of heads", pairwise_heads_pair},
    {"causal", "pairs in order", causal_pair},
    {"causal", "dense", causal_dense},
    {"causal", "a part in order", causal_part},
    {"causal", "a part of a part in order", causal_part_of_part},
    {"causal", "a part beside one in order", causal_part_beside},
};
const int n_op_cases_axes = sizeof op_cases_axes / sizeof op_cases_axes[0];
