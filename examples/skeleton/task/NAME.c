/* @NAME@: a task of attune, with a metric of its own. SPDX-License-Identifier: @LICENSE@
 *
 * A task says which rows make the examples of an epoch, and runs the model over a split so that
 * metrics can read what came out. This one matches pictures with captions: a model with two batch
 * axes, data in which one of the two tables links to the other. */
#include <attune/plugin.h>

/* Which batch axis is which: captions link to pictures. */
typedef struct sides {
  const char *picture, *caption;
  int p, c;
} sides;

static int find_sides(const attune_host *host, attune_task_context *context, sides *s) {
  const char *a = host->batch_axis(context, 0), *b = host->batch_axis(context, 1);
  if (a && b && host->rows(context, b) > 0 && host->link(context, b, a, 0) >= 0)
    *s = (sides){a, b, 0, 1};
  else if (a && b && host->rows(context, a) > 0 && host->link(context, a, b, 0) >= 0)
    *s = (sides){b, a, 1, 0};
  else {
    host->error(host, "@NAME@ needs two batch axes, and data in which one links to the other");
    return ATTUNE_BAD_INPUT;
  }
  return ATTUNE_OK;
}

/* Every caption with its picture, in an order that follows from host->random() alone. */
static int epoch(const attune_host *host, const attune_options *options,
                 attune_task_context *context, uint64_t number) {
  sides s;
  (void)options;
  int rc = find_sides(host, context, &s);
  if (rc) return rc;
  const int64_t n = host->rows(context, s.caption);
  int64_t *order = host->scratch(host, (size_t)n * sizeof *order); /* freed by the host */
  if (!order) return ATTUNE_NO_MEMORY;
  for (int64_t i = 0; i < n; i++) order[i] = i;
  for (int64_t i = n - 1; i > 0; i--) {
    const int64_t j = host->random(context, number, (uint64_t)i) % (uint64_t)(i + 1), t = order[i];
    order[i] = order[j];
    order[j] = t;
  }
  for (int64_t i = 0; i < n && !rc; i++) {
    int64_t rows[2];
    rows[s.c] = order[i];
    rows[s.p] = host->link(context, s.caption, s.picture, order[i]);
    rc = host->example(context, rows);
  }
  return rc;
}

/* similarity [captions, pictures] and picture_of_caption [captions], a block of captions at a time.
 */
static int evaluate(const attune_host *host, const attune_options *options,
                    attune_task_context *context, attune_prediction *prediction) {
  sides s;
  (void)options;
  int rc = find_sides(host, context, &s);
  if (rc) return rc;
  const int64_t nc = host->rows(context, s.caption), np = host->rows(context, s.picture),
                block = host->block(context, (uint32_t)s.c), most = nc > np ? nc : np;
  int64_t *row = host->scratch(host, (size_t)most * sizeof *row);
  const attune_array all = {.type = ATTUNE_F32, .ndim = 2, .shape = {nc, np}},
                     owner = {.type = ATTUNE_I64, .ndim = 1, .shape = {nc}};
  void *similarity, *of;
  if (!row) return ATTUNE_NO_MEMORY;
  for (int64_t i = 0; i < most; i++) row[i] = i;
  if ((rc = host->predict(prediction, "similarity", &all, &similarity))) return rc;
  if ((rc = host->predict(prediction, "picture_of_caption", &owner, &of))) return rc;
  for (int64_t i = 0; i < nc; i++)
    ((int64_t *)of)[i] = host->link(context, s.caption, s.picture, i);
  for (int64_t at = 0; at < nc && !rc; at += block) {
    const int64_t n = nc - at < block ? nc - at : block;
    const int64_t *rows[2];
    int64_t counts[2];
    attune_array out;
    rows[s.c] = row + at, counts[s.c] = n;
    rows[s.p] = row, counts[s.p] = np;
    if ((rc = host->forward(context, "similarity", rows, counts, &out))) return rc;
    if (out.ndim != 2) {
      host->error(host, "`similarity` must be one number for each picture and caption");
      return ATTUNE_BAD_INPUT;
    }
    const float *v = out.data; /* in the order of the batch axes */
    for (int64_t c = 0; c < n; c++)
      for (int64_t p = 0; p < np; p++)
        ((float *)similarity)[(at + c) * np + p] = s.c == 0 ? v[c * np + p] : v[p * n + c];
  }
  return rc;
}

static const attune_need needs[] = {{"similarity", 2, "of every picture with every caption"},
                                    {NULL, 0, NULL}};
static const attune_task item = {
    .item = ATTUNE_ITEM(task, TASK, "@NAME@", "pictures and captions that belong together",
                        "Predicts similarity [captions, pictures] and picture_of_caption.", NULL),
    .needs = needs,
    .epoch = epoch,
    .evaluate = evaluate,
};

/* ---- a metric of it ---- */

static int compute(const attune_host *host, const attune_options *options,
                   const attune_prediction *prediction, attune_results *results) {
  attune_array similarity, owner;
  (void)options;
  int rc = host->prediction(prediction, "similarity", &similarity);
  if (!rc) rc = host->prediction(prediction, "picture_of_caption", &owner);
  if (rc) return rc;
  const int64_t nc = similarity.shape[0], np = similarity.shape[1];
  double sum = 0;
  for (int64_t c = 0; c < nc; c++) {
    const float *s = (const float *)similarity.data + c * np,
                right = s[((const int64_t *)owner.data)[c]];
    for (int64_t p = 0; p < np; p++) sum += s[p] >= right;
  }
  return host->result(results, "mean_rank", nc ? sum / (double)nc : 0, 0);
}
static const attune_metric rank = {
    .item =
        ATTUNE_ITEM(metric, METRIC, "@NAME@_rank", "mean rank of the right picture",
                    "Mean over captions of the rank of the caption's own picture, from 1.", NULL),
    .task = "@NAME@",
    .compute = compute,
};

static const attune_item *const items[] = {&item.item, &rank.item};
ATTUNE_PLUGIN("@NAME@", "0.1", "@LICENSE@", items)
