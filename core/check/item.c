/* What holds for items of every kind. */
#include <ctype.h>
#include <dirent.h>
#include <fenv.h>
#include <fcntl.h>
#include <locale.h>
#include <malloc.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "core/check/check_impl.h"

/* Skips where options are lacking, fails where it cannot be used for another reason. */
static at_check_outcome use_or(ck *c) {
  if (ck_needs_options(c))
    return ck_skip(c, "%s; give it: --with '%s(OPTION=VALUE)'", c->err.message,
                   c->item->item->name);
  const at_status s = ck_use(c);
  /* The made-up data may lack what a task or metric needs: it says so, which is right. */
  const uint32_t kind = c->item->item->kind;
  if (s != AT_OK && kind == ATTUNE_METRIC && ck_lacks_array(c)) return ck_skip_array(c);
  if (s != AT_OK && c->no_task)
    return ck_fail(c, "%s; one of another plugin is found by ATTUNE_PLUGIN_PATH", c->err.message);
  if (s == AT_EINPUT && (kind == ATTUNE_METRIC || kind == ATTUNE_TASK))
    return ck_skip(c, "%s", c->err.message);
  return s == AT_OK ? AT_CHECK_PASS : ck_fail(c, "%s", c->err.message);
}

at_check_outcome ck_use_check(ck *c) { return use_or(c); }

/* ---- words ---- */

static bool blank(const char *s) {
  while (s && isspace((unsigned char)*s)) s++;
  return !s || !*s;
}

at_check_outcome ck_words(ck *c) {
  const attune_item *it = c->item->item;
  if (blank(it->summary)) return ck_fail(c, "its summary is empty");
  if (strchr(it->summary, '\n')) return ck_fail(c, "its summary is more than one line");
  if (strlen(it->summary) > 100)
    return ck_fail(c, "its summary has %zu letters; a line of a table has room for 100",
                   strlen(it->summary));
  if (blank(it->doc)) return ck_fail(c, "its doc is empty: formula and source belong there");
  for (const attune_option *o = it->options; o && o->name; o++)
    if (blank(o->doc)) return ck_fail(c, "its option %s has no doc", o->name);
  if (blank(c->item->plugin->license)) return ck_fail(c, "the plugin names no licence");
  return AT_CHECK_PASS;
}

/* ---- options ---- */

/* Refused before the plugin sees it. */
static bool refused(ck *c, const char *name, const char *text) {
  attune_options *o = NULL;
  const at_option_value v = {name, text};
  at_status s = at_options_new(c->item, &v, 1, NULL, &o, NULL);
  at_options_free(o);
  return s == AT_EINPUT;
}

static const char *rubbish_taken(ck *c, const attune_option *o) {
  static const char *const words[] = {"", "maybe?", "nan", "1e999", "0x", "--"};
  if (o->type == ATTUNE_OPTION_STRING || o->type == ATTUNE_OPTION_PATH) return NULL;
  for (size_t i = 0; i < sizeof words / sizeof *words; i++)
    if (!refused(c, o->name, words[i])) return words[i];
  return NULL;
}

/* Read back as it is spelled. */
static bool round_trip(ck *c, const char *spec) {
  attune_options *o = ck_options(c, spec);
  char *text = o ? at_options_spell(c->item, o, true) : NULL;
  attune_options *again = text ? ck_options(c, text) : NULL;
  char *second = again ? at_options_spell(c->item, again, true) : NULL;
  bool same = text && second && !strcmp(text, second);
  free(text);
  free(second);
  at_options_free(o);
  at_options_free(again);
  return same;
}

/* How many ways were tried, and which options let everything through. */
static at_check_outcome without_range(ck *c, size_t n) {
  const char *name = NULL;
  for (const attune_option *o = c->item->item->options; o && o->name; o++)
    if ((o->type == ATTUNE_OPTION_INT || o->type == ATTUNE_OPTION_REAL) && o->min == o->max)
      name = o->name;
  if (name)
    return ck_note(c, "%zu way%s; `%s` has no range: it may be 0, below 0 or huge", n,
                   n == 1 ? "" : "s", name);
  return ck_note(c, "%zu way%s", n, n == 1 ? "" : "s");
}

at_check_outcome ck_option_values(ck *c) {
  char spec[512];
  size_t n = 0;
  for (const attune_option *o = c->item->item->options; o && o->name; o++) {
    const char *taken = rubbish_taken(c, o);
    if (taken) return ck_fail(c, "its option %s takes \"%s\"", o->name, taken);
    if (o->type == ATTUNE_OPTION_ENUM && strstr(o->choices, "||"))
      return ck_fail(c, "its option %s has an empty choice", o->name);
  }
  if (ck_needs_options(c))
    return ck_skip(c, "%s; give it: --with '%s(OPTION=VALUE)'", c->err.message,
                   c->item->item->name);
  for (; ck_variant(c, n, spec, sizeof spec); n++) {
    const char *own = c->spec;
    if (!round_trip(c, spec)) return ck_fail(c, "%s does not read back: %s", spec, c->err.message);
    c->spec = spec;
    at_status s = ck_use(c);
    c->spec = own;
    if (s != AT_OK && s != AT_EINPUT && !ck_lacks_array(c))
      return ck_fail(c, "%s: %s", spec, c->err.message);
  }
  return without_range(c, n);
}

/* ---- memory ---- */

static size_t in_use(void) {
#if defined(__GLIBC__) && (__GLIBC__ > 2 || __GLIBC_MINOR__ >= 33)
  const struct mallinfo2 m = mallinfo2();
  return m.uordblks + m.hblkhd;
#else
  return 0;
#endif
}

/* What the plugin itself allocates is counted. What libraries do for it is seen in the whole only,
 * of which the allocator keeps some, ever less with time: what leaks leaves no stretch of uses
 * without growth. */
at_check_outcome ck_leaks(ck *c) {
  enum { WARM = 16, TIMES = 24, STRETCHES = 40, MOST_BYTES = 1024 };
  at_check_outcome out = use_or(c);
  if (out != AT_CHECK_PASS) return out;
  const bool spied = ck_spy(c);
  for (int i = 0; i < WARM; i++)
    if (ck_use(c) != AT_OK) return ck_fail(c, "used again: %s", c->err.message);
  size_t more = 0;
  for (int k = 0; k < STRETCHES; k++) {
    const long kept = ck_spied.allocations - ck_spied.frees;
    const size_t before = in_use();
    for (int i = 0; i < TIMES; i++)
      if (ck_use(c) != AT_OK) return ck_fail(c, "used again: %s", c->err.message);
    const size_t now = in_use();
    const long blocks = ck_spied.allocations - ck_spied.frees - kept;
    if (spied && blocks >= TIMES)
      return ck_fail(c, "each use leaves %ld of its blocks of memory behind", blocks / TIMES);
    more = now > before ? now - before : 0;
    if (more <= TIMES * MOST_BYTES) return AT_CHECK_PASS;
  }
  return ck_fail(c, "each use leaves %zu bytes behind", more / TIMES);
}

/* ---- what must not happen ---- */

at_check_outcome ck_printing(ck *c) {
  FILE *to = tmpfile();
  char text[81] = "";
  if (!to) return ck_skip(c, "no temporary file can be made");
  fflush(NULL);
  int out = dup(1), err = dup(2);
  dup2(fileno(to), 1);
  dup2(fileno(to), 2);
  at_check_outcome used = use_or(c);
  fflush(NULL);
  dup2(out, 1);
  dup2(err, 2);
  close(out);
  close(err);
  rewind(to);
  size_t n = fread(text, 1, sizeof text - 1, to);
  text[n] = 0;
  fclose(to);
  for (size_t i = 0; i < n; i++)
    if (iscntrl((unsigned char)text[i])) text[i] = ' ';
  return n ? ck_fail(c, "it prints: %s", text) : used;
}

/* Where it does end, nothing comes back, and the process that waits says so. */
at_check_outcome ck_exiting(ck *c) { return use_or(c); }

at_check_outcome ck_signals(ck *c) {
  struct sigaction before[65], now;
  sigset_t mask, mask_now;
  bool known[65] = {false};
  for (int i = 1; i <= 64; i++) known[i] = !sigaction(i, NULL, &before[i]);
  sigprocmask(SIG_SETMASK, NULL, &mask);
  at_check_outcome used = use_or(c);
  for (int i = 1; i <= 64; i++)
    if (known[i] && !sigaction(i, NULL, &now) &&
        (now.sa_handler != before[i].sa_handler || now.sa_flags != before[i].sa_flags))
      return ck_fail(c, "it changes what happens on the signal \"%s\"", strsignal(i));
  sigprocmask(SIG_SETMASK, NULL, &mask_now);
  for (int i = 1; i <= 64; i++)
    if (sigismember(&mask, i) != sigismember(&mask_now, i))
      return ck_fail(c, "it blocks or lets through the signal \"%s\"", strsignal(i));
  return used;
}

/* Whether denormals are numbers still: code built with -ffast-math can end that for a process. */
static bool denormals(void) {
  volatile float v = 1e-40f;
  v = v * 0.5f;
  return v != 0;
}

at_check_outcome ck_floats(ck *c) {
  const int rounding = fegetround();
  /* It is loaded already; a process of the same kind had denormals before that. */
  if (!denormals())
    return ck_fail(c, "loading it makes denormal numbers zero; build it without -ffast-math");
  at_check_outcome used = use_or(c);
  if (fegetround() != rounding) return ck_fail(c, "it changes how numbers are rounded");
  if (!denormals()) return ck_fail(c, "it makes denormal numbers zero");
  return used;
}

at_check_outcome ck_locale(ck *c) {
  char before[256];
  const locale_t own = uselocale((locale_t)0);
  snprintf(before, sizeof before, "%s", setlocale(LC_ALL, NULL));
  at_check_outcome used = use_or(c);
  const char *now = setlocale(LC_ALL, NULL);
  if (strcmp(before, now))
    return ck_fail(c, "it changes the locale from %.60s to %.60s", before, now);
  if (uselocale((locale_t)0) != own) return ck_fail(c, "it changes the locale of the thread");
  return used;
}

static int entries(const char *folder) {
  DIR *d = opendir(folder);
  int n = 0;
  while (d && readdir(d)) n++;
  if (d) closedir(d);
  return n;
}

at_check_outcome ck_files(ck *c) {
  at_check_outcome used = use_or(c);
  if (used != AT_CHECK_PASS) return used;
  bool spied = ck_spy(c);
  const int before = entries("/proc/self/fd");
  if (ck_use(c) != AT_OK) return ck_fail(c, "used again: %s", c->err.message);
  const int now = entries("/proc/self/fd");
  if (now > before) return ck_fail(c, "it leaves %d files open", now - before);
  if (!spied) return ck_skip(c, "its calls cannot be seen on this system");
  if (ck_spied.files && c->item->item->kind != ATTUNE_DATA)
    return ck_fail(c, "it opens files (%s); what it reads comes through the host", ck_spied.file);
  return AT_CHECK_PASS;
}

at_check_outcome ck_threads_started(ck *c) {
  bool spied = ck_spy(c);
  const int before = entries("/proc/self/task");
  at_check_outcome used = use_or(c);
  if (ck_spied.threads) return ck_fail(c, "it calls %s", ck_spied.thread);
  if (entries("/proc/self/task") > before) return ck_fail(c, "a thread runs on after it returned");
  return spied || used != AT_CHECK_PASS ? used
                                        : ck_skip(c, "its calls cannot be seen on this system");
}
