#include "json_records.h"
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "reading.h"

enum { WINDOW = 1 << 18, LARGEST = 1 << 26 };

int json_record_bad(const attune_host *host, const char *path, int64_t record, const char *why) {
  host->error(host, "%s: record %lld: %s", path, (long long)record, why);
  return ATTUNE_BAD_INPUT;
}

static int early(const json_records *r) {
  if (r->record)
    return json_record_bad(r->host, r->path, r->record, "the file ends early, in it or behind it");
  r->host->error(r->host, "%s: the file ends before its list of records", r->path);
  return ATTUNE_BAD_INPUT;
}

static int bad_at(const json_records *r, const char *why) {
  r->host->error(r->host, "%s: byte %lld: %s", r->path, (long long)(r->base + (int64_t)r->at), why);
  return ATTUNE_BAD_INPUT;
}

/* ---- the window ---- */

/* Reads on; what lies before `keep` is let go, and `at` and *keep move with it. */
static int more(json_records *r, size_t *keep) {
  memmove(r->window, r->window + *keep, r->end - *keep);
  r->base += (int64_t)*keep;
  r->at -= *keep;
  r->end -= *keep;
  *keep = 0;
  if (r->end == r->cap) {
    char *v = r->cap < LARGEST ? realloc(r->window, 2 * r->cap) : NULL;
    if (!v && r->cap < LARGEST) return ATTUNE_NO_MEMORY;
    if (!v) return json_record_bad(r->host, r->path, r->record, "it is too large to be a record");
    r->window = v;
    r->cap *= 2;
  }
  ssize_t n;
  do n = read(r->fd, r->window + r->end, r->cap - r->end);
  while (n < 0 && errno == EINTR);
  if (n < 0) {
    r->host->error(r->host, "%s: %s", r->path, strerror(errno));
    return ATTUNE_BAD_INPUT;
  }
  if (!n) return early(r);
  r->end += (size_t)n;
  return ATTUNE_OK;
}

/* The next byte that is no white space, left unread. */
static int look(json_records *r, char *c) {
  for (;; r->at++) {
    if (r->at == r->end) {
      size_t keep = r->at;
      int rc = more(r, &keep);
      if (rc) return rc;
    }
    *c = r->window[r->at];
    if (!strchr(" \t\r\n", *c) || !*c) return ATTUNE_OK;
  }
}

static int expect(json_records *r, char wanted, const char *why) {
  char c;
  int rc = look(r, &c);
  if (rc) return rc;
  if (c != wanted) return bad_at(r, why);
  r->at++;
  return ATTUNE_OK;
}

/* Past one value. `kept`: it stays in the window from *begin on; else it goes by. */
static int skip(json_records *r, bool kept, size_t *begin) {
  char c;
  int rc = look(r, &c), depth = 0;
  bool text = false, escaped = false, plain = c != '"' && c != '{' && c != '[';
  *begin = r->at;
  for (; !rc; r->at++) {
    if (!kept) *begin = r->at;
    if (r->at == r->end && (rc = more(r, begin))) break;
    c = r->window[r->at];
    if (text) {
      text = escaped || c != '"';
      escaped = !escaped && c == '\\';
      if (text || depth) continue;
      r->at++;
      return ATTUNE_OK;
    }
    if (plain && strchr(",]} \t\r\n", c)) return ATTUNE_OK;
    text = c == '"';
    depth += (c == '{' || c == '[') - (c == '}' || c == ']');
    if (depth || text || plain) continue;
    r->at++;
    return ATTUNE_OK;
  }
  return rc;
}

/* ---- the list ---- */

/* Through the keys of the outermost object to `key`; NULL: to its end. */
static int seek_key(json_records *r, const char *key, bool first) {
  char c;
  for (;; first = false) {
    size_t begin;
    int rc = look(r, &c);
    if (rc) return rc;
    if (c == '}' && key) {
      r->host->error(r->host, "%s: there is no list `%s` in it", r->path, key);
      return ATTUNE_BAD_INPUT;
    }
    if (c == '}') return ATTUNE_OK;
    if (!first && (rc = expect(r, ',', "a comma or the end of the object is expected"))) return rc;
    if ((rc = look(r, &c))) return rc;
    if (c != '"') return bad_at(r, "a key is expected");
    if ((rc = skip(r, true, &begin))) return rc;
    size_t n = r->at - begin - 2;
    bool found = key && n == strlen(key) && !memcmp(r->window + begin + 1, key, n);
    if ((rc = expect(r, ':', "a colon is expected"))) return rc;
    if (found) return ATTUNE_OK;
    if ((rc = skip(r, false, &begin))) return rc;
  }
}

int json_records_open(const attune_host *host, const char *path, const char *key, json_records *r) {
  struct stat st;
  *r = (json_records){.host = host, .path = path, .fd = -1};
  r->fd = open(path, O_RDONLY | O_CLOEXEC);
  if (r->fd < 0 || fstat(r->fd, &st)) {
    host->error(host, "%s: %s", path, strerror(errno));
    return ATTUNE_BAD_INPUT;
  }
  if (!S_ISREG(st.st_mode)) {
    host->error(host, "%s: this is no file", path);
    return ATTUNE_BAD_INPUT;
  }
  r->bytes = st.st_size;
  r->cap = WINDOW;
  if (!(r->window = malloc(r->cap))) return ATTUNE_NO_MEMORY;
  int rc = expect(r, '{', "this is no JSON object");
  if (!rc) rc = seek_key(r, key, true);
  return rc ? rc : expect(r, '[', "a list of records is expected here");
}

static int parse(const attune_host *host, const char *path, int64_t record, const char *text,
                 size_t n, json_t **out) {
  json_error_t e;
  char why[JSON_ERROR_TEXT_LENGTH + 32];
  *out = json_loadb(text, n, JSON_REJECT_DUPLICATES, &e);
  if (json_is_object(*out)) return ATTUNE_OK;
  bool other = *out != NULL;
  json_decref(*out);
  *out = NULL;
  if (other) return json_record_bad(host, path, record, "it is no object");
  if (json_error_code(&e) == json_error_invalid_utf8)
    return json_record_bad(host, path, record, "its text is not UTF-8");
  if (json_error_code(&e) == json_error_out_of_memory) return ATTUNE_NO_MEMORY;
  snprintf(why, sizeof why, "it is no JSON: %s", e.text);
  return json_record_bad(host, path, record, why);
}

int json_records_next(json_records *r, json_t **out, json_place *place) {
  char c;
  size_t begin;
  *out = NULL;
  int rc = look(r, &c);
  if (rc) return rc;
  if (c == ']') {
    r->at++;
    return seek_key(r, NULL, false);
  }
  if ((rc = still_reading(r->host, r->path, r->base + (int64_t)r->at, r->bytes))) return rc;
  if (r->record && (rc = expect(r, ',', "a comma or the end of the list is expected"))) return rc;
  r->record++;
  if (r->record == INT32_MAX) return bad_at(r, "there are too many records");
  if ((rc = skip(r, true, &begin))) return rc;
  *place = (json_place){r->base + (int64_t)begin, (int32_t)(r->at - begin), (int32_t)r->record};
  return parse(r->host, r->path, r->record, r->window + begin, r->at - begin, out);
}

void json_records_close(json_records *r) {
  if (r->host && r->fd >= 0) close(r->fd);
  free(r->window);
  memset(r, 0, sizeof *r);
}

/* ---- single records ---- */

int json_record_read(const attune_host *host, const char *path, int fd, const json_place *place,
                     json_t **out) {
  size_t n = 0, want = (size_t)place->bytes;
  char *text = host->scratch(host, want + 1);
  *out = NULL;
  if (!text) return ATTUNE_NO_MEMORY;
  while (n < want) {
    ssize_t k = pread(fd, text + n, want - n, place->offset + (int64_t)n);
    if (k < 0 && errno == EINTR) continue;
    if (k <= 0)
      return json_record_bad(host, path, place->record, "it cannot be read again from the file");
    n += (size_t)k;
  }
  return parse(host, path, place->record, text, n, out);
}
