/* NumPy's .npy files, formats 1 to 3.
 *
 * Read: f2 f4 f8 i1 i2 i4 i8 u1 u2 u4 b1 in either byte order, C or Fortran
 * order, up to 8 axes.  What the toolkit has no type for is widened: f2 to
 * float32; i1, i2 and u2 to int32; u4 to int64.  The result is always
 * row-major.  Pickled objects and structured types are refused.
 *
 * `what` names the source in error sentences: the path, or "F.npz: member m". */
#ifndef AT_DATA_NPY_H
#define AT_DATA_NPY_H
#include <stdbool.h>
#include <stddef.h>
#include "core/base/file.h"
#include "core/base/status.h"
#include "core/base/text.h"
#include "core/tensor/array.h"

typedef struct at_npy_header {
  char kind;       /* 'f' 'i' 'u' 'b' as in the file */
  int width;       /* bytes of one element in the file */
  bool big_endian; /* never set when width is 1 */
  bool fortran;    /* never set when ndim < 2 */
  int ndim;
  int64_t shape[AT_ARRAY_MAX_DIM];
  at_dtype dtype; /* of the array after conversion */
  size_t offset;  /* of the first element in the file */
  size_t count;   /* elements */
  size_t bytes;   /* count * width; holds: offset + bytes is the file's size */
} at_npy_header;

/* Reads and checks the header of the `n` bytes of a whole .npy file. */
at_status at_npy_parse(const void *bytes, size_t n, const char *what, at_npy_header *out,
                       at_error *err);
/* A whole .npy file in memory -> an array with no name.  On failure *out is zeroed. */
at_status at_npy_decode(const void *bytes, size_t n, const char *what, at_array *out,
                        at_error *err);
at_status at_npy_read(const char *path, at_array *out, at_error *err);

/* A file used where it lies: nothing is read until it is touched, so a file
 * larger than memory can be used row by row.  Only files that need no
 * conversion (little-endian, C order, a type of ours) can be mapped. */
typedef struct at_npy_map {
  at_map map;
  at_dtype dtype;
  int ndim;
  int64_t shape[AT_ARRAY_MAX_DIM];
  const void *data; /* row-major; valid until at_npy_map_close */
} at_npy_map;
at_status at_npy_map_open(const char *path, at_npy_map *out, at_error *err);
void at_npy_map_close(at_npy_map *m); /* a zeroed map is fine */

/* The bytes that precede a's data in a format 1 file; t->failed when out of memory. */
void at_npy_header_text(const at_array *a, at_text *t);
at_status at_npy_write(const char *path, const at_array *a, at_error *err); /* atomic */
#endif
