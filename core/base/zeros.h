/* Large arrays that begin as zeros. */
#ifndef AT_BASE_ZEROS_H
#define AT_BASE_ZEROS_H
#include <stddef.h>

/* `bytes` (0 is as 1) zeros at a 64-byte boundary; NULL: out of memory.  The system hands out what
 * is touched when it is touched, and from AT_ZEROS_LARGE bytes on 2 MiB at a time where it can: a
 * first step over 4 KiB pages spends more time in being given them than in its arithmetic, all the
 * more where it reads a page before it writes it, for then every thread is told of the change. */
enum { AT_ZEROS_LARGE = 4 << 20 };
void *at_zeros_new(size_t bytes);
void at_zeros_free(void *zeros); /* NULL: nothing */
#endif
