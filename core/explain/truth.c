#include "core/explain/truth.h"
#include <math.h>

typedef struct rect {
  double x, y, w, h;
} rect;

static rect rect_of(const float *xywh) { return (rect){xywh[0], xywh[1], xywh[2], xywh[3]}; }

static double area(rect r) { return r.w > 0 && r.h > 0 ? r.w * r.h : 0; }

static double length_of(double a, double a_long, double b, double b_long) {
  double from = a > b ? a : b, to = a + a_long < b + b_long ? a + a_long : b + b_long;
  return to > from ? to - from : 0;
}

static double overlap(rect a, rect b) {
  return length_of(a.x, a.w, b.x, b.w) * length_of(a.y, a.h, b.y, b.h);
}

/* A hair less, so that what is equal but for rounding counts. */
static bool reaches(double part, double share, double whole) {
  return whole > 0 && part >= share * whole * (1 - 1e-6);
}

/* ---- cells ---- */

static rect cell(const at_key_place *k, const at_evidence *e, int64_t i) {
  double w = (double)e->width / (double)k->grid_w, h = (double)e->height / (double)k->grid_h;
  return (rect){(double)(i % k->grid_w) * w, (double)(i / k->grid_w) * h, w, h};
}

static void true_cells(const at_key_place *k, const at_evidence *e, float *truth) {
  for (int64_t b = 0; b < e->n_boxes; b++) {
    rect box = rect_of(e->box + 4 * b);
    int64_t best = -1;
    double most = 0;
    bool any = false;
    for (int64_t i = 0; i < k->keys; i++) {
      rect c = cell(k, e, i);
      double in = overlap(c, box);
      if (reaches(in, 0.25, area(c)) || reaches(in, 0.5, area(box))) {
        truth[i] = 1;
        any = true;
      }
      /* the first of equals, also where rounding makes a later one larger */
      if (in > most * (1 + 1e-6)) {
        best = i;
        most = in;
      }
    }
    if (!any && best >= 0) truth[best] = 1;
  }
}

/* ---- regions ---- */

static bool region_true(rect region, rect box) {
  double in = overlap(region, box), together = area(region) + area(box) - in;
  return reaches(in, 0.5, together) || reaches(in, 0.5, area(box));
}

static void true_regions(const at_key_place *k, const at_evidence *e, float *truth) {
  for (int64_t b = 0; b < e->n_boxes; b++)
    for (int64_t i = 0; i < k->keys; i++)
      if (region_true(rect_of(e->region + 4 * i), rect_of(e->box + 4 * b))) truth[i] = 1;
}

/* ---- items ---- */

/* In pixels of the picture. */
static rect item_rect(const at_items *v, int64_t i, const at_evidence *e) {
  const float *b = v->box + 4 * i;
  const double w = (double)e->width, h = (double)e->height;
  return (rect){(double)b[0] * w, (double)b[1] * h, (double)(b[2] - b[0]) * w,
                (double)(b[3] - b[1]) * h};
}

static void true_items(const at_key_place *k, const at_evidence *e, float *truth) {
  for (int p = 0; p < k->parts->n; p++) {
    const at_key_part *part = &k->parts->v[p];
    const at_items *items = at_items_of(e->items, e->n_items, part);
    if (!items || part->first + part->n > k->keys) continue;
    for (int64_t i = 0; i < part->n; i++)
      for (int64_t b = 0; b < e->n_boxes; b++)
        if (region_true(item_rect(items, i, e), rect_of(e->box + 4 * b)))
          truth[part->first + i] = 1;
  }
}

/* The items that are all keys there are; NULL: none are. */
static const at_items *only_items(const at_key_place *k, const at_evidence *e) {
  const bool one = k->over == AT_OVER_PARTS && k->parts && k->parts->n == 1;
  const at_items *v = one ? at_items_of(e->items, e->n_items, &k->parts->v[0]) : NULL;
  return v && v->n == k->keys && e->width > 0 && e->height > 0 ? v : NULL;
}

/* ---- words ---- */

static void true_words(const at_key_place *k, const at_evidence *e, float *truth) {
  for (int64_t i = 0; i < e->n_words; i++) {
    int64_t key = e->word[i] < e->words ? e->word[i] + e->first : -1;
    if (key >= 0 && key < k->keys) truth[key] = 1;
  }
}

/* ---- all of it ---- */

static bool finite_boxes(const float *v, int64_t n) {
  for (int64_t i = 0; i < 4 * n; i++)
    if (!isfinite(v[i])) return false;
  return true;
}

/* Regions that are as many as the keys, with numbers that hold. */
static bool has_regions(const at_key_place *k, const at_evidence *e) {
  return k->over == AT_OVER_BOXES && e->region && e->n_regions == k->keys &&
         finite_boxes(e->region, e->n_regions);
}

static void find_truth(const at_key_place *k, const at_evidence *e, float *truth) {
  bool boxes = e->n_boxes > 0 && finite_boxes(e->box, e->n_boxes);
  if (k->over == AT_OVER_WORDS)
    true_words(k, e, truth);
  else if (k->over == AT_OVER_CELLS && boxes && e->width > 0 && e->height > 0 && k->grid_h > 0 &&
           k->grid_w > 0 && k->grid_h * k->grid_w == k->keys)
    true_cells(k, e, truth);
  else if (boxes && k->over == AT_OVER_PARTS && k->parts && e->width > 0 && e->height > 0)
    true_items(k, e, truth);
  else if (boxes && has_regions(k, e))
    true_regions(k, e, truth);
}

static double size_of(const at_key_place *k, const at_evidence *e, int64_t i) {
  const at_items *v = only_items(k, e);
  if (v) return area(item_rect(v, i, e));
  return has_regions(k, e) ? area(rect_of(e->region + 4 * i)) : 0;
}

static void find_share(const at_key_place *k, const at_evidence *e, float *share) {
  double sum = 0;
  for (int64_t i = 0; i < k->keys; i++) sum += size_of(k, e, i);
  for (int64_t i = 0; i < k->keys; i++)
    share[i] = (float)(sum > 0 ? size_of(k, e, i) / sum : 1 / (double)k->keys);
}

void at_truth_of(const at_key_place *k, const at_evidence *e, float *truth, float *share) {
  bool any = false;
  for (int64_t i = 0; i < k->keys; i++) truth[i] = 0;
  find_truth(k, e, truth);
  find_share(k, e, share);
  for (int64_t i = 0; i < k->keys; i++) any = any || truth[i] > 0;
  for (int64_t i = 0; !any && i < k->keys; i++) truth[i] = NAN;
}

at_status at_truth_keys(const at_session *s, const char *split, const int64_t *rows,
                        const at_key_place *k, float *truth, float *share, at_error *err) {
  at_evidence e;
  at_status st = at_session_evidence(s, split, rows, &e, err);
  if (st == AT_OK) at_truth_of(k, &e, truth, share);
  at_evidence_free(&e);
  return st;
}
