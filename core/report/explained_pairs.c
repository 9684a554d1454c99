/* Comparisons of groups as a list, for people and for programs. */
#include <string.h>
#include "core/base/csv.h"
#include "core/report/explained.h"

/* ---- list ---- */

enum { COLUMNS = 11 };

static size_t all_pairs(const rp_table *t) {
  size_t n = 0;
  for (size_t c = 0; c < t->n_compared; c++) n += t->compared[c].n;
  return n;
}

static const char *p_text(at_arena *a, double p) {
  char buf[RP_NUMBER];
  if (isnan(p)) return NULL;
  return at_arena_strdup(a, p < 0.001 ? "< 0.001" : at_rp_number(buf, p, 3));
}

/* Of a difference: itself with its interval, p, and d where there is room for it. */
static void difference_cells(at_arena *a, const rx_difference *d, int decimals, bool noise,
                             rp_cell *out) {
  out[0].text = at_rx_number(a, d->mean, decimals);
  out[0].small = at_rx_range(a, d->low, d->high, decimals);
  out[0].mark = d->apart ? RP_BEST : noise ? RP_FLOOR : RP_PLAIN;
  if (!out[0].text) out[0].text = "–";
  out[1].text = p_text(a, d->p);
  out[2].text = at_rx_number(a, d->d, 2);
}

static void pair_cells(at_arena *a, const rx_pair *p, int decimals, rp_cell *out) {
  for (int k = 0; k < RX_PARTS; k++)
    difference_cells(a, &p->of[k], decimals, p->noise, &out[3 * k]);
  out[9].text = at_rx_number(a, p->adjusted.difference, decimals);
  out[9].small = at_rx_range(a, p->adjusted.low, p->adjusted.high, decimals);
  if (!out[9].text || !p->adjusted.overlap) out[9] = (rp_cell){.text = "–"};
  out[10].text = at_rx_number(a, 100 * p->accuracy, 1);
}

static at_status heads(rp_grid *g, at_arena *a, at_error *err) {
  static const char *const head[COLUMNS] = {"difference", "p", "d", "difference", "p",     "d",
                                            "difference", "p", "d", "difference", "gap, %"};
  static const char *const span[COLUMNS] = {"all examples",      "all examples",  "all examples",
                                            "both right",        "both right",    "both right",
                                            "equally right",     "equally right", "equally right",
                                            "at equal accuracy", "accuracy"};
  g->span = AT_NEW_ARRAY(a, const char *, COLUMNS + 1);
  if (!g->span) return at_nomem(err);
  for (size_t i = 0; i < COLUMNS; i++) {
    g->head[i] = head[i];
    g->span[i] = span[i];
  }
  return AT_OK;
}

at_status at_rx_pairs_grid(const at_report *r, size_t block, at_arena *a, rp_grid *out,
                           at_error *err) {
  const rp_table *t = &r->explained->table[block];
  size_t row = 0;
  at_status st = at_rp_grid_new(a, all_pairs(t), COLUMNS, out, err);
  if (st == AT_OK) st = heads(out, a, err);
  if (st != AT_OK) return st;
  out->title = at_arena_printf(a, "Differences of %s", r->explained->block[block].name);
  out->corner = "the first less the second";
  for (size_t c = 0; c < t->n_compared; c++)
    for (size_t i = 0; i < t->compared[c].n; i++, row++) {
      const rx_pair *p = &t->compared[c].v[i];
      if (!i) out->section[row] = t->compared[c].column->c.metric;
      out->label[row] = at_arena_printf(a, "%s; %s", r->group[p->a].label, r->group[p->b].label);
      if (!out->label[row]) return at_nomem(err);
      pair_cells(a, p, t->compared[c].column->c.decimals, out->cell + row * COLUMNS);
    }
  return out->title ? AT_OK : at_nomem(err);
}

at_status at_rx_pairs_legend(const at_report *r, at_arena *a, rp_notes *out, at_error *err) {
  static const char *const line[] = {
      "Examples are paired within seed: a seed of one group beside the same seed of the other "
      "(where they share none, in their order). p: flips of sign over examples, each a mean over "
      "its seeds, two-sided, Holm's correction over the pairs of a result; d: Cohen's, of these "
      "pairs; intervals: 95 %, seeds and examples resampled.",
      "Both right: examples that both groups answer correctly. Equally right: those that both "
      "answer correctly or both wrongly, on which the two are equally accurate. At equal accuracy: "
      "analysis of covariance over seeds, a mean for each, the accuracy on the explained examples "
      "as covariate; given where there are four seeds or more and the accuracies overlap.",
      "Bold: told apart, p < 0.05 and no 0 in the interval."};
  at_status st = AT_OK;
  bool single = false, noise = false;
  *out = (rp_notes){0};
  for (size_t i = 0; st == AT_OK && i < sizeof line / sizeof *line; i++)
    st = at_rp_note(a, out, line[i], err);
  for (size_t b = 0; b < r->explained->n; b++)
    for (size_t c = 0; c < r->explained->table[b].n_compared; c++)
      for (size_t i = 0; i < r->explained->table[b].compared[c].n; i++) {
        single |= r->explained->table[b].compared[c].v[i].seeds < 2;
        noise |= r->explained->table[b].compared[c].v[i].noise;
      }
  if (st == AT_OK && noise)
    st = at_rp_note(a, out, "≈: no larger than between groups that are one function; no finding.",
                    err);
  if (st == AT_OK && single)
    st = at_rp_note(a, out,
                    "Where groups share a single seed, all of this speaks of other examples for "
                    "these runs; another seed may say otherwise.",
                    err);
  return st;
}

/* ---- CSV, JSON ---- */

static void csv_line(const at_report *r, size_t block, const rx_compared *c, const rx_pair *p,
                     rx_part k, at_text *t) {
  const rx_difference *d = &p->of[k];
  at_csv_field(t, r->explained->block[block].name, true);
  at_csv_field(t, c->column->full, false);
  at_csv_field(t, r->group[p->a].label, false);
  at_csv_field(t, r->group[p->b].label, false);
  at_csv_field(t, at_rx_part_name(k), false);
  at_text_addf(t, ",%zu,%zu", p->seeds, d->n);
  at_csv_number(t, d->mean);
  at_csv_number(t, d->low);
  at_csv_number(t, d->high);
  at_csv_number(t, d->p);
  at_csv_number(t, d->d);
  at_text_addf(t, ",%s", d->apart ? "yes" : p->noise ? "noise" : "no");
  at_csv_number(t, k == RX_ALL ? p->accuracy : NAN);
  at_csv_number(t, k == RX_ALL ? p->adjusted.difference : NAN);
  at_csv_number(t, k == RX_ALL ? p->adjusted.low : NAN);
  at_csv_number(t, k == RX_ALL ? p->adjusted.high : NAN);
  at_csv_number(t, k == RX_ALL ? p->adjusted.p : NAN);
  at_text_add(t, "\r\n");
}

void at_rx_pairs_csv(const at_report *r, at_text *t) {
  at_text_add(t,
              "block,result,first,second,examples,seeds,n,difference,low,high,p,d,apart,"
              "accuracy_gap,adjusted,adjusted_low,adjusted_high,adjusted_p\r\n");
  for (size_t b = 0; b < r->explained->n; b++)
    for (size_t c = 0; c < r->explained->table[b].n_compared; c++) {
      const rx_compared *v = &r->explained->table[b].compared[c];
      for (size_t i = 0; i < v->n; i++)
        for (int k = 0; k < RX_PARTS; k++) csv_line(r, b, v, &v->v[i], (rx_part)k, t);
    }
}

static json_t *number(double v) { return isfinite(v) ? json_real(v) : json_null(); }

static json_t *pair_json(const at_report *r, const rx_compared *c, const rx_pair *p) {
  json_t *j =
      json_pack("{s:s, s:s, s:s, s:I, s:b, s:o}", "result", c->column->full, "first",
                r->group[p->a].label, "second", r->group[p->b].label, "seeds", (json_int_t)p->seeds,
                "noise", p->noise, "accuracy_gap", number(p->accuracy));
  for (int k = 0; k < RX_PARTS; k++) {
    const rx_difference *d = &p->of[k];
    json_object_set_new(
        j, at_rx_part_name((rx_part)k),
        json_pack("{s:I, s:o, s:o, s:o, s:o, s:o, s:b}", "examples", (json_int_t)d->n, "difference",
                  number(d->mean), "low", number(d->low), "high", number(d->high), "p",
                  number(d->p), "d", number(d->d), "apart", d->apart));
  }
  const at_adjusted *v = &p->adjusted;
  json_object_set_new(
      j, "at equal accuracy",
      json_pack("{s:o, s:o, s:o, s:o, s:b}", "difference", number(v->difference), "low",
                number(v->low), "high", number(v->high), "p", number(v->p), "overlap", v->overlap));
  return j;
}

json_t *at_rx_pairs_json(const at_report *r, size_t block) {
  const rp_table *t = &r->explained->table[block];
  json_t *out = json_array();
  for (size_t c = 0; c < t->n_compared; c++)
    for (size_t i = 0; i < t->compared[c].n; i++)
      json_array_append_new(out, pair_json(r, &t->compared[c], &t->compared[c].v[i]));
  return out;
}
