#include "core/base/status.h"
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

at_status at_fail(at_error *err, at_status code, const char *fmt, ...) {
  if (!err) return code;
  va_list ap;
  va_start(ap, fmt);
  err->code = code;
  vsnprintf(err->message, sizeof err->message, fmt, ap);
  va_end(ap);
  return code;
}

at_status at_nomem(at_error *err) { return at_fail(err, AT_ENOMEM, "out of memory"); }

at_status at_error_prefix(at_error *err, const char *fmt, ...) {
  if (!err) return AT_EFAIL;
  char old[sizeof err->message];
  memcpy(old, err->message, sizeof old);
  va_list ap;
  va_start(ap, fmt);
  int n = vsnprintf(err->message, sizeof err->message, fmt, ap);
  va_end(ap);
  if (n >= 0 && (size_t)n < sizeof err->message)
    snprintf(err->message + n, sizeof err->message - (size_t)n, ": %s", old);
  return err->code;
}

int at_exit_code(at_status s) { return s == AT_OK ? 0 : s == AT_EINPUT ? 2 : 1; }
