/* Files: read whole with a limit, map read-only, write atomically. */
#ifndef AT_BASE_FILE_H
#define AT_BASE_FILE_H
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include "core/base/status.h"

/* Reads `path` into memory with a NUL after it (not counted in *n).  Fails
 * with a sentence when it is absent, a folder, or over `limit` bytes.
 * The caller frees *out with free(). */
at_status at_file_read(const char *path, size_t limit, char **out, size_t *n, at_error *err);

/* A read-only map; zero-length files give data = "" and size 0. */
typedef struct at_map {
  const unsigned char *data;
  size_t size;
} at_map;
at_status at_map_open(const char *path, at_map *out, at_error *err);
void at_map_close(at_map *m);

/* Atomic replacement: write to PATH.tmp.<pid>, at_writer_commit() flushes,
 * fsyncs the file, renames it over PATH and fsyncs the folder.  Anything else
 * removes the temporary file, so no partial file ever has the final name. */
typedef struct at_writer {
  FILE *fp;
  char *path, *tmp;
} at_writer;
at_status at_writer_open(at_writer *w, const char *path, at_error *err);
at_status at_writer_put(at_writer *w, const void *bytes, size_t n, at_error *err);
at_status at_writer_commit(at_writer *w, at_error *err);
void at_writer_abort(at_writer *w); /* after commit or on a zeroed writer: nothing */

at_status at_file_write(const char *path, const void *bytes, size_t n, at_error *err); /* atomic */
/* The same but for the folder: after a failure of the machine the file may be gone, or the one that
 * was there before, until at_folder_sync. */
at_status at_file_publish(const char *path, const void *bytes, size_t n, at_error *err);
void at_folder_sync(const char *dir);
at_status at_mkdirs(const char *path, at_error *err); /* like mkdir -p */
bool at_file_exists(const char *path);
bool at_file_in(const char *dir, const char *name); /* dir/name exists */
/* "dir/name" (or `name` when it is absolute); caller frees; NULL: out of memory. */
char *at_path_join(const char *dir, const char *name);
#endif
