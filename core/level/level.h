/* Which instructions the numeric rooms run with.
 *
 * What numeric_sources lists (Makefile.am) is compiled once for each level, and its functions carry
 * the level's name behind their own. Under the plain name stands a jump through the table of the
 * level that was chosen, so that the rest of the library calls it as ever. Only functions have a
 * plain name: a constant of these rooms, as an operator's entry, is another one in each level, and
 * naming it elsewhere does not link.
 *
 * The level is the best one that the processor has, or what ATTUNE_INSTRUCTIONS says; it is chosen
 * when the program or the library is loaded, and stays. */
#ifndef AT_LEVEL_LEVEL_H
#define AT_LEVEL_LEVEL_H
#include "core/base/status.h"

/* "baseline", "avx2" or "avx512"; "native" where all was built for one processor. */
const char *at_level(void);

/* EINPUT: ATTUNE_INSTRUCTIONS names no level, or one that this build or this processor lacks; then
 * the best one was chosen. */
at_status at_level_check(at_error *err);
#endif
