/* Opening a plugin file: what is refused, and why. */
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/base/file.h"
#include "core/plugin/plugin_impl.h"

enum { SIZE_LIMIT = 1 << 28 };

/* ---- the file ---- */

/* Systems that give everybody a group of the same name let it write by default; such a group
 * with nobody else in it is no door. */
static bool is_private_group(gid_t gid) {
  const struct passwd *user = getpwuid(geteuid());
  const struct group *group = getgrgid(gid);
  if (!user || !group || user->pw_gid != gid || strcmp(user->pw_name, group->gr_name)) return false;
  for (char *const *m = group->gr_mem; *m; m++)
    if (strcmp(*m, user->pw_name)) return false;
  return true;
}

static at_status check_owner(const char *path, const char *what, at_error *err) {
  struct stat st;
  if (stat(path, &st)) return at_fail(err, AT_EINPUT, "%s: %s", path, strerror(errno));
  if (st.st_mode & S_IWOTH && !(S_ISDIR(st.st_mode) && st.st_mode & S_ISVTX))
    return at_fail(err, AT_EINPUT, "%s: refused, others may write to this %s; run `chmod o-w %s`",
                   path, what, path);
  if (st.st_mode & S_IWGRP && !(S_ISDIR(st.st_mode) && st.st_mode & S_ISVTX) &&
      !is_private_group(st.st_gid))
    return at_fail(err, AT_EINPUT,
                   "%s: refused, its group may write to this %s; run `chmod g-w %s`", path, what,
                   path);
  if (st.st_uid != 0 && st.st_uid != geteuid())
    return at_fail(err, AT_EINPUT,
                   "%s: refused, this %s belongs to another user; make a copy of your own", path,
                   what);
  return AT_OK;
}

static at_status check_place(const char *path, at_error *err) {
  at_status s = check_owner(path, "file", err);
  const char *slash = strrchr(path, '/');
  if (s != AT_OK) return s;
  char *dir = slash ? strndup(path, (size_t)(slash - path) + (slash == path)) : strdup(".");
  s = dir ? check_owner(dir, "folder", err) : at_nomem(err);
  free(dir);
  return s;
}

static unsigned own_machine(void) {
#if defined(__x86_64__)
  return EM_X86_64;
#elif defined(__aarch64__)
  return EM_AARCH64;
#elif defined(__riscv)
  return EM_RISCV;
#elif defined(__powerpc64__)
  return EM_PPC64;
#elif defined(__i386__)
  return EM_386;
#else
  return 0; /* not known here: dlopen decides */
#endif
}

static at_status check_elf(const at_map *m, const char *path, at_error *err) {
  const unsigned char *p = m->data;
  if (m->size < 20 || memcmp(p, ELFMAG, SELFMAG))
    return at_fail(err, AT_EINPUT, "%s: this is no shared object; build it with -shared", path);
  unsigned machine =
      p[EI_DATA] == ELFDATA2MSB ? (unsigned)p[18] << 8 | p[19] : (unsigned)p[19] << 8 | p[18];
  bool wide = p[EI_CLASS] == ELFCLASS64;
  if (wide != (sizeof(void *) == 8) || (own_machine() && machine != own_machine()))
    return at_fail(err, AT_EINPUT,
                   "%s: this was built for another kind of processor; build it on this machine",
                   path);
  return AT_OK;
}

/* ---- descriptors ---- */

bool at_good_name(const char *s) {
  if (!s || !(*s >= 'a' && *s <= 'z') || strlen(s) > 63) return false;
  for (; *s; s++)
    if (!((*s >= 'a' && *s <= 'z') || (*s >= '0' && *s <= '9') || *s == '_')) return false;
  return true;
}

static at_status check_option(const attune_item *it, const attune_option *o, const char *path,
                              at_error *err) {
  double num;
  at_error why = {0};
  if (!at_good_name(o->name))
    return at_fail(err, AT_EINPUT,
                   "%s: `%s` has an option with the name \"%s\"; names are [a-z][a-z0-9_]*", path,
                   it->name, o->name);
  if (o->type < ATTUNE_OPTION_INT || o->type > ATTUNE_OPTION_PATH)
    return at_fail(err, AT_EINPUT, "%s: option `%s` of `%s` has the unknown type %d", path, o->name,
                   it->name, (int)o->type);
  if (o->type == ATTUNE_OPTION_ENUM && (!o->choices || !*o->choices))
    return at_fail(err, AT_EINPUT, "%s: option `%s` of `%s` has no choices", path, o->name,
                   it->name);
  for (const attune_option *p = it->options; p != o; p++)
    if (!strcmp(p->name, o->name))
      return at_fail(err, AT_EINPUT, "%s: `%s` has the option `%s` twice", path, it->name, o->name);
  if (o->default_text && at_option_check(o, o->default_text, &num, it->name, &why) != AT_OK)
    return at_fail(err, AT_EINPUT, "%s: the default of an option does not hold: %s", path,
                   why.message);
  return AT_OK;
}

typedef struct kind_spec {
  uint32_t size;
  const char *callback;
} kind_spec;

/* What a task fills comes with how. */
static bool task_holds(const attune_task *t) {
  const bool fills = t->item.size >= sizeof *t && t->fed;
  return t->epoch && t->evaluate && (!fills || (t->size && t->feed));
}

static bool has_callbacks(const attune_item *it) {
  const void *p = it;
  switch ((attune_kind)it->kind) {
    case ATTUNE_SCORE: return ((const attune_score *)p)->compose != NULL;
    case ATTUNE_TASK: return task_holds(p);
    case ATTUNE_METRIC: return ((const attune_metric *)p)->compute != NULL;
    case ATTUNE_DATA: return ((const attune_data *)p)->open && ((const attune_data *)p)->read;
  }
  return false;
}

static at_status check_item(const attune_item *it, const char *path, at_error *err) {
  static const kind_spec kinds[] = {
      {0, NULL},
      {offsetof(attune_score, form), "compose"} /* of 1.0 */,
      {offsetof(attune_task, fed), "epoch and evaluate, or size and feed"} /* of 1.0 */,
      {offsetof(attune_metric, begin), "compute"} /* of 1.0 */,
      {sizeof(attune_data), "open and read"}};
  if (!it) return at_fail(err, AT_EINPUT, "%s: one of its items is NULL", path);
  if (it->size < sizeof(attune_item))
    return at_fail(err, AT_EINPUT,
                   "%s: an item says that its size is %u bytes, less than any item has", path,
                   (unsigned)it->size);
  if (!at_good_name(it->name))
    return at_fail(err, AT_EINPUT, "%s: an item has the name \"%s\"; names are [a-z][a-z0-9_]*",
                   path, it->name ? it->name : "");
  if (it->kind < ATTUNE_SCORE || it->kind > ATTUNE_DATA)
    return at_fail(err, AT_EINPUT, "%s: `%s` is of the unknown kind %u", path, it->name,
                   (unsigned)it->kind);
  if (it->size < kinds[it->kind].size)
    return at_fail(err, AT_EINPUT, "%s: `%s` says that its size is %u bytes; a %s has %u", path,
                   it->name, (unsigned)it->size, at_kind_name((attune_kind)it->kind),
                   (unsigned)kinds[it->kind].size);
  if (!it->summary || !it->doc)
    return at_fail(err, AT_EINPUT, "%s: `%s` has no summary or no doc", path, it->name);
  if (!has_callbacks(it))
    return at_fail(err, AT_EINPUT, "%s: `%s` lacks %s", path, it->name, kinds[it->kind].callback);
  for (const attune_option *o = it->options; o && o->name; o++) {
    at_status s = check_option(it, o, path, err);
    if (s != AT_OK) return s;
  }
  return AT_OK;
}

static at_status check_plugin(const attune_plugin *p, const char *path, at_error *err) {
  if (p->size < sizeof(attune_plugin))
    return at_fail(err, AT_EINPUT,
                   "%s: its descriptor is smaller than version 1 of the plugin interface has it",
                   path);
  if (p->abi_major != ATTUNE_ABI_MAJOR)
    return at_fail(err, AT_EINPUT,
                   "%s: it was built for version %u of the plugin interface, this attune has %u; "
                   "build it again "
                   "with this attune's <attune/plugin.h>",
                   path, (unsigned)p->abi_major, ATTUNE_ABI_MAJOR);
  if (!p->name || !*p->name || !p->version || !p->license)
    return at_fail(err, AT_EINPUT, "%s: its descriptor lacks a name, a version or a license", path);
  if (!p->item_count || !p->items || p->item_count > 1024)
    return at_fail(err, AT_EINPUT, "%s: it offers no items", path);
  for (uint32_t i = 0; i < p->item_count; i++) {
    at_status s = check_item(p->items[i], path, err);
    if (s != AT_OK) return s;
    for (uint32_t k = 0; k < i; k++)
      if (p->items[k]->kind == p->items[i]->kind && !strcmp(p->items[k]->name, p->items[i]->name))
        return at_fail(err, AT_EINPUT, "%s: it offers the %s `%s` twice", path,
                       at_kind_name((attune_kind)p->items[i]->kind), p->items[i]->name);
  }
  return AT_OK;
}

/* ---- code that is not ours yet ---- */

static const int FAULTS[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT};
enum { N_FAULTS = sizeof FAULTS / sizeof *FAULTS };
/* Handlers belong to the process: one file is opened at a time, but for one that another needs. */
static pthread_mutex_t opening = PTHREAD_MUTEX_INITIALIZER;
static _Thread_local sigjmp_buf *back; /* NULL: this thread runs no code of that kind */
static struct sigaction before[N_FAULTS];

/* A fault of another thread is not the plugin's: it comes again, to whoever cares for it. */
static void to_back(int signal) {
  if (back) siglongjmp(*back, signal);
  for (int i = 0; i < N_FAULTS; i++)
    if (FAULTS[i] == signal) sigaction(signal, &before[i], NULL);
}

/* Runs fn, the first code of a plugin; 0, or the signal that it died of. */
static int guarded(void (*fn)(at_library *l), at_library *l) {
  struct sigaction own = {.sa_handler = to_back};
  sigjmp_buf here, *const outer = back;
  sigemptyset(&own.sa_mask);
  for (int i = 0; i < N_FAULTS && !outer; i++) sigaction(FAULTS[i], &own, &before[i]);
  const int died = sigsetjmp(here, 1);
  back = &here;
  if (!died) fn(l);
  back = outer;
  for (int i = 0; i < N_FAULTS && !outer; i++) sigaction(FAULTS[i], &before[i], NULL);
  return died;
}

static at_status crashed(const at_library *l, int died, at_error *err) {
  return at_fail(err, AT_EINPUT,
                 "%s: it crashed while it was loaded (%s); remove it, or see `attune plugin check`",
                 l->path, strsignal(died));
}

/* ---- opening ---- */

static void open_object(at_library *l) { l->handle = dlopen(l->path, RTLD_NOW | RTLD_LOCAL); }

static void call_symbol(at_library *l) {
  attune_plugin_entry_fn entry;
  void *symbol = dlsym(l->handle, ATTUNE_ENTRY_SYMBOL);
  memcpy(&entry, &symbol, sizeof entry); /* POSIX: a data pointer that holds a function */
  l->plugin = entry(&at_host_table);
}

static at_status call_entry(at_library *l, at_error *err) {
  if (!dlsym(l->handle, ATTUNE_ENTRY_SYMBOL))
    return at_fail(err, AT_EINPUT,
                   "%s: it has no symbol %s; end the source with ATTUNE_PLUGIN(...)", l->path,
                   ATTUNE_ENTRY_SYMBOL);
  at_host_begin();
  at_error why = {0};
  const int died = guarded(call_symbol, l);
  at_host_end(l->plugin ? ATTUNE_OK : ATTUNE_FAILED, NULL, "entry", &why);
  if (died) return crashed(l, died, err);
  if (!l->plugin)
    return at_fail(err, AT_EINPUT, "%s: it declined to load: %s", l->path, why.message);
  return check_plugin(l->plugin, l->path, err);
}

static at_status open_checked(at_library *l, at_error *err) {
  at_status s = check_place(l->path, err);
  if (s == AT_OK) s = at_map_open(l->path, &l->map, err);
  if (s == AT_OK && l->map.size > SIZE_LIMIT)
    s = at_fail(err, AT_EINPUT, "%s: this is too large for a plugin", l->path);
  if (s == AT_OK) s = check_elf(&l->map, l->path, err);
  if (s != AT_OK) return s;
  const int died = guarded(open_object, l);
  if (died) return crashed(l, died, err);
  if (!l->handle) return at_fail(err, AT_EINPUT, "%s: it cannot be loaded: %s", l->path, dlerror());
  return call_entry(l, err);
}

at_status at_library_open(const char *path, at_library *out, at_error *err) {
  const bool inner = back != NULL;
  *out = (at_library){.path = strdup(path)};
  if (!inner) pthread_mutex_lock(&opening);
  at_status s = out->path ? open_checked(out, err) : at_nomem(err);
  if (!inner) pthread_mutex_unlock(&opening);
  if (s != AT_OK) at_library_close(out);
  return s;
}

const char *at_library_sha256(at_library *l) {
  static pthread_mutex_t hashing = PTHREAD_MUTEX_INITIALIZER;
  pthread_mutex_lock(&hashing);
  if (!*l->sha256) at_sha256_hex(l->map.data, l->map.size, l->sha256);
  at_map_close(&l->map);
  pthread_mutex_unlock(&hashing);
  return l->sha256;
}

const char *at_item_sha256(const at_item *it) { return at_library_sha256(it->library); }

void at_library_close(at_library *l) {
  if (l->handle) dlclose(l->handle);
  at_map_close(&l->map);
  free(l->path);
  *l = (at_library){0};
}
