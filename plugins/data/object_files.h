/* Features of the objects of pictures, found by the picture's id, as other programs keep them:
 *
 *   DIR/{id}.npy or .npz   region_file.h; .npz may have `bbox`
 *   FILE.h5 or .hdf5       arrays `features` [N, objects, numbers] and perhaps `bboxes`
 *                          [N, objects, 4], with FILE.json beside it: {"ID": {"idx": row,
 *                          "objectsNum": n, "width": w, "height": h}, ...}, as GQA has them
 *   FILE.lmdb              values are pickled dicts (pickle_dict.h) with `features` and perhaps
 *                          `bbox`, `image_width`, `image_height`, as MMF has them
 *
 * Boxes are x0 y0 x1 y1 in pixels, or shares where none is beyond 1. */
#ifndef ATTUNE_DATA_OBJECT_FILES_H
#define ATTUNE_DATA_OBJECT_FILES_H
#include <attune/plugin.h>
#include <stdbool.h>
#include "hdf5_rows.h"
#include "word_set.h"

typedef enum objects_kind { OBJECTS_NPY, OBJECTS_HDF5, OBJECTS_LMDB } objects_kind;

typedef struct objects_row { /* HDF5: of an id */
  int64_t row, n, width, height;
} objects_row;

typedef struct object_files {
  char *pattern, *key; /* key: of LMDB, with {id} and {split} */
  objects_kind kind;
  int64_t limit; /* of a picture with more objects the first are taken */
  int64_t width; /* numbers of an object, once known */
  hdf5_rows features, boxes;
  word_set ids; /* HDF5 */
  objects_row *row;
  void *lmdb;
} object_files;

/* Whose objects are wanted. */
typedef struct objects_of {
  const char *id, *split;
  int64_t width, height; /* of the picture in pixels; 0: not known */
} objects_of;

int object_files_open(const attune_host *host, const char *pattern, const char *key, int64_t limit,
                      object_files *f);
/* `width`, from one picture that is there. [main] */
int object_files_width(const attune_host *host, object_files *f, const objects_of *of);
/* 0: they are there. Else why gets a sentence. [worker] */
int object_files_find(const attune_host *host, const object_files *f, const objects_of *of,
                      char *why, size_t room);
/* [*n, width] and [*n, 4] as shares of the picture, zeros where there are no boxes; scratch. Either
 * may be NULL. [worker] */
int object_files_read(const attune_host *host, const object_files *f, const objects_of *of,
                      float **feature, float **box, int64_t *n);
void object_files_close(object_files *f); /* a zeroed one is fine */

/* ---- object_lmdb.c ---- */
int object_lmdb_open(const attune_host *host, const char *path, void **out);
/* The bytes under a key, copied to scratch, or with `out` NULL how many; *n 0: there are none.
 * [worker] */
int object_lmdb_get(const attune_host *host, const void *lmdb, const char *path, const char *key,
                    unsigned char **out, size_t *n);
void object_lmdb_close(void *lmdb);
#endif
