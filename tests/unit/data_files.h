/* Helpers of the data room's tests: scratch folders, bytes in boxes of exactly
 * their size (so that the sanitizer sees every byte read too many). */
#ifndef TESTS_DATA_FILES_H
#define TESTS_DATA_FILES_H
#include "tests/unit/cm.h"
#include <unistd.h>
#include "core/base/file.h"
#include "core/base/status.h"

static char scratch[256];

static int make_scratch(void **state) {
  const char *base = getenv("TMPDIR");
  (void)state;
  snprintf(scratch, sizeof scratch, "%s/attune-test.XXXXXX", base && *base ? base : "/tmp");
  return mkdtemp(scratch) ? 0 : -1;
}

static int drop_scratch(void **state) {
  char command[300];
  (void)state;
  snprintf(command, sizeof command, "rm -rf '%s'", scratch);
  return system(command);
}

/* One static buffer: valid until the next call. */
static inline const char *in_scratch(const char *name) {
  static char path[512];
  snprintf(path, sizeof path, "%s/%s", scratch, name);
  return path;
}

/* In a folder that is made where it is absent. */
static inline void put_file(const char *dir, const char *name, const char *text) {
  char path[4096];
  at_error err = {0};
  snprintf(path, sizeof path, "%s/%s", dir, name);
  if (at_mkdirs(dir, &err) != AT_OK || at_file_write(path, text, strlen(text), &err) != AT_OK)
    fail_msg("%s", err.message);
}

static inline char *slurp(const char *path, size_t *n) {
  char *bytes = NULL;
  at_error e = {0};
  if (at_file_read(path, (size_t)1 << 30, &bytes, n, &e) != AT_OK) fail_msg("%s", e.message);
  return bytes;
}

static inline void spill(const char *path, const void *bytes, size_t n) {
  at_error e = {0};
  if (at_file_write(path, bytes, n, &e) != AT_OK) fail_msg("%s", e.message);
}

static inline unsigned char *boxed(const void *bytes, size_t n) {
  unsigned char *p = malloc(n ? n : 1);
  assert_non_null(p);
  if (n) memcpy(p, bytes, n);
  return p;
}

/* A sentence: names the source, is one line, and has something to say. */
static inline void assert_sentence(const at_error *e, const char *what) {
  assert_true(e->code == AT_EINPUT);
  if (!strstr(e->message, what)) fail_msg("does not name %s: %s", what, e->message);
  assert_null(strchr(e->message, '\n'));
  assert_true(strlen(e->message) > strlen(what) + 10);
}

#define assert_ok(call)                                \
  do {                                                 \
    at_error ok_error = {0};                           \
    at_error *err = &ok_error;                         \
    if ((call) != AT_OK) fail_msg("%s", err->message); \
  } while (0)
#endif
