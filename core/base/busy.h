/* Long work tells how far it is, and asks whether it may go on.
 *
 * Whoever waits listens; whoever works calls at_busy between records, rows or pictures. There is
 * one listener a thread, and none to begin with: then the work goes on. */
#ifndef AT_BASE_BUSY_H
#define AT_BASE_BUSY_H
#include <stdbool.h>
#include <stdint.h>
#include "core/base/status.h"

typedef struct at_busy_now {
  const char *doing, *what; /* "reading", "a/questions.json" */
  int64_t done, total;      /* in one unit, whichever; total 0: unknown */
} at_busy_now;
/* false: the work is to end. Called often, so it must be quick. */
typedef bool at_busy_fn(void *ctx, const at_busy_now *now);

/* On this thread, in the place of the one before; fn NULL: nobody. */
void at_busy_listen(at_busy_fn *fn, void *ctx);
/* EFAIL "stopped while DOING WHAT". */
at_status at_busy(const char *doing, const char *what, int64_t done, int64_t total, at_error *err);
#endif
