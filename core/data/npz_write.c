#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>
#include "core/base/file.h"
#include "core/base/text.h"
#include "core/data/convert.h"
#include "core/data/npy.h"
#include "core/data/npz.h"
#include "core/data/zip.h"

typedef struct packing {
  at_writer w;
  at_text directory;
  uint64_t at; /* bytes written so far */
  unsigned flags;
  at_error *err;
} packing;

typedef struct entry {
  const char *name;
  at_text head; /* the .npy header */
  const unsigned char *body;
  size_t body_bytes;
  at_text packed; /* the deflated member; empty when stored */
  uint64_t size, packed_bytes, local;
  uint32_t crc;
  bool deflate;
} entry;

static at_status put(packing *z, const void *bytes, size_t n) {
  z->at += n;
  return n ? at_writer_put(&z->w, bytes, n, z->err) : AT_OK;
}

/* Appends deflate's output for one input piece to e->packed. */
static bool deflate_piece(z_stream *z, const unsigned char *in, size_t n, int flush, at_text *out) {
  unsigned char buffer[1 << 14];
  do {
    uInt piece = n > 1u << 30 ? 1u << 30 : (uInt)n;
    z->next_in = (unsigned char *)in; /* zlib's field is not const; it only reads */
    z->avail_in = piece;
    in += piece;
    n -= piece;
    do {
      z->next_out = buffer;
      z->avail_out = sizeof buffer;
      if (deflate(z, n ? Z_NO_FLUSH : flush) == Z_STREAM_ERROR) return false;
      at_text_addn(out, (const char *)buffer, sizeof buffer - z->avail_out);
    } while (!z->avail_out);
  } while (n);
  return !out->failed;
}

static at_status pack_entry(packing *z, entry *e) {
  z_stream s = {0};
  e->crc = (uint32_t)crc32_z(0, (const unsigned char *)e->head.data, e->head.len);
  if (e->body_bytes) e->crc = (uint32_t)crc32_z(e->crc, e->body, e->body_bytes);
  e->size = e->packed_bytes = (uint64_t)e->head.len + e->body_bytes;
  if (!e->deflate) return AT_OK;
  if (deflateInit2(&s, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) !=
      Z_OK)
    return at_nomem(z->err);
  bool ok = deflate_piece(&s, (unsigned char *)e->head.data, e->head.len, Z_NO_FLUSH, &e->packed) &&
            deflate_piece(&s, e->body, e->body_bytes, Z_FINISH, &e->packed);
  deflateEnd(&s);
  e->packed_bytes = e->packed.len;
  return ok ? AT_OK : at_nomem(z->err);
}

static size_t name_length(const entry *e) { return strlen(e->name) + 4; }

/* Fills the 26 bytes that the local and the directory record have in common,
 * beginning at "version needed"; `p` has room for them. */
static void common_fields(const entry *e, bool zip64, unsigned char *p) {
  at_store_u16(p, zip64 ? 45 : 20);
  at_store_u16(p + 2, ZIP_UTF8);
  at_store_u16(p + 4, e->deflate ? ZIP_DEFLATED : ZIP_STORED);
  at_store_u16(p + 6, 0);
  at_store_u16(p + 8, ZIP_EPOCH);
  at_store_u32(p + 10, e->crc);
  at_store_u32(p + 14, zip64 ? ZIP_FULL : (uint32_t)e->packed_bytes);
  at_store_u32(p + 18, zip64 ? ZIP_FULL : (uint32_t)e->size);
  at_store_u16(p + 22, (uint16_t)name_length(e));
  at_store_u16(p + 24, 0);
}

static at_status put_local(packing *z, const entry *e, bool zip64) {
  unsigned char h[ZIP_LOCAL_BYTES] = {0}, extra[20] = {0};
  at_status s = AT_OK;
  at_store_u32(h, ZIP_LOCAL);
  common_fields(e, zip64, h + 4);
  if (zip64) at_store_u16(h + 28, sizeof extra);
  at_store_u16(extra, ZIP64_EXTRA);
  at_store_u16(extra + 2, 16);
  at_store_u64(extra + 4, e->size);
  at_store_u64(extra + 12, e->packed_bytes);
  if ((s = put(z, h, sizeof h)) != AT_OK) return s;
  if ((s = put(z, e->name, strlen(e->name))) != AT_OK) return s;
  if ((s = put(z, ".npy", 4)) != AT_OK) return s;
  return zip64 ? put(z, extra, sizeof extra) : AT_OK;
}

static void add_record(packing *z, const entry *e, bool zip64) {
  unsigned char h[ZIP_CENTRAL_BYTES] = {0}, extra[28] = {0};
  at_store_u32(h, ZIP_CENTRAL);
  at_store_u16(h + 4, 3 << 8 | 45); /* made on Unix: the mode below counts */
  common_fields(e, zip64, h + 6);
  if (zip64) at_store_u16(h + 30, sizeof extra);
  at_store_u32(h + 38, 0100644u << 16);
  at_store_u32(h + 42, zip64 ? ZIP_FULL : (uint32_t)e->local);
  at_store_u16(extra, ZIP64_EXTRA);
  at_store_u16(extra + 2, 24);
  at_store_u64(extra + 4, e->size);
  at_store_u64(extra + 12, e->packed_bytes);
  at_store_u64(extra + 20, e->local);
  at_text_addn(&z->directory, (char *)h, sizeof h);
  at_text_add(&z->directory, e->name);
  at_text_add(&z->directory, ".npy");
  if (zip64) at_text_addn(&z->directory, (char *)extra, sizeof extra);
}

static at_status put_array(packing *z, const at_array *a) {
  entry e = {
      .name = a->name, .body = a->data, .local = z->at, .deflate = z->flags & AT_NPZ_DEFLATE};
  at_status s = AT_OK;
  e.body_bytes = (size_t)at_array_count(a) * at_dtype_size(a->dtype);
  at_npy_header_text(a, &e.head);
  if (e.head.failed) {
    s = at_nomem(z->err);
    goto out;
  }
  if ((s = pack_entry(z, &e)) != AT_OK) goto out;
  bool zip64 = z->flags & AT_NPZ_ZIP64 || e.size >= ZIP_FULL || e.packed_bytes >= ZIP_FULL ||
               e.local >= ZIP_FULL;
  if ((s = put_local(z, &e, zip64)) != AT_OK) goto out;
  if (e.deflate)
    s = put(z, e.packed.data, e.packed.len);
  else if ((s = put(z, e.head.data, e.head.len)) == AT_OK)
    s = put(z, e.body, e.body_bytes);
  add_record(z, &e, zip64);
out:
  at_text_free(&e.head);
  at_text_free(&e.packed);
  return s;
}

static at_status put_end(packing *z, size_t members) {
  uint64_t directory = z->at, bytes = z->directory.len;
  at_status s = put(z, z->directory.data, z->directory.len);
  if (s != AT_OK) return s;
  bool zip64 =
      z->flags & AT_NPZ_ZIP64 || members >= 0xffff || directory >= ZIP_FULL || bytes >= ZIP_FULL;
  if (zip64) {
    unsigned char h[ZIP64_END_BYTES + ZIP64_LOCATOR_BYTES] = {0}, *locator = h + ZIP64_END_BYTES;
    at_store_u32(h, ZIP64_END);
    at_store_u64(h + 4, ZIP64_END_BYTES - 12);
    at_store_u16(h + 12, 3 << 8 | 45);
    at_store_u16(h + 14, 45);
    at_store_u64(h + 24, members);
    at_store_u64(h + 32, members);
    at_store_u64(h + 40, bytes);
    at_store_u64(h + 48, directory);
    at_store_u32(locator, ZIP64_LOCATOR);
    at_store_u64(locator + 8, z->at);
    at_store_u32(locator + 16, 1);
    if ((s = put(z, h, sizeof h)) != AT_OK) return s;
  }
  unsigned char h[ZIP_END_BYTES] = {0};
  at_store_u32(h, ZIP_END);
  at_store_u16(h + 8, zip64 ? 0xffff : (uint16_t)members);
  at_store_u16(h + 10, zip64 ? 0xffff : (uint16_t)members);
  at_store_u32(h + 12, zip64 ? ZIP_FULL : (uint32_t)bytes);
  at_store_u32(h + 16, zip64 ? ZIP_FULL : (uint32_t)directory);
  return put(z, h, sizeof h);
}

static at_status check_names(const char *path, const at_arrays *arrays, at_error *err) {
  for (size_t i = 0; i < arrays->n; i++) {
    const char *name = arrays->v[i].name;
    if (!name || !*name || strlen(name) > 60000)
      return at_fail(err, AT_EINPUT,
                     "%s: array %zu has no usable name; every array in a .npz needs one", path, i);
    if (at_arrays_find(arrays, name) != &arrays->v[i])
      return at_fail(err, AT_EINPUT, "%s: two arrays are called '%s'; give them distinct names",
                     path, name);
  }
  return AT_OK;
}

at_status at_npz_write(const char *path, const at_arrays *arrays, unsigned flags, at_error *err) {
  packing z = {.flags = flags, .err = err};
  at_status s = check_names(path, arrays, err);
  if (s != AT_OK) return s;
  if ((s = at_writer_open(&z.w, path, err)) != AT_OK) goto out;
  for (size_t i = 0; i < arrays->n; i++)
    if ((s = put_array(&z, &arrays->v[i])) != AT_OK) goto out;
  if (z.directory.failed) {
    s = at_nomem(err);
    goto out;
  }
  if ((s = put_end(&z, arrays->n)) != AT_OK) goto out;
  s = at_writer_commit(&z.w, err);
out:
  at_writer_abort(&z.w);
  at_text_free(&z.directory);
  return s;
}
