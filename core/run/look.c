/* One pair of a data set seen through the attention of a model. */
#include <stdlib.h>
#include <string.h>
#include "core/run/run_impl.h"

void at_look_free(at_look *l) {
  for (size_t i = 0; i < l->n_attention; i++) {
    at_attention *a = &l->attention[i];
    free(a->attend);
    free(a->query_axis);
    free(a->key_axis);
    free(a->weight);
    free(a->score);
  }
  for (size_t i = 0; i < l->n_words; i++) free(l->words[i]);
  free(l->attention);
  free(l->words);
  free(l->text);
  free(l->name);
  free(l->rgb);
  free(l->boxes);
  memset(l, 0, sizeof *l);
}

static at_status open_look(at_session *s, at_error *err) {
  at_exec_options o = {.pool = s->pool, .no_loss = true};
  if (s->look) return AT_OK;
  at_status st = at_exec_new(s->graph, s->params, &o, &s->look, err);
  for (int i = 0; st == AT_OK && i < s->graph->n_attend; i++) {
    st = at_exec_keep(s->look, s->graph->attend[i].weight, err);
    if (st == AT_OK) st = at_exec_keep(s->look, s->graph->attend[i].score, err);
  }
  if (st != AT_OK) {
    at_exec_free(s->look);
    s->look = NULL;
  }
  return st;
}

/* ---- attention ---- */

/* The dim of v that is neither a batch axis nor `over`: what asks. */
static int query_dim(const at_graph *g, const at_node *v, int over) {
  for (int d = 0; d < v->ndim; d++)
    if (v->dim[d].axis != over && g->axis[v->dim[d].axis].kind != AT_BATCH) return d;
  return -1;
}

/* [queries, keys] of a value in which every batch axis has one row. */
static float *matrix(const at_exec *x, const at_node *v, int over, int query, int64_t *nq,
                     int64_t *nk) {
  const float *p = at_exec_value(x, v);
  at_around k = at_x_around(x, v, over), q = {1, 1, 0};
  if (query >= 0) q = at_x_around(x, v, query);
  *nq = q.n;
  *nk = k.n;
  float *out = p ? malloc((size_t)(q.n * k.n) * sizeof *out) : NULL;
  for (int64_t i = 0; out && i < q.n; i++)
    for (int64_t j = 0; j < k.n; j++) out[i * k.n + j] = p[i * q.inner + j * k.inner];
  return out;
}

static at_status add_attention(const at_session *s, const at_attend *a, at_attention *out,
                               at_error *err) {
  const at_graph *g = s->graph;
  const at_node *w = a->weight, *sc = a->score;
  int q = query_dim(g, w, a->over);
  out->attend = strdup(a->name);
  out->key_axis = strdup(g->axis[a->over].name);
  out->query_axis = strdup(q >= 0 ? g->axis[w->dim[q].axis].name : "");
  out->weight = matrix(s->look, w, at_node_dim(w, a->over), q, &out->queries, &out->keys);
  int64_t nq, nk;
  out->score = matrix(s->look, sc, at_node_dim(sc, a->over), query_dim(g, sc, a->over), &nq, &nk);
  return out->attend && out->key_axis && out->query_axis && out->weight && out->score
             ? AT_OK
             : at_nomem(err);
}

/* ---- the pair itself ---- */

static const at_field *field_of(const at_session *s, const char *table, uint32_t type) {
  size_t n;
  const at_field *f = at_dataset_fields(s->data, &n);
  for (size_t i = 0; i < n; i++)
    if (!strcmp(f[i].table, table) && f[i].f.type == type) return &f[i];
  return NULL;
}

static at_status add_words(at_session *s, int feed, int64_t row, const char *split, at_look *l,
                           at_error *err) {
  at_cache *c;
  at_status st = at_session_cache(s, split, &c, err);
  if (st != AT_OK) return st;
  int32_t n = c->length[feed][row];
  const int32_t *id = c->token[feed][row];
  at_tokens t = {0};
  st = at_dataset_read_text(s->data, split, s->feed[feed].field, row, &l->text, err);
  if (st == AT_OK) st = at_tokenise(l->text, strlen(l->text), s->tokens, &t, err);
  l->words = calloc((size_t)n + 1, sizeof *l->words);
  if (st == AT_OK && !l->words) st = at_nomem(err);
  /* The words as written, also where the vocabulary has them not. */
  for (int32_t i = 0; st == AT_OK && i < n; i++) {
    size_t k = (size_t)(i - (s->ends ? 1 : 0));
    bool own = id[i] != AT_WORD_START && id[i] != AT_WORD_END && k < t.n;
    l->words[l->n_words] = strdup(own ? t.v[k].text : at_vocab_word(s->vocab, id[i]));
    if (!l->words[l->n_words++]) st = at_nomem(err);
  }
  at_tokens_free(&t);
  return st;
}

static at_status add_picture(at_session *s, int feed, int64_t row, const char *split, at_look *l,
                             at_error *err) {
  const at_field *f = s->feed[feed].field;
  const at_field *boxes = field_of(s, f->table, ATTUNE_FIELD_BOXES);
  const at_field *name = field_of(s, f->table, ATTUNE_FIELD_NAME);
  at_status st = AT_OK;
  if (f->f.type == ATTUNE_FIELD_IMAGE) {
    l->height = f->f.shape[0];
    l->width = f->f.shape[1];
    l->rgb = malloc((size_t)s->feed[feed].row);
    st = l->rgb ? at_dataset_read(s->data, split, f, row, l->rgb, err) : at_nomem(err);
  }
  if (st == AT_OK && name) st = at_dataset_read_text(s->data, split, name, row, &l->name, err);
  if (st == AT_OK && boxes)
    st = at_dataset_read_boxes(s->data, split, boxes, row, &l->boxes, &l->n_boxes, err);
  return st;
}

/* Regions made by flattening rows and columns are a grid. */
static void find_grid(const at_session *s, at_look *l) {
  const at_graph *g = s->graph;
  for (int i = 0; i < g->n_node; i++) {
    const at_node *n = g->node[i];
    if (strcmp(n->op->name, "flatten") || n->arg[0].n_axes != 2) continue;
    for (int a = 0; a < g->n_attend; a++) {
      bool key = n->arg[0].to == g->attend[a].over;
      int q = query_dim(g, g->attend[a].weight, g->attend[a].over);
      bool query = q >= 0 && g->attend[a].weight->dim[q].axis == n->arg[0].to;
      if (!key && !query) continue;
      l->grid_h = n->in[0]->dim[at_node_dim(n->in[0], n->arg[0].axis[0])].size;
      l->grid_w = n->in[0]->dim[at_node_dim(n->in[0], n->arg[0].axis[1])].size;
    }
  }
}

at_status at_session_look(at_session *s, const char *split, const int64_t *rows, size_t n_rows,
                          at_look *out, at_error *err) {
  const int64_t *each[AT_MAX_BATCH_AXES];
  int64_t counts[AT_MAX_BATCH_AXES];
  const char *name = at_session_split(s, split);
  memset(out, 0, sizeof *out);
  if (n_rows != (size_t)s->n_batch)
    return at_fail(err, AT_EINPUT, "the model has %d batch axes; %zu rows were named", s->n_batch,
                   n_rows);
  for (int b = 0; b < s->n_batch; b++) {
    each[b] = &rows[b];
    counts[b] = 1;
  }
  at_status st = open_look(s, err);
  if (st == AT_OK) st = at_session_load(s, s->look, name, each, counts, err);
  if (st != AT_OK) return st;
  at_exec_forward(s->look, s->seed, 0, false);
  if (s->graph->n_output) out->similarity = *at_exec_value(s->look, s->graph->output[0].node);
  out->attention = calloc((size_t)s->graph->n_attend + 1, sizeof *out->attention);
  if (!out->attention) st = at_nomem(err);
  for (int i = 0; st == AT_OK && i < s->graph->n_attend; i++)
    st = add_attention(s, &s->graph->attend[i], &out->attention[out->n_attention++], err);
  for (int f = 0; st == AT_OK && f < s->n_feeds; f++)
    st = s->feed[f].kind == AT_FEED_LABEL || s->feed[f].kind == AT_FEED_LINK ||
                 s->feed[f].kind == AT_FEED_SCORES
             ? AT_OK
         : s->feed[f].kind == AT_FEED_WORDS
             ? (out->words ? AT_OK : add_words(s, f, rows[s->feed[f].table], name, out, err))
             : add_picture(s, f, rows[s->feed[f].table], name, out, err);
  find_grid(s, out);
  if (st != AT_OK) at_look_free(out);
  return st;
}
