/* One picture at every stage, with the words that its places attended to most: a row for each
 * stage, the picture as it is at its left, a map for each word to the right. */
#include <cairo.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/generate/generate_impl.h"

enum { SIDE = 160, GAP = 8, TEXT = 22, WORDS = 5 };

typedef struct map {
  float *weight; /* [places, words] */
  int64_t height, width, words;
  const char *name;
  int64_t top[WORDS]; /* words, the most attended first */
  double share[WORDS];
  int n_top;
} map;

/* ---- which words ---- */

static double share_of(const map *a, int64_t word) {
  double sum = 0;
  const int64_t places = a->height * a->width;
  for (int64_t p = 0; p < places; p++) sum += (double)a->weight[p * a->words + word];
  return sum / (double)places;
}

/* <start> and <end> are nobody's words. */
static void choose(const at_maker *m, int64_t of, map *a) {
  for (int64_t w = 0; w < a->words; w++) {
    const char *text = at_maker_word(m, of, w);
    const double share = share_of(a, w);
    int at = a->n_top;
    if (!strcmp(text, "<start>") || !strcmp(text, "<end>")) continue;
    if (at < WORDS)
      a->n_top++;
    else if (a->share[--at] >= share)
      continue;
    for (; at > 0 && a->share[at - 1] < share; at--) {
      a->share[at] = a->share[at - 1];
      a->top[at] = a->top[at - 1];
    }
    a->share[at] = share;
    a->top[at] = w;
  }
}

/* ---- drawing ---- */

static at_status scale(const uint8_t *rgb, int64_t h, int64_t w, at_filter f, at_image *out,
                       at_error *err) {
  at_image in = {0};
  at_status st = at_image_init(&in, (int)w, (int)h, err);
  if (st == AT_OK) memcpy(in.rgb, rgb, (size_t)(h * w * 3));
  if (st == AT_OK) st = at_image_resize(&in, SIDE, SIDE, f, out, err);
  at_image_free(&in);
  return st;
}

static void put(at_image *sheet, const at_image *part, int x, int y) {
  for (int r = 0; r < part->h; r++)
    memcpy(sheet->rgb + 3 * ((size_t)(y + r) * (size_t)sheet->w + (size_t)x),
           part->rgb + 3 * (size_t)r * (size_t)part->w, 3 * (size_t)part->w);
}

/* The picture is dark where the word was not attended to; the map's largest weight is full light.
 */
static at_status put_map(at_image *sheet, const at_image *picture, const map *a, int64_t word,
                         int x, int y, at_error *err) {
  const int64_t places = a->height * a->width;
  at_image light = {0}, part = {0};
  float most = 0;
  uint8_t *grey = malloc((size_t)(3 * places));
  if (!grey) return at_nomem(err);
  for (int64_t p = 0; p < places; p++)
    if (a->weight[p * a->words + word] > most) most = a->weight[p * a->words + word];
  for (int64_t p = 0; p < places; p++) {
    const float v = most > 0 ? a->weight[p * a->words + word] / most : 0;
    memset(grey + 3 * p, (int)(255 * v + 0.5f), 3);
  }
  at_status st = scale(grey, a->height, a->width, AT_FILTER_TRIANGLE, &light, err);
  if (st == AT_OK) st = at_image_init(&part, SIDE, SIDE, err);
  for (size_t i = 0; st == AT_OK && i < (size_t)3 * SIDE * SIDE; i++)
    part.rgb[i] = (uint8_t)(picture->rgb[i] * (40 + 215 * light.rgb[i] / 255) / 255);
  if (st == AT_OK) put(sheet, &part, x, y);
  at_image_free(&light);
  at_image_free(&part);
  free(grey);
  return st;
}

/* A line of text below the field at (x, y), cut at the field's width. */
static at_status label(at_image *sheet, const char *text, int x, int y, at_error *err) {
  cairo_surface_t *s = cairo_image_surface_create(CAIRO_FORMAT_RGB24, SIDE, TEXT);
  cairo_t *c = cairo_create(s);
  cairo_set_source_rgb(c, 1, 1, 1);
  cairo_paint(c);
  cairo_set_source_rgb(c, 0.1, 0.1, 0.1);
  cairo_select_font_face(c, "sans-serif", CAIRO_FONT_SLANT_NORMAL, CAIRO_FONT_WEIGHT_NORMAL);
  cairo_set_font_size(c, 13);
  cairo_move_to(c, 1, 15);
  cairo_show_text(c, text);
  cairo_surface_flush(s);
  const bool good = cairo_status(c) == CAIRO_STATUS_SUCCESS;
  const unsigned char *row = cairo_image_surface_get_data(s);
  for (int r = 0; good && r < TEXT; r++, row += cairo_image_surface_get_stride(s))
    for (int i = 0; i < SIDE; i++) {
      uint32_t v;
      memcpy(&v, row + 4 * i, sizeof v);
      uint8_t *to = sheet->rgb + 3 * ((size_t)(y + r) * (size_t)sheet->w + (size_t)(x + i));
      to[0] = (uint8_t)(v >> 16), to[1] = (uint8_t)(v >> 8), to[2] = (uint8_t)v;
    }
  cairo_destroy(c);
  cairo_surface_destroy(s);
  return good ? AT_OK : at_nomem(err);
}

/* ---- rows ---- */

/* Stage `i` of picture `of`, large; its size goes into the label. */
static at_status stage_picture(const at_maker *m, int i, int64_t of, int64_t n, at_image *out,
                               char text[32], at_error *err) {
  int64_t h, w;
  at_maker_size(m, i, &h, &w);
  uint8_t *rgb = malloc((size_t)(n * h * w * 3));
  if (!rgb) return at_nomem(err);
  at_maker_picture(m, i, rgb);
  at_status st = scale(rgb + of * h * w * 3, h, w, AT_FILTER_BOX, out, err);
  snprintf(text, 32, "%lld x %lld", (long long)w, (long long)h);
  free(rgb);
  return st;
}

/* The k-th block that attends from places to words; false: there are not so many. */
static at_status read_map(const at_maker *m, int k, int64_t of, map *a, bool *found,
                          at_error *err) {
  *found = false;
  for (int i = 0; i < at_maker_blocks(m); i++) {
    at_error why = {0};
    at_status st =
        at_maker_attention(m, i, of, &a->weight, &a->height, &a->width, &a->words, &a->name, &why);
    if (st == AT_ENOMEM) return at_nomem(err);
    if (st == AT_OK && k-- == 0) {
      *found = true;
      choose(m, of, a);
      return AT_OK;
    }
    if (st == AT_OK) free(a->weight);
    a->weight = NULL;
  }
  return AT_OK;
}

static at_status draw_row(const at_maker *m, int i, int64_t of, int64_t n, at_image *sheet, int y,
                          at_error *err) {
  at_image picture = {0};
  map a = {0};
  char text[32], line[128];
  bool found = false;
  at_status st = stage_picture(m, i, of, n, &picture, text, err);
  if (st == AT_OK) put(sheet, &picture, GAP, y);
  if (st == AT_OK) st = label(sheet, text, GAP, y + SIDE, err);
  if (st == AT_OK && i > 0) st = read_map(m, i - 1, of, &a, &found, err);
  for (int k = 0; st == AT_OK && found && k < a.n_top; k++) {
    const int x = GAP + (k + 1) * (SIDE + GAP);
    st = put_map(sheet, &picture, &a, a.top[k], x, y, err);
    snprintf(line, sizeof line, "%.60s  %.0f %%", at_maker_word(m, of, a.top[k]), 100 * a.share[k]);
    if (st == AT_OK) st = label(sheet, line, x, y + SIDE, err);
  }
  at_image_free(&picture);
  free(a.weight);
  return st;
}

at_status at_generate_attention(const at_maker *m, int64_t of, const char *path, at_error *err) {
  const int stages = at_maker_stages(m);
  const int64_t n = at_maker_count(m);
  at_image sheet = {0};
  at_status st = at_image_init(&sheet, GAP + (WORDS + 1) * (SIDE + GAP),
                               GAP + stages * (SIDE + TEXT + GAP), err);
  if (st == AT_OK) memset(sheet.rgb, 255, (size_t)3 * (size_t)sheet.w * (size_t)sheet.h);
  for (int i = 0; st == AT_OK && i < stages; i++)
    st = draw_row(m, i, of, n, &sheet, GAP + i * (SIDE + TEXT + GAP), err);
  if (st == AT_OK) st = at_image_write_png(path, &sheet, err);
  at_image_free(&sheet);
  return st;
}
