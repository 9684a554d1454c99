/* An evaluation of a run as it begins, measured. */
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include "core/base/clock.h"
#include "core/bench/bench_impl.h"
#include "core/run/batch.h"

static at_status measure(const at_bench_options *o, const char *split, at_session *s,
                         at_bench_evaluation *out, at_error *err) {
  struct rusage u;
  double *seconds = calloc((size_t)o->repeat, sizeof *seconds);
  at_status st = seconds ? AT_OK : at_nomem(err);
  for (int i = 0; st == AT_OK && i < o->repeat; i++) {
    free(out->result);
    out->result = NULL;
    const double began = at_clock();
    st = at_session_evaluate(s, split, NULL, NULL, &out->result, &out->n_result, err);
    seconds[i] = at_clock() - began;
  }
  getrusage(RUSAGE_SELF, &u);
  out->peak = (double)u.ru_maxrss * 1024;
  if (st == AT_OK) out->median = at_bench_median(seconds, o->repeat);
  if (st == AT_OK) out->least = seconds[0];
  free(seconds);
  return st;
}

static at_status count_rows(const char *split, at_bench_evaluation *out, at_error *err) {
  const at_dataset *data = at_session_dataset(out->session);
  size_t n;
  const at_table *t = at_dataset_tables(data, &n);
  out->table = calloc(n + 1, sizeof *out->table);
  if (!out->table) return at_nomem(err);
  for (size_t i = 0; i < n; i++)
    if (!strcmp(t[i].split, split))
      out->table[out->n_table++] = (at_bench_rows){t[i].name, t[i].rows};
  return AT_OK;
}

at_status at_bench_evaluate(at_registry *reg, const at_bench_options *o, const char *split,
                            at_bench_evaluation *out, at_text *messages, at_error *err) {
  *out = (at_bench_evaluation){.repeat = o->repeat};
  at_status st = at_run_load(o->path, o->set, o->n_set, &out->run, err);
  if (st == AT_OK) st = at_session_new(reg, out->run, o->threads, &out->session, messages, err);
  if (st != AT_OK) return st;
  out->split = at_session_split(out->session, split);
  out->threads = at_pool_threads(at_session_pool(out->session));
  st = measure(o, split, out->session, out, err);
  return st == AT_OK ? count_rows(out->split, out, err) : st;
}

void at_bench_evaluation_close(at_bench_evaluation *e) {
  at_session_free(e->session);
  at_run_free(e->run);
  free(e->result);
  free(e->table);
  memset(e, 0, sizeof *e);
}
