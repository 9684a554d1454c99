/* attune report. */
#include <stdlib.h>
#include <unistd.h>
#include "cli/cli.h"
#include "core/base/file.h"
#include "core/report/report.h"

int cli_report(int argc, char **argv) {
  cli_list metrics = {.n = 0}, by = {.n = 0}, rest;
  const char *out = NULL, *split = "test";
  int64_t pairs = -1; /* as many as is usual */
  bool done, json = false, csv = false, latex = false, no_probe = false, overlays = false;
  const cli_option options[] = {{"out", 'o', CLI_TEXT, &out, 0, 0},
                                {"split", 0, CLI_TEXT, &split, 0, 0},
                                {"metric", 'm', CLI_LIST, &metrics, 0, 0},
                                {"by", 'b', CLI_LIST, &by, 0, 0},
                                {"pairs", 0, CLI_INT, &pairs, 0, 100000},
                                {"overlays", 0, CLI_FLAG, &overlays, 0, 0},
                                {"json", 0, CLI_FLAG, &json, 0, 0},
                                {"csv", 0, CLI_FLAG, &csv, 0, 0},
                                {"latex", 0, CLI_FLAG, &latex, 0, 0},
                                {"no-probe", 0, CLI_FLAG, &no_probe, 0, 0},
                                {0}};
  int rc = cli_parse(argc, argv, options, &rest, 1, CLI_MOST, &done);
  if (rc || done) return rc;
  at_error err = {0};
  at_registry *reg = NULL;
  at_report *r = NULL;
  at_text text = {0};
  char *conditions = cli_joined(&by);
  at_report_options o = {.split = split,
                         .metrics = metrics.v,
                         .n_metrics = metrics.n,
                         .by = conditions,
                         .pairs = (int)pairs,
                         .color = isatty(STDOUT_FILENO)};
  at_text folder = {0};
  at_text_add(&folder, out ? out : rest.v[0]);
  char *run =
      out ? NULL : at_path_join(rest.v[0], "run.yaml"); /* a run has a results.json of its own */
  if (run && at_file_exists(run)) at_text_add(&folder, "/report");
  const char *dir = folder.data ? folder.data : rest.v[0];
  char *gallery = overlays ? at_path_join(dir, "gallery") : NULL;
  o.overlays = gallery;
  at_status st = conditions || !by.n ? at_registry_new(NULL, 0, &reg, &err) : at_nomem(&err);
  if (st == AT_OK) st = at_report_collect(rest.v, rest.n, &r, &err);
  if (st == AT_OK) st = at_report_same(r, reg, !no_probe, &err);
  if (st == AT_OK) st = at_report_explained(r, &o, 0, &err);
  if (st == AT_OK)
    st = json    ? at_report_json(r, &o, &text, &err)
         : csv   ? at_report_csv(r, &o, &text, &err)
         : latex ? at_report_latex(r, &o, &text, &err)
                 : at_report_table(r, &o, &text, &err);
  if (st == AT_OK && text.data) fputs(text.data, stdout);
  if (st == AT_OK && !json && !csv && !latex) {
    st = at_report_write(r, reg, &o, dir, &err);
    if (st == AT_OK) printf("\n%s/report.html\n", dir);
    if (st == AT_OK && gallery) printf("%s\n", gallery);
  }
  rc = st == AT_OK ? cli_done() : cli_fail(&err);
  at_text_free(&text);
  at_text_free(&folder);
  free(run);
  free(gallery);
  free(conditions);
  at_report_free(r);
  at_registry_free(reg);
  return rc;
}
