/* Pictures out of captions: reading what was made. */
#include <stdlib.h>
#include "core/run/make_impl.h"

int64_t at_maker_count(const at_maker *m) { return m->n; }
int at_maker_stages(const at_maker *m) { return m->n_stages; }

void at_maker_size(const at_maker *m, int i, int64_t *height, int64_t *width) {
  const at_stage *g = &m->stage[i];
  *height = g->node->dim[g->y].size;
  *width = g->node->dim[g->x].size;
}

void at_maker_picture(const at_maker *m, int i, uint8_t *rgb) {
  const at_stage *g = &m->stage[i];
  const float *v = at_exec_value(m->x, g->node);
  int64_t h, w, by[4];
  for (int d = 0; d < 4; d++) by[d] = at_x_around(m->x, g->node, d).inner;
  at_maker_size(m, i, &h, &w);
  for (int64_t r = 0; r < m->n; r++)
    for (int64_t y = 0; y < h; y++)
      for (int64_t x = 0; x < w; x++)
        for (int64_t c = 0; c < 3; c++)
          at_pixels_take(m->s,
                         v + r * by[g->row] + y * by[g->y] + x * by[g->x] + c * by[g->channel], 1,
                         rgb++);
}

int at_maker_blocks(const at_maker *m) { return m->s->graph->n_attend; }

const char *at_maker_word(const at_maker *m, int64_t of, int64_t word) {
  return at_vocab_word(m->s->vocab, m->id[m->offset[of] + word]);
}

at_status at_maker_attention(const at_maker *m, int i, int64_t of, float **weight, int64_t *height,
                             int64_t *width, int64_t *words, const char **name, at_error *err) {
  const at_graph *g = m->s->graph;
  const at_attend *a = &g->attend[i];
  const at_node *n = a->weight;
  const float *v = at_exec_value(m->x, n);
  int place[2], k = 0, d_word = -1;
  for (int d = 0; d < n->ndim; d++) {
    if (n->dim[d].axis == a->over)
      d_word = d;
    else if (k < 2 && g->axis[n->dim[d].axis].kind != AT_BATCH)
      place[k++] = d;
  }
  *name = a->name;
  if (!v || k != 2 || d_word < 0 || n->ndim != 3 ||
      a->over != m->s->feed[m->words].input->dim[0].axis)
    return at_fail(err, AT_EFAIL, "`%s` is no map of places over words", a->name);
  *height = at_x_dim(m->x, n, place[0]);
  *width = at_x_dim(m->x, n, place[1]);
  *words = m->offset[of + 1] - m->offset[of];
  float *out = malloc((size_t)(*height * *width * *words) * sizeof *out);
  if (!out) return at_nomem(err);
  const int64_t by_y = at_x_around(m->x, n, place[0]).inner;
  const int64_t by_x = at_x_around(m->x, n, place[1]).inner;
  const int64_t by_word = at_x_around(m->x, n, d_word).inner;
  for (int64_t p = 0; p < *height * *width; p++)
    for (int64_t w = 0; w < *words; w++)
      out[p * *words + w] =
          v[p / *width * by_y + p % *width * by_x + (m->offset[of] + w) * by_word];
  *weight = out;
  return AT_OK;
}
