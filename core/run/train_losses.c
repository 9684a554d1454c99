/* `train.losses`: rates of single losses; `train.average_of`: which parameters are averaged. */
#include <stdlib.h>
#include <string.h>
#include "core/run/train_impl.h"

static const char SECTION[] = "train.losses.";

typedef struct setting {
  const char *name;
  double min, max;
} setting;

static const setting settings[] = {
    {"learning_rate", 0, 1e3}, {"beta1", 0, 0.9999}, {"beta2", 0, 0.999999}, {"clip", 0, 1e9}};
enum { SETTINGS = sizeof settings / sizeof *settings };

static void set(trainer *t, int k, int what, double v) {
  at_adam *a = &t->adam[k];
  double *const at[SETTINGS] = {&t->factor[k], &a->beta1, &a->beta2, &a->clip};
  *at[what] = what ? v : v / (t->schedule.rate > 0 ? t->schedule.rate : 1);
}

static at_status take(trainer *t, const at_entry *e, at_error *err) {
  const at_graph *g = t->s->graph;
  const char *name = e->key + sizeof SECTION - 1, *dot = strrchr(name, '.');
  const char *names[SETTINGS], *losses[64];
  size_t n = 0;
  for (int k = 0; k < g->n_objective && n < 64; k++) losses[n++] = g->objective[k].name;
  for (int i = 0; i < SETTINGS; i++) names[i] = settings[i].name;
  const char *word = dot ? dot + 1 : name;
  for (int k = 0; dot && k < g->n_objective; k++) {
    if (strlen(g->objective[k].name) != (size_t)(dot - name) ||
        strncmp(g->objective[k].name, name, (size_t)(dot - name)) != 0)
      continue;
    for (int i = 0; i < SETTINGS; i++) {
      double v;
      if (strcmp(word, settings[i].name)) continue;
      if (!at_parse_f64(e->value, &v) || v < settings[i].min || v > settings[i].max)
        return at_fail(err, AT_EINPUT, "%s: `%s` is `%s`; it must be a number between %g and %g",
                       e->place, e->key, e->value, settings[i].min, settings[i].max);
      set(t, k, i, v);
      return AT_OK;
    }
    const char *near = at_suggest(word, names, SETTINGS);
    return at_fail(err, AT_EINPUT,
                   "%s: `%s`: a loss has learning_rate, beta1, beta2 and clip%s%s%s", e->place,
                   e->key, near ? "; did you mean `" : "", near ? near : "", near ? "`?" : "");
  }
  char *asked = strndup(name, dot ? (size_t)(dot - name) : strlen(name));
  const char *near = asked ? at_suggest(asked, losses, n) : NULL;
  at_status st = at_fail(err, AT_EINPUT, "%s: `%s`: the model has no loss `%s`%s%s%s", e->place,
                         e->key, asked ? asked : "", near ? "; did you mean `" : "",
                         near ? near : "", near ? "`?" : "");
  free(asked);
  return st;
}

at_status at_train_losses(trainer *t, at_error *err) {
  const at_run *r = t->s->run;
  const at_adam adam = {.beta1 = at_run_number(r, "train.beta1"),
                        .beta2 = at_run_number(r, "train.beta2"),
                        .eps = at_run_number(r, "train.epsilon"),
                        .clip = at_run_number(r, "train.clip"),
                        .decay = at_run_number(r, "train.weight_decay"),
                        .touched = !strcmp(at_run_get(r, "train.sparse"), "true")};
  at_status st = AT_OK;
  t->adam = calloc((size_t)t->n_losses, sizeof *t->adam);
  t->factor = calloc((size_t)t->n_losses, sizeof *t->factor);
  if (!t->adam || !t->factor) return at_nomem(err);
  for (int k = 0; k < t->n_losses; k++) {
    t->adam[k] = adam;
    t->factor[k] = 1;
  }
  for (size_t i = 0; st == AT_OK && i < r->n; i++)
    if (!strncmp(r->entry[i].key, SECTION, sizeof SECTION - 1)) st = take(t, &r->entry[i], err);
  return st == AT_OK ? at_optimizer_new(t->s->params, &adam, &t->opt, err) : st;
}

at_status at_train_average(trainer *t, at_error *err) {
  const at_graph *g = t->s->graph;
  const double decay = at_run_number(t->s->run, "train.average");
  const char **parts;
  size_t n;
  const at_entry *e = at_run_entry(t->s->run, "train.average_of");
  if (decay <= 0) return AT_OK;
  at_status st = at_run_list(t->s->run->arena, e->value, &parts, &n, err);
  for (size_t i = 0; st == AT_OK && i < n; i++) {
    bool there = false;
    for (int p = 0; p < g->n_param; p++) there |= at_param_under(g->param[p]->pname, parts[i]);
    if (!there)
      st = at_fail(err, AT_EINPUT, "%s: `%s`: the model has no parameters under `%s`", e->place,
                   e->key, parts[i]);
  }
  if (st == AT_OK) st = at_average_new(t->s->params, decay, &t->average, err);
  if (st != AT_OK) return st;
  t->average->part = parts;
  t->average->n_part = n;
  return AT_OK;
}
