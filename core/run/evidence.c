/* What the data says of the keys that a model attends over, in one example. */
#include <stdlib.h>
#include <string.h>
#include "core/run/run_impl.h"

void at_evidence_free(at_evidence *e) {
  free(e->box);
  free(e->word);
  free(e->region);
  at_items_free(e->items, e->n_items);
  memset(e, 0, sizeof *e);
}

/* A field of a table, when it is of that type. */
static const at_field *typed(const at_session *s, const char *table, const char *name,
                             uint32_t type) {
  const at_field *f = at_dataset_field(s->data, table, name);
  return f && f->f.type == type ? f : NULL;
}

/* Of all batch axes the first whose table marks what decides. */
static at_status add_boxes(const at_session *s, const char *split, const int64_t *rows,
                           at_evidence *e, at_error *err) {
  for (int b = 0; b < s->n_batch; b++) {
    const at_field *f = typed(s, s->batch[b].name, "evidence", ATTUNE_FIELD_BOXES);
    if (f) return at_dataset_read_boxes(s->data, split, f, rows[b], &e->box, &e->n_boxes, err);
  }
  return AT_OK;
}

/* The words that a look tells: those of the first input of words. */
static at_status add_words(const at_session *s, int feed, const char *split, int64_t row,
                           at_evidence *e, at_error *err) {
  const at_field *f = typed(s, s->feed[feed].field->table, "evidence_words", ATTUNE_FIELD_WORDS);
  if (strcmp(s->feed[feed].field->f.name, "text")) return AT_OK;
  e->first = s->ends ? 1 : 0;
  e->words = s->max_words;
  return f ? at_dataset_read_words(s->data, split, f, row, &e->word, &e->n_words, err) : AT_OK;
}

/* Width, height and regions of the picture that feeds the model, as pixels or as numbers. */
static at_status add_picture(const at_session *s, int feed, const char *split, int64_t row,
                             at_evidence *e, at_error *err) {
  const char *table = s->feed[feed].field->table;
  size_t n;
  const at_field *f = at_dataset_fields(s->data, &n), *boxes = NULL;
  for (size_t i = 0; i < n; i++) {
    if (strcmp(f[i].table, table)) continue;
    if (f[i].f.type == ATTUNE_FIELD_BOXES && !boxes) boxes = &f[i];
    if (f[i].f.type != ATTUNE_FIELD_IMAGE || (e->width && &f[i] != s->feed[feed].field)) continue;
    e->height = f[i].f.shape[0];
    e->width = f[i].f.shape[1];
  }
  return boxes ? at_dataset_read_boxes(s->data, split, boxes, row, &e->region, &e->n_regions, err)
               : AT_OK;
}

at_status at_session_evidence(const at_session *s, const char *split, const int64_t *rows,
                              at_evidence *out, at_error *err) {
  const char *name = at_session_split(s, split);
  bool words = false, picture = false;
  memset(out, 0, sizeof *out);
  at_status st = add_boxes(s, name, rows, out, err);
  for (int f = 0; st == AT_OK && f < s->n_feeds; f++) {
    at_feed_kind kind = s->feed[f].kind;
    int64_t row;
    st = at_session_follow(s, &s->feed[f], name, rows[s->feed[f].table], &row, err);
    if (st != AT_OK) break;
    if (kind == AT_FEED_WORDS && !words) {
      words = true;
      st = add_words(s, f, name, row, out, err);
    } else if ((kind == AT_FEED_IMAGE || kind == AT_FEED_REAL || kind == AT_FEED_ITEMS) &&
               !picture) {
      picture = true;
      st = add_picture(s, f, name, row, out, err);
    }
  }
  if (st == AT_OK) st = at_session_items(s, name, rows, &out->items, &out->n_items, err);
  if (st != AT_OK) at_evidence_free(out);
  return st;
}
