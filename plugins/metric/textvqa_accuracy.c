/* The accuracy of TextVQA: answers of ten people, any of which may be right. */
#include <string.h>
#include "text_answers.h"
#include "vqa_people.h"

static const attune_option options_table[] = {TEXT_ANSWERS_BY_TYPE,
                                              {NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL}};

/* One person alone says what is right: leaving that one out would leave nobody. */
static double score(void *ctx, const char *given, const char *text) {
  vqa_text *people = ctx, ours;
  const int n = vqa_people_split(text, people);
  if (!n) return -1;
  vqa_answer_read(given, ours, sizeof ours);
  for (int i = 0; i < n; i++) vqa_answer_read(people[i], people[i], sizeof *people);
  return n == 1 ? vqa_answer_same(people[0], ours) : vqa_people_agree(ours, people, n);
}

static int compute(const attune_host *host, const attune_options *options,
                   const attune_prediction *prediction, attune_results *results) {
  text_answers a;
  vqa_text *people = host->scratch(host, VQA_PEOPLE * sizeof *people);
  int rc = people ? text_answers_open(host, prediction, &a) : ATTUNE_NO_MEMORY;
  return rc ? rc
            : text_answers_report(host, &a, "textvqa_accuracy", score, people, 100,
                                  host->option_int(options, "by_type") != 0, results);
}

static const attune_metric textvqa_accuracy = {
    .item =
        {sizeof(attune_metric), ATTUNE_METRIC, "textvqa_accuracy",
         "percent of agreement with people's answers, as TextVQA counts it",
         "textvqa_accuracy: the mean over the questions of the mean over the n ways to leave one "
         "of "
         "n people out of\n"
         "min(1, matches / 3). All answers are compared in lower case, without commas, question "
         "marks, other punctuation and\n"
         "articles, `'s` a word of its own, with digits for zero to ten and none, and with the "
         "apostrophes of contractions\n"
         "(Singh and others, 2019; m4c_evaluators.py of mmf). Lower case is that of ASCII and "
         "Latin-1. Where one person alone\n"
         "answered, that answer is right and others are wrong. textvqa_accuracy.T: over questions "
         "of type T; .possible: what the\n"
         "vocabulary and the tokens allow.",
         options_table},
    .task = "textvqa",
    .compute = compute,
};
static const attune_item *const items[] = {&textvqa_accuracy.item};
ATTUNE_PLUGIN("textvqa_accuracy", "1.0", "Apache-2.0", items)
