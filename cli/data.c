/* attune data info. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "cli/cli.h"

static void print_info(const at_dataset *d, bool json) {
  size_t nt, nf;
  const at_table *t = at_dataset_tables(d, &nt);
  const at_field *f = at_dataset_fields(d, &nf);
  if (json) printf("{\"tables\": [");
  for (size_t i = 0; i < nt; i++)
    printf(json ? "%s{\"split\": \"%s\", \"table\": \"%s\", \"rows\": %" PRId64 "}"
                : "%s%-12s %-12s %10" PRId64 " rows\n",
           json && i ? ", " : "", t[i].split, t[i].name, t[i].rows);
  printf(json ? "], \"fields\": [" : "\n");
  for (size_t i = 0; i < nf; i++) {
    if (json)
      printf("%s{\"table\": \"%s\", \"field\": \"%s\", \"type\": \"%s\", \"shape\": [",
             i ? ", " : "", f[i].table, f[i].f.name, at_field_type_name(f[i].f.type));
    else
      printf("%s.%-20s %s", f[i].table, f[i].f.name, at_field_type_name(f[i].f.type));
    bool shaped = f[i].f.type == ATTUNE_FIELD_REAL || f[i].f.type == ATTUNE_FIELD_IMAGE ||
                  f[i].f.type == ATTUNE_FIELD_ITEMS;
    if (!json && f[i].f.type == ATTUNE_FIELD_ITEMS) printf(" n x");
    for (uint32_t k = 0; shaped && k < f[i].f.ndim; k++)
      printf(json ? "%s%" PRId64 : "%s%" PRId64, json ? (k ? ", " : "") : (k ? " x " : " "),
             f[i].f.shape[k]);
    if (!json && f[i].f.link) printf(" -> %s", f[i].f.link);
    printf(json ? "]}" : "\n");
  }
  if (json) printf("]}\n");
}

static int info(int argc, char **argv) {
  cli_list rest;
  bool done, json = false;
  const cli_option options[] = {{"json", 0, CLI_FLAG, &json, 0, 0}, {0}};
  int rc = cli_parse(argc, argv, options, &rest, 2, 2, &done);
  if (rc || done) return rc;
  at_error err = {0};
  at_registry *reg = NULL;
  const at_item *it = NULL;
  attune_options *o = NULL;
  at_dataset *d = NULL;
  char *name = NULL;
  at_option_value *v = NULL;
  size_t n;
  at_status st = at_registry_new(NULL, 0, &reg, &err);
  if (st == AT_OK) st = at_spec_parse(rest.v[1], &name, &v, &n, &err);
  if (st == AT_OK) st = at_registry_find(reg, ATTUNE_DATA, name, &it, &err);
  if (st == AT_OK) st = at_options_new(it, v, n, NULL, &o, &err);
  cli_progress p;
  cli_progress_start(&p);
  if (st == AT_OK) st = at_dataset_open(it, o, &d, &err);
  cli_progress_end(&p);
  const char *said;
  for (size_t i = 0; st == AT_OK && (said = at_dataset_said(d, i)); i++)
    fprintf(stderr, "attune: %s\n", said);
  if (st == AT_OK) print_info(d, json);
  rc = st == AT_OK ? cli_done() : cli_fail(&err);
  at_dataset_close(d);
  at_options_free(o);
  free(name);
  free(v);
  at_registry_free(reg);
  return rc;
}

int cli_data(int argc, char **argv) {
  if (argc > 1 && !strcmp(argv[1], "make")) return cli_data_make(argc, argv);
  if (argc > 1 && !strcmp(argv[1], "info")) return info(argc, argv);
  cli_list rest;
  bool done;
  const cli_option none[] = {{0}};
  int rc = cli_parse(argc, argv, none, &rest, 1, 0, &done);
  return rc || done ? rc : 2;
}
