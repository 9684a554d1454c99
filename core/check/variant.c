/* Values that an item's option table allows, one at a time. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/text.h"
#include "core/check/check_impl.h"

enum { MOST_SIZE = 64 }; /* of a whole number: sizes beyond it make a check slow, not better */

/* The k-th value of an option beside its default; false: there is none. */
static bool value_of(const attune_option *o, size_t k, char *out, size_t n) {
  switch (o->type) {
    case ATTUNE_OPTION_BOOL: snprintf(out, n, "%s", k ? "true" : "false"); return k < 2;
    case ATTUNE_OPTION_ENUM: {
      const char *at = o->choices;
      for (; k && at; k--) at = (at = strchr(at, '|')) ? at + 1 : NULL;
      if (!at) return false;
      snprintf(out, n, "%.*s", (int)strcspn(at, "|"), at);
      return true;
    }
    case ATTUNE_OPTION_INT:
    case ATTUNE_OPTION_REAL: {
      if (o->min == o->max) return false;
      double ends[2];
      size_t m = 0;
      if (fabs(o->min) <= MOST_SIZE) ends[m++] = o->min;
      if (fabs(o->max) <= MOST_SIZE) ends[m++] = o->max;
      if (k < m) at_format_f64(out, ends[k]);
      return k < m;
    }
    default: return false;
  }
}

/* "name(a=1, b=2)" with one more in it. */
static void add_value(const char *spec, const char *key, const char *value, char *out, size_t n) {
  const char *close = strrchr(spec, ')');
  if (!close) {
    snprintf(out, n, "%s(%s=%s)", spec, key, value);
    return;
  }
  const char *end = close;
  while (end > spec && (end[-1] == ' ' || end[-1] == '(')) end--;
  bool empty = end[0] == '(' || (end[0] == ' ' && strchr(end, '('));
  snprintf(out, n, "%.*s%s%s=%s)", (int)(close - spec), spec, empty ? "" : ", ", key, value);
}

bool ck_variant(const ck *c, size_t i, char *spec, size_t n) {
  char value[64];
  snprintf(spec, n, "%s", c->spec);
  if (!i--) return true;
  at_option_value *given = NULL;
  char *name = NULL;
  size_t n_given = 0;
  bool found = false;
  if (at_spec_parse(c->spec, &name, &given, &n_given, NULL) != AT_OK) return false;
  for (const attune_option *o = c->item->item->options; !found && o && o->name; o++) {
    bool fixed = false;
    for (size_t k = 0; k < n_given; k++) fixed |= !strcmp(given[k].name, o->name);
    for (size_t k = 0; !fixed && !found && value_of(o, k, value, sizeof value); k++) {
      if (o->default_text && !strcmp(o->default_text, value)) continue;
      if (i--) continue;
      add_value(c->spec, o->name, value, spec, n);
      found = true;
    }
  }
  free(name);
  free(given);
  return found;
}

attune_options *ck_options(ck *c, const char *spec) {
  attune_options *o = NULL;
  at_option_value *v = NULL;
  char *name = NULL;
  size_t n = 0;
  if (at_spec_parse(spec, &name, &v, &n, &c->err) == AT_OK)
    at_options_new(c->item, v, n, NULL, &o, &c->err);
  free(name);
  free(v);
  return o;
}
