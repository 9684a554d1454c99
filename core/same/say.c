/* The classes in words and for programs. */
#include <jansson.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include "core/same/same.h"

typedef struct wording {
  const char *key, *title;
} wording;

static const wording WORDS[AT_SAME_LEVELS] = {
    {"identical", "identical"},
    {"transposed", "identical once a learned matrix is transposed"},
    {"scale", "same up to a positive scale that is cancelled"},
    {"family", "same family, other initialisation"},
};

const char *at_same_name(at_same_how how) { return WORDS[how].title; }
const char *at_same_key(at_same_how how) { return WORDS[how].key; }

static const char *tried_key(at_same_tried t) {
  static const char *const key[] = {"not tried", "agrees", "differs", "agrees, nothing is proved"};
  return key[t];
}

/* Whatever the locale says. */
static const char *with_point(char *number) {
  for (char *p = number; *p; p++)
    if (*p == ',') *p = '.';
  return number;
}

/* Two digits. */
static const char *small(char buf[32], double v) {
  snprintf(buf, 32, "%.1e", v);
  return with_point(buf);
}

static void class_text(const at_same_class *k, const at_same_cell *cell, at_text *out) {
  char buf[32];
  at_text_addf(out, "%s%s:", k->tried == AT_TRIED_FALSE ? "NOT " : "", at_same_name(k->how));
  for (size_t i = 0; i < k->n; i++)
    at_text_addf(out, "%s %s", i ? "," : "", cell[k->cell[i]].label);
  at_text_add(out, "\n");
  for (size_t i = 0; i < k->n_why; i++) at_text_addf(out, "  %s\n", k->why[i]);
  if (k->tried == AT_TRIED_TRUE)
    at_text_addf(out, "  probe: they agree to %s\n", small(buf, k->off));
  if (k->tried == AT_TRIED_ALONE)
    at_text_addf(out, "  probe: they agree to %s, though nothing is proved\n", small(buf, k->off));
  if (k->tried == AT_TRIED_FALSE)
    at_text_addf(out,
                 "  probe: they differ by %s, though what the scores say of themselves makes them "
                 "one; one of them says what is not so\n",
                 small(buf, k->off));
}

static void idle_text(const at_same_idle *d, const at_same_cell *cell, at_text *out) {
  char buf[32];
  at_text_addf(out, "learns nothing: %s of %s", d->parameter, cell[d->cell].label);
  if (d->proved) at_text_addf(out, ", cancelled by %s", d->why);
  if (d->tried)
    at_text_addf(out, "; its gradient in the probe is %s of the score's largest",
                 d->gradient > 0 ? small(buf, d->gradient) : "0");
  at_text_add(out, "\n");
}

void at_same_text(const at_same *s, const at_same_cell *cell, at_text *out) {
  char buf[32];
  for (size_t i = 0; i < s->n; i++) class_text(&s->v[i], cell, out);
  if (!s->n) at_text_add(out, "no two cells are the same function\n");
  for (size_t i = 0; i < s->n_idle; i++) idle_text(&s->idle[i], cell, out);
  if (s->note) at_text_addf(out, "%s\n", s->note);
  if (!s->runs || s->note) return;
  snprintf(buf, sizeof buf, "%.1f", s->seconds);
  at_text_addf(out, "probe: %d runs on random weights and inputs, %s s\n", s->runs,
               with_point(buf));
}

static json_t *text_json(const char *s) {
  json_t *j = json_string(s);
  return j ? j : json_string("?");
}

static json_t *class_json(const at_same_class *k, const at_same_cell *cell) {
  json_t *cells = json_array(), *why = json_array();
  for (size_t i = 0; i < k->n; i++) json_array_append_new(cells, text_json(cell[k->cell[i]].label));
  for (size_t i = 0; i < k->n_why; i++) json_array_append_new(why, text_json(k->why[i]));
  return json_pack("{s:s, s:o, s:o, s:s, s:o}", "relation", at_same_key(k->how), "cells", cells,
                   "why", why, "probe", tried_key(k->tried), "difference",
                   k->tried != AT_TRIED_NOT && isfinite(k->off) ? json_real(k->off) : json_null());
}

void at_same_json(const at_same *s, const at_same_cell *cell, at_text *out) {
  json_t *classes = json_array(), *idle = json_array();
  for (size_t i = 0; i < s->n; i++) json_array_append_new(classes, class_json(&s->v[i], cell));
  for (size_t i = 0; i < s->n_idle; i++)
    json_array_append_new(
        idle,
        json_pack("{s:o, s:o, s:b, s:o}", "cell", text_json(cell[s->idle[i].cell].label),
                  "parameter", text_json(s->idle[i].parameter), "proved", s->idle[i].proved,
                  "gradient", s->idle[i].tried ? json_real(s->idle[i].gradient) : json_null()));
  json_t *j = json_pack("{s:o, s:o, s:o, s:i}", "classes", classes, "learn_nothing", idle, "note",
                        s->note ? text_json(s->note) : json_null(), "runs", s->runs);
  char *text = json_dumps(j, JSON_INDENT(1) | JSON_PRESERVE_ORDER | JSON_REAL_PRECISION(6));
  if (text) at_text_add(out, text);
  if (!text) out->failed = true;
  free(text);
  json_decref(j);
}
