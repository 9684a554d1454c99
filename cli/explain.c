/* attune explain. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "cli/cli.h"
#include "core/explain/explain.h"

static void print_metrics(const at_explain_metric *m, size_t n, int64_t examples) {
  for (size_t k = 0; k < n; k++) {
    if (m[k].why) printf("  %-32s %s\n", m[k].name, m[k].why);
    for (size_t i = 0; i < m[k].n; i++)
      printf("  %-32s %10.4f  %8" PRId64 "\n", m[k].result[i].name, m[k].result[i].value, examples);
  }
}

static void print_cost(const at_explain_cost *c) {
  printf("  %" PRId64 " passes from changed weights on, in %.1f s", c->passes, c->seconds);
  if (c->flops > 0)
    printf("; whole passes would be %.1f times the arithmetic", c->whole_flops / c->flops);
  printf("\n");
}

static void print_blocks(const at_explained *e, size_t n) {
  for (size_t i = 0; i < n; i++) {
    printf("%s%s\n", i ? "\n" : "", e[i].block);
    if (e[i].why) {
      printf("  %s\n", e[i].why);
      continue;
    }
    printf("  %-32s %10s  %8s\n", "metric", "mean", "examples");
    print_metrics(e[i].metric, e[i].n_metrics, e[i].examples);
    for (size_t k = 0; k < e[i].n_parts; k++) {
      const at_explain_part *p = &e[i].part[k];
      printf("  %s: %s\n", p->condition, p->value);
      print_metrics(p->metric, p->n_metrics, p->examples);
    }
    print_cost(&e[i].cost);
  }
}

/* DIR/explain/SPLIT */
static char *folder(const char *dir, const char *split, const char *out) {
  at_text t = {0};
  if (out)
    at_text_add(&t, out);
  else
    at_text_addf(&t, "%s/explain/%s", dir, split);
  return t.data;
}

static at_status explain(at_session *s, const cli_list *blocks, const at_explain_options *given,
                         const char *dir, bool json, at_error *err) {
  at_explain_options o = *given;
  at_explained *e = NULL;
  size_t n = 0;
  cli_progress p = cli_progress_start();
  o.fn = cli_progress_tell;
  o.ctx = &p;
  at_status st = at_explain(s, blocks->v, blocks->n, &o, &e, &n, err);
  cli_progress_end(&p);
  if (st == AT_OK) st = at_explain_write(e, n, &o, dir, err);
  char *text = st == AT_OK && json ? at_explain_json(e, n, &o) : NULL;
  if (st == AT_OK && json && !text) st = at_nomem(err);
  if (text) fputs(text, stdout);
  if (st == AT_OK && !json) {
    print_blocks(e, n);
    printf("\n%s/explain.json\n", dir);
  }
  free(text);
  at_explained_free(e, n);
  return st;
}

int cli_explain(int argc, char **argv) {
  cli_list blocks = {.n = 0}, by = {.n = 0}, rest;
  const char *split = "test", *out = NULL;
  int64_t threads = 0, limit = 200, permutations = 20, seed = 0;
  bool done, json = false;
  const cli_option options[] = {{"split", 0, CLI_TEXT, &split, 0, 0},
                                {"attend", 'a', CLI_LIST, &blocks, 0, 0},
                                {"by", 'b', CLI_LIST, &by, 0, 0},
                                {"limit", 'n', CLI_INT, &limit, 0, INT32_MAX},
                                {"permutations", 0, CLI_INT, &permutations, 0, 10000},
                                {"seed", 0, CLI_INT, &seed, 0, INT64_MAX - 1},
                                {"out", 'o', CLI_TEXT, &out, 0, 0},
                                {"threads", 't', CLI_INT, &threads, 0, 1024},
                                {"json", 0, CLI_FLAG, &json, 0, 0},
                                {0}};
  int rc = cli_parse(argc, argv, options, &rest, 1, 1, &done);
  if (rc || done) return rc;
  const at_explain_options o = {.split = split,
                                .limit = limit,
                                .permutations = (int)permutations,
                                .seed = (uint64_t)seed,
                                .by = by.v,
                                .n_by = by.n};
  at_error err = {0};
  at_registry *reg = NULL;
  at_session *s = NULL;
  at_text messages = {0};
  char *dir = folder(rest.v[0], split, out);
  at_status st = dir ? at_registry_new(NULL, 0, &reg, &err) : at_nomem(&err);
  if (st == AT_OK) st = at_session_open(reg, rest.v[0], (int)threads, &s, &messages, &err);
  if (messages.data) fputs(messages.data, stderr);
  if (st == AT_OK) st = explain(s, &blocks, &o, dir, json, &err);
  rc = st == AT_OK ? cli_done() : cli_fail(&err);
  at_session_free(s);
  at_registry_free(reg);
  at_text_free(&messages);
  free(dir);
  return rc;
}
