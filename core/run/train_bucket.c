/* `train.bucket`: batches of examples that are about as long as each other.
 *
 * The task's order of an epoch is cut into pools of POOL batches. A pool is sorted by length, equal
 * ones in the task's order, cut into batches, and the batches are put in an order drawn from (seed,
 * epoch). What is left over for the last batch is taken off before, so that it is not always the
 * longest. The order is a function of the run file, the data and the epoch: a run goes on in the
 * midst of one as if it had never ended. */
#include <stdlib.h>
#include <string.h>
#include "core/base/busy.h"
#include "core/base/random.h"
#include "core/base/text.h"
#include "core/run/train_impl.h"

enum { POOL = 64 };

/* ---- whose lengths ---- */

static bool has_lengths(const at_session *s, const at_feed *f) {
  if (f->kind != AT_FEED_WORDS && f->kind != AT_FEED_ITEMS) return false;
  return s->graph->axis[f->input->dim[0].axis].parent >= 0;
}

static const char *axis_of(const at_session *s, int feed) {
  return s->graph->axis[s->feed[feed].input->dim[0].axis].name;
}

static at_status no_such(const at_session *s, const at_entry *e, at_error *err) {
  const char *names[AT_MAX_FEEDS], *place = *e->place ? e->place : s->run->path;
  size_t n = 0;
  for (int f = 0; f < s->n_feeds; f++)
    if (has_lengths(s, &s->feed[f])) names[n++] = axis_of(s, f);
  if (!n)
    return at_fail(
        err, AT_EINPUT,
        "%s: `%s` is `%s`, but no row of the model's inputs has a length of its own that "
        "the data tell",
        place, e->key, e->value);
  const char *near = at_suggest(e->value, names, n);
  return at_fail(err, AT_EINPUT,
                 "%s: `%s` is `%s`; it must be an axis along which the data give each row a length "
                 "of its own%s%s`",
                 place, e->key, e->value, near ? "; did you mean `" : ", for example `",
                 near ? near : names[0]);
}

at_status at_train_buckets(trainer *t, at_error *err) {
  const at_session *s = t->s;
  const at_entry *e = at_run_entry(s->run, "train.bucket");
  t->bucket = -1;
  if (!*e->value) return AT_OK;
  for (int f = 0; f < s->n_feeds && t->bucket < 0; f++)
    if (has_lengths(s, &s->feed[f]) && !strcmp(axis_of(s, f), e->value)) t->bucket = f;
  return t->bucket < 0 ? no_such(s, e, err) : AT_OK;
}

/* ---- lengths ---- */

static at_status words_of(const at_session *s, const char *split, const at_field *f, int64_t row,
                          int64_t *n, at_error *err) {
  char *text = NULL;
  int32_t *id = NULL;
  int64_t unknown;
  at_status st = at_dataset_read_text(s->data, split, f, row, &text, err);
  if (st == AT_OK) st = at_session_ids(s, text, &id, n, NULL, &unknown, err);
  free(text);
  free(id);
  return st;
}

static at_status items_of(const at_session *s, const char *split, const at_field *f, int64_t row,
                          int64_t *n, at_error *err) {
  float *value = NULL;
  at_status st = at_dataset_read_items(s->data, split, f, row, &value, n, err);
  free(value);
  return st;
}

/* Of a row of the feed's batch axis. */
static at_status length_of(const trainer *t, int64_t row, int64_t *n, at_error *err) {
  const at_session *s = t->s;
  const at_feed *f = &s->feed[t->bucket];
  const char *split = t->examples.split;
  at_status st = at_session_follow(s, f, split, row, &row, err);
  if (st != AT_OK) return st;
  return f->kind == AT_FEED_WORDS ? words_of(s, split, f->field, row, n, err)
                                  : items_of(s, split, f->field, row, n, err);
}

typedef struct measuring {
  const trainer *t;
  int64_t first;
} measuring;

static void measure(void *ctx, size_t i) {
  const measuring *m = ctx;
  const int64_t row = m->first + (int64_t)i;
  if (length_of(m->t, row, &m->t->length[row], NULL) != AT_OK) m->t->length[row] = -1;
}

/* Of every row of the table, once. A row that cannot be read is read again for its sentence. */
static at_status measure_all(trainer *t, at_error *err) {
  enum { AT_ONCE = 1024 };
  const at_session *s = t->s;
  const char *table = s->batch[s->feed[t->bucket].table].name;
  const int64_t rows = at_dataset_rows(s->data, t->examples.split, table);
  at_status st = AT_OK;
  if (!(t->length = calloc((size_t)(rows > 0 ? rows : 1), sizeof *t->length))) return at_nomem(err);
  for (int64_t first = 0, n; st == AT_OK && first < rows; first += n) {
    n = rows - first < AT_ONCE ? rows - first : AT_ONCE;
    st = at_busy("measuring the rows of", table, first, rows, err);
    if (st == AT_OK) at_parallel(s->pool, (size_t)n, measure, &(measuring){t, first});
    for (int64_t i = first; st == AT_OK && i < first + n; i++)
      if (t->length[i] < 0) st = length_of(t, i, &t->length[i], err);
  }
  return st;
}

/* ---- the order ---- */

typedef struct placed {
  int64_t length, at; /* at: in the task's order */
} placed;

static int by_length(const void *a, const void *b) {
  const placed *x = a, *y = b;
  if (x->length != y->length) return x->length < y->length ? -1 : 1;
  return (x->at > y->at) - (x->at < y->at);
}

/* Examples [first, first + batches * t->batch) into `out`, from the same place on. */
static void fill_pool(const trainer *t, int64_t first, int64_t batches, placed *v, uint32_t *order,
                      int64_t *out) {
  const at_task_run *e = &t->examples;
  const int64_t width = t->s->n_batch, n = batches * t->batch;
  const int table = t->s->feed[t->bucket].table;
  const at_random r = {.seed = t->s->seed,
                       .stream = at_hash_name("buckets") + (uint64_t)first,
                       .step = (uint64_t)t->epoch};
  for (int64_t i = 0; i < n; i++)
    v[i] = (placed){t->length[e->example[(first + i) * width + table]], first + i};
  qsort(v, (size_t)n, sizeof *v, by_length);
  at_random_permutation(&r, order, (uint32_t)batches);
  for (int64_t i = 0; i < n; i++) {
    const placed *p = &v[(int64_t)order[i / t->batch] * t->batch + i % t->batch];
    memcpy(out + (first + i) * width, e->example + p->at * width, (size_t)width * sizeof *out);
  }
}

at_status at_train_bucket(trainer *t, at_error *err) {
  at_task_run *e = &t->examples;
  const int64_t batches = (int64_t)e->n / t->batch;
  const int64_t whole = batches * t->batch, pool = POOL * t->batch;
  const size_t most = (size_t)(pool < whole ? pool : whole) + 1;
  if (t->bucket < 0) return AT_OK;
  at_status st = t->length ? AT_OK : measure_all(t, err);
  if (st != AT_OK) return st;
  int64_t *out = malloc((e->cap + 1) * (size_t)t->s->n_batch * sizeof *out);
  placed *v = malloc(most * sizeof *v);
  uint32_t order[POOL];
  if (out && v) {
    memcpy(out, e->example, e->n * (size_t)t->s->n_batch * sizeof *out);
    for (int64_t b = 0; b < batches; b += POOL)
      fill_pool(t, b * t->batch, batches - b < POOL ? batches - b : POOL, v, order, out);
    free(e->example);
    e->example = out;
    out = NULL;
  } else {
    st = at_nomem(err);
  }
  free(out);
  free(v);
  return st;
}
