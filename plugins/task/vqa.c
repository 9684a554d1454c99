/* Visual question answering with a closed set of answers (Antol and others, 2015). */
#include <attune/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "below.h"

static const attune_option options_table[] = {
    {"together", ATTUNE_OPTION_INT, "1", 0, 1000000, NULL,
     "questions of one picture that stay side by side in an epoch, so that a batch computes the "
     "picture once; 0: all of them"},
    {"type", ATTUNE_OPTION_STRING, "type", 0, 0, NULL,
     "field of the questions by which results are told apart, where the data have it"},
    {"question_type", ATTUNE_OPTION_STRING, "question_type", 0, 0, NULL,
     "another such field, for metrics that know two"},
    {NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL},
};

/* Questions point to pictures; axis numbers are those of the model's batch axes. */
typedef struct roles {
  const char *question, *picture;
  uint32_t q, p;
  int64_t n; /* questions */
} roles;

static int find_roles(const attune_host *host, attune_task_context *c, roles *r) {
  const char *a = host->batch_axis(c, 0), *b = host->batch_axis(c, 1);
  if (!a || !b || host->batch_axis(c, 2)) {
    host->error(host, "vqa needs a model with two batch axes, of pictures and of questions");
    return ATTUNE_BAD_INPUT;
  }
  int first = host->rows(c, a) > 0 && host->link(c, a, b, 0) >= 0;
  if (!first && !(host->rows(c, b) > 0 && host->link(c, b, a, 0) >= 0)) {
    host->error(host, "vqa needs data in which `%s` or `%s` links to the other, and rows in both",
                a, b);
    return ATTUNE_BAD_INPUT;
  }
  *r = first ? (roles){a, b, 0, 1, host->rows(c, a)} : (roles){b, a, 1, 0, host->rows(c, b)};
  return ATTUNE_OK;
}

typedef struct pair {
  int64_t picture, question;
} pair;

static int by_picture(const void *x, const void *y) {
  const pair *a = x, *b = y;
  if (a->picture != b->picture) return a->picture < b->picture ? -1 : 1;
  return (a->question > b->question) - (a->question < b->question);
}

/* ---- epochs ---- */

typedef struct shuffling {
  const attune_host *host;
  attune_task_context *c;
  uint64_t epoch, used; /* used: random numbers so far */
} shuffling;

static void shuffle_pairs(shuffling *s, pair *v, int64_t n) {
  for (int64_t i = n - 1; i > 0; i--) {
    int64_t j = below(s->host->random(s->c, s->epoch, s->used++), i + 1);
    pair t = v[i];
    v[i] = v[j];
    v[j] = t;
  }
}

/* Cuts the questions of each picture, shuffled, into runs of `together`; starts[i] is the first
 * of run i. */
static int64_t cut(shuffling *s, pair *v, int64_t n, int64_t together, int64_t *starts) {
  int64_t runs = 0;
  for (int64_t i = 0, end; i < n; i = end) {
    for (end = i; end < n && v[end].picture == v[i].picture;) end++;
    shuffle_pairs(s, v + i, end - i);
    int64_t step = together ? together : end - i;
    for (int64_t k = i; k < end; k += step) starts[runs++] = k;
  }
  return runs;
}

static int epoch(const attune_host *host, const attune_options *options, attune_task_context *c,
                 uint64_t number) {
  roles r;
  int rc = find_roles(host, c, &r);
  if (rc) return rc;
  pair *v = host->scratch(host, (size_t)(r.n + 1) * sizeof *v);
  int64_t *starts = host->scratch(host, (size_t)(r.n + 1) * sizeof *starts), n = 0;
  if (!v || !starts) return ATTUNE_NO_MEMORY;
  for (int64_t i = 0; i < r.n; i++) {
    int64_t label;
    if ((rc = host->label(c, r.question, i, &label))) return rc;
    if (label >= 0) v[n++] = (pair){host->link(c, r.question, r.picture, i), i};
  }
  shuffling s = {host, c, number, 0};
  qsort(v, (size_t)n, sizeof *v, by_picture);
  int64_t runs = cut(&s, v, n, host->option_int(options, "together"), starts);
  for (int64_t i = runs - 1; i > 0; i--) {
    int64_t j = below(host->random(c, number, s.used++), i + 1), t = starts[i];
    starts[i] = starts[j];
    starts[j] = t;
  }
  int64_t together = host->option_int(options, "together");
  for (int64_t i = 0; i < runs; i++)
    for (int64_t k = starts[i];
         k < n && v[k].picture == v[starts[i]].picture && (!together || k < starts[i] + together);
         k++) {
      int64_t rows[2];
      rows[r.q] = v[k].question;
      rows[r.p] = v[k].picture;
      if ((rc = host->example(c, rows))) return rc;
    }
  return ATTUNE_OK;
}

/* ---- evaluation ---- */

typedef struct answering {
  roles r;
  pair *v;
  int64_t *question, *picture; /* rows of a block */
  int32_t *predicted;
  float *confidence;
} answering;

static int block(const attune_host *host, attune_task_context *c, const answering *a, int64_t from,
                 int64_t n) {
  const int64_t *rows[2];
  int64_t counts[2], pictures = 0;
  attune_array out;
  for (int64_t i = 0; i < n; i++) {
    a->question[i] = a->v[from + i].question;
    if (!pictures || a->picture[pictures - 1] != a->v[from + i].picture)
      a->picture[pictures++] = a->v[from + i].picture;
  }
  rows[a->r.q] = a->question;
  counts[a->r.q] = n;
  rows[a->r.p] = a->picture;
  counts[a->r.p] = pictures;
  int rc = host->forward(c, "logits", rows, counts, &out);
  if (rc) return rc;
  if (out.ndim != 2 || out.type != ATTUNE_F32 || out.shape[0] != n || out.shape[1] < 1) {
    host->error(host, "`logits` must be a number for each question and answer");
    return ATTUNE_BAD_INPUT;
  }
  const float *v = out.data;
  for (int64_t i = 0; i < n; i++, v += out.shape[1]) {
    int64_t best = 0;
    for (int64_t k = 1; k < out.shape[1]; k++)
      if (v[k] > v[best]) best = k;
    a->predicted[a->question[i]] = (int32_t)best;
    a->confidence[a->question[i]] = v[best];
  }
  return ATTUNE_OK;
}

/* Texts, each with its NUL, one after another. */
typedef struct names {
  char *v;
  size_t n, cap;
  int64_t count;
} names;

static int names_add(names *t, const char *text) {
  size_t n = strlen(text) + 1;
  if (t->n + n > t->cap) {
    size_t cap = 2 * (t->cap + n);
    char *v = realloc(t->v, cap);
    if (!v) return ATTUNE_NO_MEMORY;
    t->v = v;
    t->cap = cap;
  }
  memcpy(t->v + t->n, text, n);
  t->n += n;
  t->count++;
  return ATTUNE_OK;
}

static int64_t names_find(const names *t, const char *text) {
  int64_t i = 0;
  for (const char *c = t->v; c && c < t->v + t->n; c += strlen(c) + 1, i++)
    if (!strcmp(c, text)) return i;
  return -1;
}

static int predict_names(const attune_host *host, attune_prediction *p, const char *name,
                         const names *t) {
  attune_array a = {.type = ATTUNE_U8, .ndim = 1, .shape = {(int64_t)t->n}, .data = t->v};
  return host->predict(p, name, &a, NULL);
}

/* The numbers of the different texts of a field under `name`, and the texts under NAME_names. */
static int add_types(const attune_host *host, attune_task_context *c, const roles *r,
                     const char *field, const char *name, attune_prediction *p) {
  attune_array type = {.type = ATTUNE_I32, .ndim = 1, .shape = {r->n}};
  names t = {0};
  char of_names[64];
  void *stored;
  if (!host->row_text(c, r->question, field, 0)) return ATTUNE_OK;
  int rc = host->predict(p, name, &type, &stored);
  int32_t *of = stored;
  for (int64_t i = 0; i < r->n && !rc; i++) {
    const char *text = host->row_text(c, r->question, field, i);
    int64_t k = names_find(&t, text ? text : "");
    if (k < 0) {
      k = t.count;
      rc = names_add(&t, text ? text : "");
    }
    of[i] = (int32_t)k;
  }
  snprintf(of_names, sizeof of_names, "%s_names", name);
  if (!rc) rc = predict_names(host, p, of_names, &t);
  free(t.v);
  return rc;
}

/* All that people answered, text by text, where the data have it. */
static int add_people(const attune_host *host, attune_task_context *c, const roles *r,
                      attune_prediction *p) {
  names t = {0};
  int rc = ATTUNE_OK;
  if (!host->row_text(c, r->question, "answers", 0)) return ATTUNE_OK;
  for (int64_t i = 0; i < r->n && !rc; i++) {
    const char *text = host->row_text(c, r->question, "answers", i);
    rc = names_add(&t, text ? text : "");
  }
  if (!rc) rc = predict_names(host, p, "answers", &t);
  free(t.v);
  return rc;
}

static int add_answers(const attune_host *host, attune_task_context *c, const roles *r,
                       attune_prediction *p) {
  attune_array expected = {.type = ATTUNE_I32, .ndim = 1, .shape = {r->n}};
  names t = {0};
  void *stored;
  int rc = host->predict(p, "expected", &expected, &stored);
  for (int64_t i = 0; i < r->n && !rc; i++) {
    int64_t label;
    rc = host->label(c, r->question, i, &label);
    ((int32_t *)stored)[i] = (int32_t)label;
  }
  const char *name;
  for (int64_t i = 0; !rc && (name = host->label_name(c, i)); i++) rc = names_add(&t, name);
  if (!rc) rc = predict_names(host, p, "answer_names", &t);
  free(t.v);
  return rc;
}

static int evaluate(const attune_host *host, const attune_options *options, attune_task_context *c,
                    attune_prediction *prediction) {
  answering a;
  void *stored;
  int rc = find_roles(host, c, &a.r);
  if (rc) return rc;
  const int64_t n = a.r.n;
  attune_array predicted = {.type = ATTUNE_I32, .ndim = 1, .shape = {n}};
  attune_array confidence = {.type = ATTUNE_F32, .ndim = 1, .shape = {n}};
  if ((rc = add_answers(host, c, &a.r, prediction))) return rc;
  const char *type = host->option_text(options, "type"),
             *question_type = host->option_text(options, "question_type");
  if ((rc = add_types(host, c, &a.r, type, "type", prediction))) return rc;
  if ((rc = add_types(host, c, &a.r, question_type, "question_type", prediction))) return rc;
  if ((rc = add_people(host, c, &a.r, prediction))) return rc;
  if ((rc = host->predict(prediction, "predicted", &predicted, &stored))) return rc;
  a.predicted = stored;
  if ((rc = host->predict(prediction, "logit", &confidence, &stored))) return rc;
  a.confidence = stored;
  int64_t most = host->block(c, a.r.q);
  a.v = host->scratch(host, (size_t)(n + 1) * sizeof *a.v);
  a.question = host->scratch(host, (size_t)(most + 1) * sizeof *a.question);
  a.picture = host->scratch(host, (size_t)(most + 1) * sizeof *a.picture);
  if (!a.v || !a.question || !a.picture) return ATTUNE_NO_MEMORY;
  for (int64_t i = 0; i < n; i++) a.v[i] = (pair){host->link(c, a.r.question, a.r.picture, i), i};
  qsort(a.v, (size_t)n, sizeof *a.v, by_picture);
  for (int64_t i = 0; i < n && !rc; i += most)
    rc = block(host, c, &a, i, n - i < most ? n - i : most);
  return rc;
}

static const attune_need needs[] = {{"logits", 1, "of every answer to a question"},
                                    {NULL, 0, NULL}};

static const attune_task vqa = {
    .item =
        {sizeof(attune_task), ATTUNE_TASK, "vqa", "questions about pictures, with known answers",
         "An example is a question with its picture. The model has a batch axis of questions "
         "and one of pictures, and an\n"
         "input `picture: token [question]` by which it gathers what it made of the pictures: "
         "those of a batch are\n"
         "computed once, however many questions they have. Questions whose answer is none of "
         "the known ones are not\n"
         "trained on, and count as wrong. A field `answers` of the questions, one text with a tab "
         "between two answers, goes to\n"
         "metrics that want all that people answered.\n"
         "Metrics read, of n questions: predicted and expected, I32 [n], classes, -1 none; logit, "
         "F32 "
         "[n], of what is predicted;\n"
         "answer_names, the classes' texts, each with its NUL; where the data have them type and "
         "question_type, I32 [n],\n"
         "type_names and question_type_names, and answers, a text a question.",
         options_table},
    .needs = needs,
    .epoch = epoch,
    .evaluate = evaluate,
};
static const attune_item *const items[] = {&vqa.item};
ATTUNE_PLUGIN("vqa", "1.0", "Apache-2.0", items)
