#include "core/graph/tile.h"
#include <stdbool.h>

static int64_t pieces(int64_t n, int64_t side) { return (n + side - 1) / side; }

int64_t at_tiles(const at_tiling *c) {
  return c->images * pieces(c->oh, c->side) * pieces(c->ow, c->side);
}

int64_t at_tile_at(const at_tiling *c, int64_t t, int64_t *y, int64_t *x) {
  const int64_t across = pieces(c->ow, c->side), down = pieces(c->oh, c->side);
  *y = t / across % down * c->side;
  *x = t % across * c->side;
  return t / across / down;
}

void at_tile_gather(const at_picture *p, at_patch t, int64_t ch, const float *outside, int apart,
                    const float **at) {
  for (int i = 0; i < t.down * t.across; i++) {
    const int64_t r = t.y + i / t.across * t.step, s = t.x + i % t.across * t.step;
    const bool inside = r >= 0 && r < p->h && s >= 0 && s < p->w;
    at[i] = inside ? p->p + (r * p->w + s) * p->channels + ch : outside + i * apart;
  }
}
