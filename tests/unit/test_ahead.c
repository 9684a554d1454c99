/* Numbers of a later batch, read beside the step before it: taken where the batch is the one that
 * was expected, and read again where it is not. */
#include "tests/unit/data_sets.h"
#include "core/run/run.h"
#include "core/run/run_impl.h"

enum { PICTURES = 6, REGIONS = 2, FEATURES = 3, ROW = REGIONS * FEATURES };
static at_session *session;
static int image, picture; /* its feed; the batch axis */

static float at(int64_t row, int i) { return (float)(100 * row + i); }

static int write_split(const char *name) {
  char path[400], header[200];
  snprintf(path, sizeof path, "%s/%s_ims.npy", scratch, name);
  FILE *f = fopen(path, "wb");
  if (!f) return -1;
  snprintf(header, sizeof header,
           "{'descr': '<f4', 'fortran_order': False, 'shape': (%d, %d, %d), }", PICTURES, REGIONS,
           FEATURES);
  fwrite("\x93NUMPY\x01\x00\x76\x00", 1, 10, f);
  fprintf(f, "%-117s\n", header);
  for (int r = 0; r < PICTURES; r++)
    for (int i = 0; i < ROW; i++) {
      const float v = at(r, i);
      fwrite(&v, sizeof v, 1, f);
    }
  fclose(f);
  snprintf(path, sizeof path, "%s/%s_caps.txt", scratch, name);
  if (!(f = fopen(path, "w"))) return -1;
  for (int r = 0; r < PICTURES; r++) fprintf(f, "a thing of kind %d\n", r);
  return fclose(f);
}

static int setup(void **state) {
  at_error e = {0};
  at_run *run = NULL;
  char path[400], text[1400];
  const char *top = getenv("top_srcdir");
  if (!top || make_scratch(state) || at_registry_new(NULL, 0, &registry, &e) != AT_OK) return -1;
  if (write_split("train") || write_split("dev")) return -1;
  snprintf(text, sizeof text,
           "model: %s/examples/models/scan.att\narguments: {d: 4, e: 4}\n"
           "data: {reader: \"scan_precomp(root=%s)\"}\ntask: matching\nmetrics: [recall]\n"
           "train: {epochs: 1, batch: 3, learning_rate: 0.001}\nseed: 1\n",
           top, scratch);
  snprintf(path, sizeof path, "%s/run.yaml", scratch);
  if (at_file_write(path, text, strlen(text), &e) != AT_OK ||
      at_run_load(path, NULL, 0, &run, &e) != AT_OK ||
      at_session_new(registry, run, 1, &session, NULL, &e) != AT_OK) {
    fprintf(stderr, "%s\n", e.message);
    return -1;
  }
  at_run_free(run);
  while (strcmp(session->feed[image].input->name, "image")) image++;
  picture = session->feed[image].table;
  return 0;
}

static int teardown(void **state) {
  at_session_free(session);
  at_registry_free(registry);
  return drop_scratch(state);
}

typedef struct batch {
  const int64_t *rows[AT_MAX_BATCH_AXES];
  int64_t counts[AT_MAX_BATCH_AXES];
} batch;

static batch of(const int64_t *rows, int64_t n) {
  batch b = {.counts = {0}};
  for (int i = 0; i < session->n_batch; i++) {
    b.rows[i] = rows;
    b.counts[i] = n;
  }
  return b;
}

static void ahead(const char *split, const batch *b) {
  at_session_ahead(session, split, b->rows, b->counts);
  at_session_ahead_end(session);
}

static bool early(const char *split, const batch *b) {
  at_cache *c = NULL;
  assert_ok(at_session_cache(session, split, &c, err));
  return at_session_early(session, c, image, b->rows[picture], b->counts[picture]);
}

static void check_buffer(const batch *b) {
  const float *v = session->buffer[image];
  for (int64_t r = 0; r < b->counts[picture]; r++)
    for (int i = 0; i < ROW; i++) assert_true(v[r * ROW + i] == at(b->rows[picture][r], i));
}

static void what_was_read_is_taken_once(void **state) {
  (void)state;
  static const int64_t rows[] = {4, 0, 2}, more[] = {5, 3, 1, 0};
  const batch b = of(rows, 3), larger = of(more, 4);
  assert_false(early("train", &b));
  ahead("train", &b);
  assert_true(early("train", &b));
  check_buffer(&b);
  assert_false(early("train", &b));
  ahead("train", &larger);
  check_buffer(&b); /* the batch at hand is left alone */
  assert_true(early("train", &larger));
  check_buffer(&larger);
}

static void another_batch_is_read_again(void **state) {
  (void)state;
  static const int64_t rows[] = {1, 2, 3}, turned[] = {1, 3, 2};
  const batch b = of(rows, 3), other = of(turned, 3), less = of(rows, 2);
  ahead("train", &b);
  assert_false(early("train", &other));
  assert_false(early("train", &less));
  assert_false(early("dev", &b));
  assert_true(early("train", &b));
}

static void rows_that_are_not_there_are_left(void **state) {
  (void)state;
  static const int64_t rows[] = {1, PICTURES};
  const batch b = of(rows, 2);
  ahead("train", &b);
  assert_false(early("train", &b));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(what_was_read_is_taken_once),
                                     cmocka_unit_test(another_batch_is_read_again),
                                     cmocka_unit_test(rows_that_are_not_there_are_left)};
  return cmocka_run_group_tests(tests, setup, teardown);
}
