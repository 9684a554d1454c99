/* What follows from evaluations: the best so far, the rate of a plateau, an early end.
 *
 * A value counts as better here when it passes the last such value by more than
 * min_delta; the best weights are picked by the value alone. Not finite is never better. */
#ifndef AT_TRAIN_WATCH_H
#define AT_TRAIN_WATCH_H
#include <stdbool.h>
#include <stdint.h>

typedef struct at_watch {
  int64_t patience; /* evaluations in a row without a better value that end training; 0: never */
  int64_t plateau;  /* such evaluations after which the rate is lowered; 0: never */
  double min_delta;
  /* state: begins with best and mark NAN, all else zero */
  double best, mark; /* NAN: none yet; mark: what the next better value must pass */
  int64_t waited;    /* evaluations since the mark */
  int64_t flat;      /* since the mark or the last cut */
  int64_t cuts;      /* times the rate was lowered */
  bool over;         /* patience is at its end */
} at_watch;

/* One evaluation. Whether it is the best so far. */
bool at_watch_take(at_watch *w, double value, bool higher_is_better);
#endif
