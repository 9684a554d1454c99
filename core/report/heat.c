/* A picture, and attention laid over it as colour. */
#include <stdlib.h>
#include <string.h>
#include "core/data/image.h"
#include "core/report/report_impl.h"

enum { QUALITY = 82, OUTLINE = 2 };

void at_rp_picture_free(rp_picture *p) {
  free(p->rgb);
  *p = (rp_picture){0};
}

/* ---- the picture ---- */

/* The shape of a sheet for a look without a picture: its grid, or its regions in a row. */
static void sheet_shape(const at_look *l, size_t regions, int64_t *w, int64_t *h) {
  bool grid = l->grid_h > 0 && l->grid_w > 0;
  *w = grid ? l->grid_w : (int64_t)(regions ? regions : 1);
  *h = grid ? l->grid_h : 1;
}

static void fit(int64_t w, int64_t h, int side, int *out_w, int *out_h) {
  double most = (double)(w > h ? w : h);
  *out_w = (int)fmax(1, round((double)w / most * side));
  *out_h = (int)fmax(1, round((double)h / most * side));
}

static at_status plain_sheet(const at_look *l, size_t regions, int side, rp_picture *out,
                             at_error *err) {
  int64_t w, h;
  at_image m;
  sheet_shape(l, regions, &w, &h);
  fit(w, h, side, &out->w, &out->h);
  if (out->h < 24) out->h = 24; /* a row of many regions is still seen */
  at_status s = at_image_init(&m, out->w, out->h, err);
  if (s != AT_OK) return s;
  memset(m.rgb, 0x80, (size_t)m.w * (size_t)m.h * 3);
  out->rgb = m.rgb;
  return AT_OK;
}

at_status at_rp_picture(const at_look *l, size_t regions, int side, rp_picture *out,
                        at_error *err) {
  *out = (rp_picture){.zoom_x = 1, .zoom_y = 1};
  if (!l->rgb) return plain_sheet(l, regions, side, out, err);
  if (l->width < 1 || l->height < 1 || l->width > AT_IMAGE_MAX_SIDE ||
      l->height > AT_IMAGE_MAX_SIDE)
    return at_fail(err, AT_EINPUT, "the picture is %lld by %lld; sides of 1 to %d can be drawn",
                   (long long)l->width, (long long)l->height, AT_IMAGE_MAX_SIDE);
  at_image in = {(int)l->width, (int)l->height, l->rgb}, m;
  fit(l->width, l->height, side, &out->w, &out->h);
  at_status s = at_image_resize(&in, out->w, out->h,
                                out->w > in.w ? AT_FILTER_TRIANGLE : AT_FILTER_LANCZOS3, &m, err);
  if (s != AT_OK) return s;
  out->rgb = m.rgb;
  out->zoom_x = (double)out->w / in.w;
  out->zoom_y = (double)out->h / in.h;
  return AT_OK;
}

static at_status uri(const at_image *m, at_text *t, at_error *err) {
  at_text bytes = {0};
  at_status s = at_image_jpeg_mem(m, QUALITY, &bytes, err);
  if (s == AT_OK && bytes.failed) s = at_nomem(err);
  if (s == AT_OK) {
    at_text_add(t, "data:image/jpeg;base64,");
    at_rp_base64(t, bytes.data, bytes.len);
  }
  at_text_free(&bytes);
  return s;
}

at_status at_rp_picture_uri(const rp_picture *p, at_text *t, at_error *err) {
  return uri(&(at_image){p->w, p->h, p->rgb}, t, err);
}

/* ---- attention per pixel ---- */

typedef struct field {
  float *heat; /* 0..1 of the largest weight */
  const rp_picture *p;
} field;

typedef struct rect {
  int x0, y0, x1, y1;
} rect;

static int clamp(double v, int most) { return v < 0 || isnan(v) ? 0 : v > most ? most : (int)v; }

static rect box_of(const rp_picture *p, const float *xywh) {
  double x = xywh[0] * p->zoom_x, y = xywh[1] * p->zoom_y;
  return (rect){clamp(x, p->w), clamp(y, p->h), clamp(ceil(x + xywh[2] * p->zoom_x), p->w),
                clamp(ceil(y + xywh[3] * p->zoom_y), p->h)};
}

static rect cell_of(const rp_picture *p, int64_t rows, int64_t columns, int64_t i) {
  int64_t y = i / columns, x = i % columns;
  return (rect){(int)(x * p->w / columns), (int)(y * p->h / rows), (int)((x + 1) * p->w / columns),
                (int)((y + 1) * p->h / rows)};
}

static void raise(const field *f, rect r, float v) {
  for (int y = r.y0; y < r.y1; y++)
    for (int x = r.x0; x < r.x1; x++) {
      float *at = &f->heat[(size_t)y * (size_t)f->p->w + (size_t)x];
      if (v > *at) *at = v;
    }
}

static bool has_boxes(const at_look *l, size_t regions) {
  return l->boxes && l->n_boxes > 0 && (size_t)l->n_boxes == regions;
}

static rect region(const at_look *l, const rp_picture *p, size_t regions, size_t i) {
  if (has_boxes(l, regions)) return box_of(p, l->boxes + 4 * i);
  bool grid = l->grid_h > 0 && l->grid_w > 0 && (size_t)(l->grid_h * l->grid_w) == regions;
  return cell_of(p, grid ? l->grid_h : 1, grid ? l->grid_w : (int64_t)regions, (int64_t)i);
}

/* ---- colour ---- */

/* Dark blue over magenta and orange to light yellow: brightness rises all the way. */
static void ramp(float v, float rgb[3]) {
  static const float stop[5][3] = {
      {8, 10, 40}, {88, 24, 110}, {186, 54, 85}, {246, 132, 30}, {252, 240, 150}};
  float at = v * 4;
  int i = at >= 4 ? 3 : (int)at;
  for (int c = 0; c < 3; c++) rgb[c] = stop[i][c] + (at - (float)i) * (stop[i + 1][c] - stop[i][c]);
}

static void blend(const field *f, uint8_t *out) {
  size_t n = (size_t)f->p->w * (size_t)f->p->h;
  for (size_t i = 0; i < n; i++) {
    const uint8_t *in = f->p->rgb + 3 * i;
    float gray = 0.299f * in[0] + 0.587f * in[1] + 0.114f * in[2], tint[3], alpha;
    ramp(f->heat[i], tint);
    alpha = 0.42f + 0.2f * f->heat[i];
    for (int c = 0; c < 3; c++) {
      float base =
          0.5f * in[c] + 0.5f * gray; /* less colour of its own, so that the heat is seen */
      out[3 * i + (size_t)c] = (uint8_t)lrintf((1 - alpha) * base + alpha * tint[c]);
    }
  }
}

static void outline(const rp_picture *p, rect r, uint8_t *out) {
  for (int y = r.y0; y < r.y1; y++)
    for (int x = r.x0; x < r.x1; x++) {
      bool edge =
          x < r.x0 + OUTLINE || x >= r.x1 - OUTLINE || y < r.y0 + OUTLINE || y >= r.y1 - OUTLINE;
      if (edge) memset(out + 3 * ((size_t)y * (size_t)p->w + (size_t)x), 0xff, 3);
    }
}

at_status at_rp_heat_uri(const rp_picture *p, const at_look *l, const float *weight, size_t regions,
                         at_text *t, at_error *err) {
  size_t n = (size_t)p->w * (size_t)p->h, top = 0;
  field f = {calloc(n, sizeof(float)), p};
  uint8_t *rgb = malloc(n * 3);
  at_status s = f.heat && rgb ? AT_OK : at_nomem(err);
  if (s != AT_OK) goto out;
  for (size_t i = 1; i < regions; i++)
    if (weight[i] > weight[top]) top = i;
  for (size_t i = 0; i < regions; i++) {
    float v = weight[top] > 0 ? weight[i] / weight[top] : 0;
    if (v > 0) raise(&f, region(l, p, regions, i), v > 1 ? 1 : v);
  }
  blend(&f, rgb);
  /* boxes lie over each other: the one with the most gets a frame */
  if (has_boxes(l, regions)) outline(p, region(l, p, regions, top), rgb);
  s = uri(&(at_image){p->w, p->h, rgb}, t, err);
out:
  free(f.heat);
  free(rgb);
  return s;
}
