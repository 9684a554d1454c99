/* Counts how often attune asks for memory: the linker sends the program's own calls through here.
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include "cli/cli.h"

static atomic_llong asked;

int64_t cli_allocations(void) { return atomic_load_explicit(&asked, memory_order_relaxed); }

static void count(void) { atomic_fetch_add_explicit(&asked, 1, memory_order_relaxed); }

void *__real_malloc(size_t bytes);
void *__real_calloc(size_t n, size_t bytes);
void *__real_realloc(void *p, size_t bytes);
void *__real_aligned_alloc(size_t alignment, size_t bytes);
int __real_posix_memalign(void **p, size_t alignment, size_t bytes);
char *__real_strdup(const char *s);
char *__real_strndup(const char *s, size_t n);

void *__wrap_malloc(size_t bytes);
void *__wrap_calloc(size_t n, size_t bytes);
void *__wrap_realloc(void *p, size_t bytes);
void *__wrap_aligned_alloc(size_t alignment, size_t bytes);
int __wrap_posix_memalign(void **p, size_t alignment, size_t bytes);
char *__wrap_strdup(const char *s);
char *__wrap_strndup(const char *s, size_t n);

void *__wrap_malloc(size_t bytes) {
  count();
  return __real_malloc(bytes);
}

void *__wrap_calloc(size_t n, size_t bytes) {
  count();
  return __real_calloc(n, bytes);
}

void *__wrap_realloc(void *p, size_t bytes) {
  count();
  return __real_realloc(p, bytes);
}

void *__wrap_aligned_alloc(size_t alignment, size_t bytes) {
  count();
  return __real_aligned_alloc(alignment, bytes);
}

int __wrap_posix_memalign(void **p, size_t alignment, size_t bytes) {
  count();
  return __real_posix_memalign(p, alignment, bytes);
}

char *__wrap_strdup(const char *s) {
  count();
  return __real_strdup(s);
}

char *__wrap_strndup(const char *s, size_t n) {
  count();
  return __real_strndup(s, n);
}
