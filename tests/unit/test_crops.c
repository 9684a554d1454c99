/* Pictures of tokens: which pixels each shows, what is kept of them, and the picture that fails. */
#include "cm.h"
#include <stdatomic.h>
#include "plugins/data/ocr_crops.h"

/* A picture of 40 x 20: red says the column, green the row, blue the sum of both. */
enum { ACROSS = 40, DOWN = 20, HEIGHT = 4, WIDE = 2 * HEIGHT, EACH = HEIGHT * WIDE * 3 };

static int decoded, answer;
static uint8_t memory[ACROSS * DOWN * 3];

static void *scratch(const attune_host *host, size_t n) {
  (void)host;
  return n <= sizeof memory ? memory : NULL;
}

static int image(const attune_host *host, const char *path, int64_t w, int64_t h, uint8_t *rgb) {
  (void)host;
  assert_string_equal(path, "a.png");
  decoded++;
  for (int64_t i = 0; i < w * h; i++) {
    rgb[3 * i] = (uint8_t)(i % w);
    rgb[3 * i + 1] = (uint8_t)(i / w);
    rgb[3 * i + 2] = (uint8_t)(i % w + i / w);
  }
  return answer;
}

static attune_host host;
static const ocr_crops crops = {HEIGHT, ACROSS, DOWN};

static int set_up(void **state) {
  (void)state;
  decoded = answer = 0;
  host.scratch = scratch;
  host.image = image;
  return 0;
}

static void add(ocr_tokens *t, double x0, double y0, double x1, double y1) {
  const char *why;
  const double box[4] = {x0 / ACROSS, y0 / DOWN, x1 / ACROSS, y1 / DOWN};
  assert_int_equal(ocr_tokens_add(t, "word", 4, box, OCR_LINES, &why), 0);
}

static void pixels(void **state) {
  (void)state;
  ocr_tokens t = {0};
  ocr_crops_kept kept = NULL;
  float v[3 * EACH];
  /* 8 pixels high, so that a quarter of it is 2 more on each side: 16 x 12 from (8, 4). One that
   * would reach over two edges: 7.8 x 4 from (0, 0). One that lies within a pixel. */
  add(&t, 10, 6, 22, 14);
  add(&t, 0, 0, 7, 3.2);
  add(&t, 30.2, 10.2, 30.3, 10.3);
  assert_int_equal(ocr_tokens_end(&t, 50), 0);
  assert_int_equal(ocr_crops_read(&host, &crops, "a.png", &t, &kept, v), 0);
  for (int y = 0; y < HEIGHT; y++)
    for (int x = 0; x < WIDE; x++) {
      const float *at = v + (y * WIDE + x) * 3;
      /* Two columns and three rows each; halves are rounded up. */
      assert_float_equal(at[0] * 255, 8 + 2 * x + 1, 1e-4);
      assert_float_equal(at[1] * 255, 4 + 3 * y + 1, 1e-4);
      assert_float_equal(at[2] * 255, 12 + 2 * x + 3 * y + 2, 1e-4);
      assert_float_equal(at[EACH] * 255, x, 1e-4);
      assert_float_equal(at[EACH + 1] * 255, y, 1e-4);
      assert_float_equal(at[2 * EACH] * 255, 30, 1e-4);
      assert_float_equal(at[2 * EACH + 1] * 255, 10, 1e-4);
    }
  assert_int_equal(ocr_crops_read(&host, &crops, "a.png", &t, &kept, v), 0);
  assert_int_equal(decoded, 1);
  free(atomic_load(&kept));
  ocr_tokens_free(&t);
}

static void nothing(void **state) {
  (void)state;
  ocr_tokens t = {0};
  ocr_crops_kept kept = NULL;
  float v[EACH] = {1};
  assert_int_equal(ocr_tokens_end(&t, 50), 0);
  assert_int_equal(t.n, 1); /* that stands for none */
  assert_int_equal(ocr_crops_read(&host, &crops, "a.png", &t, &kept, v), 0);
  for (int i = 0; i < EACH; i++) assert_true(v[i] == 0);
  free(atomic_load(&kept));
  ocr_tokens_free(&t);
}

static void broken(void **state) {
  (void)state;
  ocr_tokens t = {0};
  ocr_crops_kept kept = NULL;
  float v[EACH];
  add(&t, 0, 0, 10, 10);
  assert_int_equal(ocr_tokens_end(&t, 50), 0);
  answer = ATTUNE_BAD_INPUT;
  assert_int_equal(ocr_crops_read(&host, &crops, "a.png", &t, &kept, v), ATTUNE_BAD_INPUT);
  assert_null(atomic_load(&kept));
  ocr_tokens_free(&t);
}

int main(void) {
  const struct CMUnitTest tests[] = {cmocka_unit_test_setup(pixels, set_up),
                                     cmocka_unit_test_setup(nothing, set_up),
                                     cmocka_unit_test_setup(broken, set_up)};
  return cmocka_run_group_tests_name("crops", tests, NULL, NULL);
}
