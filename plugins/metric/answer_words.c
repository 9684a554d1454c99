/* Where the words of answers come from: the vocabulary, or tokens of the picture. */
#include <attune/plugin.h>

typedef struct counts {
  int64_t words, pointed;                 /* of all answers */
  int64_t vocabulary, tokens, both, none; /* answers of words alone, of tokens alone, ... */
} counts;

static int count(const attune_host *host, const attune_prediction *p, counts *c) {
  attune_array steps, kind;
  int rc = host->prediction(p, "steps", &steps);
  if (!rc) rc = host->prediction(p, "step_kind", &kind);
  if (rc) return rc;
  const int64_t *off = steps.data, n = steps.shape[0] - 1;
  const int32_t *of = kind.data;
  for (int64_t i = 0; i < n; i++) {
    int64_t pointed = 0, all = off[i + 1] - off[i];
    for (int64_t k = off[i]; k < off[i + 1]; k++) pointed += of[k] == 1;
    c->words += all;
    c->pointed += pointed;
    c->none += !all;
    c->vocabulary += all && !pointed;
    c->tokens += all && pointed == all;
    c->both += pointed && pointed < all;
  }
  return ATTUNE_OK;
}

static int compute(const attune_host *host, const attune_options *options,
                   const attune_prediction *prediction, attune_results *results) {
  counts c = {0};
  int rc = count(host, prediction, &c);
  (void)options;
  const double n = (double)(c.vocabulary + c.tokens + c.both + c.none);
  const struct {
    const char *name;
    double part, whole;
  } shares[] = {{"words.vocabulary", (double)(c.words - c.pointed), (double)c.words},
                {"words.pointed", (double)c.pointed, (double)c.words},
                {"answers.vocabulary", (double)c.vocabulary, n},
                {"answers.pointed", (double)c.tokens, n},
                {"answers.both", (double)c.both, n},
                {"answers.empty", (double)c.none, n}};
  for (size_t i = 0; i < sizeof shares / sizeof *shares && !rc; i++)
    if (shares[i].whole > 0)
      rc = host->result(results, shares[i].name, 100 * shares[i].part / shares[i].whole, -1);
  return rc;
}

static const attune_metric answer_words = {
    .item = {sizeof(attune_metric), ATTUNE_METRIC, "answer_words",
             "percent of words and answers out of the vocabulary, and pointed at",
             "words.vocabulary and words.pointed: of the words of all answers; "
             "answers.vocabulary, answers.pointed, answers.both and\n"
             "answers.empty: answers of words of the vocabulary alone, of tokens alone, of both, "
             "and without any.",
             NULL},
    .task = "textvqa",
    .compute = compute,
};
static const attune_item *const items[] = {&answer_words.item};
ATTUNE_PLUGIN("answer_words", "1.0", "Apache-2.0", items)
