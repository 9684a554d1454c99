/* The output while keys are taken away, by group. */
#include <stdlib.h>
#include <string.h>
#include "core/base/csv.h"
#include "core/report/explained.h"

static const char *const ARRAY[RX_ORDERS] = {"without_top", "without_low"};

static const char *order_name(rx_order o) {
  static const char *const name[] = {"largest weight first", "smallest weight first"};
  return name[o];
}

/* The shares of a run, NULL when it has none that rise from 0 to 1. */
static const float *shares_of(const rx_own *o, size_t *n) {
  const at_array *a = at_arrays_find(&o->arrays, "bins");
  if (!a || a->dtype != AT_F32 || a->ndim != 1 || a->shape[0] < 2) return NULL;
  const float *v = a->data;
  *n = (size_t)a->shape[0];
  for (size_t i = 0; i < *n; i++)
    if (!(v[i] >= 0 && v[i] <= 1) || (i && !(v[i] > v[i - 1]))) return NULL;
  return v;
}

/* Mean over the examples of a run at share i; NaN: it has none. */
static double mean_at(const at_array *a, size_t i) {
  size_t width = (size_t)a->shape[1], n = 0;
  double sum = 0;
  for (size_t k = 0; k < (size_t)a->shape[0]; k++) {
    double v = (double)((const float *)a->data)[k * width + i];
    if (!isnan(v)) sum += v, n++;
  }
  return n ? sum / (double)n : NAN;
}

static bool same_shares(const rx_own *o, const rx_curves *c) {
  size_t n = 0;
  const float *v = shares_of(o, &n);
  bool same = v && n == c->n;
  for (size_t i = 0; same && i < n; i++) same = (double)v[i] == c->share[i];
  return same;
}

static void add_run(const rx_own *o, const char *name, size_t n, rx_curve *to) {
  const at_array *a = at_rx_array(o, name, AT_F32, 2);
  if (!a || a->shape[1] != (int64_t)n) return;
  for (size_t i = 0; i < n; i++) {
    double v = mean_at(a, i);
    to->lo[i] = to->seeds ? fmin(to->lo[i], v) : v;
    to->hi[i] = to->seeds ? fmax(to->hi[i], v) : v;
    to->mean[i] += v;
  }
  to->seeds++;
}

static at_status curve_of(const at_report *r, const rx_block *b, size_t g, rx_order order,
                          rx_curves *c, at_error *err) {
  const rp_group *group = &r->group[g];
  rx_curve *to = &c->curve[(size_t)order * r->n_groups + g];
  *to = (rx_curve){0, AT_NEW_ARRAY(r->arena, double, c->n), AT_NEW_ARRAY(r->arena, double, c->n),
                   AT_NEW_ARRAY(r->arena, double, c->n)};
  if (!to->mean || !to->lo || !to->hi) return at_nomem(err);
  for (size_t i = 0; i < group->n; i++)
    if (same_shares(&b->own[group->run[i]], c))
      add_run(&b->own[group->run[i]], ARRAY[order], c->n, to);
  for (size_t i = 0; to->seeds && i < c->n; i++) to->mean[i] /= (double)to->seeds;
  return AT_OK;
}

at_status at_rx_curves(const at_report *r, const rx_block *b, rx_curves *out, at_error *err) {
  const float *v = NULL;
  *out = (rx_curves){0};
  for (size_t i = 0; !v && i < r->n_runs; i++) v = shares_of(&b->own[i], &out->n);
  if (!v) return AT_OK;
  out->share = AT_NEW_ARRAY(r->arena, double, out->n);
  out->curve = AT_NEW_ARRAY(r->arena, rx_curve, RX_ORDERS * r->n_groups);
  at_status st = out->share && out->curve ? AT_OK : at_nomem(err);
  for (size_t i = 0; st == AT_OK && i < out->n; i++) out->share[i] = (double)v[i];
  for (size_t g = 0; st == AT_OK && g < r->n_groups; g++)
    for (int k = 0; st == AT_OK && k < RX_ORDERS; k++)
      st = curve_of(r, b, g, (rx_order)k, out, err);
  return st;
}

/* ---- areas ---- */

static const struct {
  const char *full, *shown;
} AREA[] = {{"attention_perturbation.auc_without_top", "AUC, largest\xC2\xA0↓"},
            {"attention_perturbation.auc_without_low", "smallest\xC2\xA0↑"},
            {"attention_perturbation.auc_between", "between\xC2\xA0↑"}};
enum { AREAS = sizeof AREA / sizeof *AREA };

static const rx_column *find(const rp_table *t, const char *full) {
  for (size_t i = 0; i < t->n_all; i++)
    if (!strcmp(t->all[i].full, full)) return &t->all[i];
  return NULL;
}

at_status at_rx_areas_grid(const at_report *r, size_t block, at_arena *a, rp_grid *out,
                           at_error *err) {
  const rp_table *t = &r->explained->table[block];
  size_t n = 0;
  for (size_t i = 0; i < AREAS; i++) n += find(t, AREA[i].full) != NULL;
  at_status st = at_rp_grid_new(a, n ? r->n_groups : 0, n, out, err);
  if (st != AT_OK) return st;
  out->title = at_arena_printf(a, "Areas under the curves of %s", r->explained->block[block].name);
  out->corner = "group";
  for (size_t g = 0; g < out->rows; g++) out->label[g] = r->group[g].label;
  for (size_t i = 0, c = 0; i < AREAS; i++) {
    const rx_column *v = find(t, AREA[i].full);
    if (!v) continue;
    out->head[c] = AREA[i].shown;
    for (size_t g = 0; g < r->n_groups; g++) at_rx_fill_cell(a, v, g, &out->cell[g * n + c]);
    c++;
  }
  return out->title ? AT_OK : at_nomem(err);
}

/* ---- CSV, JSON ---- */

void at_rx_curves_csv(const at_report *r, at_text *t) {
  at_text_add(t, "block,group,order,share,mean,lowest,highest,seeds\r\n");
  for (size_t b = 0; b < r->explained->n; b++) {
    const rx_curves *c = &r->explained->table[b].curves;
    for (size_t k = 0; c->n && k < RX_ORDERS * r->n_groups; k++)
      for (size_t i = 0; c->curve[k].seeds && i < c->n; i++) {
        at_csv_field(t, r->explained->block[b].name, true);
        at_csv_field(t, r->group[k % r->n_groups].label, false);
        at_csv_field(t, order_name((rx_order)(k / r->n_groups)), false);
        at_csv_number(t, round(c->share[i] * 1e6) / 1e6); /* read as float */
        at_csv_number(t, c->curve[k].mean[i]);
        at_csv_number(t, c->curve[k].lo[i]);
        at_csv_number(t, c->curve[k].hi[i]);
        at_text_addf(t, ",%zu\r\n", c->curve[k].seeds);
      }
  }
}

static json_t *numbers(const double *v, size_t n) {
  json_t *j = json_array();
  for (size_t i = 0; i < n; i++)
    json_array_append_new(j, isfinite(v[i]) ? json_real(v[i]) : json_null());
  return j;
}

json_t *at_rx_curves_json(const at_report *r, size_t block) {
  const rx_curves *c = &r->explained->table[block].curves;
  json_t *all = json_object();
  json_object_set_new(all, "share", numbers(c->share, c->n));
  for (int k = 0; c->n && k < RX_ORDERS; k++) {
    json_t *groups = json_object();
    for (size_t g = 0; g < r->n_groups; g++) {
      const rx_curve *v = &c->curve[(size_t)k * r->n_groups + g];
      if (v->seeds) json_object_set_new(groups, r->group[g].label, numbers(v->mean, c->n));
    }
    json_object_set_new(all, order_name((rx_order)k), groups);
  }
  return all;
}
