#include "core/run/feed.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/random.h"
#include "core/base/text.h"

enum { OPEN = 4, WORDS = 11, LONGEST = 6 }; /* of random inputs */

/* ---- which array ---- */

static at_array *find(const at_feed *f, const char *name, const char *suffix) {
  char full[300];
  for (int i = 0; i < 2; i++) {
    snprintf(full, sizeof full, "%s%.200s%s", i ? "in." : "", name, suffix);
    at_array *a = at_arrays_find(f->arrays, full);
    if (a) return a;
  }
  return NULL;
}

static at_array *array_for(const at_feed *f, const char *input) {
  char name[200];
  for (size_t i = 0; i < f->n_rename; i++) {
    const char *eq = strchr(f->rename[i], '=');
    if (!eq || strcmp(eq + 1, input)) continue;
    snprintf(name, sizeof name, "%.*s", (int)(eq - f->rename[i]), f->rename[i]);
    at_array *a = find(f, name, "");
    if (a) return a;
  }
  return find(f, input, "");
}

static at_array *lengths_for(const at_feed *f, const char *axis, const char *input) {
  at_array *a = find(f, axis, ".lengths");
  if (!a) a = find(f, input, ".lengths");
  return a ? a : find(f, "lengths", "");
}

static const at_node *input_node(const at_graph *g, const char *name) {
  for (int i = 0; g && i < g->n_input; i++)
    if (!strcmp(g->input[i]->name, name)) return g->input[i];
  return NULL;
}

static int ragged_dim(const at_graph *g, const at_node *n) {
  for (int d = 0; d < n->ndim; d++)
    if (g->axis[n->dim[d].axis].parent >= 0) return d;
  return -1;
}

/* Where dim d of the input stands in its array, which may hold rows padded. */
static int array_dim(const at_graph *g, const at_node *n, const at_array *a, int d) {
  int r = ragged_dim(g, n);
  return r >= 0 && d >= r && a->ndim > n->ndim ? d + 1 : d;
}

/* ---- what they know ---- */

int64_t at_feed_axis_size(const at_feed *f, const at_graph *probe, const char *input,
                          const char *axis) {
  const at_node *n = input_node(probe, input);
  if (!n) return -1;
  if (!f->arrays) return f->open > 0 ? f->open : OPEN;
  const at_array *a = array_for(f, input);
  for (int d = 0; a && d < n->ndim; d++)
    if (!strcmp(probe->axis[n->dim[d].axis].name, axis)) {
      int k = array_dim(probe, n, a, d);
      return k < a->ndim ? a->shape[k] : -1;
    }
  return -1;
}

int64_t at_feed_vocabulary(const at_feed *f, const char *input) {
  int64_t most = 0;
  if (!f->arrays) return WORDS;
  at_array *a = array_for(f, input);
  if (!a || at_array_convert(a, AT_I32, NULL) != AT_OK) return -1;
  for (int64_t i = 0; i < at_array_count(a); i++)
    if (((int32_t *)a->data)[i] > most) most = ((int32_t *)a->data)[i];
  return most + 1;
}

/* ---- binding of arrays ---- */

static void *hold(at_feed *f, size_t bytes) {
  void **v = realloc(f->held, (f->n_held + 1) * sizeof *v);
  if (!v) return NULL;
  f->held = v;
  v[f->n_held] = malloc(bytes ? bytes : 1);
  return v[f->n_held] ? v[f->n_held++] : NULL;
}

/* offsets [rows + 1] from lengths, or from full rows; *padded: the array has both axes. */
static at_status make_offsets(const at_feed *f, const at_graph *g, const at_node *n,
                              const at_array *a, int r, int64_t **out, int64_t *rows, bool *padded,
                              at_error *err) {
  const char *axis = g->axis[n->dim[r].axis].name;
  at_array *len = lengths_for(f, axis, n->name);
  at_status s = len ? at_array_convert(len, AT_I64, err) : AT_OK;
  if (s != AT_OK) return s;
  *padded = a->ndim == n->ndim + 1;
  if (!len && !*padded)
    return at_fail(err, AT_EINPUT,
                   "%s: input `%s` is packed; an array `lengths` must say how long its rows are",
                   f->path, n->name);
  *rows = len ? at_array_count(len) : a->shape[r];
  if (*padded && a->shape[r] != *rows)
    return at_fail(err, AT_EINPUT,
                   "%s: input `%s` has %" PRId64 " rows, but there are %" PRId64 " lengths",
                   f->path, n->name, a->shape[r], *rows);
  int64_t *off = calloc((size_t)*rows + 1, sizeof *off);
  if (!off) return at_nomem(err);
  *out = off;
  int64_t room = a->shape[*padded ? r + 1 : r];
  for (int64_t i = 0; i < *rows; i++) {
    int64_t l = len ? ((int64_t *)len->data)[i] : room;
    if (l < 1 || l > room)
      return at_fail(err, AT_EINPUT, "%s: row %" PRId64 " of input `%s` has the length %" PRId64,
                     f->path, i, n->name, l);
    off[i + 1] = off[i] + l;
  }
  if (!*padded && off[*rows] != room)
    return at_fail(err, AT_EINPUT,
                   "%s: the lengths of input `%s` add up to %" PRId64 ", not to its %" PRId64,
                   f->path, n->name, off[*rows], room);
  return AT_OK;
}

static at_status check_dims(const at_feed *f, const at_graph *g, const at_node *n,
                            const at_array *a, int r, at_exec *x, at_error *err) {
  for (int d = 0; d < n->ndim; d++) {
    const at_axis *axis = &g->axis[n->dim[d].axis];
    int k = array_dim(g, n, a, d);
    at_status s = AT_OK;
    if (d == r || n->dim[d].padded) continue;
    if (axis->kind == AT_BATCH)
      s = at_exec_size(x, axis->name, a->shape[k], err);
    else if (n->dim[d].size != a->shape[k])
      s = at_fail(err, AT_EINPUT,
                  "%s: axis `%s` of input `%s` has the size %" PRId64 ", not %" PRId64, f->path,
                  axis->name, n->name, n->dim[d].size, a->shape[k]);
    if (s != AT_OK) return s;
  }
  return AT_OK;
}

/* An input over pairs: `to` holds its packed rows with what lies beyond the longest item left
 * out, and zeros behind the end of each. */
static at_status pack_pairs(at_feed *f, const at_graph *g, const at_node *n, const at_array *a,
                            int r, const int64_t *off, int64_t rows, at_exec *x, at_error *err) {
  const char *axis = g->axis[n->dim[r + 1].axis].name;
  const at_array *len = lengths_for(f, axis, "");
  int64_t longest = 0, inner = 1;
  if (r != 0 || a->ndim != n->ndim + 1 || !n->dim[r + 1].padded || !len ||
      at_array_count(len) != rows)
    return at_fail(err, AT_EINPUT,
                   "%s: input `%s` varies over pairs; its array is [rows, longest, longest, ...], "
                   "and an array `%s.lengths` says how many there are in each row",
                   f->path, n->name, axis);
  const int64_t *items = len->data, room = a->shape[2];
  for (int64_t i = 0; i < rows; i++) longest = items[i] > longest ? items[i] : longest;
  for (int d = 3; d < a->ndim; d++) inner *= a->shape[d];
  if (longest > room)
    return at_fail(err, AT_EINPUT, "%s: a row of `%s` is longer than the array of input `%s`",
                   f->path, axis, n->name);
  uint32_t *to = hold(f, (size_t)(off[rows] * longest * inner) * sizeof *to);
  const uint32_t *from = a->data;
  if (!to) return at_nomem(err);
  memset(to, 0, (size_t)(off[rows] * longest * inner) * sizeof *to);
  for (int64_t i = 0; i < rows; i++)
    for (int64_t k = off[i]; k < off[i + 1]; k++)
      memcpy(to + k * longest * inner, from + (i * a->shape[1] + k - off[i]) * room * inner,
             (size_t)(items[i] * inner) * sizeof *to);
  return at_exec_input(x, n->name, to, err);
}

static bool of_pairs(const at_node *n) {
  for (int d = 0; d < n->ndim; d++)
    if (n->dim[d].padded) return true;
  return false;
}

static at_status bind_ragged(at_feed *f, const at_graph *g, const at_node *n, const at_array *a,
                             int r, at_exec *x, at_error *err) {
  int64_t *off = NULL, rows = 0, outer = 1, inner = 1;
  bool padded = false;
  at_status s = make_offsets(f, g, n, a, r, &off, &rows, &padded, err);
  const at_axis *axis = &g->axis[n->dim[r].axis];
  const uint32_t *from = a->data;
  if (s != AT_OK) goto out;
  if (of_pairs(n)) {
    s = pack_pairs(f, g, n, a, r, off, rows, x, err);
    goto bind;
  }
  for (int d = 0; d < r; d++) outer *= a->shape[d];
  for (int d = r + 1 + padded; d < a->ndim; d++) inner *= a->shape[d];
  uint32_t *to = hold(f, (size_t)(outer * off[rows] * inner) * sizeof *to);
  if (!to) {
    s = at_nomem(err);
    goto out;
  }
  int64_t longest = padded ? a->shape[r + 1] : 0;
  for (int64_t o = 0; o < outer; o++)
    for (int64_t i = 0; i < rows; i++)
      memcpy(to + (o * off[rows] + off[i]) * inner,
             from + (padded ? (o * rows + i) * longest : o * off[rows] + off[i]) * inner,
             (size_t)((off[i + 1] - off[i]) * inner) * sizeof *to);
  s = at_exec_input(x, n->name, to, err);
bind:
  if (s == AT_OK) s = at_exec_size(x, g->axis[axis->parent].name, rows, err);
  if (s == AT_OK) s = at_exec_ragged(x, axis->name, off, rows, err);
out:
  free(off);
  return s;
}

static at_status bind_array(at_feed *f, const at_graph *g, const at_node *n, at_exec *x,
                            at_error *err) {
  int r = ragged_dim(g, n);
  at_array *a = array_for(f, n->name);
  if (!a)
    return at_fail(err, AT_EINPUT,
                   "%s: there is no array `%s` for the input of that name; --rename ARRAY=%s "
                   "takes one of another name",
                   f->path, n->name, n->name);
  at_status s = at_array_convert(a, n->type == AT_REAL ? AT_F32 : AT_I32, err);
  if (s != AT_OK) return s;
  if (a->ndim != n->ndim && !(r >= 0 && a->ndim == n->ndim + 1))
    return at_fail(err, AT_EINPUT, "%s: the array for input `%s` has %d axes; the model has %s",
                   f->path, n->name, a->ndim, at_node_axes_text(g, n));
  if ((s = check_dims(f, g, n, a, r, x, err)) != AT_OK) return s;
  return r >= 0 ? bind_ragged(f, g, n, a, r, x, err) : at_exec_input(x, n->name, a->data, err);
}

/* ---- random ones ---- */

static int64_t random_length(const at_feed *f, const at_axis *axis, int64_t row) {
  at_random r = {.seed = f->seed, .stream = at_hash_name(axis->name)};
  if (f->length) return f->length(f->length_ctx, axis->name);
  return 1 + (int64_t)(at_random_uniform(&r, (uint64_t)row) * LONGEST);
}

static at_status random_sizes(at_feed *f, const at_graph *g, at_exec *x, at_error *err) {
  at_status s = AT_OK;
  for (int a = 0; a < g->n_axis && s == AT_OK; a++) {
    const at_axis *axis = &g->axis[a];
    if (axis->from >= 0 || axis->n_part) continue;
    if (axis->kind == AT_BATCH) s = at_exec_size(x, axis->name, f->rows, err);
    if (axis->parent < 0) continue;
    int64_t *off = hold(f, ((size_t)f->rows + 1) * sizeof *off);
    if (!off) return at_nomem(err);
    off[0] = 0;
    for (int64_t i = 0; i < f->rows; i++) off[i + 1] = off[i] + random_length(f, axis, i);
    s = at_exec_ragged(x, axis->name, off, f->rows, err);
  }
  return s;
}

/* All rows together; the longest of them when `padded`. */
static int64_t total_rows(const at_feed *f, const at_axis *axis, bool padded) {
  int64_t n = 0;
  for (int64_t i = 0; i < f->rows; i++) {
    int64_t l = random_length(f, axis, i);
    n = !padded ? n + l : l > n ? l : n;
  }
  return n;
}

/* Pairs: zeros behind the end of each row. */
static void cut_tails(const at_feed *f, const at_graph *g, const at_node *n, float *v,
                      size_t count) {
  const at_axis *rows = &g->axis[n->dim[0].axis];
  for (int d = 1; d < n->ndim; d++) {
    if (!n->dim[d].padded) continue;
    const at_axis *axis = &g->axis[n->dim[d].axis];
    const int64_t longest = total_rows(f, axis, true);
    const size_t inner = count / (size_t)(total_rows(f, rows, false) * longest);
    size_t at = 0;
    for (int64_t i = 0; i < f->rows; i++)
      for (int64_t k = random_length(f, rows, i); k > 0; k--, at += (size_t)longest * inner) {
        size_t kept = (size_t)random_length(f, axis, i) * inner;
        memset(v + at + kept, 0, ((size_t)longest * inner - kept) * sizeof *v);
      }
  }
}

static at_status random_input(at_feed *f, const at_graph *g, const at_node *n, at_exec *x,
                              at_error *err) {
  at_random r = {.seed = f->seed, .stream = at_hash_name(n->name), .step = 1};
  size_t count = 1, bytes;
  for (int d = 0; d < n->ndim; d++) {
    const at_axis *axis = &g->axis[n->dim[d].axis];
    int64_t size = axis->parent >= 0        ? total_rows(f, axis, n->dim[d].padded)
                   : axis->kind == AT_BATCH ? f->rows
                                            : n->dim[d].size;
    if (size < 1 || !at_mul_size(count, (size_t)size, &count))
      return at_fail(err, AT_EINPUT, "input `%s` is too large to be drawn", n->name);
  }
  if (!at_mul_size(count, sizeof(float), &bytes) || bytes > (size_t)1 << 36)
    return at_fail(err, AT_EINPUT, "input `%s` is too large to be drawn", n->name);
  float *v = hold(f, bytes);
  if (!v) return at_nomem(err);
  for (size_t i = 0; i < count; i++) {
    int32_t id =
        (int32_t)(at_random_uniform(&r, i) * (float)(n->vocabulary > 0 ? n->vocabulary : WORDS));
    if (n->type == AT_REAL)
      v[i] = at_random_normal(&r, i);
    else
      memcpy(&v[i], &id, sizeof id);
  }
  cut_tails(f, g, n, v, count);
  return at_exec_input(x, n->name, v, err);
}

at_status at_feed_bind(at_feed *f, const at_graph *g, at_exec *x, at_error *err) {
  at_status s = f->arrays ? AT_OK : random_sizes(f, g, x, err);
  for (int i = 0; i < g->n_input && s == AT_OK; i++)
    s = f->arrays ? bind_array(f, g, g->input[i], x, err) : random_input(f, g, g->input[i], x, err);
  return s == AT_OK ? at_exec_ready(x, err) : s;
}

void at_feed_free(at_feed *f) {
  for (size_t i = 0; i < f->n_held; i++) free(f->held[i]);
  free(f->held);
  f->held = NULL;
  f->n_held = 0;
}
