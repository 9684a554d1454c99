/* Between the files of this room only. */
#ifndef AT_REPORT_REPORT_IMPL_H
#define AT_REPORT_REPORT_IMPL_H
#include <jansson.h>
#include "core/base/arena.h"
#include "core/report/report.h"

typedef struct at_point {
  double x, y;
} at_point;

/* A finished run, read back. */
typedef struct at_finished {
  const char *dir;
  json_t *results; /* all of results.json */
  at_point *loss;  /* step, loss */
  size_t n_loss;
  json_t *log; /* array of the lines of kind "evaluate" on validation */
} at_finished;

/* Runs that differ in their seed only. */
typedef struct at_group {
  const char *key;   /* everything but the seed */
  const char *label; /* what tells it from the others */
  size_t *run;       /* indices into report->run */
  size_t n;
} at_group;

struct at_report {
  at_arena *arena;
  at_finished *run;
  size_t n, cap;
  const char **unfinished;
  size_t n_unfinished;
  at_group *group; /* in the order found */
  size_t n_groups;
};

typedef struct at_cell_stat {
  double mean, sd;
  size_t n;         /* runs that have the metric */
  int higher;       /* 1, 0, -1 */
  bool best, close; /* the best mean; not told apart from it by these seeds */
} at_cell_stat;

/* Columns: the metrics asked for, or all of the split in the order found. */
at_status at_report_columns(const at_report *r, const at_report_options *o, const char ***names,
                            size_t *n, at_error *err);
/* One column over all groups; `out` has room for n_groups. */
void at_report_column(const at_report *r, const char *split, const char *metric, at_cell_stat *out);
const char *at_report_setting(const at_report *r, size_t run, const char *key); /* "" when absent */
/* Settings of "run" that are the same in every run, as (key, value) text. */
bool at_report_common(const at_report *r, const char *key);

/* ---- html.c and its helpers ---- */
void at_html_text(at_text *t, const char *s); /* escaped */
void at_html_base64(at_text *t, const void *bytes, size_t n);
const char *at_html_color(size_t group);
void at_plot_intervals(at_text *t, const at_report *r, const char *metric,
                       const at_cell_stat *stats);
void at_plot_curves(at_text *t, const at_report *r, const char *metric); /* NULL: the loss */
at_status at_html_pairs(at_text *t, const at_report *r, at_registry *reg,
                        const at_report_options *o, at_error *err);
at_status at_html_page(const at_report *r, at_registry *reg, const at_report_options *o,
                       at_text *out, at_error *err);
#endif
