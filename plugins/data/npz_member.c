#include "npz_member.h"
#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

enum { LARGEST = 1 << 28, END = 22, ENTRY = 46, LOCAL = 30, STORED = 0, DEFLATED = 8 };

static uint32_t two(const unsigned char *p) { return (uint32_t)p[0] | (uint32_t)p[1] << 8; }
static uint32_t four(const unsigned char *p) { return two(p) | two(p + 2) << 16; }

typedef struct archive {
  const attune_host *host;
  const char *path;
  unsigned char *v;
  size_t n;
} archive;

static int bad(const archive *a, const char *why) {
  a->host->error(a->host, "%s: %s", a->path, why);
  return ATTUNE_BAD_INPUT;
}

static int read_all(archive *a) {
  FILE *f = fopen(a->path, "rb");
  long size = -1;
  if (!f) return bad(a, strerror(errno));
  if (!fseek(f, 0, SEEK_END)) size = ftell(f);
  int rc = size < 0 || size > LARGEST ? bad(a, "this is no file that can be read whole") : 0;
  if (!rc && !(a->v = malloc((size_t)size + 1))) rc = ATTUNE_NO_MEMORY;
  if (!rc) {
    rewind(f);
    a->n = fread(a->v, 1, (size_t)size, f);
  }
  fclose(f);
  return rc;
}

/* Where the list of members begins, and how many there are; it ends before byte `*end`. */
static int find_list(const archive *a, size_t *at, size_t *end, uint32_t *members) {
  for (size_t back = END; back <= a->n && back <= END + 0xffff; back++) {
    const unsigned char *p = a->v + a->n - back;
    if (memcmp(p, "PK\5\6", 4)) continue;
    *members = two(p + 10);
    *at = four(p + 16);
    *end = a->n - back;
    return *at <= *end ? ATTUNE_OK : bad(a, "its list of members is damaged");
  }
  return bad(a, "this is no .npz file, or was cut short");
}

/* The member whose entry in the list is `e`. */
static int take(const archive *a, const unsigned char *e, unsigned char **out, size_t *n) {
  uint32_t method = two(e + 10), crc = four(e + 16), packed = four(e + 20), bytes = four(e + 24);
  size_t at = four(e + 42);
  if (at + LOCAL > a->n || memcmp(a->v + at, "PK\3\4", 4))
    return bad(a, "a member is not where its list says");
  at += LOCAL + two(a->v + at + 26) + two(a->v + at + 28);
  if (at > a->n || packed > a->n - at || bytes > LARGEST || (method == STORED && packed != bytes) ||
      bytes / 1040 > packed || (method != STORED && method != DEFLATED))
    return bad(a, "a member is damaged, or packed in another way than numpy does");
  if (!(*out = malloc((size_t)bytes + 1))) return ATTUNE_NO_MEMORY;
  *n = bytes;
  if (method == STORED) {
    memcpy(*out, a->v + at, bytes);
  } else {
    z_stream z = {.next_in = a->v + at, .avail_in = packed, .next_out = *out, .avail_out = bytes};
    int done = inflateInit2(&z, -MAX_WBITS) == Z_OK ? inflate(&z, Z_FINISH) : Z_MEM_ERROR;
    size_t got = z.total_out;
    inflateEnd(&z);
    if (done != Z_STREAM_END || got != bytes) return bad(a, "a member cannot be unpacked");
  }
  return crc32(0, *out, bytes) == crc ? ATTUNE_OK : bad(a, "a member has a wrong checksum");
}

static int find(const archive *a, const char *name, unsigned char **out, size_t *n) {
  size_t at, end, length = strlen(name);
  uint32_t members;
  int rc = find_list(a, &at, &end, &members);
  for (uint32_t i = 0; !rc && i < members; i++) {
    const unsigned char *e = a->v + at;
    if (end - at < ENTRY || memcmp(e, "PK\1\2", 4)) return bad(a, "its list of members is damaged");
    size_t called = two(e + 28), whole = ENTRY + called + two(e + 30) + two(e + 32);
    if (end - at < whole) return bad(a, "its list of members is damaged");
    if (called == length + 4 && !memcmp(e + ENTRY, name, length) &&
        !memcmp(e + ENTRY + length, ".npy", 4))
      return take(a, e, out, n);
    at += whole;
  }
  return rc;
}

int npz_member(const attune_host *host, const char *path, const char *name, unsigned char **out,
               size_t *n) {
  archive a = {host, path, NULL, 0};
  *out = NULL;
  int rc = read_all(&a);
  if (!rc) rc = find(&a, name, out, n);
  free(a.v);
  if (rc) {
    free(*out);
    *out = NULL;
  }
  return rc;
}
