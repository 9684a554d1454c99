#include "core/base/file.h"
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

static at_status cannot(const char *verb, const char *path, at_error *err) {
  at_status code = errno == ENOENT || errno == EISDIR || errno == ENOTDIR || errno == EACCES
                       ? AT_EINPUT
                       : AT_EFAIL;
  return at_fail(err, code, "cannot %s `%s`: %s", verb, path, strerror(errno));
}

/* Opens a regular file for reading; its size in *size. */
static at_status open_regular(const char *path, int *fd, size_t *size, at_error *err) {
  struct stat st;
  *fd = open(path, O_RDONLY | O_CLOEXEC);
  if (*fd < 0) return cannot("read", path, err);
  if (fstat(*fd, &st) == 0 && S_ISREG(st.st_mode)) {
    *size = (size_t)st.st_size;
    return AT_OK;
  }
  at_fail(err, AT_EINPUT, "cannot read `%s`: it is %s, not a file", path,
          S_ISDIR(st.st_mode) ? "a folder" : "a device or pipe");
  close(*fd);
  return AT_EINPUT;
}

at_status at_file_read(const char *path, size_t limit, char **out, size_t *n, at_error *err) {
  *out = NULL;
  int fd;
  size_t size, have = 0;
  at_status rc = open_regular(path, &fd, &size, err);
  if (rc < 0) return rc;
  char *buf = NULL;
  if (size > limit) {
    rc = at_fail(err, AT_EINPUT, "`%s` is %zu bytes long; at most %zu are read", path, size, limit);
    goto out;
  }
  if (!(buf = malloc(size + 1))) {
    rc = at_nomem(err);
    goto out;
  }
  while (have < size) {
    ssize_t got = read(fd, buf + have, size - have);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) {
      rc = cannot("read", path, err);
      goto out;
    }
    if (got == 0) break;
    have += (size_t)got;
  }
  buf[have] = '\0';
  *out = buf;
  if (n) *n = have;
  buf = NULL;
out:
  free(buf);
  close(fd);
  return rc;
}

at_status at_map_open(const char *path, at_map *out, at_error *err) {
  *out = (at_map){(const unsigned char *)"", 0};
  int fd;
  size_t size;
  at_status rc = open_regular(path, &fd, &size, err);
  if (rc < 0) return rc;
  if (size) {
    void *p = mmap(NULL, size, PROT_READ, MAP_PRIVATE, fd, 0);
    if (p == MAP_FAILED)
      rc = cannot("map", path, err);
    else
      *out = (at_map){p, size};
  }
  close(fd);
  return rc;
}

void at_map_close(at_map *m) {
  if (m->size) munmap((void *)(uintptr_t)m->data, m->size);
  *m = (at_map){0};
}

at_status at_writer_open(at_writer *w, const char *path, at_error *err) {
  *w = (at_writer){0};
  size_t n = strlen(path) + 32;
  w->path = strdup(path);
  w->tmp = malloc(n);
  if (!w->path || !w->tmp) {
    at_writer_abort(w);
    return at_nomem(err);
  }
  snprintf(w->tmp, n, "%s.tmp.%ld", path, (long)getpid());
  w->fp = fopen(w->tmp, "wbe");
  if (w->fp) return AT_OK;
  at_status rc = cannot("write", path, err);
  at_writer_abort(w);
  return rc;
}

at_status at_writer_put(at_writer *w, const void *bytes, size_t n, at_error *err) {
  if (!n || fwrite(bytes, 1, n, w->fp) == n) return AT_OK;
  return at_fail(err, AT_EFAIL, "cannot write `%s`: %s", w->path, strerror(errno));
}

void at_folder_sync(const char *dir) {
  int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return;
  (void)fsync(fd); /* some file systems cannot; a rename stands all the same */
  close(fd);
}

static at_status publish(at_writer *w, at_error *err) {
  bool ok = fflush(w->fp) == 0 && !ferror(w->fp) && fsync(fileno(w->fp)) == 0;
  int why = errno;
  if (fclose(w->fp) != 0 && ok) {
    ok = false;
    why = errno;
  }
  w->fp = NULL;
  if (ok && rename(w->tmp, w->path) != 0) {
    ok = false;
    why = errno;
  }
  at_status rc = AT_OK;
  if (ok) {
    free(w->tmp);
    w->tmp = NULL;
  } else {
    rc = at_fail(err, AT_EFAIL, "cannot write `%s`: %s", w->path, strerror(why));
  }
  at_writer_abort(w);
  return rc;
}

at_status at_writer_commit(at_writer *w, at_error *err) {
  char *path = strdup(w->path);
  at_status rc = publish(w, err);
  if (rc == AT_OK && path) at_folder_sync(dirname(path));
  free(path);
  return rc;
}

void at_writer_abort(at_writer *w) {
  if (w->fp) fclose(w->fp);
  if (w->tmp) unlink(w->tmp);
  free(w->tmp);
  free(w->path);
  *w = (at_writer){0};
}

static at_status write_whole(const char *path, const void *bytes, size_t n,
                             at_status (*finish)(at_writer *, at_error *), at_error *err) {
  at_writer w;
  at_status rc = at_writer_open(&w, path, err);
  if (rc < 0) return rc;
  rc = at_writer_put(&w, bytes, n, err);
  if (rc == AT_OK) return finish(&w, err);
  at_writer_abort(&w);
  return rc;
}

at_status at_file_write(const char *path, const void *bytes, size_t n, at_error *err) {
  return write_whole(path, bytes, n, at_writer_commit, err);
}

at_status at_file_publish(const char *path, const void *bytes, size_t n, at_error *err) {
  return write_whole(path, bytes, n, publish, err);
}

at_status at_mkdirs(const char *path, at_error *err) {
  char *p = strdup(path);
  if (!p) return at_nomem(err);
  at_status rc = AT_OK;
  for (char *s = p + 1; rc == AT_OK; s++) {
    char c = *s;
    if (c != '/' && c != '\0') continue;
    *s = '\0';
    struct stat st;
    if (mkdir(p, 0777) != 0 && errno != EEXIST) rc = cannot("make folder", p, err);
    if (rc == AT_OK && !c && (stat(p, &st) != 0 || !S_ISDIR(st.st_mode)))
      rc = at_fail(err, AT_EINPUT, "cannot make folder `%s`: a file of that name is there", p);
    if (!c) break;
    *s = c;
  }
  free(p);
  return rc;
}

bool at_file_exists(const char *path) { return access(path, F_OK) == 0; }

bool at_file_in(const char *dir, const char *name) {
  char *path = at_path_join(dir, name);
  bool yes = path && at_file_exists(path);
  free(path);
  return yes;
}

char *at_path_join(const char *dir, const char *name) {
  if (name[0] == '/' || !dir || !*dir) return strdup(name);
  size_t n = strlen(dir), m = strlen(name);
  char *p = malloc(n + m + 2);
  if (!p) return NULL;
  snprintf(p, n + m + 2, "%s%s%s", dir, dir[n - 1] == '/' ? "" : "/", name);
  return p;
}
