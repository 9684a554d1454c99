/* Where in the memory of an item its values, gradients and working memory lie; see strips.h. */
#include <stdlib.h>
#include "core/graph/op_common.h"
#include "core/graph/strips.h"

/* In use from `begin` to `end`: forward of member m is m, its backward 2n - 1 - m, and an item ends
 * at 2n. */
typedef struct region {
  int begin, end;
  size_t bytes, at;
} region;

/* Gradients go by entries: members, then sources. */
typedef struct layout {
  const at_exec *x; /* bound to an item as large as any */
  at_strip *s;
  region *r; /* those that have a place */
  int n;
  size_t most;
} layout;

static size_t round64(size_t bytes) { return (bytes + 63) / 64 * 64; }

static size_t put(layout *l, int begin, int end, size_t bytes) {
  size_t at = 0;
  bytes = round64(bytes);
  for (int i = 0; i < l->n; i++) {
    const region *q = &l->r[i];
    if (q->begin > end || q->end < begin || q->at >= at + bytes || q->at + q->bytes <= at) continue;
    at = q->at + q->bytes;
    i = -1;
  }
  l->r[l->n++] = (region){begin, end, bytes, at};
  if (at + bytes > l->most) l->most = at + bytes;
  return at;
}

static int back_of(const layout *l, int m) { return 2 * l->s->n - 1 - m; }

static const at_node *node_of(const layout *l, int m) { return l->x->g->node[l->s->member[m].id]; }

static bool goes_back(const layout *l, int m) { return l->x->slot[l->s->member[m].id].back != 0; }

static bool reads(const at_node *n, int id) {
  for (int k = 0; k < n->n_in; k++)
    if (n->in[k]->id == id) return true;
  return false;
}

static size_t bytes_of(const layout *l, int id) {
  return (size_t)l->x->slot[id].count * sizeof(float);
}

/* ---- values ---- */

/* When the value of member m is read last. */
static int last_read(const layout *l, int m, bool back) {
  const int id = l->s->member[m].id;
  int last =
      back && goes_back(l, m) && node_of(l, m)->op->flags & AT_OP_KEEPS_OUT ? back_of(l, m) : m;
  for (int r = m + 1; r < l->s->n; r++) {
    if (!reads(node_of(l, r), id)) continue;
    const bool keeps = back && goes_back(l, r) && node_of(l, r)->op->flags & AT_OP_KEEPS_IN;
    const int at = keeps ? back_of(l, r) : r;
    if (at > last) last = at;
  }
  return last;
}

static void put_values(layout *l, bool back) {
  for (int m = 0; m < l->s->n; m++) {
    at_strip_member *p = &l->s->member[m];
    if (back ? p->again : p->inside)
      p->value[back] = put(l, m, last_read(l, m, back), bytes_of(l, p->id));
  }
}

/* Room for what forward and backward of a member need while they run. */
static void put_scratch(layout *l, bool back) {
  for (int m = 0; m < l->s->n; m++) {
    at_strip_member *p = &l->s->member[m];
    const at_op *op = node_of(l, m)->op;
    const size_t bytes = op->scratch ? op->scratch(l->x, node_of(l, m)) : 0;
    if (!bytes) continue;
    if (!back || p->again) p->scratch[0][back] = put(l, m, m, bytes);
    if (back && goes_back(l, m)) p->scratch[1][back] = put(l, back_of(l, m), back_of(l, m), bytes);
  }
}

/* ---- gradients ---- */

static int id_of(const layout *l, int e) {
  return e < l->s->n ? l->s->member[e].id : l->s->source[e - l->s->n].id;
}

static int *handed_of(const layout *l, int e) {
  return e < l->s->n ? &l->s->member[e].handed : &l->s->source[e - l->s->n].handed;
}

static bool lies_here(const layout *l, int e) {
  return e < l->s->n ? l->s->member[e].inside : l->s->source[e - l->s->n].aside;
}

/* The member whose backward adds first to the gradient of `id`; -1: none does. */
static int first_adds(const layout *l, int id) {
  if (!l->x->slot[id].want) return -1;
  for (int r = l->s->n - 1; r >= 0; r--)
    if (goes_back(l, r) && reads(node_of(l, r), id)) return r;
  return -1;
}

static bool alike(const at_node *a, const at_node *b) {
  bool same = a->ndim == b->ndim;
  for (int d = 0; same && d < a->ndim; d++) same = a->dim[d].axis == b->dim[d].axis;
  return same;
}

/* Member r can leave its own gradient as that of `id`. */
static bool hands_on(const layout *l, int r, int id) {
  const at_node *n = node_of(l, r);
  if (!(n->op->flags & AT_OP_IN_PLACE) || n->in[0]->id != id || !l->s->member[r].inside)
    return false;
  for (int k = 1; k < n->n_in; k++)
    if (n->in[k]->id == id) return false;
  return alike(n, n->in[0]);
}

static void find_handed(layout *l) {
  for (int e = 0; e < l->s->n + l->s->n_source; e++) {
    const int r = first_adds(l, id_of(l, e));
    *handed_of(l, e) = r >= 0 && lies_here(l, e) && hands_on(l, r, id_of(l, e)) ? r : -1;
  }
}

/* Who has the place of member e's gradient after it; -1: nobody. */
static int heir_of(const layout *l, int e) {
  for (int h = 0; e < l->s->n && h < l->s->n + l->s->n_source; h++)
    if (*handed_of(l, h) == e) return h;
  return -1;
}

static size_t *grad_of(const layout *l, int e) {
  return e < l->s->n ? &l->s->member[e].grad : &l->s->source[e - l->s->n].grad;
}

static void put_gradients(layout *l) {
  const int entries = l->s->n + l->s->n_source;
  find_handed(l);
  for (int e = 0; e < entries; e++) *grad_of(l, e) = AT_STRIP_NONE;
  for (int e = 0; e < entries; e++) {
    const int r = first_adds(l, id_of(l, e));
    int end = 0;
    if (r < 0 || !lies_here(l, e) || *handed_of(l, e) >= 0) continue;
    for (int h = e; h >= 0; h = heir_of(l, h)) end = h < l->s->n ? back_of(l, h) : 2 * l->s->n;
    const size_t at = put(l, back_of(l, r), end, bytes_of(l, id_of(l, e)));
    for (int h = e; h >= 0; h = heir_of(l, h)) *grad_of(l, h) = at;
  }
}

static void put_shared(layout *l) {
  size_t at = 0;
  for (int k = 0; k < l->s->n_source; k++) {
    at_strip_source *p = &l->s->source[k];
    if (!p->shared || !l->x->slot[p->id].want) continue;
    p->grad = at;
    at += round64(bytes_of(l, p->id)) * (size_t)l->s->items;
  }
  l->s->shared = at;
}

void at_strip_lay_out(at_strip *s, const at_exec *item, void *room) {
  for (int back = 0; back < 2; back++) {
    layout l = {.x = item, .s = s, .r = room};
    put_values(&l, back);
    if (back) put_gradients(&l);
    put_scratch(&l, back);
    s->bytes[back] = l.most;
    if (back) put_shared(&l);
  }
  for (int m = 0; m < s->n; m++) {
    const at_node *n = item->g->node[s->member[m].id];
    s->member[m].saved = n->op->saved ? round64(n->op->saved(item, n)) : 0;
  }
}

size_t at_strip_room(const at_strip *s) {
  return (size_t)(4 * s->n + s->n_source) * sizeof(region);
}
