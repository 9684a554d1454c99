/* What `attune explain` wrote in each run, read back. What is damaged or absent is told in the
 * tables; only a lack of memory ends the report. */
#include <stdlib.h>
#include <string.h>
#include "core/base/file.h"
#include "core/data/npz.h"
#include "core/report/explained.h"

enum { MOST_JSON = 1 << 28 };

typedef struct reader {
  const at_report *r;
  rp_explained *x;
  size_t run;
  const char *folder; /* DIR/explain/SPLIT */
} reader;

static at_arena *arena(const reader *d) { return d->r->arena; }

/* ---- arrays ---- */

const at_array *at_rx_array(const rx_own *o, const char *name, at_dtype type, int ndim) {
  const at_array *a = at_arrays_find(&o->arrays, name);
  return a && a->dtype == type && a->ndim == ndim && a->shape[0] == (int64_t)o->n ? a : NULL;
}

static bool is_kept(const char *name) {
  static const char *const kept[] = {"rows",   "offsets", "bins",        "weight",     "correct",
                                     "output", "length",  "without_top", "without_low"};
  for (size_t i = 0; i < sizeof kept / sizeof *kept; i++)
    if (!strcmp(name, kept[i])) return true;
  return !strncmp(name, "field.", 6);
}

static void let_go(at_arrays *v) {
  size_t n = 0;
  for (size_t i = 0; i < v->n; i++)
    if (is_kept(v->v[i].name ? v->v[i].name : ""))
      v->v[n++] = v->v[i];
    else
      at_array_free(&v->v[i]);
  v->n = n;
}

/* Rows tell which example is which, offsets how many keys it has: nothing holds without them. */
static at_status check_arrays(rx_own *o, const char *path, at_error *err) {
  const at_array *rows = at_arrays_find(&o->arrays, "rows");
  const at_array *off = at_arrays_find(&o->arrays, "offsets");
  bool good = rows && rows->dtype == AT_I64 && rows->ndim == 2 && rows->shape[1] > 0 && off &&
              off->dtype == AT_I64 && off->ndim == 1 && off->shape[0] == rows->shape[0] + 1;
  if (!good) return at_fail(err, AT_EINPUT, "%s: it has no rows and offsets of examples", path);
  o->n = (size_t)rows->shape[0];
  const int64_t *at = off->data;
  good = at[0] == 0;
  for (size_t i = 0; good && i < o->n; i++) good = at[i + 1] >= at[i];
  const at_array *w = at_arrays_find(&o->arrays, "weight");
  if (w) good &= w->dtype == AT_F32 && w->ndim == 1 && w->shape[0] == at[o->n];
  if (!good) return at_fail(err, AT_EINPUT, "%s: its offsets do not fit its weights", path);
  for (size_t i = 0; i < o->values.n; i++) {
    const at_array *v = &o->values.v[i];
    if (v->dtype != AT_F64 || v->ndim != 1 || v->shape[0] != (int64_t)o->n)
      return at_fail(err, AT_EINPUT, "%s: results of another number of examples", path);
  }
  return AT_OK;
}

static at_status read_npz(const char *folder, const char *block, const char *ending, at_arrays *to,
                          at_error *err) {
  at_text t = {0};
  at_text_addf(&t, "%s/%s%s.npz", folder, block, ending);
  at_status st = t.failed ? at_nomem(err) : at_npz_read(t.data, to, err);
  at_text_free(&t);
  return st;
}

static at_status read_arrays(const reader *d, const char *block, rx_own *o, at_error *err) {
  if (strchr(block, '/') || block[0] == '.')
    return at_fail(err, AT_EINPUT, "`%s` is no name of a block", block);
  at_status st = read_npz(d->folder, block, "", &o->arrays, err);
  if (st == AT_OK) st = read_npz(d->folder, block, ".metrics", &o->values, err);
  if (st == AT_OK) st = check_arrays(o, d->folder, err);
  if (st == AT_OK) let_go(&o->arrays);
  return st;
}

/* ---- what explain.json lists ---- */

static const char *clean(const reader *d, const char *text) { return at_rp_clean(arena(d), text); }

static rx_block *block_of(const reader *d, const char *name) {
  rp_explained *x = d->x;
  for (size_t i = 0; i < x->n; i++)
    if (!strcmp(x->block[i].name, name)) return &x->block[i];
  rx_block *v = at_arena_grow(arena(d), x->block, x->n, &x->cap, sizeof *v);
  if (!v) return NULL;
  x->block = v;
  v += x->n;
  *v = (rx_block){.name = at_arena_strdup(arena(d), name),
                  .own = AT_NEW_ARRAY(arena(d), rx_own, d->r->n_runs)};
  if (!v->name || !v->own) return NULL;
  x->n++;
  return v;
}

static bool is_named(const rx_result *v, const char *metric, const char *name) {
  if (strcmp(v->metric, metric)) return false;
  return name ? v->name && !strcmp(v->name, name) : !v->name;
}

/* NULL: out of memory. */
static rx_result *result_of(const reader *d, rx_block *b, const char *metric, const char *name) {
  for (size_t i = 0; i < b->n; i++)
    if (is_named(&b->result[i], metric, name)) return &b->result[i];
  rx_result *v = at_arena_grow(arena(d), b->result, b->n, &b->cap, sizeof *v);
  if (!v) return NULL;
  b->result = v;
  v += b->n;
  *v = (rx_result){.metric = clean(d, metric),
                   .name = name ? clean(d, name) : NULL,
                   .full = name ? at_arena_printf(arena(d), "%s.%s", metric, name) : NULL,
                   .better = -1,
                   .single = AT_NEW_ARRAY(arena(d), double, d->r->n_runs),
                   .why = AT_NEW_ARRAY(arena(d), const char *, d->r->n_runs)};
  if (!name) v->full = v->metric;
  if (!v->metric || (name && !v->name) || !v->full || !v->single || !v->why) return NULL;
  for (size_t i = 0; i < d->r->n_runs; i++) v->single[i] = NAN;
  b->n++;
  return v;
}

static at_status take_result(const reader *d, rx_block *b, const char *metric, const char *name,
                             const json_t *j, at_error *err) {
  const char *missing = json_string_value(json_object_get(j, "missing"));
  const char *better = json_string_value(json_object_get(j, "better"));
  const json_t *mean = json_object_get(j, "mean");
  rx_result *v = result_of(d, b, metric, name);
  if (!v) return at_nomem(err);
  if (missing && !(v->why[d->run] = clean(d, missing))) return at_nomem(err);
  if (better) v->better = !strcmp(better, "higher");
  if (json_is_number(mean)) v->single[d->run] = json_number_value(mean);
  v->each |= at_arrays_find(&b->own[d->run].values, v->full) != NULL;
  return AT_OK;
}

static at_status take_metrics(const reader *d, rx_block *b, json_t *metrics, at_error *err) {
  const char *metric, *name;
  json_t *m, *v;
  at_status st = AT_OK;
  json_object_foreach(metrics, metric, m) {
    json_t *results = json_object_get(m, "results");
    if (st == AT_OK && !results) st = take_result(d, b, metric, NULL, m, err);
    json_object_foreach(results, name, v) {
      if (st == AT_OK) st = take_result(d, b, metric, name, v, err);
    }
  }
  return st;
}

static at_status take_fields(const reader *d, json_t *fields, rx_own *o, at_error *err) {
  const char *name;
  json_t *values, *v;
  size_t i;
  o->field = AT_NEW_ARRAY(arena(d), rx_field, json_object_size(fields) + 1);
  if (!o->field) return at_nomem(err);
  json_object_foreach(fields, name, values) {
    rx_field *f = &o->field[o->n_fields++];
    *f = (rx_field){clean(d, name),
                    AT_NEW_ARRAY(arena(d), const char *, json_array_size(values) + 1),
                    json_array_size(values)};
    if (!f->name || !f->value) return at_nomem(err);
    json_array_foreach(values, i, v) {
      f->value[i] = clean(d, json_is_string(v) ? json_string_value(v) : "");
      if (!f->value[i]) return at_nomem(err);
    }
  }
  return AT_OK;
}

static at_status take_block(const reader *d, json_t *j, at_error *err) {
  const char *name = json_string_value(json_object_get(j, "block"));
  const char *missing = json_string_value(json_object_get(j, "missing"));
  at_error why = {0};
  if (!name) return at_fail(err, AT_EINPUT, "%s/explain.json: a block has no name", d->folder);
  rx_block *b = block_of(d, name);
  if (!b) return at_nomem(err);
  rx_own *o = &b->own[d->run];
  if (o->n || o->why)
    return at_fail(err, AT_EINPUT, "%s/explain.json: the block `%s` is there twice", d->folder,
                   name);
  at_status st = missing ? at_fail(&why, AT_EINPUT, "%s", missing) : read_arrays(d, name, o, &why);
  if (st == AT_OK && !o->n) st = at_fail(&why, AT_EINPUT, "it has no examples");
  if (st == AT_OK) {
    st = take_fields(d, json_object_get(j, "fields"), o, err);
    return st == AT_OK ? take_metrics(d, b, json_object_get(j, "metrics"), err) : st;
  }
  if (st == AT_ENOMEM) return at_nomem(err);
  at_arrays_free(&o->arrays);
  at_arrays_free(&o->values);
  o->n = 0;
  o->why = clean(d, why.message);
  return o->why ? AT_OK : at_nomem(err);
}

/* ---- a run ---- */

static at_status parse(const char *path, json_t **out, at_error *err) {
  json_error_t e;
  char *text = NULL;
  size_t n = 0;
  at_status st = at_file_read(path, MOST_JSON, &text, &n, err);
  if (st != AT_OK) return st;
  *out = json_loadb(text, n, JSON_REJECT_DUPLICATES, &e);
  free(text);
  if (json_is_array(json_object_get(*out, "blocks"))) return AT_OK;
  return at_fail(err, AT_EINPUT, "%s: damaged or cut short%s%s; explain the run again", path,
                 *out ? "" : ": ", *out ? "" : e.text);
}

static at_status not_explained(const reader *d, at_error *err) {
  bool usual = !strcmp(d->x->split, "test");
  return at_fail(err, AT_EINPUT, "not explained; `attune explain %s%s%s` does",
                 d->r->run[d->run].dir, usual ? "" : " --split ", usual ? "" : d->x->split);
}

static at_status read_run(const reader *d, at_error *err) {
  char *path = at_path_join(d->folder, "explain.json");
  json_t *j = NULL, *b;
  size_t i;
  if (!path) return at_nomem(err);
  at_status st = at_file_exists(path) ? parse(path, &j, err) : not_explained(d, err);
  json_array_foreach(json_object_get(j, "blocks"), i, b) {
    if (st == AT_OK) st = take_block(d, b, err);
  }
  json_decref(j);
  free(path);
  return st;
}

at_status at_rx_read(const at_report *r, const char *split, rp_explained *x, at_error *err) {
  *x = (rp_explained){.split = split, .why = AT_NEW_ARRAY(r->arena, const char *, r->n_runs)};
  if (!x->why) return at_nomem(err);
  for (size_t i = 0; i < r->n_runs; i++) {
    at_error why = {0};
    const char *folder = at_arena_printf(r->arena, "%s/explain/%s", r->run[i].dir, split);
    if (!folder) return at_nomem(err);
    at_status st = read_run(&(reader){r, x, i, folder}, &why);
    if (st == AT_ENOMEM) return at_nomem(err);
    if (st != AT_OK && !(x->why[i] = at_rp_clean(r->arena, why.message))) return at_nomem(err);
    x->any |= st == AT_OK;
  }
  return AT_OK;
}

void at_rx_free(rp_explained *x, size_t runs) {
  for (size_t b = 0; x && b < x->n; b++)
    for (size_t i = 0; i < runs; i++) {
      at_arrays_free(&x->block[b].own[i].arrays);
      at_arrays_free(&x->block[b].own[i].values);
    }
}
