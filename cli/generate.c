/* attune generate. */
#include <stdlib.h>
#include <string.h>
#include "cli/cli.h"
#include "core/generate/generate.h"

/* One path a line, or a JSON array. */
static void print_paths(const at_text *paths, bool json) {
  const char *at = paths->data ? paths->data : "";
  if (!json) {
    fputs(at, stdout);
    return;
  }
  fputs("[", stdout);
  for (const char *end, *before = ""; (end = strchr(at, '\n')); at = end + 1, before = ", ") {
    char *path = strndup(at, (size_t)(end - at));
    fputs(before, stdout);
    cli_print_json_string(stdout, path ? path : "");
    free(path);
  }
  fputs("]\n", stdout);
}

static at_status run(const char *dir, const at_generate_options *o, int threads, at_text *paths,
                     at_error *err) {
  at_registry *reg = NULL;
  at_session *s = NULL;
  at_text messages = {0};
  at_status st = at_registry_new(NULL, 0, &reg, err);
  if (st == AT_OK) st = at_session_open(reg, dir, threads, &s, &messages, err);
  if (st == AT_OK) st = at_generate(s, o, paths, &messages, err);
  if (st == AT_OK && paths->failed) st = at_nomem(err);
  if (messages.data) fputs(messages.data, stderr);
  at_session_free(s);
  at_registry_free(reg);
  at_text_free(&messages);
  return st;
}

int cli_generate(int argc, char **argv) {
  cli_list rest;
  at_generate_options o = {.count = 1, .steps = 8};
  int64_t threads = 0, seed = 0;
  bool done, json = false;
  const cli_option options[] = {{"caption", 'c', CLI_TEXT, &o.caption, 0, 0},
                                {"count", 'n', CLI_INT, &o.count, 1, 4096},
                                {"seed", 's', CLI_INT, &seed, 0, (int64_t)1 << 40},
                                {"out", 'o', CLI_TEXT, &o.dir, 0, 0},
                                {"between", 0, CLI_TEXT, &o.between, 0, 0},
                                {"between-noises", 0, CLI_FLAG, &o.between_noises, 0, 0},
                                {"steps", 0, CLI_INT, &o.steps, 2, 256},
                                {"attention", 'a', CLI_FLAG, &o.attention, 0, 0},
                                {"threads", 't', CLI_INT, &threads, 0, 1024},
                                {"json", 0, CLI_FLAG, &json, 0, 0},
                                {0}};
  int rc = cli_parse(argc, argv, options, &rest, 1, 1, &done);
  if (rc || done) return rc;
  if (!o.caption || !o.dir) {
    fprintf(stderr, "attune generate: --%s must be given\n", o.caption ? "out" : "caption");
    return cli_usage(argv[0]);
  }
  at_error err = {0};
  at_text paths = {0};
  o.seed = (uint64_t)seed;
  at_status st = run(rest.v[0], &o, (int)threads, &paths, &err);
  if (st == AT_OK) print_paths(&paths, json);
  rc = st == AT_OK ? cli_done() : cli_fail(&err);
  at_text_free(&paths);
  return rc;
}
