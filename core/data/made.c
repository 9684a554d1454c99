/* Folders of data sets that attune makes, and their arrays of pictures. */
#include "core/data/made.h"
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "core/base/file.h"
#include "core/data/image.h"
#include "core/data/npy.h"

/* ---- the folder ---- */

static void remove_file(const char *dir, const char *name) {
  char *path = at_path_join(dir, name);
  if (path) unlink(path);
  free(path);
}

static bool is_picture_name(const char *name) {
  size_t digits = strspn(name, "0123456789");
  return digits >= 6 && !strcmp(name + digits, ".png");
}

static void remove_images(const char *dir) {
  char *images = at_path_join(dir, "images");
  DIR *d = images ? opendir(images) : NULL;
  for (struct dirent *e; d && (e = readdir(d));)
    if (is_picture_name(e->d_name)) remove_file(images, e->d_name);
  if (d) closedir(d);
  if (images) rmdir(images);
  free(images);
}

/* What the generator writes and nothing else: a folder with other files in it stays, with them. */
static void remove_set(const at_made_kind *kind, const char *dir) {
  if (kind->images) remove_images(dir);
  for (const char *const *f = kind->files; *f; f++) remove_file(dir, *f);
  remove_file(dir, "meta.json");
  rmdir(dir);
}

at_status at_made_write_meta(const char *dir, at_text *text, at_error *err) {
  char *path = at_path_join(dir, "meta.json");
  at_status s =
      path && !text->failed ? at_file_write(path, text->data, text->len, err) : at_nomem(err);
  at_text_free(text);
  free(path);
  return s;
}

static bool is_ours(const char *dir, const char *generator) {
  char *path = at_path_join(dir, "meta.json"), *text = NULL;
  at_text name = {0};
  size_t n;
  at_text_addf(&name, "\"%s\"", generator);
  bool ours = path && !name.failed && at_file_exists(path) &&
              at_file_read(path, 1 << 20, &text, &n, NULL) == AT_OK && strstr(text, name.data);
  at_text_free(&name);
  free(text);
  free(path);
  return ours;
}

static bool is_empty(const char *dir) {
  DIR *d = opendir(dir);
  int entries = 0;
  if (!d) return false;
  while (readdir(d)) entries++; /* two are the folder itself and its parent */
  closedir(d);
  return entries <= 2;
}

/* What is at `dir` may be replaced: nothing, an empty folder, or by force a set of this kind. */
static at_status check_target(const at_made *m, bool force, at_error *err) {
  struct stat st;
  if (lstat(m->dir, &st) != 0)
    return errno == ENOENT ? AT_OK : at_fail(err, AT_EFAIL, "%s: %s", m->dir, strerror(errno));
  if (!S_ISDIR(st.st_mode))
    return at_fail(err, AT_EINPUT, "%s: exists and is not a folder; give another name", m->dir);
  if (is_empty(m->dir)) return AT_OK;
  if (!is_ours(m->dir, m->kind->generator))
    return at_fail(err, AT_EINPUT,
                   "%s: exists and is not a data set of this generator; give another folder",
                   m->dir);
  return force ? AT_OK
               : at_fail(err, AT_EINPUT,
                         "%s: holds a data set already; replace it with force or give another "
                         "folder",
                         m->dir);
}

/* "DIR.tmp.<pid>": beside DIR, whatever slashes it ends in. */
static char *name_beside(const char *dir, const char *kind) {
  at_text t = {0};
  size_t n = strlen(dir);
  while (n > 1 && dir[n - 1] == '/') n--;
  at_text_addn(&t, dir, n);
  if (*kind) at_text_addf(&t, ".%s.%ld", kind, (long)getpid());
  if (!t.failed) return t.data;
  at_text_free(&t);
  return NULL;
}

at_status at_made_begin(at_made *m, const at_made_kind *kind, const char *dir, bool force,
                        at_error *err) {
  *m = (at_made){.kind = kind};
  if (!*dir) return at_fail(err, AT_EINPUT, "the folder for the data set has no name");
  m->dir = name_beside(dir, "");
  m->tmp = name_beside(dir, "tmp");
  m->old = name_beside(dir, "old");
  at_status s = m->dir && m->tmp && m->old ? check_target(m, force, err) : at_nomem(err);
  if (s == AT_OK) {
    m->begun = true;
    s = at_mkdirs(m->tmp, err);
  }
  if (s != AT_OK) at_made_end(m);
  return s;
}

/* Puts the finished folder in place; an old set is moved aside first, so that a failing rename can
 * put it back. */
at_status at_made_commit(at_made *m, at_error *err) {
  sync(); /* the bytes before the name that vouches for them */
  bool had = rename(m->dir, m->old) == 0;
  if (rename(m->tmp, m->dir) != 0) {
    int cause = errno;
    if (had) rename(m->old, m->dir);
    return at_fail(err, AT_EFAIL, "%s: cannot rename %s to it: %s", m->dir, m->tmp,
                   strerror(cause));
  }
  if (had) remove_set(m->kind, m->old);
  m->begun = false;
  return AT_OK;
}

void at_made_end(at_made *m) {
  if (m->begun) remove_set(m->kind, m->tmp);
  free(m->dir);
  free(m->tmp);
  free(m->old);
  *m = (at_made){0};
}

/* ---- rows ---- */

enum { CHUNK = 64 }; /* pictures between two calls of the progress callback */

typedef struct writing {
  const at_made_rows *r;
  const char *dir;
  size_t row; /* bytes of a picture */
  unsigned char *pixels;
  at_writer array, text[AT_MADE_TEXTS];
  int texts;
  int64_t first;
  at_made_row rows[CHUNK];
  at_status status[CHUNK];
  at_error error[CHUNK];
} writing;

static at_status open_one(at_writer *w, const char *dir, const char *name, const char *head,
                          size_t n, at_error *err) {
  char *path = at_path_join(dir, name);
  at_status s = path ? at_writer_open(w, path, err) : at_nomem(err);
  if (s == AT_OK && n) s = at_writer_put(w, head, n, err);
  free(path);
  return s;
}

static at_status open_all(writing *w, const char *dir, at_error *err) {
  const at_made_rows *r = w->r;
  const at_array a = {
      .dtype = AT_U8, .ndim = 4, .shape = {r->count, r->height, r->width, 3}, .data = NULL};
  at_text head = {0};
  at_npy_header_text(&a, &head);
  at_status s = head.failed ? at_nomem(err) : AT_OK;
  if (s == AT_OK && r->array) s = open_one(&w->array, dir, r->array, head.data, head.len, err);
  at_text_free(&head);
  for (; s == AT_OK && w->texts < AT_MADE_TEXTS && r->text[w->texts]; w->texts++) {
    const char *begin = r->head[w->texts];
    s = open_one(&w->text[w->texts], dir, r->text[w->texts], begin, begin ? strlen(begin) : 0, err);
  }
  return s;
}

/* The set appears whole by its folder's rename, so single pictures need no rename and no fsync of
 * their own. */
static at_status write_plain(const char *path, const at_text *t, at_error *err) {
  FILE *f = fopen(path, "wb");
  bool ok = f && fwrite(t->data, 1, t->len, f) == t->len;
  int cause = errno;
  if (f && fclose(f) != 0 && ok) ok = false, cause = errno;
  return ok ? AT_OK : at_fail(err, AT_EFAIL, "%s: cannot write: %s", path, strerror(cause));
}

at_status at_made_write_png(const char *dir, int64_t number, const at_image *m, at_error *err) {
  char name[64];
  at_text png = {0};
  snprintf(name, sizeof name, "images/%06lld.png", (long long)number);
  char *path = at_path_join(dir, name);
  at_status s = path ? at_image_png_mem(m, &png, err) : at_nomem(err);
  if (s == AT_OK) s = write_plain(path, &png, err);
  at_text_free(&png);
  free(path);
  return s;
}

static void draw_one(void *ctx, size_t i) {
  writing *w = ctx;
  at_made_row *row = &w->rows[i];
  row->pixels = w->pixels + i * w->row;
  memset(row->pixels, 0, w->row);
  for (int k = 0; k < w->texts; k++) row->text[k].len = 0;
  at_status s = w->r->draw(w->r->ctx, w->first + (int64_t)i, row, &w->error[i]);
  for (int k = 0; k < w->texts && s == AT_OK; k++)
    if (row->text[k].failed) s = at_nomem(&w->error[i]);
  const at_image m = {.w = (int)w->r->width, .h = (int)w->r->height, .rgb = row->pixels};
  if (s == AT_OK && !w->r->array)
    s = at_made_write_png(w->dir, w->r->done + w->first + (int64_t)i, &m, &w->error[i]);
  w->status[i] = s;
}

static at_status write_chunk(writing *w, size_t n, at_pool *pool, at_error *err) {
  at_parallel(pool, n, draw_one, w);
  for (size_t i = 0; i < n; i++) {
    if (w->status[i] != AT_OK) {
      if (err) *err = w->error[i];
      return w->status[i];
    }
    at_status s = w->r->array ? at_writer_put(&w->array, w->rows[i].pixels, w->row, err) : AT_OK;
    for (int k = 0; k < w->texts && s == AT_OK; k++)
      if (w->rows[i].text[k].len)
        s = at_writer_put(&w->text[k], w->rows[i].text[k].data, w->rows[i].text[k].len, err);
    if (s != AT_OK) return s;
  }
  return AT_OK;
}

static at_status write_all(writing *w, at_pool *pool, at_error *err) {
  const at_made_rows *r = w->r;
  for (; w->first < r->count; w->first += CHUNK) {
    int64_t left = r->count - w->first, n = left < CHUNK ? left : CHUNK;
    at_status s = write_chunk(w, (size_t)n, pool, err);
    if (s != AT_OK) return s;
    if (r->progress && !r->progress(r->progress_ctx, r->done + w->first + n, r->total))
      return at_fail(err, AT_EFAIL, "stopped after %lld of %lld pictures; nothing was kept",
                     (long long)(r->done + w->first + n), (long long)r->total);
  }
  at_status s = r->array ? at_writer_commit(&w->array, err) : AT_OK;
  for (int k = 0; k < w->texts && s == AT_OK; k++) s = at_writer_commit(&w->text[k], err);
  return s;
}

at_status at_made_write(const at_made *m, const at_made_rows *r, at_pool *pool, at_error *err) {
  writing *w = calloc(1, sizeof *w);
  if (!w) return at_nomem(err);
  w->r = r;
  w->dir = m->tmp;
  w->row = (size_t)(r->height * r->width * 3);
  w->pixels = malloc(CHUNK * w->row);
  at_status s = w->pixels ? open_all(w, m->tmp, err) : at_nomem(err);
  if (s == AT_OK) s = write_all(w, pool, err);
  at_writer_abort(&w->array);
  for (int k = 0; k < AT_MADE_TEXTS; k++) at_writer_abort(&w->text[k]);
  for (int i = 0; i < CHUNK; i++)
    for (int k = 0; k < AT_MADE_TEXTS; k++) at_text_free(&w->rows[i].text[k]);
  free(w->pixels);
  free(w);
  return s;
}
