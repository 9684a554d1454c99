#include "core/base/thread.h"
#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdlib.h>
#include <unistd.h>
#include "core/base/clock.h"

/* Workers wait until `round` changes, then take indices from `next` until none is left. The caller
 * works too, then waits until no worker is inside the job any more. Who waits looks again and again
 * for a while, as most works follow each other closely, and then sleeps. */
struct at_pool {
  int threads;
  pthread_t *worker;
  pthread_mutex_t lock;
  pthread_cond_t wake, idle;
  atomic_ulong round;
  atomic_int inside; /* workers that may still touch the job */
  int asleep;        /* workers; under the lock */
  bool waiting;      /* the caller sleeps; under the lock */
  atomic_bool quit;
  at_task_fn *fn;
  void *ctx;
  size_t n;
  atomic_size_t next;
  at_pool_watch_fn *watch;
  void *watch_ctx;
  int pretended;
};

/* Set in a thread that is running a job's body: a nested call runs serially. */
static _Thread_local bool in_job;

static void drain(at_pool *p) {
  in_job = true;
  for (size_t i; (i = atomic_fetch_add_explicit(&p->next, 1, memory_order_relaxed)) < p->n;)
    p->fn(p->ctx, i);
  in_job = false;
}

/* Some tens of microseconds: what it takes to wake a thread. */
enum { LOOKS = 2000 };

static inline void look_again(void) {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  __asm__ volatile("yield");
#endif
}

/* false: the pool ends. */
static bool next_round(at_pool *p, unsigned long seen) {
  for (int i = 0; i < LOOKS; i++) {
    if (atomic_load_explicit(&p->round, memory_order_acquire) != seen) return true;
    look_again();
  }
  pthread_mutex_lock(&p->lock);
  p->asleep++;
  while (atomic_load(&p->round) == seen && !p->quit) pthread_cond_wait(&p->wake, &p->lock);
  p->asleep--;
  const bool more = atomic_load(&p->round) != seen;
  pthread_mutex_unlock(&p->lock);
  return more;
}

static void *work(void *arg) {
  at_pool *p = arg;
  for (unsigned long seen = 0; next_round(p, seen);) {
    seen++;
    drain(p);
    if (atomic_fetch_sub(&p->inside, 1) > 1) continue;
    pthread_mutex_lock(&p->lock);
    if (p->waiting) pthread_cond_signal(&p->idle);
    pthread_mutex_unlock(&p->lock);
  }
  return NULL;
}

static void wait_for_others(at_pool *p) {
  for (int i = 0; i < LOOKS; i++) {
    if (!atomic_load_explicit(&p->inside, memory_order_acquire)) return;
    look_again();
  }
  pthread_mutex_lock(&p->lock);
  p->waiting = true;
  while (atomic_load(&p->inside) > 0) pthread_cond_wait(&p->idle, &p->lock);
  p->waiting = false;
  pthread_mutex_unlock(&p->lock);
}

int at_processors(int64_t asked) {
  const int64_t n = asked > 0 ? asked : sysconf(_SC_NPROCESSORS_ONLN);
  return n < 1 ? 1 : n > 1024 ? 1024 : (int)n;
}

at_status at_pool_new(int threads, at_pool **out, at_error *err) {
  *out = NULL;
  if (threads < 1 || threads > 1024)
    return at_fail(err, AT_EINPUT, "%d threads: a number from 1 to 1024 is needed", threads);
  at_pool *p = calloc(1, sizeof *p);
  if (!p) return at_nomem(err);
  pthread_mutex_init(&p->lock, NULL);
  pthread_cond_init(&p->wake, NULL);
  pthread_cond_init(&p->idle, NULL);
  p->threads = 1;
  p->worker = calloc((size_t)threads, sizeof *p->worker);
  if (!p->worker) {
    at_pool_free(p);
    return at_nomem(err);
  }
  for (; p->threads < threads; p->threads++)
    if (pthread_create(&p->worker[p->threads - 1], NULL, work, p) != 0) {
      at_pool_free(p);
      return at_fail(err, AT_EFAIL, "cannot start %d threads", threads);
    }
  *out = p;
  return AT_OK;
}

void at_pool_free(at_pool *p) {
  if (!p) return;
  pthread_mutex_lock(&p->lock);
  p->quit = true;
  pthread_cond_broadcast(&p->wake);
  pthread_mutex_unlock(&p->lock);
  for (int i = 0; i + 1 < p->threads; i++) pthread_join(p->worker[i], NULL);
  pthread_cond_destroy(&p->idle);
  pthread_cond_destroy(&p->wake);
  pthread_mutex_destroy(&p->lock);
  free(p->worker);
  free(p);
}

int at_pool_threads(const at_pool *p) { return !p ? 1 : p->watch ? p->pretended : p->threads; }

void at_pool_watch(at_pool *p, int threads, at_pool_watch_fn *fn, void *ctx) {
  p->pretended = threads;
  p->watch = fn;
  p->watch_ctx = ctx;
}

static void watched(at_pool *p, size_t n, at_task_fn *fn, void *ctx) {
  const double began = at_clock();
  in_job = true;
  for (size_t i = 0; i < n; i++) {
    const double before = at_clock();
    fn(ctx, i);
    p->watch(p->watch_ctx, i, n, at_clock() - before);
  }
  in_job = false;
  p->watch(p->watch_ctx, n, n, at_clock() - began);
}

void at_parallel(at_pool *p, size_t n, at_task_fn *fn, void *ctx) {
  if (p && p->watch && n > 1 && !in_job) {
    watched(p, n, fn, ctx);
    return;
  }
  if (!p || p->threads == 1 || n < 2 || in_job) {
    for (size_t i = 0; i < n; i++) fn(ctx, i);
    return;
  }
  p->fn = fn;
  p->ctx = ctx;
  p->n = n;
  atomic_store(&p->next, 0);
  atomic_store(&p->inside, p->threads - 1);
  atomic_fetch_add(&p->round, 1);
  pthread_mutex_lock(&p->lock);
  if (p->asleep) pthread_cond_broadcast(&p->wake);
  pthread_mutex_unlock(&p->lock);
  drain(p);
  wait_for_others(p);
}

typedef struct range_job {
  at_range_fn *fn;
  void *ctx;
  size_t n, grain;
} range_job;

static void range_body(void *ctx, size_t i) {
  const range_job *j = ctx;
  size_t begin = i * j->grain, end = begin + j->grain;
  j->fn(j->ctx, begin, end < j->n ? end : j->n);
}

void at_parallel_range(at_pool *p, size_t n, size_t grain, at_range_fn *fn, void *ctx) {
  if (!n) return;
  if (!grain) grain = 1;
  range_job j = {fn, ctx, n, grain};
  at_parallel(p, (n - 1) / grain + 1, range_body, &j);
}
