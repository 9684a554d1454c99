#include "npy_rows.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

typedef struct wanted {
  const attune_host *host;
  const char *path, *descr;
  int ndim;
} wanted;

static int bad(const wanted *w, const char *why) {
  w->host->error(w->host, "%s: %s; an array of %s with %d axes in C order is needed", w->path, why,
                 strcmp(w->descr, "<f4") ? "bytes" : "float32", w->ndim);
  return ATTUNE_BAD_INPUT;
}

/* The shape out of "{'descr': '<f4', 'fortran_order': False, 'shape': (N, R, F), }". */
static int parse_header(const wanted *w, const char *h, npy_rows *a) {
  const char *descr = strstr(h, "'descr'"), *order = strstr(h, "'fortran_order'"),
             *shape = strstr(h, "'shape'");
  if (!descr || !order || !shape || !(descr = strchr(descr + 7, '\'')) ||
      !(shape = strchr(shape, '(')))
    return bad(w, "its header is damaged");
  size_t n = strlen(w->descr);
  if (strncmp(descr + 1, w->descr, n) || descr[1 + n] != '\'')
    return bad(w, "it is of another type");
  order += strcspn(order, ":");
  if (strncmp(order + strspn(order, ": "), "False", 5)) return bad(w, "it is in Fortran order");
  shape++;
  for (a->ndim = 0; a->ndim < w->ndim; a->ndim++) {
    char *end;
    errno = 0;
    long long v = strtoll(shape, &end, 10);
    if (end == shape || errno || v < (a->ndim ? 1 : 0) || v > (1ll << 40))
      return bad(w, "it is of another shape");
    a->shape[a->ndim] = v;
    shape = end + strspn(end, ", ");
  }
  return *shape == ')' ? ATTUNE_OK : bad(w, "it is of another shape");
}

static int check(const wanted *w, npy_rows *a) {
  char header[1024];
  if (a->bytes < 12 || memcmp(a->map, "\x93NUMPY", 6)) return bad(w, "it is no .npy file");
  bool wide = a->map[6] >= 2;
  size_t begin = wide ? 12 : 10, length = (size_t)a->map[8] | (size_t)a->map[9] << 8;
  if (wide) length |= (size_t)a->map[10] << 16 | (size_t)a->map[11] << 24;
  if (length >= sizeof header || begin + length > a->bytes) return bad(w, "its header is damaged");
  memcpy(header, a->map + begin, length);
  header[length] = 0;
  int rc = parse_header(w, header, a);
  if (rc) return rc;
  unsigned __int128 row = strcmp(w->descr, "<f4") ? 1 : 4;
  for (int i = 1; i < a->ndim; i++) row *= (uint64_t)a->shape[i];
  a->offset = begin + length;
  if (row > SIZE_MAX || row * (uint64_t)a->shape[0] != a->bytes - a->offset) {
    w->host->error(w->host,
                   "%s: its header says %lld rows of %llu bytes, but it is %zu bytes long; it was "
                   "cut short or damaged",
                   w->path, (long long)a->shape[0], (unsigned long long)row, a->bytes);
    return ATTUNE_BAD_INPUT;
  }
  a->row = (size_t)row;
  return ATTUNE_OK;
}

int npy_rows_open(const attune_host *host, const char *path, const char *descr, int ndim,
                  npy_rows *out) {
  const wanted w = {host, path, descr, ndim};
  struct stat st;
  int fd = open(path, O_RDONLY | O_CLOEXEC);
  memset(out, 0, sizeof *out);
  if (fd < 0 || fstat(fd, &st)) {
    host->error(host, "%s: %s", path, strerror(errno));
    if (fd >= 0) close(fd);
    return ATTUNE_BAD_INPUT;
  }
  void *p = S_ISREG(st.st_mode) && st.st_size > 0
                ? mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0)
                : MAP_FAILED;
  close(fd);
  if (p == MAP_FAILED) return bad(&w, "it is empty or cannot be mapped");
  out->map = p;
  out->bytes = (size_t)st.st_size;
  int rc = check(&w, out);
  if (rc) npy_rows_close(out);
  return rc;
}

int npy_rows_view(const attune_host *host, const char *path, const char *descr, int ndim,
                  unsigned char *bytes, size_t n, npy_rows *out) {
  const wanted w = {host, path, descr, ndim};
  *out = (npy_rows){.map = bytes, .bytes = n};
  return check(&w, out);
}

void npy_rows_close(npy_rows *a) {
  if (a->map) munmap(a->map, a->bytes);
  memset(a, 0, sizeof *a);
}

const void *npy_rows_at(const npy_rows *a, int64_t row) {
  return a->map + a->offset + (size_t)row * a->row;
}
