#include "core/base/log.h"
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>

static _Thread_local at_log_fn *sink;
static _Thread_local void *sink_ctx;

void at_log_set(at_log_fn *fn, void *ctx) {
  sink = fn;
  sink_ctx = ctx;
}

void at_log(at_log_level level, const char *fmt, ...) {
  if (!sink) return;
  char message[1024];
  va_list ap;
  va_start(ap, fmt);
  vsnprintf(message, sizeof message, fmt, ap);
  va_end(ap);
  sink(sink_ctx, level, message);
}
