/* Files of JSON objects, one a line, with the place of what is wrong in them. */
#ifndef ATTUNE_DATA_OCR_JSONL_H
#define ATTUNE_DATA_OCR_JSONL_H
#include <attune/plugin.h>
#include <jansson.h>
#include <stddef.h>

typedef struct jsonl {
  const attune_host *host;
  char path[4096 + 512]; /* of the file at hand */
  int64_t line;          /* from 1 */
} jsonl;

/* "PATH:LINE: why"; ATTUNE_BAD_INPUT */
int jsonl_bad(const jsonl *f, const char *why);
/* Goes through the lines of ROOT/NAME that are not empty; what is not 0 ends it. `line` may be
 * written. */
int jsonl_lines(jsonl *f, const char *root, const char *name,
                int (*each)(void *ctx, char *line, size_t n), void *ctx);
/* An object out of a line, to be freed by json_decref. */
int jsonl_parse(const jsonl *f, const char *text, size_t n, json_t **out);
#endif
