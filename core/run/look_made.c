/* What a look tells of answers made step by step. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/run/run_impl.h"

static at_status copy_answer(const attune_answer *a, at_look *l, at_error *err) {
  const size_t n = (size_t)a->n;
  l->logit = NAN;
  l->predicted = strdup(a->text);
  l->step = calloc(n + 1, sizeof *l->step);
  l->step_item = calloc(n + 1, sizeof *l->step_item);
  if (!l->predicted || !l->step || !l->step_item) return at_nomem(err);
  for (size_t i = 0; i < n; i++) {
    if (!(l->step[i] = strdup(a->step[i]))) return at_nomem(err);
    l->step_item[l->n_steps++] = a->item[i];
  }
  return AT_OK;
}

static at_status read_text(const at_session *s, const char *split, const char *field, int64_t row,
                           char **out, at_error *err) {
  const at_field *f = at_dataset_field(s->data, s->batch[0].name, field);
  return f && at_field_is_text(f) ? at_dataset_read_text(s->data, split, f, row, out, err) : AT_OK;
}

at_status at_look_answer(at_session *s, const int64_t *rows, const char *split, at_look *l,
                         at_error *err) {
  at_task_run t = {.s = s, .split = split};
  at_task_ops ops = at_session_task_ops(&t);
  attune_answer a;
  if (l->predicted || !s->n_batch) return AT_OK;
  at_status st = at_task_answer(s->task, &ops, rows[0], &a, err);
  const bool any = st == AT_OK && a.text;
  if (any) st = copy_answer(&a, l, err);
  free(t.text);
  free(t.out);
  if (any && st == AT_OK) st = read_text(s, split, "answer", rows[0], &l->expected, err);
  if (any && st == AT_OK) st = read_text(s, split, "type", rows[0], &l->type, err);
  return st;
}
