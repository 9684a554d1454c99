/* Contexts, and what every call begins and ends with. */
#include <stdlib.h>
#include <string.h>
#include "core/base/log.h"
#include "core/embed/embed.h"
#include "core/level/level.h"

/* The context whose call is at work on this thread, the innermost one. */
static _Thread_local attune_context *current;

/* ---- telling ---- */

void at_context_say(attune_context *c, attune_log_level level, const char *text) {
  if (!c->log || !text || !*text) return;
  const size_t n = strlen(text);
  char *copy = text[n - 1] == '\n' ? strndup(text, n - 1) : NULL;
  c->log(c->log_data, level, copy ? copy : text);
  free(copy);
}

static void relay(void *ctx, at_log_level level, const char *message) {
  at_context_say(ctx, level >= AT_LOG_WARN ? ATTUNE_LOG_WARNING : ATTUNE_LOG_NOTE, message);
}

/* ---- calls ---- */

static void listen(attune_context *c) {
  current = c;
  at_log_set(c ? relay : NULL, c);
}

bool at_call_begin(at_call *k, attune_context *c, attune_error *to) {
  *k = (at_call){.to = to};
  if (!c)
    at_fail(&k->e, AT_EINPUT, "a handle or an argument is NULL");
  else if (atomic_flag_test_and_set(&c->busy))
    at_fail(&k->e, AT_EINPUT,
            "another call is at work with this context; use one thread at a time, or a context for "
            "each");
  else
    k->c = c;
  if (!k->c) return false;
  k->locale = uselocale(c->numbers);
  k->outer = current;
  listen(c);
  return true;
}

attune_status at_call_end(at_call *k, at_status s) {
  if (k->c) {
    listen(k->outer);
    uselocale(k->locale);
    atomic_flag_clear(&k->c->busy);
  } else {
    s = k->e.code;
  }
  if (k->to) {
    free(k->to->detail);
    k->to->detail = s == AT_OK ? NULL : k->detail.data;
    if (k->to->detail) k->detail.data = NULL;
    k->to->e = k->e;
    k->to->e.code = s;
    if (s == AT_OK) k->to->e.message[0] = 0;
  }
  at_text_free(&k->detail);
  return (attune_status)s;
}

/* ---- structs of other versions ---- */

at_status at_struct_check(const void *theirs, size_t first, const char *what, at_error *err) {
  uint32_t size = 0;
  if (theirs) memcpy(&size, theirs, sizeof size);
  if (size >= first) return AT_OK;
  return theirs ? at_fail(err, AT_EINPUT,
                          "the member `size` of %s is %u; set it to sizeof, which is %zu or more",
                          what, (unsigned)size, first)
                : at_fail(err, AT_EINPUT, "there is no %s", what);
}

at_status at_struct_take(void *own, size_t size, const void *theirs, size_t first, const char *what,
                         at_error *err) {
  at_status s = at_struct_check(theirs, first, what, err);
  uint32_t given;
  if (s != AT_OK) return s;
  memcpy(&given, theirs, sizeof given);
  memset(own, 0, size);
  memcpy(own, theirs, given < size ? given : size);
  return AT_OK;
}

void at_struct_give(void *theirs, const void *own, size_t size) {
  uint32_t room;
  memcpy(&room, theirs, sizeof room);
  memcpy(theirs, own, room < size ? room : size);
  memcpy(theirs, &room, sizeof room);
}

/* ---- opening ---- */

static at_status open_context(const attune_settings *settings, attune_context **out,
                              at_error *err) {
  attune_settings own = {0};
  at_status s = settings ? at_struct_take(&own, sizeof own, settings, sizeof(attune_settings),
                                          "attune_settings", err)
                         : AT_OK;
  if (s == AT_OK && own.threads > 1024)
    s = at_fail(err, AT_EINPUT, "%u threads: a number from 1 to 1024 is needed",
                (unsigned)own.threads);
  if (s == AT_OK && own.plugin_dir_count && !own.plugin_dirs)
    s = at_fail(err, AT_EINPUT, "plugin_dirs is NULL, and plugin_dir_count is not 0");
  if (s == AT_OK) s = at_level_check(err);
  attune_context *c = s == AT_OK ? calloc(1, sizeof *c) : NULL;
  if (s != AT_OK) return s;
  if (!c) return at_nomem(err);
  *c = (attune_context){.busy = ATOMIC_FLAG_INIT,
                        .held = 1,
                        .threads = at_processors(own.threads),
                        .log = own.log,
                        .log_data = own.log_data};
  locale_t base = duplocale(LC_GLOBAL_LOCALE);
  c->numbers = base ? newlocale(LC_NUMERIC_MASK, "C", base) : (locale_t)0;
  if (!c->numbers && base) freelocale(base);
  s = c->numbers ? at_registry_new(own.plugin_dirs, own.plugin_dir_count, &c->reg, err)
                 : at_nomem(err);
  if (s == AT_OK)
    *out = c;
  else
    at_context_release(c);
  return s;
}

attune_status attune_open(const attune_settings *settings, attune_context **out,
                          attune_error *error) {
  at_call k = {.to = error};
  if (!out) {
    at_fail(&k.e, AT_EINPUT, "there is no place for the context");
    return at_call_end(&k, k.e.code);
  }
  *out = NULL;
  k.e.code = open_context(settings, out, &k.e);
  return at_call_end(&k, k.e.code);
}

void at_context_release(attune_context *c) {
  if (!c || --c->held) return;
  at_registry_free(c->reg);
  at_pool_free(c->pool);
  if (c->numbers) freelocale(c->numbers);
  free(c);
}

void attune_close(attune_context *context) { at_context_release(context); }
