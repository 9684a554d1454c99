/* Cases of `kernel`: s = by tanh(k . M q), which keeps the tanh and works in scratch. */
#include <math.h>
#include "core/graph/kernel.h"
#include "core/plugin/plugin.h"
#include "op_case_make.h"

static int64_t room(const double *number, int64_t keys, int64_t queries, int64_t depth) {
  (void)number;
  return (keys + queries) * depth;
}

static void forward(const attune_host *host, const attune_kernel_call *c) {
  const int64_t d = c->depth;
  float *mq = c->scratch; /* [queries, d] */
  host->gemm(c->queries, d, d, 1, c->query, c->query_stride, 1, c->parameter[0], 1, d, 0, mq, d, 1);
  host->gemm(c->keys, c->queries, d, 1, c->key, c->key_stride, 1, mq, 1, d, 0, c->score,
             c->score_stride, 1);
  for (int64_t i = 0; i < c->keys; i++) {
    float *s = c->score + i * c->score_stride;
    host->vector_tanh(s, s, c->queries);
    for (int64_t j = 0; j < c->queries; j++) {
      if (c->saved) c->saved[i * c->saved_stride + 2 * j + 1] = s[j];
      s[j] *= (float)c->number[0];
    }
  }
}

/* ds' = ds by (1 - t t); dk += ds' M q; dq += ds' M' k; dM += (ds' k) q' */
static void backward(const attune_host *host, const attune_kernel_call *c) {
  const int64_t d = c->depth;
  const float *m = c->parameter[0];
  for (int64_t i = 0; i < c->keys; i++)
    for (int64_t j = 0; j < c->queries; j++) {
      const float *k = c->key + i * c->key_stride, *q = c->query + j * c->query_stride;
      float t = c->saved[i * c->saved_stride + 2 * j + 1];
      float ds = c->score_grad[i * c->score_grad_stride + j] * (float)c->number[0] * (1 - t * t);
      if (t * (float)c->number[0] != c->score[i * c->score_stride + j])
        ds = NAN; /* as it was left */
      for (int64_t a = 0; a < d; a++)
        for (int64_t b = 0; b < d; b++) {
          if (c->key_grad) c->key_grad[i * d + a] += ds * m[a * d + b] * q[b];
          if (c->query_grad) c->query_grad[j * d + b] += ds * m[a * d + b] * k[a];
          if (c->parameter_grad[0]) c->parameter_grad[0][a * d + b] += ds * k[a] * q[b];
        }
    }
  (void)host;
}

static at_node *scores(fixture *f, at_node *k, at_node *q) {
  static const double number[] = {0.75};
  const int64_t shape[] = {5, 5};
  const at_kernel kernel = {.fn = {.size = sizeof(attune_kernel),
                                   .name = "case",
                                   .saved = 2,
                                   .forward = forward,
                                   .backward = backward,
                                   .scratch = room},
                            .host = at_plugin_host(),
                            .number = number};
  at_node *in[] = {k, q, NULL}, *out = NULL;
  const at_span nowhere = {-1, 0, 0};
  if (at_graph_parameter(f->g, "m", 2, shape, (at_init){AT_INIT_NORMAL, 1}, nowhere, &in[2],
                         NULL) ||
      at_graph_kernel(f->g, &kernel, 3, in, axis(f, "d"), nowhere, &out, NULL))
    return NULL;
  return out;
}

CASE(apart) { return scores(f, NORMAL("k", "picture region d"), NORMAL("q", "word d")); }
CASE(swapped) { return scores(f, NORMAL("k", "word d"), NORMAL("q", "picture region d")); }
CASE(shared) { return scores(f, NORMAL("k", "picture region d"), NORMAL("q", "picture d")); }
CASE(heads) { return scores(f, NORMAL("k", "region picture d"), NORMAL("q", "y picture d")); }
CASE(one_of_them) { return scores(f, NORMAL("k", "d"), NORMAL("q", "caption d")); }
CASE(captions) { return scores(f, NORMAL("k", "word d"), NORMAL("q", "caption d")); }
CASE(words) { return scores(f, NORMAL("k", "caption d"), NORMAL("q", "word region d")); }
CASE(apart_twice) {
  return scores(f, NORMAL("k", "picture region d"), NORMAL("q", "caption y x d"));
}
CASE(pair) {
  at_node *k = NORMAL("k", "word region d");
  k = NODE("rename", IN(k), map(f, "word", "word2", -1));
  return scores(f, k, NORMAL("q", "word region d"));
}

const op_case op_cases_kernel[] = {
    {"kernel", "apart", apart},         {"kernel", "apart, the other way", swapped},
    {"kernel", "shared", shared},       {"kernel", "heads", heads},
    {"kernel", "one key", one_of_them}, {"kernel", "captions", captions},
    {"kernel", "words", words},         {"kernel", "apart, two axes", apart_twice},
    {"kernel", "pair", pair},
};
const int n_op_cases_kernel = sizeof op_cases_kernel / sizeof *op_cases_kernel;
