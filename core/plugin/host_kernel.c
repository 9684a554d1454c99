/* Scores: kernels, and what they may call. */
#include <math.h>
#include <string.h>
#include "core/base/random.h"
#include "core/graph/kernel.h"
#include "core/plugin/plugin_impl.h"
#include "core/tensor/gemm.h"
#include "core/tensor/vecmath.h"

enum { MOST_PARAMETERS = 8, MOST_NUMBERS = 16 };

static at_status check(const attune_build *b, const attune_kernel *k, uint32_t parameters,
                       uint32_t numbers, at_error *err) {
  if (!k || k->size < offsetof(attune_kernel, scratch) || !k->forward || !k->backward)
    return at_fail(err, AT_EFAIL, "a score plugin gives a kernel without forward or backward");
  if (k->saved < 0 || k->saved > 4096)
    return at_fail(err, AT_EFAIL, "the kernel `%s` wants to keep %lld numbers of each pair",
                   k->name ? k->name : "?", (long long)k->saved);
  if (parameters > MOST_PARAMETERS || numbers > MOST_NUMBERS)
    return at_fail(err, AT_EFAIL,
                   "a kernel takes %d parameters and %d numbers at most; `%s` has %u and %u",
                   MOST_PARAMETERS, MOST_NUMBERS, k->name ? k->name : "?", (unsigned)parameters,
                   (unsigned)numbers);
  if (b->each >= 0 && parameters)
    return at_fail(err, AT_EINPUT, "the kernel `%s` has parameters that heads must share",
                   k->name ? k->name : "?");
  if (b->interact)
    return at_fail(err, AT_EINPUT,
                   "the kernel `%s` cannot be kept apart by features; `interact` takes scores that "
                   "are one product of query and key",
                   k->name ? k->name : "?");
  return AT_OK;
}

static at_status copy(const attune_build *b, const attune_kernel *k, const double *number,
                      uint32_t numbers, at_kernel *out, at_error *err) {
  double *v = AT_NEW_ARRAY(b->g->arena, double, numbers + 1);
  const char *name = at_arena_strdup(b->g->arena, k->name ? k->name : "kernel");
  if (!v || !name) return at_nomem(err);
  if (numbers) memcpy(v, number, numbers * sizeof *v);
  *out = (at_kernel){.host = &at_host_table, .number = v};
  memcpy(&out->fn, k, k->size < sizeof out->fn ? k->size : sizeof out->fn);
  out->fn.name = name;
  const uint64_t id[] = {at_hash64(v, numbers * sizeof *v), at_hash_name(name),
                         at_hash64(&k->forward, sizeof k->forward)};
  out->id = at_hash64(id, sizeof id);
  return AT_OK;
}

int at_host_kernel(attune_build *b, const attune_kernel *kernel, attune_value key,
                   attune_value query, const attune_value *parameter, uint32_t parameters,
                   const double *number, uint32_t numbers, attune_value *out) {
  at_node *in[2 + MOST_PARAMETERS] = {at_build_node(key), at_build_node(query)}, *made = NULL;
  at_error err = {0};
  at_kernel k;
  *out = NULL;
  at_status s = check(b, kernel, parameters, numbers, &err);
  for (uint32_t i = 0; s == AT_OK && i < parameters; i++) in[2 + i] = at_build_node(parameter[i]);
  for (uint32_t i = 0; s == AT_OK && i < parameters + 2; i++)
    if (!in[i] || (i >= 2 && !at_node_is_parameter(in[i])))
      s = at_fail(&err, AT_EFAIL, "input %u of the kernel `%s` is no %s", (unsigned)i,
                  kernel->name ? kernel->name : "?", i < 2 ? "value" : "parameter");
  if (s == AT_OK) s = copy(b, kernel, number, numbers, &k, &err);
  if (s == AT_OK)
    s = at_graph_kernel(b->g, &k, (int)parameters + 2, in, at_build_feature(b, in[0]), b->span,
                        &made, &err);
  *out = at_build_value(made);
  return at_host_keep(s, &err);
}

int at_host_matrix(attune_build *b, const char *name, int64_t rows, int64_t columns,
                   attune_value *out) {
  at_error err = {0};
  at_node *n = NULL;
  const int64_t d = at_build_depth(b), shape[] = {rows > 0 ? rows : d, columns > 0 ? columns : d};
  const char *full = at_build_name(b, name);
  at_init init = {AT_INIT_UNIFORM, shape[1] > 0 ? 1 / sqrt((double)shape[1]) : 1};
  if (b->each >= 0)
    return at_host_keep(
        at_fail(&err, AT_EINPUT, "the kernel of this score has parameters that heads must share"),
        &err);
  at_status s =
      full ? at_graph_parameter(b->g, full, 2, shape, init, b->span, &n, &err) : at_nomem(&err);
  *out = at_build_value(n);
  return at_host_keep(s, &err);
}

static float *unconst(const float *p) {
  union {
    const float *in;
    float *out;
  } u = {.in = p};
  return u.out;
}

void at_host_gemm(int64_t m, int64_t n, int64_t k, float alpha, const float *a, int64_t a_row,
                  int64_t a_column, const float *b, int64_t b_row, int64_t b_column, float beta,
                  float *c, int64_t c_row, int64_t c_column) {
  at_gemm(NULL, m, n, k, alpha, (at_mat){unconst(a), a_row, a_column},
          (at_mat){unconst(b), b_row, b_column}, beta, (at_mat){c, c_row, c_column});
}

void at_host_vector_exp(const float *x, float *y, int64_t n) { at_vexp(y, x, (size_t)n); }
void at_host_vector_tanh(const float *x, float *y, int64_t n) { at_vtanh(y, x, (size_t)n); }
void at_host_vector_sigmoid(const float *x, float *y, int64_t n) { at_vsigmoid(y, x, (size_t)n); }
