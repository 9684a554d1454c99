/* Between the files of this room: what is drawn, before it becomes text. */
#ifndef AT_DRAW_DRAW_IMPL_H
#define AT_DRAW_DRAW_IMPL_H
#include "core/draw/draw.h"

typedef enum at_box_kind {
  AT_BOX_INPUT,
  AT_BOX_VALUE,
  AT_BOX_LEARNED, /* a parameter that is a value of its own */
  AT_BOX_SCORE,
  AT_BOX_REFINE,
  AT_BOX_WEIGH,
  AT_BOX_CONTEXT,
  AT_BOX_OUTPUT,
  AT_BOX_LOSS,
  AT_BOX_KINDS
} at_box_kind;
extern const char *const at_box_kind_names[]; /* "input" ... */

typedef struct at_box {
  at_box_kind kind;
  const at_node *node; /* whose value leaves the box */
  const char *id;      /* unique: "cell.1.memory", "linear 12" */
  const char *title;
  const char **op; /* what happens in it, in order: "linear(feature -> d)" */
  int n_op, cap_op;
  const char *axes;   /* "[picture, d]" */
  int64_t params;     /* numbers of its parameters */
  bool open, trained; /* some sizes of them are open; some are trained */
  int n_param;
  int module; /* index in at_picture.module, -1 */
  int attend; /* index in graph->attend, -1 */
} at_box;

typedef struct at_edge {
  int from, to; /* boxes */
  bool query, key, value;
} at_edge;

typedef struct at_frame { /* a call of a module */
  const char *path;       /* "decoder.cell.1" */
  int parent;             /* -1: none */
} at_frame;

typedef struct at_picture {
  const at_graph *g;
  at_arena *arena;
  at_box *box;
  int n_box;
  at_edge *edge;
  int n_edge;
  at_frame *module; /* parents before their children */
  int n_module, cap_module;
} at_picture;

/* Everything in p->arena, which the caller frees, after a failure too. */
at_status at_picture_make(const at_graph *g, at_picture *p, at_error *err);
/* Which node lies in which box (-1: hidden, its input stands for it); [n_node], in the arena. */
at_status at_picture_group(at_picture *p, int **root, at_error *err);
/* The calls of modules that nodes were made in. */
at_status at_picture_modules(at_picture *p, at_error *err);
int at_picture_module(const at_picture *p, const char *path); /* -1: none */
/* The attend block whose score, refinement, weights or context node i belongs to: 4 of them for
 * each block, in this order; -1: none. [n_node] */
at_status at_picture_attends(at_picture *p, int **part, at_error *err);

/* Where the values of a block enter: "query", "key", "value", "query, key"...; "" for others. */
const char *at_edge_label(const at_edge *e, char *buf, size_t n);
/* "12.3 k numbers, frozen"; "" for a box without parameters. */
const char *at_box_params(const at_box *b, char *buf, size_t n);
int64_t at_attend_heads(const at_graph *g, const at_attend *a);

at_status at_draw_dot(const at_picture *p, at_text *out, at_error *err);
at_status at_draw_json(const at_picture *p, at_text *out, at_error *err);
/* Lays out the text of a dot graph and appends it as SVG. */
at_status at_draw_layout(const char *dot, const char *title, at_text *out, at_error *err);
#endif
