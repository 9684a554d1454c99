/* What a harness is: it looks at bytes, and must not crash, hang or leak.  Linked with libFuzzer
 * it searches for bytes that do (run.sh); linked with replay.c it is a test over known ones. */
#ifndef TESTS_FUZZ_H
#define TESTS_FUZZ_H
#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);
#endif
