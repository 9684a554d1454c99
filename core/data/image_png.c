#include <png.h>
#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include "core/base/file.h"
#include "core/data/image_read.h"

typedef struct source {
  const unsigned char *p;
  size_t n;
  char message[256];
} source;

static void on_error(png_structp png, png_const_charp message) {
  source *in = png_get_error_ptr(png);
  size_t n = strlen(message);
  if (n >= sizeof in->message) n = sizeof in->message - 1;
  memcpy(in->message, message, n);
  in->message[n] = '\0';
  longjmp(png_jmpbuf(png), 1);
}

/* libpng warns of ancillary chunks only (colour profiles, text): not needed. */
static void on_warning(png_structp png, png_const_charp message) {
  (void)png;
  (void)message;
}

static void on_read(png_structp png, png_bytep out, size_t n) {
  source *in = png_get_io_ptr(png);
  if (n > in->n) png_error(png, "the data end too early");
  memcpy(out, in->p, n);
  in->p += n;
  in->n -= n;
}

/* Any colour type becomes RGBA of 8 bits. */
static void set_transforms(png_structp png) {
  png_set_expand(png);
  png_set_scale_16(png);
  png_set_gray_to_rgb(png);
  png_set_add_alpha(png, 0xff, PNG_FILLER_AFTER);
}

typedef struct job {
  source in; /* what the callbacks see */
  png_structp png;
  png_infop info;
  uint8_t *pixels; /* RGBA */
  png_bytep *rows;
  size_t w, h;
  at_error *err;
} job;

static at_status decode(job *j, const char *what) {
  png_set_user_limits(j->png, 0x7fffffff, 0x7fffffff); /* ours, below, name the file */
  png_read_info(j->png, j->info);
  j->w = png_get_image_width(j->png, j->info);
  j->h = png_get_image_height(j->png, j->info);
  at_status s = at_image_check_size(j->w, j->h, what, j->err);
  if (s != AT_OK) return s;
  set_transforms(j->png);
  png_set_interlace_handling(j->png);
  png_read_update_info(j->png, j->info);
  if (png_get_rowbytes(j->png, j->info) != j->w * 4) png_error(j->png, "its rows are not RGBA");
  j->pixels = malloc(j->w * j->h * 4);
  j->rows = malloc(j->h * sizeof *j->rows);
  if (!j->pixels || !j->rows) return at_nomem(j->err);
  for (size_t y = 0; y < j->h; y++) j->rows[y] = j->pixels + y * j->w * 4;
  png_read_image(j->png, j->rows);
  png_read_end(j->png, NULL); /* also reads and checks the chunks behind the picture */
  return AT_OK;
}

/* The jump lands here, where no local lives that it could leave stale. */
static at_status decode_guarded(job *j, const char *what) {
  if (setjmp(png_jmpbuf(j->png)))
    return at_fail(j->err, AT_EINPUT,
                   "%s: is a damaged or truncated PNG (%s); fetch or write it again", what,
                   j->in.message);
  return decode(j, what);
}

static void over_white(const uint8_t *rgba, at_image *out) {
  size_t n = (size_t)out->w * (size_t)out->h;
  for (size_t i = 0; i < n; i++)
    for (size_t c = 0; c < 3; c++) {
      unsigned a = rgba[4 * i + 3];
      out->rgb[3 * i + c] = (uint8_t)((rgba[4 * i + c] * a + 255 * (255 - a) + 127) / 255);
    }
}

/* A chunk acTL before the picture's own data: an animated PNG, whose first picture any reader of
 * PNG shows. */
static bool is_animated(const unsigned char *p, size_t n) {
  for (size_t at = 8; at + 8 <= n;) {
    const size_t length = ((size_t)p[at] << 24) + ((size_t)p[at + 1] << 16) +
                          ((size_t)p[at + 2] << 8) + (size_t)p[at + 3];
    if (!memcmp(p + at + 4, "acTL", 4)) return true;
    if (!memcmp(p + at + 4, "IDAT", 4) || length > n) return false;
    at += length + 12;
  }
  return false;
}

at_status at_image_decode_png(const void *bytes, size_t n, const char *what, at_image *out,
                              at_error *err) {
  job j = {.in = {bytes, n, ""}, .err = err};
  at_status s = AT_OK;
  memset(out, 0, sizeof *out);
  j.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &j.in, on_error, on_warning);
  if (!j.png || !(j.info = png_create_info_struct(j.png))) {
    s = at_nomem(err);
    goto out;
  }
  png_set_read_fn(j.png, &j.in, on_read);
  if ((s = decode_guarded(&j, what)) != AT_OK) goto out;
  if ((s = at_image_init(out, (int)j.w, (int)j.h, err)) != AT_OK) goto out;
  over_white(j.pixels, out);
  out->animated = is_animated(bytes, n);
out:
  png_destroy_read_struct(&j.png, &j.info, NULL);
  free(j.pixels);
  free(j.rows);
  return s;
}

/* ---- writing ---- */

typedef struct sink {
  at_text *out;
  source error; /* what on_error fills */
} sink;

static void on_write(png_structp png, png_bytep bytes, size_t n) {
  sink *to = png_get_io_ptr(png);
  at_text_addn(to->out, (const char *)bytes, n);
  if (to->out->failed) png_error(png, "out of memory");
}

static void on_flush(png_structp png) { (void)png; }

static void encode(png_structp png, png_infop info, const at_image *m) {
  png_set_IHDR(png, info, (png_uint_32)m->w, (png_uint_32)m->h, 8, PNG_COLOR_TYPE_RGB,
               PNG_INTERLACE_NONE, PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
  png_write_info(png, info);
  for (int y = 0; y < m->h; y++) png_write_row(png, m->rgb + (size_t)y * (size_t)m->w * 3);
  png_write_end(png, NULL);
}

static at_status encode_guarded(png_structp png, png_infop info, const at_image *m, sink *to,
                                at_error *err) {
  if (setjmp(png_jmpbuf(png)))
    return to->out->failed ? at_nomem(err)
                           : at_fail(err, AT_EFAIL, "cannot write a PNG: %s", to->error.message);
  encode(png, info, m);
  return AT_OK;
}

at_status at_image_png_mem(const at_image *m, at_text *out, at_error *err) {
  sink to = {.out = out};
  png_infop info = NULL;
  at_status s = AT_OK;
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, &to.error, on_error, on_warning);
  if (!png || !(info = png_create_info_struct(png))) {
    s = at_nomem(err);
    goto out;
  }
  png_set_write_fn(png, &to, on_write, on_flush);
  s = encode_guarded(png, info, m, &to, err);
out:
  png_destroy_write_struct(&png, &info);
  return s;
}

at_status at_image_write_png(const char *path, const at_image *m, at_error *err) {
  at_text t = {0};
  at_status s = at_image_png_mem(m, &t, err);
  if (s == AT_OK) s = at_file_write(path, t.data, t.len, err);
  at_text_free(&t);
  return s;
}
