/* What a task that answers with texts predicts, as its metrics read it: a score for each question,
 * and the score that the tokens and the vocabulary would allow. */
#ifndef ATTUNE_METRIC_TEXT_ANSWERS_H
#define ATTUNE_METRIC_TEXT_ANSWERS_H
#include <attune/plugin.h>

typedef struct text_answers {
  int64_t n;
  const char **predicted, **people, **possible; /* [n]; a tab between two of people and possible */
  const int32_t *type;                          /* NULL: the data tell none apart */
  attune_array type_names;
} text_answers;

/* In memory of the callback. */
int text_answers_open(const attune_host *host, const attune_prediction *p, text_answers *out);

/* How good `given` is where people said `people`; negative: nobody said anything. */
typedef double text_score(void *ctx, const char *given, const char *people);

/* NAME: the mean of `scale` times the score; NAME.TYPE: over questions of a type, where `by_type`;
 * NAME.possible: the mean of the best score that one of the possible texts has. */
int text_answers_report(const attune_host *host, const text_answers *a, const char *name,
                        text_score *score, void *ctx, double scale, int by_type,
                        attune_results *results);

#define TEXT_ANSWERS_BY_TYPE \
  { "by_type", ATTUNE_OPTION_BOOL, "true", 0, 0, NULL, "one for each type of question, too" }
#endif
