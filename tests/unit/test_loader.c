/* Everything that the loader refuses, one by one, each with its sentence. The file, its folder and
 * what it holds are fields of `w`: the linker puts __wrap_X in the place of X. */
#include "cm.h"
#include <dlfcn.h>
#include <elf.h>
#include <errno.h>
#include <grp.h>
#include <pthread.h>
#include <pwd.h>
#include <signal.h>
#include <sys/stat.h>
#include "core/plugin/plugin_impl.h"

#define FOLDER "/plugins"
#define FILE_  FOLDER "/p.so"

/* ---- a plugin that holds, until a case bends it ---- */

static struct world {
  struct stat file, folder;
  int no_file, no_folder; /* errno */
  uid_t me;
  struct passwd user;
  struct group group;
  char *members[3];
  bool no_user, no_group, no_memory, no_folder_memory;
  bool unreadable;
  unsigned char elf[64];
  at_map map;
  int dies_in_open, dies_in_entry; /* signals */
  bool no_handle, no_symbol, nothing, mute;
  void (*on_entry)(void);
  attune_plugin plugin;
  const attune_item *items[2];
  attune_score score;
  attune_task task;
  attune_metric metric;
  attune_data data;
  attune_option option[3];
  attune_fed fed;
} w;
static int handles, maps, hashes;

static int compose(const attune_host *host, attune_build *build, const attune_options *options,
                   attune_value query, attune_value key, attune_value *score) {
  (void)build, (void)options, (void)query, (void)key, (void)score;
  return host != NULL;
}
static int epoch(const attune_host *h, const attune_options *o, attune_task_context *c,
                 uint64_t number) {
  (void)o, (void)c, (void)number;
  return h != NULL;
}
static int evaluate(const attune_host *h, const attune_options *o, attune_task_context *c,
                    attune_prediction *p) {
  (void)o, (void)c, (void)p;
  return h != NULL;
}
static int64_t size(const attune_host *h, void *state, const char *input, const char *axis) {
  (void)state, (void)input, (void)axis;
  return h != NULL;
}
static int feed(const attune_host *h, const attune_options *o, attune_task_context *c,
                const attune_rows *rows, attune_batch *batch) {
  (void)o, (void)c, (void)rows, (void)batch;
  return h != NULL;
}
static int compute(const attune_host *h, const attune_options *o, const attune_prediction *p,
                   attune_results *r) {
  (void)o, (void)p, (void)r;
  return h != NULL;
}
static int open_data(const attune_host *h, const attune_options *o, attune_schema *s, void **i) {
  (void)o, (void)s, (void)i;
  return h != NULL;
}
static int read_data(const attune_host *h, void *i, const char *split, uint32_t field, int64_t row,
                     void *dst, attune_sink *sink) {
  (void)i, (void)split, (void)field, (void)row, (void)dst, (void)sink;
  return h != NULL;
}

static void make_good(void) {
  static unsigned char header[64];
  if (!*header) {
    FILE *fp = fopen("/proc/self/exe", "rb"); /* built for this machine */
    assert_non_null(fp);
    assert_int_equal(fread(header, 1, sizeof header, fp), sizeof header);
    fclose(fp);
  }
  memset(&w, 0, sizeof w);
  w.me = 1000;
  w.file = (struct stat){.st_mode = S_IFREG | 0644, .st_uid = 1000, .st_gid = 1000};
  w.folder = (struct stat){.st_mode = S_IFDIR | 0755, .st_uid = 1000, .st_gid = 1000};
  w.user = (struct passwd){.pw_name = "me", .pw_uid = 1000, .pw_gid = 1000};
  w.group = (struct group){.gr_name = "me", .gr_gid = 1000, .gr_mem = w.members};
  memcpy(w.elf, header, sizeof header);
  w.map = (at_map){w.elf, sizeof w.elf};
  w.score = (attune_score){ATTUNE_ITEM(score, SCORE, "good", "s", "d", w.option), compose, NULL};
  w.task = (attune_task){.item = ATTUNE_ITEM(task, TASK, "good", "s", "d", NULL),
                         .epoch = epoch,
                         .evaluate = evaluate,
                         .fed = &w.fed,
                         .size = size,
                         .feed = feed};
  w.metric = (attune_metric){.item = ATTUNE_ITEM(metric, METRIC, "good", "s", "d", NULL),
                             .compute = compute};
  w.data =
      (attune_data){ATTUNE_ITEM(data, DATA, "good", "s", "d", NULL), open_data, read_data, NULL};
  w.option[0] = (attune_option)ATTUNE_INT_OPTION("level", "3", 0, 9, "d");
  w.items[0] = &w.score.item;
  w.items[1] = &w.metric.item;
  w.plugin = (attune_plugin){
      sizeof w.plugin, ATTUNE_ABI_MAJOR, ATTUNE_ABI_MINOR, "p", "1", "0BSD", 1, w.items};
}

/* ---- in the place of the system ---- */

int __wrap_stat(const char *path, struct stat *st);
int __wrap_stat(const char *path, struct stat *st) {
  const bool file = strlen(path) > 3 && !strcmp(path + strlen(path) - 3, ".so");
  *st = file ? w.file : w.folder;
  errno = file ? w.no_file : w.no_folder;
  return errno ? -1 : 0;
}
uid_t __wrap_geteuid(void);
uid_t __wrap_geteuid(void) { return w.me; }
struct passwd *__wrap_getpwuid(uid_t uid);
struct passwd *__wrap_getpwuid(uid_t uid) {
  assert_int_equal(uid, w.me);
  return w.no_user ? NULL : &w.user;
}
struct group *__wrap_getgrgid(gid_t gid);
struct group *__wrap_getgrgid(gid_t gid) {
  (void)gid;
  return w.no_group ? NULL : &w.group;
}
char *__real_strdup(const char *s);
char *__wrap_strdup(const char *s);
char *__wrap_strdup(const char *s) { return w.no_memory ? NULL : __real_strdup(s); }
char *__real_strndup(const char *s, size_t n);
char *__wrap_strndup(const char *s, size_t n);
char *__wrap_strndup(const char *s, size_t n) {
  return w.no_folder_memory ? NULL : __real_strndup(s, n);
}
at_status __wrap_at_map_open(const char *path, at_map *out, at_error *err);
at_status __wrap_at_map_open(const char *path, at_map *out, at_error *err) {
  *out = (at_map){0};
  if (w.unreadable) return at_fail(err, AT_EINPUT, "cannot read `%s`: it is on fire", path);
  *out = w.map;
  maps++;
  return AT_OK;
}
void __wrap_at_map_close(at_map *m);
void __wrap_at_map_close(at_map *m) {
  maps -= m->data != NULL;
  *m = (at_map){0};
}
void __real_at_sha256_hex(const void *bytes, size_t n, char out[65]);
void __wrap_at_sha256_hex(const void *bytes, size_t n, char out[65]);
void __wrap_at_sha256_hex(const void *bytes, size_t n, char out[65]) {
  hashes++;
  __real_at_sha256_hex(bytes, n, out);
}
void *__wrap_dlopen(const char *path, int how);
void *__wrap_dlopen(const char *path, int how) {
  assert_int_equal(how, RTLD_NOW | RTLD_LOCAL);
  if (w.dies_in_open || strstr(path, "inner")) raise(w.dies_in_open ? w.dies_in_open : SIGSEGV);
  if (w.no_handle) return NULL;
  handles++;
  return &w;
}
char *__wrap_dlerror(void);
char *__wrap_dlerror(void) { return "undefined symbol: attune_wish"; }
int __wrap_dlclose(void *handle);
int __wrap_dlclose(void *handle) {
  assert_ptr_equal(handle, &w);
  return handles--, 0;
}

static const attune_plugin *entry(const attune_host *host) {
  if (w.on_entry) w.on_entry();
  if (w.dies_in_entry) raise(w.dies_in_entry);
  if (w.nothing && !w.mute) host->error(host, "not on a %s", "Monday");
  return w.nothing ? NULL : &w.plugin;
}
void *__wrap_dlsym(void *handle, const char *name);
void *__wrap_dlsym(void *handle, const char *name) {
  const attune_plugin_entry_fn fn = entry;
  void *symbol;
  assert_ptr_equal(handle, &w);
  assert_string_equal(name, "attune_plugin_entry");
  memcpy(&symbol, &fn, sizeof symbol);
  return w.no_symbol ? NULL : symbol;
}

/* ---- cases ---- */

typedef struct edit {
  void *at; /* NULL: no edit */
  size_t size;
  uint64_t number;
  const void *pointer; /* where size is 0 */
} edit;
#define TO(field, number) \
  { &w.field, sizeof w.field, (uint64_t)(number), NULL }
#define AT(field, pointer) \
  { (void *)&w.field, 0, 0, pointer }
#define GONE(field) AT(field, NULL)

typedef struct load_case {
  const char *says; /* NULL: it loads */
  edit edits[3];
  const char *path; /* NULL: FILE_ */
} load_case;

static void bend(const edit *e) {
  const uint8_t one = (uint8_t)e->number;
  const uint16_t two = (uint16_t)e->number;
  const uint32_t four = (uint32_t)e->number;
  const void *from = e->size == 0   ? (const void *)&e->pointer
                     : e->size == 1 ? (const void *)&one
                     : e->size == 2 ? (const void *)&two
                     : e->size == 4 ? (const void *)&four
                                    : (const void *)&e->number;
  memcpy(e->at, from, e->size ? e->size : sizeof e->pointer);
}

static void check(const load_case *c, size_t i) {
  at_library l;
  at_error err = {0};
  struct sigaction before, after;
  make_good();
  for (size_t k = 0; k < 3 && c->edits[k].at; k++) bend(&c->edits[k]);
  sigaction(SIGSEGV, NULL, &before);
  const at_status s = at_library_open(c->path ? c->path : FILE_, &l, &err);
  sigaction(SIGSEGV, NULL, &after);
  assert_ptr_equal(before.sa_handler, after.sa_handler);
  if (!c->says && s != AT_OK) fail_msg("case %zu: %s", i, err.message);
  if (c->says && strcmp(err.message, c->says))
    fail_msg("case %zu: \"%s\" is not \"%s\"", i, err.message, c->says);
  if (c->says) assert_int_equal(s, strcmp(c->says, "out of memory") ? AT_EINPUT : AT_ENOMEM);
  assert_int_equal(handles, !c->says);
  if (!c->says) at_library_close(&l);
  assert_int_equal(handles, 0);
  assert_int_equal(maps, 0);
  assert_null(l.path);
}
#define CHECK(table) \
  for (size_t i = 0; i < sizeof table / sizeof *table; i++) check(&table[i], i)

/* ---- the file and its folder ---- */

#define OTHERS(path, what) \
  path ": refused, others may write to this " what "; run `chmod o-w " path "`"
#define GROUP(path, what) \
  path ": refused, its group may write to this " what "; run `chmod g-w " path "`"
#define OWNER(path, what) \
  path ": refused, this " what " belongs to another user; make a copy of your own"

static const load_case PLACES[] = {
    {FILE_ ": No such file or directory", {TO(no_file, ENOENT)}, NULL},
    {FOLDER ": Permission denied", {TO(no_folder, EACCES)}, NULL},
    {OTHERS(FILE_, "file"), {TO(file.st_mode, S_IFREG | 0646)}, NULL},
    {OTHERS(FOLDER, "folder"), {TO(folder.st_mode, S_IFDIR | 0757)}, NULL},
    {OTHERS(FILE_, "file"), {TO(file.st_mode, S_IFREG | S_ISVTX | 0646)}, NULL},
    {GROUP(FILE_, "file"), {TO(file.st_mode, S_IFREG | 0664), TO(file.st_gid, 50)}, NULL},
    {GROUP(FOLDER, "folder"), {TO(folder.st_mode, S_IFDIR | 0775), TO(folder.st_gid, 50)}, NULL},
    {GROUP(FILE_, "file"), {TO(file.st_mode, S_IFREG | 0664), TO(no_user, 1)}, NULL},
    {GROUP(FILE_, "file"), {TO(file.st_mode, S_IFREG | 0664), TO(no_group, 1)}, NULL},
    {GROUP(FILE_, "file"), {TO(file.st_mode, S_IFREG | 0664), AT(group.gr_name, "staff")}, NULL},
    {GROUP(FILE_, "file"),
     {TO(file.st_mode, S_IFREG | 0664), AT(members[0], "me"), AT(members[1], "guest")},
     NULL},
    {OWNER(FILE_, "file"), {TO(file.st_uid, 1001)}, NULL},
    {OWNER(FOLDER, "folder"), {TO(folder.st_uid, 1001)}, NULL},
    {"out of memory", {TO(no_memory, 1)}, NULL},
    {"out of memory", {TO(no_folder_memory, 1)}, NULL},
    {OTHERS(".", "folder"), {TO(folder.st_mode, S_IFDIR | 0757)}, "p.so"},
    {OTHERS("/", "folder"), {TO(folder.st_mode, S_IFDIR | 0757)}, "/p.so"},
    {NULL, {{0}}, NULL},
    {NULL, {TO(folder.st_mode, S_IFDIR | S_ISVTX | 0777)}, NULL},
    {NULL, {TO(file.st_mode, S_IFREG | 0664), AT(members[0], "me")}, NULL},
    {NULL, {TO(folder.st_mode, S_IFDIR | 0775)}, NULL},
    {NULL, {TO(file.st_uid, 0), TO(folder.st_uid, 0)}, NULL},
};

/* ---- what is in it ---- */

#define NO_OBJECT FILE_ ": this is no shared object; build it with -shared"
#define FOREIGN   FILE_ ": this was built for another kind of processor; build it on this machine"
#define CRASHED(how) \
  FILE_ ": it crashed while it was loaded (" how "); remove it, or see `attune plugin check`"

static const load_case OBJECTS[] = {
    {"cannot read `" FILE_ "`: it is on fire", {TO(unreadable, 1)}, NULL},
    {FILE_ ": this is too large for a plugin", {TO(map.size, (1 << 28) + 1)}, NULL},
    {NO_OBJECT, {TO(map.size, 0)}, NULL},
    {NO_OBJECT, {TO(map.size, 19)}, NULL},
    {NO_OBJECT, {TO(elf[0], 0)}, NULL},
    {NO_OBJECT, {TO(elf[3], 'f')}, NULL},
    {FOREIGN, {TO(elf[EI_CLASS], sizeof(void *) == 8 ? ELFCLASS32 : ELFCLASS64)}, NULL},
    {FOREIGN, {TO(elf[18], 255), TO(elf[19], 255)}, NULL},
    {FOREIGN, {TO(elf[EI_DATA], ELFDATA2MSB), TO(elf[18], EM_S390), TO(elf[19], EM_S390)}, NULL},
    {CRASHED("Segmentation fault"), {TO(dies_in_open, SIGSEGV)}, NULL},
    {CRASHED("Aborted"), {TO(dies_in_open, SIGABRT)}, NULL},
    {FILE_ ": it cannot be loaded: undefined symbol: attune_wish", {TO(no_handle, 1)}, NULL},
    {FILE_ ": it has no symbol attune_plugin_entry; end the source with ATTUNE_PLUGIN(...)",
     {TO(no_symbol, 1)},
     NULL},
    {CRASHED("Segmentation fault"), {TO(dies_in_entry, SIGSEGV)}, NULL},
    {CRASHED("Bus error"), {TO(dies_in_entry, SIGBUS)}, NULL},
    {CRASHED("Illegal instruction"), {TO(dies_in_entry, SIGILL)}, NULL},
    {CRASHED("Floating point exception"), {TO(dies_in_entry, SIGFPE)}, NULL},
    {CRASHED("Aborted"), {TO(dies_in_entry, SIGABRT)}, NULL},
    {FILE_ ": it declined to load: not on a Monday", {TO(nothing, 1)}, NULL},
    {FILE_ ": it declined to load: entry of `the plugin` returned -2",
     {TO(nothing, 1), TO(mute, 1)},
     NULL},
    {NULL, {TO(map.size, 20)}, NULL},
    {NULL, {TO(map.size, 1 << 28)}, NULL},
};

/* ---- what it says of itself ---- */

#define NO_NAME  FILE_ ": its descriptor lacks a name, a version or a license"
#define NO_ITEMS FILE_ ": it offers no items"
#define LONG_    "ab34567890123456789012345678901234567890123456789012345678901234" /* 64 */

static const load_case PLUGINS[] = {
    {FILE_ ": its descriptor is smaller than version 1 of the plugin interface has it",
     {TO(plugin.size, sizeof(attune_plugin) - 1)},
     NULL},
    {FILE_ ": it was built for version 2 of the plugin interface, this attune has 1; build it "
           "again with this attune's <attune/plugin.h>",
     {TO(plugin.abi_major, 2)},
     NULL},
    {FILE_ ": it was built for version 0 of the plugin interface, this attune has 1; build it "
           "again with this attune's <attune/plugin.h>",
     {TO(plugin.abi_major, 0)},
     NULL},
    {NO_NAME, {GONE(plugin.name)}, NULL},
    {NO_NAME, {AT(plugin.name, "")}, NULL},
    {NO_NAME, {GONE(plugin.version)}, NULL},
    {NO_NAME, {GONE(plugin.license)}, NULL},
    {NO_ITEMS, {TO(plugin.item_count, 0)}, NULL},
    {NO_ITEMS, {GONE(plugin.items)}, NULL},
    {NO_ITEMS, {TO(plugin.item_count, 1025)}, NULL},
    {FILE_ ": one of its items is NULL", {GONE(items[0])}, NULL},
    {FILE_ ": it offers the score `good` twice",
     {TO(plugin.item_count, 2), AT(items[1], &w.score.item)},
     NULL},
    {NULL, {TO(plugin.item_count, 2)}, NULL}, /* of two kinds */
    {NULL, {TO(plugin.size, 4000), TO(plugin.abi_minor, 4000)}, NULL},
};

#define NAMES          "names are [a-z][a-z0-9_]*"
#define BAD_NAME(name) FILE_ ": an item has the name \"" name "\"; " NAMES
#define BARE           FILE_ ": `good` has no summary or no doc"
#define LACKS(what)    FILE_ ": `good` lacks " what
#define TASK           AT(items[0], &w.task.item)
#define METRIC         AT(items[0], &w.metric.item)
#define DATA           AT(items[0], &w.data.item)
#define TASK_LACKS     LACKS("epoch and evaluate, or size and feed")

static const load_case ITEMS[] = {
    {FILE_ ": an item says that its size is 39 bytes, less than any item has",
     {TO(score.item.size, 39)},
     NULL},
    {BAD_NAME(""), {GONE(score.item.name)}, NULL},
    {BAD_NAME(""), {AT(score.item.name, "")}, NULL},
    {BAD_NAME("Good"), {AT(score.item.name, "Good")}, NULL},
    {BAD_NAME("_good"), {AT(score.item.name, "_good")}, NULL},
    {BAD_NAME("go od"), {AT(score.item.name, "go od")}, NULL},
    {BAD_NAME(LONG_), {AT(score.item.name, LONG_)}, NULL},
    {FILE_ ": `good` is of the unknown kind 0", {TO(score.item.kind, 0)}, NULL},
    {FILE_ ": `good` is of the unknown kind 5", {TO(score.item.kind, 5)}, NULL},
    {BARE, {GONE(score.item.summary)}, NULL},
    {BARE, {GONE(score.item.doc)}, NULL},
    {LACKS("compose"), {GONE(score.compose)}, NULL},
    {TASK_LACKS, {TASK, GONE(task.epoch)}, NULL},
    {TASK_LACKS, {TASK, GONE(task.evaluate)}, NULL},
    {TASK_LACKS, {TASK, GONE(task.size)}, NULL},
    {TASK_LACKS, {TASK, GONE(task.feed)}, NULL},
    {LACKS("compute"), {METRIC, GONE(metric.compute)}, NULL},
    {LACKS("open and read"), {DATA, GONE(data.open)}, NULL},
    {LACKS("open and read"), {DATA, GONE(data.read)}, NULL},
    {NULL, {AT(score.item.name, &LONG_[1])}, NULL},
    {NULL, {TASK}, NULL},
    {NULL, {TASK, GONE(task.fed), GONE(task.feed)}, NULL},
    /* of 1.0: what lies behind is not read */
    {NULL, {TASK, TO(task.item.size, offsetof(attune_task, fed)), GONE(task.feed)}, NULL},
    {NULL, {TO(score.item.size, offsetof(attune_score, form))}, NULL},
    {NULL, {METRIC, TO(metric.item.size, offsetof(attune_metric, begin))}, NULL},
    {NULL, {METRIC}, NULL},
    {NULL, {DATA}, NULL},
    {NULL, {TO(score.item.size, 4000)}, NULL},
    {NULL, {GONE(score.item.options)}, NULL},
};

#define OPTION(what) FILE_ ": option `level` of `good` " what
#define DEFAULT(what) \
  FILE_ ": the default of an option does not hold: option `level` of `good` is " what

static const load_case OPTIONS[] = {
    {FILE_ ": `good` has an option with the name \"Level\"; " NAMES,
     {AT(option[0].name, "Level")},
     NULL},
    {OPTION("has the unknown type -1"), {TO(option[0].type, -1)}, NULL},
    {OPTION("has the unknown type 0"), {TO(option[0].type, 0)}, NULL},
    {OPTION("has the unknown type 7"), {TO(option[0].type, ATTUNE_OPTION_PATH + 1)}, NULL},
    {OPTION("has no choices"), {TO(option[0].type, ATTUNE_OPTION_ENUM)}, NULL},
    {OPTION("has no choices"),
     {TO(option[0].type, ATTUNE_OPTION_ENUM), AT(option[0].choices, "")},
     NULL},
    {FILE_ ": `good` has the option `level` twice",
     {AT(option[1].name, "level"), TO(option[1].type, ATTUNE_OPTION_STRING)},
     NULL},
    {DEFAULT("`many`; it must be a whole number"), {AT(option[0].default_text, "many")}, NULL},
    {DEFAULT("12; it must lie between 0 and 9"), {AT(option[0].default_text, "12")}, NULL},
    {DEFAULT("`3`; it must be true or false"), {TO(option[0].type, ATTUNE_OPTION_BOOL)}, NULL},
    {NULL, {AT(option[1].name, "other"), TO(option[1].type, ATTUNE_OPTION_STRING)}, NULL},
    {NULL, {GONE(option[0].default_text)}, NULL},
    {NULL, {AT(option[0].default_text, "9")}, NULL},
};

static void test_places(void **state) {
  (void)state;
  CHECK(PLACES);
}
static void test_objects(void **state) {
  (void)state;
  CHECK(OBJECTS);
}
static void test_plugins(void **state) {
  (void)state;
  CHECK(PLUGINS);
}
static void test_items(void **state) {
  (void)state;
  CHECK(ITEMS);
}
static void test_options(void **state) {
  (void)state;
  CHECK(OPTIONS);
}

/* A size for each kind: what every version of it has. */
static void test_sizes(void **state) {
  (void)state;
  const struct {
    attune_item *item;
    const char *kind;
    size_t least;
  } kinds[] = {{&w.score.item, "score", offsetof(attune_score, form)},
               {&w.task.item, "task", offsetof(attune_task, fed)},
               {&w.metric.item, "metric", offsetof(attune_metric, begin)},
               {&w.data.item, "data reader", sizeof(attune_data)}};
  for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
    char says[400];
    snprintf(says, sizeof says, FILE_ ": `good` says that its size is %zu bytes; a %s has %zu",
             kinds[i].least - 1, kinds[i].kind, kinds[i].least);
    const load_case c = {says,
                         {AT(items[0], kinds[i].item),
                          {&kinds[i].item->size, sizeof(uint32_t), kinds[i].least - 1, NULL}},
                         NULL};
    check(&c, i);
  }
}

/* ---- beside refusals ---- */

static void test_hashed_when_asked(void **state) {
  at_library l;
  char want[65];
  at_error err = {0};
  (void)state;
  make_good();
  hashes = 0;
  assert_int_equal(at_library_open(FILE_, &l, &err), AT_OK);
  assert_int_equal(hashes, 0);
  __real_at_sha256_hex(w.elf, sizeof w.elf, want);
  assert_string_equal(at_library_sha256(&l), want);
  assert_int_equal(maps, 0);
  assert_string_equal(at_library_sha256(&l), want);
  assert_int_equal(hashes, 1);
  at_library_close(&l);
}

static void open_inner(void) {
  at_library l;
  at_error err = {0};
  assert_int_equal(at_library_open(FOLDER "/inner.so", &l, &err), AT_EINPUT);
  assert_string_equal(err.message, FOLDER
                      "/inner.so: it crashed while it was loaded (Segmentation fault); remove it, "
                      "or see `attune plugin check`");
}

/* Of one that is loaded while another is, each crash is that of its own. */
static void test_one_within_another(void **state) {
  at_library l;
  at_error err = {0};
  (void)state;
  make_good();
  w.on_entry = open_inner;
  w.dies_in_entry = SIGFPE;
  assert_int_equal(at_library_open(FILE_, &l, &err), AT_EINPUT);
  assert_string_equal(err.message, CRASHED("Floating point exception"));
  w.dies_in_entry = 0;
  if (at_library_open(FILE_, &l, &err)) fail_msg("%s", err.message);
  at_library_close(&l);
}

static volatile sig_atomic_t caught;
static void catch (int number) { caught = number; }
static void *fault(void *arg) {
  raise(SIGFPE);
  raise(SIGFPE); /* as an instruction that is tried again */
  return arg;
}
static void fault_elsewhere(void) {
  pthread_t other;
  assert_int_equal(pthread_create(&other, NULL, fault, NULL), 0);
  pthread_join(other, NULL);
}

static void test_fault_of_another_thread(void **state) {
  at_library l;
  at_error err = {0};
  struct sigaction own = {.sa_handler = catch}, before, after;
  (void)state;
  make_good();
  w.on_entry = fault_elsewhere;
  sigaction(SIGFPE, &own, &before);
  caught = 0;
  if (at_library_open(FILE_, &l, &err)) fail_msg("%s", err.message);
  at_library_close(&l);
  sigaction(SIGFPE, &before, &after);
  assert_int_equal(caught, SIGFPE);
  assert_true(after.sa_handler == catch);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_places),
      cmocka_unit_test(test_objects),
      cmocka_unit_test(test_plugins),
      cmocka_unit_test(test_items),
      cmocka_unit_test(test_sizes),
      cmocka_unit_test(test_options),
      cmocka_unit_test(test_hashed_when_asked),
      cmocka_unit_test(test_one_within_another),
      cmocka_unit_test(test_fault_of_another_thread),
  };
  return cmocka_run_group_tests_name("loader", tests, NULL, NULL);
}
