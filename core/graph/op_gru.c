/* Gated recurrent unit (Cho et al., 2014), in the form and with the parameter
 * names of torch.nn.GRU:
 *
 *   r = sig(Wr x + br + Ur h + cr)      z = sig(Wz x + bz + Uz h + cz)
 *   n = tanh(Wn x + bn + r (Un h + cn)) h' = (1 - z) n + z h
 *
 * weight_ih_l0 = [Wr; Wz; Wn], weight_hh_l0 = [Ur; Uz; Un], biases likewise.
 * Kept: r z n (Un h + cn), and the state. */
#include "core/graph/ops.h"
#include "core/graph/recurrent.h"
#include "core/tensor/vecmath.h"

static void gru_forward(void *ctx, size_t begin, size_t end) {
  const at_recurrence *g = ctx;
  const int64_t h = g->s.h, first = g->s.begin[g->t];
  for (int64_t k = (int64_t)begin; k < (int64_t)end; k++) {
    int64_t row = first + k, item = g->s.item[g->dir][row];
    const float *gi = at_recurrent_input(g, item), *gh = g->gh + k * 3 * h;
    const float *before = g->t ? g->memory + (g->s.begin[g->t - 1] + k) * h : NULL;
    float *r = g->gates + (g->kept ? row : k) * 4 * h, *z = r + h, *n = z + h, *hn = n + h;
    float *state = g->memory + row * h, *y = g->y + item * g->y_stride;
    for (int64_t j = 0; j < 2 * h; j++) r[j] = gi[j] + gh[j];
    at_vsigmoid(r, r, (size_t)(2 * h));
    for (int64_t j = 0; j < h; j++) {
      hn[j] = gh[2 * h + j];
      n[j] = gi[2 * h + j] + r[j] * hn[j];
    }
    at_vtanh(n, n, (size_t)h);
    for (int64_t j = 0; j < h; j++) {
      state[j] = (1 - z[j]) * n[j] + (before ? z[j] * before[j] : 0);
      y[j] += g->by * state[j];
    }
  }
}

/* Gradients of the gates of step t into rows of gi [dar daz dan dhn]; what goes on to the
 * state before through z into carry. */
static void gru_backward(void *ctx, size_t begin, size_t end) {
  const at_recurrence *g = ctx;
  const int64_t h = g->s.h, first = g->s.begin[g->t];
  for (int64_t k = (int64_t)begin; k < (int64_t)end; k++) {
    int64_t row = first + k, item = g->s.item[g->dir][row];
    const float *r = g->gates + row * 4 * h, *z = r + h, *n = z + h, *hn = n + h;
    const float *before = g->t ? g->memory + (g->s.begin[g->t - 1] + k) * h : NULL;
    const float *dy = g->dy + item * g->y_stride;
    float *d = g->gi + row * 4 * h, *carry = g->carry + k * h;
    for (int64_t j = 0; j < h; j++) {
      float dh = g->by * dy[j] + carry[j], b = before ? before[j] : 0;
      float dn = dh * (1 - z[j]) * (1 - n[j] * n[j]);
      d[j] = dn * hn[j] * r[j] * (1 - r[j]);
      d[h + j] = dh * (b - n[j]) * z[j] * (1 - z[j]);
      d[2 * h + j] = dn;
      d[3 * h + j] = dn * r[j];
      carry[j] = dh * z[j];
    }
  }
}

/* What multiplies Un h is r times what comes to n: its gradient stands in a fourth block. */
const at_cell at_cell_gru = {.gates = 3,
                             .memory = 1,
                             .piece = {{2, 0, 0}, {1, 3, 2}},
                             .forward = gru_forward,
                             .backward = gru_backward};

AT_RECURRENT_OP(gru, at_recurrent_params, "gated recurrent unit, left to right",
                "h' = (1 - z) n + z h  (Cho et al., 2014; parameters as torch.nn.GRU)");
AT_RECURRENT_OP(bigru, at_recurrent_params_mean, "gated recurrent unit in both directions",
                "mean, sum or concatenation of gru from the left and from the right");
