/* Bytes as a file, for readers that take a path. */
#ifndef TESTS_FUZZ_FILE_H
#define TESTS_FUZZ_FILE_H
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* The path of a file of this process that holds the bytes until the next call. */
static const char *fuzz_file(const void *bytes, size_t n) {
  static char path[64];
  static int fd = -1;
  if (fd < 0) {
    snprintf(path, sizeof path, "/tmp/attune-fuzz-XXXXXX");
    fd = mkstemp(path);
    if (fd < 0) abort();
    unlink(path);
    snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
  }
  if (ftruncate(fd, 0) || pwrite(fd, bytes, n, 0) != (ssize_t)n) abort();
  return path;
}
#endif
