/* Vectors of words from text files: what is taken, what is passed over, what is refused. */
#include "cm.h"
#include <unistd.h>
#include "core/base/file.h"
#include "core/train/vectors.h"

static at_vocab *words;
static char path[64];
enum { WIDTH = 3, ROWS = 7 };
static float table[ROWS * WIDTH];

static int set_up(void **state) {
  (void)state;
  snprintf(path, sizeof path, "/tmp/attune-vectors-%ld.vec", (long)getpid());
  return at_vocab_new(&words, NULL) || at_vocab_count(words, "cat", NULL) ||
         at_vocab_count(words, "cat", NULL) || at_vocab_count(words, "dog", NULL) ||
         at_vocab_count(words, "dog", NULL) || at_vocab_count(words, "zebra", NULL) ||
         at_vocab_finish(words, 1, 0, NULL);
}

static int tear_down(void **state) {
  (void)state;
  at_vocab_free(words);
  return unlink(path);
}

static at_status read_text(const char *text, int64_t *found, at_error *err) {
  for (int i = 0; i < ROWS * WIDTH; i++) table[i] = (float)-i;
  assert_int_equal(at_file_write(path, text, strlen(text), NULL), AT_OK);
  return at_vectors_read(path, words, WIDTH, table, found, err);
}

static void check_row(int row, float a, float b, float c) {
  assert_true(table[row * WIDTH] == a && table[row * WIDTH + 1] == b &&
              table[row * WIDTH + 2] == c);
}

static void untouched(int row) {
  check_row(row, (float)(-row * WIDTH), (float)(-row * WIDTH - 1), (float)(-row * WIDTH - 2));
}

static void test_glove(void **state) {
  int64_t found;
  (void)state;
  assert_int_equal(read_text("the 1 2 3\ndog 0.5 -1e-2 4\n. . . 7 8 9\nzebra 1 1 1\n"
                             "zebra 2 2 2\n<unk> 5 6 7",
                             &found, NULL),
                   AT_OK);
  assert_int_equal(found, 2);
  check_row(at_vocab_id(words, "dog"), 0.5f, -0.01f, 4);
  check_row(at_vocab_id(words, "zebra"), 1, 1, 1);
  check_row(AT_WORD_UNKNOWN, 5, 6, 7);
  untouched(at_vocab_id(words, "cat"));
  untouched(AT_WORD_PAD);
}

static void test_fasttext(void **state) {
  int64_t found;
  (void)state;
  assert_int_equal(read_text("2 3\r\n</s> 1 2 3 \r\ncat 4 5 6 \r\n\r\n", &found, NULL), AT_OK);
  assert_int_equal(found, 1);
  check_row(at_vocab_id(words, "cat"), 4, 5, 6);
  untouched(at_vocab_id(words, "dog"));
}

static void test_refusals(void **state) {
  static const struct {
    const char *text, *says;
  } cases[] = {{"dog 1 2\n", ":1: here is a word with 2 numbers; the model's vectors have 3"},
               {"dog 1 2 3 4\n", ":1: here is a word with 4 numbers"},
               {"2 4\n", ":1: here is a word with 1 numbers"},
               {"cat 1 2 3\ndog 1 2\n", ":2: here is a word with 2 numbers"},
               {"cat 1 2 3\n\ndog 1 two 3\n", ":3: `two` is no number"},
               {"cat 1 nan 3\n", ":1: `nan` is no number"},
               {"", "the file is empty"}};
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    at_error err = {0};
    int64_t found;
    assert_int_equal(read_text(cases[i].text, &found, &err), AT_EINPUT);
    if (!strstr(err.message, cases[i].says))
      fail_msg("\"%s\" lacks \"%s\"", err.message, cases[i].says);
  }
}

static void test_names(void **state) {
  (void)state;
  assert_true(at_vectors_is("a/glove.6B.300d.txt") && at_vectors_is("wiki.vec"));
  assert_true(!at_vectors_is("best.safetensors") && !at_vectors_is("txt"));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(test_glove), cmocka_unit_test(test_fasttext),
                                     cmocka_unit_test(test_refusals), cmocka_unit_test(test_names)};
  return cmocka_run_group_tests_name("vectors", tests, set_up, tear_down);
}
