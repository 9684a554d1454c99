#include "core/base/busy.h"
#include <stddef.h>

static _Thread_local at_busy_fn *listener;
static _Thread_local void *listener_ctx;

void at_busy_listen(at_busy_fn *fn, void *ctx) {
  listener = fn;
  listener_ctx = ctx;
}

at_status at_busy(const char *doing, const char *what, int64_t done, int64_t total, at_error *err) {
  const at_busy_now now = {doing, what, done, total};
  if (!listener || listener(listener_ctx, &now)) return AT_OK;
  return at_fail(err, AT_EFAIL, "stopped while %s %s", doing, what);
}
