/* attune train, attune eval. */
#include <stdlib.h>
#include <string.h>
#include "cli/cli.h"
#include "core/base/file.h"

/* runs/NAME for a run file NAME.yaml. */
static char *default_dir(const char *run) {
  const char *slash = strrchr(run, '/'), *name = slash ? slash + 1 : run;
  at_text t = {0};
  size_t n = strlen(name);
  if (n > 5 && !strcmp(name + n - 5, ".yaml")) n -= 5;
  at_text_addf(&t, "runs/%.*s", (int)n, name);
  return t.data;
}

static at_status show_results(const char *dir, bool json, at_error *err) {
  char *path = at_path_join(dir, "results.json"), *text = NULL;
  size_t n;
  at_status st = path ? at_file_read(path, (size_t)1 << 24, &text, &n, err) : at_nomem(err);
  if (st == AT_OK && json) fputs(text, stdout);
  free(text);
  free(path);
  return st;
}

static void tell_notice(const at_session *s) {
  char text[800];
  if (s && at_dataset_notice(at_session_dataset(s), text, sizeof text))
    fprintf(stderr, "attune: %s\n", text);
  for (const char *at = s ? at_session_said(s) : NULL; at && *at; at += strcspn(at, "\n") + 1)
    fprintf(stderr, "attune: %.*s\n", (int)strcspn(at, "\n"), at);
}

int cli_train(int argc, char **argv) {
  cli_list set = {.n = 0}, rest;
  const char *out = NULL;
  int64_t threads = 0;
  bool done, resume = false, json = false;
  const cli_option options[] = {
      {"set", 's', CLI_LIST, &set, 0, 0},       {"out", 'o', CLI_TEXT, &out, 0, 0},
      {"resume", 'r', CLI_FLAG, &resume, 0, 0}, {"threads", 't', CLI_INT, &threads, 0, 1024},
      {"json", 0, CLI_FLAG, &json, 0, 0},       {0}};
  int rc = cli_parse(argc, argv, options, &rest, 1, 1, &done);
  if (rc || done) return rc;
  at_error err = {0};
  at_registry *reg = NULL;
  at_run *run = NULL;
  at_session *s = NULL;
  at_text messages = {0};
  char *dir = out ? strdup(out) : default_dir(rest.v[0]);
  at_status st = dir ? at_registry_new(NULL, 0, &reg, &err) : at_nomem(&err);
  if (st == AT_OK) st = at_run_load(rest.v[0], set.v, set.n, &run, &err);
  cli_progress p;
  cli_progress_start(&p);
  if (st == AT_OK) st = at_session_new(reg, run, (int)threads, &s, &messages, &err);
  if (messages.data) fputs(messages.data, stderr);
  if (st == AT_OK) st = at_session_train(s, dir, resume, cli_progress_tell, &p, &err);
  cli_progress_end(&p);
  if (st == AT_OK) st = show_results(dir, json, &err);
  if (st == AT_OK && !json) printf("trained: %s\n", dir);
  if (st == AT_OK && !json && at_session_outcome(s)) printf("%s\n", at_session_outcome(s));
  tell_notice(s);
  rc = st == AT_OK ? cli_done() : cli_fail(&err);
  at_session_free(s);
  at_run_free(run);
  at_registry_free(reg);
  at_text_free(&messages);
  free(dir);
  return rc;
}

int cli_eval(int argc, char **argv) {
  cli_list set = {.n = 0}, rest;
  const char *split = "test";
  int64_t threads = 0;
  bool done, json = false;
  at_predictions to = {0};
  const cli_option options[] = {{"split", 0, CLI_TEXT, &split, 0, 0},
                                {"set", 's', CLI_LIST, &set, 0, 0},
                                {"predictions", 'p', CLI_TEXT, &to.path, 0, 0},
                                {"attention", 'a', CLI_FLAG, &to.attention, 0, 0},
                                {"threads", 't', CLI_INT, &threads, 0, 1024},
                                {"json", 0, CLI_FLAG, &json, 0, 0},
                                {0}};
  int rc = cli_parse(argc, argv, options, &rest, 1, 1, &done);
  if (rc || done) return rc;
  if (to.attention && !to.path) {
    fprintf(stderr, "attune eval: --attention adds to the lines of --predictions FILE\n");
    return cli_usage(argv[0]);
  }
  at_error err = {0};
  at_registry *reg = NULL;
  at_session *s = NULL;
  at_text messages = {0};
  at_result *r = NULL;
  size_t n = 0;
  at_status st = at_registry_new(NULL, 0, &reg, &err);
  cli_progress p;
  cli_progress_start(&p);
  if (st == AT_OK)
    st = at_session_open_set(reg, rest.v[0], set.v, set.n, (int)threads, &s, &messages, &err);
  if (messages.data) fputs(messages.data, stderr);
  if (st == AT_OK)
    st = at_session_evaluate_file(s, split, to.path ? &to : NULL, cli_progress_tell, &p, &r, &n,
                                  &err);
  cli_progress_end(&p);
  if (st == AT_OK) cli_print_results(stdout, r, n, json);
  tell_notice(s);
  rc = st == AT_OK ? cli_done() : cli_fail(&err);
  free(r);
  at_session_free(s);
  at_registry_free(reg);
  at_text_free(&messages);
  return rc;
}
