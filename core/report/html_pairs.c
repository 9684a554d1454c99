/* Attention on pairs of the data: the photo once, and for every word the photo under a veil
 * that is the thinner the more attention a region gets. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/data/image.h"
#include "core/report/report_impl.h"

enum { MOST_CANDIDATES = 48, SIDE = 160 };

/* ---- which pairs ---- */

typedef struct pair {
  int64_t rows[4];
  float similarity;
} pair;

/* The table whose rows link to the other's, both fed to the model: captions. */
static const at_field *link_field(const at_session *s) {
  size_t n;
  const at_field *f = at_dataset_fields(at_session_dataset(s), &n);
  for (size_t i = 0; i < n; i++)
    if (f[i].f.type == ATTUNE_FIELD_LINK && f[i].f.link) return &f[i];
  return NULL;
}

/* Batch axes of the model in the order of its inputs: 0 for `from`, 1 for `to`. */
static int axis_position(const at_graph *g, const char *table) {
  const char *seen[4];
  int n = 0;
  for (int i = 0; i < g->n_input; i++) {
    int a = g->input[i]->dim[0].axis;
    if (g->axis[a].parent >= 0) a = g->axis[a].parent;
    const char *name = g->axis[a].name;
    bool known = false;
    for (int k = 0; k < n; k++) known |= !strcmp(seen[k], name);
    if (!known && n < 4) seen[n++] = name;
  }
  for (int k = 0; k < n; k++)
    if (!strcmp(seen[k], table)) return k;
  return -1;
}

static int by_similarity(const void *a, const void *b) {
  float x = ((const pair *)a)->similarity, y = ((const pair *)b)->similarity;
  return (x < y) - (x > y);
}

/* From candidates spread over the split: the most similar, the least, and between. */
static at_status choose(at_session *s, const at_report_options *o, pair *out, size_t *n,
                        at_error *err) {
  const at_field *link = link_field(s);
  const char *split = at_session_split(s, o->split);
  pair candidate[MOST_CANDIDATES];
  size_t k = 0;
  *n = 0;
  if (!link) return AT_OK;
  int from = axis_position(at_session_graph(s), link->table),
      to = axis_position(at_session_graph(s), link->f.link);
  int64_t rows = at_dataset_rows(at_session_dataset(s), split, link->table);
  if (from < 0 || to < 0 || rows < 1) return AT_OK;
  int64_t count = rows < MOST_CANDIDATES ? rows : MOST_CANDIDATES;
  for (int64_t i = 0; i < count; i++) {
    int64_t row = i * rows / count, target;
    at_look l;
    at_status st = at_dataset_read(at_session_dataset(s), split, link, row, &target, err);
    candidate[k] = (pair){{0}, 0};
    candidate[k].rows[from] = row;
    candidate[k].rows[to] = target;
    if (st == AT_OK) st = at_session_look(s, o->split, candidate[k].rows, 2, &l, err);
    if (st != AT_OK) return st;
    candidate[k++].similarity = l.similarity;
    at_look_free(&l);
  }
  qsort(candidate, k, sizeof *candidate, by_similarity);
  *n = (size_t)o->pairs < k ? (size_t)o->pairs : k;
  for (size_t i = 0; i < *n; i++) out[i] = candidate[*n > 1 ? i * (k - 1) / (*n - 1) : 0];
  return AT_OK;
}

/* ---- pictures ---- */

static at_status photo(at_text *t, const at_look *l, size_t id, at_error *err) {
  at_image in = {(int)l->width, (int)l->height, l->rgb}, big = {0};
  at_text jpeg = {0};
  int h = (int)((double)SIDE * (double)l->height / (double)l->width);
  at_status s = at_image_resize(&in, SIDE, h < 1 ? 1 : h, AT_FILTER_TRIANGLE, &big, err);
  if (s == AT_OK) s = at_image_jpeg_mem(&big, 80, &jpeg, err);
  if (s == AT_OK) {
    at_text_addf(t,
                 "<svg width=\"0\" height=\"0\" style=\"position:absolute\"><defs><image "
                 "id=\"p%zu\" width=\"%lld\" "
                 "height=\"%lld\" href=\"data:image/jpeg;base64,",
                 id, (long long)l->width, (long long)l->height);
    at_html_base64(t, jpeg.data, jpeg.len);
    at_text_add(t, "\"/></defs></svg>\n");
  }
  at_text_free(&jpeg);
  at_image_free(&big);
  return s;
}

/* The region's rectangle in pixels: a cell of the grid, or its box. */
static void region(const at_look *l, int64_t i, int64_t n, double *x, double *y, double *w,
                   double *h) {
  if (l->grid_h * l->grid_w == n) {
    *w = (double)l->width / (double)l->grid_w;
    *h = (double)l->height / (double)l->grid_h;
    *x = (double)(i % l->grid_w) * *w;
    *y = (double)(i / l->grid_w) * *h;
  } else {
    const float *b = l->boxes + 4 * i;
    *x = b[0];
    *y = b[1];
    *w = b[2];
    *h = b[3];
  }
}

static bool drawable(const at_look *l, int64_t regions) {
  return l->rgb && (l->grid_h * l->grid_w == regions || l->n_boxes == regions);
}

static void veil(at_text *t, const at_look *l, const double *share, int64_t n, size_t id,
                 const char *word) {
  double most = 0, entropy = 0;
  for (int64_t i = 0; i < n; i++) {
    most = fmax(most, share[i]);
    if (share[i] > 0) entropy -= share[i] * log(share[i]);
  }
  at_text_addf(t, "<figure><svg class=\"at\" viewBox=\"0 0 %lld %lld\" role=\"img\"><title>",
               (long long)l->width, (long long)l->height);
  at_html_text(t, word);
  at_text_addf(t, ": largest weight %.3f</title><use href=\"#p%zu\"/>", most, id);
  bool grid = l->grid_h * l->grid_w == n;
  for (int64_t i = 0; i < n; i++) {
    double x, y, w, h, strength = most > 0 ? share[i] / most : 0;
    region(l, i, n, &x, &y, &w, &h);
    if (grid)
      at_text_addf(
          t, "<rect x=\"%.4g\" y=\"%.4g\" width=\"%.4g\" height=\"%.4g\" fill-opacity=\"%.2f\"/>",
          x, y, w, h, 0.82 * (1 - strength));
    else
      at_text_addf(t,
                   "<rect x=\"%.4g\" y=\"%.4g\" width=\"%.4g\" height=\"%.4g\" fill=\"none\" "
                   "stroke=\"#fc0\" "
                   "stroke-width=\"2\" stroke-opacity=\"%.2f\"/>",
                   x, y, w, h, strength);
  }
  at_text_add(t, "</svg><figcaption>");
  at_html_text(t, word);
  at_text_addf(t, "<br><small>%.0f%% of even</small></figcaption></figure>\n",
               n > 1 ? 100 * entropy / log((double)n) : 100);
}

/* Words ask regions: a row of weights for each word. Regions ask words: the share that each
 * region gives the word, made to sum to one over regions. */
static at_status words(at_text *t, const at_look *l, const at_attention *a, size_t id,
                       at_error *err) {
  bool words_ask = a->queries == (int64_t)l->n_words && drawable(l, a->keys);
  bool regions_ask = !words_ask && a->keys == (int64_t)l->n_words && drawable(l, a->queries);
  int64_t n = words_ask ? a->keys : a->queries;
  if (!words_ask && !regions_ask) return AT_OK;
  double *share = malloc((size_t)n * sizeof *share);
  if (!share) return at_nomem(err);
  at_text_add(t, "<div class=\"row\">\n");
  for (size_t w = 0; w < l->n_words; w++) {
    double sum = 0;
    for (int64_t i = 0; i < n; i++) {
      share[i] =
          words_ask ? a->weight[(int64_t)w * a->keys + i] : a->weight[i * a->keys + (int64_t)w];
      sum += share[i];
    }
    for (int64_t i = 0; i < n && sum > 0; i++) share[i] /= sum;
    veil(t, l, share, n, id, l->words[w]);
  }
  at_text_add(t, "</div>\n");
  free(share);
  return AT_OK;
}

/* ---- the section ---- */

typedef struct section {
  const at_report *r;
  at_registry *reg;
  const at_report_options *o;
  pair pairs[128];
  size_t n;
  at_text *head, *body; /* [n]: the photo and caption; what the groups see */
} section;

static at_status look_at_pairs(section *c, at_session *s, size_t group, at_error *err) {
  at_status st = AT_OK;
  for (size_t i = 0; st == AT_OK && i < c->n; i++) {
    at_look l;
    if ((st = at_session_look(s, c->o->split, c->pairs[i].rows, 2, &l, err)) != AT_OK) break;
    if (group == 0) {
      if (l.rgb) st = photo(&c->head[i], &l, i, err);
      at_text_add(&c->head[i], "<h3>");
      at_html_text(&c->head[i], l.text ? l.text : "");
      at_text_add(&c->head[i], "</h3>\n");
    }
    at_text_add(&c->body[i], "<h4>");
    at_html_text(&c->body[i], c->r->group[group].label);
    at_text_addf(&c->body[i], " <span class=\"sd\">similarity %.3f</span></h4>\n",
                 (double)l.similarity);
    for (size_t a = 0; st == AT_OK && a < l.n_attention; a++)
      st = words(&c->body[i], &l, &l.attention[a], i, err);
    at_look_free(&l);
  }
  return st;
}

static at_status fill(section *c, at_error *err) {
  at_status st = AT_OK;
  for (size_t g = 0; st == AT_OK && g < c->r->n_groups; g++) {
    at_session *s = NULL;
    st = at_session_open(c->reg, c->r->run[c->r->group[g].run[0]].dir, 0, &s, NULL, err);
    if (st == AT_OK && g == 0) st = choose(s, c->o, c->pairs, &c->n, err);
    if (st == AT_OK) st = look_at_pairs(c, s, g, err);
    at_session_free(s);
  }
  return st;
}

at_status at_html_pairs(at_text *t, const at_report *r, at_registry *reg,
                        const at_report_options *o, at_error *err) {
  section c = {.r = r, .reg = reg, .o = o};
  at_error why = {0};
  c.head = calloc(129, sizeof *c.head);
  c.body = calloc(129, sizeof *c.body);
  at_status s = c.head && c.body ? fill(&c, &why) : at_nomem(&why);
  at_text_add(t, "<h2>Attention</h2>\n");
  if (s == AT_OK && c.n)
    at_text_add(t,
                "<p class=\"note\">Pairs of the split from the most to the least similar (by the "
                "first group), seen by the "
                "first run of each group. For every word the regions that get less attention are "
                "darker; below it the "
                "entropy of the weights, in percent of even weights. Pictures show where a model "
                "looks, not why it "
                "decides.</p>\n");
  /* Data that went away since is no reason to withhold the numbers. */
  if (s == AT_EINPUT || s == AT_EFAIL) {
    at_text_add(t, "<p class=\"note\">No pictures: ");
    at_html_text(t, why.message);
    at_text_add(t, "</p>\n");
    s = AT_OK;
  }
  for (size_t i = 0; c.head && c.body && i < 129; i++) {
    if (i < c.n && c.body[i].data) {
      at_text_add(t, "<div class=\"pair\">\n");
      at_text_add(t, c.head[i].data ? c.head[i].data : "");
      at_text_add(t, c.body[i].data);
      at_text_add(t, "</div>\n");
    }
    at_text_free(&c.head[i]);
    at_text_free(&c.body[i]);
  }
  free(c.head);
  free(c.body);
  return s == AT_OK ? s : at_nomem(err);
}
