/* Data sets: the schema that a reader declares, and reading by it. */
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/data/text_tokens.h"
#include "core/plugin/plugin_impl.h"

enum { MOST_TABLES = 1024, MOST_FIELDS = 256, MOST_SAID = 32 };

struct attune_schema {
  at_arena *arena;
  at_table table[MOST_TABLES];
  size_t n_tables;
  at_field field[MOST_FIELDS];
  size_t n_fields;
  const char *said[MOST_SAID];
  size_t n_said;
};

/* What was met while reading, whatever thread read it. */
typedef struct notes {
  pthread_mutex_t lock;
  char animated[512]; /* the first by name of the files that are; "": none */
  bool others;
} notes;

struct at_dataset {
  notes *notes;
  attune_schema schema;
  const attune_data *reader;
  void *instance;
};

/* ---- declaring ---- */

int at_host_table_rows(attune_schema *s, const char *split, const char *table, int64_t rows) {
  at_error err = {0};
  if (!split || !*split || !table || !*table)
    return at_host_keep(at_fail(&err, AT_EFAIL, "the reader declares a table without a name"),
                        &err);
  for (size_t i = 0; i < s->n_tables; i++)
    if (!strcmp(s->table[i].split, split) && !strcmp(s->table[i].name, table))
      return at_host_keep(
          at_fail(&err, AT_EFAIL, "the reader declares table `%s` of `%s` twice", table, split),
          &err);
  if (s->n_tables == MOST_TABLES || rows < 0)
    return at_host_keep(at_fail(&err, AT_EFAIL, "the reader declares table `%s` with %lld rows",
                                table, (long long)rows),
                        &err);
  at_table t = {at_arena_strdup(s->arena, split), at_arena_strdup(s->arena, table), rows};
  if (!t.split || !t.name) return at_host_keep(at_nomem(&err), &err);
  s->table[s->n_tables++] = t;
  return ATTUNE_OK;
}

const char *at_field_type_name(uint32_t type) {
  static const char *const names[] = {"?",     "real", "text",  "link", "image",
                                      "boxes", "name", "words", "items"};
  return names[type < sizeof names / sizeof *names ? type : 0];
}

static at_status check_declared(const attune_schema *s, const char *table, const attune_field *f,
                                at_error *err) {
  size_t count = 1;
  if (!table || !*table || !f->name || !*f->name)
    return at_fail(err, AT_EFAIL, "the reader declares a field without a name");
  if (f->type < ATTUNE_FIELD_REAL || f->type > ATTUNE_FIELD_ITEMS || f->ndim > 8)
    return at_fail(err, AT_EFAIL, "the reader declares a field of table `%s` that does not hold",
                   table);
  bool shaped = f->type == ATTUNE_FIELD_REAL || f->type == ATTUNE_FIELD_IMAGE ||
                f->type == ATTUNE_FIELD_ITEMS;
  for (uint32_t i = 0; shaped && i < f->ndim; i++)
    if (f->shape[i] < 1 || !at_mul_size(count, (size_t)f->shape[i], &count) ||
        count > (size_t)1 << 40)
      return at_fail(err, AT_EFAIL,
                     "the reader declares `%s.%s` with %u dims, of which that after %u is %lld",
                     table, f->name, f->ndim, i, (long long)f->shape[i]);
  if (f->type == ATTUNE_FIELD_IMAGE && (f->ndim != 3 || f->shape[2] != 3))
    return at_fail(err, AT_EFAIL,
                   "the reader declares the picture `%s.%s` not as [height, width, 3]", table,
                   f->name);
  if (f->type == ATTUNE_FIELD_LINK && !f->link)
    return at_fail(err, AT_EFAIL, "the reader declares the link `%s.%s` to nowhere", table,
                   f->name);
  for (size_t i = 0; i < s->n_fields; i++)
    if (!strcmp(s->field[i].table, table) && !strcmp(s->field[i].f.name, f->name))
      return at_fail(err, AT_EFAIL, "the reader declares `%s.%s` twice", table, f->name);
  return AT_OK;
}

int at_host_field(attune_schema *s, const char *table, const attune_field *field) {
  at_error err = {0};
  at_status st = check_declared(s, table, field, &err);
  if (st == AT_OK && s->n_fields == MOST_FIELDS)
    st = at_fail(&err, AT_EFAIL, "the reader declares too many fields");
  if (st != AT_OK) return at_host_keep(st, &err);
  at_field f = {
      .f = *field, .table = at_arena_strdup(s->arena, table), .id = (uint32_t)s->n_fields};
  f.f.name = at_arena_strdup(s->arena, field->name);
  f.f.axes = field->axes ? at_arena_strdup(s->arena, field->axes) : NULL;
  f.f.link = field->link ? at_arena_strdup(s->arena, field->link) : NULL;
  if (!f.table || !f.f.name || (field->axes && !f.f.axes) || (field->link && !f.f.link))
    return at_host_keep(at_nomem(&err), &err);
  s->field[s->n_fields++] = f;
  return (int)f.id;
}

int at_host_notice(attune_schema *s, const char *sentence) {
  at_error err = {0};
  const size_t n = strlen(sentence);
  if (s->n_said == MOST_SAID || memchr(sentence, '\n', n) || at_utf8_valid_prefix(sentence, n) != n)
    return at_host_keep(at_fail(&err, AT_EFAIL, "the reader says what is no sentence, or too much"),
                        &err);
  const char *own = at_arena_strdup(s->arena, sentence);
  if (!own) return at_host_keep(at_nomem(&err), &err);
  s->said[s->n_said++] = own;
  return ATTUNE_OK;
}

const char *at_dataset_said(const at_dataset *d, size_t i) {
  return i < d->schema.n_said ? d->schema.said[i] : NULL;
}

/* ---- opening ---- */

static bool has_table(const attune_schema *s, const char *name) {
  for (size_t i = 0; i < s->n_tables; i++)
    if (!strcmp(s->table[i].name, name)) return true;
  return false;
}

/* Fields may be declared before their tables, so this waits for all of them. */
static at_status check_schema(const attune_schema *s, const char *reader, at_error *err) {
  if (!s->n_tables || !s->n_fields)
    return at_fail(err, AT_EFAIL, "the reader `%s` declares no table or no field", reader);
  for (size_t i = 0; i < s->n_fields; i++) {
    const at_field *f = &s->field[i];
    const char *missing = has_table(s, f->table) ? NULL : f->table;
    if (!missing && f->f.type == ATTUNE_FIELD_LINK && !has_table(s, f->f.link)) missing = f->f.link;
    if (missing)
      return at_fail(err, AT_EFAIL, "the reader `%s` declares `%s.%s` but no table `%s`", reader,
                     f->table, f->f.name, missing);
  }
  return AT_OK;
}

at_status at_dataset_open(const at_item *reader, const attune_options *o, at_dataset **out,
                          at_error *err) {
  at_dataset *d = calloc(1, sizeof *d);
  *out = NULL;
  if (d) d->notes = calloc(1, sizeof *d->notes);
  if (!d || !d->notes || !(d->schema.arena = at_arena_new())) {
    if (d) free(d->notes);
    free(d);
    return at_nomem(err);
  }
  pthread_mutex_init(&d->notes->lock, NULL);
  d->reader = (const attune_data *)(const void *)reader->item;
  at_host_begin();
  int rc = d->reader->open(&at_host_table, o, &d->schema, &d->instance);
  at_status s = at_host_end(rc, reader->item, "open", err);
  if (s == AT_OK) s = check_schema(&d->schema, reader->item->name, err);
  if (s == AT_OK)
    *out = d;
  else
    at_dataset_close(d);
  return s;
}

void at_dataset_close(at_dataset *d) {
  if (!d) return;
  if (d->reader->close && d->instance) d->reader->close(d->instance);
  at_arena_free(d->schema.arena);
  pthread_mutex_destroy(&d->notes->lock);
  free(d->notes);
  free(d);
}

const at_table *at_dataset_tables(const at_dataset *d, size_t *n) {
  *n = d->schema.n_tables;
  return d->schema.table;
}

const at_field *at_dataset_fields(const at_dataset *d, size_t *n) {
  *n = d->schema.n_fields;
  return d->schema.field;
}

int64_t at_dataset_rows(const at_dataset *d, const char *split, const char *table) {
  for (size_t i = 0; i < d->schema.n_tables; i++)
    if (!strcmp(d->schema.table[i].split, split) && !strcmp(d->schema.table[i].name, table))
      return d->schema.table[i].rows;
  return -1;
}

const at_field *at_dataset_field(const at_dataset *d, const char *table, const char *name) {
  for (size_t i = 0; i < d->schema.n_fields; i++)
    if (!strcmp(d->schema.field[i].table, table) && !strcmp(d->schema.field[i].f.name, name))
      return &d->schema.field[i];
  return NULL;
}

bool at_field_is_text(const at_field *f) {
  return f->f.type == ATTUNE_FIELD_TEXT || f->f.type == ATTUNE_FIELD_NAME;
}

/* ---- reading ---- */

struct attune_sink {
  char *text;
  float *box;
  int64_t n_boxes;
  int64_t *word;
  int64_t n_words;
  float *item;
  int64_t n_items, item_size; /* item_size: numbers of one, 0 where the field has no items */
};

static void free_sink(attune_sink *sink) {
  free(sink->text);
  free(sink->box);
  free(sink->word);
  free(sink->item);
}

int at_host_text(attune_sink *sink, const char *utf8, size_t bytes) {
  at_error err = {0};
  size_t good = at_utf8_valid_prefix(utf8, bytes);
  if (good != bytes || memchr(utf8, 0, bytes))
    return at_host_keep(
        at_fail(&err, AT_EINPUT, "a text of the data is not UTF-8 at byte %zu", good), &err);
  free(sink->text);
  sink->text = malloc(bytes + 1);
  if (!sink->text) return at_host_keep(at_nomem(&err), &err);
  memcpy(sink->text, utf8, bytes);
  sink->text[bytes] = 0;
  return ATTUNE_OK;
}

/* A copy of what a reader gives; NULL: err says why. */
static void *copy_list(const void *from, int64_t n, size_t size, const char *what, at_error *err) {
  if (n < 0 || n > 1 << 20) {
    at_fail(err, AT_EFAIL, "the reader gives %lld %s", (long long)n, what);
    return NULL;
  }
  void *p = malloc((size_t)n * size + 1);
  if (p && n) memcpy(p, from, (size_t)n * size);
  if (!p) at_nomem(err);
  return p;
}

int at_host_boxes(attune_sink *sink, const float *xywh, int64_t n) {
  at_error err = {0};
  float *own = copy_list(xywh, n, 4 * sizeof *own, "boxes", &err);
  if (!own) return at_host_keep(err.code, &err);
  free(sink->box);
  sink->box = own;
  sink->n_boxes = n;
  return ATTUNE_OK;
}

static at_status ascending(const int64_t *index, int64_t n, at_error *err) {
  for (int64_t i = 0; i < n; i++)
    if (index[i] < 0 || (i && index[i] <= index[i - 1]))
      return at_fail(err, AT_EFAIL, "the reader gives word %lld where a later one is wanted",
                     (long long)index[i]);
  return AT_OK;
}

int at_host_words(attune_sink *sink, const int64_t *index, int64_t n) {
  at_error err = {0};
  int64_t *own = copy_list(index, n, sizeof *own, "words", &err);
  if (!own || ascending(own, n, &err) != AT_OK) {
    free(own);
    return at_host_keep(err.code, &err);
  }
  free(sink->word);
  sink->word = own;
  sink->n_words = n;
  return ATTUNE_OK;
}

int at_host_items(attune_sink *sink, const float *value, int64_t n) {
  at_error err = {0};
  size_t bytes;
  if (sink->item_size < 1 || n < 1 || n > 1 << 20 ||
      !at_mul_size((size_t)n * sizeof *value, (size_t)sink->item_size, &bytes))
    return at_host_keep(at_fail(&err, AT_EFAIL, "the reader gives %lld items", (long long)n), &err);
  float *own = malloc(bytes);
  if (!own) return at_host_keep(at_nomem(&err), &err);
  memcpy(own, value, bytes);
  free(sink->item);
  sink->item = own;
  sink->n_items = n;
  return ATTUNE_OK;
}

static at_status read_field(const at_dataset *d, const char *split, const at_field *f, int64_t row,
                            void *dst, attune_sink *sink, at_error *err) {
  int64_t rows = at_dataset_rows(d, split, f->table);
  if (row < 0 || row >= rows)
    return at_fail(err, AT_EFAIL, "row %lld of `%s` in `%s` was asked for; it has %lld",
                   (long long)row, f->table, split, (long long)rows);
  at_host_begin();
  int rc = d->reader->read(&at_host_table, d->instance, split, f->id, row, dst, sink);
  return at_host_end(rc, &d->reader->item, "read", err);
}

static void take_notes(const at_dataset *d) {
  char path[sizeof d->notes->animated];
  notes *n = d->notes;
  if (!at_host_animated(path, sizeof path)) return;
  pthread_mutex_lock(&n->lock);
  n->others |= *n->animated && strcmp(path, n->animated);
  if (!*n->animated || strcmp(path, n->animated) < 0) memcpy(n->animated, path, sizeof path);
  pthread_mutex_unlock(&n->lock);
}

bool at_dataset_notice(const at_dataset *d, char *out, size_t n) {
  pthread_mutex_lock(&d->notes->lock);
  const bool any = *d->notes->animated;
  snprintf(out, n, "%s: is animated; its first picture stands for it%s", d->notes->animated,
           d->notes->others ? ", and so with others" : "");
  pthread_mutex_unlock(&d->notes->lock);
  return any;
}

at_status at_dataset_read(const at_dataset *d, const char *split, const at_field *f, int64_t row,
                          void *dst, at_error *err) {
  attune_sink sink = {0};
  at_status s = read_field(d, split, f, row, dst, &sink, err);
  if (s == AT_OK && f->f.type == ATTUNE_FIELD_IMAGE) take_notes(d);
  free_sink(&sink);
  return s;
}

at_status at_dataset_read_text(const at_dataset *d, const char *split, const at_field *f,
                               int64_t row, char **out, at_error *err) {
  attune_sink sink = {0};
  at_status s = read_field(d, split, f, row, NULL, &sink, err);
  if (s == AT_OK && !sink.text)
    s = at_fail(err, AT_EFAIL, "the reader gave no text for `%s.%s`", f->table, f->f.name);
  if (s == AT_OK) {
    *out = sink.text;
    sink.text = NULL;
  }
  free_sink(&sink);
  return s;
}

at_status at_dataset_read_boxes(const at_dataset *d, const char *split, const at_field *f,
                                int64_t row, float **xywh, int64_t *n, at_error *err) {
  attune_sink sink = {0};
  at_status s = read_field(d, split, f, row, NULL, &sink, err);
  if (s == AT_OK) {
    *xywh = sink.box;
    *n = sink.n_boxes;
    sink.box = NULL;
  }
  free_sink(&sink);
  return s;
}

at_status at_dataset_read_words(const at_dataset *d, const char *split, const at_field *f,
                                int64_t row, int64_t **index, int64_t *n, at_error *err) {
  attune_sink sink = {0};
  at_status s = read_field(d, split, f, row, NULL, &sink, err);
  if (s == AT_OK) {
    *index = sink.word;
    *n = sink.n_words;
    sink.word = NULL;
  }
  free_sink(&sink);
  return s;
}

at_status at_dataset_read_items(const at_dataset *d, const char *split, const at_field *f,
                                int64_t row, float **value, int64_t *n, at_error *err) {
  attune_sink sink = {.item_size = 1};
  for (uint32_t i = 0; i < f->f.ndim; i++) sink.item_size *= f->f.shape[i];
  at_status s = read_field(d, split, f, row, NULL, &sink, err);
  if (s == AT_OK && !sink.item)
    s = at_fail(err, AT_EFAIL, "the reader gave no items for `%s.%s`", f->table, f->f.name);
  if (s == AT_OK) {
    *value = sink.item;
    *n = sink.n_items;
    sink.item = NULL;
  }
  free_sink(&sink);
  return s;
}
