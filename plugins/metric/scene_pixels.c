#include "scene_pixels.h"
#include <stdlib.h>
#include <string.h>
#include "scene_caption.h"

typedef struct rgb {
  int v[3];
} rgb;

/* Of core/data/scenes_render.c: each colour's paint and its second tone; grounds. */
static const rgb paint[SCENE_COLORS][2] = {
    {{{214, 28, 36}}, {{255, 194, 189}}},  {{{26, 140, 56}}, {{184, 242, 178}}},
    {{{26, 71, 209}}, {{178, 214, 255}}},  {{{252, 214, 20}}, {{158, 115, 0}}},
    {{{125, 41, 168}}, {{230, 194, 255}}}, {{{245, 125, 10}}, {{255, 224, 168}}},
    {{{23, 23, 26}}, {{168, 171, 176}}},   {{{252, 252, 252}}, {{133, 138, 148}}},
};
enum { GROUNDS = 6, OUTLINE = 45 /* percent of the paint */ };
static const rgb ground[GROUNDS] = {
    {{196, 186, 168}}, {{166, 186, 199}}, {{173, 191, 168}},
    {{201, 181, 178}}, {{168, 168, 178}}, {{186, 176, 199}},
};

enum { KINDS = 4 * SCENE_COLORS + 3 * GROUNDS };

/* The first SCENE_COLORS are paints; all others are no colour. */
static void list_kinds(rgb kind[KINDS]) {
  for (int k = 0; k < 3; k++) {
    for (int c = 0; c < SCENE_COLORS; c++) {
      const int p = paint[c][0].v[k], second = paint[c][1].v[k];
      kind[c].v[k] = p;
      kind[SCENE_COLORS + c].v[k] = p * OUTLINE / 100;
      kind[2 * SCENE_COLORS + c].v[k] = second;
      kind[3 * SCENE_COLORS + c].v[k] = (p + second) / 2;
    }
    for (int g = 0; g < GROUNDS; g++) { /* darker below, lighter above */
      rgb *at = &kind[4 * SCENE_COLORS + 3 * g];
      at[0].v[k] = ground[g].v[k];
      at[1].v[k] = ground[g].v[k] * 90 / 100;
      at[2].v[k] = ground[g].v[k] + (255 - ground[g].v[k]) * 16 / 100;
    }
  }
}

static int nearest(const rgb kind[KINDS], const uint8_t *p) {
  int best = 0, least = INT32_MAX;
  for (int i = 0; i < KINDS; i++) {
    const int r = p[0] - kind[i].v[0], g = p[1] - kind[i].v[1], b = p[2] - kind[i].v[2];
    const int d = r * r + g * g + b * b;
    if (d < least) {
      least = d;
      best = i;
    }
  }
  return best < SCENE_COLORS ? best : -1;
}

typedef struct looking {
  int64_t h, w, reach_y, reach_x;
  int8_t *color; /* [h, w]; -1: none, or taken already */
  int64_t *stack;
} looking;

/* All that hangs together with pixel `at`. */
static scene_blob take_blob(looking *l, int64_t at) {
  const int8_t color = l->color[at];
  int64_t n = 0, area = 0, x0 = l->w, x1 = 0, y0 = l->h, y1 = 0;
  l->stack[n++] = at;
  l->color[at] = -1;
  while (n) {
    const int64_t i = l->stack[--n], y = i / l->w, x = i % l->w;
    area++;
    x0 = x < x0 ? x : x0;
    x1 = x + 1 > x1 ? x + 1 : x1;
    y0 = y < y0 ? y : y0;
    y1 = y + 1 > y1 ? y + 1 : y1;
    for (int64_t v = y - l->reach_y; v <= y + l->reach_y; v++)
      for (int64_t u = x - l->reach_x; u <= x + l->reach_x; u++) {
        if (v < 0 || v >= l->h || u < 0 || u >= l->w || l->color[v * l->w + u] != color) continue;
        l->color[v * l->w + u] = -1;
        l->stack[n++] = v * l->w + u;
      }
  }
  return (scene_blob){.color = color,
                      .shape = -1,
                      .area = (float)area / (float)(l->h * l->w),
                      .x0 = (float)x0 / (float)l->w,
                      .y0 = (float)y0 / (float)l->h,
                      .x1 = (float)x1 / (float)l->w,
                      .y1 = (float)y1 / (float)l->h};
}

static void keep(scene_view *v, scene_blob b) {
  if (b.area < SCENE_LEAST_AREA) return;
  if (v->n == SCENE_MOST_BLOBS && v->blob[v->n - 1].area >= b.area) return;
  int at = v->n < SCENE_MOST_BLOBS ? v->n++ : v->n - 1;
  for (; at > 0 && v->blob[at - 1].area < b.area; at--) v->blob[at] = v->blob[at - 1];
  v->blob[at] = b;
}

bool scene_pixels_read(const uint8_t *rgb_, int64_t height, int64_t width, scene_view *out) {
  rgb kind[KINDS];
  const int64_t n = height * width;
  looking l = {.h = height,
               .w = width,
               .reach_y = height < 32 ? 1 : height / 32,
               .reach_x = width < 32 ? 1 : width / 32,
               .color = malloc((size_t)n + 1),
               .stack = malloc((size_t)(n + 1) * sizeof *l.stack)};
  const bool ok = l.color && l.stack;
  out->n = 0;
  out->judged = false;
  list_kinds(kind);
  for (int64_t i = 0; ok && i < n; i++) l.color[i] = (int8_t)nearest(kind, rgb_ + 3 * i);
  for (int64_t i = 0; ok && i < n; i++)
    if (l.color[i] >= 0) keep(out, take_blob(&l, i));
  free(l.color);
  free(l.stack);
  return ok;
}
