/* attune explain. */
#include <stdlib.h>
#include <string.h>
#include "cli/cli.h"
#include "core/explain/explain.h"

/* DIR/explain/SPLIT */
static char *folder(const char *dir, const char *split, const char *out) {
  at_text t = {0};
  if (out)
    at_text_add(&t, out);
  else
    at_text_addf(&t, "%s/explain/%s", dir, split);
  return t.data;
}

static at_status print(const at_explained *e, size_t n, const at_explain_options *o, bool json,
                       at_error *err) {
  at_text t = {0};
  if (!json) at_explain_table(e, n, &t);
  char *text = json ? at_explain_json(e, n, o) : t.failed ? NULL : t.data;
  if (text) fputs(text, stdout);
  const bool printed = text != NULL;
  if (json) free(text);
  at_text_free(&t);
  return printed ? AT_OK : at_nomem(err);
}

static at_status explain(at_session *s, const cli_list *blocks, const at_explain_options *given,
                         const char *dir, bool json, cli_progress *p, at_error *err) {
  at_explain_options o = *given;
  at_explained *e = NULL;
  size_t n = 0;
  o.fn = cli_progress_tell;
  o.ctx = p;
  at_status st = at_explain(s, blocks->v, blocks->n, &o, &e, &n, err);
  cli_progress_end(p);
  if (st == AT_OK) st = at_explain_write(e, n, &o, dir, err);
  if (st == AT_OK) st = print(e, n, &o, json, err);
  if (st == AT_OK && !json) printf("\n%s/explain.json\n", dir);
  at_explained_free(e, n);
  return st;
}

int cli_explain(int argc, char **argv) {
  cli_list blocks = {.n = 0}, by = {.n = 0}, metrics = {.n = 0}, rest;
  const char *split = "test", *out = NULL, *compare = NULL;
  int64_t threads = 0, limit = 200, permutations = 20, seed = 0;
  bool done, json = false;
  const cli_option options[] = {{"split", 0, CLI_TEXT, &split, 0, 0},
                                {"attend", 'a', CLI_LIST, &blocks, 0, 0},
                                {"metric", 'm', CLI_LIST, &metrics, 0, 0},
                                {"by", 'b', CLI_LIST, &by, 0, 0},
                                {"compare", 'c', CLI_TEXT, &compare, 0, 0},
                                {"limit", 'n', CLI_INT, &limit, 0, INT32_MAX},
                                {"permutations", 0, CLI_INT, &permutations, 0, 10000},
                                {"seed", 0, CLI_INT, &seed, 0, INT64_MAX - 1},
                                {"out", 'o', CLI_TEXT, &out, 0, 0},
                                {"threads", 't', CLI_INT, &threads, 0, 1024},
                                {"json", 0, CLI_FLAG, &json, 0, 0},
                                {0}};
  int rc = cli_parse(argc, argv, options, &rest, 1, 1, &done);
  if (rc || done) return rc;
  char *conditions = cli_joined(&by);
  at_explain_options o = {.split = split,
                          .limit = limit,
                          .permutations = (int)permutations,
                          .seed = (uint64_t)seed,
                          .by = conditions,
                          .metric = metrics.v,
                          .n_metrics = metrics.n,
                          .other_name = compare};
  at_error err = {0};
  at_registry *reg = NULL;
  at_session *s = NULL;
  at_text messages = {0};
  char *dir = folder(rest.v[0], split, out);
  at_status st =
      dir && (conditions || !by.n) ? at_registry_new(NULL, 0, &reg, &err) : at_nomem(&err);
  cli_progress p;
  cli_progress_start(&p);
  if (st == AT_OK) st = at_session_open(reg, rest.v[0], (int)threads, &s, &messages, &err);
  if (st == AT_OK && compare)
    st = at_session_open(reg, compare, (int)threads, &o.other, &messages, &err);
  if (messages.data) fputs(messages.data, stderr);
  if (st == AT_OK) st = explain(s, &blocks, &o, dir, json, &p, &err);
  cli_progress_end(&p);
  rc = st == AT_OK ? cli_done() : cli_fail(&err);
  at_session_free(o.other);
  at_session_free(s);
  at_registry_free(reg);
  at_text_free(&messages);
  free(dir);
  free(conditions);
  return rc;
}
