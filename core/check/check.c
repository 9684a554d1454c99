/* The table of checks, what of it is chosen, and the walk over it. */
#include "core/check/check.h"
#include <errno.h>
#include <fnmatch.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include "core/check/check_impl.h"

const ck_check ck_table[] = {
    {"load", CK_FILE, ck_load, "the loader takes it, and its descriptor holds"},
    {"entry", CK_FILE, ck_entry, "its entry gives the same descriptor each time"},
    {"unload", CK_FILE, ck_unload, "loaded and unloaded many times, nothing is left behind"},
    {"words", CK_ANY, ck_words, "summary, doc and options are described"},
    {"use", CK_ANY, ck_use_check, "it does its work at all"},
    {"options", CK_ANY, ck_option_values,
     "defaults, ends of ranges and all choices are taken; rubbish is refused"},
    {"leaks", CK_ANY, ck_leaks, "made and thrown away many times, it keeps no memory"},
    {"no_printing", CK_ANY, ck_printing, "it prints nothing"},
    {"no_exit", CK_ANY, ck_exiting, "it does not end the process"},
    {"no_signals", CK_ANY, ck_signals, "it changes no signal handler"},
    {"no_float_change", CK_ANY, ck_floats, "rounding and denormals stay as they were"},
    {"no_locale_change", CK_ANY, ck_locale, "the locale stays as it was"},
    {"no_files", CK_ANY, ck_files, "no file is opened where none belongs, none is left open"},
    {"no_threads", CK_ANY, ck_threads_started, "it starts no thread and no process"},
    {"no_allocation", CK_SCORE, ck_allocation, "a kernel allocates nothing"},
    {"layouts", CK_SCORE, ck_layouts, "it composes for all manners of query and key"},
    {"instances", CK_SCORE, ck_instances, "two in one model do not disturb each other"},
    {"shapes", CK_SCORE, ck_shapes, "from one key to many, odd and ragged: all numbers are finite"},
    {"alone", CK_SCORE, ck_alone, "a pair has the score that it has alone"},
    {"extremes", CK_SCORE, ck_extremes,
     "zero, tiny and denormal give finite numbers; huge ones no harm"},
    {"nan", CK_SCORE, ck_nan, "what is no number spoils its own pairs only"},
    {"gradient_key", CK_SCORE, ck_gradient_key, "gradient of the key, by finite differences"},
    {"gradient_query", CK_SCORE, ck_gradient_query, "gradient of the query, likewise"},
    {"gradient_parameters", CK_SCORE, ck_gradient_parameters,
     "gradient of every parameter; each has one"},
    {"no_op", CK_SCORE, ck_noop, "names parameters that a softmax over the keys cancels"},
    {"form", CK_SCORE, ck_form, "it is what its form says it is"},
    {"keeps", CK_SCORE, ck_keeps, "it keeps what its form says it keeps"},
    {"threads", CK_SCORE, ck_threads, "the same bits on any number of threads"},
    {"repeat", CK_SCORE, ck_repeat, "the same bits again, whatever memory held"},
    {"reload", CK_SCORE, ck_saved, "made again with parameters kept by name, the same bits"},
    {"kernel_bounds", CK_SCORE, ck_kernel_bounds,
     "a kernel writes all of its output and nothing else, and reads no further than its rows"},
    {"kernel_adds", CK_SCORE, ck_kernel_adds, "backward of a kernel adds to gradients"},
    {"kernel_null", CK_SCORE, ck_kernel_null, "gradients that nobody wants may be missing"},
    {"speed", CK_SCORE, ck_speed, "time against `dot`, for information"},
    {"epoch", CK_TASK, ck_epoch, "rows that exist, the same in each run of a seed"},
    {"evaluate", CK_TASK, ck_evaluate, "the same prediction each time"},
    {"results", CK_METRIC, ck_metric_bits, "the same numbers each time, under names of their own"},
    {"missing", CK_METRIC, ck_metric_missing,
     "a prediction that lacks everything is refused with a sentence"},
    {"pictures", CK_METRIC, ck_metric_pictures, "pictures one at a time or many give one result"},
    {"reads", CK_DATA, ck_reads, "every field of the first and the last rows can be read"},
    {"reads_again", CK_DATA, ck_reads_twice, "the same bytes each time, and opened anew"},
    {"reads_threads", CK_DATA, ck_reads_threads, "the same bytes on several threads at once"},
    {"absent", CK_DATA, ck_absent, "files that are not there are named in a sentence"},
    {NULL, 0, NULL, NULL},
};

/* ---- what a check says ---- */

const char *at_check_outcome_name(at_check_outcome o) {
  static const char *const names[] = {"pass", "fail", "skip"};
  return o <= AT_CHECK_SKIP ? names[o] : "?";
}

#define SAY(c, fmt)                                       \
  do {                                                    \
    va_list ap;                                           \
    va_start(ap, fmt);                                    \
    vsnprintf((c)->message, sizeof(c)->message, fmt, ap); \
    va_end(ap);                                           \
  } while (0)

at_check_outcome ck_fail(ck *c, const char *fmt, ...) {
  SAY(c, fmt);
  return AT_CHECK_FAIL;
}
at_check_outcome ck_skip(ck *c, const char *fmt, ...) {
  SAY(c, fmt);
  return AT_CHECK_SKIP;
}
at_check_outcome ck_note(ck *c, const char *fmt, ...) {
  SAY(c, fmt);
  return AT_CHECK_PASS;
}
at_check_outcome ck_err(ck *c, const char *what) {
  return ck_fail(c, "%s: %s", what, c->err.message);
}

/* ---- which ---- */

bool at_check_at(size_t i, at_check_info *out) {
  static const struct {
    int of;
    const char *name;
  } names[] = {{CK_FILE, "file"},     {CK_SCORE, "score"}, {CK_TASK, "task"},
               {CK_METRIC, "metric"}, {CK_DATA, "data"},   {CK_ANY, "any item"}};
  if (i + 1 >= sizeof ck_table / sizeof *ck_table) return false;
  *out = (at_check_info){.name = ck_table[i].name, .of = "?", .summary = ck_table[i].summary};
  for (size_t k = 0; k < sizeof names / sizeof *names; k++)
    if (names[k].of == ck_table[i].of) out->of = names[k].name;
  return true;
}

static bool among(const char *const *patterns, size_t n, const char *check, const char *item) {
  char both[160];
  snprintf(both, sizeof both, "%s:%s", check, item);
  for (size_t i = 0; i < n; i++)
    if (!fnmatch(patterns[i], check, 0) || (*item && !fnmatch(patterns[i], item, 0)) ||
        !fnmatch(patterns[i], both, 0))
      return true;
  return false;
}

static bool chosen(const at_check_options *o, const char *check, const char *item) {
  if (o->n_include && !among(o->include, o->n_include, check, item)) return false;
  return !among(o->exclude, o->n_exclude, check, item);
}

static at_status check_exists(const char *path, at_error *err) {
  struct stat st;
  if (stat(path, &st)) return at_fail(err, AT_EINPUT, "%s: %s", path, strerror(errno));
  if (!S_ISREG(st.st_mode)) return at_fail(err, AT_EINPUT, "%s: this is no file", path);
  return AT_OK;
}

typedef struct walk {
  const char *path;
  const at_check_options *o;
  at_check_tell *tell;
  void *ctx;
  size_t told;
  bool stopped;
} walk;

static at_status one(walk *w, const ck_check *k, const ck_item_name *item, at_error *err) {
  at_check_result r;
  if (w->stopped || !chosen(w->o, k->name, item ? item->name : "")) return AT_OK;
  at_status s = ck_apart(k, w->path, item, w->o, &r, NULL, NULL, err);
  if (s != AT_OK) return s;
  w->told++;
  w->stopped = !w->tell(w->ctx, &r);
  return AT_OK;
}

at_status at_check_file(const char *path, const at_check_options *o, at_check_tell *tell, void *ctx,
                        at_error *err) {
  walk w = {path, o, tell, ctx, 0, false};
  ck_item_name items[CK_MOST_ITEMS];
  size_t n = 0;
  at_check_result r;
  at_status s = check_exists(path, err);
  /* What the file offers is found by loading it, whether that was asked for or not. */
  if (s == AT_OK) s = ck_apart(&ck_table[0], path, NULL, o, &r, items, &n, err);
  if (s != AT_OK) return s;
  const bool loads = r.outcome == AT_CHECK_PASS;
  if (!loads || chosen(o, ck_table[0].name, "")) {
    w.told++;
    w.stopped = !tell(ctx, &r);
  }
  for (const ck_check *k = ck_table + 1; s == AT_OK && loads && k->name; k++)
    if (k->of == CK_FILE) s = one(&w, k, NULL, err);
  for (size_t i = 0; loads && i < n; i++)
    for (const ck_check *k = ck_table; s == AT_OK && k->name; k++)
      if (k->of & (1 << items[i].kind)) s = one(&w, k, &items[i], err);
  if (s == AT_OK && !w.told)
    s = at_fail(err, AT_EINPUT, "no check of %s is chosen; `attune plugin check --list` names them",
                path);
  return s;
}

at_status at_check_one(const char *path, const char *which, const at_check_options *o,
                       at_check_result *r, at_error *err) {
  ck_item_name items[CK_MOST_ITEMS];
  char name[64];
  size_t n = 0;
  const char *item = strchr(which, ':');
  snprintf(name, sizeof name, "%.*s", (int)(item ? item - which : (long)strlen(which)), which);
  const ck_check *k = ck_table;
  while (k->name && strcmp(k->name, name)) k++;
  at_status s = check_exists(path, err);
  if (s != AT_OK) return s;
  if (!k->name)
    return at_fail(err, AT_EINPUT,
                   "there is no check `%s`; `attune plugin check --list` names them", name);
  if (k->of == CK_FILE) {
    ck_here(k, path, NULL, o, r, items, &n);
    return AT_OK;
  }
  ck_here(&ck_table[0], path, NULL, o, r, items, &n);
  if (r->outcome != AT_CHECK_PASS) return AT_OK;
  for (size_t i = 0; i < n; i++)
    if ((k->of & (1 << items[i].kind)) && (!item || !strcmp(items[i].name, item + 1))) {
      ck_here(k, path, &items[i], o, r, NULL, NULL);
      return AT_OK;
    }
  return at_fail(err, AT_EINPUT, "%s: `%s` is for a %s; the file has none%s%s", path, name,
                 k->of == CK_ANY ? "item" : "kind of item that it lacks", item ? " called " : "",
                 item ? item + 1 : "");
}
