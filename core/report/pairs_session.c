/* Pairs of a run directory through a session. */
#include <stdlib.h>
#include <string.h>
#include "core/report/report_impl.h"

enum { MOST_AXES = 4 };

typedef struct opened {
  at_session *session;
  const char *role;
  const char *split;               /* the data's own name */
  const char *axis[MOST_AXES];     /* tables of the batch axes, in the order of at_session_look */
  const at_field *link[MOST_AXES]; /* from the anchor; NULL: the anchor's own row */
  size_t n, anchor;
} opened;

/* ---- which row goes with which ---- */

static void find_axes(opened *o, const char **word_axis) {
  const at_graph *g = at_session_graph(o->session);
  for (int i = 0; i < g->n_input; i++) {
    const at_node *in = g->input[i];
    if (in->ndim < 1) continue;
    int axis = in->dim[0].axis, parent = g->axis[axis].parent;
    if (in->type == AT_TOKEN && !*word_axis) *word_axis = g->axis[axis].name;
    const char *name = g->axis[parent >= 0 ? parent : axis].name;
    size_t k = 0;
    while (k < o->n && strcmp(o->axis[k], name)) k++;
    if (k == o->n && o->n < MOST_AXES) o->axis[o->n++] = name;
  }
}

static const at_field *link_between(const opened *o, const char *from, const char *to) {
  size_t n;
  const at_field *f = at_dataset_fields(at_session_dataset(o->session), &n);
  for (size_t i = 0; i < n; i++)
    if (f[i].f.type == ATTUNE_FIELD_LINK && f[i].f.link && !strcmp(f[i].table, from) &&
        !strcmp(f[i].f.link, to))
      return &f[i];
  return NULL;
}

/* The table whose rows name a row of every other one: captions name their picture. */
static at_status find_anchor(opened *o, at_error *err) {
  for (size_t a = 0; a < o->n; a++) {
    size_t linked = 1;
    for (size_t k = 0; k < o->n; k++) {
      if (k == a) continue;
      o->link[k] = link_between(o, o->axis[a], o->axis[k]);
      linked += o->link[k] != NULL;
    }
    o->link[a] = NULL;
    o->anchor = a;
    if (linked == o->n) return AT_OK;
  }
  if (!o->n) return at_fail(err, AT_EINPUT, "the model has no batch axis");
  return at_fail(err, AT_EINPUT,
                 "the data does not say which rows of `%s` and `%s` are a pair (no link field)",
                 o->axis[0], o->axis[o->n - 1]);
}

/* ---- the table of functions ---- */

static void close_run(void *session) {
  opened *o = session;
  at_session_free(o->session);
  free(o);
}

static at_status open_run(void *ctx, const char *dir, const char *split, void **session,
                          size_t *pairs, const char **word_axis, at_error *err) {
  opened *o = calloc(1, sizeof *o);
  if (!o) return at_nomem(err);
  at_status s = at_session_open(ctx, dir, 0, &o->session, NULL, err);
  if (s == AT_OK) {
    o->role = split;
    o->split = at_session_split(o->session, split);
    if (!o->split) o->split = split;
    find_axes(o, word_axis);
    s = find_anchor(o, err);
  }
  if (s == AT_OK) {
    int64_t rows = at_dataset_rows(at_session_dataset(o->session), o->split, o->axis[o->anchor]);
    *pairs = rows > 0 ? (size_t)rows : 0;
    *session = o;
  } else {
    close_run(o);
  }
  return s;
}

static at_status look(void *session, size_t pair, at_look *out, at_error *err) {
  const opened *o = session;
  int64_t row[MOST_AXES] = {0};
  for (size_t k = 0; k < o->n; k++) {
    row[k] = (int64_t)pair;
    if (!o->link[k]) continue;
    at_status s = at_dataset_read(at_session_dataset(o->session), o->split, o->link[k],
                                  (int64_t)pair, &row[k], err);
    if (s != AT_OK) return s;
    int64_t rows = at_dataset_rows(at_session_dataset(o->session), o->split, o->axis[k]);
    if (row[k] < 0 || row[k] >= rows)
      return at_fail(err, AT_EINPUT,
                     "row %zu of `%s` points to row %lld of `%s`, which has %lld rows", pair,
                     o->axis[o->anchor], (long long)row[k], o->axis[k], (long long)rows);
  }
  return at_session_look(o->session, o->role, row, o->n, out, err);
}

rp_source at_rp_session_source(at_registry *reg) {
  return (rp_source){reg, open_run, look, at_look_free, close_run};
}
