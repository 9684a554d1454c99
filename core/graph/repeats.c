#include "core/graph/repeats.h"
#include <string.h>
#include "core/graph/ops.h"

static int64_t vocabulary(const at_node *v) { return v->in[1]->dim[0].size; }

size_t at_repeats_bytes(const at_exec *x, const at_node *v) {
  if (!at_x_graph(x)->how.repeats || v->op != &at_op_embed || !at_node_is_input(v->in[0])) return 0;
  if (at_x_gradients(x) || at_x_given(x)) return 0;
  const int64_t all = at_x_count(x, v), e = at_x_dim(x, v, v->ndim - 1), rows = all / e;
  if (rows <= AT_REPEATS_LEAST) return 0;
  return (size_t)(all + rows + vocabulary(v)) * sizeof(float);
}

typedef struct gather {
  const float *from;
  const int32_t *first;
  float *to;
  int64_t e;
} gather;

static void gather_rows(void *ctx, size_t begin, size_t end) {
  const gather *g = ctx;
  for (int64_t i = (int64_t)begin; i < (int64_t)end; i++)
    memcpy(g->to + i * g->e, g->from + g->first[i] * g->e, (size_t)g->e * sizeof(float));
}

at_repeats at_repeats_find(const at_exec *x, const at_node *v, const float *value, void *bytes) {
  const int64_t all = at_x_count(x, v), e = at_x_dim(x, v, v->ndim - 1), rows = all / e;
  const at_repeats none = {.n = rows, .x = value};
  if (!at_repeats_bytes(x, v)) return none;
  const int32_t *token = at_x_in_tokens(x, v, 0);
  gather g = {.from = value, .to = bytes, .e = e};
  int32_t *place = (int32_t *)(void *)(g.to + all), *seen = place + rows, n = 0;
  memset(seen, -1, (size_t)vocabulary(v) * sizeof *seen);
  for (int64_t i = 0; i < rows; i++) {
    if (seen[token[i]] < 0) seen[token[i]] = n++;
    place[i] = seen[token[i]];
  }
  if (n < AT_REPEATS_LEAST) return none;
  /* No longer needed for tokens: where each of the n stands first. */
  int32_t *first = seen;
  for (int64_t i = rows; i-- > 0;) first[place[i]] = (int32_t)i;
  g.first = first;
  at_parallel_range(at_x_pool(x), (size_t)n, 64, gather_rows, &g);
  return (at_repeats){.n = n, .place = place, .x = g.to};
}
