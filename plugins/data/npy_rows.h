/* Arrays of pictures or features in .npy files, used where they lie: a file may be larger than
 * memory, and no row is read before it is asked for. */
#ifndef ATTUNE_DATA_NPY_ROWS_H
#define ATTUNE_DATA_NPY_ROWS_H
#include <attune/plugin.h>
#include <stddef.h>

typedef struct npy_rows {
  unsigned char *map;
  size_t bytes, offset, row; /* row: bytes of one */
  int ndim;
  int64_t shape[4];
} npy_rows;

/* `descr`: "<f4" or "|u1"; C order, `ndim` axes, all but the first at least 1. */
int npy_rows_open(const attune_host *host, const char *path, const char *descr, int ndim,
                  npy_rows *out);
/* The same of a file's bytes in memory, which stay the caller's: not to be closed. */
int npy_rows_view(const attune_host *host, const char *path, const char *descr, int ndim,
                  unsigned char *bytes, size_t n, npy_rows *out);
void npy_rows_close(npy_rows *a); /* a zeroed one is fine */
const void *npy_rows_at(const npy_rows *a, int64_t row);
#endif
