/* A plain dense array for exchange with files and other programs. */
#ifndef AT_TENSOR_ARRAY_H
#define AT_TENSOR_ARRAY_H
#include <stddef.h>
#include <stdint.h>
#include "core/base/status.h"

#define AT_ARRAY_MAX_DIM 8
typedef enum at_dtype { AT_F32, AT_F64, AT_I32, AT_I64, AT_U8, AT_BOOL } at_dtype;

typedef struct at_array {
  char *name; /* owned; may be NULL */
  at_dtype dtype;
  int ndim;
  int64_t shape[AT_ARRAY_MAX_DIM];
  void *data; /* owned, row-major */
} at_array;

size_t at_dtype_size(at_dtype t);
const char *at_dtype_name(at_dtype t);
int64_t at_array_count(const at_array *a); /* 1 for ndim 0 */
/* Zeroed storage; sizes are checked for overflow. `name` is copied. */
at_status at_array_init(at_array *a, const char *name, at_dtype dtype, int ndim,
                        const int64_t *shape, at_error *err);
void at_array_free(at_array *a);
/* Converts in place between numeric types (values are rounded as C does). */
at_status at_array_convert(at_array *a, at_dtype to, at_error *err);

typedef struct at_arrays { /* a named set, in file order */
  at_array *v;
  size_t n, cap;
} at_arrays;
at_array *at_arrays_add(at_arrays *s); /* zeroed slot, NULL: out of memory */
at_array *at_arrays_find(const at_arrays *s, const char *name);
void at_arrays_free(at_arrays *s);
#endif
