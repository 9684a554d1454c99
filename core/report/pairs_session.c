/* Pairs, or questions, of a run directory through a session. */
#include <stdlib.h>
#include <string.h>
#include "core/report/report_impl.h"

typedef struct opened {
  at_session *session;
  const char *role;
} opened;

static const char *word_axis(const at_graph *g) {
  for (int i = 0; i < g->n_input; i++) {
    const at_node *in = g->input[i];
    if (in->type == AT_TOKEN && in->ndim > 0 && g->axis[in->dim[0].axis].parent >= 0)
      return g->axis[in->dim[0].axis].name;
  }
  return NULL;
}

static void close_run(void *session) {
  opened *o = session;
  at_session_free(o->session);
  free(o);
}

static at_status open_run(void *ctx, const char *dir, const char *split, void **session,
                          rp_opened *about, at_error *err) {
  opened *o = calloc(1, sizeof *o);
  const char *anchor = NULL;
  if (!o) return at_nomem(err);
  o->role = split;
  at_status s = at_session_open(ctx, dir, 0, &o->session, NULL, err);
  if (s == AT_OK) s = at_session_anchor(o->session, &anchor, err);
  if (s != AT_OK) {
    close_run(o);
    return s;
  }
  int64_t rows =
      at_dataset_rows(at_session_dataset(o->session), at_session_split(o->session, split), anchor);
  *about = (rp_opened){.rows = rows > 0 ? (size_t)rows : 0,
                       .word_axis = word_axis(at_session_graph(o->session)),
                       .answers = at_session_tells(o->session)};
  *session = o;
  return AT_OK;
}

/* The rows of all batch axes that one of the anchor names. */
static at_status linked(const opened *o, size_t row, int64_t rows[AT_MOST_ROWS], size_t *n,
                        at_error *err) {
  return at_session_linked(o->session, o->role, (int64_t)row, rows, n, err);
}

static at_status look(void *session, size_t row, at_look *out, at_error *err) {
  const opened *o = session;
  int64_t rows[AT_MOST_ROWS];
  size_t n;
  at_status s = linked(o, row, rows, &n, err);
  return s == AT_OK ? at_session_look(o->session, o->role, rows, n, out, err) : s;
}

static at_status truth(void *session, size_t row, at_evidence *out, at_error *err) {
  const opened *o = session;
  int64_t rows[AT_MOST_ROWS];
  size_t n;
  at_status s = linked(o, row, rows, &n, err);
  return s == AT_OK ? at_session_evidence(o->session, o->role, rows, out, err) : s;
}

rp_source at_rp_session_source(at_registry *reg) {
  return (rp_source){reg, open_run, look, at_look_free, close_run, truth};
}
