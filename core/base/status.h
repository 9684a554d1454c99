/* Status codes and the error that library code fills.
 *
 * Library code never prints and never exits: a function that can fail returns
 * an at_status and takes an at_error *, which may be NULL when the caller does
 * not want the sentence.  The deepest function that knows the cause fills the
 * error once; callers pass it up unchanged or put the place in front of it. */
#ifndef AT_BASE_STATUS_H
#define AT_BASE_STATUS_H

#if defined(__GNUC__)
#define AT_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))
#else
#define AT_PRINTF(fmt, first)
#endif

typedef enum at_status {
  AT_OK = 0,
  AT_EINPUT = -1, /* bad input or usage: the command line exits 2 */
  AT_EFAIL = -2,  /* the work failed (I/O, full disk, plugin): exits 1 */
  AT_ENOMEM = -3  /* out of memory: exits 1 */
} at_status;

typedef struct at_error {
  at_status code;
  char message[1024]; /* one sentence, no newline at the end; "" when AT_OK */
} at_error;

/* Fills `err` (when not NULL) with `code` and the formatted sentence; returns
 * `code`, so that `return at_fail(err, AT_EINPUT, ...)` reads well. */
at_status at_fail(at_error *err, at_status code, const char *fmt, ...) AT_PRINTF(3, 4);

/* at_fail(err, AT_ENOMEM, "out of memory"). */
at_status at_nomem(at_error *err);

/* Puts "<context>: " in front of the message already in `err`; returns its code. */
at_status at_error_prefix(at_error *err, const char *fmt, ...) AT_PRINTF(2, 3);

/* 0 for AT_OK, 2 for AT_EINPUT, 1 for everything else. */
int at_exit_code(at_status s);

#endif
