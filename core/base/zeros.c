#include "core/base/zeros.h"
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { LINE = 64, HUGE = 2 << 20 };

/* What free() wants stands before the array. */
static void **before(void *zeros) { return (void **)zeros - 1; }

void *at_zeros_new(size_t bytes) {
  const size_t align = bytes < AT_ZEROS_LARGE ? LINE : HUGE;
  const size_t more = align + sizeof(void *);
  if (bytes > (size_t)PTRDIFF_MAX - more) return NULL; /* no object is larger */
  char *room = calloc(1, bytes + more);
  if (!room) return NULL;
  char *zeros = room + sizeof(void *);
  zeros += (align - (uintptr_t)zeros % align) % align;
  *before(zeros) = room;
#ifdef MADV_HUGEPAGE
  /* Memory is the same where the system has no such pages, and says so. */
  if (align == HUGE) (void)madvise(zeros, bytes / HUGE * HUGE, MADV_HUGEPAGE);
#endif
  return zeros;
}

void at_zeros_free(void *zeros) {
  if (zeros) free(*before(zeros));
}
