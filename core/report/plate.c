#include "core/report/plate.h"
#include <string.h>
#include "core/report/report_impl.h"

/* ---- looks ---- */

static const rp_look LOOK[] = {
    {"tick", 0x5f6670, RP_NO_INK, 0, 0, 11, 0, false, false},
    {"name", 0x5f6670, RP_NO_INK, 0, 0, 12, 0, false, false},
    {"label", 0x1c1e21, RP_NO_INK, 0, 0, 12, 0, false, false},
    {"plain", 0x1c1e21, RP_NO_INK, 0, 0, 12, 0, false, false},
    {"small", 0, 0, 0, 0, 10, 0, false, false},
    {"faint", 0x8a9099, RP_NO_INK, 0, 0, 0, 0, false, false},
    {"onlight", 0x1c1e21, RP_NO_INK, 0, 0, 0, 0, false, false},
    {"ondark", 0xffffff, RP_NO_INK, 0, 0, 0, 0, false, false},
    {"mid", 0, 0, 0, 0, 0, 'm', false, false},
    {"end", 0, 0, 0, 0, 0, 'e', false, false},
    {"strong", 0, 0, 0, 0, 0, 0, true, false},
    {"grid", RP_NO_INK, 0xd9dce1, 1, 0, 0, 0, false, false},
    {"axis", RP_NO_INK, 0x5f6670, 1, 0, 0, 0, false, false},
    {"line", RP_NO_INK, RP_OWN_INK, 1.8, 0, 0, 0, false, false},
    {"band", RP_OWN_INK, RP_NO_INK, 0, 0.16, 0, 0, false, false},
    {"bar", RP_NO_INK, RP_OWN_INK, 3, 0.55, 0, 0, false, true},
    {"dot", RP_OWN_INK, RP_NO_INK, 0, 0, 0, 0, false, false},
    {"seed", 0xffffff, RP_OWN_INK, 1.2, 0, 0, 0, false, false},
    {"cell", RP_NO_INK, RP_NO_INK, 0, 0, 0, 0, false, false},
    {"blank", RP_NO_INK, 0xd9dce1, 1, 0, 0, 0, false, false},
};

static void merge(rp_look *to, const rp_look *from) {
  bool colours = from->fill || from->stroke;
  if (colours) to->fill = from->fill, to->stroke = from->stroke;
  if (from->width > 0) to->width = from->width;
  if (from->opacity > 0) to->opacity = from->opacity;
  if (from->size > 0) to->size = from->size;
  if (from->anchor) to->anchor = from->anchor;
  to->bold |= from->bold;
  to->round |= from->round;
}

rp_look at_rp_look(const char *words, rp_shape shape) {
  rp_look out = {
      .fill = RP_NO_INK, .stroke = RP_NO_INK, .width = 1, .opacity = 1, .size = 12, .anchor = 's'};
  if (shape == RP_TEXT_AT) out.fill = 0x1c1e21;
  for (const char *w = words; *w; w += strspn(w, " ")) {
    size_t n = strcspn(w, " ");
    for (size_t i = 0; i < sizeof LOOK / sizeof *LOOK; i++)
      if (strlen(LOOK[i].word) == n && !strncmp(LOOK[i].word, w, n)) merge(&out, &LOOK[i]);
    w += n;
  }
  return out;
}

/* Kept apart for common kinds of colour blindness. */
uint32_t at_rp_ink(size_t i) {
  static const uint32_t ink[RP_INKS] = {0x0072b2, 0xd55e00, 0x009e73, 0xa6468a,
                                        0x8f7300, 0x3a9bd6, 0xb22222, 0x555b66};
  return ink[i % RP_INKS];
}

/* ---- figures ---- */

at_status at_rp_figures_new(rp_figures *f, at_error *err) {
  *f = (rp_figures){.a = at_arena_new()};
  return f->a ? AT_OK : at_nomem(err);
}

void at_rp_figures_free(rp_figures *f) {
  at_arena_free(f->a);
  *f = (rp_figures){0};
}

static const char *file_name(rp_figures *f, const char *name) {
  char *own = at_arena_strdup(f->a, name);
  size_t same = 0;
  for (char *p = own; p && *p; p++)
    if (!strchr("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-", *p)) *p = '_';
  if (!own) return NULL;
  for (size_t i = 0; i < f->n; i++) same += !strncmp(f->v[i]->name, own, strlen(own));
  return same ? at_arena_printf(f->a, "%s.%zu", own, same + 1) : own;
}

rp_plate *at_rp_plate_new(rp_figures *f, const char *name, const char *title) {
  rp_plate **v = at_arena_grow(f->a, f->v, f->n, &f->cap, sizeof(rp_plate *));
  rp_plate *c = AT_NEW(f->a, rp_plate);
  if (!v || !c) return NULL;
  f->v = v;
  *c = (rp_plate){
      .a = f->a, .name = file_name(f, name), .title = at_rp_clean(f->a, title), .about = ""};
  if (!c->name || !c->title) return NULL;
  v[f->n++] = c;
  return c;
}

/* ---- drawing ---- */

static rp_thing *add(rp_plate *c, const rp_thing *t, const char *text) {
  rp_thing *v = at_arena_grow(c->a, c->thing, c->n, &c->cap, sizeof *v);
  const char *own = text ? at_rp_clean(c->a, text) : NULL;
  if (c->failed || !v || (text && !own)) {
    c->failed = true;
    return NULL;
  }
  c->thing = v;
  v += c->n++;
  *v = *t;
  v->text = own;
  v->aside = c->aside;
  return v;
}

void at_rp_put_turned(rp_plate *c, double x, double y, double degrees, const char *look,
                      const char *text) {
  add(c, &(rp_thing){.shape = RP_TEXT_AT, .look = look, .v = {x, y}, .turn = degrees},
      text ? text : "");
  c->failed |= !text;
}

void at_rp_put_text(rp_plate *c, double x, double y, const char *look, const char *text) {
  at_rp_put_turned(c, x, y, 0, look, text);
}

void at_rp_put_line(rp_plate *c, const char *look, double x1, double y1, double x2, double y2) {
  add(c, &(rp_thing){.shape = RP_LINE, .look = look, .v = {x1, y1, x2, y2}}, NULL);
}

void at_rp_put_circle(rp_plate *c, const char *look, double x, double y, double r) {
  add(c, &(rp_thing){.shape = RP_CIRCLE, .look = look, .v = {x, y, r}}, NULL);
}

void at_rp_put_rect(rp_plate *c, const char *look, double x, double y, double w, double h,
                    int32_t rgb) {
  add(c, &(rp_thing){.shape = RP_RECT, .look = look, .v = {x, y, w, h}, .rgb = rgb}, NULL);
}

void at_rp_put_path(rp_plate *c, const char *look, const double *xy, size_t n, bool closed) {
  double *own = AT_NEW_ARRAY(c->a, double, 2 * n + 1);
  if (own) memcpy(own, xy, 2 * n * sizeof *own);
  c->failed |= !own;
  add(c, &(rp_thing){.shape = RP_PATH, .look = look, .xy = own, .n = n, .closed = closed}, NULL);
}

void at_rp_put_group(rp_plate *c, size_t i, const char *title) {
  add(c, &(rp_thing){.shape = RP_OPEN, .look = "", .ink = i}, title);
}

void at_rp_put_end(rp_plate *c) { add(c, &(rp_thing){.shape = RP_CLOSE, .look = ""}, NULL); }

/* ---- keys ---- */

void at_rp_put_keys(rp_plate *c, const char *const *label, size_t n) {
  const double row = 18, line = 24, gap = 16, letter = 7;
  double x = 10, y = c->h + row / 2;
  c->aside = true;
  for (size_t i = 0; i < n; i++) {
    double wide = line + 6 + letter * (double)at_rp_columns(label[i]) + gap;
    if (x > 10 && x + wide > c->w) x = 10, y += row;
    at_rp_put_group(c, i, NULL);
    at_rp_put_line(c, "line", x, y, x + line, y);
    at_rp_put_end(c);
    at_rp_put_text(c, x + line + 6, y + 4, "plain", label[i]);
    x += wide;
  }
  c->more = y + row / 2 - c->h;
  c->aside = false;
}
