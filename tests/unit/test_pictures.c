/* Readers of pictures with captions: emoji, AttnGAN's folders; parts of pictures. */
#include "core/data/image.h"
#include "tests/unit/data_sets.h"

/* A picture of w x h whose pixel (x, y) is (x, y, 7). */
static void ramp(const char *name, int w, int h) {
  at_image m;
  assert_ok(at_image_init(&m, w, h, err));
  for (int y = 0; y < h; y++)
    for (int x = 0; x < w; x++) {
      uint8_t *p = m.rgb + 3 * (y * w + x);
      p[0] = (uint8_t)x, p[1] = (uint8_t)y, p[2] = 7;
    }
  assert_ok(at_image_write_png(in_scratch(name), &m, err));
  at_image_free(&m);
}

static int setup(void **state) {
  return make_scratch(state) || at_registry_new(NULL, 0, &registry, NULL) != AT_OK ? -1 : 0;
}

static int teardown(void **state) {
  at_registry_free(registry);
  return drop_scratch(state);
}

static char *spec_of(const char *reader, const char *folder_name, const char *more) {
  static char spec[1200];
  snprintf(spec, sizeof spec, "%s(root=%s/%s%s)", reader, scratch, folder_name, more);
  return spec;
}

static void refused(const char *spec, const char *says) {
  at_dataset *d = NULL;
  at_error e = {0};
  if (open_set(spec, &d, &e) != AT_EINPUT) fail_msg("%s is not refused", spec);
  if (!strstr(e.message, says)) fail_msg("\"%s\" lacks \"%s\"", e.message, says);
  assert_null(strchr(e.message, '\n'));
}

static void caption_is(const at_dataset *d, const char *split, int64_t row, const char *want) {
  char *text = NULL;
  assert_ok(at_dataset_read_text(d, split, field(d, "caption", "text"), row, &text, err));
  assert_string_equal(text, want);
  free(text);
}

static void of_picture(const at_dataset *d, const char *split, const char *name, int64_t row,
                       const char *want) {
  char *text = NULL;
  assert_ok(at_dataset_read_text(d, split, field(d, "picture", name), row, &text, err));
  assert_string_equal(text, want);
  free(text);
}

static int64_t picture_of(const at_dataset *d, const char *split, int64_t row) {
  int64_t out = -1;
  assert_ok(at_dataset_read(d, split, field(d, "caption", "picture"), row, &out, err));
  return out;
}

/* ---- emoji ---- */

static void emoji_table(const char *text) { spill_text("emoji/captions.tsv", text); }

static void emoji_setup(void) {
  folder("emoji/images");
  ramp("emoji/images/a.png", 8, 8);
  ramp("emoji/images/b.png", 8, 8);
}

static void test_emoji(void **state) {
  at_dataset *d;
  uint8_t rgb[8 * 8 * 3];
  (void)state;
  emoji_setup();
  emoji_table(
      "image\tsplit\tgroup\tcaption\tkeywords\na.png\ttrain\tFood\tred apple\tfruit\n"
      "\nb.png\ttest\tPlaces\tbus stop\t\n");
  assert_ok(open_set(spec_of("emoji", "emoji", ", width=8, height=8"), &d, err));
  assert_int_equal(at_dataset_rows(d, "train", "picture"), 1);
  assert_int_equal(at_dataset_rows(d, "test", "caption"), 1);
  caption_is(d, "train", 0, "red apple");
  of_picture(d, "test", "group", 0, "Places");
  of_picture(d, "test", "name", 0, "b.png");
  assert_int_equal(picture_of(d, "test", 0), 0);
  assert_ok(at_dataset_read(d, "train", field(d, "picture", "image"), 0, rgb, err));
  assert_int_equal(rgb[3 * (8 * 5 + 2)], 2);
  assert_int_equal(rgb[3 * (8 * 5 + 2) + 1], 5);
  at_dataset_close(d);
  assert_ok(open_set(spec_of("emoji", "emoji", ", keywords=true"), &d, err));
  assert_int_equal(at_dataset_rows(d, "train", "caption"), 2);
  caption_is(d, "train", 1, "fruit");
  assert_int_equal(at_dataset_rows(d, "test", "caption"), 1); /* it has none */
  at_dataset_close(d);
}

/* Without splits a name tells its own, whatever its skin tone. The numbers are FNV-1a's of
 * "t0.png" .. "t39.png" modulo 10, worked out by another program. */
static void test_emoji_split(void **state) {
  char text[4000] = "caption\timage\n";
  at_dataset *d;
  (void)state;
  folder("hashed/images");
  for (int i = 0; i < 40; i++) {
    char name[64];
    snprintf(name, sizeof name, "hashed/images/t%d%s.png", i, i % 2 ? "_1f3fd" : "");
    spill_text(name, "");
    snprintf(text + strlen(text), 64, "number %d\tt%d%s.png\n", i, i, i % 2 ? "_1f3fd" : "");
  }
  spill_text("hashed/captions.tsv", text);
  assert_ok(open_set(spec_of("emoji", "hashed", ""), &d, err));
  assert_int_equal(at_dataset_rows(d, "train", "picture"), 33);
  assert_int_equal(at_dataset_rows(d, "dev", "picture"), 4);
  assert_int_equal(at_dataset_rows(d, "test", "picture"), 3);
  assert_null(at_dataset_field(d, "picture", "group"));
  at_dataset_close(d);
  can_be_stopped(spec_of("emoji", "hashed", ""));
}

static void test_emoji_refusals(void **state) {
  static const struct {
    const char *table, *says;
  } cases[] = {
      {"", "captions.tsv:1: it is empty"},
      {"picture\tcaption\n", "captions.tsv:1: the first line names the columns"},
      {"image\tcaption\n", "captions.tsv:1: there are no pictures in it"},
      {"image\tcaption\na.png\n", "captions.tsv:2: it has fewer columns"},
      {"image\tcaption\na.png\t\n", "captions.tsv:2: its caption is empty"},
      {"image\tcaption\tsplit\na.png\tx\t\n", "captions.tsv:2: its split is empty"},
      {"image\tcaption\n../a.png\tx\n", "is no name of a picture"},
      {"image\tcaption\nnone.png\tx\n", "images/none.png: No such file"},
  };
  at_dataset *d;
  (void)state;
  emoji_setup();
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    emoji_table(cases[i].table);
    refused(spec_of("emoji", "emoji", ""), cases[i].says);
  }
  emoji_table("image\tcaption\tsplit\na.png\tx\ttrain\nnone.png\ty\ttrain\n");
  refused(spec_of("emoji", "emoji", ", keywords=true"), "there is no column `keywords`");
  assert_ok(open_set(spec_of("emoji", "emoji", ", missing=skip"), &d, err));
  assert_int_equal(at_dataset_rows(d, "train", "picture"), 1);
  at_dataset_close(d);
}

static void test_real_emoji(void **state) {
  const char *root = shared("emoji");
  char spec[800];
  at_dataset *d;
  (void)state;
  if (!root) skip();
  snprintf(spec, sizeof spec, "emoji(root=%s)", root);
  assert_ok(open_set(spec, &d, err));
  assert_int_equal(at_dataset_rows(d, "train", "picture"), 2931);
  assert_int_equal(at_dataset_rows(d, "dev", "caption"), 325);
  assert_int_equal(at_dataset_rows(d, "test", "caption"), 420);
  caption_is(d, "train", 0, "keycap #");
  uint8_t *rgb = malloc(64 * 64 * 3);
  assert_ok(at_dataset_read(d, "test", field(d, "picture", "image"), 419, rgb, err));
  free(rgb);
  at_dataset_close(d);
}

/* ---- AttnGAN's folders ---- */

static void birds(void) {
  folder("birds/CUB_200_2011/images/001.Red_bird");
  folder("birds/text/001.Red_bird");
  folder("birds/train");
  folder("birds/test");
  ramp("birds/CUB_200_2011/images/001.Red_bird/a.png", 100, 60);
  ramp("birds/CUB_200_2011/images/001.Red_bird/b.png", 90, 90);
  spill_text("birds/CUB_200_2011/images.txt", "2 001.Red_bird/b.png\n1 001.Red_bird/a.png\n");
  spill_text("birds/CUB_200_2011/bounding_boxes.txt",
             "1 60.0 20.0 20.0 12.0\n2 10.0 10.0 33.0 10.0\n");
  spill_text("birds/text/001.Red_bird/a.txt", "a red bird\n\nit flies\nit sings\n");
  spill_text("birds/text/001.Red_bird/b.txt", "another one");
  spill_text("birds/train/filenames.json", "[\"001.Red_bird/a\"]");
  spill_text("birds/test/filenames.txt", "001.Red_bird/b\r\n");
}

static void test_birds(void **state) {
  at_dataset *d;
  uint8_t rgb[96 * 96 * 3];
  (void)state;
  birds();
  const char *spec = spec_of("attngan", "birds", ", captions=2, validation=0, width=30, height=30");
  assert_ok(open_set(spec, &d, err));
  assert_int_equal(at_dataset_rows(d, "train", "caption"), 2);
  caption_is(d, "train", 1, "it flies");
  of_picture(d, "test", "group", 0, "Red bird");
  of_picture(d, "test", "name", 0, "001.Red_bird/b.png");
  /* a side of 2 * int(20 * 0.75) = 30 about (70, 26): from (55, 11) */
  assert_ok(at_dataset_read(d, "train", field(d, "picture", "image"), 0, rgb, err));
  assert_int_equal(rgb[0], 55);
  assert_int_equal(rgb[1], 11);
  assert_int_equal(rgb[3 * (30 * 29 + 29)], 84);
  at_dataset_close(d);
  /* 2 * int(33 * 0.75) = 48 about (26, 15) is cut to (2, 0) .. (50, 39); of that the middle 39 */
  assert_ok(open_set(spec_of("attngan", "birds", ", validation=0, width=39, height=39"), &d, err));
  assert_ok(at_dataset_read(d, "test", field(d, "picture", "image"), 0, rgb, err));
  assert_int_equal(rgb[0], 6);
  assert_int_equal(rgb[1], 0);
  assert_int_equal(rgb[3 * (39 * 38 + 38)], 44);
  at_dataset_close(d);
  assert_ok(open_set(spec_of("attngan", "birds", ", validation=0, width=90, height=90, crop=false"),
                     &d, err));
  assert_ok(at_dataset_read(d, "test", field(d, "picture", "image"), 0, rgb, err));
  assert_int_equal(rgb[3 * 89], 89);
  at_dataset_close(d);
}

static void test_coco(void **state) {
  char list[4000] = "";
  at_dataset *d;
  (void)state;
  folder("coco/images");
  folder("coco/text");
  folder("coco/train");
  folder("coco/test");
  for (int i = 0; i < 40; i++) {
    char name[64];
    snprintf(name, sizeof name, "coco/images/p%d.jpg", i);
    spill_text(name, "");
    snprintf(name, sizeof name, "coco/text/p%d.txt", i);
    spill_text(name, "one\ntwo\n");
    snprintf(list + strlen(list), 64, "p%d\n", i);
  }
  spill_text("coco/train/filenames.txt", list);
  spill_text("coco/test/filenames.txt", "p0\n");
  assert_ok(open_set(spec_of("attngan", "coco", ", validation=20"), &d, err));
  assert_int_equal(at_dataset_rows(d, "train", "picture"), 35);
  assert_int_equal(at_dataset_rows(d, "dev", "picture"), 5);
  assert_null(at_dataset_field(d, "picture", "group"));
  at_dataset_close(d);
  can_be_stopped(spec_of("attngan", "coco", ""));
}

static void test_bird_refusals(void **state) {
  static const struct {
    const char *file, *text, *says;
  } cases[] = {
      {"train/filenames.json", "{\"a\": 1}", "filenames.json:1: this is no JSON list of names"},
      {"train/filenames.json", "[1]", "filenames.json:1: this is no name of a picture"},
      {"train/filenames.json", "[\"\x80\"]", "filenames.json:1: this is no JSON list"},
      {"train/filenames.json", "[\"001.Red_bird/c\"]", "001.Red_bird/c.jpg: No such file"},
      {"text/001.Red_bird/a.txt", " \n\n", "a.txt: there is no caption in it"},
      {"CUB_200_2011/images.txt", "x\n", "images.txt:1: a line is a number"},
      {"CUB_200_2011/images.txt", "2 001.Red_bird/b.png\n",
       "bounding_boxes.txt:1: there is no pic"},
      {"CUB_200_2011/bounding_boxes.txt", "1 1 1 nan 4\n", "bounding_boxes.txt:1: a line is a"},
      {"CUB_200_2011/bounding_boxes.txt", "1 1 1 3\n", "bounding_boxes.txt:1: a line is a"},
      {"CUB_200_2011/bounding_boxes.txt", "2 1 1 3 4\n", "has no box in bounding_boxes.txt"},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    char name[100];
    birds();
    snprintf(name, sizeof name, "birds/%s", cases[i].file);
    spill_text(name, cases[i].text);
    refused(spec_of("attngan", "birds", ", validation=0"), cases[i].says);
  }
  birds();
  assert_int_equal(remove(in_scratch("birds/train/filenames.json")), 0);
  refused(spec_of("attngan", "birds", ""), "pickle.load");
  birds();
  at_dataset *d;
  at_error e = {0};
  uint8_t rgb[64 * 64 * 3];
  spill_text("birds/CUB_200_2011/bounding_boxes.txt", "1 200 20 20 12\n2 10 10 33 10\n");
  assert_ok(open_set(spec_of("attngan", "birds", ", validation=0"), &d, err));
  assert_int_equal(at_dataset_read(d, "train", field(d, "picture", "image"), 0, rgb, &e),
                   AT_EINPUT);
  assert_sentence(&e, "001.Red_bird/a.png");
  assert_non_null(strstr(e.message, "lies outside its 100 x 60 pixels"));
  at_dataset_close(d);
}

/* ---- parts ---- */

/* The middle of a wide picture, of a tall one; of one pixel all. */
static void test_cover(void **state) {
  static const struct {
    int w, h, x, y; /* the first pixel that is seen at 20 x 10 */
  } cases[] = {{40, 10, 10, 0}, {20, 30, 0, 10}, {20, 10, 0, 0}};
  uint8_t rgb[20 * 10 * 3];
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    ramp("c.png", cases[i].w, cases[i].h);
    assert_int_equal(at_host_image_part(NULL, in_scratch("c.png"), NULL, 1, 20, 10, rgb), 0);
    assert_int_equal(rgb[0], cases[i].x);
    assert_int_equal(rgb[1], cases[i].y);
    assert_int_equal(rgb[3 * 199], cases[i].x + 19);
  }
  ramp("c.png", 1, 1);
  assert_int_equal(at_host_image_part(NULL, in_scratch("c.png"), NULL, 1, 20, 10, rgb), 0);
  assert_int_equal(rgb[3 * 199 + 2], 7);
  ramp("c.png", 1, 300);
  assert_int_equal(at_host_image_part(NULL, in_scratch("c.png"), NULL, 1, 20, 10, rgb), 0);
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_emoji),          cmocka_unit_test(test_emoji_split),
      cmocka_unit_test(test_emoji_refusals), cmocka_unit_test(test_real_emoji),
      cmocka_unit_test(test_birds),          cmocka_unit_test(test_coco),
      cmocka_unit_test(test_bird_refusals),  cmocka_unit_test(test_cover),
  };
  return cmocka_run_group_tests_name("pictures", tests, setup, teardown);
}
