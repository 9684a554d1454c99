/* The matrix of a layer: learned as it is, or normalised (Salimans and Kingma, 2016):
 * w = g v/|v|, with a length g of its own for each number that the layer makes. */
#ifndef AT_GRAPH_WEIGHT_H
#define AT_GRAPH_WEIGHT_H
#include "core/graph/op_common.h"

/* The entry of an operator's table. */
#define AT_WEIGHT_NORM                                                          \
  {                                                                             \
    "weight_norm", AT_ARG_BOOL, false, 0, 0, 0, NULL,                           \
        "weights w = g v/|v|, with v and g learned (Salimans and Kingma, 2016)" \
  }

/* For infer: parameters "weight", or "weight_v" and "weight_g" (as torch.nn.utils.weight_norm
 * names and shapes them), [to, ...]; g begins as the expected length of v. */
at_status at_weight_parameters(at_graph *g, at_node *n, bool normed, int ndim, const int64_t *shape,
                               at_init init, at_error *err);

typedef struct at_weight {
  const float *w; /* [to, ...] */
  float *dw;      /* in backward: to be added to; NULL when nobody asks */
  float *rest;    /* scratch behind that of the weights */
  bool normed;
} at_weight;

/* Whether the matrix of a linear layer is normalised, so that its input 1 is not the matrix. */
bool at_linear_normed(const at_node *n);

/* Bytes of scratch that they take first. */
size_t at_weight_scratch(const at_exec *x, const at_node *n, bool normed);
at_weight at_weight_forward(at_exec *x, const at_node *n, bool normed);
at_weight at_weight_backward(at_exec *x, const at_node *n, bool normed);
/* At the end of backward: dw on to v and g. */
void at_weight_close(at_exec *x, const at_node *n, const at_weight *w);
#endif
