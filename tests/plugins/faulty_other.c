/* A task, a metric and a data reader that are right, and wrong in one way where FAULT says so: see
 * faulty_score.c. The reader needs the option `root`, a file. */
#include <attune/plugin.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum {
  NONE,
  ROWS_BEYOND,
  ANY_ORDER,
  NO_EXAMPLES,
  PREDICTS_ANEW,
  PREDICTS_NOTHING,
  NUMBER_OF_NOTHING,
  SILENT,
  RESULT_DRIFTS,
  BLOCKS_COUNT,
  LINKS_BEYOND,
  READS_ANEW,
  ONE_BUFFER,
  TAKES_ABSENT,
  BLAMES_ITSELF,
  LEAVES_OPEN,
  NOT_A_NUMBER,
  WRITES_BEYOND,
  MISSPELT,
  NO_TASK
};
#ifndef FAULT
#define FAULT NONE
#endif

static int calls;

/* ---- a task: captions, in a random order ---- */

static int epoch(const attune_host *host, const attune_options *options, attune_task_context *c,
                 uint64_t number) {
  const int64_t n = host->rows(c, host->batch_axis(c, 0));
  int rc = ATTUNE_OK;
  (void)options;
  for (int64_t i = 0; i < n && !rc && FAULT != NO_EXAMPLES; i++) {
    int64_t rows[2] = {(i + host->random(c, number, 0)) % n, 0};
    if (FAULT == ANY_ORDER) rows[0] = (i + calls) % n;
    if (FAULT == ROWS_BEYOND) rows[0] = i + 1;
    rc = host->example(c, rows);
  }
  calls++;
  return rc;
}

static int evaluate(const attune_host *host, const attune_options *options, attune_task_context *c,
                    attune_prediction *prediction) {
  const int64_t all[] = {0, 1, 2, 3}, *rows[] = {all, all}, counts[] = {4, 4};
  attune_array a;
  float v[4];
  (void)options;
  int rc = host->forward(c, "value", rows, counts, &a);
  if (rc) return rc;
  if (a.ndim != 1) {
    host->error(host, "`value` must be one number for each");
    return ATTUNE_BAD_INPUT;
  }
  memcpy(v, a.data, sizeof v);
  if (FAULT == PREDICTS_ANEW) v[0] = (float)calls++;
  a.data = v;
  return FAULT == PREDICTS_NOTHING ? ATTUNE_OK : host->predict(prediction, "value", &a, NULL);
}

static const attune_need needs[] = {{"value", 1, "a number for each"}, {NULL, 0, NULL}};
static const attune_task task = {
    .item = ATTUNE_ITEM(task, TASK, "faulty_task", "a test", "a test", NULL),
    .needs = needs,
    .epoch = epoch,
    .evaluate = evaluate,
};

/* ---- a metric of it, and one of pictures ---- */

static int compute(const attune_host *host, const attune_options *options,
                   const attune_prediction *prediction, attune_results *results) {
  attune_array a;
  (void)options;
  if (FAULT == NUMBER_OF_NOTHING) return host->result(results, "first", 1, 1);
  int rc = host->prediction(prediction, FAULT == MISSPELT ? "vlaue" : "value", &a);
  if (rc && FAULT == SILENT) host->error(host, "%s", "");
  if (rc) return rc;
  double v = ((const float *)a.data)[0] + (FAULT == RESULT_DRIFTS ? calls++ : 0);
  return host->result(results, "first", v, 1);
}
static const attune_metric metric = {
    .item = ATTUNE_ITEM(metric, METRIC, "faulty_metric", "a test", "a test", NULL),
    .task = FAULT == NO_TASK ? "no_task another" : "faulty_task",
    .compute = compute,
};

static int begin(const attune_host *host, const attune_options *options, void **state) {
  (void)host, (void)options;
  *state = calloc(1, sizeof(double));
  return *state ? ATTUNE_OK : ATTUNE_NO_MEMORY;
}
static int pictures(const attune_host *host, const attune_options *options, void *state,
                    const attune_pictures *batch) {
  double *sum = state;
  (void)host, (void)options;
  for (int64_t i = 0; i < batch->count * batch->height * batch->width * 3; i++)
    *sum += batch->made[i];
  if (FAULT == BLOCKS_COUNT) *sum += 1;
  return ATTUNE_OK;
}
static int conclude(const attune_host *host, const attune_options *options, void *state,
                    const attune_prediction *prediction, attune_results *results) {
  (void)options, (void)prediction;
  return host->result(results, "light", *(double *)state, 0);
}
static void end(void *state) { free(state); }
static const attune_metric seeing = {
    .item = ATTUNE_ITEM(metric, METRIC, "faulty_seeing", "a test", "a test", NULL),
    .task = "faulty_task",
    .compute = compute,
    .begin = begin,
    .pictures = pictures,
    .conclude = conclude,
    .end = end,
};

/* ---- a reader ---- */

static int open_data(const attune_host *host, const attune_options *options, attune_schema *schema,
                     void **instance) {
  const char *path = host->option_text(options, "root");
  const attune_field x = {.name = "x", .type = ATTUNE_FIELD_REAL, .ndim = 1, .shape = {64}},
                     of = {.name = "of", .type = ATTUNE_FIELD_LINK, .link = "picture"};
  FILE *fp = fopen(path, "r");
  *instance = NULL;
  if (!fp && FAULT != TAKES_ABSENT) {
    host->error(host, "%s: it cannot be read", path);
    return FAULT == BLAMES_ITSELF ? ATTUNE_FAILED : ATTUNE_BAD_INPUT;
  }
  if (fp && FAULT != LEAVES_OPEN) fclose(fp);
  int rc = host->table(schema, "train", "picture", 3);
  if (!rc) rc = host->table(schema, "train", "caption", 7);
  if (!rc) rc = host->field(schema, "picture", &x);
  if (rc >= 0) rc = host->field(schema, "caption", &of);
  return rc < 0 ? rc : ATTUNE_OK;
}

static int read_data(const attune_host *host, void *instance, const char *split, uint32_t field,
                     int64_t row, void *dst, attune_sink *sink) {
  static float shared[64];
  float own[64], *v = FAULT == ONE_BUFFER ? shared : own;
  (void)host, (void)instance, (void)split, (void)sink;
  if (field == 1) {
    const int64_t to = FAULT == LINKS_BEYOND ? row : row % 3;
    memcpy(dst, &to, sizeof to);
    return ATTUNE_OK;
  }
  for (int i = 0; i < 64; i++) {
    v[i] = (float)(row * 64 + i);
    if (FAULT == ONE_BUFFER && i == 32) usleep(200);
  }
  if (FAULT == READS_ANEW) v[0] = (float)calls++;
  if (FAULT == NOT_A_NUMBER) v[1] = 0.0f / (float)(row * 0);
  memcpy(dst, v, sizeof own);
  if (FAULT == WRITES_BEYOND) ((float *)dst)[64] = 0;
  return ATTUNE_OK;
}

static const attune_option reader_options[] = {
    ATTUNE_NEEDED_PATH_OPTION("root", "a file"),
    ATTUNE_END_OF_OPTIONS,
};
static const attune_data reader = {
    .item = ATTUNE_ITEM(data, DATA, "faulty_data", "a test", "a test", reader_options),
    .open = open_data,
    .read = read_data,
};

static const attune_item *const items[] = {&task.item, &metric.item, &seeing.item, &reader.item};
ATTUNE_PLUGIN("faulty_other", "1", "Apache-2.0", items)
