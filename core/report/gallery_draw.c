/* Maps of attention as HTML: words shaded, and cells or boxes of the picture lit. Pictures are
 * drawn as vectors over the page's one copy of each, so that they stay sharp at any size. */
#include <stdlib.h>
#include <string.h>
#include "core/report/gallery.h"

enum { MOST_KEYS = 200, TOLD = 3 };

static const char *units(char buf[RP_NUMBER], double v) {
  at_rp_number(buf, v, 1);
  size_t n = strlen(buf);
  if (n > 2 && !strcmp(buf + n - 2, ".0")) buf[n - 2] = '\0';
  return buf;
}

void at_rp_drawing(int64_t width, int64_t height, double *w, double *h) {
  bool known = width > 0 && height > 0;
  double x = known ? (double)width : 1, y = known ? (double)height : 1;
  *w = x >= y ? RP_SIDE : fmax(1, RP_SIDE * x / y);
  *h = y >= x ? RP_SIDE : fmax(1, RP_SIDE * y / x);
}

/* Escapes what `tell` writes. */
static void escaped(at_text *t, const at_look *l, const rp_map *m,
                    void (*tell)(const at_look *, const rp_map *, at_text *)) {
  at_text own = {0};
  tell(l, m, &own);
  if (own.data) at_rp_escape(t, own.data);
  t->failed |= own.failed;
  at_text_free(&own);
}

static void tell_most(const at_look *l, const rp_map *m, at_text *t) {
  at_rp_map_says(l, m, TOLD, t);
}

static void tell_key(const at_look *l, const rp_map *m, at_text *t) {
  at_rp_key_name(l, m, m->most, t);
}

static void escaped_key(const at_look *l, const rp_map *m, size_t key, at_text *t) {
  at_text own = {0};
  at_rp_key_name(l, m, key, &own);
  if (own.data) at_rp_escape(t, own.data);
  t->failed |= own.failed;
  at_text_free(&own);
}

/* ---- what decides ---- */

bool at_rp_word_decides(const at_evidence *truth, size_t word) {
  for (int64_t i = 0; i < truth->n_words; i++)
    if (truth->word[i] < truth->words && truth->word[i] + truth->first == (int64_t)word)
      return true;
  return false;
}

static void draw_truth(const rp_canvas *c, at_text *t) {
  char x[RP_NUMBER], y[RP_NUMBER], w[RP_NUMBER], h[RP_NUMBER], back[RP_NUMBER];
  double zx = c->w / (double)c->truth->width, zy = c->h / (double)c->truth->height;
  at_text d = {0};
  for (int64_t i = 0; i < c->truth->n_boxes; i++) {
    const float *b = c->truth->box + 4 * i;
    if (!isfinite(b[0] + b[1] + b[2] + b[3])) continue;
    at_text_addf(&d, "M%s %sh%sv%sh%sz", units(x, (double)b[0] * zx), units(y, (double)b[1] * zy),
                 units(w, (double)b[2] * zx), units(h, (double)b[3] * zy),
                 units(back, -(double)b[2] * zx));
  }
  if (d.data)
    at_text_addf(t,
                 "<g id=\"t%zu\" class=\"t\"><path class=\"to\" d=\"%s\"/><path class=\"ti\" "
                 "d=\"%s\"/></g>",
                 c->example, d.data, d.data);
  t->failed |= d.failed;
  at_text_free(&d);
}

/* ---- the picture ---- */

static void open_svg(double w, double h, at_text *t) {
  char a[RP_NUMBER], b[RP_NUMBER];
  at_text_addf(t, "<svg viewBox=\"0 0 %s %s\" role=\"img\" aria-label=\"", units(a, w),
               units(b, h));
}

static void put_photo(const rp_canvas *c, at_text *t) {
  if (c->has_photo)
    at_text_addf(t, "<use href=\"#p%zu\"/>", c->photo);
  else
    at_text_add(t, "<rect width=\"100%\" height=\"100%\" class=\"sheet\"/>");
}

static int level_of(const rp_map *m, size_t key) { return at_rp_level(m->shade[key]); }

/* Cells of one level as lines one cell thick: row after row, runs in one. */
static void draw_level(const rp_map *m, int level, at_text *t) {
  size_t w = (size_t)m->grid_w;
  bool any = false;
  for (size_t i = 0; i < m->keys; i++) {
    size_t run = 0;
    while (i + run < m->keys && (i + run) / w == i / w && level_of(m, i + run) == level) run++;
    if (!run) continue;
    if (!any) at_text_addf(t, "<path class=\"a%d\" d=\"", level);
    at_text_addf(t, "M%zu %zuh%zu", i % w, i / w, run);
    any = true;
    i += run - 1;
  }
  if (any) at_text_add(t, "\"/>");
}

static void draw_cells(const rp_map *m, double w, double h, at_text *t) {
  char x[RP_NUMBER], y[RP_NUMBER], a[RP_NUMBER], b[RP_NUMBER], back[RP_NUMBER];
  double cw = w / (double)m->grid_w, ch = h / (double)m->grid_h, in = fmin(cw, ch) / 12;
  at_text_addf(t, "<g transform=\"scale(%s %s) translate(0 .5)\">", at_rp_number(x, cw, 3),
               at_rp_number(y, ch, 3));
  for (int level = 0; level <= RP_LEVELS; level++) draw_level(m, level, t);
  at_text_addf(t, "</g><path class=\"lit\" d=\"M%s %sh%sv%sh%sz\"/>",
               units(x, cw * (double)(m->most % (size_t)m->grid_w) + in),
               units(y, ch * (double)(m->most / (size_t)m->grid_w) + in), units(a, cw - 2 * in),
               units(b, ch - 2 * in), units(back, -(cw - 2 * in)));
}

/* The boxes with the most, the largest weight on top. */
static void draw_boxes(const rp_canvas *c, const rp_map *m, double w, double h, at_text *t) {
  char x[RP_NUMBER], y[RP_NUMBER], a[RP_NUMBER], b[RP_NUMBER], back[RP_NUMBER], v[RP_NUMBER];
  double zx = w / (double)c->l->width, zy = h / (double)c->l->height;
  size_t top[RP_TOP_BOXES], n = at_rp_top_keys(m, top);
  for (size_t k = n; k-- > 0;) {
    const float *box = c->l->boxes + 4 * top[k];
    if (!level_of(m, top[k]) || !isfinite(box[0] + box[1] + box[2] + box[3])) continue;
    at_text_addf(t, "<path class=\"b%d\" d=\"M%s %sh%sv%sh%sz\"><title>box %zu: %s</title></path>",
                 level_of(m, top[k]), units(x, (double)box[0] * zx), units(y, (double)box[1] * zy),
                 units(a, (double)box[2] * zx), units(b, (double)box[3] * zy),
                 units(back, -(double)box[2] * zx), top[k] + 1,
                 at_rp_number(v, (double)m->weight[top[k]], 3));
  }
}

/* The items that stand in the picture: a border that grows with the weight, the largest on top. */
static void draw_items(const rp_map *m, const at_look *l, double w, double h, at_text *t) {
  char x[RP_NUMBER], y[RP_NUMBER], a[RP_NUMBER], b[RP_NUMBER], back[RP_NUMBER];
  const at_items *items;
  const at_key_part *part;
  for (int level = 1; level <= RP_LEVELS; level++)
    for (int i = 0; at_rp_placed(l, m, i, &items, &part); i++)
      for (int64_t k = 0; k < items->n; k++) {
        const float *box = items->box + 4 * k;
        if (level_of(m, (size_t)(part->first + k)) != level) continue;
        at_text_addf(t, "<path class=\"o o%d\" d=\"M%s %sh%sv%sh%sz\"><title>", level,
                     units(x, (double)box[0] * w), units(y, (double)box[1] * h),
                     units(a, (double)(box[2] - box[0]) * w),
                     units(b, (double)(box[3] - box[1]) * h),
                     units(back, -(double)(box[2] - box[0]) * w));
        escaped_key(l, m, (size_t)(part->first + k), t);
        at_text_addf(t, ": %s</title></path>",
                     at_rp_number(x, (double)m->weight[part->first + k], 3));
      }
}

static void put_weights(const rp_map *m, at_text *t) {
  at_text_add(t, " data-w=\"");
  at_rp_weights_code(t, m->weight, m->keys);
  at_text_add(t, "\"");
}

static bool over_picture(const rp_map *m) {
  return m->over == AT_OVER_CELLS || m->over == AT_OVER_BOXES;
}

/* Keys of several parts of which some stand in the picture: it and all of them as texts. */
static bool over_both(const rp_canvas *c, const rp_map *m) {
  const at_items *items;
  const at_key_part *part;
  return at_rp_placed(c->l, m, 0, &items, &part);
}

static void use_truth(const rp_canvas *c, at_text *t) {
  if (c->has_truth) at_text_addf(t, "<use class=\"t\" href=\"#t%zu\"/>", c->example);
}

static void draw_picture(const rp_canvas *c, const rp_map *m, at_text *t) {
  double w = c->w, h = c->h;
  if (!c->has_photo && m->over == AT_OVER_CELLS) at_rp_drawing(m->grid_w, m->grid_h, &w, &h);
  open_svg(w, h, t);
  at_rp_escape(t, m->of->attend ? m->of->attend : "attention");
  if (m->query >= 0 || m->head >= 0 || at_rp_asks(m->of) > 1) at_text_add(t, ", ");
  escaped(t, c->l, m, at_rp_map_label);
  at_text_add(t, ": ");
  escaped(t, c->l, m, tell_most);
  at_text_add(t, "\"");
  if (m->over == AT_OVER_CELLS) at_text_addf(t, " data-k=\"%lld\"", (long long)m->grid_w);
  if (m->over != AT_OVER_PARTS) put_weights(m, t);
  at_text_add(t, ">");
  put_photo(c, t);
  const bool parts = m->over == AT_OVER_PARTS; /* weight is told by borders: on top */
  if (parts) use_truth(c, t);
  if (m->over == AT_OVER_CELLS)
    draw_cells(m, w, h, t);
  else if (parts)
    draw_items(m, c->l, w, h, t);
  else
    draw_boxes(c, m, w, h, t);
  if (!parts) use_truth(c, t);
  at_text_add(t, "</svg>");
}

/* ---- words, and keys without a place ---- */

static void draw_words(const rp_canvas *c, const rp_map *m, at_text *t) {
  size_t n = m->keys < MOST_KEYS ? m->keys : MOST_KEYS;
  at_text_add(t, m->over == AT_OVER_PARTS ? "<p class=\"said parts\"" : "<p class=\"said\"");
  put_weights(m, t);
  at_text_add(t, ">");
  for (size_t i = 0; i < n; i++) {
    bool words = m->over == AT_OVER_WORDS;
    at_text_addf(t, "%s<span%s class=\"s%d%s\">",
                 !i                        ? ""
                 : at_rp_begins_part(m, i) ? "\n"
                                           : " ",
                 m->over == AT_OVER_PARTS ? " dir=\"auto\"" : "", level_of(m, i),
                 words && at_rp_word_decides(c->truth, i) ? " t" : "");
    if (words)
      at_rp_escape(t, c->l->words[i]);
    else if (m->over == AT_OVER_PARTS)
      escaped_key(c->l, m, i, t);
    else
      at_text_addf(t, "%zu", i + 1);
    at_text_add(t, "</span>");
  }
  if (n < m->keys) at_text_addf(t, " and %zu more", m->keys - n);
  at_text_add(t, "</p>");
}

/* ---- blocks ---- */

static void draw_map(const rp_canvas *c, const rp_map *m, at_text *t) {
  const bool both = over_both(c, m);
  if (over_picture(m) || both) draw_picture(c, m, t);
  if (!over_picture(m) && (!both || m->head < 0)) draw_words(c, m, t);
}

/* The largest weight, with two or three digits that say something. */
static void put_most(const rp_map *m, at_text *t) {
  char buf[RP_NUMBER];
  double v = (double)m->weight[m->most];
  at_text_add(t, at_rp_number(buf, v, v < 0.1 ? 3 : 2));
}

/* One of several: named by what asks, or by its head. */
static void draw_tile(const rp_canvas *c, const rp_map *m, at_text *t) {
  const bool both = over_both(c, m);
  at_text_addf(t, "<figure class=\"tile%s\">",
               over_picture(m) || (both && m->head >= 0) ? ""
               : both                                    ? " line both"
                                                         : " line");
  draw_map(c, m, t);
  at_text_add(t, "<figcaption><b>");
  escaped(t, c->l, m, at_rp_map_label);
  at_text_add(t, "</b> ");
  put_most(m, t);
  at_text_add(t, "</figcaption></figure>\n");
}

static void draw_main(const rp_canvas *c, const rp_map *m, at_text *t) {
  char buf[RP_NUMBER];
  at_text_addf(t, "<figure class=\"map %s\">",
               over_both(c, m)   ? "read both"
               : over_picture(m) ? "seen"
                                 : "read");
  draw_map(c, m, t);
  at_text_add(t, "<figcaption><b>");
  at_rp_escape(t, m->of->block ? m->of->block : m->of->attend ? m->of->attend : "");
  at_text_add(t, "</b> <span class=\"key\">");
  escaped(t, c->l, m, tell_key);
  at_text_add(t, "</span> <span>");
  put_most(m, t);
  at_text_addf(t, "</span> <span class=\"end\">H&#160;%s</span>", at_rp_number(buf, m->entropy, 2));
  if (at_rp_asks(m->of) > 1) {
    at_text_add(t, "<br>");
    escaped(t, c->l, m, at_rp_map_label);
  }
  at_text_add(t, "</figcaption></figure>\n");
}

static size_t draw_tiles(const rp_canvas *c, const rp_maps *v, size_t i, bool heads, at_text *t) {
  const at_attention *of = v->map[i].of;
  size_t first = i;
  for (; i < v->n && v->map[i].of == of && (v->map[i].head >= 0) == heads; i++) {
    if (i == first) at_text_add(t, heads ? "<div class=\"strip heads\">" : "<div class=\"strip\">");
    draw_tile(c, &v->map[i], t);
  }
  if (i > first) at_text_add(t, "</div>\n");
  return i;
}

/* All maps of one block; they stand side by side with those of the same step. */
static size_t draw_block(const rp_canvas *c, const rp_maps *v, size_t i, at_text *t) {
  const rp_map *m = &v->map[i];
  if (m->query < 0 && m->head < 0) {
    draw_main(c, m, t);
    i++;
  } else if (m->turned) {
    at_text_add(t, "<p class=\"h\">");
    at_rp_escape(t, m->of->block ? m->of->block : m->of->attend);
    at_text_add(t, ": regions ask; the weights for each word, made to sum to one</p>\n");
  }
  if (i < v->n && v->map[i].of == m->of) i = draw_tiles(c, v, i, false, t);
  if (i < v->n && v->map[i].of == m->of) i = draw_tiles(c, v, i, true, t);
  return i;
}

void at_rp_draw_given(const rp_canvas *c, at_text *t) {
  size_t n = c->l->n_words < MOST_KEYS ? c->l->n_words : MOST_KEYS;
  at_text_add(t, "<div class=\"given\">");
  if (c->has_photo) {
    open_svg(c->w, c->h, t);
    at_text_add(t, "the picture ");
    at_rp_escape(t, c->l->name ? c->l->name : "as the model sees it");
    at_text_add(t, "\">");
    put_photo(c, t);
    if (c->has_truth) draw_truth(c, t);
    at_text_add(t, "</svg>");
  } else {
    at_text_add(t, "<p class=\"h\">The data has no picture to show.</p>");
  }
  at_text_add(t, "<p class=\"said\">");
  for (size_t i = 0; i < n; i++) {
    at_text_add(t, at_rp_word_decides(c->truth, i) ? "<span class=\"t\">" : "<span>");
    at_rp_escape(t, c->l->words[i]);
    at_text_add(t, "</span> ");
  }
  at_text_add(t, "</p></div>\n");
}

static const char *step_of(const at_attention *a) { return a->step ? a->step : ""; }

/* Blocks of one turn stand in one card; outside of a repeat each has its own. */
static void draw_cards(const rp_canvas *c, const rp_maps *v, at_text *t) {
  at_text_add(t, "<div class=\"steps\">\n");
  for (size_t i = 0; i < v->n;) {
    const char *step = step_of(v->map[i].of), *block = v->map[i].of->block;
    at_text_add(t, "<div class=\"step\"><h4>");
    if (*step)
      at_text_addf(t, "step %s", step);
    else
      at_rp_escape(t, block ? block : "attention");
    at_text_add(t, "</h4>\n<div class=\"maps\">");
    do i = draw_block(c, v, i, t);
    while (*step && i < v->n && !strcmp(step_of(v->map[i].of), step));
    at_text_add(t, "</div></div>\n");
  }
  at_text_add(t, "</div>\n");
}

at_status at_rp_draw_steps(const rp_canvas *c, at_text *t, at_error *err) {
  at_arena *a = at_arena_new();
  rp_maps v;
  at_status s = a ? at_rp_maps(c->l, c->word_axis, a, &v, err) : at_nomem(err);
  if (s == AT_OK && v.n) draw_cards(c, &v, t);
  if (s == AT_OK && !v.n)
    at_text_add(t, "<p class=\"h\">the model has no attention that can be shown</p>\n");
  if (s == AT_OK && v.left_out)
    at_text_addf(t, "<p class=\"h\">and %zu maps more</p>\n", v.left_out);
  at_arena_free(a);
  return s;
}
