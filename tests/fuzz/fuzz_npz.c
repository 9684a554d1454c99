/* A file of arrays, of the kind .npz. */
#include "core/data/npz.h"
#include "core/tensor/array.h"
#include "fuzz.h"
#include "fuzz_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
  at_arrays a = {0};
  at_error err = {0};
  at_npz_read(fuzz_file(bytes, n), &a, &err);
  at_arrays_free(&a);
  return 0;
}
