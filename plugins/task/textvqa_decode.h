/* Answers out of a model that scores the next step: the best at every step, or a beam. */
#ifndef ATTUNE_TASK_TEXTVQA_DECODE_H
#define ATTUNE_TASK_TEXTVQA_DECODE_H
#include "textvqa_form.h"

typedef struct tv_answer {
  tv_step *step; /* without the end */
  int64_t n;
  double score; /* sum over steps, the end included, of log sigmoid(logit) */
  double logit; /* mean over them */
} tv_answer;

/* Answers begun, of which each wants its next step. */
typedef struct tv_begun {
  int64_t question; /* which of those asked */
  const tv_step *step;
  int64_t n;
  int64_t from; /* which of the last call's it continues; -1: none */
} tv_begun;

/* Logits of the next step of each of n answers begun, all of one length: words[i * vocabulary + k],
 * and tokens[i * stride + k] of which question's own count. Valid until the next call. */
typedef struct tv_scores {
  const float *words, *tokens;
  int64_t stride;
} tv_scores;
typedef int tv_next(void *ctx, const tv_begun *begun, int64_t n, tv_scores *out);

typedef struct tv_decoding {
  tv_next *next;
  void *ctx;
  int64_t questions, vocabulary;
  const int64_t *tokens; /* [questions] */
  int64_t steps;         /* at most, the end included; the last may be any */
  int64_t beam;          /* 1: greedy */
} tv_decoding;

/* An answer to each question; those with none before it in the order of words and tokens wins a
 * tie. What `next` returns when it is not 0, or -3: out of memory. */
int tv_decode(const tv_decoding *d, tv_answer *out);
void tv_answers_free(tv_answer *a, int64_t n);
#endif
