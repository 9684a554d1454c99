/* Arithmetic of one forward pass, operator by operator.
 *
 * One multiplication, addition, comparison or function value counts 1.  Operators that are
 * products of matrices count theirs themselves (at_op.flops: 2 M N K); moving data counts 0;
 * what stands in no list here costs 1 for each element of its result. */
#include <stddef.h>
#include "core/graph/exec_impl.h"
#include "core/graph/ops.h"

/* For each element of the first input, and of the result. */
static const struct rule {
  const at_op *op;
  int in, out;
} rules[] = {
    /* data are moved, or drawn */
    {&at_op_embed, 0, 0},
    {&at_op_concat, 0, 0},
    {&at_op_part, 0, 0},
    {&at_op_stack, 0, 0},
    {&at_op_slice, 0, 0},
    {&at_op_expand, 0, 0},
    {&at_op_gather, 0, 0},
    {&at_op_one_hot, 0, 0},
    {&at_op_position, 0, 0},
    {&at_op_noise, 0, 0},
    {&at_op_first, 0, 0},
    {&at_op_last, 0, 0},
    {&at_op_arrange, 0, 0},
    {&at_op_learned, 0, 0},
    /* every element that is reduced */
    {&at_op_sum, 1, 0},
    {&at_op_mean, 1, 0},
    {&at_op_max, 1, 0},
    {&at_op_sum_all, 1, 0},
    {&at_op_mean_all, 1, 0},
    {&at_op_max_pool2d, 1, 0},
    {&at_op_avg_pool2d, 1, 0},
    {&at_op_norm, 2, 0},
    {&at_op_triplet, 2, 0},
    /* greatest, difference, exponential, sum; softmax divides as well, matching goes both ways */
    {&at_op_logsumexp, 4, 0},
    {&at_op_softmax, 5, 0},
    {&at_op_cross_entropy, 4, 0},
    {&at_op_matching, 8, 0},
    /* square, sum, quotient; with the mean, the difference, a factor and a shift */
    {&at_op_normalize, 3, 0},
    {&at_op_layer_norm, 7, 0},
    {&at_op_batch_norm, 7, 0},
    {&at_op_instance_norm, 7, 0},
    /* greatest, differences, and a sorting or a search of about four passes */
    {&at_op_sparsemax, 8, 0},
    {&at_op_entmax15, 8, 0},
    {&at_op_topk, 8, 0},
    {&at_op_hardmax, 6, 0},
    {&at_op_glu, 0, 2},
    {&at_op_kl, 0, 5},
    {&at_op_cosine_ratio, 0, 3},
};

double at_op_flops(const at_exec *x, const at_node *n) {
  if (n->op->flops) return n->op->flops(x, n);
  for (size_t i = 0; i < sizeof rules / sizeof *rules; i++)
    if (rules[i].op == n->op)
      return (rules[i].in ? rules[i].in * (double)at_x_count(x, n->in[0]) : 0) +
             rules[i].out * (double)at_x_count(x, n);
  return (double)at_x_count(x, n);
}
