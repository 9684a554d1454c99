/* The form above the examples. It is hidden until the script shows it. */
#include <stdlib.h>
#include <string.h>
#include "core/report/gallery.h"

static void option(at_text *t, const char *value, const char *text) {
  at_text_add(t, "<option value=\"");
  at_rp_escape(t, value);
  at_text_add(t, "\">");
  at_rp_escape(t, text);
  at_text_add(t, "</option>");
}

static void sides(const rp_gallery *g, at_text *t) {
  at_text_addf(t, "<fieldset><legend>%s</legend>\n", g->seeds ? "Seeds" : "Groups");
  for (size_t i = 0; i < g->n_sides; i++) {
    at_text_addf(t,
                 "<span class=\"who1\"><label><input type=\"checkbox\" name=\"g\" value=\"%zu\" "
                 "checked> ",
                 i);
    at_rp_escape(t, g->side[i].label);
    at_text_add(t, "</label>");
    if (g->answers) {
      at_text_addf(t, " <select name=\"r%zu\" aria-label=\"answers of ", i);
      at_rp_escape(t, g->side[i].label);
      at_text_add(t, "\">");
      option(t, "", "right or wrong");
      option(t, "1", "right");
      option(t, "0", "wrong");
      at_text_add(t, "</select>");
    }
    at_text_add(t, "</span>\n");
  }
  at_text_add(t, "</fieldset>\n");
}

static void answers(const rp_gallery *g, at_text *t) {
  bool many = g->n_sides > 1;
  at_text_add(t, "<label>Answers <select name=\"answers\">");
  option(t, "", "all");
  option(t, "right", many ? "right by all" : "right");
  option(t, "wrong", many ? "wrong by some" : "wrong");
  if (many) {
    option(t, "allwrong", "wrong by all");
    option(t, "mixed", "right by some, wrong by others");
  }
  at_text_add(t, "</select></label>\n");
  if (many)
    at_text_add(
        t, "<label><input type=\"checkbox\" name=\"differ\"> different answers only</label>\n");
}

static int by_name(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static at_status types(const rp_gallery *g, at_text *t, at_error *err) {
  const char **name = AT_NEW_ARRAY(g->arena, const char *, g->n + 1);
  size_t n = 0;
  if (!name) return at_nomem(err);
  for (size_t k = 0; k < g->n; k++) {
    const at_look *l = at_rp_any_look(g, k);
    if (l && l->type && *l->type) name[n++] = l->type;
  }
  qsort(name, n, sizeof *name, by_name);
  if (!n || !strcmp(name[0], name[n - 1])) return AT_OK;
  at_text_add(t, "<label>Type <select name=\"type\">");
  option(t, "", "all");
  for (size_t i = 0; i < n; i++)
    if (!i || strcmp(name[i], name[i - 1])) option(t, name[i], name[i]);
  at_text_add(t, "</select></label>\n");
  return AT_OK;
}

static void order(const rp_gallery *g, at_text *t) {
  if (g->n_sides > 1)
    at_text_add(t,
                "<label>Attention differs by at least <input type=\"number\" name=\"least\" "
                "min=\"0\" max=\"1\" step=\"0.05\" value=\"0\"></label>\n");
  at_text_add(t, "<label>Order <select name=\"order\">");
  option(t, "", "as chosen");
  option(t, "row", "row of the data");
  if (g->n_sides > 1) {
    option(t, "most", "attention differs most first");
    option(t, "least", "attention differs least first");
  }
  at_text_add(t, "</select></label>\n");
}

static bool has_heads(const rp_gallery *g) {
  for (size_t i = 0; i < g->n_sides; i++) {
    const at_look *l = g->n && g->example[0].there[i] ? &g->example[0].look[i] : NULL;
    for (size_t k = 0; l && k < l->n_attention; k++)
      if (l->attention[k].head) return true;
  }
  return false;
}

at_status at_rp_gallery_tools(const rp_gallery *g, at_text *t, at_error *err) {
  at_text_add(t, "<form class=\"tools\" aria-label=\"Which examples are shown\" hidden>\n");
  sides(g, t);
  if (g->answers) answers(g, t);
  at_status s = types(g, t, err);
  order(g, t);
  if (at_rp_has_truth(g))
    at_text_add(
        t, "<label><input type=\"checkbox\" name=\"truth\" checked> mark what decides</label>\n");
  if (has_heads(g))
    at_text_add(t, "<label><input type=\"checkbox\" name=\"heads\"> each head</label>\n");
  at_text_add(t,
              "<label><input type=\"checkbox\" name=\"numbers\"> numbers</label>\n"
              "<button type=\"button\" name=\"anew\">Reset</button>\n"
              "<output aria-live=\"polite\"></output>\n</form>\n");
  return s;
}
