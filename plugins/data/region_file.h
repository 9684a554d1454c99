/* The regions of one image in a file of its own: .npy [regions, features], as MMF has them; or .npz
 * with `features` so or `x` [features, regions], and `bbox` [regions, 4], as OpenVQA has them. */
#ifndef ATTUNE_DATA_REGION_FILE_H
#define ATTUNE_DATA_REGION_FILE_H
#include <attune/plugin.h>
#include <stdbool.h>
#include "npy_rows.h"

typedef struct region_file {
  npy_rows features, boxes;
  int64_t n, width;
  bool columns, has_boxes; /* columns: a region is a column */
  unsigned char *owned[2]; /* what was unpacked; NULL: mapped */
} region_file;

/* `width`: numbers of each region; 0: any. Close it also where this fails. */
int region_file_open(const attune_host *host, const char *path, int64_t width, region_file *f);
/* float[given * width], of which the first `n` regions are written. */
void region_file_features(const region_file *f, int64_t given, float *dst);
void region_file_boxes(const region_file *f, int64_t given, float *dst); /* float[given * 4] */
void region_file_close(region_file *f);
#endif
