#include "answers.h"

static const attune_option options_table[] = {
    {"by_type", ATTUNE_OPTION_BOOL, "true", 0, 0, NULL, "one for each type of question, too"},
    {NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL},
};

/* Percent of right answers among the questions of a type; -1: among all. */
static int report(const attune_host *host, const answers *a, int64_t type, const char *name,
                  attune_results *results) {
  int64_t right = 0, n = 0;
  for (int64_t i = 0; i < a->n; i++) {
    if (type >= 0 && a->type[i] != type) continue;
    n++;
    right += a->predicted[i] == a->expected[i];
  }
  return n ? host->result(results, name, 100.0 * (double)right / (double)n, 1) : ATTUNE_OK;
}

static int compute(const attune_host *host, const attune_options *options,
                   const attune_prediction *prediction, attune_results *results) {
  answers a;
  char name[64];
  const char *type;
  int rc = answers_open(host, prediction, &a);
  if (!rc) rc = report(host, &a, -1, "accuracy", results);
  if (!a.type || !host->option_int(options, "by_type")) return rc;
  for (int64_t t = 0; !rc && (type = answers_name(&a.type_names, t)); t++) {
    answers_result(name, "accuracy", type);
    rc = report(host, &a, t, name, results);
  }
  return rc;
}

static const attune_metric accuracy = {
    .item = {sizeof(attune_metric), ATTUNE_METRIC, "accuracy",
             "percent of questions with the right answer, or of rows with the right class",
             "accuracy: percent of all questions; accuracy.T: percent of those of type T. A "
             "question whose answer is none of\n"
             "the known ones counts as wrong.",
             options_table},
    .task = "vqa classification",
    .compute = compute,
};

/* ---- class by class ---- */

static const attune_option recall_options[] = {
    {"classes", ATTUNE_OPTION_INT, "32", 0, 10000, NULL,
     "answers that are reported one by one, in the order of their names; 0: none"},
    {NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL},
};

static int compute_recall(const attune_host *host, const attune_options *options,
                          const attune_prediction *prediction, attune_results *results) {
  answers a;
  const char *name;
  double sum = 0;
  int64_t classes = 0, most = host->option_int(options, "classes");
  int rc = answers_open(host, prediction, &a);
  for (int64_t k = 0; !rc && (name = answers_name(&a.answer_names, k)); k++) {
    int64_t right = 0, n = 0;
    for (int64_t i = 0; i < a.n; i++) {
      n += a.expected[i] == k;
      right += a.expected[i] == k && a.predicted[i] == k;
    }
    if (!n) continue;
    double share = 100.0 * (double)right / (double)n;
    sum += share;
    classes++;
    if (k >= most) continue;
    char text[64];
    answers_result(text, "recall", name);
    rc = host->result(results, text, share, 1);
  }
  return !rc && classes ? host->result(results, "recall", sum / (double)classes, 1) : rc;
}

static const attune_metric class_recall = {
    .item = {sizeof(attune_metric), ATTUNE_METRIC, "class_recall",
             "percent of right answers, answer by answer",
             "recall.A: percent of the questions with the answer A that get it; recall: the mean "
             "over the answers that occur.",
             recall_options},
    .task = "vqa classification",
    .compute = compute_recall,
};

static int compute_confusion(const attune_host *host, const attune_options *options,
                             const attune_prediction *prediction, attune_results *results) {
  answers a;
  const char *right, *wrong;
  int rc = answers_open(host, prediction, &a);
  (void)options;
  for (int64_t e = 0; !rc && (right = answers_name(&a.answer_names, e)); e++)
    for (int64_t k = 0; !rc && (wrong = answers_name(&a.answer_names, k)); k++) {
      int64_t n = 0;
      char text[64];
      for (int64_t i = 0; i < a.n; i++) n += a.expected[i] == e && a.predicted[i] == k;
      snprintf(text, sizeof text, "confusion.%.24s as %.24s", right, wrong);
      if (n && e != k) rc = host->result(results, text, (double)n, 0);
    }
  return rc;
}

static const attune_metric confusion = {
    .item = {sizeof(attune_metric), ATTUNE_METRIC, "confusion", "which answers are taken for which",
             "confusion.A as B: questions with the answer A that got B, for pairs that occur. For "
             "small "
             "sets of answers.",
             NULL},
    .task = "vqa classification",
    .compute = compute_confusion,
};

static const attune_item *const items[] = {&accuracy.item, &class_recall.item, &confusion.item};
ATTUNE_PLUGIN("accuracy", "1.0", "Apache-2.0", items)
