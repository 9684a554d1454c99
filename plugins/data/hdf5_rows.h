/* Rows of one float32 array of an HDF5 file, read as they are asked for. */
#ifndef ATTUNE_DATA_HDF5_ROWS_H
#define ATTUNE_DATA_HDF5_ROWS_H
#include <attune/plugin.h>

typedef struct hdf5_rows {
  char *path; /* NULL: not open */
  int64_t file, set;
  int64_t shape[4]; /* rows first */
  int ndim;
} hdf5_rows;

/* `set` must be float32 with `ndim` axes, 4 at most, all but the first at least 1; further ones of
 * `shape` are 1. */
int hdf5_rows_open(const attune_host *host, const char *path, const char *set, int ndim,
                   hdf5_rows *out);
/* [worker] Row `row` as it lies in the file: float[shape[1] * shape[2] * shape[3]]. */
int hdf5_rows_read(const attune_host *host, const hdf5_rows *h, int64_t row, float *dst);
void hdf5_rows_close(hdf5_rows *h); /* a zeroed one is fine */
#endif
