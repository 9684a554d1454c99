/* A bump allocator: everything made in an arena is freed with it.
 * Not thread-safe.  Memory is zeroed. */
#ifndef AT_BASE_ARENA_H
#define AT_BASE_ARENA_H
#include <stddef.h>

typedef struct at_arena at_arena;

at_arena *at_arena_new(void);    /* NULL when out of memory */
void at_arena_free(at_arena *a); /* NULL is fine */

/* Zeroed, aligned to 16 bytes, valid until the arena is freed; NULL when out
 * of memory or when count * size overflows. */
void *at_arena_alloc(at_arena *a, size_t count, size_t size);
char *at_arena_strdup(at_arena *a, const char *s);
char *at_arena_strndup(at_arena *a, const char *s, size_t n);
char *at_arena_printf(at_arena *a, const char *fmt, ...)
#if defined(__GNUC__)
    __attribute__((format(printf, 2, 3)))
#endif
    ;
/* A list of n elements with room for *cap: itself where one more fits, else a copy with room for
 * twice as many; NULL: out of memory, the old one is whole. */
void *at_arena_grow(at_arena *a, void *old, size_t n, size_t *cap, size_t size);
#define AT_NEW(arena, type)          ((type *)at_arena_alloc((arena), 1, sizeof(type)))
#define AT_NEW_ARRAY(arena, type, n) ((type *)at_arena_alloc((arena), (n), sizeof(type)))
#endif
