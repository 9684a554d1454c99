/* A file of arrays, of the kind .safetensors. */
#include "core/data/safetensors.h"
#include "core/tensor/array.h"
#include "fuzz.h"
#include "fuzz_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
  at_arrays a = {0};
  at_error err = {0};
  at_safetensors_read(fuzz_file(bytes, n), &a, NULL, &err);
  at_arrays_free(&a);
  return 0;
}
