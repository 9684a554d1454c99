/* What metrics remember from one evaluation to the next, in memory and as files remembered/HASH in
 * a run's folder.  A file begins with its key, so that two keys of one hash are told apart. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/file.h"
#include "core/base/random.h"
#include "core/run/network.h"

#define FOLDER "remembered"
enum { MOST_KEY = 127 };
#define LIMIT ((size_t)1 << 30)

typedef struct at_memory {
  struct at_memory *next;
  char key[MOST_KEY + 1];
  size_t bytes;
  char *value; /* behind its key and a newline, as in a file */
  char *text;
} at_memory;

static char *path_of(const at_session *s, const char *key) {
  char name[40];
  char *folder = s->folder ? at_path_join(s->folder, FOLDER) : NULL;
  snprintf(name, sizeof name, "%016llx", (unsigned long long)at_hash64(key, strlen(key)));
  char *path = folder ? at_path_join(folder, name) : NULL;
  free(folder);
  return path;
}

static at_memory *find(const at_session *s, const char *key) {
  at_memory *k = s->memory;
  while (k && strcmp(k->key, key)) k = k->next;
  return k;
}

/* Takes `text`, "KEY\nVALUE" of n bytes in all. */
static at_memory *add(at_session *s, const char *key, char *text, size_t n) {
  at_memory *k = find(s, key);
  if (!k && (k = calloc(1, sizeof *k))) {
    k->next = s->memory;
    s->memory = k;
    snprintf(k->key, sizeof k->key, "%s", key);
  }
  if (!k) {
    free(text);
    return NULL;
  }
  free(k->text);
  k->text = text;
  k->value = text + strlen(key) + 1;
  k->bytes = n - strlen(key) - 1;
  return k;
}

const void *at_memory_find(at_session *s, const char *key, size_t *bytes) {
  at_memory *k = find(s, key);
  char *path = k ? NULL : path_of(s, key), *text = NULL;
  size_t n = 0, length = strlen(key);
  if (path && at_file_exists(path) && at_file_read(path, LIMIT, &text, &n, NULL) == AT_OK &&
      n > length && !strncmp(text, key, length) && text[length] == '\n') {
    k = add(s, key, text, n);
    text = NULL;
  }
  free(text);
  free(path);
  *bytes = k ? k->bytes : 0;
  return k ? k->value : NULL;
}

/* A folder that cannot be written to is no error: it is worked out anew then. */
at_status at_memory_put(at_session *s, const char *key, const void *value, size_t bytes,
                        at_error *err) {
  const size_t length = strlen(key);
  if (!length || length > MOST_KEY || strchr(key, '\n') || bytes > LIMIT - MOST_KEY - 1)
    return at_fail(err, AT_EFAIL, "a metric remembers %zu bytes under a key of %zu", bytes, length);
  const size_t n = length + 1 + bytes;
  char *text = malloc(n + 1), *path = path_of(s, key),
       *folder = s->folder ? at_path_join(s->folder, FOLDER) : NULL;
  if (!text || (s->folder && (!path || !folder))) {
    free(text);
    free(path);
    free(folder);
    return at_nomem(err);
  }
  snprintf(text, n + 1, "%s\n", key);
  memcpy(text + length + 1, value, bytes);
  text[n] = 0;
  if (folder && at_mkdirs(folder, NULL) == AT_OK) (void)at_file_write(path, text, n, NULL);
  free(path);
  free(folder);
  return add(s, key, text, n) ? AT_OK : at_nomem(err);
}

void at_memory_free(at_session *s) {
  for (at_memory *k = s->memory, *next; k; k = next) {
    next = k->next;
    free(k->text);
    free(k);
  }
}
