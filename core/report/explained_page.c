/* What explain measured, on the page, in the terminal and in the document. */
#include "core/report/explained.h"

at_status at_rx_text(const at_report *r, bool color, at_arena *a, at_text *t, at_error *err) {
  rp_grid g;
  rp_notes legend = {0};
  at_status st = AT_OK;
  for (size_t b = 0; st == AT_OK && b < r->explained->n; b++) {
    at_text_add(t, "\n");
    st = at_rx_head_grid(r, b, a, &g, err);
    if (st == AT_OK) st = at_rp_grid_text(&g, a, color, t, err);
  }
  if (st == AT_OK) st = at_rx_legend(r, color ? "Bold" : "*", a, &legend, err);
  for (size_t i = 0; i < legend.n; i++) at_text_addf(t, "%s%s\n", i ? "" : "\n", legend.v[i]);
  return st;
}

static at_status conditions_latex(const at_report *r, at_arena *a, at_text *t, at_error *err) {
  const rp_explained *x = r->explained;
  rp_grid g;
  at_status st = AT_OK;
  for (size_t b = 0; b < x->n; b++)
    for (size_t i = 0; i < x->table[b].n_conditions; i++) {
      const rx_condition *c = &x->table[b].condition[i];
      for (size_t k = 0; st == AT_OK && k < c->n; k++) {
        st = at_rx_within_grid(r, c, &c->v[k], x->block[b].name, a, &g, err);
        if (st == AT_OK) st = at_rp_grid_latex(&g, a, t, err);
      }
    }
  return st;
}

static at_status pairs_latex(const at_report *r, at_arena *a, at_text *t, at_error *err) {
  rp_grid g;
  rp_notes legend = {0};
  at_status st = at_rx_pairs_legend(r, a, &legend, err);
  for (size_t b = 0; st == AT_OK && b < r->explained->n; b++) {
    st = at_rx_pairs_grid(r, b, a, &g, err);
    if (st == AT_OK) g.notes = legend;
    if (st == AT_OK) st = at_rp_grid_latex(&g, a, t, err);
  }
  return st;
}

at_status at_rx_latex(const at_report *r, at_arena *a, at_text *t, at_error *err) {
  rp_grid g;
  rp_notes legend = {0};
  at_status st = at_rx_legend(r, "Bold", a, &legend, err);
  for (size_t b = 0; st == AT_OK && b < r->explained->n; b++) {
    st = at_rx_head_grid(r, b, a, &g, err);
    for (size_t i = 0; st == AT_OK && i < legend.n; i++)
      st = at_rp_note(a, &g.notes, legend.v[i], err);
    if (st == AT_OK) st = at_rp_grid_latex(&g, a, t, err);
    if (st == AT_OK) st = at_rx_all_grid(r, b, a, &g, err);
    if (st == AT_OK) st = at_rp_grid_latex(&g, a, t, err);
  }
  if (st == AT_OK) st = conditions_latex(r, a, t, err);
  return st == AT_OK ? pairs_latex(r, a, t, err) : st;
}

static at_status block(const at_report *r, size_t b, at_arena *a, at_text *t, at_error *err) {
  rp_grid g;
  at_status st = at_rx_head_grid(r, b, a, &g, err);
  if (st != AT_OK) return st;
  at_text_add(t, "<h3>");
  at_rp_escape(t, g.title);
  at_text_add(t, "</h3>\n");
  at_rp_grid_html(&g, t);
  st = at_rx_all_grid(r, b, a, &g, err);
  if (st != AT_OK || !g.rows) return st;
  at_text_addf(t, "<details>\n<summary>All %zu results of this block</summary>\n", g.rows);
  at_rp_grid_html(&g, t);
  at_text_add(t, "</details>\n");
  return AT_OK;
}

static void heading(const at_report *r, size_t b, at_text *t) {
  at_text_add(t, "<h3>");
  at_rp_escape(t, r->explained->block[b].name);
  at_text_add(t, "</h3>\n");
}

/* ---- keys taken away ---- */

static at_status removal(const at_report *r, at_arena *a, rp_figures *f, at_text *t,
                         at_error *err) {
  rp_grid g;
  at_status st = AT_OK;
  at_text_add(
      t,
      "<section id=\"removal\">\n<h2>Keys taken away</h2>\n"
      "<p>The output, the probability of the answer or a similarity, while keys are masked in "
      "the order of their weights. Attention that shows what the answer hangs on falls fast "
      "on the left and late on the right. Line: mean over seeds and examples; band: from the "
      "lowest to the highest seed.</p>\n");
  for (size_t b = 0; st == AT_OK && b < r->explained->n; b++) {
    if (!r->explained->table[b].curves.n) continue;
    heading(r, b, t);
    at_text_add(t, "<div class=\"plots beside\">\n");
    at_rx_plot_removal(r, b, f, t);
    at_text_add(t, "<div>\n");
    st = at_rx_areas_grid(r, b, a, &g, err);
    if (st == AT_OK) at_rp_grid_html(&g, t);
    at_text_add(t, "</div>\n</div>\n");
  }
  at_rp_legend(r, t);
  at_text_add(t, "</section>\n");
  return st;
}

/* ---- conditions ---- */

static void conditions(const at_report *r, rp_figures *f, at_text *t) {
  const rp_explained *x = r->explained;
  bool open = false;
  for (size_t b = 0; b < x->n; b++)
    for (size_t i = 0; i < x->table[b].n_conditions; i++) {
      const rx_condition *c = &x->table[b].condition[i];
      if (!open)
        at_text_add(t,
                    "<section id=\"conditions\">\n<h2>By condition</h2>\n"
                    "<p>Means within parts of the examples. ω²: how much of the variance between "
                    "examples the condition explains, mean over seeds; p: how often parts drawn at "
                    "random explain as much, the largest of the seeds; bold below 0.05. Empty: no "
                    "example.</p>\n");
      open = true;
      at_text_add(t, "<h3>");
      at_rp_escape(t, x->block[b].name);
      at_text_add(t, " by ");
      at_rp_escape(t, c->split.name);
      at_text_add(t, "</h3>\n<div class=\"plots flow\">\n");
      for (size_t k = 0; k < c->n; k++) at_rx_plot_within(r, b, c, &c->v[k], f, t);
      at_text_add(t, "</div>\n");
    }
  if (open) at_text_add(t, "</section>\n");
}

/* ---- two groups ---- */

static at_status comparisons(const at_report *r, at_arena *a, rp_figures *f, at_text *t,
                             at_error *err) {
  rp_grid g;
  rp_notes legend = {0};
  at_text_add(
      t,
      "<section id=\"comparisons\">\n<h2>Every two groups</h2>\n"
      "<p>How far apart two groups are, and whether that is left where both do equally "
      "well: a model that answers better may only seem to attend better. Below the diagonal: all "
      "examples; above it: those that both answer right; either way the later group less the "
      "earlier. Coloured is what is told apart, by Cohen's d.</p>\n");
  at_status st = at_rx_pairs_legend(r, a, &legend, err);
  for (size_t b = 0; st == AT_OK && b < r->explained->n; b++) {
    st = at_rx_pairs_grid(r, b, a, &g, err);
    if (st != AT_OK || !g.rows) continue;
    heading(r, b, t);
    at_text_add(t, "<div class=\"plots flow\">\n");
    for (size_t c = 0; c < r->explained->table[b].n_compared; c++)
      at_rx_plot_matrix(r, b, &r->explained->table[b].compared[c], f, t);
    at_text_add(t, "</div>\n");
    at_text_add(t, "<details>\n<summary>All differences of ");
    at_rp_escape(t, r->explained->block[b].name);
    at_text_add(t, "</summary>\n");
    at_rp_grid_html(&g, t);
    at_text_add(t, "</details>\n");
  }
  if (st == AT_OK) at_rp_notes_html(&legend, t);
  at_text_add(t, "</section>\n");
  return st;
}

at_status at_rx_page(const at_report *r, at_arena *a, rp_figures *f, at_text *t, at_error *err) {
  rp_notes legend = {0};
  at_text_add(t,
              "<section id=\"explained\">\n<h2>What attention says</h2>\n"
              "<p>How well the model does, beside whether its attention shows what the answer "
              "hangs on (faithfulness) and whether it lies where the data say that it should "
              "(plausibility).</p>\n");
  at_status st = at_rx_legend(r, "*, bold", a, &legend, err);
  for (size_t b = 0; st == AT_OK && b < r->explained->n; b++) st = block(r, b, a, t, err);
  if (st == AT_OK) at_rp_notes_html(&legend, t);
  at_text_add(t, "</section>\n");
  if (st == AT_OK) st = removal(r, a, f, t, err);
  if (st == AT_OK) conditions(r, f, t);
  return st == AT_OK && r->n_groups > 1 ? comparisons(r, a, f, t, err) : st;
}
