/* Which files are loaded for a name, which of two is found, and what is said of the others. There
 * are no files: the linker puts __wrap_X in the place of X. */
#include "cm.h"
#include <dirent.h>
#include <errno.h>
#include "core/plugin/search.h"

/* ---- folders and files that are not there ---- */

typedef struct made_item {
  attune_kind kind;
  const char *name;
} made_item;
typedef struct made_file {
  const char *folder, *name;
  made_item item[3]; /* none: it is refused */
} made_file;

#define LAST "(last)" /* the build tree or the installed folder */
static const made_file FILES[] = {
    {"/first", "zeta.so", {{ATTUNE_SCORE, "dot"}}},
    {"/first",
     "many.so",
     {{ATTUNE_SCORE, "alpha"}, {ATTUNE_SCORE, "beta"}, {ATTUNE_METRIC, "dot"}}},
    {"/first", "beta.so", {{ATTUNE_METRIC, "beta"}}},
    {"/first", "bad.so", {{0}}},
    {"/first", ".hidden.so", {{ATTUNE_SCORE, "hidden"}}},
    {"/first", "README", {{0}}},
    {"/second", "pair.so", {{ATTUNE_SCORE, "pair"}}},
    {"/second", "c.so", {{ATTUNE_SCORE, "pair"}, {ATTUNE_SCORE, "lonely"}}},
    {"/second", "d.so", {{ATTUNE_SCORE, "lonely"}}},
    {"/second", "a.so", {{ATTUNE_SCORE, "pair"}, {ATTUNE_SCORE, "dot"}}},
    {"/second", "dot.so", {{ATTUNE_SCORE, "dot"}, {ATTUNE_TASK, "lonely"}}},
    {LAST, "dot.so", {{ATTUNE_SCORE, "dot"}, {ATTUNE_SCORE, "alpha"}}},
    {LAST, "cosine.so", {{ATTUNE_SCORE, "cosine"}}},
    {LAST, "fid.so", {{ATTUNE_METRIC, "fid"}}},
    {LAST, "two.so", {{ATTUNE_METRIC, "cosine"}}},
};
enum { N_FILES = sizeof FILES / sizeof *FILES };

typedef struct made_plugin {
  attune_item item[3];
  const attune_item *items[3];
  attune_plugin plugin;
} made_plugin;
static made_plugin plugins[N_FILES];
static char opened[4000]; /* "first/zeta.so ..." in their order */
static size_t n_open, crowd;

static const char *folder_name(const char *path) {
  return strcmp(path, AT_BUILD_DIR "/.libs") && strcmp(path, AT_PLUGINDIR) ? path : LAST;
}

static const char *folder_path(const made_file *f) {
  return strcmp(f->folder, LAST) ? f->folder
         : at_in_build_tree()    ? AT_BUILD_DIR "/.libs"
                                 : AT_PLUGINDIR;
}

static void put(struct dirent ***list, int *n, const char *name,
                int (*chosen)(const struct dirent *),
                int (*order)(const struct dirent **, const struct dirent **)) {
  struct dirent *e = calloc(1, sizeof *e);
  snprintf(e->d_name, sizeof e->d_name, "%s", name);
  if (!chosen(e)) {
    free(e);
    return;
  }
  *list = realloc(*list, (size_t)(*n + 1) * sizeof **list);
  int at = *n;
  for (; at > 0; at--) {
    const struct dirent *before = (*list)[at - 1], *this = e;
    if (order(&before, &this) <= 0) break;
    (*list)[at] = (*list)[at - 1];
  }
  (*list)[at] = e;
  ++*n;
}

int __wrap_scandir(const char *path, struct dirent ***list, int (*chosen)(const struct dirent *),
                   int (*order)(const struct dirent **, const struct dirent **));
int __wrap_scandir(const char *path, struct dirent ***list, int (*chosen)(const struct dirent *),
                   int (*order)(const struct dirent **, const struct dirent **)) {
  int n = 0;
  *list = NULL;
  assert_true(*path); /* not the folder that one happens to be in */
  if (!strcmp(path, "/locked")) return errno = EACCES, -1;
  for (size_t i = 0; i < N_FILES; i++)
    if (!strcmp(FILES[i].folder, folder_name(path))) put(list, &n, FILES[i].name, chosen, order);
  for (size_t i = 0; i < crowd && !strcmp(path, "/crowd"); i++) {
    char name[32];
    snprintf(name, sizeof name, "p%04zu.so", i);
    put(list, &n, name, chosen, order);
  }
  return n ? n : (errno = ENOENT, -1);
}

static void make(made_plugin *p, const made_file *f) {
  uint32_t n = 0;
  for (; n < 3 && f->item[n].name; n++) {
    p->item[n] =
        (attune_item){sizeof(attune_item), f->item[n].kind, f->item[n].name, "s", "d", NULL};
    p->items[n] = &p->item[n];
  }
  p->plugin = (attune_plugin){
      sizeof p->plugin, ATTUNE_ABI_MAJOR, ATTUNE_ABI_MINOR, "made", "1", "0BSD", n, p->items};
}

at_status __wrap_at_library_open(const char *path, at_library *out, at_error *err);
at_status __wrap_at_library_open(const char *path, at_library *out, at_error *err) {
  const char *name = strrchr(path, '/') + 1;
  char folder[1000];
  snprintf(folder, sizeof folder, "%.*s", (int)(name - path - 1), path);
  size_t i = 0;
  while (i < N_FILES &&
         (strcmp(FILES[i].folder, folder_name(folder)) || strcmp(FILES[i].name, name)))
    i++;
  size_t used = strlen(opened);
  snprintf(opened + used, sizeof opened - used, "%s%s/%s", used ? " " : "", folder_name(folder),
           name);
  *out = (at_library){0};
  if (i < N_FILES && !FILES[i].item[0].name)
    return at_fail(err, AT_EINPUT, "%s: it is broken", path);
  if (i == N_FILES) i = 0; /* one of a crowd */
  make(&plugins[i], &FILES[i]);
  out->plugin = &plugins[i].plugin;
  n_open++;
  return AT_OK;
}

void __wrap_at_library_close(at_library *l);
void __wrap_at_library_close(at_library *l) { n_open -= l->plugin != NULL; }

static at_registry *fresh(const char *path) {
  at_registry *r;
  at_error err = {0};
  if (path)
    setenv("ATTUNE_PLUGIN_PATH", path, 1);
  else
    unsetenv("ATTUNE_PLUGIN_PATH");
  *opened = 0;
  if (at_registry_new(NULL, 0, &r, &err)) fail_msg("%s", err.message);
  assert_string_equal(opened, "");
  return r;
}

static void done(at_registry *r) {
  at_registry_free(r);
  assert_int_equal(n_open, 0);
}

/* ---- one name ---- */

#define ALL_OF_FIRST "/first/bad.so /first/beta.so /first/many.so /first/zeta.so"
typedef struct question {
  const char *path;
  attune_kind kind;
  const char *name, *found, *loaded;
} question;
static const question QUESTIONS[] = {
    {NULL, ATTUNE_SCORE, "cosine", LAST "/cosine.so", LAST "/cosine.so"},
    {NULL, ATTUNE_METRIC, "fid", LAST "/fid.so", LAST "/fid.so"},
    /* a file with the name, which has it of another kind */
    {NULL, ATTUNE_METRIC, "cosine", LAST "/two.so",
     LAST "/cosine.so " LAST "/dot.so " LAST "/fid.so " LAST "/two.so"},
    /* no file has the name: by their names, and no farther */
    {NULL, ATTUNE_SCORE, "alpha", LAST "/dot.so", LAST "/cosine.so " LAST "/dot.so"},
    /* folders before are looked through first */
    {"/first", ATTUNE_METRIC, "beta", "/first/beta.so", "/first/beta.so"},
    {"/first", ATTUNE_SCORE, "beta", "/first/many.so",
     "/first/beta.so /first/bad.so /first/many.so"},
    {"/first", ATTUNE_SCORE, "dot", "/first/zeta.so", ALL_OF_FIRST},
    {"/first", ATTUNE_METRIC, "fid", LAST "/fid.so", ALL_OF_FIRST " " LAST "/fid.so"},
    {"/first:/second", ATTUNE_SCORE, "pair", "/second/pair.so", ALL_OF_FIRST " /second/pair.so"},
    {"/second:/first", ATTUNE_SCORE, "dot", "/second/dot.so", "/second/dot.so"},
    {"/second", ATTUNE_TASK, "lonely", "/second/dot.so",
     "/second/a.so /second/c.so /second/d.so /second/dot.so"},
    {":/nowhere::/locked:", ATTUNE_SCORE, "dot", LAST "/dot.so", LAST "/dot.so"},
};

static void found_at(const at_item *it, const char *want) {
  char got[4096];
  const char *name = strrchr(it->path, '/');
  snprintf(got, sizeof got, "%.*s", (int)(name - it->path), it->path);
  char place[4200];
  snprintf(place, sizeof place, "%s%s", folder_name(got), name);
  assert_string_equal(place, want);
}

static void test_only_what_is_named(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof QUESTIONS / sizeof *QUESTIONS; i++) {
    const question *q = &QUESTIONS[i];
    const at_item *it, *again;
    at_error err = {0};
    at_registry *r = fresh(q->path);
    if (at_registry_find(r, q->kind, q->name, &it, &err)) fail_msg("%s", err.message);
    found_at(it, q->found);
    assert_string_equal(opened, q->loaded);
    assert_true(at_registry_has(r, q->kind, q->name));
    assert_int_equal(at_registry_find(r, q->kind, q->name, &again, &err), AT_OK);
    assert_ptr_equal(it, again);
    assert_string_equal(opened, q->loaded); /* nothing more */
    done(r);
  }
}

/* ---- all of them ---- */

static const char ALL[] = "/first:/second:/locked:/nowhere";

static void test_list(void **state) {
  const at_item *it;
  size_t n;
  at_text problems = {0}, items = {0};
  at_error err = {0};
  (void)state;
  at_registry *r = fresh(ALL);
  assert_int_equal(at_registry_list(r, &it, &n, &problems, &err), AT_OK);
  assert_string_equal(problems.data,
                      "/first/bad.so: it is broken\n"
                      "/second/a.so: it offers the score `pair`, as /second/pair.so in the same "
                      "folder does; remove one of them\n"
                      "/second/c.so: it offers the score `pair`, as /second/pair.so in the same "
                      "folder does; remove one of them\n"
                      "/second/d.so: it offers the score `lonely`, as /second/c.so in the same "
                      "folder does; remove one of them\n"
                      "/locked: Permission denied\n");
  for (size_t i = 0; i < n; i++)
    at_text_addf(&items, "%s %s%s%s\n", at_kind_name((attune_kind)it[i].item->kind),
                 it[i].item->name, it[i].shadows ? " hides " : "",
                 !it[i].shadows                         ? ""
                 : strncmp(it[i].shadows, "/second", 7) ? LAST
                                                        : it[i].shadows);
  assert_string_equal(items.data, "score alpha hides " LAST
                                  "\n"
                                  "score beta\nscore cosine\n"
                                  "score dot hides /second/dot.so\n"
                                  "score lonely\nscore pair\ntask lonely\n"
                                  "metric beta\nmetric cosine\nmetric dot\nmetric fid\n");
  at_text_free(&problems);
  at_text_free(&items);
  done(r);
}

/* Whatever was asked before, and whether all are loaded or not: one name, one file. */
static void test_same_file_in_any_order(void **state) {
  const at_item *all, *a, *b;
  size_t n;
  at_error err = {0};
  (void)state;
  at_registry *whole = fresh(ALL);
  assert_int_equal(at_registry_list(whole, &all, &n, NULL, &err), AT_OK);
  assert_int_equal(n, 11);
  for (size_t i = 0; i < n; i++)
    for (size_t k = 0; k < n; k++) {
      at_registry *r = fresh(ALL);
      const attune_item *x = all[i].item, *y = all[k].item;
      assert_int_equal(at_registry_find(r, (attune_kind)x->kind, x->name, &a, &err), AT_OK);
      assert_int_equal(at_registry_find(r, (attune_kind)y->kind, y->name, &b, &err), AT_OK);
      assert_string_equal(a->path, all[i].path);
      assert_string_equal(b->path, all[k].path);
      at_registry_free(r);
    }
  done(whole);
}

/* ---- what is not there ---- */

static void test_not_found(void **state) {
  const at_item *it;
  const char *const *names;
  at_error err = {0};
  (void)state;
  at_registry *r = fresh("/first");
  assert_false(at_registry_has(r, ATTUNE_SCORE, "hidden"));
  assert_int_equal(at_registry_find(r, ATTUNE_SCORE, "cosin", &it, &err), AT_EINPUT);
  assert_string_equal(err.message,
                      "there is no score `cosin`; did you mean `cosine`? (a plugin was "
                      "refused: /first/bad.so: it is broken)");
  assert_int_equal(at_registry_names(r, ATTUNE_METRIC, &names), 4);
  assert_string_equal(names[1], "cosine");
  assert_null(names[4]);
  done(r);
  r = fresh(NULL);
  assert_int_equal(at_registry_find(r, ATTUNE_SCORE, "xyzzy", &it, &err), AT_EINPUT);
  assert_string_equal(err.message, "there is no score `xyzzy`; there are: alpha, cosine, dot");
  assert_int_equal(at_registry_find(r, ATTUNE_TASK, "xyzzy", &it, &err), AT_EINPUT);
  char want[4400];
  snprintf(want, sizeof want,
           "there is no task `xyzzy`, nor any other: no plugins were found in %s",
           folder_path(&FILES[N_FILES - 1]));
  assert_string_equal(err.message, want);
  done(r);
}

static void test_one_file(void **state) {
  at_registry *r;
  const at_item *it;
  size_t n;
  at_error err = {0};
  (void)state;
  *opened = 0;
  assert_int_equal(at_registry_file("/first/many.so", &r, &err), AT_OK);
  assert_int_equal(at_registry_find(r, ATTUNE_METRIC, "dot", &it, &err), AT_OK);
  assert_int_equal(at_registry_list(r, &it, &n, NULL, &err), AT_OK);
  assert_int_equal(n, 3);
  assert_int_equal(at_registry_find(r, ATTUNE_TASK, "dot", &it, &err), AT_EINPUT);
  assert_string_equal(err.message,
                      "there is no task `dot`, nor any other: no plugins were found "
                      "in no folder");
  assert_string_equal(opened, "/first/many.so");
  done(r);
  assert_int_equal(at_registry_file("/first/bad.so", &r, &err), AT_EINPUT);
  assert_string_equal(err.message, "/first/bad.so: it is broken");
  assert_null(r);
}

/* ---- more than there is room for ---- */

static void test_too_many(void **state) {
  at_registry *r;
  const at_item *it;
  size_t n;
  at_text path = {0}, problems = {0};
  at_error err = {0};
  (void)state;
  for (int i = 0; i < AT_MOST_FOLDERS; i++) at_text_add(&path, "/first:");
  setenv("ATTUNE_PLUGIN_PATH", path.data, 1);
  assert_int_equal(at_registry_new(NULL, 0, &r, &err), AT_EINPUT);
  assert_string_equal(err.message, "more than 64 plugin folders are named");
  at_text_free(&path);
  crowd = AT_MOST_LIBRARIES + 1;
  r = fresh("/crowd");
  assert_int_equal(at_registry_list(r, &it, &n, &problems, &err), AT_OK);
  assert_non_null(strstr(problems.data, "/crowd/p1024.so: more than 1024 plugin files\n"));
  at_text_free(&problems);
  crowd = 0;
  done(r);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_only_what_is_named),
      cmocka_unit_test(test_list),
      cmocka_unit_test(test_same_file_in_any_order),
      cmocka_unit_test(test_not_found),
      cmocka_unit_test(test_one_file),
      cmocka_unit_test(test_too_many),
  };
  return cmocka_run_group_tests_name("registry", tests, NULL, NULL);
}
