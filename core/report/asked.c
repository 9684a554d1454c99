/* Questions about pictures, the same for every group: what was answered, and what every step
 * of the reasoning attended to. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/report/report_impl.h"

enum { MOST_CANDIDATES = 200, MOST_QUESTIONS = 50, USUAL = 12 };

typedef struct candidate {
  size_t row;
  bool right, taken;
  char *type, *text;
} candidate;

struct rp_asked {
  const char *split;
  size_t want, n_right; /* of those shown */
  candidate *seen;      /* right ones first; of a kind by type and row */
  size_t n_seen, right; /* right: how many */
  size_t shown[MOST_QUESTIONS], n;
  size_t reference; /* the group that chose */
  at_text *head, *body;
};

/* ---- choosing ---- */

static int by_kind(const void *a, const void *b) {
  const candidate *x = a, *y = b;
  if (x->right != y->right) return x->right ? -1 : 1;
  int c = strcmp(x->type, y->type);
  return c ? c : (x->row > y->row) - (x->row < y->row);
}

static bool is_right(const at_look *l) {
  return l->expected && l->predicted && !strcmp(l->expected, l->predicted);
}

static void forget(rp_asked *g) {
  for (size_t i = 0; i < g->n_seen; i++) {
    free(g->seen[i].type);
    free(g->seen[i].text);
  }
  g->n_seen = g->right = 0;
}

static at_status see(rp_asked *g, const rp_visit *v, at_error *err) {
  size_t rows = v->about->rows, n = rows < MOST_CANDIDATES ? rows : MOST_CANDIDATES;
  forget(g);
  for (size_t i = 0; i < n; i++) {
    at_look l = {0};
    /* the quotient and the rest apart: i * rows may not fit */
    size_t row = rows / n * i + rows % n * i / n;
    at_status s = v->src->look(v->session, row, &l, err);
    if (s != AT_OK) return s;
    candidate *c = &g->seen[g->n_seen++];
    *c = (candidate){.row = row, .right = is_right(&l)};
    c->type = strdup(l.type ? l.type : "");
    c->text = strdup(l.text ? l.text : "");
    g->right += c->right;
    v->src->free_look(&l);
    if (!c->type || !c->text) return at_nomem(err);
  }
  qsort(g->seen, g->n_seen, sizeof *g->seen, by_kind);
  return AT_OK;
}

static bool is_new(const rp_asked *g, const char *text) {
  for (size_t i = 0; i < g->n_seen; i++)
    if (g->seen[i].taken && !strcmp(g->seen[i].text, text)) return false;
  return true;
}

/* From `at` on and around: one whose question is not shown yet, else any. */
static size_t next(const rp_asked *g, const candidate *c, size_t n, size_t at) {
  for (int any = 0; any < 2; any++)
    for (size_t d = 0; d < n; d++) {
      const candidate *own = &c[(at + d) % n];
      if (!own->taken && (any || is_new(g, own->text))) return (at + d) % n;
    }
  return at;
}

/* `want` of n at even distances. */
static void take(rp_asked *g, candidate *c, size_t n, size_t want) {
  for (size_t k = 0; k < want; k++) {
    size_t i = next(g, c, n, (2 * k + 1) * n / (2 * want));
    c[i].taken = true;
    g->shown[g->n++] = c[i].row;
  }
}

/* Half of them right, half of them wrong, as far as there are such. */
static at_status choose(rp_asked *g, const rp_visit *v, at_error *err) {
  at_status s = see(g, v, err);
  if (s != AT_OK) return s;
  size_t wrong = g->n_seen - g->right, want = g->want < g->n_seen ? g->want : g->n_seen;
  size_t half = (want + 1) / 2, right = half < g->right ? half : g->right;
  if (want - right > wrong) right = want - wrong;
  take(g, g->seen, g->right, right);
  take(g, g->seen + g->right, wrong, want - right);
  g->n_right = right;
  g->reference = v->group;
  return AT_OK;
}

/* ---- one question ---- */

static void fact(at_text *t, const char *name, const char *value) {
  if (!value || !*value) return;
  at_text_addf(t, "<span>%s <b>", name);
  at_rp_escape(t, value);
  at_text_add(t, "</b></span> ");
}

static at_status draw_head(const at_look *l, size_t k, size_t row, const char *id, at_text *t,
                           at_error *err) {
  char number[32];
  snprintf(number, sizeof number, "%zu", row);
  at_status s = at_rp_ask_picture(l, id, t, err);
  at_text_addf(t, "<h3><span class=\"h\">%zu</span> ", k + 1);
  at_rp_escape(t, l->text ? l->text : "no text");
  at_text_add(t, "</h3>\n<p class=\"facts\">");
  fact(t, "expected", l->expected);
  fact(t, "type", l->type);
  fact(t, "picture", l->name);
  fact(t, "row", number);
  at_text_add(t, "</p>\n");
  return s;
}

static at_status draw_answer(const at_look *l, const char *label, const char *id, at_text *t,
                             at_error *err) {
  char buf[RP_NUMBER];
  bool right = is_right(l);
  at_text_add(t, "<div class=\"answer\"><div class=\"who\"><span class=\"label\">");
  at_rp_escape(t, label);
  at_text_addf(t, "</span><span class=\"verdict %s\">%s ", right ? "right" : "wrong",
               right ? "✓" : "✗");
  at_rp_escape(t, l->predicted ? l->predicted : "no answer");
  at_text_addf(t, "</span><span class=\"h\">%s, logit %s</span></div>\n", right ? "right" : "wrong",
               at_rp_number(buf, l->logit, 2));
  at_status s = at_rp_steps(l, label, id, t, err);
  at_text_add(t, "</div>\n");
  return s;
}

/* Drawn apart and added whole: what fails half-way leaves no half of a row. */
static at_status draw(rp_asked *g, size_t k, const rp_visit *v, const at_look *l, at_error *err) {
  at_text head = {0}, body = {0};
  char id[32];
  snprintf(id, sizeof id, "asked%zu", k + 1);
  bool first = !g->head[k].data;
  at_status s = first ? draw_head(l, k, g->shown[k], id, &head, err) : AT_OK;
  if (s == AT_OK) s = draw_answer(l, v->r->group[v->group].label, l->rgb ? id : NULL, &body, err);
  if (s == AT_OK && (head.failed || body.failed)) s = at_nomem(err);
  if (s == AT_OK && first) at_text_addn(&g->head[k], head.data, head.len);
  if (s == AT_OK) at_text_addn(&g->body[k], body.data, body.len);
  at_text_free(&head);
  at_text_free(&body);
  return s;
}

at_status at_rp_asked_add(rp_asked *g, const rp_visit *v, at_error *err) {
  at_status s = g->n ? AT_OK : choose(g, v, err);
  for (size_t k = 0; s == AT_OK && k < g->n; k++) {
    at_look l = {0};
    if (g->shown[k] >= v->about->rows)
      return at_fail(err, AT_EINPUT, "its data has no row %zu", g->shown[k]);
    s = v->src->look(v->session, g->shown[k], &l, err);
    if (s != AT_OK) break;
    s = draw(g, k, v, &l, err);
    v->src->free_look(&l);
  }
  return s;
}

/* ---- the section ---- */

static void explain(const rp_asked *g, const at_report *r, at_text *t) {
  at_text_addf(t, "<p>%zu question%s of the split <em>", g->n, g->n == 1 ? "" : "s");
  at_rp_escape(t, g->split);
  at_text_addf(t, "</em>: %zu that ", g->n_right);
  at_rp_escape(t, r->n_groups == 1 ? "the model" : r->group[g->reference].label);
  at_text_addf(t,
               " answers right, then %zu that it answers wrong, each at even distances over the "
               "types among %zu that were looked at (%zu right).",
               g->n - g->n_right, g->n_seen, g->right);
  at_text_add(
      t,
      " The questions are the same for every group, each shown by its run of the lowest "
      "seed.</p>\n"
      "<div class=\"shades\"><span>weight 0</span><i></i><span>the largest of that step, or "
      "twice an equal share if that is more</span></div>\n"
      "<p class=\"h\">In every step a block shades the words, or lights and frames the cells (row, "
      "column), that it attends to. Under it stands where it has the most, with that weight, and "
      "the entropy H of all its weights in nats. Point at a word or a cell for its own "
      "weight.</p>\n");
}

void at_rp_asked_write(const rp_asked *g, const at_report *r, at_text *out) {
  if (g->n) explain(g, r, out);
  for (size_t k = 0; k < g->n; k++) {
    if (!g->head[k].data || !g->body[k].data) continue;
    at_text_add(out, "<article class=\"asked\">\n");
    at_text_add(out, g->head[k].data);
    at_text_add(out, g->body[k].data);
    at_text_add(out, "</article>\n");
    out->failed |= g->head[k].failed || g->body[k].failed;
  }
}

void at_rp_asked_free(rp_asked *g) {
  if (!g) return;
  if (g->seen) forget(g);
  for (size_t k = 0; g->head && k < MOST_QUESTIONS; k++) at_text_free(&g->head[k]);
  for (size_t k = 0; g->body && k < MOST_QUESTIONS; k++) at_text_free(&g->body[k]);
  free(g->seen);
  free(g->head);
  free(g->body);
  free(g);
}

rp_asked *at_rp_asked_new(const char *split, int want) {
  rp_asked *g = calloc(1, sizeof *g);
  if (!g) return NULL;
  g->split = split;
  g->want = want < 0 ? USUAL : want < MOST_QUESTIONS ? (size_t)want : MOST_QUESTIONS;
  g->seen = calloc(MOST_CANDIDATES, sizeof *g->seen);
  g->head = calloc(MOST_QUESTIONS, sizeof *g->head);
  g->body = calloc(MOST_QUESTIONS, sizeof *g->body);
  if (g->seen && g->head && g->body) return g;
  at_rp_asked_free(g);
  return NULL;
}
