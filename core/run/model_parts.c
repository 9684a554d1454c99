/* What a model is made of, added up: by source line, by part. */
#include <inttypes.h>
#include <string.h>
#include "core/run/model.h"
#include "dsl/ast.h"

const at_node *at_model_param(const at_model *m, int i) {
  return (m->sized ? m->sized : m->g)->param[i];
}

int64_t at_model_param_count(const at_model *m, int i) {
  const at_node *p = at_model_param(m, i);
  int64_t c = 1;
  for (int d = 0; d < p->ndim; d++) c = c < 0 || p->dim[d].size < 0 ? -1 : c * p->dim[d].size;
  return c;
}

int64_t at_model_heads(const at_model *m, const at_attend *a) {
  for (int d = 0; a->weight && d < a->weight->ndim; d++)
    if (!strcmp(m->g->axis[a->weight->dim[d].axis].name, "head")) return a->weight->dim[d].size;
  return 1;
}

/* ---- by source line ---- */

static size_t count_lines(const at_source *src) {
  size_t n = 1;
  for (size_t i = 0; i + 1 < src->size; i++) n += src->text[i] == '\n';
  return n;
}

static size_t list_lines(const at_source *src, at_model_line *out) {
  const char *at = src->text, *end = src->text + src->size;
  size_t n = count_lines(src);
  for (size_t i = 0; i < n; i++) {
    const char *eol = memchr(at, '\n', (size_t)(end - at));
    if (!eol) eol = end;
    out[i] =
        (at_model_line){.path = src->path, .text = at, .line = (int)i + 1, .size = (int)(eol - at)};
    at = eol < end ? eol + 1 : end;
  }
  return n;
}

/* The line of a span; `first` holds the first line of each file. */
static at_model_line *line_of(const at_model *m, at_model_line *lines, const size_t *first,
                              at_span span) {
  int line;
  if (span.file < 0 || !at_model_place(m, span, &line)) return NULL;
  return &lines[first[span.file] + (size_t)line - 1];
}

at_status at_model_lines(const at_model *m, at_model_line **out, size_t *n, at_error *err) {
  size_t total = 0, files = 0, k = 0;
  for (const at_source *s = &m->src; s; s = s->next, files++) total += count_lines(s);
  at_model_line *v = AT_NEW_ARRAY(m->arena, at_model_line, total + 1);
  size_t *first = AT_NEW_ARRAY(m->arena, size_t, files + 1);
  if (!v || !first) return at_nomem(err);
  *n = 0;
  for (const at_source *s = &m->src; s; s = s->next, k++) {
    first[k] = *n;
    *n += list_lines(s, v + *n);
  }
  const at_graph *g = m->sized ? m->sized : m->g;
  for (int i = 0; i < g->n_node; i++) {
    at_model_line *l = line_of(m, v, first, g->node[i]->span);
    if (!l) continue;
    if (g->node[i]->param >= 0) {
      int64_t c = at_model_param_count(m, g->node[i]->param);
      l->params += c > 0 ? c : 0;
    } else if (m->sized) {
      l->flops += at_exec_node_flops(m->train, g->node[i]);
      l->bytes += (double)at_exec_node_bytes(m->train, g->node[i]);
    }
  }
  *out = v;
  return AT_OK;
}

/* ---- by part ---- */

at_status at_model_parts(const at_model *m, at_model_part **out, size_t *n, at_model_part *all,
                         at_error *err) {
  at_model_part *v = AT_NEW_ARRAY(m->arena, at_model_part, (size_t)m->g->n_param + 1);
  if (!v) return at_nomem(err);
  *n = 0;
  *all = (at_model_part){.name = "all", .size = 3};
  for (int i = 0; i < m->g->n_param; i++) {
    const at_node *p = at_model_param(m, i);
    int64_t c = at_model_param_count(m, i);
    int size = (int)strcspn(p->pname, ".");
    size_t k = 0;
    while (k < *n && (v[k].size != size || strncmp(v[k].name, p->pname, (size_t)size))) k++;
    if (k == *n) v[(*n)++] = (at_model_part){.name = p->pname, .size = size};
    *(p->frozen ? &v[k].frozen : &v[k].trained) += c > 0 ? c : 0;
    *(p->frozen ? &all->frozen : &all->trained) += c > 0 ? c : 0;
  }
  *out = v;
  return AT_OK;
}
