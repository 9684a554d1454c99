#include "below.h"
#include "textvqa_feed.h"
#include <string.h>

const attune_fed tv_fed[] = {
    {"kind", "of what was answered before each step: 0 a word of the vocabulary, 1 a token"},
    {"answered", "which word or token that was; the first step comes behind word 0"},
    {"to_word", "1 for each word that may be the next step"},
    {"to_token", "the same for tokens"},
    {NULL, NULL}};

int64_t tv_size(const attune_host *host, void *state, const char *input, const char *axis) {
  const tv_state *s = state;
  (void)host;
  return s && !strcmp(input, "to_word") && axis && strcmp(axis, "step") ? s->words.n : -1;
}

/* A row of the batch: what was answered, and what may come next at each step. */
typedef struct line {
  tv_step *before; /* [n] */
  int64_t n;
  const tv_form *form; /* what may come next; NULL: `next` alone */
  int64_t *word;       /* [n] of the form's answer at which each step stands */
  const tv_step *next; /* [n] */
} line;

typedef struct filling {
  const attune_host *host;
  attune_task_context *c;
  tv_state *s;
  const attune_rows *rows;
  line *line;
  int64_t n;
} filling;

static uint32_t draw(const filling *f, int64_t row, int64_t what) {
  /* Beyond all that the order of an epoch draws. */
  const uint64_t index = ((uint64_t)1 << 48) + ((uint64_t)row << 10) + (uint64_t)what;
  return f->host->random(f->c, f->rows->epoch, index);
}

static void begin_line(const filling *f, line *l) {
  l->before = f->host->scratch(f->host, ((size_t)f->s->steps + 1) * sizeof *l->before);
  l->word = f->host->scratch(f->host, ((size_t)f->s->steps + 1) * sizeof *l->word);
  l->n = 1;
  if (!l->before || !l->word) return;
  l->before[0] = (tv_step){0, TV_BEGIN};
  l->word[0] = 0;
}

/* The form of what one person said: drawn in training, the first one else. */
static const tv_form *choose_form(const filling *f, const tv_question *q, int64_t row) {
  int64_t can = 0, take;
  for (int32_t i = 0; i < q->people; i++) can += q->person[i] >= 0;
  if (!can) return NULL;
  take = f->rows->purpose == ATTUNE_TO_TRAIN ? below(draw(f, row, 1023), can) : 0;
  for (int32_t i = 0; i < q->people; i++)
    if (q->person[i] >= 0 && take-- == 0) return &q->form[q->person[i]];
  return NULL;
}

/* One way to form the answer, a step at a time, is what the model is told that it answered. An
 * answer that cannot be formed asks for the end at once. */
static int teach(const filling *f, int64_t row, line *l) {
  const tv_question *q;
  int rc = tv_question_of(f->host, f->c, f->s, row, &q);
  if (rc) return rc;
  l->form = choose_form(f, q, row);
  static const tv_step end = {0, TV_END};
  if (!l->form) l->next = &end;
  for (int64_t at = 0; l->form && at < l->form->words; l->n++) {
    const int64_t left = f->s->steps - l->n;
    tv_unit u;
    int64_t k = tv_form_choices(l->form, at, left, 0, &u);
    if (k > 1 && f->rows->purpose == ATTUNE_TO_TRAIN)
      tv_form_choices(l->form, at, left, below(draw(f, row, l->n), k), &u);
    l->before[l->n] = u.step;
    l->word[l->n] = at += u.words;
  }
  return ATTUNE_OK;
}

static const tv_answer *looked_at(const tv_state *s, int64_t row) {
  for (int64_t i = 0; i < s->n_looked; i++)
    if (s->looked[i].row == row) return &s->looked[i].answer;
  return NULL;
}

/* What the model answered by itself. */
static int repeat(const filling *f, const tv_answer *a, line *l) {
  tv_step *next = f->host->scratch(f->host, ((size_t)a->n + 1) * sizeof *next);
  if (!next) return ATTUNE_NO_MEMORY;
  for (int64_t i = 0; i < a->n && l->n < f->s->steps; i++) l->before[l->n++] = a->step[i];
  for (int64_t i = 0; i < a->n; i++) next[i] = a->step[i];
  next[a->n] = (tv_step){0, TV_END};
  l->next = next;
  return ATTUNE_OK;
}

static int begin_lines(filling *f) {
  for (int64_t i = 0; i < f->n; i++) {
    line *l = &f->line[i];
    const int64_t row = f->rows->rows[0][i];
    const tv_answer *looked = NULL;
    int rc = ATTUNE_OK;
    begin_line(f, l);
    if (!l->before || !l->word) return ATTUNE_NO_MEMORY;
    if (f->rows->purpose == ATTUNE_TO_LOOK) looked = looked_at(f->s, row);
    if (f->rows->purpose == ATTUNE_TO_ANSWER && f->s->begun)
      for (int64_t k = 0; k < f->s->begun[i].n && l->n < f->s->steps; k++)
        l->before[l->n++] = f->s->begun[i].step[k];
    else
      rc = looked ? repeat(f, looked, l) : teach(f, row, l);
    if (rc) return rc;
  }
  return ATTUNE_OK;
}

/* ---- numbers ---- */

static void set_one(const filling *f, tv_step s, float *word, float *token, int64_t width) {
  if (s.kind && token && s.index < width) token[s.index] = 1;
  if (!s.kind && word && s.index < f->s->words.n) word[s.index] = 1;
}

/* `width`: the room for tokens. */
static void set_targets(const filling *f, const line *l, int64_t step, float *word, float *token,
                        int64_t width) {
  tv_unit u;
  if (l->next) {
    set_one(f, l->next[step], word, token, width);
    return;
  }
  if (!l->form) return; /* the model answers: nothing is wanted of it */
  const int64_t at = l->word[step];
  if (at == l->form->words) set_one(f, (tv_step){0, TV_END}, word, token, width);
  if (at == l->form->words) return;
  const int64_t left = f->s->steps - step - 1, n = tv_form_choices(l->form, at, left, 0, &u);
  for (int64_t k = 0; k < n; k++) {
    tv_form_choices(l->form, at, left, k, &u);
    set_one(f, u.step, word, token, width);
  }
}

static int fill(filling *f, attune_batch *b) {
  const attune_host *host = f->host;
  attune_array kinds, answers, words, tokens;
  void *kind, *answered, *word, *token;
  int rc = host->fill(b, "kind", &kinds, &kind);
  if (!rc) rc = host->fill(b, "answered", &answers, &answered);
  if (!rc) rc = host->fill(b, "to_word", &words, &word);
  if (!rc) rc = host->fill(b, "to_token", &tokens, &token);
  if (rc) return rc;
  const int64_t vocabulary = word ? words.shape[1] : 0, width = token ? tokens.shape[1] : 0;
  if (word && vocabulary != f->s->words.n) {
    host->error(host, "`to_word` has room for %lld words; there are %lld", (long long)vocabulary,
                (long long)f->s->words.n);
    return ATTUNE_BAD_INPUT;
  }
  int64_t at = 0;
  for (int64_t i = 0; i < f->n; i++)
    for (int64_t s = 0; s < f->line[i].n; s++, at++) {
      if (kind) ((int32_t *)kind)[at] = f->line[i].before[s].kind;
      if (answered) ((int32_t *)answered)[at] = f->line[i].before[s].index;
      set_targets(f, &f->line[i], s, word ? (float *)word + at * vocabulary : NULL,
                  token ? (float *)token + at * width : NULL, width);
    }
  return ATTUNE_OK;
}

int tv_feed(const attune_host *host, const attune_options *options, attune_task_context *context,
            const attune_rows *rows, attune_batch *batch) {
  filling f = {
      .host = host, .c = context, .s = host->state(context), .rows = rows, .n = rows->counts[0]};
  (void)options;
  f.line = host->scratch(host, ((size_t)f.n + 1) * sizeof *f.line);
  int64_t *length = host->scratch(host, ((size_t)f.n + 1) * sizeof *length);
  if (!f.line || !length) return ATTUNE_NO_MEMORY;
  memset(f.line, 0, ((size_t)f.n + 1) * sizeof *f.line);
  int rc = begin_lines(&f);
  for (int64_t i = 0; i < f.n; i++) length[i] = f.line[i].n;
  if (!rc) rc = host->lengths(batch, "step", length);
  return rc ? rc : fill(&f, batch);
}
