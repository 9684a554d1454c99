/* What the task knows of the questions of a split. */
#ifndef ATTUNE_TASK_TEXTVQA_SPLITS_H
#define ATTUNE_TASK_TEXTVQA_SPLITS_H
#include <attune/plugin.h>
#include "textvqa_decode.h"

#define TV_QUESTION "question"
#define TV_PICTURE  "picture"

typedef struct tv_question {
  tv_form *form; /* [forms] of each different answer that may be trained on; NULL: not known yet */
  int32_t forms;
  int32_t *person; /* [people] the form of what each person said; -1: it cannot be formed */
  int32_t people;
  int32_t tokens; /* that an answer may point at */
} tv_question;

typedef struct tv_part {
  char *name;
  int64_t n;
  tv_question *question;
  struct tv_part *next;
} tv_part;

typedef struct tv_looked { /* an answer that was found at the last look */
  int64_t row;
  tv_answer answer;
} tv_looked;

typedef struct tv_state {
  tv_vocabulary words;
  int64_t steps, most_tokens;
  int people; /* whether any of the people's answers is trained on */
  tv_part *split;
  /* what a batch is filled with while the model is run to answer: [rows of the batch] */
  const tv_begun *begun;
  /* the last look */
  tv_looked *looked;
  int64_t n_looked;
  /* what was told of it last */
  char *answer, **said;
  int64_t *item, n_said;
} tv_state;

/* Texts of a row; "" where the data have no such field. Valid until the next call. */
const char *tv_field(const attune_host *host, attune_task_context *c, const char *field,
                     int64_t row);
/* Tokens of the picture of a question; the caller frees them. */
int tv_tokens_of(const attune_host *host, attune_task_context *c, const tv_state *s, int64_t row,
                 tv_tokens *out);
/* Everything about one question, found at the first call; valid as long as the state. */
int tv_question_of(const attune_host *host, attune_task_context *c, tv_state *s, int64_t row,
                   const tv_question **out);
/* Whether it can be trained on. */
int tv_can_train(const tv_state *s, const tv_question *q);
void tv_splits_free(tv_state *s);
#endif
