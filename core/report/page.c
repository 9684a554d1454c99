/* report.html: one file that needs nothing beside it. */
#include <string.h>
#include "core/report/explained.h"

enum { OPEN_PARTS = 12 }; /* longer tables of parts begin folded */

static void put(at_text *t, const char *before, const char *text, const char *after) {
  at_text_add(t, before);
  at_rp_escape(t, text);
  at_text_add(t, after);
}

static const char *plural(size_t n) { return n == 1 ? "" : "s"; }

/* ---- head ---- */

static void head(const at_report *r, const rp_summary *s, at_text *t) {
  at_text_add(
      t,
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"generator\" content=\"attune\">\n<title>attune report</title>\n<style>\n");
  at_text_add(t, at_rp_style);
  at_text_add(t, at_rp_gallery_style);
  at_text_add(t, "</style>\n</head>\n<body>\n<header>\n<h1>Results of ");
  at_text_addf(t,
               "%zu run%s in %zu group%s</h1>\n<p class=\"lead\">Runs that differ in nothing but "
               "their seed are one group. ",
               r->n_runs, plural(r->n_runs), r->n_groups, plural(r->n_groups));
  put(t, "All numbers are of the split <em>", s->split,
      "</em> unless said otherwise.</p>\n</header>\n<main>\n");
}

/* ---- what was run ---- */

static void seeds(const at_report *r, at_text *t) {
  at_text_add(t, "<tr><th scope=\"row\">seed</th><td>");
  size_t shown = 0;
  for (size_t i = 0; i < r->n_runs; i++) {
    const char *seed = at_rp_setting(&r->run[i], "seed");
    bool before = !seed;
    for (size_t k = 0; seed && k < i; k++) {
      const char *other = at_rp_setting(&r->run[k], "seed");
      before |= other && !strcmp(other, seed);
    }
    if (!before) put(t, shown++ ? ", " : "", seed, "");
  }
  at_text_add(t, shown ? "</td></tr>\n" : "not recorded</td></tr>\n");
}

/* What differs, each with its values in the order of the groups. */
static void varied(const at_report *r, at_text *t) {
  for (size_t k = 0; k < r->n_keys; k++) {
    put(t, "<tr><th scope=\"row\">", r->key[k], "</th><td>");
    for (size_t g = 0, shown = 0; g < r->n_groups; g++) {
      const char *v = r->group[g].value[k] ? r->group[g].value[k] : "none";
      bool before = false;
      for (size_t i = 0; i < g; i++) {
        const char *other = r->group[i].value[k] ? r->group[i].value[k] : "none";
        before |= !strcmp(other, v);
      }
      if (!before) put(t, shown++ ? " &#183; " : "", v, "");
    }
    at_text_add(t, "</td></tr>\n");
  }
}

static void settings(const at_report *r, at_text *t) {
  at_text_add(t, "<section id=\"settings\">\n<h2>What was run</h2>\n");
  at_text_add(t, "<h3>Varied</h3>\n<div class=\"scroll\"><table class=\"settings\"><tbody>\n");
  varied(r, t);
  seeds(r, t);
  at_text_add(t,
              "</tbody></table></div>\n<h3>The same in every run</h3>\n"
              "<div class=\"scroll\"><table class=\"settings\"><tbody>\n");
  for (size_t i = 0; i < r->n_common; i++) {
    const char *value = r->common[i].value;
    put(t, "<tr><th scope=\"row\">", r->common[i].key, "</th><td>");
    put(t, "", *value ? value : "–", "</td></tr>\n");
  }
  if (!r->n_common) at_text_add(t, "<tr><td>nothing</td></tr>\n");
  at_text_add(t, "</tbody></table></div>\n");
  if (r->n_unfinished) {
    at_text_add(t, "<h3>Unfinished, not counted</h3>\n<ul>\n");
    for (size_t i = 0; i < r->n_unfinished; i++)
      put(t, "<li><code>", r->unfinished[i], "</code></li>\n");
    at_text_add(t, "</ul>\n");
  }
  at_text_add(t, "</section>\n");
}

/* ---- results ---- */

static void cell(at_text *t, const rp_column *c, const rp_stat *s) {
  char buf[RP_NUMBER];
  at_text_add(t, s->mark == RP_BEST ? "<td class=\"best\"" : "<td");
  if (s->n > 1) {
    at_text_addf(t, " title=\"95 %% interval of the mean: %s to ",
                 at_rp_number(buf, s->low, c->decimals));
    at_text_addf(t, "%s\"", at_rp_number(buf, s->high, c->decimals));
  }
  at_text_add(t, ">");
  at_text_add(t, s->n ? at_rp_number(buf, s->mean, c->decimals) : "–");
  if (s->n > 1)
    at_text_addf(t, " <span class=\"sd\">± %s</span>", at_rp_number(buf, s->sd, c->decimals));
  at_text_addf(t, "<span class=\"mark\">%s</span></td>",
               s->mark == RP_BEST    ? "*"
               : s->mark == RP_LIKE  ? "~"
               : s->mark == RP_FLOOR ? "≈"
                                     : "");
}

/* Cost of a group: what its runs took and how large its model is. */
static void cost(const at_report *r, const rp_group *g, at_text *t) {
  double seconds = 0;
  char buf[RP_NUMBER];
  for (size_t i = 0; i < g->n; i++) seconds += r->run[g->run[i]].seconds / (double)g->n;
  at_text_addf(t, "<td>%lld</td><td>%s</td>", (long long)r->run[g->run[0]].parameters,
               at_rp_number(buf, seconds, seconds < 10 ? 1 : 0));
}

/* A line for each part, a column for each group; folded away where it is long. */
static void parts(const at_report *r, const rp_column *const *column, size_t n, at_text *t) {
  at_text_addf(t, "<details%s>\n<summary><h3>", n <= OPEN_PARTS ? " open" : "");
  put(t, "", column[0]->base, "");
  at_text_addf(t, " in %zu part%s</h3></summary>\n", n, plural(n));
  put(t, "<div class=\"scroll\"><table class=\"results\">\n<thead><tr><th scope=\"col\">",
      column[0]->base, "</th>");
  for (size_t g = 0; g < r->n_groups; g++) put(t, "<th scope=\"col\">", r->group[g].label, "</th>");
  at_text_add(t, "</tr></thead>\n<tbody>\n");
  for (size_t c = 0; c < n; c++) {
    put(t, "<tr><th scope=\"row\">", column[c]->part, "</th>");
    for (size_t g = 0; g < r->n_groups; g++) cell(t, column[c], &column[c]->stat[g]);
    at_text_add(t, "</tr>\n");
  }
  at_text_add(t, "</tbody>\n</table></div>\n</details>\n");
}

static at_status all_parts(const at_report *r, const rp_summary *s, at_arena *a, at_text *t,
                           at_error *err) {
  const rp_column **column = AT_NEW_ARRAY(a, const rp_column *, s->n + 1);
  size_t n;
  if (!column) return at_nomem(err);
  for (size_t base = 0; (n = at_rp_parts(s, base, column)); base++) parts(r, column, n, t);
  return AT_OK;
}

static at_status results(const at_report *r, const rp_summary *s, at_arena *a, at_text *t,
                         at_error *err) {
  const char **note;
  size_t n;
  at_text_add(
      t,
      "<section id=\"results\">\n<h2>Results</h2>\n<div class=\"scroll\">\n"
      "<table class=\"results\">\n<thead><tr><th scope=\"col\">group</th><th scope=\"col\">n</th>");
  for (size_t c = 0; c < s->n; c++)
    if (!s->column[c].part) put(t, "<th scope=\"col\">", s->column[c].metric, "</th>");
  at_text_add(t,
              "<th scope=\"col\">parameters</th><th scope=\"col\">seconds a "
              "run</th></tr></thead>\n<tbody>\n");
  for (size_t g = 0; g < r->n_groups; g++) {
    put(t, "<tr><th scope=\"row\">", r->group[g].label, "</th>");
    at_text_addf(t, "<td>%zu</td>", r->group[g].n);
    for (size_t c = 0; c < s->n; c++)
      if (!s->column[c].part) cell(t, &s->column[c], &s->column[c].stat[g]);
    cost(r, &r->group[g], t);
    at_text_add(t, "</tr>\n");
  }
  at_text_add(t, "</tbody>\n</table>\n</div>\n<ul class=\"notes\">\n");
  at_status st = at_rp_notes(r, s, "*, bold", a, &note, &n, err);
  for (size_t i = 0; st == AT_OK && i < n; i++) put(t, "<li>", note[i], "</li>\n");
  at_text_add(t, "</ul>\n");
  if (st == AT_OK) st = all_parts(r, s, a, t, err);
  at_text_add(t, "</section>\n");
  return st;
}

/* ---- foot ---- */

static void foot(const at_report *r, at_text *t) {
  at_text_add(t, "</main>\n<footer>Made by attune from runs of ");
  size_t shown = 0;
  for (size_t i = 0; i < r->n_runs; i++) {
    bool before = !*r->run[i].version;
    for (size_t k = 0; k < i; k++) before |= !strcmp(r->run[k].version, r->run[i].version);
    if (!before) put(t, shown++ ? ", " : "version ", r->run[i].version, "");
  }
  at_text_add(t, shown ? ".</footer>\n<script>\n" : "an unknown version.</footer>\n<script>\n");
  at_text_add(t, at_rp_gallery_script);
  at_text_add(t, "</script>\n</body>\n</html>\n");
}

at_status at_rp_page(const at_report *r, const rp_source *src, const at_report_options *o,
                     rp_figures *f, at_text *out, at_error *err) {
  at_arena *a = at_arena_new();
  rp_summary s;
  at_status st = a ? at_rp_summarise(r, o, a, &s, err) : at_nomem(err);
  if (st != AT_OK) goto out;
  head(r, &s, out);
  settings(r, out);
  if ((st = results(r, &s, a, out, err)) != AT_OK) goto out;
  at_rp_dots(r, &s, f, out);
  if (r->explained && (st = at_rx_page(r, a, f, out, err)) != AT_OK) goto out;
  at_rp_curves(r, f, out);
  if ((st = at_rp_samples(r, out, err)) != AT_OK) goto out;
  if (src && o->pairs && (st = at_rp_attention(r, src, o, out, err)) != AT_OK) goto out;
  foot(r, out);
  if (out->failed) st = at_nomem(err);
out:
  at_arena_free(a);
  return st;
}
