#include "judgments.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "reading.h"

typedef struct reading {
  const attune_host *host;
  const char *path;
  int64_t line;
  captioned *c;
  judged_find *find;
  void *ctx;
} reading;

static int bad(const reading *r, const char *why) {
  r->host->error(r->host, "%s:%lld: %s", r->path, (long long)r->line, why);
  return ATTUNE_BAD_INPUT;
}

/* The text before the next tab; NULL: there is none. */
static char *next_field(char **at) {
  char *field = *at, *tab = field ? strchr(field, '\t') : NULL;
  if (tab) *tab = 0;
  *at = tab ? tab + 1 : NULL;
  return field;
}

static bool is_number(const char *text, double least, double most) {
  char *end;
  double v = strtod(text, &end);
  return end > text && !*end && v >= least && v <= most;
}

/* "1 2 2" */
static const char *grades(char *rest, char out[64]) {
  size_t n = 0;
  for (int i = 0; i < 3; i++) {
    const char *grade = next_field(&rest);
    if (!grade || !is_number(grade, 1, 4) || strlen(grade) > 4)
      return "three grades from 1 to 4 are expected behind the caption";
    n += (size_t)snprintf(out + n, 64 - n, "%s%s", n ? " " : "", grade);
  }
  return rest ? "there is something behind the third grade" : NULL;
}

static const char *share(char *rest, char out[64]) {
  const char *text = next_field(&rest);
  if (!text || !is_number(text, 0, 1) || strlen(text) > 24)
    return "a share from 0 to 1 is expected behind the caption";
  snprintf(out, 64, "%s", text);
  return NULL;
}

static int add(const reading *r, char *line, bool crowd) {
  const char *of_picture = next_field(&line);
  char *name = next_field(&line), *hash = name ? strrchr(name, '#') : NULL, text[64];
  judged_place of, said;
  if (!line || !hash || !is_number(hash + 1, 0, 1000))
    return bad(r, "a line is PICTURE, a tab, NAME#K, a tab, what was said");
  *hash = 0;
  const char *why = crowd ? share(line, text) : grades(line, text);
  if (why) return bad(r, why);
  if (!r->find(r->ctx, of_picture, -1, &of)) return bad(r, "its picture has no captions");
  if (!r->find(r->ctx, name, strtol(hash + 1, NULL, 10), &said))
    return bad(r, "there is no such caption");
  if (of.split < 0 || of.split != said.split) return ATTUNE_OK;
  return captioned_judgment(&r->c->split[of.split], of.row, said.row, crowd, text)
             ? ATTUNE_OK
             : ATTUNE_NO_MEMORY;
}

int judgments_read(const attune_host *host, const char *path, bool crowd, captioned *c,
                   judged_find *find, void *ctx) {
  reading r = {.host = host, .path = path, .c = c, .find = find, .ctx = ctx};
  char *text = NULL;
  size_t n, length;
  int rc = file_read(host, path, &text, &n);
  for (char *at = text, *l; !rc && (l = next_line(&at, &length));) {
    r.line++;
    if (length) rc = add(&r, l, crowd);
    if (!rc) rc = still_reading(host, path, at - text, (int64_t)n);
  }
  free(text);
  return rc;
}
