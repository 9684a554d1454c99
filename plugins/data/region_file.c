#include "region_file.h"
#include <stdlib.h>
#include <string.h>
#include "npz_member.h"

static bool is_npz(const char *path) {
  size_t n = strlen(path);
  return n > 4 && !strcmp(path + n - 4, ".npz");
}

/* Member `name` of an archive as an array of two axes; out->map NULL: there is none. */
static int open_member(const attune_host *host, const char *path, const char *name,
                       unsigned char **owned, npy_rows *out) {
  size_t n;
  int rc = npz_member(host, path, name, owned, &n);
  if (rc || !*owned) return rc;
  return npy_rows_view(host, path, "<f4", 2, *owned, n, out);
}

static int open_npz(const attune_host *host, const char *path, region_file *f) {
  int rc = open_member(host, path, "features", &f->owned[0], &f->features);
  if (rc) return rc;
  if (!f->owned[0]) {
    f->columns = true;
    rc = open_member(host, path, "x", &f->owned[0], &f->features);
  }
  if (!rc && !f->owned[0]) {
    host->error(host, "%s: there is neither `features` nor `x` in it", path);
    rc = ATTUNE_BAD_INPUT;
  }
  if (!rc) rc = open_member(host, path, "bbox", &f->owned[1], &f->boxes);
  f->has_boxes = f->owned[1] != NULL;
  return rc;
}

int region_file_open(const attune_host *host, const char *path, int64_t width, region_file *f) {
  memset(f, 0, sizeof *f);
  int rc =
      is_npz(path) ? open_npz(host, path, f) : npy_rows_open(host, path, "<f4", 2, &f->features);
  if (rc) return rc;
  f->n = f->features.shape[f->columns];
  f->width = f->features.shape[!f->columns];
  if ((width && f->width != width) || f->width < 1) {
    host->error(host, "%s: it has %lld numbers a region, others have %lld", path,
                (long long)f->width, (long long)width);
    return ATTUNE_BAD_INPUT;
  }
  if (f->has_boxes && (f->boxes.shape[0] != f->n || f->boxes.shape[1] != 4)) {
    host->error(host, "%s: `bbox` is not [%lld, 4] as its regions need it", path, (long long)f->n);
    return ATTUNE_BAD_INPUT;
  }
  return ATTUNE_OK;
}

void region_file_features(const region_file *f, int64_t given, float *dst) {
  int64_t n = f->n < given ? f->n : given;
  if (!n) return;
  const unsigned char *from = npy_rows_at(&f->features, 0);
  if (!f->columns) {
    memcpy(dst, from, (size_t)(n * f->width) * sizeof *dst);
    return;
  }
  for (int64_t r = 0; r < n; r++)
    for (int64_t k = 0; k < f->width; k++)
      memcpy(dst + r * f->width + k, from + (size_t)(k * f->n + r) * sizeof *dst, sizeof *dst);
}

void region_file_boxes(const region_file *f, int64_t given, float *dst) {
  int64_t n = f->n < given ? f->n : given;
  if (n && f->has_boxes) memcpy(dst, npy_rows_at(&f->boxes, 0), (size_t)n * 4 * sizeof *dst);
}

void region_file_close(region_file *f) {
  if (!f->owned[0]) npy_rows_close(&f->features); /* a view goes with its bytes */
  free(f->owned[0]);
  free(f->owned[1]);
  memset(f, 0, sizeof *f);
}
