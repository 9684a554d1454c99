/* Classes of the rows of a table: one for each row, or several. */
#include <attune/plugin.h>
#include <stdlib.h>
#include <string.h>
#include "below.h"

static const attune_option options_table[] = {
    {"limit", ATTUNE_OPTION_INT, "0", 0, 1e9, NULL,
     "rows that an evaluation looks at, the first ones of the split; 0: all"},
    {NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL},
};

typedef struct classifying {
  const attune_host *host;
  attune_task_context *c;
  attune_prediction *p;
  const char *table;
  int64_t n, *row;       /* rows looked at: 0, 1, 2 ... */
  int marked;            /* a row may be of several classes: the model puts out `truth` */
  float *logits, *truth; /* [n, width], where marked; NULL: not known yet */
  int64_t width;
  int32_t *predicted; /* [n], where not */
} classifying;

static int find_table(classifying *w) {
  w->table = w->host->batch_axis(w->c, 0);
  if (w->table && !w->host->batch_axis(w->c, 1) && w->host->rows(w->c, w->table) > 0)
    return ATTUNE_OK;
  w->host->error(w->host,
                 "classification needs a model with one batch axis, and rows in the table of its "
                 "name");
  return ATTUNE_BAD_INPUT;
}

/* ---- epochs ---- */

/* Rows whose text is none of the known classes are left out; a model of several classes has none.
 */
static int epoch(const attune_host *host, const attune_options *options, attune_task_context *c,
                 uint64_t number) {
  classifying w = {.host = host, .c = c};
  int rc = find_table(&w), classes = 0;
  (void)options;
  if (rc) return rc;
  classes = host->label_name(c, 0) != NULL;
  const int64_t rows = host->rows(c, w.table);
  int64_t n = 0, *row = host->scratch(host, (size_t)rows * sizeof *row);
  if (!row) return ATTUNE_NO_MEMORY;
  for (int64_t i = 0; i < rows; i++) {
    int64_t label = 0;
    if (classes && (rc = host->label(c, w.table, i, &label))) return rc;
    if (label >= 0) row[n++] = i;
  }
  for (int64_t i = n - 1; i > 0; i--) {
    const int64_t j = below(host->random(c, number, (uint64_t)i), i + 1), t = row[i];
    row[i] = row[j];
    row[j] = t;
  }
  for (int64_t i = 0; i < n && !rc; i++) rc = host->example(c, &row[i]);
  return rc;
}

/* ---- evaluation ---- */

/* Numbers of each row behind its first axis. */
static int row_width(const classifying *w, const char *name, const attune_array *a, int64_t count,
                     int64_t *width) {
  *width = 1;
  for (uint32_t i = 1; i < a->ndim; i++) *width *= a->shape[i];
  if (a->type == ATTUNE_F32 && a->ndim > 1 && a->shape[0] == count && *width > 0) return ATTUNE_OK;
  w->host->error(w->host, "`%s` must be a number for each %s and class", name, w->table);
  return ATTUNE_BAD_INPUT;
}

static int make_room(classifying *w) {
  const attune_array all = {.type = ATTUNE_F32, .ndim = 2, .shape = {w->n, w->width}};
  void *stored[2];
  int rc = w->host->predict(w->p, "logits", &all, &stored[0]);
  if (!rc) rc = w->host->predict(w->p, "truth", &all, &stored[1]);
  if (rc) return rc;
  w->logits = stored[0];
  w->truth = stored[1];
  return ATTUNE_OK;
}

static int keep_marks(classifying *w, int64_t first, int64_t count, const attune_array *logits) {
  attune_array truth;
  int64_t width;
  int rc = row_width(w, "logits", logits, count, &w->width);
  if (!rc && !w->logits) rc = make_room(w);
  if (!rc)
    memcpy(w->logits + first * w->width, logits->data,
           (size_t)(count * w->width) * sizeof *w->logits);
  if (!rc) rc = w->host->output(w->c, "truth", &truth);
  if (!rc) rc = row_width(w, "truth", &truth, count, &width);
  if (rc) return rc;
  if (width != w->width) {
    w->host->error(w->host, "`logits` has %lld numbers for each %s, but `truth` has %lld",
                   (long long)w->width, w->table, (long long)width);
    return ATTUNE_BAD_INPUT;
  }
  memcpy(w->truth + first * width, truth.data, (size_t)(count * width) * sizeof *w->truth);
  return ATTUNE_OK;
}

static int block(classifying *w, int64_t first, int64_t count) {
  attune_array a;
  const int64_t *rows[] = {w->row + first};
  int64_t width;
  int rc = w->host->forward(w->c, "logits", rows, &count, &a);
  if (!rc && w->marked) return keep_marks(w, first, count, &a);
  if (!rc) rc = row_width(w, "logits", &a, count, &width);
  if (rc) return rc;
  const float *v = a.data;
  for (int64_t i = 0; i < count; i++, v += width) {
    int64_t best = 0;
    for (int64_t k = 1; k < width; k++)
      if (v[k] > v[best]) best = k;
    w->predicted[first + i] = (int32_t)best;
  }
  return ATTUNE_OK;
}

/* What each row is: `expected`, and the names of the classes, one after another. */
static int add_labels(const classifying *w) {
  const attune_array expected = {.type = ATTUNE_I32, .ndim = 1, .shape = {w->n}};
  const char *name;
  size_t bytes = 0, at = 0;
  void *stored;
  int rc = w->host->predict(w->p, "expected", &expected, &stored);
  for (int64_t i = 0; i < w->n && !rc; i++) {
    int64_t label;
    rc = w->host->label(w->c, w->table, i, &label);
    ((int32_t *)stored)[i] = (int32_t)label;
  }
  for (int64_t i = 0; (name = w->host->label_name(w->c, i)); i++) bytes += strlen(name) + 1;
  char *all = malloc(bytes + 1);
  if (!all) return ATTUNE_NO_MEMORY;
  for (int64_t i = 0; (name = w->host->label_name(w->c, i)); i++) {
    memcpy(all + at, name, strlen(name) + 1);
    at += strlen(name) + 1;
  }
  const attune_array names = {.type = ATTUNE_U8, .ndim = 1, .shape = {(int64_t)bytes}, .data = all};
  if (!rc) rc = w->host->predict(w->p, "answer_names", &names, NULL);
  free(all);
  return rc;
}

static int evaluate(const attune_host *host, const attune_options *options, attune_task_context *c,
                    attune_prediction *prediction) {
  classifying w = {.host = host, .c = c, .p = prediction};
  void *stored = NULL;
  int rc = find_table(&w);
  if (rc) return rc;
  const int64_t limit = host->option_int(options, "limit"), rows = host->rows(c, w.table),
                most = host->block(c, 0);
  w.n = limit && limit < rows ? limit : rows;
  w.marked = host->has_output(c, "truth");
  w.row = host->scratch(host, (size_t)w.n * sizeof *w.row);
  if (!w.row) return ATTUNE_NO_MEMORY;
  for (int64_t i = 0; i < w.n; i++) w.row[i] = i;
  if (!w.marked) {
    const attune_array predicted = {.type = ATTUNE_I32, .ndim = 1, .shape = {w.n}};
    rc = add_labels(&w);
    if (!rc) rc = host->predict(prediction, "predicted", &predicted, &stored);
    w.predicted = stored;
  }
  for (int64_t i = 0; i < w.n && !rc; i += most) rc = block(&w, i, w.n - i < most ? w.n - i : most);
  return rc;
}

static const attune_need needs[] = {{"logits", 1, "of every class of a row"}, {NULL, 0, NULL}};

static const attune_task classification = {
    .item =
        {sizeof(attune_task), ATTUNE_TASK, "classification",
         "classes of the rows of a table: one for each, or several",
         "An example is a row; the model has one batch axis. Its output `logits` has a number for "
         "each row and class. Where a\n"
         "text names the class of a row, the model takes it as an input `token(classes) [row]`; "
         "rows of no known class are not\n"
         "trained on, and count as wrong. Where a row may be of several classes, or of none, the "
         "model puts out `truth` of the\n"
         "same shape, above 0 for those that it is of, and a logit above 0 says the same.\n"
         "Metrics read, of n rows: predicted and expected, I32 [n], classes, -1 none, and "
         "answer_names, the classes' texts, each\n"
         "with its NUL; of several classes a row logits and truth, F32 [n, classes].",
         options_table},
    .needs = needs,
    .epoch = epoch,
    .evaluate = evaluate,
};
static const attune_item *const items[] = {&classification.item};
ATTUNE_PLUGIN("classification", "1.0", "Apache-2.0", items)
