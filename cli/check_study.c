/* attune check of run files and sweeps: their mistakes, and which cells are the same function. */
#include <stdlib.h>
#include <string.h>
#include "cli/check.h"
#include "core/base/arena.h"
#include "core/same/same.h"

typedef struct study {
  at_arena *arena;
  at_sweep *sweep; /* NULL: one run */
  at_run **run;
  at_same_cell *cell;
  size_t n, n_runs;
  size_t total;
} study;

static const char *tail(const char *key) {
  const char *dot = strrchr(key, '.');
  return dot ? dot + 1 : key;
}

static at_status describe(study *y, const at_cell *c, at_same_cell *out, at_error *err) {
  at_text label = {0}, apart = {0};
  for (size_t k = 0; c && k < c->n_keys; k++) {
    if (!strcmp(c->keys[k], "seed")) continue;
    at_text_addf(&label, "%s%s=%s", label.len ? ", " : "", tail(c->keys[k]), c->values[k]);
    if (!at_same_shapes_model(c->keys[k]))
      at_text_addf(&apart, "%s=%s\n", c->keys[k], c->values[k]);
  }
  out->label = at_arena_strdup(y->arena, label.data ? label.data : "the model");
  out->apart = at_arena_strdup(y->arena, apart.data ? apart.data : "");
  bool failed = label.failed || apart.failed || !out->label || !out->apart;
  at_text_free(&label);
  at_text_free(&apart);
  return failed ? at_nomem(err) : AT_OK;
}

/* Seeds make no other function: one cell stands for them. */
static at_status add_cell(study *y, const at_cell *c, at_run *run, at_error *err) {
  at_same_cell *cell = &y->cell[y->n];
  at_status s = describe(y, c, cell, err);
  for (size_t i = 0; s == AT_OK && i < y->n; i++)
    if (!strcmp(y->cell[i].label, cell->label) && !strcmp(y->cell[i].apart, cell->apart))
      return AT_OK;
  if (s == AT_OK) s = at_run_arguments(run, &cell->set, &cell->n_set, err);
  cell->model = at_run_get(run, "model");
  if (s == AT_OK) y->n++;
  return s;
}

static at_status load(study *y, const char *path, const cli_list *set, bool sweep, at_error *err) {
  const at_cell *c = NULL;
  y->total = 1;
  y->arena = at_arena_new();
  at_status s = y->arena ? AT_OK : at_nomem(err);
  if (s == AT_OK && sweep) s = at_sweep_load(path, set->v, set->n, "", &y->sweep, err);
  if (s == AT_OK && sweep) c = at_sweep_cells(y->sweep, &y->total);
  if (s == AT_OK) y->run = AT_NEW_ARRAY(y->arena, at_run *, y->total);
  if (s == AT_OK) y->cell = AT_NEW_ARRAY(y->arena, at_same_cell, y->total);
  if (s == AT_OK && (!y->run || !y->cell)) s = at_nomem(err);
  for (size_t i = 0; s == AT_OK && i < y->total; i++) {
    s = sweep ? at_sweep_cell_run(y->sweep, i, &y->run[i], err)
              : at_run_load(path, set->v, set->n, &y->run[i], err);
    if (s != AT_OK) break;
    y->n_runs++;
    s = add_cell(y, c ? &c[i] : NULL, y->run[i], err);
  }
  return s;
}

static void end(study *y) {
  for (size_t i = 0; i < y->n_runs; i++) at_run_free(y->run[i]);
  at_sweep_free(y->sweep);
  at_arena_free(y->arena);
}

static void print_json(const char *path, const study *y, const at_same *same, at_status s,
                       const at_error *err) {
  at_text t = {0};
  printf("{\"path\": ");
  cli_print_json_string(stdout, path);
  printf(", \"cells\": [");
  for (size_t i = 0; s == AT_OK && i < y->n; i++) {
    printf("%s", i ? ", " : "");
    cli_print_json_string(stdout, y->cell[i].label);
  }
  printf("], \"error\": ");
  if (s != AT_OK)
    cli_print_json_string(stdout, err->message);
  else
    printf("null");
  if (s == AT_OK) at_same_json(same, y->cell, &t);
  printf(", \"same\": %s}", t.data ? t.data : "null");
  at_text_free(&t);
}

static void print_text(const char *path, const study *y, const at_same *same) {
  at_text t = {0};
  if (y->sweep)
    printf("%s: %zu runs of %zu models are fine\n", path, y->total, y->n);
  else
    printf("%s: the run is fine\n", path);
  if (y->n > 1 || same->n_idle) at_same_text(same, y->cell, &t);
  if (t.data) fputs(t.data, stdout);
  at_text_free(&t);
}

int cli_check_study(const char *path, const cli_check_how *how) {
  study y = {0};
  at_same same = {0};
  at_registry *reg = NULL;
  at_error err = {0};
  at_text messages = {0};
  bool sweep = false;
  const at_same_options o = {
      .probe = how->probe, .rows = 3, .seed = (uint64_t)how->seed, .threads = 1};
  at_status s = at_is_sweep(path, &sweep, &err);
  if (s == AT_OK) s = load(&y, path, how->set, sweep, &err);
  if (s == AT_OK) s = at_registry_new(NULL, 0, &reg, &err);
  if (s == AT_OK) s = at_same_find(reg, y.cell, y.n, &o, &same, &messages, &err);
  int rc = s == AT_OK ? 0 : at_exit_code(s);
  if (how->json) {
    print_json(path, &y, &same, s, &err);
  } else {
    if (messages.data) fputs(messages.data, stderr);
    if (s != AT_OK)
      rc = cli_fail_shown(&messages, &err);
    else
      print_text(path, &y, &same);
  }
  at_same_free(&same);
  at_text_free(&messages);
  at_registry_free(reg);
  end(&y);
  return rc;
}
