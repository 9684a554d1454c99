/* Features of image regions, found by the number of the image: an .npy or .npz file for each
 * (region_file.h), or tables of
 * tab-separated values as bottom-up attention's code writes them (Anderson and others, 2018). */
#ifndef ATTUNE_DATA_REGIONS_H
#define ATTUNE_DATA_REGIONS_H
#include <attune/plugin.h>
#include <stdbool.h>
#include "id_list.h"

typedef struct regions_entry {
  int64_t boxes; /* where these begin in the file; a tab and the features follow */
  int32_t n;
} regions_entry;

typedef struct regions_table {
  char *path;
  int fd;
  regions_entry *entry;
  int64_t entries, cap;
  id_list ids;
} regions_table;

enum { REGIONS_TABLES = 2 };

typedef struct regions {
  char *pattern;
  bool tables; /* else a file for each image */
  bool has_boxes;
  int64_t given, width; /* regions that are given out, numbers of each; width 0: not known yet */
  regions_table table[REGIONS_TABLES];
} regions;

/* `pattern`: {image} is the number in twelve digits, {id} the plain one; with neither it names
 * tables. {split} is `folder[i]`. */
int regions_open(const attune_host *host, const char *pattern, int64_t given, regions *r);
/* Before the images of split `i` are asked for. */
int regions_open_split(const attune_host *host, regions *r, int i, const char *folder);
/* 0: image `id` is there. Else why gets a sentence. */
int regions_find(const regions *r, int i, const char *folder, int64_t id, char *why, size_t room);
/* The width, and whether there are boxes, from one image that is there. */
int regions_width(const attune_host *host, regions *r, const char *folder, int64_t id);
/* [worker] float[given * width]: zeros behind the regions of an image that has fewer; of one that
 * has more the first. */
int regions_read(const attune_host *host, const regions *r, int i, const char *folder, int64_t id,
                 float *dst);
/* [worker] float[given * 4], x y w h, where there are boxes. */
int regions_boxes(const attune_host *host, const regions *r, int i, const char *folder, int64_t id,
                  float *dst);
void regions_close(regions *r); /* a zeroed one is fine */
#endif
