/* A table for people: made once, written for a terminal, a page and a document. */
#include <string.h>
#include "core/report/explained.h"

at_status at_rp_grid_new(at_arena *a, size_t rows, size_t columns, rp_grid *out, at_error *err) {
  *out = (rp_grid){.rows = rows,
                   .columns = columns,
                   .corner = "",
                   .head = AT_NEW_ARRAY(a, const char *, columns + 1),
                   .label = AT_NEW_ARRAY(a, const char *, rows + 1),
                   .under = AT_NEW_ARRAY(a, const char *, rows + 1),
                   .section = AT_NEW_ARRAY(a, const char *, rows + 1),
                   .cell = AT_NEW_ARRAY(a, rp_cell, rows * columns + 1)};
  return out->head && out->label && out->under && out->section && out->cell ? AT_OK : at_nomem(err);
}

at_status at_rp_note(at_arena *a, rp_notes *to, const char *text, at_error *err) {
  const char **v = at_arena_grow(a, to->v, to->n, &to->cap, sizeof *v);
  const char *own = at_rp_clean(a, text);
  if (!v || !own) return at_nomem(err);
  to->v = v;
  v[to->n++] = own;
  return AT_OK;
}

const char *at_rp_sign(rp_mark m) {
  return m == RP_BEST ? "*" : m == RP_LIKE ? "~" : m == RP_FLOOR ? "≈" : "";
}

/* How many columns from c on share its heading above. */
static size_t span_of(const rp_grid *g, size_t c) {
  size_t n = 1;
  while (c + n < g->columns && !strcmp(g->span[c], g->span[c + n])) n++;
  return n;
}

/* ---- terminal ---- */

typedef struct width {
  size_t text, all; /* of the number, and of the column without its mark */
} width;

static width measure(const rp_grid *g, size_t c) {
  width w = {1, 0};
  size_t small = 0;
  for (size_t r = 0; r < g->rows; r++) {
    const rp_cell *v = &g->cell[r * g->columns + c];
    w.text = at_rp_larger(w.text, v->text ? at_rp_columns(v->text) : 0);
    if (v->small) small = at_rp_larger(small, 1 + at_rp_columns(v->small));
  }
  w.all = at_rp_larger(w.text + small, at_rp_columns(g->head[c]));
  return w;
}

static void text_cell(at_text *t, const rp_cell *v, const width *w, bool color) {
  size_t small = v->small ? 1 + at_rp_columns(v->small) : 0;
  bool best = v->mark == RP_BEST && color;
  at_rp_right(t, "", w->all - w->text - small);
  if (best) at_text_add(t, "\033[1;32m");
  at_rp_right(t, v->text ? v->text : "", w->text);
  if (best) at_text_add(t, "\033[0m");
  if (v->small) at_text_addf(t, " %s", v->small);
  at_text_add(t, best || !*at_rp_sign(v->mark) ? " " : at_rp_sign(v->mark));
}

static size_t label_width(const rp_grid *g, size_t r) {
  return at_rp_columns(g->label[r]) + (g->under[r] ? 2 + at_rp_columns(g->under[r]) : 0);
}

static void end_line(at_text *t) {
  while (t->len && t->data[t->len - 1] == ' ') t->data[--t->len] = '\0';
  at_text_add(t, "\n");
}

static void text_head(const rp_grid *g, const width *w, size_t label, bool color, at_text *t) {
  if (color) at_text_add(t, "\033[1m");
  at_rp_left(t, g->corner, label);
  for (size_t c = 0; c < g->columns; c++) {
    at_text_add(t, "  ");
    at_rp_right(t, g->head[c], w[c].all);
    at_text_add(t, " ");
  }
  if (color) at_text_add(t, "\033[0m");
  end_line(t);
}

at_status at_rp_grid_text(const rp_grid *g, at_arena *a, bool color, at_text *t, at_error *err) {
  size_t label = at_rp_columns(g->corner);
  width *w = AT_NEW_ARRAY(a, width, g->columns + 1);
  if (!w) return at_nomem(err);
  for (size_t r = 0; r < g->rows; r++) label = at_rp_larger(label, label_width(g, r));
  for (size_t c = 0; c < g->columns; c++) w[c] = measure(g, c);
  at_text_addf(t, "%s\n", g->title);
  if (g->rows) text_head(g, w, label, color, t);
  for (size_t r = 0; r < g->rows; r++) {
    if (g->section[r]) at_text_addf(t, "%s\n", g->section[r]);
    at_text_add(t, g->label[r]);
    at_rp_right(t, g->under[r] ? g->under[r] : "", label - at_rp_columns(g->label[r]));
    for (size_t c = 0; c < g->columns; c++) {
      at_text_add(t, "  ");
      text_cell(t, &g->cell[r * g->columns + c], &w[c], color);
    }
    end_line(t);
  }
  for (size_t i = 0; i < g->notes.n; i++) at_text_addf(t, "%s%s\n", i ? "" : "\n", g->notes.v[i]);
  return AT_OK;
}

/* ---- page ---- */

static void html_cell(at_text *t, const rp_cell *v) {
  at_text_add(t, v->mark == RP_BEST ? "<td class=\"best\">" : "<td>");
  at_rp_escape(t, v->text ? v->text : "");
  at_text_addf(t, "<span class=\"mark\">%s</span>", at_rp_sign(v->mark));
  if (v->small) {
    at_text_add(t, "<span class=\"ci\">");
    at_rp_escape(t, v->small);
    at_text_add(t, "</span>");
  }
  at_text_add(t, "</td>");
}

static void html_head(const rp_grid *g, at_text *t) {
  at_text_add(t, "<thead>");
  if (g->span) {
    at_text_add(t, "<tr class=\"span\"><td></td>");
    for (size_t c = 0; c < g->columns; c += span_of(g, c)) {
      at_text_addf(t, "<th scope=\"colgroup\" colspan=\"%zu\">", span_of(g, c));
      at_rp_escape(t, g->span[c]);
      at_text_add(t, "</th>");
    }
    at_text_add(t, "</tr>\n");
  }
  at_text_add(t, "<tr><th scope=\"col\">");
  at_rp_escape(t, g->corner);
  at_text_add(t, "</th>");
  for (size_t c = 0; c < g->columns; c++) {
    at_text_add(t, "<th scope=\"col\">");
    at_rp_escape(t, g->head[c]);
    at_text_add(t, "</th>");
  }
  at_text_add(t, "</tr></thead>\n");
}

static void html_table(const rp_grid *g, at_text *t) {
  at_text_add(t, "<div class=\"scroll\"><table class=\"results measures\">\n");
  html_head(g, t);
  at_text_add(t, "<tbody>\n");
  for (size_t r = 0; r < g->rows; r++) {
    if (g->section[r]) {
      at_text_addf(t, "<tr class=\"section\"><th scope=\"rowgroup\" colspan=\"%zu\">",
                   g->columns + 1);
      at_rp_escape(t, g->section[r]);
      at_text_add(t, "</th></tr>\n");
    }
    at_text_add(t, "<tr><th scope=\"row\">");
    at_rp_escape(t, g->label[r]);
    if (g->under[r]) {
      at_text_add(t, "<span class=\"ci\">");
      at_rp_escape(t, g->under[r]);
      at_text_add(t, "</span>");
    }
    at_text_add(t, "</th>");
    for (size_t c = 0; c < g->columns; c++) html_cell(t, &g->cell[r * g->columns + c]);
    at_text_add(t, "</tr>\n");
  }
  at_text_add(t, "</tbody>\n</table></div>\n");
}

void at_rp_grid_html(const rp_grid *g, at_text *t) {
  if (g->rows) html_table(g, t);
  at_rp_notes_html(&g->notes, t);
}

void at_rp_notes_html(const rp_notes *n, at_text *t) {
  if (!n->n) return;
  at_text_add(t, "<ul class=\"notes\">\n");
  for (size_t i = 0; i < n->n; i++) {
    at_text_add(t, "<li>");
    at_rp_escape(t, n->v[i]);
    at_text_add(t, "</li>\n");
  }
  at_text_add(t, "</ul>\n");
}

/* ---- document ---- */

typedef struct sheet {
  const rp_grid *g;
  at_arena *a;
  at_text *t;
  at_status status;
  at_error *err;
} sheet;

static void put(sheet *h, const char *s) {
  if (h->status == AT_OK) h->status = at_rp_latex_text(h->t, h->a, s, h->err);
}

static void latex_cell(sheet *h, const rp_cell *v) {
  const char *sign = v->mark == RP_LIKE    ? "\\rlap{$^{\\sim}$}"
                     : v->mark == RP_FLOOR ? "\\rlap{$^{\\approx}$}"
                                           : "";
  at_text_add(h->t, v->mark == RP_BEST ? " & \\textbf{" : " & ");
  put(h, v->text ? v->text : "");
  if (v->mark == RP_BEST) at_text_add(h->t, "}");
  if (v->small) {
    at_text_add(h->t, " {\\scriptsize ");
    put(h, v->small);
    at_text_add(h->t, "}");
  }
  at_text_add(h->t, sign);
}

static void latex_head(sheet *h) {
  const rp_grid *g = h->g;
  at_text_add(h->t, "\n\\begin{table}\n  \\centering\n  \\begin{tabular}{l");
  for (size_t i = 0; i < g->columns; i++) at_text_add(h->t, "r");
  at_text_add(h->t, "}\n    \\toprule\n    ");
  if (g->span) {
    for (size_t c = 0; c < g->columns; c += span_of(g, c)) {
      at_text_addf(h->t, " & \\multicolumn{%zu}{c}{", span_of(g, c));
      put(h, g->span[c]);
      at_text_add(h->t, "}");
    }
    at_text_add(h->t, " \\\\\n    ");
  }
  put(h, g->corner);
  for (size_t c = 0; c < g->columns; c++) {
    at_text_add(h->t, " & ");
    put(h, g->head[c]);
  }
  at_text_add(h->t, " \\\\\n    \\midrule\n");
}

at_status at_rp_grid_latex(const rp_grid *g, at_arena *a, at_text *t, at_error *err) {
  sheet h = {g, a, t, AT_OK, err};
  if (!g->rows) return AT_OK;
  latex_head(&h);
  for (size_t r = 0; r < g->rows; r++) {
    if (g->section[r]) {
      at_text_addf(t, "    %s\\multicolumn{%zu}{l}{\\emph{", r ? "\\addlinespace\n    " : "",
                   g->columns + 1);
      put(&h, g->section[r]);
      at_text_add(t, "}} \\\\\n");
    }
    at_text_add(t, "    ");
    put(&h, g->label[r]);
    if (g->under[r]) {
      at_text_add(t, " {\\scriptsize ");
      put(&h, g->under[r]);
      at_text_add(t, "}");
    }
    for (size_t c = 0; c < g->columns; c++) latex_cell(&h, &g->cell[r * g->columns + c]);
    at_text_add(t, " \\\\\n");
  }
  at_text_add(t, "    \\bottomrule\n  \\end{tabular}\n  \\caption{");
  put(&h, g->title);
  at_text_add(t, ".");
  for (size_t i = 0; i < g->notes.n; i++) {
    at_text_add(t, "\n    ");
    put(&h, g->notes.v[i]);
  }
  at_text_add(t, "}\n\\end{table}\n");
  return h.status;
}
