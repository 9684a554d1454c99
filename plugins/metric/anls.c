/* Average normalised Levenshtein similarity (Biten and others, 2019). */
#include <string.h>
#include "edit_distance.h"
#include "text_answers.h"

static const attune_option options_table[] = {
    {"threshold", ATTUNE_OPTION_REAL, "0.5", 0, 1, NULL, "similarities below it count as none"},
    TEXT_ANSWERS_BY_TYPE,
    {NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL}};

enum { LETTERS = 4096 }; /* of an answer that count */
typedef struct room {
  uint32_t a[LETTERS], b[LETTERS];
  size_t work[LETTERS + 1];
  double threshold;
} room;

static double score(void *ctx, const char *given, const char *people) {
  room *r = ctx;
  double best = -1;
  if (!*people) return -1;
  const size_t n = edit_letters(given, strlen(given), r->a, LETTERS);
  for (const char *at = people; at;) {
    const size_t length = strcspn(at, "\t");
    const size_t m = edit_letters(at, length, r->b, LETTERS), most = n > m ? n : m;
    const double v = most ? 1 - (double)edit_distance(r->a, n, r->b, m, r->work) / (double)most : 1;
    if (v > best) best = v;
    at = at[length] ? at + length + 1 : NULL;
  }
  return best >= r->threshold ? best : 0;
}

static int compute(const attune_host *host, const attune_options *options,
                   const attune_prediction *prediction, attune_results *results) {
  text_answers a;
  room *r = host->scratch(host, sizeof *r);
  int rc = r ? text_answers_open(host, prediction, &a) : ATTUNE_NO_MEMORY;
  if (rc) return rc;
  r->threshold = host->option_real(options, "threshold");
  return text_answers_report(host, &a, "anls", score, r, 1,
                             host->option_int(options, "by_type") != 0, results);
}

static const attune_metric anls = {
    .item = {sizeof(attune_metric), ATTUNE_METRIC, "anls",
             "average normalised Levenshtein similarity to people's answers, 0 to 1",
             "anls: the mean over the questions of the best 1 - d / max(length) among people's "
             "answers, 0 where it is below the\n"
             "threshold; d counts letters changed, put in or taken out, and texts are compared in "
             "lower case (of ASCII and Latin-1)\n"
             "without white space at their ends (Biten and others, 2019). anls.T: over questions "
             "of type T; anls.possible: what the\n"
             "vocabulary and the tokens allow.",
             options_table},
    .task = "textvqa",
    .compute = compute,
};
static const attune_item *const items[] = {&anls.item};
ATTUNE_PLUGIN("anls", "1.0", "Apache-2.0", items)
