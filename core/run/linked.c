/* Which rows of a model's batch axes belong together: those that link fields name. */
#include <string.h>
#include "core/run/run_impl.h"

const at_field *at_session_link_field(const at_session *s, const char *from, const char *to) {
  size_t n;
  const at_field *f = at_dataset_fields(s->data, &n);
  for (size_t i = 0; i < n; i++)
    if (f[i].f.type == ATTUNE_FIELD_LINK && f[i].f.link && !strcmp(f[i].table, from) &&
        !strcmp(f[i].f.link, to))
      return &f[i];
  return NULL;
}

at_status at_session_follow(const at_session *s, const at_feed *f, const char *split, int64_t row,
                            int64_t *out, at_error *err) {
  *out = row;
  if (!f->through) return AT_OK;
  at_status st = at_dataset_read(s->data, split, f->through, row, out, err);
  int64_t rows = at_dataset_rows(s->data, split, f->field->table);
  if (st == AT_OK && (*out < 0 || *out >= rows))
    st = at_fail(err, AT_EINPUT,
                 "row %lld of `%s` in `%s` points to row %lld of `%s`, which has %lld",
                 (long long)row, f->through->table, split, (long long)*out, f->field->table,
                 (long long)rows);
  return st;
}

/* Fields from batch axis `a` to the others; NULL for itself. False: one of them is missing. */
static bool links_of(const at_session *s, int a, const at_field *link[AT_MAX_BATCH_AXES]) {
  for (int b = 0; b < s->n_batch; b++) {
    link[b] = b == a ? NULL : at_session_link_field(s, s->batch[a].name, s->batch[b].name);
    if (b != a && !link[b]) return false;
  }
  return true;
}

static at_status find_anchor(const at_session *s, int *anchor,
                             const at_field *link[AT_MAX_BATCH_AXES], at_error *err) {
  for (int a = 0; a < s->n_batch; a++)
    if (links_of(s, a, link)) {
      *anchor = a;
      return AT_OK;
    }
  if (!s->n_batch) return at_fail(err, AT_EINPUT, "the model has no batch axis");
  return at_fail(err, AT_EINPUT,
                 "the data does not say which rows of `%s` and `%s` are a pair (no link field)",
                 s->batch[0].name, s->batch[s->n_batch - 1].name);
}

at_status at_session_anchor(const at_session *s, const char **table, at_error *err) {
  const at_field *link[AT_MAX_BATCH_AXES];
  int a = 0;
  at_status st = find_anchor(s, &a, link, err);
  if (st == AT_OK) *table = s->batch[a].name;
  return st;
}

at_status at_session_linked(const at_session *s, const char *split, int64_t row,
                            int64_t rows[AT_MOST_ROWS], size_t *n, at_error *err) {
  const at_field *link[AT_MAX_BATCH_AXES];
  const char *name = at_session_split(s, split);
  int a = 0;
  at_status st = find_anchor(s, &a, link, err);
  for (int b = 0; st == AT_OK && b < s->n_batch; b++) {
    rows[b] = row;
    if (!link[b]) continue;
    st = at_dataset_read(s->data, name, link[b], row, &rows[b], err);
    int64_t most = at_dataset_rows(s->data, name, s->batch[b].name);
    if (st == AT_OK && (rows[b] < 0 || rows[b] >= most))
      st = at_fail(
          err, AT_EINPUT, "row %lld of `%s` points to row %lld of `%s`, which has %lld rows",
          (long long)row, s->batch[a].name, (long long)rows[b], s->batch[b].name, (long long)most);
  }
  *n = (size_t)s->n_batch;
  return st;
}
