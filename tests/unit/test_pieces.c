/* Texts in pieces of a vocabulary, as BERT cuts them; its file, and what is kept of it. */
#include "cm.h"
#include <unistd.h>
#include "core/base/file.h"
#include "tokens_joined.h"

static char path[64], kept[64];

static at_status read_lines(const char *text, at_vocab **out, at_error *err) {
  assert_int_equal(at_file_write(path, text, strlen(text), NULL), AT_OK);
  return at_vocab_read(path, out, err);
}

static const char lines[] =
    "[PAD]\n[unused0]\nun\n##aff\n##able\naff\n[UNK]\n[CLS]\n[SEP]\n!\n'\n$\n-\nwant\nwanted\n##"
    "ed\n"
    "cafe\nstraße\n\xe4\xb8\xad\n\xe6\x96\x87\na\n##a\nb\n\xd0\xb8\nin\r\n\xc2\xbf\n";

static int set_up(void **state) {
  snprintf(path, sizeof path, "/tmp/attune-pieces-%ld.txt", (long)getpid());
  snprintf(kept, sizeof kept, "/tmp/attune-pieces-%ld.json", (long)getpid());
  return read_lines(lines, (at_vocab **)state, NULL);
}

static int tear_down(void **state) {
  at_vocab_free(*state);
  unlink(kept);
  return unlink(path);
}

static void check_pieces(const at_vocab *v, const char *text, const char *joined) {
  at_tokens t;
  assert_int_equal(at_pieces(text, strlen(text), v, &t, NULL), AT_OK);
  assert_joined(&t, strlen(text), joined);
}

static void pieces(void **state) {
  static const struct {
    const char *text, *joined;
  } cases[] = {
      {"unaffable", "un|##aff|##able"},
      {"UnAFFable!", "un|##aff|##able|!"},
      {"wanted want-ed", "wanted|want|-|[UNK]"}, /* a mark ends a word; "ed" begins none */
      {"a$b", "a|$|b"},                          /* no punctuation for Unicode, but for BERT */
      {"Caf\xc3\xa9 cafe\xcc\x81", "cafe|cafe"}, /* accents, composed and not */
      {"stra\xc3\x9f"
       "e",
       "stra\xc3\x9f"
       "e"},
      {"a\xe4\xb8\xad\xe6\x96\x87z", "a|\xe4\xb8\xad|\xe6\x96\x87|[UNK]"},
      {"\xd0\x99", "\xd0\xb8"}, /* a letter that only decomposed is one of ours */
      {"\xc2\xbf"
       "in?",
       "\xc2\xbf|in|[UNK]"},
      {"aaa aab", "a|##a|##a|[UNK]"}, /* a word whose end is no piece is unknown as a whole */
      {" \t\r\n\xc2\xa0 ", ""},
      {"a\xe2\x80\x8b"
       "a\x07"
       "a",
       "a|##a|##a"}, /* what shows nothing is left out */
      {"", ""},
  };
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    check_pieces(*state, cases[i].text, cases[i].joined);
}

static void long_words(void **state) {
  char text[102], want[1000] = "a";
  memset(text, 'a', sizeof text);
  text[100] = '\0';
  for (int i = 1; i < 100; i++) strcat(want, "|##a");
  check_pieces(*state, text, want);
  text[100] = 'a';
  text[101] = '\0';
  check_pieces(*state, text, "[UNK]");
  at_tokens t;
  at_error e = {0};
  assert_int_equal(at_pieces("a\xff", 2, *state, &t, &e), AT_EINPUT);
  assert_non_null(strstr(e.message, "byte 2"));
}

static void numbers(void **state) {
  const at_vocab *v = *state;
  assert_true(at_vocab_of_pieces(v));
  assert_int_equal(at_vocab_special(v, AT_WORD_PAD), 0);
  assert_int_equal(at_vocab_special(v, AT_WORD_START), 7);
  assert_int_equal(at_vocab_special(v, AT_WORD_END), 8);
  assert_int_equal(at_vocab_id(v, "nowhere"), 6);
  assert_int_equal(at_vocab_id(v, "un"), 2);
  assert_true(at_vocab_is_special(v, 8));
  assert_false(at_vocab_is_special(v, 2));
  at_vocab *back;
  char *text;
  assert_int_equal(at_vocab_text(v, &text, NULL), AT_OK);
  assert_int_equal(at_file_write(kept, text, strlen(text), NULL), AT_OK);
  free(text);
  assert_int_equal(at_vocab_read(kept, &back, NULL), AT_OK);
  assert_true(at_vocab_of_pieces(back));
  assert_int_equal(at_vocab_size(back), at_vocab_size(v));
  for (int i = 0; i < AT_WORD_FIRST; i++)
    assert_int_equal(at_vocab_special(back, (at_word)i), at_vocab_special(v, (at_word)i));
  check_pieces(back, "unaffable", "un|##aff|##able");
  at_vocab_free(back);
}

static void refused(void **state) {
  (void)state;
  static const struct {
    const char *text, *why;
  } cases[] = {
      {"[PAD]\n[UNK]\n[SEP]\na\n", "there is no [CLS] in it"},
      {"[PAD]\na\na\n", "word 2, 'a', occurs twice"},
      {"[PAD]\n\na\n", "word 1 is not a string with something in it"},
      {"", "there is no [PAD] in it"},
  };
  at_vocab *v;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    at_error e = {0};
    assert_int_equal(read_lines(cases[i].text, &v, &e), AT_EINPUT);
    if (!strstr(e.message, cases[i].why)) fail_msg("%s", e.message);
  }
  at_error e = {0};
  const char wrong[] = "{\"words\": [\"a\", \"b\", \"c\", \"d\"], \"specials\": [0, 1, 2, 4]}";
  assert_int_equal(at_file_write(kept, wrong, strlen(wrong), NULL), AT_OK);
  assert_int_equal(at_vocab_read(kept, &v, &e), AT_EINPUT);
  assert_non_null(strstr(e.message, "are not the numbers of four words"));
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test(pieces), cmocka_unit_test(long_words),
                                     cmocka_unit_test(numbers), cmocka_unit_test(refused)};
  return cmocka_run_group_tests_name("pieces", tests, set_up, tear_down);
}
