/* Reading that takes long says how far it is, where the host has ears for it. */
#ifndef ATTUNE_DATA_READING_H
#define ATTUNE_DATA_READING_H
#include <attune/plugin.h>
#include <stddef.h>

/* Between records of a file: `done` of `total`, in any unit. What is not 0 `open` returns. */
static inline int still_reading(const attune_host *host, const char *path, int64_t done,
                                int64_t total) {
  return host->size >= offsetof(attune_host, reading) + sizeof host->reading
             ? host->reading(host, path, done, total)
             : ATTUNE_OK;
}
#endif
