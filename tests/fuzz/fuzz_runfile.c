/* A run file: read, checked, and thrown away; no data is looked for. */
#include "core/run/run_impl.h"
#include "core/run/yaml.h"
#include "fuzz.h"
#include "fuzz_file.h"

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n) {
  at_run *run = NULL;
  at_error err = {0};
  at_run_load(fuzz_file(bytes, n), NULL, 0, &run, &err);
  at_run_free(run);
  return 0;
}
