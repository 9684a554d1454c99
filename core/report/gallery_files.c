/* A file for each example, side and block: the picture with the weights over it and the words
 * shaded by theirs; a tile for each word, or head, where there are several. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/file.h"
#include "core/report/gallery_png.h"

enum { WORDS = 190, COLUMNS = 6, MOST_NAME = 80 };

typedef struct filing {
  const rp_gallery *g;
  const char *dir;
  char **name; /* of each side, safe in the name of a file */
  size_t example, side;
  rp_sheet s;
  const rp_maps *v;
} filing;

/* ---- names ---- */

void at_rp_file_name(at_text *t, const char *s) {
  for (size_t n = 0; *s && n < MOST_NAME; s++, n++) {
    bool plain = (*s >= '0' && *s <= '9') || (*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
                 (*s && strchr("=._+,", *s));
    at_text_addn(t, plain ? s : "_", 1);
  }
}

/* Names that would be one get the number of their side. */
static at_status name_sides(filing *f, at_arena *a, at_error *err) {
  f->name = AT_NEW_ARRAY(a, char *, f->g->n_sides + 1);
  if (!f->name) return at_nomem(err);
  for (size_t i = 0; i < f->g->n_sides; i++) {
    at_text t = {0};
    bool taken = false;
    at_rp_file_name(&t, f->g->side[i].label);
    for (size_t k = 0; k < i; k++) taken |= t.data && !strcmp(f->name[k], t.data);
    if (taken || !t.data) at_text_addf(&t, "_%zu", i + 1);
    f->name[i] = t.failed ? NULL : at_arena_strdup(a, t.data);
    at_text_free(&t);
    if (!f->name[i]) return at_nomem(err);
  }
  return AT_OK;
}

static at_status write_drawing(const filing *f, const at_attention *of, const char *more,
                               cairo_surface_t *drawing, at_error *err) {
  at_text t = {0};
  at_text_addf(&t, "%s/%04zu-%s-", f->dir, f->example + 1, f->name[f->side]);
  at_rp_file_name(&t, of->attend ? of->attend : "attention");
  at_text_addf(&t, "%s.png", more);
  at_status s = t.failed ? at_nomem(err) : at_rp_png_write(drawing, t.data, err);
  at_text_free(&t);
  return s;
}

/* ---- drawings ---- */

/* A white sheet of w x h units. */
static cairo_surface_t *begin(filing *f, double w, double h) {
  cairo_surface_t *d = cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)ceil(w * at_rp_zoom),
                                                  (int)ceil(h * at_rp_zoom));
  f->s.c = cairo_create(d);
  cairo_scale(f->s.c, at_rp_zoom, at_rp_zoom);
  cairo_set_source_rgb(f->s.c, 1, 1, 1);
  cairo_paint(f->s.c);
  return d;
}

static at_status end(filing *f, const at_attention *of, const char *more, cairo_surface_t *d,
                     at_error *err) {
  at_status s = cairo_status(f->s.c) == CAIRO_STATUS_SUCCESS ? write_drawing(f, of, more, d, err)
                                                             : at_nomem(err);
  cairo_destroy(f->s.c);
  cairo_surface_destroy(d);
  f->s.c = NULL;
  return s;
}

static double words_height(filing *f, const rp_map *read) {
  cairo_surface_t *d = begin(f, 1, 1);
  double h = at_rp_png_words(&f->s, read, 0, 0, WORDS, false);
  cairo_destroy(f->s.c);
  cairo_surface_destroy(d);
  return h;
}

/* The picture on the left, words on the right; either map may be NULL. */
static at_status draw_both(filing *f, const rp_map *seen, const rp_map *read, at_error *err) {
  double w, h, words = words_height(f, read), side = RP_LONG;
  const at_attention *of = seen ? seen->of : read->of;
  at_rp_png_size(&f->s, seen, side, &w, &h);
  double tall = fmax(h, words) + RP_SMALL * 1.8, x = w + RP_GAP;
  cairo_surface_t *d = begin(f, x + WORDS + RP_GAP, tall + RP_GAP);
  at_rp_png_picture(&f->s, seen, RP_GAP / 2.0, RP_GAP / 2.0, side);
  at_rp_png_words(&f->s, read, x, RP_GAP / 2.0, WORDS, true);
  if (seen)
    at_rp_png_label(&f->s, seen->of->attend ? seen->of->attend : "", RP_GAP / 2.0,
                    RP_GAP / 2.0 + h + 2, w);
  if (read)
    at_rp_png_label(&f->s, read->of->attend ? read->of->attend : "", x + 2.5,
                    RP_GAP / 2.0 + words + 2, WORDS);
  return end(f, of, "", d, err);
}

/* Maps from..to-1 as tiles, each with its name. */
static at_status draw_tiles(filing *f, size_t from, size_t to, const char *more, at_error *err) {
  double w, h;
  const rp_map *m = f->v->map;
  size_t n = to - from, columns = n < COLUMNS ? n : COLUMNS, rows = (n + columns - 1) / columns;
  at_rp_png_size(&f->s, &m[from], RP_TILE, &w, &h);
  double across = w + RP_GAP / 2.0, down = h + RP_SMALL * 2.2;
  cairo_surface_t *d =
      begin(f, across * (double)columns + RP_GAP / 2.0, down * (double)rows + RP_GAP / 2.0);
  for (size_t i = from; i < to; i++) {
    double x = RP_GAP / 2.0 + across * (double)((i - from) % columns);
    double y = RP_GAP / 2.0 + down * (double)((i - from) / columns);
    at_text t = {0};
    at_rp_map_label(f->s.l, &m[i], &t);
    at_rp_png_picture(&f->s, &m[i], x, y, RP_TILE);
    if (t.data) at_rp_png_label(&f->s, t.data, x, y + h + 2, w);
    at_text_free(&t);
  }
  return end(f, m[from].of, more, d, err);
}

/* ---- which ---- */

static bool over_picture(const rp_map *m) {
  return m->over == AT_OVER_CELLS || m->over == AT_OVER_BOXES || m->over == AT_OVER_PARTS;
}

static bool is_main(const rp_map *m) { return m->query < 0 && m->head < 0; }

/* A main map of the same turn that lies over the words, or over the picture. */
static const rp_map *partner(const rp_maps *v, const rp_map *m, bool picture) {
  const char *step = m->of->step ? m->of->step : "";
  for (size_t i = 0; *step && i < v->n; i++) {
    const rp_map *o = &v->map[i];
    if (is_main(o) && o->of->step && !strcmp(o->of->step, step) &&
        (picture ? over_picture(o) : o->over == AT_OVER_WORDS))
      return o;
  }
  return NULL;
}

static at_status draw_main(filing *f, const rp_map *m, at_error *err) {
  if (m->over == AT_OVER_PARTS) return draw_both(f, m, m, err);
  if (over_picture(m)) return draw_both(f, m, partner(f->v, m, false), err);
  if (m->over != AT_OVER_WORDS || partner(f->v, m, true)) return AT_OK;
  return draw_both(f, NULL, m, err);
}

/* Maps of one block: its main one, then one file for all that ask, then one for all heads. */
static at_status draw_maps(filing *f, at_error *err) {
  at_status s = AT_OK;
  for (size_t i = 0, to; s == AT_OK && i < f->v->n; i = to) {
    const rp_map *m = &f->v->map[i];
    to = i + 1;
    if (is_main(m)) {
      s = draw_main(f, m, err);
      continue;
    }
    while (to < f->v->n && f->v->map[to].of == m->of &&
           (f->v->map[to].head >= 0) == (m->head >= 0) && !is_main(&f->v->map[to]))
      to++;
    if (over_picture(m)) s = draw_tiles(f, i, to, m->head >= 0 ? "-heads" : "-each", err);
  }
  return s;
}

static cairo_surface_t *photo_surface(const rp_photo *p) {
  cairo_surface_t *d =
      cairo_image_surface_create(CAIRO_FORMAT_RGB24, (int)p->width, (int)p->height);
  unsigned char *row = cairo_image_surface_get_data(d);
  const uint8_t *in = p->rgb;
  for (int64_t y = 0; row && y < p->height; y++, row += cairo_image_surface_get_stride(d))
    for (int64_t x = 0; x < p->width; x++, in += 3) {
      uint32_t v = (uint32_t)in[0] << 16 | (uint32_t)in[1] << 8 | in[2];
      memcpy(row + 4 * x, &v, sizeof v);
    }
  cairo_surface_mark_dirty(d);
  return d;
}

static at_status draw_example(filing *f, at_error *err) {
  const rp_example *e = &f->g->example[f->example];
  at_status s = AT_OK;
  f->s = (rp_sheet){.truth = &e->truth};
  if (e->photo != RP_NO_PHOTO) {
    f->s.of = &f->g->photo[e->photo];
    f->s.photo = photo_surface(f->s.of);
  }
  for (f->side = 0; s == AT_OK && f->side < f->g->n_sides; f->side++) {
    if (!e->there[f->side]) continue;
    rp_maps v;
    at_arena *a = at_arena_new();
    f->s.l = &e->look[f->side];
    s = a ? at_rp_maps(f->s.l, f->g->side[f->side].word_axis, a, &v, err) : at_nomem(err);
    f->v = &v;
    if (s == AT_OK) s = draw_maps(f, err);
    at_arena_free(a);
  }
  if (f->s.photo) cairo_surface_destroy(f->s.photo);
  return s;
}

at_status at_rp_overlays(const rp_gallery *g, const char *dir, at_error *err) {
  filing f = {.g = g, .dir = dir};
  at_status s = at_mkdirs(dir, err);
  if (s == AT_OK) s = name_sides(&f, g->arena, err);
  for (f.example = 0; g->example && s == AT_OK && f.example < g->n; f.example++)
    s = draw_example(&f, err);
  return s;
}
