/* Gradients of tables, of which a batch touches some rows. */
#include <stdlib.h>
#include "core/graph/exec_impl.h"
#include "core/graph/ops.h"

static at_status open_rows(at_rows *r, const at_node *table, at_error *err) {
  const int64_t count = table->dim[0].size;
  r->row = malloc((size_t)count * sizeof *r->row);
  r->place = malloc((size_t)count * sizeof *r->place);
  if (!r->row || !r->place) return at_nomem(err);
  for (int64_t i = 0; i < count; i++) r->place[i] = -1;
  r->n = 0;
  r->count = count;
  r->width = table->dim[1].size;
  return AT_OK;
}

at_status at_params_by_rows(at_params *p, const at_graph *g, at_error *err) {
  at_status s = AT_OK;
  int *readers = calloc((size_t)g->n_param + 1, sizeof *readers);
  bool *embedded = calloc((size_t)g->n_param + 1, sizeof *embedded);
  if (!readers || !embedded) s = at_nomem(err);
  for (int i = 0; s == AT_OK && i < g->n_node; i++)
    for (int k = 0; k < g->node[i]->n_in; k++) {
      const at_node *in = g->node[i]->in[k];
      if (!at_node_is_parameter(in)) continue;
      readers[in->param]++;
      embedded[in->param] |= g->node[i]->op == &at_op_embed;
    }
  for (int i = 0; s == AT_OK && i < g->n_param; i++)
    if (readers[i] == 1 && embedded[i] && !g->param[i]->frozen && !p->rows[i].count)
      s = open_rows(&p->rows[i], g->param[i], err);
  free(readers);
  free(embedded);
  return s;
}

static int ascending(const void *a, const void *b) {
  const int32_t x = *(const int32_t *)a, y = *(const int32_t *)b;
  return (x > y) - (x < y);
}

void at_rows_add(at_rows *r, const int32_t *row, int64_t n) {
  const int64_t first = r->n;
  for (int64_t i = 0; i < n; i++) {
    if (r->place[row[i]] >= 0) continue;
    r->place[row[i]] = (int32_t)r->n;
    r->row[r->n++] = row[i];
  }
  qsort(r->row + first, (size_t)(r->n - first), sizeof *r->row, ascending);
  for (int64_t k = first; k < r->n; k++) r->place[r->row[k]] = (int32_t)k;
}

void at_rows_clear(at_rows *r) {
  for (int64_t k = 0; k < r->n; k++) r->place[r->row[k]] = -1;
  r->n = 0;
}

/* No more rows than tokens. */
int64_t at_exec_grad_count(const at_exec *x, const at_node *parameter) {
  const at_rows *r = x->params ? &x->params->rows[parameter->param] : NULL;
  int64_t rows = 0;
  if (!r || !r->count) return x->slot[parameter->id].count;
  for (int i = 0; i < x->n; i++) {
    const at_node *n = x->g->node[i];
    if (n->op == &at_op_embed && n->in[1] == parameter && x->slot[i].live)
      rows = x->slot[i].count / r->width;
  }
  return (rows < r->count ? rows : r->count) * r->width;
}
