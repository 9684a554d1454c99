/* Files of text read whole, and an option that readers of pictures share. */
#ifndef ATTUNE_DATA_TEXT_FILE_H
#define ATTUNE_DATA_TEXT_FILE_H
#include <attune/plugin.h>
#include <stddef.h>

/* All of a file and a NUL behind it; the caller frees *out. Fails with a sentence. */
int file_read(const attune_host *host, const char *path, char **out, size_t *n);
/* The next line of a text at *at, its end made a NUL and a CR before it taken away; NULL at the
 * end. */
char *next_line(char **at, size_t *length);

#define IMAGE_OPTIONS(default_)                                                                  \
  {"width", ATTUNE_OPTION_INT, default_, 8, 4096, NULL, "pictures are resized to this width"}, { \
    "height", ATTUNE_OPTION_INT, default_, 8, 4096, NULL, "and to this height"                   \
  }
#endif
