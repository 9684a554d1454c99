#include "core/base/bundle.h"
#include <pthread.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/file.h"

typedef struct entry {
  struct entry *next;
  char *path, *text;
} entry;

struct at_bundle {
  char *dir;
  entry *first, **end;
  pthread_t thread;
  bool runs; /* the thread is to be joined */
  at_status status;
  at_error err;
};

at_status at_bundle_new(const char *dir, at_bundle **out, at_error *err) {
  at_bundle *b = *out = calloc(1, sizeof *b);
  if (!b || !(b->dir = strdup(dir))) {
    at_bundle_free(b);
    *out = NULL;
    return at_nomem(err);
  }
  b->end = &b->first;
  return AT_OK;
}

at_status at_bundle_add(at_bundle *b, const char *name, char *text, at_error *err) {
  entry *e = text ? calloc(1, sizeof *e) : NULL;
  if (!e || !(e->path = at_path_join(b->dir, name))) {
    free(e);
    free(text);
    return at_nomem(err);
  }
  e->text = text;
  *b->end = e;
  b->end = &e->next;
  return AT_OK;
}

static void *write_all(void *ctx) {
  at_bundle *b = ctx;
  for (const entry *e = b->first; b->status == AT_OK && e; e = e->next) {
    if (!e->next) at_folder_sync(b->dir);
    b->status = at_file_publish(e->path, e->text, strlen(e->text), &b->err);
  }
  if (b->status == AT_OK) at_folder_sync(b->dir);
  return NULL;
}

void at_bundle_begin(at_bundle *b) {
  b->runs = pthread_create(&b->thread, NULL, write_all, b) == 0;
  if (!b->runs) write_all(b);
}

at_status at_bundle_wait(at_bundle *b, at_error *err) {
  if (b->runs) pthread_join(b->thread, NULL);
  b->runs = false;
  if (b->status != AT_OK && err) *err = b->err;
  return b->status;
}

void at_bundle_free(at_bundle *b) {
  if (!b) return;
  (void)at_bundle_wait(b, NULL);
  for (entry *e = b->first, *next; e; e = next) {
    next = e->next;
    free(e->path);
    free(e->text);
    free(e);
  }
  free(b->dir);
  free(b);
}
