/* A long list of records in a JSON file, {"info": ..., KEY: [{...}, {...}, ...], ...}, gone through
 * once in a window of it, so that a file larger than memory is no burden; and single records read
 * again from where they lie. */
#ifndef ATTUNE_DATA_JSON_RECORDS_H
#define ATTUNE_DATA_JSON_RECORDS_H
#include <attune/plugin.h>
#include <jansson.h>
#include <stddef.h>

typedef struct json_place {
  int64_t offset;
  int32_t bytes, record; /* record: its number, from 1 */
} json_place;

typedef struct json_records {
  const attune_host *host;
  const char *path; /* borrowed */
  int fd;
  char *window;
  size_t at, end, cap; /* unread: window[at .. end) */
  int64_t base;        /* where window[0] lies in the file */
  int64_t bytes;       /* of the file */
  int64_t record;
} json_records;

/* Goes to the first record of the list KEY. Close it also where this fails. */
int json_records_open(const attune_host *host, const char *path, const char *key, json_records *r);
/* The next one, an object, to be freed by json_decref; *out NULL: there are no more, and the rest
 * of the file is as it should be. */
int json_records_next(json_records *r, json_t **out, json_place *place);
void json_records_close(json_records *r); /* a zeroed one is fine */

/* [worker] One record of an open file. */
int json_record_read(const attune_host *host, const char *path, int fd, const json_place *place,
                     json_t **out);

/* "PATH: record N: ..." */
int json_record_bad(const attune_host *host, const char *path, int64_t record, const char *why);
#endif
