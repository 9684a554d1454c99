/* What `attune explain` left in the runs of a report: read back, and made into statistics. Between
 * the files of this room only. */
#ifndef AT_REPORT_EXPLAINED_H
#define AT_REPORT_EXPLAINED_H
#include <jansson.h>
#include "core/analyse/condition.h"
#include "core/report/report_impl.h"
#include "core/tensor/array.h"

/* ---- as read (explained_read.c, explained_join.c) ---- */

typedef struct rx_field {
  const char *name;
  const char **value;
  size_t n;
} rx_field;

/* A block of one run. Arrays that nothing here reads are let go. */
typedef struct rx_own {
  const char *why;  /* there is nothing of it: a sentence; NULL */
  at_arrays arrays; /* BLOCK.npz */
  at_arrays values; /* BLOCK.metrics.npz: METRIC.RESULT, each [n] */
  size_t n;         /* examples */
  size_t *place;    /* [n] of each among the examples of the block */
  rx_field *field;  /* what `field.NAME` stands for */
  size_t n_fields;
} rx_own;

/* A result of a metric, or a metric that gave nothing in any run (name NULL). */
typedef struct rx_result {
  const char *metric, *name;
  const char *full; /* METRIC.RESULT; METRIC without a name */
  int better;       /* 1 higher, 0 lower, -1 neither */
  bool each;        /* has numbers for examples, in some run */
  double *single;   /* [runs] the mean as it stands in the file, NaN */
  const char **why; /* [runs] it is not to be had; NULL */
} rx_result;

typedef struct rx_block {
  const char *name;
  size_t examples; /* rows that any run has, in their order */
  rx_own *own;     /* [runs] */
  rx_result *result;
  size_t n, cap;
} rx_block;

typedef struct rp_table rp_table;
struct rp_explained {
  const char *split;
  const char **why; /* [runs] the run has not been explained: a sentence; NULL */
  bool any;         /* some run has */
  rx_block *block;
  size_t n, cap;
  rp_table *table; /* [n] */
};

/* Frees what is not in the report's arena. */
void at_rx_free(rp_explained *x, size_t runs);
at_status at_rx_read(const at_report *r, const char *split, rp_explained *x, at_error *err);
/* Puts the examples of all runs in one order. */
at_status at_rx_join(const at_report *r, rx_block *b, at_error *err);
/* Why a run has nothing of a block, and no such result; NULL: it has. */
const char *at_rx_block_why(const rp_explained *x, const rx_block *b, size_t run);
const char *at_rx_why(const rp_explained *x, const rx_block *b, const rx_result *v, size_t run);
/* An array of a run's block, NULL when it is absent or of another type; ndim dims, the first of
 * them own->n. */
const at_array *at_rx_array(const rx_own *o, const char *name, at_dtype type, int ndim);

/* ---- numbers by seed and example of a group (explained_join.c) ---- */

typedef struct rx_sample {
  at_samples s;  /* of the runs that have a value, by seed; NaN where an example has none */
  double *value; /* owned */
  size_t *run;   /* [s.seeds] of the report; owned */
} rx_sample;

at_status at_rx_gather(const at_report *r, const rp_explained *x, const rx_block *b,
                       const rx_result *v, size_t group, rx_sample *out, at_error *err);
/* Whether the answers are right: 1, 0, NaN. */
at_status at_rx_gather_right(const at_report *r, const rx_block *b, size_t group, rx_sample *out,
                             at_error *err);
void at_rx_sample_free(rx_sample *s);

/* ---- tables for people (grid_*.c, explained_grid.c) ---- */

typedef struct rp_cell {
  const char *text; /* NULL: empty */
  const char *small;
  rp_mark mark;
} rp_cell;

typedef struct rp_notes {
  const char **v;
  size_t n, cap;
} rp_notes;
/* `text` is copied, made clean. */
at_status at_rp_note(at_arena *a, rp_notes *to, const char *text, at_error *err);

typedef struct rp_grid {
  const char *title, *corner;
  size_t columns, rows;
  const char **span;    /* [columns] heading above; equal neighbours share it; NULL: none at all */
  const char **head;    /* [columns] */
  const char **label;   /* [rows] */
  const char **under;   /* [rows] beside the label, in small; NULL: nothing */
  const char **section; /* [rows] heading before this row; NULL */
  rp_cell *cell;        /* [rows * columns] */
  rp_notes notes;
} rp_grid;

at_status at_rp_grid_new(at_arena *a, size_t rows, size_t columns, rp_grid *out, at_error *err);
const char *at_rp_sign(rp_mark m); /* "*", "~", "≈" or "" */
at_status at_rp_grid_text(const rp_grid *g, at_arena *a, bool color, at_text *t, at_error *err);
void at_rp_grid_html(const rp_grid *g, at_text *t);
void at_rp_notes_html(const rp_notes *n, at_text *t);
at_status at_rp_grid_latex(const rp_grid *g, at_arena *a, at_text *t, at_error *err);

/* ---- statistics (explained_stats.c) ---- */

typedef enum rx_side { RX_PERFORMANCE, RX_FAITHFUL, RX_PLAUSIBLE, RX_SHAPE, RX_REST } rx_side;

typedef struct rx_column {
  rp_column c;      /* interval: seeds and examples resampled; metric: as it is shown */
  const char *full; /* METRIC.RESULT */
  const char *about;
  rx_side side;
  const rx_result *result; /* NULL: performance */
  size_t *examples;        /* [groups] that have a value */
  const char **why;        /* [groups] why one of its runs, or all, have none; NULL */
  size_t *lacking;         /* [groups] runs without */
} rx_column;

/* ---- two groups (explained_compare.c) ---- */

/* Which examples: all; those that both groups answer right; those that both answer right or both
 * wrong, where the two are equally accurate. An example counts seed by seed: a seed of one group
 * stands beside the same seed of the other; where they share none, the first beside the first. */
typedef enum rx_part { RX_ALL, RX_BOTH_RIGHT, RX_EQUALLY_RIGHT, RX_PARTS } rx_part;

typedef struct rx_difference {
  size_t n;               /* examples */
  double mean, low, high; /* of a less b; 95 %, seeds and examples resampled */
  double p;               /* flips of sign over examples, each a mean over its seeds; Holm's
                             correction over the pairs of a result */
  double d;               /* Cohen's d of these pairs */
  bool apart;             /* p < .05, no 0 in the interval, and farther than the floor of noise */
} rx_difference;

typedef struct rx_pair {
  size_t a, b, seeds; /* groups; pairs of seeds */
  rx_difference of[RX_PARTS];
  at_adjusted adjusted; /* seeds at equal accuracy */
  double accuracy;      /* share of right answers of a less that of b, on all */
  bool noise;           /* no farther than groups that are one function */
} rx_pair;

typedef struct rx_compared {
  const rx_column *column;
  rx_pair *v;
  size_t n;
} rx_compared;

at_status at_rx_new_column(const at_report *r, const rx_result *v, rx_column *c, at_error *err);
at_status at_rx_choose_decimals(const at_report *r, rp_column *c, at_error *err);

/* ---- seeds of one group (explained_agree.c) ---- */

/* out[i]: at_agreement of the weights of example i of the block, NaN where they are not of all of
 * the group's runs; *seeds: runs that have weights. */
at_status at_rx_agreement(const at_report *r, const rx_block *b, size_t group, double *out,
                          size_t *seeds, at_error *err);
/* As a result of attention_shape, which has room for one more. */
at_status at_rx_add_agreement(const at_report *r, const rx_block *b, const at_resampling *how,
                              rp_table *t, at_error *err);

/* ---- keys taken away (explained_curves.c) ---- */

typedef enum rx_order { RX_TOP_FIRST, RX_LOW_FIRST, RX_ORDERS } rx_order;

/* Of a group: the mean of its seeds' means over examples, and the lowest and highest of these. */
typedef struct rx_curve {
  size_t seeds;
  double *mean, *lo, *hi; /* [n] of the shares */
} rx_curve;

typedef struct rx_curves {
  size_t n;
  double *share;   /* [n] of the keys, rising; n 0: no run has it */
  rx_curve *curve; /* [RX_ORDERS * groups] */
} rx_curves;

at_status at_rx_curves(const at_report *r, const rx_block *b, rx_curves *out, at_error *err);
void at_rx_curves_csv(const at_report *r, at_text *t);
json_t *at_rx_curves_json(const at_report *r, size_t block);
/* Areas under them, as the metric attention_perturbation gives them. */
at_status at_rx_areas_grid(const at_report *r, size_t block, at_arena *a, rp_grid *out,
                           at_error *err);

/* ---- within conditions (explained_by.c, explained_parts.c) ---- */

/* One result within the classes of a condition. */
typedef struct rx_within {
  const rx_column *column;
  rp_stat *stat;     /* [groups * classes]; n: seeds */
  size_t *examples;  /* [groups * classes] */
  double *omega, *p; /* [groups] part of the variance between examples that the condition explains:
                        omega squared, mean over seeds, and the largest p of a seed; NaN */
} rx_within;

typedef struct rx_condition {
  at_split split; /* of[run * examples + example]: a condition may differ from run to run */
  rx_within *v;   /* of the headline results with numbers for examples */
  size_t n;
} rx_condition;

/* EINPUT: no run has such a condition, or it has too many values. */
at_status at_rx_conditions(const at_report *r, const char *by, rp_explained *x, at_pool *pool,
                           at_error *err);
at_status at_rx_within_grid(const at_report *r, const rx_condition *c, const rx_within *v,
                            const char *block, at_arena *a, rp_grid *out, at_error *err);
void at_rx_conditions_csv(const at_report *r, at_text *t);
json_t *at_rx_conditions_json(const at_report *r, size_t block);

/* ---- figures (plot_removal.c, plot_matrix.c, plot_within.c) ---- */

/* Groups by classes, as colour. */
void at_rx_plot_within(const at_report *r, size_t block, const rx_condition *c, const rx_within *v,
                       rp_figures *f, at_text *t);

void at_rx_plot_removal(const at_report *r, size_t block, rp_figures *f, at_text *t);
/* Every two groups by one result. */
void at_rx_plot_matrix(const at_report *r, size_t block, const rx_compared *v, rp_figures *f,
                       at_text *t);

/* Of a block. */
struct rp_table {
  rx_column *head;
  size_t n_head;
  rx_column *all; /* every result, in the order found */
  size_t n_all;
  rx_compared *compared; /* of the headline results with numbers for examples */
  size_t n_compared;
  rx_curves curves;
  rx_condition *condition;
  size_t n_conditions;
};

const char *at_rx_part_name(rx_part p);
at_status at_rx_compare(const at_report *r, const rp_explained *x, size_t block, at_pool *pool,
                        at_error *err);
at_status at_rx_pairs_grid(const at_report *r, size_t block, at_arena *a, rp_grid *out,
                           at_error *err);
at_status at_rx_pairs_legend(const at_report *r, at_arena *a, rp_notes *out, at_error *err);
void at_rx_pairs_csv(const at_report *r, at_text *t);
json_t *at_rx_pairs_json(const at_report *r, size_t block);

const char *at_rx_side_name(rx_side s);
at_status at_rx_tables(const at_report *r, const at_report_options *o, rp_explained *x,
                       at_pool *pool, at_error *err);

/* ---- tables of a block (explained_grid.c) ---- */

void at_rx_fill_cell(at_arena *a, const rx_column *c, size_t g, rp_cell *out);
/* Headline metrics of a block; and every result, without marks; with notes on what is missing. */
at_status at_rx_head_grid(const at_report *r, size_t block, at_arena *a, rp_grid *out,
                          at_error *err);
at_status at_rx_all_grid(const at_report *r, size_t block, at_arena *a, rp_grid *out,
                         at_error *err);
/* What columns, intervals and marks mean; `best` names how the best is shown. */
at_status at_rx_legend(const at_report *r, const char *best, at_arena *a, rp_notes *out,
                       at_error *err);
/* What runs lack of these columns, a sentence for each reason (explained_missing.c). */
at_status at_rx_missing(const at_report *r, const rx_block *b, const rx_column *column, size_t n,
                        at_arena *a, rp_notes *out, at_error *err);
/* With a minus that is as wide as a plus; "[low, high]"; NULL: out of memory, or no number. */
const char *at_rx_number(at_arena *a, double v, int decimals);
const char *at_rx_range(at_arena *a, double low, double high, int decimals);

/* ---- pieces of the files (explained_export.c, explained_page.c) ---- */

/* Lines of results.csv; the columns before are the settings. */
void at_rx_csv(const at_report *r, at_text *t);
json_t *at_rx_json(const at_report *r);
at_status at_rx_text(const at_report *r, bool color, at_arena *a, at_text *t, at_error *err);
at_status at_rx_latex(const at_report *r, at_arena *a, at_text *t, at_error *err);
at_status at_rx_page(const at_report *r, at_arena *a, rp_figures *f, at_text *t, at_error *err);
#endif
