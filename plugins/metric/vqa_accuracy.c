/* The accuracy of VQA: answers of ten people, any of which may be right. */
#include <stdlib.h>
#include "answers.h"
#include "vqa_people.h"

static const attune_option options_table[] = {
    {"by_type", ATTUNE_OPTION_BOOL, "true", 0, 0, NULL, "one for each type of answer, too"},
    {"by_question_type", ATTUNE_OPTION_BOOL, "false", 0, 0, NULL,
     "one for each type of question, where the data have it"},
    {NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL},
};

static int all_the_same(vqa_text *v, int n) {
  for (int i = 1; i < n; i++)
    if (strcmp(v[i], v[0])) return 0;
  return 1;
}

/* Answers are made comparable where people differ. */
static double score(const char *given, vqa_text *people, int n) {
  vqa_text ours;
  vqa_answer_trim(given, strlen(given), ours, sizeof ours);
  if (!all_the_same(people, n)) {
    vqa_answer_normal(ours, ours, sizeof ours);
    for (int i = 0; i < n; i++) vqa_answer_normal(people[i], people[i], sizeof *people);
  }
  return vqa_people_agree(ours, people, n);
}

typedef struct scores {
  double *v; /* of each question; -1: nobody answered it */
  int64_t n;
} scores;

static int add_scores(const attune_host *host, const answers *a, const attune_array *texts,
                      scores *s) {
  const char *text = texts->data, *end = text + texts->shape[0];
  vqa_text *people = host->scratch(host, VQA_PEOPLE * sizeof *people);
  const char **name = NULL;
  int64_t names = 0, answered = 0;
  for (int64_t i = 0; i < a->answer_names.shape[0]; i++)
    names += !((const char *)a->answer_names.data)[i];
  name = host->scratch(host, (size_t)(names + 1) * sizeof *name);
  s->v = host->scratch(host, (size_t)(a->n + 1) * sizeof *s->v);
  if (!people || !name || !s->v) return ATTUNE_NO_MEMORY;
  const char *at = a->answer_names.data;
  for (int64_t i = 0; i < names; i++, at += strlen(at) + 1) name[i] = at;
  for (s->n = 0; s->n < a->n && text < end; s->n++, text += strlen(text) + 1) {
    int n = vqa_people_split(text, people);
    int32_t k = a->predicted[s->n];
    s->v[s->n] = n ? score(k >= 0 && k < names ? name[k] : "", people, n) : -1;
    answered += n > 0;
  }
  if (s->n == a->n && answered) return ATTUNE_OK;
  host->error(host, "vqa_accuracy needs people's answers: a field `answers` of the questions");
  return ATTUNE_BAD_INPUT;
}

/* The mean over the questions of a type; `of` NULL: over all. */
static int report(const attune_host *host, const scores *s, const int32_t *of, int64_t type,
                  const char *name, attune_results *results) {
  double sum = 0;
  int64_t n = 0;
  for (int64_t i = 0; i < s->n; i++) {
    if (s->v[i] < 0 || (of && of[i] != type)) continue;
    sum += s->v[i];
    n++;
  }
  return n ? host->result(results, name, 100 * sum / (double)n, 1) : ATTUNE_OK;
}

static int by_type(const attune_host *host, const scores *s, const int32_t *of,
                   const attune_array *names, const char *before, attune_results *results) {
  const char *type;
  int rc = ATTUNE_OK;
  for (int64_t t = 0; !rc && (type = answers_name(names, t)); t++) {
    char of_what[64], name[64];
    snprintf(of_what, sizeof of_what, "%s%.40s", before, type);
    answers_result(name, "vqa_accuracy", of_what);
    rc = report(host, s, of, t, name, results);
  }
  return rc;
}

static int compute(const attune_host *host, const attune_options *options,
                   const attune_prediction *prediction, attune_results *results) {
  answers a;
  scores s;
  attune_array texts, type, names;
  int rc = answers_open(host, prediction, &a);
  if (!rc && host->prediction(prediction, "answers", &texts)) {
    host->error(host, "vqa_accuracy needs people's answers: a field `answers` of the questions");
    rc = ATTUNE_BAD_INPUT;
  }
  if (!rc) rc = add_scores(host, &a, &texts, &s);
  if (!rc) rc = report(host, &s, NULL, 0, "vqa_accuracy", results);
  if (!rc && a.type && host->option_int(options, "by_type"))
    rc = by_type(host, &s, a.type, &a.type_names, "", results);
  if (!rc && host->option_int(options, "by_question_type") &&
      !host->prediction(prediction, "question_type", &type) &&
      !host->prediction(prediction, "question_type_names", &names))
    rc = by_type(host, &s, type.data, &names, "question.", results);
  return rc;
}

static const attune_metric vqa_accuracy = {
    .item =
        {sizeof(attune_metric), ATTUNE_METRIC, "vqa_accuracy",
         "percent of agreement with people's answers, as VQA counts it",
         "vqa_accuracy: the mean over the questions; vqa_accuracy.T: over those of type T, "
         "vqa_accuracy.question.T: over those\n"
         "of question type T. Of a question with n answers of people it is the mean over the n "
         "ways to leave one of them out\n"
         "of min(1, matches / 3). Where people differ, answers are compared without "
         "punctuation, articles and case, with\n"
         "digits for zero to ten and none, and with the apostrophes of contractions (Antol and "
         "others, 2015; vqaEval.py).\n"
         "Lower case is that of ASCII and Latin-1. Questions that nobody answered do not count.",
         options_table},
    .task = "vqa",
    .compute = compute,
};
static const attune_item *const items[] = {&vqa_accuracy.item};
ATTUNE_PLUGIN("vqa_accuracy", "1.0", "Apache-2.0", items)
