/* The host towards readers, tasks and metrics: the items are in this program, not in files. */
#include "cm.h"
#include "core/plugin/plugin_impl.h"

typedef struct reader_case {
  const char *table, *field, *link, *ask, *says; /* says NULL: taken */
  int64_t rows;
} reader_case;
static const reader_case READERS[] = {
    {"caption", "text", NULL, NULL, NULL, 3},
    {"caption", "text", NULL, "size", NULL, 3},
    {"caption", "text", NULL, "sise", "asked for the option `sise`, which its table does not", 3},
    {"caption", "text", "picture", NULL, "declares `caption.text` but no table `picture`", 3},
    {"", "text", NULL, NULL, "a table without a name", 3},
    {"caption", "", NULL, NULL, "a field without a name", 3},
    {"caption", "text", NULL, NULL, "with -1 rows", -1},
};
static const reader_case *reading;

static int reader_open(const attune_host *host, const attune_options *o, attune_schema *schema,
                       void **instance) {
  const reader_case *c = reading;
  attune_field f = {.name = c->field, .type = c->link ? ATTUNE_FIELD_LINK : ATTUNE_FIELD_TEXT};
  f.link = c->link;
  *instance = NULL;
  if (c->ask) host->option_int(o, c->ask);
  int rc = host->table(schema, "train", c->table, c->rows);
  if (!rc) rc = host->field(schema, c->table, &f);
  return rc < 0 ? rc : ATTUNE_OK;
}

/* Row 0 is right, row 1 is no UTF-8, row 2 says nothing. */
static int reader_read(const attune_host *host, void *instance, const char *split, uint32_t field,
                       int64_t row, void *dst, attune_sink *sink) {
  (void)instance, (void)split, (void)field, (void)dst;
  if (row == 2) return ATTUNE_OK;
  return row ? host->text(sink, "a\xff", 2) : host->text(sink, "two dogs", 8);
}

/* Row 0 is right, row 1 turns back, row 2 is before all words, row 3 says nothing. */
static int words_open(const attune_host *host, const attune_options *o, attune_schema *schema,
                      void **instance) {
  const attune_field f = {.name = "evidence_words", .type = ATTUNE_FIELD_WORDS};
  (void)o;
  *instance = NULL;
  int rc = host->table(schema, "train", "question", 4);
  if (!rc) rc = host->field(schema, "question", &f);
  return rc < 0 ? rc : ATTUNE_OK;
}
static int words_read(const attune_host *host, void *instance, const char *split, uint32_t field,
                      int64_t row, void *dst, attune_sink *sink) {
  static const int64_t index[][2] = {{0, 4}, {4, 4}, {-1, 2}};
  (void)instance, (void)split, (void)field, (void)dst;
  return row == 3 ? ATTUNE_OK : host->words(sink, index[row], 2);
}
static const attune_data words_reader = {
    .item = {sizeof(attune_data), ATTUNE_DATA, "worded", "a test", "a test", NULL},
    .open = words_open,
    .read = words_read,
};

static void test_words(void **state) {
  const at_item item = {.item = &words_reader.item};
  attune_options *o;
  at_dataset *d;
  at_error err = {0};
  int64_t *index = NULL, n = -1;
  (void)state;
  assert_int_equal(at_options_new(&item, NULL, 0, NULL, &o, &err), AT_OK);
  assert_int_equal(at_dataset_open(&item, o, &d, &err), AT_OK);
  const at_field *f = at_dataset_field(d, "question", "evidence_words");
  assert_int_equal(at_dataset_read_words(d, "train", f, 0, &index, &n, &err), AT_OK);
  assert_true(n == 2 && index[0] == 0 && index[1] == 4);
  free(index);
  assert_int_equal(at_dataset_read_words(d, "train", f, 1, &index, &n, &err), AT_EFAIL);
  assert_non_null(strstr(err.message, "gives word 4 where a later one is wanted"));
  assert_int_equal(at_dataset_read_words(d, "train", f, 2, &index, &n, &err), AT_EFAIL);
  assert_non_null(strstr(err.message, "gives word -1"));
  assert_int_equal(at_dataset_read_words(d, "train", f, 3, &index, &n, &err), AT_OK);
  assert_true(n == 0);
  free(index);
  at_dataset_close(d);
  at_options_free(o);
}

/* Row 0 has two items of three numbers, row 1 none, row 2 says nothing. */
static int items_open(const attune_host *host, const attune_options *o, attune_schema *schema,
                      void **instance) {
  const attune_field f = {.name = "token", .type = ATTUNE_FIELD_ITEMS, .ndim = 1, .shape = {3}};
  (void)o;
  *instance = NULL;
  int rc = host->table(schema, "train", "picture", 3);
  if (!rc) rc = host->notice(schema, "one row has no items");
  if (!rc) rc = host->field(schema, "picture", &f);
  return rc < 0 ? rc : ATTUNE_OK;
}
static int items_read(const attune_host *host, void *instance, const char *split, uint32_t field,
                      int64_t row, void *dst, attune_sink *sink) {
  static const float value[] = {1, 2, 3, 4, 5, 6};
  (void)instance, (void)split, (void)field, (void)dst;
  return row == 2 ? ATTUNE_OK : host->items(sink, value, row ? 0 : 2);
}
static const attune_data items_reader = {
    .item = {sizeof(attune_data), ATTUNE_DATA, "itemised", "a test", "a test", NULL},
    .open = items_open,
    .read = items_read,
};

static void test_items(void **state) {
  const at_item item = {.item = &items_reader.item};
  attune_options *o;
  at_dataset *d;
  at_error err = {0};
  float *value = NULL;
  int64_t n = -1;
  (void)state;
  assert_int_equal(at_options_new(&item, NULL, 0, NULL, &o, &err), AT_OK);
  assert_int_equal(at_dataset_open(&item, o, &d, &err), AT_OK);
  const at_field *f = at_dataset_field(d, "picture", "token");
  assert_string_equal(at_field_type_name(f->f.type), "items");
  assert_string_equal(at_dataset_said(d, 0), "one row has no items");
  assert_null(at_dataset_said(d, 1));
  assert_int_equal(at_dataset_read_items(d, "train", f, 0, &value, &n, &err), AT_OK);
  assert_true(n == 2 && value[0] == 1 && value[5] == 6);
  free(value);
  assert_int_equal(at_dataset_read_items(d, "train", f, 1, &value, &n, &err), AT_EFAIL);
  assert_non_null(strstr(err.message, "gives 0 items"));
  assert_int_equal(at_dataset_read_items(d, "train", f, 2, &value, &n, &err), AT_EFAIL);
  assert_non_null(strstr(err.message, "gave no items for `picture.token`"));
  at_dataset_close(d);
  at_options_free(o);
}

static const attune_option reader_options[] = {
    {"size", ATTUNE_OPTION_INT, "4", 0, 0, NULL, "a number"},
    {NULL, ATTUNE_OPTION_INT, NULL, 0, 0, NULL, NULL},
};
static const attune_data reader = {
    .item = {sizeof(attune_data), ATTUNE_DATA, "tried", "a test", "a test", reader_options},
    .open = reader_open,
    .read = reader_read,
};
static const at_item reader_item = {.item = &reader.item};

static void test_readers(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof READERS / sizeof *READERS; i++) {
    attune_options *o;
    at_dataset *d;
    at_error err = {0};
    reading = &READERS[i];
    assert_int_equal(at_options_new(&reader_item, NULL, 0, NULL, &o, &err), AT_OK);
    at_status s = at_dataset_open(&reader_item, o, &d, &err);
    if (!reading->says && s != AT_OK) fail_msg("case %zu: %s", i, err.message);
    if (reading->says && (s != AT_EFAIL || !strstr(err.message, reading->says)))
      fail_msg("case %zu: \"%s\" lacks \"%s\"", i, err.message, reading->says);
    at_dataset_close(d);
    at_options_free(o);
  }
}

static void test_reading(void **state) {
  attune_options *o;
  at_dataset *d;
  at_error err = {0};
  char *text;
  (void)state;
  reading = &READERS[0];
  assert_int_equal(at_options_new(&reader_item, NULL, 0, NULL, &o, &err), AT_OK);
  assert_int_equal(at_dataset_open(&reader_item, o, &d, &err), AT_OK);
  const at_field *f = at_dataset_field(d, "caption", "text");
  assert_non_null(f);
  assert_null(at_dataset_field(d, "picture", "text"));
  assert_int_equal(at_dataset_rows(d, "train", "caption"), 3);
  assert_int_equal(at_dataset_rows(d, "test", "caption"), -1);
  assert_int_equal(at_dataset_read_text(d, "train", f, 0, &text, &err), AT_OK);
  assert_string_equal(text, "two dogs");
  free(text);
  assert_int_equal(at_dataset_read_text(d, "train", f, 1, &text, &err), AT_EINPUT);
  assert_non_null(strstr(err.message, "not UTF-8 at byte 1"));
  assert_int_equal(at_dataset_read_text(d, "train", f, 2, &text, &err), AT_EFAIL);
  assert_non_null(strstr(err.message, "gave no text for `caption.text`"));
  assert_int_equal(at_dataset_read_text(d, "train", f, 3, &text, &err), AT_EFAIL);
  assert_non_null(strstr(err.message, "row 3"));
  at_dataset_close(d);
  at_options_free(o);
}

/* What a task stores a metric finds; a failing callback without a message gets one. */
static int task_evaluate(const attune_host *host, const attune_options *o, attune_task_context *c,
                         attune_prediction *p) {
  const float v[] = {1, 2, 3};
  const attune_array a = {.type = ATTUNE_F32, .ndim = 1, .shape = {3}, .data = v};
  (void)o, (void)c;
  int rc = host->predict(p, "ranks", &a, NULL);
  return rc ? rc : host->predict(p, reading ? "ranks" : "more", &a, NULL);
}
static int task_epoch(const attune_host *host, const attune_options *o, attune_task_context *c,
                      uint64_t epoch) {
  (void)host, (void)o, (void)c, (void)epoch;
  return ATTUNE_FAILED;
}
static int metric_compute(const attune_host *host, const attune_options *o,
                          const attune_prediction *p, attune_results *results) {
  attune_array a;
  (void)o;
  int rc = host->prediction(p, reading ? "absent" : "ranks", &a);
  return rc ? rc : host->result(results, "last", ((const float *)a.data)[2], 1);
}
static const attune_task task = {
    .item = {sizeof(attune_task), ATTUNE_TASK, "tried", "a test", "a test", NULL},
    .epoch = task_epoch,
    .evaluate = task_evaluate,
};
static const attune_metric metric = {
    .item = {sizeof(attune_metric), ATTUNE_METRIC, "tried", "a test", "a test", NULL},
    .compute = metric_compute,
};

static void test_tasks_and_metrics(void **state) {
  const at_item t = {.item = &task.item}, m = {.item = &metric.item};
  const at_task_ops ops = {0};
  attune_options *o;
  attune_prediction *p;
  at_result *r = NULL;
  size_t n = 0;
  at_error err = {0};
  (void)state;
  reading = NULL;
  assert_int_equal(at_options_new(&t, NULL, 0, NULL, &o, &err), AT_OK);
  assert_int_equal(at_task_epoch(&t, o, &ops, 0, &err), AT_EFAIL);
  assert_string_equal(err.message, "epoch of `tried` returned -2");
  assert_int_equal(at_task_evaluate(&t, o, &ops, &p, &err), AT_OK);
  assert_int_equal(at_metric_compute(&m, o, p, &r, &n, &err), AT_OK);
  assert_int_equal(n, 1);
  assert_string_equal(r[0].name, "last");
  assert_true(r[0].value == 3 && r[0].higher_is_better == 1);
  reading = READERS; /* now the wrong way */
  assert_int_equal(at_metric_compute(&m, o, p, &r, &n, &err), AT_EFAIL);
  assert_non_null(strstr(err.message, "predicted no array `absent`"));
  at_prediction_free(p);
  assert_int_equal(at_task_evaluate(&t, o, &ops, &p, &err), AT_EFAIL);
  assert_non_null(strstr(err.message, "predicts the array `ranks` twice"));
  assert_null(p);
  free(r);
  at_options_free(o);
}

/* Numbers example by example: the mean is over the defined ones, and what is missing says why. */
static int each_compute(const attune_host *host, const attune_options *o,
                        const attune_prediction *p, attune_results *results) {
  const double some[] = {1, NAN, 4}, none[] = {NAN, NAN, NAN};
  (void)o, (void)p;
  int rc = host->each(results, "some", some, 3, 1);
  if (!rc) rc = host->each(results, "none", none, 3, -1);
  host->error(host, "the data has no `%s`", "truth");
  if (!rc) rc = host->each(results, "lacks", NULL, 0, 1);
  return rc ? rc : host->each(results, reading ? "some" : "other", some, 2, 0);
}
static const attune_metric each_metric = {
    .item = {sizeof(attune_metric), ATTUNE_METRIC, "each", "a test", "a test", NULL},
    .compute = each_compute,
};

static void test_each(void **state) {
  const at_item m = {.item = &each_metric.item};
  at_results *r = at_results_new();
  attune_options *o;
  at_result *flat = NULL;
  size_t n_flat = 0;
  int64_t n, defined;
  at_error err = {0};
  (void)state;
  reading = NULL;
  assert_non_null(r);
  assert_int_equal(at_options_new(&m, NULL, 0, NULL, &o, &err), AT_OK);
  assert_int_equal(at_metric_results(&m, o, NULL, r, &err), AT_OK);
  assert_int_equal(at_results_count(r), 4);
  const double *v = at_results_each(r, 0, &n, &defined);
  assert_true(n == 3 && defined == 2 && v[0] == 1 && isnan(v[1]) && v[2] == 4);
  assert_true(at_results_at(r, 0)->value == 2.5 && at_results_at(r, 0)->higher_is_better == 1);
  at_results_each(r, 1, &n, &defined);
  assert_true(n == 3 && defined == 0 && isnan(at_results_at(r, 1)->value));
  assert_int_equal(at_results_find(r, "lacks"), 2);
  assert_string_equal(at_results_missing(r, 2), "the data has no `truth`");
  assert_null(at_results_each(r, 2, NULL, NULL));
  assert_null(at_results_missing(r, 0));
  assert_int_equal(at_results_find(r, "absent"), 4);
  at_results_free(r);

  assert_int_equal(at_metric_compute(&m, o, NULL, &flat, &n_flat, &err), AT_OK);
  assert_int_equal(n_flat, 3); /* what is missing is no number */
  assert_string_equal(flat[2].name, "other");
  reading = READERS; /* a name given twice */
  assert_int_equal(at_metric_compute(&m, o, NULL, &flat, &n_flat, &err), AT_EFAIL);
  assert_non_null(strstr(err.message, "`some` is given twice"));
  free(flat);
  at_options_free(o);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_readers), cmocka_unit_test(test_reading),
      cmocka_unit_test(test_words),   cmocka_unit_test(test_items),
      cmocka_unit_test(test_each),    cmocka_unit_test(test_tasks_and_metrics),
  };
  return cmocka_run_group_tests_name("plugin_host", tests, NULL, NULL);
}
