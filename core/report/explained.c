/* What explain left in the runs, read and worked out once for every form of the report. */
#include <unistd.h>
#include "core/report/explained.h"

static at_status work(at_report *r, const at_report_options *o, rp_explained *x, at_pool *pool,
                      at_error *err) {
  at_status st = AT_OK;
  for (size_t b = 0; st == AT_OK && b < x->n; b++) st = at_rx_join(r, &x->block[b], err);
  if (st == AT_OK) st = at_rx_tables(r, o, x, pool, err);
  for (size_t b = 0; st == AT_OK && b < x->n; b++) st = at_rx_compare(r, x, b, pool, err);
  for (size_t b = 0; st == AT_OK && b < x->n; b++)
    st = at_rx_curves(r, &x->block[b], &x->table[b].curves, err);
  if (st == AT_OK && o->by) st = at_rx_conditions(r, o->by, x, pool, err);
  return st;
}

at_status at_report_explained(at_report *r, const at_report_options *o, int threads,
                              at_error *err) {
  long all = threads > 0 ? threads : sysconf(_SC_NPROCESSORS_ONLN);
  at_pool *pool = NULL;
  rp_explained *x = AT_NEW(r->arena, rp_explained);
  if (!x) return at_nomem(err);
  at_status st = at_rx_read(r, o->split && *o->split ? o->split : "test", x, err);
  if (st == AT_OK && x->any) st = at_pool_new(all > 0 ? (int)all : 1, &pool, err);
  if (st == AT_OK && x->any) st = work(r, o, x, pool, err);
  at_pool_free(pool);
  if (st == AT_OK && !x->any && o->by)
    st = at_fail(err, AT_EINPUT, "there are no conditions: no run was explained on the split `%s`",
                 x->split);
  if (st == AT_OK && x->any)
    r->explained = x;
  else
    at_rx_free(x, r->n_runs);
  return st;
}
