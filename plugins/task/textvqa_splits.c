#include "textvqa_splits.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

const char *tv_field(const attune_host *host, attune_task_context *c, const char *field,
                     int64_t row) {
  const char *text = host->row_text(c, TV_QUESTION, field, row);
  return text ? text : "";
}

/* Tokens past the limit are no part of answers; it is said once how many pictures have such. */
int tv_tokens_of(const attune_host *host, attune_task_context *c, const tv_state *s, int64_t row,
                 tv_tokens *out) {
  const int64_t picture = host->link(c, TV_QUESTION, TV_PICTURE, row);
  const char *text = picture < 0 ? NULL : host->row_text(c, TV_PICTURE, "token_text", picture);
  memset(out, 0, sizeof *out);
  if (picture < 0)
    host->error(host, "textvqa needs a picture for each question: a link of `%s` to `%s`",
                TV_QUESTION, TV_PICTURE);
  if (!text) return ATTUNE_BAD_INPUT;
  if (tv_tokens_count(text) > s->most_tokens) {
    char sentence[200];
    snprintf(sentence, sizeof sentence,
             "some pictures have more than %lld tokens; answers point at none behind those (option "
             "`tokens` of textvqa)",
             (long long)s->most_tokens);
    int rc = host->say(c, sentence);
    if (rc) return rc;
    text = host->row_text(c, TV_PICTURE, "token_text", picture);
  }
  return tv_tokens_read(text, s->most_tokens, s->words.match, out) ? ATTUNE_NO_MEMORY : ATTUNE_OK;
}

/* ---- one question ---- */

/* The texts that may be trained on: what people said, cut at tabs, else the answer alone. */
typedef struct said {
  char *text; /* owned */
  char **person;
  int32_t n;
} said;

static int listen(const attune_host *host, attune_task_context *c, const tv_state *s, int64_t row,
                  said *out) {
  enum { MOST = 64 };
  const char *text = s->people ? tv_field(host, c, "answers", row) : "";
  if (!*text) text = tv_field(host, c, "answer", row);
  *out = (said){.text = strdup(text), .person = calloc(MOST, sizeof *out->person)};
  if (!out->text || !out->person) return ATTUNE_NO_MEMORY;
  for (char *at = out->text; at && out->n < MOST;) {
    out->person[out->n++] = at;
    at = s->people ? strchr(at, '\t') : NULL;
    if (at) *at++ = 0;
  }
  return ATTUNE_OK;
}

static int find_forms(const tv_state *s, const tv_tokens *t, const said *all, tv_question *q) {
  q->form = calloc((size_t)all->n + 1, sizeof *q->form);
  q->person = calloc((size_t)all->n + 1, sizeof *q->person);
  if (!q->form || !q->person) return ATTUNE_NO_MEMORY;
  for (int32_t i = 0; i < all->n; i++) {
    int32_t k = 0;
    while (k < i && strcmp(all->person[k], all->person[i])) k++;
    if (k < i) {
      q->person[q->people++] = q->person[k];
      continue;
    }
    if (tv_form_find(&s->words, t, all->person[i], &q->form[q->forms])) return ATTUNE_NO_MEMORY;
    q->person[q->people++] = tv_form_fits(&q->form[q->forms], s->steps) ? q->forms : -1;
    q->forms++;
  }
  return ATTUNE_OK;
}

static void forget(tv_question *q) {
  for (int32_t i = 0; i < q->forms; i++) tv_form_free(&q->form[i]);
  free(q->form);
  free(q->person);
  memset(q, 0, sizeof *q);
}

static int learn(const attune_host *host, attune_task_context *c, tv_state *s, int64_t row,
                 tv_question *q) {
  tv_tokens t;
  said all = {0};
  int rc = tv_tokens_of(host, c, s, row, &t);
  if (!rc) rc = listen(host, c, s, row, &all);
  if (!rc) rc = find_forms(s, &t, &all, q);
  q->tokens = (int32_t)t.n;
  if (rc) forget(q);
  tv_tokens_free(&t);
  free(all.text);
  free(all.person);
  return rc;
}

/* ---- splits ---- */

static int open_split(const attune_host *host, attune_task_context *c, tv_state *s, tv_part **out) {
  const char *name = host->split(c);
  for (*out = s->split; *out; *out = (*out)->next)
    if (!strcmp((*out)->name, name)) return ATTUNE_OK;
  const int64_t n = host->rows(c, TV_QUESTION);
  tv_part *p = n > 0 ? calloc(1, sizeof *p) : NULL;
  if (n <= 0) {
    host->error(host, "textvqa needs a table `%s`; the split `%s` has none", TV_QUESTION, name);
    return ATTUNE_BAD_INPUT;
  }
  if (p) p->name = strdup(name);
  if (p) p->question = calloc((size_t)n, sizeof *p->question);
  if (!p || !p->name || !p->question) {
    if (p) free(p->name);
    free(p);
    return ATTUNE_NO_MEMORY;
  }
  p->n = n;
  p->next = s->split;
  *out = s->split = p;
  return ATTUNE_OK;
}

int tv_question_of(const attune_host *host, attune_task_context *c, tv_state *s, int64_t row,
                   const tv_question **out) {
  tv_part *p;
  int rc = open_split(host, c, s, &p);
  if (rc) return rc;
  if (row < 0 || row >= p->n) {
    host->error(host, "there is no question %lld in `%s`", (long long)row, p->name);
    return ATTUNE_FAILED;
  }
  tv_question *q = &p->question[row];
  if (!q->form && (rc = learn(host, c, s, row, q))) return rc;
  *out = q;
  return ATTUNE_OK;
}

int tv_can_train(const tv_state *s, const tv_question *q) {
  (void)s;
  for (int32_t i = 0; i < q->people; i++)
    if (q->person[i] >= 0) return 1;
  return 0;
}

void tv_splits_free(tv_state *s) {
  for (tv_part *p = s->split, *next; p; p = next) {
    next = p->next;
    for (int64_t i = 0; i < p->n; i++) forget(&p->question[i]);
    free(p->question);
    free(p->name);
    free(p);
  }
  s->split = NULL;
}
