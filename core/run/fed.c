/* Inputs that the task fills, and what else a task that knows things keeps in a session. */
#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/file.h"
#include "core/run/run_impl.h"

bool at_session_fed(const at_session *s, const char *input) {
  char key[128];
  snprintf(key, sizeof key, "data.bind.%.100s", input);
  if (at_run_entry(s->run, key)) return false;
  for (const attune_fed *f = at_task_fed(s->task); f && f->input; f++)
    if (!strcmp(f->input, input)) return true;
  return false;
}

/* ---- filling ---- */

typedef struct filling {
  at_session *s;
  at_exec *x;
  const int64_t *counts;
  bool given[AT_MAX_FEEDS], filled[AT_MAX_FEEDS]; /* offsets; numbers */
  const bool *wanted; /* x NULL: these alone, for whoever takes them from the buffers */
} filling;

static const at_axis *axis_of(const at_session *s, const at_node *in, int d) {
  return &s->graph->axis[in->dim[d].axis];
}

static const int64_t *batch_offsets(void *ctx, const char *axis) {
  const filling *b = ctx;
  for (int f = 0; f < b->s->n_feeds; f++) {
    const at_feed *feed = &b->s->feed[f];
    const bool known = feed->kind == AT_FEED_WORDS || feed->kind == AT_FEED_ITEMS || b->given[f];
    if (known && !strcmp(axis_of(b->s, feed->input, 0)->name, axis)) return b->s->offsets[f];
  }
  return NULL;
}

static at_status batch_lengths(void *ctx, const char *axis, const int64_t *n, at_error *err) {
  filling *b = ctx;
  at_session *s = b->s;
  int first = -1;
  for (int f = 0; f < s->n_feeds; f++)
    if (s->feed[f].kind == AT_FEED_TASK && !strcmp(axis_of(s, s->feed[f].input, 0)->name, axis) &&
        axis_of(s, s->feed[f].input, 0)->parent >= 0 && first < 0)
      first = f;
  if (first < 0) return AT_OK; /* the model has no such axis */
  const int64_t rows = b->counts[s->feed[first].table];
  at_status st = at_session_reserve_offsets(s, first, rows, err);
  if (st != AT_OK) return st;
  int64_t *off = s->offsets[first];
  off[0] = 0;
  for (int64_t i = 0; i < rows; i++) {
    if (n[i] < 1 || n[i] > INT32_MAX)
      return at_fail(err, AT_EFAIL, "the task gives a row %lld items of `%s`", (long long)n[i],
                     axis);
    off[i + 1] = off[i] + n[i];
  }
  b->given[first] = true;
  return !b->x ? AT_OK : at_exec_ragged(b->x, axis, off, rows, err);
}

static at_status dim_size(filling *b, const at_feed *f, int d, int64_t *out, at_error *err) {
  const at_session *s = b->s;
  const at_node *in = f->input;
  const at_axis *a = axis_of(s, in, d);
  const int64_t rows = b->counts[f->table], *off;
  *out = a->parent < 0 && d == 0 ? rows : in->dim[d].size;
  if (a->parent < 0) return AT_OK;
  if (!(off = batch_offsets(b, a->name)))
    return at_fail(err, AT_EFAIL,
                   "the task fills the input `%s` before it says how long the rows of `%s` are",
                   in->name, a->name);
  *out = off[rows];
  if (!in->dim[d].padded) return AT_OK;
  *out = 0;
  for (int64_t i = 0; i < rows; i++)
    if (off[i + 1] - off[i] > *out) *out = off[i + 1] - off[i];
  return AT_OK;
}

static at_status batch_fill(void *ctx, const char *input, attune_array *shape, void **data,
                            at_error *err) {
  filling *b = ctx;
  at_session *s = b->s;
  size_t bytes = sizeof(float);
  int f = 0;
  *data = NULL;
  while (f < s->n_feeds &&
         (s->feed[f].kind != AT_FEED_TASK || strcmp(s->feed[f].input->name, input)))
    f++;
  if (f == s->n_feeds || (b->wanted && !b->wanted[f])) return AT_OK;
  const at_node *in = s->feed[f].input;
  *shape = (attune_array){.type = in->type == AT_TOKEN ? ATTUNE_I32 : ATTUNE_F32,
                          .ndim = (uint32_t)in->ndim};
  at_status st = AT_OK;
  for (int d = 0; st == AT_OK && d < in->ndim; d++) {
    st = dim_size(b, &s->feed[f], d, &shape->shape[d], err);
    if (st == AT_OK && !at_mul_size(bytes, (size_t)shape->shape[d], &bytes)) st = at_nomem(err);
  }
  if (st == AT_OK) st = at_session_reserve(s, f, bytes, err);
  if (st != AT_OK) return st;
  memset(s->buffer[f], 0, bytes);
  *data = s->buffer[f];
  shape->data = s->buffer[f];
  b->filled[f] = true;
  return !b->x ? AT_OK : at_exec_input(b->x, in->name, s->buffer[f], err);
}

attune_rows at_session_rows(const at_session *s, const int64_t *const *rows,
                            const int64_t *counts) {
  return (attune_rows){.size = sizeof(attune_rows),
                       .purpose = s->varies ? ATTUNE_TO_TRAIN : s->purpose,
                       .epoch = s->varies ? s->epoch : 0,
                       .rows = rows,
                       .counts = counts};
}

at_status at_session_feed(at_session *s, at_exec *x, const char *split, const int64_t *const *rows,
                          const int64_t *counts, const bool *wanted, at_error *err) {
  at_task_run t = {.s = s, .split = split};
  at_task_ops ops = at_session_task_ops(&t);
  filling b = {.s = s, .x = x, .counts = counts, .wanted = wanted};
  const at_batch_ops batch = {&b, batch_lengths, batch_offsets, batch_fill};
  const attune_rows r = at_session_rows(s, rows, counts);
  bool any = false;
  for (int f = 0; f < s->n_feeds; f++) any |= s->feed[f].kind == AT_FEED_TASK;
  if (!any) return AT_OK;
  at_status st = at_task_feed(s->task, s->task_options, &ops, &r, &batch, err);
  for (int f = 0; st == AT_OK && f < s->n_feeds; f++)
    if (s->feed[f].kind == AT_FEED_TASK && !b.filled[f] && (!wanted || wanted[f]))
      st = at_fail(err, AT_EFAIL, "the task `%s` does not fill the input `%s`", s->task->item->name,
                   s->feed[f].input->name);
  free(t.text);
  return st;
}

/* ---- looking ---- */

at_status at_session_will_look(at_session *s, const char *split, const int64_t *const *rows,
                               const int64_t *counts, at_error *err) {
  at_task_run t = {.s = s, .split = split};
  at_task_ops ops = at_session_task_ops(&t);
  attune_rows r = at_session_rows(s, rows, counts);
  r.purpose = ATTUNE_TO_LOOK;
  at_status st = at_task_look(s->task, s->task_options, &ops, &r, err);
  free(t.text);
  free(t.out);
  return st;
}

/* ---- what is kept with a run ---- */

typedef struct kept_file {
  char name[96];
} kept_file;

static kept_file kept_in(const char *name) {
  kept_file f;
  snprintf(f.name, sizeof f.name, "task.%.64s", name);
  return f;
}

static at_kept *find_kept(const at_session *s, const char *name) {
  for (at_kept *k = s->kept; k; k = k->next)
    if (!strcmp(k->name, name)) return k;
  return NULL;
}

static at_status put_kept(at_session *s, const char *name, const char *text, at_error *err) {
  at_kept *k = find_kept(s, name);
  char *copy = strdup(text);
  if (!k && (k = calloc(1, sizeof *k))) {
    k->name = strdup(name);
    k->next = s->kept;
    s->kept = k;
  }
  if (!k || !k->name || !copy) {
    free(copy);
    return at_nomem(err);
  }
  free(k->text);
  k->text = copy;
  return AT_OK;
}

at_status at_session_keep(at_session *s, const char *name, const char *text, at_error *err) {
  size_t n = strlen(name);
  bool good = n && n <= 64;
  for (size_t i = 0; good && i < n; i++) good = islower((unsigned char)name[i]) || name[i] == '.';
  if (!good)
    return at_fail(err, AT_EFAIL, "the task keeps a text under the name `%s`; names are [a-z.]+",
                   name);
  return put_kept(s, name, text, err);
}

const char *at_session_kept(at_session *s, const char *name) {
  at_kept *k = find_kept(s, name);
  size_t n;
  char *text = NULL, *path = !k && s->dir ? at_rundir_path(s->dir, kept_in(name).name) : NULL;
  if (path && at_file_exists(path) &&
      at_file_read(path, (size_t)1 << 26, &text, &n, NULL) == AT_OK &&
      put_kept(s, name, text, NULL) == AT_OK)
    k = find_kept(s, name);
  free(path);
  free(text);
  return k ? k->text : NULL;
}

at_status at_session_write_kept(const at_session *s, at_bundle *to, at_error *err) {
  at_status st = AT_OK;
  for (const at_kept *k = s->kept; st == AT_OK && k; k = k->next)
    st = at_bundle_add(to, kept_in(k->name).name, strdup(k->text), err);
  return st;
}

at_status at_session_say(at_session *s, const char *sentence, at_error *err) {
  const char *said = s->said.data ? strstr(s->said.data, sentence) : NULL;
  const size_t n = strlen(sentence);
  if (said && (said == s->said.data || said[-1] == '\n') && said[n] == '\n') return AT_OK;
  at_text_addf(&s->said, "%s\n", sentence);
  return s->said.failed ? at_nomem(err) : AT_OK;
}

const char *at_session_said(const at_session *s) { return s->said.data; }

void at_session_free_kept(at_session *s) {
  for (at_kept *k = s->kept, *next; k; k = next) {
    next = k->next;
    free(k->name);
    free(k->text);
    free(k);
  }
  at_text_free(&s->said);
}
