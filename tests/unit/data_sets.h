/* Data sets opened through their readers, and what is in them. */
#ifndef TESTS_DATA_SETS_H
#define TESTS_DATA_SETS_H
#include "core/base/busy.h"
#include "core/plugin/plugin_impl.h"
#include "tests/unit/data_files.h"

static at_registry *registry;

static inline at_status open_set(const char *spec, at_dataset **out, at_error *why) {
  char *name;
  at_option_value *v;
  size_t n;
  const at_item *it;
  attune_options *o;
  assert_ok(at_spec_parse(spec, &name, &v, &n, err));
  assert_ok(at_registry_find(registry, ATTUNE_DATA, name, &it, err));
  assert_ok(at_options_new(it, v, n, NULL, &o, err));
  at_status s = at_dataset_open(it, o, out, why);
  at_options_free(o);
  free(name);
  free(v);
  return s;
}

static inline const at_field *field(const at_dataset *d, const char *table, const char *name) {
  const at_field *f = at_dataset_field(d, table, name);
  if (!f) fail_msg("there is no field %s.%s", table, name);
  return f;
}

static inline void has_text(const at_dataset *d, const char *split, const char *name, int64_t row,
                            const char *want) {
  char *text = NULL;
  assert_ok(at_dataset_read_text(d, split, field(d, "question", name), row, &text, err));
  assert_string_equal(text, want);
  free(text);
}

static inline int64_t link_of(const at_dataset *d, const char *split, int64_t row) {
  int64_t out = -1;
  assert_ok(at_dataset_read(d, split, field(d, "question", "picture"), row, &out, err));
  return out;
}

static inline void spill_text(const char *name, const char *text) {
  spill(in_scratch(name), text, strlen(text));
}

static inline void folder(const char *name) {
  char command[600];
  snprintf(command, sizeof command, "mkdir -p '%s'", in_scratch(name));
  assert_int_equal(system(command), 0);
}

/* ---- published sets, where they are; NULL: they are not ---- */

static inline const char *shared(const char *name) {
  static char path[700];
  const char *given = getenv("ATTUNE_SHARED"), *top = getenv("top_srcdir");
  if (given)
    snprintf(path, sizeof path, "%s/data/%s", given, name);
  else
    snprintf(path, sizeof path, "%s/../shared/data/%s", top ? top : ".", name);
  if (at_file_exists(path)) return path;
  print_message("# the files of %s are not here\n", name);
  return NULL;
}

/* ---- who waits ---- */

typedef struct waiting {
  int64_t heard, most; /* calls; of these answered yes */
  at_busy_now last;
} waiting;

static inline bool wait_for(void *ctx, const at_busy_now *now) {
  waiting *w = ctx;
  assert_string_equal(now->doing, "reading");
  assert_true(now->done >= 0 && (!now->total || now->done <= now->total));
  w->last = *now;
  return ++w->heard <= w->most;
}

/* A reader tells whoever waits where it is, and ends when they have had enough. */
static inline void can_be_stopped(const char *spec) {
  waiting w = {.most = INT64_MAX};
  at_dataset *d;
  at_error e = {0};
  at_busy_listen(wait_for, &w);
  assert_ok(open_set(spec, &d, err));
  at_dataset_close(d);
  if (w.heard < 3) fail_msg("%s told only %d times", spec, (int)w.heard);
  const int64_t all = w.heard, ends[] = {0, 1, all / 2, all - 1};
  for (size_t i = 0; i < sizeof ends / sizeof *ends; i++) {
    w = (waiting){.most = ends[i]};
    assert_int_equal(open_set(spec, &d, &e), AT_EFAIL);
    assert_int_equal(w.heard, ends[i] + 1);
    assert_memory_equal(e.message, "stopped while reading /", 23);
  }
  at_busy_listen(NULL, NULL);
}
#endif
