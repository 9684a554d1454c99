/* Long short-term memory (Hochreiter and Schmidhuber, 1997; forget gate: Gers et al., 2000),
 * in the form and with the parameter names of torch.nn.LSTM:
 *
 *   i = sig(Wi x + bi + Ui h + ci)    f = sig(Wf x + bf + Uf h + cf)
 *   g = tanh(Wg x + bg + Ug h + cg)   o = sig(Wo x + bo + Uo h + co)
 *   c' = f c + i g                    h' = o tanh(c')
 *
 * weight_ih_l0 = [Wi; Wf; Wg; Wo], weight_hh_l0 = [Ui; Uf; Ug; Uo], biases likewise.
 * Kept: i f g o; the state h, c and tanh(c). */
#include "core/graph/ops.h"
#include "core/graph/recurrent.h"
#include "core/tensor/vecmath.h"

static void lstm_forward(void *ctx, size_t begin, size_t end) {
  const at_recurrence *r = ctx;
  const int64_t h = r->s.h, first = r->s.begin[r->t], plane = r->s.rows * h;
  for (int64_t k = (int64_t)begin; k < (int64_t)end; k++) {
    int64_t row = first + k, item = r->s.item[r->dir][row];
    const float *gi = at_recurrent_input(r, item), *gh = r->gh + k * 4 * h;
    const float *before = r->t ? r->memory + plane + (r->s.begin[r->t - 1] + k) * h : NULL;
    float *i = r->gates + (r->kept ? row : k) * 4 * h, *f = i + h, *g = f + h, *o = g + h;
    float *state = r->memory + row * h, *c = state + plane, *tc = c + plane;
    float *y = r->y + item * r->y_stride;
    for (int64_t j = 0; j < 4 * h; j++) i[j] = gi[j] + gh[j];
    at_vsigmoid(i, i, (size_t)(2 * h));
    at_vtanh(g, g, (size_t)h);
    at_vsigmoid(o, o, (size_t)h);
    for (int64_t j = 0; j < h; j++) c[j] = (before ? f[j] * before[j] : 0) + i[j] * g[j];
    at_vtanh(tc, c, (size_t)h);
    for (int64_t j = 0; j < h; j++) {
      state[j] = o[j] * tc[j];
      y[j] += r->by * state[j];
    }
  }
}

/* The first half of carry belongs to h, of which the products with the gates are still to
 * come; the second to c. */
static void lstm_backward(void *ctx, size_t begin, size_t end) {
  const at_recurrence *r = ctx;
  const int64_t h = r->s.h, first = r->s.begin[r->t], plane = r->s.rows * h;
  for (int64_t k = (int64_t)begin; k < (int64_t)end; k++) {
    int64_t row = first + k, item = r->s.item[r->dir][row];
    const float *i = r->gates + row * 4 * h, *f = i + h, *g = f + h, *o = g + h;
    const float *before = r->t ? r->memory + plane + (r->s.begin[r->t - 1] + k) * h : NULL;
    const float *tc = r->memory + 2 * plane + row * h, *dy = r->dy + item * r->y_stride;
    float *d = r->gi + row * 4 * h, *carry = r->carry + k * h;
    float *carry_c = carry + r->s.sequences * h;
    for (int64_t j = 0; j < h; j++) {
      float dh = r->by * dy[j] + carry[j];
      float dc = carry_c[j] + dh * o[j] * (1 - tc[j] * tc[j]);
      d[j] = dc * g[j] * i[j] * (1 - i[j]);
      d[h + j] = before ? dc * before[j] * f[j] * (1 - f[j]) : 0;
      d[2 * h + j] = dc * i[j] * (1 - g[j] * g[j]);
      d[3 * h + j] = dh * tc[j] * o[j] * (1 - o[j]);
      carry[j] = 0;
      carry_c[j] = dc * f[j];
    }
  }
}

const at_cell at_cell_lstm = {.gates = 4,
                              .memory = 3,
                              .piece = {{4, 0, 0}},
                              .forward = lstm_forward,
                              .backward = lstm_backward};

AT_RECURRENT_OP(lstm, at_recurrent_params, "long short-term memory, left to right",
                "c' = f c + i g, h' = o tanh(c')  (Hochreiter and Schmidhuber, 1997; "
                "parameters as torch.nn.LSTM)");
AT_RECURRENT_OP(bilstm, at_recurrent_params_concat, "long short-term memory in both directions",
                "mean, sum or concatenation of lstm from the left and from the right");
