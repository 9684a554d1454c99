/* Which rows are looked at, and which of them together. */
#include <stdlib.h>
#include <string.h>
#include "core/base/random.h"
#include "core/explain/explain_impl.h"

static int width(const at_session *s) {
  at_batch_table t;
  int n = 0;
  while (at_session_table(s, n, &t)) n++;
  return n;
}

static at_status add(const at_session *s, const char *split, int table, int64_t row, int64_t i,
                     at_examples *e, at_error *err) {
  int64_t rows[AT_MOST_ROWS];
  size_t n;
  at_status st = at_session_linked(s, split, row, rows, &n, err);
  if (st != AT_OK) return st;
  memcpy(e->row + i * e->width, rows, (size_t)e->width * sizeof *rows);
  e->expected[i] = -1;
  return table < 0 ? AT_OK : at_session_expects(s, split, rows[table], &e->expected[i], err);
}

/* The i-th row of n among `all`: by chance in the i-th of n stretches as long as one another. Data
 * that repeat in a fixed order, so many kinds of question to a picture, are seen in all their
 * kinds. */
static int64_t draw(uint64_t seed, int64_t i, int64_t n, int64_t all) {
  const at_random r = {seed, at_hash_name("explain.examples"), 0};
  const int64_t from = i * all / n, to = (i + 1) * all / n;
  return from + (int64_t)at_random_below(&r, (uint64_t)i, (uint64_t)(to - from));
}

at_status at_examples_find(const at_session *s, const char *split, int64_t limit, uint64_t seed,
                           at_examples *out, at_error *err) {
  const char *anchor;
  int table = -1;
  *out = (at_examples){.width = width(s)};
  at_status st = at_session_anchor(s, &anchor, err);
  if (st != AT_OK) return st;
  at_session_answer(s, &table);
  const int64_t all = at_dataset_rows(at_session_dataset(s), at_session_split(s, split), anchor);
  if (all < 1) return at_fail(err, AT_EINPUT, "the split `%s` has no rows of `%s`", split, anchor);
  out->n = limit > 0 && limit < all ? limit : all;
  out->row = calloc((size_t)out->n * (size_t)out->width, sizeof *out->row);
  out->expected = calloc((size_t)out->n, sizeof *out->expected);
  if (!out->row || !out->expected) st = at_nomem(err);
  for (int64_t i = 0; st == AT_OK && i < out->n; i++)
    st = add(s, split, table, draw(seed, i, out->n, all), i, out, err);
  if (st != AT_OK) at_examples_free(out);
  return st;
}

void at_examples_free(at_examples *e) {
  free(e->row);
  free(e->expected);
  memset(e, 0, sizeof *e);
}

static bool shares(const at_group *g, int width, unsigned apart, int64_t i, const int64_t *place) {
  for (int b = 0; b < width; b++)
    if ((apart >> b & 1) && g->place[b][i] != place[b]) return false;
  return apart != 0;
}

/* A linked row stands once in a group, any other once for each example. */
static int64_t place_of(const at_group *g, int b, bool linked, int64_t row) {
  for (int64_t i = 0; linked && i < g->counts[b]; i++)
    if (g->rows[b][i] == row) return i;
  return g->counts[b];
}

void at_examples_group(const at_session *s, const at_examples *e, int64_t first, int64_t most,
                       const unsigned apart[2], at_group *out) {
  *out = (at_group){.first = first};
  while (out->n < most && first + out->n < e->n) {
    const int64_t *row = e->row + (first + out->n) * e->width;
    int64_t place[AT_MOST_ROWS] = {0};
    at_batch_table t;
    for (int b = 0; b < e->width; b++) {
      at_session_table(s, b, &t);
      place[b] = place_of(out, b, t.linked, row[b]);
    }
    for (int64_t i = 0; i < out->n; i++)
      if (shares(out, e->width, apart[0], i, place) || shares(out, e->width, apart[1], i, place))
        return;
    for (int b = 0; b < e->width; b++) {
      out->place[b][out->n] = place[b];
      out->rows[b][place[b]] = row[b];
      if (place[b] == out->counts[b]) out->counts[b]++;
    }
    out->n++;
  }
}
