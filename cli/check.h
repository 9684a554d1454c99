/* What the files of `attune check` share. */
#ifndef AT_CLI_CHECK_H
#define AT_CLI_CHECK_H
#include "cli/cli.h"

typedef struct cli_check_how {
  const cli_list *set;
  bool json, probe;
  int64_t seed; /* of the probe */
} cli_check_how;

/* A run file or a sweep; the exit status. */
int cli_check_study(const char *path, const cli_check_how *how);
#endif
