/* safetensors: an 8-byte little-endian header length, a JSON header that gives
 * each tensor's type, shape and byte range, then the bytes.
 *
 * A file is accepted only when all of it is accounted for: the ranges lie in
 * the file, neither overlap nor leave holes, and agree with type and shape.
 * F32 F64 I32 I64 U8 BOOL are taken as they are; F16 and BF16 become float32. */
#ifndef AT_DATA_SAFETENSORS_H
#define AT_DATA_SAFETENSORS_H
#include <stddef.h>
#include "core/base/status.h"
#include "core/tensor/array.h"

/* The `__metadata__` object: strings by name, in file order. */
typedef struct at_metadata {
  struct at_metadata_item {
    char *key, *value;
  } * v;
  size_t n, cap;
} at_metadata;
at_status at_metadata_set(at_metadata *m, const char *key, const char *value, at_error *err);
const char *at_metadata_get(const at_metadata *m, const char *key); /* NULL: absent */
void at_metadata_free(at_metadata *m);

/* Arrays come in the order of their bytes.  `meta` may be NULL; both outputs
 * are initialised here and empty after a failure.  `what` names the source. */
at_status at_safetensors_decode(const void *bytes, size_t n, const char *what, at_arrays *out,
                                at_metadata *meta, at_error *err);
at_status at_safetensors_read(const char *path, at_arrays *out, at_metadata *meta, at_error *err);

/* Atomic.  Tensors are written in the order of the set, each as its own type;
 * the header is padded with spaces so that data begin at a multiple of 8. */
at_status at_safetensors_write(const char *path, const at_arrays *arrays, const at_metadata *meta,
                               at_error *err);
#endif
