/* Arrays as the inputs of a model: from files, or drawn at random.
 *
 * An input takes the array NAME or in.NAME.  A ragged dim takes two axes of the array,
 * [rows, longest], of which `lengths` count in each row, or one, all rows packed.  Lengths
 * are an array AXIS.lengths, INPUT.lengths or lengths; without one every row is full. */
#ifndef AT_RUN_FEED_H
#define AT_RUN_FEED_H
#include "core/graph/exec.h"
#include "core/tensor/array.h"

typedef struct at_feed {
  at_arrays *arrays;         /* converted in place; NULL: random ones are drawn */
  const char *path;          /* for messages */
  const char *const *rename; /* "array=input" */
  size_t n_rename;
  int64_t rows; /* random: items of each batch axis */
  int64_t open; /* random: the size of an open axis; 0: 4 */
  uint64_t seed;
  /* random: the length of every row of that ragged axis; NULL: they are drawn from 1 .. 6 */
  int64_t (*length)(void *ctx, const char *axis);
  void *length_ctx;
  void **held; /* [n_held] what inputs point to; by at_feed_free */
  size_t n_held;
} at_feed;

/* What the arrays know of an open axis; random: `open`.  -1: nothing. */
int64_t at_feed_axis_size(const at_feed *f, const at_graph *probe, const char *input,
                          const char *axis);
/* The largest id and one more; random: 11. */
int64_t at_feed_vocabulary(const at_feed *f, const char *input);
/* Sizes, offsets and data of all inputs; then at_exec_ready. */
at_status at_feed_bind(at_feed *f, const at_graph *g, at_exec *x, at_error *err);
void at_feed_free(at_feed *f);
#endif
