/* One pool of threads for the whole process's numeric work.
 *
 * Work is cut by the *problem*, never by the number of threads: at_parallel
 * calls fn once for each index, in any order, on any thread.  A caller that
 * writes only what belongs to its index, and combines partial sums afterwards
 * in index order, gets the same bits on any number of threads. */
#ifndef AT_BASE_THREAD_H
#define AT_BASE_THREAD_H
#include <stddef.h>
#include <stdint.h>
#include "core/base/status.h"

typedef struct at_pool at_pool;

/* Threads for who asks for so many, 0: as many as there are processors; 1 to 1024. */
int at_processors(int64_t asked);
/* `threads` >= 1 counts the calling thread. */
at_status at_pool_new(int threads, at_pool **out, at_error *err);
void at_pool_free(at_pool *p);         /* NULL is fine */
int at_pool_threads(const at_pool *p); /* 1 for NULL */

/* Runs fn(ctx, i) for i in [0, n) and returns when all are done.  `p` NULL or
 * of one thread runs in order on the caller.  Not reentrant: fn must not call
 * at_parallel on the same pool (it then runs serially on that thread). */
typedef void at_task_fn(void *ctx, size_t index);
void at_parallel(at_pool *p, size_t n, at_task_fn *fn, void *ctx);

/* Told of shared work, to whoever asks how it would spread over other numbers of threads: the
 * seconds of call `index` of n, in order; then, with index = n, those of all of it, the telling
 * included.  Work that runs inside of shared work belongs to it. */
typedef void at_pool_watch_fn(void *ctx, size_t index, size_t n, double seconds);
/* Of a pool of one thread, which says from now on that it has `threads`, so that work is cut as for
 * so many; fn NULL ends it. */
void at_pool_watch(at_pool *p, int threads, at_pool_watch_fn *fn, void *ctx);

/* Runs fn(ctx, begin, end) over [0, n) in blocks of `grain` (the last may be
 * shorter); the cut depends on n and grain alone. */
typedef void at_range_fn(void *ctx, size_t begin, size_t end);
void at_parallel_range(at_pool *p, size_t n, size_t grain, at_range_fn *fn, void *ctx);
#endif
