/* attune plugin new. */
#include "cli/cli.h"
#include "core/base/text.h"
#include "core/plugin/scaffold.h"

int cli_plugin_new(int argc, char **argv) {
  cli_list rest;
  bool done;
  const char *license = NULL, *out = NULL;
  const cli_option options[] = {
      {"license", 0, CLI_TEXT, &license, 0, 0}, {"out", 'o', CLI_TEXT, &out, 0, 0}, {0}};
  int rc = cli_parse(argc, argv, options, &rest, 3, 3, &done);
  if (rc || done) return rc;
  at_error err = {0};
  at_text wrote = {0};
  at_status s = at_scaffold(rest.v[1], rest.v[2], license, out, &wrote, &err);
  if (wrote.data) printf("%s", wrote.data);
  if (s == AT_OK) printf("next: make -C %s test\n", out ? out : rest.v[2]);
  at_text_free(&wrote);
  return s == AT_OK ? cli_done() : cli_fail(&err);
}
