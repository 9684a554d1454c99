/* Chains of operators that work item by item of a batch axis which leads their values: run one
 * item after another, from the first operator of the chain to its last, so that what lies between
 * them is a strip that stays in a cache and needs no place in the plan. Backward makes the values
 * of an item again from what the chain reads. Items are spread over the pool.
 *
 * What the chain reads without that axis (norms of words, for scores of a picture) is shared by
 * the items: each has a gradient of its own, and they are summed in the order of items, so that
 * the bits do not depend on the number of threads. */
#ifndef AT_GRAPH_STRIPS_H
#define AT_GRAPH_STRIPS_H
#include "core/graph/exec_impl.h"

typedef struct at_strip_member {
  int id;
  bool inside;  /* read by the chain alone: no place in the plan */
  bool again;   /* backward makes its value again */
  int handed;   /* member whose own gradient is this one's first addend, in place; -1 */
  size_t saved; /* bytes of an item */
  /* where in the memory of an item, in each of the two passes */
  size_t value[2], grad;
  size_t scratch[2][2]; /* of forward and of backward */
} at_strip_member;

typedef struct at_strip_source {
  int id;
  bool shared; /* without the axis */
  bool aside;  /* its gradient lies where its value does, and is written when an item is done */
  int handed;
  size_t grad; /* aside: where in the memory of an item; shared: where behind all of that */
} at_strip_source;

#define AT_STRIP_NONE SIZE_MAX /* no place: the gradient lies elsewhere, or is not wanted */

struct at_strip {
  int axis; /* the batch axis */
  int last; /* in whose steps, forward and backward, all of the chain runs */
  bool back;
  int n, n_source;
  at_strip_member *member; /* in the order of the graph */
  at_strip_source *source; /* what it reads and does not make */
  /* at the bound sizes */
  int64_t items;
  size_t bytes[2]; /* of an item's memory: forward, backward */
  size_t shared;   /* bytes of shared gradients, all items together */
  void *room;      /* for laying out */
};

/* Which chains there are, at the sizes bound first; none where there is no memory for it. */
void at_strips_find(at_exec *x);
void at_strips_free(at_exec *x);
/* The place in the graph at which node i runs: its own, or that of its chain. */
int at_strip_place(const at_exec *x, int i);
/* Node i is read by its chain alone. */
bool at_strip_inside(const at_exec *x, int i);
/* Places in the memory of an item, as large as any; `room`: at_strip_room bytes. */
void at_strip_lay_out(at_strip *s, const at_exec *item, void *room);
size_t at_strip_room(const at_strip *s);
/* At every binding, before bytes are asked for. */
void at_strips_measure(at_exec *x);
size_t at_strip_saved(const at_exec *x, int i);
size_t at_strip_work(const at_exec *x, int i, bool backward);

/* strips_run.c: what runs items side by side; false: no memory. */
bool at_hands_new(at_exec *x);
void at_hands_free(at_exec *x);
void at_strip_forward(at_exec *x, const at_strip *s);
/* Where the pass reaches it: marks are set. */
void at_strip_backward(at_exec *x, const at_strip *s);
#endif
