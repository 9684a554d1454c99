/* The picture as the text of a Graphviz graph. Every name passes through an escape. */
#include <inttypes.h>
#include <string.h>
#include "core/draw/draw_impl.h"

/* ---- looks ---- */

#define INK   "#22303c"
#define QUIET "#6b7883"
#define AXES  "#3d6a8f"
enum { WIDTH = 40 }; /* characters of a line of operators, about */

static const struct look {
  const char *shape, *style, *fill, *line, *more;
} looks[AT_BOX_KINDS] = {
    [AT_BOX_INPUT] = {"box", "filled", "#dfeaf4", "#6f93b5", " penwidth=1.6"},
    [AT_BOX_VALUE] = {"box", "rounded,filled", "#f7f8f9", "#b4bcc4", ""},
    [AT_BOX_LEARNED] = {"note", "filled", "#efeaf6", "#9c8bb8", ""},
    [AT_BOX_SCORE] = {"box", "rounded,filled", "#fffaf0", "#d8a94f", ""},
    [AT_BOX_REFINE] = {"box", "rounded,filled", "#fffaf0", "#d8a94f", ""},
    [AT_BOX_WEIGH] = {"box", "rounded,filled", "#fbe3b4", "#c98f22", " penwidth=1.6"},
    [AT_BOX_CONTEXT] = {"box", "rounded,filled", "#fffaf0", "#d8a94f", " penwidth=1.6"},
    [AT_BOX_OUTPUT] = {"box", "rounded,filled", "#e1f0e4", "#5f9a6e", " peripheries=2"},
    [AT_BOX_LOSS] = {"octagon", "filled", "#f7e1df", "#bd6a63", " margin=\"0.02,0.02\""},
};

/* ---- escapes ---- */

/* Graphviz reads escapes in such labels too, and past the end of one that ends with a backslash. */
static void add_html(at_text *t, const char *s) {
  for (; *s; s++) {
    if (*s == '\\') at_text_add(t, "\\");
    if (s[0] == '-' && s[1] == '>') {
      at_text_add(t, "&#8594;");
      s++;
    } else if (*s == '&' || *s == '<' || *s == '>' || *s == '"') {
      at_text_addf(t, "&#%d;", *s);
    } else {
      at_text_addn(t, (unsigned char)*s < ' ' ? " " : s, 1);
    }
  }
}

static void add_quoted(at_text *t, const char *s) {
  at_text_add(t, "\"");
  for (; *s; s++) {
    if (*s == '"' || *s == '\\') at_text_add(t, "\\");
    at_text_addn(t, (unsigned char)*s < ' ' ? " " : s, 1);
  }
  at_text_add(t, "\"");
}

static void add_indent(at_text *t, int depth) {
  for (int i = 0; i < depth; i++) at_text_add(t, "  ");
}

/* ---- labels ---- */

static void open_row(at_text *t, const char *color, int points) {
  at_text_addf(t, "<tr><td><font color=\"%s\" point-size=\"%d\">", color, points);
}
static void close_row(at_text *t) { at_text_add(t, "</font></td></tr>"); }

static void add_row(at_text *t, const char *s, const char *color, int points, bool bold) {
  if (!s || !*s) return;
  open_row(t, color, points);
  if (bold) at_text_add(t, "<b>");
  add_html(t, s);
  if (bold) at_text_add(t, "</b>");
  close_row(t);
}

/* Operators in order, in as many lines as they need. */
static void add_ops(at_text *t, const at_box *b, int first) {
  size_t at = 0;
  if (first >= b->n_op) return;
  open_row(t, QUIET, 10);
  for (int i = first; i < b->n_op; i++) {
    const size_t n = strlen(b->op[i]) + 3;
    if (at && at + n > WIDTH) {
      at_text_add(t, "<br/>");
      at = 0;
    }
    add_html(t, b->op[i]);
    at_text_add(t, i + 1 < b->n_op ? " &#183; " : "");
    at += n;
  }
  close_row(t);
}

/* "over region, along d, 8 heads" */
static void add_score(at_text *t, const at_graph *g, const at_attend *a) {
  const int64_t heads = at_attend_heads(g, a);
  open_row(t, QUIET, 10);
  at_text_add(t, "score over ");
  add_html(t, g->axis[a->over].name);
  at_text_add(t, ", along ");
  add_html(t, g->axis[a->along].name);
  if (heads > 1) at_text_addf(t, ", %" PRId64 " heads", heads);
  close_row(t);
}

static void add_label(at_text *t, const at_graph *g, const at_box *b) {
  char params[80];
  const char *title = b->title ? b->title : b->n_op ? b->op[0] : b->node->op->name;
  at_text_add(t, "<<table border=\"0\" cellborder=\"0\" cellspacing=\"0\" cellpadding=\"1\">");
  add_row(t, title, INK, b->title ? 13 : 11, b->title != NULL);
  if (b->kind == AT_BOX_SCORE) add_score(t, g, &g->attend[b->attend]);
  if (b->kind == AT_BOX_CONTEXT) add_row(t, "weighted sum", QUIET, 10, false);
  add_ops(t, b, b->title ? 0 : 1);
  add_row(t, b->node->ndim ? b->axes : "a number", AXES, 10, false);
  add_row(t, at_box_params(b, params, sizeof params), QUIET, 9, false);
  at_text_add(t, "</table>>");
}

static void add_box(at_text *t, const at_picture *p, const at_box *b, int depth) {
  const struct look *l = &looks[b->kind];
  add_indent(t, depth);
  add_quoted(t, b->id);
  at_text_addf(t, " [class=\"%s\" shape=%s style=\"%s\" fillcolor=\"%s\" color=\"%s\"%s label=",
               at_box_kind_names[b->kind], l->shape, l->style, l->fill, l->line, l->more);
  add_label(t, p->g, b);
  at_text_add(t, "];\n");
}

/* ---- frames ---- */

static void add_attend(at_text *t, const at_picture *p, int i, int depth) {
  add_indent(t, depth);
  at_text_addf(t, "subgraph \"cluster_attend_%d\" {\n", i);
  add_indent(t, depth + 1);
  at_text_add(t,
              "class=\"attention\"; style=\"rounded,filled\"; fillcolor=\"#fdf1d8\"; "
              "color=\"#c98f22\"; penwidth=2; margin=12; labeljust=l; "
              "label=<<font color=\"#8a5d0a\" point-size=\"15\"><b>");
  add_html(t, p->g->attend[i].name);
  at_text_add(t, "</b></font>>;\n");
  for (int k = 0; k < p->n_box; k++)
    if (p->box[k].attend == i) add_box(t, p, &p->box[k], depth + 1);
  add_indent(t, depth);
  at_text_add(t, "}\n");
}

/* What lies in module `in` itself (-1: in none): boxes, attend blocks; then modules in it. */
static void add_inside(at_text *t, const at_picture *p, int in, int depth) {
  for (int i = 0; i < p->n_box; i++)
    if (p->box[i].module == in && p->box[i].attend < 0) add_box(t, p, &p->box[i], depth);
  for (int i = 0; i < p->g->n_attend; i++)
    if (at_picture_module(p, p->g->attend[i].context->module) == in) add_attend(t, p, i, depth);
  for (int i = in + 1; i < p->n_module; i++) {
    if (p->module[i].parent != in) continue;
    const char *path = p->module[i].path;
    const size_t outer = in >= 0 ? strlen(p->module[in].path) + 1 : 0;
    add_indent(t, depth);
    at_text_addf(t, "subgraph \"cluster_module_%d\" {\n", i);
    add_indent(t, depth + 1);
    at_text_addf(t,
                 "class=\"module\"; style=\"rounded,filled\"; fillcolor=\"%s\"; color=\"#c3cad1\"; "
                 "penwidth=1; margin=12; labeljust=l; label=<<font color=\"%s\" "
                 "point-size=\"12\"><b>",
                 depth % 2 ? "#f1f4f6" : "#e9edf0", QUIET);
    add_html(t, path + outer);
    at_text_add(t, "</b></font>>;\n");
    add_inside(t, p, i, depth + 1);
    add_indent(t, depth);
    at_text_add(t, "}\n");
  }
}

/* ---- edges ---- */

static void add_edge(at_text *t, const at_picture *p, const at_edge *e) {
  char label[32];
  at_edge_label(e, label, sizeof label);
  at_text_add(t, "  ");
  add_quoted(t, p->box[e->from].id);
  at_text_add(t, " -> ");
  add_quoted(t, p->box[e->to].id);
  if (*label)
    at_text_addf(t,
                 " [class=\"attention\" label=\" %s \" color=\"#c98f22\" fontcolor=\"#8a5d0a\" "
                 "penwidth=1.6]",
                 label);
  at_text_add(t, ";\n");
}

at_status at_draw_dot(const at_picture *p, at_text *out, at_error *err) {
  at_text_add(out, "digraph ");
  add_quoted(out, p->g->name);
  at_text_add(out,
              " {\n"
              "  graph [rankdir=TB bgcolor=\"#ffffff\" fontname=\"Helvetica\" nodesep=0.35 "
              "ranksep=0.4 pad=0.3 labelloc=t label=<<font point-size=\"18\" color=\"" INK
              "\"><b>");
  add_html(out, p->g->name);
  at_text_add(out,
              "</b></font>>];\n"
              "  node [fontname=\"Helvetica\" fontsize=11 margin=\"0.1,0.05\" height=0.3];\n"
              "  edge [fontname=\"Helvetica\" fontsize=10 color=\"#8b96a0\" arrowsize=0.7];\n");
  add_inside(out, p, -1, 1);
  for (int i = 0; i < p->n_edge; i++) add_edge(out, p, &p->edge[i]);
  at_text_add(out, "}\n");
  return out->failed ? at_nomem(err) : AT_OK;
}
