/* A model as a picture: boxes for operators and named values, frames for attention and modules. */
#ifndef AT_DRAW_DRAW_H
#define AT_DRAW_DRAW_H
#include "core/base/text.h"
#include "core/graph/graph.h"

typedef enum at_draw_format { AT_DRAW_DOT, AT_DRAW_SVG, AT_DRAW_JSON } at_draw_format;

/* The layout of more boxes than these takes minutes, and nobody can read it. */
enum { AT_DRAW_MOST = 800 };

/* "dot", "svg", "json"; EINPUT for another name. */
at_status at_draw_format_of(const char *name, at_draw_format *out, at_error *err);

/* Appends the picture of a graph as it was built, without passes.  SVG is laid out by Graphviz,
 * which keeps state for the whole program: one thread at a time.  EINPUT above AT_DRAW_MOST
 * boxes of an SVG. */
at_status at_draw(const at_graph *g, at_draw_format f, at_text *out, at_error *err);
#endif
