/* Model inputs and the data that feeds them: binding, reading, batches. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/run/run_impl.h"

/* ---- which field ---- */

static bool feeds_models(const at_field *f) {
  return f->f.type == ATTUNE_FIELD_REAL || f->f.type == ATTUNE_FIELD_IMAGE ||
         f->f.type == ATTUNE_FIELD_TEXT || f->f.type == ATTUNE_FIELD_LINK ||
         f->f.type == ATTUNE_FIELD_ITEMS;
}

/* "picture.image": a table and a field of it. */
static at_status field_by_path(const at_session *s, const char *input, const at_entry *e,
                               const at_field **out, at_error *err) {
  const char *dot = strchr(e->value, '.');
  size_t n, count = 0;
  const at_field *all = at_dataset_fields(s->data, &n);
  const char *names[64];
  char text[64][80];
  for (size_t i = 0; i < n; i++) {
    size_t len = dot ? (size_t)(dot - e->value) : 0;
    if (dot && strlen(all[i].table) == len && !strncmp(all[i].table, e->value, len) &&
        !strcmp(all[i].f.name, dot + 1)) {
      *out = &all[i];
      return AT_OK;
    }
    if (count == 64) continue;
    snprintf(text[count], sizeof text[count], "%.32s.%.32s", all[i].table, all[i].f.name);
    names[count] = text[count];
    count++;
  }
  const char *near = at_suggest(e->value, names, count);
  return at_fail(err, AT_EINPUT, "%s: input `%s` is bound to `%s`, which the data has not%s%s%s",
                 e->place, input, e->value, near ? "; did you mean `" : "", near ? near : "",
                 near ? "`?" : "");
}

/* The batch axis that an input varies over; "": none. */
static const char *batch_of(const at_graph *g, const char *input) {
  for (int i = 0; g && i < g->n_input; i++) {
    const at_node *in = g->input[i];
    if (strcmp(in->name, input) || in->ndim < 1) continue;
    int axis = in->dim[0].axis;
    return g->axis[g->axis[axis].parent >= 0 ? g->axis[axis].parent : axis].name;
  }
  return "";
}

/* A field of the kind that such an input takes, "picture.image"; NULL: the data have none. */
static const at_field *fitting(const at_session *s, const at_graph *g, const char *input) {
  size_t n;
  const at_field *all = at_dataset_fields(s->data, &n);
  bool token = false;
  for (int i = 0; g && i < g->n_input; i++)
    if (!strcmp(g->input[i]->name, input)) token = g->input[i]->type == AT_TOKEN;
  for (size_t i = 0; i < n; i++) {
    const uint32_t t = all[i].f.type;
    if (token ? t == ATTUNE_FIELD_TEXT
              : t == ATTUNE_FIELD_REAL || t == ATTUNE_FIELD_IMAGE || t == ATTUNE_FIELD_ITEMS)
      return &all[i];
  }
  return NULL;
}

/* By name: a field called as the input, rather one of the table called as its batch axis; of a
 * table called as the input its field `text`, or its only text. */
static at_status field_by_name(const at_session *s, const at_graph *g, const char *input,
                               const at_field **out, at_error *err) {
  const char *batch = batch_of(g, input);
  size_t n;
  const at_field *all = at_dataset_fields(s->data, &n), *same = NULL, *text = NULL;
  int n_same = 0, n_text = 0;
  bool own = false; /* `same` is of the batch axis's table */
  at_text list = {0};
  for (size_t i = 0; i < n; i++) {
    if (!feeds_models(&all[i])) continue;
    at_text_addf(&list, "%s%s.%s", list.len ? ", " : "", all[i].table, all[i].f.name);
    if (!strcmp(all[i].f.name, input) && !own) {
      own = !strcmp(all[i].table, batch);
      same = &all[i];
      n_same = own ? 1 : n_same + 1;
    }
    if (!strcmp(all[i].table, input) && all[i].f.type == ATTUNE_FIELD_TEXT) {
      bool first = !strcmp(all[i].f.name, "text");
      if (first || !n_text) text = &all[i];
      n_text = first ? 1 : n_text + 1;
      if (first) break;
    }
  }
  at_status st = AT_OK;
  if (n_same == 1)
    *out = same;
  else if (n_text == 1)
    *out = text;
  else {
    const at_field *f = fitting(s, g, input);
    st = at_fail(
        err, AT_EINPUT,
        "%s: no data for the input `%s`; say which under data.bind, for example `%s: %s.%s` (there "
        "are: %s)",
        s->run->path, input, input, f ? f->table : "TABLE", f ? f->f.name : "FIELD",
        list.data ? list.data : "none");
  }
  at_text_free(&list);
  return st;
}

at_status at_session_field(const at_session *s, const at_graph *g, const char *input,
                           const at_field **out, at_error *err) {
  char key[128];
  snprintf(key, sizeof key, "data.bind.%.100s", input);
  const at_entry *e = at_run_entry(s->run, key);
  return e ? field_by_path(s, input, e, out, err) : field_by_name(s, g, input, out, err);
}

/* ---- binding ---- */

/* `f` NULL: the task fills the input. */
static at_status batch_index(at_session *s, const at_node *in, const at_field *f, int *out,
                             const at_field **through, at_error *err) {
  const at_graph *g = s->graph;
  int axis = in->dim[0].axis, parent = g->axis[axis].parent;
  if (parent >= 0) axis = parent;
  const char *name = g->axis[axis].name;
  if (g->axis[axis].kind != AT_BATCH)
    return at_fail(err, AT_EINPUT, "%s: input `%s` has no batch axis", s->run->path, in->name);
  const bool own = !f || !strcmp(name, f->table);
  *through = !own ? at_session_link_field(s, name, f->table) : NULL;
  if (!own && !*through)
    return at_fail(err, AT_EINPUT,
                   "%s: input `%s` varies over the axis `%s`, but its data `%s.%s` is of the table "
                   "`%s`, to which no field of `%s` links; call the axis so in the model",
                   s->run->path, in->name, name, f->table, f->f.name, f->table, name);
  for (int i = 0; i < s->n_batch; i++)
    if (s->batch[i].axis == axis) {
      *out = i;
      return AT_OK;
    }
  if (s->n_batch == AT_MAX_BATCH_AXES)
    return at_fail(err, AT_EINPUT, "%s: the model has more than %d batch axes", s->run->path,
                   AT_MAX_BATCH_AXES);
  s->batch[s->n_batch] = (at_batch_axis){.name = name, .axis = axis, .ragged = -1};
  *out = s->n_batch++;
  return AT_OK;
}

/* Numbers out of texts: a score for each class. */
static bool takes_scores(const at_node *in, const at_field *f) {
  return f->f.type == ATTUNE_FIELD_TEXT && in->type == AT_REAL && in->ndim == 2;
}

static at_status check_scores(const at_session *s, const at_node *in, const at_field *f,
                              at_error *err) {
  const at_graph *g = s->graph;
  const at_labels *l = &s->labels;
  if (l->field && !strcmp(l->field->table, f->table) && in->dim[1].size == (int64_t)l->n &&
      g->axis[in->dim[0].axis].parent < 0)
    return AT_OK;
  return at_fail(
      err, AT_EINPUT,
      "%s: input `%s` takes the texts of `%s.%s` as a score for each class; the model "
      "needs the classes, as in `input answer: token(answer_class) [%s]`, before it, and "
      "as many places in `%s`",
      s->run->path, in->name, f->table, f->f.name, f->table, g->axis[in->dim[1].axis].name);
}

static at_status check_field(const at_session *s, const at_node *in, const at_field *f,
                             at_error *err) {
  const at_graph *g = s->graph;
  bool ragged = in->ndim > 0 && g->axis[in->dim[0].axis].parent >= 0;
  if (takes_scores(in, f)) return check_scores(s, in, f, err);
  bool text = f->f.type == ATTUNE_FIELD_TEXT, link = f->f.type == ATTUNE_FIELD_LINK;
  if (!feeds_models(f) || (text || link) != (in->type == AT_TOKEN))
    return at_fail(err, AT_EINPUT, "%s: input `%s` takes %s, but `%s.%s` is of type %s",
                   s->run->path, in->name, in->type == AT_TOKEN ? "tokens" : "real numbers",
                   f->table, f->f.name, at_field_type_name(f->f.type));
  if (link && (in->ndim != 1 || ragged))
    return at_fail(err, AT_EINPUT,
                   "%s: input `%s` takes a row number of `%s` for each %s; write its axes as [%s]",
                   s->run->path, in->name, f->f.link, f->table, f->table);
  if (text && in->ndim != 1)
    return at_fail(err, AT_EINPUT,
                   "%s: input `%s` takes texts; write its axes as [%s, word...] for their words, "
                   "or as [%s] for a class each",
                   s->run->path, in->name, f->table, f->table);
  if (text || link) return AT_OK;
  if (ragged != (f->f.type == ATTUNE_FIELD_ITEMS))
    return at_fail(err, AT_EINPUT, "%s: input `%s` is %s, but %s row of `%s.%s` has %s",
                   s->run->path, in->name, at_node_axes_text(g, in), ragged ? "every" : "each",
                   f->table, f->f.name,
                   ragged ? "as many items as any other; write its axis without `...`"
                          : "its own number of items; write their axis with `...`");
  if (in->ndim != (int)f->f.ndim + 1)
    return at_fail(err, AT_EINPUT, "%s: input `%s` is %s, but a row of `%s.%s` has %u axes",
                   s->run->path, in->name, at_node_axes_text(g, in), f->table, f->f.name,
                   (unsigned)f->f.ndim);
  if (at_pixels_shrink(s, in, f) > 1) return at_session_check_crop(s, f, err);
  for (int d = 1; d < in->ndim; d++)
    if (in->dim[d].size != at_session_shape(s, f, d - 1))
      return at_fail(err, AT_EINPUT,
                     "%s: axis `%s` of input `%s` has the size %lld, but `%s.%s` has %lld there",
                     s->run->path, g->axis[in->dim[d].axis].name, in->name,
                     (long long)in->dim[d].size, f->table, f->f.name,
                     (long long)at_session_shape(s, f, d - 1));
  return at_session_check_crop(s, f, err);
}

/* Pictures, numbers and words may be those of another table; row numbers and classes are of rows
 * themselves. */
static at_status check_through(const at_session *s, const at_feed *f, at_error *err) {
  if (!f->through || (f->kind != AT_FEED_LABEL && f->kind != AT_FEED_LINK)) return AT_OK;
  return at_fail(err, AT_EINPUT,
                 "%s: input `%s` varies over the axis `%s`, but its data `%s.%s` is of the table "
                 "`%s`; call the axis so in the model",
                 s->run->path, f->input->name, f->through->table, f->field->table, f->field->f.name,
                 f->field->table);
}

static at_feed_kind kind_of(const at_session *s, const at_node *in, const at_field *f) {
  switch (f->f.type) {
    case ATTUNE_FIELD_IMAGE: return AT_FEED_IMAGE;
    case ATTUNE_FIELD_LINK: return AT_FEED_LINK;
    case ATTUNE_FIELD_TEXT:
      if (takes_scores(in, f)) return AT_FEED_SCORES;
      return s->graph->axis[in->dim[0].axis].parent >= 0 ? AT_FEED_WORDS : AT_FEED_LABEL;
    case ATTUNE_FIELD_ITEMS: return AT_FEED_ITEMS;
    default: return AT_FEED_REAL;
  }
}

static at_status find_linked(at_session *s, at_error *err) {
  for (int i = 0; i < s->n_feeds; i++) {
    at_feed *f = &s->feed[i];
    if (f->kind != AT_FEED_LINK) continue;
    f->linked = -1;
    for (int b = 0; b < s->n_batch; b++)
      if (!strcmp(s->batch[b].name, f->field->f.link)) f->linked = b;
    if (f->linked < 0 || f->linked == f->table)
      return at_fail(err, AT_EINPUT,
                     "%s: input `%s` points to rows of `%s`, which is no other batch axis of the "
                     "model",
                     s->run->path, f->input->name, f->field->f.link);
    s->batch[f->linked].linked = true;
  }
  return AT_OK;
}

at_status at_session_bind(at_session *s, at_error *err) {
  for (int i = 0; i < s->graph->n_input; i++) {
    const at_node *in = s->graph->input[i];
    at_feed f = {.input = in, .row = 1};
    const bool fed = at_session_fed(s, in->name);
    at_status st = fed ? AT_OK : at_session_field(s, s->graph, in->name, &f.field, err);
    if (st == AT_OK && s->n_feeds == AT_MAX_FEEDS)
      st = at_fail(err, AT_EINPUT, "%s: the model has more than %d inputs", s->run->path,
                   AT_MAX_FEEDS);
    if (st == AT_OK && in->ndim < 1)
      st = at_fail(err, AT_EINPUT, "%s: input `%s` has no axes", s->run->path, in->name);
    if (st == AT_OK && !fed) st = check_field(s, in, f.field, err);
    if (st == AT_OK) st = batch_index(s, in, f.field, &f.table, &f.through, err);
    if (st != AT_OK) return st;
    for (int d = 1; d < in->ndim; d++) f.row *= in->dim[d].size;
    f.kind = fed ? AT_FEED_TASK : kind_of(s, in, f.field);
    if (fed) {
      s->feed[s->n_feeds++] = f;
      continue;
    }
    f.shrink = at_pixels_shrink(s, in, f.field);
    if ((st = check_through(s, &f, err)) != AT_OK) return st;
    if (f.kind == AT_FEED_WORDS) s->batch[f.table].ragged = in->dim[0].axis;
    s->feed[s->n_feeds++] = f;
  }
  return find_linked(s, err);
}

/* ---- reading rows ---- */

typedef struct reading {
  const at_session *s;
  at_cache *c;
  int feed;
  const int64_t *rows;
  unsigned char *failed;
  float *dst;
} reading;

static at_status read_image(const reading *r, int64_t row, at_error *err) {
  return at_pixels_read(r->s, &r->s->feed[r->feed], r->c->split, row, &r->c->image[r->feed][row],
                        err);
}

static at_status read_tokens(const reading *r, int64_t row, at_error *err) {
  const at_session *s = r->s;
  char *text = NULL;
  int32_t *id = NULL;
  int64_t n = 0, unknown;
  at_status st =
      at_dataset_read_text(s->data, r->c->split, s->feed[r->feed].field, row, &text, err);
  if (st == AT_OK) st = at_session_ids(s, text, &id, &n, NULL, &unknown, err);
  if (st == AT_OK) {
    r->c->token[r->feed][row] = id;
    r->c->length[r->feed][row] = (int32_t)n;
  }
  free(text);
  return st;
}

/* A class, or a row of another table; -1: none. */
static at_status read_number(const reading *r, int64_t row, at_error *err) {
  const at_feed *f = &r->s->feed[r->feed];
  int32_t *id = malloc(sizeof *id);
  int64_t to = -1;
  if (!id) return at_nomem(err);
  at_status st = f->kind == AT_FEED_LABEL
                     ? at_session_label(r->s, r->c->split, f->field, row, id, err)
                     : at_dataset_read(r->s->data, r->c->split, f->field, row, &to, err);
  if (st == AT_OK && f->kind == AT_FEED_LINK) {
    int64_t rows = at_dataset_rows(r->s->data, r->c->split, f->field->f.link);
    if (to < 0 || to >= rows)
      st = at_fail(err, AT_EINPUT,
                   "row %lld of `%s` in `%s` points to row %lld of `%s`, which has %lld",
                   (long long)row, f->field->table, r->c->split, (long long)to, f->field->f.link,
                   (long long)rows);
    *id = (int32_t)to;
  }
  if (st != AT_OK) {
    free(id);
    return st;
  }
  r->c->token[r->feed][row] = id;
  r->c->length[r->feed][row] = 1;
  return AT_OK;
}

static at_status read_one(const reading *r, int64_t i, at_error *err) {
  const at_feed *f = &r->s->feed[r->feed];
  int64_t row = r->rows[i];
  if (f->kind == AT_FEED_IMAGE) return read_image(r, row, err);
  if (f->kind == AT_FEED_WORDS) return read_tokens(r, row, err);
  if (f->kind == AT_FEED_SCORES)
    return at_session_scores(r->s, r->c->split, f->field, row, r->dst + i * f->row, err);
  if (f->kind != AT_FEED_REAL) return read_number(r, row, err);
  return at_dataset_read(r->s->data, r->c->split, f->field, row, r->dst + i * f->row, err);
}

static void read_task(void *ctx, size_t i) {
  const reading *r = ctx;
  r->failed[i] = read_one(r, (int64_t)i, NULL) != AT_OK;
}

/* Reads n rows side by side; a failure is read once more for its sentence. */
static at_status read_rows(reading *r, int64_t n, at_error *err) {
  if (!n) return AT_OK;
  r->failed = calloc((size_t)n, 1);
  if (!r->failed) return at_nomem(err);
  at_parallel(r->s->pool, (size_t)n, read_task, r);
  at_status st = AT_OK;
  for (int64_t i = 0; st == AT_OK && i < n; i++)
    if (r->failed[i]) st = read_one(r, i, err);
  free(r->failed);
  return st;
}

static int by_row(const void *a, const void *b) {
  int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
  return (x > y) - (x < y);
}

/* Rows of the batch that the cache lacks, each once. */
static at_status read_missing(at_session *s, at_cache *c, int feed, const int64_t *rows, int64_t n,
                              at_error *err) {
  bool image = s->feed[feed].kind == AT_FEED_IMAGE;
  int64_t *missing = malloc((size_t)n * sizeof *missing), k = 0, m = 0;
  if (!missing) return at_nomem(err);
  for (int64_t i = 0; i < n; i++)
    if (image ? !c->image[feed][rows[i]] : !c->token[feed][rows[i]]) missing[k++] = rows[i];
  if (k) qsort(missing, (size_t)k, sizeof *missing, by_row);
  for (int64_t i = 0; i < k; i++)
    if (!i || missing[i] != missing[i - 1]) missing[m++] = missing[i];
  reading r = {.s = s, .c = c, .feed = feed, .rows = missing};
  at_status st = read_rows(&r, m, err);
  for (int64_t i = 0; image && i < m; i++) {
    uint8_t *rgb = c->image[feed][missing[i]];
    if (rgb) at_session_keep_picture(s, c, feed, missing[i], rgb);
  }
  free(missing);
  return st;
}

/* ---- batches ---- */

at_status at_session_reserve(at_session *s, int feed, size_t bytes, at_error *err) {
  if (bytes <= s->buffer_bytes[feed]) return AT_OK;
  free(s->buffer[feed]);
  s->buffer_bytes[feed] = 0;
  s->buffer[feed] = malloc(bytes + bytes / 4);
  if (!s->buffer[feed]) return at_nomem(err);
  s->buffer_bytes[feed] = bytes + bytes / 4;
  return AT_OK;
}

static at_status load_real(at_session *s, at_cache *c, int feed, const int64_t *rows, int64_t n,
                           at_error *err) {
  const at_feed *f = &s->feed[feed];
  size_t bytes;
  if (at_session_early(s, c, feed, rows, n)) return AT_OK;
  if (!at_mul_size((size_t)n, (size_t)f->row * sizeof(float), &bytes)) return at_nomem(err);
  at_status st = at_session_reserve(s, feed, bytes, err);
  if (st != AT_OK) return st;
  if (f->kind != AT_FEED_IMAGE) {
    reading r = {.s = s, .c = c, .feed = feed, .rows = rows, .dst = s->buffer[feed]};
    return read_rows(&r, n, err);
  }
  if ((st = read_missing(s, c, feed, rows, n, err)) != AT_OK) return st;
  at_session_give_pictures(s, c, feed, rows, n);
  return AT_OK;
}

at_status at_session_reserve_offsets(at_session *s, int feed, int64_t n, at_error *err) {
  if ((size_t)n + 1 > s->offsets_cap[feed]) {
    int64_t *v = realloc(s->offsets[feed], ((size_t)n + 1) * sizeof *v);
    if (!v) return at_nomem(err);
    s->offsets[feed] = v;
    s->offsets_cap[feed] = (size_t)n + 1;
  }
  return AT_OK;
}

static at_status load_tokens(at_session *s, at_exec *x, at_cache *c, int feed, const int64_t *rows,
                             int64_t n, at_error *err) {
  const at_feed *f = &s->feed[feed];
  at_status st = read_missing(s, c, feed, rows, n, err);
  if (st == AT_OK) st = at_session_reserve_offsets(s, feed, n, err);
  if (st != AT_OK) return st;
  int64_t *off = s->offsets[feed];
  off[0] = 0;
  for (int64_t i = 0; i < n; i++) off[i + 1] = off[i] + c->length[feed][rows[i]];
  if ((st = at_session_reserve(s, feed, (size_t)off[n] * sizeof(int32_t), err)) != AT_OK) return st;
  int32_t *to = s->buffer[feed];
  for (int64_t i = 0; i < n; i++)
    memcpy(to + off[i], c->token[feed][rows[i]], (size_t)c->length[feed][rows[i]] * sizeof *to);
  return at_exec_ragged(x, s->graph->axis[f->input->dim[0].axis].name, off, n, err);
}

static int64_t place_of(const int64_t *rows, int64_t n, int64_t row) {
  for (int64_t i = 0; i < n; i++)
    if (rows[i] == row) return i;
  return -1;
}

/* `linked`: the rows of the batch that links point to. */
static at_status load_numbers(at_session *s, at_cache *c, int feed, const int64_t *rows, int64_t n,
                              const int64_t *linked, int64_t n_linked, at_error *err) {
  const at_feed *f = &s->feed[feed];
  at_status st = read_missing(s, c, feed, rows, n, err);
  if (st == AT_OK) st = at_session_reserve(s, feed, (size_t)n * sizeof(int32_t), err);
  if (st != AT_OK) return st;
  int32_t *to = s->buffer[feed];
  for (int64_t i = 0; i < n; i++) {
    int32_t v = *c->token[feed][rows[i]];
    to[i] = v;
    if (f->kind == AT_FEED_LABEL && v < 0) to[i] = 0; /* has no loss: tasks leave it out */
    if (f->kind != AT_FEED_LINK) continue;
    to[i] = (int32_t)place_of(linked, n_linked, v);
    if (to[i] < 0)
      return at_fail(err, AT_EFAIL, "row %lld of `%s` needs row %d of `%s`, which the batch lacks",
                     (long long)rows[i], f->field->table, (int)v, f->field->f.link);
  }
  return AT_OK;
}

static at_status load_feed(at_session *s, at_exec *x, at_cache *c, int f,
                           const int64_t *const *rows, const int64_t *counts, at_error *err) {
  const at_feed *feed = &s->feed[f];
  int t = feed->table;
  switch (feed->kind) {
    case AT_FEED_WORDS: return load_tokens(s, x, c, f, rows[t], counts[t], err);
    case AT_FEED_ITEMS: return at_session_load_items(s, x, c, f, rows[t], counts[t], err);
    case AT_FEED_LABEL: return load_numbers(s, c, f, rows[t], counts[t], NULL, 0, err);
    case AT_FEED_LINK:
      return load_numbers(s, c, f, rows[t], counts[t], rows[feed->linked], counts[feed->linked],
                          err);
    default: return load_real(s, c, f, rows[t], counts[t], err);
  }
}

/* Rows of the feed's table that rows of its batch axis name. */
static at_status follow(at_session *s, const at_feed *f, const char *split, const int64_t *rows,
                        int64_t n, at_error *err) {
  at_status st = AT_OK;
  if ((size_t)n > s->followed_cap) {
    int64_t *v = realloc(s->followed, (size_t)n * sizeof *v);
    if (!v) return at_nomem(err);
    s->followed = v;
    s->followed_cap = (size_t)n;
  }
  for (int64_t i = 0; st == AT_OK && i < n; i++)
    st = at_session_follow(s, f, split, rows[i], &s->followed[i], err);
  return st;
}

/* One feed into the executor. */
static at_status bind_feed(at_session *s, at_exec *x, at_cache *c, int f,
                           const int64_t *const *rows, const int64_t *counts, at_error *err) {
  const int t = s->feed[f].table;
  const int64_t *own[AT_MAX_BATCH_AXES];
  at_status st = AT_OK;
  for (int b = 0; b < s->n_batch; b++) own[b] = rows[b];
  if (s->feed[f].through) {
    st = follow(s, &s->feed[f], c->split, rows[t], counts[t], err);
    own[t] = s->followed;
  }
  for (int64_t i = 0; st == AT_OK && i < counts[t]; i++)
    if (own[t][i] < 0 || own[t][i] >= c->rows[f])
      st = at_fail(err, AT_EFAIL, "row %lld of table `%s` was asked for; it has %lld rows",
                   (long long)own[t][i], s->feed[f].field->table, (long long)c->rows[f]);
  if (st == AT_OK) st = load_feed(s, x, c, f, own, counts, err);
  return st == AT_OK ? at_exec_input(x, s->feed[f].input->name, s->buffer[f], err) : st;
}

at_status at_session_load(at_session *s, at_exec *x, const char *split, const int64_t *const *rows,
                          const int64_t *counts, at_error *err) {
  at_cache *c;
  at_session_ahead_end(s);
  at_status st = at_session_cache(s, split, &c, err);
  for (int b = 0; st == AT_OK && b < s->n_batch; b++)
    st = at_exec_size(x, s->batch[b].name, counts[b], err);
  for (int f = 0; st == AT_OK && f < s->n_feeds; f++)
    if (s->feed[f].kind != AT_FEED_TASK) st = bind_feed(s, x, c, f, rows, counts, err);
  if (st == AT_OK) st = at_session_feed(s, x, c->split, rows, counts, NULL, err);
  return st == AT_OK ? at_exec_ready(x, err) : st;
}

at_status at_session_load_side(at_session *s, at_exec *x, const char *split, int side,
                               const int64_t *rows, int64_t count, at_error *err) {
  const int64_t *all[AT_MAX_BATCH_AXES] = {NULL};
  int64_t counts[AT_MAX_BATCH_AXES] = {0};
  const at_graph *g = at_x_graph(x);
  at_cache *c;
  all[side] = rows;
  counts[side] = count;
  at_session_ahead_end(s);
  at_status st = at_session_cache(s, split, &c, err);
  if (st == AT_OK) st = at_exec_size(x, s->batch[side].name, count, err);
  for (int f = 0; f < s->n_feeds; f++)
    for (int i = 0; st == AT_OK && i < g->n_input; i++)
      if (!strcmp(s->feed[f].input->name, g->input[i]->name))
        st = bind_feed(s, x, c, f, all, counts, err);
  return st == AT_OK ? at_exec_ready(x, err) : st;
}
