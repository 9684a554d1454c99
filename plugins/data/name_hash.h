/* A number that a name has everywhere: FNV-1a, 64 bits. */
#ifndef ATTUNE_DATA_NAME_HASH_H
#define ATTUNE_DATA_NAME_HASH_H
#include <stddef.h>
#include <stdint.h>

#define NAME_HASH_START UINT64_C(14695981039346656037)

static inline uint64_t name_hash_more(uint64_t h, const char *text, size_t n) {
  for (size_t i = 0; i < n; i++) h = (h ^ (unsigned char)text[i]) * UINT64_C(1099511628211);
  return h;
}
#endif
