/* Cases of attention in tiles: what is ragged, what there are several of, what is hidden. */
#include "op_case_make.h"

static at_node *renamed(fixture *f, at_node *v, const char *from, const char *to) {
  return NODE("rename", IN(v), map(f, from, to, -1));
}

static at_node *attend(fixture *f, at_node *q, at_node *k, at_node *v, const char *over) {
  return NODE("attention", IN(q, k, v), ax(f, "d"), ax(f, over), num(0.7), num(2));
}

CASE(dense) {
  return attend(f, NORMAL("q", "picture y d"), NORMAL("k", "picture region d"),
                NORMAL("v", "picture region e"), "region");
}
CASE(dense_heads) {
  return attend(f, NORMAL("q", "picture y channel d"), NORMAL("k", "picture region channel d"),
                NORMAL("v", "picture channel region e"), "region");
}
CASE(no_batch) {
  return attend(f, NORMAL("q", "y x d"), NORMAL("k", "region d"), NORMAL("v", "region e"),
                "region");
}
CASE(ragged_keys) {
  return attend(f, NORMAL("q", "caption y x d"), NORMAL("k", "word d"), NORMAL("v", "word e"),
                "word");
}
CASE(ragged_rows) {
  return attend(f, NORMAL("q", "word d"), NORMAL("k", "caption region d"),
                NORMAL("v", "caption region e"), "region");
}
CASE(ragged_pairs) {
  at_node *k = renamed(f, NORMAL("k", "word channel d"), "word", "word2");
  at_node *v = renamed(f, NORMAL("v", "word channel e"), "word", "word2");
  return attend(f, NORMAL("q", "word channel d"), k, v, "word2");
}
CASE(key_is_value) {
  at_node *k = renamed(f, NORMAL("k", "word d"), "word", "word2");
  return attend(f, NORMAL("q", "word d"), k, k, "word2");
}
CASE(all_one_value) {
  at_node *q = NORMAL("q", "picture region d"), *k = renamed(f, q, "region", "cell");
  return attend(f, q, k, k, "cell");
}
CASE(in_order) {
  at_node *k = renamed(f, NORMAL("k", "picture region d"), "region", "cell");
  at_node *v = renamed(f, NORMAL("v", "picture region e"), "region", "cell");
  return NODE("attention", IN(NORMAL("q", "picture region d"), k, v), ax(f, "d"), ax(f, "cell"),
              num(1), num(1), ax(f, "region"));
}
CASE(pairs_in_order) {
  at_node *k = renamed(f, NORMAL("k", "word channel d"), "word", "word2");
  at_node *v = renamed(f, NORMAL("v", "word channel e"), "word", "word2");
  return NODE("attention", IN(NORMAL("q", "word channel d"), k, v), ax(f, "d"), ax(f, "word2"),
              num(1), num(1), ax(f, "word"));
}

static at_node *joined(fixture *f) {
  const at_arg to = {.set = true,
                     .n_axes = 3,
                     .axis = {axis(f, "region"), axis(f, "word"), axis(f, "y")},
                     .to = axis(f, "item"),
                     .to_size = -1};
  return NODE(
      "concat",
      IN(NORMAL("a", "caption region d"), NORMAL("b", "word d"), NORMAL("c", "caption y d")), to);
}
CASE(part_in_order) {
  at_node *v = joined(f), *k = renamed(f, v, "item", "item2");
  return NODE("attention", IN(v, k, k), ax(f, "d"), ax(f, "item2"), num(1), num(1), ax(f, "item"),
              ax(f, "y"));
}
CASE(part_attends) {
  at_node *v = joined(f), *k = renamed(f, v, "item", "item2");
  at_node *q = NODE("part", IN(v), map(f, "item", "word", -1));
  return NODE("attention", IN(q, k, k), ax(f, "d"), ax(f, "item2"), num(1), num(1), ax(f, "word"),
              ax(f, "word"));
}

const op_case op_cases_attention[] = {
    {"attention", "dense", dense},
    {"attention", "heads", dense_heads},
    {"attention", "without a batch", no_batch},
    {"attention", "ragged keys", ragged_keys},
    {"attention", "ragged rows", ragged_rows},
    {"attention", "pairs of heads", ragged_pairs},
    {"attention", "the key is the value", key_is_value},
    {"attention", "one value three times", all_one_value},
    {"attention", "in order", in_order},
    {"attention", "pairs in order", pairs_in_order},
    {"attention", "a part in order", part_in_order},
    {"attention", "a part attends", part_attends},
};
const int n_op_cases_attention = sizeof op_cases_attention / sizeof op_cases_attention[0];
