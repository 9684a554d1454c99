/* The page: one file that needs nothing else. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/report/report_impl.h"

void at_html_text(at_text *t, const char *s) {
  for (; *s; s++) switch (*s) {
      case '<': at_text_add(t, "&lt;"); break;
      case '>': at_text_add(t, "&gt;"); break;
      case '&': at_text_add(t, "&amp;"); break;
      case '"': at_text_add(t, "&quot;"); break;
      default: at_text_addn(t, s, 1);
    }
}

void at_html_base64(at_text *t, const void *bytes, size_t n) {
  static const char digit[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  const unsigned char *p = bytes;
  for (size_t i = 0; i < n; i += 3) {
    unsigned v = (unsigned)p[i] << 16 | (i + 1 < n ? (unsigned)p[i + 1] << 8 : 0) |
                 (i + 2 < n ? p[i + 2] : 0);
    char four[4] = {digit[v >> 18], digit[v >> 12 & 63], i + 1 < n ? digit[v >> 6 & 63] : '=',
                    i + 2 < n ? digit[v & 63] : '='};
    at_text_addn(t, four, 4);
  }
}

static const char STYLE[] =
    ":root{--ink:#1b1b1b;--paper:#fff;--soft:#667;--line:#ddd;--good:#e8f3ec}"
    "@media(prefers-color-scheme:dark){:root{--ink:#e6e6e6;--paper:#16181c;--soft:#9aa;--line:#333;"
    "--good:#1d3327}}"
    "body{font:16px/1.5 "
    "system-ui,sans-serif;color:var(--ink);background:var(--paper);max-width:64rem;margin:2rem "
    "auto;padding:0 1rem}h1{font-size:1.6rem}h2{font-size:1.2rem;margin-top:2.5rem}"
    ".wide{overflow-x:auto}table{border-collapse:collapse;font-variant-numeric:tabular-nums}"
    "th,td{padding:.25rem .6rem;border-bottom:1px solid "
    "var(--line);text-align:right;white-space:nowrap}"
    "th:first-child,td:first-child{text-align:left}td.best{font-weight:700;background:var(--good)}"
    "td.close{background:var(--good)}.sd{color:var(--soft);font-size:.85em}.note{color:var(--soft);"
    "font-size:.9rem}"
    ".plot{width:100%;height:auto;max-width:720px;display:block}.grid{stroke:var(--line)}"
    ".tick{fill:var(--soft);font-size:11px}.name{fill:var(--ink);font-size:12px}"
    ".key{display:inline-block;width:.8em;height:.8em;margin:0 .3em 0 1em}"
    ".pair{border-top:1px solid var(--line);padding:.6rem "
    "0}.row{display:flex;flex-wrap:wrap;gap:6px;margin:.3rem 0 1rem}"
    "figure{margin:0;width:104px}figcaption{font-size:.8rem;text-align:center;color:var(--ink)}"
    "figcaption "
    "small{color:var(--soft)}svg.at{width:104px;height:auto;display:block;border-radius:4px}"
    "h3{font-size:1rem;margin:.4rem 0}h4{font-size:.9rem;margin:.2rem 0;font-weight:600}";

static void settings(at_text *t, const at_report *r) {
  const char *key;
  json_t *value;
  at_text_add(t, "<h2>What was run</h2>\n<div class=\"wide\"><table><tbody>\n");
  json_object_foreach(json_object_get(r->run[0].results, "run"), key, value) {
    if (!at_report_common(r, key) || !strcmp(key, "threads")) continue;
    const char *v = json_string_value(value);
    if (!v || !*v) continue;
    at_text_add(t, "<tr><th scope=\"row\">");
    at_html_text(t, key);
    at_text_add(t, "</th><td style=\"text-align:left;white-space:normal\">");
    at_html_text(t, v);
    at_text_add(t, "</td></tr>\n");
  }
  at_text_add(t, "</tbody></table></div>\n");
}

static void table(at_text *t, const at_report *r, const char *const *names, size_t n,
                  const at_cell_stat *all) {
  at_text_add(t,
              "<h2>Results</h2>\n<div class=\"wide\"><table><thead><tr><th scope=\"col\"></th><th "
              "scope=\"col\">n</th>");
  for (size_t c = 0; c < n; c++) {
    at_text_add(t, "<th scope=\"col\">");
    at_html_text(t, names[c]);
    at_text_add(t, "</th>");
  }
  at_text_add(t, "</tr></thead><tbody>\n");
  for (size_t g = 0; g < r->n_groups; g++) {
    at_text_addf(
        t,
        "<tr><th scope=\"row\"><span class=\"key\" style=\"background:%s;margin-left:0\"></span>",
        at_html_color(g));
    at_html_text(t, r->group[g].label);
    at_text_addf(t, "</th><td>%zu</td>", r->group[g].n);
    for (size_t c = 0; c < n; c++) {
      const at_cell_stat *s = &all[c * r->n_groups + g];
      at_text_addf(t, "<td%s>", s->best ? " class=\"best\"" : s->close ? " class=\"close\"" : "");
      if (!s->n)
        at_text_add(t, "–");
      else if (s->n == 1)
        at_text_addf(t, "%.1f", s->mean);
      else
        at_text_addf(t, "%.1f <span class=\"sd\">±%.1f</span>", s->mean, s->sd);
      at_text_add(t, "</td>");
    }
    at_text_add(t, "</tr>\n");
  }
  at_text_add(
      t,
      "</tbody></table></div>\n<p class=\"note\">Mean ± standard deviation over n seeds. Bold: the "
      "best mean. "
      "Shaded: not told from the best by these seeds (Welch's test at 5 %). With n = 1 nothing "
      "is known about the noise between seeds.</p>\n");
}

static void legend(at_text *t, const at_report *r) {
  at_text_add(t, "<p class=\"note\">");
  for (size_t g = 0; g < r->n_groups; g++) {
    at_text_addf(t, "<span class=\"key\" style=\"background:%s\"></span>", at_html_color(g));
    at_html_text(t, r->group[g].label);
  }
  at_text_add(t, "</p>\n");
}

/* The metric that chose the best weights, or the last column (sums stand there). */
static const char *headline(const at_report *r, const char *const *names, size_t n) {
  const char *best = at_report_setting(r, 0, "train.best");
  for (size_t c = 0; c < n; c++)
    if (!strcmp(names[c], best)) return names[c];
  return n ? names[0] : NULL;
}

at_status at_html_page(const at_report *r, at_registry *reg, const at_report_options *o, at_text *t,
                       at_error *err) {
  const char **names;
  size_t n;
  at_status s = at_report_columns(r, o, &names, &n, err);
  if (s != AT_OK) return s;
  at_cell_stat *all = AT_NEW_ARRAY(r->arena, at_cell_stat, n * r->n_groups + 1);
  if (!all) return at_nomem(err);
  for (size_t c = 0; c < n; c++) at_report_column(r, o->split, names[c], all + c * r->n_groups);
  const char *head = headline(r, names, n),
             *attune = json_string_value(json_object_get(r->run[0].results, "attune"));
  at_text_addf(
      t,
      "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><meta name=\"viewport\" "
      "content=\"width=device-width, initial-scale=1\"><title>attune "
      "report</title><style>%s</style></head><body>\n",
      STYLE);
  at_text_addf(t, "<h1>%zu run%s, %zu group%s, split %s</h1>\n<p class=\"note\">attune %s</p>\n",
               r->n, r->n == 1 ? "" : "s", r->n_groups, r->n_groups == 1 ? "" : "s", o->split,
               attune ? attune : "");
  table(t, r, names, n, all);
  for (size_t c = 0; c < n; c++)
    if (head && !strcmp(names[c], head)) {
      at_text_add(t, "<h2>");
      at_html_text(t, head);
      at_text_add(t, "</h2>\n");
      at_plot_intervals(t, r, head, all + c * r->n_groups);
    }
  at_text_add(t, "<h2>Training</h2>\n<h3>Loss per example</h3>\n");
  legend(t, r);
  at_plot_curves(t, r, NULL);
  if (head) {
    at_text_add(t, "<h3>");
    at_html_text(t, head);
    at_text_add(t, " on the validation split</h3>\n");
    at_plot_curves(t, r, head);
  }
  if (o->pairs > 0) s = at_html_pairs(t, r, reg, o, err);
  if (s != AT_OK) return s;
  settings(t, r);
  for (size_t i = 0; i < r->n_unfinished; i++) {
    at_text_add(t, "<p class=\"note\">Not finished: ");
    at_html_text(t, r->unfinished[i]);
    at_text_add(t, "</p>\n");
  }
  at_text_add(t, "</body></html>\n");
  return t->failed ? at_nomem(err) : AT_OK;
}
