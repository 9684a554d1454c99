/* Runs that differ in nothing but their seed are one group. */
#include <stdlib.h>
#include <string.h>
#include "core/report/report_impl.h"

/* Neither makes another experiment: one is what is averaged over, the other changes no bit. */
static bool ignored(const char *key) { return !strcmp(key, "seed") || !strcmp(key, "threads"); }

static bool same_text(const char *a, const char *b) { return a == b || (a && b && !strcmp(a, b)); }

/* ---- keys: which are common, which differ ---- */

static int by_text(const void *a, const void *b) {
  return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Every key of every run, sorted, each once. */
static at_status all_keys(const at_report *r, const char ***out, size_t *n, at_error *err) {
  size_t total = 0, kept = 0;
  for (size_t i = 0; i < r->n_runs; i++) total += r->run[i].n_settings;
  const char **key = AT_NEW_ARRAY(r->arena, const char *, total + 1);
  if (!key) return at_nomem(err);
  total = 0;
  for (size_t i = 0; i < r->n_runs; i++)
    for (size_t k = 0; k < r->run[i].n_settings; k++) key[total++] = r->run[i].setting[k].key;
  qsort(key, total, sizeof *key, by_text);
  for (size_t k = 0; k < total; k++)
    if (!ignored(key[k]) && (!kept || strcmp(key[kept - 1], key[k]))) key[kept++] = key[k];
  *out = key;
  *n = kept;
  return AT_OK;
}

static bool differs(const at_report *r, const char *key) {
  const char *first = at_rp_setting(&r->run[0], key);
  for (size_t i = 1; i < r->n_runs; i++)
    if (!same_text(first, at_rp_setting(&r->run[i], key))) return true;
  return false;
}

static const char *tail(const char *key, char at) {
  const char *p = strrchr(key, at);
  return p && p[1] ? p + 1 : key;
}

/* "score" for "arguments.score" unless another key that differs ends so as well. */
static const char *short_key(const at_report *r, size_t k) {
  const char *own = tail(r->key[k], '.');
  for (size_t i = 0; i < r->n_keys; i++)
    if (i != k && !strcmp(tail(r->key[i], '.'), own)) return r->key[k];
  return own;
}

static at_status split_keys(at_report *r, at_error *err) {
  const char **key = NULL;
  size_t n = 0;
  at_status s = all_keys(r, &key, &n, err);
  if (s != AT_OK) return s;
  r->key = AT_NEW_ARRAY(r->arena, const char *, n + 1);
  r->short_key = AT_NEW_ARRAY(r->arena, const char *, n + 1);
  r->common = AT_NEW_ARRAY(r->arena, rp_setting, n + 1);
  if (!r->key || !r->short_key || !r->common) return at_nomem(err);
  for (size_t k = 0; k < n; k++) {
    if (differs(r, key[k]))
      r->key[r->n_keys++] = key[k];
    else
      r->common[r->n_common++] = (rp_setting){key[k], at_rp_setting(&r->run[0], key[k])};
  }
  for (size_t k = 0; k < r->n_keys; k++) r->short_key[k] = short_key(r, k);
  return AT_OK;
}

/* ---- groups ---- */

static rp_group *group_of(const at_report *r, const rp_run *run) {
  for (size_t g = 0; g < r->n_groups; g++) {
    size_t k = 0;
    while (k < r->n_keys && same_text(r->group[g].value[k], at_rp_setting(run, r->key[k]))) k++;
    if (k == r->n_keys) return &r->group[g];
  }
  return NULL;
}

static at_status add_to_group(at_report *r, size_t index, at_error *err) {
  const rp_run *run = &r->run[index];
  rp_group *g = group_of(r, run);
  if (!g) {
    g = &r->group[r->n_groups++];
    g->value = AT_NEW_ARRAY(r->arena, const char *, r->n_keys + 1);
    g->run = AT_NEW_ARRAY(r->arena, size_t, r->n_runs);
    if (!g->value || !g->run) return at_nomem(err);
    for (size_t k = 0; k < r->n_keys; k++) g->value[k] = at_rp_setting(run, r->key[k]);
  }
  /* by seed, so that a table of values reads the same whatever the order of folders */
  const char *seed = at_rp_setting(run, "seed");
  size_t at = g->n++;
  for (; at > 0; at--) {
    const char *before = at_rp_setting(&r->run[g->run[at - 1]], "seed");
    if (at_rp_natural(before ? before : "", seed ? seed : "") <= 0) break;
    g->run[at] = g->run[at - 1];
  }
  g->run[at] = index;
  return AT_OK;
}

/* A file by its name alone, when that tells the groups apart as well as the whole path. */
static const char *short_value(const at_report *r, size_t k, const char *value) {
  if (!value) return "none";
  if (value[0] != '/') return value;
  const char *own = tail(value, '/');
  for (size_t g = 0; g < r->n_groups; g++) {
    const char *other = r->group[g].value[k];
    if (other && !strcmp(tail(other, '/'), own) && strcmp(other, value)) return value;
  }
  return own;
}

static at_status label(at_report *r, rp_group *g, at_error *err) {
  at_text t = {0};
  for (size_t k = 0; k < r->n_keys; k++)
    at_text_addf(&t, "%s%s=%s", k ? ", " : "", r->short_key[k], short_value(r, k, g->value[k]));
  if (!r->n_keys) at_text_add(&t, "all runs");
  g->label = t.failed ? NULL : at_rp_clean(r->arena, t.data);
  at_text_free(&t);
  return g->label ? AT_OK : at_nomem(err);
}

at_status at_rp_group(at_report *r, at_error *err) {
  at_status s = split_keys(r, err);
  r->group = AT_NEW_ARRAY(r->arena, rp_group, r->n_runs);
  if (s == AT_OK && !r->group) s = at_nomem(err);
  for (size_t i = 0; s == AT_OK && i < r->n_runs; i++) s = add_to_group(r, i, err);
  for (size_t g = 0; s == AT_OK && g < r->n_groups; g++) s = label(r, &r->group[g], err);
  return s;
}
