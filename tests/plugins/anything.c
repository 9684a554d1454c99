/* A data set of any tables and fields, with numbers and words that follow from their places: for
 * models whose own data are not at hand.
 *
 * `fields` names them with blanks between, TABLE.FIELD:WHAT, WHAT being 2x3 and the like for an
 * array of real numbers, `words` for a text of one to five words, `class` for one of three texts,
 * `number` for a number as a text, `row` for a link to a row of the table that is called as the
 * field is. */
#include <attune/plugin.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROWS = 6, MOST = 16 };
typedef enum what { REAL, WORDS, CLASS, NUMBER, ROW } what;

typedef struct column {
  char table[32], name[32];
  what what;
  int64_t count, shape[8];
  uint32_t ndim;
} column;
typedef struct anything {
  column column[MOST];
  int n;
} anything;

static const attune_option anything_options[] = {
    {"fields", ATTUNE_OPTION_STRING, NULL, 0, 0, NULL, "TABLE.FIELD:WHAT, blanks between"}, {0}};

static void shape_of(column *c, const char *text) {
  for (char *end; *text && c->ndim < 8; text = *end ? end + 1 : end)
    c->shape[c->ndim++] = strtol(text, &end, 10);
  c->count = 1;
  for (uint32_t d = 0; d < c->ndim; d++) c->count *= c->shape[d];
}

static int read_column(const char *text, column *c) {
  char kind[32];
  if (sscanf(text, "%31[^.].%31[^:]:%31s", c->table, c->name, kind) != 3) return ATTUNE_BAD_INPUT;
  c->what = !strcmp(kind, "words")    ? WORDS
            : !strcmp(kind, "class")  ? CLASS
            : !strcmp(kind, "number") ? NUMBER
            : !strcmp(kind, "row")    ? ROW
                                      : REAL;
  if (c->what == REAL) shape_of(c, kind);
  return ATTUNE_OK;
}

static int declare(const attune_host *host, attune_schema *schema, const anything *a, int i) {
  static const char *const splits[] = {"train", "val", "test"};
  const column *c = &a->column[i];
  attune_field f = {.name = c->name, .type = ATTUNE_FIELD_TEXT};
  bool known = false;
  for (int k = 0; k < i; k++) known = known || !strcmp(a->column[k].table, c->table);
  for (int s = 0; s < 3 && !known; s++) {
    int rc = host->table(schema, splits[s], c->table, ROWS);
    if (rc) return rc;
  }
  if (c->what == REAL) {
    f.type = ATTUNE_FIELD_REAL;
    f.ndim = c->ndim;
    memcpy(f.shape, c->shape, sizeof f.shape);
  } else if (c->what == ROW) {
    f.type = ATTUNE_FIELD_LINK;
    f.link = c->name;
  }
  int rc = host->field(schema, c->table, &f);
  return rc < 0 ? rc : ATTUNE_OK;
}

static int open_anything(const attune_host *host, const attune_options *options,
                         attune_schema *schema, void **instance) {
  anything *a = calloc(1, sizeof *a);
  const char *at = host->option_text(options, "fields");
  int rc = a ? ATTUNE_OK : ATTUNE_NO_MEMORY;
  *instance = a;
  while (!rc && *(at += strspn(at, " ")) && a->n < MOST) {
    rc = read_column(at, &a->column[a->n]);
    at += strcspn(at, " ");
    if (!rc) rc = declare(host, schema, a, a->n++);
  }
  return rc;
}

/* Anything between -1 and 1, another for each place. */
static float number(uint32_t field, int64_t row, int64_t i) {
  uint32_t x = (uint32_t)(row * 7919 + i * 104729) + field * 15485863u + 1;
  x = (x ^ (x >> 16)) * 0x45d9f3bu;
  x = (x ^ (x >> 16)) * 0x45d9f3bu;
  return (float)(x >> 8) / 8388608.0f - 1;
}

static int read_anything(const attune_host *host, void *instance, const char *split, uint32_t field,
                         int64_t row, void *dst, attune_sink *sink) {
  static const char *const words[] = {"red", "dog", "on", "a", "hill", "runs", "two"};
  static const char *const classes[] = {"no", "perhaps", "yes"};
  const column *c = &((const anything *)instance)->column[field];
  char text[128] = "";
  size_t n = 0;
  (void)split;
  if (c->what == CLASS) return host->text(sink, classes[row % 3], strlen(classes[row % 3]));
  if (c->what == NUMBER) {
    n = (size_t)snprintf(text, sizeof text, "%lld", (long long)(row % 4));
    return host->text(sink, text, n);
  }
  if (c->what == ROW) {
    *(int64_t *)dst = row;
    return ATTUNE_OK;
  }
  for (int64_t i = 0; c->what == REAL && i < c->count; i++)
    ((float *)dst)[i] = number(field, row, i);
  for (int64_t i = 0; c->what == WORDS && i <= row % 5; i++)
    n += (size_t)snprintf(text + n, sizeof text - n, "%s%s", i ? " " : "",
                          words[(row * 3 + i * 2) % 7]);
  return c->what == WORDS ? host->text(sink, text, n) : ATTUNE_OK;
}

static void close_anything(void *instance) { free(instance); }

static const attune_data reader = {
    .item = {sizeof(attune_data), ATTUNE_DATA, "anything", "any tables and fields", "for tests",
             anything_options},
    .open = open_anything,
    .read = read_anything,
    .close = close_anything,
};
static const attune_item *const items[] = {&reader.item};
ATTUNE_PLUGIN("anything", "1.0", "Apache-2.0", items)
