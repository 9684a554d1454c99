#include "text_file.h"
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define LARGEST ((off_t)1 << 32)

int file_read(const attune_host *host, const char *path, char **out, size_t *n) {
  struct stat st;
  FILE *fp = fopen(path, "rb");
  *out = NULL;
  if (!fp) {
    host->error(host, "%s: %s", path, strerror(errno));
    return ATTUNE_BAD_INPUT;
  }
  int rc = ATTUNE_OK;
  if (fstat(fileno(fp), &st) || !S_ISREG(st.st_mode) || st.st_size > LARGEST) {
    host->error(host, "%s: this is no file that can be read whole", path);
    rc = ATTUNE_BAD_INPUT;
  }
  if (!rc && !(*out = malloc((size_t)st.st_size + 1))) rc = ATTUNE_NO_MEMORY;
  if (!rc) {
    *n = fread(*out, 1, (size_t)st.st_size, fp);
    (*out)[*n] = 0;
    if (ferror(fp)) {
      host->error(host, "%s: cannot be read to its end", path);
      rc = ATTUNE_FAILED;
    } else if (strlen(*out) != *n) {
      host->error(host, "%s: there is a NUL byte at byte %zu; this is no text", path, strlen(*out));
      rc = ATTUNE_BAD_INPUT;
    }
  }
  fclose(fp);
  if (rc) {
    free(*out);
    *out = NULL;
  }
  return rc;
}

char *next_line(char **at, size_t *length) {
  char *line = *at;
  if (!*line) return NULL;
  size_t n = strcspn(line, "\n");
  *at = line + n + (line[n] == '\n');
  if (n && line[n - 1] == '\r') n--;
  line[n] = 0;
  *length = n;
  return line;
}
