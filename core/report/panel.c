/* The attention of one group over one pair: a row of pictures, one for each word. */
#include <stdlib.h>
#include <string.h>
#include "core/report/report_impl.h"

enum { TILE = 176, MOST_WORDS = 64, MOST_TOLD = 5 };

/* How an attention block relates words to regions. */
typedef enum way {
  WAY_NONE,
  WAY_WORDS_ASK,   /* weight[word, region] */
  WAY_REGIONS_ASK, /* weight[region, word] */
  WAY_TEXT_ASKS    /* weight[1, region]: one question for the whole text */
} way;

static bool fits_regions(const at_look *l, int64_t n) {
  bool grid = l->grid_h > 0 && l->grid_w > 0;
  if (grid && n == l->grid_h * l->grid_w) return true;
  if (l->boxes && n == l->n_boxes) return true;
  return !grid && !l->boxes && n > 0;
}

/* By the name of the axis of words where it is known; counts alone are not enough when
 * there are as many words as regions. */
static way way_of(const at_look *l, const at_attention *a, const char *word_axis) {
  int64_t words = (int64_t)l->n_words;
  if (!a->weight || a->queries < 1 || a->keys < 1) return WAY_NONE;
  bool asks = a->queries == words && fits_regions(l, a->keys);
  bool asked = a->keys == words && fits_regions(l, a->queries);
  if (word_axis && a->key_axis && !strcmp(a->key_axis, word_axis))
    return asked ? WAY_REGIONS_ASK : WAY_NONE;
  if (word_axis && a->query_axis && !strcmp(a->query_axis, word_axis))
    return asks ? WAY_WORDS_ASK : WAY_NONE;
  if (asks && words) return WAY_WORDS_ASK;
  if (asked && words) return WAY_REGIONS_ASK;
  return a->queries == 1 && fits_regions(l, a->keys) ? WAY_TEXT_ASKS : WAY_NONE;
}

/* ---- one tile ---- */

typedef struct tile {
  const at_look *l;
  const char *label, *word;
  float *weight; /* sums to one over regions */
  size_t regions;
  size_t span;    /* columns of the table that it takes */
  double entropy; /* nats */
} tile;

/* Row of the matrix, or its column made to sum to one. */
static void take_weights(tile *t, const at_attention *a, way w, int64_t word) {
  double sum = 0;
  for (size_t i = 0; i < t->regions; i++) {
    float v = w == WAY_REGIONS_ASK ? a->weight[(int64_t)i * a->keys + word]
                                   : a->weight[word * a->keys + (int64_t)i];
    t->weight[i] = isfinite(v) && v > 0 ? v : 0;
    sum += t->weight[i];
  }
  t->entropy = 0;
  for (size_t i = 0; i < t->regions; i++) {
    if (sum > 0) t->weight[i] = (float)(t->weight[i] / sum);
    if (t->weight[i] > 0) t->entropy -= t->weight[i] * log((double)t->weight[i]);
  }
  if (t->entropy < 0) t->entropy = 0;
}

static void place(at_text *out, const tile *t, size_t i) {
  bool boxes = t->l->boxes && (size_t)t->l->n_boxes == t->regions;
  bool grid = !boxes && t->l->grid_w > 0 && (size_t)(t->l->grid_h * t->l->grid_w) == t->regions;
  if (grid)
    at_text_addf(out, "row %zu, column %zu", i / (size_t)t->l->grid_w + 1,
                 i % (size_t)t->l->grid_w + 1);
  else
    at_text_addf(out, "%s %zu", boxes ? "box" : "region", i + 1);
}

/* The largest weights in order, as text; without a list of all to sort. */
static void tell(at_text *out, const tile *t, size_t most) {
  char buf[RP_NUMBER];
  size_t last = t->regions;
  for (size_t k = 0; k < most && k < t->regions; k++) {
    size_t best = t->regions;
    for (size_t i = 0; i < t->regions; i++) {
      bool after = last == t->regions || t->weight[i] < t->weight[last] ||
                   (t->weight[i] == t->weight[last] && i > last);
      if (after && (best == t->regions || t->weight[i] > t->weight[best])) best = i;
    }
    if (best == t->regions) break;
    if (k) at_text_add(out, "; ");
    place(out, t, best);
    at_text_addf(out, ": %s", at_rp_number(buf, t->weight[best], 3));
    last = best;
  }
}

static at_status draw_tile(const tile *t, const rp_picture *p, size_t index, at_text *out,
                           at_error *err) {
  char buf[RP_NUMBER];
  double most = t->regions > 1 ? log((double)t->regions) : 1, part = fmin(1, t->entropy / most);
  if (t->span > 1)
    at_text_addf(out, "<td colspan=\"%zu\" title=\"", t->span);
  else
    at_text_addf(out, "<td data-w=\"%zu\" title=\"", index);
  at_rp_escape(out, t->word);
  at_text_addf(out, " — entropy %s of at most ", at_rp_number(buf, t->entropy, 2));
  at_text_addf(out, "%s nats; weights: ", at_rp_number(buf, t->regions > 1 ? most : 0, 2));
  tell(out, t, MOST_TOLD);
  at_text_addf(out, "\"><img width=\"%d\" height=\"%d\" loading=\"lazy\" alt=\"attention for ",
               p->w, p->h);
  at_rp_escape(out, t->word);
  at_text_add(out, " under ");
  at_rp_escape(out, t->label);
  at_text_add(out, ", most at ");
  tell(out, t, 1);
  at_text_add(out, "\" src=\"");
  at_status s = at_rp_heat_uri(p, t->l, t->weight, t->regions, out, err);
  at_text_addf(out, "\"><span class=\"meter\"><i style=\"width:%s%%\"></i></span>",
               at_rp_number(buf, 100 * part, 0));
  at_text_addf(out, "<span class=\"h\">%s</span></td>\n", at_rp_number(buf, t->entropy, 2));
  return s;
}

/* ---- rows ---- */

static size_t shown_words(const at_look *l) {
  return l->n_words < MOST_WORDS ? l->n_words : MOST_WORDS;
}

static void word_cells(const at_look *l, const char *corner, at_text *t) {
  at_text_add(t, "<th scope=\"col\">");
  at_rp_escape(t, corner);
  at_text_add(t, "</th>");
  for (size_t i = 0; i < shown_words(l); i++) {
    at_text_addf(t, "<th scope=\"col\" data-w=\"%zu\">", i);
    at_rp_escape(t, l->words[i]);
    at_text_add(t, "</th>");
  }
  if (!l->n_words) at_text_add(t, "<th scope=\"col\">whole text</th>");
}

void at_rp_panel_words(const at_look *l, const char *corner, at_text *t) {
  at_text_add(t, "<thead><tr>");
  word_cells(l, corner, t);
  at_text_add(t, "</tr></thead>\n");
}

static void row_head(const at_look *l, const at_attention *a, way w, const char *label,
                     at_text *t) {
  char buf[RP_NUMBER];
  at_text_add(t, "<tr><th scope=\"row\">");
  at_rp_escape(t, label);
  at_text_addf(t, "<br><span class=\"h\">similarity %s", at_rp_number(buf, l->similarity, 3));
  if (l->n_attention > 1) {
    at_text_add(t, "<br>block ");
    at_rp_escape(t, a->attend ? a->attend : "");
  }
  if (w == WAY_REGIONS_ASK)
    at_text_add(t, "<br>regions ask: the column of each word, made to sum to one");
  if (w == WAY_TEXT_ASKS) at_text_add(t, "<br>one question for the whole text");
  at_text_add(t, "</span></th>\n");
}

static at_status draw_row(const at_look *l, const at_attention *a, way w, const char *label,
                          at_text *t, at_error *err) {
  rp_picture p = {0};
  tile one = {
      .l = l, .label = label, .regions = (size_t)(w == WAY_REGIONS_ASK ? a->queries : a->keys)};
  size_t n = w == WAY_TEXT_ASKS ? 1 : shown_words(l);
  one.span = w == WAY_TEXT_ASKS ? shown_words(l) : 1;
  at_status s = at_rp_picture(l, one.regions, TILE, &p, err);
  one.weight = calloc(one.regions, sizeof *one.weight);
  if (s == AT_OK && !one.weight) s = at_nomem(err);
  row_head(l, a, w, label, t);
  for (size_t i = 0; s == AT_OK && i < n; i++) {
    take_weights(&one, a, w, (int64_t)i);
    one.word = w == WAY_TEXT_ASKS ? "the whole text" : l->words[i];
    s = draw_tile(&one, &p, i, t, err);
  }
  at_text_add(t, "</tr>\n");
  free(one.weight);
  at_rp_picture_free(&p);
  return s;
}

at_status at_rp_panel(const at_look *l, const char *label, const char *word_axis, bool words,
                      at_text *t, at_error *err) {
  at_status s = AT_OK;
  size_t drawn = 0;
  at_text_add(t, "<tbody>\n");
  if (words) {
    at_text_add(t, "<tr class=\"again\">");
    word_cells(l, "other words", t);
    at_text_add(t, "</tr>\n");
  }
  for (size_t i = 0; s == AT_OK && i < l->n_attention; i++) {
    way w = way_of(l, &l->attention[i], word_axis);
    if (w == WAY_NONE) continue;
    s = draw_row(l, &l->attention[i], w, label, t, err);
    drawn++;
  }
  if (!drawn) {
    at_text_add(t, "<tr><th scope=\"row\">");
    at_rp_escape(t, label);
    at_text_addf(
        t,
        "</th><td colspan=\"%zu\" class=\"h\">no attention between words and regions</td></tr>\n",
        l->n_words ? shown_words(l) : 1);
  }
  at_text_add(t, "</tbody>\n");
  return s;
}
