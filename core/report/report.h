/* Reports over finished runs: one table of means and spreads over seeds, learning
 * curves, and attention overlays, as terminal text, CSV, JSON and one
 * self-contained HTML file. */
#ifndef AT_REPORT_REPORT_H
#define AT_REPORT_REPORT_H
#include "core/run/run.h"

/* One run read back from its directory (results.json, metrics.jsonl, run.yaml). */
typedef struct at_report at_report;

/* Each of `dirs` is a run directory or a sweep directory (its finished cells;
 * unfinished ones are listed as such). */
at_status at_report_collect(const char *const *dirs, size_t n, at_report **out, at_error *err);
void at_report_free(at_report *r);
size_t at_report_runs(const at_report *r);               /* finished ones */
const char *at_report_run(const at_report *r, size_t i); /* the directory; lives as long as r */

/* Finds which groups are the same function, from the models that their runs kept. Tables then say
 * so, and take what lies between such groups as the floor of noise. */
at_status at_report_same(at_report *r, at_registry *reg, bool probe, at_error *err);

typedef struct at_report_options {
  const char *split; /* role: "test" */
  const char *const *metrics;
  size_t n_metrics; /* columns; none: all, in the order found */
  const char *by;   /* conditions of explained attention: "type,length:4"; NULL: none */
  int pairs;        /* how many pairs or questions of the split to draw; < 0: as many as is usual */
  const char *overlays; /* folder for PNG files of the same examples; NULL: none */
  bool color;           /* escape codes in the terminal table */
} at_report_options;

/* Reads what `attune explain` wrote in the runs, of the options' split, and works out intervals on
 * so many threads (0: one for each processor); every form of the report then has it. Runs that
 * were not explained, and damaged files, are told there. After at_report_same, which gives the
 * floors. EINPUT: no run has results for the split. */
at_status at_report_explained(at_report *r, const at_report_options *o, int threads, at_error *err);

/* Groups runs that differ in their seed only; a row per group: mean and
 * standard deviation over seeds, n; the best mean of a column is marked when it is told from all
 * others, else it and whatever is not told from it are marked as such. */
at_status at_report_table(const at_report *r, const at_report_options *o, at_text *out,
                          at_error *err);
at_status at_report_csv(const at_report *r, const at_report_options *o, at_text *out,
                        at_error *err);
at_status at_report_json(const at_report *r, const at_report_options *o, at_text *out,
                         at_error *err);
at_status at_report_latex(const at_report *r, const at_report_options *o, at_text *out,
                          at_error *err);
/* Writes report.html, results.csv, results.json and results.tex into `dir` (atomically each). */
at_status at_report_write(const at_report *r, at_registry *reg, const at_report_options *o,
                          const char *dir, at_error *err);
#endif
