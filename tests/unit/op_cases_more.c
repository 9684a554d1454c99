/* Cases of losses, norms, gates, and of what is picked or drawn. */
#include "op_case_make.h"

static at_node *times(fixture *f, at_node *v, const char *axes) {
  return NODE("mul", IN(v, NORMAL("by", axes)));
}

CASE(cross_entropy_words) {
  at_node *logits = NODE("linear", IN(NORMAL("a", "word d")), map(f, "d", "h", 7));
  return NODE("cross_entropy", IN(logits, NORMAL("#t", "word")), ax(f, "h"));
}
CASE(cross_entropy_middle) {
  at_node *v = NODE("linear", IN(NORMAL("a", "picture region d")), map(f, "d", "h", 7));
  at_arg order = {
      .set = true, .n_axes = 3, .axis = {axis(f, "picture"), axis(f, "h"), axis(f, "region")}};
  v = NODE("arrange", IN(v), order);
  return NODE("cross_entropy", IN(v, NORMAL("#t", "picture region")), ax(f, "h"));
}
CASE(matching_square) {
  return NODE("matching", IN(NORMAL("a", "caption other")), ax(f, "caption"), ax(f, "other"),
              num(2));
}
CASE(mean_all_of) { return NODE("mean_all", IN(NORMAL("a", "word d"))); }
CASE(sum_all_of) { return NODE("sum_all", IN(NORMAL("a", "picture region"))); }
CASE(bce_with) { return NODE("bce", IN(NORMAL("a", "word d"), POSITIVE("t", "word d")), num(-1)); }
CASE(bce_fewer) {
  return NODE("bce", IN(NORMAL("a", "word d"), POSITIVE("t", "caption")), num(-1));
}
CASE(bce_to) { return NODE("bce", IN(NORMAL("a", "word d")), num(0.25)); }
CASE(layer_norm_last) { return NODE("layer_norm", IN(NORMAL("a", "word d")), ax(f, "d")); }
CASE(batch_norm_rows) { return NODE("batch_norm", IN(NORMAL("a", "word d")), ax(f, "d")); }
CASE(batch_norm_picture) {
  return NODE("batch_norm", IN(NORMAL("a", "picture y x channel")), ax(f, "channel"));
}
static at_arg picture_axes(fixture *f) {
  return (at_arg){
      .set = true, .n_axes = 3, .axis = {axis(f, "y"), axis(f, "x"), axis(f, "channel")}};
}
CASE(instance_norm_plain) {
  return NODE("instance_norm", IN(NORMAL("a", "picture y x channel")), picture_axes(f));
}
CASE(instance_norm_affine) {
  return NODE("instance_norm", IN(NORMAL("a", "picture y x channel")), picture_axes(f), num(1e-3),
              num(1));
}
CASE(conv1d_ragged) {
  return NODE("conv1d", IN(NORMAL("a", "word d")), ax(f, "word"), map(f, "d", "h", 3));
}
CASE(conv1d_dense) {
  return NODE("conv1d", IN(NORMAL("a", "picture region d")), ax(f, "region"), map(f, "d", "h", 3),
              num(2), num(2), num(1), num(0));
}
CASE(conv1d_long) {
  return NODE("conv1d", IN(NORMAL("a", "word d")), ax(f, "word"), map(f, "d", "h", 3), num(7));
}
/* bias and the options between left as they are */
CASE(linear_normed) {
  return NODE("linear", IN(NORMAL("a", "word d")), map(f, "d", "h", 4), num(1), num(0), num(1));
}
CASE(linear_normed_bare) {
  return NODE("linear", IN(NORMAL("a", "picture region d")), map(f, "region", "h", 6), num(0),
              num(1), num(1));
}
CASE(conv1d_normed) {
  return NODE("conv1d", IN(NORMAL("a", "word d")), ax(f, "word"), map(f, "d", "h", 3), num(3),
              num(1), num(-1), num(1), num(1));
}
CASE(conv2d_normed) {
  return NODE("conv2d", IN(NORMAL("a", "picture y x channel")), ax2(f, "y", "x"),
              map(f, "channel", "h", 3), num(3), num(2), num(-1), num(1), num(0), num(1));
}
CASE(kl_rows) { return NODE("kl", IN(NORMAL("m", "word d"), NORMAL("v", "word d"))); }
CASE(kl_apart) { return NODE("kl", IN(NORMAL("m", "picture d"), NORMAL("v", "caption"))); }
CASE(resize_nearest) {
  return NODE("resize", IN(NORMAL("a", "picture y x channel")), ax2(f, "y", "x"), num(2));
}
CASE(resize_bilinear) {
  return NODE("resize", IN(NORMAL("a", "picture y x channel")), ax2(f, "y", "x"), num(3), num(1));
}
CASE(glu_last) {
  at_node *v = NODE("linear", IN(NORMAL("a", "word d")), map(f, "d", "h", 6));
  return NODE("glu", IN(v), map(f, "h", "h", -1));
}
CASE(glu_middle) {
  return NODE("glu", IN(NORMAL("a", "picture region d")), map(f, "region", "half", 2));
}
CASE(position_words) {
  at_node *at = NODE("position", IN(NORMAL("a", "word d")), ax(f, "word"), num(2));
  return NODE("mul", IN(NODE("embed", IN(at), made(f, "h", 3)), NORMAL("b", "word")));
}
CASE(position_regions) {
  at_node *at = NODE("position", IN(NORMAL("a", "picture region d")), ax(f, "region"), num(9));
  return times(f, NODE("embed", IN(at), made(f, "h", 3)), "picture region");
}
CASE(one_hot_words) {
  return times(f, NODE("one_hot", IN(NORMAL("#t", "word")), made(f, "h", 7)), "word");
}
CASE(gather_fixed) {
  return NODE("gather", IN(NORMAL("a", "region d"), NORMAL("#t", "word")), ax(f, "region"));
}
CASE(gather_shared) {
  return NODE("gather", IN(NORMAL("a", "caption region d"), NORMAL("#t", "word")), ax(f, "region"));
}
CASE(gather_ragged) {
  return NODE("gather", IN(NORMAL("a", "word d"), NORMAL("#t", "other caption")), ax(f, "word"));
}
CASE(gather_same_rows) {
  return NODE("gather", IN(NORMAL("a", "word d"), NORMAL("#t", "word")), ax(f, "word"));
}
CASE(gather_batch) {
  return NODE("gather", IN(NORMAL("a", "picture region d"), NORMAL("#t", "caption")),
              ax(f, "picture"));
}
CASE(noise_rows) {
  return NODE(
      "mul", IN(NODE("noise", IN(NORMAL("a", "word d")), made(f, "h", 4)), NORMAL("b", "caption")));
}
CASE(dropout_shared) { return NODE("dropout", IN(NORMAL("a", "word d")), num(0.5), ax(f, "word")); }
CASE(first_word) { return NODE("first", IN(NORMAL("a", "word d")), ax(f, "word")); }
CASE(last_word) { return NODE("last", IN(NORMAL("a", "word d")), ax(f, "word")); }
CASE(last_region) { return NODE("last", IN(NORMAL("a", "picture region d")), ax(f, "region")); }
CASE(gelu_of) { return NODE("gelu", IN(NORMAL("a", "word d"))); }
CASE(silu_of) { return NODE("silu", IN(NORMAL("a", "word d"))); }
CASE(softplus_of) { return NODE("softplus", IN(NORMAL("a", "word d"))); }
CASE(log_of) { return NODE("log", IN(POSITIVE("a", "word d"))); }
CASE(sqrt_of) { return NODE("sqrt", IN(POSITIVE("a", "word d"))); }
CASE(abs_of) { return NODE("abs", IN(SPREAD("a", "word d"))); }
CASE(square_of) { return NODE("square", IN(NORMAL("a", "word d"))); }
CASE(clamp_of) { return NODE("clamp", IN(SPREAD("a", "word d")), num(-1.04), num(1.43)); }

const op_case op_cases_more[] = {
    {"cross_entropy", "words", cross_entropy_words},
    {"cross_entropy", "classes in the middle", cross_entropy_middle},
    {"matching", "square", matching_square},
    {"mean_all", "ragged", mean_all_of},
    {"sum_all", "dense", sum_all_of},
    {"bce", "with targets", bce_with},
    {"bce", "with targets of fewer axes", bce_fewer},
    {"bce", "to a number", bce_to},
    {"layer_norm", "words", layer_norm_last},
    {"batch_norm", "rows", batch_norm_rows},
    {"batch_norm", "picture", batch_norm_picture},
    {"instance_norm", "plain", instance_norm_plain},
    {"instance_norm", "with factor and shift", instance_norm_affine},
    {"conv1d", "ragged", conv1d_ragged},
    {"conv1d", "dense, stride 2", conv1d_dense},
    {"conv1d", "longer than the rows", conv1d_long},
    {"linear", "weight norm", linear_normed},
    {"linear", "weight norm, no bias, an axis in the middle", linear_normed_bare},
    {"conv1d", "weight norm", conv1d_normed},
    {"conv2d", "weight norm", conv2d_normed},
    {"kl", "rows", kl_rows},
    {"kl", "over the axes of both", kl_apart},
    {"resize", "nearest", resize_nearest},
    {"resize", "bilinear", resize_bilinear},
    {"glu", "last", glu_last},
    {"glu", "middle", glu_middle},
    {"position", "ragged, up to a limit", position_words},
    {"position", "fixed", position_regions},
    {"one_hot", "words", one_hot_words},
    {"gather", "one table", gather_fixed},
    {"gather", "a table for each row", gather_shared},
    {"gather", "ragged", gather_ragged},
    {"gather", "ragged, by a ragged index", gather_same_rows},
    {"gather", "rows of a batch axis", gather_batch},
    {"noise", "by caption", noise_rows},
    {"dropout", "shared by the words of a caption", dropout_shared},
    {"first", "ragged", first_word},
    {"last", "ragged", last_word},
    {"last", "dense", last_region},
    {"gelu", "plain", gelu_of},
    {"silu", "plain", silu_of},
    {"softplus", "plain", softplus_of},
    {"log", "plain", log_of},
    {"sqrt", "plain", sqrt_of},
    {"abs", "away from 0", abs_of},
    {"square", "plain", square_of},
    {"clamp", "away from the bounds", clamp_of},
};
const int n_op_cases_more = sizeof op_cases_more / sizeof op_cases_more[0];
