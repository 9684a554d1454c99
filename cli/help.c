/* attune help: the manual page of a command, or its usage where there is no man(1). */
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "cli/cli.h"
#include "core/base/file.h"

static int run_man(const char *page) {
  fflush(stdout);
  pid_t pid = fork();
  if (pid == 0) {
    execlp("man", "man", page, (char *)NULL);
    _exit(127);
  }
  int st = 0;
  if (pid < 0 || waitpid(pid, &st, 0) != pid) return -1;
  return WIFEXITED(st) ? WEXITSTATUS(st) : -1;
}

int cli_help(int argc, char **argv) {
  char page[1200];
  const cli_command *c = argc > 1 ? cli_find(argv[1]) : NULL;
  if (!c) {
    at_error err = {0};
    at_fail(&err, AT_EINPUT, "there is no command `%s`; `attune help` lists them",
            argc > 1 ? argv[1] : "");
    return cli_fail(&err);
  }
  /* A page of the source tree when the program was not installed. */
  snprintf(page, sizeof page, "%s/man/attune-%s.1", AT_SOURCE_DIR, c->name);
  if (!at_file_exists(page)) snprintf(page, sizeof page, "attune-%s", c->name);
  if (isatty(STDOUT_FILENO) && run_man(page) == 0) return 0;
  printf("usage: attune %s %s\n\n%s\n", c->name, c->usage, c->summary);
  return cli_done();
}
