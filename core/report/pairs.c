/* Attention pictures: a few true pairs, the same for every group. */
#include <stdlib.h>
#include <string.h>
#include "core/report/report_impl.h"

enum { MOST_CANDIDATES = 200, MOST_PAIRS = 50, USUAL = 6, PHOTO = 420 };

typedef struct candidate {
  size_t pair;
  float similarity;
} candidate;

struct rp_pairs {
  const char *split;
  size_t want;
  candidate *seen;        /* most similar first */
  size_t n_seen, n_pairs; /* of them shown */
  size_t reference;       /* the group that chose */
  char ***words;          /* [shown pair][word] of the reference, NULL-ended */
  at_text *head, *body;   /* per shown pair */
};

static size_t rank_of(const rp_pairs *g, size_t k) {
  return g->n_pairs > 1 ? k * (g->n_seen - 1) / (g->n_pairs - 1) : 0;
}

/* ---- choosing ---- */

static int by_similarity(const void *a, const void *b) {
  const candidate *x = a, *y = b;
  /* a pair without a number is worse than all */
  float p = isnan(x->similarity) ? -INFINITY : x->similarity;
  float q = isnan(y->similarity) ? -INFINITY : y->similarity;
  if (p != q) return p < q ? 1 : -1;
  return (x->pair > y->pair) - (x->pair < y->pair);
}

static at_status choose(rp_pairs *g, const rp_visit *v, at_error *err) {
  size_t pairs = v->about->rows, n = pairs < MOST_CANDIDATES ? pairs : MOST_CANDIDATES;
  for (size_t i = 0; i < n; i++) {
    at_look l = {0};
    /* the quotient and the rest apart: i * pairs may not fit */
    size_t pair = pairs / n * i + pairs % n * i / n;
    at_status s = v->src->look(v->session, pair, &l, err);
    if (s != AT_OK) return s;
    g->seen[g->n_seen++] = (candidate){pair, l.similarity};
    v->src->free_look(&l);
  }
  qsort(g->seen, g->n_seen, sizeof *g->seen, by_similarity);
  g->n_pairs = g->want < n ? g->want : n;
  g->reference = v->group;
  return AT_OK;
}

/* ---- one pair ---- */

static char **copy_words(const at_look *l) {
  char **v = calloc(l->n_words + 1, sizeof *v);
  for (size_t i = 0; v && i < l->n_words; i++)
    if (!(v[i] = strdup(l->words[i]))) {
      while (i-- > 0) free(v[i]);
      free(v);
      return NULL;
    }
  return v;
}

static bool same_words(char *const *v, const at_look *l) {
  for (size_t i = 0; i < l->n_words; i++)
    if (!v[i] || strcmp(v[i], l->words[i])) return false;
  return !v[l->n_words];
}

static void title(const rp_pairs *g, size_t k, const at_look *l, at_text *t) {
  char buf[RP_NUMBER];
  size_t rank = rank_of(g, k) + 1;
  at_text_add(t, "<h3>");
  if (rank == 1)
    at_text_add(t, "The most similar");
  else if (rank == g->n_seen)
    at_text_add(t, "The least similar");
  else
    at_text_addf(t, "Rank %zu", rank);
  at_text_addf(t, " of %zu pair%s: %s</h3>\n", g->n_seen, g->n_seen == 1 ? "" : "s",
               at_rp_number(buf, l->similarity, 3));
}

static void caption(const at_look *l, size_t pair, at_text *t) {
  at_text_add(t, "<p class=\"caption\"><b>");
  at_rp_escape(t, l->text ? l->text : "no text");
  at_text_add(t, "</b></p>\n<p class=\"where\">");
  if (l->n_words) at_text_add(t, "Words: ");
  for (size_t i = 0; i < l->n_words; i++) {
    at_text_addf(t, "<span data-w=\"%zu\">", i);
    at_rp_escape(t, l->words[i]);
    at_text_add(t, "</span> ");
  }
  if (l->n_words) at_text_add(t, "&#183; ");
  if (l->name) {
    at_text_add(t, "picture <code>");
    at_rp_escape(t, l->name);
    at_text_add(t, "</code> &#183; ");
  }
  at_text_addf(t, "row %zu of the data</p>\n", pair);
}

static at_status photo(const at_look *l, at_text *t, at_error *err) {
  rp_picture p;
  if (!l->rgb) {
    at_text_add(t,
                "<p class=\"where\">The data has no picture to show; regions are drawn on a plain "
                "sheet.</p>\n");
    return AT_OK;
  }
  at_status s = at_rp_picture(l, 0, PHOTO, &p, err);
  if (s != AT_OK) return s;
  at_text_addf(t, "<img class=\"photo\" width=\"%d\" height=\"%d\" alt=\"the picture ", p.w, p.h);
  at_rp_escape(t, l->name ? l->name : "as the model sees it");
  at_text_add(t, "\" src=\"");
  s = at_rp_picture_uri(&p, t, err);
  at_text_add(t, "\">\n");
  at_rp_picture_free(&p);
  return s;
}

static at_status draw_head(const rp_pairs *g, size_t k, const at_look *l, at_text *t,
                           at_error *err) {
  title(g, k, l, t);
  caption(l, g->seen[rank_of(g, k)].pair, t);
  at_status s = photo(l, t, err);
  at_text_add(t, "<div class=\"scroll\"><table class=\"words\">\n");
  at_rp_panel_words(l, "group", t);
  return s;
}

/* Drawn apart and added whole: what fails half-way leaves no half of a table. */
static at_status draw_pair(rp_pairs *g, size_t k, const rp_visit *v, const at_look *l,
                           at_error *err) {
  at_text head = {0}, rows = {0};
  bool first = !g->words[k];
  const char *label = v->r->group[v->group].label;
  at_status s = first ? draw_head(g, k, l, &head, err) : AT_OK;
  if (s == AT_OK)
    s = at_rp_panel(l, label, v->about->word_axis, !first && !same_words(g->words[k], l), &rows,
                    err);
  if (s == AT_OK && first && !(g->words[k] = copy_words(l))) s = at_nomem(err);
  if (s == AT_OK && (head.failed || rows.failed)) s = at_nomem(err);
  if (s == AT_OK && first) at_text_addn(&g->head[k], head.data, head.len);
  if (s == AT_OK) at_text_addn(&g->body[k], rows.data, rows.len);
  at_text_free(&head);
  at_text_free(&rows);
  return s;
}

at_status at_rp_pairs_add(rp_pairs *g, const rp_visit *v, at_error *err) {
  at_status s = AT_OK;
  if (!g->n_pairs) {
    g->n_seen = 0;
    s = choose(g, v, err);
  }
  for (size_t k = 0; s == AT_OK && k < g->n_pairs; k++) {
    at_look l = {0};
    size_t pair = g->seen[rank_of(g, k)].pair;
    if (pair >= v->about->rows) return at_fail(err, AT_EINPUT, "its data has no row %zu", pair);
    s = v->src->look(v->session, pair, &l, err);
    if (s != AT_OK) break;
    s = draw_pair(g, k, v, &l, err);
    v->src->free_look(&l);
  }
  return s;
}

/* ---- the section ---- */

static void explain(const rp_pairs *g, const at_report *r, at_text *t) {
  at_text_addf(t, "<p>%zu true pair%s of the split <em>", g->n_pairs, g->n_pairs == 1 ? "" : "s");
  at_rp_escape(t, g->split);
  at_text_addf(t,
               "</em>, from the most to the least similar at even distances among %zu that were "
               "looked at. "
               "The similarity is that of ",
               g->n_seen);
  at_rp_escape(t, r->group[g->reference].label);
  at_text_add(
      t,
      "; the pairs are the same for every group, each shown by its run of the lowest seed.</p>\n"
      "<p>Each word has its own scale: the region of the largest weight is the brightest. The "
      "number "
      "below a picture is the entropy of the weights in nats, the bar its part of the entropy of "
      "equal "
      "weights. Point at a picture for its weights.</p>\n");
}

void at_rp_pairs_write(const rp_pairs *g, const at_report *r, at_text *out) {
  if (g->n_pairs) explain(g, r, out);
  for (size_t k = 0; k < g->n_pairs; k++) {
    if (!g->head[k].data || !g->body[k].data) continue;
    at_text_add(out, "<article class=\"pair\">\n");
    at_text_add(out, g->head[k].data);
    at_text_add(out, g->body[k].data);
    at_text_add(out, "</table></div>\n</article>\n");
    out->failed |= g->head[k].failed || g->body[k].failed;
  }
}

void at_rp_pairs_free(rp_pairs *g) {
  if (!g) return;
  for (size_t k = 0; g->words && k < MOST_PAIRS; k++) {
    for (char **w = g->words[k]; w && *w; w++) free(*w);
    free(g->words[k]);
  }
  for (size_t k = 0; g->head && k < MOST_PAIRS; k++) at_text_free(&g->head[k]);
  for (size_t k = 0; g->body && k < MOST_PAIRS; k++) at_text_free(&g->body[k]);
  free(g->seen);
  free(g->words);
  free(g->head);
  free(g->body);
  free(g);
}

rp_pairs *at_rp_pairs_new(const char *split, int want) {
  rp_pairs *g = calloc(1, sizeof *g);
  if (!g) return NULL;
  g->split = split;
  g->want = want < 0 ? USUAL : want < MOST_PAIRS ? (size_t)want : MOST_PAIRS;
  g->seen = calloc(MOST_CANDIDATES, sizeof *g->seen);
  g->words = calloc(MOST_PAIRS, sizeof *g->words);
  g->head = calloc(MOST_PAIRS, sizeof *g->head);
  g->body = calloc(MOST_PAIRS, sizeof *g->body);
  if (g->seen && g->words && g->head && g->body) return g;
  at_rp_pairs_free(g);
  return NULL;
}
