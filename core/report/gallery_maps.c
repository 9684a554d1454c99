/* Weights of a look as maps over words, cells or boxes. */
#include <stdlib.h>
#include <string.h>
#include "core/report/gallery.h"

enum { MOST_ROWS = 64, MOST_HEADS = 32, MOST_MAPS = 400, MOST_KEYS = 4096 };

/* ---- one map ---- */

int at_rp_level(float shade) {
  double v = (double)shade;
  return v > 0 ? (int)lrint(fmin(1, v) * RP_LEVELS) : 0;
}

/* Fills shade, most and entropy from the weights; what is no number counts as nothing. */
static void shade(rp_map *m) {
  m->most = 0;
  m->entropy = 0;
  for (size_t i = 0; i < m->keys; i++) {
    double v = (double)m->weight[i];
    if (!isfinite(v) || v < 0) v = 0;
    m->weight[i] = (float)v;
    if (v > 0) m->entropy -= v * log(v);
    if (m->weight[i] > m->weight[m->most]) m->most = i;
  }
  if (m->entropy < 0) m->entropy = 0;
  if (!m->keys) return;
  double top = fmax((double)m->weight[m->most], fmin(1, 2 / (double)m->keys));
  for (size_t i = 0; i < m->keys; i++) m->shade[i] = (float)fmin(1, (double)m->weight[i] / top);
}

size_t at_rp_top_keys(const rp_map *m, size_t top[RP_TOP_BOXES]) {
  size_t n = 0;
  for (size_t i = 0; i < m->keys; i++) {
    size_t k = n < RP_TOP_BOXES ? n++ : RP_TOP_BOXES;
    for (; k > 0 && m->weight[top[k - 1]] < m->weight[i]; k--)
      if (k < RP_TOP_BOXES) top[k] = top[k - 1];
    if (k < RP_TOP_BOXES) top[k] = i;
  }
  return n;
}

void at_rp_weights_code(at_text *t, const float *weight, size_t n) {
  static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (size_t i = 0; i < n; i++) {
    double v = weight[i] > 0 ? fmin(1, (double)weight[i]) : 0;
    int k = (int)lrint(v * 4095);
    at_text_addn(t, (const char[]){digit[k >> 6], digit[k & 63]}, 2);
  }
}

/* ---- in words ---- */

static const at_key_part *part_of(const at_key_parts *p, int64_t key) {
  for (int i = 0; i < p->n; i++)
    if (key >= p->v[i].first && key < p->v[i].first + p->v[i].n) return &p->v[i];
  return NULL;
}

bool at_rp_begins_part(const rp_map *m, size_t key) {
  const at_key_part *p = m->over == AT_OVER_PARTS ? part_of(&m->of->parts, (int64_t)key) : NULL;
  return p && p->first == (int64_t)key;
}

bool at_rp_placed(const at_look *l, const rp_map *m, int i, const at_items **items,
                  const at_key_part **part) {
  for (int k = 0; m->over == AT_OVER_PARTS && k < m->of->parts.n; k++) {
    *part = &m->of->parts.v[k];
    *items = at_items_of(l->items, l->n_items, *part);
    if (*items && !i--) return true;
  }
  return false;
}

/* A word, the text of an item, else the axis and a number. */
static void part_name(const at_look *l, const at_key_parts *p, int64_t key, at_text *t) {
  const at_key_part *part = part_of(p, key);
  const int64_t i = part ? key - part->first : key;
  const at_items *v = part ? at_items_of(l->items, l->n_items, part) : NULL;
  if (part && part->over == AT_OVER_WORDS && part->n == (int64_t)l->n_words)
    at_text_add(t, l->words[i]);
  else if (v && v->text && *v->text[i])
    at_text_add(t, v->text[i]);
  else
    at_text_addf(t, "%s %lld", part ? part->axis : "no.", (long long)i + 1);
}

void at_rp_key_name(const at_look *l, const rp_map *m, size_t key, at_text *t) {
  if (m->over == AT_OVER_PARTS)
    part_name(l, &m->of->parts, (int64_t)key, t);
  else if (m->over == AT_OVER_WORDS)
    at_text_add(t, l->words[key]);
  else if (m->over == AT_OVER_CELLS)
    at_text_addf(t, "(%zu, %zu)", key / (size_t)m->grid_w + 1, key % (size_t)m->grid_w + 1);
  else
    at_text_addf(t, "%s %zu", m->over == AT_OVER_BOXES ? "box" : "no.", key + 1);
}

/* Whether key i comes after `last` where the largest is first. */
static bool is_after(const float *w, size_t i, size_t last, size_t keys) {
  return last == keys || w[i] < w[last] || (w[i] == w[last] && i > last);
}

void at_rp_map_says(const at_look *l, const rp_map *m, size_t most, at_text *t) {
  char buf[RP_NUMBER];
  size_t last = m->keys;
  for (size_t k = 0; k < most && k < m->keys; k++) {
    size_t best = m->keys;
    for (size_t i = 0; i < m->keys; i++)
      if (is_after(m->weight, i, last, m->keys) &&
          (best == m->keys || m->weight[i] > m->weight[best]))
        best = i;
    if (best == m->keys) return;
    if (k) at_text_add(t, "; ");
    at_rp_key_name(l, m, best, t);
    at_text_addf(t, ": %s", at_rp_number(buf, (double)m->weight[best], 3));
    last = best;
  }
}

static const char *query_axis(const rp_map *m) {
  const char *name = m->turned ? m->of->key_axis : m->of->query_axis;
  return name && *name ? name : "no.";
}

int64_t at_rp_asks(const at_attention *a) { return a->parts.n ? a->asks : a->queries; }

static const char *asking(const rp_map *m) {
  for (int i = 0; i < m->of->parts.n; i++)
    if (m->of->parts.v[i].asks && at_rp_asks(m->of) == m->of->parts.v[i].n)
      return m->of->parts.v[i].axis;
  return query_axis(m);
}

/* The word, or what else it is, that a map of one of several is for. */
static void query_name(const at_look *l, const rp_map *m, at_text *t) {
  size_t count = (size_t)(m->turned ? m->of->keys : m->of->queries);
  if (m->query >= 0 && m->of->parts.n && count == (size_t)m->of->keys)
    part_name(l, &m->of->parts, m->query, t);
  else if (m->query >= 0 && count == l->n_words)
    at_text_add(t, l->words[m->query]);
  else if (m->query >= 0)
    at_text_addf(t, "%s %lld", query_axis(m), (long long)m->query + 1);
}

void at_rp_map_label(const at_look *l, const rp_map *m, at_text *t) {
  if (m->head >= 0) at_text_addf(t, "head %lld", (long long)m->head + 1);
  if (m->query >= 0)
    query_name(l, m, t);
  else if (at_rp_asks(m->of) > 1)
    at_text_addf(t, "%smean over %lld %s", m->head >= 0 ? ", " : "", (long long)at_rp_asks(m->of),
                 asking(m));
}

/* ---- what keys and queries are ---- */

typedef struct axis_is {
  at_over over;
  int64_t grid_h, grid_w;
} axis_is;

/* Regions of the picture that are `n`: boxes or a grid, else nothing that has a place. */
static axis_is regions(const at_look *l, int64_t n) {
  if (l->grid_h > 0 && l->grid_w > 0 && l->grid_h * l->grid_w == n)
    return (axis_is){AT_OVER_CELLS, l->grid_h, l->grid_w};
  if (l->boxes && l->n_boxes == n && l->width > 0 && l->height > 0)
    return (axis_is){AT_OVER_BOXES, 0, 0};
  return (axis_is){AT_OVER_OTHER, 0, 0};
}

static axis_is keys_are(const at_look *l, const at_attention *a, const char *word_axis) {
  bool words = a->keys == (int64_t)l->n_words;
  if (a->over == AT_OVER_PARTS) return (axis_is){AT_OVER_PARTS, 0, 0};
  if (words &&
      (a->over == AT_OVER_WORDS || (word_axis && a->key_axis && !strcmp(a->key_axis, word_axis))))
    return (axis_is){AT_OVER_WORDS, 0, 0};
  if (a->over == AT_OVER_CELLS && a->grid_h > 0 && a->grid_w > 0 &&
      a->grid_h * a->grid_w == a->keys)
    return (axis_is){AT_OVER_CELLS, a->grid_h, a->grid_w};
  return a->over == AT_OVER_WORDS ? (axis_is){AT_OVER_OTHER, 0, 0} : regions(l, a->keys);
}

/* Regions ask for words: what is shown is where each word is asked for. */
static bool is_turned(const at_look *l, const at_attention *a, axis_is keys, const char *word_axis,
                      axis_is *asks) {
  bool by_words = word_axis && a->query_axis && !strcmp(a->query_axis, word_axis);
  if (keys.over != AT_OVER_WORDS || a->queries < 2 || by_words) return false;
  *asks = regions(l, a->queries);
  return asks->over != AT_OVER_OTHER;
}

/* ---- making maps ---- */

typedef struct making {
  const at_look *l;
  at_arena *a;
  rp_maps *out;
} making;

/* The mean of rows first .. first + n - 1 of the matrix, or its column `word`. */
static void fill(rp_map *m, const float *weight, int64_t first, int64_t n) {
  int64_t keys = m->of->keys;
  double sum = 0;
  for (size_t i = 0; i < m->keys; i++) {
    double v = 0;
    if (m->turned) {
      double w = (double)weight[(int64_t)i * keys + m->query];
      v = isfinite(w) && w > 0 ? w : 0;
    }
    for (int64_t q = first; !m->turned && q < first + n; q++) {
      double w = (double)weight[q * keys + (int64_t)i];
      if (isfinite(w) && w > 0) v += w / (double)n;
    }
    m->weight[i] = (float)v;
    sum += v;
  }
  for (size_t i = 0; m->turned && sum > 0 && i < m->keys; i++) m->weight[i] /= (float)sum;
  shade(m);
}

static at_status add(making *k, rp_map m, const float *weight, int64_t first, int64_t n,
                     at_error *err) {
  if (k->out->n == MOST_MAPS) {
    k->out->left_out++;
    return AT_OK;
  }
  m.weight = AT_NEW_ARRAY(k->a, float, m.keys);
  m.shade = AT_NEW_ARRAY(k->a, float, m.keys);
  if (!m.weight || !m.shade) return at_nomem(err);
  fill(&m, weight, first, n);
  k->out->map[k->out->n++] = m;
  return AT_OK;
}

static at_status add_block(making *k, const at_attention *at, const char *word_axis,
                           at_error *err) {
  axis_is keys = keys_are(k->l, at, word_axis), asks = keys;
  bool turned = is_turned(k->l, at, keys, word_axis, &asks);
  const int64_t first = at->parts.n ? at->ask_first : 0, shown = at_rp_asks(at);
  const int64_t rows = turned ? at->keys : shown;
  rp_map m = {.of = at, .head = -1, .query = -1, .turned = turned};
  at_status s = AT_OK;
  m.over = asks.over;
  m.grid_h = asks.grid_h;
  m.grid_w = asks.grid_w;
  m.keys = (size_t)(turned ? at->queries : at->keys);
  if (!turned) s = add(k, m, at->weight, first, shown, err);
  for (int64_t q = 0; s == AT_OK && (rows > 1 || turned) && rows <= MOST_ROWS && q < rows; q++) {
    m.query = first + q;
    s = add(k, m, at->weight, first + q, 1, err);
  }
  m.query = -1;
  for (int64_t h = 0; s == AT_OK && !turned && at->head && at->heads > 1 && h < at->heads; h++) {
    m.head = h;
    if (h < MOST_HEADS)
      s = add(k, m, at->head + h * at->queries * at->keys, first, shown, err);
    else
      k->out->left_out++;
  }
  return s;
}

at_status at_rp_maps(const at_look *l, const char *word_axis, at_arena *a, rp_maps *out,
                     at_error *err) {
  making k = {l, a, out};
  at_status s = AT_OK;
  *out = (rp_maps){.map = AT_NEW_ARRAY(a, rp_map, MOST_MAPS)};
  if (!out->map) return at_nomem(err);
  for (size_t i = 0; s == AT_OK && i < l->n_attention; i++) {
    const at_attention *at = &l->attention[i];
    if (at->weight && at->keys > 0 && at->queries > 0 && at->keys <= MOST_KEYS)
      s = add_block(&k, at, word_axis, err);
  }
  return s;
}
