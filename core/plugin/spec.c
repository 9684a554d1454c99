/* "general(side=key, act=tanh)": a plugin's name with option values. */
#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include "core/plugin/plugin_impl.h"

static char *trim(char *s) {
  while (isspace((unsigned char)*s)) s++;
  char *end = s + strlen(s);
  while (end > s && isspace((unsigned char)end[-1])) *--end = 0;
  return s;
}

static at_status bad(const char *spec, const char *why, at_error *err) {
  return at_fail(err, AT_EINPUT, "\"%.200s\" is not NAME or NAME(KEY=VALUE, ...): %s", spec, why);
}

/* The end of one value: a comma or the closing parenthesis at depth 0, outside quotes. */
static char *value_end(char *s) {
  int depth = 0;
  char quote = 0;
  for (; *s; s++) {
    if (quote) {
      if (*s == quote) quote = 0;
    } else if (*s == '"' || *s == '\'') {
      quote = *s;
    } else if (*s == '(') {
      depth++;
    } else if ((*s == ')' || *s == ',') && depth == 0) {
      return s;
    } else if (*s == ')') {
      depth--;
    }
  }
  return NULL;
}

static char *unquote(char *s) {
  size_t n = strlen(s);
  if (n < 2 || (*s != '"' && *s != '\'') || s[n - 1] != *s) return s;
  s[n - 1] = 0;
  return s + 1;
}

static at_status parse_values(char *at, const char *spec, at_option_value *v, size_t *n,
                              at_error *err) {
  for (bool more = true; more;) {
    char *end = value_end(at);
    if (!end) return bad(spec, "a parenthesis or quote is not closed", err);
    more = *end == ',';
    *end = 0;
    char *eq = strchr(at, '=');
    if (!eq) {
      if (!more && !*n && !*trim(at))
        return *trim(end + 1) ? bad(spec, "there is more after it", err) : AT_OK;
      return bad(spec, "an option is written KEY=VALUE", err);
    }
    *eq = 0;
    v[*n] = (at_option_value){trim(at), unquote(trim(eq + 1))};
    if (!*v[*n].name) return bad(spec, "an option has no name", err);
    for (size_t i = 0; i < *n; i++)
      if (!strcmp(v[i].name, v[*n].name)) return bad(spec, "an option is given twice", err);
    ++*n;
    at = end + 1;
  }
  return *trim(at) ? bad(spec, "there is more after it", err) : AT_OK;
}

at_status at_spec_parse(const char *spec, char **name, at_option_value **values, size_t *n,
                        at_error *err) {
  size_t most = 2;
  for (const char *c = spec; *c; c++) most += *c == ',';
  char *copy = strdup(spec);
  at_option_value *v = calloc(most, sizeof *v);
  at_status s = copy && v ? AT_OK : at_nomem(err);
  *name = NULL;
  *values = NULL;
  *n = 0;
  char *open = s == AT_OK ? strchr(copy, '(') : NULL;
  if (open) {
    *open = 0;
    s = parse_values(open + 1, spec, v, n, err);
  }
  if (s == AT_OK) {
    char *word = trim(copy);
    memmove(copy, word,
            strlen(word) + 1); /* the name is what the caller frees; values lie behind it */
    if (!*copy) s = bad(spec, "there is no name", err);
    for (char *c = copy; s == AT_OK && *c; c++)
      if (!isalnum((unsigned char)*c) && *c != '_')
        s = bad(spec, "a name is letters, digits and _", err);
  }
  if (s != AT_OK) {
    free(copy);
    free(v);
    *n = 0;
    return s;
  }
  *name = copy;
  *values = v;
  return AT_OK;
}
