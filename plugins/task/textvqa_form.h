/* How an answer can be made of words of the vocabulary and of tokens. */
#ifndef ATTUNE_TASK_TEXTVQA_FORM_H
#define ATTUNE_TASK_TEXTVQA_FORM_H
#include "textvqa_words.h"

/* One step of an answer: a word of the vocabulary (kind 0) or a token (kind 1), and which. */
typedef struct tv_step {
  int32_t kind, index;
} tv_step;

/* A step that can stand where a word of the answer begins, and how many of its words it says. */
typedef struct tv_unit {
  tv_step step;
  int32_t words;
} tv_unit;

enum { TV_NEVER = 1 << 20 };
typedef struct tv_form {
  int64_t words;  /* of the answer */
  int64_t *first; /* [words + 1] of the units that begin at each word */
  tv_unit *unit;
  int32_t *cost; /* [words + 1] fewest steps that say the rest; TV_NEVER: none do */
} tv_form;

/* Words of tokens as keys, once for all answers about a picture. */
typedef struct tv_tokens {
  const char **text; /* [n], each with its NUL, into `held` */
  int64_t n;
  int64_t *first; /* [n + 1] of the keys of each */
  char (*key)[TV_WORD], (*loose)[TV_WORD];
  char *held;
} tv_tokens;

/* One a line; those past `most` are left out. 0, or negative: out of memory. */
int tv_tokens_read(const char *lines, int64_t most, tv_match match, tv_tokens *out);
int64_t tv_tokens_count(const char *lines); /* all of them */
void tv_tokens_free(tv_tokens *t);

int tv_form_find(const tv_vocabulary *v, const tv_tokens *t, const char *answer, tv_form *out);
void tv_form_free(tv_form *f);
/* Whether the end fits behind it, too. */
int tv_form_fits(const tv_form *f, int64_t steps);
/* Units that can stand at word `at` so that the rest needs no more than `left` steps, these
 * included: how many; the k-th into *out. */
int64_t tv_form_choices(const tv_form *f, int64_t at, int64_t left, int64_t k, tv_unit *out);

/* The text of steps; the caller frees. NULL: out of memory. */
char *tv_text(const tv_vocabulary *v, const tv_tokens *t, const tv_step *step, int64_t n);
/* The text nearest to the answer that `steps` steps can say: its words in their order, without
 * those that nothing says. */
char *tv_form_best(const tv_vocabulary *v, const tv_tokens *t, const tv_form *f, int64_t steps);
#endif
