/* NumPy's .npz files: a zip archive with one .npy member an array.
 *
 * Read: stored and deflated members, zip64 records; every member's CRC-32 is
 * checked, and a member that claims to inflate to more than deflate can
 * produce from its bytes is refused before anything is allocated.  Members
 * that are not .npy are passed over.  Array names lose their ".npy". */
#ifndef AT_DATA_NPZ_H
#define AT_DATA_NPZ_H
#include <stddef.h>
#include "core/base/status.h"
#include "core/tensor/array.h"

/* *out is initialised here; on failure it is empty.  `what` names the source. */
at_status at_npz_decode(const void *bytes, size_t n, const char *what, at_arrays *out,
                        at_error *err);
at_status at_npz_read(const char *path, at_arrays *out, at_error *err);

typedef enum at_npz_flags {
  AT_NPZ_STORED = 0,  /* as numpy.savez */
  AT_NPZ_DEFLATE = 1, /* as numpy.savez_compressed */
  AT_NPZ_ZIP64 = 2    /* zip64 records even where the sizes do not need them */
} at_npz_flags;

/* Atomic.  Arrays need distinct, non-empty names.  The same arrays give the
 * same bytes: members carry the zip epoch instead of the time of day. */
at_status at_npz_write(const char *path, const at_arrays *arrays, unsigned flags, at_error *err);
#endif
