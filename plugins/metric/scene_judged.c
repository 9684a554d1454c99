#include "scene_judged.h"
#include <math.h>
#include <stddef.h>
#include "scene_caption.h"

enum { MOST_CELLS = 64 * 64 };

typedef struct cells {
  int64_t h, w;
  float mass[MOST_CELLS]; /* of one kind; taken away where an object was found */
} cells;

/* Sum over the square about (y, x), and its centre of mass. */
static double square(const cells *c, int64_t y, int64_t x, double *at_y, double *at_x) {
  double sum = 0;
  *at_y = *at_x = 0;
  for (int64_t v = y - 1; v <= y + 1; v++)
    for (int64_t u = x - 1; u <= x + 1; u++) {
      if (v < 0 || v >= c->h || u < 0 || u >= c->w) continue;
      const double m = c->mass[v * c->w + u];
      sum += m;
      *at_y += m * ((double)v + 0.5);
      *at_x += m * ((double)u + 0.5);
    }
  if (sum > 0) {
    *at_y /= sum * (double)c->h;
    *at_x /= sum * (double)c->w;
  }
  return sum;
}

/* Adds the object that stands out most, and takes it away. */
static void take_object(cells *c, scene_view *v, int color, int shape) {
  double most = -1, x = 0, y = 0, at_x, at_y;
  int64_t best = 0;
  for (int64_t i = 0; i < c->h * c->w; i++) {
    const double sum = square(c, i / c->w, i % c->w, &at_y, &at_x);
    if (sum <= most) continue;
    most = sum;
    best = i;
    y = at_y;
    x = at_x;
  }
  for (int64_t v0 = best / c->w - 1; v0 <= best / c->w + 1; v0++)
    for (int64_t u = best % c->w - 1; u <= best % c->w + 1; u++)
      if (v0 >= 0 && v0 < c->h && u >= 0 && u < c->w) c->mass[v0 * c->w + u] = 0;
  if (v->n < SCENE_MOST_BLOBS)
    v->blob[v->n++] = (scene_blob){.color = color,
                                   .shape = shape,
                                   .x0 = (float)x,
                                   .x1 = (float)x,
                                   .y0 = (float)y,
                                   .y1 = (float)y};
}

void scene_judged_read(const float *color, const float *shape, int64_t h, int64_t w,
                       scene_view *out) {
  static const double half = 0.69314718055994531; /* -log(1/2) */
  cells c = {.h = h, .w = w};
  out->judged = true;
  out->n = 0;
  if (h * w > MOST_CELLS) return;
  for (int k = 0; k < SCENE_COLORS; k++)
    for (int s = 0; s < SCENE_SHAPES; s++) {
      double number = 0;
      for (int64_t i = 0; i < h * w; i++) {
        c.mass[i] = color[i * SCENE_COLORS + k] * shape[i * SCENE_SHAPES + s];
        number += c.mass[i];
      }
      if (!(number > half)) continue;
      const long n = number < 1 ? 1 : lround(fmin(number, 8));
      for (long i = 0; i < n; i++) take_object(&c, out, k, s);
    }
}

void scene_judged_refine(scene_view *judged, const scene_view *pixels) {
  for (int i = 0; i < judged->n; i++) {
    scene_blob *o = &judged->blob[i];
    const double x = o->x0, y = o->y0;
    double least = 0.125;
    for (int k = 0; k < pixels->n; k++) {
      const scene_blob *b = &pixels->blob[k];
      const double at_x = (b->x0 + b->x1) / 2, at_y = (b->y0 + b->y1) / 2;
      const double d = hypot(at_x - x, at_y - y);
      if (b->color != o->color || d > least) continue;
      least = d;
      o->x0 = o->x1 = (float)at_x;
      o->y0 = o->y1 = (float)at_y;
    }
  }
}
