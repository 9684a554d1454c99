/* The section of attention: a heading for each example, and what belongs to it. A script, where
 * there is one, opens what comes into sight; else all of it stands there in order. */
#include <string.h>
#include "core/report/gallery.h"

/* ---- an example ---- */

static void fact(at_text *t, const char *name, const char *value) {
  if (!value || !*value) return;
  at_text_addf(t, "<span>%s <b>", name);
  at_rp_escape(t, value);
  at_text_add(t, "</b></span> ");
}

const at_look *at_rp_any_look(const rp_gallery *g, size_t example) {
  const rp_example *e = &g->example[example];
  for (size_t i = 0; i < g->n_sides; i++)
    if (e->there[i]) return &e->look[i];
  return NULL;
}

static rp_canvas canvas_of(const rp_gallery *g, size_t example, const at_look *l,
                           const rp_side *side) {
  const rp_example *e = &g->example[example];
  rp_canvas c = {.l = l,
                 .truth = &e->truth,
                 .word_axis = side->word_axis,
                 .label = side->label,
                 .photo = e->photo,
                 .example = example,
                 .has_photo = e->photo != RP_NO_PHOTO};
  const rp_photo *p = c.has_photo ? &g->photo[e->photo] : NULL;
  c.has_truth = p && e->truth.n_boxes > 0 && e->truth.width > 0 && e->truth.height > 0;
  at_rp_drawing(p ? p->width : 0, p ? p->height : 0, &c.w, &c.h);
  return c;
}

static void verdict(const rp_gallery *g, const at_look *l, at_text *t) {
  char buf[RP_NUMBER];
  bool right = at_rp_is_right(l);
  if (!g->answers) {
    at_text_addf(t, "<span class=\"h\">similarity %s</span>",
                 at_rp_number(buf, (double)l->similarity, 3));
    return;
  }
  at_text_addf(t, "<span class=\"verdict %s\">%s ", right ? "right" : "wrong", right ? "✓" : "✗");
  at_rp_escape(t, l->predicted ? l->predicted : "no answer");
  at_text_addf(t, "</span> <span class=\"h\">%s", right ? "right" : "wrong");
  if (isfinite(l->logit)) at_text_addf(t, ", logit %s", at_rp_number(buf, (double)l->logit, 2));
  at_text_add(t, "</span>");
}

static at_status draw_side(const rp_gallery *g, size_t k, size_t side, at_text *t, at_error *err) {
  const at_look *l = &g->example[k].look[side];
  rp_canvas c = canvas_of(g, k, l, &g->side[side]);
  at_text_addf(t, "<div class=\"side\" data-g=\"%zu\" role=\"group\" aria-label=\"", side);
  at_rp_escape(t, c.label);
  at_text_add(t, "\"><div class=\"who\"><span class=\"label\">");
  at_rp_escape(t, c.label);
  at_text_add(t, "</span> ");
  verdict(g, l, t);
  at_text_add(t, "</div>\n");
  at_status s = at_rp_draw_steps(&c, t, err);
  at_text_add(t, "</div>\n");
  return s;
}

/* Of two sides; NAN: one of them does not have it, or nothing is comparable. */
static double difference(const rp_example *e, size_t i, size_t k) {
  return e->there[i] && e->there[k] ? at_rp_differ(&e->look[i], &e->look[k]) : NAN;
}

static double mean_difference(const rp_gallery *g, const rp_example *e) {
  double sum = 0;
  size_t n = 0;
  for (size_t i = 0; i < g->n_sides; i++)
    for (size_t k = i + 1; k < g->n_sides; k++) {
      double v = difference(e, i, k);
      if (!isnan(v)) sum += v, n++;
    }
  return n ? sum / (double)n : NAN;
}

static void draw_facts(const rp_gallery *g, size_t k, const at_look *l, at_text *t) {
  char buf[RP_NUMBER];
  at_text_add(t, "<p class=\"facts\">");
  if (g->answers) fact(t, "expected", l->expected);
  fact(t, "type", l->type);
  fact(t, "picture", l->name);
  double differs = mean_difference(g, &g->example[k]);
  if (!isnan(differs))
    at_text_addf(t, "<span>attention differs <b class=\"gap\">%s</b></span> ",
                 at_rp_number(buf, differs, 2));
  at_text_addf(t, "<span>row <b>%zu</b></span></p>\n", g->example[k].row);
}

/* ---- what the script goes by ---- */

static const char *answer_of(const at_look *l) { return l->predicted ? l->predicted : ""; }

/* Equal answers have equal letters, that of the first side that gives it; "-": no answer. */
static void answers_key(const rp_gallery *g, const rp_example *e, at_text *t) {
  for (size_t i = 0; i < g->n_sides; i++) {
    size_t first = 0;
    while (first < i && !(e->there[first] && e->there[i] &&
                          !strcmp(answer_of(&e->look[first]), answer_of(&e->look[i]))))
      first++;
    if (e->there[i])
      at_text_addf(t, "%s%zu", i ? "," : "", first);
    else
      at_text_add(t, i ? ",-" : "-");
  }
}

/* Of every two sides, first with second, first with third and so on, in thousandths. */
static void differences(const rp_gallery *g, const rp_example *e, at_text *t) {
  bool any = false;
  for (size_t i = 0; i < g->n_sides; i++)
    for (size_t k = i + 1; k < g->n_sides; k++) {
      double v = difference(e, i, k);
      if (any) at_text_add(t, ",");
      any = true;
      if (!isnan(v)) at_text_addf(t, "%d", (int)lrint(1000 * v));
    }
}

static void keys(const rp_gallery *g, size_t k, const at_look *l, at_text *t) {
  const rp_example *e = &g->example[k];
  at_text_addf(t, " data-row=\"%zu\" data-d=\"", e->row);
  differences(g, e, t);
  if (g->answers) {
    at_text_add(t, "\" data-r=\"");
    for (size_t i = 0; i < g->n_sides; i++)
      at_text_add(t, !e->there[i] ? "-" : at_rp_is_right(&e->look[i]) ? "1" : "0");
    at_text_add(t, "\" data-a=\"");
    answers_key(g, e, t);
  }
  if (l->type) {
    at_text_add(t, "\" data-t=\"");
    at_rp_escape(t, l->type);
  }
  at_text_add(t, "\"");
}

static at_status draw_example(const rp_gallery *g, size_t k, at_text *t, at_error *err) {
  const rp_example *e = &g->example[k];
  const at_look *l = at_rp_any_look(g, k);
  if (!l) return AT_OK;
  rp_canvas given = canvas_of(g, k, l, &g->side[0]);
  at_status s = AT_OK;
  at_text_addf(t, "<article class=\"ex\" id=\"x%zu\"", k + 1);
  keys(g, k, l, t);
  at_text_addf(t, ">\n<h3><span class=\"h\">%zu</span> ", k + 1);
  at_rp_escape(t, l->text ? l->text : "no text");
  at_text_add(t, "</h3>\n<noscript>\n");
  draw_facts(g, k, l, t);
  at_text_add(t, "<div class=\"all\">\n");
  at_rp_draw_given(&given, t);
  at_text_add(t, g->answers ? "<div class=\"compared\">\n" : "<div class=\"compared rows\">\n");
  for (size_t i = 0; s == AT_OK && i < g->n_sides; i++)
    if (e->there[i]) s = draw_side(g, k, i, t, err);
  at_text_add(t, "</div></div>\n</noscript>\n</article>\n");
  return s;
}

/* ---- the section ---- */

static void photos(const rp_gallery *g, at_text *t) {
  char a[RP_NUMBER], b[RP_NUMBER];
  double w, h;
  if (!g->n_photos) return;
  at_text_add(t, "<svg class=\"defs\" aria-hidden=\"true\"><defs>\n");
  for (size_t i = 0; i < g->n_photos; i++) {
    const rp_photo *p = &g->photo[i];
    at_rp_drawing(p->width, p->height, &w, &h);
    at_text_addf(
        t, "<image id=\"p%zu\" width=\"%s\" height=\"%s\" preserveAspectRatio=\"none\"%s href=\"",
        i, at_rp_number(a, w, 2), at_rp_number(b, h, 2), p->small ? " class=\"px\"" : "");
    at_text_add(t, p->uri.data ? p->uri.data : "");
    at_text_add(t, "\"/>\n");
    t->failed |= p->uri.failed;
  }
  at_text_add(t, "</defs></svg>\n");
}

bool at_rp_has_truth(const rp_gallery *g) {
  for (size_t k = 0; g->example && k < g->n; k++)
    if (g->example[k].truth.n_boxes > 0 || g->example[k].truth.n_words > 0) return true;
  return false;
}

static void explain(const rp_gallery *g, at_text *t) {
  const char *who = g->n_sides == 1 ? "the model" : g->side[g->reference].label;
  at_text_addf(t, "<p>%zu %s%s of the split <em>", g->n, g->answers ? "question" : "true pair",
               g->n == 1 ? "" : "s");
  at_rp_escape(t, g->split);
  at_text_add(t, "</em>: ");
  if (g->answers) {
    at_text_addf(t, "%zu that ", g->n_right);
    at_rp_escape(t, who);
    at_text_addf(t,
                 " answers right, then %zu that it answers wrong, each at even distances over the "
                 "types among %zu that were looked at (%zu right).",
                 g->n - g->n_right, g->n_seen, g->seen_right);
  } else {
    at_text_addf(t,
                 "from the most to the least similar at even distances among %zu that were "
                 "looked at, by ",
                 g->n_seen);
    at_rp_escape(t, who);
    at_text_add(t, ".");
  }
  at_text_add(t, g->seeds ? " They are the same for every seed.</p>\n"
                          : " They are the same for every group, each shown by its run of the "
                            "lowest seed.</p>\n");
  at_text_add(
      t,
      "<div class=\"shades\"><span>weight 0</span><i></i><span>the largest of that map, or twice "
      "an equal share if that is more</span>");
  if (at_rp_has_truth(g))
    at_text_add(t, "<span class=\"t\">outlined or underlined: what the data says decides</span>");
  at_text_add(t,
              "</div>\n<p class=\"h\">Under a map stand its block, where it has the most, with "
              "that weight, and "
              "the entropy H of all its weights in nats. Cells are told as (row, column).");
  if (g->n_sides > 1)
    at_text_add(t,
                " How far attention differs is 1 minus the overlap of the weights, the mean over "
                "the blocks that both have.");
  at_text_add(t, "</p>\n");
}

at_status at_rp_gallery_page(const rp_gallery *g, at_text *t, at_error *err) {
  at_status s = AT_OK;
  at_text_add(t, "<section id=\"attention\">\n<h2>Attention</h2>\n");
  if (g->problems.data) at_text_add(t, g->problems.data);
  t->failed |= g->problems.failed;
  if (g->example) {
    explain(g, t);
    photos(g, t);
    s = at_rp_gallery_tools(g, t, err);
    at_text_add(t, "<div class=\"examples\">\n");
    for (size_t k = 0; s == AT_OK && k < g->n; k++) s = draw_example(g, k, t, err);
    at_text_add(t, "</div>\n");
  }
  at_text_add(t, "</section>\n");
  return s == AT_OK && t->failed ? at_nomem(err) : s;
}
