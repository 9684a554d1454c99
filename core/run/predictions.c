/* What a model answered, question by question, as JSON lines. */
#include <stdlib.h>
#include <string.h>
#include "core/base/file.h"
#include "core/run/run_impl.h"

at_status at_session_predicts(const at_session *s, at_error *err) {
  if (at_session_answers(s) || at_task_answers(s->task)) return AT_OK;
  return at_fail(err, AT_EINPUT,
                 "%s: predictions are the answers that a model chooses among known ones, or makes; "
                 "one for the task `%s` does neither",
                 s->dir ? s->dir : s->run->path, s->task->item->name);
}

/* The arrays of a prediction, checked. */
typedef struct answered {
  int64_t n;
  const int32_t *expected, *predicted, *type; /* type NULL: none */
  const float *logit;                         /* NULL: none */
  attune_array answers, types;                /* names, each with its NUL */
} answered;

static const void *column(const attune_prediction *p, const char *name, uint32_t type, int64_t n) {
  attune_array a;
  bool fits = at_prediction_array(p, name, &a) == AT_OK && a.type == type && a.ndim == 1;
  return fits && a.shape[0] == n ? a.data : NULL;
}

static bool names(const attune_prediction *p, const char *name, attune_array *out) {
  return at_prediction_array(p, name, out) == AT_OK && out->type == ATTUNE_U8 && out->ndim == 1;
}

static at_status take(const at_session *s, const char *split, const attune_prediction *p,
                      answered *a, at_error *err) {
  const char *table = s->labels.field->table;
  *a = (answered){.n = at_dataset_rows(s->data, split, table)};
  a->expected = column(p, "expected", ATTUNE_I32, a->n);
  a->predicted = column(p, "predicted", ATTUNE_I32, a->n);
  a->logit = column(p, "logit", ATTUNE_F32, a->n);
  if (names(p, "type_names", &a->types)) a->type = column(p, "type", ATTUNE_I32, a->n);
  if (a->expected && a->predicted && names(p, "answer_names", &a->answers)) return AT_OK;
  return at_fail(
      err, AT_EINPUT,
      "the task `%s` predicts no `expected`, `predicted` and `answer_names` for the rows "
      "of `%s`, of which the lines would be",
      s->task->item->name, table);
}

static const char *name_of(const attune_array *names, int64_t i) {
  const char *c = names->data, *end = c + names->shape[0];
  for (; c < end && i > 0; i--) c += strlen(c) + 1;
  return c < end && i == 0 ? c : NULL;
}

/* ---- lines ---- */

typedef struct writing {
  at_session *s;
  const char *split;
  const answered *a;
  bool attention, linked;
  const at_field *question, *picture, *id; /* text, name of the picture, name of the row; NULL */
  int picture_axis;
} writing;

/* The words' field of the questions, and where their picture has its name. */
static void find_fields(writing *w) {
  const at_session *s = w->s;
  const char *table = s->labels.field->table;
  const char *anchor = NULL;
  for (int i = 0; i < s->n_feeds; i++)
    if (s->feed[i].kind == AT_FEED_WORDS && !strcmp(s->feed[i].field->table, table))
      w->question = s->feed[i].field;
  w->id = at_session_name_field(s, table);
  w->linked = at_session_anchor(s, &anchor, NULL) == AT_OK && !strcmp(anchor, table);
  for (int b = 0; b < s->n_batch; b++)
    if (!w->picture && strcmp(s->batch[b].name, table)) {
      w->picture = at_session_name_field(s, s->batch[b].name);
      w->picture_axis = b;
    }
}

static at_status picture_json(const writing *w, int64_t row, json_t **out, at_error *err) {
  int64_t rows[AT_MOST_ROWS];
  size_t n;
  *out = json_null();
  if (!w->picture || !w->linked) return AT_OK;
  at_status st = at_session_linked(w->s, w->split, row, rows, &n, err);
  return st == AT_OK ? at_json_field(w->s, w->split, w->picture, rows[w->picture_axis], out, err)
                     : st;
}

static at_status add_texts(const writing *w, int64_t row, json_t *line, at_error *err) {
  json_t *id = NULL, *question = NULL, *picture = NULL, *expected = NULL;
  const at_field *answer = w->s->labels.field;
  at_status st = at_json_field(w->s, w->split, w->id, row, &id, err);
  if (st == AT_OK) st = at_json_field(w->s, w->split, w->question, row, &question, err);
  if (st == AT_OK) st = picture_json(w, row, &picture, err);
  if (st == AT_OK) st = at_json_field(w->s, w->split, answer, row, &expected, err);
  if (id) json_object_set_new(line, "name", id);
  if (question) json_object_set_new(line, "question", question);
  if (picture) json_object_set_new(line, "picture", picture);
  if (expected) json_object_set_new(line, "expected", expected);
  return st;
}

static at_status line_json(const writing *w, int64_t row, json_t **out, at_error *err) {
  const answered *a = w->a;
  json_t *line = *out = json_pack("{s:I}", "row", (json_int_t)row);
  if (!line) return at_nomem(err);
  at_status st = add_texts(w, row, line, err);
  if (st != AT_OK) return st;
  int bad =
      json_object_set_new(line, "predicted", at_json_text(name_of(&a->answers, a->predicted[row])));
  bad |= json_object_set_new(line, "right", json_boolean(a->predicted[row] == a->expected[row]));
  if (a->logit) bad |= json_object_set_new(line, "logit", at_json_number((double)a->logit[row]));
  if (a->type)
    bad |= json_object_set_new(line, "type", at_json_text(name_of(&a->types, a->type[row])));
  if (bad) return at_nomem(err);
  return w->attention ? at_json_attention(w->s, w->split, row, line, err) : AT_OK;
}

static at_status put_line(const writing *w, int64_t row, at_writer *to, at_error *err) {
  json_t *line = NULL;
  at_status st = line_json(w, row, &line, err);
  if (st == AT_OK) return at_json_line(line, to, err);
  json_decref(line);
  return st;
}

at_status at_session_write_predictions(at_session *s, const char *split, const attune_prediction *p,
                                       const at_predictions *to, at_progress_fn *fn, void *ctx,
                                       at_error *err) {
  answered a;
  at_writer file = {0};
  if (!at_session_answers(s)) return at_session_write_made(s, split, p, to, fn, ctx, err);
  writing w = {.s = s, .split = split, .a = &a, .attention = to->attention};
  at_status st = take(s, split, p, &a, err);
  if (st != AT_OK) return st;
  find_fields(&w);
  st = at_writer_open(&file, to->path, err);
  for (int64_t row = 0; st == AT_OK && row < a.n; row++) {
    st = put_line(&w, row, &file, err);
    if (st == AT_OK && at_json_stopped(row + 1, a.n, fn, ctx))
      st = at_fail(err, AT_EFAIL, "stopped");
  }
  if (st == AT_OK) st = at_writer_commit(&file, err);
  at_writer_abort(&file);
  return st;
}
