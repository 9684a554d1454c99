/* JPEG and PNG in, PNG and JPEG out, resizing. */
#include "tests/unit/data_files.h"
#include <stdio.h>
#include <jpeglib.h>
#include <png.h>
#include "core/data/image.h"

/* Smooth colours with one sharp edge. */
static void paint(at_image *m, int w, int h) {
  assert_ok(at_image_init(m, w, h, err));
  for (int y = 0; y < h; y++)
    for (int x = 0; x < w; x++) {
      uint8_t *p = m->rgb + 3 * (y * w + x);
      p[0] = (uint8_t)(x * 255 / w);
      p[1] = (uint8_t)(y * 255 / h);
      p[2] = x * 2 < w ? 40 : 200;
    }
}

static void png_round_trip(void **state) {
  (void)state;
  static const int sides[][2] = {{1, 1}, {3, 2}, {64, 48}, {1, 300}};
  for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
    at_image m, back;
    paint(&m, sides[i][0], sides[i][1]);
    assert_ok(at_image_write_png(in_scratch("a.png"), &m, err));
    assert_ok(at_image_read(in_scratch("a.png"), &back, err));
    assert_true(back.w == m.w && back.h == m.h);
    assert_memory_equal(m.rgb, back.rgb, (size_t)m.w * (size_t)m.h * 3);
    at_image_free(&back);
    at_image_free(&m);
  }
}

static void jpeg_round_trip(void **state) {
  (void)state;
  at_image m, back;
  at_text t = {0};
  paint(&m, 40, 30);
  assert_ok(at_image_jpeg_mem(&m, 95, &t, err));
  assert_ok(at_image_decode(t.data, t.len, "m.jpg", &back, err));
  assert_true(back.w == 40 && back.h == 30);
  long difference = 0;
  for (int i = 0; i < 3600; i++) difference += labs((long)m.rgb[i] - back.rgb[i]);
  assert_true(difference < 3600 * 8);
  at_image_free(&back);
  at_image_free(&m);
  at_text_free(&t);
}

/* ---- any PNG colour type ---- */

static void put_bytes(png_structp png, png_bytep p, size_t n) {
  at_text_addn(png_get_io_ptr(png), (const char *)p, n);
}

static void no_flush(png_structp png) { (void)png; }

/* One row of `w` pixels of the given type, as raw row bytes. */
static void make_png(at_text *out, int type, int depth, int interlace, int w, uint8_t *row) {
  png_structp png = png_create_write_struct(PNG_LIBPNG_VER_STRING, NULL, NULL, NULL);
  png_infop info = png_create_info_struct(png);
  static const png_color palette[2] = {{10, 20, 30}, {200, 100, 0}};
  static const png_byte alpha[2] = {255, 0};
  png_set_write_fn(png, out, put_bytes, no_flush);
  png_set_IHDR(png, info, (png_uint_32)w, 1, depth, type, interlace, PNG_COMPRESSION_TYPE_DEFAULT,
               PNG_FILTER_TYPE_DEFAULT);
  if (type == PNG_COLOR_TYPE_PALETTE) {
    png_set_PLTE(png, info, palette, 2);
    png_set_tRNS(png, info, alpha, 2, NULL);
  }
  png_write_info(png, info);
  png_write_image(png, &row);
  png_write_end(png, info);
  png_destroy_write_struct(&png, &info);
}

static void assert_first_pixels(int type, int depth, int interlace, uint8_t *row,
                                const uint8_t *rgb) {
  at_text t = {0};
  at_image m;
  make_png(&t, type, depth, interlace, 2, row);
  assert_ok(at_image_decode(t.data, t.len, "t.png", &m, err));
  assert_int_equal(m.w, 2);
  for (int i = 0; i < 6; i++) assert_int_equal(m.rgb[i], rgb[i]);
  at_image_free(&m);
  at_text_free(&t);
}

static void png_colour_types(void **state) {
  (void)state;
  uint8_t gray1[] = {0x40}, gray16[] = {0x80, 0x80, 0xff, 0xff}, indexed[] = {0x40};
  uint8_t rgba[] = {10, 20, 30, 255, 0, 0, 0, 0}, gray_alpha[] = {0, 128, 7, 255};
  const uint8_t black_white[] = {0, 0, 0, 255, 255, 255}, half[] = {128, 128, 128, 255, 255, 255};
  const uint8_t first[] = {10, 20, 30, 255, 255, 255}, shade[] = {127, 127, 127, 7, 7, 7};
  assert_first_pixels(PNG_COLOR_TYPE_GRAY, 1, PNG_INTERLACE_NONE, gray1, black_white);
  assert_first_pixels(PNG_COLOR_TYPE_GRAY, 16, PNG_INTERLACE_NONE, gray16, half);
  assert_first_pixels(PNG_COLOR_TYPE_PALETTE, 1, PNG_INTERLACE_NONE, indexed, first);
  assert_first_pixels(PNG_COLOR_TYPE_RGBA, 8, PNG_INTERLACE_NONE, rgba, first); /* clear is white */
  assert_first_pixels(PNG_COLOR_TYPE_GRAY_ALPHA, 8, PNG_INTERLACE_NONE, gray_alpha, shade);
}

/* Printing colours, as Adobe's programs store them: 255 is no ink. */
static void jpeg_cmyk(void **state) {
  struct jpeg_compress_struct c = {0};
  struct jpeg_error_mgr e;
  unsigned char *bytes = NULL;
  unsigned long n = 0;
  uint8_t line[16 * 4];
  at_image m;
  (void)state;
  for (int x = 0; x < 16; x++) memcpy(line + 4 * x, (uint8_t[]){255, 55, 0, 200}, 4);
  c.err = jpeg_std_error(&e);
  jpeg_create_compress(&c);
  jpeg_mem_dest(&c, &bytes, &n);
  c.image_width = 16;
  c.image_height = 8;
  c.input_components = 4;
  c.in_color_space = JCS_CMYK;
  jpeg_set_defaults(&c);
  jpeg_set_quality(&c, 100, TRUE);
  jpeg_start_compress(&c, TRUE);
  while (c.next_scanline < c.image_height) {
    JSAMPROW row = line;
    jpeg_write_scanlines(&c, &row, 1);
  }
  jpeg_finish_compress(&c);
  jpeg_destroy_compress(&c);
  assert_ok(at_image_decode(bytes, n, "c.jpg", &m, err));
  const int want[3] = {200, 43, 0}; /* 255, 55 and 0 times 200 / 255 */
  for (int k = 0; k < 3; k++) assert_in_range(m.rgb[k] + 3, want[k], want[k] + 6);
  free(bytes);
  at_image_free(&m);
}

/* A PNG with a chunk acTL is one of several pictures; the first is decoded, and that is told. */
static void png_animated(void **state) {
  static const char chunk[] =
      "\000\000\000\010\141\143\124\114\000\000\000\002\000\000\000\000\363\215\223\160";
  at_image m, back;
  at_text t = {0}, all = {0};
  (void)state;
  paint(&m, 9, 7);
  assert_ok(at_image_png_mem(&m, &t, err));
  assert_ok(at_image_decode(t.data, t.len, "s.png", &back, err));
  assert_false(back.animated);
  at_image_free(&back);
  at_text_addn(&all, t.data, 33);
  at_text_addn(&all, chunk, sizeof chunk - 1);
  at_text_addn(&all, t.data + 33, t.len - 33);
  assert_ok(at_image_decode(all.data, all.len, "a.png", &back, err));
  assert_true(back.animated);
  assert_memory_equal(back.rgb, m.rgb, 9 * 7 * 3);
  at_image_free(&back);
  at_image_free(&m);
  at_text_free(&t);
  at_text_free(&all);
}

/* ---- damage ---- */

static void refuse_prefixes(const at_text *t, const char *what) {
  for (size_t i = 0; i < t->len; i++) {
    at_image m;
    at_error e = {0};
    unsigned char *p = boxed(t->data, i);
    if (at_image_decode(p, i, what, &m, &e) != AT_EINPUT) fail_msg("accepted %zu bytes", i);
    assert_sentence(&e, what);
    assert_null(m.rgb);
    free(p);
  }
}

/* Damage is refused or harmless; never a crash. Returns how often it was seen. */
static int flip_everywhere(const at_text *t, const char *what) {
  int seen = 0;
  for (size_t i = 0; i < t->len; i++) {
    at_image m;
    at_error e = {0};
    unsigned char *p = boxed(t->data, t->len);
    p[i] ^= 0x55;
    if (at_image_decode(p, t->len, what, &m, &e) != AT_OK) {
      assert_sentence(&e, what);
      seen++;
    }
    at_image_free(&m);
    free(p);
  }
  return seen;
}

static void png_damage(void **state) {
  (void)state;
  at_image m;
  at_text t = {0};
  paint(&m, 12, 9);
  assert_ok(at_image_png_mem(&m, &t, err));
  refuse_prefixes(&t, "d.png");
  assert_true(flip_everywhere(&t, "d.png") > (int)t.len * 9 / 10); /* every chunk has a CRC */
  at_image_free(&m);
  at_text_free(&t);
}

static void jpeg_damage(void **state) {
  (void)state;
  at_image m;
  at_text t = {0};
  paint(&m, 24, 17);
  assert_ok(at_image_jpeg_mem(&m, 80, &t, err));
  refuse_prefixes(&t, "d.jpg");
  flip_everywhere(&t, "d.jpg");
  at_image_free(&m);
  at_text_free(&t);
}

static void not_pictures(void **state) {
  (void)state;
  at_image m;
  at_error e = {0};
  assert_int_equal(at_image_decode("", 0, "n.jpg", &m, &e), AT_EINPUT);
  assert_sentence(&e, "n.jpg");
  assert_int_equal(at_image_decode("GIF89a\1\0\1\0", 10, "n.gif", &m, &e), AT_EINPUT);
  assert_sentence(&e, "n.gif");
  assert_int_not_equal(at_image_read(in_scratch("absent.png"), &m, &e), AT_OK);
  assert_non_null(strstr(e.message, "absent.png"));
}

static void size_limit(void **state) {
  (void)state;
  at_text t = {0};
  at_image m;
  at_error e = {0};
  uint8_t *row = calloc(20000, 1);
  make_png(&t, PNG_COLOR_TYPE_GRAY, 8, PNG_INTERLACE_NONE, 20000, row);
  assert_int_equal(at_image_decode(t.data, t.len, "wide.png", &m, &e), AT_EINPUT);
  assert_sentence(&e, "wide.png");
  assert_non_null(strstr(e.message, "20000 x 1"));
  assert_int_equal(at_image_init(&m, 0, 5, &e), AT_EINPUT);
  assert_int_equal(at_image_init(&m, 5, -1, &e), AT_EINPUT);
  assert_int_equal(at_image_init(&m, AT_IMAGE_MAX_SIDE + 1, 1, &e), AT_EINPUT);
  at_text_free(&t);
  free(row);
}

/* ---- resizing ---- */

static void resize_keeps_constants(void **state) {
  (void)state;
  static const int sides[][2] = {{1, 1}, {7, 5}, {33, 64}, {200, 3}};
  for (int f = AT_FILTER_BOX; f <= AT_FILTER_LANCZOS3; f++)
    for (size_t i = 0; i < sizeof sides / sizeof *sides; i++) {
      at_image m, out;
      assert_ok(at_image_init(&m, 31, 17, err));
      memset(m.rgb, 137, 31 * 17 * 3);
      assert_ok(at_image_resize(&m, sides[i][0], sides[i][1], (at_filter)f, &out, err));
      assert_true(out.w == sides[i][0] && out.h == sides[i][1]);
      for (int k = 0; k < out.w * out.h * 3; k++) assert_int_equal(out.rgb[k], 137);
      at_image_free(&out);
      at_image_free(&m);
    }
}

static void resize_same_size(void **state) {
  (void)state;
  for (int f = AT_FILTER_BOX; f <= AT_FILTER_LANCZOS3; f++) {
    at_image m, out;
    paint(&m, 20, 11);
    assert_ok(at_image_resize(&m, 20, 11, (at_filter)f, &out, err));
    assert_memory_equal(m.rgb, out.rgb, 20 * 11 * 3);
    at_image_free(&out);
    at_image_free(&m);
  }
}

static void resize_box_averages(void **state) {
  (void)state;
  at_image m, out;
  assert_ok(at_image_init(&m, 4, 2, err));
  for (int i = 0; i < 24; i++) m.rgb[i] = (uint8_t)(i * 10);
  assert_ok(at_image_resize(&m, 2, 1, AT_FILTER_BOX, &out, err));
  /* rows 0 30 60 90 and 120 150 180 210 of red: means of 2x2 */
  assert_int_equal(out.rgb[0], 75);
  assert_int_equal(out.rgb[3], 135);
  at_image_free(&out);
  at_image_free(&m);
}

/* The widened filter sees every pixel: stripes of one pixel become gray. */
static void resize_antialiases(void **state) {
  (void)state;
  for (int f = AT_FILTER_BOX; f <= AT_FILTER_LANCZOS3; f++) {
    at_image m, out;
    assert_ok(at_image_init(&m, 128, 128, err));
    for (int i = 0; i < 128 * 128; i++) memset(m.rgb + 3 * i, i % 2 ? 255 : 0, 3);
    assert_ok(at_image_resize(&m, 16, 16, (at_filter)f, &out, err));
    for (int y = 2; y < 14; y++)
      for (int x = 2; x < 14; x++) assert_in_range(out.rgb[3 * (y * 16 + x)], 120, 136);
    at_image_free(&out);
    at_image_free(&m);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(png_round_trip),     cmocka_unit_test(jpeg_round_trip),
      cmocka_unit_test(jpeg_cmyk),          cmocka_unit_test(png_animated),
      cmocka_unit_test(png_colour_types),   cmocka_unit_test(png_damage),
      cmocka_unit_test(jpeg_damage),        cmocka_unit_test(not_pictures),
      cmocka_unit_test(size_limit),         cmocka_unit_test(resize_keeps_constants),
      cmocka_unit_test(resize_same_size),   cmocka_unit_test(resize_box_averages),
      cmocka_unit_test(resize_antialiases),
  };
  return cmocka_run_group_tests_name("image", tests, make_scratch, drop_scratch);
}
