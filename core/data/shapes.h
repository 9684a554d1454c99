/* Pictures for SHAPES (Andreas, Rohrbach, Darrell, Klein, "Neural Module Networks", 2016): nine
 * cells with a coloured shape in each or none, and the question whether there is such a shape.
 *
 * Published are the questions and answers of a large training set, and the pictures of a small one.
 * Here pictures are made for any of them, as the authors' generator makes them
 * (github.com/jacobandreas/nmn2, data/gen_shapes.py): a cell is empty with chance 0.2; shape,
 * colour and size (radius 2.5 or 3.75 pixels, times 0.9 to 1.1) are uniform; each channel of the
 * colour differs by up to 0.2 and is cut at 0 and 1; cairo draws it in the middle of its cell on
 * black; and a picture counts only when some cell fits the first word of the query, "red" in
 * (is red (left_of circle)). Here such pictures are drawn until one gives the query the answer that
 * is wanted, so that nothing but the query tells those for true from those for false: the answers'
 * shares are those of the files. */
#ifndef AT_DATA_SHAPES_H
#define AT_DATA_SHAPES_H
#include <stdint.h>
#include "core/data/dice.h"
#include "core/data/made.h"

/* A change of what a seed gives raises this. */
#define AT_SHAPES_VERSION 1

enum { AT_SHAPES_GRID = 3, AT_SHAPES_CELLS = 9, AT_SHAPES_CELL = 10, AT_SHAPES_SIDE = 30 };
enum { AT_SHAPES_KINDS = 3, AT_SHAPES_DEEPEST = 16 };
extern const char *const at_shapes_shape_names[AT_SHAPES_KINDS];
extern const char *const at_shapes_color_names[AT_SHAPES_KINDS];

typedef struct at_shapes_cell {
  int shape, color; /* shape -1: empty */
  double radius;    /* pixels */
  double rgb[3];    /* 0 .. 1 */
} at_shapes_cell;
typedef struct at_shapes_grid { /* row by row from the top */
  at_shapes_cell cell[AT_SHAPES_CELLS];
} at_shapes_grid;

/* ---- queries (shapes_query.c) ---- */

/* (is WORD THING), a THING being a WORD or (RELATION THING). */
typedef struct at_shapes_query {
  int is, of;                                 /* words: shapes, then colours */
  int relation[AT_SHAPES_DEEPEST], relations; /* outermost first */
} at_shapes_query;

/* A sentence without a place when it is none. */
at_status at_shapes_parse(const char *text, size_t n, at_shapes_query *out, at_error *err);
/* The cells, bit by bit, that fit a query's first word; and those that are what it asks for: the
 * answer is true when there are any. (above circle) is the cell above a circle, empty or not. */
uint32_t at_shapes_candidates(const at_shapes_query *q, const at_shapes_grid *g);
uint32_t at_shapes_found(const at_shapes_query *q, const at_shapes_grid *g);

/* ---- pictures (shapes_draw.c) ---- */

void at_shapes_draw(at_dice *d, at_shapes_grid *out);
/* Draws grids until one counts and gives `q` the answer; false: none of very many did. */
bool at_shapes_draw_for(at_dice *d, const at_shapes_query *q, bool answer, at_shapes_grid *out);
/* The whole picture, AT_SHAPES_SIDE rows of as many pixels, each blue green red. */
at_status at_shapes_render(const at_shapes_grid *g, unsigned char *bgr, at_error *err);

/* ---- the data set (shapes_make.c) ---- */

typedef struct at_shapes_options {
  const char *queries; /* reads QUERIES.query, QUERIES.query_str.txt, QUERIES.output */
  int64_t each;        /* pictures for a line of these */
  uint64_t seed;
  bool force; /* replace a set that this generator made */
} at_shapes_options;

/* Writes DIR/train.input.npy, .query, .query_str.txt, .output, .cells.tsv and DIR/meta.json, whole
 * or not at all; *made (may be NULL) is the number of pictures. The same options and files give the
 * same bytes, whatever the pool. `pool` and `progress` may be NULL. */
at_status at_shapes_make(const at_shapes_options *o, const char *dir, at_pool *pool,
                         at_made_progress *progress, void *ctx, int64_t *made, at_error *err);
#endif
