/* The tables as LaTeX, with the rules of booktabs. */
#include <string.h>
#include "core/report/explained.h"

/* ---- text ---- */

/* What stands for a character that means something to TeX; NULL: itself. Quotes and dashes are
 * kept from running together. */
static const char *stand_in(const char *s) {
  static const struct {
    const char *is, *put;
  } table[] = {{"\\", "\\textbackslash{}"},
               {"{", "\\{"},
               {"}", "\\}"},
               {"&", "\\&"},
               {"%", "\\%"},
               {"$", "\\$"},
               {"#", "\\#"},
               {"_", "\\_"},
               {"~", "$\\sim$"},
               {"≈", "$\\approx$"},
               {"^", "\\textasciicircum{}"},
               {"<", "\\textless{}"},
               {">", "\\textgreater{}"},
               {"|", "\\textbar{}"},
               {"\"", "''"},
               {"`", "\\textasciigrave{}"},
               {"--", "-{}"},
               {"±", "$\\pm$"},
               {"−", "$-$"},
               {"\xC2\xA0", "~"},
               {"×", "$\\times$"},
               {"↑", "$\\uparrow$"},
               {"↓", "$\\downarrow$"},
               {"τ", "$\\tau$"},
               {"ω", "$\\omega$"},
               {"²", "$^2$"},
               {"–", "--"},
               {"…", "\\dots{}"}};
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (!strncmp(s, table[i].is, strlen(table[i].is))) return table[i].put;
  return NULL;
}

/* One character: of two dashes the second may begin another pair. */
static size_t length_of(const char *s) {
  size_t n = 1;
  while (((unsigned char)s[n] & 0xC0) == 0x80) n++;
  return n;
}

at_status at_rp_latex_text(at_text *t, at_arena *a, const char *s, at_error *err) {
  const char *clean = at_rp_clean(a, s);
  if (!clean) return at_nomem(err);
  for (const char *p = clean; *p; p += length_of(p)) {
    const char *put = stand_in(p);
    if (put)
      at_text_add(t, put);
    else
      at_text_addn(t, p, length_of(p));
  }
  return AT_OK;
}

/* ---- tables ---- */

typedef struct sheet {
  const at_report *r;
  const rp_summary *s;
  at_arena *a;
  at_text *t;
  at_status status;
  at_error *err;
} sheet;

static void put(sheet *h, const char *s) {
  if (h->status == AT_OK) h->status = at_rp_latex_text(h->t, h->a, s, h->err);
}

static void put_number(at_text *t, double v, int decimals) {
  char buf[RP_NUMBER];
  const char *s = at_rp_number(buf, v, decimals);
  at_text_addf(t, "%s%s", *s == '-' ? "$-$" : "", *s == '-' ? s + 1 : s);
}

/* Bold is for a mean that is told from all others alone. */
static void cell(at_text *t, const rp_column *c, const rp_stat *s) {
  at_text_add(t, s->mark == RP_BEST ? " & \\textbf{" : " & ");
  if (s->n)
    put_number(t, s->mean, c->decimals);
  else
    at_text_add(t, "--");
  if (s->mark == RP_BEST) at_text_add(t, "}");
  if (s->n > 1) {
    at_text_add(t, " $\\pm$ ");
    put_number(t, s->sd, c->decimals);
  }
  if (s->mark == RP_LIKE) at_text_add(t, "\\rlap{$^{\\sim}$}");
  if (s->mark == RP_FLOOR) at_text_add(t, "\\rlap{$^{\\approx}$}");
}

static void open_table(sheet *h, size_t columns) {
  at_text_add(h->t, "\\begin{table}\n  \\centering\n  \\begin{tabular}{l");
  for (size_t i = 0; i < columns; i++) at_text_add(h->t, "r");
  at_text_add(h->t, "}\n    \\toprule\n    ");
}

static void close_table(sheet *h) { at_text_add(h->t, "    \\bottomrule\n  \\end{tabular}\n"); }

static void headline(sheet *h) {
  size_t columns = 1;
  for (size_t c = 0; c < h->s->n; c++) columns += !h->s->column[c].part;
  open_table(h, columns);
  at_text_add(h->t, "group & $n$");
  for (size_t c = 0; c < h->s->n; c++) {
    if (h->s->column[c].part) continue;
    at_text_add(h->t, " & ");
    put(h, h->s->column[c].metric);
  }
  at_text_add(h->t, " \\\\\n    \\midrule\n");
  for (size_t g = 0; g < h->r->n_groups; g++) {
    at_text_add(h->t, "    ");
    put(h, h->r->group[g].label);
    at_text_addf(h->t, " & %zu", h->r->group[g].n);
    for (size_t c = 0; c < h->s->n; c++)
      if (!h->s->column[c].part) cell(h->t, &h->s->column[c], &h->s->column[c].stat[g]);
    at_text_add(h->t, " \\\\\n");
  }
  close_table(h);
}

static void caption(sheet *h) {
  const char **note = NULL;
  size_t n = 0;
  if (h->status == AT_OK) h->status = at_rp_notes(h->r, h->s, "Bold", h->a, &note, &n, h->err);
  at_text_add(h->t, "  \\caption{");
  for (size_t i = 0; h->status == AT_OK && i < n; i++) {
    at_text_add(h->t, i ? "\n    " : "");
    put(h, note[i]);
  }
  at_text_add(h->t, "}\n\\end{table}\n");
}

static void parts(sheet *h, const rp_column *const *column, size_t n) {
  at_text_add(h->t, "\n");
  open_table(h, h->r->n_groups);
  put(h, column[0]->base);
  for (size_t g = 0; g < h->r->n_groups; g++) {
    at_text_add(h->t, " & ");
    put(h, h->r->group[g].label);
  }
  at_text_add(h->t, " \\\\\n    \\midrule\n");
  for (size_t c = 0; c < n; c++) {
    at_text_add(h->t, "    ");
    put(h, column[c]->part);
    for (size_t g = 0; g < h->r->n_groups; g++) cell(h->t, column[c], &column[c]->stat[g]);
    at_text_add(h->t, " \\\\\n");
  }
  close_table(h);
  at_text_add(h->t, "  \\caption{The parts of ");
  put(h, column[0]->base);
  at_text_add(h->t, ".}\n\\end{table}\n");
}

at_status at_report_latex(const at_report *r, const at_report_options *o, at_text *out,
                          at_error *err) {
  at_arena *a = at_arena_new();
  rp_summary s = {0};
  sheet h = {r, &s, a, out, a ? at_rp_summarise(r, o, a, &s, err) : at_nomem(err), err};
  const rp_column **column = h.status == AT_OK ? AT_NEW_ARRAY(a, const rp_column *, s.n + 1) : NULL;
  size_t n;
  if (h.status == AT_OK && !column) h.status = at_nomem(err);
  if (h.status != AT_OK) goto out;
  at_text_add(out, "% Needs \\usepackage{booktabs}.\n");
  headline(&h);
  caption(&h);
  for (size_t base = 0; (n = at_rp_parts(&s, base, column)); base++) parts(&h, column, n);
  if (h.status == AT_OK && r->explained) h.status = at_rx_latex(r, a, out, err);
  if (h.status == AT_OK && out->failed) h.status = at_nomem(err);
out:
  at_arena_free(a);
  return h.status;
}
