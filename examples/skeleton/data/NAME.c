/* @NAME@: a data reader of attune. SPDX-License-Identifier: @LICENSE@
 *
 * Reads a text file of lines SPLIT <tab> NUMBERS <tab> CAPTION, the numbers being rows of three:
 * the regions of a picture. Tables: picture (image), caption (text, picture). */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <attune/plugin.h>

enum { REGIONS = 2, FEATURES = 3, NUMBERS = REGIONS * FEATURES };
enum { IMAGE, TEXT, PICTURE }; /* fields, in the order in which open declares them */

typedef struct row {
  char *split, *caption;
  float number[NUMBERS];
} row;
typedef struct table {
  row *v;
  int64_t n, cap;
} table;

static void close_data(void *instance) {
  table *t = instance;
  for (int64_t i = 0; t && i < t->n; i++) {
    free(t->v[i].split);
    free(t->v[i].caption);
  }
  if (t) free(t->v);
  free(t);
}

/* One line; it is the place in the file that makes a message useful. */
static int add(const attune_host *host, table *t, const char *path, long number, char *line) {
  char *save, *split = strtok_r(line, "\t", &save), *numbers = strtok_r(NULL, "\t", &save),
              *caption = strtok_r(NULL, "\t\n", &save);
  if (!caption) {
    host->error(host, "%s:%ld: a line is SPLIT, NUMBERS and CAPTION, with tabs between", path,
                number);
    return ATTUNE_BAD_INPUT;
  }
  if (t->n == t->cap) {
    const int64_t cap = t->cap ? 2 * t->cap : 64;
    row *v = realloc(t->v, (size_t)cap * sizeof *v);
    if (!v) return ATTUNE_NO_MEMORY;
    t->v = v;
    t->cap = cap;
  }
  row *r = &t->v[t->n++];
  *r = (row){strdup(split), strdup(caption), {0}};
  for (int i = 0; i < NUMBERS; i++) {
    char *end;
    r->number[i] = strtof(numbers, &end);
    if (end == numbers || !(r->number[i] > -1e6f && r->number[i] < 1e6f)) {
      host->error(host, "%s:%ld: number %d is none", path, number, i + 1);
      return ATTUNE_BAD_INPUT;
    }
    numbers = end;
  }
  return r->split && r->caption ? ATTUNE_OK : ATTUNE_NO_MEMORY;
}

static int read_file(const attune_host *host, table *t, const char *path) {
  FILE *fp = fopen(path, "r");
  char *line = NULL;
  size_t cap = 0;
  int rc = ATTUNE_OK;
  if (!fp) {
    host->error(host, "%s: %s", path, strerror(errno));
    return ATTUNE_BAD_INPUT;
  }
  for (long number = 1; !rc && getline(&line, &cap, fp) > 0; number++)
    rc = add(host, t, path, number, line);
  free(line);
  fclose(fp);
  if (!rc && !t->n) {
    host->error(host, "%s: it is empty", path);
    return ATTUNE_BAD_INPUT;
  }
  return rc;
}

/* Row `at` of a split; at -1: how many it has. */
static const row *find(const table *t, const char *split, int64_t at, int64_t *n) {
  *n = 0;
  for (int64_t i = 0; i < t->n; i++)
    if (!strcmp(t->v[i].split, split) && (*n)++ == at) return &t->v[i];
  return NULL;
}

static int declare(const attune_host *host, attune_schema *schema, const table *t) {
  const attune_field fields[] = {
      {.name = "image",
       .type = ATTUNE_FIELD_REAL,
       .ndim = 2,
       .shape = {REGIONS, FEATURES},
       .axes = "region feature"},
      {.name = "text", .type = ATTUNE_FIELD_TEXT},
      {.name = "picture", .type = ATTUNE_FIELD_LINK, .link = "picture"},
  };
  for (int64_t i = 0; i < t->n; i++) {
    bool seen = false;
    int64_t n;
    for (int64_t k = 0; k < i; k++) seen = seen || !strcmp(t->v[k].split, t->v[i].split);
    if (seen) continue;
    find(t, t->v[i].split, -1, &n);
    int rc = host->table(schema, t->v[i].split, "picture", n);
    if (!rc) rc = host->table(schema, t->v[i].split, "caption", n);
    if (rc) return rc;
  }
  for (int i = 0; i < 3; i++) {
    int rc = host->field(schema, i == IMAGE ? "picture" : "caption", &fields[i]);
    if (rc < 0) return rc;
  }
  return ATTUNE_OK;
}

static int open_data(const attune_host *host, const attune_options *options, attune_schema *schema,
                     void **instance) {
  table *t = calloc(1, sizeof *t);
  int rc = t ? read_file(host, t, host->option_text(options, "file")) : ATTUNE_NO_MEMORY;
  if (!rc) rc = declare(host, schema, t);
  if (rc)
    close_data(t);
  else
    *instance = t;
  return rc;
}

/* Called on several threads at once: it only reads. */
static int read_data(const attune_host *host, void *instance, const char *split, uint32_t field,
                     int64_t at, void *dst, attune_sink *sink) {
  int64_t n;
  const row *r = find(instance, split, at, &n);
  if (!r) return ATTUNE_BAD_INPUT;
  switch (field) {
    case IMAGE: memcpy(dst, r->number, sizeof r->number); break;
    case TEXT: return host->text(sink, r->caption, strlen(r->caption));
    case PICTURE: memcpy(dst, &at, sizeof at); break; /* each caption has a picture of its own */
  }
  return ATTUNE_OK;
}

static const attune_option options_table[] = {
    ATTUNE_NEEDED_PATH_OPTION("file", "the text file"),
    ATTUNE_END_OF_OPTIONS,
};
static const attune_data item = {
    .item = ATTUNE_ITEM(data, DATA, "@NAME@", "rows of numbers with a caption, from a text file",
                        "Tables: picture (image [region, feature]), caption (text, picture).",
                        options_table),
    .open = open_data,
    .read = read_data,
    .close = close_data,
};
static const attune_item *const items[] = {&item.item};
ATTUNE_PLUGIN("@NAME@", "0.1", "@LICENSE@", items)
