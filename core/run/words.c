/* The vocabulary of a run: from its directory, from a file, or counted. */
#include <stdlib.h>
#include <string.h>
#include "core/base/busy.h"
#include "core/base/file.h"
#include "core/run/run_impl.h"

void at_session_reads(at_session *s, const at_run *r) {
  static const char *const modes[] = {
      [AT_TOKENS_WORDS] = "words", [AT_TOKENS_SPACE] = "space", [AT_TOKENS_PIECES] = "pieces"};
  const char *tokens = at_run_get(r, "data.vocabulary.tokens");
  s->tokens = AT_TOKENS_WORDS;
  for (size_t i = 0; i < sizeof modes / sizeof *modes; i++)
    if (!strcmp(tokens, modes[i])) s->tokens = (at_token_mode)i;
  s->max_words = at_run_int(r, "data.vocabulary.max_words");
  s->ends = !strcmp(at_run_get(r, "data.vocabulary.ends"), "true");
}

at_status at_session_tokens(const at_session *s, const char *text, at_tokens *out, at_error *err) {
  if (s->tokens == AT_TOKENS_PIECES) return at_pieces(text, strlen(text), s->vocab, out, err);
  return at_tokenise(text, strlen(text), s->tokens, out, err);
}

int32_t at_session_unknown_word(const at_session *s) {
  return at_vocab_special(s->vocab, AT_WORD_UNKNOWN);
}

static at_status count_row(at_session *s, const at_field *f, const char *split, int64_t row,
                           at_error *err) {
  char *text = NULL;
  at_tokens t = {0};
  at_status st = at_dataset_read_text(s->data, split, f, row, &text, err);
  if (st == AT_OK) st = at_tokenise(text, strlen(text), s->tokens, &t, err);
  if (st == AT_OK) st = at_vocab_count_tokens(s->vocab, &t, err);
  at_tokens_free(&t);
  free(text);
  return st;
}

static at_status count_field(at_session *s, const at_field *f, at_error *err) {
  const char *split = at_run_get(s->run, "data.splits.train");
  int64_t rows = at_dataset_rows(s->data, split, f->table);
  if (rows <= 0)
    return at_fail(err, AT_EINPUT, "%s: the split `%s` is empty: there are no words to count",
                   s->run->path, split);
  at_status st = at_vocab_new(&s->vocab, err);
  for (int64_t r = 0; st == AT_OK && r < rows; r++) {
    st = at_busy("counting the words of", f->table, r, rows, err);
    if (st == AT_OK) st = count_row(s, f, split, r, err);
  }
  if (st == AT_OK)
    st = at_vocab_finish(s->vocab, at_run_int(s->run, "data.vocabulary.threshold"), 0, err);
  return st;
}

static at_status find_words(at_session *s, const char *input, const at_field *f, at_error *err) {
  const char *file = at_run_get(s->run, "data.vocabulary.file");
  if (s->dir) {
    char *path = at_rundir_path(s->dir, "vocabulary.json");
    at_status st = path ? at_vocab_read(path, &s->vocab, err) : at_nomem(err);
    free(path);
    return st;
  }
  if (file && *file) return at_vocab_read(file, &s->vocab, err);
  char *imported = NULL;
  at_status st = AT_OK;
  if (strcmp(at_run_get(s->run, "data.vocabulary.count"), "true"))
    st = at_session_import_words(s, &imported, err);
  if (st == AT_OK && imported) st = at_vocab_read(imported, &s->vocab, err);
  free(imported);
  if (st != AT_OK || s->vocab) return st;
  if (f->f.type != ATTUNE_FIELD_TEXT)
    return at_fail(err, AT_EINPUT, "%s: input `%s` takes tokens, but `%s.%s` is no text",
                   s->run->path, input, f->table, f->f.name);
  if (s->tokens == AT_TOKENS_PIECES)
    return at_fail(err, AT_EINPUT,
                   "%s: pieces are not counted: name BERT's vocab.txt as data.vocabulary.file",
                   s->run->path);
  return count_field(s, f, err);
}

/* Called when the model's token input is met; `input` names it, `f` feeds it. */
at_status at_session_words(at_session *s, const char *input, const at_field *f, at_error *err) {
  if (s->vocab) return AT_OK;
  at_status st = find_words(s, input, f, err);
  if (st != AT_OK || (s->tokens == AT_TOKENS_PIECES) == at_vocab_of_pieces(s->vocab)) return st;
  return at_fail(err, AT_EINPUT,
                 s->tokens == AT_TOKENS_PIECES
                     ? "%s: data.vocabulary.tokens is `pieces`, and the vocabulary has words"
                     : "%s: the vocabulary has pieces of words; say data.vocabulary.tokens: pieces",
                 s->run->path);
}

at_status at_session_ids(const at_session *s, const char *text, int32_t **id, int64_t *n,
                         at_text *unknown, int64_t *n_unknown, at_error *err) {
  at_tokens t = {0};
  int64_t k = 0;
  *id = NULL;
  *n_unknown = 0;
  const int32_t none = at_session_unknown_word(s);
  at_status st = at_session_tokens(s, text, &t, err);
  const int64_t words = (int64_t)t.n < s->max_words ? (int64_t)t.n : s->max_words;
  int32_t *v = st == AT_OK ? malloc((size_t)(words + 3) * sizeof *v) : NULL;
  if (st == AT_OK && !v) st = at_nomem(err);
  if (st == AT_OK) {
    if (s->ends) v[k++] = at_vocab_special(s->vocab, AT_WORD_START);
    for (int64_t i = 0; i < words; i++) {
      v[k] = at_vocab_id(s->vocab, t.v[i].text);
      if (v[k++] != none) continue;
      if (unknown) at_text_addf(unknown, "%s%s", *n_unknown ? ", " : "", t.v[i].text);
      ++*n_unknown;
    }
    if (s->ends) v[k++] = at_vocab_special(s->vocab, AT_WORD_END);
    if (!k) v[k++] = none; /* a caption of no words still has a row */
    *id = v;
    *n = k;
  }
  at_tokens_free(&t);
  return st;
}
