/* Directories of runs and sweeps, and what is in them. */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "core/base/file.h"
#include "core/report/explained.h"

int at_rp_natural(const char *a, const char *b) {
  static const char digits[] = "0123456789";
  while (*a && *b) {
    size_t na = strspn(a, digits), nb = strspn(b, digits);
    if (na && nb) {
      const char *ea = a + na, *eb = b + nb;
      while (a + 1 < ea && *a == '0') a++;
      while (b + 1 < eb && *b == '0') b++;
      na = (size_t)(ea - a);
      nb = (size_t)(eb - b);
      int c = na == nb ? strncmp(a, b, na) : na < nb ? -1 : 1;
      if (c) return c;
      a = ea;
      b = eb;
    } else {
      if (*a != *b) return (unsigned char)*a < (unsigned char)*b ? -1 : 1;
      a++;
      b++;
    }
  }
  return (*a != 0) - (*b != 0);
}

static at_status add_unfinished(at_report *r, const char *dir, at_error *err) {
  const char **p = at_arena_grow(r->arena, r->unfinished, r->n_unfinished, &r->cap_unfinished,
                                 sizeof *r->unfinished);
  if (!p) return at_nomem(err);
  r->unfinished = p;
  p[r->n_unfinished] = at_arena_strdup(r->arena, dir);
  return p[r->n_unfinished++] ? AT_OK : at_nomem(err);
}

/* A directory named twice, or as a cell and as itself, counts once: the same numbers again
 * would make the spread look small. */
static at_status add_run(at_report *r, const char *dir, at_error *err) {
  char *real = realpath(dir, NULL);
  at_status s = AT_OK;
  if (!real) return at_fail(err, AT_EINPUT, "cannot read `%s`: %s", dir, strerror(errno));
  for (size_t i = 0; i < r->n_runs; i++)
    if (!strcmp(r->run[i].real, real)) goto out;
  rp_run *p = at_arena_grow(r->arena, r->run, r->n_runs, &r->cap_runs, sizeof *r->run);
  if (!p) {
    s = at_nomem(err);
    goto out;
  }
  r->run = p;
  rp_run *run = &p[r->n_runs];
  *run = (rp_run){.dir = at_arena_strdup(r->arena, dir), .real = at_arena_strdup(r->arena, real)};
  s = run->dir && run->real ? at_rp_read_run(r->arena, run, err) : at_nomem(err);
  if (s == AT_OK) r->n_runs++;
out:
  free(real);
  return s;
}

/* ---- sweeps ---- */

static int no_dots(const struct dirent *e) { return e->d_name[0] != '.'; }

static int natural_entries(const struct dirent **a, const struct dirent **b) {
  return at_rp_natural((*a)->d_name, (*b)->d_name);
}

static bool is_folder(const char *path) {
  struct stat st;
  return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static at_status add_sweep(at_report *r, const char *dir, at_error *err) {
  char *cells = at_path_join(dir, "cells");
  struct dirent **entry = NULL;
  at_status s = AT_OK;
  if (!cells) return at_nomem(err);
  int n = scandir(cells, &entry, no_dots, natural_entries);
  if (n < 0)
    s = at_fail(err, AT_EINPUT, "cannot read `%s`: %s; run the sweep first", cells,
                strerror(errno));
  for (int i = 0; i < n; i++) {
    char *cell = s == AT_OK ? at_path_join(cells, entry[i]->d_name) : NULL;
    if (s == AT_OK && !cell) s = at_nomem(err);
    if (s == AT_OK && is_folder(cell))
      s = at_file_in(cell, "results.json") ? add_run(r, cell, err) : add_unfinished(r, cell, err);
    free(cell);
    free(entry[i]);
  }
  free(entry);
  free(cells);
  return s;
}

static at_status add_directory(at_report *r, const char *dir, at_error *err) {
  if (!at_file_exists(dir))
    return at_fail(err, AT_EINPUT, "cannot read `%s`: there is no such folder", dir);
  /* A sweep first: a report may have been written beside its cells. */
  if (at_file_in(dir, "sweep.yaml") || at_file_in(dir, "cells")) return add_sweep(r, dir, err);
  if (at_file_in(dir, "results.json")) return add_run(r, dir, err);
  if (at_file_in(dir, "run.yaml")) return add_unfinished(r, dir, err);
  return at_fail(
      err, AT_EINPUT,
      "`%s` is neither a run (it has no results.json) nor a sweep (no sweep.yaml); name the "
      "folder that was given to --out",
      dir);
}

at_status at_report_collect(const char *const *dirs, size_t n, at_report **out, at_error *err) {
  at_status s = AT_OK;
  *out = NULL;
  at_report *r = calloc(1, sizeof *r);
  if (r) r->arena = at_arena_new();
  if (!r || !r->arena) s = at_nomem(err);
  if (s == AT_OK && !n) s = at_fail(err, AT_EINPUT, "no folder of a run or a sweep was named");
  for (size_t i = 0; s == AT_OK && i < n; i++) s = add_directory(r, dirs[i], err);
  if (s == AT_OK && !r->n_runs)
    s = at_fail(err, AT_EINPUT, "`%s`: no run is finished yet (%zu begun); continue with --resume",
                dirs[0], r->n_unfinished);
  if (s == AT_OK) s = at_rp_group(r, err);
  if (s == AT_OK)
    *out = r;
  else
    at_report_free(r);
  return s;
}

size_t at_report_runs(const at_report *r) { return r->n_runs; }

const char *at_report_run(const at_report *r, size_t i) { return r->run[i].dir; }

void at_report_free(at_report *r) {
  if (!r) return;
  at_same_free(&r->same);
  at_rx_free(r->explained, r->n_runs);
  at_arena_free(r->arena);
  free(r);
}
