/* Questions about text in pictures, answered step by step with words of a vocabulary and with
 * tokens that were read in the picture (Hu and others, 2020). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "textvqa_feed.h"

static const attune_option options_table[] = {
    {"vocabulary", ATTUNE_OPTION_INT, "5000", 0, 1000000, NULL,
     "words that answers may be made of beside tokens: the most frequent ones of the answers that "
     "are trained on"},
    {"steps", ATTUNE_OPTION_INT, "12", 2, 512, NULL,
     "longest answer, its end included, in words and tokens"},
    {"tokens", ATTUNE_OPTION_INT, "500", 1, 100000, NULL,
     "of a picture that an answer may point at, the first ones; the model sees all of them"},
    {"match", ATTUNE_OPTION_ENUM, "loose", 0, 0, "loose|case|exact",
     "which words are the same: case, but for the case of letters; loose, where no other is, by "
     "letters and digits alone"},
    {"people", ATTUNE_OPTION_BOOL, "false", 0, 0, NULL,
     "train on any of the answers that people gave, drawn anew in every epoch, and not on one"},
    {"beam", ATTUNE_OPTION_INT, "1", 1, 64, NULL,
     "answers kept in sight at every step; 1: the best word or token is taken at once"},
    {"cache", ATTUNE_OPTION_BOOL, "true", 0, 0, NULL,
     "keep keys and values of earlier steps while answering; the answers are the same without"},
    {NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL},
};

/* ---- its state ---- */

static void forget_told(tv_state *s) {
  for (int64_t i = 0; i < s->n_said; i++) free(s->said[i]);
  free(s->said);
  free(s->item);
  free(s->answer);
  s->said = NULL;
  s->item = NULL;
  s->answer = NULL;
  s->n_said = 0;
}

static void forget_look(tv_state *s) {
  for (int64_t i = 0; i < s->n_looked; i++) free(s->looked[i].answer.step);
  free(s->looked);
  s->looked = NULL;
  s->n_looked = 0;
  forget_told(s);
}

static void close_task(void *state) {
  tv_state *s = state;
  forget_look(s);
  tv_splits_free(s);
  tv_vocabulary_free(&s->words);
  free(s);
}

static int count_words(const attune_host *host, attune_task_context *c, int64_t most, tv_state *s,
                       tv_match match) {
  const int64_t n = host->rows(c, TV_QUESTION);
  tv_counting counting = {0};
  int rc = ATTUNE_OK;
  if (n > 0 && !host->row_text(c, TV_QUESTION, "answer", 0)) return ATTUNE_BAD_INPUT;
  for (int64_t i = 0; i < n && !rc; i++) {
    const char *text = s->people ? tv_field(host, c, "answers", i) : "";
    if (!*text) text = tv_field(host, c, "answer", i);
    if (tv_count(&counting, text, match)) rc = ATTUNE_NO_MEMORY;
  }
  if (!rc && tv_vocabulary_count(&counting, most, match, &s->words)) rc = ATTUNE_NO_MEMORY;
  tv_counting_free(&counting);
  char *text = rc ? NULL : tv_vocabulary_text(&s->words);
  if (!rc) rc = text ? host->keep(c, "words", text) : ATTUNE_NO_MEMORY;
  free(text);
  return rc;
}

static int open_task(const attune_host *host, const attune_options *options, attune_task_context *c,
                     void **state) {
  tv_state *s = calloc(1, sizeof *s);
  if (!s) return ATTUNE_NO_MEMORY;
  const tv_match match = (tv_match)host->option_int(options, "match");
  s->steps = host->option_int(options, "steps");
  s->most_tokens = host->option_int(options, "tokens");
  s->people = host->option_int(options, "people") != 0;
  const char *kept = host->kept(c, "words");
  int rc = !kept ? count_words(host, c, host->option_int(options, "vocabulary"), s, match)
           : tv_vocabulary_read(kept, match, &s->words) ? ATTUNE_NO_MEMORY
                                                        : ATTUNE_OK;
  if (rc)
    close_task(s);
  else
    *state = s;
  return rc;
}

/* ---- epochs ---- */

static int one_axis(const attune_host *host, attune_task_context *c) {
  const char *axis = host->batch_axis(c, 0);
  if (axis && !strcmp(axis, TV_QUESTION) && !host->batch_axis(c, 1)) return ATTUNE_OK;
  host->error(host,
              "textvqa needs a model with one batch axis, `%s`; data of pictures are fed along "
              "it as well",
              TV_QUESTION);
  return ATTUNE_BAD_INPUT;
}

static int say_lost(const attune_host *host, attune_task_context *c, int64_t lost, int64_t n) {
  char sentence[240];
  if (!lost) return ATTUNE_OK;
  snprintf(sentence, sizeof sentence,
           "%lld of %lld answers of `%s` cannot be formed of the vocabulary and of tokens, and are "
           "not trained on",
           (long long)lost, (long long)n, host->split(c));
  return host->say(c, sentence);
}

static int epoch(const attune_host *host, const attune_options *options, attune_task_context *c,
                 uint64_t number) {
  tv_state *s = host->state(c);
  const int64_t n = host->rows(c, TV_QUESTION);
  int rc = one_axis(host, c);
  (void)options;
  int64_t *row = host->scratch(host, (size_t)((n > 0 ? n : 0) + 1) * sizeof *row), k = 0;
  if (!row) return ATTUNE_NO_MEMORY;
  for (int64_t i = 0; i < n && !rc; i++) {
    const tv_question *q;
    rc = tv_question_of(host, c, s, i, &q);
    if (!rc && tv_can_train(s, q)) row[k++] = i;
  }
  if (!rc) rc = say_lost(host, c, n - k, n);
  for (int64_t i = k - 1; i > 0; i--) {
    const uint64_t bits = host->random(c, number, (uint64_t)i);
    const int64_t j = (int64_t)((bits * (uint64_t)(i + 1)) >> 32), t = row[i];
    row[i] = row[j];
    row[j] = t;
  }
  for (int64_t i = 0; i < k && !rc; i++) rc = host->example(c, &row[i]);
  return rc;
}

/* ---- answering ---- */

typedef struct answering {
  const attune_host *host;
  attune_task_context *c;
  tv_state *s;
  const int64_t *row; /* of each question */
  int64_t *rows;      /* of each answer begun */
  int64_t *from;      /* which of the last step each continues */
  int cache;
  float *words, *tokens;
  size_t words_cap, tokens_cap;
} answering;

static int room(float **v, size_t *cap, size_t n) {
  if (n <= *cap) return 0;
  float *p = realloc(*v, n * sizeof *p);
  if (!p) return -1;
  *v = p;
  *cap = n;
  return 0;
}

/* The last step of each answer begun, one after another. */
static int take_last(const answering *a, const attune_array *out, int64_t n, const char *name,
                     float **v, size_t *cap) {
  const int64_t width = out->ndim == 2 ? out->shape[1] : 0, steps = out->shape[0] / n;
  if (out->ndim != 2 || out->type != ATTUNE_F32 || out->shape[0] % n || !steps || width < 1) {
    a->host->error(a->host, "`%s` must be a number for each step and each word or token", name);
    return ATTUNE_BAD_INPUT;
  }
  if (room(v, cap, (size_t)(n * width))) return ATTUNE_NO_MEMORY;
  for (int64_t i = 0; i < n; i++)
    memcpy(*v + i * width, (const float *)out->data + (i * steps + steps - 1) * width,
           (size_t)width * sizeof **v);
  return ATTUNE_OK;
}

static int next_step(void *ctx, const tv_begun *begun, int64_t n, tv_scores *out) {
  answering *a = ctx;
  attune_array words, tokens;
  const int64_t *rows[1] = {a->rows}, *from = begun[0].n ? a->from : NULL;
  for (int64_t i = 0; i < n; i++) {
    a->rows[i] = a->row[begun[i].question];
    a->from[i] = begun[i].from;
  }
  a->s->begun = begun;
  int rc = a->host->next(a->c, "of_words", rows, &n, from, !a->cache, &words);
  a->s->begun = NULL;
  if (rc) return rc;
  if (words.ndim == 2 && words.shape[1] != a->s->words.n) {
    a->host->error(a->host, "`of_words` has %lld numbers for each step; there are %lld words",
                   (long long)words.shape[1], (long long)a->s->words.n);
    return ATTUNE_BAD_INPUT;
  }
  rc = take_last(a, &words, n, "of_words", &a->words, &a->words_cap);
  if (!rc) rc = a->host->output(a->c, "of_tokens", &tokens);
  if (!rc) rc = take_last(a, &tokens, n, "of_tokens", &a->tokens, &a->tokens_cap);
  if (!rc) *out = (tv_scores){a->words, a->tokens, tokens.shape[1]};
  return rc;
}

/* Answers to n questions; the caller frees their steps. */
static int answer_rows(const attune_host *host, const attune_options *options,
                       attune_task_context *c, const int64_t *row, int64_t n, tv_answer *out) {
  answering a = {.host = host,
                 .c = c,
                 .s = host->state(c),
                 .row = row,
                 .cache = host->option_int(options, "cache") != 0};
  tv_decoding d = {.next = next_step,
                   .ctx = &a,
                   .questions = n,
                   .vocabulary = a.s->words.n,
                   .steps = a.s->steps,
                   .beam = host->option_int(options, "beam")};
  int64_t *tokens = host->scratch(host, (size_t)(n + 1) * sizeof *tokens);
  a.rows = host->scratch(host, (size_t)(n * d.beam + 1) * sizeof *a.rows);
  a.from = host->scratch(host, (size_t)(n * d.beam + 1) * sizeof *a.from);
  if (!tokens || !a.rows || !a.from) return ATTUNE_NO_MEMORY;
  int rc = ATTUNE_OK;
  for (int64_t i = 0; i < n && !rc; i++) {
    const tv_question *q;
    rc = tv_question_of(host, c, a.s, row[i], &q);
    if (!rc) tokens[i] = q->tokens;
  }
  d.tokens = tokens;
  if (!rc) rc = tv_decode(&d, out);
  free(a.words);
  free(a.tokens);
  return rc;
}

/* ---- evaluation ---- */

/* Texts and numbers one after another, as they become predictions. */
typedef struct bytes {
  char *v;
  size_t n, cap;
} bytes;

static int add_bytes(bytes *b, const void *v, size_t n) {
  if (b->n + n > b->cap) {
    size_t cap = 2 * (b->n + n);
    char *p = realloc(b->v, cap);
    if (!p) return ATTUNE_NO_MEMORY;
    b->v = p;
    b->cap = cap;
  }
  memcpy(b->v + b->n, v, n);
  b->n += n;
  return ATTUNE_OK;
}

static int add_text(bytes *b, const char *text) { return add_bytes(b, text, strlen(text) + 1); }

enum { PREDICTED, EXPECTED, ANSWERS, POSSIBLE, TYPE, TEXTS };
enum { KIND, INDEX, POINTED, LOGIT, CONFIDENCE, STEPS_OF, COLUMNS };
typedef struct outcome {
  bytes text[TEXTS], column[COLUMNS];
  int64_t first; /* of the steps of the next question */
} outcome;

static void free_outcome(outcome *o) {
  for (int i = 0; i < TEXTS; i++) free(o->text[i].v);
  for (int i = 0; i < COLUMNS; i++) free(o->column[i].v);
}

/* What could be said of each of the people's answers, a tab between two. */
static int add_possible(const attune_host *host, attune_task_context *c, const tv_state *s,
                        int64_t row, const tv_tokens *t, bytes *to) {
  const char *said = tv_field(host, c, "answers", row);
  if (!*said) said = tv_field(host, c, "answer", row);
  char *copy = strdup(said);
  int rc = copy ? ATTUNE_OK : ATTUNE_NO_MEMORY;
  for (char *at = copy, *end; !rc && at; at = end) {
    tv_form f;
    if ((end = strchr(at, '\t'))) *end++ = 0;
    if (tv_form_find(&s->words, t, at, &f)) {
      rc = ATTUNE_NO_MEMORY;
      break;
    }
    char *best = tv_form_best(&s->words, t, &f, s->steps - 1);
    rc = best ? add_bytes(to, best, strlen(best)) : ATTUNE_NO_MEMORY;
    if (!rc && end) rc = add_bytes(to, "\t", 1);
    free(best);
    tv_form_free(&f);
  }
  free(copy);
  return rc ? rc : add_bytes(to, "", 1);
}

static int add_question(const attune_host *host, attune_task_context *c, int64_t row,
                        const tv_answer *a, outcome *o) {
  const tv_state *s = host->state(c);
  tv_tokens t;
  int rc = tv_tokens_of(host, c, s, row, &t);
  char *text = rc ? NULL : tv_text(&s->words, &t, a->step, a->n);
  if (!rc) rc = text ? add_text(&o->text[PREDICTED], text) : ATTUNE_NO_MEMORY;
  free(text);
  if (!rc) rc = add_possible(host, c, s, row, &t, &o->text[POSSIBLE]);
  tv_tokens_free(&t);
  if (!rc) rc = add_text(&o->text[EXPECTED], tv_field(host, c, "answer", row));
  const char *people = tv_field(host, c, "answers", row);
  if (!rc) rc = add_text(&o->text[ANSWERS], *people ? people : tv_field(host, c, "answer", row));
  if (!rc) rc = add_text(&o->text[TYPE], tv_field(host, c, "type", row));
  const float logit = (float)a->logit;
  if (!rc) rc = add_bytes(&o->column[LOGIT], &logit, sizeof logit);
  for (int64_t i = 0; i < a->n && !rc; i++) {
    rc = add_bytes(&o->column[KIND], &a->step[i].kind, sizeof a->step[i].kind);
    if (!rc) rc = add_bytes(&o->column[INDEX], &a->step[i].index, sizeof a->step[i].index);
  }
  o->first += a->n;
  return rc ? rc : add_bytes(&o->column[STEPS_OF], &o->first, sizeof o->first);
}

static int store(const attune_host *host, attune_prediction *p, const char *name, uint32_t type,
                 size_t size, const bytes *b) {
  attune_array a = {
      .type = type, .ndim = 1, .shape = {(int64_t)(b->n / size)}, .data = b->v ? b->v : ""};
  return host->predict(p, name, &a, NULL);
}

/* Numbers for the different texts, and the texts in their order. */
static int store_types(const attune_host *host, attune_prediction *p, const bytes *types,
                       int64_t n) {
  attune_array a = {.type = ATTUNE_I32, .ndim = 1, .shape = {n}};
  bytes names = {0};
  void *stored;
  const char *at = types->v;
  int rc = host->predict(p, "type", &a, &stored);
  for (int64_t i = 0; i < n && !rc; i++, at += strlen(at) + 1) {
    int32_t k = 0;
    const char *known = names.v;
    for (; known && known < names.v + names.n && strcmp(known, at); k++) known += strlen(known) + 1;
    if (!known || known == names.v + names.n) rc = add_text(&names, at);
    ((int32_t *)stored)[i] = k;
  }
  if (!rc) rc = store(host, p, "type_names", ATTUNE_U8, 1, &names);
  free(names.v);
  return rc;
}

static int any_type(const bytes *types) {
  for (size_t i = 0; i < types->n; i++)
    if (types->v[i]) return 1;
  return 0;
}

static int store_all(const attune_host *host, attune_prediction *p, const outcome *o, int64_t n) {
  int rc = store(host, p, "predicted", ATTUNE_U8, 1, &o->text[PREDICTED]);
  if (!rc) rc = store(host, p, "expected", ATTUNE_U8, 1, &o->text[EXPECTED]);
  if (!rc) rc = store(host, p, "answers", ATTUNE_U8, 1, &o->text[ANSWERS]);
  if (!rc) rc = store(host, p, "possible", ATTUNE_U8, 1, &o->text[POSSIBLE]);
  if (!rc) rc = store(host, p, "steps", ATTUNE_I64, sizeof(int64_t), &o->column[STEPS_OF]);
  if (!rc) rc = store(host, p, "step_kind", ATTUNE_I32, sizeof(int32_t), &o->column[KIND]);
  if (!rc) rc = store(host, p, "step_index", ATTUNE_I32, sizeof(int32_t), &o->column[INDEX]);
  if (!rc) rc = store(host, p, "logit", ATTUNE_F32, sizeof(float), &o->column[LOGIT]);
  if (!rc && any_type(&o->text[TYPE])) rc = store_types(host, p, &o->text[TYPE], n);
  return rc;
}

static int evaluate(const attune_host *host, const attune_options *options, attune_task_context *c,
                    attune_prediction *prediction) {
  const int64_t n = host->rows(c, TV_QUESTION), beam = host->option_int(options, "beam");
  int64_t most = host->block(c, 0) / beam;
  outcome o = {0};
  int rc = one_axis(host, c);
  if (rc) return rc;
  if (most < 1) most = 1;
  int64_t *row = host->scratch(host, (size_t)most * sizeof *row);
  tv_answer *a = host->scratch(host, (size_t)most * sizeof *a);
  if (!row || !a) return ATTUNE_NO_MEMORY;
  rc = add_bytes(&o.column[STEPS_OF], &o.first, sizeof o.first);
  for (int64_t from = 0; from < n && !rc; from += most) {
    const int64_t k = n - from < most ? n - from : most;
    for (int64_t i = 0; i < k; i++) row[i] = from + i;
    if ((rc = answer_rows(host, options, c, row, k, a))) break;
    for (int64_t i = 0; i < k && !rc; i++) rc = add_question(host, c, row[i], &a[i], &o);
    tv_answers_free(a, k);
  }
  if (!rc) rc = store_all(host, prediction, &o, n);
  free_outcome(&o);
  return rc;
}

/* ---- looking ---- */

static int look(const attune_host *host, const attune_options *options, attune_task_context *c,
                const attune_rows *rows) {
  tv_state *s = host->state(c);
  const int64_t n = rows->counts[0];
  tv_answer *a = host->scratch(host, (size_t)(n + 1) * sizeof *a);
  forget_look(s);
  s->looked = calloc((size_t)n + 1, sizeof *s->looked);
  if (!a || !s->looked) return ATTUNE_NO_MEMORY;
  int rc = one_axis(host, c);
  if (!rc) rc = answer_rows(host, options, c, rows->rows[0], n, a);
  for (int64_t i = 0; i < n && !rc; i++)
    s->looked[s->n_looked++] = (tv_looked){rows->rows[0][i], a[i]};
  return rc;
}

/* In memory of the state until the next look or answer. */
static int tell(tv_state *s, const tv_tokens *t, const tv_answer *a, attune_answer *out) {
  forget_told(s);
  s->answer = tv_text(&s->words, t, a->step, a->n);
  s->said = calloc((size_t)a->n + 1, sizeof *s->said);
  s->item = calloc((size_t)a->n + 1, sizeof *s->item);
  if (!s->answer || !s->said || !s->item) return ATTUNE_NO_MEMORY;
  for (int64_t i = 0; i < a->n; i++) {
    s->said[i] = tv_text(&s->words, t, &a->step[i], 1);
    if (!s->said[s->n_said++]) return ATTUNE_NO_MEMORY;
    s->item[i] = a->step[i].kind ? a->step[i].index : -1;
  }
  out->text = s->answer;
  out->n = a->n;
  out->step = (const char *const *)s->said;
  out->item = s->item;
  return ATTUNE_OK;
}

static int answer(const attune_host *host, attune_task_context *c, int64_t row,
                  attune_answer *out) {
  tv_state *s = host->state(c);
  for (int64_t i = 0; i < s->n_looked; i++) {
    tv_tokens t;
    if (s->looked[i].row != row) continue;
    int rc = tv_tokens_of(host, c, s, row, &t);
    if (!rc) rc = tell(s, &t, &s->looked[i].answer, out);
    tv_tokens_free(&t);
    return rc;
  }
  return ATTUNE_OK;
}

static const attune_need needs[] = {
    {"of_words", 1, "of every word of the vocabulary at every step of the answer"},
    {"of_tokens", 1, "of every token, likewise"},
    {NULL, 0, NULL}};

static const attune_task textvqa = {
    .item =
        {sizeof(attune_task), ATTUNE_TASK, "textvqa",
         "questions about text in pictures, answered step by step",
         "An example is a question. A step of an answer is a word of a vocabulary, or one of the "
         "tokens that were read in the\n"
         "picture, which a model points at. The data bring a table `question` with `text`, "
         "`answer` and, where there are more, `answers`\n"
         "(a tab between two), that links to a table `picture` with `token_text`, the tokens' "
         "texts, one a line, and the features of\n"
         "tokens that the model wants. The task fills the inputs `kind` and `answered` (what was "
         "answered before each step) and\n"
         "`to_word` and `to_token` (1 for all that may come next): every way to say the next word "
         "of the answer, by a word of the\n"
         "vocabulary or by any token of the same words. Which of them the model is told to have "
         "taken is drawn anew in every epoch.\n"
         "Word 0 begins an answer, word 1 ends it. Answers that cannot be formed are not trained "
         "on, and are counted.",
         options_table},
    .needs = needs,
    .epoch = epoch,
    .evaluate = evaluate,
    .fed = tv_fed,
    .open = open_task,
    .close = close_task,
    .size = tv_size,
    .feed = tv_feed,
    .look = look,
    .answer = answer,
};
static const attune_item *const items[] = {&textvqa.item};
ATTUNE_PLUGIN("textvqa", "1.0", "Apache-2.0", items)
