/* What recurrent operators share: the order of steps, memory, products, merging of two
 * directions.  A cell adds its gates.
 *
 * Sequences are worked on side by side, the longest first, so that step t is one product
 * for all sequences that have a t-th item; states are kept in that order of steps.
 *
 * Parameters of a direction, as torch.nn.GRU and torch.nn.LSTM call them: weight_ih_l0
 * [G h, from], weight_hh_l0 [G h, h], bias_ih_l0, bias_hh_l0 [G h], for the G gates of the
 * cell one below the other; right to left with `_reverse` after the name. */
#ifndef AT_GRAPH_RECURRENT_H
#define AT_GRAPH_RECURRENT_H
#include "core/graph/repeats.h"

/* Rows of x and y are items; step t holds begin[t + 1] - begin[t] of them from row begin[t]
 * of the step order; item[] says which item a row is, from the left and from the right. */
typedef struct at_steps {
  int64_t rows, sequences, longest;
  int64_t from, h;
  int64_t *begin; /* [longest + 1] */
  int32_t *item[2];
} at_steps;

/* One direction at work. */
typedef struct at_recurrence {
  at_steps s;
  const struct at_cell *cell;
  int set, dir; /* of parameters; 0: from the left */
  int64_t t;
  bool kept;     /* there is a backward pass */
  float *gates;  /* [rows, 4h] kept for it; else of the step at hand, [sequences, 4h] */
  float *memory; /* memory planes [rows, h], kept; the first is the state */
  float *gi;     /* forward: W x + b of items [in.n, G h]; backward: of gates [rows, 4h] */
  float *gh;     /* forward: U h + c of this step [active, G h] */
  float *carry;  /* backward: what comes from the step after, [2][sequences, h], zero at first */
  const float *dy;
  float *y, by; /* y += by * state */
  int64_t y_stride;
  float *panels; /* weight_hh packed, and what meets it */
  float *before, *sorted, *dx;
  const float *w_ih, *w_hh, *b_ih, *b_hh, *x;
  at_repeats in; /* forward: items that differ */
} at_recurrence;

/* Gates' gradients are 4 blocks of h columns; `piece` says which of them belong to which rows
 * of weight_hh. */
typedef struct at_cell {
  int gates;  /* G */
  int memory; /* floats of memory for each of h */
  struct {
    int blocks, at, row;
  } piece[3]; /* ends with blocks == 0 */
  /* rows [begin, end) of step t: state and y from gi, gh */
  void (*forward)(void *recurrence, size_t begin, size_t end);
  /* rows of step t: gradients of the gates into gi, what goes on into carry */
  void (*backward)(void *recurrence, size_t begin, size_t end);
} at_cell;

/* W x + b of an item, forward. */
static inline const float *at_recurrent_input(const at_recurrence *r, int64_t item) {
  return r->gi + (r->in.place ? r->in.place[item] : item) * r->cell->gates * r->s.h;
}

/* One direction; both, with the mean or the concatenation of them unless said otherwise. */
extern const at_param_spec at_recurrent_params[], at_recurrent_params_mean[],
    at_recurrent_params_concat[];
extern const at_cell at_cell_gru, at_cell_lstm;

at_status at_recurrent_infer(at_graph *g, at_node *n, at_error *err);
size_t at_recurrent_saved(const at_exec *x, const at_node *n);
size_t at_recurrent_scratch(const at_exec *x, const at_node *n);
void at_recurrent_forward(at_exec *x, const at_node *n);
void at_recurrent_backward(at_exec *x, const at_node *n);
double at_recurrent_flops(const at_exec *x, const at_node *n);

/* Defines the operator `id`. */
#define AT_RECURRENT_OP(id, spec, text, how)          \
  const at_op at_op_##id = {                          \
      .name = #id,                                    \
      .summary = text,                                \
      .formula = how,                                 \
      .axes = "[..., over, from] -> [..., over, to]", \
      .min_in = 1,                                    \
      .max_in = 1,                                    \
      .params = spec,                                 \
      .flags = AT_OP_KEEPS_IN | AT_OP_TAIL,           \
      .infer = at_recurrent_infer,                    \
      .saved = at_recurrent_saved,                    \
      .scratch = at_recurrent_scratch,                \
      .forward = at_recurrent_forward,                \
      .backward = at_recurrent_backward,              \
      .flops = at_recurrent_flops,                    \
  }
#endif
