/* A list that doubles. */
#ifndef ATTUNE_DATA_GROWING_H
#define ATTUNE_DATA_GROWING_H
#include <stdint.h>
#include <stdlib.h>

/* `v` with room for its n-th element, of `first` at least; NULL: out of memory, v is whole. */
static inline void *growing(void *v, int64_t n, int64_t *cap, int64_t first, size_t size) {
  if (n < *cap) return v;
  int64_t more = *cap;
  while (more <= n) more = more ? 2 * more : first;
  void *p = realloc(v, (size_t)more * size);
  if (p) *cap = more;
  return p;
}
#endif
