/* The validator of plugins: what a plugin promises by <attune/plugin.h>, tried.
 *
 * Each check of each item runs in a process of its own with a limit of time, so that whatever the
 * plugin does to it, the next one starts afresh. Nothing of the plugin is ever loaded into the
 * caller (but with at_check_one). */
#ifndef AT_CHECK_CHECK_H
#define AT_CHECK_CHECK_H
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "core/base/status.h"

typedef enum at_check_outcome { AT_CHECK_PASS, AT_CHECK_FAIL, AT_CHECK_SKIP } at_check_outcome;
const char *at_check_outcome_name(at_check_outcome o); /* "pass" "fail" "skip" */

/* One row of the table. */
typedef struct at_check_info {
  const char *name;    /* "gradient_key" */
  const char *of;      /* "file", "any item", "score" ... */
  const char *summary; /* what a pass shows */
} at_check_info;
/* The i-th check; false past the last. */
bool at_check_at(size_t i, at_check_info *out);

typedef struct at_check_result {
  const char *check; /* static */
  char kind[16];     /* "score"; "" for checks of the file */
  char item[64];     /* "gaussian"; "" */
  at_check_outcome outcome;
  char message[1024]; /* why it failed or was skipped, or a note; "" */
  double seconds;
} at_check_result;

typedef struct at_check_options {
  uint64_t seed;
  double limit; /* seconds for each; 0: 120 */
  /* Shell patterns over "check", "item" and "check:item"; none given: everything. */
  const char *const *include, *const *exclude;
  size_t n_include, n_exclude;
  /* "scenes(root=DIR)": options of an item, for those that cannot do without. */
  const char *const *with;
  size_t n_with;
} at_check_options;

/* Called after each check; false stops. */
typedef bool at_check_tell(void *ctx, const at_check_result *r);

/* Runs what the options choose. AT_EINPUT where there is no such file, or no check is chosen. */
at_status at_check_file(const char *path, const at_check_options *o, at_check_tell *tell, void *ctx,
                        at_error *err);
/* One check, "gradient_key:gaussian" or "load", within this process: for a debugger. */
at_status at_check_one(const char *path, const char *which, const at_check_options *o,
                       at_check_result *r, at_error *err);
#endif
