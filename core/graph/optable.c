/* All operators, by the families of the manual. A new one is a line here and in ops.h. */
#include "core/graph/ops.h"

const at_op *const at_optable[] = {
    /* layers */
    &at_op_linear, &at_op_embed, &at_op_gru, &at_op_bigru, &at_op_conv2d, &at_op_dropout,
    /* pictures */
    &at_op_max_pool2d, &at_op_avg_pool2d,
    /* axes */
    &at_op_flatten, &at_op_rename,
    /* element by element */
    &at_op_relu, &at_op_leaky_relu, &at_op_tanh, &at_op_sigmoid, &at_op_elu, &at_op_exp,
    &at_op_scale,
    /* two values */
    &at_op_add, &at_op_sub, &at_op_mul, &at_op_div, &at_op_contract,
    /* along an axis */
    &at_op_mean, &at_op_sum, &at_op_max, &at_op_logsumexp, &at_op_norm, &at_op_normalize,
    &at_op_softmax,
    /* losses */
    &at_op_triplet,
    /* made by lowering, plugins and passes */
    &at_op_cosine_ratio, &at_op_attended_cosine, &at_op_pairwise, NULL};
