/* What the next batch needs, read on a thread of its own beside the step of the one before. */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include "core/run/run_impl.h"

typedef struct picture {
  int feed;
  int64_t row;
  uint8_t *rgb; /* NULL: it could not be read, and will be read again for its sentence */
} picture;

/* Nothing but `v` and s->early is written on the thread. */
struct at_ahead {
  pthread_t thread;
  at_session *s;
  at_cache *c;
  picture *v; /* that the cache lacks */
  size_t n, cap;
};

/* ---- on the thread ---- */

static void read_numbers(const struct at_ahead *a, int feed) {
  const at_feed *f = &a->s->feed[feed];
  at_early *e = &a->s->early[feed];
  for (int64_t i = 0; e->read && i < e->n; i++)
    e->read = at_dataset_read(a->s->data, a->c->split, f->field, e->rows[i], e->v + i * f->row,
                              NULL) == AT_OK;
}

static void *read_ahead(void *ctx) {
  struct at_ahead *a = ctx;
  for (size_t i = 0; i < a->n; i++) {
    picture *r = &a->v[i];
    (void)at_pixels_read(a->s, &a->s->feed[r->feed], a->c->split, r->row, &r->rgb, NULL);
  }
  for (int f = 0; f < a->s->n_feeds; f++) read_numbers(a, f);
  return NULL;
}

/* ---- what is wanted ---- */

static bool lacks(const struct at_ahead *a, int feed, int64_t row) {
  if (row < 0 || row >= a->c->rows[feed] || a->c->image[feed][row]) return false;
  for (size_t i = 0; i < a->n; i++)
    if (a->v[i].feed == feed && a->v[i].row == row) return false;
  return true;
}

static bool want_picture(struct at_ahead *a, int feed, int64_t row) {
  if (!lacks(a, feed, row)) return true;
  if (a->n == a->cap) {
    const size_t cap = a->cap ? 2 * a->cap : 64;
    picture *v = realloc(a->v, cap * sizeof *v);
    if (!v) return false;
    a->v = v;
    a->cap = cap;
  }
  a->v[a->n++] = (picture){.feed = feed, .row = row};
  return true;
}

static bool make_room(at_early *e, const at_feed *f, int64_t n) {
  size_t bytes;
  if (!at_mul_size((size_t)n, (size_t)f->row * sizeof *e->v, &bytes)) return false;
  if ((size_t)n > e->cap) {
    int64_t *rows = realloc(e->rows, (size_t)n * sizeof *rows);
    if (!rows) return false;
    e->rows = rows;
    e->cap = (size_t)n;
  }
  if (bytes > e->bytes) {
    free(e->v);
    e->bytes = 0;
    if (!(e->v = malloc(bytes))) return false;
    e->bytes = bytes;
  }
  return true;
}

static bool want(struct at_ahead *a, int feed, const int64_t *rows, int64_t n) {
  const at_feed *f = &a->s->feed[feed];
  at_early *e = &a->s->early[feed];
  const bool numbers = f->kind == AT_FEED_REAL;
  if (!numbers && f->kind != AT_FEED_IMAGE) return true;
  if (numbers && !make_room(e, f, n)) return false;
  for (int64_t i = 0; i < n; i++) {
    int64_t row;
    if (at_session_follow(a->s, f, a->c->split, rows[i], &row, NULL) != AT_OK) return false;
    if (numbers && (row < 0 || row >= a->c->rows[feed])) return false;
    if (numbers) e->rows[i] = row;
    if (!numbers && !want_picture(a, feed, row)) return false;
  }
  e->n = numbers ? n : 0;
  e->read = numbers;
  return true;
}

/* ---- the session's side ---- */

static void free_ahead(struct at_ahead *a) {
  if (!a) return;
  free(a->v);
  free(a);
}

void at_session_ahead(at_session *s, const char *split, const int64_t *const *rows,
                      const int64_t *counts) {
  struct at_ahead *a = calloc(1, sizeof *a);
  at_session_ahead_end(s);
  bool ok = a && at_session_cache(s, split, &a->c, NULL) == AT_OK, any = false;
  for (int f = 0; f < AT_MAX_FEEDS; f++) s->early[f].read = false;
  if (ok) a->s = s;
  for (int f = 0; ok && f < s->n_feeds; f++) {
    ok = want(a, f, rows[s->feed[f].table], counts[s->feed[f].table]);
    s->early[f].of = a->c;
    any |= s->early[f].read;
  }
  ok = ok && (any || a->n) && !pthread_create(&a->thread, NULL, read_ahead, a);
  for (int f = 0; !ok && f < AT_MAX_FEEDS; f++) s->early[f].read = false;
  s->ahead = ok ? a : NULL;
  if (!ok) free_ahead(a);
}

void at_session_ahead_end(at_session *s) {
  struct at_ahead *a = s->ahead;
  if (!a) return;
  s->ahead = NULL;
  pthread_join(a->thread, NULL);
  for (size_t i = 0; i < a->n; i++) {
    const picture *r = &a->v[i];
    if (r->rgb) at_session_keep_picture(s, a->c, r->feed, r->row, r->rgb);
  }
  free_ahead(a);
}

bool at_session_early(at_session *s, const at_cache *c, int feed, const int64_t *rows, int64_t n) {
  at_early *e = &s->early[feed];
  if (!e->read || e->of != c || e->n != n || memcmp(e->rows, rows, (size_t)n * sizeof *rows) != 0)
    return false;
  float *v = s->buffer[feed];
  const size_t bytes = s->buffer_bytes[feed];
  s->buffer[feed] = e->v;
  s->buffer_bytes[feed] = e->bytes;
  *e = (at_early){.v = v, .bytes = bytes, .rows = e->rows, .cap = e->cap};
  return true;
}

void at_session_free_early(at_session *s) {
  for (int f = 0; f < AT_MAX_FEEDS; f++) {
    free(s->early[f].v);
    free(s->early[f].rows);
  }
}
