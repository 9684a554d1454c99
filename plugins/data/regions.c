#include "regions.h"
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "reading.h"
#include "region_file.h"

enum { MOST_BOXES = 1000, MOST_WIDTH = 1 << 16, HEAD = 128 };

/* ---- names ---- */

static void path_of(const char *pattern, const char *folder, int64_t id, char *path, size_t room) {
  size_t n = 0;
  for (const char *c = pattern; *c && n + 1 < room;) {
    char piece[64] = {*c};
    size_t step = 1;
    if (!strncmp(c, "{split}", 7)) {
      snprintf(piece, sizeof piece, "%s", folder);
      step = 7;
    } else if (!strncmp(c, "{image}", 7)) {
      snprintf(piece, sizeof piece, "%012lld", (long long)id);
      step = 7;
    } else if (!strncmp(c, "{id}", 4)) {
      snprintf(piece, sizeof piece, "%lld", (long long)id);
      step = 4;
    }
    int k = snprintf(path + n, room - n, "%s", piece);
    n += k > 0 && (size_t)k < room - n ? (size_t)k : room - n - 1;
    c += step;
  }
  path[n] = 0;
}

int regions_open(const attune_host *host, const char *pattern, int64_t given, regions *r) {
  (void)host;
  *r = (regions){.pattern = strdup(pattern),
                 .tables = !strstr(pattern, "{image}") && !strstr(pattern, "{id}"),
                 .given = given};
  for (int i = 0; i < REGIONS_TABLES; i++) r->table[i].fd = -1;
  return r->pattern ? ATTUNE_OK : ATTUNE_NO_MEMORY;
}

void regions_close(regions *r) {
  for (int i = 0; r->pattern && i < REGIONS_TABLES; i++) {
    regions_table *t = &r->table[i];
    if (t->fd >= 0) close(t->fd);
    free(t->path);
    free(t->entry);
    id_list_free(&t->ids);
  }
  free(r->pattern);
  memset(r, 0, sizeof *r);
}

/* ---- tables: where each line has its boxes ---- */

static int bad(const attune_host *host, const regions_table *t, int64_t record, const char *why) {
  host->error(host, "%s: record %lld: %s", t->path, (long long)record, why);
  return ATTUNE_BAD_INPUT;
}

static int64_t coded(int64_t bytes) { return (bytes + 2) / 3 * 4; } /* length in base64 */

/* Bytes at `offset`, a NUL behind them; fewer at the end of the file. */
static size_t read_at(const regions_table *t, int64_t offset, char *to, size_t n) {
  size_t got = 0;
  while (got < n) {
    ssize_t k = pread(t->fd, to + got, n - got, offset + (int64_t)got);
    if (k < 0 && errno == EINTR) continue;
    if (k <= 0) break;
    got += (size_t)k;
  }
  to[got] = 0;
  return got;
}

/* image_id, image_w, image_h, num_boxes. */
static int read_head(const attune_host *host, regions_table *t, int64_t offset, const char *head,
                     int64_t *id) {
  int64_t v[4];
  const char *at = head;
  for (int i = 0; i < 4; i++) {
    char *end;
    errno = 0;
    v[i] = strtoll(at, &end, 10);
    if (end == at || *end != '\t' || errno || v[i] < 0)
      return bad(host, t, t->entries + 1, "it does not begin with four numbers and tabs");
    at = end + 1;
  }
  if (v[3] < 1 || v[3] > MOST_BOXES)
    return bad(host, t, t->entries + 1, "its number of boxes is impossible");
  if (t->entries == t->cap) {
    int64_t cap = t->cap ? 2 * t->cap : 1024;
    regions_entry *e = realloc(t->entry, (size_t)cap * sizeof *e);
    if (!e) return ATTUNE_NO_MEMORY;
    t->entry = e;
    t->cap = cap;
  }
  *id = v[0];
  t->entry[t->entries++] = (regions_entry){offset + (at - head), (int32_t)v[3]};
  return id_list_add(&t->ids, *id, t->entries - 1);
}

/* From the length of the first line's features. */
static int find_width(const attune_host *host, regions *r, const regions_table *t) {
  const regions_entry *e = &t->entry[0];
  int64_t begin = e->boxes + coded(e->n * 16) + 1, length = 0, bytes;
  char block[4096 + 1], last[3] = "";
  for (size_t n; (n = read_at(t, begin + length, block, sizeof block - 1));) {
    size_t k = strcspn(block, "\r\n");
    length += (int64_t)k;
    if (k < n) break;
  }
  if (length >= 4) read_at(t, begin + length - 2, last, 2);
  bytes = length / 4 * 3 - (last[0] == '=') - (last[1] == '=');
  if (length % 4 || bytes < 4 * e->n || bytes % (4 * e->n) || bytes / (4 * e->n) > MOST_WIDTH)
    return bad(host, t, 1, "its features are no whole numbers for each box");
  r->width = bytes / (4 * e->n);
  return ATTUNE_OK;
}

static int open_table(const attune_host *host, regions *r, regions_table *t) {
  char head[HEAD + 1];
  int64_t offset = 0, id;
  struct stat st = {.st_size = 0};
  int rc = ATTUNE_OK;
  fstat(t->fd, &st); /* for who waits only */
  while (!rc && read_at(t, offset, head, HEAD)) {
    if ((rc = read_head(host, t, offset, head, &id))) break;
    if (!r->width && (rc = find_width(host, r, t))) break;
    const regions_entry *e = &t->entry[t->entries - 1];
    int64_t tab = e->boxes + coded(e->n * 16), end = tab + 1 + coded(e->n * r->width * 4);
    char mark[4];
    if (read_at(t, tab, mark, 1) != 1 || *mark != '\t')
      return bad(host, t, t->entries, "its boxes are cut short, or not as many as it says");
    size_t n = read_at(t, end - 1, mark, 3), at = 1 + (mark[n > 0] == '\r');
    if (!n || (n > at && mark[at] != '\n') || strchr("\r\n\t", mark[0]))
      return bad(host, t, t->entries,
                 "its features are cut short, or not as many as those of record 1");
    offset = end - 1 + (int64_t)at + 1;
    rc = still_reading(host, t->path, offset, (int64_t)st.st_size);
  }
  if (!rc && !t->entries) rc = bad(host, t, 1, "there is nothing in the file");
  return rc ? rc : id_list_sort(host, &t->ids, t->path, "image_id");
}

int regions_open_split(const attune_host *host, regions *r, int i, const char *folder) {
  char path[PATH_MAX];
  regions_table *t = &r->table[i];
  if (!r->tables || t->path) return ATTUNE_OK;
  path_of(r->pattern, folder, 0, path, sizeof path);
  if (!(t->path = strdup(path))) return ATTUNE_NO_MEMORY;
  t->fd = open(path, O_RDONLY | O_CLOEXEC);
  if (t->fd >= 0) return open_table(host, r, t);
  host->error(host, "%s: %s", path, strerror(errno));
  return ATTUNE_BAD_INPUT;
}

int regions_find(const regions *r, int i, const char *folder, int64_t id, char *why, size_t room) {
  char path[PATH_MAX];
  if (r->tables) {
    if (id_list_find(&r->table[i].ids, id) >= 0) return ATTUNE_OK;
    snprintf(why, room, "its image %lld is not in %s", (long long)id, r->table[i].path);
    return ATTUNE_BAD_INPUT;
  }
  path_of(r->pattern, folder, id, path, sizeof path);
  if (!access(path, R_OK)) return ATTUNE_OK;
  snprintf(why, room, "the features of its image, %s: %s", path, strerror(errno));
  return ATTUNE_BAD_INPUT;
}

/* ---- reading ---- */

static int digit(char c) {
  if (c >= 'A' && c <= 'Z') return c - 'A';
  if (c >= 'a' && c <= 'z') return c - 'a' + 26;
  if (c >= '0' && c <= '9') return c - '0' + 52;
  return c == '+' ? 62 : c == '/' ? 63 : -1;
}

/* The first `bytes` bytes that base64 stands for; false: it is none. */
static bool decode(const char *text, unsigned char *to, int64_t bytes) {
  for (int64_t n = 0; n < bytes; text += 4) {
    uint32_t v = 0;
    for (int k = 0; k < 4; k++) {
      int d = n + k - 1 < bytes ? digit(text[k]) : 0; /* behind the last byte: '=' */
      if (d < 0) return false;
      v = v << 6 | (uint32_t)d;
    }
    for (int k = 0; k < 3 && n < bytes; k++) to[n++] = (unsigned char)(v >> (16 - 8 * k));
  }
  return true;
}

/* `bytes` bytes of what is written at `offset`. */
static int read_coded(const attune_host *host, const regions_table *t, int64_t row, int64_t offset,
                      float *to, int64_t bytes) {
  size_t n = (size_t)coded(bytes);
  char *text = host->scratch(host, n + 1);
  if (!text) return ATTUNE_NO_MEMORY;
  if (read_at(t, offset, text, n) == n && decode(text, (unsigned char *)to, bytes))
    return ATTUNE_OK;
  return bad(host, t, row + 1, "this is no base64");
}

static int open_image(const attune_host *host, const regions *r, const char *folder, int64_t id,
                      region_file *f) {
  char path[PATH_MAX];
  path_of(r->pattern, folder, id, path, sizeof path);
  int rc = region_file_open(host, path, r->width, f);
  if (!rc && r->has_boxes && !f->has_boxes) {
    host->error(host, "%s: there is no `bbox` in it, as there is in others", path);
    rc = ATTUNE_BAD_INPUT;
  }
  if (rc) region_file_close(f);
  return rc;
}

int regions_width(const attune_host *host, regions *r, const char *folder, int64_t id) {
  region_file f;
  if (r->tables) r->has_boxes = true;
  if (r->width) return ATTUNE_OK;
  int rc = open_image(host, r, folder, id, &f);
  if (rc) return rc;
  r->width = f.width;
  r->has_boxes = f.has_boxes;
  region_file_close(&f);
  if (r->width <= MOST_WIDTH) return ATTUNE_OK;
  host->error(host, "%s: features of %lld numbers are too large", r->pattern, (long long)r->width);
  return ATTUNE_BAD_INPUT;
}

/* The first of the regions that are there, or their boxes. */
static int read_table(const attune_host *host, const regions *r, int i, int64_t id, bool boxes,
                      float *dst) {
  const regions_table *t = &r->table[i];
  int64_t k = id_list_find(&t->ids, id);
  if (k < 0) return ATTUNE_FAILED;
  const regions_entry *e = &t->entry[k];
  int64_t n = e->n < r->given ? e->n : r->given;
  if (boxes) return read_coded(host, t, k, e->boxes, dst, n * 16);
  return read_coded(host, t, k, e->boxes + coded(e->n * 16) + 1, dst, n * r->width * 4);
}

int regions_read(const attune_host *host, const regions *r, int i, const char *folder, int64_t id,
                 float *dst) {
  region_file f;
  memset(dst, 0, (size_t)(r->given * r->width) * sizeof *dst);
  if (r->tables) return read_table(host, r, i, id, false, dst);
  int rc = open_image(host, r, folder, id, &f);
  if (rc) return rc;
  region_file_features(&f, r->given, dst);
  region_file_close(&f);
  return ATTUNE_OK;
}

int regions_boxes(const attune_host *host, const regions *r, int i, const char *folder, int64_t id,
                  float *dst) {
  region_file f;
  memset(dst, 0, (size_t)r->given * 4 * sizeof *dst);
  int rc = r->tables ? read_table(host, r, i, id, true, dst) : open_image(host, r, folder, id, &f);
  if (!rc && !r->tables) {
    region_file_boxes(&f, r->given, dst);
    region_file_close(&f);
  }
  for (int64_t b = 0; !rc && b < r->given; b++) { /* corners are given: x1 y1 x2 y2 */
    dst[4 * b + 2] -= dst[4 * b];
    dst[4 * b + 3] -= dst[4 * b + 1];
  }
  return rc;
}
