/* Cases of weights that leave alternatives out, and of choices as whole numbers. */
#include "op_case_make.h"

/* Differences see no kink: scores keep away from where a weight begins. */
#define WEIGH(fn, op, input, over, ...) \
  CASE(fn) { return NODE(op, IN(input), ax(f, over), __VA_ARGS__); }
WEIGH(sparse_last, "sparsemax", SPREAD("a", "picture region"), "region", num(0.5))
WEIGH(sparse_middle, "sparsemax", SPREAD("a", "picture region d"), "region", num(1))
WEIGH(sparse_words, "sparsemax", SPREAD("a", "word region"), "word", num(0.7))
WEIGH(sparse_words_last, "sparsemax", SPREAD("a", "picture word"), "word", num(0.5))
WEIGH(entmax_last, "entmax15", SPREAD("a", "picture region"), "region", num(1))
WEIGH(entmax_middle, "entmax15", SPREAD("a", "picture region d"), "region", num(1))
WEIGH(entmax_words, "entmax15", SPREAD("a", "word region"), "word", num(1))
WEIGH(entmax_words_last, "entmax15", SPREAD("a", "picture word"), "word", num(1))
WEIGH(topk_last, "topk", SPREAD("a", "word region"), "region", num(2), num(2))
WEIGH(topk_middle, "topk", SPREAD("a", "picture region d"), "region", num(3), num(1))
WEIGH(topk_words, "topk", SPREAD("a", "word picture"), "word", num(2), num(1))
WEIGH(topk_all, "topk", SPREAD("a", "picture region d"), "region", num(4), num(1))
WEIGH(hard_last, "hardmax", SPREAD("a", "word region"), "region", num(2))
WEIGH(soft_last, "softmax", SPREAD("a", "word region"), "region", num(2))
WEIGH(hard_middle, "hardmax", NORMAL("a", "picture region d"), "region", num(1))
WEIGH(soft_middle, "softmax", NORMAL("a", "picture region d"), "region", num(1))
WEIGH(hard_words, "hardmax", NORMAL("a", "word picture"), "word", num(3))
WEIGH(soft_words, "softmax", NORMAL("a", "word picture"), "word", num(3))

/* Words that look at the words of their caption: one of the two axes is padded. */
static at_node *pairs(fixture *f) {
  at_node *k = NODE("rename", IN(NORMAL("a", "word d")), map(f, "word", "word2", -1));
  return NODE("contract", IN(k, NORMAL("q", "word d")), ax(f, "d"));
}
CASE(topk_pair) { return NODE("topk", IN(pairs(f)), ax(f, "word2"), num(2), num(1)); }
CASE(sparse_pair) { return NODE("sparsemax", IN(pairs(f)), ax(f, "word2"), num(0.2)); }
CASE(hard_pair) { return NODE("hardmax", IN(pairs(f)), ax(f, "word2"), num(1)); }
CASE(soft_pair) { return NODE("softmax", IN(pairs(f)), ax(f, "word2"), num(1)); }

/* ---- choices as whole numbers ---- */

CASE(argmax_region) {
  at_node *best = NODE("argmax", IN(SPREAD("a", "picture region d")), ax(f, "region"));
  return NODE("embed", IN(best), made(f, "h", 3));
}
CASE(argmax_last) {
  at_node *best = NODE("argmax", IN(SPREAD("a", "word d")), ax(f, "d"));
  return NODE("mul", IN(NODE("one_hot", IN(best), made(f, "h", 5)), NORMAL("by", "word")));
}
/* The greatest by its place is the greatest: `max`, with its gradient. */
CASE(argmax_words) {
  at_node *a = SPREAD("a", "word");
  return NODE("gather", IN(a, NODE("argmax", IN(a), ax(f, "word"))), ax(f, "word"));
}

CASE(embed_frozen) {
  at_node *v = NODE("embed", IN(NORMAL("#t", "word")), made(f, "h", 4), num(1), num(1));
  return NODE("mul", IN(v, NORMAL("by", "word")));
}

const op_case op_cases_choices[] = {
    {"sparsemax", "last", sparse_last},
    {"sparsemax", "middle", sparse_middle},
    {"sparsemax", "words", sparse_words},
    {"sparsemax", "words, last", sparse_words_last},
    {"sparsemax", "pairs", sparse_pair},
    {"entmax15", "last", entmax_last},
    {"entmax15", "middle", entmax_middle},
    {"entmax15", "words", entmax_words},
    {"entmax15", "words, last", entmax_words_last},
    {"topk", "last", topk_last},
    {"topk", "middle", topk_middle},
    {"topk", "words", topk_words},
    {"topk", "all", topk_all},
    {"topk", "pairs", topk_pair},
    {"hardmax", "last", hard_last},
    {"hardmax", "middle", hard_middle},
    {"hardmax", "words", hard_words},
    {"hardmax", "pairs", hard_pair},
    {"argmax", "middle", argmax_region},
    {"argmax", "last", argmax_last},
    {"argmax", "words, picked again", argmax_words},
    {"embed", "frozen", embed_frozen},
};
const int n_op_cases_choices = sizeof op_cases_choices / sizeof op_cases_choices[0];

op_build *op_case_like(const op_case *c) {
  static const struct {
    op_build *hard, *soft;
  } pairs_of[] = {{hard_last, soft_last},
                  {hard_middle, soft_middle},
                  {hard_words, soft_words},
                  {hard_pair, soft_pair}};
  for (size_t i = 0; i < sizeof pairs_of / sizeof *pairs_of; i++)
    if (c->build == pairs_of[i].hard) return pairs_of[i].soft;
  return NULL;
}
