/* The vocabulary of a run: from its directory, from a file, or counted. */
#include <stdlib.h>
#include <string.h>
#include "core/base/busy.h"
#include "core/base/file.h"
#include "core/run/run_impl.h"

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

/* Called when the model's token input is met; `input` names it, `f` feeds it. */
at_status at_session_words(at_session *s, const char *input, const at_field *f, at_error *err) {
  const char *file = at_run_get(s->run, "data.vocabulary.file");
  if (s->vocab) return AT_OK;
  if (s->dir) {
    char *path = at_rundir_path(s->dir, "vocabulary.json");
    at_status st = path ? at_vocab_read(path, &s->vocab, err) : at_nomem(err);
    free(path);
    return st;
  }
  if (file && *file) return at_vocab_read(file, &s->vocab, err);
  if (f->f.type != ATTUNE_FIELD_TEXT)
    return at_fail(err, AT_EINPUT, "%s: input `%s` takes tokens, but `%s.%s` is no text",
                   s->run->path, input, f->table, f->f.name);
  return count_field(s, f, err);
}
