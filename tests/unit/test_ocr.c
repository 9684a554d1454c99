/* Tokens of pictures: PHOC and n-grams beside an independent computation, looks, splitting, and
 * vectors. */
#include "plugins/data/ocr_features.h"
#include "tests/unit/data_files.h"

/* ---- UTF-8 ---- */

static void test_utf8(void **state) {
  static const struct {
    const char *text;
    int64_t bad;
  } cases[] = {
      {"", -1},
      {"TOTAL", -1},
      {"\xe5\x90\x88\xe8\xa8\x88", -1},
      {"a\xff", 1},
      {"ab\xc3", 2},
      {"\xc0\x80", 0},
      {"\xe0\x80\x80", 0},
      {"x\xed\xa0\x80", 1},
      {"\xf0\x9f\x98\x80", -1},
      {"\xf4\x90\x80\x80", 0},
  };
  size_t bytes;
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
    assert_int_equal(ocr_not_utf8(cases[i].text, strlen(cases[i].text)), cases[i].bad);
  assert_int_equal(ocr_code_point("\xe5\x90\x88", 3, &bytes), 0x5408);
  assert_int_equal(bytes, 3);
  assert_int_equal(ocr_code_point("\xf0\x9f\x98\x80", 4, &bytes), 0x1f600);
  assert_int_equal(ocr_code_point("\xe5\x90", 2, &bytes), 0xe5); /* cut short: a byte */
  assert_int_equal(bytes, 1);
}

/* ---- PHOC: which numbers are 1, out of fractions ---- */

static const struct {
  const char *text;
  int n, at[48];
} phocs[] = {
    {"the", 16, {7, 19, 40, 43, 91, 115, 148, 199, 223, 259, 292, 343, 403, 472, 504, 555}},
    {"Receipt-2018", 46, {2,   4,   8,   15,  17,  51,  55,  62,  63,  64,  70,  74,
                          76,  89,  116, 123, 127, 170, 171, 172, 178, 182, 184, 197,
                          220, 224, 231, 267, 271, 280, 314, 315, 322, 328, 341, 362,
                          364, 404, 411, 415, 458, 460, 495, 502, 509, 546}},
    {"10.60", 16, {26, 27, 62, 68, 99, 134, 140, 170, 207, 242, 284, 314, 351, 386, 464, 494}},
    {"a", 2, {0, 36}},
    {"\xc3\x9cnited", 25, {8,   13,  19,  39,  40,  55,  80,  85,  127, 147, 148, 193, 224,
                           235, 256, 271, 291, 337, 368, 415, 436, 471, 526, 566, 573}},
    {"\xe5\x90\x88\xe8\xa8\x88", 0, {0}},
    {"na la el", 31, {0,   11,  13,  36,  40,  47,  72,  85,  108, 119, 148,
                      155, 180, 193, 216, 227, 252, 256, 292, 299, 337, 360,
                      396, 407, 436, 479, 525, 550, 552, 602, 603}},
    {"", 0, {0}},
};

static void test_phoc(void **state) {
  (void)state;
  for (size_t i = 0; i < sizeof phocs / sizeof *phocs; i++) {
    float v[OCR_PHOC];
    int k = 0;
    ocr_phoc(phocs[i].text, strlen(phocs[i].text), v);
    for (int j = 0; j < OCR_PHOC; j++) {
      const bool want = k < phocs[i].n && phocs[i].at[k] == j;
      if (v[j] != (want ? 1.0f : 0.0f)) fail_msg("%s: number %d", phocs[i].text, j);
      k += want;
    }
    assert_int_equal(k, phocs[i].n);
  }
}

/* ---- n-grams, hashed likewise elsewhere ---- */

static void test_grams(void **state) {
  static const struct {
    const char *text;
    float v[16];
  } cases[] = {
      {"TOTAL", {-2, 1, -1, -2, 0, 0, 1, 0, -1, 1, 0, -1, 0, -1, 1, -2}},
      {"total", {-2, 1, -1, -2, 0, 0, 1, 0, -1, 1, 0, -1, 0, -1, 1, -2}},
      {"\xe5\x90\x88\xe8\xa8\x88 9", {0, -1, 0, -1, 0, -1, 0, 0, -1, 1, 0, 0, 0, 0, 0, -2}},
      {"\xd9\x85\xd8\xac\xd9\x85\xd9\x88\xd8\xb9",
       {1, 0, 1, 2, 1, 0, -1, 0, 0, -1, 0, 0, 0, 2, 1, 0}},
      {"a", {0, 0, 0, 0, 0, 0, 0, -1, 0, 0, 0, -1, 0, 0, 0, 0}},
      {"", {0}},
  };
  (void)state;
  for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
    float v[16] = {0};
    ocr_grams(cases[i].text, strlen(cases[i].text), 16, v);
    for (int k = 0; k < 16; k++)
      if (v[k] != cases[i].v[k]) fail_msg("%s: number %d is %g", cases[i].text, k, (double)v[k]);
  }
}

/* ---- looks ---- */

#define LOOK(kind) (1u << OCR_##kind)
static const struct {
  const char *text;
  unsigned kinds; /* of NUMBER to CODE, and COLON */
} looks[] = {
    {"9.00", LOOK(NUMBER) | LOOK(AMOUNT)},
    {"RM9.00", LOOK(AMOUNT)},
    {"$1,234.50", LOOK(NUMBER) | LOOK(AMOUNT)},
    {"12", LOOK(NUMBER)},
    {"1.5", LOOK(NUMBER)},
    {"25/12/2018", LOOK(DATE)},
    {"(25.12.18)", LOOK(DATE)},
    {"2018-12-25", LOOK(DATE)},
    {"12-01-19", LOOK(DATE)},
    {"25DEC2018", LOOK(DATE)},
    {"25-DEC-18", LOOK(DATE)},
    {"25/12-2018", 0},
    {"25/123/2018", 0},
    {"8:13", LOOK(TIME)},
    {"8:13:39PM", LOOK(TIME) | LOOK(CODE)},
    {"8:1", 0},
    {"789417-W", LOOK(CODE)},
    {"DATE:", LOOK(COLON)},
    {"DATE: 25/12/2018 8:13", LOOK(DATE) | LOOK(TIME)},
    {"TOTAL", 0},
    {"---", 0},
    {"\xe5\x90\x88\xe8\xa8\x88", 0},
};

static void test_looks(void **state) {
  float v[OCR_LOOKS];
  (void)state;
  for (size_t i = 0; i < sizeof looks / sizeof *looks; i++) {
    unsigned kinds = 0;
    ocr_looks(looks[i].text, strlen(looks[i].text), v);
    for (int k = OCR_NUMBER; k <= OCR_CODE; k++) kinds |= (unsigned)(v[k] > 0) << k;
    kinds |= (unsigned)(v[OCR_COLON] > 0) << OCR_COLON;
    if (kinds != looks[i].kinds) fail_msg("%s: %x, not %x", looks[i].text, kinds, looks[i].kinds);
    for (int k = 0; k < OCR_LOOKS; k++) assert_true(v[k] >= 0 && v[k] <= 1);
  }
  ocr_looks("Ab1-", 4, v);
  assert_true(v[OCR_DIGITS] == 0.25f && v[OCR_CAPITALS] == 0.25f && v[OCR_MARKS] == 0.25f);
}

/* ---- tokens ---- */

static void text_is(const ocr_tokens *t, const char *want) { assert_string_equal(t->text, want); }

static ocr_tokens make(ocr_split split, int64_t limit, const char *const *lines) {
  ocr_tokens t = {0};
  for (int i = 0; lines[i]; i++) {
    const double box[4] = {0.2, 0.1 * i, 0.6, 0.1 * i + 0.05};
    const char *why;
    assert_int_equal(ocr_tokens_add(&t, lines[i], strlen(lines[i]), box, split, &why), 0);
  }
  assert_int_equal(ocr_tokens_end(&t, limit), 0);
  return t;
}

static void near(float a, double b) { assert_true(fabs((double)a - b) < 1e-6); }

static void test_tokens(void **state) {
  static const char *const lines[] = {"  TOTAL:  9.00\t", "", "DATE:25/12/2018 8:13",
                                      "\xe5\x90\x88 \xe8\xa8\x88", NULL};
  static const char *const none[] = {" ", NULL};
  (void)state;
  ocr_tokens t = make(OCR_LINES, 9, lines);
  text_is(&t, "TOTAL: 9.00\nDATE:25/12/2018 8:13\n\xe5\x90\x88 \xe8\xa8\x88");
  assert_true(t.lines == 3 && t.token[1].line == 1 && t.token[1].whole && t.token[1].of == 3);
  ocr_tokens_free(&t);

  t = make(OCR_WORDS, 9, lines);
  text_is(&t, "TOTAL:\n9.00\nDATE:\n25/12/2018\n8:13\n\xe5\x90\x88\n\xe8\xa8\x88");
  near(t.token[1].box[0], 0.2 + 0.4 * 7 / 11);
  near(t.token[1].box[2], 0.6);
  near(t.token[5].box[2], 0.2 + 0.4 / 3); /* characters, not bytes */
  assert_true(t.token[3].place == 1 && t.token[3].of == 3 && !t.token[3].whole);
  ocr_tokens_free(&t);

  t = make(OCR_BOTH, 4, lines);
  text_is(&t, "TOTAL: 9.00\nTOTAL:\n9.00\nDATE:25/12/2018 8:13");
  assert_true(t.n == 4 && t.met == 10 && !t.none && !t.cut);
  ocr_tokens_free(&t);

  t = make(OCR_BOTH, 9, none);
  text_is(&t, "");
  assert_true(t.n == 1 && t.none && t.token[0].box[2] == 0);
  ocr_tokens_free(&t);
}

static void test_boxes(void **state) {
  const double beyond[4] = {-0.5, 0.5, 1.25, 0.75}, none[4] = {0.5, 0, 0.25, 1},
               nan_box[4] = {0, NAN, 1, 1};
  const char *why;
  ocr_tokens t = {0};
  (void)state;
  assert_int_equal(ocr_tokens_add(&t, "a", 1, beyond, OCR_WORDS, &why), 0);
  assert_true(t.cut && t.token[0].box[0] == 0 && t.token[0].box[2] == 1);
  assert_int_equal(ocr_tokens_add(&t, "a", 1, none, OCR_WORDS, &why), ATTUNE_BAD_INPUT);
  assert_non_null(strstr(why, "x0 <= x1"));
  assert_int_equal(ocr_tokens_add(&t, "a", 1, nan_box, OCR_WORDS, &why), ATTUNE_BAD_INPUT);
  assert_int_equal(ocr_tokens_add(&t, "a\xff", 2, beyond, OCR_WORDS, &why), ATTUNE_BAD_INPUT);
  assert_non_null(strstr(why, "not UTF-8"));
  ocr_tokens_free(&t);
}

/* TOTAL . 9.00 on one height, CASH below TOTAL. */
static void test_around(void **state) {
  static const struct {
    const char *text;
    double box[4];
  } words[] = {{"9.00", {0.8, 0.11, 0.9, 0.14}},
               {"TOTAL", {0.1, 0.1, 0.3, 0.15}},
               {".", {0.4, 0.12, 0.42, 0.15}},
               {"CASH", {0.1, 0.2, 0.25, 0.25}}};
  ocr_tokens t = {0};
  const char *why;
  (void)state;
  for (int i = 0; i < 4; i++)
    assert_int_equal(
        ocr_tokens_add(&t, words[i].text, strlen(words[i].text), words[i].box, OCR_BOTH, &why), 0);
  assert_int_equal(ocr_tokens_end(&t, 9), 0);
  ocr_tokens_around(&t);
  assert_true(t.token[0].left == 2 && t.token[2].left == 1 && t.token[1].left == -1);
  assert_true(t.token[3].up == 1 && t.token[0].up == -1);
  ocr_tokens_free(&t);
}

/* ---- features ---- */

static double length_of(const float *v, int64_t n) {
  double sum = 0;
  for (int64_t i = 0; i < n; i++) sum += (double)v[i] * (double)v[i];
  return sqrt(sum);
}

static void test_features(void **state) {
  static const char *const lines[] = {"TOTAL 9.00", "--", NULL};
  ocr_tokens t = make(OCR_BOTH, 9, lines);
  ocr_features f = {.words = 20, .around = 8, .phoc = true, .looks = true};
  const int64_t width = 20 + OCR_PHOC + OCR_LOOKS_WIDTH + 16;
  float *v = calloc((size_t)width, sizeof *v);
  (void)state;
  assert_int_equal(ocr_features_width(&f), width);
  ocr_tokens_around(&t);
  ocr_features_of(&f, &t, 2, v);
  near((float)length_of(v, 20), 1);
  near((float)length_of(v + 20, OCR_PHOC), 1);
  const float *looks_of = v + 20 + OCR_PHOC;
  assert_true(looks_of[OCR_AMOUNT] == 1 && looks_of[OCR_LOOKS + 2] == 1 &&
              looks_of[OCR_LOOKS + 3] == 0);
  near(looks_of[OCR_LOOKS], 2 / 3.0);
  near((float)length_of(v + width - 16, 8), 1); /* TOTAL is left of it */
  near((float)length_of(v + width - 8, 8), 0);
  ocr_features_of(&f, &t, 3, v);
  near((float)length_of(v + 20, OCR_PHOC), 0); /* no letter, no digit */
  free(v);
  ocr_tokens_free(&t);
}

/* ---- vectors ---- */

static char said[512];
static void hear(const attune_host *host, const char *format, ...) {
  va_list ap;
  (void)host;
  va_start(ap, format);
  vsnprintf(said, sizeof said, format, ap);
  va_end(ap);
}
static int go_on(const attune_host *host, const char *path, int64_t done, int64_t total) {
  (void)host, (void)path, (void)done, (void)total;
  return ATTUNE_OK;
}
static const attune_host host = {.size = sizeof host, .error = hear, .reading = go_on};

static int vectors_of(const char *text, ocr_vectors *v) {
  memset(v, 0, sizeof *v);
  assert_int_equal(ocr_vectors_want(v, "TOTAL", 5), 0);
  assert_int_equal(ocr_vectors_want(v, "May", 3), 0);
  put_file(scratch, "v.vec", text);
  return ocr_vectors_read(&host, in_scratch("v.vec"), v);
}

static void test_vectors(void **state) {
  static const struct {
    const char *text, *why;
  } bad[] = {
      {"", "there are no vectors"},
      {"total\n", "no word with its numbers"},
      {"a 1 2\ntotal 1\n", "v.vec:2: here are fewer numbers"},
      {"total 1 x\n", "v.vec:1: what follows the word is no number"},
      {"total 1 nan\n", "v.vec:1: what follows the word is no number"},
  };
  ocr_vectors v;
  (void)state;
  assert_int_equal(vectors_of("2 3\ntotal 1 2 3\nof all 4 5 6\nmay 7 8 9\nMay 1 1 1\n", &v), 0);
  assert_true(v.width == 3 && v.found == 3);
  const float *total = ocr_vectors_of(&v, "TOTAL", 5), *may = ocr_vectors_of(&v, "May", 3);
  assert_true(total && total[2] == 3 && may && may[0] == 1);
  assert_null(ocr_vectors_of(&v, "CASH", 4));
  ocr_features f = {.words = 3, .vectors = v};
  static const char *const lines[] = {"TOTAL", NULL};
  ocr_tokens t = make(OCR_BOTH, 9, lines);
  float got[3];
  ocr_features_of(&f, &t, 0, got);
  near(got[2], 3 / sqrt(14));
  ocr_tokens_free(&t);
  ocr_vectors_free(&v);
  for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
    assert_int_equal(vectors_of(bad[i].text, &v), ATTUNE_BAD_INPUT);
    if (!strstr(said, bad[i].why)) fail_msg("\"%s\" lacks \"%s\"", said, bad[i].why);
    ocr_vectors_free(&v);
  }
}

int main(void) {
  const struct CMUnitTest tests[] = {
      cmocka_unit_test(test_utf8),    cmocka_unit_test(test_phoc),
      cmocka_unit_test(test_grams),   cmocka_unit_test(test_looks),
      cmocka_unit_test(test_tokens),  cmocka_unit_test(test_boxes),
      cmocka_unit_test(test_around),  cmocka_unit_test(test_features),
      cmocka_unit_test(test_vectors),
  };
  return cmocka_run_group_tests_name("ocr", tests, make_scratch, drop_scratch);
}
