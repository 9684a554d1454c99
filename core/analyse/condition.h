/* Conditions: examples split by a field's values or by quantile bins of a number, what a metric
 * is within each part, and how much of it the split explains. */
#ifndef AT_ANALYSE_CONDITION_H
#define AT_ANALYSE_CONDITION_H
#include "core/analyse/bootstrap.h"
#include "core/base/arena.h"

typedef struct at_by {
  const char *name;
  size_t bins; /* quantile bins; 0: a part for each value */
} at_by;

/* "question_type,length:4". Names are what comes before a colon; none twice. */
at_status at_parse_by(const char *text, at_arena *a, at_by **out, size_t *n, at_error *err);

enum { AT_MOST_CLASSES = 100, AT_MOST_BINS = 50 };

typedef struct at_split {
  const char *name;
  size_t n, classes;
  const char **label; /* [classes] */
  size_t *count;      /* [classes] examples */
  int32_t *of;        /* [n] class of an example; -1: the field is missing */
} at_split;

/* A class for each text, in their order: as numbers where all are numbers, else byte by byte.
 * NULL: missing. More than AT_MOST_CLASSES are refused. */
at_status at_split_texts(const char *name, const char *const *value, size_t n, at_arena *a,
                         at_split *out, at_error *err);
/* Bins of about equal count: equal values are never parted, each cut goes to the nearest place
 * between different values (of two the lower), and cuts that meet leave fewer bins. bins 0: a
 * class for each value. NaN: missing. Labels name the least and the largest value within. */
at_status at_split_numbers(const char *name, const double *value, size_t n, size_t bins,
                           at_arena *a, at_split *out, at_error *err);

/* Mean, interval and count of each class, whose examples are resampled alone; out: [classes]. */
at_status at_by_class(const at_samples *s, const at_split *split, const at_resampling *how,
                      at_interval *out, at_error *err);

/* One-way analysis of variance. */
typedef struct at_anova {
  size_t n, classes; /* examples with value and class; classes among them */
  double eta;        /* eta squared: part of the sum of squares that lies between classes */
  double omega;      /* omega squared: the same less what chance explains; may fall below 0 */
  double p;          /* of eta by random orders of the classes, (b + 1) / (m + 1) */
} at_anova;

/* value: one an example, as at_example_means gives. Numbers are NaN with fewer than two classes,
 * no example to spare or no variance. Of how, seed, times (0: 2000) and pool count. */
at_status at_variance_explained(const double *value, const at_split *split,
                                const at_resampling *how, at_anova *out, at_error *err);
#endif
