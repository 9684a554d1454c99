/* Files that are written into one folder together, beside other work. */
#ifndef AT_BASE_BUNDLE_H
#define AT_BASE_BUNDLE_H
#include "core/base/status.h"

/* The last file that was added is under its name only once all others are on disk: a folder that
 * has it has them, whatever ends the program or the machine.  Each is whole where it is. */
typedef struct at_bundle at_bundle;
at_status at_bundle_new(const char *dir, at_bundle **out, at_error *err);
/* Takes `text`, of malloc, which is freed here also where this fails; NULL: out of memory. */
at_status at_bundle_add(at_bundle *b, const char *name, char *text, at_error *err);
/* Begins to write, on a thread; nothing is added any more.  Once. */
void at_bundle_begin(at_bundle *b);
/* Until all are on disk, or one could not be written. */
at_status at_bundle_wait(at_bundle *b, at_error *err);
void at_bundle_free(at_bundle *b); /* waits for what was begun; NULL: nothing */
#endif
