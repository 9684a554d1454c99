/* Tiles of pictures, for convolutions that find several results at a time (winograd.h, halving.h).
 */
#ifndef AT_GRAPH_TILE_H
#define AT_GRAPH_TILE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/base/thread.h"

/* A convolution [images, h, w, from] -> [images, oh, ow, to] with `pad` zeros around the picture;
 * a tile is `side` x `side` numbers of the result. */
typedef struct at_tiling {
  int64_t images, h, w, from, oh, ow, to, pad, side;
  bool assign; /* the result is written; otherwise added to what is there */
} at_tiling;

/* A way for one kernel, `kernel` x `kernel`, and stride, by tiles of one side. Products add to
 * their result, but for what `assign` says of the result and, where the way `writes_x`, of dx;
 * weights are [to, from, kernel, kernel]. */
typedef struct at_tiled {
  int64_t kernel, stride, side;
  bool writes_x;
  bool (*pays)(const at_tiling *c);      /* or the sums cost more than the products saved */
  size_t (*scratch)(const at_tiling *c); /* floats, for any of the three */
  void (*forward)(at_pool *pool, const at_tiling *c, const float *weight, const float *x, float *y,
                  float *scratch);
  void (*into_x)(at_pool *pool, const at_tiling *c, const float *weight, const float *dy, float *dx,
                 float *scratch);
  void (*into_weight)(at_pool *pool, const at_tiling *c, const float *x, const float *dy, float *dw,
                      float *scratch);
} at_tiled;

/* Of outside of core/graph, where only functions lead to the build that runs (core/level/level.h):
 * at_halving as "halving", and the others so; NULL: none. */
const at_tiled *at_tiled_find(const char *name);

int64_t at_tiles(const at_tiling *c); /* of all pictures */

/* Where tile t stands: its picture, and its upper left number of the result. */
int64_t at_tile_at(const at_tiling *c, int64_t t, int64_t *y, int64_t *x);

typedef struct at_picture {
  const float *p; /* [h, w, channels] */
  int64_t h, w, channels;
} at_picture;

/* down x across numbers of a picture, the upper left one at (y, x), the others `step` rows and
 * columns apart. */
typedef struct at_patch {
  int64_t y, x;
  int down, across, step;
} at_patch;

/* Where they lie, row by row, channels from `ch` on. For those beyond the edge: `outside`, `apart`
 * numbers from each other. */
void at_tile_gather(const at_picture *p, at_patch t, int64_t ch, const float *outside, int apart,
                    const float **at);
#endif
