/* @NAME@: a data reader of attune. SPDX-License-Identifier: @LICENSE@
 *
 * Reads a text file of lines SPLIT <tab> NUMBERS <tab> CAPTION, the numbers being rows of three:
 * the regions of a picture. Tables: picture (image), caption (text, picture). */
#define _POSIX_C_SOURCE 200809L
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <attune/plugin.h>

enum { REGIONS = 2, FEATURES = 3, NUMBERS = REGIONS * FEATURES };
enum { IMAGE, TEXT, PICTURE }; /* fields, in the order in which open declares them */

typedef struct row {
  char *split, *caption;
  long line;
  float number[NUMBERS];
} row;
enum { MOST_SPLITS = 16 };
typedef struct table {
  row *v; /* once they are sorted: split by split, each in the order of the file */
  int64_t n, cap;
  int64_t first[MOST_SPLITS + 1]; /* row of each split, and behind the last */
  int splits;
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
  *r = (row){strdup(split), strdup(caption), number, {0}};
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

static int by_split(const void *a, const void *b) {
  const row *x = a, *y = b;
  const int order = strcmp(x->split, y->split);
  return order ? order : (x->line > y->line) - (x->line < y->line);
}

/* So that a row is found without a search, however many there are. */
static int sort_rows(const attune_host *host, table *t) {
  qsort(t->v, (size_t)t->n, sizeof *t->v, by_split);
  for (int64_t i = 0; i < t->n; i++) {
    if (i && !strcmp(t->v[i].split, t->v[i - 1].split)) continue;
    if (t->splits == MOST_SPLITS) {
      host->error(host, "more than %d splits; that of line %ld is `%s`", MOST_SPLITS, t->v[i].line,
                  t->v[i].split);
      return ATTUNE_BAD_INPUT;
    }
    t->first[t->splits++] = i;
  }
  t->first[t->splits] = t->n;
  return ATTUNE_OK;
}

static const row *find(const table *t, const char *split, int64_t at) {
  for (int i = 0; i < t->splits; i++)
    if (!strcmp(t->v[t->first[i]].split, split) && at < t->first[i + 1] - t->first[i])
      return &t->v[t->first[i] + at];
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
  for (int i = 0; i < t->splits; i++) {
    const char *split = t->v[t->first[i]].split;
    const int64_t n = t->first[i + 1] - t->first[i];
    int rc = host->table(schema, split, "picture", n);
    if (!rc) rc = host->table(schema, split, "caption", n);
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
  if (!rc) rc = sort_rows(host, t);
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
  const row *r = find(instance, split, at);
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
