#include "proposals.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "../split_mix.h"
#include "name_hash.h"

enum { ATTRIBUTES = 4 };
static const char *const attribute[ATTRIBUTES] = {"shape", "color", "texture", "size"};
static const double noise = 0.3, jitter = 1.0 / 12;

typedef struct rect {
  double x, y, w, h;
} rect;

static uint64_t next(uint64_t *state) { return split_mix(*state += SPLIT_MIX_STEP); }

static double uniform(uint64_t *state, double low, double high) {
  return low + (high - low) * (double)(next(state) >> 11) * 0x1p-53;
}

/* Twelve uniforms: mean 0, variance 1, and the same bits on every machine. */
static double normal(uint64_t *state) {
  double sum = -6;
  for (int i = 0; i < 12; i++) sum += uniform(state, 0, 1);
  return sum;
}

static bool code(const json_t *object, double *out) {
  memset(out, 0, PROPOSALS_LOOK * sizeof *out);
  for (int a = 0; a < ATTRIBUTES; a++) {
    const char *value = json_string_value(json_object_get(object, attribute[a]));
    if (!value) return false;
    /* What an object is called decides its code, in whatever order objects come. */
    uint64_t state = name_hash_more(NAME_HASH_START, value, strlen(value)) + (uint64_t)a;
    for (int i = 0; i < PROPOSALS_LOOK; i++) out[i] += normal(&state) / 2;
  }
  return true;
}

/* ---- where ---- */

static rect rect_of(const float *box) {
  return (rect){(double)box[0], (double)box[1], (double)box[2], (double)box[3]};
}

static double inside(double v, double low, double high) {
  return v < low ? low : v > high ? high : v;
}

static rect clipped(rect r, double width, double height) {
  double x = inside(r.x, 0, width - 1), y = inside(r.y, 0, height - 1);
  return (rect){x, y, inside(r.x + r.w, x + 1, width) - x, inside(r.y + r.h, y + 1, height) - y};
}

static rect of_object(uint64_t *state, rect r) {
  double left = uniform(state, -jitter, jitter) * r.w, top = uniform(state, -jitter, jitter) * r.h;
  return (rect){r.x + left, r.y + top, r.w * (1 + uniform(state, -jitter, jitter)),
                r.h * (1 + uniform(state, -jitter, jitter))};
}

/* At least half a box away in one direction: no region of that object by an IoU of a half. */
static rect beside(uint64_t *state, rect r) {
  double far = uniform(state, 0.5, 1) * (next(state) & 1 ? 1 : -1),
         near = uniform(state, -0.5, 0.5);
  bool sideways = next(state) & 1;
  return (rect){r.x + (sideways ? far : near) * r.w, r.y + (sideways ? near : far) * r.h, r.w, r.h};
}

static rect anywhere(uint64_t *state, double width, double height) {
  double w = uniform(state, 0.1, 0.5) * width, h = uniform(state, 0.1, 0.5) * height;
  return (rect){uniform(state, 0, width - w), uniform(state, 0, height - h), w, h};
}

static void place(uint64_t *state, const marks *boxes, double width, double height, int64_t n,
                  rect *out) {
  for (int64_t i = 0; i < n; i++) {
    rect r;
    if (i < boxes->boxes)
      r = of_object(state, rect_of(boxes->box + 4 * i));
    else if (boxes->boxes && next(state) & 1)
      r = beside(state, rect_of(boxes->box + 4 * (next(state) % (uint64_t)boxes->boxes)));
    else
      r = anywhere(state, width, height);
    out[i] = clipped(r, width, height);
  }
  for (int64_t i = n - 1; i > 0; i--) {
    int64_t k = (int64_t)(next(state) % (uint64_t)(i + 1));
    rect t = out[i];
    out[i] = out[k];
    out[k] = t;
  }
}

/* ---- what ---- */

static double covered(rect r, rect by) {
  double left = r.x > by.x ? r.x : by.x, top = r.y > by.y ? r.y : by.y;
  double right = r.x + r.w < by.x + by.w ? r.x + r.w : by.x + by.w;
  double bottom = r.y + r.h < by.y + by.h ? r.y + r.h : by.y + by.h;
  return right > left && bottom > top ? (right - left) * (bottom - top) / (r.w * r.h) : 0;
}

static void look(uint64_t *state, rect r, const double *codes, const marks *boxes, float *out) {
  double v[PROPOSALS_LOOK];
  for (int i = 0; i < PROPOSALS_LOOK; i++) v[i] = noise * normal(state);
  for (int64_t o = 0; o < boxes->boxes; o++) {
    double share = covered(r, rect_of(boxes->box + 4 * o));
    for (int i = 0; i < PROPOSALS_LOOK; i++) v[i] += share * codes[o * PROPOSALS_LOOK + i];
  }
  for (int i = 0; i < PROPOSALS_LOOK; i++) out[i] = (float)v[i];
}

int proposals_make(const json_t *objects, const marks *boxes, double width, double height,
                   int64_t id, int64_t n, marks *region, float **feature, const char **why) {
  uint64_t state = (uint64_t)id;
  double *codes = calloc((size_t)boxes->boxes * PROPOSALS_LOOK + 1, sizeof *codes);
  rect *at = calloc((size_t)n, sizeof *at);
  int rc = ATTUNE_NO_MEMORY;
  *feature = calloc((size_t)n * PROPOSALS_WIDTH, sizeof **feature);
  if (!codes || !at || !*feature) goto out;
  rc = ATTUNE_OK;
  for (int64_t o = 0; o < boxes->boxes; o++)
    if (!code(json_array_get(objects, (size_t)o), codes + o * PROPOSALS_LOOK))
      *why = "an object lacks its shape, color, texture or size";
  if (*why) goto out;
  next(&state); /* small ids begin alike */
  place(&state, boxes, width, height, n, at);
  for (int64_t i = 0; i < n && !rc; i++) {
    rect r = at[i];
    float *f = *feature + i * PROPOSALS_WIDTH, *where = f + PROPOSALS_LOOK;
    look(&state, r, codes, boxes, f);
    where[0] = (float)(r.x / width);
    where[1] = (float)(r.y / height);
    where[2] = (float)((r.x + r.w) / width);
    where[3] = (float)((r.y + r.h) / height);
    where[4] = (float)(r.w * r.h / (width * height));
    rc = marks_box(region, r.x, r.y, r.w, r.h);
  }
out:
  free(codes);
  free(at);
  return rc;
}
