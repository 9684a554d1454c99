/* attune sweep. */
#include <string.h>
#include "cli/cli.h"

static void list_cells(const at_sweep *w) {
  size_t n;
  const at_cell *c = at_sweep_cells(w, &n);
  for (size_t i = 0; i < n; i++)
    printf("%-10s %s\n", c[i].finished ? "finished" : "to do", c[i].name);
}

/* Mistakes that can be seen show before the first run is trained, not after it. */
static at_status look(at_sweep *w, at_registry *reg, at_error *err) {
  at_text faults = {0};
  at_status st = at_sweep_look(w, reg, &faults, err);
  if (st == AT_OK && faults.data)
    fprintf(stderr, "attune: these runs cannot begin; the others are trained\n%s", faults.data);
  at_text_free(&faults);
  return st;
}

int cli_sweep(int argc, char **argv) {
  cli_list set = {.n = 0}, rest;
  const char *out = NULL;
  int64_t threads = 0;
  bool done, list = false;
  const cli_option options[] = {{"set", 's', CLI_LIST, &set, 0, 0},
                                {"out", 'o', CLI_TEXT, &out, 0, 0},
                                {"threads", 't', CLI_INT, &threads, 0, 1024},
                                {"list", 'l', CLI_FLAG, &list, 0, 0},
                                {0}};
  int rc = cli_parse(argc, argv, options, &rest, 1, 1, &done);
  if (rc || done) return rc;
  if (!out) {
    fprintf(stderr, "attune sweep: --out says where its runs go\n");
    return cli_usage(argv[0]);
  }
  at_error err = {0};
  at_registry *reg = NULL;
  at_sweep *w = NULL;
  at_text failures = {0};
  at_status st = at_registry_new(NULL, 0, &reg, &err);
  if (st == AT_OK) st = at_sweep_load(rest.v[0], set.v, set.n, out, &w, &err);
  if (st == AT_OK && list) list_cells(w);
  if (st == AT_OK && !list) st = look(w, reg, &err);
  if (st == AT_OK && !list) {
    cli_progress p;
    cli_progress_start(&p);
    st = at_sweep_run(w, reg, (int)threads, cli_progress_tell, &p, &failures, &err);
    cli_progress_end(&p);
  }
  if (failures.data) fputs(failures.data, stderr);
  rc = st == AT_OK ? cli_done() : cli_fail(&err);
  at_sweep_free(w);
  at_registry_free(reg);
  at_text_free(&failures);
  return rc;
}
