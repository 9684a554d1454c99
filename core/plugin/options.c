/* Option values: parsed, checked and completed from an item's table. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include "core/plugin/plugin_impl.h"

static size_t count_options(const attune_item *it) {
  size_t n = 0;
  while (it->options && it->options[n].name) n++;
  return n;
}

/* Index among "a|b|c", -1 when it is none of them. */
static int choice(const char *choices, const char *word) {
  size_t n = strlen(word);
  int i = 0;
  for (const char *c = choices; n && c && *c; i++) {
    size_t len = strcspn(c, "|");
    if (len == n && !strncmp(c, word, n)) return i;
    c += len + (c[len] == '|');
  }
  return -1;
}

static at_status bad_choice(const attune_option *o, const char *text, const char *item,
                            at_error *err) {
  char copy[256], *names[32], *save = NULL;
  size_t n = 0;
  strncpy(copy, o->choices, sizeof copy - 1);
  copy[sizeof copy - 1] = 0;
  for (char *w = strtok_r(copy, "|", &save); w && n < 32; w = strtok_r(NULL, "|", &save))
    names[n++] = w;
  const char *const *list = (const char *const *)names;
  const char *near = at_suggest(text, list, n);
  return at_fail(err, AT_EINPUT, "option `%s` of `%s` is `%s`; it must be one of %s%s%s%s", o->name,
                 item, text, o->choices, near ? "; did you mean `" : "", near ? near : "",
                 near ? "`?" : "");
}

static bool truth(const char *text, double *num) {
  static const char *const words[] = {"false", "true", "no", "yes", "off", "on", "0", "1"};
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (!strcmp(text, words[i])) {
      *num = (double)(i % 2);
      return true;
    }
  return false;
}

at_status at_option_check(const attune_option *o, const char *text, double *num, const char *item,
                          at_error *err) {
  int64_t i;
  *num = 0;
  switch (o->type) {
    case ATTUNE_OPTION_STRING:
    case ATTUNE_OPTION_PATH: return AT_OK;
    case ATTUNE_OPTION_ENUM:
      *num = choice(o->choices, text);
      return *num >= 0 ? AT_OK : bad_choice(o, text, item, err);
    case ATTUNE_OPTION_BOOL:
      return truth(text, num)
                 ? AT_OK
                 : at_fail(err, AT_EINPUT, "option `%s` of `%s` is `%s`; it must be true or false",
                           o->name, item, text);
    case ATTUNE_OPTION_INT:
      if (!at_parse_i64(text, &i) || i < -(INT64_C(1) << 53) || i > INT64_C(1) << 53)
        return at_fail(err, AT_EINPUT, "option `%s` of `%s` is `%s`; it must be a whole number",
                       o->name, item, text);
      *num = (double)i;
      break;
    case ATTUNE_OPTION_REAL:
      if (!at_parse_f64(text, num))
        return at_fail(err, AT_EINPUT, "option `%s` of `%s` is `%s`; it must be a number", o->name,
                       item, text);
      break;
  }
  if (o->min != o->max && (*num < o->min || *num > o->max))
    return at_fail(err, AT_EINPUT, "option `%s` of `%s` is %s; it must lie between %g and %g",
                   o->name, item, text, o->min, o->max);
  return AT_OK;
}

static at_status unknown(const at_item *it, const char *name, at_error *err) {
  size_t n = count_options(it->item);
  const char *names[64];
  at_text list = {0};
  for (size_t i = 0; i < n && i < 64; i++) {
    names[i] = it->item->options[i].name;
    at_text_addf(&list, "%s%s", i ? ", " : "", names[i]);
  }
  const char *near = at_suggest(name, names, n < 64 ? n : 64);
  at_status s = near ? at_fail(err, AT_EINPUT, "`%s` has no option `%s`; did you mean `%s`?",
                               it->item->name, name, near)
                     : at_fail(err, AT_EINPUT, "`%s` has no option `%s`; it has %s", it->item->name,
                               name, list.data ? list.data : "none");
  at_text_free(&list);
  return s;
}

static at_status fill(attune_options *o, size_t i, const char *given, const char *base_dir,
                      at_error *err) {
  const attune_option *spec = &o->item->options[i];
  const char *text = given ? given : spec->default_text;
  if (!text)
    return at_fail(err, AT_EINPUT, "`%s` needs its option `%s` (%s)", o->item->name, spec->name,
                   spec->doc ? spec->doc : "no default");
  bool relative = spec->type == ATTUNE_OPTION_PATH && *text && *text != '/' && base_dir;
  o->text[i] = relative ? at_arena_printf(o->arena, "%s/%s", base_dir, text)
                        : at_arena_strdup(o->arena, text);
  if (!o->text[i]) return at_nomem(err);
  return at_option_check(spec, o->text[i], &o->num[i], o->item->name, err);
}

at_status at_options_new(const at_item *it, const at_option_value *given, size_t n,
                         const char *base_dir, attune_options **out, at_error *err) {
  at_arena *a = at_arena_new();
  attune_options *o = a ? AT_NEW(a, attune_options) : NULL;
  at_status s = AT_OK;
  *out = NULL;
  if (!o) {
    at_arena_free(a);
    return at_nomem(err);
  }
  o->arena = a;
  o->item = it->item;
  o->n = count_options(it->item);
  o->text = AT_NEW_ARRAY(a, const char *, o->n + 1);
  o->num = AT_NEW_ARRAY(a, double, o->n + 1);
  if (!o->text || !o->num) s = at_nomem(err);
  for (size_t k = 0; s == AT_OK && k < n; k++) {
    bool found = false;
    for (size_t i = 0; i < o->n; i++) found |= !strcmp(o->item->options[i].name, given[k].name);
    if (!found) s = unknown(it, given[k].name, err);
  }
  for (size_t i = 0; s == AT_OK && i < o->n; i++) {
    const char *text = NULL;
    for (size_t k = 0; k < n; k++)
      if (!strcmp(o->item->options[i].name, given[k].name)) text = given[k].text;
    s = fill(o, i, text, base_dir, err);
  }
  if (s == AT_OK)
    *out = o;
  else
    at_arena_free(a);
  return s;
}

void at_options_free(attune_options *o) {
  if (o) at_arena_free(o->arena);
}

char *at_options_spell(const at_item *it, const attune_options *o, bool with_defaults) {
  at_text t = {0};
  const char *before = "(";
  at_text_add(&t, it->item->name);
  for (size_t i = 0; i < o->n; i++) {
    const attune_option *spec = &o->item->options[i];
    if (!with_defaults && spec->default_text && !strcmp(spec->default_text, o->text[i])) continue;
    bool quote = !*o->text[i] || strpbrk(o->text[i], ",()= \t\"'") != NULL;
    const char *q = !quote ? "" : strchr(o->text[i], '"') ? "'" : "\"";
    at_text_addf(&t, "%s%s=%s%s%s", before, spec->name, q, o->text[i], q);
    before = ", ";
  }
  if (*before == ',') at_text_add(&t, ")");
  if (!t.failed) return t.data;
  at_text_free(&t);
  return NULL;
}
