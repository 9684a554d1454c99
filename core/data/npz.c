/* The end record (last in the file) says where the central directory is; that
 * lists the members; each has a local header in front of its bytes. */
#include "core/data/npz.h"
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/data/convert.h"
#include "core/data/npy.h"
#include "core/data/zip.h"

/* deflate stores at best 258 bytes in 2 bits: it cannot exceed this ratio. */
#define DEFLATE_MAX_RATIO 1032

typedef struct archive {
  const unsigned char *p;
  size_t n;
  const char *what;
  at_error *err;
  uint64_t directory, directory_bytes, members;
} archive;

typedef struct member {
  char *label; /* "F.npz: member m": for sentences; owned */
  const unsigned char *name;
  size_t name_bytes;
  unsigned method, flags;
  uint32_t crc;
  uint64_t packed, size, local; /* bytes in the file, bytes inflated, offset of the header */
  const unsigned char *data;
} member;

static at_status truncated(const archive *z, const char *lacks) {
  return at_fail(z->err, AT_EINPUT,
                 "%s: has no %s where a zip archive has one; the file is truncated or is not .npz",
                 z->what, lacks);
}

/* ---- end record ---- */

/* Scans backwards over a possible comment; holds on success: *at + 22 <= n. */
static bool find_end(const archive *z, size_t *at) {
  if (z->n < ZIP_END_BYTES) return false;
  size_t last = z->n - ZIP_END_BYTES, lowest = last > 65535 ? last - 65535 : 0;
  for (size_t i = last + 1; i-- > lowest;)
    if (at_load_u32(z->p + i) == ZIP_END && at_load_u16(z->p + i + 20) == last - i) {
      *at = i;
      return true;
    }
  return false;
}

static at_status read_end64(archive *z, size_t end) {
  if (end < ZIP64_LOCATOR_BYTES || at_load_u32(z->p + end - ZIP64_LOCATOR_BYTES) != ZIP64_LOCATOR)
    return truncated(z, "zip64 locator");
  uint64_t at = at_load_u64(z->p + end - ZIP64_LOCATOR_BYTES + 8);
  if (at > end || end - at < ZIP64_END_BYTES || at_load_u32(z->p + at) != ZIP64_END)
    return truncated(z, "zip64 end record");
  z->members = at_load_u64(z->p + at + 32);
  z->directory_bytes = at_load_u64(z->p + at + 40);
  z->directory = at_load_u64(z->p + at + 48);
  return AT_OK;
}

static at_status read_end(archive *z) {
  size_t end = 0;
  at_status s = AT_OK;
  if (z->n >= 4 && at_load_u32(z->p) != ZIP_LOCAL && at_load_u32(z->p) != ZIP_END)
    return at_fail(z->err, AT_EINPUT, "%s: is not a .npz file (it does not begin as a zip archive)",
                   z->what);
  if (!find_end(z, &end)) return truncated(z, "end record");
  z->members = at_load_u16(z->p + end + 10);
  z->directory_bytes = at_load_u32(z->p + end + 12);
  z->directory = at_load_u32(z->p + end + 16);
  bool zip64 = z->members == 0xffff || z->directory_bytes == ZIP_FULL || z->directory == ZIP_FULL;
  if (zip64 && (s = read_end64(z, end)) != AT_OK) return s;
  if (z->directory > end || z->directory_bytes > end - z->directory)
    return truncated(z, "central directory");
  return AT_OK;
}

/* ---- members ---- */

/* Takes from the zip64 extra field the numbers that the record left full. */
static bool read_extra64(member *m, const unsigned char *p, size_t n) {
  uint64_t *missing[3];
  size_t count = 0;
  if (m->size == ZIP_FULL) missing[count++] = &m->size;
  if (m->packed == ZIP_FULL) missing[count++] = &m->packed;
  if (m->local == ZIP_FULL) missing[count++] = &m->local;
  if (!count) return true;
  while (n >= 4) {
    size_t id = at_load_u16(p), bytes = at_load_u16(p + 2);
    p += 4;
    n -= 4;
    if (bytes > n) return false;
    if (id == ZIP64_EXTRA) {
      if (bytes < 8 * count) return false;
      for (size_t i = 0; i < count; i++) *missing[i] = at_load_u64(p + 8 * i);
      return true;
    }
    p += bytes;
    n -= bytes;
  }
  return false;
}

/* Reads the directory record at *at and moves *at behind it. */
static at_status read_record(const archive *z, uint64_t *at, uint64_t end, member *m) {
  const unsigned char *p = z->p + *at;
  if (end - *at < ZIP_CENTRAL_BYTES || at_load_u32(p) != ZIP_CENTRAL)
    return truncated(z, "directory record");
  size_t name = at_load_u16(p + 28), extra = at_load_u16(p + 30), comment = at_load_u16(p + 32);
  if (end - *at - ZIP_CENTRAL_BYTES < name + extra + comment)
    return truncated(z, "directory record");
  m->flags = at_load_u16(p + 8);
  m->method = at_load_u16(p + 10);
  m->crc = at_load_u32(p + 16);
  m->packed = at_load_u32(p + 20);
  m->size = at_load_u32(p + 24);
  m->local = at_load_u32(p + 42);
  m->name = p + ZIP_CENTRAL_BYTES;
  m->name_bytes = name;
  if (memchr(m->name, 0, name))
    return at_fail(z->err, AT_EINPUT,
                   "%s: has a member with a NUL byte in its name; the file is damaged", z->what);
  if (!read_extra64(m, m->name + name, extra)) return truncated(z, "zip64 size record");
  *at += ZIP_CENTRAL_BYTES + name + extra + comment;
  return AT_OK;
}

/* Checks the member's place and sizes and points m->data at its bytes. */
static at_status locate(const archive *z, member *m) {
  if (m->flags & ZIP_ENCRYPTED)
    return at_fail(z->err, AT_EINPUT, "%s: is encrypted; save it without a password", m->label);
  if (m->method != ZIP_STORED && m->method != ZIP_DEFLATED)
    return at_fail(z->err, AT_EINPUT,
                   "%s: is packed by method %u; only stored and deflated members are read "
                   "(numpy.savez, numpy.savez_compressed)",
                   m->label, m->method);
  if (m->local > z->directory || z->directory - m->local < ZIP_LOCAL_BYTES ||
      at_load_u32(z->p + m->local) != ZIP_LOCAL)
    return at_fail(z->err, AT_EINPUT,
                   "%s: its local header is not at byte %llu; the file is damaged", m->label,
                   (unsigned long long)m->local);
  const unsigned char *p = z->p + m->local;
  uint64_t skip = ZIP_LOCAL_BYTES + (uint64_t)at_load_u16(p + 26) + at_load_u16(p + 28);
  uint64_t room = z->directory - m->local;
  if (room < skip || room - skip < m->packed)
    return at_fail(z->err, AT_EINPUT,
                   "%s: is said to have %llu bytes, which reach past the end of the members; the "
                   "file is damaged",
                   m->label, (unsigned long long)m->packed);
  bool possible =
      m->method == ZIP_STORED ? m->size == m->packed : m->size / DEFLATE_MAX_RATIO <= m->packed;
  if (!possible || m->size > SIZE_MAX)
    return at_fail(z->err, AT_EINPUT, "%s: %llu bytes cannot unpack to %llu; the file is damaged",
                   m->label, (unsigned long long)m->packed, (unsigned long long)m->size);
  m->data = p + skip;
  return AT_OK;
}

/* zlib counts in unsigned int; members may be larger, so feed it in pieces. */
static bool inflate_all(const member *m, unsigned char *out) {
  z_stream z = {0};
  uint64_t in = m->packed, room = m->size;
  int rc = Z_OK;
  if (inflateInit2(&z, -MAX_WBITS) != Z_OK) return false;
  z.next_in = (unsigned char *)m->data; /* zlib's field is not const; it only reads */
  z.next_out = out;
  while (rc == Z_OK) {
    if (!z.avail_in && in) {
      z.avail_in = in > 1u << 30 ? 1u << 30 : (uInt)in;
      in -= z.avail_in;
    }
    if (!z.avail_out && room) {
      z.avail_out = room > 1u << 30 ? 1u << 30 : (uInt)room;
      room -= z.avail_out;
    }
    rc = inflate(&z, Z_NO_FLUSH); /* Z_BUF_ERROR when neither side can move on */
  }
  bool whole = rc == Z_STREAM_END && !z.avail_in && !in && !z.avail_out && !room;
  inflateEnd(&z);
  return whole;
}

static at_status unpack(const archive *z, const member *m, at_array *out) {
  const unsigned char *bytes = m->data;
  unsigned char *own = NULL;
  at_status s = AT_OK;
  if (m->method == ZIP_DEFLATED) {
    if (!(own = malloc(m->size ? (size_t)m->size : 1))) return at_nomem(z->err);
    if (!inflate_all(m, own)) {
      s = at_fail(z->err, AT_EINPUT,
                  "%s: its compressed data are damaged; copy or write the file again", m->label);
      goto out;
    }
    bytes = own;
  }
  if (crc32_z(0, bytes, (size_t)m->size) != m->crc) {
    s = at_fail(z->err, AT_EINPUT, "%s: its checksum does not match; copy or write the file again",
                m->label);
    goto out;
  }
  s = at_npy_decode(bytes, (size_t)m->size, m->label, out, z->err);
out:
  free(own);
  return s;
}

static at_status add_member(const archive *z, member *m, at_arrays *out) {
  size_t stem = m->name_bytes - 4;
  at_text t = {0};
  at_status s = AT_OK;
  at_text_addf(&t, "%s: member ", z->what);
  at_text_addn(&t, (const char *)m->name, stem);
  if (t.failed) {
    at_text_free(&t);
    return at_nomem(z->err);
  }
  m->label = t.data;
  const char *name = t.data + t.len - stem;
  if (at_arrays_find(out, name)) {
    s = at_fail(z->err, AT_EINPUT, "%s: occurs twice in the archive; write the file again",
                m->label);
    goto out;
  }
  if ((s = locate(z, m)) != AT_OK) goto out;
  at_array *a = at_arrays_add(out);
  if (!a) {
    s = at_nomem(z->err);
    goto out;
  }
  if ((s = unpack(z, m, a)) != AT_OK) goto out;
  if (!(a->name = strdup(name))) s = at_nomem(z->err);
out:
  at_text_free(&t);
  m->label = NULL;
  return s;
}

at_status at_npz_decode(const void *bytes, size_t n, const char *what, at_arrays *out,
                        at_error *err) {
  archive z = {.p = bytes, .n = n, .what = what, .err = err};
  memset(out, 0, sizeof *out);
  at_status s = read_end(&z);
  if (s != AT_OK) return s;
  uint64_t at = z.directory, end = z.directory + z.directory_bytes, seen = 0;
  for (; seen < z.members; seen++) {
    member m = {0};
    if ((s = read_record(&z, &at, end, &m)) != AT_OK) goto out;
    if (m.name_bytes < 4 || memcmp(m.name + m.name_bytes - 4, ".npy", 4)) continue;
    if ((s = add_member(&z, &m, out)) != AT_OK) goto out;
  }
  if (at != end)
    s = at_fail(err, AT_EINPUT,
                "%s: its directory is larger than its %llu members need; the file is damaged", what,
                (unsigned long long)z.members);
out:
  if (s != AT_OK) at_arrays_free(out);
  return s;
}

at_status at_npz_read(const char *path, at_arrays *out, at_error *err) {
  at_map map = {0};
  memset(out, 0, sizeof *out);
  at_status s = at_map_open(path, &map, err);
  if (s != AT_OK) return s;
  s = at_npz_decode(map.data, map.size, path, out, err);
  at_map_close(&map);
  return s;
}
