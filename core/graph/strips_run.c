/* Chains run an item at a time; see strips.h. */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "core/graph/op_common.h"
#include "core/graph/strips.h"

enum { MOST_HANDS = 64 };

/* An executor as operators see it, bound to one item; as many as there are threads. */
struct at_hand {
  at_exec x;
  int64_t (*two)[2]; /* [n_axis] offsets of ragged axes: one row */
  atomic_flag busy;
};

void at_hands_free(at_exec *x) {
  for (int i = 0; i < x->n_hand; i++) {
    free(x->hand[i].x.slot);
    free(x->hand[i].x.axis);
    free(x->hand[i].two);
  }
  free(x->hand);
  x->hand = NULL;
  x->n_hand = 0;
}

bool at_hands_new(at_exec *x) {
  const int threads = x->o.measure ? 1 : at_pool_threads(x->o.pool);
  const size_t axes = (size_t)x->g->n_axis + 1;
  if (x->hand) return true;
  x->hand = calloc(MOST_HANDS, sizeof *x->hand);
  if (!x->hand) return false;
  for (; x->n_hand < threads && x->n_hand < MOST_HANDS; x->n_hand++) {
    at_hand *h = &x->hand[x->n_hand];
    h->x.slot = calloc((size_t)x->n + 1, sizeof *h->x.slot);
    h->x.axis = calloc(axes, sizeof *h->x.axis);
    h->two = calloc(axes, sizeof *h->two);
    atomic_flag_clear(&h->busy);
    if (h->x.slot && h->x.axis && h->two) continue;
    x->n_hand++;
    at_hands_free(x);
    return false;
  }
  return true;
}

/* ---- one item ---- */

static int64_t count_of(const at_exec *x, const at_node *n) {
  int64_t count = 1;
  for (int d = 0; d < n->ndim; d++) count *= at_x_dim(x, n, d);
  return count;
}

/* The first number of an item in a value that has its axis. */
static int64_t first_of(const at_exec *x, const at_node *v, int64_t item) {
  const int64_t *off = at_x_offsets(x, v->dim[0].axis);
  return (off ? off[item] : item) * at_x_around(x, v, 0).inner;
}

enum { LARGEST = -1 }; /* an item as long as the longest along every ragged axis */

static void bind_item(const at_exec *x, const at_strip *s, at_hand *h, int64_t item) {
  const at_graph *g = x->g;
  for (int a = 0; a < g->n_axis; a++) {
    const int64_t *off = at_x_offsets(x, a);
    if (g->axis[a].parent != s->axis || x->axis[a].size < 0) continue;
    at_bound_axis *b = &h->x.axis[a];
    h->two[a][1] = item == LARGEST ? x->axis[a].longest : off[item + 1] - off[item];
    b->from = a;
    b->offsets = h->two[a];
    b->parents = 1;
    b->size = h->two[a][1];
  }
  h->x.axis[s->axis].size = 1;
  for (int m = 0; m < s->n; m++) {
    const at_node *n = g->node[s->member[m].id];
    h->x.slot[n->id].count = count_of(&h->x, n);
  }
  for (int k = 0; k < s->n_source; k++) {
    const at_node *n = g->node[s->source[k].id];
    h->x.slot[n->id].count = count_of(&h->x, n);
  }
}

/* What the executor is at this moment, for all items to come. */
static void open_hand(const at_exec *x, const at_strip *s, at_hand *h) {
  at_slot *slot = h->x.slot;
  at_bound_axis *axis = h->x.axis;
  h->x = *x;
  h->x.slot = slot;
  h->x.axis = axis;
  h->x.o.pool = NULL;
  h->x.watch = NULL;
  memcpy(axis, x->axis, (size_t)x->g->n_axis * sizeof *axis);
  for (int m = 0; m < s->n; m++) slot[s->member[m].id] = x->slot[s->member[m].id];
  for (int k = 0; k < s->n_source; k++) slot[s->source[k].id] = x->slot[s->source[k].id];
}

/* ---- sizes ---- */

/* A source whose gradient has the place of its value. */
static bool lies_aside(const at_exec *x, const at_strip_source *p) {
  const int root = x->slot[p->id].root;
  const int home = at_exec_piece(x, root, AT_PIECE_GRAD)->home;
  return home != root * AT_PIECES + AT_PIECE_GRAD &&
         (home == at_exec_piece(x, root, AT_PIECE_VALUE)->home ||
          home == at_exec_piece(x, root, AT_PIECE_AGAIN)->home);
}

void at_strips_measure(at_exec *x) {
  for (int t = 0; t < x->n_strip; t++) {
    at_strip *s = &x->strip[t];
    if (!s->n) continue;
    s->items = x->axis[s->axis].size;
    for (int k = 0; k < s->n_source; k++)
      s->source[k].aside = !s->source[k].shared && lies_aside(x, &s->source[k]);
    open_hand(x, s, x->hand);
    bind_item(x, s, x->hand, LARGEST);
    at_strip_lay_out(s, &x->hand->x, s->room);
  }
}

/* ---- forward ---- */

typedef struct job {
  at_exec *x;
  const at_strip *s;
  bool back;
  unsigned char *memory; /* of all hands; behind it shared gradients */
} job;

static job open_job(at_exec *x, const at_strip *s, bool back) {
  for (int i = 0; i < x->n_hand; i++) open_hand(x, s, &x->hand[i]);
  return (job){x, s, back, x->slot[s->last].scratch[back]};
}

static at_hand *take_hand(const job *j, unsigned char **memory) {
  for (int i = 0;; i = (i + 1) % j->x->n_hand)
    if (!atomic_flag_test_and_set_explicit(&j->x->hand[i].busy, memory_order_acquire)) {
      *memory = j->memory + j->s->bytes[j->back] * (size_t)i;
      return &j->x->hand[i];
    }
}

static void give_hand(at_hand *h) { atomic_flag_clear_explicit(&h->busy, memory_order_release); }

/* Values, what is kept of them, and working memory. */
static void point_values(const job *j, at_hand *h, unsigned char *memory, int64_t item) {
  const at_exec *x = j->x;
  for (int m = 0; m < j->s->n; m++) {
    const at_strip_member *p = &j->s->member[m];
    const at_slot *from = &x->slot[p->id];
    at_slot *to = &h->x.slot[p->id];
    if (j->back ? p->again : p->inside)
      to->value = memory + p->value[j->back];
    else
      to->value = j->back ? NULL : (float *)from->value + first_of(x, x->g->node[p->id], item);
    to->saved = from->saved ? (unsigned char *)from->saved + p->saved * (size_t)item : NULL;
    for (int b = 0; b < 2; b++) to->scratch[b] = memory + p->scratch[b][j->back];
  }
  for (int k = 0; k < j->s->n_source; k++) {
    const at_strip_source *p = &j->s->source[k];
    const at_slot *from = &x->slot[p->id];
    h->x.slot[p->id].value =
        (float *)from->value + (p->shared ? 0 : first_of(x, x->g->node[p->id], item));
  }
}

static void forward_item(void *ctx, size_t item) {
  const job *j = ctx;
  unsigned char *memory;
  at_hand *h = take_hand(j, &memory);
  bind_item(j->x, j->s, h, (int64_t)item);
  point_values(j, h, memory, (int64_t)item);
  h->x.backward = false;
  for (int m = 0; m < j->s->n; m++) {
    const at_node *n = j->x->g->node[j->s->member[m].id];
    n->op->forward(&h->x, n);
  }
  give_hand(h);
}

void at_strip_forward(at_exec *x, const at_strip *s) {
  job j = open_job(x, s, false);
  at_parallel(x->o.pool, (size_t)s->items, forward_item, &j);
}

/* ---- backward ---- */

static size_t shared_step(const job *j, int id) {
  return ((size_t)j->x->slot[id].count * sizeof(float) + 63) / 64 * 64;
}

static unsigned char *shared_at(const job *j, const at_strip_source *p) {
  return j->memory + j->s->bytes[1] * (size_t)j->x->n_hand + p->grad;
}

static void point_gradients(const job *j, at_hand *h, unsigned char *memory, int64_t item) {
  const at_exec *x = j->x;
  for (int m = 0; m < j->s->n; m++) {
    const at_strip_member *p = &j->s->member[m];
    const at_slot *from = &x->slot[p->id];
    at_slot *to = &h->x.slot[p->id];
    to->handed = p->handed;
    if (p->inside)
      to->grad = p->grad == AT_STRIP_NONE ? NULL : (float *)(void *)(memory + p->grad);
    else
      to->grad = from->grad ? from->grad + first_of(x, x->g->node[p->id], item) : NULL;
    to->started = !p->inside && from->started;
  }
  for (int k = 0; k < j->s->n_source; k++) {
    const at_strip_source *p = &j->s->source[k];
    const at_slot *from = &x->slot[p->id];
    at_slot *to = &h->x.slot[p->id];
    to->handed = p->handed;
    to->started = !p->shared && x->slot[from->root].started;
    if (!from->want || !from->grad)
      to->grad = NULL;
    else if (p->shared)
      to->grad = (float *)(void *)(shared_at(j, p) + shared_step(j, p->id) * (size_t)item);
    else if (p->aside)
      to->grad = (float *)(void *)(memory + p->grad);
    else
      to->grad = from->grad + first_of(x, x->g->node[p->id], item);
  }
}

/* As the executor does it for whole values. */
static void start(at_hand *h, int id, int by) {
  at_slot *s = &h->x.slot[id];
  if (!s->grad || s->started) return;
  s->started = true;
  if (by < 0 || s->handed != by) memset(s->grad, 0, (size_t)s->count * sizeof *s->grad);
}

static bool goes_back(const at_exec *x, const at_node *n) {
  return x->slot[n->id].reached && at_exec_now(x, x->slot[n->id].back);
}

static void backward_member(at_hand *h, const at_strip *s, int m) {
  const at_node *n = h->x.g->node[s->member[m].id];
  if (!goes_back(&h->x, n)) return;
  start(h, n->id, -1);
  for (int k = 0; k < n->n_in; k++)
    if (at_exec_now(&h->x, h->x.slot[n->in[k]->id].want)) start(h, n->in[k]->id, m);
  n->op->backward(&h->x, n);
}

/* What the item's value was read for is done: its gradient takes the place. Shared ones that
 * nothing was added to are zero. */
static void close_item(const job *j, at_hand *h, int64_t item) {
  for (int k = 0; k < j->s->n_source; k++) {
    const at_strip_source *p = &j->s->source[k];
    const at_slot *own = &h->x.slot[p->id];
    if (p->shared) start(h, p->id, -1);
    if (p->aside && own->started && own->grad)
      memcpy(j->x->slot[p->id].grad + first_of(j->x, j->x->g->node[p->id], item), own->grad,
             (size_t)own->count * sizeof *own->grad);
  }
}

static void backward_item(void *ctx, size_t item) {
  const job *j = ctx;
  const at_strip *s = j->s;
  unsigned char *memory;
  at_hand *h = take_hand(j, &memory);
  bind_item(j->x, s, h, (int64_t)item);
  point_values(j, h, memory, (int64_t)item);
  point_gradients(j, h, memory, (int64_t)item);
  h->x.backward = false;
  for (int m = 0; m < s->n; m++) {
    const at_node *n = j->x->g->node[s->member[m].id];
    if (s->member[m].again) n->op->forward(&h->x, n);
  }
  h->x.backward = true;
  for (int m = s->n - 1; m >= 0; m--) backward_member(h, s, m);
  close_item(j, h, (int64_t)item);
  give_hand(h);
}

static bool adds_to(const at_exec *x, const at_strip *s, int id) {
  for (int m = 0; m < s->n; m++) {
    const at_node *n = x->g->node[s->member[m].id];
    for (int k = 0; goes_back(x, n) && k < n->n_in; k++)
      if (n->in[k]->id == id) return at_exec_now(x, x->slot[id].want);
  }
  return false;
}

void at_strip_backward(at_exec *x, const at_strip *s) {
  job j = open_job(x, s, true);
  at_parallel(x->o.pool, (size_t)s->items, backward_item, &j);
  for (int k = 0; k < s->n_source; k++) {
    const at_strip_source *p = &s->source[k];
    at_slot *to = &x->slot[p->id];
    if (!to->grad || !adds_to(x, s, p->id)) continue;
    if (!p->shared) {
      x->slot[to->root].started = true;
      continue;
    }
    at_exec_start_gradient(x, p->id, -1);
    at_x_add_column_sums(x, (const float *)(const void *)shared_at(&j, p), s->items, to->count,
                         (int64_t)(shared_step(&j, p->id) / sizeof(float)), to->grad);
  }
}
