/* What a metric of made pictures says where no task made any. */
#ifndef ATTUNE_METRIC_PICTURES_MISSING_H
#define ATTUNE_METRIC_PICTURES_MISSING_H
#include <attune/plugin.h>

static inline int pictures_missing(const attune_host *host, const attune_options *o,
                                   const attune_prediction *p, attune_results *r) {
  (void)o, (void)p, (void)r;
  host->error(host, "the task gives no pictures");
  return ATTUNE_FAILED;
}
#endif
