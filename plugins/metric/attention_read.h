/* From the arrays of "explain" to a number for each example: what the metrics of attention share.
 *
 * A metric is a table of measures. Each names the arrays that it needs and gives a number for one
 * example; a measure whose arrays are absent is reported as missing, with the reason, and the
 * metric fails only where it can report nothing. */
#ifndef ATTUNE_METRIC_ATTENTION_READ_H
#define ATTUNE_METRIC_ATTENTION_READ_H
#include <attune/plugin.h>
#include "attention_math.h"

enum { ATTENTION_NEEDS = 4 };

/* One example, as a measure sees it. */
typedef struct attention_example {
  const am_space *space;
  int64_t n;                            /* keys */
  const double *value[ATTENTION_NEEDS]; /* in order of the needs; NaN for unknown */
  int64_t width[ATTENTION_NEEDS];       /* numbers in each: keys n, of an example 1 or [T] */
  double at;                            /* of the measure */
  double option;                        /* of the item, where it has one */
} attention_example;

typedef struct attention_measure {
  const char *name;
  int higher_is_better;
  const char *needs[ATTENTION_NEEDS]; /* "map": the array that the option `map` names */
  double (*of)(const attention_example *e);
  double at;
} attention_measure;

/* The option `map`: which array is judged in the place of the attention. Names of results then end
 * in .MAP, and gradients count by their size. */
#define ATTENTION_MAPS                                                                  \
  "weight|gradient|gradient_weight|gradient_input|integrated|rollout|relevance|erasure" \
  "|removal"
#define ATTENTION_MAP                                                   \
  {                                                                     \
    "map", ATTUNE_OPTION_ENUM, "weight", 0, 0, ATTENTION_MAPS,          \
        "what is judged: the attention, or an attribution in its place" \
  }
/* The option `order`: in the order of which array keys are taken away. Names of results end in .MAP
 * here, too. */
#define ATTENTION_ORDER                                                                        \
  {                                                                                            \
    "order", ATTUNE_OPTION_ENUM, "weight", 0, 0, ATTENTION_MAPS,                               \
        "in whose order keys are taken away: the attention's, or that of an attribution, the " \
        "largest first"                                                                        \
  }
#define ATTENTION_NO_OPTION \
  { NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL }

typedef struct attention_metric {
  const char *name; /* of the item */
  const attention_measure *measure;
  int64_t n;
  const char *map;   /* text of the option `map`; NULL: "weight" */
  const char *order; /* of the option `order` */
  double number;     /* of another option */
} attention_metric;

int attention_report(const attune_host *host, const attune_prediction *prediction,
                     attune_results *results, const attention_metric *m);
/* Text of the option `map`, of the option `order`. */
const char *attention_map(const attune_host *host, const attune_options *options);
const char *attention_order(const attune_host *host, const attune_options *options);
/* Measures: Kendall's tau-b and Spearman's rho of the first two arrays. */
double attention_tau(const attention_example *e);
double attention_spearman(const attention_example *e);
/* "tau_erasure", or "tau_erasure.gradient" */
void attention_name(char out[64], const char *measure, const char *map);
#endif
