/* The files of a report. */
#include <stdlib.h>
#include "core/base/file.h"
#include "core/report/explained.h"

static at_status put(const char *dir, const char *name, const at_text *t, at_error *err) {
  char *path = at_path_join(dir, name);
  at_status s = path ? at_file_write(path, t->data, t->len, err) : at_nomem(err);
  free(path);
  return s;
}

/* A run directory has a results.json of its own, which the report's must not replace. */
static at_status not_a_run(const char *dir, at_error *err) {
  char *path = at_path_join(dir, "run.yaml");
  at_status s = path ? AT_OK : at_nomem(err);
  if (s == AT_OK && at_file_exists(path))
    s = at_fail(err, AT_EINPUT,
                "`%s` is the folder of a run, whose results.json a report would replace; "
                "choose another --out",
                dir);
  free(path);
  return s;
}

static at_status put_figures(const char *dir, const rp_figures *f, at_error *err) {
  char *folder = at_path_join(dir, "figures");
  at_status s = folder ? at_rp_figures_write(f, folder, err) : at_nomem(err);
  free(folder);
  return s;
}

/* Everything is made before anything is written: a report that fails leaves the old one whole. */
at_status at_report_write(const at_report *r, at_registry *reg, const at_report_options *o,
                          const char *dir, at_error *err) {
  at_text csv = {0}, json = {0}, latex = {0}, page = {0}, pairs = {0}, curves = {0}, parts = {0};
  rp_source src = at_rp_session_source(reg);
  rp_figures figures = {0};
  at_status s = not_a_run(dir, err);
  if (s == AT_OK) s = at_rp_figures_new(&figures, err);
  if (s == AT_OK) s = at_report_csv(r, o, &csv, err);
  if (s == AT_OK) s = at_report_json(r, o, &json, err);
  if (s == AT_OK) s = at_report_latex(r, o, &latex, err);
  if (s == AT_OK) s = at_rp_page(r, reg ? &src : NULL, o, &figures, &page, err);
  if (s == AT_OK && r->explained) at_rx_pairs_csv(r, &pairs);
  if (s == AT_OK && r->explained) at_rx_curves_csv(r, &curves);
  if (s == AT_OK && r->explained && o->by) at_rx_conditions_csv(r, &parts);
  if (s == AT_OK && (pairs.failed || curves.failed || parts.failed)) s = at_nomem(err);
  if (s == AT_OK) s = at_mkdirs(dir, err);
  if (s == AT_OK) s = put(dir, "results.csv", &csv, err);
  if (s == AT_OK) s = put(dir, "results.json", &json, err);
  if (s == AT_OK) s = put(dir, "results.tex", &latex, err);
  if (s == AT_OK) s = put(dir, "report.html", &page, err);
  if (s == AT_OK && pairs.data) s = put(dir, "comparisons.csv", &pairs, err);
  if (s == AT_OK && curves.data) s = put(dir, "curves.csv", &curves, err);
  if (s == AT_OK && parts.data) s = put(dir, "conditions.csv", &parts, err);
  if (s == AT_OK) s = put_figures(dir, &figures, err);
  at_rp_figures_free(&figures);
  at_text_free(&csv);
  at_text_free(&pairs);
  at_text_free(&curves);
  at_text_free(&parts);
  at_text_free(&json);
  at_text_free(&latex);
  at_text_free(&page);
  return s;
}
