#include "core/base/arena.h"
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ALIGN = 16, BLOCK = 64 * 1024 };

typedef struct block {
  struct block *next;
  size_t used, size; /* of the bytes after this header */
} block;

struct at_arena {
  block *first;
};

/* The header is padded so that what follows keeps the alignment. */
#define HEADER ((sizeof(block) + ALIGN - 1) / ALIGN * ALIGN)

at_arena *at_arena_new(void) { return calloc(1, sizeof(at_arena)); }

void at_arena_free(at_arena *a) {
  if (!a) return;
  for (block *b = a->first, *next; b; b = next) {
    next = b->next;
    free(b);
  }
  free(a);
}

static block *add_block(at_arena *a, size_t need) {
  size_t size = need > BLOCK ? need : BLOCK;
  block *b = calloc(1, HEADER + size);
  if (!b) return NULL;
  b->size = size;
  /* A large request gets a block of its own behind the current one, whose room
   * stays in use. */
  if (a->first && need > BLOCK / 4) {
    b->next = a->first->next;
    a->first->next = b;
  } else {
    b->next = a->first;
    a->first = b;
  }
  return b;
}

void *at_arena_alloc(at_arena *a, size_t count, size_t size) {
  if (size && count > (SIZE_MAX - HEADER - ALIGN) / size) return NULL;
  size_t need = count * size;
  need = need ? (need + ALIGN - 1) / ALIGN * ALIGN : ALIGN;
  block *b = a->first;
  if (!b || b->size - b->used < need) b = add_block(a, need);
  if (!b) return NULL;
  void *p = (char *)b + HEADER + b->used;
  b->used += need;
  return p;
}

char *at_arena_strndup(at_arena *a, const char *s, size_t n) {
  char *p = at_arena_alloc(a, n + 1, 1);
  if (p) memcpy(p, s, n);
  return p;
}

void *at_arena_grow(at_arena *a, void *old, size_t n, size_t *cap, size_t size) {
  if (n < *cap) return old;
  size_t more = *cap ? 2 * *cap : 16;
  void *p = at_arena_alloc(a, more, size);
  if (p && n) memcpy(p, old, n * size);
  if (p) *cap = more;
  return p;
}

char *at_arena_strdup(at_arena *a, const char *s) { return at_arena_strndup(a, s, strlen(s)); }

char *at_arena_printf(at_arena *a, const char *fmt, ...) {
  va_list ap, again;
  va_start(ap, fmt);
  va_copy(again, ap);
  int n = vsnprintf(NULL, 0, fmt, ap);
  va_end(ap);
  char *p = n < 0 ? NULL : at_arena_alloc(a, (size_t)n + 1, 1);
  if (p) vsnprintf(p, (size_t)n + 1, fmt, again);
  va_end(again);
  return p;
}
