/* Results within conditions, for people and for programs. */
#include "core/base/csv.h"
#include "core/report/explained.h"

at_status at_rx_within_grid(const at_report *r, const rx_condition *c, const rx_within *v,
                            const char *block, at_arena *a, rp_grid *out, at_error *err) {
  size_t classes = c->split.classes;
  at_status st = at_rp_grid_new(a, r->n_groups, classes + 2, out, err);
  if (st != AT_OK) return st;
  out->title = at_arena_printf(a, "%s of %s by %s", v->column->c.metric, block, c->split.name);
  if (!out->title) return at_nomem(err);
  out->corner = "group";
  for (size_t k = 0; k < classes; k++) out->head[k] = c->split.label[k];
  out->head[classes] = "ω²";
  out->head[classes + 1] = "p";
  for (size_t g = 0; g < r->n_groups; g++) {
    rp_cell *row = out->cell + g * out->columns;
    out->label[g] = r->group[g].label;
    for (size_t k = 0; k < classes; k++) {
      const rp_stat *s = &v->stat[g * classes + k];
      row[k].text = s->n ? at_rx_number(a, s->mean, v->column->c.decimals) : "–";
      if (s->n) row[k].small = at_rx_range(a, s->low, s->high, v->column->c.decimals);
    }
    row[classes].text = at_rx_number(a, v->omega[g], 3);
    row[classes + 1].text = at_rx_number(a, v->p[g], 3);
  }
  return AT_OK;
}

/* ---- CSV ---- */

typedef struct place {
  const at_report *r;
  size_t block;
  const rx_condition *c;
} place;

static void csv_lines(const place *w, const rx_within *v, at_text *t) {
  size_t classes = w->c->split.classes;
  for (size_t i = 0; i < w->r->n_groups * classes; i++) {
    const rp_stat *s = &v->stat[i];
    at_csv_field(t, w->r->explained->block[w->block].name, true);
    at_csv_field(t, w->c->split.name, false);
    at_csv_field(t, w->c->split.label[i % classes], false);
    at_csv_field(t, v->column->full, false);
    at_csv_field(t, w->r->group[i / classes].label, false);
    at_text_addf(t, ",%zu,%zu", s->n, v->examples[i]);
    at_csv_number(t, s->n ? s->mean : NAN);
    at_csv_number(t, s->n ? s->low : NAN);
    at_csv_number(t, s->n ? s->high : NAN);
    at_csv_number(t, v->omega[i / classes]);
    at_csv_number(t, v->p[i / classes]);
    at_text_add(t, "\r\n");
  }
}

void at_rx_conditions_csv(const at_report *r, at_text *t) {
  const rp_explained *x = r->explained;
  at_text_add(
      t, "block,condition,value,result,group,seeds,examples,mean,low,high,omega_squared,p\r\n");
  for (size_t b = 0; b < x->n; b++)
    for (size_t i = 0; i < x->table[b].n_conditions; i++)
      for (size_t k = 0; k < x->table[b].condition[i].n; k++)
        csv_lines(&(place){r, b, &x->table[b].condition[i]}, &x->table[b].condition[i].v[k], t);
}

/* ---- JSON ---- */

static json_t *number(double v) { return isfinite(v) ? json_real(v) : json_null(); }

static json_t *group_json(const rx_condition *c, const rx_within *v, size_t g) {
  json_t *parts = json_object();
  for (size_t k = 0; k < c->split.classes; k++) {
    size_t i = g * c->split.classes + k;
    const rp_stat *s = &v->stat[i];
    if (s->n)
      json_object_set_new(
          parts, c->split.label[k],
          json_pack("{s:o, s:o, s:o, s:I}", "mean", number(s->mean), "low", number(s->low), "high",
                    number(s->high), "examples", (json_int_t)v->examples[i]));
  }
  return json_pack("{s:o, s:o, s:o}", "parts", parts, "omega_squared", number(v->omega[g]), "p",
                   number(v->p[g]));
}

json_t *at_rx_conditions_json(const at_report *r, size_t block) {
  const rp_table *t = &r->explained->table[block];
  json_t *all = json_object();
  for (size_t i = 0; i < t->n_conditions; i++) {
    const rx_condition *c = &t->condition[i];
    json_t *results = json_object();
    for (size_t k = 0; k < c->n; k++) {
      json_t *groups = json_object();
      for (size_t g = 0; g < r->n_groups; g++)
        json_object_set_new(groups, r->group[g].label, group_json(c, &c->v[k], g));
      json_object_set_new(results, c->v[k].column->full, groups);
    }
    json_object_set_new(all, c->split.name, results);
  }
  return all;
}
