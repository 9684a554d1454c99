/* A data set whose deciding key is known, and metrics of attention, for tests.
 *
 * Item i has KEYS regions; the key of region i % KEYS points where the item asks, those of the
 * others hardly do, each a little less than the one before. Its value is the class of the item, and
 * the values of the others are 0. Options: how many regions there are, and a key that is no number.
 */
#include <attune/plugin.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { ITEMS = 20, CLASSES = 3 };
enum { ASK, KEY, VALUE, ANSWER, SIZE, THIRD, FIELDS };

typedef struct planting {
  int64_t keys, hole; /* -1: no hole */
} planting;

static const attune_option planted_options[] = {
    {"keys", ATTUNE_OPTION_INT, "6", 1, 100, NULL, "regions of an item"},
    {"hole", ATTUNE_OPTION_INT, "-1", -1, 100, NULL, "an item with a key that is no number"},
    {0}};

static const char *const classes[CLASSES] = {"a", "b", "c"};

static int open_planted(const attune_host *host, const attune_options *options,
                        attune_schema *schema, void **instance) {
  const int64_t keys = host->option_int(options, "keys");
  const attune_field fields[] = {
      {.name = "ask", .type = ATTUNE_FIELD_REAL, .ndim = 1, .shape = {2}},
      {.name = "key", .type = ATTUNE_FIELD_REAL, .ndim = 2, .shape = {keys, 2}},
      {.name = "value", .type = ATTUNE_FIELD_REAL, .ndim = 2, .shape = {keys, CLASSES}},
      {.name = "answer", .type = ATTUNE_FIELD_TEXT},
      {.name = "size", .type = ATTUNE_FIELD_REAL}, /* the number of the item */
      {.name = "third", .type = ATTUNE_FIELD_REAL, .ndim = 1, .shape = {1}}};
  static const char *const splits[] = {"train", "val", "test"};
  planting *p = malloc(sizeof *p);
  if (!p) return ATTUNE_NO_MEMORY;
  *p = (planting){keys, host->option_int(options, "hole")};
  *instance = p;
  for (int i = 0; i < 3; i++) {
    int rc = host->table(schema, splits[i], "item", ITEMS);
    if (rc) return rc;
  }
  for (int i = 0; i < FIELDS; i++) {
    int rc = host->field(schema, "item", &fields[i]);
    if (rc < 0) return rc;
  }
  return ATTUNE_OK;
}

static int read_planted(const attune_host *host, void *instance, const char *split, uint32_t field,
                        int64_t row, void *dst, attune_sink *sink) {
  float *v = dst;
  const planting *p = instance;
  const int64_t truth = row % p->keys;
  (void)split;
  if (field == ANSWER) return host->text(sink, classes[row % CLASSES], 1);
  if (field == SIZE) *v = (float)row;
  if (field == THIRD) *v = (float)(row % 3);
  if (field == ASK) {
    v[0] = 1;
    v[1] = 0;
  }
  for (int64_t k = 0; field == KEY && k < p->keys; k++) {
    v[2 * k] = k == truth ? 2 : -0.2f * (float)k;
    v[2 * k + 1] = 0;
  }
  if (field == KEY && row == p->hole) v[0] = NAN;
  if (field == VALUE) {
    memset(v, 0, sizeof(float) * (size_t)p->keys * CLASSES);
    v[truth * CLASSES + row % CLASSES] = 4;
  }
  return ATTUNE_OK;
}

static void close_planted(void *instance) { free(instance); }

static const attune_data planted = {
    .item = {sizeof(attune_data), ATTUNE_DATA, "planted", "a deciding key", "for tests",
             planted_options},
    .open = open_planted,
    .read = read_planted,
    .close = close_planted,
};

static int compute_erasure(const attune_host *host, const attune_options *options,
                           const attune_prediction *prediction, attune_results *results) {
  attune_array a;
  double sum = 0;
  (void)options;
  int rc = host->prediction(prediction, "erasure", &a);
  if (rc) return rc;
  for (int64_t i = 0; i < a.shape[0]; i++) sum += (double)((const float *)a.data)[i];
  return host->result(results, "erasure_mean", sum / (double)a.shape[0], 1);
}

static int compute_lacking(const attune_host *host, const attune_options *options,
                           const attune_prediction *prediction, attune_results *results) {
  attune_array a;
  (void)options;
  (void)results;
  return host->prediction(prediction, "rollout", &a);
}

/* One example too few. */
static int compute_short(const attune_host *host, const attune_options *options,
                         const attune_prediction *prediction, attune_results *results) {
  static const double v[4096];
  attune_array a;
  (void)options;
  int rc = host->prediction(prediction, "output", &a);
  return rc ? rc : host->each(results, "short", v, a.shape[0] - 1, 1);
}

static const attune_metric erasure = {
    .item = {sizeof(attune_metric), ATTUNE_METRIC, "planted_erasure", "its mean", "for tests",
             NULL},
    .task = "explain",
    .compute = compute_erasure,
};
static const attune_metric lacking = {
    .item = {sizeof(attune_metric), ATTUNE_METRIC, "planted_lacking", "lacks what it needs",
             "for tests", NULL},
    .task = "explain",
    .compute = compute_lacking,
};

static const attune_metric brief = {
    .item = {sizeof(attune_metric), ATTUNE_METRIC, "planted_short", "one example too few",
             "for tests", NULL},
    .task = "explain",
    .compute = compute_short,
};

static const attune_item *const items[] = {&planted.item, &erasure.item, &lacking.item,
                                           &brief.item};
ATTUNE_PLUGIN("planted", "1.0", "Apache-2.0", items)
