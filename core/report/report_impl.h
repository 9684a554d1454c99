/* Between the files of this room only. */
#ifndef AT_REPORT_REPORT_IMPL_H
#define AT_REPORT_REPORT_IMPL_H
#include <math.h>
#include "core/analyse/winner.h"
#include "core/base/arena.h"
#include "core/report/plate.h"
#include "core/report/report.h"
#include "core/same/same.h"

/* ---- what was collected; everything lives in report->arena ---- */

typedef struct rp_setting {
  const char *key, *value;
} rp_setting;

typedef struct rp_value {
  const char *split, *metric;
  double value;
  int better; /* 1 higher, 0 lower, -1 neither */
} rp_value;

typedef struct rp_point {
  double step, value;
} rp_point;

typedef struct rp_series {
  const char *name;
  rp_point *point;
  size_t n, cap;
} rp_series;

typedef struct rp_run {
  const char *dir, *real; /* as given, and resolved */
  const char *version;    /* of the program that made it; "" */
  rp_setting *setting;    /* sorted by key */
  size_t n_settings;
  rp_value *value; /* in the order of the file */
  size_t n_values;
  rp_series loss;
  rp_series *series; /* metrics on the validation split */
  size_t n_series;
  double seconds;
  int64_t steps, parameters;
} rp_run;

typedef struct rp_group {
  const char *label;
  const char **value; /* beside report->key; NULL: the run has no such key */
  size_t *run;        /* by seed */
  size_t n;
} rp_group;

typedef struct rp_explained rp_explained; /* explained.h */

struct at_report {
  at_arena *arena;
  rp_run *run;
  size_t n_runs, cap_runs;
  const char **unfinished;
  size_t n_unfinished, cap_unfinished;
  const char **key, **short_key; /* settings that differ between groups */
  size_t n_keys;
  rp_setting *common;
  size_t n_common;
  rp_group *group;
  size_t n_groups;
  at_same same;            /* cells are the groups */
  rp_explained *explained; /* what explain wrote in the runs; NULL: nothing */
  const char *same_note;   /* why it is not known; NULL */
};

/* read_run.c: reads results.json and metrics.jsonl of run->dir. */
at_status at_rp_read_run(at_arena *a, rp_run *run, at_error *err);
const char *at_rp_setting(const rp_run *run, const char *key); /* NULL: none */
/* group.c: fills keys, common settings and groups from the runs. */
at_status at_rp_group(at_report *r, at_error *err);
/* "2" before "10": pieces of digits are compared as numbers. */
int at_rp_natural(const char *a, const char *b);

/* ---- means and marks (stats.c) ---- */

/* As at_judge_seeds says. */
typedef enum rp_mark {
  RP_PLAIN = AT_WORSE,
  RP_BEST = AT_BEST,
  RP_LIKE = AT_LIKE,
  RP_UNKNOWN = AT_UNKNOWN,
  RP_FLOOR /* no farther from the best than groups that are one function from each other */
} rp_mark;

const char *at_rp_mark_word(rp_mark m); /* as CSV and JSON have it (export.c) */

typedef struct rp_stat {
  size_t n;         /* runs that have the metric; 0: none */
  double mean, sd;  /* sd NAN when n < 2 */
  double low, high; /* 95 % interval of the mean; NAN when n < 2 */
  double p;         /* against the best mean, after Holm; NAN: no test */
  rp_mark mark;
} rp_stat;

typedef struct rp_column {
  const char *metric;
  const char *base, *part; /* of "accuracy.yes/no" "accuracy", "yes/no"; NULL: a headline */
  int better;
  int decimals;
  double floor;  /* of noise: the largest gap between groups that are one function; NAN: none */
  rp_stat *stat; /* one per group */
} rp_column;

typedef struct rp_summary {
  const char *split;
  rp_column *column;
  size_t n;
} rp_summary;

at_status at_rp_summarise(const at_report *r, const at_report_options *o, at_arena *a,
                          rp_summary *out, at_error *err);
/* Columns of one base stand in one table; fills column[i] with the i-th of them. 0: no more
 * bases; `base` counts them from 0. */
size_t at_rp_parts(const rp_summary *s, size_t base, const rp_column **column);
/* same.c: the floor of noise of a column, NAN when no groups are one function; sentences on the
 * classes, at most `most`. */
double at_rp_floor(const at_report *r, const rp_stat *stat);
bool at_rp_one_function(const at_report *r, size_t a, size_t b); /* two groups */
/* Marks what is no farther from the best mean than the column's floor, and then the best as well
 * (stats.c). */
void at_rp_mark_floor(rp_column *c, size_t n);
size_t at_rp_same_notes(const at_report *r, const rp_summary *s, at_text *t, size_t most);
/* The value of one run; NULL: it has none. */
const rp_value *at_rp_value(const rp_run *run, const char *split, const char *metric);

/* Footnotes to a table as plain sentences, in `a`; `best` names how the best is shown. */
at_status at_rp_notes(const at_report *r, const rp_summary *s, const char *best, at_arena *a,
                      const char ***out, size_t *n, at_error *err);

/* ---- text (format.c) ---- */

/* Decimal point whatever the locale; decimals < 0: three significant digits. */
enum { RP_NUMBER = 48 };
const char *at_rp_number(char buf[RP_NUMBER], double v, int decimals);
int at_rp_decimals(double largest);     /* for a column whose largest magnitude is this */
size_t at_rp_columns(const char *utf8); /* cells that it takes in a terminal */
/* In so many cells of a terminal; a longer text takes what it takes. */
void at_rp_pad(at_text *t, size_t n);
void at_rp_right(at_text *t, const char *s, size_t width);
void at_rp_left(at_text *t, const char *s, size_t width);
static inline size_t at_rp_larger(size_t a, size_t b) { return a > b ? a : b; }
/* For HTML text and quoted attributes: escapes, and makes the bytes valid UTF-8. */
void at_rp_escape(at_text *t, const char *s);
/* For the text of a LaTeX document (latex.c). */
at_status at_rp_latex_text(at_text *t, at_arena *a, const char *s, at_error *err);
/* Valid UTF-8 without control characters, in `a`. */
char *at_rp_clean(at_arena *a, const char *s);
/* At most `most` characters, the last of them an ellipsis when it was cut. */
char *at_rp_shorten(at_arena *a, const char *s, size_t most);
void at_rp_base64(at_text *t, const void *bytes, size_t n);

/* ---- plots (scale.c, plot_dots.c, plot_curves.c) ---- */

typedef struct rp_scale {
  double lo, hi;      /* of the data, widened to hold something */
  double from, to;    /* in pixels */
  double first, step; /* ticks at round numbers */
  int n, decimals;
} rp_scale;

void at_rp_scale(rp_scale *s, double lo, double hi, double from, double to, int most_ticks);
double at_rp_place(const rp_scale *s, double v); /* pixels */
void at_rp_tick(char buf[RP_NUMBER], const rp_scale *s, int i);

/* Figures go into `f` and onto the page. */
void at_rp_dots(const at_report *r, const rp_summary *s, rp_figures *f, at_text *t);
void at_rp_curves(const at_report *r, rp_figures *f, at_text *t);
/* A figure with its caption; the keys to the inks of all groups. */
void at_rp_figure(const rp_plate *c, const char *caption, at_text *t);
void at_rp_legend(const at_report *r, at_text *t);
void at_rp_keys(const at_report *r, rp_plate *c); /* the same for the files of a figure */

/* ---- the page (page.c, page_style.c) ---- */

extern const char *const at_rp_style;
extern const char *const at_rp_gallery_style, *const at_rp_gallery_script;

/* What is known of a run once it is open; valid while it is. */
typedef struct rp_opened {
  size_t rows;           /* true pairs, or questions, of the split */
  const char *word_axis; /* name of the axis of words; NULL when it is not known */
  bool answers;          /* its looks have answers: rows are questions */
} rp_opened;

/* Where the pictures come from; a table of functions so that the page does not depend on how
 * runs are brought to life. */
typedef struct rp_source {
  void *ctx;
  at_status (*open)(void *ctx, const char *dir, const char *split, void **session, rp_opened *about,
                    at_error *err);
  at_status (*look)(void *session, size_t row, at_look *out, at_error *err);
  void (*free_look)(at_look *l);
  void (*close)(void *session);
  /* What the data says decides in that row; the caller frees it. NULL: it never says. */
  at_status (*truth)(void *session, size_t row, at_evidence *out, at_error *err);
} rp_source;

/* `src` NULL: no pictures. */
at_status at_rp_page(const at_report *r, const rp_source *src, const at_report_options *o,
                     rp_figures *f, at_text *out, at_error *err);
/* samples.c: what models made while they learned, where their runs have a folder `samples`. */
at_status at_rp_samples(const at_report *r, at_text *t, at_error *err);
/* attention.c: the section of attention pictures. What cannot be drawn is said on the page. */
at_status at_rp_attention(const at_report *r, const rp_source *src, const at_report_options *o,
                          at_text *out, at_error *err);
/* pairs_session.c: sessions of run directories; ctx is the registry. */
rp_source at_rp_session_source(at_registry *reg);
#endif
