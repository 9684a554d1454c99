/* Means, spreads, and which differences the spread explains. */
#include <stdlib.h>
#include <string.h>
#include "core/report/report_impl.h"

enum { MOST_CLASSES = 16 }; /* of one function, in the notes */

const rp_value *at_rp_value(const rp_run *run, const char *split, const char *metric) {
  for (size_t i = 0; i < run->n_values; i++)
    if (!strcmp(run->value[i].metric, metric) && !strcmp(run->value[i].split, split))
      return &run->value[i];
  return NULL;
}

/* ---- which columns ---- */

typedef struct names {
  const char **v;
  size_t n;
} names;

static void add_name(names *s, const char *name) {
  for (size_t i = 0; i < s->n; i++)
    if (!strcmp(s->v[i], name)) return;
  s->v[s->n++] = name;
}

/* Splits (split NULL) or the metrics of one, in the order found. */
static at_status find_names(const at_report *r, const char *split, at_arena *a, names *out,
                            at_error *err) {
  size_t most = 0;
  for (size_t i = 0; i < r->n_runs; i++) most += r->run[i].n_values;
  *out = (names){AT_NEW_ARRAY(a, const char *, most + 1), 0};
  if (!out->v) return at_nomem(err);
  for (size_t i = 0; i < r->n_runs; i++)
    for (size_t k = 0; k < r->run[i].n_values; k++) {
      const rp_value *v = &r->run[i].value[k];
      if (!split)
        add_name(out, v->split);
      else if (!strcmp(v->split, split))
        add_name(out, v->metric);
    }
  return AT_OK;
}

static at_status unknown(const char *what, const char *name, const names *known, at_error *err) {
  const char *near = at_suggest(name, known->v, known->n);
  at_text list = {0};
  for (size_t i = 0; i < known->n; i++) at_text_addf(&list, "%s%s", i ? ", " : "", known->v[i]);
  at_status s = at_fail(err, AT_EINPUT, "no run has results for the %s `%s`%s%s%s (there are: %s)",
                        what, name, near ? "; did you mean `" : "", near ? near : "",
                        near ? "`?" : "", list.data ? list.data : "none");
  at_text_free(&list);
  return s;
}

static at_status choose(const at_report *r, const at_report_options *o, const char *split,
                        at_arena *a, names *out, at_error *err) {
  names all;
  at_status s = find_names(r, split, a, &all, err);
  if (s != AT_OK) return s;
  if (!all.n) {
    names splits;
    s = find_names(r, NULL, a, &splits, err);
    return s == AT_OK ? unknown("split", split, &splits, err) : s;
  }
  if (!o->n_metrics) {
    *out = all;
    return AT_OK;
  }
  *out = (names){AT_NEW_ARRAY(a, const char *, o->n_metrics), 0};
  if (!out->v) return at_nomem(err);
  for (size_t i = 0; i < o->n_metrics; i++) {
    bool known = false;
    for (size_t k = 0; k < all.n; k++) known |= !strcmp(all.v[k], o->metrics[i]);
    if (!known) return unknown("metric", o->metrics[i], &all, err);
    add_name(out, o->metrics[i]);
  }
  return AT_OK;
}

/* ---- one column ---- */

static const double LEVEL = 0.95;

/* value: room for the runs of a group. */
static rp_stat stat_of(const at_report *r, const rp_group *g, const char *split, const char *metric,
                       double *value) {
  for (size_t i = 0; i < g->n; i++) {
    const rp_value *v = at_rp_value(&r->run[g->run[i]], split, metric);
    value[i] = v ? v->value : NAN;
  }
  at_moments m = at_moments_of(value, g->n);
  at_interval range = at_student_interval(&m, LEVEL);
  return (rp_stat){m.n, m.n ? m.mean : 0, m.sd, range.low, range.high, NAN, RP_PLAIN};
}

/* A gap within the floor is no finding, whatever a test says of it: nothing is the best by it. */
void at_rp_mark_floor(rp_column *c, size_t n) {
  rp_stat *best = NULL;
  bool within = false;
  for (size_t g = 0; g < n; g++) {
    rp_stat *s = &c->stat[g];
    if (s->n && (!best || (c->better ? s->mean > best->mean : s->mean < best->mean))) best = s;
  }
  for (size_t g = 0; best && g < n; g++) {
    rp_stat *s = &c->stat[g];
    if (!s->n || s == best || s->mark == RP_LIKE || !(fabs(s->mean - best->mean) <= c->floor))
      continue;
    s->mark = RP_FLOOR;
    within = true;
  }
  if (within && best->mark != RP_LIKE) best->mark = RP_FLOOR;
}

static at_status mark(rp_column *c, size_t n, at_arena *a, at_error *err) {
  at_moments *entry = AT_NEW_ARRAY(a, at_moments, n + 1);
  at_judged *judged = AT_NEW_ARRAY(a, at_judged, n + 1);
  if (!entry || !judged) return at_nomem(err);
  if (c->better < 0) return AT_OK;
  for (size_t g = 0; g < n; g++)
    entry[g] = (at_moments){c->stat[g].n, c->stat[g].mean, c->stat[g].sd};
  at_status s = at_judge_seeds(entry, n, c->better, 1 - LEVEL, judged, err);
  for (size_t g = 0; s == AT_OK && g < n; g++) {
    c->stat[g].mark = (rp_mark)judged[g].verdict;
    c->stat[g].p = judged[g].p;
  }
  if (s == AT_OK) at_rp_mark_floor(c, n);
  return s;
}

static at_status fill(const at_report *r, const char *split, const char *metric, at_arena *a,
                      rp_column *c, at_error *err) {
  double largest = 0;
  bool whole = true; /* counts: no decimals */
  *c = (rp_column){
      .metric = metric, .better = -1, .floor = NAN, .stat = AT_NEW_ARRAY(a, rp_stat, r->n_groups)};
  double *value = AT_NEW_ARRAY(a, double, r->n_runs + 1);
  if (!c->stat || !value) return at_nomem(err);
  for (size_t i = r->n_runs; i-- > 0;) {
    const rp_value *v = at_rp_value(&r->run[i], split, metric);
    if (v) c->better = v->better, whole &= v->value == floor(v->value);
  }
  for (size_t g = 0; g < r->n_groups; g++) {
    c->stat[g] = stat_of(r, &r->group[g], split, metric, value);
    if (c->stat[g].n) largest = fmax(largest, fabs(c->stat[g].mean));
  }
  c->decimals = whole && largest >= 1000 && largest < 1e12 ? 0 : at_rp_decimals(largest);
  c->floor = at_rp_floor(r, c->stat);
  return mark(c, r->n_groups, a, err);
}

/* ---- columns that are parts ---- */

/* Parts of one base are read down a table: as many decimals for all, none for counts. */
static void even_decimals(const at_report *r, rp_summary *s, const char *base) {
  double largest = 0;
  bool whole = true;
  for (size_t c = 0; c < s->n; c++)
    for (size_t g = 0; g < r->n_groups && s->column[c].base == base; g++) {
      const rp_stat *v = &s->column[c].stat[g];
      if (v->n) largest = fmax(largest, fabs(v->mean));
      whole &= !v->n || (v->n == 1 && v->mean == floor(v->mean));
    }
  for (size_t c = 0; c < s->n; c++)
    if (s->column[c].base == base)
      s->column[c].decimals = whole && largest < 1e12 ? 0 : at_rp_decimals(largest);
}

/* Of "accuracy.yes/no"; NULL: the name has no two parts. */
static const char *dot_of(const char *metric) {
  const char *dot = strchr(metric, '.');
  return dot && dot != metric && dot[1] ? dot : NULL;
}

/* Results by type or by answer would bury the headline, so long as there is one. */
static at_status find_parts(const at_report *r, rp_summary *s, at_arena *a, at_error *err) {
  bool headline = false;
  for (size_t c = 0; c < s->n; c++) headline |= !dot_of(s->column[c].metric);
  for (size_t c = 0; c < s->n; c++) {
    rp_column *own = &s->column[c];
    const char *dot = dot_of(own->metric);
    if (!dot || !headline) continue;
    own->base = at_arena_printf(a, "%.*s", (int)(dot - own->metric), own->metric);
    own->part = dot + 1;
    if (!own->base) return at_nomem(err);
    for (size_t k = 0; k < c; k++) /* one text for each base */
      if (s->column[k].base && !strcmp(s->column[k].base, own->base)) own->base = s->column[k].base;
  }
  for (size_t c = 0; c < s->n; c++)
    if (s->column[c].base) even_decimals(r, s, s->column[c].base);
  return AT_OK;
}

size_t at_rp_parts(const rp_summary *s, size_t base, const rp_column **column) {
  size_t n = 0;
  for (size_t c = 0, seen = 0; c < s->n && !n; c++) {
    const char *own = s->column[c].base;
    bool first = own != NULL;
    for (size_t k = 0; first && k < c; k++) first = s->column[k].base != own;
    if (!first || seen++ != base) continue;
    for (size_t k = c; k < s->n; k++)
      if (s->column[k].base == own) column[n++] = &s->column[k];
  }
  return n;
}

at_status at_rp_summarise(const at_report *r, const at_report_options *o, at_arena *a,
                          rp_summary *out, at_error *err) {
  names metric = {0};
  *out = (rp_summary){.split = o->split && *o->split ? o->split : "test"};
  at_status s = choose(r, o, out->split, a, &metric, err);
  if (s != AT_OK) return s;
  out->column = AT_NEW_ARRAY(a, rp_column, metric.n + 1);
  if (!out->column) return at_nomem(err);
  for (size_t i = 0; s == AT_OK && i < metric.n; i++)
    s = fill(r, out->split, metric.v[i], a, &out->column[out->n++], err);
  return s == AT_OK ? find_parts(r, out, a, err) : s;
}

/* ---- footnotes ---- */

typedef struct notes {
  at_arena *a;
  const char **v;
  size_t n;
  bool failed;
} notes;

/* Takes what is in t. */
static void add_note(notes *s, at_text *t) {
  char *line = t->failed || !t->data ? NULL : at_rp_clean(s->a, t->data);
  if (t->failed || (t->data && !line))
    s->failed = true;
  else if (line)
    s->v[s->n++] = line;
  at_text_free(t);
}

static bool any_mark(const rp_summary *s, size_t groups, rp_mark m) {
  for (size_t c = 0; c < s->n; c++)
    for (size_t g = 0; g < groups; g++)
      if (s->column[c].stat[g].mark == m) return true;
  return false;
}

/* Parts are named together, by their base. */
static bool first_of_base(const rp_summary *s, size_t c) {
  const char *own = s->column[c].base;
  for (size_t k = 0; own && k < s->n; k++) {
    const rp_column *other = &s->column[k];
    bool same = other->base ? k < c && other->base == own : !strcmp(other->metric, own);
    if (same && other->better == s->column[c].better) return false;
  }
  return true;
}

static void note_directions(const rp_summary *s, notes *out) {
  static const char *const sense[] = {"no best is marked for", "lower is better for"};
  for (int want = 0; want >= -1; want--) {
    at_text t = {0};
    for (size_t c = 0; c < s->n; c++)
      if (s->column[c].better == want && first_of_base(s, c))
        at_text_addf(&t, "%s %s", t.len ? "," : sense[want + 1],
                     s->column[c].base ? s->column[c].base : s->column[c].metric);
    if (t.len) at_text_add(&t, ".");
    if (t.data && t.data[0]) t.data[0] = (char)(t.data[0] - 'a' + 'A');
    add_note(out, &t);
  }
}

static void note_single(const at_report *r, notes *out) {
  at_text t = {0};
  size_t n = 0;
  for (size_t g = 0; g < r->n_groups; g++) n += r->group[g].n == 1;
  if (n == r->n_groups)
    at_text_add(
        &t, "Every group has n = 1: without a second seed nothing can be said about the spread.");
  else if (n)
    at_text_add(
        &t,
        "Groups with n = 1 have no spread: nothing can be said about their distance from others.");
  add_note(out, &t);
}

static void note_missing(const at_report *r, const rp_summary *s, notes *out) {
  at_text t = {0};
  for (size_t c = 0; c < s->n; c++)
    for (size_t g = 0; g < r->n_groups; g++)
      if (s->column[c].stat[g].n < r->group[g].n)
        at_text_addf(&t, "%s%s of %s: %zu of %zu runs",
                     t.len ? "; " : "Fewer runs: ", s->column[c].metric, r->group[g].label,
                     s->column[c].stat[g].n, r->group[g].n);
  if (t.len) at_text_add(&t, ".");
  add_note(out, &t);
}

static void note_same_seed(const at_report *r, notes *out) {
  at_text t = {0};
  for (size_t g = 0; g < r->n_groups; g++)
    for (size_t i = 1; i < r->group[g].n; i++) {
      const char *a = at_rp_setting(&r->run[r->group[g].run[i - 1]], "seed");
      const char *b = at_rp_setting(&r->run[r->group[g].run[i]], "seed");
      if (!a || !b || strcmp(a, b)) continue;
      at_text_addf(&t, "%s%s has several runs of seed %s",
                   t.len ? "; " : "Repeated: ", r->group[g].label, a);
      while (i + 1 < r->group[g].n) i++;
    }
  if (t.len) at_text_add(&t, ": the spread counts each of them.");
  add_note(out, &t);
}

static void note_unfinished(const at_report *r, notes *out) {
  at_text t = {0};
  for (size_t i = 0; i < r->n_unfinished; i++)
    at_text_addf(&t, "%s%s", i ? ", " : "Unfinished, not counted: ", r->unfinished[i]);
  if (t.len) at_text_add(&t, ".");
  add_note(out, &t);
}

static const char *const TEST = " (Welch's test, Holm's correction, 5 %)";

static void note_same(const at_report *r, const rp_summary *s, notes *out) {
  at_text t[MOST_CLASSES] = {{0}};
  size_t n = at_rp_same_notes(r, s, t, MOST_CLASSES);
  for (size_t i = 0; i < n; i++) add_note(out, &t[i]);
}

at_status at_rp_notes(const at_report *r, const rp_summary *s, const char *best, at_arena *a,
                      const char ***out, size_t *n, at_error *err) {
  notes list = {a, AT_NEW_ARRAY(a, const char *, 16 + MOST_CLASSES), 0, false};
  at_text t = {0};
  if (!list.v) return at_nomem(err);
  at_text_addf(&t, "Split %s; mean ± sample standard deviation over seeds, n runs each.", s->split);
  add_note(&list, &t);
  bool like = any_mark(s, r->n_groups, RP_LIKE), alone = any_mark(s, r->n_groups, RP_BEST);
  if (alone) at_text_addf(&t, "%s: the best mean of the column, and told from all others", best);
  if (alone) at_text_addf(&t, " by these seeds%s.", like ? "" : TEST);
  add_note(&list, &t);
  if (like) at_text_addf(&t, "~: the best mean, and what these seeds do not tell from it%s.", TEST);
  add_note(&list, &t);
  if (any_mark(s, r->n_groups, RP_FLOOR))
    at_text_add(&t,
                "≈: no farther from the best than groups that are one function lie from each "
                "other; no finding.");
  add_note(&list, &t);
  note_same(r, s, &list);
  note_directions(s, &list);
  note_single(r, &list);
  note_missing(r, s, &list);
  note_same_seed(r, &list);
  note_unfinished(r, &list);
  *out = list.v;
  *n = list.n;
  return list.failed ? at_nomem(err) : AT_OK;
}
