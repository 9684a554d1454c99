/* Messages that are not errors.  The library hands them to one callback; what
 * is done with them (stderr, a file, nothing) is the program's business. */
#ifndef AT_BASE_LOG_H
#define AT_BASE_LOG_H
typedef enum at_log_level { AT_LOG_DEBUG, AT_LOG_INFO, AT_LOG_WARN } at_log_level;
typedef void at_log_fn(void *ctx, at_log_level level, const char *message);
/* For this thread; NULL drops messages (the default). */
void at_log_set(at_log_fn *fn, void *ctx);
void at_log(at_log_level level, const char *fmt, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;
#endif
