/* A check in a process of its own. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>
#include "core/base/clock.h"
#include "core/check/check_impl.h"

#define DEFAULT_LIMIT 120

/* What comes back through the pipe. */
typedef struct report {
  at_check_outcome outcome;
  char message[1024];
  size_t n;
  ck_item_name items[CK_MOST_ITEMS];
} report;

/* ---- where it is ---- */

enum { PLACE = 160 };
static char *place; /* shared with the child; NULL: not known */

void ck_at(const char *fmt, ...) {
  va_list ap;
  if (!place) return;
  va_start(ap, fmt);
  vsnprintf(place, PLACE, fmt, ap);
  va_end(ap);
}

static void share_place(void) {
  if (!place) {
    void *map = mmap(NULL, PLACE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    place = map == MAP_FAILED ? NULL : map;
  }
  ck_at("%s", "");
}

static const char *given_spec(const at_check_options *o, const char *item) {
  for (size_t i = 0; i < o->n_with; i++) {
    size_t n = strcspn(o->with[i], " (");
    if (n == strlen(item) && !strncmp(o->with[i], item, n)) return o->with[i];
  }
  return item;
}

static void run(const ck_check *check, const char *path, const ck_item_name *item,
                const at_check_options *o, report *r) {
  ck c = {.path = path, .o = o};
  r->n = 0;
  if (item) {
    at_status s = at_registry_file(path, &c.reg, &c.err);
    if (s == AT_OK)
      s = at_registry_find(c.reg, (attune_kind)item->kind, item->name, &c.item, &c.err);
    if (s == AT_OK) c.spec = given_spec(o, item->name);
    r->outcome = s == AT_OK ? check->fn(&c) : ck_err(&c, "it does not load a second time");
  } else {
    r->outcome = check->fn(&c);
  }
  memcpy(r->message, c.message, sizeof r->message);
  const at_item *it;
  size_t n;
  if (!item && c.reg && at_registry_list(c.reg, &it, &n, NULL, NULL) == AT_OK)
    for (size_t i = 0; i < n && r->n < CK_MOST_ITEMS; i++) {
      r->items[r->n].kind = it[i].item->kind;
      snprintf(r->items[r->n++].name, sizeof r->items[0].name, "%s", it[i].item->name);
    }
  at_prediction_free(c.input);
  at_registry_free(c.reg);
}

/* ---- the child ---- */

static void quiet_files(void) {
  FILE *fp = tmpfile();
  if (!fp) return;
  fflush(NULL);
  dup2(fileno(fp), 1);
  dup2(fileno(fp), 2);
}

static _Noreturn void child(int to, const ck_check *check, const char *path,
                            const ck_item_name *item, const at_check_options *o) {
  static report r;
  const struct rlimit none = {0, 0};
  static const int faults[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT, SIGINT, SIGTERM};
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  setpgid(0, 0);
  setrlimit(RLIMIT_CORE, &none);
  for (size_t i = 0; i < sizeof faults / sizeof *faults; i++) signal(faults[i], SIG_DFL);
  quiet_files();
  run(check, path, item, o, &r);
  const char *p = (const char *)&r;
  for (size_t left = sizeof r; left;) {
    ssize_t k = write(to, p, left);
    if (k < 0 && errno == EINTR) continue;
    if (k <= 0) break;
    p += k;
    left -= (size_t)k;
  }
  _exit(0); /* not through what the plugin may have left to be run at the end */
}

/* ---- the parent ---- */

/* How much of the report arrived before the limit; *late: it did not end. */
static size_t receive(int from, double limit, report *r, bool *late) {
  const double end = at_clock() + limit;
  size_t got = 0;
  *late = false;
  for (;;) {
    double left = end - at_clock();
    struct pollfd f = {.fd = from, .events = POLLIN};
    if (left <= 0) {
      *late = true;
      return got;
    }
    int k = poll(&f, 1, left > 1 ? 1000 : (int)(left * 1000) + 1);
    if (k <= 0) continue;
    ssize_t n = read(from, (char *)r + got, sizeof *r - got);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return got;
    got += (size_t)n;
  }
}

static void explain_end(int status, at_check_result *out) {
  out->outcome = AT_CHECK_FAIL;
  if (WIFSIGNALED(status))
    snprintf(out->message, sizeof out->message, "it crashed%s%s: %s", place && *place ? " in " : "",
             place ? place : "", strsignal(WTERMSIG(status)));
  else
    snprintf(out->message, sizeof out->message, "it ended the process, with status %d",
             WEXITSTATUS(status));
}

static void begin_result(const ck_check *check, const ck_item_name *item, at_check_result *out) {
  memset(out, 0, sizeof *out);
  out->check = check->name;
  if (!item) return;
  snprintf(out->kind, sizeof out->kind, "%s", at_kind_name((attune_kind)item->kind));
  snprintf(out->item, sizeof out->item, "%s", item->name);
}

static void take(const report *r, at_check_result *out, ck_item_name *items, size_t *n) {
  out->outcome = r->outcome;
  memcpy(out->message, r->message, sizeof out->message);
  if (!items) return;
  *n = r->n;
  memcpy(items, r->items, r->n * sizeof *items);
}

at_status ck_apart(const ck_check *check, const char *path, const ck_item_name *item,
                   const at_check_options *o, at_check_result *out, ck_item_name *items, size_t *n,
                   at_error *err) {
  static report r;
  int ends[2], status = 0;
  bool late;
  begin_result(check, item, out);
  if (pipe(ends)) return at_fail(err, AT_EFAIL, "a pipe cannot be made: %s", strerror(errno));
  const double begin = at_clock(), limit = o->limit > 0 ? o->limit : DEFAULT_LIMIT;
  share_place();
  fflush(NULL);
  pid_t pid = fork();
  if (pid < 0) {
    close(ends[0]);
    close(ends[1]);
    return at_fail(err, AT_EFAIL, "no process can be made: %s", strerror(errno));
  }
  if (!pid) {
    close(ends[0]);
    child(ends[1], check, path, item, o);
  }
  close(ends[1]);
  size_t got = receive(ends[0], limit, &r, &late);
  close(ends[0]);
  if (late || got < sizeof r) kill(-pid, late ? SIGKILL : 0);
  while (waitpid(pid, &status, 0) < 0 && errno == EINTR) continue;
  kill(-pid, SIGKILL); /* what it may have started */
  out->seconds = at_clock() - begin;
  if (got == sizeof r) {
    take(&r, out, items, n);
  } else if (late) {
    out->outcome = AT_CHECK_FAIL;
    snprintf(out->message, sizeof out->message, "it did not end within %g seconds", limit);
  } else {
    explain_end(status, out);
  }
  return AT_OK;
}

void ck_here(const ck_check *check, const char *path, const ck_item_name *item,
             const at_check_options *o, at_check_result *out, ck_item_name *items, size_t *n) {
  static report r;
  begin_result(check, item, out);
  const double begin = at_clock();
  run(check, path, item, o, &r);
  out->seconds = at_clock() - begin;
  take(&r, out, items, n);
}
