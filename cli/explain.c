/* attune explain. */
#include <stdlib.h>
#include <string.h>
#include "cli/cli.h"
#include "core/base/file.h"
#include "core/explain/explain.h"
#include "core/report/report.h"

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

typedef struct job {
  const cli_list *blocks;
  at_explain_options o;
  const char *compare;
  int threads;
  bool json, among, resume; /* among: one of several runs, whose tables would be too much */
  at_registry *reg;
  cli_progress *p;
} job;

static void tell_done(const at_explained *e, size_t n, const char *dir) {
  size_t measured = 0;
  for (size_t i = 0; i < n; i++) measured += !e[i].why;
  printf("%s/explain.json: %zu of %zu blocks measured\n", dir, measured, n);
  fflush(stdout);
}

static at_status explain(at_session *s, const job *j, const char *dir, at_error *err) {
  at_explain_options o = j->o;
  at_explained *e = NULL;
  size_t n = 0;
  o.fn = cli_progress_tell;
  o.ctx = j->p;
  at_status st = at_explain(s, j->blocks->v, j->blocks->n, &o, &e, &n, err);
  cli_progress_end(j->p);
  if (st == AT_OK) st = at_explain_write(e, n, &o, dir, err);
  if (st == AT_OK && j->among)
    tell_done(e, n, dir);
  else if (st == AT_OK)
    st = print(e, n, &o, j->json, err);
  if (st == AT_OK && !j->json && !j->among) printf("\n%s/explain.json\n", dir);
  at_explained_free(e, n);
  return st;
}

static at_status explain_run(const job *given, const char *run, const char *out, at_error *err) {
  job j = *given;
  at_session *s = NULL;
  at_text messages = {0};
  char *dir = folder(run, j.o.split, out), *made = dir ? at_path_join(dir, "explain.json") : NULL;
  at_status st = made ? AT_OK : at_nomem(err);
  if (st == AT_OK && j.resume && at_file_exists(made)) goto out;
  if (st == AT_OK) st = at_session_open(j.reg, run, j.threads, &s, &messages, err);
  if (st == AT_OK && j.compare)
    st = at_session_open(j.reg, j.compare, j.threads, &j.o.other, &messages, err);
  if (messages.data) fputs(messages.data, stderr);
  if (st == AT_OK) st = explain(s, &j, dir, err);
out:
  at_session_free(j.o.other);
  at_session_free(s);
  at_text_free(&messages);
  free(dir);
  free(made);
  return st;
}

/* ---- several runs ---- */

static bool is_sweep(const char *dir) {
  return !at_file_in(dir, "run.yaml") &&
         (at_file_in(dir, "sweep.yaml") || at_file_in(dir, "cells"));
}

/* Each finished run; one that cannot be explained does not keep the others from it. */
static int explain_all(job *j, const cli_list *dirs, at_error *err) {
  at_report *r = NULL;
  int rc = 0;
  at_status st = at_report_collect(dirs->v, dirs->n, &r, err);
  if (st != AT_OK) return cli_fail(err);
  j->among = true;
  for (size_t i = 0; i < at_report_runs(r) && !cli_progress_stopped(); i++) {
    at_error of = {0};
    if (explain_run(j, at_report_run(r, i), NULL, &of) == AT_OK) continue;
    cli_progress_end(j->p);
    fprintf(stderr, "attune: %s: %s\n", at_report_run(r, i), of.message);
    if (!rc) rc = at_exit_code(of.code);
  }
  if (cli_progress_stopped()) rc = 1;
  at_report_free(r);
  return rc ? rc : cli_done();
}

int cli_explain(int argc, char **argv) {
  cli_list blocks = {.n = 0}, by = {.n = 0}, metrics = {.n = 0}, rest;
  const char *split = "test", *out = NULL, *compare = NULL;
  int64_t threads = 0, limit = 200, permutations = 20, seed = 0;
  bool done, json = false, resume = false;
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
                                {"resume", 0, CLI_FLAG, &resume, 0, 0},
                                {0}};
  int rc = cli_parse(argc, argv, options, &rest, 1, CLI_MOST, &done);
  if (rc || done) return rc;
  const bool several = rest.n > 1 || is_sweep(rest.v[0]);
  if (several && (out || json)) {
    fprintf(stderr,
            "attune: --out and --json are of one run; each of several gets its own folder\n");
    return 2;
  }
  char *conditions = cli_joined(&by);
  cli_progress p;
  job j = {.blocks = &blocks,
           .o = {.split = split,
                 .limit = limit,
                 .permutations = (int)permutations,
                 .seed = (uint64_t)seed,
                 .by = conditions,
                 .metric = metrics.v,
                 .n_metrics = metrics.n,
                 .other_name = compare},
           .compare = compare,
           .threads = (int)threads,
           .json = json,
           .resume = resume,
           .p = &p};
  at_error err = {0};
  at_status st = conditions || !by.n ? at_registry_new(NULL, 0, &j.reg, &err) : at_nomem(&err);
  cli_progress_start(&p);
  if (st == AT_OK && several) {
    rc = explain_all(&j, &rest, &err);
  } else {
    if (st == AT_OK) st = explain_run(&j, rest.v[0], out, &err);
    cli_progress_end(&p);
    rc = st == AT_OK ? cli_done() : cli_fail(&err);
  }
  at_registry_free(j.reg);
  free(conditions);
  return rc;
}
