/* attune check: the mistakes of a model. */
#include <string.h>
#include "cli/check.h"
#include "core/base/text.h"
#include "core/run/model.h"
#include "dsl/dsl.h"

static at_status load(const char *path, const cli_list *set, bool json, at_text *messages,
                      at_registry **reg, at_graph **g, at_error *err) {
  at_status s = at_registry_new(NULL, 0, reg, err);
  if (s != AT_OK) return s;
  at_dsl_env env = at_model_env(*reg, set->v, set->n);
  env.json = json;
  return at_dsl_load(path, &env, g, messages, err);
}

static void print_json(const char *path, at_status s, const at_graph *g, const at_text *messages,
                       const at_error *err) {
  printf("{\"path\": ");
  cli_print_json_string(stdout, path);
  printf(", \"model\": ");
  if (g)
    cli_print_json_string(stdout, g->name);
  else
    printf("null");
  printf(", \"error\": ");
  if (s != AT_OK)
    cli_print_json_string(stdout, err->message);
  else
    printf("null");
  printf(", \"diagnostics\": %s}", messages->len ? messages->data : "[]");
}

static void say_fine(const char *path, const at_graph *g) {
  printf("%s: model %s is fine%s\n", path, g->name,
         g->loss || g->n_objective ? "" : "; it has no loss to be trained by");
}

static int check_one(const char *path, const cli_list *set, bool json) {
  at_registry *reg = NULL;
  at_graph *g = NULL;
  at_error err = {0};
  at_text messages = {0};
  int rc = 0;
  at_status s = load(path, set, json, &messages, &reg, &g, &err);
  if (json)
    print_json(path, s, g, &messages, &err);
  else if (messages.data)
    fputs(messages.data, stderr);
  if (s != AT_OK)
    rc = json ? (s == AT_EINPUT ? 2 : 1) : cli_fail_shown(&messages, &err);
  else if (!json)
    say_fine(path, g);
  at_text_free(&messages);
  at_graph_free(g);
  at_registry_free(reg);
  return rc;
}

int cli_check(int argc, char **argv) {
  cli_list set = {.n = 0}, rest;
  bool done, json = false, no_probe = false;
  int64_t seed = 0;
  const cli_option options[] = {{"set", 's', CLI_LIST, &set, 0, 0},
                                {"json", 0, CLI_FLAG, &json, 0, 0},
                                {"no-probe", 0, CLI_FLAG, &no_probe, 0, 0},
                                {"seed", 0, CLI_INT, &seed, 0, INT64_MAX},
                                {0}};
  int rc = cli_parse(argc, argv, options, &rest, 1, CLI_MOST, &done);
  if (rc || done) return rc;
  for (size_t i = 0; i < rest.n; i++) {
    if (json) printf(i ? ",\n " : "[");
    const cli_check_how how = {&set, json, !no_probe, seed};
    int one = cli_is_yaml(rest.v[i]) ? cli_check_study(rest.v[i], &how)
                                     : check_one(rest.v[i], &set, json);
    if (one > rc) rc = one;
  }
  if (json) printf("]\n");
  int end = cli_done();
  return rc ? rc : end;
}
