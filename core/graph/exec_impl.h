/* What an executor is made of; for its own files only. */
#ifndef AT_GRAPH_EXEC_IMPL_H
#define AT_GRAPH_EXEC_IMPL_H
#include "core/graph/exec.h"

/* Pieces of memory that a node may need. */
enum {
  AT_PIECE_VALUE,
  AT_PIECE_AGAIN, /* the value as backward makes it again */
  AT_PIECE_SAVED,
  AT_PIECE_GRAD,
  AT_PIECE_FORWARD,
  AT_PIECE_BACKWARD,
  AT_PIECE_SAVED_ANEW,   /* of what is made anew: saved then, */
  AT_PIECE_SCRATCH_ANEW, /* and scratch of its forward */
  AT_PIECES
};

/* A piece is in use in steps begin..end, both included. Steps of the one timeline, in turn k of m
 * steps: forward of node i is step mk + i, its backward step mk + back_at[i]; the turn's last is
 * that of the update, and what comes after all turns is one step more.  Each value of a `recompute`
 * module has a step more in every turn, before the first backward step of its call: in that of one
 * turn it is made anew.  begin -1: not needed. */
typedef struct at_piece {
  int begin, end;
  int home;             /* the piece in whose place it lies, itself for most */
  size_t bytes, offset; /* at the bound sizes; both multiples of 64 */
} at_piece;

typedef struct at_strip at_strip; /* strips.h */
typedef struct at_hand at_hand;

/* A bit for each turn: one, or with at_exec_options.turns one for each objective. */
typedef uint64_t at_turns;

typedef struct at_slot {
  int root;         /* whose storage it uses: itself, or what an alias looks at */
  bool asked;       /* at_exec_keep */
  bool sought;      /* at_exec_keep_grad */
  bool below;       /* runs again when `again` changes (again.c) */
  bool live;        /* forward runs, in some turn */
  bool keep;        /* value survives to the next bind */
  bool twice;       /* value is let go after forward, and made again in backward (at roots) */
  bool anew;        /* so is what it saves, in a step of its own: its module is a `recompute` one */
  at_turns run;     /* forward runs */
  at_turns need;    /* value is needed, and no older than the parameters it comes from */
  at_turns source;  /* backward may start here */
  at_turns want;    /* its gradient is wanted */
  at_turns planned; /* some source reaches it, so its gradient has a place */
  at_turns back;    /* backward of its operator may run */
  bool reached;     /* by the source of the backward pass that runs now */
  bool started;     /* gradient zeroed in this pass (at roots) */
  int strip;        /* the chain that it is worked on in; -1 */
  int handed;    /* whose backward leaves its own gradient as this one's first addend; -1 (roots) */
  int64_t count; /* elements */
  int64_t given; /* of an input, by at_exec_give; -1: not said */
  void *value;
  float *grad;
  void *saved, *scratch[2]; /* forward, backward */
} at_slot;

typedef struct at_bound_axis {
  int from;         /* axis that it takes sizes and offsets from; itself for most */
  int64_t fixed;    /* size known from the graph; -1 */
  int64_t asked;    /* at_exec_size; -1 */
  int64_t parents;  /* at_exec_ragged; -1 */
  int64_t size;     /* in force since at_exec_ready; -1 */
  int64_t longest;  /* ragged: the longest row */
  int64_t *offsets; /* [parents + 1], owned */
  size_t cap;       /* of offsets */
} at_bound_axis;

typedef struct at_gap {
  size_t offset, bytes;
} at_gap;

struct at_exec {
  const at_graph *g;
  at_params *params;
  at_exec_options o;
  int n;               /* nodes */
  int turns, turn;     /* how many; the one at hand */
  int steps;           /* of a turn */
  int *back_at;        /* [n] backward step in a turn */
  int *anew_at;        /* [n] step in which it is made anew; -1 */
  at_slot *slot;       /* [n] */
  at_piece *piece;     /* [n * AT_PIECES] */
  at_bound_axis *axis; /* [n_axis] */
  /* pieces in order of begin and of end; [steps * turns + 2] first place of each step */
  int *by_begin, *by_end, *begin_at, *end_at;
  at_gap *gap; /* free memory in planning, by offset */
  int n_gap;
  int *by_size, *placed; /* pieces in order of size, and of offset */
  unsigned char *block;  /* 64-byte aligned */
  size_t block_bytes, planned;
  bool analysed, settled, ready, backward;
  bool training;
  at_strip *strip; /* [n_strip]; those that were not worth it have no members */
  int n_strip;
  at_hand *hand; /* [n_hand] */
  int n_hand;
  int again; /* the node whose `below` is marked; -1 */
  int ran;   /* nodes that ran last */
  double ran_flops;
  uint64_t seed, step;
  at_exec_watch_fn *watch; /* NULL: nobody watches */
  void *watch_ctx;
};

static inline int at_exec_step(const at_exec *x, int turn, int id) { return x->steps * turn + id; }
static inline int at_exec_backstep(const at_exec *x, int turn, int id) {
  return x->steps * turn + x->back_at[id];
}
static inline int at_exec_update_step(const at_exec *x, int turn) {
  return x->steps * (turn + 1) - 1;
}
static inline int at_exec_last_step(const at_exec *x) { return x->steps * x->turns; }
static inline bool at_exec_now(const at_exec *x, at_turns turns) { return turns >> x->turn & 1; }
static inline at_piece *at_exec_piece(const at_exec *x, int id, int what) {
  return &x->piece[id * AT_PIECES + what];
}

/* exec.c, for again.c */
void at_exec_run_node(at_exec *x, const at_node *n);
bool at_exec_owns(const at_exec *x, const at_node *n);
bool at_exec_computes(const at_exec *x, const at_node *n);
/* A gradient is zeroed when its first addend comes, unless node `by` leaves its own there, or it is
 * a parameter's that the caller zeroes. */
void at_exec_start_gradient(at_exec *x, int id, int by);
/* Backward from `source`; `within`: through those marked `below` alone. */
void at_exec_run_backward(at_exec *x, int source, const float *grad, bool within);

/* With plan_grads: no parameter has a gradient. */
void at_exec_forget_gradients(at_exec *x);

/* flops.c: the arithmetic of a node that runs. */
double at_op_flops(const at_exec *x, const at_node *n);

/* Where forward of node `id` finds and puts everything as backward makes its value again; and where
 * its backward does. */
void at_exec_point_again(at_exec *x, int id);
void at_exec_point_back(at_exec *x, int id);
/* The same of the first forward, for what backward makes again. */
void at_exec_point_forward(at_exec *x, int id);
/* rows.c: the numbers of a parameter's gradient at the bound sizes. */
int64_t at_exec_grad_count(const at_exec *x, const at_node *parameter);
/* remake.c: the steps of a turn, by the graph alone; false: no memory. */
bool at_exec_lay_steps(at_exec *x);

/* plan.c: who runs, and who lives how long (once). */
void at_exec_analyse(at_exec *x);
void at_exec_live(at_exec *x);
/* remake.c: what backward makes again, from the sizes of the first binding. */
void at_exec_settle(at_exec *x);
/* place.c: where (every binding). */
/* AT_EINPUT when the sizes do not fit into memory sizes. */
at_status at_exec_plan(at_exec *x, at_error *err);
/* Bytes of every piece at the bound sizes, or of those that are AT_UNMEASURED; false: larger than a
 * size_t holds. */
#define AT_UNMEASURED SIZE_MAX
bool at_exec_measure(at_exec *x, bool anew);
/* What lies behind an item's own length in the padded dims of a value of n. */
typedef void at_tail_fn(void *ctx, const float *tail, int64_t n);
void at_exec_tails(const at_exec *x, const at_node *n, const float *v, at_tail_fn *fn, void *ctx);
#endif
