/* One pair of a data set seen through the attention of a model. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/run/run_impl.h"

void at_look_free(at_look *l) {
  for (size_t i = 0; i < l->n_attention; i++) {
    at_attention *a = &l->attention[i];
    free(a->attend);
    free(a->block);
    free(a->step);
    free(a->query_axis);
    free(a->key_axis);
    free(a->weight);
    free(a->score);
    free(a->head);
  }
  for (size_t i = 0; i < l->n_words; i++) free(l->words[i]);
  for (size_t i = 0; i < l->n_steps; i++) free(l->step[i]);
  free(l->step);
  free(l->step_item);
  free(l->attention);
  free(l->words);
  free(l->text);
  free(l->name);
  free(l->rgb);
  free(l->boxes);
  at_items_free(l->items, l->n_items);
  free(l->expected);
  free(l->predicted);
  free(l->type);
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

static bool is_heads(const at_graph *g, const at_node *v, int d) {
  return !strcmp(g->axis[v->dim[d].axis].name, "head");
}

int at_attend_query_dim(const at_graph *g, const at_node *v, int over) {
  for (int d = 0; d < v->ndim; d++)
    if (v->dim[d].axis != over && g->axis[v->dim[d].axis].kind != AT_BATCH && !is_heads(g, v, d))
      return d;
  return -1;
}

int at_attend_head_dim(const at_graph *g, const at_node *v, int over) {
  for (int d = 0; d < v->ndim; d++)
    if (v->dim[d].axis != over && is_heads(g, v, d)) return d;
  return -1;
}

/* Dims of a value in which every batch axis has one row. */
typedef struct matrix {
  int over, query, head; /* -1: none, as if it had the size 1 */
  int64_t heads, queries, keys;
} matrix;

/* [heads, queries, keys]; the mean over what else there is. */
static float *read_matrix(const at_exec *x, const at_node *v, matrix *m) {
  const float *p = at_exec_value(x, v);
  const at_around one = {1, 1, 1};
  const at_around k = m->over >= 0 ? at_x_around(x, v, m->over) : one;
  const at_around q = m->query >= 0 ? at_x_around(x, v, m->query) : one;
  const at_around h = m->head >= 0 ? at_x_around(x, v, m->head) : one;
  int64_t n = at_x_count(x, v), size = h.n * q.n * k.n;
  m->heads = h.n;
  m->queries = q.n;
  m->keys = k.n;
  float *out = p ? calloc((size_t)size + 1, sizeof *out) : NULL;
  double share = n ? (double)size / (double)n : 1;
  for (int64_t i = 0; out && i < n; i++) {
    int64_t row = i / h.inner % h.n * q.n + i / q.inner % q.n;
    out[row * k.n + i / k.inner % k.n] += (float)(share * (double)p[i]);
  }
  return out;
}

/* "cell.read.2" is the turn "2" of the block "cell.read". */
static at_status name_parts(at_attention *out, const char *name, at_error *err) {
  size_t n = strlen(name), cut = n;
  for (size_t i = n; i-- > 0 && strchr("0123456789._", name[i]);)
    if (name[i] == '.' && i + 1 < n) cut = i;
  out->attend = strdup(name);
  out->block = strndup(name, cut);
  out->step = strdup(cut < n ? name + cut + 1 : "");
  return out->attend && out->block && out->step ? AT_OK : at_nomem(err);
}

/* The two axes that were flattened into `axis`, row after row. */
static bool find_cells(const at_graph *g, int axis, int64_t *h, int64_t *w) {
  for (int i = 0; i < g->n_node; i++) {
    const at_node *n = g->node[i];
    if (strcmp(n->op->name, "flatten") || n->arg[0].n_axes != 2 || n->arg[0].to != axis) continue;
    *h = n->in[0]->dim[at_node_dim(n->in[0], n->arg[0].axis[0])].size;
    *w = n->in[0]->dim[at_node_dim(n->in[0], n->arg[0].axis[1])].size;
    return true;
  }
  return false;
}

/* The axis of the words that a look tells. */
static int words_axis(const at_session *s) {
  for (int f = 0; f < s->n_feeds; f++)
    if (s->feed[f].kind == AT_FEED_WORDS) return s->feed[f].input->dim[0].axis;
  return -1;
}

static void find_over(const at_session *s, int over, at_attention *a) {
  const at_graph *g = s->graph;
  int words = words_axis(s);
  bool text = words >= 0 && g->axis[over].parent == g->axis[words].parent &&
              a->keys == at_x_axis_size(s->look, words);
  at_session_parts(s, s->look, over, 0, &a->parts);
  at_parts_asking(&a->parts, a->queries, &a->ask_first, &a->asks);
  if (a->parts.n)
    a->over = AT_OVER_PARTS;
  else if (over == words || text)
    a->over = AT_OVER_WORDS;
  else if (find_cells(g, over, &a->grid_h, &a->grid_w) && a->grid_h * a->grid_w == a->keys)
    a->over = AT_OVER_CELLS;
}

static at_status add_attention(const at_session *s, const at_attend *a, at_attention *out,
                               at_error *err) {
  const at_graph *g = s->graph;
  const at_node *w = a->weight, *sc = a->score;
  int q = at_attend_query_dim(g, w, a->over);
  matrix m = {at_node_dim(w, a->over), q, -1, 0, 0, 0}, each = m;
  matrix raw = {at_node_dim(sc, a->over), at_attend_query_dim(g, sc, a->over), -1, 0, 0, 0};
  at_status st = name_parts(out, a->name, err);
  if (st != AT_OK) return st;
  out->key_axis = strdup(g->axis[a->over].name);
  out->query_axis = strdup(q >= 0 ? g->axis[w->dim[q].axis].name : "");
  out->weight = read_matrix(s->look, w, &m);
  out->score = read_matrix(s->look, sc, &raw);
  out->queries = m.queries;
  out->keys = m.keys;
  out->heads = 1;
  each.head = at_attend_head_dim(g, w, a->over);
  if (each.head >= 0) {
    out->head = read_matrix(s->look, w, &each);
    out->heads = each.heads;
    if (!out->head) return at_nomem(err);
  }
  find_over(s, a->over, out);
  return out->key_axis && out->query_axis && out->weight && out->score ? AT_OK : at_nomem(err);
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
  if (st == AT_OK) st = at_session_tokens(s, l->text, &t, err);
  l->words = calloc((size_t)n + 1, sizeof *l->words);
  if (st == AT_OK && !l->words) st = at_nomem(err);
  /* The words as written, also where the vocabulary has them not. */
  for (int32_t i = 0; st == AT_OK && i < n; i++) {
    size_t k = (size_t)(i - (s->ends ? 1 : 0));
    const bool end = id[i] == at_vocab_special(s->vocab, AT_WORD_START) ||
                     id[i] == at_vocab_special(s->vocab, AT_WORD_END);
    bool own = !end && k < t.n;
    l->words[l->n_words] = strdup(own ? t.v[k].text : at_vocab_word(s->vocab, id[i]));
    if (!l->words[l->n_words++]) st = at_nomem(err);
  }
  at_tokens_free(&t);
  return st;
}

static at_status add_picture(at_session *s, int feed, int64_t row, const char *split, at_look *l,
                             at_error *err) {
  const char *table = s->feed[feed].field->table;
  /* A model that is fed regions is shown on the picture that they are of. */
  const at_field *image = field_of(s, table, ATTUNE_FIELD_IMAGE);
  const at_field *boxes = field_of(s, table, ATTUNE_FIELD_BOXES);
  const at_field *name = field_of(s, table, ATTUNE_FIELD_NAME);
  at_status st = AT_OK;
  if (image && !l->rgb) {
    l->height = at_session_shape(s, image, 0);
    l->width = at_session_shape(s, image, 1);
    st = at_session_picture(s, split, image, row, &l->rgb, err);
  }
  if (st == AT_OK && name && !l->name)
    st = at_dataset_read_text(s->data, split, name, row, &l->name, err);
  if (st == AT_OK && boxes && !l->boxes)
    st = at_dataset_read_boxes(s->data, split, boxes, row, &l->boxes, &l->n_boxes, err);
  return st;
}

/* The grid of a block whose keys or queries are cells: the last one, as there is mostly one. */
static void find_grid(const at_session *s, at_look *l) {
  const at_graph *g = s->graph;
  for (int a = 0; a < g->n_attend; a++) {
    const at_node *w = g->attend[a].weight;
    int q = at_attend_query_dim(g, w, g->attend[a].over);
    find_cells(g, g->attend[a].over, &l->grid_h, &l->grid_w);
    if (q >= 0) find_cells(g, w->dim[q].axis, &l->grid_h, &l->grid_w);
  }
}

static void find_boxes(at_look *l) {
  for (size_t i = 0; i < l->n_attention; i++) {
    at_attention *a = &l->attention[i];
    if (a->over == AT_OVER_OTHER && l->boxes && a->keys == l->n_boxes) a->over = AT_OVER_BOXES;
  }
}

/* ---- the answer ---- */

/* The output with a number for each class and row: `logits`, or the first that fits. */
static const at_node *answers_node(const at_session *s) {
  const at_graph *g = s->graph;
  const at_node *first = NULL;
  if (!s->labels.field) return NULL;
  for (int i = 0; i < g->n_output; i++) {
    const at_node *n = g->output[i].node;
    int classes = -1;
    if (n->ndim != 2) continue;
    for (int d = 0; d < 2; d++)
      if (g->axis[n->dim[d].axis].kind != AT_BATCH) classes = d;
    if (classes < 0 || n->dim[classes].size != (int64_t)s->labels.n) continue;
    if (strcmp(g->axis[n->dim[1 - classes].axis].name, s->labels.field->table)) continue;
    if (!strcmp(g->output[i].name, "logits")) return n;
    if (!first) first = n;
  }
  return first;
}

const at_node *at_session_answer(const at_session *s, int *table) {
  const at_node *n = answers_node(s);
  for (int b = 0; n && b < s->n_batch; b++)
    if (!strcmp(s->batch[b].name, s->labels.field->table)) *table = b;
  return n;
}

bool at_session_answers(const at_session *s) { return answers_node(s) != NULL; }

bool at_session_tells(const at_session *s) {
  return at_session_answers(s) || at_task_answers(s->task);
}

static at_status add_answer(const at_session *s, const int64_t *rows, const char *split, at_look *l,
                            at_error *err) {
  const at_node *n = answers_node(s);
  const float *v = n ? at_exec_value(s->look, n) : NULL;
  const at_field *f = s->labels.field;
  int64_t row = -1;
  size_t best = 0;
  for (int i = 0; i < s->n_feeds; i++)
    if (s->feed[i].kind == AT_FEED_LABEL) row = rows[s->feed[i].table];
  if (!v || row < 0) return AT_OK;
  for (size_t k = 1; k < s->labels.n; k++)
    if (v[k] > v[best]) best = k;
  l->logit = v[best];
  l->predicted = strdup(s->labels.name[best]);
  at_status st = at_dataset_read_text(s->data, split, f, row, &l->expected, err);
  const at_field *type = at_dataset_field(s->data, f->table, "type");
  if (st == AT_OK && type && type->f.type == ATTUNE_FIELD_TEXT)
    st = at_dataset_read_text(s->data, split, type, row, &l->type, err);
  return st == AT_OK && !l->predicted ? at_nomem(err) : st;
}

/* ---- all of it ---- */

static at_status add_data(at_session *s, const int64_t *rows, const char *split, bool picture,
                          at_look *l, at_error *err) {
  at_status st = AT_OK;
  for (int f = 0; st == AT_OK && f < s->n_feeds; f++) {
    at_feed_kind kind = s->feed[f].kind;
    int64_t row;
    st = at_session_follow(s, &s->feed[f], split, rows[s->feed[f].table], &row, err);
    if (st != AT_OK) break;
    if (kind == AT_FEED_WORDS && !l->words) st = add_words(s, f, row, split, l, err);
    if (picture && (kind == AT_FEED_IMAGE || kind == AT_FEED_REAL || kind == AT_FEED_ITEMS))
      st = add_picture(s, f, row, split, l, err);
  }
  return st;
}

at_status at_session_see(at_session *s, const char *split, const int64_t *rows, size_t n_rows,
                         bool picture, at_look *out, at_error *err) {
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
  if (st == AT_OK) st = at_session_will_look(s, name, each, counts, err);
  if (st == AT_OK) st = at_session_load(s, s->look, name, each, counts, err);
  if (st != AT_OK) return st;
  at_exec_forward(s->look, s->seed, 0, false);
  if (s->graph->n_output) out->similarity = *at_exec_value(s->look, s->graph->output[0].node);
  out->attention = calloc(2 * (size_t)s->graph->n_attend + 1, sizeof *out->attention);
  if (!out->attention) st = at_nomem(err);
  for (int i = 0; st == AT_OK && i < s->graph->n_attend; i++)
    st = add_attention(s, &s->graph->attend[i], &out->attention[out->n_attention++], err);
  if (st == AT_OK) st = add_data(s, rows, name, picture, out, err);
  if (st == AT_OK) st = at_session_items(s, name, rows, &out->items, &out->n_items, err);
  if (st == AT_OK && picture) st = at_look_roll(out, err);
  if (st == AT_OK) st = add_answer(s, rows, name, out, err);
  if (st == AT_OK) st = at_look_answer(s, rows, name, out, err);
  find_grid(s, out);
  find_boxes(out);
  if (st != AT_OK) at_look_free(out);
  return st;
}

at_status at_session_look(at_session *s, const char *split, const int64_t *rows, size_t n_rows,
                          at_look *out, at_error *err) {
  return at_session_see(s, split, rows, n_rows, true, out, err);
}
