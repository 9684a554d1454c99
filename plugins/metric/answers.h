/* What the task vqa predicts, as its metrics read it. */
#ifndef ATTUNE_METRIC_ANSWERS_H
#define ATTUNE_METRIC_ANSWERS_H
#include <attune/plugin.h>
#include <stdio.h>
#include <string.h>

typedef struct answers {
  int64_t n;
  const int32_t *predicted, *expected; /* numbers of answers; expected -1: none of them */
  const int32_t *type;                 /* NULL: the data tell none apart */
  attune_array answer_names, type_names;
} answers;

static inline int answers_open(const attune_host *host, const attune_prediction *p, answers *a) {
  attune_array v, e, t;
  int rc = host->prediction(p, "predicted", &v);
  if (!rc) rc = host->prediction(p, "expected", &e);
  if (!rc) rc = host->prediction(p, "answer_names", &a->answer_names);
  if (rc) return rc;
  a->n = v.shape[0];
  a->predicted = v.data;
  a->expected = e.data;
  a->type = NULL;
  if (!host->prediction(p, "type", &t) && !host->prediction(p, "type_names", &a->type_names))
    a->type = t.data;
  return ATTUNE_OK;
}

/* The i-th of texts that lie one after another; NULL past the last. */
static inline const char *answers_name(const attune_array *names, int64_t i) {
  const char *c = names->data, *end = c + names->shape[0];
  for (; c < end && i > 0; i--) c += strlen(c) + 1;
  return c < end ? c : NULL;
}

/* "accuracy.yes/no", its name cut where it is long. */
static inline void answers_result(char out[64], const char *what, const char *of) {
  snprintf(out, 64, "%.15s.%.40s", what, of);
}
#endif
