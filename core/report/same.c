/* Groups that are one function: what lies between them is noise, and a floor for every gap. */
#include <stdlib.h>
#include <string.h>
#include "core/base/file.h"
#include "core/report/report_impl.h"

/* The model as the first run of the group kept it. */
static at_status describe(const at_report *r, const rp_group *g, at_same_cell *out, at_error *err) {
  const rp_run *run = &r->run[g->run[0]];
  const char **set = AT_NEW_ARRAY(r->arena, const char *, run->n_settings + 1);
  char *path = at_path_join(run->dir, "model.att");
  at_text apart = {0};
  *out = (at_same_cell){.label = g->label, .set = set};
  bool failed = !set || !path;
  for (size_t i = 0; !failed && i < run->n_settings; i++) {
    const rp_setting *s = &run->setting[i];
    if (strncmp(s->key, "arguments.", 10)) continue;
    set[out->n_set] = at_arena_printf(r->arena, "%s=%s", s->key + 10, s->value);
    failed = !set[out->n_set++];
  }
  for (size_t k = 0; k < r->n_keys; k++)
    if (!at_same_shapes_model(r->key[k]))
      at_text_addf(&apart, "%s=%s\n", r->key[k], g->value[k] ? g->value[k] : "");
  out->apart = at_arena_strdup(r->arena, apart.data ? apart.data : "");
  out->model = path ? at_arena_strdup(r->arena, path) : NULL;
  failed |= apart.failed || !out->apart || !out->model;
  at_text_free(&apart);
  free(path);
  return failed ? at_nomem(err) : AT_OK;
}

at_status at_report_same(at_report *r, at_registry *reg, bool probe, at_error *err) {
  const at_same_options o = {.probe = probe, .rows = 3, .threads = 1};
  at_text messages = {0};
  at_error why = {0};
  at_status s = AT_OK;
  if (r->n_groups < 2) return AT_OK;
  at_same_cell *cell = AT_NEW_ARRAY(r->arena, at_same_cell, r->n_groups);
  if (!cell) return at_nomem(err);
  for (size_t g = 0; s == AT_OK && g < r->n_groups; g++) {
    s = describe(r, &r->group[g], &cell[g], err);
    /* Runs of elsewhere may have been kept without their models. */
    if (s == AT_OK && !at_file_exists(cell[g].model)) return AT_OK;
  }
  at_same_free(&r->same);
  if (s == AT_OK) s = at_same_find(reg, cell, r->n_groups, &o, &r->same, &messages, &why);
  at_text_free(&messages);
  if (s == AT_OK || why.code == AT_OK) return s;
  at_same_free(&r->same);
  if (s != AT_EINPUT) return at_fail(err, s, "%s", why.message);
  r->same_note = at_rp_clean(r->arena, why.message);
  return r->same_note ? AT_OK : at_nomem(err);
}

/* Families are trained otherwise: what lies between them may be a finding. */
static bool is_one(const at_same_class *k) {
  return k->how != AT_SAME_FAMILY && k->tried != AT_TRIED_FALSE;
}

/* Wide classes hold narrow ones. */
static bool within_later(const at_report *r, size_t index) {
  const at_same_class *own = &r->same.v[index];
  for (size_t i = 0; i < r->same.n; i++) {
    const at_same_class *k = &r->same.v[i];
    size_t found = 0;
    for (size_t a = 0; a < own->n; a++)
      for (size_t b = 0; b < k->n; b++) found += own->cell[a] == k->cell[b];
    if (i != index && is_one(k) && found == own->n && k->n > own->n) return true;
  }
  return false;
}

static double spread(const at_same_class *k, const rp_stat *stat) {
  double lo = NAN, hi = NAN;
  for (size_t i = 0; i < k->n; i++) {
    const rp_stat *s = &stat[k->cell[i]];
    if (!s->n) continue;
    lo = fmin(lo, s->mean);
    hi = fmax(hi, s->mean);
  }
  return hi - lo;
}

double at_rp_floor(const at_report *r, const rp_stat *stat) {
  double most = NAN;
  for (size_t i = 0; i < r->same.n; i++)
    if (is_one(&r->same.v[i])) most = fmax(most, spread(&r->same.v[i], stat));
  return most;
}

bool at_rp_one_function(const at_report *r, size_t a, size_t b) {
  for (size_t i = 0; i < r->same.n; i++) {
    const at_same_class *k = &r->same.v[i];
    size_t found = 0;
    for (size_t c = 0; c < k->n; c++) found += k->cell[c] == a || k->cell[c] == b;
    if (is_one(k) && found == 2) return true;
  }
  return false;
}

static void add_labels(const at_report *r, const at_same_class *k, at_text *t) {
  for (size_t i = 0; i < k->n; i++)
    at_text_addf(t, "%s%s", i ? "; " : "", r->group[k->cell[i]].label);
}

static void class_note(const at_report *r, const at_same_class *k, const rp_summary *s,
                       at_text *t) {
  char buf[RP_NUMBER];
  bool any = false;
  at_text_addf(t, "One function (%s%s): ", at_same_name(k->how),
               k->tried == AT_TRIED_ALONE ? ", by a numeric probe alone" : "");
  add_labels(r, k, t);
  for (size_t c = 0; c < s->n; c++) {
    double off = spread(k, s->column[c].stat);
    if (s->column[c].base || s->column[c].better < 0 || !isfinite(off)) continue;
    at_text_addf(t, "%s%s %s",
                 any ? ", " : ". What lies between them is noise: ", s->column[c].metric,
                 at_rp_number(buf, off, s->column[c].decimals));
    any = true;
  }
  at_text_add(t,
              any && k->how != AT_SAME_TRANSPOSED
                  ? "; a floor from below where seeds are shared, as these draw the same weights."
                  : ".");
}

size_t at_rp_same_notes(const at_report *r, const rp_summary *s, at_text *t, size_t most) {
  size_t n = 0;
  if (r->same_note && n < most)
    at_text_addf(&t[n++], "Which groups are one function could not be found: %s", r->same_note);
  for (size_t i = 0; i < r->same.n && n < most; i++) {
    const at_same_class *k = &r->same.v[i];
    if (k->how == AT_SAME_FAMILY && k->tried != AT_TRIED_FALSE) {
      at_text_add(&t[n], "Same family, other initialisation: ");
      add_labels(r, k, &t[n]);
      at_text_add(&t[n++], ".");
    } else if (is_one(k) && !within_later(r, i)) {
      class_note(r, k, s, &t[n++]);
    }
  }
  return n;
}
