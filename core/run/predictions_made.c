/* Answers that a task made, as JSON lines. */
#include <stdlib.h>
#include <string.h>
#include "core/run/run_impl.h"

/* The arrays of a prediction, checked. Steps of row i: step[i] .. step[i + 1] - 1. */
typedef struct made {
  int64_t n;
  const char *table;
  const char *predicted, *expected; /* texts, each with its NUL; at the row at hand */
  const int64_t *step;              /* NULL: none is told */
  const int32_t *kind, *index;
} made;

static const void *column(const attune_prediction *p, const char *name, uint32_t type, int64_t n) {
  attune_array a;
  const bool fits = at_prediction_array(p, name, &a) == AT_OK && a.type == type && a.ndim == 1;
  return fits && a.shape[0] == n ? a.data : NULL;
}

static const char *texts(const attune_prediction *p, const char *name, int64_t n) {
  attune_array a;
  int64_t k = 0;
  if (at_prediction_array(p, name, &a) != AT_OK || a.type != ATTUNE_U8 || a.ndim != 1) return NULL;
  for (int64_t i = 0; i < a.shape[0]; i++) k += !((const char *)a.data)[i];
  return k == n ? a.data : NULL;
}

/* Offsets that hold. */
static bool rising(const int64_t *step, int64_t n) {
  for (int64_t i = 0; step && i < n; i++)
    if (step[i] < 0 || step[i + 1] < step[i]) return false;
  return step && step[0] == 0;
}

static at_status take(const at_session *s, const char *split, const attune_prediction *p, made *m,
                      at_error *err) {
  *m = (made){.table = s->batch[0].name};
  m->n = at_dataset_rows(s->data, split, m->table);
  m->predicted = texts(p, "predicted", m->n);
  m->expected = texts(p, "expected", m->n);
  m->step = column(p, "steps", ATTUNE_I64, m->n + 1);
  if (!rising(m->step, m->n)) m->step = NULL;
  const int64_t all = m->step ? m->step[m->n] : 0;
  m->kind = column(p, "step_kind", ATTUNE_I32, all);
  m->index = column(p, "step_index", ATTUNE_I32, all);
  if (!m->kind || !m->index) m->step = NULL;
  if (m->predicted) return AT_OK;
  return at_fail(err, AT_EINPUT, "the task `%s` predicts no text `predicted` for the rows of `%s`",
                 s->task->item->name, m->table);
}

/* [{"token": 3}, {"word": 17}] */
static json_t *steps_json(const made *m, int64_t row) {
  json_t *j = json_array();
  for (int64_t i = m->step[row]; i < m->step[row + 1]; i++)
    json_array_append_new(
        j, json_pack("{s:I}", m->kind[i] ? "token" : "word", (json_int_t)m->index[i]));
  return j;
}

static at_status add_field(const at_session *s, const char *split, const char *table,
                           const char *field, const char *as, int64_t row, json_t *line,
                           at_error *err) {
  const at_field *f = at_dataset_field(s->data, table, field);
  json_t *j = NULL;
  if (!f || !at_field_is_text(f)) return AT_OK;
  at_status st = at_json_field(s, split, f, row, &j, err);
  if (st == AT_OK) json_object_set_new(line, as, j);
  return st;
}

static at_status line_json(at_session *s, const char *split, const made *m, int64_t row,
                           bool attention, json_t **out, at_error *err) {
  json_t *line = *out = json_pack("{s:I}", "row", (json_int_t)row);
  if (!line) return at_nomem(err);
  const at_field *name = at_session_name_field(s, m->table);
  at_status st = name ? add_field(s, split, m->table, name->f.name, "name", row, line, err) : AT_OK;
  if (st == AT_OK) st = add_field(s, split, m->table, "text", "question", row, line, err);
  if (st == AT_OK) st = add_field(s, split, m->table, "type", "type", row, line, err);
  if (st != AT_OK) return st;
  int bad = json_object_set_new(line, "predicted", at_json_text(m->predicted));
  if (m->expected) bad |= json_object_set_new(line, "expected", at_json_text(m->expected));
  if (m->step) bad |= json_object_set_new(line, "steps", steps_json(m, row));
  if (bad) return at_nomem(err);
  return attention ? at_json_attention(s, split, row, line, err) : AT_OK;
}

at_status at_session_write_made(at_session *s, const char *split, const attune_prediction *p,
                                const at_predictions *to, at_progress_fn *fn, void *ctx,
                                at_error *err) {
  made m;
  at_writer file = {0};
  at_status st = take(s, split, p, &m, err);
  if (st == AT_OK) st = at_writer_open(&file, to->path, err);
  for (int64_t row = 0; st == AT_OK && row < m.n; row++) {
    json_t *line = NULL;
    st = line_json(s, split, &m, row, to->attention, &line, err);
    if (st == AT_OK)
      st = at_json_line(line, &file, err);
    else
      json_decref(line);
    if (st == AT_OK && at_json_stopped(row + 1, m.n, fn, ctx))
      st = at_fail(err, AT_EFAIL, "stopped");
    m.predicted += strlen(m.predicted) + 1;
    if (m.expected) m.expected += strlen(m.expected) + 1;
  }
  if (st == AT_OK) st = at_writer_commit(&file, err);
  at_writer_abort(&file);
  return st;
}
