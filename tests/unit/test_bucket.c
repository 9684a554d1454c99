/* `train.bucket`: every example once, batches of like lengths, an order by seed and epoch alone. */
#include "cm.h"
#include <stdlib.h>
#include <string.h>
#include "core/base/random.h"
#include "core/run/train_impl.h"

enum { BATCH = 8, N = 70 * BATCH + 3, ROWS = 1000, WIDTH = 2 };

typedef struct world {
  at_session s;
  trainer t;
} world;

/* Examples in a random order, of which the second row has a length. */
static void open_world(world *w, uint64_t seed, int64_t epoch, size_t n, int64_t batch) {
  const at_random r = {.seed = 9};
  memset(w, 0, sizeof *w);
  w->s.seed = seed;
  w->s.n_batch = WIDTH;
  w->s.feed[3].table = 1;
  w->t = (trainer){.s = &w->s, .batch = batch, .epoch = epoch, .bucket = 3};
  w->t.length = malloc(ROWS * sizeof *w->t.length);
  w->t.examples.n = w->t.examples.cap = n;
  w->t.examples.example = malloc((n + 1) * WIDTH * sizeof(int64_t));
  for (int i = 0; i < ROWS; i++) w->t.length[i] = 1 + (int64_t)at_random_below(&r, (uint64_t)i, 40);
  for (size_t i = 0; i < n; i++) {
    w->t.examples.example[i * WIDTH] = (int64_t)i;
    w->t.examples.example[i * WIDTH + 1] = (int64_t)((i * 7919 + 13) % ROWS);
  }
}

static void close_world(world *w) {
  free(w->t.length);
  free(w->t.examples.example);
}

static int64_t length(const world *w, int64_t i) {
  return w->t.length[w->t.examples.example[i * WIDTH + 1]];
}

static int64_t steps_of(const world *w, int64_t batches) { /* of each batch, its longest */
  int64_t sum = 0;
  for (int64_t b = 0; b < batches; b++) {
    int64_t longest = 0;
    for (int64_t i = b * BATCH; i < (b + 1) * BATCH; i++)
      longest = length(w, i) > longest ? length(w, i) : longest;
    sum += longest;
  }
  return sum;
}

static void test_like_lengths(void **state) {
  world w, as_given;
  int seen[N] = {0}, falls = 0;
  (void)state;
  open_world(&w, 1, 0, N, BATCH);
  open_world(&as_given, 1, 0, N, BATCH);
  assert_int_equal(at_train_bucket(&w.t, NULL), AT_OK);
  for (int64_t i = 0; i < N; i++) {
    const int64_t *e = &w.t.examples.example[i * WIDTH];
    assert_int_equal(e[1], (e[0] * 7919 + 13) % ROWS); /* rows of one example stay together */
    seen[e[0]]++;
  }
  for (int i = 0; i < N; i++) assert_int_equal(seen[i], 1);
  for (int i = 70 * BATCH; i < N; i++) assert_int_equal(w.t.examples.example[i * WIDTH], i);
  for (int64_t b = 0; b < 64; b++) /* 64 batches share forty lengths */
    assert_true(length(&w, b * BATCH + BATCH - 1) - length(&w, b * BATCH) <= 2);
  for (int64_t b = 1; b < 64; b++) falls += length(&w, b * BATCH) < length(&w, (b - 1) * BATCH);
  assert_in_range(falls, 20, 44); /* batches are in no order of length */
  assert_true(10 * steps_of(&w, 70) < 7 * steps_of(&as_given, 70));
  close_world(&w);
  close_world(&as_given);
}

static bool same_order(uint64_t seed, int64_t epoch) {
  world a, b;
  open_world(&a, 1, 0, N, BATCH);
  open_world(&b, seed, epoch, N, BATCH);
  assert_int_equal(at_train_bucket(&a.t, NULL), AT_OK);
  assert_int_equal(at_train_bucket(&b.t, NULL), AT_OK);
  const bool same =
      !memcmp(a.t.examples.example, b.t.examples.example, N * WIDTH * sizeof(int64_t));
  close_world(&a);
  close_world(&b);
  return same;
}

static void test_order(void **state) {
  (void)state;
  assert_true(same_order(1, 0));
  assert_false(same_order(2, 0));
  assert_false(same_order(1, 1));
}

/* Fewer examples than a batch, and none. */
static void test_small(void **state) {
  (void)state;
  for (size_t n = 0; n < 4; n++) {
    world w;
    open_world(&w, 1, 0, n, BATCH);
    assert_int_equal(at_train_bucket(&w.t, NULL), AT_OK);
    for (size_t i = 0; i < n; i++) assert_int_equal(w.t.examples.example[i * WIDTH], i);
    close_world(&w);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_like_lengths),
      cmocka_unit_test(test_order),
      cmocka_unit_test(test_small),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
