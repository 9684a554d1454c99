#include "core/plugin/scaffold.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include "core/base/file.h"
#include "core/plugin/plugin_impl.h"

enum { LARGEST = 1 << 20 };

typedef struct scaffold {
  const char *kind, *name, *license;
  const char *to;
  at_text *wrote;
  at_error *err;
} scaffold;

static const char *skeletons(void) {
  return at_in_build_tree() ? AT_SOURCE_DIR "/examples/skeleton"
                            : AT_PKGDATADIR "/examples/skeleton";
}

/* ---- words in their places ---- */

static void fill_in(const scaffold *s, const char *text, at_text *out) {
  const struct {
    const char *mark, *word;
  } marks[] = {{"@NAME@", s->name}, {"@KIND@", s->kind}, {"@LICENSE@", s->license}};
  while (*text) {
    size_t n = strcspn(text, "@");
    at_text_addn(out, text, n);
    text += n;
    const char *at = text;
    for (size_t i = 0; i < sizeof marks / sizeof *marks && text == at; i++)
      if (!strncmp(text, marks[i].mark, strlen(marks[i].mark))) {
        at_text_add(out, marks[i].word);
        text += strlen(marks[i].mark);
      }
    if (text == at && *text) at_text_addn(out, text++, 1);
  }
}

/* "NAME.c" becomes "mine.c", "gitignore" gets its dot. */
static char *target(const scaffold *s, const char *folder, const char *file) {
  at_text t = {0};
  at_text_addf(&t, "%s%s%s/", s->to, *folder ? "/" : "", folder);
  if (!strncmp(file, "NAME", 4))
    at_text_addf(&t, "%s%s", s->name, file + 4);
  else
    at_text_addf(&t, "%s%s", !strcmp(file, "gitignore") ? "." : "", file);
  return t.failed ? NULL : t.data;
}

static at_status copy_file(const scaffold *s, const char *from, const char *to) {
  char *text = NULL;
  size_t n;
  at_text out = {0};
  at_status st = at_file_read(from, LARGEST, &text, &n, s->err);
  if (st == AT_OK) {
    at_text_add(&out, "");
    fill_in(s, text, &out);
    st = out.failed ? at_nomem(s->err) : at_file_write(to, out.data, out.len, s->err);
  }
  if (st == AT_OK && s->wrote) at_text_addf(s->wrote, "%s\n", to);
  at_text_free(&out);
  free(text);
  return st;
}

static int visible(const struct dirent *e) { return e->d_name[0] != '.'; }

/* The files of skeletons()/part/folder; of folders in it, likewise. */
static at_status copy_folder(const scaffold *s, const char *part, const char *folder) {
  struct dirent **list = NULL;
  at_text dir = {0};
  at_text_addf(&dir, "%s/%s%s%s", skeletons(), part, *folder ? "/" : "", folder);
  if (dir.failed) return at_nomem(s->err);
  int n = scandir(dir.data, &list, visible, alphasort);
  at_status st = n < 0 ? at_fail(s->err, AT_EFAIL, "%s: %s; is attune installed in full?", dir.data,
                                 strerror(errno))
                       : AT_OK;
  for (int i = 0; i < n; i++) {
    struct stat about;
    char *from = at_path_join(dir.data, list[i]->d_name), *to = target(s, folder, list[i]->d_name);
    if (st == AT_OK && (!from || !to)) st = at_nomem(s->err);
    if (st == AT_OK && stat(from, &about))
      st = at_fail(s->err, AT_EFAIL, "%s: %s", from, strerror(errno));
    if (st == AT_OK && S_ISDIR(about.st_mode)) {
      st = at_mkdirs(to, s->err);
      if (st == AT_OK) st = copy_folder(s, part, list[i]->d_name);
    } else if (st == AT_OK) {
      st = copy_file(s, from, to);
    }
    free(from);
    free(to);
    free(list[i]);
  }
  free(list);
  at_text_free(&dir);
  return st;
}

/* ---- what is asked for ---- */

static at_status one_of(const char *what, const char *word, const char *const *names, size_t n,
                        at_error *err) {
  at_text list = {0};
  for (size_t i = 0; i < n; i++) {
    if (!strcmp(word, names[i])) {
      at_text_free(&list);
      return AT_OK;
    }
    at_text_addf(&list, "%s%s", i ? ", " : "", names[i]);
  }
  at_status s = at_fail(err, AT_EINPUT, "`%s` is no %s; there are %s", word, what,
                        list.data ? list.data : "none");
  at_text_free(&list);
  return s;
}

static at_status check(const scaffold *s) {
  static const char *const kinds[] = {"score", "task", "metric", "data"};
  static const char *const licenses[] = {"Apache-2.0", "MIT", "0BSD"};
  at_status st = one_of("kind of plugin", s->kind, kinds, 4, s->err);
  if (st == AT_OK) st = one_of("licence that is at hand", s->license, licenses, 3, s->err);
  if (st != AT_OK) return st;
  if (!at_good_name(s->name))
    return at_fail(s->err, AT_EINPUT, "\"%s\" is no name for a plugin; names are [a-z][a-z0-9_]*",
                   s->name);
  /* Before anything is made: what failed halfway would be in the way of the next try. */
  at_text common = {0};
  at_text_addf(&common, "%s/common", skeletons());
  const bool there = !common.failed && at_file_exists(common.data);
  if (!there)
    at_fail(s->err, AT_EFAIL, "%s is not there; is attune installed in full?",
            common.failed ? "" : common.data);
  at_text_free(&common);
  if (!there) return AT_EFAIL;
  if (at_file_exists(s->to))
    return at_fail(s->err, AT_EINPUT, "%s is there already; --out names another folder", s->to);
  return AT_OK;
}

at_status at_scaffold(const char *kind, const char *name, const char *license, const char *dir,
                      at_text *wrote, at_error *err) {
  at_error own = {0};
  scaffold s = {.kind = kind,
                .name = name,
                .license = license ? license : "Apache-2.0",
                .to = dir ? dir : name,
                .wrote = wrote,
                .err = err ? err : &own};
  at_status st = check(&s);
  if (st == AT_OK) st = at_mkdirs(s.to, s.err);
  if (st == AT_OK) st = copy_folder(&s, "common", "");
  if (st == AT_OK) st = copy_folder(&s, s.kind, "");
  at_text from = {0}, to = {0};
  at_text_addf(&from, "%s/licenses/%s", skeletons(), s.license);
  at_text_addf(&to, "%s/LICENSE", s.to);
  if (st == AT_OK)
    st = from.failed || to.failed ? at_nomem(s.err) : copy_file(&s, from.data, to.data);
  at_text_free(&from);
  at_text_free(&to);
  return st;
}
