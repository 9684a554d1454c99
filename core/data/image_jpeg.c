/* libjpeg reports through callbacks: errors jump out, warnings are kept and
 * fail the picture afterwards, and nothing reaches stderr. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <jpeglib.h>
#include <jerror.h>
#include "core/data/image_read.h"

typedef struct report {
  struct jpeg_error_mgr base; /* first: libjpeg hands us a pointer to it */
  jmp_buf out;
  char message[JMSG_LENGTH_MAX];
  int warned;
} report;

static void on_error(j_common_ptr c) {
  report *r = (report *)c->err;
  r->base.format_message(c, r->message);
  longjmp(r->out, 1);
}

/* Level -1 is a warning: data are damaged, but libjpeg would make something
 * up.  Three of them only say that a writer was careless. */
static void on_message(j_common_ptr c, int level) {
  report *r = (report *)c->err;
  int code = r->base.msg_code;
  if (level >= 0 || r->warned || code == JWRN_EXTRANEOUS_DATA || code == JWRN_JFIF_MAJOR ||
      code == JWRN_ADOBE_XFORM)
    return;
  r->base.format_message(c, r->message);
  r->warned = 1;
}

static void on_output(j_common_ptr c) { (void)c; }

static void report_init(report *r) {
  memset(r, 0, sizeof *r);
  jpeg_std_error(&r->base);
  r->base.error_exit = on_error;
  r->base.emit_message = on_message;
  r->base.output_message = on_output;
}

static at_status damaged(const report *r, const char *what, at_error *err) {
  size_t n = strlen(r->message);
  while (n && (r->message[n - 1] == '.' || r->message[n - 1] == ' ')) n--;
  return at_fail(err, AT_EINPUT,
                 "%s: is a damaged or truncated JPEG (%.*s); fetch or write it again", what, (int)n,
                 r->message);
}

/* Printing colours as stored: Adobe's files hold them inverted. */
static void cmyk_to_rgb(const uint8_t *in, uint8_t *out, int w, int inverted) {
  for (int x = 0; x < w; x++, in += 4, out += 3)
    for (int c = 0; c < 3; c++) {
      int ink = inverted ? in[c] : 255 - in[c], black = inverted ? in[3] : 255 - in[3];
      out[c] = (uint8_t)((ink * black + 127) / 255);
    }
}

typedef struct job {
  struct jpeg_decompress_struct d;
  report r;
  uint8_t *row; /* one line of CMYK */
  at_image *out;
  at_error *err;
} job;

static at_status decode(job *j, const void *bytes, size_t n, const char *what) {
  struct jpeg_decompress_struct *d = &j->d;
  at_image *out = j->out;
  at_status s = AT_OK;
  jpeg_create_decompress(d);
  jpeg_mem_src(d, bytes, n);
  jpeg_read_header(d, TRUE);
  if ((s = at_image_check_size(d->image_width, d->image_height, what, j->err)) != AT_OK) return s;
  int four = d->jpeg_color_space == JCS_CMYK || d->jpeg_color_space == JCS_YCCK;
  d->out_color_space = four ? JCS_CMYK : JCS_RGB;
  d->dct_method = JDCT_ISLOW;
  jpeg_start_decompress(d);
  if ((s = at_image_init(out, (int)d->output_width, (int)d->output_height, j->err)) != AT_OK)
    return s;
  if (four && !(j->row = malloc((size_t)out->w * 4))) return at_nomem(j->err);
  while (d->output_scanline < d->output_height) {
    uint8_t *to = out->rgb + (size_t)d->output_scanline * (size_t)out->w * 3;
    JSAMPROW line = four ? j->row : to;
    jpeg_read_scanlines(d, &line, 1);
    if (four) cmyk_to_rgb(j->row, to, out->w, d->saw_Adobe_marker);
    if (j->r.warned) return AT_OK; /* no use to invent the rest of a large picture */
  }
  jpeg_finish_decompress(d);
  return AT_OK;
}

/* The jump lands here, where no local lives that it could leave stale. */
static at_status decode_guarded(job *j, const void *bytes, size_t n, const char *what) {
  if (setjmp(j->r.out)) return damaged(&j->r, what, j->err);
  return decode(j, bytes, n, what);
}

at_status at_image_decode_jpeg(const void *bytes, size_t n, const char *what, at_image *out,
                               at_error *err) {
  job j = {.out = out, .err = err};
  memset(out, 0, sizeof *out);
  report_init(&j.r);
  j.d.err = &j.r.base;
  at_status s = decode_guarded(&j, bytes, n, what);
  if (s == AT_OK && j.r.warned) s = damaged(&j.r, what, err);
  jpeg_destroy_decompress(&j.d);
  free(j.row);
  if (s != AT_OK) at_image_free(out);
  return s;
}

static void encode(struct jpeg_compress_struct *c, const at_image *m, int quality,
                   unsigned char **bytes, unsigned long *n) {
  jpeg_create_compress(c);
  jpeg_mem_dest(c, bytes, n);
  c->image_width = (JDIMENSION)m->w;
  c->image_height = (JDIMENSION)m->h;
  c->input_components = 3;
  c->in_color_space = JCS_RGB;
  jpeg_set_defaults(c);
  jpeg_set_quality(c, quality, TRUE);
  jpeg_start_compress(c, TRUE);
  while (c->next_scanline < c->image_height) {
    JSAMPROW line = m->rgb + (size_t)c->next_scanline * (size_t)m->w * 3;
    jpeg_write_scanlines(c, &line, 1);
  }
  jpeg_finish_compress(c);
}

static at_status encode_guarded(struct jpeg_compress_struct *c, report *r, const at_image *m,
                                int quality, unsigned char **bytes, unsigned long *n,
                                at_error *err) {
  if (setjmp(r->out)) return at_fail(err, AT_EFAIL, "cannot write a JPEG: %s", r->message);
  encode(c, m, quality, bytes, n);
  return AT_OK;
}

at_status at_image_jpeg_mem(const at_image *m, int quality, at_text *out, at_error *err) {
  struct jpeg_compress_struct c = {0};
  report r;
  unsigned char *bytes = NULL;
  unsigned long n = 0;
  report_init(&r);
  c.err = &r.base;
  at_status s = encode_guarded(&c, &r, m, quality, &bytes, &n, err);
  jpeg_destroy_compress(&c);
  if (s == AT_OK) at_text_addn(out, (const char *)bytes, n);
  if (s == AT_OK && out->failed) s = at_nomem(err);
  free(bytes);
  return s;
}
