/* What other rooms may know of a session's batches. */
#include "core/run/batch.h"
#include "core/run/run_impl.h"

at_status at_session_exec(const at_session *s, at_exec_options o, at_exec **out, at_error *err) {
  o.pool = s->pool;
  return at_exec_new(s->graph, s->params, &o, out, err);
}

at_pool *at_session_pool(const at_session *s) { return s->pool; }
at_registry *at_session_registry(const at_session *s) { return s->reg; }
const at_source *at_session_source(const at_session *s) { return &s->source; }

bool at_session_table(const at_session *s, int i, at_batch_table *out) {
  if (i < 0 || i >= s->n_batch) return false;
  *out = (at_batch_table){s->batch[i].name, s->batch[i].axis, s->batch[i].linked};
  return true;
}

bool at_session_input(const at_session *s, int i, at_batch_input *out) {
  if (i < 0 || i >= s->n_feeds) return false;
  const at_feed *f = &s->feed[i];
  *out = (at_batch_input){f->input, f->kind, f->table, f->row, s->buffer[i]};
  return true;
}

at_status at_session_expects(const at_session *s, const char *split, int64_t row, int32_t *class,
                             at_error *err) {
  *class = -1;
  if (!s->labels.field) return AT_OK;
  return at_session_label(s, at_session_split(s, split), s->labels.field, row, class, err);
}
