#include "core/base/csv.h"
#include <math.h>
#include <stdio.h>
#include <string.h>

void at_csv_field(at_text *t, const char *s, bool first) {
  if (!first) at_text_add(t, ",");
  if (!s[strcspn(s, ",\"\r\n")] && s[0] != ' ' && !(s[0] && s[strlen(s) - 1] == ' ')) {
    at_text_add(t, s);
    return;
  }
  at_text_add(t, "\"");
  for (; *s; s++) {
    if (*s == '"') at_text_add(t, "\"");
    at_text_addn(t, s, 1);
  }
  at_text_add(t, "\"");
}

void at_csv_number(at_text *t, double v) {
  char buf[32];
  at_text_add(t, ",");
  if (!isfinite(v)) return;
  snprintf(buf, sizeof buf, "%.12g", v);
  for (char *p = buf; *p; p++)
    if (*p == ',') *p = '.';
  at_text_add(t, buf);
}
