#include "hdf5_rows.h"
#include <errno.h>
#include <hdf5.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* The library has state of its own and, as Debian builds it, no locks: one call at a time. */
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;

static int bad(const attune_host *host, const char *path, const char *why) {
  host->error(host, "%s: %s", path, why);
  return ATTUNE_BAD_INPUT;
}

static int bad_set(const attune_host *host, const char *path, const char *set, int ndim,
                   const char *why) {
  host->error(host, "%s: `%s` %s; float32 of %s is needed", path, set, why,
              ndim == 4 ? "[rows, channels, height, width]" : "[rows, regions, numbers]");
  return ATTUNE_BAD_INPUT;
}

/* ---- with the lock held, and the library's own messages off ---- */

static int open_set(const attune_host *host, const char *path, const char *set, hdf5_rows *h) {
  if (access(path, R_OK)) return bad(host, path, strerror(errno));
  if (H5Fis_hdf5(path) <= 0) return bad(host, path, "this is no HDF5 file, or was cut short");
  if ((h->file = H5Fopen(path, H5F_ACC_RDONLY, H5P_DEFAULT)) < 0)
    return bad(host, path, "this HDF5 file cannot be opened; it was cut short or damaged");
  if ((h->set = H5Dopen2((hid_t)h->file, set, H5P_DEFAULT)) < 0) {
    host->error(host, "%s: there is no array `%s` in it", path, set);
    return ATTUNE_BAD_INPUT;
  }
  hid_t type = H5Dget_type((hid_t)h->set), space = H5Dget_space((hid_t)h->set);
  hsize_t dims[4] = {0};
  for (int i = 0; i < 4; i++) h->shape[i] = 1;
  int rc = ATTUNE_OK;
  if (type < 0 || H5Tget_class(type) != H5T_FLOAT || H5Tget_size(type) != 4)
    rc = bad_set(host, path, set, h->ndim, "is of another type");
  else if (space < 0 || H5Sget_simple_extent_ndims(space) != h->ndim ||
           H5Sget_simple_extent_dims(space, dims, NULL) != h->ndim)
    rc = bad_set(host, path, set, h->ndim,
                 h->ndim == 4 ? "has not four axes" : "has another number of axes");
  for (int i = 0; !rc && i < h->ndim; i++) {
    if (dims[i] > (1 << 24) || (i && !dims[i]))
      rc = bad_set(host, path, set, h->ndim, "is of another size");
    h->shape[i] = (int64_t)dims[i];
  }
  if (!rc && h->shape[1] * h->shape[2] > (1 << 28) / h->shape[3])
    rc = bad_set(host, path, set, h->ndim, "has rows too large");
  if (space >= 0) H5Sclose(space);
  if (type >= 0) H5Tclose(type);
  return rc;
}

static int read_row(const hdf5_rows *h, int64_t row, float *dst) {
  const hsize_t from[4] = {(hsize_t)row, 0, 0, 0};
  const hsize_t count[4] = {1, (hsize_t)h->shape[1], (hsize_t)h->shape[2], (hsize_t)h->shape[3]};
  hid_t file = H5Dget_space((hid_t)h->set), memory = H5Screate_simple(h->ndim, count, NULL);
  int rc = file < 0 || memory < 0 ||
           H5Sselect_hyperslab(file, H5S_SELECT_SET, from, NULL, count, NULL) < 0 ||
           H5Dread((hid_t)h->set, H5T_NATIVE_FLOAT, memory, file, H5P_DEFAULT, dst) < 0;
  if (memory >= 0) H5Sclose(memory);
  if (file >= 0) H5Sclose(file);
  return rc;
}

/* ---- */

int hdf5_rows_open(const attune_host *host, const char *path, const char *set, int ndim,
                   hdf5_rows *out) {
  *out = (hdf5_rows){.path = strdup(path), .file = -1, .set = -1, .ndim = ndim};
  if (!out->path) return ATTUNE_NO_MEMORY;
  int rc;
  pthread_mutex_lock(&one_at_a_time);
  H5E_BEGIN_TRY { rc = open_set(host, path, set, out); }
  H5E_END_TRY;
  pthread_mutex_unlock(&one_at_a_time);
  if (rc) hdf5_rows_close(out);
  return rc;
}

int hdf5_rows_read(const attune_host *host, const hdf5_rows *h, int64_t row, float *dst) {
  int failed;
  pthread_mutex_lock(&one_at_a_time);
  H5E_BEGIN_TRY { failed = read_row(h, row, dst); }
  H5E_END_TRY;
  pthread_mutex_unlock(&one_at_a_time);
  if (!failed) return ATTUNE_OK;
  host->error(host, "%s: row %lld cannot be read; the file was cut short or damaged", h->path,
              (long long)row);
  return ATTUNE_BAD_INPUT;
}

void hdf5_rows_close(hdf5_rows *h) {
  if (h->path) {
    pthread_mutex_lock(&one_at_a_time);
    H5E_BEGIN_TRY {
      if (h->set >= 0) H5Dclose((hid_t)h->set);
      if (h->file >= 0) H5Fclose((hid_t)h->file);
    }
    H5E_END_TRY;
    pthread_mutex_unlock(&one_at_a_time);
  }
  free(h->path);
  memset(h, 0, sizeof *h);
}
