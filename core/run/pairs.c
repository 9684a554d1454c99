/* Every row with every other: what each side makes of its rows is kept (core/graph/sides.h), and
 * pairs are worked out a tile at a time, each tile by one thread. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "core/graph/sides.h"
#include "core/run/run_impl.h"

enum {
  ENCODE = 32,         /* rows that a side works on at a time */
  ENCODE_RAGGED = 512, /* of ragged ones: steps of recurrent layers are products of so many rows */
  STREAM = 512,        /* rows of the side that is not kept, in a block */
  WORDS = 16,          /* how long a ragged row is taken to be before it is read */
  KEPT = 512 << 20,    /* bytes of the side that is kept, at most */
  TILE_ROWS = 16,      /* of the first axis in a tile, and of the second; measured with SCAN */
  TILE_COLUMNS = 128
};

/* What one side made of the rows that were asked for last. */
typedef struct side {
  at_exec *x;
  char *split;
  int64_t *row, n, cap;
  float *v[AT_SIDES_MOST];
  size_t bytes[AT_SIDES_MOST];
  int64_t *off[AT_SIDES_MOST]; /* [n + 1] of ragged values */
} side;

struct at_pairs {
  at_session *s;
  at_sides cut;
  char *output; /* that it was cut for; NULL: none yet */
  bool possible;
  at_params params[AT_SIDES_GRAPHS]; /* views of the session's */
  side side[AT_SIDES];
  at_exec **tile; /* [threads]; those that are idle come first */
  int n_tile, idle;
  pthread_mutex_t lock;
};

/* ---- making ---- */

at_status at_pairs_new(at_session *s, at_pairs **out, at_error *err) {
  at_pairs *p = *out = calloc(1, sizeof *p);
  if (!p) return at_nomem(err);
  p->s = s;
  pthread_mutex_init(&p->lock, NULL);
  return AT_OK;
}

static void forget(at_pairs *p) {
  for (int k = 0; k < AT_SIDES; k++) {
    side *d = &p->side[k];
    at_exec_free(d->x);
    free(d->split);
    free(d->row);
    for (int i = 0; i < AT_SIDES_MOST; i++) {
      free(d->v[i]);
      free(d->off[i]);
    }
    *d = (side){0};
  }
  for (int i = 0; i < p->n_tile; i++) at_exec_free(p->tile[i]);
  free(p->tile);
  p->tile = NULL;
  p->n_tile = p->idle = 0;
  at_sides_free(&p->cut);
  free(p->output);
  p->output = NULL;
  p->possible = false;
}

void at_pairs_free(at_pairs *p) {
  if (!p) return;
  forget(p);
  pthread_mutex_destroy(&p->lock);
  free(p);
}

static at_status open_executors(at_pairs *p, at_error *err) {
  at_exec_options o = {.pool = p->s->pool, .no_loss = true};
  const int threads = at_pool_threads(p->s->pool);
  at_status st = AT_OK;
  for (int k = 0; k < AT_SIDES_GRAPHS; k++) {
    p->params[k] = *p->s->params;
    p->params[k].graph = p->cut.g[k];
  }
  for (int k = 0; st == AT_OK && k < AT_SIDES; k++)
    st = at_exec_new(p->cut.g[k], &p->params[k], &o, &p->side[k].x, err);
  p->tile = calloc((size_t)threads, sizeof(at_exec *));
  if (!p->tile) return at_nomem(err);
  o.pool = NULL;
  for (; st == AT_OK && p->n_tile < threads; p->n_tile += st == AT_OK)
    st = at_exec_new(p->cut.g[AT_SIDES_PAIRS], &p->params[AT_SIDES_PAIRS], &o, &p->tile[p->n_tile],
                     err);
  p->idle = p->n_tile;
  return st;
}

/* Of two batch axes whose rows do not name each other, and nothing that the task fills. */
static bool fits(const at_session *s) {
  if (s->n_batch != AT_SIDES) return false;
  for (int b = 0; b < AT_SIDES; b++)
    if (s->batch[b].linked) return false;
  for (int f = 0; f < s->n_feeds; f++)
    if (s->feed[f].kind == AT_FEED_TASK) return false;
  return true;
}

at_status at_pairs_possible(at_pairs *p, const char *output, bool *yes, at_error *err) {
  at_error why = {0};
  at_status st = AT_OK;
  if (!p->output || strcmp(p->output, output)) {
    forget(p);
    if (!(p->output = strdup(output))) return at_nomem(err);
    if (fits(p->s)) {
      const int axis[AT_SIDES] = {p->s->batch[0].axis, p->s->batch[1].axis};
      st = at_sides_new(p->s->graph, axis, output, &p->cut, &why);
      p->possible = st == AT_OK;
      if (st == AT_OK) st = open_executors(p, err);
      if (st == AT_EINPUT && !p->possible) st = AT_OK;
    }
  }
  *yes = p->possible;
  return st;
}

/* ---- a block ---- */

/* Bytes of what is kept of a row. */
static double row_bytes(const at_pairs *p, int k) {
  double bytes = 0;
  for (int i = 0; i < p->cut.n_value; i++) {
    const at_sides_value *v = &p->cut.value[i];
    double row = sizeof(float) * (v->ragged >= 0 ? (double)WORDS : 1);
    for (int d = 1; d < v->made->ndim; d++) row *= (double)v->made->dim[d].size;
    if (v->side == k) bytes += row;
  }
  return bytes;
}

int64_t at_pairs_block(at_pairs *p, const char *split, int i) {
  const attune_task *task = (const attune_task *)(const void *)p->s->task->item;
  bool yes = false;
  at_error err = {0};
  for (const attune_need *n = task->needs; !yes && n && n->output; n++)
    if (n->batch_axes == AT_SIDES && at_pairs_possible(p, n->output, &yes, &err) != AT_OK) return 0;
  if (!yes || i >= AT_SIDES) return 0;
  double bytes[AT_SIDES];
  for (int k = 0; k < AT_SIDES; k++)
    bytes[k] = row_bytes(p, k) * (double)at_dataset_rows(p->s->data, split, p->s->batch[k].name);
  if (bytes[i] > bytes[!i] || (bytes[i] == bytes[!i] && i)) return STREAM;
  const double most = KEPT / (row_bytes(p, i) + 1);
  return most < STREAM ? STREAM : (int64_t)most;
}

/* ---- a side ---- */

static bool has(const side *d, const char *split, const int64_t *row, int64_t n) {
  return d->split && d->n == n && !strcmp(d->split, split) &&
         !memcmp(d->row, row, (size_t)n * sizeof *row);
}

/* What a value holds of the rows that were encoded: behind those of the rows before. */
static at_status keep(side *d, int i, const at_sides_value *v, int64_t done, int64_t n,
                      at_error *err) {
  const int64_t *off = v->ragged >= 0 ? at_x_offsets(d->x, v->ragged) : NULL;
  const int64_t count = at_x_count(d->x, v->made), rows = off ? off[n] : n;
  const int64_t begin = d->off[i] ? d->off[i][done] : done, each = count / rows;
  const size_t need = (size_t)((begin + rows) * each) * sizeof(float);
  for (int64_t r = 1; off && r <= n; r++) d->off[i][done + r] = begin + off[r];
  if (need > d->bytes[i]) {
    float *to = realloc(d->v[i], need);
    if (!to) return at_nomem(err);
    d->v[i] = to;
    d->bytes[i] = need;
  }
  memcpy(d->v[i] + begin * each, at_exec_value(d->x, v->made), (size_t)count * sizeof(float));
  return AT_OK;
}

static at_status reserve(side *d, const at_pairs *p, int k, int64_t n, at_error *err) {
  free(d->split);
  d->split = NULL;
  d->n = 0;
  if (n <= d->cap) return AT_OK;
  free(d->row);
  d->cap = 0;
  d->row = malloc((size_t)n * sizeof *d->row);
  bool all = d->row != NULL;
  for (int i = 0; i < p->cut.n_value; i++) {
    const at_sides_value *v = &p->cut.value[i];
    if (v->side != k || v->ragged < 0) continue;
    free(d->off[i]);
    d->off[i] = calloc((size_t)n + 1, sizeof *d->off[i]);
    all = all && d->off[i];
  }
  if (!all) return at_nomem(err);
  d->cap = n;
  return AT_OK;
}

static at_status encode(at_pairs *p, int k, const char *split, const int64_t *row, int64_t n,
                        at_error *err) {
  side *d = &p->side[k];
  if (has(d, split, row, n)) return AT_OK;
  const int64_t most = p->s->batch[k].ragged >= 0 ? ENCODE_RAGGED : ENCODE;
  at_status st = reserve(d, p, k, n, err);
  for (int64_t done = 0, now; st == AT_OK && done < n; done += now) {
    now = n - done < most ? n - done : most;
    st = at_session_load_side(p->s, d->x, split, k, row + done, now, err);
    if (st != AT_OK) break;
    at_exec_forward(d->x, p->s->seed, 0, false);
    for (int i = 0; st == AT_OK && i < p->cut.n_value; i++)
      if (p->cut.value[i].side == k) st = keep(d, i, &p->cut.value[i], done, now, err);
  }
  if (st != AT_OK) return st;
  memcpy(d->row, row, (size_t)n * sizeof *row);
  d->n = n;
  d->split = strdup(split);
  return d->split ? AT_OK : at_nomem(err);
}

/* ---- pairs ---- */

typedef struct tiles {
  at_pairs *p;
  int64_t step[AT_SIDES], across; /* rows and columns of a tile; tiles beside each other */
  float *to;
  at_error err; /* of the first that failed */
} tiles;

static at_exec *take(at_pairs *p) {
  pthread_mutex_lock(&p->lock);
  at_exec *x = p->tile[--p->idle];
  pthread_mutex_unlock(&p->lock);
  return x;
}

static void give_back(at_pairs *p, at_exec *x) {
  pthread_mutex_lock(&p->lock);
  p->tile[p->idle++] = x;
  pthread_mutex_unlock(&p->lock);
}

static at_status bind_value(const at_pairs *p, at_exec *x, int i, int64_t at, int64_t n,
                            at_error *err) {
  const at_sides_value *v = &p->cut.value[i];
  const side *d = &p->side[v->side];
  int64_t off[STREAM + 1], each = 1, begin = d->off[i] ? d->off[i][at] : at;
  at_status st = AT_OK;
  for (int k = 1; k < v->input->ndim; k++) each *= v->input->dim[k].size;
  if (d->off[i]) {
    for (int64_t r = 0; r <= n; r++) off[r] = d->off[i][at + r] - begin;
    st = at_exec_ragged(x, p->cut.g[AT_SIDES_PAIRS]->axis[v->ragged].name, off, n, err);
  }
  return st == AT_OK ? at_exec_input(x, v->input->name, d->v[i] + begin * each, err) : st;
}

static at_status run_tile(const tiles *t, at_exec *x, const int64_t at[AT_SIDES],
                          const int64_t n[AT_SIDES], at_error *err) {
  const at_pairs *p = t->p;
  const at_node *out = p->cut.output;
  at_status st = AT_OK;
  for (int k = 0; st == AT_OK && k < AT_SIDES; k++)
    st = at_exec_size(x, p->s->batch[k].name, n[k], err);
  for (int i = 0; st == AT_OK && i < p->cut.n_value; i++)
    st = bind_value(p, x, i, at[p->cut.value[i].side], n[p->cut.value[i].side], err);
  if (st == AT_OK) st = at_exec_ready(x, err);
  if (st != AT_OK) return st;
  at_exec_forward(x, p->s->seed, 0, false);
  const float *v = at_exec_value(x, out);
  const bool turned = at_node_dim(out, p->s->batch[0].axis) == 1;
  float *to = t->to + at[0] * p->side[1].n + at[1];
  for (int64_t r = 0; r < n[0]; r++)
    for (int64_t c = 0; c < n[1]; c++)
      to[r * p->side[1].n + c] = turned ? v[c * n[0] + r] : v[r * n[1] + c];
  return AT_OK;
}

static void tile(void *ctx, size_t index) {
  tiles *t = ctx;
  at_pairs *p = t->p;
  const int64_t place[AT_SIDES] = {(int64_t)index / t->across, (int64_t)index % t->across};
  int64_t at[AT_SIDES], n[AT_SIDES];
  at_error err = {0};
  for (int k = 0; k < AT_SIDES; k++) {
    at[k] = place[k] * t->step[k];
    n[k] = p->side[k].n - at[k] < t->step[k] ? p->side[k].n - at[k] : t->step[k];
  }
  at_exec *x = take(p);
  at_status st = run_tile(t, x, at, n, &err);
  give_back(p, x);
  if (st == AT_OK) return;
  pthread_mutex_lock(&p->lock);
  if (t->err.code == AT_OK) t->err = err;
  pthread_mutex_unlock(&p->lock);
}

at_status at_pairs_forward(at_pairs *p, const char *split, const int64_t *const *rows,
                           const int64_t *counts, float *to, at_error *err) {
  tiles t = {.p = p, .step = {TILE_ROWS, TILE_COLUMNS}, .to = to};
  at_status st = AT_OK;
  for (int k = 0; st == AT_OK && k < AT_SIDES; k++)
    st = encode(p, k, split, rows[k], counts[k], err);
  if (st != AT_OK) return st;
  t.across = (counts[1] + t.step[1] - 1) / t.step[1];
  at_parallel(p->s->pool, (size_t)((counts[0] + t.step[0] - 1) / t.step[0] * t.across), tile, &t);
  if (t.err.code != AT_OK && err) *err = t.err;
  return t.err.code;
}

int64_t at_pairs_rows(const at_pairs *p, int k, const int64_t **row) {
  *row = p->side[k].row;
  return p->side[k].n;
}
