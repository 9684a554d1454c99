/* What was read of a split and is worth keeping. */
#include <stdlib.h>
#include <string.h>
#include "core/run/run_impl.h"

void at_cache_free(at_cache *c) {
  if (!c) return;
  for (size_t f = 0; f < c->n_feeds; f++) {
    for (int64_t r = 0; c->rows && r < c->rows[f]; r++) {
      if (c->image && c->image[f]) free(c->image[f][r]);
      if (c->token && c->token[f]) free(c->token[f][r]);
    }
    if (c->image) free(c->image[f]);
    if (c->token) free(c->token[f]);
    if (c->length) free(c->length[f]);
  }
  free(c->rows);
  free(c->image);
  free(c->token);
  free(c->length);
  free(c->split);
  free(c);
}

static at_status fill_cache(at_session *s, at_cache *c, at_error *err) {
  size_t n = (size_t)s->n_feeds;
  c->n_feeds = n;
  c->rows = calloc(n + 1, sizeof *c->rows);
  c->image = calloc(n + 1, sizeof *c->image);
  c->token = calloc(n + 1, sizeof *c->token);
  c->length = calloc(n + 1, sizeof *c->length);
  if (!c->split || !c->rows || !c->image || !c->token || !c->length) return at_nomem(err);
  for (size_t f = 0; f < n; f++) {
    const at_field *field = s->feed[f].field;
    if (!field) continue;
    int64_t rows = at_dataset_rows(s->data, c->split, field->table);
    if (rows < 0)
      return at_fail(err, AT_EINPUT, "%s: the data has no split `%s` with a table `%s`",
                     s->run->path, c->split, field->table);
    if (rows == 0)
      return at_fail(err, AT_EINPUT, "%s: the split `%s` is empty: its table `%s` has no rows",
                     s->run->path, c->split, field->table);
    c->rows[f] = rows;
    bool image = s->feed[f].kind == AT_FEED_IMAGE, token = s->feed[f].input->type == AT_TOKEN;
    if (image) c->image[f] = calloc((size_t)rows, sizeof **c->image);
    if (token) {
      c->token[f] = calloc((size_t)rows, sizeof **c->token);
      c->length[f] = calloc((size_t)rows, sizeof **c->length);
    }
    if ((image && !c->image[f]) || (token && (!c->token[f] || !c->length[f]))) return at_nomem(err);
  }
  return AT_OK;
}

at_status at_session_cache(at_session *s, const char *split, at_cache **out, at_error *err) {
  for (size_t i = 0; i < s->n_caches; i++)
    if (!strcmp(s->cache[i]->split, split)) {
      *out = s->cache[i];
      return AT_OK;
    }
  at_cache *c = calloc(1, sizeof *c), **v = realloc(s->cache, (s->n_caches + 1) * sizeof *v);
  if (v) s->cache = v;
  if (!c || !v) {
    free(c);
    return at_nomem(err);
  }
  c->split = strdup(split);
  at_status st = fill_cache(s, c, err);
  if (st != AT_OK) {
    at_cache_free(c);
    return st;
  }
  s->cache[s->n_caches++] = c;
  *out = c;
  return AT_OK;
}
