/* Answers that are what somebody said. */
#include <string.h>
#include "text_answers.h"
#include "vqa_people.h"

static const attune_option options_table[] = {
    {"case", ATTUNE_OPTION_BOOL, "false", 0, 0, NULL, "letters must be of the same case"},
    TEXT_ANSWERS_BY_TYPE,
    {NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL}};

static int is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r'); }

/* The next byte of a text in which any white space is one blank, and none stands at the ends. */
static int next(const char **at, const char *end, int *begun) {
  int blank = 0;
  while (*at < end && is_space(**at)) {
    blank = 1;
    ++*at;
  }
  if (*at == end) return 0;
  if (blank && *begun) {
    *begun = 0;
    return ' ';
  }
  *begun = 1;
  return (unsigned char)*(*at)++;
}

/* Into `out`, which has room for it. */
static void plain(const char *text, size_t n, char *out) {
  const char *end = text + n;
  int begun = 0, c;
  while ((c = next(&text, end, &begun)) != 0) *out++ = (char)c;
  *out = 0;
}

typedef struct room {
  char *a, *b;
  int with_case;
} room;

static double score(void *ctx, const char *given, const char *people) {
  const room *r = ctx;
  if (!*people) return -1;
  plain(given, strlen(given), r->a);
  for (const char *at = people; at;) {
    const size_t length = strcspn(at, "\t");
    plain(at, length, r->b);
    if (r->with_case ? !strcmp(r->a, r->b) : vqa_answer_same(r->a, r->b)) return 1;
    at = at[length] ? at + length + 1 : NULL;
  }
  return 0;
}

static size_t longest(const text_answers *a) {
  size_t most = 0;
  for (int64_t i = 0; i < a->n; i++) {
    const char *const all[] = {a->predicted[i], a->people[i], a->possible[i]};
    for (int k = 0; k < 3; k++)
      if (strlen(all[k]) > most) most = strlen(all[k]);
  }
  return most;
}

static int compute(const attune_host *host, const attune_options *options,
                   const attune_prediction *prediction, attune_results *results) {
  text_answers a;
  int rc = text_answers_open(host, prediction, &a);
  if (rc) return rc;
  const size_t most = longest(&a);
  room r = {host->scratch(host, most + 1), host->scratch(host, most + 1),
            host->option_int(options, "case") != 0};
  if (!r.a || !r.b) return ATTUNE_NO_MEMORY;
  return text_answers_report(host, &a, "exact_match", score, &r, 100,
                             host->option_int(options, "by_type") != 0, results);
}

static const attune_metric exact_match = {
    .item = {sizeof(attune_metric), ATTUNE_METRIC, "exact_match",
             "percent of answers that are what somebody said",
             "exact_match: percent of questions to which the answer is one of people's answers, "
             "white space and, unless `case`, the case\n"
             "of ASCII's and Latin-1's letters aside. exact_match.T: over questions of type T; "
             "exact_match.possible: what the\n"
             "vocabulary and the tokens allow.",
             options_table},
    .task = "textvqa",
    .compute = compute,
};
static const attune_item *const items[] = {&exact_match.item};
ATTUNE_PLUGIN("exact_match", "1.0", "Apache-2.0", items)
