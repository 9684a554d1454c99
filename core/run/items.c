/* Inputs of which each row has its own number of items: regions, tokens of a picture. */
#include <stdlib.h>
#include <string.h>
#include "core/run/run_impl.h"

typedef struct reading {
  const at_session *s;
  const char *split;
  const at_field *field;
  const int64_t *rows;
  float **value;
  int64_t *n;
} reading;

static at_status read_one(const reading *r, int64_t i, at_error *err) {
  return at_dataset_read_items(r->s->data, r->split, r->field, r->rows[i], &r->value[i], &r->n[i],
                               err);
}

static void read_task(void *ctx, size_t i) { (void)read_one(ctx, (int64_t)i, NULL); }

/* Fields over one axis tell of the same items. */
static at_status check_same(const at_session *s, int feed, const int64_t *rows, int64_t n,
                            at_error *err) {
  const int axis = s->feed[feed].input->dim[0].axis;
  for (int f = 0; f < feed; f++) {
    if (s->feed[f].kind != AT_FEED_ITEMS || s->feed[f].input->dim[0].axis != axis) continue;
    for (int64_t i = 0; i < n; i++) {
      const int64_t a = s->offsets[f][i + 1] - s->offsets[f][i],
                    b = s->offsets[feed][i + 1] - s->offsets[feed][i];
      if (a != b)
        return at_fail(err, AT_EINPUT,
                       "row %lld of `%s` has %lld items in `%s` and %lld in `%s`; the model has "
                       "them over one axis, `%s`",
                       (long long)rows[i], s->feed[f].field->table, (long long)a,
                       s->feed[f].field->f.name, (long long)b, s->feed[feed].field->f.name,
                       s->graph->axis[axis].name);
    }
  }
  return AT_OK;
}

static at_status join(at_session *s, int feed, const reading *r, int64_t n, at_error *err) {
  const size_t item = (size_t)s->feed[feed].row * sizeof(float);
  size_t bytes;
  at_status st = at_session_reserve_offsets(s, feed, n, err);
  if (st != AT_OK) return st;
  int64_t *off = s->offsets[feed];
  off[0] = 0;
  for (int64_t i = 0; i < n; i++) off[i + 1] = off[i] + r->n[i];
  if (!at_mul_size((size_t)off[n], item, &bytes)) return at_nomem(err);
  st = at_session_reserve(s, feed, bytes, err);
  for (int64_t i = 0; st == AT_OK && i < n; i++)
    memcpy((char *)s->buffer[feed] + (size_t)off[i] * item, r->value[i], (size_t)r->n[i] * item);
  return st;
}

at_status at_session_load_items(at_session *s, at_exec *x, const at_cache *c, int feed,
                                const int64_t *rows, int64_t n, at_error *err) {
  const at_feed *f = &s->feed[feed];
  reading r = {.s = s, .split = c->split, .field = f->field, .rows = rows};
  at_status st = AT_OK;
  r.value = calloc((size_t)n + 1, sizeof *r.value);
  r.n = calloc((size_t)n + 1, sizeof *r.n);
  if (!r.value || !r.n) {
    st = at_nomem(err);
    goto out;
  }
  at_parallel(s->pool, (size_t)n, read_task, &r);
  for (int64_t i = 0; st == AT_OK && i < n; i++)
    if (!r.value[i]) st = read_one(&r, i, err); /* for its sentence */
  if (st == AT_OK) st = join(s, feed, &r, n, err);
  if (st == AT_OK) st = check_same(s, feed, rows, n, err);
  if (st == AT_OK)
    st = at_exec_ragged(x, s->graph->axis[f->input->dim[0].axis].name, s->offsets[feed], n, err);
out:
  for (int64_t i = 0; r.value && i < n; i++) free(r.value[i]);
  free(r.value);
  free(r.n);
  return st;
}
