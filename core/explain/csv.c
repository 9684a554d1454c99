/* The same numbers as lines for other programs. */
#include "core/base/csv.h"
#include <math.h>
#include "core/explain/explain_impl.h"

static void add_name(at_text *t, const char *s) { at_csv_field(t, s ? s : "", false); }

/* NULL: of all examples. */
typedef struct place {
  const char *block;
  const at_split *by;
  size_t class_;
} place;

static void add_line(at_text *t, const place *p, const at_explain_result *r, const at_interval *v,
                     const at_anova *a) {
  at_csv_field(t, p->block, true);
  add_name(t, p->by ? p->by->name : NULL);
  add_name(t, p->by ? p->by->label[p->class_] : NULL);
  add_name(t, r->metric);
  add_name(t, r->name);
  if (r->each)
    at_text_addf(t, ",%zu", v->examples);
  else
    at_text_add(t, ",");
  at_csv_number(t, v->mean);
  at_csv_number(t, v->low);
  at_csv_number(t, v->high);
  at_text_add(t, r->better < 0 ? "," : r->better ? ",higher" : ",lower");
  at_csv_number(t, a ? a->omega : NAN);
  at_csv_number(t, a ? a->p : NAN);
  add_name(t, r->why);
  at_text_add(t, "\r\n");
}

static void add_block(at_text *t, const at_explained *e) {
  for (size_t i = 0; i < e->n_results; i++)
    add_line(t, &(place){e->block, NULL, 0}, &e->result[i], &e->result[i].mean, NULL);
  for (size_t b = 0; b < e->n_by; b++)
    for (size_t i = 0; i < e->n_results; i++)
      for (size_t c = 0; e->result[i].within && c < e->by[b].classes; c++)
        add_line(t, &(place){e->block, &e->by[b], c}, &e->result[i],
                 &e->result[i].within[b].part[c], &e->result[i].within[b].anova);
}

void at_explain_csv(const at_explained *e, size_t n, at_text *out) {
  at_text_add(out,
              "block,condition,value,metric,result,n,mean,low,high,better,omega_squared,p,"
              "missing\r\n");
  for (size_t i = 0; i < n; i++) {
    const at_explain_result none = {.metric = NULL, .why = e[i].why, .better = -1};
    const at_interval nothing = {NAN, NAN, NAN, 0, 0};
    if (e[i].why) add_line(out, &(place){e[i].block, NULL, 0}, &none, &nothing, NULL);
    add_block(out, &e[i]);
  }
}
