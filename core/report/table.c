/* Means and spreads over seeds; the table of the terminal, CSV, JSON. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/file.h"
#include "core/report/report_impl.h"

/* ---- numbers ---- */

static const json_t *metric_of(const at_report *r, size_t run, const char *split,
                               const char *metric) {
  return json_object_get(json_object_get(json_object_get(r->run[run].results, "split"), split),
                         metric);
}

static at_cell_stat stat_of(const at_report *r, const at_group *g, const char *split,
                            const char *metric) {
  at_cell_stat c = {.higher = -1};
  double sum = 0, square = 0;
  for (size_t i = 0; i < g->n; i++) {
    const json_t *m = metric_of(r, g->run[i], split, metric);
    if (!m) continue;
    sum += json_number_value(json_object_get(m, "value"));
    c.higher = (int)json_integer_value(json_object_get(m, "higher_is_better"));
    c.n++;
  }
  c.mean = c.n ? sum / (double)c.n : NAN;
  for (size_t i = 0; i < g->n; i++) {
    const json_t *m = metric_of(r, g->run[i], split, metric);
    double d = m ? json_number_value(json_object_get(m, "value")) - c.mean : 0;
    square += d * d;
  }
  c.sd = c.n > 1 ? sqrt(square / (double)(c.n - 1)) : 0;
  return c;
}

/* Two-sided 5 % points of Student's t; between them the smaller number of degrees counts. */
static double t_limit(double degrees) {
  static const double table[][2] = {{1, 12.71}, {2, 4.30},  {3, 3.18},  {4, 2.78},
                                    {5, 2.57},  {6, 2.45},  {8, 2.31},  {10, 2.23},
                                    {15, 2.13}, {20, 2.09}, {30, 2.04}, {60, 2.00}};
  double limit = table[0][1];
  for (size_t i = 0; i < sizeof table / sizeof *table; i++)
    if (degrees >= table[i][0]) limit = table[i][1];
  return limit;
}

/* Welch's test at 5 %: means that it does not tell apart. */
static bool close_to(const at_cell_stat *a, const at_cell_stat *b) {
  if (a->n < 2 || b->n < 2) return false;
  double na = (double)a->n, nb = (double)b->n, va = a->sd * a->sd / na, vb = b->sd * b->sd / nb;
  if (va + vb == 0) return a->mean == b->mean;
  double degrees = (va + vb) * (va + vb) / (va * va / (na - 1) + vb * vb / (nb - 1));
  return fabs(a->mean - b->mean) < t_limit(degrees) * sqrt(va + vb);
}

void at_report_column(const at_report *r, const char *split, const char *metric,
                      at_cell_stat *out) {
  const at_cell_stat *best = NULL;
  for (size_t g = 0; g < r->n_groups; g++) {
    out[g] = stat_of(r, &r->group[g], split, metric);
    if (!out[g].n || out[g].higher < 0) continue;
    if (!best || (out[g].higher ? out[g].mean > best->mean : out[g].mean < best->mean))
      best = &out[g];
  }
  for (size_t g = 0; best && r->n_groups > 1 && g < r->n_groups; g++) {
    out[g].best = out[g].n && out[g].mean == best->mean;
    out[g].close = !out[g].best && out[g].n && close_to(&out[g], best);
  }
}

at_status at_report_columns(const at_report *r, const at_report_options *o, const char ***names,
                            size_t *n, at_error *err) {
  json_t *split = json_object_get(json_object_get(r->run[0].results, "split"), o->split), *value;
  const char *key,
      **v = AT_NEW_ARRAY(r->arena, const char *, json_object_size(split) + o->n_metrics + 1);
  if (!v) return at_nomem(err);
  *n = 0;
  *names = v;
  if (!split)
    return at_fail(err, AT_EINPUT, "%s: there are no results of the split `%s`", r->run[0].dir,
                   o->split);
  json_object_foreach(split, key, value) if (!o->n_metrics) v[(*n)++] = key;
  for (size_t i = 0; i < o->n_metrics; i++) {
    const char *all[128], *near;
    size_t k = 0;
    json_object_foreach(split, key, value) if (k < 128) all[k++] = key;
    v[(*n)++] = o->metrics[i];
    if (json_object_get(split, o->metrics[i])) continue;
    near = at_suggest(o->metrics[i], all, k);
    return at_fail(err, AT_EINPUT, "there is no metric `%s`%s%s%s", o->metrics[i],
                   near ? "; did you mean `" : "", near ? near : "", near ? "`?" : "");
  }
  return AT_OK;
}

/* ---- terminal ---- */

static size_t width_of(const char *s) {
  size_t n = 0;
  for (; *s; s++) n += ((unsigned char)*s & 0xc0) != 0x80;
  return n;
}

static void pad(at_text *t, const char *s, size_t width, bool right) {
  size_t w = width_of(s), fill = w < width ? width - w : 0;
  if (right) at_text_addf(t, "%*s", (int)fill, "");
  at_text_add(t, s);
  if (!right) at_text_addf(t, "%*s", (int)fill, "");
}

static void cell_text(const at_cell_stat *c, char *buf, size_t n) {
  if (!c->n)
    snprintf(buf, n, "-");
  else if (c->n == 1)
    snprintf(buf, n, "%.1f%s", c->mean, c->best ? "*" : " ");
  else
    snprintf(buf, n, "%.1f ±%.1f%s", c->mean, c->sd, c->best ? "*" : c->close ? "~" : " ");
}

static void put_row(at_text *t, const at_report *r, size_t g, const at_cell_stat *all,
                    size_t columns, size_t label, const size_t *width, bool color) {
  char buf[64];
  pad(t, r->group[g].label, label, false);
  at_text_addf(t, "  %2zu", r->group[g].n);
  for (size_t c = 0; c < columns; c++) {
    const at_cell_stat *s = &all[c * r->n_groups + g];
    cell_text(s, buf, sizeof buf);
    at_text_add(t, "  ");
    if (color && s->best) at_text_add(t, "\033[1m");
    pad(t, buf, width[c], true);
    if (color && s->best) at_text_add(t, "\033[0m");
  }
  at_text_add(t, "\n");
}

static void put_footer(at_text *t, const at_report *r, const at_report_options *o) {
  size_t least = (size_t)-1;
  for (size_t g = 0; g < r->n_groups; g++) least = r->group[g].n < least ? r->group[g].n : least;
  at_text_addf(t, "\nsplit %s; n runs with different seeds; * best mean", o->split);
  if (least >= 2)
    at_text_add(t, "; ± standard deviation; ~ not told from the best (Welch's test, 5 %)");
  else if (r->n_groups > 1)
    at_text_add(t, "; one run says nothing about the noise between seeds");
  at_text_add(t, "\n");
  for (size_t i = 0; i < r->n_unfinished; i++)
    at_text_addf(t, "not finished: %s\n", r->unfinished[i]);
}

at_status at_report_table(const at_report *r, const at_report_options *o, at_text *out,
                          at_error *err) {
  const char **names;
  size_t n, label = 5, width[128];
  at_status s = at_report_columns(r, o, &names, &n, err);
  if (s != AT_OK) return s;
  if (n > 128) n = 128;
  at_cell_stat *all = AT_NEW_ARRAY(r->arena, at_cell_stat, n * r->n_groups + 1);
  if (!all) return at_nomem(err);
  for (size_t c = 0; c < n; c++) {
    at_report_column(r, o->split, names[c], all + c * r->n_groups);
    width[c] = width_of(names[c]) + 1;
    for (size_t g = 0; g < r->n_groups; g++) {
      char buf[64];
      cell_text(&all[c * r->n_groups + g], buf, sizeof buf);
      if (width_of(buf) > width[c]) width[c] = width_of(buf);
    }
  }
  for (size_t g = 0; g < r->n_groups; g++)
    if (width_of(r->group[g].label) > label) label = width_of(r->group[g].label);
  pad(out, "", label, false);
  at_text_add(out, "   n");
  for (size_t c = 0; c < n; c++) {
    char name[80];
    snprintf(name, sizeof name, "%.70s ", names[c]);
    at_text_add(out, "  ");
    pad(out, name, width[c], true);
  }
  at_text_add(out, "\n");
  for (size_t g = 0; g < r->n_groups; g++) put_row(out, r, g, all, n, label, width, o->color);
  put_footer(out, r, o);
  return out->failed ? at_nomem(err) : AT_OK;
}

/* ---- CSV (RFC 4180) and JSON ---- */

static void csv_field(at_text *t, const char *s) {
  if (!strpbrk(s, ",\"\r\n")) {
    at_text_add(t, s);
    return;
  }
  at_text_add(t, "\"");
  for (; *s; s++) at_text_addf(t, *s == '"' ? "\"\"" : "%c", *s);
  at_text_add(t, "\"");
}

at_status at_report_csv(const at_report *r, const at_report_options *o, at_text *out,
                        at_error *err) {
  const char **names;
  size_t n;
  at_status s = at_report_columns(r, o, &names, &n, err);
  at_cell_stat *column = s == AT_OK ? AT_NEW_ARRAY(r->arena, at_cell_stat, r->n_groups + 1) : NULL;
  if (s != AT_OK) return s;
  if (!column) return at_nomem(err);
  at_text_add(out, "group,split,metric,mean,sd,n,higher_is_better,best\r\n");
  for (size_t c = 0; c < n; c++) {
    at_report_column(r, o->split, names[c], column);
    for (size_t g = 0; g < r->n_groups; g++) {
      csv_field(out, r->group[g].label);
      at_text_addf(out, ",%s,", o->split);
      csv_field(out, names[c]);
      at_text_addf(out, ",%.9g,%.9g,%zu,%d,%s\r\n", column[g].mean, column[g].sd, column[g].n,
                   column[g].higher, column[g].best ? "true" : "false");
    }
  }
  return out->failed ? at_nomem(err) : AT_OK;
}

static json_t *group_json(const at_report *r, const at_report_options *o, size_t g,
                          const char *const *names, size_t n, at_cell_stat *column) {
  json_t *metrics = json_object(), *runs = json_array();
  for (size_t c = 0; c < n; c++) {
    at_report_column(r, o->split, names[c], column);
    json_t *values = json_array();
    for (size_t i = 0; i < r->group[g].n; i++) {
      const json_t *m = metric_of(r, r->group[g].run[i], o->split, names[c]);
      json_array_append_new(
          values, m ? json_real(json_number_value(json_object_get(m, "value"))) : json_null());
    }
    const at_cell_stat *s = &column[g];
    json_object_set_new(metrics, names[c],
                        json_pack("{s:f, s:f, s:I, s:i, s:b, s:o}", "mean", s->n ? s->mean : 0,
                                  "sd", s->sd, "n", (json_int_t)s->n, "higher_is_better", s->higher,
                                  "best", (int)s->best, "values", values));
  }
  for (size_t i = 0; i < r->group[g].n; i++) {
    const at_finished *f = &r->run[r->group[g].run[i]];
    json_array_append_new(runs, json_pack("{s:s, s:s, s:O}", "dir", f->dir, "seed",
                                          at_report_setting(r, r->group[g].run[i], "seed"),
                                          "seconds", json_object_get(f->results, "seconds")));
  }
  return json_pack("{s:s, s:o, s:o}", "group", r->group[g].label, "metrics", metrics, "runs", runs);
}

at_status at_report_json(const at_report *r, const at_report_options *o, at_text *out,
                         at_error *err) {
  const char **names;
  size_t n;
  at_status s = at_report_columns(r, o, &names, &n, err);
  at_cell_stat *column = s == AT_OK ? AT_NEW_ARRAY(r->arena, at_cell_stat, r->n_groups + 1) : NULL;
  if (s != AT_OK) return s;
  json_t *groups = json_array(), *unfinished = json_array();
  for (size_t g = 0; column && g < r->n_groups; g++)
    json_array_append_new(groups, group_json(r, o, g, names, n, column));
  for (size_t i = 0; i < r->n_unfinished; i++)
    json_array_append_new(unfinished, json_string(r->unfinished[i]));
  json_t *j =
      json_pack("{s:s, s:o, s:o}", "split", o->split, "groups", groups, "unfinished", unfinished);
  char *text =
      j ? json_dumps(j, JSON_INDENT(2) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(9)) : NULL;
  if (text) at_text_addf(out, "%s\n", text);
  free(text);
  json_decref(j);
  return text && !out->failed ? AT_OK : at_nomem(err);
}

/* ---- files ---- */

static at_status write_one(const char *dir, const char *name, const at_text *t, at_error *err) {
  char *path = at_path_join(dir, name);
  at_status s = path ? at_file_write(path, t->data ? t->data : "", t->len, err) : at_nomem(err);
  free(path);
  return s;
}

at_status at_report_write(const at_report *r, at_registry *reg, const at_report_options *o,
                          const char *dir, at_error *err) {
  at_text csv = {0}, json = {0}, html = {0};
  at_status s = at_mkdirs(dir, err);
  if (s == AT_OK) s = at_report_csv(r, o, &csv, err);
  if (s == AT_OK) s = at_report_json(r, o, &json, err);
  if (s == AT_OK) s = at_html_page(r, reg, o, &html, err);
  /* A run directory has a results.json of its own. */
  bool own = r->n == 1 && !strcmp(r->run[0].dir, dir);
  if (s == AT_OK) s = write_one(dir, own ? "report.csv" : "results.csv", &csv, err);
  if (s == AT_OK) s = write_one(dir, own ? "report.json" : "results.json", &json, err);
  if (s == AT_OK) s = write_one(dir, "report.html", &html, err);
  at_text_free(&csv);
  at_text_free(&json);
  at_text_free(&html);
  return s;
}
