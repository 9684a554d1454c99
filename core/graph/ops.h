/* Every operator's entry; core/graph/optable.c lists them. */
#ifndef AT_GRAPH_OPS_H
#define AT_GRAPH_OPS_H
#include "core/graph/graph.h"

extern const at_op at_op_linear, at_op_embed, at_op_gru, at_op_bigru, at_op_conv2d,
    at_op_max_pool2d, at_op_avg_pool2d, at_op_flatten, at_op_rename, at_op_relu, at_op_leaky_relu,
    at_op_tanh, at_op_sigmoid, at_op_elu, at_op_exp, at_op_scale, at_op_add, at_op_sub, at_op_mul,
    at_op_div, at_op_contract, at_op_mean, at_op_sum, at_op_max, at_op_logsumexp, at_op_norm,
    at_op_normalize, at_op_softmax, at_op_dropout, at_op_triplet, at_op_cosine_ratio,
    at_op_attended_cosine, at_op_pairwise;
#endif
