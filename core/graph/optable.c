/* All operators, by the families of the manual. A new one is a line here and in ops.h. */
#include "core/graph/ops.h"

static const at_op *const optable[] = {
    /* layers */
    &at_op_linear, &at_op_embed, &at_op_gru, &at_op_bigru, &at_op_lstm, &at_op_bilstm,
    &at_op_layer_norm, &at_op_batch_norm, &at_op_conv1d, &at_op_dropout,
    /* pictures */
    &at_op_conv2d, &at_op_max_pool2d, &at_op_avg_pool2d, &at_op_resize, &at_op_instance_norm,
    /* axes */
    &at_op_rename, &at_op_flatten, &at_op_split, &at_op_squeeze, &at_op_expand, &at_op_concat,
    &at_op_part, &at_op_stack, &at_op_slice, &at_op_first, &at_op_last,
    /* element by element */
    &at_op_relu, &at_op_leaky_relu, &at_op_elu, &at_op_gelu, &at_op_silu, &at_op_softplus,
    &at_op_tanh, &at_op_sigmoid, &at_op_glu, &at_op_exp, &at_op_log, &at_op_sqrt, &at_op_square,
    &at_op_abs, &at_op_clamp, &at_op_scale, &at_op_detach,
    /* two values */
    &at_op_add, &at_op_sub, &at_op_mul, &at_op_div, &at_op_contract, &at_op_cosine,
    /* along an axis */
    &at_op_sum, &at_op_mean, &at_op_max, &at_op_logsumexp, &at_op_norm, &at_op_normalize,
    /* attention */
    &at_op_softmax, &at_op_sparsemax, &at_op_entmax15, &at_op_topk, &at_op_hardmax, &at_op_mask,
    &at_op_causal,
    /* whole numbers, and chance */
    &at_op_position, &at_op_argmax, &at_op_one_hot, &at_op_gather, &at_op_noise,
    /* losses */
    &at_op_triplet, &at_op_matching, &at_op_cross_entropy, &at_op_bce, &at_op_kl, &at_op_mean_all,
    &at_op_sum_all,
    /* made by lowering, plugins and passes */
    &at_op_cosine_ratio, &at_op_attended_cosine, &at_op_pairwise, &at_op_kernel, &at_op_arrange,
    &at_op_learned, &at_op_linear_part, &at_op_attention, &at_op_conv2d_doubled, NULL};

static const at_op_family families[] = {
    {"Learned layers", &at_op_linear}, {"Pictures", &at_op_conv2d},
    {"Axes", &at_op_rename},           {"Element by element", &at_op_relu},
    {"Two values", &at_op_add},        {"Along an axis", &at_op_sum},
    {"Attention", &at_op_softmax},     {"Whole numbers, and chance", &at_op_position},
    {"Losses", &at_op_triplet},        {NULL, NULL}};

const at_op *const *at_op_table(void) { return optable; }

const at_op_family *at_op_families(void) { return families; }
